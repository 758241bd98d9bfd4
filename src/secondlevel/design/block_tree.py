"""Nested exchangeability blocks as a tree, the maps as its leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import BlockError

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BlockTree:
    """Which of n maps may take whose place: blocks within blocks, on L levels.

    A *free* block lets its sub-blocks (on the last level, its maps) take each other's place, or
    flip their signs, each as a whole; the sub-blocks of a fixed one stay, though what is below them
    may be free (Winkler et al., 2015, NeuroImage 123, 253). Blocks of the first level stay.

    Blocks are numbered on every level depth first, so those of one block follow each other.
    Siblings are in the order of their structure, then of their index.

    Parameters
    ----------
    nodes : int array of shape (n, L)
        The block of every map on every level, from 0.
    free : tuple of L bool arrays
        Whether each block of a level is free.
    names : tuple of L tuples of str
        What the blocks of a level are called.

    See Also
    --------
    secondlevel.design.blocks.make_blocks : From what the user gives.
    """

    nodes: Ints
    free: tuple[Flags, ...]
    names: tuple[tuple[str, ...], ...]

    @property
    def n_rows(self) -> int:
        """Number of maps, n."""
        return len(self.nodes)

    @property
    def n_levels(self) -> int:
        """Number of levels of blocks, L."""
        return len(self.free)

    @property
    def is_trivial(self) -> bool:
        """Whether all maps may take each other's place."""
        return self.n_levels == 1 and len(self.free[0]) == 1 and bool(self.free[0][0])

    @cached_property
    def order(self) -> Ints:
        """The maps, shape (n,), depth first; those of one block in their own order."""
        return np.argsort(self.nodes[:, -1], kind="stable").astype(np.int64)

    @cached_property
    def paths(self) -> Ints:
        """Block of every leaf on every level, shape (L + 1, n), depth first; last the leaf."""
        return np.vstack([self.nodes[self.order].T, np.arange(self.n_rows)])

    @cached_property
    def starts(self) -> tuple[Ints, ...]:
        """Where the children of each block begin on the next level; at the end their number."""
        found = []
        for level in range(self.n_levels):
            first = np.unique(self.paths[level], return_index=True)[1]
            below = self.paths[level + 1]
            found.append(np.append(below[first], below[-1] + 1))
        return tuple(found)

    @cached_property
    def movable(self) -> tuple[Flags, ...]:
        """Whether each block, on L + 1 levels, the last that of maps, has a free one above it."""
        below = (
            np.repeat(free, np.diff(starts))
            for free, starts in zip(self.free, self.starts, strict=True)
        )
        return (np.zeros(len(self.free[0]), dtype=bool), *below)

    @cached_property
    def anchored(self) -> Flags:
        """Whether no shuffle can reach a map, shape (n,): none of its blocks is free."""
        free = [free[nodes] for free, nodes in zip(self.free, self.nodes.T, strict=True)]
        return np.asarray(~np.any(free, axis=0))

    @cached_property
    def orbits(self) -> Ints:
        """Set of maps, numbered from 0, that permutations carry into each other, shape (n,).

        Where a free block has children that cannot take each other's place, all its maps are taken
        together.
        """
        mixed = np.zeros(self.n_rows, dtype=bool)
        steps = []
        for level in range(self.n_levels):
            block, child = self.paths[level], self.paths[level + 1]
            mixed |= self._unequal[level][block]
            stays = ~(self.free[level][block] | mixed)
            steps.append(np.where(stays, child - self.starts[level][block], 0))
        keys = np.stack([self.paths[0], *steps], axis=1)
        orbits = np.empty(self.n_rows, dtype=np.int64)
        orbits[self.order] = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)
        return orbits

    @cached_property
    def _structures(self) -> tuple[Ints, ...]:
        """Number of each block's structure, on L + 1 levels; equal where sizes and signs are."""
        known: dict[Any, int] = {}
        below = np.zeros(self.n_rows, dtype=np.int64)
        found = [below]
        for free, starts in zip(reversed(self.free), reversed(self.starts), strict=True):
            keys = [
                (bool(sign), tuple(below[first:last].tolist()))
                for sign, first, last in zip(free, starts[:-1], starts[1:], strict=True)
            ]
            below = np.array([known.setdefault(key, len(known) + 1) for key in keys])
            found.append(below)
        return tuple(reversed(found))

    @cached_property
    def _unequal(self) -> tuple[Flags, ...]:
        """Whether each block is free, but has children that differ in structure."""
        found = []
        for free, starts, below in zip(self.free, self.starts, self._structures[1:], strict=True):
            lowest, highest = (f.reduceat(below, starts[:-1]) for f in (np.minimum, np.maximum))
            found.append(free & (lowest != highest))
        return tuple(found)

    def check_permutable(self) -> None:
        """Raise BlockError where blocks of unequal structure are to take each other's place."""
        for level, unequal in enumerate(self._unequal):
            for block in np.flatnonzero(unequal):
                self._refuse(level, int(block))

    def _refuse(self, level: int, block: int) -> None:
        """Raise BlockError, naming the children of a block by their number of maps."""
        children = range(*self.starts[level][block : block + 2])
        counts = np.bincount(self.paths[level + 1])
        sizes: dict[int, list[str]] = {}
        for child in children:
            sizes.setdefault(int(counts[child]), []).append(self.names[level + 1][child])
        if len(sizes) > 1:
            listed = "; ".join(
                f"{size} {'map' if size == 1 else 'maps'} in {list_names(names)}"
                for size, names in sorted(sizes.items())
            )
            trouble = f"are of unequal size: {listed}"
        else:
            (names,) = sizes.values()
            trouble = f"are divided differently, though of one size: {list_names(names)}"
        raise BlockError(
            f"Exchangeability blocks that take each other's place as wholes {trouble}. Make them "
            "equal by leaving maps out, exchange maps within blocks only (within_blocks=True), "
            "give a tree of blocks (one row of signed numbers per map) in which only equal ones "
            "are siblings, or flip their signs (errors='flip')."
        )


def list_names(names: Sequence[str], most: int = 5) -> str:
    """Name blocks, the first few where there are many.

    Examples
    --------
    >>> list_names(["ann", "bob", "cyd"], most=2)
    'blocks ann, bob and 1 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{'block' if len(names) == 1 else 'blocks'} {', '.join(names[:most])}{more}"
