"""Arrays to text that a browser can unpack: fewer bytes, and the same each time."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 32_700
"""Steps on either side of 0 that numbers of two bytes can count."""

MOST_STEPS = 800_000_000
"""The same of four bytes, before a step is rounded down."""

SMALLEST = 1e-200
"""What is nearer to 0 is 0 for readers."""

FINE = 200
"""Steps in a usual value, at least."""

LEADS = ("1", "2.5", "5", "10")
"""What a step starts with: a digit that is written is then an even number of steps."""


def packed(array: NDArray[Any]) -> str:
    """Return the bytes of an array, compressed, as text.

    Bytes of numbers of several are put byte by byte behind each other: high bytes are much alike.
    """
    plain = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<")))
    planes = plain.reshape(-1).view(np.uint8).reshape(-1, plain.dtype.itemsize).T
    return base64.b64encode(gzip.compress(planes.tobytes(), 6, mtime=0)).decode("ascii")


def encode_values(values: Floats, border: float = 0.0, finest: float = 0.0) -> dict[str, Any]:
    """Return values as whole numbers of small steps.

    Number n > 0 stands for all values from n - 1 to n steps, which are read as their middle; -n
    stands for the same below 0, and 0 for 0. Steps are so chosen that where one decimal ends and
    the next begins there ends a step: what is read is, rounded to any decimal of at least two
    steps, what the value is.

    Parameters
    ----------
    values : array
        Finite.
    border : float, default=0
        No value changes its side of this number, or of minus it, by being encoded.
    finest : float, default=0
        Smaller steps than this, 1, 2.5 or 5 times a power of 10, are of no use.

    Returns
    -------
    dict
        "step"; "bytes" of a number, 2 or 4; and "steps": these numbers, packed. There are at least
        13 000 steps up to the largest value. Where that is far off the scale of the others there
        are more, of four bytes: at least 200 in their median size.

    Examples
    --------
    >>> encode_values(np.array([0.0, 8.0]))["step"]
    0.00025
    >>> wild = encode_values(np.array([1.0, -1.0, 2.0, 1e6]))
    >>> wild["step"], wild["bytes"]
    (0.005, 4)
    """
    sizes = np.abs(values)
    sizes = np.where(sizes < SMALLEST, 0.0, sizes)
    step = max(_step(sizes), finest)
    steps = np.where(sizes > 0, np.floor(sizes / step) + 1, 0)
    # In the step that the border lies in, values on the other side than its middle move by one.
    beyond, middle_beyond = sizes > border, (steps - 0.5) * step > border
    steps += beyond.astype(int) - middle_beyond
    wide = steps.max(initial=0) > np.iinfo(np.int16).max
    signed = (np.sign(values) * steps).astype(np.int32 if wide else np.int16)
    return {"step": step, "bytes": signed.itemsize, "steps": packed(signed)}


def encode_flags(flags: NDArray[np.bool_]) -> str:
    """Return flags, eight to a byte, packed."""
    return packed(np.packbits(flags.ravel()))


def _step(sizes: Floats) -> float:
    """How large a step is for values of these sizes."""
    largest = float(sizes.max(initial=0.0))
    if largest == 0.0:
        return 1.0
    step = min(lead for lead in _leads(largest / STEPS) if lead >= largest / STEPS)
    usual = float(np.median(sizes[sizes > 0])) / FINE
    if step <= usual:
        return step
    needed = max(usual, largest / MOST_STEPS)
    return max(lead for lead in _leads(needed) if lead <= needed)


def _leads(size: float) -> list[float]:
    """Steps that are about so large, some smaller, some larger."""
    power = int(np.floor(np.log10(size)))
    return [float(f"{lead}e{at}") for at in (power - 1, power) for lead in LEADS]
