"""How much each row of a design decides its own fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from secondlevel.errors import InputError
from secondlevel.plotting.canvas import BLUE, GREY, NORMAL, RED, SMALL, axes_of, plain_frame, short

MOST_NAMED = 6


def plot_leverage(
    leverage: ArrayLike, *, labels: Sequence[str] | None = None, axes: Axes | None = None
) -> Axes:
    """Draw the leverage of every map, with the lines at two and three times the mean.

    Parameters
    ----------
    leverage : array-like of shape (n,)
        From 0 to 1; together they are the rank of the design.
    labels : sequence of n str, optional
        Of the maps; those above three times the mean are named.
    axes : Axes, optional
        Where to draw; by default in a new figure that pyplot does not know.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        When these are no such numbers.

    Examples
    --------
    >>> axes = plot_leverage([0.2, 0.2, 0.2, 1.0], labels=["a", "b", "c", "d"])
    >>> axes.get_ylim()[1].item()
    1.05
    """
    heights = np.asarray(leverage, dtype=np.float64)
    if heights.ndim != 1 or len(heights) == 0 or not np.isfinite(heights).all():
        raise InputError("leverage is one finite number for each map, from 0 to 1.")
    mean = float(heights.mean())
    axes = axes_of(axes, 5.6, 3.0)
    places = np.arange(1, len(heights) + 1)
    odd = heights > 3 * mean
    colours = [RED if one else BLUE for one in odd]
    axes.vlines(places, 0, heights, colors=colours, linewidth=_width(len(heights)))
    axes.scatter(places, heights, s=12, c=colours, zorder=3)
    top = max(1.05 * float(heights.max()), 3.3 * mean)
    for times in (2, 3):
        if times * mean < top:
            axes.axhline(times * mean, color=GREY, linewidth=0.8, linestyle="--")
            axes.text(
                1.0,
                times * mean,
                f"{times} × mean",
                color="0.3",
                fontsize=SMALL,
                va="bottom",
                ha="right",
                transform=axes.get_yaxis_transform(),
            )
    if labels is not None:
        for row in np.argsort(-heights)[:MOST_NAMED]:
            if odd[row]:
                axes.annotate(
                    short(labels[row]),
                    (places[row], heights[row]),
                    (4, 2),
                    textcoords="offset points",
                    fontsize=SMALL,
                    parse_math=False,
                )
    axes.set(xlabel="map, in the order of the design", ylabel="leverage", ylim=(0, min(top, 1.05)))
    axes.set_xlim(0.5, len(heights) + 0.5)
    axes.xaxis.label.set_fontsize(NORMAL)
    axes.yaxis.label.set_fontsize(NORMAL)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    plain_frame(axes)
    return axes


def _width(n: int) -> float:
    return 1.6 if n <= 100 else 0.6
