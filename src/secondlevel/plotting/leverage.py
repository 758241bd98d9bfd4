"""How much each row of a design decides its own fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from secondlevel.errors import InputError
from secondlevel.plotting.canvas import GREY, SMALL, axes_of
from secondlevel.plotting.stems import draw_stems, name_stems

Floats = NDArray[np.float64]

LINES = (2, 3)
"""Times the mean leverage, p/n (Hoaglin and Welsch, 1978, Am. Stat. 32, 17, for the first)."""


def plot_leverage(
    leverage: ArrayLike, *, labels: Sequence[str] | None = None, axes: Axes | None = None
) -> Axes:
    """Draw the leverage of every map, with the lines at two and three times the mean.

    Parameters
    ----------
    leverage : array-like of shape (n,)
        From 0 to 1; together they are the rank of the design, so that the mean is p/n.
    labels : sequence of n str, optional
        Of the maps; by default their number, from 1. Maps above three times the mean are named.
    axes : Axes, optional
        Where to draw; by default in a new figure that pyplot does not know.

    Returns
    -------
    matplotlib Axes
        By factors where one map has more than 20 times the usual leverage.

    Raises
    ------
    InputError
        When these are no such numbers, or the labels are not as many.

    Examples
    --------
    >>> axes = plot_leverage([0.1] * 10 + [1.0], labels=list("abcdefghijk"))
    >>> [text.get_text() for text in axes.texts]
    ['2 × mean', '3 × mean', 'k']
    """
    heights = _check(leverage)
    if labels is None:
        labels = [f"map {row + 1}" for row in range(len(heights))]
    if len(labels) != len(heights):
        raise InputError(f"There are {len(heights)} leverages and {len(labels)} labels.")
    mean = float(heights.mean())
    axes = axes_of(axes, 5.6, 3.0)
    odd = heights > LINES[-1] * mean
    draw_stems(axes, heights, odd, "leverage")
    if axes.get_yscale() == "linear":
        axes.set_ylim(0, min(max(1.15 * float(heights.max()), 3.3 * mean), 1.08))
    for times in LINES:
        if times * mean < axes.get_ylim()[1]:
            _line(axes, times, mean)
    name_stems(axes, heights, odd, [str(label) for label in labels])
    return axes


def _check(leverage: Any) -> Floats:
    try:
        heights = np.asarray(leverage, dtype=np.float64)
    except (TypeError, ValueError):
        heights = np.empty(0)
    if heights.ndim != 1 or len(heights) == 0 or not np.isfinite(heights).all():
        raise InputError("leverage must be one finite number for each map, from 0 to 1.")
    outside = np.flatnonzero((heights < -1e-9) | (heights > 1.0 + 1e-9))
    if len(outside):
        row = int(outside[0])
        raise InputError(f"Leverage lies between 0 and 1; that of row {row} is {heights[row]:g}.")
    return heights.clip(0.0, 1.0)


def _line(axes: Axes, times: int, mean: float) -> None:
    """Draw a line at some times the mean, its name at the right of the frame."""
    axes.axhline(times * mean, color=GREY, linewidth=0.8, linestyle="--", zorder=1)
    axes.text(
        1.01,
        times * mean,
        f"{times} × mean",
        fontsize=SMALL,
        va="top" if times == LINES[0] else "bottom",
        transform=axes.get_yaxis_transform(),
    )
