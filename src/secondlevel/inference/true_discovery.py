"""Shares of true discoveries of clusters: at some thresholds, or at all of them in one pass.

How many elements of a cluster are active at least is what `region_bound` says of any region.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.adjacency import Graph
from secondlevel.graph.components import find_components
from secondlevel.graph.tree import ComponentTree, build_tree
from secondlevel.inference.hommel import Steps
from secondlevel.inference.kernels import count_late, largest_around, outermost_around
from secondlevel.inference.region_bound import in_regions

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
Labels = NDArray[np.integer]
Indices = NDArray[np.int32]


def proportions_of_clusters(
    steps: Steps, graph: Graph, z: Floats, thresholds: Sequence[float]
) -> Floats:
    """Fewest true discoveries as a share of the cluster around every element.

    Parameters
    ----------
    steps : int array of shape (V,)
        Of the elements, from `hommel.closed_testing` on the whole map.
    graph : Graph
        Elements above no threshold may be left out, here and in both arrays.
    z : array of shape (V,)
        The map; a cluster is a component of what lies above a threshold.
    thresholds : sequence of float
        In increasing order.

    Returns
    -------
    array of shape (V,)
        Of the cluster at the highest threshold that the element exceeds; 0 below all of them.

    Examples
    --------
    >>> from secondlevel.graph.adjacency import from_edges
    >>> from secondlevel.inference.hommel import closed_testing
    >>> from secondlevel.inference.normal import upper_p
    >>> chain = from_edges(np.array([[0, 1], [1, 2], [2, 3]]), np.ones(4), np.zeros((4, 3)))
    >>> z = np.array([0.5, 4.0, 3.5, -1.0])
    >>> steps = closed_testing(upper_p(z), 0.05).steps
    >>> proportions_of_clusters(steps, chain, z, [0.0, 3.0]).round(2).tolist()
    [0.67, 1.0, 1.0, 0.0]
    """
    proportions = np.zeros(len(z))
    for threshold in thresholds:
        clusters = find_components(graph, z > threshold)
        discoveries = in_regions(steps, clusters.labels, clusters.n_components)
        inside = clusters.labels > 0
        proportions[inside] = (discoveries / clusters.counts)[clusters.labels[inside] - 1]
    return proportions


@dataclass(frozen=True, eq=False)
class Regions:
    """Regions of a map, numbered from 1, the one with most elements first.

    Parameters
    ----------
    labels : int array of shape (V,)
        Region of every element; 0 where it belongs to none.
    counts, discoveries : int array of shape (k,)
        Number of elements of every region, and fewest true discoveries among them.
    heights : array of shape (k,)
        The threshold that makes it: its smallest value.
    peaks : int array of shape (k,)
        Element with its largest value.
    """

    labels: Indices
    counts: Indices
    discoveries: Indices
    heights: Floats
    peaks: Indices

    @property
    def proportions(self) -> Floats:
        """Fewest true discoveries as a share of the elements, shape (k,)."""
        return np.asarray(self.discoveries / self.counts)


@dataclass(frozen=True, eq=False)
class AllResolutions:
    """True discoveries of the components of a map at all thresholds.

    Parameters
    ----------
    tree : ComponentTree
        Of all V elements.
    heights : array of shape (V,)
        Value of the element of every node: the threshold that makes its component.
    discoveries : int array of shape (V,)
        Fewest true discoveries in the component of every node.
    """

    tree: ComponentTree
    heights: Floats
    discoveries: Indices

    @cached_property
    def proportions(self) -> Floats:
        """Fewest true discoveries as a share of the elements of every component, shape (V,)."""
        return np.asarray(self.discoveries / self.tree.counts)

    @cached_property
    def whole(self) -> Flags:
        """Which nodes have all of their component; others lack elements of equal value."""
        parent = self.tree.parent
        return np.asarray((parent < 0) | (self.heights[parent] < self.heights))

    @cached_property
    def maxima(self) -> NDArray[np.intp]:
        """Nodes of local maxima, from the highest down; several on a plateau."""
        is_maximum = np.ones(len(self.heights), dtype=bool)
        is_maximum[self.tree.parent[self.tree.parent >= 0]] = False
        return np.flatnonzero(is_maximum)

    def nearest_peak(self, place: Floats, coordinates: Floats) -> int:
        """Return the local maximum above 0 that is nearest to a place; of all when none is above 0.

        Parameters
        ----------
        place : array of shape (3,)
            In mm.
        coordinates : array of shape (V, 3)
            Of the elements in mm.

        Returns
        -------
        int
            Its element; of several that are as near, the highest one.
        """
        positive = self.maxima[self.heights[self.maxima] > 0]
        peaks = self.tree.order[positive if len(positive) else self.maxima]
        return int(peaks[np.argmin(np.linalg.norm(coordinates[peaks] - place, axis=1))])

    def largest_proportion(self) -> Floats:
        """Largest proportion of any component that an element belongs to, shape (V,).

        Where it is at least γ is the union of all components with a proportion of γ or more.
        """
        largest = largest_around(self.tree.parent, np.where(self.whole, self.proportions, 0.0))
        of_elements = np.empty_like(largest)
        of_elements[self.tree.order] = largest
        return of_elements

    def regions(self, proportion: float, around: int | None = None) -> Regions:
        """Find the largest components with this proportion or more.

        Parameters
        ----------
        proportion : float
            Above 0, at most 1.
        around : int, optional
            An element: only the largest component that it belongs to.

        Returns
        -------
        Regions
            None of them part of another; without any where no component has this proportion.
        """
        order = self.tree.order
        enough = self.whole & (self.proportions >= proportion)
        region = outermost_around(self.tree.parent, enough)
        if around is not None:
            region[region != region[order == around]] = -1
        inside = np.flatnonzero(region >= 0)
        nodes, first = np.unique(region[inside], return_index=True)
        peaks = inside[first]  # nodes descend in value
        largest_first = np.lexsort((peaks, -self.tree.counts[nodes]))
        nodes, peaks = nodes[largest_first], peaks[largest_first]
        number = np.zeros(len(order) + 1, dtype=np.int32)  # its last place is that of -1
        number[nodes] = np.arange(1, len(nodes) + 1)
        labels = np.empty_like(number[1:])
        labels[order] = number[region]
        return Regions(
            labels,
            self.tree.counts[nodes],
            self.discoveries[nodes],
            self.heights[nodes],
            order[peaks],
        )


def at_all_resolutions(steps: Steps, graph: Graph, z: Floats) -> AllResolutions:
    """Count true discoveries in the components of a map at all thresholds.

    Parameters
    ----------
    steps : int array of shape (V,)
        Of the elements, from `hommel.closed_testing` on the whole map.
    graph : Graph
    z : array of shape (V,)
        The map; components are formed where it is large.

    Returns
    -------
    AllResolutions

    Notes
    -----
    The question is that of adaptive cluster thresholding (Chen, Goeman, Krebs, Meijer and Weeda,
    2022, arXiv:2206.13587): how large may a region be for a given share of it to be active?

    d(S) is the number of jobs that must be late when every element is a job that takes one slot of
    time and is due by slot step - 1: the elements with steps of at most u share u - 1 slots, so
    1 - u + #{step <= u} of them are late at least, and by Hall's theorem the largest of these
    bounds is reached. A schedule of jobs can be built up along the component tree (`count_late`),
    which takes O(V log V) at most, and O(V) on maps with one large component.

    Examples
    --------
    >>> from secondlevel.graph.adjacency import from_edges
    >>> from secondlevel.inference.hommel import closed_testing
    >>> from secondlevel.inference.normal import upper_p
    >>> chain = from_edges(np.array([[0, 1], [1, 2], [2, 3]]), np.ones(4), np.zeros((4, 3)))
    >>> z = np.array([0.5, 4.0, 3.5, -1.0])
    >>> found = at_all_resolutions(closed_testing(upper_p(z), 0.05).steps, chain, z)
    >>> found.largest_proportion().round(2).tolist()
    [0.67, 1.0, 1.0, 0.5]
    >>> regions = found.regions(0.6)
    >>> regions.labels.tolist(), regions.heights.tolist()
    ([1, 1, 1, 0], [0.5])
    """
    tree = build_tree(graph, z)
    discoveries = count_late(tree.parent, tree.counts, steps[tree.order] - np.int32(1))
    return AllResolutions(tree, z[tree.order], discoveries)
