"""Bounds of noncentralities, held against integrals to thirty digits, SciPy, R and closed forms.

Beside each tolerance stands the worst difference seen.
"""

import mpmath as mp
import numpy as np
import pytest
from scipy import special, stats

from secondlevel.inference import noncentral
from secondlevel.inference.level_curve import LevelCurve
from secondlevel.inference.noncentral import f_noncentrality, t_noncentrality

T_CASES = [
    # t, dof, tail
    (60.0, 1, 0.025),
    (-300.0, 1, 0.45),
    (1e4, 1, 1e-7),
    (-2.0, 1.5, 0.45),
    (2.1, 2, 0.45),
    (12.2, 3, 5e-17),
    (2.1, 5.5, 0.025),
    (0.01, 13, 0.025),
    (8.1, 13, 1e-7),
    (-60.0, 13, 0.025),
    (1e4, 13, 0.025),
    (-2.0, 97.3, 0.025),
    (60.0, 1000, 5e-17),
    (-8.1, 1000, 1e-7),
    (60.0, 50_000, 0.45),
    (-300.0, 50_000, 0.025),
]
F_CASES = [
    # f, dof_num, dof, tail
    (3000.0, 1, 1, 0.025),
    (0.5, 1, 13, 0.45),
    (2.0, 3, 5.5, 0.025),
    (200.0, 3, 97.3, 1e-7),
    (1.0, 10, 40, 1e-7),
    (5.0, 40, 1000, 5e-17),
    (30.0, 2, 50_000, 0.025),
    (30.0, 300, 20, 0.025),
]
DOFS = [1, 1.5, 4, 23, 150, 2000]


def t_tail(t, dof, delta):
    """P(T >= t) and its derivative in δ: the normal's, integrated over the chi distribution.

    Written apart from the package's way, which never computes a probability.
    """
    t, dof, delta = mp.mpf(t), mp.mpf(dof), mp.mpf(delta)
    log_scale = mp.log(2) + dof / 2 * mp.log(dof / 2) - mp.loggamma(dof / 2)
    spread = 1 / mp.sqrt(2 * dof)
    low, high = max(mp.mpf(0), 1 - 14 * spread), 1 + 14 * spread
    if dof < 60:
        low, high = mp.mpf(0), mp.sqrt((dof + 180 + 2 * mp.sqrt(90 * dof)) / dof)
    points = [1 + k * spread for k in range(-14, 15, 2)]
    points += [(delta + k) / t for k in range(-14, 15, 2)]
    points = sorted({low, high, *(x for x in points if low < x < high)})

    def over_chi(value):
        def integrand(s):
            if s == 0:
                return mp.mpf(0)
            return value(delta - t * s) * mp.exp(
                log_scale + (dof - 1) * mp.log(s) - dof * s * s / 2
            )

        return mp.quad(integrand, points, maxdegree=8)

    return over_chi(mp.ncdf), over_chi(mp.npdf)


def f_lower_tail(f, dof_num, dof, lam):
    """P(F <= f) and minus its derivative in λ: central ones, mixed by the Poisson distribution."""
    f, k, dof, half = mp.mpf(f), mp.mpf(dof_num), mp.mpf(dof), mp.mpf(lam) / 2
    x, y, a, b = k * f / (k * f + dof), dof / (k * f + dof), k / 2, dof / 2
    reach = 14 * mp.sqrt(half) + 120
    first, last = int(max(0, mp.floor(half - reach))), int(half + reach)
    a += first
    central = mp.betainc(a, b, 0, x, regularized=True)
    step = mp.exp(a * mp.log(x) + b * mp.log(y) - mp.log(a) - mp.log(mp.beta(a, b)))
    weight = mp.exp(first * mp.log(half) - half - mp.loggamma(first + 1))
    p = slope = mp.mpf(0)
    for j in range(first, last + 1):
        p += weight * central
        slope += weight * step / 2
        central -= step
        step *= x * (a + b) / (a + 1)
        a += 1
        weight *= half / (j + 1)
    return p, slope


# ------------------------------------------------------------------ against integrals


@pytest.mark.parametrize(("t", "dof", "tail"), T_CASES)
def test_t_bounds_have_the_tail_asked_for(t, dof, tail):
    """The integral that defines the noncentral t must give the tail, however far out."""
    found = float(t_noncentrality([t], dof, tail)[0])
    with mp.workdps(30):
        p, slope = t_tail(t, dof, found)
        error = float(abs(p - mp.mpf(tail)) / slope)
    assert error <= 2e-11 * max(1.0, abs(found))  # seen: 2e-13, in 576 cases 2e-12


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize(("f", "dof_num", "dof", "tail"), F_CASES)
def test_f_bounds_have_the_tail_asked_for(f, dof_num, dof, tail, upper):
    """The mixture that defines the noncentral F must give the tail, wherever there is a bound."""
    found = float(f_noncentrality([f], dof_num, dof, tail, upper=upper)[0])
    with mp.workdps(50):
        if found == 0.0:
            k, nu = mp.mpf(dof_num), mp.mpf(dof)
            central = mp.betainc(k / 2, nu / 2, 0, k * f / (k * f + nu), regularized=True)
            assert (central <= tail) if upper else (1 - central >= tail)
            return
        p, slope = f_lower_tail(f, dof_num, dof, found)
        error = float(abs(p - (mp.mpf(tail) if upper else 1 - mp.mpf(tail))) / slope)
    assert error <= 1e-11 * max(1.0, found)  # seen: 2e-13, in 600 cases 2e-12


# ------------------------------------------------------------------ against other programs


@pytest.mark.parametrize("dof", DOFS)
@pytest.mark.parametrize("tail", [0.005, 0.025, 0.16])
def test_t_bounds_agree_with_scipys_distribution(dof, tail):
    """Where SciPy's noncentral t has its digits, it must give back the tail on either side."""
    t = np.array([-40.0, -5.0, -1.0, 0.0, 0.3, 2.0, 6.0, 25.0])
    lower, upper = (t_noncentrality(t, dof, tail, upper=side) for side in (False, True))
    # Seen: 2e-12.
    np.testing.assert_allclose(stats.nct.sf(t, dof, lower), tail, rtol=1e-9)
    np.testing.assert_allclose(stats.nct.cdf(t, dof, upper), tail, rtol=1e-9)


@pytest.mark.parametrize("dof", DOFS)
@pytest.mark.parametrize("dof_num", [1, 2, 7])
def test_f_bounds_agree_with_scipys_distribution(dof, dof_num):
    """Where SciPy's noncentral F has its digits, it must give back the tail on either side."""
    f = np.array([0.1, 0.9, 3.0, 10.0, 60.0])
    lower, upper = (f_noncentrality(f, dof_num, dof, 0.025, upper=side) for side in (False, True))
    found = lower > 0
    p = stats.ncf.sf(f[found], dof_num, dof, lower[found])
    np.testing.assert_allclose(p, 0.025, rtol=1e-9)  # seen: 5e-13
    assert (stats.f.sf(f[~found], dof_num, dof) >= 0.025).all()
    found = upper > 0
    p = stats.ncf.cdf(f[found], dof_num, dof, upper[found])
    np.testing.assert_allclose(p, 0.025, rtol=1e-9)  # seen: 2e-13
    assert (stats.f.cdf(f[~found], dof_num, dof) <= 0.025).all()


def test_bounds_agree_with_those_of_r():
    """R's MBESS 4.9.3 finds the same limits, to the 1e-9 of probability at which its search stops.

    Of ``conf.limits.nct(t.value=2.83, df=126)``, ``conf.limits.ncf(F.value=6, df.1=3, df.2=50)``.
    """
    t = [t_noncentrality([2.83], 126, 0.025, upper=side)[0] for side in (False, True)]
    # Seen: 1e-9.
    np.testing.assert_allclose(t, [0.8337502600219154, 4.815359140493508], rtol=1e-8)
    f = [f_noncentrality([6.0], 3, 50, 0.025, upper=side)[0] for side in (False, True)]
    # Seen: 2e-8; SciPy's noncentral F has the tail 0.025 at ours to 1e-13, at R's to 3e-8.
    np.testing.assert_allclose(f, [2.926084798675042, 37.98401199247837], rtol=1e-7)


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("dof", [1, 5.5, 60])
def test_f_of_one_row_is_the_two_sided_t(dof, upper):
    """With one numerator degree of freedom F <= f means |T| <= √f under noncentrality √λ."""
    t = np.array([0.7, 2.5, 6.0, 30.0])
    root = np.sqrt(f_noncentrality(t * t, 1, dof, 0.025, upper=upper))
    found = root > 0
    assert found.any()
    # NaN is what SciPy gives for a tail too far out to have digits.
    beyond = np.nan_to_num(stats.nct.cdf(-t, dof, root))
    inside = stats.nct.cdf(t, dof, root) - beyond
    # Seen: 1e-13.
    np.testing.assert_allclose(inside[found], 0.025 if upper else 0.975, rtol=1e-10)


# ------------------------------------------------------------------ closed forms


@pytest.mark.parametrize("dof", [1, 7.3, 1e4])
@pytest.mark.parametrize("tail", [1e-9, 0.025, 0.4])
def test_the_bounds_of_t_0_are_normal_deviates(dof, tail):
    """T is negative exactly where its normal numerator is."""
    assert t_noncentrality([0.0], dof, tail)[0] == special.ndtri(tail)
    assert t_noncentrality([0.0], dof, tail, upper=True)[0] == -special.ndtri(tail)


@pytest.mark.parametrize("dof", [1, 3, 13.5, 400])
def test_far_bounds_grow_with_t_by_a_quantile_of_chi(dof):
    """For t without end only the denominator is uncertain: δ / t is a quantile of chi / √ν."""
    t = np.array([1e10, 1e14])
    chi = np.sqrt(2.0 * special.gammaincinv(dof / 2.0, [0.025, 0.975]) / dof)
    # Seen: 2e-13.
    np.testing.assert_allclose(t_noncentrality(t, dof, 0.025) / t, chi[0], rtol=1e-10)
    np.testing.assert_allclose(t_noncentrality(t, dof, 0.025, upper=True) / t, chi[1], rtol=1e-10)


def test_bounds_are_normal_ones_for_very_many_degrees_of_freedom():
    """T is normal then, and its bounds are 1.96 to either side."""
    t = np.array([-30.0, -1.0, 0.5, 12.0])
    for dof in (1e13, 1e30):
        # Seen: 1e-12; 1/ν is 1e-13.
        found = t_noncentrality(t, dof, 0.025)
        np.testing.assert_allclose(found, t + special.ndtri(0.025), rtol=1e-10)


def test_f_bounds_begin_at_the_quantile_of_the_central_f():
    """The bound leaves 0 at the statistic that has the tail under no effect."""
    for dof_num, dof in ((1, 5), (3, 20.5), (12, 1000)):
        for upper, edge in ((False, 0.975), (True, 0.025)):
            f = stats.f.ppf(edge, dof_num, dof) * np.array([1 - 1e-9, 1 + 1e-9])
            found = f_noncentrality(f, dof_num, dof, 0.025, upper=upper)
            assert found[0] == 0.0
            assert 0.0 < found[1] < 1e-6


# ------------------------------------------------------------------ the densities behind


@pytest.mark.parametrize("dof", [1.0, 1.5, 6.0, 40.0])
def test_the_slope_of_t_is_a_ratio_of_parabolic_cylinder_functions(dof):
    """The sum over a few points is the integral of the density's mean to all digits."""
    y = np.array([-200.0, -6.0, -0.5, 0.0, 2.0, 4.4, 8.8, 40.0])
    found = noncentral._mean_of_tilted_chi(y, np.full(y.shape, dof))
    with mp.workdps(40):
        exact = [dof * mp.pcfu(dof + 0.5, -v) / mp.pcfu(dof - 0.5, -v) for v in y]
    # Seen: 5e-16.
    np.testing.assert_allclose(found, [float(value) for value in exact], rtol=1e-13)


@pytest.mark.parametrize(("a", "b"), [(1.0, 1.5), (3.25, 2.5), (30.0, 1.5), (520.0, 21.0)])
def test_the_slope_of_f_is_a_ratio_of_kummer_functions(a, b):
    """Evenly spaced terms of the series have the mean of all of them."""
    z = np.array([1e-12, 0.03, 1.0, 30.0, 700.0, 3e4])
    found = noncentral._mean_index(np.full(z.shape, a), b, z)
    with mp.workdps(40):
        ratio = [mp.hyp1f1(a, b - 1, v) / mp.hyp1f1(a, b, v) for v in z]
        exact = [float((value - 1) * (b - 1)) for value in ratio]
    # Seen: 3e-13, where log Γ(520) has lost as much and the mean is next to 0.
    np.testing.assert_allclose(found, exact, rtol=1e-11)


# ------------------------------------------------------------------ maps


@pytest.mark.parametrize("spread", [(17.0, 21.0), (1.0, 300.0)])
@pytest.mark.parametrize("upper", [False, True])
def test_degrees_of_freedom_may_differ_from_element_to_element(spread, upper):
    """Each element must have the bound that it has alone."""
    rng = np.random.default_rng(5)
    dof = np.append(rng.uniform(*spread, 10), spread)
    t = rng.normal(0, 6, len(dof))
    together = t_noncentrality(t, dof, 0.025, upper=upper)
    alone = [t_noncentrality([x], nu, 0.025, upper=upper)[0] for x, nu in zip(t, dof, strict=True)]
    np.testing.assert_allclose(together, alone, rtol=1e-11, atol=1e-11)  # seen: 1e-13
    f = t * t
    together = f_noncentrality(f, 3, dof, 0.025, upper=upper)
    alone = [
        f_noncentrality([x], 3, nu, 0.025, upper=upper)[0] for x, nu in zip(f, dof, strict=True)
    ]
    np.testing.assert_allclose(together, alone, rtol=1e-11, atol=1e-11)  # seen: 4e-13


def test_an_element_hardly_knows_its_neighbours():
    """How far the curve is followed for others must not move a bound."""
    t = np.array([-3.0, 0.4, 2.5])
    alone = t_noncentrality(t, 11, 0.025)
    among = t_noncentrality(np.append(t, [-80.0, 900.0]), 11, 0.025)[:3]
    np.testing.assert_allclose(among, alone, rtol=1e-11)  # seen: 2e-14
    f = np.array([0.4, 3.5])
    among = f_noncentrality(np.append(f, 5000.0), 2, 11, 0.025, upper=True)[:2]
    alone = f_noncentrality(f, 2, 11, 0.025, upper=True)
    np.testing.assert_allclose(among, alone, rtol=1e-11)  # seen: 1e-14


def test_no_elements_nan_and_the_largest_numbers():
    """An empty map stays empty, NaN stays NaN, and infinity counts as a very large statistic."""
    assert t_noncentrality([], 5, 0.025).shape == (0,)
    assert f_noncentrality([], 2, 5, 0.025).shape == (0,)
    t = t_noncentrality([np.nan, 1.0, np.inf, -np.inf, 1e15], 5, 0.025)
    assert np.isnan(t[0])
    assert np.isfinite(t[1:]).all()
    assert t[2] == t[4]
    f = f_noncentrality([np.nan, 0.0, np.inf, 1e30], 2, 5, 0.025)
    assert np.isnan(f[0])
    assert f[1] == 0.0
    assert f[2] == f[3]


@pytest.mark.parametrize("tiny", [5e-324, 1e-310, 1e-200, 1e-20])
def test_the_smallest_statistics_move_nothing(tiny):
    """A map of next to nothing has the bounds of 0, without a warning on the way."""
    for t in ([tiny], [-tiny, tiny, 0.0], [-tiny, 3.0]):
        found = t_noncentrality(t, 7, 0.025)
        np.testing.assert_allclose(found[0], special.ndtri(0.025), rtol=1e-14)  # seen: 0
    edge = stats.f.ppf(0.025, 2, 7)
    found = f_noncentrality([edge, edge * (1 + 1e-15), tiny], 2, 7, 0.025, upper=True)
    np.testing.assert_allclose(found, 0.0, atol=1e-13)  # seen: 4e-15


def test_a_curve_is_followed_to_both_sides():
    """The solution of value′ = -2 x value is a bell about its start."""
    curve = LevelCurve(lambda dof: lambda x, value: -2.0 * x * value * dof, start=3.0)
    x = np.array([-1.5, 2.0, 0.0, 0.25, -0.01])
    np.testing.assert_allclose(curve.at(x, 1.0), 3.0 * np.exp(-(x**2)), rtol=1e-12)  # seen: 8e-14
    dof = np.array([0.4, 1.0, 1.2, 1.9, 0.7])
    expected = 3.0 * np.exp(-dof * x**2)
    np.testing.assert_allclose(curve.at(x, dof), expected, rtol=1e-12)  # seen: 5e-14


def test_a_curve_that_ends_is_not_extended():
    """A solution with a pole at 1 has no value beyond it."""
    curve = LevelCurve(lambda dof: lambda x, value: value * value, start=1.0)
    np.testing.assert_allclose(curve.at(np.array([0.5]), 1.0), 2.0, rtol=1e-12)  # seen: 2e-14
    with pytest.raises(ArithmeticError, match="ends at x = 1, not 2"):
        curve.at(np.array([2.0]), 1.0)
