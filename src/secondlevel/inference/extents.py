"""How large clusters are, in elements."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]


def count_elements(labels: Labels, n_clusters: int) -> Floats:
    """Count the elements of each cluster, as doubles, shape (n_clusters,).

    Parameters
    ----------
    labels : int array of shape (V,)
        Cluster of every element, from 1; 0 where it belongs to none.
    n_clusters : int

    Examples
    --------
    >>> count_elements(np.array([0, 2, 1, 2]), 3)
    array([1., 2., 0.])
    """
    return np.bincount(labels, minlength=n_clusters + 1)[1:].astype(np.float64)
