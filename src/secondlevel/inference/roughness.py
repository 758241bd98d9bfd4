"""From maps of residuals to smoothness: how much they differ between neighbouring elements.

With residuals e of a map at one element, and RSS their sum of squares over all maps, u = e / √RSS
is a unit vector over the maps. Its derivatives, Λ = Σ ∇u ∇uᵀ summed over the maps, give the resels
without bias: with ν residual degrees of freedom √|Λ| in D dimensions has the mean of the true one
times E[χ(ν-1) … χ(ν-D)] E[χ(ν)^-D], and these two are each other's inverse. So no further factor of
ν is due (Worsley et al., 1999, Hum. Brain Mapp. 8, 98; the factor n/ν of Kiebel et al., 1999,
NeuroImage 10, 756, turns a mean over n maps of e / √(RSS/ν) into the same sum).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.errors import InputError, MaskError
from secondlevel.graph.lattice import Lattice
from secondlevel.graph.mesh import Mesh
from secondlevel.inference.euler import ROUGHNESS
from secondlevel.inference.intrinsic_volumes import Triangulation, first_corners, lattice_resels
from secondlevel.inference.smoothness import Smoothness

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

CHUNK = 8192
"""Elements compared at a time: their differences stay in the cache."""


class Roughness(Protocol):
    """Differences between neighbouring elements of a region; prepared once for all maps."""

    @property
    def n_elements(self) -> int:
        """Number of elements, V."""
        ...

    def sums(self, maps: Floats) -> Floats:
        """Products of differences of maps, shape (b, V), summed over them; those of all add."""
        ...

    def smoothness(self, sums: Floats, dof: float | None) -> Smoothness:
        """Turn the sums over all maps, of unit vectors at every element, into smoothness."""
        ...

    def of_fwhm(self, fwhm_mm: Floats) -> Smoothness:
        """Return the smoothness of noise of a known FWHM in mm."""
        ...


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
        _check_dof(dof, d)
        along = np.full(3, math.nan)
        per_voxel = np.full(self.n_elements, math.nan)
        if d > 0:
            products = np.empty((sums.shape[1], d, d))
            for row, (a, b) in zip(sums, self._pairs, strict=True):
                products[:, a, b] = products[:, b, a] = row
            determinant = np.maximum(np.linalg.det(products / ROUGHNESS), 0.0)
            resels = np.sqrt(determinant)
            per_axis = np.sqrt(np.einsum("vaa->va", products) / ROUGHNESS).mean(axis=0)
            _check_variation(resels)
            along[list(self.axes)] = per_axis * (resels.mean() / per_axis.prod()) ** (1 / d)
            per_voxel[self.corners[0]] = resels
        return self._smoothness(along, per_voxel, dof)

    def of_fwhm(self, fwhm_mm: Floats) -> Smoothness:
        """Return the smoothness of noise of a known FWHM in mm, shape () or (3,)."""
        widths = np.broadcast_to(fwhm_mm, 3)
        along = np.full(3, math.nan)
        for axis in self.axes:
            along[axis] = self.lattice.voxel_widths[axis] / widths[axis]
        return self._smoothness(along, None, None)

    def _smoothness(
        self, resels_along: Floats, per_voxel: Floats | None, dof: float | None
    ) -> Smoothness:
        return Smoothness(
            lattice_resels(self.lattice.mask, np.nan_to_num(resels_along)),
            self.n_elements,
            1.0 / resels_along,
            self.lattice.voxel_widths / resels_along,
            per_voxel,
            dof,
        )


@dataclass(frozen=True, eq=False)
class MeshRoughness:
    """Differences along the edges of meshes.

    Parameters
    ----------
    triangulation : Triangulation
    """

    triangulation: Triangulation

    @property
    def n_elements(self) -> int:
        """Number of vertices, V."""
        return self.triangulation.n_elements

    def sums(self, maps: Floats) -> Floats:
        """Squared differences between the ends of every edge, summed over maps, shape (m,)."""
        one, other = np.ascontiguousarray(self.triangulation.edges.T)
        sums = np.empty(len(one))
        for start in range(0, len(one), CHUNK):
            part = slice(start, start + CHUNK)
            apart = maps.take(one[part], axis=1) - maps.take(other[part], axis=1)
            np.einsum("ij,ij->j", apart, apart, out=sums[part])
        return sums

    def smoothness(self, sums: Floats, dof: float | None) -> Smoothness:
        """Turn the sums over all maps into smoothness.

        An edge is as long as the distance between the unit vectors at its ends, over √(4 ln 2).

        Raises
        ------
        InputError
            When there are too few degrees of freedom, or residuals that are the same everywhere.
        """
        lengths = np.sqrt(sums / ROUGHNESS)
        if len(lengths):
            _check_dof(dof, 2 if len(self.triangulation.triangles) else 1)
            _check_variation(lengths)
        return self._smoothness(lengths, dof)

    def of_fwhm(self, fwhm_mm: Floats) -> Smoothness:
        """Return the smoothness of noise of a known FWHM in mm, shape ()."""
        if np.ndim(fwhm_mm) > 0:
            raise InputError(f"On a mesh a FWHM is one number of mm. Got {fwhm_mm}.")
        return self._smoothness(self.triangulation.lengths_mm / fwhm_mm, None)

    def _smoothness(self, lengths: Floats, dof: float | None) -> Smoothness:
        whole = self.triangulation
        corners = whole.triangles.ravel()
        resels = whole.resels(lengths)
        areas = whole.areas(lengths)
        inside = np.bincount(corners, minlength=self.n_elements) > 0
        shared = np.bincount(corners, np.repeat(areas / 3.0, 3), minlength=self.n_elements)
        width = width_mm = math.nan
        if resels[2] > 0.0:
            width = math.sqrt(np.count_nonzero(inside) / resels[2])
            width_mm = math.sqrt(whole.areas(whole.lengths_mm).sum() / resels[2])
        return Smoothness(
            resels,
            self.n_elements,
            np.full(2, width),
            np.full(2, width_mm),
            np.where(inside, shared, math.nan),
            dof,
        )


def make_roughness(pieces: Sequence[Lattice | Mesh]) -> tuple[Roughness, ...]:
    """Prepare the differences of a search region: those of meshes together, of each lattice apart.

    Parameters
    ----------
    pieces : sequence of Lattice and Mesh
        In the order of their elements, meshes next to each other.

    Returns
    -------
    tuple of Roughness
    """
    made: list[Roughness] = []
    for is_mesh, group in groupby(pieces, lambda piece: isinstance(piece, Mesh)):
        parts = list(group)
        if is_mesh:
            made.append(MeshRoughness(Triangulation([p for p in parts if isinstance(p, Mesh)])))
        else:
            made.extend(LatticeRoughness(p) for p in parts if isinstance(p, Lattice))
    return tuple(made)


def smoothness_of_fwhm(pieces: Sequence[Lattice | Mesh], fwhm_mm: ArrayLike) -> Smoothness:
    """Return the smoothness of noise of a known FWHM.

    Parameters
    ----------
    pieces : sequence of Lattice and Mesh
        The search region.
    fwhm_mm : float, or three
        In mm, on a lattice along each axis of its grid.

    Raises
    ------
    InputError
        When a FWHM is not positive.

    Examples
    --------
    >>> cube = Lattice(np.ones((9, 9, 9), dtype=bool), np.diag([2.0, 2, 2, 1]))
    >>> brain = smoothness_of_fwhm([cube], 8.0)
    >>> brain.resels, brain.fwhm
    (array([ 1.,  6., 12.,  8.]), array([4., 4., 4.]))
    """
    widths = np.asarray(fwhm_mm, dtype=np.float64)
    if widths.shape not in {(), (3,)} or not (np.isfinite(widths) & (widths > 0.0)).all():
        raise InputError(f"A FWHM is a positive number of mm, or three. Got {fwhm_mm!r}.")
    return Smoothness.join([part.of_fwhm(widths) for part in make_roughness(pieces)])


def _check_dof(dof: float | None, dimension: int) -> None:
    """Raise InputError where unit vectors over the maps have too little room to turn in."""
    if dof is not None and dof <= dimension > 0:
        raise InputError(
            f"Smoothness in {dimension} dimensions needs more than {dimension} residual degrees of "
            f"freedom; there are {dof:g}. Take more maps."
        )


def _check_variation(differences: Floats) -> None:
    if not differences.any():
        raise InputError(
            "Smoothness cannot be estimated: the residuals do not change from one element to the "
            "next. Are the maps constant, or copies of each other?"
        )
