"""Rows that are equal but for rounding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TOLERANCE = 1e-9
"""Values of a column closer than this share of its largest are one value but for rounding."""


def number_rows(rows: Floats) -> tuple[Ints, Ints]:
    """Give rows that are equal but for rounding the same number.

    Values are told apart by the gaps between them once they are sorted: rounding them to a number
    of digits would part two neighbours that lie on either side of a rounding edge.

    Parameters
    ----------
    rows : array of shape (n, m)
        Finite.

    Returns
    -------
    numbers : int array of shape (n,)
        Of every row.
    opposite : int array of shape (n,)
        Of every row with its sign changed; the number of another row where the two are equal.

    Examples
    --------
    >>> numbers, opposite = number_rows(np.array([[0.1 + 0.2], [0.3], [-0.3], [0.0]]))
    >>> numbers.tolist(), opposite.tolist()
    ([2, 2, 0, 1], [0, 0, 2, 1])
    """
    both = np.concatenate([rows, -rows])
    columns = np.zeros(both.shape, dtype=np.int64)
    for column, values in zip(columns.T, both.T, strict=True):
        order = np.argsort(values, kind="stable")
        gaps = np.diff(values[order]) > TOLERANCE * np.abs(values).max(initial=0.0)
        column[order[1:]] = np.cumsum(gaps)
    numbers = np.unique(columns, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return numbers[: len(rows)], numbers[len(rows) :]


def is_constant(rows: Floats, groups: Ints) -> bool:
    """Whether rows, shape (n, m), are equal but for rounding within each group.

    Parameters
    ----------
    rows : array of shape (n, m)
    groups : int array of shape (n,)
        From 0, none left out.

    Examples
    --------
    >>> is_constant(np.array([[1.0], [1.0], [2.0]]), np.array([0, 0, 1]))
    True
    """
    pairs = np.unique(np.stack([groups, number_rows(rows)[0]]), axis=1)
    return bool(pairs.shape[1] == groups.max() + 1)
