"""Where slices are cut: through the largest peaks, and through what lies between them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AXES = "xyz"

N_CUTS = 7
"""Slices beside each other."""

MARGIN = 0.12
"""Share of the extent that is left out at either end, where there is no peak."""

APART = 0.6
"""Slices are at least so far apart, as a share of the distance of evenly spaced ones."""


def choose_cuts(
    mode: str, values: Floats, affine: Floats, extent: Floats, n_cuts: Any = None
) -> Any:
    """Choose coordinates in mm for a display mode.

    Parameters
    ----------
    mode : str
        One of `SLICE_MODES`.
    values : array of shape (I, J, K)
        What is drawn; 0 where there is nothing.
    affine : array of shape (4, 4)
        Voxel indices to mm.
    extent : array of shape (3, 2)
        From where to where there is something to see, in mm along x, y, z.
    n_cuts : int or three of them, optional
        For one axis, or for each of a mosaic; by default 7.

    Returns
    -------
    list or dict
        A point at the highest peak; for rows of slices places along their axes, through as many
        peaks as there is room for, from the highest on, then through what is farthest from them.

    Examples
    --------
    >>> values = np.zeros((3, 3, 21))
    >>> values[1, 1, 6], values[1, 1, 14] = 5.0, 3.0
    >>> extent = np.array([[0, 2], [0, 2], [0, 20.0]])
    >>> choose_cuts("z", values, np.eye(4), extent, n_cuts=3)
    [6.0, 10.0, 14.0]
    """
    peaks = find_peaks(values, affine, extent.mean(axis=1))
    point = peaks[0] if len(peaks) else extent.mean(axis=1)
    if mode in {"ortho", "tiled"}:
        return _written(point)
    if len(mode) == 2:
        # nilearn takes the places in the order of the axes' names, whatever that of the panels.
        return _written(point[[AXES.index(axis) for axis in sorted(mode)]])
    counts = np.broadcast_to(N_CUTS if n_cuts is None else n_cuts, 3)
    along = {
        axis: _along(peaks[:, k], extent[k], int(counts[k]))
        for k, axis in enumerate(AXES)
        if mode in {axis, "mosaic"}
    }
    return along if mode == "mosaic" else along[mode]


def find_peaks(values: Floats, affine: Floats, centre: Floats) -> Floats:
    """Return places of local maxima of absolute values in mm, the highest first.

    A plateau is one peak, where it is nearest to the centre; so are peaks of one height in order.
    """
    from scipy.ndimage import label, maximum_filter  # noqa: PLC0415 - slow to load

    sizes = np.abs(values)
    plateaus, _ = label((sizes > 0) & (sizes >= maximum_filter(sizes, size=3)), np.ones((3, 3, 3)))
    at = np.argwhere(plateaus)
    places: Floats = at @ affine[:3, :3].T + affine[:3, 3]
    off = np.square(places - centre).sum(axis=1)
    order = np.lexsort((off, -sizes[tuple(at.T)]))
    firsts = np.unique(plateaus[tuple(at[order].T)], return_index=True)[1]
    return places[order[np.sort(firsts)]]


def _along(peaks: Floats, extent: Floats, n_cuts: int) -> list[float]:
    """Places along one axis."""
    low, high = float(extent[0]), float(extent[1])
    middle = np.array([low + high]) / 2
    margin = MARGIN * (high - low)
    evenly = np.linspace(low + margin, high - margin, n_cuts) if n_cuts > 1 else middle
    apart = APART * (high - low) / n_cuts
    # Whole millimetres read better, where slices are so far apart.
    digits = 0 if apart >= 1 else 1
    chosen: list[float] = []
    left = peaks[(peaks >= low) & (peaks <= high)]
    while len(left) and len(chosen) < n_cuts:
        chosen.append(float(left[0]))
        left = left[np.abs(left - left[0]) >= apart]
    if not chosen:
        return _written(evenly.round(digits))
    fillers = np.linspace(evenly[0], evenly[-1], 8 * n_cuts + 1)
    while len(chosen) < n_cuts:
        off = np.abs(fillers[:, None] - np.array(chosen)).min(axis=1)
        chosen.append(float(fillers[int(off.argmax())].round(digits)))
    return _written(np.unique(chosen))


def _written(places: Floats) -> list[float]:
    """As they are written beside a slice: to 0.1 mm, each once, without a negative zero."""
    return [float(place) + 0.0 for place in dict.fromkeys(np.round(places, 1))]
