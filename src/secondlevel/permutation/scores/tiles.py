"""Elements cut into tiles, tiles into blocks; the data of a tile."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TILE_BYTES = 2**19
"""Data of a tile in double precision: what is done to them a few times should find them in the
cache."""

TILE = (128, 2048)
"""Fewest and most elements of a tile, powers of 2."""

BLOCK_VALUES = 15_000
"""Data of a block. Times 64 rows it is less than a million multiplications, from which on OpenBLAS
copies the factors of a product first."""

BLOCK = (64, 512)
"""Fewest and most elements of a block, powers of 2."""


def tiles(n_rows: int, n_elements: int) -> list[slice]:
    """Cut elements into tiles: a matter of the data alone, so results do not depend on the work."""
    width = _power_of_2(TILE_BYTES // (8 * n_rows), *TILE)
    return [slice(start, min(start + width, n_elements)) for start in range(0, n_elements, width)]


def block_width(n_rows: int) -> int:
    """Elements of a tile that are multiplied at a time."""
    return _power_of_2(BLOCK_VALUES // n_rows, *BLOCK)


def _power_of_2(wanted: int, fewest: int, most: int) -> int:
    """The largest power of 2 up to what is wanted, within bounds."""
    return min(max(fewest, 1 << max(wanted, 1).bit_length() - 1), most)


def take_out(removed: Floats, data: Floats) -> None:
    """Take something out of data, in place.

    Twice: the first time leaves rounding errors of the size of the data, the second of the size of
    what is left.

    Parameters
    ----------
    removed : array of shape (n, r)
        Orthonormal basis of what is taken out.
    data : array of shape (n, T)
        Rows first: the layout may decide on the order in which a product adds.
    """
    for _ in range(2 if removed.shape[1] else 0):
        data -= removed @ (removed.T @ data)
