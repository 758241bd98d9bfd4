"""The loops over trees and neighbours that no array expression can do fast, compiled and cached."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.kernels import compiled

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int32]
Offsets = NDArray[np.int64]


@compiled
def lay_out(parent: Indices, counts: Indices) -> tuple[Indices, Indices, Indices]:
    """Heavy child of every node, where its component starts in a row of all nodes, and the row.

    A component is one stretch of the row: its heavy child's component first (the largest one),
    then those of its other children, then the node itself.
    """
    m = len(parent)
    heavy = np.full(m, -1, dtype=np.int32)
    for node in range(m):
        above = parent[node]
        if above >= 0 and (heavy[above] < 0 or counts[node] > counts[heavy[above]]):
            heavy[above] = node
    start = np.empty(m, dtype=np.int32)
    free = np.empty(m, dtype=np.int32)  # where the next child of a node goes
    row = np.empty(m, dtype=np.int32)
    end = 0
    for node in range(m - 1, -1, -1):
        above = parent[node]
        if above < 0:
            start[node] = end
            end += counts[node]
        elif heavy[above] == node:
            start[node] = start[above]
        else:
            start[node] = free[above]
            free[above] += counts[node]
        free[node] = start[node] + (counts[heavy[node]] if heavy[node] >= 0 else 0)
        row[start[node] + counts[node] - 1] = node
    return heavy, start, row


@compiled
def take_slot(latest: Indices, deadline: int) -> bool:
    """Take the latest free slot up to a deadline; say whether there was one.

    `latest` leads from a slot towards the latest free one up to it, which leads to itself; slot 0
    stands for none.
    """
    slot = deadline
    while latest[slot] != slot:
        latest[slot] = latest[latest[slot]]
        slot = latest[slot]
    if slot == 0:
        return False
    latest[slot] = slot - 1
    return True


@compiled
def count_late(parent: Indices, counts: Indices, deadlines: Indices) -> Indices:
    """Fewest jobs that must be late, among those in the component of every node.

    Every node is a job that takes one slot of time and is late after its deadline; slots count
    from 1. A job is given the latest free slot up to its deadline, and is late when there is none.
    Then the slots around its deadline that are taken without a gap, 1..t, are held by jobs with
    deadlines up to t (a job with a later one would have got slot t + 1, which is free), so t + 1
    jobs compete for t slots: one of them is late in any schedule, of any larger set of jobs too.
    Hence jobs may come in any order, and one that is late in a component stays so as it grows.

    Union-find over slots finds the latest free one (Gabow and Tarjan, 1985, J. Comput. Syst. Sci.
    30, 209). A schedule goes on from a node's largest child to the node; the jobs of its other
    children come anew. A job comes anew only in a component at least twice as large, so not more
    than log2(m) times.
    """
    m = len(parent)
    heavy, start, row = lay_out(parent, counts)
    late = np.zeros(m, dtype=np.bool_)
    n_late = np.empty(m, dtype=np.int32)
    latest = np.empty(m, dtype=np.int32)
    for top in range(m):
        if parent[top] >= 0 and heavy[parent[top]] == top:
            continue
        # Of n jobs, one with a deadline of n or more is never late, nor makes another one late.
        n_slots = counts[top] - 1
        for slot in range(n_slots + 1):
            latest[slot] = slot
        node = top
        while heavy[node] >= 0:
            node = heavy[node]
        place = start[top]
        count = 0
        while place < start[top] + counts[top]:
            while place < start[top] + counts[node]:
                job = row[place]
                if not late[job] and deadlines[job] <= n_slots:
                    late[job] = not take_slot(latest, deadlines[job])
                count += late[job]
                place += 1
            n_late[node] = count
            node = parent[node]
    return n_late


@compiled
def largest_around(parent: Indices, values: Floats) -> Floats:
    """Largest value among those of a node and of all nodes that it grows into."""
    largest = values.copy()
    for node in range(len(parent) - 1, -1, -1):
        if parent[node] >= 0 and largest[parent[node]] > largest[node]:
            largest[node] = largest[parent[node]]
    return largest


@compiled
def outermost_around(parent: Indices, chosen: Flags) -> Indices:
    """The last chosen node among a node and all that it grows into; -1 where there is none."""
    outermost = np.full(len(parent), -1, dtype=np.int32)
    for node in range(len(parent) - 1, -1, -1):
        if parent[node] >= 0 and outermost[parent[node]] >= 0:
            outermost[node] = outermost[parent[node]]
        elif chosen[node]:
            outermost[node] = node
    return outermost


@compiled
def label_plateaus(
    offsets: Offsets, neighbours: Indices, heights: Floats, labels: Indices
) -> tuple[Indices, int]:
    """Number the regional maxima of every cluster from 1, by their first element.

    Parameters
    ----------
    offsets, neighbours : int arrays
        Of a `Graph`; neighbours in another cluster are not looked at.
    heights : array of shape (V,)
    labels : int array of shape (V,)
        Cluster of every element, 0 where it belongs to none.

    Returns
    -------
    plateaus : int array of shape (V,)
        Number of the plateau, 0 where an element belongs to none that is a maximum.
    n_plateaus : int
    """
    n = len(heights)
    plateaus = np.zeros(n, dtype=np.int32)  # -1 where the plateau is seen to be no maximum
    reached = np.empty(n, dtype=np.int32)
    n_plateaus = 0
    for first in range(n):
        if labels[first] == 0 or plateaus[first] != 0:
            continue
        plateaus[first] = n_plateaus + 1
        reached[0] = first
        n_reached, n_done, on_top = 1, 0, True
        while n_done < n_reached:
            v = reached[n_done]
            n_done += 1
            for link in range(offsets[v], offsets[v + 1]):
                w = neighbours[link]
                if labels[w] != labels[first]:
                    continue
                if heights[w] > heights[first]:
                    on_top = False
                elif heights[w] == heights[first] and plateaus[w] == 0:
                    plateaus[w] = n_plateaus + 1
                    reached[n_reached] = w
                    n_reached += 1
        if on_top:
            n_plateaus += 1
        else:
            plateaus[reached[:n_reached]] = -1
    return np.maximum(plateaus, np.int32(0)), n_plateaus
