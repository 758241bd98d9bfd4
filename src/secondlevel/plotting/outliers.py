"""How each map agrees with the others, and which do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from secondlevel.errors import InputTypeError
from secondlevel.plotting.canvas import BLUE, GREY, NORMAL, RED, SMALL, axes_of, plain_frame, short
from secondlevel.results.quality import Quality

MOST_NAMED = 10

WIDE = 8.0
"""Where distances differ by a larger factor, they are drawn on a scale of factors."""


def plot_outliers(quality: Quality, *, axes: Axes | None = None) -> Axes:
    """Draw each map's correlation with the mean of the others against its distance from the fit.

    Parameters
    ----------
    quality : Quality
        Of `GroupResults.quality`.
    axes : Axes, optional
        Where to draw; by default in a new figure that pyplot does not know.

    Returns
    -------
    matplotlib Axes
        Maps with remarks are named. Dashed lines are the medians.

    Raises
    ------
    InputTypeError
        When this is no `Quality`.

    Examples
    --------
    >>> import nibabel as nib
    >>> from secondlevel import SecondLevelModel
    >>> rng = np.random.default_rng(0)
    >>> maps = [nib.Nifti1Image(rng.normal(size=(4, 4, 4)), np.eye(4)) for _ in range(12)]
    >>> mask = nib.Nifti1Image(np.ones((4, 4, 4), dtype="u1"), np.eye(4))
    >>> model = SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"one": [1] * 12}))
    >>> axes = plot_outliers(model.results("one").quality)
    >>> len(axes.collections[0].get_offsets())
    12
    """
    if not isinstance(quality, Quality):
        raise InputTypeError(f"quality must be that of results. Got {type(quality).__name__}.")
    maps = quality.maps
    axes = axes_of(axes, 5.6, 3.6)
    odd = (maps["Remarks"] != "").to_numpy()
    across, up = maps["Distance"].to_numpy(float), maps["Correlation"].to_numpy(float)
    for flags, colour in ((~odd, BLUE), (odd, RED)):
        axes.scatter(across[flags], up[flags], s=22, color=colour, alpha=0.8, linewidths=0)
    positive = across[across > 0]
    if len(positive) == len(across) and positive.max() > WIDE * positive.min():
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter("")
    axes.axvline(float(np.median(across)), color=GREY, linewidth=0.8, linestyle="--")
    axes.axhline(float(np.median(up)), color=GREY, linewidth=0.8, linestyle="--")
    _name(axes, maps, across, up, odd)
    axes.margins(x=0.12, y=0.15)
    axes.set_xlabel("robust distance from the fit (1 is usual)", fontsize=NORMAL)
    axes.set_ylabel("correlation with the mean of the others", fontsize=NORMAL)
    plain_frame(axes)
    return axes


def _name(axes: Axes, maps: pd.DataFrame, across: Any, up: Any, odd: Any) -> None:
    """Write the names of odd maps, none upon another."""
    rows = np.flatnonzero(odd)
    worst = rows[np.argsort(up[rows], kind="stable")][:MOST_NAMED]
    lowest, span = -np.inf, max(float(np.ptp(up)), 1e-9)
    middle = float(np.median(across))
    for row in worst:
        # From the lowest up, each name at least a line above the last.
        height = max(up[row], lowest + 0.075 * span)
        lowest = height
        left = across[row] > middle and len(worst) > 0 and across[row] >= across.max() * 0.6
        axes.annotate(
            short(maps["Map"].iloc[row]),
            (across[row], height),
            (-7 if left else 7, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=SMALL,
            parse_math=False,
        )
