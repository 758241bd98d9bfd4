"""How each map agrees with the others, and which do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from secondlevel.plotting.callouts import name_points
from secondlevel.plotting.canvas import (
    BLUE,
    GREY,
    LARGE_MARK,
    RED,
    SMALL,
    axes_of,
    label_axes,
    mark_opacity,
    mark_size,
    plain_frame,
)
from secondlevel.plotting.names import written
from secondlevel.plotting.scale import is_wild, logarithmic
from secondlevel.plotting.table import as_maps
from secondlevel.results.quality import Quality

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_NAMED = 10

WIDE = 8.0
"""Times the usual distance: where a map is farther away, distances are drawn by their factors."""


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
        Maps with remarks are red diamonds, and named. Dashed lines are the medians. By factors
        where one map is more than 8 times as far away as is usual.

    Raises
    ------
    InputError, InputTypeError
        When this is no `Quality`, or has no maps.

    See Also
    --------
    plot_influence : How far each map moves the fit.

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
    maps = as_maps(quality)
    axes = axes_of(axes, 5.6, 3.8)
    odd = (maps["Remarks"] != "").to_numpy()
    across, up = (maps[name].to_numpy(dtype=float) for name in ("Distance", "Correlation"))
    axes.scatter(
        across[~odd],
        up[~odd],
        s=mark_size(len(maps)),
        color=BLUE,
        alpha=mark_opacity(len(maps)),
        linewidths=0,
        rasterized=True,
    )
    axes.scatter(across[odd], up[odd], s=LARGE_MARK, color=RED, marker="D", linewidths=0, zorder=3)
    said = {0: "", 1: "\ndiamond: the map that stands out"}.get(
        int(odd.sum()), f"\ndiamonds: {odd.sum()} maps that stand out"
    )
    label_axes(
        axes,
        f"robust distance from the fit (1 is usual){said}",
        "correlation with the mean of the others",
    )
    plain_frame(axes)
    axes.margins(x=0.12, y=0.12)
    if is_wild(across, WIDE):
        logarithmic(axes, "x", across)
    _medians(axes, float(np.median(across)), float(np.median(up)))
    _name(axes, maps, across, up, odd)
    return axes


def _medians(axes: Axes, across: float, up: float) -> None:
    """Draw lines at the medians, their numbers outside the frame."""
    axes.axvline(across, color=GREY, linewidth=0.8, linestyle="--", zorder=1)
    axes.axhline(up, color=GREY, linewidth=0.8, linestyle="--", zorder=1)
    axes.text(
        across,
        1.01,
        f"median {written(across)}",
        fontsize=SMALL,
        ha="center",
        va="bottom",
        transform=axes.get_xaxis_transform(),
    )
    axes.text(
        1.01,
        up,
        f"median\n{written(up)}",
        fontsize=SMALL,
        va="center",
        transform=axes.get_yaxis_transform(),
    )


def _name(axes: Axes, maps: pd.DataFrame, across: Floats, up: Floats, odd: Flags) -> None:
    """Name the odd maps, those first that lie farthest out."""
    apart = np.abs(np.log(np.maximum(across, 1e-9) / max(float(np.median(across)), 1e-9)))
    rows = np.flatnonzero(odd)
    rows = rows[np.argsort(-(apart + np.abs(up - np.median(up)))[rows], kind="stable")]
    name_points(
        axes,
        across[rows[:MOST_NAMED]],
        up[rows[:MOST_NAMED]],
        [str(name) for name in maps["Map"].iloc[rows[:MOST_NAMED]]],
        among=np.column_stack([across, up]),
    )
