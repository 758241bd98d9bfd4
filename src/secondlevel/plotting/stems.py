"""One number for each map, in the order of the design."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from secondlevel.plotting.callouts import name_points
from secondlevel.plotting.canvas import BLUE, LARGE_MARK, RED, label_axes, mark_size, plain_frame
from secondlevel.plotting.names import counted
from secondlevel.plotting.scale import is_wild, logarithmic

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

STEMS = 200
"""Of more maps only the marks are drawn."""


def draw_stems(axes: Axes, heights: Floats, odd: Flags, label: str) -> None:
    """Draw numbers from 0 up, or, where one is wildly larger than is usual, by factors.

    Parameters
    ----------
    axes : Axes
    heights : array of shape (n,)
        Not negative.
    odd : bool array of shape (n,)
        What stands out: red diamonds among blue discs.
    label : str
        What the numbers are.
    """
    places = np.arange(1.0, len(heights) + 1)
    wild = is_wild(heights)
    small = mark_size(len(heights))
    for flags, colour, mark, size in ((~odd, BLUE, "o", small), (odd, RED, "D", LARGE_MARK)):
        if len(heights) <= STEMS and not wild:
            axes.vlines(places[flags], 0, heights[flags], colors=colour, linewidth=1.4)
        axes.scatter(
            places[flags],
            heights[flags],
            s=size,
            c=colour,
            marker=mark,
            linewidths=0,
            zorder=3,
        )
    label_axes(axes, "map, in the order of the design", label)
    if wild:
        logarithmic(axes, "y", heights)
    else:
        axes.set_ylim(0, 1.15 * float(heights.max()) or 1.0)
    margin = max(0.5, 0.015 * len(heights))
    axes.set_xlim(1 - margin, len(heights) + margin)
    axes.set_xticks(counted(len(heights), 10))
    plain_frame(axes)


def name_stems(
    axes: Axes, heights: Floats, odd: Flags, names: Sequence[str], most: int = 8
) -> None:
    """Name what stands out, the highest first."""
    rows = [row for row in np.argsort(-heights, kind="stable") if odd[row]][:most]
    places = np.arange(1.0, len(heights) + 1)
    name_points(
        axes,
        places[rows],
        heights[rows],
        [names[row] for row in rows],
        among=np.column_stack([places, heights])[odd],
    )
