"""A mesh: vertices of a surface, neighbours along the edges of its triangles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.adjacency import Graph, from_edges

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Mesh:
    """Vertices of a surface that belong to a mask.

    Parameters
    ----------
    points : array of shape (vertices, 3)
        Place of every vertex of the whole surface in mm.
    faces : int array of shape (triangles, 3)
        Vertices of every triangle.
    mask : bool array of shape (vertices,)
        The V vertices that are elements, in their order on the surface.
    """

    points: Floats
    faces: NDArray[np.integer]
    mask: Flags

    @cached_property
    def n_elements(self) -> int:
        """Number of vertices in the mask, V."""
        return int(np.count_nonzero(self.mask))

    @property
    def coordinates(self) -> Floats:
        """Place of every element in mm, shape (V, 3)."""
        return np.asarray(self.points[self.mask], dtype=np.float64)

    @cached_property
    def inner_faces(self) -> Indices:
        """Triangles whose three vertices are elements, as elements, shape (t, 3)."""
        inside = self.mask[self.faces].all(axis=1)
        return np.asarray(self._number[self.faces[inside]])

    @cached_property
    def edges(self) -> Indices:
        """Pairs of elements joined by a side of some triangle, each once, shape (m, 2)."""
        sides = np.concatenate(
            [self.faces[:, [0, 1]], self.faces[:, [1, 2]], self.faces[:, [2, 0]]]
        )
        inside = sides[self.mask[sides].all(axis=1)]
        pairs = np.sort(self._number[inside], axis=1)
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        return np.unique(pairs, axis=0)

    @cached_property
    def areas(self) -> Floats:
        """Area of every element in mm², shape (V,): a third of the triangles around it.

        The triangles are those of the whole surface, so an element keeps its area whatever the
        mask; a vertex of no triangle has area 0.
        """
        a, b, c = (self.points[self.faces[:, i]].astype(np.float64) for i in range(3))
        triangle = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
        thirds = np.repeat(triangle / 3, 3)
        around = np.bincount(self.faces.ravel(), thirds, minlength=len(self.points))
        return np.asarray(around[self.mask], dtype=np.float64)

    def graph(self) -> Graph:
        """Return the graph of vertices joined by an edge of the mesh.

        Examples
        --------
        >>> square = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
        >>> mesh = Mesh(square, np.array([[0, 1, 2], [0, 2, 3]]), np.ones(4, dtype=bool))
        >>> mesh.graph().n_edges, round(mesh.areas.sum().item(), 9)
        (5, 1.0)
        """
        return from_edges(self.edges, self.areas, self.coordinates)

    @cached_property
    def _number(self) -> Indices:
        """Number of every vertex among the elements; meaningless outside the mask."""
        return np.cumsum(self.mask) - 1
