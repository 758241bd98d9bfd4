"""What every space can do."""

from __future__ import annotations

from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.adjacency import Graph
from secondlevel.graph.lattice import Lattice
from secondlevel.graph.mesh import Mesh

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Space(Protocol):
    """The elements of an analysis, in a fixed order: image to vector and back."""

    @property
    def n_elements(self) -> int:
        """Number of elements, V."""
        ...

    @property
    def mask_img(self) -> Any:
        """The mask as an image."""
        ...

    @property
    def coordinates(self) -> Floats:
        """Position of every element in mm, shape (V, 3)."""
        ...

    @property
    def element_names(self) -> list[str]:
        """A name for every element."""
        ...

    @property
    def pieces(self) -> tuple[Lattice | Mesh, ...]:
        """The lattice or meshes that hold the elements, one after the other."""
        ...

    @property
    def element(self) -> str:
        """What an element is called: "voxel" or "vertex"."""
        ...

    @property
    def size_unit(self) -> str:
        """Unit of an element's size: "mm3" or "mm2"."""
        ...

    @property
    def part_names(self) -> list[str] | None:
        """Part of the mesh that every element belongs to, shape (V,); None in a volume."""
        ...

    @property
    def places(self) -> NDArray[np.integer] | Floats:
        """Where every element lies, shape (V, 3): voxel indices, or on a mesh mm."""
        ...

    def graph(self, connectivity: int = 26) -> Graph:
        """Return the neighbours of every element; the connectivity is that of voxels."""
        ...

    def check(self, image: Any, name: str, other: str = "the mask") -> None:
        """Raise MapError unless an image lies on this grid or mesh, which is that of `other`."""
        ...

    def take(self, image: Any, name: str) -> NDArray[Any]:
        """Values of an image with one map, shape (V,); MapError when it does not lie here."""
        ...

    def to_image(self, values: NDArray[Any]) -> Any:
        """Put values of shape (V,) or (k, V) into an image; 0 outside the mask."""
        ...

    def narrow(self, keep: Flags) -> Self:
        """Return the space of the kept elements only."""
        ...
