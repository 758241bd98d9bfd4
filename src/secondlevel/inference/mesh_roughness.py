"""Smoothness of maps on meshes: differences along their edges."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError
from secondlevel.inference.euler import ROUGHNESS
from secondlevel.inference.intrinsic_volumes import Triangulation
from secondlevel.inference.roughness_limits import CHUNK, check_enough_maps, check_variation
from secondlevel.inference.smoothness import Smoothness, local_fwhm

Floats = NDArray[np.float64]


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
            check_enough_maps(dof, 2 if len(self.triangulation.triangles) else 1)
            check_variation(lengths)
        return self._smoothness(lengths, dof)

    def smoothness_by_correlation(
        self,
        sums: Floats,  # noqa: ARG002 - as on a grid
        dof: float | None,  # noqa: ARG002
    ) -> Smoothness:
        """Refuse: edges of a mesh have many lengths, and neighbours no common correlation."""
        raise InputError(
            "On a mesh smoothness is estimated from differences: method='differences'."
        )

    def of_fwhm(self, fwhm_mm: Floats) -> Smoothness:
        """Return the smoothness of noise of a known FWHM in mm, shape ()."""
        if np.ndim(fwhm_mm) > 0:
            raise InputError(f"On a mesh a FWHM is one number of mm. Got {fwhm_mm}.")
        return self._smoothness(self.triangulation.lengths_mm / fwhm_mm, None)

    def _smoothness(self, lengths: Floats, dof: float | None) -> Smoothness:
        whole = self.triangulation
        resels, areas_mm = whole.resels(lengths), whole.areas(whole.lengths_mm)
        inside = np.bincount(whole.triangles.ravel(), minlength=self.n_elements) > 0
        per_vertex = np.where(inside, self._shares(whole.areas(lengths)), math.nan)
        width = width_mm = math.nan
        if resels[2] > 0.0:
            width = math.sqrt(np.count_nonzero(inside) / resels[2])
            width_mm = math.sqrt(areas_mm.sum() / resels[2])
        return Smoothness(
            resels,
            self.n_elements,
            np.full(2, width),
            np.full(2, width_mm),
            per_vertex,
            dof,
            local_fwhm(self._shares(areas_mm), per_vertex, 2),
            stationary=False,
        )

    def _shares(self, areas: Floats) -> Floats:
        """What every vertex has of the areas of the triangles around it: a third of each."""
        thirds = np.repeat(areas / 3.0, 3)
        corners = self.triangulation.triangles.ravel()
        return np.asarray(np.bincount(corners, thirds, minlength=self.n_elements), dtype=np.float64)
