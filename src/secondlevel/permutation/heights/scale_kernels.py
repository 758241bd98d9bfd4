"""The loops over the scores of a whole map, compiled once and cached.

A score of 1 counts as the nearest double below, half a step on, so nothing is divided by 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.kernels import compiled

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

PIECES = 16
"""Equal parts of an octave that a table has; those of its degree are written out below."""


@compiled
def write_t(scores: Floats, dof: float, out: Floats) -> None:
    """Write √(dof |w| / (1 - |w|)) with the sign of the score w."""
    for v in range(len(scores)):
        share = abs(scores[v])
        odds = share / max(1.0 - share, 2.0**-54)
        out[v] = np.copysign(np.sqrt(dof * odds), scores[v])


@compiled
def write_f(scores: Floats, ratio: float, out: Floats) -> None:
    """Write ratio × w / (1 - w), those of a score w below 0 as 0."""
    for v in range(len(scores)):
        share = max(scores[v], 0.0)
        out[v] = ratio * (share / max(1.0 - share, 2.0**-54))


@compiled
def write_z(scores: Floats, unit: float, median: float, table: Floats, out: Floats) -> None:
    """Write deviates of scores, of t where the unit is 0; `ZTable` has the formula.

    Parameters
    ----------
    scores : array of shape (V,)
    unit : float
        w / (1 - w) is multiplied by it to be 1 at the median, where the table begins.
    median : float
        Score at the median.
    table : array of shape (pieces, 7)
        Coefficients of a piece, by powers of what goes from -1 to 1 over it. Positions are looked
        up by the bits of a double: its exponent and the first four bits of its fraction say which
        piece it is in, the others where.
    out : array of shape (V,)
    """
    signed = unit == 0.0
    first, rest = 1023 * PIECES, (1 << 48) - 1
    room = np.empty(1024)
    bits = room.view(np.int64)
    for start in range(0, len(scores), len(room)):
        n = min(len(room), len(scores) - start)
        for i in range(n):
            share = abs(scores[start + i])
            position = (1.0 if signed else share * unit) / max(1.0 - share, 2.0**-54)
            room[i] = max(1.0, position)
        for i in range(n):
            score = scores[start + i]
            piece, u = (bits[i] >> 48) - first, ((bits[i] & rest) << 1) * 2.0**-48 - 1.0
            if piece >= len(table):
                piece, u = len(table) - 1, 1.0
            c = table[np.uint64(piece)]
            square = u * u
            low = c[0] + u * c[1] + square * (c[2] + u * c[3])
            g = low + square * square * (c[4] + u * c[5] + square * c[6])
            if signed:
                out[start + i] = g * np.copysign(np.sqrt(abs(score)), score)
            else:
                out[start + i] = g * max(score - median, 0.0)
