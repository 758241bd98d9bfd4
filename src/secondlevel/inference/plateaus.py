"""Plateaus that nothing of their cluster rises above: a flood, as no array expression does it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.kernels import compiled

Floats = NDArray[np.float64]
Labels = NDArray[np.int32]
Indices = NDArray[np.int32]
Offsets = NDArray[np.int64]


@compiled
def label_plateaus(
    offsets: Offsets, neighbours: Indices, heights: Floats, labels: Labels
) -> tuple[Labels, int]:
    """Number the regional maxima of every cluster from 1, by their first element.

    Parameters
    ----------
    offsets, neighbours : int arrays
        Of a `Graph`; neighbours in another cluster are not looked at.
    heights : array of shape (V,)
    labels : int array of shape (V,)
        Cluster of every element, 0 where it belongs to none.

    Returns
    -------
    plateaus : int array of shape (V,)
        Number of the plateau, 0 where an element belongs to none that is a maximum.
    n_plateaus : int
    """
    n = len(heights)
    plateaus = np.zeros(n, dtype=np.int32)  # -1 where the plateau is seen to be no maximum
    reached = np.empty(n, dtype=np.int32)
    n_plateaus = 0
    for first in range(n):
        if labels[first] == 0 or plateaus[first] != 0:
            continue
        plateaus[first] = n_plateaus + 1
        reached[0] = first
        n_reached, n_done, on_top = 1, 0, True
        while n_done < n_reached:
            v = reached[n_done]
            n_done += 1
            for link in range(offsets[v], offsets[v + 1]):
                w = neighbours[link]
                if labels[w] != labels[first]:
                    continue
                if heights[w] > heights[first]:
                    on_top = False
                elif heights[w] == heights[first] and plateaus[w] == 0:
                    plateaus[w] = n_plateaus + 1
                    reached[n_reached] = w
                    n_reached += 1
        if on_top:
            n_plateaus += 1
        else:
            plateaus[reached[:n_reached]] = -1
    return np.maximum(plateaus, np.int32(0)), n_plateaus
