"""A design matrix as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator

from secondlevel.plotting.canvas import NORMAL, WIDEST, axes_of
from secondlevel.plotting.cells import PLACE, bar_beside, draw_cells
from secondlevel.plotting.names import LETTER, counted, name_ticks, short, slanted_height
from secondlevel.plotting.table import as_design

NAMED_ROWS = 40
"""Up to so many rows their names are written."""


def plot_design_matrix(
    design_matrix: pd.DataFrame | str | Path, *, rescale: bool = True, axes: Axes | None = None
) -> Axes:
    """Draw a design matrix: one row per map, one column per effect.

    Parameters
    ----------
    design_matrix : DataFrame of shape (n, p), str or Path
        Up to 40 rows with labels are named, others numbered from 1. Where there are more columns
        than names have room, every second, or third, and so on, is named.
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
        When it is no table of finite numbers under distinct names.

    See Also
    --------
    plot_design_correlation : How much its columns have in common.
    plot_leverage : How much each of its rows decides its own fit.

    Examples
    --------
    >>> table = pd.DataFrame({"patient": [0, 0, 1, 1], "age": [20.0, 40.0, 30.0, 60.0]})
    >>> axes = plot_design_matrix(table)
    >>> axes.images[0].get_array().round(2).tolist()
    [[0.0, 0.33], [0.0, 0.67], [1.0, 0.5], [1.0, 1.0]]
    """
    design, labels = as_design(design_matrix)
    largest = np.abs(design.matrix).max(axis=0)
    shown = design.matrix / np.where(largest > 0, largest, 1.0) if rescale else design.matrix
    columns = [short(name) for name in design.names]
    rows = [short(label, 20) for label in labels] if len(labels) <= NAMED_ROWS else []
    beside = 1.3 + LETTER * max(map(len, rows), default=4)
    axes = axes_of(
        axes,
        min(beside + max(0.45 * design.n_columns, 0.9), WIDEST),
        min(max(0.17 * design.n_rows, 1.3), 4.5 + 2.5 * bool(rows)) + slanted_height(columns),
    )
    image = draw_cells(axes, shown, float(np.abs(shown).max()) or 1.0)
    name_ticks(axes, "x", columns, slanted=True, most=int((WIDEST - beside) / PLACE))
    if rows:
        name_ticks(axes, "y", rows)
    else:
        _number_rows(axes, design.n_rows)
    axes.set_ylabel("map", fontsize=NORMAL)
    bar_beside(axes, image, "value / largest size\nin its column" if rescale else "value")
    return axes


def _number_rows(axes: Axes, n_rows: int) -> None:
    """Number rows from 1, as people count."""
    places = counted(n_rows)
    axes.yaxis.set_major_locator(FixedLocator(list(places - 1.0)))
    axes.set_yticklabels([f"{place:.0f}" for place in places])
