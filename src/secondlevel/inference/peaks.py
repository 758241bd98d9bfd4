"""Peaks of clusters: local maxima, and those of them that lie apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.adjacency import Graph
from secondlevel.graph.components import Components
from secondlevel.inference.kernels import label_plateaus

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]
Labels = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Peaks:
    """The m local maxima of all clusters: cluster after cluster, the highest first in each.

    Parameters
    ----------
    elements : int array of shape (m,)
        Where they are.
    clusters : int array of shape (m,)
        Number of the cluster that each belongs to, from 1.
    heights : array of shape (m,)
        Absolute value of the statistic.
    """

    elements: Indices
    clusters: Labels
    heights: Floats

    @property
    def main(self) -> Indices:
        """The highest of every cluster, shape (k,); each cluster has one."""
        return np.asarray(np.unique(self.clusters, return_index=True)[1])

    def apart(self, points: Floats, min_distance: float, at_most: int) -> Flags:
        """Choose peaks from the top that lie more than a distance apart within their cluster.

        Parameters
        ----------
        points : array of shape (V, 3)
            Place of every element in mm.
        min_distance : float
            In mm, along a straight line.
        at_most : int
            How many of a cluster.

        Returns
        -------
        bool array of shape (m,)
            Each chosen peak lies farther than `min_distance` from every higher one chosen.
        """
        places = points[self.elements]
        chosen = np.zeros(len(self.elements), dtype=bool)
        waiting = np.arange(len(self.elements))
        newest = np.zeros(int(self.clusters.max(initial=0)) + 1, dtype=np.intp)
        # The next peak of all clusters at once: as many steps as peaks are wanted of each.
        for _ in range(at_most):
            clusters, first = np.unique(self.clusters[waiting], return_index=True)
            chosen[waiting[first]] = True
            newest[clusters] = waiting[first]
            away = places[waiting] - places[newest[self.clusters[waiting]]]
            waiting = waiting[np.linalg.norm(away, axis=1) > min_distance]
        return chosen


def find_peaks(
    graph: Graph, values: Floats, labels: Labels, places: NDArray[np.integer] | Floats
) -> Peaks:
    """Find the local maxima of the absolute value in every cluster.

    A maximum is a plateau, nearly always of one element, next to which no element of its cluster is
    higher; a stretch of equal values on a slope or in a valley is none. A plateau stands for
    itself at the element nearest to its centre.

    Parameters
    ----------
    graph : Graph
        Neighbours that are compared; those of another cluster are not.
    values : array of shape (V,)
    labels : int array of shape (V,)
        Cluster of every element, 0 where it belongs to none.
    places : array of shape (V, 3)
        Where the elements are: voxel indices, to which the centre of a plateau is then rounded, or
        positions.

    Returns
    -------
    Peaks
        Equal ones in the order of their plateaus' first elements.

    Examples
    --------
    >>> from secondlevel.graph.adjacency import from_edges
    >>> chain = from_edges(np.array([[0, 1], [1, 2], [2, 3], [3, 4]]), np.ones(5), np.zeros((5, 3)))
    >>> places = np.arange(5)[:, None] * [1, 0, 0]
    >>> find_peaks(chain, np.array([4.0, 2, 5, 5, 5]), np.ones(5, dtype=np.int32), places).elements
    array([3, 0])
    """
    heights = np.abs(values)
    plateaus, n_plateaus = label_plateaus(graph.offsets, graph.neighbours, heights, labels)
    elements = _middles(Components(plateaus, int(n_plateaus)), places)
    order = np.lexsort((-heights[elements], labels[elements]))
    elements = elements[order]
    return Peaks(elements, labels[elements], heights[elements])


def _middles(plateaus: Components, places: NDArray[np.integer] | Floats) -> Indices:
    """Element of every plateau that is nearest to its centre; the first of equally near ones."""
    elements = np.flatnonzero(plateaus.labels)
    plateau = plateaus.labels[elements] - 1
    sums = np.stack([plateaus.sums(axis) for axis in places.T], axis=1)
    centres = sums / plateaus.counts[:, None]
    if np.issubdtype(places.dtype, np.integer):
        centres = np.round(centres)
    away = np.linalg.norm(places[elements] - centres[plateau], axis=1)
    order = np.lexsort((away, plateau))
    _, first = np.unique(plateau[order], return_index=True)
    return np.asarray(elements[order[first]])
