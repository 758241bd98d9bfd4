"""Where slices are cut: through what is to be seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

N_CUTS = 7
"""Slices beside each other."""

MARGIN = 0.12
"""Share of the extent that is left out at either end."""

AXES = "xyz"


def choose_cuts(mode: str, values: Floats, affine: Floats, n_cuts: int = N_CUTS) -> Any:
    """Choose coordinates in mm for a display mode.

    Parameters
    ----------
    mode : str
        One of `SLICE_MODES`.
    values : array of shape (I, J, K)
        What is drawn; 0 where there is nothing.
    affine : array of shape (4, 4)
        Voxel indices to mm.
    n_cuts : int
        For one axis, or for each of a mosaic.

    Returns
    -------
    list or dict
        A point at the highest peak, or places along the axes: evenly spaced, one of them at it.

    Examples
    --------
    >>> values = np.zeros((3, 3, 11))
    >>> values[1, 1] = 1.0
    >>> values[1, 1, 7] = 5.0
    >>> choose_cuts("z", values, np.eye(4), n_cuts=3)
    [1.2, 5.0, 7.0]
    """
    points, sizes = _points(values, affine)
    peak = points[int(sizes.argmax())]
    if mode in {"ortho", "tiled"}:
        return [float(value) for value in peak.round(1)]
    along = {axis: _evenly(points[:, k], float(peak[k]), n_cuts) for k, axis in enumerate(AXES)}
    if mode in {"x", "y", "z"}:
        return along[mode]
    if mode == "mosaic":
        return along
    return [float(peak[AXES.index(axis)].round(1)) for axis in mode]


def _points(values: Floats, affine: Floats) -> tuple[Floats, Floats]:
    """Places in mm where there is something, and how much."""
    shown = np.argwhere(values != 0)
    if len(shown) == 0:
        shown = np.argwhere(np.ones_like(values, dtype=bool))
    sizes = np.abs(values[tuple(shown.T)])
    return shown @ affine[:3, :3].T + affine[:3, 3], sizes


def _evenly(places: Floats, peak: float, n_cuts: int) -> list[float]:
    low, high = float(places.min()), float(places.max())
    span = high - low
    cuts = np.linspace(low + MARGIN * span, high - MARGIN * span, n_cuts)
    cuts[int(np.abs(cuts - peak).argmin())] = peak
    return [float(cut) for cut in np.unique(cuts.round(1))]
