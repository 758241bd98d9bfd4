"""Whether a null distribution is one, and one of the map that it is used for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.claims.unit import Held, expect
from secondlevel.errors import InputTypeError, RandomFieldWarning, warn
from secondlevel.inference.null import Null

Floats = NDArray[np.float64]

METHODS = ("for_sides", "fits", "threshold", "of_peaks", "extents", "of_clusters")
"""What a `Null` can do."""


def as_null(null: Any, name: str) -> Null:
    """Return a null distribution, or raise when it is none.

    Parameters
    ----------
    null : object
    name : str
        What the parameter is called.

    Raises
    ------
    InputTypeError
        When it cannot do what a `Null` does.
    """
    if not all(callable(getattr(null, method, None)) for method in METHODS):
        raise InputTypeError(
            f"{name} must be a null distribution, a RandomField or a MaximumNull. Got "
            f"{type(null).__name__}."
        )
    checked: Null = null
    return checked


def expect_of_null(image: Any, values: Floats, null: Null, name: str) -> Held:
    """Compare statistic and search region of a map with those of a null.

    Parameters
    ----------
    image : SpatialImage or SurfaceImage
        The map, whose header may say what it holds.
    values : array of shape (V,)
        Of its elements.
    null : Null
    name : str
        What the parameter is called.

    Returns
    -------
    Held
        What the map holds by its header.

    Raises
    ------
    InputError
        When the header says that these are p-values, or another statistic than that of the null.

    Warns
    -----
    MapWarning
        When the header does not tell, and the values look like p-values.
    RandomFieldWarning
        When the null is of a search region of another size.
    """
    held = expect(image, values, null.statistic, by=name, strict=True)
    if not null.fits(len(values)):
        warn(
            f"stat_img has {len(values)} elements in its mask, the search region of {name} has "
            "another number, and what it says is of its own region. Pass the mask of that region "
            "as mask_img, or the null of this one: that of the model with this mask, or "
            "RandomField(smoothness_from_fwhm(fwhm_mm, mask), ...).",
            RandomFieldWarning,
        )
    return held
