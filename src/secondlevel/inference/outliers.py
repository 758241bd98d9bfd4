"""Which of a few values stand out, judged by measures that the odd ones cannot move."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

NORMAL_MAD = 0.6744897501960817
"""Median absolute deviation of the standard normal distribution: its upper quartile."""


def robust_z(values: ArrayLike, least_spread: float = 0.0) -> Floats:
    """Distance from the median over a robust standard deviation, MAD / 0.6745.

    Parameters
    ----------
    values : array-like of shape (n,)
        Not NaN.
    least_spread : float, default=0
        The standard deviation is taken for this at least, so that values which hardly differ do not
        stand out.

    Returns
    -------
    array of shape (n,)
        The modified z-score (Iglewicz and Hoaglin, 1993, *How to Detect and Handle Outliers*). 0
        for values at the median; infinite where all others are the same.

    Examples
    --------
    >>> robust_z([1.0, 2.0, 3.0, 4.0, 50.0]).round(2)
    array([-1.35, -0.67,  0.  ,  0.67, 31.7 ])
    """
    given = np.asarray(values, dtype=np.float64)
    apart = given - np.median(given)
    spread = max(float(np.median(np.abs(apart))) / NORMAL_MAD, least_spread)
    if spread > 0.0:
        return np.asarray(apart / spread)
    return np.where(apart == 0.0, 0.0, np.copysign(np.inf, apart))
