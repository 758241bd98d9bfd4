"""The loop that looks deviates up in a table, compiled once and cached."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.kernels import compiled

Floats = NDArray[np.float64]


@compiled
def write_deviates(
    values: Floats, dofs: Floats, signed: bool, lowest: int, fewest: int, table: Floats, out: Floats
) -> None:
    """Write deviates of statistics from a table; NaN where it has none.

    Parameters
    ----------
    values, dofs, out : array of shape (V,)
    signed : bool
        Whether values are v, else G.
    lowest, fewest : int
        Exponents of 2 of the position and the degrees of freedom with which the table begins.
    table : array of shape (8 octaves, 4 octaves, 8, 8)
        `Deviates` has the formula. The bits of a double say which cell it is in, and where.
    """
    room = np.empty(2)
    bits = room.view(np.int64)
    for v in range(len(values)):
        room[0] = 1.0 + values[v] * values[v] if signed else values[v]
        room[1] = dofs[v]
        piece, other = (bits[0] >> 49) - 8 * (1023 + lowest), (bits[1] >> 50) - 4 * (1023 + fewest)
        if piece < 0 or piece >= len(table) or other < 0 or other >= table.shape[1]:
            out[v] = np.nan
            continue
        x = (bits[0] & ((1 << 49) - 1)) * 2.0**-48 - 1.0
        y = (bits[1] & ((1 << 50) - 1)) * 2.0**-49 - 1.0
        cell = table[piece, other]
        total = 0.0
        for i in range(7, -1, -1):
            c = cell[i]
            low = c[0] + y * c[1] + y * y * (c[2] + y * c[3])
            high = c[4] + y * c[5] + y * y * (c[6] + y * c[7])
            total = total * x + (low + (y * y) * (y * y) * high)
        out[v] = total * values[v] if signed else total
