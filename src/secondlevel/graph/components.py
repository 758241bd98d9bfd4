"""Connected components of a part of a graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.adjacency import Graph
from secondlevel.graph.kernels import label_components

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Labels = NDArray[np.int32]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Components:
    """Connected components of some elements, numbered from 1 by their first element.

    Parameters
    ----------
    labels : int array of shape (V,)
        Component of every element; 0 where it belongs to none.
    n_components : int
    """

    labels: Labels
    n_components: int

    @property
    def counts(self) -> Counts:
        """Number of elements of every component, shape (n_components,)."""
        return np.bincount(self.labels, minlength=self.n_components + 1)[1:]

    def sums(self, values: Floats) -> Floats:
        """Sum of values, shape (V,), over every component, shape (n_components,)."""
        sums = np.bincount(self.labels, weights=values, minlength=self.n_components + 1)
        return np.asarray(sums[1:], dtype=np.float64)


def find_components(graph: Graph, keep: Flags) -> Components:
    """Join neighbours among the kept elements.

    Parameters
    ----------
    graph : Graph
    keep : bool array of shape (V,)

    Returns
    -------
    Components

    Examples
    --------
    >>> from secondlevel.graph.adjacency import from_edges
    >>> chain = from_edges(np.array([[0, 1], [1, 2], [2, 3]]), np.ones(4), np.zeros((4, 3)))
    >>> find_components(chain, np.array([True, True, False, True])).labels.tolist()
    [1, 1, 0, 2]
    """
    labels, n_components = label_components(graph.offsets, graph.neighbours, keep)
    return Components(labels, int(n_components))
