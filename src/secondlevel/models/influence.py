"""How far each map lies from the fit, and how far it moves it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri

Floats = NDArray[np.float64]

PERFECT = 1e-10
"""A row whose leverage is nearer to 1 has no residual that tells anything."""


def notable_distance(rank: int, dof: int) -> float:
    """Cook's distance from which one map moves the estimates notably: the median of F(r, n - r).

    To leave such a map out moves the coefficients to the edge of their 50 % confidence region
    (Cook, 1977). A fixed bound of 1 could not be passed by any map where all have the same
    leverage: there D is 1 at most.

    Parameters
    ----------
    rank : int
        Of the design, r.
    dof : int
        Residual degrees of freedom, n - r.

    Examples
    --------
    >>> round(notable_distance(1, 19), 3), round(notable_distance(3, 21), 3)
    (0.473, 0.815)
    """
    return float(fdtri(rank, dof, 0.5))


def studentised(residuals: Floats, deviation: Floats, leverage: Floats) -> Floats:
    """Residuals over their own standard deviations: u = e / (s √(1 - h)).

    Parameters
    ----------
    residuals : array of shape (b, V)
        Of some maps.
    deviation : array of shape (V,)
        Residual standard deviation s of all maps; 0 where the data are constant.
    leverage : array of shape (b,)
        h of these maps.

    Returns
    -------
    array of shape (b, V)
        Internally studentised residuals (Cook and Weisberg, 1982, *Residuals and Influence in
        Regression*, 2.2.1); u² is n - r at most. 0 where the data are constant, and for maps of
        leverage 1.

    Examples
    --------
    >>> studentised(np.array([[1.0], [-2.0]]), np.array([2.0]), np.array([0.36, 0.0]))
    array([[ 0.625],
           [-1.   ]])
    """
    across = np.zeros_like(deviation)
    np.divide(1.0, deviation, out=across, where=deviation > 0.0)
    result = residuals * _free(leverage)[:, None]
    result *= across
    return result


def cooks_distance(residuals: Floats, leverage: Floats, rank: int) -> Floats:
    """How far the fit moves when one map is left out: D = u² h / (r (1 - h)).

    Parameters
    ----------
    residuals : array of shape (b, V)
        Studentised, by `studentised`.
    leverage : array of shape (b,)
    rank : int
        Of the design, r.

    Returns
    -------
    array of shape (b, V)
        Cook's distance (Cook, 1977, Technometrics 19, 15). 0 where the residual is; a map of
        leverage 1 decides its own fit, and no residual shows it.

    Examples
    --------
    >>> cooks_distance(np.array([[2.0]]), np.array([0.5]), 2)
    array([[2.]])
    """
    weight = leverage * _free(leverage) ** 2 / rank
    result = residuals * residuals
    result *= weight[:, None]
    return result


def _free(leverage: Floats) -> Floats:
    """One over √(1 - h), 0 where h is 1."""
    left = 1.0 - leverage
    free = np.zeros_like(leverage)
    np.divide(1.0, np.sqrt(np.maximum(left, 0.0)), out=free, where=left > PERFECT)
    return free
