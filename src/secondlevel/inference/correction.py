"""Corrections for looking at many elements: false discovery rate, Bonferroni, Holm.

All of it works on log p, so that elements far out in the tail keep their order and their digits:
at z = 40 p is 4e-350, which no double holds.

An adjusted p is the smallest level at which the procedure rejects that element: the set rejected at
level alpha is ``adjusted <= log(alpha)``. One element is taken as well as a million, in any order
and any shape.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.errors import InputError, InputTypeError
from secondlevel.inference.arguments import check_alpha
from secondlevel.inference.normal import log_upper_p

Floats = NDArray[np.float64]
Adjustment = Callable[[ArrayLike], Floats]

ROUNDING = 1e-12
"""Share by which p may exceed its bound and still meet it: log p and log alpha are rounded."""

SLACK = 1e-12
"""How far below the last z rejected a threshold lies, as in nilearn."""


def bonferroni(log_p: ArrayLike) -> Floats:
    """Adjust p by Bonferroni: p × m, for the family-wise error rate.

    Parameters
    ----------
    log_p : array-like of m values
        Natural logarithms of p-values.

    Returns
    -------
    array of the same shape
        Logarithms of the adjusted p-values.

    Raises
    ------
    InputError
        When a value is NaN or above 0.

    See Also
    --------
    holm : Rejects as much and more, under the same conditions.

    Examples
    --------
    >>> np.exp(bonferroni(np.log([0.01, 0.04, 0.5]))).round(6)
    array([0.03, 0.12, 1.  ])
    """
    values = _checked(log_p)
    return np.asarray(np.minimum(values + np.log(max(values.size, 1)), 0.0))


def holm(log_p: ArrayLike) -> Floats:
    """Adjust p by Holm's step-down procedure, for the family-wise error rate.

    Parameters
    ----------
    log_p : array-like of m values
        Natural logarithms of p-values.

    Returns
    -------
    array of the same shape
        Logarithms of the adjusted p-values.

    Raises
    ------
    InputError
        When a value is NaN or above 0.

    Notes
    -----
    The k-th smallest p becomes max over j ≤ k of (m − j + 1) p_(j) (Holm, 1979, Scand. J. Stat. 6,
    65). Holds under any dependence.

    Examples
    --------
    >>> np.exp(holm(np.log([0.01, 0.04, 0.5]))).round(6)
    array([0.03, 0.08, 0.5 ])
    """
    values = _checked(log_p)
    order, ranks = _ascending(values)
    stepped = values.ravel()[order] + np.log(values.size - ranks + 1)
    return _back(np.maximum.accumulate(stepped), order, values)


def benjamini_hochberg(log_p: ArrayLike) -> Floats:
    """Adjust p by Benjamini and Hochberg, for the false discovery rate: q-values.

    Parameters
    ----------
    log_p : array-like of m values
        Natural logarithms of p-values.

    Returns
    -------
    array of the same shape
        Logarithms of the adjusted p-values.

    Raises
    ------
    InputError
        When a value is NaN or above 0.

    See Also
    --------
    benjamini_yekutieli : Holds under any dependence, and rejects less.

    Notes
    -----
    The k-th smallest p becomes min over j ≥ k of p_(j) m / j (Benjamini and Hochberg, 1995, J. R.
    Stat. Soc. B 57, 289). Holds for independent elements and for those that depend positively, as
    the elements of a smooth map do (Benjamini and Yekutieli, 2001, Ann. Stat. 29, 1165).

    Examples
    --------
    >>> np.exp(benjamini_hochberg(np.log([0.01, 0.04, 0.5]))).round(6)
    array([0.03, 0.06, 0.5 ])
    """
    values = _checked(log_p)
    order, ranks = _ascending(values)
    stepped = values.ravel()[order] + (np.log(max(values.size, 1)) - np.log(ranks))
    return _back(np.minimum.accumulate(stepped[::-1])[::-1], order, values)


def benjamini_yekutieli(log_p: ArrayLike) -> Floats:
    """Adjust p by Benjamini and Yekutieli, for the false discovery rate under any dependence.

    Parameters
    ----------
    log_p : array-like of m values
        Natural logarithms of p-values.

    Returns
    -------
    array of the same shape
        Logarithms of the adjusted p-values.

    Raises
    ------
    InputError
        When a value is NaN or above 0.

    Notes
    -----
    Benjamini and Hochberg's, times 1 + 1/2 + … + 1/m (Benjamini and Yekutieli, 2001, Ann. Stat. 29,
    1165).

    Examples
    --------
    >>> np.exp(benjamini_yekutieli(np.log([0.01, 0.04, 0.5]))).round(6)
    array([0.055   , 0.11    , 0.916667])
    """
    adjusted = benjamini_hochberg(log_p)
    penalty = np.log(np.sum(1.0 / np.arange(1, adjusted.size + 1))) if adjusted.size else 0.0
    return np.asarray(np.minimum(adjusted + penalty, 0.0))


def fdr_threshold(
    z_vals: ArrayLike, alpha: float, *, adjust: Adjustment = benjamini_hochberg
) -> float:
    """Return the height that the elements rejected at a false discovery rate have in common.

    Parameters
    ----------
    z_vals : array-like of m values
        z of every element that was looked at; p is the upper tail. For claims on both sides of a
        map hand over |z| and alpha / 2.
    alpha : float
        The false discovery rate, between 0 and 1.
    adjust : callable, default=benjamini_hochberg
        The procedure: `secondlevel.inference.correction.benjamini_yekutieli` for any dependence.

    Returns
    -------
    float
        A double, beside arrays in single precision too; inf when nothing is rejected. What is
        rejected is both ``z_vals > threshold`` and ``z_vals >= threshold``.

    Raises
    ------
    InputError
        When alpha is not between 0 and 1, or a z is NaN.
    InputTypeError
        When alpha is no number, or the z are none.

    See Also
    --------
    secondlevel.threshold_stats_img : The same for an image.

    Notes
    -----
    With p_(1) ≤ … ≤ p_(m) all elements up to the last k with p_(k) ≤ k alpha / m are rejected. The
    threshold lies 1e-12 below the z of the last, as in nilearn, or one double below where that is
    more. Nothing lies between: the next p exceeds (k + 1) alpha / m, so it is larger by a share of
    1 / k at least. The threshold is a double, so it keeps its distance beside single precision too.

    Examples
    --------
    >>> z = np.array([4.0, 3.5, 2.8, 2.5, 1.9, 1.2])
    >>> threshold = fdr_threshold(z, 0.05)
    >>> round(threshold, 6), z[z > threshold]
    (np.float64(1.9), array([4. , 3.5, 2.8, 2.5, 1.9]))
    """
    level = check_alpha(alpha)
    z = _numbers(z_vals)
    with np.errstate(divide="ignore"):
        rejected = adjust(log_upper_p(z)) <= np.log(level) + ROUNDING
    if not rejected.any():
        return np.float64(np.inf)
    last = z[rejected].min()
    return np.float64(min(last - SLACK, np.nextafter(last, -np.inf)))


def _numbers(z_vals: ArrayLike) -> Floats:
    """Return z as finite doubles, shape (m,)."""
    z = np.asarray(z_vals)
    if z.dtype.kind not in "iuf":
        raise InputTypeError(
            f"z_vals must be an array of numbers, one for each element. Got "
            f"{type(z_vals).__name__}. For an image call threshold_stats_img(image, alpha=..., "
            "height_control='fdr')."
        )
    if np.isnan(z).any():
        raise InputError("z_vals holds NaN. Leave elements without a value out.")
    largest = np.finfo(np.float64).max
    return np.clip(z.astype(np.float64).ravel(), -largest, largest)


def _checked(log_p: ArrayLike) -> Floats:
    values = np.asarray(log_p, dtype=np.float64)
    if np.isnan(values).any():
        raise InputError("log_p holds NaN. Leave elements without a value out.")
    if (values > 0.0).any():
        raise InputError(
            f"log_p must not be above 0; the largest is {values.max():g}. Are these p-values? Then "
            "hand over their logarithms."
        )
    return values


def _ascending(values: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Order of the values, and the ranks 1 … m that go with it."""
    return np.argsort(values, axis=None), np.arange(1, values.size + 1)


def _back(stepped: Floats, order: NDArray[np.intp], values: Floats) -> Floats:
    """Put sorted values back to where they came from, none above 0."""
    adjusted = np.empty(values.size)
    adjusted[order] = np.minimum(stepped, 0.0)
    return adjusted.reshape(values.shape)
