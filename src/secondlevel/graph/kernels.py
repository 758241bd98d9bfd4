"""The loops over neighbours that no array expression can do fast, compiled once and cached.

Element numbers are seen as unsigned inside: for a signed index numba adds a test whether it counts
from the end, which costs a third of the time of the innermost loops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int32]
Offsets = NDArray[np.int64]
Unsigned = NDArray[np.uint32]
Longs = NDArray[np.uint64]

Given = ParamSpec("Given")
Returned = TypeVar("Returned")


def compiled(function: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Compile a function when it is first called, and keep the machine code on disk.

    Where numba can write neither beside the source nor into the user's cache it refuses; the
    function is then compiled anew in every process.
    """
    try:
        made: Callable[Given, Returned] = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        made = numba.njit(nogil=True)(function)
    return made


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
    """Number the connected components of the kept elements from 1, by their first element.

    Union-find in the order of elements; the representative of a component is its first element,
    so the representatives met in a second pass are in the order wanted.
    """
    starts, links = offsets.view(np.uint64), neighbours.view(np.uint32)
    n = len(keep)
    towards = np.arange(n, dtype=np.uint32)
    for v in range(n):
        if not keep[v]:
            continue
        root = towards[v]
        for link in range(starts[v], starts[v + 1]):
            w = links[link]
            if w > v or not keep[w] or towards[w] == root:  # the last spares most of the rest
                continue
            other = _find(towards, w)
            towards[max(root, other)] = min(root, other)
            root = min(root, other)
    labels = np.zeros(n, dtype=np.int32)
    n_components = 0
    for v in range(n):
        if not keep[v]:
            continue
        if towards[v] == v:
            n_components += 1
            labels[v] = n_components
        else:
            labels[v] = labels[towards[v]]
    return labels, n_components


@compiled
def _find(towards: Unsigned, start: np.uint32) -> np.uint32:
    """Representative of an element's set, halving the way there for the next time."""
    while towards[start] != start:
        towards[start] = towards[towards[start]]
        start = towards[start]
    return start


@compiled
def sort_keys(keys: Longs) -> Indices:
    """Where each key stands that is next in ascending order; equal keys stay in their order.

    Radix sort, 11 bits at a time from the lowest; bits that are the same in all keys, such as the
    lower half of those of numbers in single precision, cost no pass.
    """
    n = len(keys)
    order, moved = np.arange(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    if n == 0:
        return order
    bits, mask = 11, np.uint64(2047)
    keys, moved_keys = keys.copy(), np.empty(n, dtype=np.uint64)
    places = np.empty(2048, dtype=np.int64)
    for shift in range(0, 64, bits):
        low = np.uint64(shift)
        places[:] = 0
        for i in range(n):
            places[(keys[i] >> low) & mask] += 1
        if places[(keys[0] >> low) & mask] == n:  # max() of an array takes 0.4 s to compile
            continue
        total = 0
        for digit in range(2048):
            total, places[digit] = total + places[digit], total
        for i in range(n):
            digit = (keys[i] >> low) & mask
            place = places[digit]
            places[digit] = place + 1
            moved_keys[place], moved[place] = keys[i], order[i]
        keys, moved_keys = moved_keys, keys
        order, moved = moved, order
    return order


@compiled
def grow_tree(offsets: Offsets, neighbours: Indices, order: Indices) -> tuple[Indices, Indices]:
    """Parent of every node, and the number of elements of its component.

    Union-find would go over elements, each added when its turn comes and joined to those of its
    neighbours that are there already. It goes over basins instead. From an element to its highest
    neighbour, and on, one climbs to a local maximum, never down, so elements of one basin (those
    that climb to the same maximum) are connected through elements added before. An element's
    component is hence that of its basin, and it has to look only at neighbours in other basins.
    """
    starts, links = offsets.view(np.uint64), neighbours.view(np.uint32)
    nodes = order.view(np.uint32)
    rank = np.full(len(offsets) - 1, len(order), dtype=np.uint32)
    for node in range(len(order)):
        rank[nodes[node]] = node
    basin, n_basins = _climb(starts, links, nodes, rank)
    first, others = _list_bridges(starts, links, rank, basin, len(order))
    return _merge_basins(nodes, basin, n_basins, first, others)


@compiled
def _climb(starts: Longs, links: Unsigned, nodes: Unsigned, rank: Unsigned) -> tuple[Unsigned, int]:
    """Basin of every element that has a rank, numbered from the highest maximum down."""
    m, n = len(nodes), len(rank)
    highest = np.empty(n, dtype=np.uint32)
    for v in range(n):
        if rank[v] == m:
            continue
        best = rank[v]
        for link in range(starts[v], starts[v + 1]):
            best = min(best, rank[links[link]])
        highest[v] = best
    basin = np.empty(n, dtype=np.uint32)
    n_basins = 0
    for node in range(m):
        v = nodes[node]
        if highest[v] == node:
            basin[v] = n_basins
            n_basins += 1
        else:
            basin[v] = basin[nodes[highest[v]]]
    return basin, n_basins


@compiled
def _list_bridges(
    starts: Longs, links: Unsigned, rank: Unsigned, basin: Unsigned, m: int
) -> tuple[Longs, Unsigned]:
    """Other basins among the higher neighbours of element v, at `first[v]` to `first[v + 1]`.

    Each neighbour's basin is written down, and the place passed only if it counts: without a
    branch, because a processor that guesses which neighbours count is wrong half of the time.
    """
    n = len(rank)
    first = np.zeros(n + 1, dtype=np.uint64)
    others = np.empty(len(links) // 2 + 1, dtype=np.uint32)
    n_found = np.uint64(0)
    for v in range(n):
        if rank[v] < m:
            last = basin[v]
            for link in range(starts[v], starts[v + 1]):
                w = links[link]
                others[n_found] = basin[w]
                found = (rank[w] < rank[v]) & (basin[w] != basin[v]) & (basin[w] != last)
                n_found += np.uint64(found)
                last = basin[w] if found else last
        first[v + 1] = n_found
    return first, others


@compiled
def _merge_basins(
    nodes: Unsigned, basin: Unsigned, n_basins: int, first: Longs, others: Unsigned
) -> tuple[Indices, Indices]:
    """Parent and count of every node, basins joined at the nodes that are bridges between them."""
    m = len(nodes)
    parent = np.full(m, -1, dtype=np.int32)
    counts = np.ones(m, dtype=np.int32)
    towards = np.arange(n_basins).astype(np.uint32)
    lowest = np.full(n_basins, -1, dtype=np.int32)  # the node added last, by representative
    for node in range(m):
        v = nodes[node]
        root = _find(towards, basin[v])
        child = lowest[root]
        if child >= 0:
            parent[child] = node
            counts[node] += counts[child]
        for bridge in range(first[v], first[v + 1]):
            other = _find(towards, others[bridge])
            if other != root:
                towards[other] = root
                child = lowest[other]
                parent[child] = node
                counts[node] += counts[child]
        lowest[root] = node
    return parent, counts


@compiled
def sum_from_leaves(order: Indices, parent: Indices, values: Floats) -> Floats:
    """Sum of values over the component of every node: its own and all above it."""
    sums = values[order]
    for node in range(len(order)):
        if parent[node] >= 0:
            sums[parent[node]] += sums[node]
    return sums


@compiled
def sum_to_root(parent: Indices, values: Floats) -> Floats:
    """Sum of values over every node and all that it grows into."""
    sums = values.copy()
    for node in range(len(parent) - 1, -1, -1):
        if parent[node] >= 0:
            sums[node] += sums[parent[node]]
    return sums
