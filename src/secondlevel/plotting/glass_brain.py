"""A map seen through a glass brain."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from nibabel.spatialimages import SpatialImage

from secondlevel.plotting.canvas import SIGNED


def plot_glass_brain(
    image: Any,
    title: str = "",
    threshold: float = 3.09,
    *,
    label: str = "z",
    vmax: float | None = None,
) -> Figure:
    """Draw the largest value along each of three lines of sight, signs kept.

    Parameters
    ----------
    image : Niimg-like
        A 3D map in MNI space; NaN and infinite values are not drawn.
    title : str, default=""
        Stands above the brains; a long one is wrapped.
    threshold : float, default=3.09
        Values nearer to 0 are not drawn; 3.09 is the z of one-sided p = 0.001.
    label : str, default="z"
        What the values are, beside the colour bar.
    vmax : float, optional
        Value of the darkest colour; the colours reach from -vmax to vmax. By default the largest
        absolute value, rounded up, and never below `threshold` + 1.

    Returns
    -------
    matplotlib.figure.Figure
        Not known to pyplot: no window opens, and nothing needs closing. `save_figure` writes it.

    Examples
    --------
    >>> import nibabel as nib
    >>> affine = np.diag([8.0, 8.0, 8.0, 1.0])
    >>> affine[:3, 3] = -72, -104, -64
    >>> z = np.zeros((19, 23, 19))
    >>> z[5, 10, 14] = 6.5
    >>> plot_glass_brain(nib.Nifti1Image(z, affine), "a peak").axes[-1].get_ylabel()
    'z'
    """
    finite = _finite(image)
    largest = float(np.abs(finite.get_fdata()).max())
    if vmax is None:
        vmax = float(max(math.ceil(largest), math.ceil(threshold) + 1))
    figure = Figure(figsize=(9.0, 3.4), facecolor="white", dpi=150)
    FigureCanvasAgg(figure)
    figure.text(0.015, 0.965, title, fontsize=13, va="top", wrap=True, parse_math=False)
    _draw_brains(figure, finite if largest > threshold else None, threshold, vmax)
    _draw_colour_bar(figure, threshold, vmax, label)
    return figure


def _finite(image: Any) -> SpatialImage:
    """Return the image with 0 where it has no value."""
    from nilearn.image import load_img, new_img_like  # noqa: PLC0415 - heavy

    loaded = load_img(image)
    values = loaded.get_fdata()
    finite: SpatialImage = new_img_like(loaded, np.where(np.isfinite(values), values, 0.0))
    return finite


def _draw_brains(figure: Figure, image: Any, threshold: float, vmax: float) -> None:
    """Draw three projections; only the outlines when there is no image."""
    from nilearn import plotting  # noqa: PLC0415 - heavy

    plotting.plot_glass_brain(
        image,
        figure=figure,
        axes=(0.0, 0.0, 0.9, 0.88),
        threshold=threshold,
        vmin=-vmax,
        vmax=vmax,
        cmap=SIGNED,
        plot_abs=False,
        colorbar=False,
    )


def _draw_colour_bar(figure: Figure, threshold: float, vmax: float, label: str) -> None:
    """Draw a colour bar; what the threshold hides is grey in it."""
    axes = figure.add_axes((0.92, 0.12, 0.016, 0.7))
    colours = ScalarMappable(Normalize(-vmax, vmax), SIGNED)
    bar = figure.colorbar(colours, cax=axes)
    axes.axhspan(-threshold, threshold, color="0.85")
    bar.set_ticks(sorted({-vmax, -threshold, 0.0, threshold, vmax}))
    bar.ax.set_yticklabels([f"{tick:.3g}" for tick in bar.get_ticks()], fontsize=9)
    bar.set_label(label, fontsize=11, rotation=0, labelpad=4)
