"""The weights of a contrast over the columns of a design."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from secondlevel.design.contrast import ContrastLike, make_contrast
from secondlevel.design.pairing import align_contrast
from secondlevel.plotting.canvas import WIDEST, axes_of, size_of
from secondlevel.plotting.cells import PLACE, bar_beside, draw_cells, draw_row_lines, write_cell
from secondlevel.plotting.names import LETTER, name_ticks, short, slanted_height, written
from secondlevel.plotting.table import as_design

HIGHEST = 6.0
"""Inches of all rows together."""

LINE = 0.15
"""Inches that a line of text needs."""

LEVEL = 6
"""Up to so many columns their names are level, where they have room."""


def plot_contrast_matrix(
    contrast_def: ContrastLike,
    design_matrix: pd.DataFrame | str | Path,
    *,
    colorbar: bool = False,
    axes: Axes | None = None,
) -> Axes:
    """Draw the weights of a contrast over the columns of a design, one row per question.

    Parameters
    ----------
    contrast_def : str, vector, matrix or list of str
        As `SecondLevelModel.compute_contrast` takes it.
    design_matrix : DataFrame of shape (n, p), str or Path
    colorbar : bool, default=False
        Whether to draw a bar. One is drawn too where cells are too narrow to write weights into.
    axes : Axes, optional
        Where to draw; by default in a new figure that pyplot does not know.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputTypeError, DesignError
        When the design is no table of finite numbers under distinct names.
    ContrastError
        When the contrast cannot be read or estimated.

    Examples
    --------
    >>> table = pd.DataFrame({"control": [1, 1, 0, 0], "patient": [0, 0, 1, 1]})
    >>> [text.get_text() for text in plot_contrast_matrix("patient - control", table).texts]
    ['−1', '1']
    """
    design, _ = as_design(design_matrix)
    weights = make_contrast(align_contrast(contrast_def, design.names), design).weights
    n_rows, n_columns = weights.shape
    names = [short(name) for name in design.names]
    rows = _row_names(contrast_def, n_rows)
    texts = [[written(weight) for weight in row] for row in weights]
    longest = LETTER * max(len(text) for row in texts for text in row) + 0.06
    beside = 0.3 + LETTER * max(map(len, rows), default=0)
    if axes is None:
        wide = min(max(0.75 * n_columns, 1.4), WIDEST - beside) / n_columns
        high = _row_height(longest, wide, n_rows)
    else:
        wide, high = np.divide(size_of(axes_of(axes, 0, 0)), (n_columns, n_rows))
    level = n_columns <= LEVEL and LETTER * max(map(len, names)) < wide
    below = 0.35 if level else slanted_height(names)
    axes = axes_of(axes, wide * n_columns + beside, high * n_rows + below)
    limit = float(np.abs(weights).max())
    image = draw_cells(axes, weights, limit)
    draw_row_lines(axes, n_rows, n_columns)
    name_ticks(axes, "x", names, slanted=not level, most=int(wide * n_columns / PLACE) + 1)
    name_ticks(axes, "y", rows, most=int(high * n_rows / LINE) + 1)
    turned = _turned(longest, wide, high)
    if turned is not None:
        for (row, column), weight in np.ndenumerate(weights):
            text = write_cell(axes, row, column, texts[row][column], weight / limit)
            text.set_rotation(turned)
    if colorbar or turned is None:
        bar_beside(axes, image, "weight")
    return axes


def _row_height(longest: float, wide: float, n_rows: int) -> float:
    """Choose the height of rows in inches: weights that are too long for a column stand upright."""
    upright = min(max(longest + 0.1, 0.3), 0.8)
    if longest > wide and n_rows * upright <= HIGHEST:
        return upright
    return min(0.3, HIGHEST / n_rows)


def _turned(longest: float, wide: float, high: float) -> int | None:
    """Angle at which weights of this length have room in a cell; None where they have none."""
    if longest <= wide and high >= LINE:
        return 0
    if longest <= high and wide >= LINE:
        return 90
    return None


def _row_names(contrast_def: ContrastLike, n_rows: int) -> list[str]:
    """Name rows where there are several: as they were asked, or by number."""
    if n_rows == 1:
        return []
    asked = contrast_def if isinstance(contrast_def, Sequence) else ()
    if len(asked) == n_rows and all(isinstance(row, str) for row in asked):
        return [short(row) for row in asked]
    return [f"row {row + 1}" for row in range(n_rows)]
