"""Elements that reach a height, by themselves and in clusters that are large enough."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.adjacency import Graph

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def heights(values: Floats, *, two_sided: bool) -> Floats:
    """Return the heights of elements: absolute values where both sides are looked at."""
    return np.abs(values) if two_sided else values


def passing(values: Floats, threshold: float, *, two_sided: bool) -> Flags:
    """Return the elements that reach a threshold.

    Parameters
    ----------
    values : array of shape (V,)
    threshold : float
        In the unit of the values. A negative one, of one side, is reached from above: what lies at
        or below it passes.
    two_sided : bool
        Whether absolute values are compared.

    Returns
    -------
    bool array of shape (V,)

    Examples
    --------
    >>> values = np.array([-4.0, -1.0, 2.0, 3.0])
    >>> passing(values, 3.0, two_sided=True), passing(values, -1.0, two_sided=False)
    (array([ True, False, False,  True]), array([ True,  True, False, False]))
    """
    if two_sided or threshold >= 0:
        return heights(values, two_sided=two_sided) >= threshold
    return values <= threshold


def cluster_counts(graph: Graph, values: Floats) -> NDArray[np.int64]:
    """Return how many elements the cluster of each element has.

    Parameters
    ----------
    graph : Graph
        Of the elements that pass, and no others.
    values : array of shape (V,)
        Their values. Neighbours of the same sign are one cluster; 0 belongs to none.

    Returns
    -------
    int array of shape (V,)

    Examples
    --------
    >>> from secondlevel.graph.adjacency import from_edges
    >>> chain = from_edges(np.array([[0, 1], [1, 2]]), np.ones(3), np.zeros((3, 3)))
    >>> cluster_counts(chain, np.array([4.0, 3.5, -5.0])).tolist()
    [2, 2, 1]
    """
    # Heavy: brings numba, which a threshold without an extent does not need.
    from secondlevel.inference.clusters import find_clusters  # noqa: PLC0415

    clusters = find_clusters(graph, values, np.ones(len(values), dtype=bool))
    return np.concatenate([[0], clusters.counts])[clusters.labels]
