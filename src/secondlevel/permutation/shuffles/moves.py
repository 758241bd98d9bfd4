"""From what happens to each block to what happens to each row of the design."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.block_tree import BlockTree

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Moves:
    """Where blocks and maps of a tree go in S shuffles, on L + 1 levels, the last that of maps.

    Parameters
    ----------
    keys : tuple of L + 1 int arrays of shape (S, N), or None
        Siblings go into ascending order of their keys; None where all stay.
    flips : tuple of L + 1 bool arrays of shape (S, N), or None
        Whether a block changes its sign as a whole; None where none does.
    n_shuffles : int
        Number of shuffles, S.
    """

    keys: tuple[Ints | None, ...]
    flips: tuple[Flags | None, ...]
    n_shuffles: int

    def orders(self, tree: BlockTree) -> Ints:
        """Which row comes in every row's place, shape (S, n)."""
        keys = self._sort_keys(tree)
        places = np.broadcast_to(np.arange(tree.n_rows), (self.n_shuffles, tree.n_rows))
        if keys:
            places = np.lexsort(keys[::-1]) if len(keys) > 1 else np.argsort(keys[0], kind="stable")
        orders = np.empty((self.n_shuffles, tree.n_rows), dtype=np.int64)
        orders[:, tree.order] = tree.order[places]
        return orders

    def _sort_keys(self, tree: BlockTree) -> list[Ints]:
        """What the leaves are sorted by, each of shape (S, n), the outermost level first.

        A level on which all stay matters only above one on which something moves: leaves that tie
        keep their order, and that is the one of all levels.
        """
        shape = (self.n_shuffles, tree.n_rows)
        found = []
        for level, keys in enumerate(self.keys):
            if keys is not None:
                found.append(keys[:, tree.paths[level]])
            elif (
                level < tree.n_levels and self.keys[level + 1] is not None and tree.paths[level, -1]
            ):
                found.append(np.broadcast_to(tree.paths[level], shape))
        return found

    def signs(self, tree: BlockTree) -> Floats:
        """Sign that every row takes along, shape (S, n), 1.0 or -1.0: that of all its blocks."""
        flipped = np.zeros((self.n_shuffles, tree.n_rows), dtype=bool)
        for flips, nodes in zip(self.flips, tree.paths, strict=True):
            if flips is not None:
                flipped ^= flips[:, nodes]
        signs = np.empty(flipped.shape)
        signs[:, tree.order] = np.where(flipped, -1.0, 1.0)
        return signs


def draw_moves(
    tree: BlockTree, seed: int, start: int, stop: int, *, permute: bool, flip: bool
) -> Moves:
    """Draw the moves of shuffles start to stop, each from its own part of the stream of a seed.

    Philox counts through its stream, so any part is reached at once (Salmon et al., 2011, SC11);
    shuffle i has four numbers from every count between i B and (i + 1) B. Of each number of 64 bits
    the lowest is the sign, the others are the key.

    Parameters
    ----------
    tree : BlockTree
    seed : int
    start, stop : int
    permute, flip : bool

    Returns
    -------
    Moves
        Uniform among all that the tree allows.
    """
    counts = [int(movable.sum()) for movable in tree.movable]
    width = -(-sum(counts) // 4)
    stream = np.random.Philox(key=seed, counter=start * width)
    numbers = stream.random_raw((stop - start) * 4 * width).reshape(stop - start, 4 * width)
    keys: list[Ints | None] = []
    flips: list[Flags | None] = []
    first = 0
    for movable, count in zip(tree.movable, counts, strict=True):
        drawn = numbers[:, first : first + count]
        first += count
        keys.append(_spread((drawn >> np.uint64(1)).astype(np.int64), movable, permute=permute))
        flips.append(_spread_flips(drawn, movable, flip=flip))
    return Moves(tuple(keys), tuple(flips), stop - start)


def _spread(drawn: Ints, movable: Flags, *, permute: bool) -> Ints | None:
    """Keys of all blocks of a level from those of the movable ones; the others keep their place."""
    if not permute or not movable.any():
        return None
    keys = np.tile(np.arange(len(movable)), (len(drawn), 1))
    keys[:, movable] = drawn
    return keys


def _spread_flips(drawn: NDArray[np.uint64], movable: Flags, *, flip: bool) -> Flags | None:
    if not flip or not movable.any():
        return None
    flips = np.zeros((len(drawn), len(movable)), dtype=bool)
    flips[:, movable] = drawn & np.uint64(1)
    return flips
