"""What residuals must be for their smoothness to be estimated, and how many are taken at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError

Floats = NDArray[np.float64]

CHUNK = 8192
"""Elements compared at a time: their differences stay in the cache."""


def check_enough_maps(dof: float | None, dimension: int) -> None:
    """Raise InputError where unit vectors over the maps have too little room to turn in."""
    if dof is not None and dof <= dimension > 0:
        raise InputError(
            f"Smoothness in {dimension} dimensions needs more than {dimension} residual degrees of "
            f"freedom; there are {dof:g}. Take more maps."
        )


def check_variation(differences: Floats) -> None:
    """Raise InputError where no neighbours differ."""
    if not differences.any():
        raise InputError(
            "Smoothness cannot be estimated: the residuals do not change from one element to the "
            "next. Are the maps constant, or copies of each other?"
        )
