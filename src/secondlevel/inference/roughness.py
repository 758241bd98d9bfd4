"""From maps of residuals to smoothness: how much they differ between neighbouring elements.

With residuals e of a map at one element, and RSS their sum of squares over all maps, u = e / √RSS
is a unit vector over the maps. Its derivatives, Λ = Σ ∇u ∇uᵀ summed over the maps, give the resels
without bias: with ν residual degrees of freedom √|Λ| in D dimensions has the mean of the true one
times E[χ(ν-1) … χ(ν-D)] E[χ(ν)^-D], and these two are each other's inverse. So no further factor of
ν is due (Worsley et al., 1999, Hum. Brain Mapp. 8, 98; the factor n/ν of Kiebel et al., 1999,
NeuroImage 10, 756, turns a mean over n maps of e / √(RSS/ν) into the same sum).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.errors import InputError
from secondlevel.graph.lattice import Lattice
from secondlevel.graph.mesh import Mesh
from secondlevel.inference.arguments import as_numbers
from secondlevel.inference.intrinsic_volumes import Triangulation
from secondlevel.inference.lattice_roughness import LatticeRoughness
from secondlevel.inference.mesh_roughness import MeshRoughness
from secondlevel.inference.smoothness import Smoothness

Floats = NDArray[np.float64]


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

    def smoothness_by_correlation(self, sums: Floats, dof: float | None) -> Smoothness:
        """Do the same from the correlation of neighbours, which is exact for Gaussian shapes."""
        ...

    def of_fwhm(self, fwhm_mm: Floats) -> Smoothness:
        """Return the smoothness of noise of a known FWHM in mm."""
        ...


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
    for kind, group in groupby(pieces, type):
        made.extend(_PREPARED[kind](list(group)))
    return tuple(made)


_PREPARED: dict[type, Callable[[list[Any]], list[Roughness]]] = {
    Lattice: lambda lattices: [LatticeRoughness(lattice) for lattice in lattices],
    Mesh: lambda meshes: [MeshRoughness(Triangulation(meshes))],
}
"""What each kind of piece is prepared by, of which some lie next to each other."""


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
    InputError, InputTypeError
        When a FWHM is not positive, or no number.

    Examples
    --------
    >>> cube = Lattice(np.ones((9, 9, 9), dtype=bool), np.diag([2.0, 2, 2, 1]))
    >>> brain = smoothness_of_fwhm([cube], 8.0)
    >>> brain.resels, brain.fwhm
    (array([ 1.,  6., 12.,  8.]), array([4., 4., 4.]))
    """
    wanted = "A FWHM is a positive number of mm, or three"
    widths = as_numbers(fwhm_mm, wanted)
    if widths.shape not in {(), (3,)} or not (np.isfinite(widths) & (widths > 0.0)).all():
        raise InputError(f"{wanted}. Got {fwhm_mm!r}.")
    return Smoothness.join([part.of_fwhm(widths) for part in make_roughness(pieces)])
