"""Arrays to text that a browser can unpack: fewer bytes, and the same each time."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 32_000
"""Whole numbers on either side of 0; the largest value is that many steps from it."""


def packed(array: NDArray[Any]) -> str:
    """Return the bytes of an array, compressed, as text.

    Bytes of numbers of several are put byte by byte behind each other: high bytes are much alike.
    """
    plain = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<")))
    planes = plain.reshape(-1).view(np.uint8).reshape(-1, plain.dtype.itemsize).T
    return base64.b64encode(gzip.compress(planes.tobytes(), 6, mtime=0)).decode("ascii")


def encode_values(values: Floats, border: float = 0.0) -> dict[str, Any]:
    """Return values as whole numbers of a small step.

    Parameters
    ----------
    values : array
        Finite.
    border : float, default=0
        No value changes its side of this number, or of minus it, by being rounded.

    Returns
    -------
    dict
        "step", and "steps": int16, packed. A value is right to half a step: a 64 000th of the
        largest.

    Examples
    --------
    >>> encode_values(np.array([0.0, 16.0]))["step"]
    0.0005
    """
    largest = float(np.abs(values).max(initial=0.0))
    # What is too small for a step is shown as 0.
    step = largest / STEPS or 1.0
    if step < border < largest:
        # The border lies half-way between two steps.
        step = border / (np.floor(border / step - 0.5) + 0.5)
    return {"step": step, "steps": packed(np.rint(values / step).astype(np.int16))}


def encode_flags(flags: NDArray[np.bool_]) -> str:
    """Return flags, eight to a byte, packed."""
    return packed(np.packbits(flags.ravel()))
