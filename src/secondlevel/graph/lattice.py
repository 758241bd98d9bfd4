"""A lattice: the voxels of a mask, neighbours by face, edge or corner."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError
from secondlevel.graph.adjacency import Graph

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

STEPS_APART = {6: 1, 18: 2, 26: 3}
"""Axes along which neighbours may differ, by the number of neighbours of an inner voxel."""

CONNECTIVITY_WORDS = (
    "connectivity is the number of neighbours of a voxel: 6 (faces), 18 (and edges) or 26 (and "
    "corners)."
)
"""What is said where it is none of these."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """Voxels of a mask on a grid, in C order of `mask[i, j, k]`.

    Parameters
    ----------
    mask : bool array of shape (x, y, z)
    affine : array of shape (4, 4)
        Voxel indices to mm.
    """

    mask: Flags
    affine: Floats

    @cached_property
    def n_elements(self) -> int:
        """Number of voxels in the mask, V."""
        return int(np.count_nonzero(self.mask))

    @property
    def voxel_widths(self) -> Floats:
        """Width of a voxel along each axis of the grid in mm, shape (3,)."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel in mm³; a determinant by elimination would say 7.999999999999998."""
        a, b, c = self.affine[:3, :3].T
        return float(abs(a @ np.cross(b, c)))

    @property
    def coordinates(self) -> Floats:
        """Centre of every voxel in mm, shape (V, 3)."""
        # Sums of three rows: a product of matrices would wake the threads of BLAS for it.
        i, j, k = np.nonzero(self.mask)
        rows = self.affine[:3]
        return np.stack([a * i + b * j + c * k + d for a, b, c, d in rows], axis=1)

    def graph(self, connectivity: int = 26) -> Graph:
        """Return the graph of neighbouring voxels.

        Parameters
        ----------
        connectivity : {6, 18, 26}
            Neighbours share a face (6), a face or an edge (18), a face, an edge or a corner (26).

        Raises
        ------
        InputError
            When it is none of these.

        Examples
        --------
        >>> corner_to_corner = Lattice(np.eye(3, dtype=bool)[None], np.eye(4))
        >>> corner_to_corner.graph(6).n_edges, corner_to_corner.graph(18).n_edges
        (0, 2)
        """
        moves = _moves(connectivity)
        # Heavy: brings numba, which a space that is asked for no neighbours does not need.
        from secondlevel.graph.kernels import link_lattice  # noqa: PLC0415

        voxels = np.argwhere(self.mask)
        number = np.full(np.add(self.mask.shape, 2), -1, dtype=np.int32)
        number[1:-1, 1:-1, 1:-1][self.mask] = np.arange(len(voxels))
        offsets, neighbours = link_lattice(voxels, number, moves)
        sizes = np.full(self.n_elements, self.voxel_volume)
        return Graph(offsets, neighbours, sizes, self.coordinates)


def _moves(connectivity: int) -> NDArray[np.int64]:
    """Steps from a voxel to each of its neighbours, shape (connectivity, 3), in C order."""
    if connectivity not in STEPS_APART:
        raise InputError(f"{CONNECTIVITY_WORDS} Got {connectivity!r}.")
    steps = np.indices((3, 3, 3)).reshape(3, -1).T - 1
    apart = np.abs(steps).sum(axis=1)
    return np.asarray(steps[(apart > 0) & (apart <= STEPS_APART[connectivity])])
