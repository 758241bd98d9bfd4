"""Normal deviates of whole maps of scores, from a table.

Cumulative distributions of t and F take about 200 ns a value, and a map of a shuffle has 10^5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.permutation.heights.distribution import Distribution
from secondlevel.permutation.heights.scale_kernels import write_z

Floats = NDArray[np.float64]

# Pieces of an octave, and the degree that is needed for 1e-11 with them; `write_z` knows both.
_PIECES = 16
_DEGREE = 6
# Scores up to 1 - 2^-44 = 1 - 6e-14 have a piece of their own.
_LAST_OCTAVE = 44


@dataclass(frozen=True, eq=False)
class ZTable:
    """Deviates of scores w as a smooth function times a simple one.

    With x the score at the median, 0 for t, deviates of t are √w g(s), s = 1 / (1 - w), and those
    of F are (w - x) g(s), s = (w / (1 - w)) / (x / (1 - x)). In log s, g varies on a scale of 1 or
    more, whatever the degrees of freedom: it has singularities where s is 0 or infinite only. So s
    from 1 on is divided into octaves, those into equal pieces, as the bits of a double are, and on
    each piece g is the polynomial through its Chebyshev points.

    Parameters
    ----------
    signed : bool
        Whether it is of t.
    median : float
        Score at the median of F; 0 for t.
    coefficients : array of shape (pieces, degree + 1)
        Of u^i, where u goes from -1 to 1 over a piece.

    Notes
    -----
    At degrees of freedom from 1 to 1e6 the largest relative difference from `inference.tails` is
    1e-14 for t. For F it is 6e-12 where z > 0.001; nearer to the median both are off by 1e-14 in
    all, by rounding.
    """

    signed: bool
    median: float
    coefficients: Floats

    @classmethod
    def of(cls, null: Distribution) -> ZTable:
        """Compute the table of a distribution."""
        median = 0.0 if null.signed else float(null.score(null.at_z(0.0)))
        unit = 1.0 if null.signed else median / (1.0 - median)
        octaves = max(1, _LAST_OCTAVE - int(np.floor(np.log2(unit))))
        points = np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
        octave = 2.0 ** np.arange(octaves)[:, None, None]
        pieces = np.arange(_PIECES)[:, None]
        s = (octave * (1.0 + (pieces + (points + 1.0) / 2.0) / _PIECES)).reshape(-1, _DEGREE + 1)
        if null.signed:
            odds = s - 1.0
            simple = np.sqrt(odds / s)
        else:
            odds = s * unit
            simple = (s - 1.0) * median / (1.0 + odds)
        g = null.z(null.of_odds(odds)) / simple
        inverse = np.linalg.inv(np.vander(points, increasing=True))
        return cls(null.signed, median, np.ascontiguousarray(g @ inverse.T))

    def write(self, scores: Floats, out: Floats) -> None:
        """Write the deviates of scores, shape (V,), into `out`, shape (V,)."""
        unit = 0.0 if self.signed else (1.0 - self.median) / self.median
        write_z(scores, unit, self.median, self.coefficients, out)
