"""The loops over products of shuffled designs with maps, compiled once and cached.

A *score* is the share of what the tested part explains of the maps that nuisance leaves: Σa² over
1 - Σb², with the products a with the k tested rows of a shuffled design, b with its nuisance rows.
Where k = 1 it has the sign of a.

Products come in single precision, with a bound on how far each may be off. What the bound decides
is decided; the rest, a handful, is computed in double precision by a sum in a fixed order. So the
results are those of double precision, at the price of single, and do not depend on the order in
which a matrix product adds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.kernels import compiled

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Counts = NDArray[np.int64]
Indices = NDArray[np.int32]
Flags = NDArray[np.bool_]

NEAR = 64
"""Elements looked at together where one may be among them."""

PERFECT = 1e-13
"""A share below which what is left is rounding."""

MOST = 1.0 - PERFECT
"""The score of a perfect fit: as large as any that was observed, and t is not infinite."""

# What the rounding of levels, of squares and of a bound itself adds to it, relative: 64 roundings,
# more than a sum of 60 squares has. A second lock: the bound of a product is so much wider than
# products are off that no test fails without it.
_SLACK = np.float32(4e-6)

# What is left unexplained, below which double precision decides: far above `PERFECT`, so that what
# is 0 or `MOST` by convention is so here, and so small that hardly an element comes to it. A second
# lock too: a margin is wider than `PERFECT`, and no test fails without it.
_LITTLE = np.float32(1e-3)


@compiled
def exact_score(rows: Floats, data: Floats, k: int, sign: float) -> float:
    """Score of one element, on a side: rows (m, n) of a shuffled design, the element's data (n,).

    0 where nuisance leaves nothing but rounding; `MOST` where what is tested does.
    """
    explained, left = 0.0, 1.0
    for j in range(len(rows)):
        product = 0.0
        for i in range(len(data)):
            product += rows[j, i] * data[i]
        if j >= k:
            left -= product * product
        elif k == 1:
            explained = sign * product * abs(product)
        else:
            explained += product * product
    if left <= PERFECT:
        return 0.0
    if left - abs(explained) <= PERFECT:
        return MOST if explained > 0.0 else -MOST
    return explained / left


@compiled
def _square(products: Singles, first: int, m: int, k: int, tested: Singles, left: Singles) -> None:
    """Σa² of one shuffle, where k > 1; and 1 - Σb², which nuisance leaves."""
    if k > 1:
        tested[:] = 0.0
        for j in range(first, first + k):
            row = products[j]
            for t in range(len(tested)):
                tested[t] += row[t] * row[t]
    left[:] = 1.0
    for j in range(first + k, first + m):
        row = products[j]
        for t in range(len(left)):
            left[t] -= row[t] * row[t]


@compiled
def _can_reach(
    tested: np.float32, left: np.float32, k: int, sign: np.float32, off: Singles, level: np.float32
) -> bool:
    """Whether a score, on a side, may be as large as a level; `off` as `_offs` gives it."""
    value, margin = _margin(tested, left, k, sign, off, level)
    return bool(not value < -margin) | bool(_unexplained(tested, left, k) < _LITTLE)


@compiled
def _unexplained(tested: np.float32, left: np.float32, k: int) -> np.float32:
    """What neither nuisance nor the tested part explains; where it is rounding a score is 0."""
    return left - abs(tested) * (abs(tested) if k == 1 else np.float32(1.0))


@compiled
def _margin(
    tested: np.float32, left: np.float32, k: int, sign: np.float32, off: Singles, level: np.float32
) -> tuple[np.float32, np.float32]:
    """By how much what is explained is more than a level needs, and how far off that may be."""
    if k == 1:
        explained = sign * tested * abs(tested)
        margin = off[0] * (abs(tested) + abs(tested) + off[0])
    else:
        explained, margin = tested, off[2]
    needed = level * left
    margin += abs(level) * off[1] + _SLACK * (abs(explained) + abs(needed))
    return explained - needed, margin


@compiled
def _some_can_reach(
    tested: Singles, left: Singles, k: int, sign: np.float32, off: Singles, level: np.float32
) -> bool:
    """Whether one of many scores may be as large as a level: what `_can_reach` says, or more.

    Without a branch in its loops, so that processors do many elements at once.
    """
    if level <= 0:
        return True
    more, needed = np.float32(1.0) + _SLACK, level * (np.float32(1.0) - _SLACK)
    less, found = needed * off[1], False
    if k == 1:
        for t in range(len(tested)):
            product = sign * tested[t] + off[0]
            reaches = product * abs(product) * more >= needed * left[t] - less
            found |= reaches | (left[t] < _LITTLE)
    else:
        for t in range(len(tested)):
            reaches = (tested[t] + off[2]) * more >= needed * left[t] - less
            found |= reaches | (left[t] < _LITTLE)
    return found


@compiled
def _decide(
    tested: Singles,
    left: Singles,
    k: int,
    sides: Singles,
    off: Singles,
    levels: Singles,
    must: Flags,
    unclear: Flags,
) -> bool:
    """Write which scores reach their level for certain, and which may; say whether some may.

    On the side of each element, 1 or -1; where that is 0 either counts.
    """
    some = False
    for t in range(len(levels)):
        # Either side: the absolute value on the positive one.
        value = abs(tested[t]) if sides[t] == 0 else sides[t] * tested[t]
        value, margin = _margin(value, left[t], k, np.float32(1.0), off, levels[t])
        little = _unexplained(tested[t], left[t], k) < _LITTLE
        must[t] = (value >= margin) & ~little
        unclear[t] = ~must[t] & ((value >= -margin) | little)
        some |= unclear[t]
    return some


@compiled
def _offs(off: float, m: int, k: int) -> Singles:
    """How far off may be: a product, 1 - Σb², Σa²; the sums as their terms are 1 at most in all.

    By Cauchy and Schwarz; and by 2⁻²⁴ each for a square and a difference, where they are from 1.
    """
    offs = np.empty(3, dtype=np.float32)
    offs[0] = off
    offs[1] = 2.0 * off * np.sqrt(m - k) + (m - k) * (off * off + 2.0**-23)
    offs[2] = 2.0 * off * np.sqrt(k) + k * off * off
    return offs


@compiled
def raise_maxima(
    products: Singles, rows: Floats, data: Floats, k: int, signs: Floats, off: float, best: Floats
) -> None:
    """Raise the largest score of every shuffle and side to that of these elements.

    Parameters
    ----------
    products : float32 array of shape (S m, T)
    rows : array of shape (S, m, n)
        Of the shuffled designs, tested ones first.
    data : array of shape (T, n)
    k : int
        Number of tested rows.
    signs : array of shape (sides,)
        1 or -1.
    off : float
        How far a product may be off.
    best : array of shape (S, sides)
        Raised in place.
    """
    m, n_elements = rows.shape[1], products.shape[1]
    squares, left = np.empty(n_elements, np.float32), np.empty(n_elements, np.float32)
    offs = _offs(off, m, k)
    for s in range(len(rows)):
        _square(products, s * m, m, k, squares, left)
        tested = products[s * m] if k == 1 else squares
        for side in range(len(signs)):
            top, sign = best[s, side], np.float32(signs[side])
            if not _some_can_reach(tested, left, k, sign, offs, np.float32(top)):
                continue
            for t in range(len(data)):
                if _can_reach(tested[t], left[t], k, sign, offs, np.float32(top)):
                    top = max(top, exact_score(rows[s], data[t], k, signs[side]))
            best[s, side] = top


@compiled
def find_beyond(
    products: Singles, rows: Floats, data: Floats, k: int, signs: Floats, off: float, level: float
) -> tuple[Indices, Indices, Floats]:
    """Find the elements whose score reaches a level: place s sides + side, element, score of each.

    In the order of shuffles, sides, elements.
    """
    m, n_elements, n_sides = rows.shape[1], products.shape[1], len(signs)
    squares, left = np.empty(n_elements, np.float32), np.empty(n_elements, np.float32)
    offs, lowest = _offs(off, m, k), np.float32(level)
    places, elements, scores = [], [], []
    for s in range(len(rows)):
        _square(products, s * m, m, k, squares, left)
        tested = products[s * m] if k == 1 else squares
        for side in range(n_sides):
            sign = np.float32(signs[side])
            if not _some_can_reach(tested, left, k, sign, offs, lowest):
                continue
            for start in range(0, len(data), NEAR):
                near = slice(start, start + NEAR)
                if not _some_can_reach(tested[near], left[near], k, sign, offs, lowest):
                    continue
                for t in range(start, min(start + NEAR, len(data))):
                    if _can_reach(tested[t], left[t], k, sign, offs, lowest):
                        score = exact_score(rows[s], data[t], k, signs[side])
                        if score >= level:
                            places.append(np.int32(s * n_sides + side))
                            elements.append(np.int32(t))
                            scores.append(score)
    return (
        np.array(places, dtype=np.int32),
        np.array(elements, dtype=np.int32),
        np.array(scores, dtype=np.float64),
    )


@compiled
def count_reached(
    products: Singles,
    rows: Floats,
    data: Floats,
    k: int,
    off: float,
    levels: Floats,
    directions: Floats,
    reached: Counts,
) -> None:
    """Count at every element the shuffles whose score reaches its level, shape (T,), in place.

    `directions` (T,) is 1 or -1, the side on which an element is asked about, 1 where k > 1; 0 for
    both.
    """
    m, n_elements = rows.shape[1], products.shape[1]
    squares, left = np.empty(n_elements, np.float32), np.empty(n_elements, np.float32)
    must, unclear = np.empty(len(data), dtype=np.bool_), np.empty(len(data), dtype=np.bool_)
    offs, sides = _offs(off, m, k), directions.astype(np.float32)
    single_levels = levels.astype(np.float32)
    for s in range(len(rows)):
        _square(products, s * m, m, k, squares, left)
        tested = products[s * m] if k == 1 else squares
        if _decide(tested, left, k, sides, offs, single_levels, must, unclear):
            for t in range(len(data)):
                if unclear[t]:
                    score = exact_score(rows[s], data[t], k, directions[t] or 1.0)
                    must[t] = (abs(score) if directions[t] == 0.0 else score) >= levels[t]
        for t in range(len(data)):
            reached[t] += must[t]


@compiled
def scores_of_products(products: Floats, k: int, m: int, scores: Floats) -> None:
    """Scores (S, T) of products (S m, T) in double precision; signed where k = 1."""
    left = np.empty(scores.shape[1])
    for s in range(len(scores)):
        explained, first = scores[s], s * m
        for t in range(len(left)):
            left[t] = 1.0
            explained[t] = 0.0
        for j in range(first, first + m):
            row = products[j]
            if j >= first + k:
                for t in range(len(left)):
                    left[t] -= row[t] * row[t]
            else:
                for t in range(len(left)):
                    explained[t] += row[t] * abs(row[t]) if k == 1 else row[t] * row[t]
        for t in range(len(left)):
            size, rest = abs(explained[t]), left[t] > PERFECT
            share = MOST if left[t] - size <= PERFECT else size / (left[t] if rest else 1.0)
            explained[t] = (share if explained[t] > 0.0 else -share) * rest
