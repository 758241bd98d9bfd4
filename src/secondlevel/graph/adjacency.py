"""Graph: the neighbours of every element, all that clusters and their kin ever see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int32]
Offsets = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Graph:
    """Neighbour lists of V elements, with the size and the place of each.

    Parameters
    ----------
    offsets : int array of shape (V + 1,)
        The neighbours of element v are ``neighbours[offsets[v] : offsets[v + 1]]``.
    neighbours : int array of shape (2 × edges,)
        Every edge stands there twice, once from each end; no element is its own neighbour.
    sizes : array of shape (V,)
        What an element occupies: mm³ of a voxel, mm² of a vertex.
    coordinates : array of shape (V, 3)
        Its centre in mm.
    """

    offsets: Offsets
    neighbours: Indices
    sizes: Floats
    coordinates: Floats

    @property
    def n_elements(self) -> int:
        """Number of elements, V."""
        return len(self.sizes)

    @property
    def n_edges(self) -> int:
        """Number of pairs of neighbours."""
        return len(self.neighbours) // 2

    def narrow(self, keep: Flags) -> Graph:
        """Return the graph of the kept elements only, shape (V,) of flags."""
        degree = np.diff(self.offsets)
        here = np.repeat(keep, degree) & keep[self.neighbours]
        number = np.cumsum(keep, dtype=np.int32) - np.int32(1)
        source = np.repeat(np.arange(self.n_elements, dtype=np.int32), degree)[here]
        counts = np.bincount(number[source], minlength=int(np.count_nonzero(keep)))
        return Graph(
            _offsets(counts),
            number[self.neighbours[here]],
            self.sizes[keep],
            self.coordinates[keep],
        )


def from_edges(edges: NDArray[np.integer], sizes: Floats, coordinates: Floats) -> Graph:
    """Return the graph with these edges.

    Parameters
    ----------
    edges : int array of shape (m, 2)
        Pairs of elements, in any order; repeated pairs count once, loops not at all.
    sizes : array of shape (V,)
    coordinates : array of shape (V, 3)

    Returns
    -------
    Graph
        Neighbours of an element in increasing order.

    Examples
    --------
    >>> graph = from_edges(np.array([[0, 1], [2, 1], [1, 0]]), np.ones(3), np.zeros((3, 3)))
    >>> graph.neighbours.tolist(), graph.offsets.tolist()
    ([1, 0, 2, 1], [0, 1, 3, 4])
    """
    n = len(sizes)
    pairs = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    both = np.concatenate([pairs[:, 0] * n + pairs[:, 1], pairs[:, 1] * n + pairs[:, 0]])
    source, target = np.divmod(np.unique(both), max(n, 1))
    return Graph(
        _offsets(np.bincount(source, minlength=n)), target.astype(np.int32), sizes, coordinates
    )


def union(graphs: Sequence[Graph]) -> Graph:
    """Put graphs beside each other, element after element, without an edge between them.

    Examples
    --------
    >>> pair = from_edges(np.array([[0, 1]]), np.ones(2), np.zeros((2, 3)))
    >>> union([pair, pair]).neighbours.tolist()
    [1, 0, 3, 2]
    """
    if len(graphs) == 1:
        return graphs[0]
    starts = np.cumsum([0, *(graph.n_elements for graph in graphs)])
    degrees = np.concatenate([np.diff(graph.offsets) for graph in graphs])
    neighbours = [
        graph.neighbours + np.int32(start) for graph, start in zip(graphs, starts[:-1], strict=True)
    ]
    return Graph(
        _offsets(degrees),
        np.concatenate(neighbours),
        np.concatenate([graph.sizes for graph in graphs]),
        np.concatenate([graph.coordinates for graph in graphs]),
    )


def _offsets(counts: NDArray[np.integer]) -> Offsets:
    """Where the neighbours of each element begin, and where the last ones end."""
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
