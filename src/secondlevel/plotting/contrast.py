"""The weights of a contrast over the columns of a design."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from secondlevel.design.contrast import ContrastLike, make_contrast
from secondlevel.design.pairing import align_contrast
from secondlevel.plotting.canvas import SIGNED, SMALL, axes_of, name_ticks, short
from secondlevel.plotting.table import as_design

WRITTEN = 24
"""Up to so many columns the weights are written into the cells."""


def plot_contrast_matrix(
    contrast_def: ContrastLike,
    design_matrix: pd.DataFrame,
    *,
    colorbar: bool = False,
    axes: Axes | None = None,
) -> Axes:
    """Draw the weights of a contrast, one row per question.

    Parameters
    ----------
    contrast_def : str, vector, matrix or list of str
        As `SecondLevelModel.compute_contrast` takes it.
    design_matrix : DataFrame of shape (n, p)
    colorbar : bool, default=False
        Whether to draw a bar; up to 24 columns the weights stand in the cells.
    axes : Axes, optional
        Where to draw; by default in a new figure that pyplot does not know.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputTypeError, DesignError
        When the design is no table of finite numbers.
    ContrastError
        When the contrast cannot be read or estimated.

    Examples
    --------
    >>> table = pd.DataFrame({"control": [1, 1, 0, 0], "patient": [0, 0, 1, 1]})
    >>> [text.get_text() for text in plot_contrast_matrix("patient - control", table).texts]
    ['−1', '1']
    """
    design = as_design(design_matrix)
    weights = make_contrast(align_contrast(contrast_def, design.names), design).weights
    limit = float(np.abs(weights).max())
    width = min(1.6 + 0.75 * design.n_columns, 12.0)
    axes = axes_of(axes, width, min(1.15 + 0.36 * len(weights), 6.0))
    image = axes.imshow(weights, aspect="auto", cmap=SIGNED, vmin=-limit, vmax=limit)
    name_ticks(axes, "x", [short(name) for name in design.names], slanted=design.n_columns > 4)
    axes.set_yticks([])
    for edge in np.arange(1, design.n_columns) - 0.5:
        axes.axvline(edge, color="0.6", linewidth=0.5)
    for edge in np.arange(1, len(weights)) - 0.5:
        axes.axhline(edge, color="0.6", linewidth=0.5)
    if design.n_columns <= WRITTEN:
        for (row, column), weight in np.ndenumerate(weights):
            axes.text(
                column,
                row,
                f"{weight:.3g}".replace("-", "−"),
                ha="center",
                va="center",
                fontsize=SMALL,
                color="white" if abs(weight) > 0.65 * limit else "black",
            )
    if colorbar or design.n_columns > WRITTEN:
        bar = axes.figure.colorbar(image, ax=axes, fraction=0.06, pad=0.03)
        bar.ax.tick_params(labelsize=SMALL)
        bar.set_label("weight", fontsize=SMALL)
    return axes
