"""What all charts share: figures that pyplot does not know, colours, sizes of letters and marks."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from secondlevel.errors import InputTypeError

SIGNED = "RdBu_r"
"""Red above 0, blue below, white at 0; told apart by colour-blind readers (ColorBrewer)."""

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#6b7280"
"""Told apart by colour-blind readers (Okabe and Ito, 2008, *Color Universal Design*)."""

GROUPS = (BLUE, RED, GREEN, ORANGE, "#CC79A7", "#56B4E9")

SMALL, NORMAL, LARGE = 8.0, 9.0, 10.5
"""Font sizes in points."""

LARGE_MARK = 26.0
"""Area of a mark that stands out, in square points."""

WIDEST = 7.4
"""Inches of a chart at most: a page of 800 px has room for it, so its letters stay as large."""


def new_figure(width: float, height: float) -> Figure:
    """Make a figure on white that no window shows and nothing needs to close.

    Parameters
    ----------
    width, height : float
        In inches.
    """
    figure = Figure(figsize=(width, height), facecolor="white", dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def axes_of(axes: Axes | None, width: float, height: float) -> Axes:
    """Return the axes that were handed over, or those of a new figure.

    Raises
    ------
    InputTypeError
        When they are none.
    """
    if axes is None:
        made: Axes = new_figure(width, height).add_subplot()
        return made
    if not isinstance(axes, Axes):
        raise InputTypeError(f"axes must be a matplotlib Axes. Got {type(axes).__name__}.")
    return axes


def size_of(axes: Axes) -> tuple[float, float]:
    """Width and height of axes in inches, as they lie now."""
    box = axes.get_window_extent()
    dpi = axes.figure.dpi
    return box.width / dpi, box.height / dpi


def plain_frame(axes: Axes) -> None:
    """Draw the axes that are read, and no box around them."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=SMALL)


def label_axes(axes: Axes, x: str, y: str) -> None:
    """Say what is drawn against what."""
    axes.set_xlabel(x, fontsize=NORMAL, parse_math=False)
    axes.set_ylabel(y, fontsize=NORMAL, parse_math=False)


def mark_size(n: int) -> float:
    """Area of each of n marks, in square points."""
    return 20.0 if n <= 100 else 9.0 if n <= 1000 else 4.0


def mark_opacity(n: int) -> float:
    """Opacity of each of n marks: where many lie upon each other, one sees that they are many."""
    return float(np.clip(0.8 * math.sqrt(100.0 / max(n, 1)), 0.05, 0.8))
