"""Noncentrality parameters at which an observed t or F is improbable by a given amount.

They are the ends of the confidence interval of a noncentrality (Steiger & Fouladi, 1997,
"Noncentrality interval estimation and the evaluation of statistical models"; Cumming & Finch,
2001, Educ. Psychol. Meas. 61, 532; Smithson, 2003, *Confidence Intervals*). No noncentral
distribution is computed: where one probability is kept, noncentrality and statistic move
together at a rate that is the mean of a well-behaved density (`_t_slope`, `_f_slope`), and the
central distribution gives the point to start from. SciPy's own inverses, `nctdtrinc` and
`ncfdtrinc`, are good to four to six digits, and take seconds for one map.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from secondlevel.inference.level_curve import LevelCurve, Slope

__all__ = ["f_noncentrality", "t_noncentrality"]

Floats = NDArray[np.float64]

LARGEST_T = 1e15
"""A larger t is a rounding error's; it counts as this one, and F as its square."""

MANY_DOF = 1e15
"""Stands in for more: the noncentral t is then normal to all digits."""

CUT = 37.5  # exp(-CUT) is lost beside 1
STIRLING_FROM = 1000.0


def t_noncentrality(
    t: ArrayLike, dof: float | Floats, tail: float, *, upper: bool = False
) -> Floats:
    """Find the noncentrality δ at which an observed t has a given tail probability.

    Parameters
    ----------
    t : array-like of shape (V,)
        The statistic, without unit; NaN gives NaN.
    dof : float or array of shape (V,)
        Degrees of freedom ν, 1 or more, not necessarily whole.
    tail : float
        The probability, between 0 and 1: half of what a confidence interval leaves out.
    upper : bool, default=False
        The upper bound, with P(T ≤ t; δ) = tail, in place of the lower one, P(T ≥ t; δ) = tail.

    Returns
    -------
    array of shape (V,)
        Increases with t; the upper bound of t is minus the lower one of -t.

    See Also
    --------
    f_noncentrality : The same for an F statistic.

    Notes
    -----
    T = (Z + δ) / S with Z normal and νS² chi-square. Largest error against an integral to thirty
    digits, for ν from 1 to 50 000 and |t| up to 10 000: 2e-12 of δ, or of 1 where δ is smaller.

    Examples
    --------
    >>> t = [-2.0, 0.0, 2.0, 10.0]
    >>> t_noncentrality(t, 20, 0.025).round(4)
    array([-4.0318, -1.96  , -0.0771,  6.3152])
    >>> t_noncentrality(t, 20, 0.025, upper=True).round(4)
    array([ 0.0771,  1.96  ,  4.0318, 13.61  ])
    """
    sign = -1.0 if upper else 1.0
    stat = sign * np.clip(np.asarray(t, dtype=np.float64), -LARGEST_T, LARGEST_T)
    nu = np.minimum(dof, MANY_DOF)
    curve = LevelCurve(_t_slope, float(special.ndtri(tail)))
    return sign * curve.at(np.arcsinh(stat / np.sqrt(nu)), nu)


def f_noncentrality(
    f: ArrayLike, dof_num: float, dof: float | Floats, tail: float, *, upper: bool = False
) -> Floats:
    """Find the noncentrality λ at which an observed F has a given tail probability.

    Parameters
    ----------
    f : array-like of shape (V,)
        The statistic, without unit; NaN gives NaN.
    dof_num : float
        Numerator degrees of freedom k.
    dof : float or array of shape (V,)
        Denominator degrees of freedom ν, 1 or more, not necessarily whole.
    tail : float
        The probability, between 0 and 1: half of what a confidence interval leaves out.
    upper : bool, default=False
        The upper bound, with P(F ≤ f; λ) = tail, in place of the lower one, P(F ≥ f; λ) = tail.

    Returns
    -------
    array of shape (V,)
        Increases with f. 0 where f is so small that even λ = 0 makes the tail larger (lower bound)
        or smaller (upper bound) than asked.

    See Also
    --------
    t_noncentrality : The same for a t statistic, with its sign.

    Notes
    -----
    Largest error against the mixture of beta distributions to fifty digits, for k from 1 to 300, ν
    from 1 to 50 000 and λ up to 200 000: 5e-12 of λ, or of 1 where λ is smaller.

    Examples
    --------
    >>> f = [0.01, 1.0, 10.0]
    >>> f_noncentrality(f, 3, 20, 0.025).round(4)
    array([0.    , 0.    , 6.5005])
    >>> f_noncentrality(f, 3, 20, 0.025, upper=True).round(4)
    array([ 0.    , 11.0979, 62.1441])
    """
    stat = np.clip(np.asarray(f, dtype=np.float64), 1.0 / LARGEST_T**2, LARGEST_T**2)
    nu = np.minimum(dof, MANY_DOF)

    def log_central(nu: float | Floats) -> Floats:
        """Log of k F / ν at λ = 0."""
        if upper:
            return np.asarray(np.log(special.fdtri(dof_num, nu, tail) * dof_num / nu))
        return np.asarray(np.log(dof_num / nu / special.fdtri(nu, dof_num, tail)))

    def prepare(nu: Floats) -> Slope:
        return _f_slope(dof_num, nu, log_central(nu))

    beyond = np.log(stat * dof_num / nu) - log_central(nu)
    return LevelCurve(prepare, 0.0).at(np.maximum(beyond, 0.0), nu)


def _t_slope(nu: Floats) -> Slope:
    """Rate at which δ grows with x = asinh(t / √ν) while P(T ≥ t; δ) stays the same.

    P = E Φ(δ - t S), so dδ/dt = E[S φ(δ - t S)] / E[φ(δ - t S)]: the mean of S under a density
    proportional to s^(ν-1) exp(-(ν + t²) s² / 2 + δ t s). In s √(ν + t²) that density depends on
    δ t / √(ν + t²) = δ tanh x alone, and √(ν + t²) dx = dt.
    """
    return lambda x, delta: _mean_of_tilted_chi(delta * np.tanh(x), nu)


def _mean_of_tilted_chi(y: Floats, nu: Floats) -> Floats:
    """Mean of the density proportional to s^(ν-1) exp(-s²/2 + y s) on s > 0.

    A ratio of parabolic cylinder functions, ν U(ν + ½, -y) / U(ν - ½, -y) (DLMF 12.5.1). With
    s = m eʷ, m the mode in w, the log density is -ν (eʷ - 1 - w) - m² (eʷ - 1)² / 2, smooth and
    with a single peak: the trapezoidal rule is exact but for rounding as soon as its step is a
    fraction of the peak's width (Trefethen & Weideman, 2014, SIAM Review 56, 385).
    """
    root = np.hypot(y, 2.0 * np.sqrt(nu))
    mode = np.where(y > 0.0, (root + y) / 2.0, 2.0 * nu / (root + np.abs(y)))
    width = 1.0 / np.hypot(mode, np.sqrt(nu))
    # Beyond these either of the two terms is below -CUT; e⁻ᵛ - 1 + v > v² / (2 + v).
    right = np.sqrt(2.0 * CUT) * width
    left = (CUT + np.sqrt(CUT * (CUT + 8.0 * nu))) / (2.0 * nu)
    reached = mode > np.sqrt(2.0 * CUT)
    near = -np.log1p(-np.sqrt(2.0 * CUT) / mode, out=np.full(mode.shape, -np.inf), where=reached)
    left = np.minimum(left, near)
    n = int(np.ceil(np.max((left + right) / np.minimum(0.4 * width, 0.11))))
    w = np.linspace(-left, right, n + 1, axis=-1)
    rise = np.expm1(w)
    density = np.exp(-nu[:, None] * (rise - w) - (mode[:, None] * rise) ** 2 / 2.0)
    above = np.einsum("mn,mn->m", density, rise) / density.sum(axis=-1)
    return np.asarray(mode * (1.0 + above))


def _f_slope(k: float, nu: Floats, log_central: Floats) -> Slope:
    """Rate at which λ grows with x = log(k F / ν) - log_central while the tail stays the same.

    F mixes central distributions with k + 2j degrees of freedom, j Poisson with mean λ/2. From its
    density (Johnson, Kotz & Balakrishnan, *Continuous Univariate Distributions* 2, ch. 30),
    dλ/dx = k M(a, b - 1, z) / M(a, b, z) = k + 2 E[j], with Kummer's function M, a = (k + ν)/2,
    b = k/2 + 1, z = λ/2 · kF / (kF + ν), and j weighed by the terms of M(a, b, z).
    """
    a, b = (k + nu) / 2.0, k / 2.0 + 1.0

    def slope(x: float, value: Floats) -> Floats:
        z = np.maximum(value, 0.0) / 2.0 * special.expit(log_central + x)
        return k + 2.0 * _mean_index(a, b, z)

    return slope


def _mean_index(a: Floats, b: float, z: Floats) -> Floats:
    """Mean of j = 0, 1, … weighed by (a)ⱼ / (b)ⱼ zʲ / j!, the terms of Kummer's M(a, b, z).

    Where the terms have a wide peak, some of them, evenly spaced, give the mean of all.
    """
    z = np.maximum(z, 1e-300)
    # The largest term: (a + j) z = (b + j) (1 + j).
    half, product = (b + 1.0 - z) / 2.0, b - a * z
    root = np.sqrt(np.maximum(half * half - product, 0.0))
    largest = np.where(half < 0.0, root - half, -product / (np.abs(half) + root))
    peak = np.floor(np.maximum(largest, 0.0))
    curvature = 1.0 / (1.0 + peak) + 1.0 / (b + peak) - 1.0 / (a + peak)
    width = 1.0 / np.sqrt(np.maximum(curvature, 0.25 / (1.0 + peak)))
    step = np.maximum(np.floor(0.4 * width), 1.0)
    n = int(np.ceil(np.max((9.5 * width + 40.0) / step)))
    lattice = step[:, None] * np.arange(-n, n + 1)
    away = np.maximum(lattice, -peak[:, None])
    tops = np.array([a, np.full_like(a, b), np.ones_like(a)]) + peak
    above, below, factorial = _log_gamma_growth(tops[:, :, None], away)
    ratio = np.log(z * tops[0] / (tops[1] * tops[2]))
    log_term = above - below - factorial + away * ratio[:, None]
    log_term[lattice < away] = -np.inf  # there is no j below 0
    term = np.exp(log_term - log_term.max(axis=-1, keepdims=True))
    return np.asarray(peak + np.einsum("mn,mn->m", term, away) / term.sum(axis=-1))


def _log_gamma_growth(x: Floats, d: Floats) -> Floats:
    """Log of Γ(x + d) / Γ(x) x⁻ᵈ, without a difference of large numbers where x is large."""
    # Not the difference of log_gamma_ratio and d log x, which are large where d is.
    end, large = x + d, x > STIRLING_FROM
    growth = np.zeros(end.shape)
    if large.any():
        growth = (end - 0.5) * np.log1p(d / x) - d
        growth += (1.0 / end - 1.0 / x) / 12.0 - (end**-3.0 - x**-3.0) / 360.0
    if not large.all():
        direct = special.gammaln(end) - special.gammaln(x) - d * np.log(x)
        growth = np.where(large, growth, direct)
    return growth
