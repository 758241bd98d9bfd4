"""t, F and partial correlations of shuffled designs: products of a few rows with the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from secondlevel.permutation.scores.kernels import scores_of_products
from secondlevel.permutation.scores.method import Directions
from secondlevel.permutation.scores.sweep import (
    Beyond,
    Reach,
    Swept,
    Wanted,
    block_width,
    collect,
    sweep_maps,
    tiles,
)
from secondlevel.permutation.scores.sweep_kernels import make_unit, sweep_tile
from secondlevel.permutation.shuffles.shuffle import Batch

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
Precision = TypeVar("Precision", np.float32, np.float64)

PRODUCTS = 64
"""Rows in a product in single precision."""

MAPS_AT_A_TIME = 8
"""Shuffles in a product where whole maps are wanted. Always so many, and each at the same place, so
that a shuffle's scores are the same in any batch."""

NOTHING = Reach(np.zeros(0), np.zeros(0))
"""No element is counted."""


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

    @property
    def enough(self) -> int:
        """A tenth of the time of 512 shuffles is preparation, whatever the number of maps."""
        return 512

    def sweep(self, data: Floats, batch: Batch, wanted: Wanted) -> Swept:
        """Go over all elements of the data, shape (n, V), for a batch of S shuffles."""
        rows = self.directions.rows(batch)
        if wanted.maps:
            return sweep_maps(self._maps(data, rows, batch.start), batch.start, wanted)
        n_shuffles, m, n = rows.shape
        singles = rows.reshape(-1, n).astype(np.float32)
        maxima = np.full((n_shuffles, len(wanted.signs)), -np.inf)
        reached = np.zeros(data.shape[1], dtype=np.int64)
        beyond: list[Beyond] = []
        for tile in tiles(*data.shape):
            unit, blocks = self._unit(data, tile)
            reach = NOTHING if wanted.reach is None else wanted.reach.part(tile)
            places, elements, scores = sweep_tile(
                rows,
                singles,
                unit,
                blocks,
                self.directions.n_tested,
                max(1, PRODUCTS // m),
                1.01 * (n + 4) * 2.0**-24,  # n roundings of a sum whose terms are 1 at most in all
                wanted.signs,
                maxima,
                np.inf if wanted.level is None else wanted.level,
                reach.levels,
                reach.directions,
                int(batch.start == 0),
                reached[tile],
            )
            beyond.append(Beyond(places, elements + np.int32(tile.start), scores))
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
            unit, _ = self._unit(data, tile)
            for start in range(0, len(padded), MAPS_AT_A_TIME):
                part = scores[start : start + MAPS_AT_A_TIME, tile]
                products = _multiply(
                    padded[start : start + MAPS_AT_A_TIME], unit[:, : part.shape[1]]
                )
                scores_of_products(products, self.directions.n_tested, m, part)
        return scores[before : before + len(rows)]

    def _unit(self, data: Floats, tile: slice) -> tuple[Floats, Singles]:
        """Data of some elements, of unit length once something was taken from them.

        What is removed is removed twice: the first time leaves rounding errors of the size of the
        data, the second of the size of what is left.

        Returns
        -------
        unit : array of shape (n, T + 8)
            The last 8 columns are not used. With a power of 2 from row to row, all values of an
            element would compete for the same few places in the cache.
        blocks : float32 array of shape (B, n, W)
            The same in single precision, W elements at a time, with zeros beyond the last.
        """
        removed, testable = self.directions.removed, self.testable[tile]
        n, n_elements, width = len(data), len(testable), block_width(len(data))
        # Of one layout, as it may decide on the order in which a product adds.
        unit = np.empty((n, n_elements + 8))
        left = unit[:, :n_elements]
        left[...] = data[:, tile]
        for _ in range(2 if removed.shape[1] else 0):
            left -= removed @ (removed.T @ left)
        blocks = np.empty((-(-n_elements // width), n, width), dtype=np.float32)
        make_unit(unit, testable, blocks)
        return unit, blocks


def _padded(rows: NDArray[Precision], at_a_time: int, before: int = 0) -> NDArray[Precision]:
    """Rows (S, m, n) with zeros above and below, to a multiple of so many shuffles."""
    after = -(before + len(rows)) % at_a_time
    above, below = (np.zeros((size, *rows.shape[1:]), rows.dtype) for size in (before, after))
    return np.concatenate([above, rows, below])


def _multiply(rows: NDArray[Precision], narrow: NDArray[Precision]) -> NDArray[Precision]:
    """Products of all rows, shape (S, m, n), with data (n, T): shape (S m, T)."""
    return np.asarray(rows.reshape(-1, rows.shape[2]) @ narrow)
