"""t, F and partial correlations of shuffled designs: products of a few rows with the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.permutation.scores.asked import Beyond, Reach, Swept, Wanted
from secondlevel.permutation.scores.kernels import scores_of_products
from secondlevel.permutation.scores.method import Directions
from secondlevel.permutation.scores.sweep_kernels import make_unit, sweep_tile
from secondlevel.permutation.scores.tiles import block_width, take_out, tiles
from secondlevel.permutation.scores.whole_maps import collect, sweep_maps
from secondlevel.permutation.shuffles.shuffle import Batch

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]

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
    def best_batch(self) -> int:
        """Number of shuffles worth doing together.

        A tenth of the time of 512 is preparation, whatever the number of maps.
        """
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
        width = block_width(n)
        for tile in tiles(*data.shape):
            blocks = np.empty((-(-len(reached[tile]) // width), n, width), dtype=np.float32)
            unit = self._unit(data, tile, blocks)
            reach = NOTHING if wanted.reach is None else wanted.reach.part(tile)
            places, elements, scores = sweep_tile(
                rows,
                singles,
                unit,
                blocks,
                self.directions.n_tested,
                max(1, PRODUCTS // m),
                bound_of_product(n),
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
        m, k = self.directions.n_rows, self.directions.n_tested
        before = first % MAPS_AT_A_TIME
        padded = _padded(rows, MAPS_AT_A_TIME, before)
        scores = np.empty((len(padded), data.shape[1]))
        no_blocks = np.empty((0, len(data), 1), dtype=np.float32)
        for tile in tiles(*data.shape):
            unit = self._unit(data, tile, no_blocks)[:, : tile.stop - tile.start]
            part = np.empty((MAPS_AT_A_TIME, unit.shape[1]))
            for start in range(0, len(padded), MAPS_AT_A_TIME):
                some = padded[start : start + MAPS_AT_A_TIME].reshape(-1, len(data))
                scores_of_products(some @ unit, k, m, part)
                scores[start : start + MAPS_AT_A_TIME, tile] = part
        return scores[before : before + len(rows)]

    def _unit(self, data: Floats, tile: slice, blocks: Singles) -> Floats:
        """Data of some elements, of unit length once something was taken from them.

        Written to `blocks` in single precision, as `make_unit` does.

        Returns
        -------
        array of shape (n, T + 8)
            The last 8 columns are not used. With a power of 2 from row to row, all values of an
            element would compete for the same few places in the cache.
        """
        testable = self.testable[tile]
        unit = np.empty((len(data), len(testable) + 8))
        left = unit[:, : len(testable)]
        left[...] = data[:, tile]
        take_out(self.directions.removed, left)
        make_unit(unit, testable, blocks)
        return unit


def bound_of_product(n: int) -> float:
    """How far a product of n values in single precision may be off, whatever order it adds in.

    Both vectors are of unit length, x and y. With u = 2⁻²⁴, each term is rounded at most n + 2
    times: both values, their product, n - 1 sums. So it is off by γ |x_i y_i| at most, with
    γ = (n + 2) u / (1 - (n + 2) u), and all together by γ Σ|x_i y_i| ≤ γ (Cauchy and Schwarz;
    Higham, 2002, Accuracy and Stability of Numerical Algorithms, section 3.1). Two more u are for
    lengths that are 1 but for rounding, and for values too small for single precision; 1.01 is more
    than the denominator up to 160 000 maps.
    """
    return 1.01 * (n + 4) * 2.0**-24


def _padded(rows: Floats, at_a_time: int, before: int) -> Floats:
    """Rows (S, m, n) with zeros above and below, to a multiple of so many shuffles."""
    after = -(before + len(rows)) % at_a_time
    above, below = (np.zeros((size, *rows.shape[1:])) for size in (before, after))
    return np.concatenate([above, rows, below])
