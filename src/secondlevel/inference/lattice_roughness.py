"""Smoothness of maps on a grid: differences of voxels and of those ahead along every axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError, MaskError
from secondlevel.graph.lattice import Lattice
from secondlevel.inference.euler import ROUGHNESS
from secondlevel.inference.intrinsic_volumes import first_corners, lattice_resels
from secondlevel.inference.roughness_limits import CHUNK, check_enough_maps, check_variation
from secondlevel.inference.smoothness import Smoothness, local_fwhm

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class LatticeRoughness:
    """Forward differences on a grid, at voxels that begin a cube (or square, or edge) of elements.

    Parameters
    ----------
    lattice : Lattice
    """

    lattice: Lattice

    @property
    def n_elements(self) -> int:
        """Number of voxels, V."""
        return self.lattice.n_elements

    @cached_property
    def axes(self) -> tuple[int, ...]:
        """The D axes along which some elements are neighbours."""
        mask = self.lattice.mask
        return tuple(axis for axis in range(3) if first_corners(mask, (axis,)).any())

    @cached_property
    def corners(self) -> Indices:
        """The first element of every cell and those ahead of it along each axis, (1 + D, cells).

        Raises
        ------
        MaskError
            When there is no cell.
        """
        mask = self.lattice.mask
        first = np.flatnonzero(first_corners(mask, self.axes))
        if len(first) == 0:
            raise MaskError(
                "Smoothness cannot be estimated: no element has all its neighbours in the mask "
                f"(forward along {len(self.axes)} axes). Give a mask that is not all edge."
            )
        number = np.cumsum(mask) - 1
        steps = (mask.shape[1] * mask.shape[2], mask.shape[2], 1)
        ahead = [number.take(first + steps[axis]) for axis in self.axes]
        return np.stack([number.take(first), *ahead])

    @cached_property
    def _pairs(self) -> list[tuple[int, int]]:
        d = len(self.axes)
        return [(a, b) for a in range(d) for b in range(a, d)]

    def sums(self, maps: Floats) -> Floats:
        """Products of forward differences along two axes, summed over maps, (D(D+1)/2, cells)."""
        if not self.axes:
            return np.zeros((0, 0))
        sums = np.empty((len(self._pairs), self.corners.shape[1]))
        for start in range(0, sums.shape[1], CHUNK):
            part = slice(start, start + CHUNK)
            here, *ahead = [maps.take(corner[part], axis=1) for corner in self.corners]
            for values in ahead:
                np.subtract(values, here, out=values)
            for row, (a, b) in zip(sums, self._pairs, strict=True):
                np.einsum("ij,ij->j", ahead[a], ahead[b], out=row[part])
        return sums

    def smoothness(self, sums: Floats, dof: float | None) -> Smoothness:
        """Turn the sums over all maps into smoothness.

        RESELs per voxel are √(|Λ| / (4 ln 2)^D) in each cell; FWHM are in inverse proportion to the
        mean of √(Λ_aa / 4 ln 2) along every axis, and their product is the inverse of the mean of
        the resels.

        Raises
        ------
        InputError
            When there are too few degrees of freedom, or residuals that are the same everywhere.
        """
        d = len(self.axes)
        check_enough_maps(dof, d)
        along = np.full(3, math.nan)
        per_voxel = np.full(self.n_elements, math.nan)
        if d > 0:
            products = np.empty((sums.shape[1], d, d))
            for row, (a, b) in zip(sums, self._pairs, strict=True):
                products[:, a, b] = products[:, b, a] = row
            determinant = np.maximum(np.linalg.det(products / ROUGHNESS), 0.0)
            resels = np.sqrt(determinant)
            per_axis = np.sqrt(np.einsum("vaa->va", products) / ROUGHNESS).mean(axis=0)
            check_variation(resels)
            along[list(self.axes)] = per_axis * (resels.mean() / per_axis.prod()) ** (1 / d)
            per_voxel[self.corners[0]] = resels
        return self._smoothness(along, per_voxel, dof)

    def smoothness_by_correlation(self, sums: Floats, dof: float | None) -> Smoothness:
        """Turn the sums over all maps into smoothness, by the correlation of neighbours.

        Noise whose autocorrelation is Gaussian has ρ = exp(-1 / 4σ²) between neighbours one element
        apart along an axis, so σ² = -1 / (4 ln ρ) and FWHM = σ √(8 ln 2) (Forman et al., 1995,
        Magn. Reson. Med. 33, 636; Flitney and Jenkinson, 2000, FMRIB report TR00DF1). Of unit
        vectors ρ is 1 less half the square of their difference. The mean of ρ over all cells is
        taken, not corrected for the degrees of freedom; what single elements have is not told.

        Raises
        ------
        InputError
            When there are too few degrees of freedom, or neighbours are not alike.
        """
        check_enough_maps(dof, len(self.axes))
        along = np.full(3, math.nan)
        for axis, row in zip(self.axes, self._squares(sums), strict=True):
            check_variation(row)
            correlation = 1.0 - row.mean() / 2.0
            if correlation <= 0.0:
                raise InputError(
                    f"Smoothness cannot be estimated: along axis {axis} of the grid residuals of "
                    f"neighbours have correlation {correlation:.2g}. Are the maps smooth at all?"
                )
            along[axis] = math.sqrt(-4.0 * math.log(correlation)) / math.sqrt(8.0 * math.log(2.0))
        return self._smoothness(along, None, dof)

    def of_fwhm(self, fwhm_mm: Floats) -> Smoothness:
        """Return the smoothness of noise of a known FWHM in mm, shape () or (3,)."""
        widths = np.broadcast_to(fwhm_mm, 3)
        along = np.full(3, math.nan)
        for axis in self.axes:
            along[axis] = self.lattice.voxel_widths[axis] / widths[axis]
        return self._smoothness(along, None, None)

    def _squares(self, sums: Floats) -> list[Floats]:
        """Squared differences along every axis, of the products of all pairs."""
        return [row for row, (a, b) in zip(sums, self._pairs, strict=True) if a == b]

    def _smoothness(
        self, resels_along: Floats, per_voxel: Floats | None, dof: float | None
    ) -> Smoothness:
        widths = self.lattice.voxel_widths
        occupied = float(widths[list(self.axes)].prod())
        return Smoothness(
            lattice_resels(self.lattice.mask, np.nan_to_num(resels_along)),
            self.n_elements,
            1.0 / resels_along,
            widths / resels_along,
            per_voxel,
            dof,
            None if per_voxel is None else local_fwhm(occupied, per_voxel, len(self.axes)),
        )
