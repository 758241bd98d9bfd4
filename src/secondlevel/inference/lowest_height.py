"""The lowest height whose p is no more than a level."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from secondlevel.inference.euler import Field

Floats = NDArray[np.float64]

_FARTHEST = 1e150


def lowest_height(field: Field, p_of: Callable[[ArrayLike], Floats], level: float) -> float:
    """Return the lowest height of a field whose p is no more than a level.

    Parameters
    ----------
    field : Field
        The statistic, which knows how far apart its heights are.
    p_of : callable
        Gives the p of a height; it falls as heights rise.
    level : float
        From 0 to 1.

    Returns
    -------
    float
        0 where every height will do; inf where none does, as for level 0.

    Examples
    --------
    >>> from secondlevel.inference.euler import Gaussian
    >>> z = Gaussian()
    >>> round(lowest_height(z, lambda height: z.tail(np.asarray(height)).p, 0.001), 4)
    3.0902
    """
    if level == 0.0:
        return math.inf

    def excess(height: float) -> float:
        # No double is less than exp(-746).
        return math.log(max(float(p_of(height)), 5e-324)) - math.log(level)

    if excess(0.0) <= 0.0:
        return 0.0
    root, height = 1.0, 0.0
    while excess(height) > 0.0:
        if root > _FARTHEST:
            return math.inf
        root *= 2.0
        height = float(field.heights(np.array(root)))
    return float(optimize.brentq(excess, 0.0, height, xtol=1e-300, rtol=1e-14))
