"""A design matrix as a picture."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from secondlevel.plotting.canvas import NORMAL, SIGNED, SMALL, axes_of, name_ticks, short
from secondlevel.plotting.table import as_design

NAMED_ROWS = 40
"""Up to so many rows their names are written."""


def plot_design_matrix(
    design_matrix: pd.DataFrame, *, rescale: bool = True, axes: Axes | None = None
) -> Axes:
    """Draw a design matrix: one row per map, one column per effect.

    Parameters
    ----------
    design_matrix : DataFrame of shape (n, p)
    rescale : bool, default=True
        Whether each column is divided by its largest absolute value, so that columns of any unit
        are seen; 0 stays white, signs stay.
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
    >>> table = pd.DataFrame({"patient": [0, 0, 1, 1], "age": [20.0, 40.0, 30.0, 60.0]})
    >>> axes = plot_design_matrix(table)
    >>> axes.images[0].get_array().round(2).tolist()
    [[0.0, 0.33], [0.0, 0.67], [1.0, 0.5], [1.0, 1.0]]
    """
    design = as_design(design_matrix)
    largest = np.abs(design.matrix).max(axis=0)
    scale = np.where(largest > 0, largest, 1.0) if rescale else 1.0
    shown = design.matrix / scale
    limit = float(np.abs(shown).max()) or 1.0
    named = design.n_rows <= NAMED_ROWS and not isinstance(design_matrix.index, pd.RangeIndex)
    height = min(max(2.2 + 0.16 * design.n_rows, 3.0), 6.0)
    axes = axes_of(axes, min(2.2 + 0.45 * design.n_columns, 12.0) + 0.8 * named, height)
    image = axes.imshow(
        shown, aspect="auto", interpolation="nearest", cmap=SIGNED, vmin=-limit, vmax=limit
    )
    name_ticks(axes, "x", [short(name) for name in design.names], slanted=True)
    if named:
        name_ticks(axes, "y", [short(name) for name in design_matrix.index])
    else:
        axes.tick_params(axis="y", labelsize=SMALL)
    axes.set_ylabel("map", fontsize=NORMAL)
    _separate(axes, design.n_columns)
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.06, pad=0.03)
    bar.ax.tick_params(labelsize=SMALL)
    bar.set_label("value / largest of the column" if rescale else "value", fontsize=SMALL)
    return axes


def _separate(axes: Axes, n_columns: int) -> None:
    """Draw lines between columns."""
    for edge in np.arange(1, n_columns) - 0.5:
        axes.axvline(edge, color="0.6", linewidth=0.5)
