"""The correlation of a design's columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from secondlevel.plotting.canvas import SIGNED, SMALL, axes_of, name_ticks, short
from secondlevel.plotting.table import as_design

Floats = NDArray[np.float64]

WRITTEN = 12
"""Up to so many columns the numbers are written into the cells."""

FLAT = 1e-12
"""A column that varies by a smaller share of its size is constant."""


def plot_design_correlation(design_matrix: pd.DataFrame, *, axes: Axes | None = None) -> Axes:
    """Draw Pearson's correlation of every two columns of a design.

    Parameters
    ----------
    design_matrix : DataFrame of shape (n, p)
        A constant column correlates with nothing; its cells are grey.
    axes : Axes, optional
        Where to draw; by default in a new figure that pyplot does not know.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputTypeError, DesignError
        When it is no table of finite numbers.

    Examples
    --------
    >>> table = pd.DataFrame({"age": [1.0, 2.0, 3.0], "iq": [3.0, 1.0, 2.0]})
    >>> [text.get_text() for text in plot_design_correlation(table).texts]
    ['1', '−0.50', '−0.50', '1']
    """
    design = as_design(design_matrix)
    shown = _correlations(design.matrix)
    side = min(2.6 + 0.5 * design.n_columns, 8.0)
    axes = axes_of(axes, side + 0.6, side)
    image = axes.imshow(shown, aspect="auto", cmap=SIGNED, vmin=-1, vmax=1)
    axes.set_facecolor("0.88")
    names = [short(name, 18) for name in design.names]
    name_ticks(axes, "x", names, slanted=True)
    name_ticks(axes, "y", names)
    if design.n_columns <= WRITTEN:
        _write(axes, shown)
    bar = axes.figure.colorbar(
        image, ax=axes, fraction=0.045, pad=0.03, ticks=[-1, -0.5, 0, 0.5, 1]
    )
    bar.ax.tick_params(labelsize=SMALL)
    bar.set_label("Pearson correlation", fontsize=SMALL)
    return axes


def _correlations(matrix: Floats) -> Floats:
    """Correlations, NaN for constant columns."""
    centred = matrix - matrix.mean(axis=0)
    length = np.linalg.norm(centred, axis=0)
    length[length <= FLAT * np.linalg.norm(matrix, axis=0)] = np.nan
    unit = centred / length
    return np.asarray(np.clip(unit.T @ unit, -1.0, 1.0))


def _write(axes: Axes, shown: Floats) -> None:
    for (row, column), value in np.ndenumerate(shown):
        if np.isnan(value):
            text, colour = "constant" if row == column else "–", "0.35"
        else:
            text = "1" if row == column else f"{value:.2f}".replace("-", "−")
            colour = "white" if abs(value) > 0.65 else "black"
        axes.text(column, row, text, ha="center", va="center", fontsize=SMALL, color=colour)
