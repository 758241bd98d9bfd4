"""The loops over neighbours that no array expression can do fast, compiled once and cached."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int32]
Offsets = NDArray[np.int64]

compiled = numba.njit(cache=True, nogil=True)


@compiled
def link_lattice(
    voxels: NDArray[np.int64], number: Indices, moves: NDArray[np.int64]
) -> tuple[Offsets, Indices]:
    """Neighbour lists of voxels: `number`, with a rim of -1, is which element lies where."""
    n = len(voxels)
    offsets = np.zeros(n + 1, dtype=np.int64)
    neighbours = np.empty(n * len(moves), dtype=np.int32)
    n_links = 0
    for v in range(n):
        i, j, k = voxels[v, 0] + 1, voxels[v, 1] + 1, voxels[v, 2] + 1
        for step in range(len(moves)):
            w = number[i + moves[step, 0], j + moves[step, 1], k + moves[step, 2]]
            if w >= 0:
                neighbours[n_links] = w
                n_links += 1
        offsets[v + 1] = n_links
    return offsets, neighbours[:n_links].copy()


@compiled
def label_components(offsets: Offsets, neighbours: Indices, keep: Flags) -> tuple[Indices, int]:
    """Number the connected components of the kept elements from 1, by their first element."""
    n = len(keep)
    labels = np.zeros(n, dtype=np.int32)
    waiting = np.empty(n, dtype=np.int32)
    n_components = 0
    for first in range(n):
        if not keep[first] or labels[first] != 0:
            continue
        n_components += 1
        labels[first] = n_components
        waiting[0] = first
        n_waiting = 1
        while n_waiting > 0:
            n_waiting -= 1
            v = waiting[n_waiting]
            for link in range(offsets[v], offsets[v + 1]):
                w = neighbours[link]
                if keep[w] and labels[w] == 0:
                    labels[w] = n_components
                    waiting[n_waiting] = w
                    n_waiting += 1
    return labels, n_components


@compiled
def grow_tree(offsets: Offsets, neighbours: Indices, order: Indices) -> tuple[Indices, Indices]:
    """Parent of every node, and the number of elements of its component.

    Union-find by size over elements; `lowest` leads from the representative of a component to the
    node that was added to it last.
    """
    m = len(order)
    n = len(offsets) - 1
    representative = np.full(n, -1, dtype=np.int32)
    lowest = np.empty(n, dtype=np.int32)
    parent = np.full(m, -1, dtype=np.int32)
    counts = np.empty(m, dtype=np.int32)
    for node in range(m):
        element = order[node]
        representative[element] = element
        root = element
        root_count = 1
        count = 1
        for link in range(offsets[element], offsets[element + 1]):
            towards = representative[neighbours[link]]
            if towards < 0 or towards == root:
                continue
            other = representative[towards]
            while other != towards:
                representative[towards] = representative[other]
                towards = representative[towards]
                other = representative[towards]
            representative[neighbours[link]] = towards
            if towards == root:
                continue
            child = lowest[towards]
            parent[child] = node
            count += counts[child]
            if counts[child] >= root_count:
                representative[root] = towards
                root = towards
            else:
                representative[towards] = root
            root_count = count
        lowest[root] = node
        counts[node] = count
    return parent, counts


@compiled
def sum_over_tree(order: Indices, parent: Indices, values: Floats) -> Floats:
    """Sum of values over the component of every node: its own and all above it."""
    m = len(order)
    sums = np.empty(m)
    for node in range(m):
        sums[node] = values[order[node]]
    for node in range(m):
        if parent[node] >= 0:
            sums[parent[node]] += sums[node]
    return sums
