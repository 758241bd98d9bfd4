"""What every space can do."""

from __future__ import annotations

from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

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

    def to_image(self, values: NDArray[Any]) -> Any:
        """Put values of shape (V,) or (k, V) into an image; 0 outside the mask."""
        ...

    def narrow(self, keep: Flags) -> Self:
        """Return the space of the kept elements only."""
        ...
