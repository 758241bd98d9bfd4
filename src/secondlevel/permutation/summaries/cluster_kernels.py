"""The loops over the few elements of a shuffle that lie beyond a threshold, compiled and cached."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.kernels import compiled

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]
Offsets = NDArray[np.int64]


@compiled
def measure_largest(
    offsets: Offsets,
    neighbours: Indices,
    elements: Indices,
    splits: Offsets,
    weights: Floats,
    sizes: Floats,
    place: Indices,
) -> tuple[Floats, Floats]:
    """Largest size and largest mass of a component, for each of S sets of elements.

    A component's sums are added up in the order of its elements, whatever else is in the batch.
    Nothing but the elements and their neighbours is touched.

    Parameters
    ----------
    offsets, neighbours : int arrays
        Of the graph.
    elements : int array of shape (m,)
        The sets one after the other, each in increasing order.
    splits : int array of shape (S + 1,)
        Where each set begins, and where the last one ends.
    weights : array of shape (m,)
        What an element adds to the mass, not negative.
    sizes : array of shape (V,)
        What an element adds to the size.
    place : int array of shape (V,)
        Room to work in, all 0; so it is left.

    Returns
    -------
    largest, heaviest : arrays of shape (S,)
        0 for an empty set.
    """
    n_sets = len(splits) - 1
    largest, heaviest = np.zeros(n_sets), np.zeros(n_sets)
    for s in range(n_sets):
        chosen = elements[splits[s] : splits[s + 1]]
        for i in range(len(chosen)):
            place[chosen[i]] = i + 1
        first = _first_of_component(offsets, neighbours, chosen, place)
        size, mass = np.zeros(len(chosen)), np.zeros(len(chosen))
        for i in range(len(chosen)):
            place[chosen[i]] = 0
            size[first[i]] += sizes[chosen[i]]
            mass[first[i]] += weights[splits[s] + i]
        for i in range(len(chosen)):
            largest[s] = max(largest[s], size[i])
            heaviest[s] = max(heaviest[s], mass[i])
    return largest, heaviest


@compiled
def _first_of_component(
    offsets: Offsets, neighbours: Indices, chosen: Indices, place: Indices
) -> Indices:
    """Position of the first element of each element's component, all as positions in `chosen`.

    Union-find, in which what represents a set is its first position. `place` is one more than the
    position of an element, 0 where there is none.
    """
    starts, links = offsets.view(np.uint64), neighbours.view(np.uint32)
    towards = np.arange(len(chosen)).astype(np.int32)
    for i in range(len(chosen)):
        v = np.uint32(chosen[i])
        root = np.int32(i)
        for link in range(starts[v], starts[v + 1]):
            w = links[link]
            if w > v or place[w] == 0:
                continue
            other = place[w] - 1
            while towards[other] != other:
                towards[other] = towards[towards[other]]
                other = towards[other]
            towards[max(root, other)] = min(root, other)
            root = min(root, other)
    for i in range(len(chosen)):
        towards[i] = towards[towards[i]]  # that of an earlier position is found already
    return towards
