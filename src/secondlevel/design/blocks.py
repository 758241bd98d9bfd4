"""Exchangeability blocks and variance groups as the user hands them over, read and checked."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.design.block_tree import BlockTree
from secondlevel.design.labels import number_labels, read_labels
from secondlevel.design.ties import is_constant
from secondlevel.errors import BlockError, InputTypeError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def make_blocks(
    blocks: ArrayLike | Sequence[Hashable] | None,
    n_rows: int,
    *,
    within: bool | None = None,
    whole: bool | None = None,
    tested: Sequence[Floats] = (),
) -> BlockTree:
    """Read exchangeability blocks.

    Parameters
    ----------
    blocks : None, sequence of n labels, or int array of shape (n, L)
        None: all maps may take each other's place. Labels: one block per label. Several columns,
        L >= 2: blocks within blocks, from the outermost to the innermost, as in PALM's ``-eb``.
        Maps with one index in a column, and in all columns before, are one block; with a positive
        index its sub-blocks (in the last column, its maps) may take each other's place, with a
        negative one not.
    n_rows : int
        Number of maps, n.
    within, whole : bool, optional
        For labels: whether maps of a block take each other's place, and whether blocks do as
        wholes. By default within, but whole where one of `tested` is the same for all maps of each
        block: such a question lies between blocks.
    tested : sequence of arrays of shape (n, k), optional
        The part of the design that the contrast tests: after nuisance was taken from it, and
        before, when a covariate that varies within blocks has left no trace in it.

    Returns
    -------
    BlockTree

    Raises
    ------
    BlockError
        When labels are missing, not one per map, or a tree contradicts itself.
    InputTypeError
        When these are no labels or flags.

    Notes
    -----
    Labels b mean, as a tree, (-1, +b) within, (+1, -b) whole, and (+1, +b) both.

    Examples
    --------
    >>> pairs = make_blocks(["ann", "bob", "ann", "bob"], 4)
    >>> pairs.nodes[:, 1].tolist(), [free.tolist() for free in pairs.free]
    ([0, 1, 0, 1], [[False], [True, True]])
    """
    flags = _check_flag("within_blocks", within), _check_flag("whole_blocks", whole)
    if blocks is None:
        _refuse_flags(flags, "no exchangeability blocks are given")
        return _plant(np.ones((n_rows, 1), dtype=np.int64), ["1"])
    table = _as_table(blocks, n_rows)
    if table is not None:
        _refuse_flags(flags, "the signs of a tree of blocks say so already")
        return _plant(table)
    numbers, names = number_labels(blocks, n_rows, "Exchangeability blocks")
    if flags == (None, None):
        constant = any(is_constant(part, numbers) for part in tested)
        flags = not constant, constant
    if not any(flags):
        raise BlockError(
            "Neither within blocks nor as whole blocks anything is exchanged. Use "
            "within_blocks=True, whole_blocks=True, or both."
        )
    inner, outer = (1 if flag else -1 for flag in flags)
    return _plant(np.column_stack([np.full(n_rows, outer), inner * (numbers + 1)]), names)


def make_variance_groups(groups: ArrayLike | Sequence[Hashable], n_rows: int) -> Ints:
    """Read variance groups: which maps share a residual variance.

    Parameters
    ----------
    groups : sequence of n labels
    n_rows : int
        Number of maps, n.

    Returns
    -------
    int array of shape (n,)
        Group of every map, from 0 in order of appearance.

    Raises
    ------
    BlockError
        When labels are missing, not one per map, or a group has a single map.
    InputTypeError
        When these are no labels.

    Examples
    --------
    >>> make_variance_groups(["control", "patient", "control", "patient"], 4).tolist()
    [0, 1, 0, 1]
    """
    numbers, names = number_labels(groups, n_rows, "Variance groups")
    alone = [names[i] for i in np.flatnonzero(np.bincount(numbers) < 2)]
    if alone:
        raise BlockError(
            f"Variance groups of a single map: {', '.join(alone[:5])}. A variance needs at least "
            "two; join groups, or leave the map out."
        )
    return numbers


def _check_flag(name: str, flag: Any) -> bool | None:
    if flag is not None and not isinstance(flag, (bool, np.bool_)):
        raise InputTypeError(f"{name} must be True, False or None. Got {flag!r}.")
    return None if flag is None else bool(flag)


def _refuse_flags(flags: tuple[bool | None, bool | None], why: str) -> None:
    if flags != (None, None):
        raise BlockError(
            "within_blocks and whole_blocks say what labels of blocks allow, but "
            f"{why}. Leave them out."
        )


# ------------------------------------------------------------------ trees


def _as_table(given: Any, n_rows: int) -> Ints | None:
    """Return signed indices, shape (n, L), or None where labels of one level were given."""
    array = read_labels(given, n_rows, "Exchangeability blocks")
    if array.ndim == 1:
        return None
    wanted = "A tree of exchangeability blocks is a table of whole numbers, none of them 0"
    try:
        numbers = array.astype(np.float64)
    except (TypeError, ValueError):
        raise BlockError(f"{wanted}. Got {given!r}.") from None
    bad = np.argwhere((numbers == 0) | (numbers != np.trunc(numbers)) | (np.abs(numbers) > 2**53))
    if len(bad):
        row, column = bad[0]
        raise BlockError(
            f"{wanted}: positive where sub-blocks may take each other's place, negative where not. "
            f"Map {row} has {numbers[row, column]:g} in column {column}."
        )
    return numbers.astype(np.int64)


@dataclass(frozen=True)
class _Block:
    """A block on the way to a tree; on the last level it has rows, else children."""

    structure: tuple[Any, ...]
    index: int
    name: str
    free: bool
    children: tuple[_Block, ...]
    rows: list[int]


def _plant(table: Ints, names: list[str] | None = None) -> BlockTree:
    """Make a tree of signed indices, shape (n, L), the blocks of the last level named."""
    nodes = np.zeros(table.shape, dtype=np.int64)
    free: tuple[list[bool], ...] = tuple([] for _ in table.T)
    called: tuple[list[str], ...] = tuple([] for _ in table.T)

    def number(block: _Block, level: int) -> None:
        nodes[block.rows, level] = len(free[level])
        free[level].append(block.free)
        in_last = level == table.shape[1] - 1
        called[level].append(names[block.index - 1] if names and in_last else block.name)
        for child in block.children:
            number(child, level + 1)

    for block in _divide(table, list(range(len(table))), ""):
        number(block, 0)
    return BlockTree(
        nodes, tuple(np.array(signs, dtype=bool) for signs in free), tuple(map(tuple, called))
    )


def _divide(table: Ints, rows: list[int], above: str, level: int = 0) -> tuple[_Block, ...]:
    """Divide the rows of a block into those of the next level, in their order."""
    members: dict[int, list[int]] = {}
    for row in rows:
        members.setdefault(abs(int(table[row, level])), []).append(row)
    return tuple(
        sorted(
            (_make_block(table, index, part, above, level) for index, part in members.items()),
            key=lambda block: (block.structure, block.index),
        )
    )


def _make_block(table: Ints, index: int, rows: list[int], above: str, level: int) -> _Block:
    name = f"{above}{index}"
    signs = np.sign(table[rows, level])
    if np.ptp(signs):
        raise BlockError(
            f"Block {name} of column {level} has a positive sign for some maps and a negative one "
            f"for others (maps {rows[int(np.argmax(signs))]} and {rows[int(np.argmin(signs))]}). "
            "Give the maps of one block the same sign."
        )
    free = bool(signs[0] > 0)
    if level == table.shape[1] - 1:
        return _Block((free, len(rows)), index, name, free, (), rows)
    children = _divide(table, rows, f"{name}/", level + 1)
    structure = (free, tuple(child.structure for child in children))
    return _Block(structure, index, name, free, children, rows)
