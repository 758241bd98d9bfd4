"""How large an effect is, free of the unit of the maps, and how surely: with confidence bounds.

An effect size is a function of the noncentrality of t or F. At the statistic itself it is the
estimate, at the ends of the noncentrality's confidence interval it is the interval (Steiger &
Fouladi, 1997; Cumming & Finch, 2001, Educ. Psychol. Meas. 61, 532; Smithson, 2003, *Confidence
Intervals*). The design counts as fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.design.contrast import Kind
from secondlevel.errors import ContrastError, InputError, InputTypeError
from secondlevel.inference.arguments import is_number
from secondlevel.inference.log_gamma import log_gamma_ratio
from secondlevel.inference.noncentral import f_noncentrality, t_noncentrality
from secondlevel.models.base import ContrastEstimate

__all__ = [
    "MEASURES",
    "SIDES",
    "Side",
    "check_confidence",
    "check_measure",
    "effect_size",
    "effect_size_bound",
    "hedges_correction",
]

Floats = NDArray[np.float64]
Side = Literal["lower", "upper"]

SIDES: tuple[Side, ...] = ("lower", "upper")


def effect_size(answer: ContrastEstimate, measure: str, kind: Kind) -> Floats:
    """Estimate an effect size at every element.

    Parameters
    ----------
    answer : ContrastEstimate
        The contrast c at V elements.
    measure : {"cohens_d", "hedges_g", "partial_r", "partial_r2"}
        See Notes.
    kind : {"t", "F"}
        What `answer.statistic` is.

    Returns
    -------
    array of shape (V,)
        Without unit; 0 at elements without residual variance.

    Raises
    ------
    ContrastError
        For an F contrast, whose only effect size is partial R².

    See Also
    --------
    effect_size_bound : The ends of its confidence interval.

    Notes
    -----
    With β the coefficients, s the residual standard deviation, ν the residual degrees of freedom,
    h = c(XᵀX)⁻cᵀ, and k the rank of an F contrast:

    ============ ========================= ======================================================
    `cohens_d`   cβ / s = t √h             mean / sd of one sample, difference of means / pooled
                                           sd of two (Cohen, 1988). It grows with the weights of
                                           the contrast: halves for a mean of two conditions.
    `hedges_g`   J(ν) d                    d without its bias (Hedges, 1981); see
                                           `hedges_correction`.
    `partial_r`  t / √(t² + ν)             correlation of data and contrast with all else
                                           removed from both; the weights' size is of no account.
    `partial_r2` t² / (t² + ν), or         share of the variance left by all else that the
                 kF / (kF + ν)             contrast explains; on average too large, as R² is.
    ============ ========================= ======================================================

    Examples
    --------
    >>> from secondlevel.design.contrast import make_contrast
    >>> from secondlevel.design.matrix import Design
    >>> from secondlevel.models.least_squares import LeastSquares
    >>> design = Design([[1], [1], [1], [1]], ["intercept"])
    >>> data = np.array([[1.0], [2.0], [3.0], [6.0]])  # mean 3, standard deviation 2.16
    >>> mean = make_contrast("intercept", design)
    >>> answer = LeastSquares().fit(design, data).contrast(mean)
    >>> effect_size(answer, "cohens_d", "t").round(4)
    array([1.3887])
    >>> effect_size(answer, "partial_r2", "t").round(4)
    array([0.72])
    """
    check_measure(measure, kind)
    asked = MEASURES[measure]
    if asked.signed:
        return _without_constant(asked.of(answer.statistic, answer), answer)
    return _without_constant(asked.of(answer.dof_contrast * _f(answer, kind), answer), answer)


def effect_size_bound(
    answer: ContrastEstimate, measure: str, kind: Kind, side: Side, confidence: float = 0.95
) -> Floats:
    """Find one end of the confidence interval of an effect size at every element.

    Parameters
    ----------
    answer : ContrastEstimate
        The contrast at V elements.
    measure : {"cohens_d", "hedges_g", "partial_r", "partial_r2"}
        As in `effect_size`.
    kind : {"t", "F"}
        What `answer.statistic` is.
    side : {"lower", "upper"}
        Which end.
    confidence : float, default=0.95
        Share of such intervals that hold the true effect size, at each element by itself.

    Returns
    -------
    array of shape (V,)
        Without unit; 0 at elements without residual variance.

    Raises
    ------
    ContrastError
        For an F contrast, whose only effect size is partial R².
    InputError, InputTypeError
        When `confidence` is not a number between 0 and 1.

    Notes
    -----
    The lower bound is the effect size under which a statistic as large as the observed one, or
    larger, has probability (1 - confidence) / 2; the upper one that under which a statistic as
    small, or smaller, has it.

    d, g and r lie within their bounds whenever `confidence` is above 0.366, whatever the degrees
    of freedom; below, both bounds can be nearer to 0 than a large estimate, for the median of t is
    beyond its noncentrality. With 1 degree of freedom J, and so g and its bounds, are 0.

    R² of one row has the squares of the interval of r: from 0 where that holds 0. R² of several
    rows has bounds by the noncentral F, each leaving out (1 - confidence) / 2: the lower one is 0
    where F is not significant at that level, and both are 0 where F is smaller than chance alone
    would leave it with that probability. As the estimate is on average too large, it is above its
    interval there, and for a contrast of many rows also at somewhat larger F. Bounds are
    λ / (λ + ν), as the estimate is a function of kF; Smithson's are λ / (λ + k + ν + 1).

    Examples
    --------
    >>> from secondlevel.design.contrast import make_contrast
    >>> from secondlevel.design.matrix import Design
    >>> from secondlevel.models.least_squares import LeastSquares
    >>> design = Design([[1], [1], [1], [1]], ["intercept"])
    >>> data = np.array([[1.0], [2.0], [3.0], [6.0]])  # mean 3, standard deviation 2.16
    >>> mean = make_contrast("intercept", design)
    >>> answer = LeastSquares().fit(design, data).contrast(mean)
    >>> [effect_size_bound(answer, "cohens_d", "t", side).round(4).item() for side in SIDES]
    [-0.0917, 2.7878]
    """
    check_measure(measure, kind)
    tail = (1.0 - check_confidence(confidence)) / 2.0
    asked, upper = MEASURES[measure], side == "upper"
    if asked.signed:
        noncentrality = t_noncentrality(answer.statistic, answer.dof, tail, upper=upper)
    elif answer.dof_contrast == 1:
        t = answer.statistic if kind == "t" else np.sqrt(answer.statistic)
        noncentrality = _squared_noncentrality(t, answer.dof, tail, upper=upper)
    else:
        noncentrality = f_noncentrality(
            answer.statistic, answer.dof_contrast, answer.dof, tail, upper=upper
        )
    return _without_constant(asked.of(noncentrality, answer), answer)


def _squared_noncentrality(t: Floats, dof: float | Floats, tail: float, *, upper: bool) -> Floats:
    """The end of the interval of δ² that is farther from 0 (upper) or nearer to it."""
    low, high = (t_noncentrality(t, dof, tail, upper=side) for side in (False, True))
    if upper:
        return np.square(np.maximum(-low, high))
    return np.square(np.maximum(np.maximum(low, -high), 0.0))


def hedges_correction(dof: ArrayLike) -> Floats:
    """Calculate J(ν), which takes the bias from Cohen's d.

    Parameters
    ----------
    dof : array-like of float, any shape
        Degrees of freedom ν of the standard deviation, 1 or more.

    Returns
    -------
    array, same shape
        From 0 at ν = 1, where d has no expectation, to 1.

    Notes
    -----
    J(ν) = Γ(ν/2) / (√(ν/2) Γ((ν - 1)/2)) (Hedges, 1981, J. Educ. Stat. 6, 107), not the
    approximation 1 - 3 / (4ν - 1).

    Examples
    --------
    >>> hedges_correction([1, 2, 20]).round(4)
    array([0.    , 0.5642, 0.9619])
    """
    nu = np.maximum(np.asarray(dof, dtype=np.float64), 1.0)
    return np.asarray(np.exp(log_gamma_ratio((nu - 1.0) / 2.0, 0.5)) / np.sqrt(nu / 2.0))


def check_measure(measure: str, kind: Kind) -> None:
    """Refuse an effect size that an F contrast does not have.

    Raises
    ------
    ContrastError
        The message says which one it has.
    """
    if kind == "F" and MEASURES[measure].signed:
        raise ContrastError(
            f"'{measure}' needs a t contrast: several rows have no common sign or scale. Use "
            "'partial_r2', 'partial_r2_lower' and 'partial_r2_upper', or one row and t."
        )


def check_confidence(confidence: Any) -> float:
    """Refuse what is not a number strictly between 0 and 1.

    Returns
    -------
    float

    Raises
    ------
    InputTypeError, InputError
        Not a number; out of range.

    Examples
    --------
    >>> check_confidence(0.95)
    0.95
    """
    if not is_number(confidence):
        raise InputTypeError(
            "'confidence' must be a number strictly between 0 and 1, such as 0.95. "
            f"Got {confidence!r}."
        )
    value = float(confidence)
    if 0.0 < value < 1.0:
        return value
    example = f"{value:g} percent is {value / 100.0:g}" if 1.0 < value < 100.0 else "such as 0.95"
    raise InputError(
        f"'confidence' must be a number strictly between 0 and 1: {example}. Got {confidence!r}."
    )


def _f(answer: ContrastEstimate, kind: Kind) -> Floats:
    """F at every element; that of a t contrast is t², as large as a double can hold."""
    if kind == "F":
        return answer.statistic
    return np.square(np.minimum(np.abs(answer.statistic), math.sqrt(np.finfo(np.float64).max) / 2))


def _without_constant(values: Floats, answer: ContrastEstimate) -> Floats:
    """Put 0 where nothing can be estimated."""
    return np.where(answer.constant, 0.0, values)


def _cohens_d(noncentrality: Floats, answer: ContrastEstimate) -> Floats:
    root = np.zeros(noncentrality.shape)
    np.divide(answer.variance[0], answer.residual_variance, out=root, where=~answer.constant)
    return noncentrality * np.sqrt(root)


def _hedges_g(noncentrality: Floats, answer: ContrastEstimate) -> Floats:
    return hedges_correction(answer.dof) * _cohens_d(noncentrality, answer)


def _partial_r(noncentrality: Floats, answer: ContrastEstimate) -> Floats:
    return np.asarray(noncentrality / np.hypot(noncentrality, np.sqrt(answer.dof)))


def _partial_r2(noncentrality: Floats, answer: ContrastEstimate) -> Floats:
    return noncentrality / (noncentrality + answer.dof)


@dataclass(frozen=True)
class _Measure:
    """An effect size: a function of δ (t, with its sign) or of λ (t² or kF)."""

    of: Callable[[Floats, ContrastEstimate], Floats]
    signed: bool


MEASURES = {
    "cohens_d": _Measure(_cohens_d, signed=True),
    "hedges_g": _Measure(_hedges_g, signed=True),
    "partial_r": _Measure(_partial_r, signed=True),
    "partial_r2": _Measure(_partial_r2, signed=False),
}
"""Every effect size by name."""
