"""Values at one place: by group, or against a covariate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from secondlevel.plotting.canvas import BLUE, GROUPS, mark_opacity, mark_size
from secondlevel.plotting.names import LETTER, name_ticks, short

Floats = NDArray[np.float64]

GOLDEN = 0.6180339887498949
"""Multiples of it, less their whole part, spread evenly however many there are."""

HALF = 0.26
"""Half of the width that the points of a group take, between groups that are 1 apart."""

BESIDE = 0.36
"""From the middle of a group to its mean."""


def draw_groups(axes: Axes, effects: pd.DataFrame, width: float) -> None:
    """Draw the maps of every group as points, and beside them the fitted mean with its interval.

    Parameters
    ----------
    axes : Axes
    effects : DataFrame
        Rows of one place.
    width : float
        Of the panel in inches: names of groups that have no room are slanted.
    """
    maps, fit = _parts(effects)
    means = fit.drop_duplicates("Group")
    names = list(means["Group"])
    members = [maps.loc[maps["Group"] == name, "Value"].to_numpy(dtype=float) for name in names]
    for number, values in enumerate(members):
        axes.scatter(
            number - 0.08 + spread(values),
            values,
            s=mark_size(len(values)),
            color=GROUPS[number % len(GROUPS)],
            alpha=mark_opacity(len(values)),
            linewidths=0,
            rasterized=True,
        )
    places = np.arange(len(names)) + BESIDE - 0.08
    # A thin line from mean to mean shows the difference.
    axes.plot(places, means["Value"], color="0.55", linewidth=0.8, zorder=3)
    axes.vlines(places, means["Lower"], means["Upper"], color="black", linewidth=1.6, zorder=4)
    axes.scatter(places, means["Value"], s=26, color="black", zorder=5)
    axes.set_xlim(-0.55, len(names) - 0.45)
    longest = LETTER * max(len(short(name, 16)) for name in names)
    if longest < 0.75 * width / len(names):
        counted = [
            f"{short(name, 16)}\n{len(v)} maps" for name, v in zip(names, members, strict=True)
        ]
        name_ticks(axes, "x", counted)
    else:
        name_ticks(axes, "x", [short(name, 16) for name in names], slanted=True)


def draw_line(axes: Axes, effects: pd.DataFrame) -> None:
    """Draw the maps against a covariate, with the fitted line and its interval.

    Parameters
    ----------
    axes : Axes
    effects : DataFrame
        Rows of one place.
    """
    maps, fit = _parts(effects)
    axes.scatter(
        maps["X Value"],
        maps["Value"],
        s=mark_size(len(maps)),
        color=BLUE,
        alpha=mark_opacity(len(maps)),
        linewidths=0,
        rasterized=True,
    )
    x, value, low, high = (
        fit[name].to_numpy(float) for name in ("X Value", "Value", "Lower", "Upper")
    )
    axes.fill_between(x, low, high, color="black", alpha=0.15, linewidth=0)
    axes.plot(x, value, color="black", linewidth=1.3)


def spread(values: Floats) -> Floats:
    """Places beside each other for points that would hide each other, the same each time.

    The more values lie near one, the wider they are spread, so that a group looks as its
    distribution does (Sidiropoulos et al., 2018, J. Comput. Graph. Stat. 27, 673).

    Parameters
    ----------
    values : array of shape (n,)

    Returns
    -------
    array of shape (n,)
        From -0.26 to 0.26.

    Examples
    --------
    >>> spread(np.array([1.0, 2.0, 3.0])).round(2)
    array([ 0.06, -0.14,  0.18])
    """
    order = np.argsort(values, kind="stable")
    fractions = np.empty(len(values))
    fractions[order] = (np.arange(1.0, len(values) + 1) * GOLDEN) % 1.0
    return np.asarray(2.0 * HALF * (fractions - 0.5) * _crowding(values))


def _crowding(values: Floats) -> Floats:
    """How many values lie near each, as a share of the most; 1 for a few."""
    if len(values) < 30 or np.ptp(values) == 0.0:
        return np.ones(len(values))
    # A kernel of Silverman's width, as counts of bins that are as wide.
    quartiles = np.percentile(values, [25, 75])
    width = 0.9 * min(values.std(), max(np.ptp(quartiles) / 1.34, 1e-300)) * len(values) ** -0.2
    places = np.clip((values - values.min()) / max(width, np.ptp(values) / 500.0), 0, 500)
    counts = np.bincount(places.astype(np.intp), minlength=int(places.max()) + 2).astype(float)
    middle = np.arange(len(counts)) + 0.5
    near = np.interp(places, middle, counts)
    return np.asarray(np.maximum(near / near.max(), 0.15))


def _parts(effects: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return effects[effects["Part"] == "map"], effects[effects["Part"] == "fit"]
