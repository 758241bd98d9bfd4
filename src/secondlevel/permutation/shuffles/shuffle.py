"""Shuffles: signed permutations that respect the exchangeability blocks, each with an address."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.block_tree import BlockTree
from secondlevel.design.ties import number_rows
from secondlevel.errors import PermutationWarning, warn
from secondlevel.permutation.shuffles.arrangements import Arrangements, arrange
from secondlevel.permutation.shuffles.choice import (
    Errors,
    choose_errors,
    refuse,
    say_what_is_untested,
)
from secondlevel.permutation.shuffles.moves import draw_moves
from secondlevel.permutation.shuffles.seed import check_n_perm

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEW = 20
"""With fewer distinct shuffles no p reaches 5 %."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Some shuffles in a row: rows R of the design become ``signs[s][:, None] * R[order[s]]``.

    The maps stay. That is the same as to shuffle maps the other way round, under the design as it
    is; and as likely, since whatever a tree allows it allows both ways.

    Parameters
    ----------
    start : int
        Number of the first.
    order : int array of shape (S, n)
        Which row comes in every row's place.
    signs : array of shape (S, n)
        1.0 or -1.0.
    """

    start: int
    order: Ints
    signs: Floats

    def __len__(self) -> int:
        return len(self.order)


@dataclass(frozen=True, eq=False)
class Shuffles:
    """N shuffles of n maps, the first of which leaves all as it is.

    Shuffle i of a seed is the same whatever else is computed, by whom and in which order.

    Parameters
    ----------
    tree : BlockTree
        Which maps may take whose place.
    errors : {"permute", "flip", "both"}
        What is done to maps.
    why : str
        Why that is done, one sentence for people.
    n_shuffles : int
        Number of shuffles, N, the observed labelling included.
    seed : int
        Where random shuffles come from, from 0 to below 2^63.
    arrangements : Arrangements
        The distinct arrangements of what tells maps apart.
    rows : tuple of two int arrays of shape (n,)
        Which maps are alike, and which but for the sign.
    """

    tree: BlockTree
    errors: Errors
    why: str
    n_shuffles: int
    seed: int
    arrangements: Arrangements
    rows: tuple[Ints, Ints]

    def __len__(self) -> int:
        return self.n_shuffles

    @property
    def n_distinct(self) -> int:
        """Number of distinct shuffles, exact; it may have thousands of digits."""
        return self.arrangements.count

    @property
    def exhaustive(self) -> bool:
        """Whether the shuffles are all distinct ones, once each; else they are random."""
        return self.n_shuffles == self.n_distinct

    @property
    def permutes(self) -> bool:
        """Whether maps take each other's place."""
        return self.errors != "flip"

    @property
    def flips(self) -> bool:
        """Whether maps change their sign."""
        return self.errors != "permute"

    @cached_property
    def orbits(self) -> Ints:
        """Set of maps, numbered from 0, that permutations carry into each other, shape (n,)."""
        return self.tree.orbits if self.permutes else np.arange(self.tree.n_rows)

    @cached_property
    def unchanged(self) -> Floats:
        """Orthonormal basis, shape (n, f), of the vectors over maps that no shuffle changes.

        Without flips these are constant within `orbits`; with flips they are zero but for maps that
        no shuffle reaches.
        """
        orbits = self.orbits
        indicators = np.zeros((len(orbits), orbits.max() + 1))
        indicators[np.arange(len(orbits)), orbits] = 1.0
        if self.flips:
            indicators = indicators[:, np.unique(orbits[self.tree.anchored])]
        return np.asarray(indicators / np.sqrt(indicators.sum(axis=0)))

    def batch(self, start: int, stop: int) -> Batch:
        """Return shuffles start, start + 1, … up to stop, which is left out.

        Parameters
        ----------
        start, stop : int
            From 0 to N.

        Notes
        -----
        A statistic Rᵀ(P Y) of shuffled maps P Y is (PᵀR)ᵀY: shuffles are distinct when PᵀR is, so
        exhaustive ones go through every PᵀR once.
        """
        if self.exhaustive:
            moves = self.arrangements.moves(np.arange(start, stop))
        else:
            moves = draw_moves(
                self.tree, self.seed, start, stop, permute=self.permutes, flip=self.flips
            )
        order = moves.orders(self.tree)
        signs = np.take_along_axis(moves.signs(self.tree), order, axis=1)
        if start == 0:
            order[:1], signs[:1] = np.arange(self.tree.n_rows), 1.0
        return Batch(start, order, signs)

    def fingerprint_parts(self) -> tuple[bytes, ...]:
        """Return what tells these shuffles from others, the same on every machine.

        Of random ones their number does not: more of them begin with the same.
        """
        arrays = [self.tree.nodes, *self.tree.free, *self.rows]
        scheme = f"{self.errors} {'all' if self.exhaustive else self.seed}"
        return (scheme.encode(), *(array.astype("<i8").tobytes() for array in arrays))


def make_shuffles(
    tree: BlockTree,
    errors: str,
    *,
    tested: Floats,
    rows: Floats,
    n_perm: int,
    seed: int,
    raw: Floats | None = None,
) -> Shuffles:
    """Decide how maps are shuffled, and count in how many ways that can be done.

    Parameters
    ----------
    tree : BlockTree
        Which maps may take whose place.
    errors : {"permute", "flip", "both", "auto"}
        What the errors of the maps allow: exchangeable ones are permuted, symmetric ones flip their
        sign. "auto" flips if, and only if, no permutation that the tree allows changes `tested`, or
        `raw`.
    tested : array of shape (n, k)
        The part of the design that the contrast tests.
    rows : array of shape (n, m)
        What tells maps apart for the statistic. Shuffles that carry no row into a different one are
        one shuffle.
    n_perm : int
        Number of shuffles, the observed labelling included. When there are no more distinct ones
        each is taken once.
    seed : int
        Where random shuffles come from, from 0 to below 2^63.
    raw : array of shape (n, k), optional
        The tested part before nuisance was taken from it.

    Returns
    -------
    Shuffles

    Raises
    ------
    BlockError
        When no shuffle changes `tested`, or hardly, unless just that was asked for; when blocks
        that take each other's place differ.
    InputError, InputTypeError
        When `errors` or `n_perm` is none of these.

    Warns
    -----
    PermutationWarning
        When there are few distinct shuffles, or permuting leaves a part of the question untested.

    Examples
    --------
    >>> from secondlevel.design.blocks import make_blocks
    >>> mean = np.ones((12, 1))
    >>> shuffles = make_shuffles(
    ...     make_blocks(None, 12), "auto", tested=mean, rows=mean, n_perm=10_000, seed=0
    ... )
    >>> shuffles.errors, len(shuffles), shuffles.exhaustive
    ('flip', 4096, True)
    """
    n_perm = check_n_perm(n_perm)
    chosen, why = choose_errors(tree, errors, [tested] if raw is None else [tested, raw])
    permute, flip = chosen != "flip", chosen != "permute"
    if permute:
        tree.check_permutable()
    if arrange(tree, *number_rows(tested), permute=permute, flip=flip).count == 1:
        refuse(tree, chosen)
    numbers = number_rows(rows)
    arrangements = arrange(tree, *numbers, permute=permute, flip=flip)
    n_shuffles = min(n_perm, arrangements.count)
    shuffles = Shuffles(tree, chosen, why, n_shuffles, seed, arrangements, numbers)
    _warn_of_few(shuffles)
    if not shuffles.flips:
        share = float(np.sum((shuffles.unchanged.T @ tested) ** 2) / np.sum(tested**2))
        say_what_is_untested(tree, share, insisted=errors != "auto")
    return shuffles


def _warn_of_few(shuffles: Shuffles) -> None:
    if shuffles.n_distinct < FEW:
        warn(
            f"There are only {shuffles.n_distinct} distinct shuffles, so no p can be below "
            f"1/{shuffles.n_distinct} = {1 / shuffles.n_distinct:.3g}. More maps, or blocks that "
            "allow more, would help.",
            PermutationWarning,
        )
