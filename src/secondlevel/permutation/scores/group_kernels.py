"""The loops of statistics with variance groups, compiled once and cached.

Elements are taken some at a time, so that all of a block stays in the cache, and every sum is made
in a fixed order: results do not depend on what else is computed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.kernels import compiled

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

BLOCK = 128
"""Elements in a block."""

NO_DOF = 1e-8
"""A group's residual degrees of freedom below which they are rounding."""

NOTHING = 1e-13
"""What orthonormal columns have in a row below which it is rounding."""

SMALLEST = 1e-300
"""What is divided by is at least this."""


@compiled
def fit_groups(
    data: Floats, rows: Floats, owners: Whole, n_groups: int, effects: Floats, sums: Floats
) -> None:
    """Write what shuffled designs explain, and the squared residuals of every group.

    Parameters
    ----------
    data : array of shape (n, T)
    rows : array of shape (S, m, n)
        Orthonormal rows of the shuffled designs, or zeros; tested ones first.
    owners : int array of shape (S, n)
        Group of every map.
    n_groups : int
    effects : array of shape (S, k, T)
        Products of the tested rows with the data.
    sums : array of shape (S, n_groups, T)
        Sums of squares of what all rows leave.
    """
    n, n_elements = data.shape
    block, products = np.zeros((n, BLOCK)), np.empty((rows.shape[1], BLOCK))
    squares = np.empty((n_groups, BLOCK))
    for start in range(0, n_elements, BLOCK):
        width = min(BLOCK, n_elements - start)
        for i in range(n):
            for t in range(width):
                block[i, t] = data[i, start + t]
        for s in range(len(rows)):
            _multiply(rows[s], block, products)
            _square_left(rows[s], block, products, owners[s], squares)
            _put(products, effects[s], start, width)
            _put(squares, sums[s], start, width)


@compiled
def _multiply(rows: Floats, block: Floats, products: Floats) -> None:
    """Write the products of rows (m, n) with a block (n, B)."""
    for j in range(len(rows)):
        for t in range(BLOCK):
            products[j, t] = 0.0
    for i in range(len(block)):
        for j in range(len(rows)):
            weight = rows[j, i]
            for t in range(BLOCK):
                products[j, t] += weight * block[i, t]


@compiled
def _square_left(
    rows: Floats, block: Floats, products: Floats, owner: Whole, squares: Floats
) -> None:
    """Write, for every group, the sum of squares of what the products' rows leave of a block."""
    left = np.empty(BLOCK)
    for g in range(len(squares)):
        for t in range(BLOCK):
            squares[g, t] = 0.0
    for i in range(len(block)):
        row, square = block[i], squares[owner[i]]
        for t in range(BLOCK):
            left[t] = row[t]
        for j in range(len(rows)):
            weight, product = rows[j, i], products[j]
            for t in range(BLOCK):
                left[t] -= weight * product[t]
        for t in range(BLOCK):
            square[t] += left[t] * left[t]


@compiled
def _put(block: Floats, out: Floats, start: int, width: int) -> None:
    """Copy the first rows of a block to where they belong."""
    for j in range(len(out)):
        for t in range(width):
            out[j, start + t] = block[j, t]


@compiled
def weigh_groups(
    effects: Floats,
    sums: Floats,
    smallest: Floats,
    factors: Floats,
    free: Floats,
    counts: Floats,
    signed: bool,
    statistics: Floats,
    dofs: Floats,
) -> None:
    """Write v, or G, and its degrees of freedom; `GroupStatistic` has the formulas.

    Parameters
    ----------
    effects : array of shape (S, k, T)
    sums : array of shape (S, groups, T)
        Squared residuals.
    smallest : array of shape (T,)
        Sums up to this, above 0, are rounding: the statistic is then 0, and its degrees of freedom
        are those of least squares.
    factors : array of shape (S or 1, groups, r, r)
        Upper triangles LᵀL = AᵀA, A the rows of a group in a shuffled design, nuisance first.
    free : array of shape (S or 1, groups)
        Residual degrees of freedom of every group.
    counts : array of shape (groups,)
        Number of maps of every group.
    signed : bool
        Whether v is wanted, else G.
    statistics, dofs : array of shape (S, T)
    """
    n_groups, r = factors.shape[1], factors.shape[2]
    weights = np.empty((n_groups, BLOCK))
    squares, ratios = np.empty((r, BLOCK)), np.empty((r, r, BLOCK))
    for s in range(len(effects)):
        one = s if len(free) > 1 else 0
        for start in range(0, len(smallest), BLOCK):
            width = min(BLOCK, len(smallest) - start)
            _weigh(sums[s], smallest, free[one], start, width, weights)
            _add_groups(factors[one], weights, squares, ratios)
            _conclude(effects[s], start, width, squares, ratios, signed, statistics[s])
            _count_dof(
                weights, free[one], counts, effects.shape[1], start, width, statistics[s], dofs[s]
            )
        _mend(sums[s], smallest, free[one], statistics[s], dofs[s])


@compiled
def _weigh(
    sums: Floats, smallest: Floats, free: Floats, start: int, width: int, weights: Floats
) -> None:
    """Write the weights of groups, degrees of freedom by squared residuals; 1 beside a block."""
    for g in range(len(free)):
        for t in range(BLOCK):
            weights[g, t] = 1.0
        for t in range(width):
            spread = max(sums[g, start + t], smallest[start + t])
            weights[g, t] = max(free[g], NO_DOF) / max(spread, SMALLEST)


@compiled
def _mend(sums: Floats, smallest: Floats, free: Floats, statistics: Floats, dofs: Floats) -> None:
    """Write what holds where a group's residuals are rounding."""
    alone = free.sum()
    for g in range(len(free)):
        for t in range(len(smallest)):
            if sums[g, t] <= smallest[t] or free[g] < NO_DOF:
                statistics[t] = 0.0
                dofs[t] = alone


@compiled
def _add_groups(factors: Floats, weights: Floats, squares: Floats, ratios: Floats) -> None:
    """Write Σ W_g LᵀL as RᵀDR, see `_add_row`."""
    r = len(squares)
    row, weight = np.empty((r, BLOCK)), np.empty(BLOCK)
    for i in range(r):
        for t in range(BLOCK):
            squares[i, t] = 0.0
        for j in range(r):
            for t in range(BLOCK):
                ratios[i, j, t] = 0.0
    for g in range(len(factors)):
        for i in range(r):
            for t in range(BLOCK):
                weight[t] = weights[g, t]
            for j in range(i, r):
                for t in range(BLOCK):
                    row[j, t] = factors[g, i, j]
            _add_row(row, weight, i, squares, ratios)


@compiled
def _add_row(row: Floats, weight: Floats, first: int, squares: Floats, ratios: Floats) -> None:
    """Add a row x with weight w to a sum of w x xᵀ, kept as RᵀDR; x and w are used up.

    Rotations without square roots (Gentleman, 1973, J. Inst. Maths Applics 12, 329): nothing is
    taken from a sum of squares, so a group of tiny variance, and huge weight, costs the others no
    digits.

    Parameters
    ----------
    row : array of shape (r, B)
        Zero before the column `first`.
    weight : array of shape (B,)
    squares : array of shape (r, B)
        The diagonal D.
    ratios : array of shape (r, r, B)
        R above its diagonal, which is 1.
    """
    moved = np.empty(BLOCK)
    for j in range(first, len(row)):
        here, square = row[j], squares[j]
        for t in range(BLOCK):
            part = weight[t] * here[t] if abs(here[t]) > NOTHING else 0.0
            total = square[t] + part * here[t]
            inverse = 1.0 / max(total, SMALLEST)
            moved[t] = part * inverse
            weight[t] *= square[t] * inverse if part != 0.0 else 1.0
            square[t] = total
        for i in range(j + 1, len(row)):
            there, ratio = row[i], ratios[j, i]
            for t in range(BLOCK):
                there[t] -= here[t] * ratio[t]
                ratio[t] += moved[t] * there[t]


@compiled
def _conclude(
    effects: Floats,
    start: int,
    width: int,
    squares: Floats,
    ratios: Floats,
    signed: bool,
    statistics: Floats,
) -> None:
    """Write ψᵀRᵀDRψ / k of the last k columns, or its root with the sign of a single ψ."""
    k, r = len(effects), len(squares)
    for t in range(width):
        total = 0.0
        for j in range(k):
            along = effects[j, start + t]
            for i in range(j + 1, k):
                along += ratios[r - k + j, r - k + i, t] * effects[i, start + t]
            total += squares[r - k + j, t] * along * along
        if signed:
            total = np.copysign(np.sqrt(total), effects[0, start + t])
        statistics[start + t] = total / k


@compiled
def _count_dof(
    weights: Floats,
    free: Floats,
    counts: Floats,
    k: int,
    start: int,
    width: int,
    statistics: Floats,
    dofs: Floats,
) -> None:
    """Write degrees of freedom, and divide statistics by Λ."""
    n_groups = len(weights)
    if n_groups == 1:
        for t in range(width):
            dofs[start + t] = free[0]
        return
    for t in range(width):
        trace = 0.0
        for g in range(n_groups):
            trace += counts[g] * weights[g, t]
        spread = 0.0
        for g in range(n_groups):
            others = 1.0 - counts[g] * weights[g, t] / trace
            spread += others * others / max(free[g], NO_DOF)
        statistics[start + t] /= 1.0 + 2.0 * (k - 1) / (k * (k + 2)) * spread
        dofs[start + t] = k * (k + 2) / (3.0 * spread)
