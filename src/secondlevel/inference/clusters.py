"""Clusters of a map: neighbours of one sign beyond a threshold, and what each of them is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.adjacency import Graph
from secondlevel.graph.components import Components, find_components

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Labels = NDArray[np.int32]
Counts = NDArray[np.int64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Clusters:
    """The k clusters of a map, numbered from 1: the positive ones, then the negative ones.

    Within a sign they are in the order of their first elements.

    Parameters
    ----------
    labels : int array of shape (V,)
        Cluster of every element; 0 where it belongs to none.
    signs : int array of shape (k,)
        1 or -1.
    counts : int array of shape (k,)
        Number of elements.
    sizes : array of shape (k,)
        What they occupy together, in mm³ or mm².
    masses : array of shape (k,)
        Sum of the absolute values.
    centres : array of shape (k, 3)
        Centre of mass in mm, each element weighing what its absolute value is.
    """

    labels: Labels
    signs: NDArray[np.int8]
    counts: Counts
    sizes: Floats
    masses: Floats
    centres: Floats

    @property
    def n_clusters(self) -> int:
        """Number of clusters, k."""
        return len(self.counts)

    def at_least(self, smallest: float, heights: Floats | None = None) -> Indices:
        """Return which clusters have so many elements, from 0, in the order of a list.

        Parameters
        ----------
        smallest : float
            Number of elements.
        heights : array of shape (k,), optional
            Of the peak of every cluster. With them the highest comes first within each sign;
            without them clusters stay in their order.

        Returns
        -------
        int array of shape (at most k,)
        """
        order = np.arange(self.n_clusters)
        if heights is not None:
            order = np.lexsort((-heights, -self.signs))
        return order[self.counts[order] >= smallest]


def find_clusters(graph: Graph, values: Floats, beyond: Flags) -> Clusters:
    """Join neighbours of the same sign beyond a threshold.

    Parameters
    ----------
    graph : Graph
    values : array of shape (V,)
        Of the statistic.
    beyond : bool array of shape (V,)
        The elements beyond the threshold; one whose value is 0 belongs to no cluster.

    Returns
    -------
    Clusters

    Examples
    --------
    >>> from secondlevel.graph.adjacency import from_edges
    >>> chain = from_edges(np.array([[0, 1], [1, 2], [2, 3]]), np.ones(4), np.eye(4, 3))
    >>> values = np.array([3.0, 1.0, -2.0, -6.0])
    >>> clusters = find_clusters(chain, values, np.abs(values) > 1.5)
    >>> clusters.labels.tolist(), clusters.masses.tolist()
    ([1, 0, 2, 2], [3.0, 8.0])
    """
    positive = find_components(graph, beyond & (values > 0))
    negative = find_components(graph, beyond & (values < 0))
    n_positive, n_negative = positive.n_components, negative.n_components
    labels = positive.labels + np.where(negative.labels > 0, negative.labels + n_positive, 0)
    labels = labels.astype(np.int32)
    clusters = Components(labels, n_positive + n_negative)
    weights = np.abs(values)
    masses = clusters.sums(weights)
    moments = [clusters.sums(weights * axis) for axis in graph.coordinates.T]
    return Clusters(
        labels,
        np.repeat(np.array([1, -1], dtype=np.int8), [n_positive, n_negative]),
        np.concatenate([positive.counts, negative.counts]),
        clusters.sums(graph.sizes),
        masses,
        np.stack(moments, axis=1) / masses[:, None],
    )
