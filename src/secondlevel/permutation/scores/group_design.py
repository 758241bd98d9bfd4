"""What variance groups are in a design: their rows, their degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.design.partition import Partition

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class GroupDesign:
    """What the weights of groups need to know of shuffled designs.

    Parameters
    ----------
    factors : array of shape (S or 1, groups, r, r)
        Upper triangles LᵀL = AᵀA, A the rows of a group, columns of nuisance first.
    free : array of shape (S or 1, groups)
        Residual degrees of freedom of every group, Σ R_ii.
    """

    factors: Floats
    free: Floats

    @classmethod
    def of(cls, columns: Floats, groups: Ints) -> GroupDesign:
        """Prepare designs of orthonormal columns, shape (S or 1, n, r)."""
        n_groups, r = groups.max() + 1, columns.shape[2]
        factors = np.zeros((len(columns), n_groups, r, r))
        free = np.empty((len(columns), n_groups))
        for group in range(n_groups):
            rows = columns[:, groups == group]
            triangle = np.asarray(np.linalg.qr(rows, mode="r"))
            factors[:, group, : triangle.shape[1]] = triangle
            free[:, group] = rows.shape[1] - np.einsum("snr,snr->s", rows, rows)
        return cls(factors, free)

    @classmethod
    def unshuffled(cls, part: Partition, groups: Ints) -> GroupDesign:
        """Prepare a design as it is."""
        return cls.of(np.hstack([part.nuisance, part.tested])[None], groups)

    def bounds(self, k: int) -> tuple[float, float]:
        """Return between which degrees of freedom of k tested dimensions are, at any weights."""
        free = self.free[0]
        if len(free) == 1:
            return float(free[0]), float(free[0])
        inverse, times = 1.0 / free, k * (k + 2) / 3.0
        least = times / (inverse.sum() - inverse.min())
        return float(least), float(times * free.sum() / (len(free) - 1) ** 2)


def with_groups(rows: Floats, groups: ArrayLike) -> Floats:
    """Columns, n rows, by which maps must differ to differ in row or in group.

    Parameters
    ----------
    rows : array of shape (n, m)
        What tells maps apart, but for their group.
    groups : int array of shape (n,)

    Returns
    -------
    array of shape (n, m × groups + groups)
        Rows that are each other's negative, and in one group, still are.

    Examples
    --------
    >>> with_groups(np.array([[2.0], [-2.0], [2.0], [0.0]]), [0, 0, 1, 1])
    array([[ 2.,  0.,  0.,  0.],
           [-2.,  0.,  0.,  0.],
           [ 0.,  2.,  0.,  0.],
           [ 0.,  0.,  0.,  1.]])
    """
    member = np.equal.outer(np.asarray(groups), np.unique(groups))
    apart = np.where(member[:, :, None], rows[:, None], 0.0).reshape(len(rows), -1)
    return np.hstack([apart, member & ~rows.any(axis=1, keepdims=True)])
