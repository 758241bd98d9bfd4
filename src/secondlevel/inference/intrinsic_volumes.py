"""Intrinsic volumes of a search region in resels: its Euler characteristic, length, area, volume.

The region is taken for what its elements, the edges between neighbours, and the squares, cubes or
triangles that these enclose make together, so that regions without a common element simply add.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.mesh import Mesh

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]

PAIRS = ((0, 1), (0, 2), (1, 2))
"""Axes of a lattice's squares; corners of a triangle's sides."""


def first_corners(mask: Flags, axes: Sequence[int]) -> Flags:
    """Flag the voxels from which a cell extends forward along these axes within the mask.

    Parameters
    ----------
    mask : bool array of shape (x, y, z)
    axes : sequence of int
        One axis makes edges, two make squares, three cubes.

    Returns
    -------
    bool array of shape (x, y, z)

    Examples
    --------
    >>> first_corners(np.ones((3, 2, 1), dtype=bool), (0, 1))[..., 0].tolist()
    [[True, False], [True, False], [False, False]]
    """
    inside = mask.copy()
    for axis in axes:
        ahead = np.zeros_like(inside)
        here, there = ([slice(None)] * 3 for _ in range(2))
        here[axis], there[axis] = slice(None, -1), slice(1, None)
        ahead[tuple(here)] = inside[tuple(there)]
        inside &= ahead
    return inside


def lattice_resels(mask: Flags, resels_per_voxel: Floats) -> Floats:
    """Count the resels of a mask in 0, 1, 2 and 3 dimensions.

    Parameters
    ----------
    mask : bool array of shape (x, y, z)
    resels_per_voxel : array of shape (3,)
        Width of a voxel over FWHM along each axis.

    Returns
    -------
    array of shape (4,)

    Notes
    -----
    From the numbers of points P, edges E, squares F and cubes C with all their corners in the mask,
    and widths r (Worsley et al., 1996, Hum. Brain Mapp. 4, 58):
    R0 = P - ΣE + ΣF - C, R1 = Σ r_a (E_a - Σ F_ab + C), R2 = Σ r_a r_b (F_ab - C),
    R3 = r_x r_y r_z C.

    Examples
    --------
    >>> lattice_resels(np.ones((3, 3, 2), dtype=bool), np.array([0.5, 0.5, 0.5]))
    array([1. , 2.5, 2. , 0.5])
    """
    r = np.asarray(resels_per_voxel, dtype=np.float64)

    def count(*axes: int) -> int:
        return int(np.count_nonzero(first_corners(mask, axes)))

    cubes = count(0, 1, 2)
    edges = [count(axis) for axis in range(3)]
    squares = {pair: count(*pair) for pair in PAIRS}
    around = [sum(n for pair, n in squares.items() if axis in pair) for axis in range(3)]
    return np.array(
        [
            count() - sum(edges) + sum(squares.values()) - cubes,
            sum(r[axis] * (edges[axis] - around[axis] + cubes) for axis in range(3)),
            sum(r[a] * r[b] * (squares[a, b] - cubes) for a, b in PAIRS),
            r.prod() * cubes,
        ],
        dtype=np.float64,
    )


@dataclass(frozen=True, eq=False)
class Triangulation:
    """Vertices, edges and triangles of the parts of meshes that lie in their masks.

    Parameters
    ----------
    meshes : sequence of Mesh
        With no vertex in common; their V elements one mesh after the other.
    """

    meshes: Sequence[Mesh]

    @cached_property
    def n_elements(self) -> int:
        """Number of vertices, V."""
        return sum(mesh.n_elements for mesh in self.meshes)

    @cached_property
    def edges(self) -> Indices:
        """Pairs of elements, shape (m, 2), sorted."""
        return self._numbered([mesh.edges for mesh in self.meshes])

    @cached_property
    def triangles(self) -> Indices:
        """Triples of different elements, each once, shape (t, 3)."""
        corners = np.sort(self._numbered([mesh.inner_faces for mesh in self.meshes]), axis=1)
        whole = (corners[:, 0] != corners[:, 1]) & (corners[:, 1] != corners[:, 2])
        return np.unique(corners[whole], axis=0)

    @cached_property
    def sides(self) -> Indices:
        """Edges of every triangle, shape (t, 3)."""
        known = self.edges[:, 0] * self.n_elements + self.edges[:, 1]
        ends = [self.triangles[:, a] * self.n_elements + self.triangles[:, b] for a, b in PAIRS]
        return np.searchsorted(known, np.stack(ends, axis=1))

    @cached_property
    def lengths_mm(self) -> Floats:
        """Length of every edge in mm, shape (m,)."""
        points = np.concatenate([mesh.coordinates for mesh in self.meshes])
        along = points[self.edges[:, 1]] - points[self.edges[:, 0]]
        return np.asarray(np.linalg.norm(along, axis=1))

    def areas(self, lengths: Floats) -> Floats:
        """Area of every triangle, shape (t,), from the lengths of the edges, shape (m,).

        16 A² = 4 a²b² - (a² + b² - c²)² (Heron); 0 where the lengths make no triangle.
        """
        a, b, c = (lengths[self.sides] ** 2).T
        return np.asarray(np.sqrt(np.maximum(4.0 * a * b - (a + b - c) ** 2, 0.0)) / 4.0)

    def resels(self, lengths: Floats) -> Floats:
        """Count the resels in 0, 1, 2 and 3 dimensions.

        Parameters
        ----------
        lengths : array of shape (m,)
            Of the edges, over the FWHM.

        Returns
        -------
        array of shape (4,)

        Notes
        -----
        R0 = vertices - edges + triangles, R1 = the edges' lengths less half the triangles'
        perimeters, R2 = the triangles' area, R3 = 0 (Worsley et al., 1999, Hum. Brain Mapp. 8, 98).

        Examples
        --------
        >>> square = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
        >>> mesh = Mesh(square, np.array([[0, 1, 2], [0, 2, 3]]), np.ones(4, dtype=bool))
        >>> whole = Triangulation([mesh])
        >>> whole.resels(whole.lengths_mm).round(9)
        array([1., 2., 1., 0.])
        """
        euler = self.n_elements - len(self.edges) + len(self.triangles)
        half_perimeters = lengths[self.sides].sum() / 2.0
        return np.array([euler, lengths.sum() - half_perimeters, self.areas(lengths).sum(), 0.0])

    def _numbered(self, elements: Sequence[Indices]) -> Indices:
        """Elements of every mesh, numbered among those of all."""
        starts = np.cumsum([0, *(mesh.n_elements for mesh in self.meshes)])
        return np.concatenate([some + start for some, start in zip(elements, starts, strict=False)])
