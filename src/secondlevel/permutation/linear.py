"""t, F and partial correlations of shuffled designs: products of a few rows with the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from secondlevel.permutation.kernels import (
    count_reached,
    find_beyond,
    raise_maxima,
    scores_of_products,
)
from secondlevel.permutation.method import Directions
from secondlevel.permutation.shuffle import Batch
from secondlevel.permutation.sweep import Beyond, Reach, Swept, Wanted, collect, sweep_maps, tiles

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
Precision = TypeVar("Precision", np.float32, np.float64)

AT_A_TIME = 32
"""Shuffles in a product. Always so many, so that a shuffle's product is the same in any batch."""

MAPS_AT_A_TIME = 8
"""The same where whole maps are wanted."""


@dataclass(frozen=True, eq=False)
class LinearStatistic:
    """The score of what is tested: the share that it explains of what nuisance leaves.

    Parameters
    ----------
    directions : Directions
    testable : bool array of shape (V,)
        Where the maps have residual variance; the score is 0 elsewhere.
    """

    directions: Directions
    testable: Flags

    def sweep(self, data: Floats, batch: Batch, wanted: Wanted) -> Swept:
        """Go over all elements of the data, shape (n, V), for a batch of S shuffles."""
        rows = self.directions.rows(batch)
        if wanted.maps:
            return sweep_maps(self._maps(data, rows, batch.start), batch.start, wanted)
        singles = _padded(rows.astype(np.float32), AT_A_TIME)
        maxima = np.full((len(rows), len(wanted.signs)), -np.inf)
        reached = np.zeros(data.shape[1], dtype=np.int64)
        beyond: list[Beyond] = []
        for tile in tiles(*data.shape):
            unit = self._unit(data, tile)
            narrow = unit.T.astype(np.float32)
            for start in range(0, len(rows), AT_A_TIME):
                chunk = slice(start, min(start + AT_A_TIME, len(rows)))
                part = _Part(
                    _multiply(singles[start : start + AT_A_TIME], narrow),
                    rows[chunk],
                    unit,
                    self.directions.n_tested,
                )
                part.raise_maxima(wanted.signs, maxima[chunk])
                if wanted.level is not None:
                    beyond.append(part.beyond(wanted.signs, wanted.level, start, tile.start))
                if wanted.reach is not None:
                    skipped = int(batch.start + start == 0)
                    part.count(wanted.reach.part(tile), reached[tile], skipped)
        listed = None if wanted.level is None else collect(beyond)
        return Swept(maxima, listed, None if wanted.reach is None else reached, None)

    def _maps(self, data: Floats, rows: Floats, first: int) -> Floats:
        """Scores of all elements in double precision, shape (S, V), from a shuffle's number on.

        A shuffle always has the same place in a product, whichever the batch begins with: where it
        stands may decide on the order in which a matrix product adds.
        """
        before, m = first % MAPS_AT_A_TIME, self.directions.n_rows
        padded = _padded(rows, MAPS_AT_A_TIME, before)
        scores = np.empty((len(padded), data.shape[1]))
        for tile in tiles(*data.shape):
            unit = self._unit(data, tile)
            for start in range(0, len(padded), MAPS_AT_A_TIME):
                products = _multiply(padded[start : start + MAPS_AT_A_TIME], unit.T)
                part = scores[start : start + MAPS_AT_A_TIME, tile]
                scores_of_products(products, self.directions.n_tested, m, part)
        return scores[before : before + len(rows)]

    def _unit(self, data: Floats, tile: slice) -> Floats:
        """Data of some elements, shape (T, n), of unit length once something was taken from them.

        What is removed is removed twice: the first time leaves rounding errors of the size of the
        data, the second of the size of what is left.
        """
        removed = self.directions.removed
        # Of one layout, as it may decide on the order in which a product adds.
        left = np.array(data[:, tile], dtype=np.float64, order="C")
        for _ in range(2 if removed.shape[1] else 0):
            left -= removed @ (removed.T @ left)
        length = np.sqrt(np.einsum("ij,ij->j", left, left))
        testable = self.testable[tile] & (length > 0.0)
        left *= np.divide(1.0, length, out=np.zeros_like(length), where=testable)
        return np.ascontiguousarray(left.T)


@dataclass(frozen=True, eq=False)
class _Part:
    """Some shuffles at some elements.

    Parameters
    ----------
    products : float32 array of shape (S m, T)
    rows : array of shape (S, m, n)
    unit : array of shape (T, n)
    n_tested : int
    """

    products: Singles
    rows: Floats
    unit: Floats
    n_tested: int

    @property
    def off(self) -> float:
        """How far a product may be off: n roundings of a sum whose terms are 1 at most in all."""
        return float(1.01 * (self.rows.shape[2] + 4) * 2.0**-24)

    def raise_maxima(self, signs: Floats, best: Floats) -> None:
        raise_maxima(self.products, self.rows, self.unit, self.n_tested, signs, self.off, best)

    def beyond(self, signs: Floats, level: float, shuffle: int, element: int) -> Beyond:
        """List what reaches a level; the first shuffle and element have these numbers."""
        places, elements, scores = find_beyond(
            self.products, self.rows, self.unit, self.n_tested, signs, self.off, level
        )
        places += np.int32(shuffle * len(signs))
        elements += np.int32(element)
        return Beyond(places, elements, scores)

    def count(self, reach: Reach, reached: Counts, skipped: int) -> None:
        """Count at every element the shuffles that reach it, but for the first ones."""
        m = self.rows.shape[1]
        count_reached(
            self.products[skipped * m :],
            self.rows[skipped:],
            self.unit,
            self.n_tested,
            self.off,
            reach.levels,
            reach.directions,
            reached,
        )


def _padded(rows: NDArray[Precision], at_a_time: int, before: int = 0) -> NDArray[Precision]:
    """Rows (S, m, n) with zeros above and below, to a multiple of so many shuffles."""
    after = -(before + len(rows)) % at_a_time
    above, below = (np.zeros((size, *rows.shape[1:]), rows.dtype) for size in (before, after))
    return np.concatenate([above, rows, below])


def _multiply(rows: NDArray[Precision], narrow: NDArray[Precision]) -> NDArray[Precision]:
    """Products of all rows, shape (S, m, n), with data (n, T): shape (S m, T)."""
    return np.asarray(rows.reshape(-1, rows.shape[2]) @ narrow)
