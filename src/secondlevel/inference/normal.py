"""Between z and p: the upper tail of the standard normal distribution, both ways."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]

_LARGEST = float(np.finfo(np.float64).max)


def upper_p(z: ArrayLike) -> Floats:
    """Return the one-sided p of z values, of the same shape; from z = 38 on it is 0.

    Examples
    --------
    >>> upper_p([-1.0, 0.0, 3.0902]).round(4).tolist()
    [0.8413, 0.5, 0.001]
    """
    return np.asarray(special.ndtr(-np.asarray(z, dtype=np.float64)))


def log_upper_p(z: ArrayLike) -> Floats:
    """Return the natural logarithm of the one-sided p of z values, of the same shape.

    Finite and in order up to z = 1e154.

    Examples
    --------
    >>> log_upper_p([3.0902, 40.0]).round(3).tolist()
    [-6.908, -804.608]
    """
    values = np.clip(np.asarray(z, dtype=np.float64), -_LARGEST, _LARGEST)
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(special.log_ndtr(-values))


def height_of(p: float, n_tests: int = 1) -> np.float64:
    """Return the z that one of so many tests exceeds with probability p at most (Bonferroni).

    Parameters
    ----------
    p : float
        Of all tests together, one-sided.
    n_tests : int, default=1

    Returns
    -------
    float
        In double precision also beside arrays in single, which compare with it exactly.

    Examples
    --------
    >>> height_of(0.001).round(4), height_of(0.05, n_tests=50_000).round(4)
    (np.float64(3.0902), np.float64(4.7534))
    """
    return np.float64(-special.ndtri(p / n_tests))
