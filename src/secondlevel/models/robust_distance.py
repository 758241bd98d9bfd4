"""How far each map lies from a fit that odd maps do not pull towards themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FAR = 2.5
"""A map that lies farther counts less in the fit, by the square of how much farther."""

STEPS = 10
"""Times that weights are found anew, at most."""

ENOUGH = 1000
"""Elements that weights are found from, at most; the distance is taken over all."""

PERFECT = 1e-10
"""A residual with less of the variance is that of a map which has the fit to itself."""


def robust_distance(basis: Floats, data: Floats) -> Floats:
    """How far each map lies from the fit, where 1 is usual.

    At each element, residuals over their own standard deviations (but for σ) are taken from their
    median and divided by the median of these absolute deviations, so one or a few odd maps move
    neither. Of this, the median over elements is the distance of a map.

    Least squares is pulled by maps that lie far off, and in a small group they carry the others
    with them. So a map beyond `FAR` counts (`FAR` / distance)² in the fit that residuals are taken
    from, and this is repeated with the distances found, starting from those to the median of all
    maps: iteratively reweighted least squares (Holland and Welsch, 1977, Commun. Stat. A6, 813)
    with one weight per map. Where no map lies far the fit is that of least squares.

    Parameters
    ----------
    basis : array of shape (n, r)
        Orthonormal, of the column space of the design.
    data : array of shape (n, K)
        Maps at some elements, in any unit.

    Returns
    -------
    array of shape (n,)
        0 for a map that has a part of the design to itself, and where no element tells.

    Examples
    --------
    >>> data = np.random.default_rng(0).normal(size=(9, 500))
    >>> data[4] *= 100
    >>> robust_distance(np.full((9, 1), 1 / 3), data).round(1)
    array([ 1. ,  0.9,  1. ,  0.9, 92.5,  1. ,  1. ,  1. ,  1. ])
    """
    some = data[:, :: max(1, -(-data.shape[1] // ENOUGH))]
    weights = _weights(_distance(some))
    for _ in range(STEPS):
        before = weights
        weights = _weights(_distance(_residuals(basis, some, weights)))
        if np.allclose(weights, before, rtol=1e-3, atol=1e-6):
            break
    return _distance(_residuals(basis, data, weights))


def _weights(distance: Floats) -> Floats:
    return (FAR / np.maximum(distance, FAR)) ** 2


def _residuals(basis: Floats, data: Floats, weights: Floats) -> Floats:
    """Residuals of weighted least squares over their standard deviations, but for σ.

    With H = X (XᵀWX)⁻¹ XᵀW they are (I - H) y, of variance σ² times the diagonal of
    (I - H)(I - H)ᵀ.
    """
    root = np.sqrt(weights)[:, None]
    orthogonal, triangle = np.linalg.qr(root * basis)
    seen = np.linalg.solve(triangle.T, basis.T).T
    variance = np.zeros(len(basis))
    for row, direction in enumerate(seen):
        hat = -(orthogonal @ direction) * root[:, 0]
        hat[row] += 1.0
        variance[row] = hat @ hat
    fitted = seen @ (orthogonal.T @ (root * data))
    free = np.zeros(len(basis))
    np.divide(1.0, np.sqrt(variance), out=free, where=variance > PERFECT)
    return np.asarray((data - fitted) * free[:, None])


def _distance(residuals: Floats) -> Floats:
    """Median over elements of how far each map is from the median, over the MAD."""
    # One element after the other in memory: medians are found in a third of the time.
    by_element = residuals.T.copy(order="C")
    by_element -= np.median(by_element, axis=1, keepdims=True)
    apart = np.abs(by_element, out=by_element)
    usual = np.median(apart, axis=1)
    tells = usual > 0.0
    if not tells.any():
        return np.zeros(len(residuals))
    distance = np.median(apart[tells] / usual[tells, None], axis=0)
    return np.where(residuals.any(axis=1), distance, 0.0)
