"""The residuals of all maps beside the normal distribution."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.special import betaincinv, erf, ndtri

from secondlevel.plotting.canvas import BLUE, GREY, SMALL, axes_of, label_axes, plain_frame
from secondlevel.plotting.names import written
from secondlevel.plotting.table import as_maps
from secondlevel.results.quality import Quality

Floats = NDArray[np.float64]

FEWEST = 10
"""Residuals on either side of a point that is drawn: so many fix a quantile a little."""


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
        A line through the edges of the bins of residuals, those of all maps and elements together,
        and a dashed one where it lies if the errors are normal.

    Raises
    ------
    InputError, InputTypeError
        When this is no `Quality`, or has no maps.

    Notes
    -----
    A residual r over its own standard deviation cannot be larger than √d, d the residual degrees of
    freedom: of normal errors r²/d has a beta distribution, B(1/2, (d - 1)/2) (Cook and Weisberg,
    1982, *Residuals and Influence in Regression*, 2.2.1). Of few maps the dashed line therefore
    bends; of many it is the diagonal.

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
    maps = as_maps(quality)
    axes = axes_of(axes, 3.9, 3.6)
    dof = len(maps) - round(float(maps["Leverage"].sum()))
    probability, seen = _quantiles(quality)
    normal = ndtri(probability)
    limit = max(3.0, float(np.abs(np.concatenate([normal, seen])).max(initial=0.0))) + 0.2
    if dof > 0:
        _draw_expected(axes, dof, limit)
    axes.plot(normal, seen, color=BLUE, linewidth=1.8, label="residuals")
    axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    label_axes(axes, "quantile of the normal distribution", "standardised residual")
    plain_frame(axes)
    axes.text(
        0.04, 0.97, _words(quality, len(seen)), transform=axes.transAxes, va="top", fontsize=SMALL
    )
    axes.legend(loc="lower right", fontsize=SMALL, frameon=False)
    return axes


def _quantiles(quality: Quality) -> tuple[Floats, Floats]:
    """Share of the residuals below the edges of bins, and these edges."""
    counts = np.asarray(quality.residual_counts)
    total = int(counts.sum())
    below = np.cumsum(counts)[:-1]
    told = (below >= FEWEST) & (below <= total - FEWEST)
    return below[told] / max(total, 1), np.asarray(quality.residual_edges[1:-1])[told]


def _draw_expected(axes: Axes, dof: int, limit: float) -> None:
    normal = np.linspace(-limit, limit, 401)
    axes.plot(
        normal,
        expected(normal, dof),
        color=GREY,
        linewidth=1.0,
        linestyle="--",
        label="normal errors",
    )


def expected(normal: Floats, dof: int) -> Floats:
    """Quantiles of standardised residuals of normal errors, where the normal ones are these.

    Parameters
    ----------
    normal : array of shape (k,)
        Quantiles of the standard normal distribution.
    dof : int
        Residual degrees of freedom, 1 or more.

    Examples
    --------
    >>> expected(np.array([-3.0, 0.0, 1.0]), 10).round(3)
    array([-2.551,  0.   ,  1.052])
    """
    if dof == 1:
        return np.asarray(np.sign(normal))
    inside = erf(np.abs(normal) / np.sqrt(2.0))
    return np.asarray(np.sign(normal) * np.sqrt(dof * betaincinv(0.5, (dof - 1) / 2.0, inside)))


def _words(quality: Quality, n_points: int) -> str:
    if n_points == 0:
        return "too few residuals to draw"
    if np.isnan(quality.not_normal):
        return ""
    return f"{written(100 * quality.not_normal)} % of the elements\nfail a test of normality at 5 %"
