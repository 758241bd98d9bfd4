"""Tails of the t and F distributions as log p and z, ordered and exact however far out.

Both distributions are one: t² with ν degrees of freedom is F with (1, ν), and the upper tail of
F is a regularised incomplete beta function,

    P(F >= f) = I_x(a, b),   a = dof_den / 2,   b = dof_num / 2,   x = a / (a + b f).

At every element only the *nearer* tail is computed, the upper one where f >= 1 (F has its mass
around 1) and the lower one elsewhere, so that nothing small is ever the difference of 1 and a
number close to 1. While that tail is a comfortable double, `scipy.special` gives it; beyond, it
is evaluated in log space.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

__all__ = ["Tail", "f_tail", "t_tail"]

_LN_2 = float(np.log(2.0))
_SQRT_2 = float(np.sqrt(2.0))
_LARGEST = float(np.finfo(np.float64).max)
_SMALLEST = float(np.finfo(np.float64).smallest_subnormal)

# `special.fdtr` and `fdtrc` multiply numbers that underflow before p does: digits go from p of
# about 1e-277 downwards, all of them near 1e-300. The log-space path takes over well before.
_SMALLEST_SAFE_P = 1e-100
_LARGEST_SAFE_RATIO = 1e100
# Beyond this F ratio a tail is a power law to all digits, and b f would overflow soon.
_LARGEST_RATIO = 1e290
# Stand in for infinitely many degrees of freedom: no digit of p differs, and no product of SciPy's
# (of ours, in log space) under- or overflows.
_MANY_DOF = 1e50
_MANY_DOF_FAR = 1e200

_CONVERGED = 1e-15
_MAX_STEPS = 500  # 8 are the most that any pair of degrees of freedom tried has taken
_STIRLING_FROM = 10.0

_silent = np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore")


@dataclass(frozen=True)
class Tail:
    """Upper tail of a null distribution at every element: log p and z.

    Attributes
    ----------
    log_p : ndarray of float64, any shape
        Natural logarithm of the one-sided upper-tail p-value.
    z : ndarray of float64, same shape
        The standard normal deviate with the same upper tail: negative where p > 0.5.

    Examples
    --------
    >>> tail = t_tail([0.0, 60.0], 1000)
    >>> tail.p[0], tail.z[0]
    (np.float64(0.5), np.float64(0.0))
    >>> tail.log10_p[1].round(3), tail.z[1].round(3)
    (np.float64(-333.225), np.float64(39.056))
    """

    log_p: NDArray[np.float64]
    z: NDArray[np.float64]

    @property
    def p(self) -> NDArray[np.float64]:
        """One-sided p-value; 0 where it is smaller than the smallest double."""
        return np.asarray(np.exp(self.log_p))

    @property
    def log10_p(self) -> NDArray[np.float64]:
        """Decimal logarithm of the one-sided p-value."""
        return np.asarray(self.log_p / np.log(10.0))


@dataclass(frozen=True)
class _NearerTail:
    """The tail of F nearer to the statistic: the upper one where `upper`, else the lower one."""

    upper: NDArray[np.bool_]
    p: NDArray[np.float64]
    log_p: NDArray[np.float64]
    far: NDArray[np.bool_]  # where p is small enough to underflow, and only log_p is sure


@_silent
def t_tail(t: ArrayLike, dof: ArrayLike) -> Tail:
    """Upper tail of Student's t at every element.

    Parameters
    ----------
    t : array-like of float, any shape
        The statistic. ±inf counts as ± the largest double, NaN gives NaN.
    dof : array-like of float, broadcastable with `t`
        Degrees of freedom, > 0, not necessarily whole; inf is the normal distribution.

    Returns
    -------
    Tail
        log P(T >= t) and the normal deviate with that upper tail, in the broadcast shape.
        z is odd in t to the last bit and keeps the order of t over the whole range of doubles.

    Raises
    ------
    ValueError
        If any `dof` is zero or negative.

    See Also
    --------
    f_tail : The same for an F statistic.

    Notes
    -----
    For positive t, P(T >= t) is half the upper tail of F = t² with (1, dof) degrees of freedom
    (Johnson, Kotz & Balakrishnan, *Continuous Univariate Distributions* 2, ch. 28). Around zero z
    comes from the lower tail of F, P(-t <= T <= t), and so is accurate to its last digits however
    small t is.

    Examples
    --------
    >>> t_tail([-2.0, 0.0, 2.0, 1e10], 23).z.round(4)
    array([-1.8999,  0.    ,  1.8999, 31.3582])
    """
    stat, nu = _checked(t, dof)
    size = np.abs(stat)
    nearer = _nearer_tail(size, 2, np.float64(1.0), nu)

    # Beyond 1, p is half the upper tail of F; within, it is ½ ∓ half the lower tail.
    complement = np.log1p(-np.where(nearer.upper, nearer.p / 2.0, np.copysign(nearer.p, stat)))
    log_p = np.where(nearer.upper & (stat > 0.0), nearer.log_p, complement)
    log_p -= _LN_2 * ~(nearer.upper & (stat < 0.0))
    one_sided = replace(nearer, p=nearer.p / 2.0, log_p=nearer.log_p - _LN_2)
    z = np.where(nearer.upper, _deviate(one_sided), _SQRT_2 * special.erfinv(nearer.p))
    if np.isinf(nu).any():
        normal = np.broadcast_to(np.isinf(nu), stat.shape)
        log_p = np.where(normal, np.maximum(special.log_ndtr(-stat), -_LARGEST), log_p)
        z = np.where(normal, size, z)
    return Tail(log_p=np.asarray(log_p), z=np.asarray(np.copysign(z, stat)))


@_silent
def f_tail(f: ArrayLike, dof_num: ArrayLike, dof_den: ArrayLike) -> Tail:
    """Upper tail of Fisher's F at every element.

    Parameters
    ----------
    f : array-like of float, any shape
        The statistic. Zero (or less, which only rounding can do) has p = 1 and the z of the
        smallest positive double; inf counts as the largest double; NaN gives NaN.
    dof_num, dof_den : array-like of float, broadcastable with `f`
        Degrees of freedom of numerator and denominator, > 0, not necessarily whole; an infinite
        `dof_den` makes `dof_num` × F a chi-square.

    Returns
    -------
    Tail
        log P(F >= f) and the normal deviate with that upper tail, in the broadcast shape:
        negative below the median of F. z keeps the order of f over the whole range of doubles.

    Raises
    ------
    ValueError
        If any degrees of freedom are zero or negative.

    See Also
    --------
    t_tail : The same for a t statistic, with its sign.

    Notes
    -----
    P(F >= f) = I_x(dof_den / 2, dof_num / 2) at x = dof_den / (dof_den + dof_num f), the
    regularised incomplete beta function (DLMF 8.17). Below f = 1 the lower tail is computed
    instead, so that a p near 1 has its log p and its (negative) z to full precision.

    Examples
    --------
    >>> f_tail([0.1, 1.0, 10.0, 1e5], 3, 23).z.round(4)
    array([-1.7414,  0.226 ,  3.5307, 14.4228])
    """
    stat, num, den = _checked(f, dof_num, dof_den)
    positive = np.maximum(stat, _SMALLEST)
    nearer = _nearer_tail(positive, 1, num, den)

    log_p = np.where(nearer.upper, nearer.log_p, np.log1p(-nearer.p))
    z = _deviate(nearer)
    return Tail(
        log_p=np.asarray(np.where(stat <= 0.0, 0.0, log_p)),
        z=np.asarray(np.where(nearer.upper, z, -z)),
    )


def _checked(stat: ArrayLike, *dofs: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """Bring the statistic to the common shape and to finite doubles; refuse a dof <= 0."""
    values = [np.asarray(dof, dtype=np.float64) for dof in dofs]
    for value in values:
        if np.any(value <= 0.0):
            msg = (
                f"degrees of freedom must be positive, the smallest is {np.nanmin(value):g}; "
                "leave elements without degrees of freedom out"
            )
            raise ValueError(msg)
    finite = np.clip(np.asarray(stat, dtype=np.float64), -_LARGEST, _LARGEST)
    shape = np.broadcast_shapes(finite.shape, *(value.shape for value in values))
    return np.broadcast_to(finite, shape), *values


def _nearer_tail(
    base: NDArray[np.float64],
    power: int,
    dof_num: NDArray[np.float64] | np.float64,
    dof_den: NDArray[np.float64],
) -> _NearerTail:
    """Evaluate the tail of F = base ** power on the side where F lies.

    Base and power come apart because t² under- and overflows while t does not.
    """
    # Where both shapes are whole numbers and one is large, SciPy (Boost) sums powers of a rounded
    # x and loses up to dof × 1e-16 of p. One ulp more is not whole, and changes no digit of p.
    dofs = np.minimum(dof_num, _MANY_DOF), np.nextafter(np.minimum(dof_den, _MANY_DOF), np.inf)
    f = np.asarray(base**power)
    upper = f >= 1.0
    p = np.empty(f.shape)
    special.fdtrc(*dofs, f, out=p, where=upper)
    special.fdtr(*dofs, f, out=p, where=~upper)
    log_p = np.log(p, out=np.empty(f.shape))

    # Not "p < ...": SciPy gives NaN where its own products underflow.
    far = ~(p >= _SMALLEST_SAFE_P) | (f > _LARGEST_SAFE_RATIO) | (f < 1.0 / _LARGEST_SAFE_RATIO)
    if far.any():
        num, den = (np.broadcast_to(dof, f.shape)[far] for dof in (dof_num, dof_den))
        log_f = power * np.log(base[far])
        log_p[far] = _log_far_tail(f[far], log_f, num / 2.0, den / 2.0)
        p[far] = np.exp(log_p[far])
    return _NearerTail(upper=upper, p=p, log_p=log_p, far=far)


def _deviate(tail: _NearerTail) -> NDArray[np.float64]:
    """Find the normal deviate whose upper tail has the given p, positive for p < 0.5."""
    z: NDArray[np.float64] = np.negative(special.ndtri(tail.p), out=np.empty(tail.p.shape))
    if tail.far.any():
        log_p = tail.log_p[tail.far]
        # The upper tail of the normal is exp(-z²/2) erfcx(z/√2) / 2 (DLMF 7.2). Solved for the z
        # in the exponent, one pass divides the relative error of ndtri_exp (6e-13 around log p of
        # -1e5) by z².
        start = -special.ndtri_exp(log_p)
        z[tail.far] = _SQRT_2 * np.sqrt(np.log(special.erfcx(start / _SQRT_2) / 2.0) - log_p)
    return z


def _log_far_tail(
    f: NDArray[np.float64],
    log_f: NDArray[np.float64],
    half_num: NDArray[np.float64],
    half_den: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Logarithm of the nearer tail of F, far from 1 on either side.

    The tail is x^a y^b / B(a, b) / continued fraction, with y = 1 - x. The power is taken
    relative to its maximum, which is at ratio 1, the way of Loader (2000, "Fast and accurate
    computation of binomial probabilities"): that leaves a deviance and three Stirling errors,
    where a log x + b log y - log B would cancel.
    """
    # 1/F is F with its degrees of freedom exchanged: a lower tail is an upper tail of 1/f.
    upper = ~(f < 1.0)
    a = np.minimum(np.where(upper, half_den, half_num), _MANY_DOF_FAR)
    b = np.minimum(np.where(upper, half_num, half_den), _MANY_DOF_FAR)
    ratio = np.minimum(np.where(upper, f, 1.0 / f), _LARGEST_RATIO)

    r = a / b
    # log(x₀ / x) and log(y₀ / y), x₀ and y₀ at ratio 1; the latter by whichever form cancels less.
    log_x = np.log1p((ratio - 1.0) / (1.0 + r))
    log_y = np.where(r > 1.0, log_x - np.log(ratio), np.log1p(r / ratio) - np.log1p(r))
    log_peak = 0.5 * np.log(a / (1.0 + r) / (2.0 * np.pi))
    log_peak += _stirling_error(a + b) - _stirling_error(a) - _stirling_error(b)
    beyond = np.maximum(np.abs(log_f) - np.log(_LARGEST_RATIO), 0.0)
    log_fraction = np.log(_continued_fraction(ratio, a, b))
    return np.asarray(log_peak - a * (log_x + beyond) - b * log_y - log_fraction)


def _continued_fraction(
    f: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Denominator of I_x(a, b) by the modified Lentz method.

    The fraction is that of DiDonato & Morris (1992, "Algorithm 708", eq. 9), which converges
    fast for x below a / (a + b). Its terms are written in x and b x, so that either shape may be
    as large as a double can hold.
    """
    r = a / b
    x, y, bx = r / (r + f), f / (r + f), a / (r + f)
    excess = bx * (f - 1.0)  # a - (a + b) x, without the difference
    value = a / (a + 1.0) * (excess + 1.0)
    c, d = value, np.zeros_like(value)
    for n in range(1, _MAX_STEPS):
        k = a + 2.0 * n - 1.0
        step = n * (bx - n * x)
        alpha = (a + n - 1.0) / k * ((a + b + n - 1.0) * x / k) * step
        beta = n + step / k + (a + n) / (k + 2.0) * (excess + 1.0 + n * (1.0 + y))
        d = 1.0 / (beta + alpha * d)
        c = beta + alpha / c
        value = value * (c * d)
        if not (np.abs(c * d - 1.0) > _CONVERGED).any():
            break
    return value


def _stirling_error(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much log Γ(x) exceeds Stirling's (x - ½) log x - x + ½ log 2π."""
    # Of one gamma function, from 0 on; log_gamma_ratio is of two.
    w = 1.0 / (x * x)
    series = 1.0 / 1188.0 - w * (691.0 / 360360.0)  # DLMF 5.11.1, exact to a double from 10 on
    for coefficient in (-1.0 / 1680.0, 1.0 / 1260.0, -1.0 / 360.0, 1.0 / 12.0):
        series = coefficient + w * series
    small = np.minimum(x, _STIRLING_FROM)
    direct = special.gammaln(small) - (small - 0.5) * np.log(small) + small
    return np.where(x < _STIRLING_FROM, direct - 0.5 * np.log(2.0 * np.pi), series / x)
