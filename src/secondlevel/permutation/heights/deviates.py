"""Normal deviates of statistics whose degrees of freedom differ between elements, from a table.

The tails of t and F take about 300 ns a value. Maps of a shuffle have 10^5, and every shuffle has
degrees of freedom of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.inference.tails import f_tail, t_tail
from secondlevel.permutation.heights.deviate_kernels import write_deviates

Floats = NDArray[np.float64]

# Pieces of an octave of the position and of the degrees of freedom, and the degree of the
# polynomial in both; `write_deviates` knows them too.
_PIECES = 8
_DOF_PIECES = 4
_DEGREE = 7

# Octaves of the position: 1 + t² up to t = 64; F from 1/1024 to 1024.
_T_OCTAVES = (0, 12)
_F_OCTAVES = (-10, 10)
_DOF_OCTAVES = (-1, 20)


@dataclass(frozen=True, eq=False)
class Deviates:
    """Deviates with the same upper tail as t, or F, as a function of statistic and dof.

    Of t it is z / t at 1 + t² that is kept, of F it is z at F. Both are smooth functions of the
    logarithms of position and degrees of freedom, so octaves of these are divided into equal
    pieces, as the bits of a double are, and on each cell the function is the polynomial through
    its Chebyshev points. What lies outside is computed.

    Parameters
    ----------
    dof_contrast : int
        Numerator degrees of freedom of F.
    signed : bool
        Whether it is of t.
    fewest : int
        Exponent of 2 of the degrees of freedom with which the table begins.
    table : array of shape (pieces, dof pieces, degree + 1, degree + 1)
        Coefficients of x^i y^j, where x and y go from -1 to 1 over a cell.

    Notes
    -----
    At degrees of freedom from 1 to 1e6 the largest relative difference from `inference.tails` is
    1e-11 for t, and for F, where |z| > 1, 2e-11; it is 4e-11 in all.

    Examples
    --------
    >>> deviates = Deviates.of(signed=True, dof_contrast=1, least=6.0, most=40.0)
    >>> deviates.z(np.array([-2.0, 2.0]), np.array([23.0, 8.5])).round(4)
    array([-1.8999,  1.7599])
    """

    dof_contrast: int
    signed: bool
    fewest: int
    table: Floats

    @classmethod
    def of(cls, *, signed: bool, dof_contrast: int, least: float, most: float) -> Deviates:
        """Compute the table for degrees of freedom from `least` to `most`."""
        fewest, last = np.clip(np.floor(np.log2([least, most])).astype(int), *_DOF_OCTAVES)
        points = np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
        octaves = _T_OCTAVES if signed else _F_OCTAVES
        at = _positions(np.arange(*octaves), _PIECES, points)[:, None, :, None]
        dof = _positions(np.arange(fewest, last + 1), _DOF_PIECES, points)[None, :, None, :]
        if signed:
            t = np.sqrt(at - 1.0)
            values = t_tail(t, dof).z / t
        else:
            values = f_tail(at, dof_contrast, dof).z
        inverse = np.linalg.inv(np.vander(points, increasing=True))
        table = np.ascontiguousarray(inverse @ values @ inverse.T)
        return cls(dof_contrast, signed, int(fewest), table)

    def z(self, values: Floats, dofs: Floats) -> Floats:
        """Return deviates of statistics with so many degrees of freedom, of the same shape."""
        out = np.empty(values.shape)
        lowest = (_T_OCTAVES if self.signed else _F_OCTAVES)[0]
        write_deviates(
            values.ravel(),
            dofs.ravel(),
            self.signed,
            lowest,
            self.fewest,
            self.table,
            out.reshape(-1),
        )
        rest = np.isnan(out)
        if rest.any():
            out[rest] = self._exact(values[rest], dofs[rest])
        return out

    def _exact(self, values: Floats, dofs: Floats) -> Floats:
        if self.signed:
            return t_tail(values, dofs).z
        return f_tail(values, self.dof_contrast, dofs).z


def _positions(octaves: NDArray[np.int64], pieces: int, points: Floats) -> Floats:
    """Points within the pieces of octaves, shape (octaves × pieces, points)."""
    fractions = (np.arange(pieces)[:, None] + (points + 1.0) / 2.0) / pieces
    return np.asarray(2.0 ** octaves[:, None, None] * (1.0 + fractions)).reshape(-1, len(points))
