"""Tables of numbers as coloured cells."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.image import AxesImage
from matplotlib.text import Text
from numpy.typing import NDArray

from secondlevel.plotting.canvas import SIGNED, SMALL

Floats = NDArray[np.float64]

COLOURS = LinearSegmentedColormap.from_list(
    "cells", mpl.colormaps[SIGNED](np.linspace(0.08, 0.92, 255))
)
"""Red above 0, blue below, white at 0, without the ends that are almost black."""

LINES = 60
"""Between more columns, or rows, lines would hide the cells."""

THICK = 0.13
"""Inches across a colour bar."""

PLACE = 0.165
"""Inches that a slanted name needs."""


def draw_cells(axes: Axes, values: Floats, limit: float) -> AxesImage:
    """Draw numbers from -limit to limit as colours; NaN is grey.

    Parameters
    ----------
    axes : Axes
    values : array of shape (k, p)
    limit : float
    """
    image = axes.imshow(
        values, aspect="auto", interpolation="nearest", cmap=COLOURS, vmin=-limit, vmax=limit
    )
    axes.set_facecolor("0.88")
    n_rows, n_columns = values.shape
    if n_columns <= LINES:
        axes.vlines(np.arange(1, n_columns) - 0.5, -0.5, n_rows - 0.5, color="0.6", linewidth=0.5)
    axes.tick_params(labelsize=SMALL, length=2.5)
    for spine in axes.spines.values():
        spine.set(linewidth=0.6, color="0.4")
    return image


def draw_row_lines(axes: Axes, n_rows: int, n_columns: int) -> None:
    """Draw lines between the rows of a table that has few."""
    if n_rows <= LINES:
        axes.hlines(np.arange(1, n_rows) - 0.5, -0.5, n_columns - 0.5, color="0.6", linewidth=0.5)


def write_cell(axes: Axes, row: int, column: int, text: str, share: float) -> Text:
    """Write into a cell, in white where its colour is dark.

    Parameters
    ----------
    axes : Axes
    row, column : int
    text : str
    share : float
        Size of the cell's number as a share of the limit; NaN for none.
    """
    pale = np.isnan(share) or share == 0.0
    colour = "0.42" if pale else "white" if abs(share) > 0.6 else "black"
    return axes.text(column, row, text, ha="center", va="center", fontsize=SMALL, color=colour)


def bar_beside(axes: Axes, image: ScalarMappable, label: str) -> Colorbar:
    """Draw a colour bar at the right of axes, as high as they are."""
    height = axes.get_window_extent().height / axes.figure.dpi
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.12, pad=0.02, aspect=height / THICK)
    bar.ax.tick_params(labelsize=SMALL, length=2.5)
    bar.set_label(label, fontsize=SMALL)
    bar.outline.set(linewidth=0.6, edgecolor="0.4")
    return bar
