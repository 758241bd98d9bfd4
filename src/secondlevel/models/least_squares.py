"""Ordinary least squares in one pass over the maps, in memory that does not grow with them.

Blocks of rows are reduced by an orthogonal transformation to a triangle, the data seen through
it, and a residual sum of squares; two such parts merge by reducing their stacked triangles
(TSQR: Demmel, Grigori, Hoemmen and Langou, 2012, SIAM J. Sci. Comput. 34, A206). What a merge
adds to the residuals is a sum of squares of the small stacked system, never a difference of
large sums, so precision survives data whose mean is a million times its spread.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.contrast import Contrast
from secondlevel.design.matrix import Design, Factors
from secondlevel.errors import ConstantDataWarning, warn
from secondlevel.models.base import ContrastEstimate

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CHUNK = 8192
"""Elements transformed at a time: a block of rows of this width stays in the cache."""

ROUNDING = 1e-13
"""Residuals smaller than this share of the data are rounding errors: the data are constant."""

TOO_SMALL = 1e-290
"""Sums of squares below this have lost digits, as numbers near the smallest double have few."""


@dataclass(frozen=True, eq=False)
class RowsReduced:
    """What least squares keeps of some rows of design and data.

    Parameters
    ----------
    n_rows : int
        How many rows were seen.
    triangle : array of shape (k, p)
        Upper trapezoid R of a QR decomposition of the design rows, k = min(rows, p).
    projection : array of shape (k, V)
        Data seen through the same transformation, Qᵀ Y.
    residual : array of shape (V,)
        Sum of squares of the data orthogonal to the design rows.
    """

    n_rows: int
    triangle: Floats
    projection: Floats
    residual: Floats

    def merge(self, other: RowsReduced) -> RowsReduced:
        """Combine with other rows, by the QR decomposition of the stacked triangles.

        Examples
        --------
        >>> rows, data = np.ones((4, 1)), np.array([[1.0], [2.0], [3.0], [6.0]])
        >>> part = LeastSquares().reduce(rows[:2], data[:2])
        >>> part.merge(LeastSquares().reduce(rows[2:], data[2:])).residual
        array([14.])
        """
        triangle, projection, residual = _reduce(
            np.vstack([self.triangle, other.triangle]), [self.projection, other.projection]
        )
        residual += self.residual
        residual += other.residual
        return RowsReduced(self.n_rows + other.n_rows, triangle, projection, residual)


def _reduce(rows: Floats, data: list[Floats]) -> tuple[Floats, Floats, Floats]:
    """QR of the rows, applied to the data stacked below each other, a few elements at a time."""
    orthogonal, triangle = np.linalg.qr(rows, mode="complete")
    kept = min(rows.shape)
    n_elements = data[0].shape[1]
    projection = np.empty((kept, n_elements))
    residual = np.empty(n_elements)
    transposed = np.ascontiguousarray(orthogonal.T)
    for start in range(0, n_elements, CHUNK):
        part = slice(start, start + CHUNK)
        block = data[0][:, part] if len(data) == 1 else np.vstack([d[:, part] for d in data])
        turned = transposed @ block
        projection[:, part] = turned[:kept]
        np.einsum("ij,ij->j", turned[kept:], turned[kept:], out=residual[part])
    return triangle[:kept], projection, residual


@dataclass(frozen=True)
class LeastSquares:
    """The estimator: ordinary least squares, minimum norm where columns are dependent."""

    def reduce(self, rows: Floats, data: Floats) -> RowsReduced:
        """Reduce design rows (b, p) and data (b, V), finite, to what must be kept of them."""
        return RowsReduced(len(rows), *_reduce(rows, [data]))

    def finish(self, partial: RowsReduced, rank: int | None = None) -> LeastSquaresEstimate:
        """Turn what was kept of all rows into an estimate.

        Parameters
        ----------
        partial : RowsReduced
        rank : int, optional
            Of the design, where it is at hand; otherwise the triangle decides.
        """
        return LeastSquaresEstimate(partial, rank)

    def fit(self, design: Design, data: Floats) -> LeastSquaresEstimate:
        """Fit a design to data of shape (n, V) that are all in memory.

        Examples
        --------
        >>> design = Design([[1], [1], [1]], ["intercept"])
        >>> LeastSquares().fit(design, np.array([[1.0], [2.0], [6.0]])).coefficients
        array([[3.]])
        """
        design.check_dof()
        return self.finish(self.reduce(design.matrix, data), design.rank)


@dataclass(frozen=True, eq=False)
class LeastSquaresEstimate:
    """Coefficients and residual variance at every element.

    Parameters
    ----------
    reduced : RowsReduced
        What is kept of all n rows.
    rank : int, optional
        Of the design; decided by the triangle when it is not given.
    """

    reduced: RowsReduced
    rank: int | None = None

    @cached_property
    def _factors(self) -> Factors:
        return Factors.of(self.reduced.triangle, self.rank)

    @property
    def n_elements(self) -> int:
        """Number of elements, V."""
        return len(self.reduced.residual)

    @property
    def dof(self) -> int:
        """Residual degrees of freedom, n - r."""
        return self.reduced.n_rows - self._factors.rank

    @property
    def coefficients(self) -> Floats:
        """Minimum-norm least squares coefficients, shape (p, V)."""
        return self._factors.solve_shortest(self.reduced.projection)

    @property
    def covariance(self) -> Floats:
        """Covariance of the coefficients over the residual variance, (XᵀX)⁺, shape (p, p)."""
        inverse = self._factors.solve_shortest(np.eye(len(self.reduced.triangle)))
        return inverse @ inverse.T

    @cached_property
    def residual_sum_of_squares(self) -> Floats:
        """Sum of squared residuals at every element, shape (V,)."""
        left = self._factors.left
        if self._factors.rank == len(self.reduced.triangle):
            return self.reduced.residual
        # Dependent columns leave rows of the triangle that fit nothing.
        unfitted = self.reduced.projection - left @ (left.T @ self.reduced.projection)
        return np.asarray(self.reduced.residual + np.einsum("ij,ij->j", unfitted, unfitted))

    @cached_property
    def residual_variance(self) -> Floats:
        """Residual sum of squares over n - r, shape (V,), in the unit of the maps squared."""
        return self.residual_sum_of_squares / self.dof

    @cached_property
    def constant(self) -> Flags:
        """Elements whose residuals are no larger than rounding errors, shape (V,)."""
        fitted = np.einsum("ij,ij->j", self.reduced.projection, self.reduced.projection)
        total = self.reduced.residual + fitted
        smallest = np.maximum(ROUNDING**2 * total, TOO_SMALL)
        return np.asarray(self.residual_sum_of_squares <= smallest)

    def narrow(self, keep: Flags) -> LeastSquaresEstimate:
        """Return the estimate at the kept elements only."""
        reduced = self.reduced
        return LeastSquaresEstimate(
            replace(
                reduced,
                projection=np.ascontiguousarray(reduced.projection[:, keep]),
                residual=reduced.residual[keep],
            ),
            self.rank,
        )

    def contrast(self, contrast: Contrast) -> ContrastEstimate:
        """Answer a contrast: effect Cβ, variance s² diag C(XᵀX)⁻Cᵀ, and t or F.

        F = (Cβ)ᵀ[C(XᵀX)⁻Cᵀ]⁻(Cβ) / (k′ s²), k′ the rank of C: with C β = M Z, it is the part of
        the projected data Z in the row space of M, so redundant rows of C change nothing.
        """
        seen = self._factors.weigh(contrast.weights)
        effect = seen @ self.reduced.projection
        variance = np.einsum("ij,ij->i", seen, seen)[:, None] * self.residual_variance
        testable = ~self.constant
        statistic = np.zeros(self.n_elements)
        if contrast.kind == "t":
            rank = 1
            np.divide(effect[0], np.sqrt(variance[0]), out=statistic, where=testable)
        else:
            basis = Factors.of(seen.T).left.T
            rank = len(basis)
            projected = basis @ self.reduced.projection
            explained = np.einsum("ij,ij->j", projected, projected) / rank
            np.divide(explained, self.residual_variance, out=statistic, where=testable)
        return ContrastEstimate(
            effect,
            variance,
            statistic,
            float(self.dof),
            rank,
            self.constant,
            self.residual_variance,
        )

    def predict(self, rows: Floats) -> Floats:
        """Fitted values for design rows of shape (m, p), such as those fitted; shape (m, V)."""
        return np.asarray(rows @ self._factors.solve(self.reduced.projection))

    def r_square(self, constant: Floats | None) -> Floats:
        """Share of the sum of squares explained at every element, shape (V,), from 0 to 1.

        Parameters
        ----------
        constant : array of shape (p,) or None
            Weights that make the design's columns add up to one; the sum of squares is then taken
            about the mean. With None it is taken about zero.
        """
        basis = self._factors.left
        if constant is not None:
            mean = basis.T @ (self.reduced.triangle @ constant)
            mean /= np.linalg.norm(mean)
            # Columns of `basis` turned so that the first follows the mean; the others are kept.
            turned, _ = np.linalg.qr(np.column_stack([mean, np.eye(len(mean))]))
            basis = basis @ turned[:, 1:]
        fitted = basis.T @ self.reduced.projection
        explained = np.einsum("ij,ij->j", fitted, fitted)
        total = explained + self.residual_sum_of_squares
        share = np.zeros(self.n_elements)
        np.divide(explained, total, out=share, where=~self.constant)
        return share


def warn_of_constant(estimate: LeastSquaresEstimate) -> None:
    """Warn of elements without residual variance, where nothing can be tested.

    Warns
    -----
    ConstantDataWarning
    """
    n_constant = int(np.count_nonzero(estimate.constant))
    if n_constant:
        warn(
            f"{n_constant} of {estimate.n_elements} elements have no residual variance (constant "
            "data, outside the brain perhaps): statistic 0 and p 1 there. A tighter mask leaves "
            "them out.",
            ConstantDataWarning,
        )
