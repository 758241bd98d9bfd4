"""A map seen through a glass brain."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from secondlevel.plotting.background import open_volume
from secondlevel.plotting.maps import plot_map

SHARP = 150
"""Dots per inch of a picture that is looked at by itself."""


def plot_glass_brain(
    image: Any,
    title: str = "",
    threshold: float = 3.09,
    *,
    label: str = "z",
    vmax: float | None = None,
) -> Figure:
    """Draw the largest value along each of three lines of sight, signs kept.

    `plot_map` has more ways to draw a map; this is the one for a glance at a map of z.

    Parameters
    ----------
    image : Niimg-like
        A 3D map in MNI space; NaN and infinite values are not drawn.
    title : str, default=""
        Stands above the brains; a long one is wrapped.
    threshold : float, default=3.09
        Values nearer to 0 are not drawn; 3.09 is the z of one-sided p = 0.001.
    label : str, default="z"
        What the values are, above the colour bar.
    vmax : float, optional
        Value of the darkest colour; the colours reach from -vmax to vmax. By default the largest
        absolute value, rounded up to a whole number, and never below `threshold` + 1.

    Returns
    -------
    matplotlib.figure.Figure
        Not known to pyplot: no window opens, and nothing needs closing. `save_figure` writes it.

    Raises
    ------
    InputError, InputTypeError
        When the image is no volume.

    Examples
    --------
    >>> import nibabel as nib
    >>> affine = np.diag([8.0, 8.0, 8.0, 1.0])
    >>> affine[:3, 3] = -72, -104, -64
    >>> z = np.zeros((19, 23, 19))
    >>> z[5, 10, 14] = 6.5
    >>> figure = plot_glass_brain(nib.Nifti1Image(z, affine), "a peak")
    >>> [tick.get_text() for tick in figure.axes[-1].get_yticklabels()]
    ['−7', '−3.09', '0', '3.09', '7']
    """
    volume = open_volume(image, "image")
    if vmax is None:
        largest = float(np.abs(volume.get_fdata()).max())
        vmax = float(max(math.ceil(largest), math.ceil(threshold) + 1))
    figure = plot_map(
        volume, threshold=threshold, plot_type="glass", title=title, label=label, vmax=vmax
    )
    figure.set_dpi(SHARP)
    return figure
