"""Whether residuals are normal, from the sums of their powers."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

Floats = NDArray[np.float64]

FEWEST = 20
"""Fewer values tell nothing: the normal approximation of the kurtosis does not hold."""


def omnibus_p(sums: Floats, n: int) -> Floats:
    """Test normality as D'Agostino and Pearson do, from sums of powers: p.

    Parameters
    ----------
    sums : array of shape (4, V)
        Of n values, their squares, cubes and fourth powers.
    n : int
        `FEWEST` at least.

    Returns
    -------
    array of shape (V,)
        1 where values do not vary. K² = Z(skewness)² + Z(kurtosis)² against χ² with 2 degrees of
        freedom (D'Agostino and Pearson, 1973, Biometrika 60, 613; the transformations are those of
        D'Agostino, 1970, and of Anscombe and Glynn, 1983). Residuals are not independent of each
        other, so p is approximate, and better the more maps there are for each column.

    Examples
    --------
    >>> values = np.linspace(-1, 1, 25)[:, None] ** 3
    >>> omnibus_p(np.stack([(values**k).sum(axis=0) for k in (1, 2, 3, 4)]), 25).round(4)
    array([0.4327])
    """
    mean, square, cube, fourth = sums / n
    variance = square - mean**2
    varies = variance > 1e-12 * np.maximum(square, 1e-300)
    spread = np.where(varies, variance, 1.0)
    skewness = (cube - 3 * mean * square + 2 * mean**3) / spread**1.5
    kurtosis = (fourth - 4 * mean * cube + 6 * mean**2 * square - 3 * mean**4) / spread**2
    omnibus = _deviate_of_skewness(skewness, n) ** 2 + _deviate_of_kurtosis(kurtosis, n) ** 2
    return np.where(varies, chdtrc(2, omnibus), 1.0)


def _deviate_of_skewness(skewness: Floats, n: int) -> Floats:
    y = skewness * math.sqrt((n + 1) * (n + 3) / (6 * (n - 2)))
    fourth: float = 3 * (n * n + 27 * n - 70) * (n + 1) * (n + 3)
    fourth /= (n - 2) * (n + 5) * (n + 7) * (n + 9)
    w = math.sqrt(2 * (fourth - 1)) - 1
    return np.asarray(np.arcsinh(y / math.sqrt(2 / (w - 1))) / math.sqrt(0.5 * math.log(w)))


def _deviate_of_kurtosis(kurtosis: Floats, n: int) -> Floats:
    expected = 3 * (n - 1) / (n + 1)
    variance = 24 * n * (n - 2) * (n - 3) / ((n + 1) ** 2 * (n + 3) * (n + 5))
    x = (kurtosis - expected) / math.sqrt(variance)
    skew = 6 * (n * n - 5 * n + 2) / ((n + 7) * (n + 9))
    skew *= math.sqrt(6 * (n + 3) * (n + 5) / (n * (n - 2) * (n - 3)))
    a = 6 + 8 / skew * (2 / skew + math.sqrt(1 + 4 / skew**2))
    with np.errstate(divide="ignore"):  # at a pole the deviate is infinite, and p is 0
        cubed = (1 - 2 / a) / (1 + x * math.sqrt(2 / (a - 4)))
    return np.asarray((1 - 2 / (9 * a) - np.cbrt(cubed)) / math.sqrt(2 / (9 * a)))
