"""The correlation of a design's columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from secondlevel.plotting.canvas import WIDEST, axes_of
from secondlevel.plotting.cells import PLACE, bar_beside, draw_cells, write_cell
from secondlevel.plotting.names import LETTER, name_ticks, short, slanted_height
from secondlevel.plotting.table import as_design

Floats = NDArray[np.float64]

WRITTEN = 12
"""Up to so many columns the numbers are written into the cells."""

FLAT = 1e-12
"""A column that varies by a smaller share of its size is constant."""


def plot_design_correlation(
    design_matrix: pd.DataFrame | str | Path, *, axes: Axes | None = None
) -> Axes:
    """Draw Pearson's correlation of every two columns of a design.

    Parameters
    ----------
    design_matrix : DataFrame of shape (n, p), str or Path
        A constant column correlates with nothing: its cells are grey. Up to
        12 columns the numbers are written into the cells.
    axes : Axes, optional
        Where to draw; by default in a new figure that pyplot does not know.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputTypeError, DesignError
        When it is no table of finite numbers under distinct names.

    See Also
    --------
    plot_design_matrix : The columns themselves.

    Examples
    --------
    >>> table = pd.DataFrame({"age": [1.0, 2.0, 3.0], "iq": [3.0, 1.0, 2.0]})
    >>> [text.get_text() for text in plot_design_correlation(table).texts]
    ['1', '−0.50', '−0.50', '1']
    """
    design, _ = as_design(design_matrix)
    shown = _correlations(design.matrix)
    names = [short(name, 18) for name in design.names]
    room = 1.2 + LETTER * max(map(len, names))
    side = min(max(0.52 * design.n_columns, 1.2), WIDEST - room)
    axes = axes_of(axes, side + room, max(side, 1.4) + slanted_height(names))
    image = draw_cells(axes, np.ma.masked_invalid(shown), 1.0)
    name_ticks(axes, "x", names, slanted=True, most=int(side / PLACE) + 1)
    name_ticks(axes, "y", names, most=int(side / 0.15) + 1)
    if design.n_columns <= WRITTEN:
        for (row, column), value in np.ndenumerate(shown):
            write_cell(axes, row, column, _text(value, row == column), value)
    grey = "\n(grey: constant)" if np.isnan(shown).any() else ""
    bar_beside(axes, image, f"Pearson correlation{grey}").set_ticks([-1, -0.5, 0, 0.5, 1])
    return axes


def _correlations(matrix: Floats) -> Floats:
    """Correlations, NaN for constant columns."""
    # Of numbers near the ends of the range, squares would be 0 or infinite.
    scaled = matrix / np.maximum(np.abs(matrix).max(axis=0), np.finfo(float).tiny)
    centred = scaled - scaled.mean(axis=0)
    length = np.linalg.norm(centred, axis=0)
    length[length <= FLAT * np.linalg.norm(scaled, axis=0)] = np.nan
    unit = centred / length
    return np.asarray(np.clip(unit.T @ unit, -1.0, 1.0))


def _text(value: float, diagonal: bool) -> str:
    if np.isnan(value):
        return "–"
    return "1" if diagonal else f"{value:.2f}".replace("-", "−")
