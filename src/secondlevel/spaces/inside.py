"""Which values of a mask mean inside: any mask is read by the same rule."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import MaskError

Flags = NDArray[np.bool_]


def inside(values: NDArray[Any], element: str, path: str | None = None) -> Flags:
    """Return where a mask's values are not zero, or raise when they are not those of a mask.

    Parameters
    ----------
    values : array of any shape
        0 and one other value, or one value throughout; NaN counts as 0.
    element : {"voxel", "vertex"}
        What a value stands for, for messages.
    path : str, optional
        File of the mask, for messages.

    Returns
    -------
    bool array of the same shape

    Raises
    ------
    MaskError
        When there are several values, no numbers, or only zeros.

    Examples
    --------
    >>> inside(np.array([0, 7, 0]), "voxel")
    array([False,  True, False])
    """
    where = f" in '{path}'" if path else ""
    if values.dtype.kind not in "biuf":
        raise MaskError(f"A mask holds 0 and 1; there are {values.dtype} values{where}.")
    found = np.unique(np.where(np.isfinite(values), values, 0))
    if len(found) > 2 or (len(found) == 2 and 0 not in found):
        shown = ", ".join(f"{value:g}" for value in found[:4])
        raise MaskError(
            f"Given mask is not made of 2 values: {shown}{', …' if len(found) > 4 else ''}{where}. "
            "Cannot interpret as true or false. Threshold the image first "
            "(nilearn.image.binarize_img)."
        )
    if not found.any():
        raise MaskError(
            "The mask is invalid as it is empty: it masks all data. Give one with at least one "
            f"{element} that is not zero{f' instead of {path!r}' if path else ''}."
        )
    return np.asarray(np.isfinite(values) & (values != 0))
