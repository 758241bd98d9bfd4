"""The component tree: how components grow and merge as a threshold sinks through a map.

The components of {elements with a value >= u}, for all u at once, form a forest: as u sinks, a
component is born at a local maximum, gains elements, and merges with others. Every element is a
node; the node of element v stands for the component of v at the level of v's own value. One pass
over the elements in descending order, with union-find, builds it (Najman and Couprie, 2006, IEEE
Trans. Image Process. 15, 3531), so whatever is asked of all thresholds costs one sort and little
more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.adjacency import Graph
from secondlevel.graph.kernels import grow_tree, sort_keys, sum_from_leaves, sum_to_root

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class ComponentTree:
    """Components of a map at all thresholds, m nodes in descending order of value.

    Parameters
    ----------
    order : int array of shape (m,)
        Element of every node; ties in the order of elements.
    parent : int array of shape (m,)
        The node that a node's component grows into next, always a later one; -1 for the last node
        of a connected part.
    counts : int array of shape (m,)
        Number of elements of a node's component. Among nodes of equal value in one component only
        the last has all of them; the others are what it looked like on the way.
    """

    order: Indices
    parent: Indices
    counts: Indices

    def sums(self, values: Floats) -> Floats:
        """Sum of values, shape (V,), over the component of every node, shape (m,)."""
        return sum_from_leaves(self.order, self.parent, np.ascontiguousarray(values, np.float64))

    def path_sums(self, values: Floats) -> Floats:
        """Sum of values, shape (m,), over every node and all that it grows into, shape (m,)."""
        return sum_to_root(self.parent, np.ascontiguousarray(values, np.float64))


def build_tree(graph: Graph, values: Floats, keep: Flags | None = None) -> ComponentTree:
    """Return the component tree of a map.

    Parameters
    ----------
    graph : Graph
    values : array of shape (V,)
        Finite.
    keep : bool array of shape (V,), optional
        The elements that take part, such as those above 0; by default all.

    Returns
    -------
    ComponentTree

    Examples
    --------
    >>> from secondlevel.graph.adjacency import from_edges
    >>> chain = from_edges(np.array([[0, 1], [1, 2], [2, 3]]), np.ones(4), np.zeros((4, 3)))
    >>> tree = build_tree(chain, np.array([2.0, 1.0, 4.0, 3.0]))
    >>> tree.order.tolist(), tree.parent.tolist(), tree.counts.tolist()
    ([2, 3, 0, 1], [1, 3, 3, -1], [1, 2, 1, 4])
    """
    chosen = np.arange(len(values)) if keep is None else np.flatnonzero(keep)
    order = chosen[_descending(values[chosen])].astype(np.int32)
    parent, counts = grow_tree(graph.offsets, graph.neighbours, order)
    return ComponentTree(order, parent, counts)


def _descending(values: Floats) -> Indices:
    """Positions of values from the largest to the smallest, those of ties in their order.

    The bits of a positive double, read as a whole number, have the order of the doubles, those of a
    negative one the reverse. (Adding 0 turns a negative zero into a positive one: they tie.)
    """
    bits = (np.asarray(values, dtype=np.float64) + 0.0).view(np.int64)
    keys = np.where(bits < 0, bits, bits ^ np.iinfo(np.int64).max)
    return sort_keys(keys.view(np.uint64))
