"""A space of vertices: a mask on a mesh of one or several parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import MapError, MaskError
from secondlevel.graph.adjacency import Graph, union
from secondlevel.graph.mesh import Mesh
from secondlevel.spaces.inside import inside

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SurfaceSpace:
    """The vertices of a mask, part after part, as nilearn's surface masker has them.

    Parameters
    ----------
    mesh : PolyMesh
        nilearn's, with parts such as left and right hemisphere.
    masks : dict of part name to bool array
        One flag per vertex of the part.
    """

    mesh: Any
    masks: dict[str, Flags]

    @cached_property
    def n_elements(self) -> int:
        """Number of vertices in the mask, V."""
        return int(sum(np.count_nonzero(mask) for mask in self.masks.values()))

    @property
    def coordinates(self) -> Floats:
        """Position of every vertex in mm, shape (V, 3)."""
        parts = [self.mesh.parts[part].coordinates[mask] for part, mask in self.masks.items()]
        return np.concatenate(parts).astype(np.float64)

    @property
    def element_names(self) -> list[str]:
        """`vertex_part_i` for every element."""
        return [
            f"vertex_{part}_{i}" for part, mask in self.masks.items() for i in np.flatnonzero(mask)
        ]

    @property
    def pieces(self) -> tuple[Mesh, ...]:
        """The mesh of every part."""
        return tuple(
            Mesh(
                np.asarray(self.mesh.parts[part].coordinates),
                np.asarray(self.mesh.parts[part].faces),
                mask,
            )
            for part, mask in self.masks.items()
        )

    @property
    def element(self) -> str:
        """What an element is called."""
        return "vertex"

    @property
    def size_unit(self) -> str:
        """Unit of a vertex's size."""
        return "mm2"

    def graph(
        self,
        connectivity: int = 26,  # noqa: ARG002 - that of voxels; a mesh has its own
    ) -> Graph:
        """Return the neighbours of every vertex along the mesh; parts are not joined."""
        return union([piece.graph() for piece in self.pieces])

    @property
    def part_names(self) -> list[str]:
        """Part of the mesh that every element belongs to, shape (V,)."""
        return [part for part, mask in self.masks.items() for _ in range(np.count_nonzero(mask))]

    @property
    def places(self) -> Floats:
        """Position of every vertex in mm, shape (V, 3)."""
        return self.coordinates

    @property
    def mask_img(self) -> Any:
        """The mask as a surface image of booleans."""
        return self._image(dict(self.masks))

    def gather(self, image: Any, sample: int, name: str) -> Floats:
        """Values of one sample of a surface image, shape (V,).

        Raises
        ------
        MapError
            When the image's parts are not those of the mesh; it is called by `name`.
        """
        pieces = []
        for part, mask in self.masks.items():
            data = image.data.parts.get(part)
            if data is None or len(data) != len(mask):
                found = "no such part" if data is None else f"{len(data)} vertices"
                raise MapError(
                    f"Map {name} does not fit the mesh of the mask: part '{part}' has {len(mask)} "
                    f"vertices there, {found} here. Resample the map to that mesh."
                )
            pieces.append(data[mask] if data.ndim == 1 else data[mask, sample])
        return np.concatenate(pieces).astype(np.float64)

    def check(self, image: Any, name: str, other: str = "the mask") -> None:
        """Raise MapError unless a surface image with one sample lies on this mesh.

        Where its vertices are may differ: a pial and an inflated surface are the same mesh.

        Parameters
        ----------
        image : SurfaceImage
        name, other : str
            What to call the image, and what this mesh was taken from.
        """
        if not hasattr(image, "mesh"):
            raise MapError(f"{name} must be a surface image; got {type(image).__name__}.")
        samples = image.shape[1] if len(image.shape) > 1 else 1
        if samples != 1:
            raise MapError(f"{name} must hold one map; it holds {samples}. Choose one of them.")
        difference = _difference(image.mesh.parts, self.mesh.parts)
        if difference:
            raise MapError(
                f"{name} and {other} lie on different meshes: {difference}. Resample one to the "
                "mesh of the other."
            )

    def take(self, image: Any, name: str) -> NDArray[Any]:
        """Values of a surface image with one sample on this mesh, shape (V,).

        Raises
        ------
        MapError
            When the image is a volume, holds several samples, or lies on another mesh; it is
            called by `name`.
        """
        self.check(image, name)
        return self.gather(image, 0, name)

    def to_image(self, values: NDArray[Any]) -> Any:
        """Put values of shape (V,) or (k, V) into a surface image; 0 outside the mask."""
        data, start = {}, 0
        for part, mask in self.masks.items():
            stop = start + int(np.count_nonzero(mask))
            full = np.zeros((*values.shape[:-1], len(mask)), dtype=values.dtype)
            full[..., mask] = values[..., start:stop]
            data[part] = full.T
            start = stop
        return self._image(data)

    def _image(self, data: dict[str, NDArray[Any]]) -> Any:
        from nilearn.surface import SurfaceImage  # noqa: PLC0415 - heavy, and only for surfaces

        return SurfaceImage(mesh=self.mesh, data=data)

    def narrow(self, keep: Flags) -> SurfaceSpace:
        """Return the space of the kept elements only."""
        masks, start = {}, 0
        for part, mask in self.masks.items():
            stop = start + int(np.count_nonzero(mask))
            masks[part] = np.zeros_like(mask)
            masks[part][mask] = keep[start:stop]
            start = stop
        return replace(self, masks=masks)


def whole_mesh(image: Any) -> SurfaceSpace:
    """Return the space of every vertex of a surface image's mesh."""
    parts = image.data.parts
    return SurfaceSpace(
        image.mesh, {part: np.ones(len(data), dtype=bool) for part, data in parts.items()}
    )


def from_mask_surface(image: Any) -> SurfaceSpace:
    """Return the space of the vertices where a surface mask is not zero.

    Raises
    ------
    MaskError
        When the mask is empty, or holds several values or samples.
    """
    parts = {name: np.asarray(data) for name, data in image.data.parts.items()}
    if any(data.ndim > 1 and data.shape[1] != 1 for data in parts.values()):
        raise MaskError(
            f"A mask is a surface image with one sample; this one has {image.shape[1]}."
        )
    flags = inside(np.concatenate([data.ravel() for data in parts.values()]), "vertex")
    stops = np.cumsum([len(data) for data in parts.values()])
    return SurfaceSpace(image.mesh, dict(zip(parts, np.split(flags, stops[:-1]), strict=True)))


def _difference(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    """What tells two meshes apart, in words; nothing where they are the same."""
    if set(theirs) != set(ours):
        return f"parts {', '.join(theirs)} against {', '.join(ours)}"
    found = []
    for part, mesh in ours.items():
        if theirs[part].n_vertices != mesh.n_vertices:
            vertices = f"{theirs[part].n_vertices} vertices against {mesh.n_vertices}"
            found.append(f"part '{part}' has {vertices}")
        elif not _same_triangles(theirs[part].faces, mesh.faces):
            found.append(f"the triangles of part '{part}' join other vertices")
    return "; ".join(found)


def _same_triangles(a: NDArray[np.integer], b: NDArray[np.integer]) -> bool:
    """Whether two lists of triangles are the same, in whatever order."""
    if np.shape(a) != np.shape(b):
        return False
    if np.array_equal(a, b):
        return True
    in_order, also = (np.unique(np.sort(faces, axis=1), axis=0) for faces in (a, b))
    return np.array_equal(in_order, also)
