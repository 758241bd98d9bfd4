"""Values of the maps at some places, by group or against a covariate, with the fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from secondlevel.errors import InputError, InputTypeError
from secondlevel.plotting.canvas import NORMAL, WIDEST, new_figure, plain_frame
from secondlevel.plotting.effect_panels import draw_groups, draw_line
from secondlevel.plotting.names import LETTER, in_lines, short, slanted_height, written
from secondlevel.results.contrast import EFFECTS_COLUMNS, HIGHEST

Floats = NDArray[np.float64]

MOST = 6
"""Panels at most."""

ALIKE = 4.0
"""Where the widest range is at most so many times the narrowest, panels share their scale."""


def plot_effects(
    effects: pd.DataFrame,
    *,
    x_name: str | None = None,
    unit: str = "",
    titles: Mapping[str, str] | None = None,
    peaks: pd.DataFrame | None = None,
) -> Figure:
    """Draw values at places by group or covariate, with the fit and its interval: a panel each.

    Parameters
    ----------
    effects : DataFrame
        What `SecondLevelModel.effect_values` returns, or `ContrastResults.effects`.
    x_name : str, optional
        Of the covariate; by default what the table says (``effects.attrs["x_name"]``).
    unit : str, default=""
        Of the maps, written at the axis.
    titles : dict of place to str, optional
        By default "cluster 1" and so on, or the place as it is called.
    peaks : DataFrame, optional
        `ContrastResults.clusters`: where clusters have their peaks, for the titles.

    Returns
    -------
    matplotlib Figure
        At most six panels, of the first places. Of groups each map is a point, spread so that their
        number is seen, with the fitted mean and its interval beside them; of a covariate the points
        lie about the fitted line and its interval. Panels share their scale where ranges are alike.

    Raises
    ------
    InputError, InputTypeError
        When this is no such table, or an empty one.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     [
    ...         ("1", "map", "a", "patient", 0.0, 1.0, None, None),
    ...         ("1", "map", "b", "patient", 0.0, 3.0, None, None),
    ...         ("1", "fit", "", "patient", 0.0, 2.0, -0.5, 4.5),
    ...     ],
    ...     columns=["Peak", "Part", "Map", "Group", "X Value", "Value", "Lower", "Upper"],
    ... )
    >>> plot_effects(table).axes[0].get_title()
    'cluster 1'
    """
    table = _check(effects)
    called = effects.attrs.get("x_name", "") if x_name is None else x_name
    places = list(dict.fromkeys(table["Peak"]))[:MOST]
    shown = [table[table["Peak"] == place] for place in places]
    across = {1: 1, 2: 2, 4: 2}.get(len(places), 3)
    figure, panels = _panels(len(places), across, shown, alike=_alike(shown))
    names = {**_positions(peaks), **(titles or {})}
    letters = int(0.8 * figure.get_figwidth() / across / (LETTER * NORMAL / 8.0))
    for panel, place, values in zip(panels, places, shown, strict=True):
        if (values["Group"] != "").any():
            draw_groups(panel, values, figure.get_figwidth() / across)
        else:
            draw_line(panel, values)
        panel.axhline(0, color="0.75", linewidth=0.8, zorder=0)
        panel.set_title(
            in_lines(names.get(place, _title(place)), letters), fontsize=NORMAL, parse_math=False
        )
        plain_frame(panel)
    power = _write_scale(panels, shown)
    figure.supylabel(short(_value_label(unit, power), 34), fontsize=NORMAL, parse_math=False)
    if called:
        figure.supxlabel(
            short(called, 34 if across == 1 else 60), fontsize=NORMAL, parse_math=False
        )
    return figure


def _check(effects: Any) -> pd.DataFrame:
    if not isinstance(effects, pd.DataFrame):
        raise InputTypeError(f"effects must be a DataFrame. Got {type(effects).__name__}.")
    absent = [name for name in EFFECTS_COLUMNS if name not in effects]
    if absent:
        raise InputError(
            f"effects has no column {', '.join(absent)}; it is what model.effect_values returns."
        )
    if len(effects) == 0:
        raise InputError("effects is empty: there is no place to draw.")
    table = effects.astype({"Peak": str, "Part": str})
    for name in ("X Value", "Value"):
        try:
            numbers = table[name].to_numpy(dtype=np.float64)
        except (TypeError, ValueError):
            numbers = np.array([np.nan])
        if not np.isfinite(numbers).all():
            raise InputError(f"Column {name} of effects must hold finite numbers.")
    for place in table["Peak"].unique():
        parts = set(table.loc[table["Peak"] == place, "Part"])
        if parts != {"map", "fit"}:
            raise InputError(
                f"Place {place!r} of effects needs rows of both parts, 'map' and 'fit'; "
                f"it has {', '.join(sorted(parts))}."
            )
    return table


def _panels(
    n: int, across: int, shown: list[pd.DataFrame], *, alike: bool
) -> tuple[Figure, list[Axes]]:
    """Make a figure with a panel each, as wide as a page where there are three in a row."""
    down = -(-n // across)
    groups = [short(name, 16) for name in shown[0]["Group"].unique()]
    below = slanted_height(groups) if len(groups) > 3 else 0.3
    width = {1: 3.4, 2: 6.0}.get(across, WIDEST)
    figure = new_figure(
        width, 0.4 + down * (1.95 + 0.25) + below * (1 if n % across == 0 else down)
    )
    panels = figure.subplots(down, across, sharex=True, sharey=alike, squeeze=False).ravel()
    for number, panel in enumerate(panels):
        panel.set_visible(number < n)
        if number + across >= n:
            panel.tick_params(labelbottom=True)
    return figure, list(panels[:n])


def _alike(shown: list[pd.DataFrame]) -> bool:
    """Whether the ranges of all places are alike and overlap, so that one scale serves all."""
    ends = np.array([(values["Value"].min(), values["Value"].max()) for values in shown])
    ranges = ends[:, 1] - ends[:, 0]
    whole = ends[:, 1].max() - ends[:, 0].min()
    return bool(whole <= ALIKE * ranges.min())


def _title(place: str) -> str:
    if place.isdigit():
        return f"cluster {place}"
    return "highest peak" if place == HIGHEST else place


def _positions(peaks: Any) -> dict[str, str]:
    """Titles with the position of each peak."""
    if peaks is None:
        return {}
    wanted = ("Cluster ID", "X", "Y", "Z")
    absent = [name for name in wanted if name not in peaks]
    if not isinstance(peaks, pd.DataFrame) or absent:
        raise InputError("peaks must be a table of clusters, with columns Cluster ID, X, Y and Z.")
    return {
        str(name): f"cluster {name} ({', '.join(written(round(float(c), 1)) for c in place)})"
        for name, *place in peaks[list(wanted)].itertuples(index=False)
    }


def _write_scale(panels: list[Axes], shown: list[pd.DataFrame]) -> int:
    """Write very large or small numbers without their power of ten; return that power."""
    largest = max(float(np.abs(values["Value"]).max()) for values in shown)
    power = 0
    if largest > 0 and not 1e-2 <= largest < 1e5:
        power = 3 * int(np.floor(np.log10(largest) / 3.0))
        for panel in panels:
            panel.yaxis.set_major_formatter(lambda value, _: written(value / 10.0**power))
    return power


def _value_label(unit: str, power: int) -> str:
    digits = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    said = " ".join(part for part in (f"10{digits}" if power else "", unit) if part)
    return f"value ({said})" if said else "value"
