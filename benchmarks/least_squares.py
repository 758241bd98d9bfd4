"""Least squares on maps in memory: folded block by block, beside numpy's on all at once."""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from measure import best_seconds, compare
from secondlevel.models.least_squares import LeastSquares, RowsReduced
from secondlevel.streaming.onepass import block_size
from simulate import ELEMENTS, SEED, design

N_MAPS = 100

Floats = NDArray[np.float64]


def least_squares() -> dict[str, float]:
    """Measure the fold of 100 maps and `numpy.linalg.lstsq`; then one reduction, one merge."""
    rows = design(N_MAPS).to_numpy(dtype=np.float64)
    data = np.random.default_rng(SEED).standard_normal((N_MAPS, ELEMENTS))
    size = block_size(*rows.shape, ELEMENTS)
    first = _reduced(rows, data, slice(0, size))
    second = _reduced(rows, data, slice(size, 2 * size))
    return {
        **compare(
            secondlevel=lambda: _fold(rows, data, size),
            peer=lambda: np.linalg.lstsq(rows, data),
        ),
        "reduce_seconds": best_seconds(lambda: _reduced(rows, data, slice(0, size))) / size,
        "merge_seconds": best_seconds(lambda: first.merge(second)) / size,
    }


def _fold(rows: Floats, data: Floats, size: int) -> RowsReduced:
    blocks = (slice(start, start + size) for start in range(0, len(rows), size))
    return reduce(RowsReduced.merge, (_reduced(rows, data, block) for block in blocks))


def _reduced(rows: Floats, data: Floats, block: slice) -> RowsReduced:
    return LeastSquares().reduce(rows[block], data[block])
