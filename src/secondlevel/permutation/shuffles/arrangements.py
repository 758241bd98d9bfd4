"""The distinct arrangements of rows that shuffles make: counted, and each found by its number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.block_tree import BlockTree
from secondlevel.permutation.shuffles.moves import Moves

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Mixture:
    """Children of a free block, m of them, of which some are of one kind.

    Parameters
    ----------
    level : int
        Level of the children.
    first : int
        Number of the first child on it.
    kinds : int array of shape (m,)
        Kind of every child, from 0 in order of appearance.
    """

    level: int
    first: int
    kinds: Ints

    @cached_property
    def count(self) -> int:
        """Number of distinct sequences of the kinds: m! / (m₁! m₂! …)."""
        count = math.factorial(len(self.kinds))
        for size in np.bincount(self.kinds).tolist():
            count //= math.factorial(size)
        return count

    @cached_property
    def _rank(self) -> int:
        """Number of the sequence as it stands, among all in lexical order."""
        left = np.bincount(self.kinds).tolist()
        rank, count = 0, self.count
        for place, kind in enumerate(self.kinds.tolist()):
            n_left = len(self.kinds) - place
            rank += sum(count * number // n_left for number in left[:kind])
            count = count * left[kind] // n_left
            left[kind] -= 1
        return rank

    def places(self, numbers: Ints) -> Ints:
        """Place of every child, shape (S, m), in sequences of these numbers; 0 is as it stands.

        Children of one kind keep their order, so each sequence comes about in one way.
        """
        offset = (numbers + self._rank) % self.count
        left = np.tile(np.bincount(self.kinds), (len(numbers), 1))
        count = np.full(len(numbers), self.count)
        sequence = np.empty((len(numbers), len(self.kinds)), dtype=np.int64)
        each = np.arange(len(numbers))
        for place in range(len(self.kinds)):
            # So many of the sequences that begin like this one go on with each kind.
            sizes = count[:, None] * left // (len(self.kinds) - place)
            ends = np.cumsum(sizes, axis=1)
            kind = np.sum(offset[:, None] >= ends, axis=1)
            count = sizes[each, kind]
            offset -= ends[each, kind] - count
            left[each, kind] -= 1
            sequence[:, place] = kind
        places = np.empty_like(sequence)
        places[:, np.argsort(self.kinds, kind="stable")] = np.argsort(
            sequence, axis=1, kind="stable"
        )
        return places


@dataclass(frozen=True, eq=False)
class Arrangements:
    """All distinct arrangements of n rows under the shuffles that a tree allows.

    Each is a choice at every free block, independent of the others: a sequence of the kinds of its
    children, and the sign of each child that its sign makes another. Two children are of one kind
    when shuffles below them, and a change of sign where children flip, carry one into the other.

    Parameters
    ----------
    tree : BlockTree
    mixtures : tuple of Mixture
        Where there is more than one sequence.
    flippable : tuple of L + 1 int arrays
        The blocks of each level, the last that of maps, that change with their sign.
    """

    tree: BlockTree
    mixtures: tuple[Mixture, ...]
    flippable: tuple[Ints, ...]

    @cached_property
    def count(self) -> int:
        """Number of distinct arrangements, exact; it may have thousands of digits."""
        return math.prod(mixture.count for mixture in self.mixtures) << sum(
            map(len, self.flippable)
        )

    def moves(self, numbers: Ints) -> Moves:
        """Return what leads to the arrangements of these numbers, shape (S,); 0 is the identity."""
        left, flips = self._flips(np.array(numbers, dtype=np.int64))
        keys: list[Ints | None] = [None] * (self.tree.n_levels + 1)
        for mixture in self.mixtures:
            left, digits = np.divmod(left, mixture.count)
            here = keys[mixture.level]
            if here is None:
                n_blocks = len(self.tree.movable[mixture.level])
                here = np.tile(np.arange(n_blocks), (len(numbers), 1))
                keys[mixture.level] = here
            children = slice(mixture.first, mixture.first + len(mixture.kinds))
            here[:, children] = mixture.first + mixture.places(digits)
        return Moves(tuple(keys), flips, len(numbers))

    def _flips(self, numbers: Ints) -> tuple[Ints, tuple[Flags | None, ...]]:
        """Take the signs from the numbers, one bit each; return what is left of them."""
        flips: list[Flags | None] = []
        for movable, blocks in zip(self.tree.movable, self.flippable, strict=True):
            if not len(blocks):
                flips.append(None)
                continue
            here = np.zeros((len(numbers), len(movable)), dtype=bool)
            here[:, blocks] = numbers[:, None] >> np.arange(len(blocks)) & 1
            flips.append(here)
            numbers = numbers >> len(blocks)
        return numbers, tuple(flips)


def arrange(
    tree: BlockTree, numbers: Ints, opposite: Ints, *, permute: bool, flip: bool
) -> Arrangements:
    """Find the distinct arrangements of rows.

    Parameters
    ----------
    tree : BlockTree
    numbers, opposite : int arrays of shape (n,)
        Which rows are equal, and which are equal but for their sign (`number_rows`).
    permute, flip : bool
        Whether children of a free block take each other's place, and whether they flip.

    Returns
    -------
    Arrangements

    Examples
    --------
    >>> from secondlevel.design.blocks import make_blocks
    >>> from secondlevel.design.ties import number_rows
    >>> rows = number_rows(np.repeat([[1.0], [0.0]], 5, axis=0))
    >>> arrange(make_blocks(None, 10), *rows, permute=True, flip=False).count
    252
    """
    kinds, mirrored = numbers[tree.order], opposite[tree.order]
    mixtures: list[Mixture] = []
    flippable: list[Ints] = []
    for level in reversed(range(tree.n_levels)):
        flips = tree.movable[level + 1] & flip
        flippable.append(np.flatnonzero(flips & (kinds != mirrored)))
        # A child and its mirror image are of one kind where it may flip.
        either = np.minimum(kinds, mirrored)
        kinds, mirrored = (np.where(flips, either, own) for own in (kinds, mirrored))
        if permute:
            mixtures += _find_mixtures(tree, level, kinds)
        kinds, mirrored = _name_blocks(tree, level, (kinds, mirrored), permute=permute)
    flippable.append(np.zeros(0, dtype=np.int64))  # blocks of the first level stay as they are
    return Arrangements(tree, tuple(reversed(mixtures)), tuple(reversed(flippable)))


def _find_mixtures(tree: BlockTree, level: int, kinds: Ints) -> list[Mixture]:
    """The free blocks of a level whose children are of several kinds."""
    found = []
    starts = tree.starts[level]
    for block in np.flatnonzero(tree.free[level]):
        part = kinds[starts[block] : starts[block + 1]]
        _, first, number = np.unique(part, return_index=True, return_inverse=True)
        if len(first) > 1:
            by_appearance = np.argsort(np.argsort(first))
            found.append(Mixture(level + 1, int(starts[block]), by_appearance[number]))
    return found


def _name_blocks(
    tree: BlockTree, level: int, children: tuple[Ints, ...], *, permute: bool
) -> tuple[Ints, ...]:
    """Number the kinds of a level's blocks, as they are and mirrored, from their children's."""
    known: dict[tuple[int, ...], int] = {}
    starts, free = tree.starts[level], tree.free[level]

    def name(block: int, kinds: Ints) -> int:
        part = kinds[starts[block] : starts[block + 1]].tolist()
        key = tuple(sorted(part) if permute and free[block] else part)
        return known.setdefault(key, len(known))

    return tuple(np.array([name(block, kinds) for block in range(len(free))]) for kinds in children)
