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
from secondlevel.plotting.canvas import (
    BLUE,
    GROUPS,
    NORMAL,
    SMALL,
    new_figure,
    plain_frame,
)
from secondlevel.plotting.names import name_ticks, short
from secondlevel.results.contrast import EFFECTS_COLUMNS

Floats = NDArray[np.float64]

MOST = 6
"""Panels at most."""

ACROSS = 3
"""Panels in a row."""

GOLDEN = 0.6180339887498949
"""Multiples of it, less their whole part, spread evenly however many there are."""


def plot_effects(
    effects: pd.DataFrame,
    *,
    x_name: str | None = None,
    unit: str = "",
    titles: Mapping[str, str] | None = None,
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

    Returns
    -------
    matplotlib Figure
        At most six panels, of the first places.

    Raises
    ------
    InputError, InputTypeError
        When this is no such table, or an empty one.

    Examples
    --------
    >>> import pandas as pd
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
    _check(effects)
    places = list(dict.fromkeys(effects["Peak"].astype(str)))[:MOST]
    called = effects.attrs.get("x_name", "") if x_name is None else x_name
    across = min(ACROSS, len(places))
    down = -(-len(places) // across)
    figure = new_figure(0.4 + 2.75 * across, 0.2 + 2.5 * down)
    panels = np.ravel(figure.subplots(down, across, sharex=True, squeeze=False))
    for panel, place in zip(panels, places, strict=False):
        of_place = effects[effects["Peak"].astype(str) == place]
        _panel(panel, of_place)
        panel.set_title((titles or {}).get(place, _title(place)), fontsize=NORMAL, parse_math=False)
    for number, panel in enumerate(panels):
        panel.set_visible(number < len(places))
        if number % across == 0:
            panel.set_ylabel(
                f"value ({unit})" if unit else "value", fontsize=SMALL, parse_math=False
            )
        if number + across >= len(places):
            panel.tick_params(labelbottom=True)
            panel.set_xlabel(short(called, 40), fontsize=SMALL, parse_math=False)
    return figure


def _check(effects: Any) -> None:
    if not isinstance(effects, pd.DataFrame):
        raise InputTypeError(f"effects must be a DataFrame. Got {type(effects).__name__}.")
    absent = [name for name in EFFECTS_COLUMNS if name not in effects]
    if absent:
        raise InputError(
            f"effects has no column {', '.join(absent)}; it is what model.effect_values returns."
        )
    if len(effects) == 0:
        raise InputError("effects is empty: there is no place to draw.")


def _title(place: str) -> str:
    if place.isdigit():
        return f"cluster {place}"
    return "highest peak" if place == "highest" else place


def _panel(axes: Axes, effects: pd.DataFrame) -> None:
    maps, fit = effects[effects["Part"] == "map"], effects[effects["Part"] == "fit"]
    if (effects["Group"] != "").any():
        _groups(axes, maps, fit)
    else:
        _line(axes, maps, fit)
    axes.axhline(0, color="0.75", linewidth=0.8, zorder=0)
    plain_frame(axes)


def _groups(axes: Axes, maps: pd.DataFrame, fit: pd.DataFrame) -> None:
    names = list(dict.fromkeys(fit["Group"]))
    for number, name in enumerate(names):
        values = maps.loc[maps["Group"] == name, "Value"].to_numpy(dtype=np.float64)
        colour = GROUPS[number % len(GROUPS)]
        axes.scatter(
            number + _spread(len(values)),
            values,
            s=_size(len(values)),
            color=colour,
            alpha=_alpha(len(values)),
            linewidths=0,
            rasterized=True,
        )
        mean = fit[fit["Group"] == name].iloc[0]
        beside = number + 0.32
        axes.vlines(beside, mean["Lower"], mean["Upper"], color="black", linewidth=1.4)
        axes.scatter([beside], [mean["Value"]], s=26, color="black", zorder=4)
    axes.set_xlim(-0.5, len(names) - 0.3)
    name_ticks(axes, "x", [short(name, 16) for name in names], slanted=len(names) > 3)


def _line(axes: Axes, maps: pd.DataFrame, fit: pd.DataFrame) -> None:
    axes.scatter(
        maps["X Value"],
        maps["Value"],
        s=_size(len(maps)),
        color=BLUE,
        alpha=_alpha(len(maps)),
        linewidths=0,
        rasterized=True,
    )
    axes.plot(fit["X Value"], fit["Value"], color="black", linewidth=1.2)
    axes.fill_between(
        fit["X Value"].to_numpy(float),
        fit["Lower"].to_numpy(float),
        fit["Upper"].to_numpy(float),
        color="black",
        alpha=0.13,
        linewidth=0,
    )


def _spread(n: int) -> Floats:
    """Places beside each other for points that would hide each other, the same each time."""
    return np.asarray(0.4 * ((np.arange(1.0, n + 1) * GOLDEN) % 1.0) - 0.25)


def _size(n: int) -> float:
    return 18.0 if n <= 60 else 8.0 if n <= 1000 else 3.0


def _alpha(n: int) -> float:
    return 0.75 if n <= 60 else 0.5 if n <= 1000 else 0.15
