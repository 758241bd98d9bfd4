"""The design matrix: its rank, and what can be estimated from it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg

from secondlevel.errors import DesignError

Floats = NDArray[np.float64]

TOLERANCE = 1e-8
"""Below this, relative to the scaled design, a direction counts as absent."""


@dataclass(frozen=True, eq=False)
class Factors:
    """Complete orthogonal decomposition of a matrix whose columns were brought to unit length.

    The scaling makes rank and estimability independent of the units of the covariates. Any
    matrix with the same cross-product as the design (its triangle, say) has the same `scale`,
    `rank` and row space.

    Singular values decide on the rank, but the bases come from Householder reflections: LAPACK's
    singular vectors are found by iteration and good to some 1e-14, which data with a mean a
    million times their spread would show in the eighth digit of t.

    Parameters
    ----------
    scale : array of shape (p,)
        Length of every column; 1 for a column of zeros.
    left : array of shape (k, r)
        Orthonormal basis of the column space.
    core : array of shape (r, r)
        Lower triangle: the scaled matrix is left @ core @ rows.
    rows : array of shape (r, p)
        Orthonormal basis of the row space of the scaled matrix.
    null : array of shape (p - r, p)
        Orthonormal basis of what the scaled matrix cannot see.
    """

    scale: Floats
    left: Floats
    core: Floats
    rows: Floats
    null: Floats

    @classmethod
    def of(cls, matrix: Floats, rank: int | None = None) -> Factors:
        """Factorise a matrix of shape (k, p), of a rank that is known, or else found."""
        length = np.linalg.norm(matrix, axis=0)
        scale = np.where(length > 0, length, 1.0)
        if rank is None:
            singular = np.linalg.svd(matrix / scale, compute_uv=False)
            rank = int(np.count_nonzero(singular > TOLERANCE * singular.max(initial=0.0)))
        # Pivoting brings independent columns to the front.
        left, triangle, order = linalg.qr(matrix / scale, mode="economic", pivoting=True)
        seen = np.zeros((rank, len(scale)))
        seen[:, order] = triangle[:rank]
        turned, core = np.linalg.qr(seen.T, mode="complete")
        return cls(scale, left[:, :rank], core[:rank].T, turned[:, :rank].T, turned[:, rank:].T)

    @property
    def rank(self) -> int:
        """Number of independent columns."""
        return len(self.core)

    def solve(self, data: Floats) -> Floats:
        """Least squares coefficients, shape (p, V), for data of shape (k, V).

        Where columns are dependent there are many; these are the shortest in units in which every
        column has length 1. One factor is applied after the other, not their product: what
        rounding then leaves lies where the matrix hardly sees it, and predictions stay exact.
        """
        seen = linalg.solve_triangular(self.core, self.left.T @ data, lower=True)
        return np.asarray((self.rows.T @ seen) / self.scale[:, None])

    def solve_shortest(self, data: Floats) -> Floats:
        """Least squares coefficients of minimum norm, shape (p, V), for data of shape (k, V).

        The unique solution that other programs give. Columns of very different units cost it
        digits, so nothing but the coefficients themselves is computed from it.
        """
        coefficients = self.solve(data)
        unseen = np.linalg.qr((self.null / self.scale).T).Q
        return np.asarray(coefficients - unseen @ (unseen.T @ coefficients))

    def weigh(self, weights: Floats) -> Floats:
        """Weights over the matrix's rows, shape (m, k), for weights over coefficients, (m, p).

        Applied to data they give weighted sums of the least squares coefficients, the same for all
        solutions if the sums can be estimated; their cross-product is the covariance of the sums,
        C(XᵀX)⁻Cᵀ.
        """
        seen = self.rows @ (weights / self.scale).T
        return np.asarray((self.left @ linalg.solve_triangular(self.core.T, seen)).T)

    def invisible(self, weights: Floats) -> Floats:
        """Share of each row of weights, shape (k, p), that the matrix cannot see, from 0 to 1."""
        scaled = weights / self.scale
        length = np.linalg.norm(scaled, axis=1)
        return np.asarray(
            np.linalg.norm(scaled @ self.null.T, axis=1) / np.where(length > 0, length, 1.0)
        )


@dataclass(frozen=True, eq=False)
class Design:
    """A design matrix: one row per map, one named column per effect.

    Parameters
    ----------
    matrix : array of shape (n, p)
        Finite numbers.
    names : sequence of p distinct strings
        Names of the columns.

    Raises
    ------
    DesignError
        When the matrix is empty, holds NaN or inf, or the names do not fit it.

    Examples
    --------
    >>> design = Design([[1, 0], [1, 0], [0, 1], [0, 1]], ["control", "patient"])
    >>> design.rank, design.dof
    (2, 2)
    """

    matrix: Floats
    names: tuple[str, ...]

    def __init__(self, matrix: ArrayLike, names: Sequence[str]) -> None:
        array = np.array(matrix, dtype=np.float64)
        array.setflags(write=False)
        object.__setattr__(self, "matrix", array)
        object.__setattr__(self, "names", tuple(names))
        self._check()

    def _check(self) -> None:
        if self.matrix.ndim != 2 or 0 in self.matrix.shape:
            raise DesignError(
                "The design matrix needs at least one row and one column; "
                f"its shape is {self.matrix.shape}."
            )
        if len(self.names) != self.matrix.shape[1]:
            raise DesignError(
                f"The design matrix has {self.matrix.shape[1]} columns but {len(self.names)} names."
            )
        repeated = sorted({name for name in self.names if self.names.count(name) > 1})
        if repeated:
            raise DesignError(
                "Design matrix columns do not have unique names: "
                f"{', '.join(repeated)} stands there more than once. Rename or drop the copies."
            )
        bad = np.argwhere(~np.isfinite(self.matrix))
        if len(bad):
            row, column = bad[0]
            raise DesignError(
                f"The design matrix contains NaN values or infinities: row {row}, column "
                f"'{self.names[column]}' ({len(bad)} in all). Drop the subject or fill the value "
                "in."
            )

    @property
    def n_rows(self) -> int:
        """Number of maps, n."""
        return len(self.matrix)

    @property
    def n_columns(self) -> int:
        """Number of columns, p."""
        return len(self.names)

    @cached_property
    def factors(self) -> Factors:
        """Orthogonal decomposition of the matrix."""
        return Factors.of(self.matrix)

    @property
    def rank(self) -> int:
        """Number of independent columns, r."""
        return self.factors.rank

    @property
    def dof(self) -> int:
        """Residual degrees of freedom, n - r."""
        return self.n_rows - self.rank

    @cached_property
    def constant(self) -> Floats | None:
        """Weights, shape (p,), that make the columns add up to one; None if there are none."""
        ones = np.ones(self.n_rows)
        weights = self.factors.solve(ones[:, None])[:, 0]
        apart = np.linalg.norm(self.matrix @ weights - ones)
        return weights if apart <= TOLERANCE * np.sqrt(self.n_rows) else None

    def check_dof(self) -> None:
        """Raise DesignError when the design asks nothing, or leaves no degree of freedom."""
        if self.rank == 0:
            raise DesignError(
                f"The design matrix is zero throughout ({', '.join(self.names)}): it asks nothing "
                "of the maps. Give a column of ones for their mean."
            )
        if self.dof < 1:
            raise DesignError(
                f"The model is saturated: {self.n_rows} maps and a design matrix of rank "
                f"{self.rank} ({', '.join(self.names)}) leave no residual degree of freedom to "
                "estimate the variance from. Use more maps or fewer columns."
            )

    def dependencies(self) -> list[dict[str, float]]:
        """Linear relations among the columns, as few columns in each as can be found.

        Returns
        -------
        list of dict
            Weights by column name, of six digits and 1 for the first; the weighted sum of the
            named columns is zero. Empty when the design has full rank.

        Examples
        --------
        >>> design = Design([[1, 0, 1], [1, 0, 1], [0, 1, 1]], ["control", "patient", "intercept"])
        >>> design.dependencies()
        [{'control': 1.0, 'patient': 1.0, 'intercept': -1.0}]
        """
        # What takes part is decided on the scaled design: units make no weight small or large.
        rows = _shorten(_row_echelon(self.factors.null))
        return [self._relation(row / self.factors.scale) for row in rows]

    def _relation(self, weights: Floats) -> dict[str, float]:
        """Name the weights that are not zero, the first of them brought to 1."""
        present = np.flatnonzero(weights)
        return {self.names[i]: float(f"{weights[i] / weights[present[0]]:.6g}") for i in present}


def _row_echelon(rows: Floats) -> Floats:
    """Reduced row echelon form; what is below the tolerance of its row becomes zero."""
    rows = np.array(rows)
    pivot = 0
    for column in range(rows.shape[1]):
        if pivot == len(rows):
            break
        size = np.abs(rows).max(axis=1)
        best = pivot + int(np.argmax(np.abs(rows[pivot:, column]) / size[pivot:]))
        if abs(rows[best, column]) <= 1e-7 * size[best]:
            continue
        rows[[pivot, best]] = rows[[best, pivot]]
        rows[pivot] /= rows[pivot, column]
        others = np.arange(len(rows)) != pivot
        rows[others] -= np.outer(rows[others, column], rows[pivot])
        pivot += 1
    return _without_rounding(rows)


def _without_rounding(rows: Floats) -> Floats:
    """Rows with what is negligible beside their largest entry set to zero."""
    small = np.abs(rows) < 1e-6 * np.abs(rows).max(axis=1, keepdims=True)
    return np.where(small, 0.0, rows)


def _shorten(rows: Floats) -> Floats:
    """Take rows from each other wherever that leaves fewer entries that are not zero."""
    rows, shorter = np.array(rows), True
    while shorter:
        shorter = False
        for i, j in itertools.permutations(range(len(rows)), 2):
            shared = np.flatnonzero(rows[i] * rows[j])
            tried = rows[i] - np.outer(rows[i, shared] / rows[j, shared], rows[j])
            counts = np.count_nonzero(_without_rounding(tried), axis=1)
            if len(shared) and counts.min() < np.count_nonzero(rows[i]):
                rows[i] = _without_rounding(tried[[counts.argmin()]])[0]
                shorter = True
    return rows
