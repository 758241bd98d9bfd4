"""The loops over the products of a tile, block by block, compiled once and cached.

All products of a tile are made and looked at in one call, so that threads need the interpreter only
between tiles. A block is as wide as its products with some rows are fastest: narrow enough for
everything to stay in the cache, and for a matrix product that does not copy its factors first.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.kernels import compiled
from secondlevel.permutation.scores.kernels import count_reached, find_beyond, raise_maxima

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
Indices = NDArray[np.int32]
Numbers = TypeVar("Numbers", Indices, Floats)


@compiled
def make_unit(data: Floats, keep: Flags, blocks: Singles) -> None:
    """Bring the first T columns of data to unit length in place, those not kept to 0.

    Parameters
    ----------
    data : array of shape (n, T or more)
    keep : bool array of shape (T,)
    blocks : float32 array of shape (B or 0, n, W)
        Written: the same in single precision, W elements at a time, with zeros beyond the last.
    """
    n, n_elements = len(data), len(keep)
    factor = np.zeros(n_elements)
    for i in range(n):
        row = data[i]
        for t in range(n_elements):
            factor[t] += row[t] * row[t]
    for t in range(n_elements):
        factor[t] = 1.0 / np.sqrt(factor[t]) if keep[t] and factor[t] > 0.0 else 0.0
    width = blocks.shape[2]
    for i in range(n):
        row = data[i]
        for t in range(n_elements):
            row[t] *= factor[t]
        for b in range(len(blocks)):
            block, start = blocks[b, i], b * width
            for t in range(min(width, n_elements - start)):
                block[t] = row[start + t]
            block[max(0, n_elements - start) :] = 0.0


@compiled
def sweep_tile(
    rows: Floats,
    singles: Singles,
    unit: Floats,
    blocks: Singles,
    k: int,
    at_a_time: int,
    off: float,
    signs: Floats,
    maxima: Floats,
    level: float,
    levels: Floats,
    directions: Floats,
    skipped: int,
    reached: Counts,
) -> tuple[Indices, Indices, Floats]:
    """Multiply shuffled designs with the elements of a tile, and keep what is wanted of the scores.

    Parameters
    ----------
    rows : array of shape (S, m, n)
        Of the shuffled designs, the k tested ones first.
    singles : float32 array of shape (S m, n)
        The same.
    unit : array of shape (n, T or more)
        Data of unit length.
    blocks : float32 array of shape (B, n, W)
        The same, as `make_unit` writes it.
    k : int
    at_a_time : int
        Shuffles in a product.
    off : float
        How far a product may be off.
    signs : array of shape (sides,)
        1 or -1.
    maxima : array of shape (S, sides)
        Raised in place.
    level : float
        Elements whose score reaches it are listed; none where it is infinite.
    levels, directions : arrays of shape (T,) or (0,)
        The level of each element at which a shuffle counts there, and on which side it is asked
        about; nothing is counted where there are none.
    skipped : int
        How many shuffles are not counted, from the first on.
    reached : int array of shape (T,)
        Raised in place.

    Returns
    -------
    places, elements, scores : arrays of shape (found,)
        As `find_beyond` has them, block by block.
    """
    m, width = rows.shape[1], blocks.shape[2]
    products = np.empty((at_a_time * m, width), np.float32)
    places, elements = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32)
    scores, n_found = np.empty(0), 0
    for b in range(len(blocks)):
        here = slice(b * width, min((b + 1) * width, len(reached)))
        data = unit[:, here].T
        for first in range(0, len(rows), at_a_time):
            last = min(first + at_a_time, len(rows))
            part, chunk = products[: (last - first) * m], rows[first:last]
            np.dot(singles[first * m : last * m], blocks[b], part)
            raise_maxima(part, chunk, data, k, signs, off, maxima[first:last])
            if level < np.inf:
                more = find_beyond(part, chunk, data, k, signs, off, level)
                places = _append(places, n_found, more[0], first * len(signs))
                elements = _append(elements, n_found, more[1], here.start)
                scores = _append(scores, n_found, more[2], 0)
                n_found += len(more[0])
            if len(levels) and last > skipped:
                late = max(skipped - first, 0)
                count_reached(
                    part[late * m :],
                    chunk[late:],
                    data,
                    k,
                    off,
                    levels[here],
                    directions[here],
                    reached[here],
                )
    return places[:n_found], elements[:n_found], scores[:n_found]


@compiled
def _append(values: Numbers, n_values: int, more: Numbers, shift: int) -> Numbers:
    """Write more values after the first ones, in a new array where there is no room."""
    if n_values + len(more) > len(values):
        # Element by element: numba takes seconds to compile an assignment of one slice to another.
        longer = np.zeros(2 * (n_values + len(more)), values.dtype)
        for i in range(n_values):
            longer[i] = values[i]
        values = longer
    for i in range(len(more)):
        values[n_values + i] = more[i] + shift
    return values
