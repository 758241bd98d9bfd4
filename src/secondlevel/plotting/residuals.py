"""The residuals of all maps beside the normal distribution."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from scipy.special import ndtri

from secondlevel.errors import InputTypeError
from secondlevel.plotting.canvas import BLUE, GREY, NORMAL, SMALL, axes_of, plain_frame
from secondlevel.results.quality import Quality


def plot_residuals(quality: Quality, *, axes: Axes | None = None) -> Axes:
    """Draw quantiles of the standardised residuals against those of the normal distribution.

    Parameters
    ----------
    quality : Quality
        Of `GroupResults.quality`.
    axes : Axes, optional
        Where to draw; by default in a new figure that pyplot does not know.

    Returns
    -------
    matplotlib Axes
        Residuals of all maps and elements together, at the edges of their bins; on the line where
        they are normal.

    Raises
    ------
    InputTypeError
        When this is no `Quality`.

    Examples
    --------
    >>> import nibabel as nib, pandas as pd
    >>> from secondlevel import SecondLevelModel
    >>> rng = np.random.default_rng(0)
    >>> maps = [nib.Nifti1Image(rng.normal(size=(4, 4, 4)), np.eye(4)) for _ in range(12)]
    >>> mask = nib.Nifti1Image(np.ones((4, 4, 4), dtype="u1"), np.eye(4))
    >>> model = SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"one": [1] * 12}))
    >>> plot_residuals(model.results("one").quality).get_xlabel()
    'quantile of the normal distribution'
    """
    if not isinstance(quality, Quality):
        raise InputTypeError(f"quality must be that of results. Got {type(quality).__name__}.")
    axes = axes_of(axes, 3.9, 3.6)
    counts = quality.residual_counts
    total = max(int(counts.sum()), 1)
    # At least ten residuals on either side of a point.
    below = np.cumsum(counts)[:-1]
    told = (below >= 10) & (below <= total - 10)
    expected, seen = ndtri(below[told] / total), quality.residual_edges[1:-1][told]
    limit = max(3.0, float(np.abs(np.concatenate([expected, seen, [0.0]])).max())) + 0.2
    axes.plot([-limit, limit], [-limit, limit], color=GREY, linewidth=0.9, linestyle="--")
    axes.plot(expected, seen, color=BLUE, linewidth=1.8)
    axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    axes.set_xlabel("quantile of the normal distribution", fontsize=NORMAL)
    axes.set_ylabel("standardised residual", fontsize=NORMAL)
    if not np.isnan(quality.not_normal):
        axes.text(
            0.04,
            0.96,
            f"{100 * quality.not_normal:.2g} % of the elements\nfail a test at 5 %",
            transform=axes.transAxes,
            va="top",
            fontsize=SMALL,
        )
    plain_frame(axes)
    return axes
