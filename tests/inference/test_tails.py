"""Tails of t and F, held against closed forms, SciPy, and an integral to thirty digits.

Beside each tolerance stands the worst difference seen.
"""

import mpmath as mp
import numpy as np
import pytest
from scipy import optimize, special, stats

from secondlevel.inference import tails
from secondlevel.inference.tails import f_tail, t_tail

DOFS = [1, 2, 3, 5, 10, 23, 100, 1000, 1e5, 1e10]
T_VALUES = [1e-12, 1e-4, 1.2, 8.0, 60.0, 1e8]
F_VALUES = [1e-8, 0.3, 1.0, 6.0, 1e8]
LARGEST = np.finfo(float).max


def log_nearer_tail(f, dof_num, dof_den):
    """Log of the upper tail of F where f >= 1, else of the lower one: the density, integrated.

    In s = log F the log density is concave, so a tail falls at least as fast as it does at first.
    """
    a, b, f = mp.mpf(dof_den) / 2, mp.mpf(dof_num) / 2, mp.mpf(f)
    x, y = a / (a + b * f), b * f / (a + b * f)
    rate = max(abs(b - (a + b) * y), mp.sqrt((a + b) * x * y)) * (1 if f >= 1 else -1)

    def density(v):
        return mp.exp(b * v / rate - (a + b) * mp.log(x + y * mp.exp(v / rate)))

    area = mp.quad(density, [0, 1, 3, 8, 20, 60], method="gauss-legendre", maxdegree=4)
    log_beta = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
    return a * mp.log(x) + b * mp.log(y) - log_beta + mp.log(area / abs(rate))


def relative(value, exact):
    """Distance from an exact value as a fraction of it."""
    return float(abs(mp.mpf(float(value)) / exact - 1))


def log_p_error(log_p, exact):
    """Relative error of p where p is a double, of log p beyond."""
    if exact > -690:
        return relative(mp.exp(mp.mpf(float(log_p))), mp.exp(exact))
    return relative(log_p, exact)


def z_error(z, log_p):
    """Distance of z >= 0 from the deviate with this exact log p, relative where it is beyond 1."""
    z = mp.mpf(float(z))
    upper = mp.erfc(z / mp.sqrt(2)) / 2
    return float(abs((mp.log(upper) - log_p) * upper / mp.npdf(z)) / max(1, abs(z)))


@pytest.fixture(autouse=True)
def thirty_digits():
    """Give the reference its digits (ten more, for it cancels at 1e10 dof), and nobody else."""
    with mp.workdps(40):
        yield


@pytest.mark.parametrize("dof", DOFS)
def test_t_has_all_its_digits(dof):
    """Both p (log p beyond the doubles) and z must be right for t of 1e-12 to 1e8 and any dof."""
    tail = t_tail(T_VALUES, dof)
    for t, log_p, z in zip(T_VALUES, tail.log_p, tail.z, strict=True):
        nearer = log_nearer_tail(mp.mpf(t) ** 2, 1, dof)
        if t < 1:
            exact = mp.log((1 - mp.exp(nearer)) / 2)
            assert relative(z, mp.sqrt(2) * mp.erfinv(mp.exp(nearer))) < 1e-14  # seen: 2e-15
        else:
            exact = nearer - mp.log(2)
            assert z_error(z, exact) < 1e-14  # seen: 7e-16
        assert log_p_error(log_p, exact) < 1e-12  # seen: 4e-14


@pytest.mark.parametrize("dof_num", [1, 3, 7, 30])
@pytest.mark.parametrize("dof_den", [1, 5, 1000, 1e10])
def test_f_has_all_its_digits(dof_num, dof_den):
    """Both p (log p beyond the doubles) and z must be right on both sides of the median of F."""
    tail = f_tail(F_VALUES, dof_num, dof_den)
    for f, log_p, z in zip(F_VALUES, tail.log_p, tail.z, strict=True):
        nearer = log_nearer_tail(f, dof_num, dof_den)
        upper = nearer if f >= 1 else mp.log1p(-mp.exp(nearer))
        assert log_p_error(log_p, upper) < 1e-12  # seen: 1e-14
        # Where p itself is near 1, its log is known as well as the other tail.
        assert relative(log_p, upper) < 1e-12  # seen: 5e-14
        assert z_error(z if f >= 1 else -z, nearer) < 1e-14  # seen: 2e-15


@pytest.mark.parametrize("dof_num", [2, 4, 10, 30])
@pytest.mark.parametrize("dof_den", [1e5, 1e7])
def test_whole_shapes_lose_no_digits(dof_num, dof_den):
    """Even degrees of freedom must be as exact as odd ones (SciPy's fdtrc is off by 5e-3)."""
    values = [1.5, 4.0, 20.0]
    for f, log_p in zip(values, f_tail(values, dof_num, dof_den).log_p, strict=True):
        assert log_p_error(log_p, log_nearer_tail(f, dof_num, dof_den)) < 1e-12  # seen: 6e-14


def test_closed_forms_of_t():
    """T with 1 dof is Cauchy, with 2 dof algebraic: both known to the end of the doubles."""
    t = np.geomspace(1e-3, 1e300, 2000)
    one = np.where(t < 1e8, np.log(np.arctan2(1.0, t) / np.pi), -np.log(np.pi * t))
    np.testing.assert_allclose(t_tail(t, 1).log_p, one, rtol=1e-14)  # seen: 5e-16

    root = np.hypot(t, np.sqrt(2.0))
    two = -np.log(root) - np.log(root + t)  # 1/2 (1 - t / root), rationalised
    np.testing.assert_allclose(t_tail(t, 2).log_p, two, rtol=1e-14, atol=1e-15)  # seen: 5e-16


@pytest.mark.parametrize("dof", [0.5, 3, 24, 1001, 1e6])
def test_closed_form_of_f_with_two_dof(dof):
    """P(F >= f) with 2 and dof is (1 + 2 f / dof) ** (-dof / 2), however far."""
    f = np.geomspace(1e-300, 1e300, 4001)
    log_base = np.where(f < 1e20, np.log1p(2.0 * f / dof), np.log(2.0 / dof) + np.log(f))
    exact = -0.5 * dof * log_base
    np.testing.assert_allclose(f_tail(f, 2, dof).log_p, exact, rtol=1e-12)  # seen: 2e-13


def test_agrees_with_scipy_stats():
    """Where SciPy's survival functions have digits, p and z must be theirs."""
    t = np.linspace(-12.0, 12.0, 241)
    f = np.geomspace(1e-4, 50.0, 200)
    for dof in (1, 4, 23, 150):
        tail = t_tail(t, dof)
        np.testing.assert_allclose(tail.p, stats.t.sf(t, dof), rtol=1e-12)  # seen: 4e-14
        nearer = stats.norm.isf(stats.t.sf(np.abs(t), dof))
        np.testing.assert_allclose(
            tail.z, np.sign(t) * nearer, rtol=1e-12, atol=1e-15
        )  # seen: 4e-14
        for dof_num in (1, 3, 7):
            p = stats.f.sf(f, dof_num, dof)
            np.testing.assert_allclose(f_tail(f, dof_num, dof).p, p, rtol=1e-12)  # seen: 4e-14


def test_far_statistics_are_finite_distinct_and_ordered():
    """No statistic may saturate: z must grow to the largest double, and log p stay finite."""
    far = np.array([37.0, 38.0, 39.0, 60.0, 61.0, 1e3, 1e5, 1e10, 1e100, 1e150, 1e200, LARGEST])
    for dof in (1, 5, 23, 1000, 1e10, 1e100, np.inf):
        tail = t_tail(far, dof)
        assert np.isfinite(tail.log_p).all()
        assert (np.diff(tail.z) > 0).all()
        for dof_num in (1, 3, 30, 1e6):
            tail = f_tail(far, dof_num, dof)
            assert np.isfinite(tail.log_p).all()
            assert (np.diff(tail.z) > 0).all()
            assert (np.diff(tail.log_p) < 0).all()

    assert t_tail(60.0, 1000).z == pytest.approx(39.056224561, rel=1e-10)
    assert f_tail(1e5, 3, 23).z == pytest.approx(14.422847530, rel=1e-9)


@pytest.mark.parametrize("dofs", [(1, 100), (1, 1e10), (3, 1e3), (30, 50), (7, 1e7), (300, 40)])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_both_ways_agree_where_they_meet(monkeypatch, dofs, side):
    """SciPy's p and the log-space p must be one number around the switch, on either side of F."""
    f = np.geomspace(1.0, 1e99, 20_001) ** side
    z = np.abs(f_tail(f, *dofs).z)
    around = f[(z > 12.0) & (z < 21.0)]  # a nearer tail between 1e-33 and 1e-98
    assert around.size > 20
    by_scipy = f_tail(around, *dofs)
    monkeypatch.setattr(tails, "_SMALLEST_SAFE_P", 1e-20)
    by_logs = f_tail(around, *dofs)
    np.testing.assert_allclose(by_logs.z, by_scipy.z, rtol=1e-14)  # seen: 8e-16
    np.testing.assert_allclose(by_logs.p, by_scipy.p, rtol=1e-12)  # seen: 2e-13


@pytest.mark.parametrize("dof", [5.0, 100.0, 1e10])
def test_order_holds_in_steps_of_a_billionth_across_every_seam(dof):
    """Wherever the way of computing changes, z must still grow in steps of 1e-9."""
    steps = 1.0 + 1e-9 * np.arange(-500, 500)

    def far_seam(log_p):
        return np.exp(optimize.brentq(lambda u: log_p(np.exp(u)) - np.log(1e-100), 0.0, 200.0))

    two_sided = far_seam(lambda t: np.log(2.0) + t_tail(t, dof).log_p)
    for t in (two_sided, 1.0, 1e-50, 1e50, 1e145):
        assert (np.diff(t_tail(t * steps, dof).z) > 0).all()
    for f in (far_seam(lambda f: f_tail(f, 3, dof).log_p), 1.0, 1e-100, 1e100, 1e-290, 1e290):
        assert (np.diff(f_tail(f * steps, 3, dof).z) > 0).all()


def test_zero_and_the_edges():
    """At t = 0, p must be 0.5 and z 0; infinities count as the largest double; NaN stays NaN."""
    tail = t_tail([0.0, -0.0, np.inf, -np.inf, np.nan], 23)
    assert (tail.z[:2] == 0.0).all()
    assert (tail.p[:2] == 0.5).all()
    largest = t_tail(LARGEST, 23)
    assert tail.z[2] == largest.z == -tail.z[3]
    assert tail.log_p[2] == largest.log_p
    assert tail.p[3] == 1.0
    assert np.isnan([tail.z[4], tail.log_p[4]]).all()
    assert np.isnan(t_tail(2.0, [np.nan, 5.0]).z).tolist() == [True, False]

    tail = f_tail([0.0, -1e-17, 5e-324, 1e-300, np.inf, np.nan], 3, 23)
    assert (tail.log_p[:2] == 0.0).all()
    assert tail.z[0] == tail.z[1] == tail.z[2] == pytest.approx(-47.14938368269049, rel=1e-13)
    assert tail.z[2] < tail.z[3]
    assert tail.z[4] == f_tail(LARGEST, 3, 23).z
    assert np.isnan([tail.z[5], tail.log_p[5]]).all()


def test_infinite_dof_is_the_normal_and_the_chi_square():
    """With infinite dof z must be t itself, and dof_num × F a chi-square."""
    t = np.array([-1e3, -2.0, 0.0, 1e-300, 1.5, 40.0, 1e150])
    tail = t_tail(t, np.inf)
    assert (tail.z == t).all()
    np.testing.assert_allclose(tail.log_p, special.log_ndtr(-t), rtol=1e-15)  # seen: 0
    mixed = t_tail(2.0, [5.0, np.inf])
    assert mixed.z.tolist() == [float(t_tail(2.0, 5.0).z), 2.0]

    for dof_num in (1, 3, 30, 300):
        for f in (1e-3, 0.5, 2.0, 50.0, 1e6):
            half, point = mp.mpf(dof_num) / 2, mp.mpf(f) * dof_num / 2
            exact = mp.log(mp.gammainc(half, point, mp.inf, regularized=True))
            assert log_p_error(f_tail(f, dof_num, np.inf).log_p, exact) < 1e-12  # seen: 3e-14


def test_shapes_are_kept_and_dof_broadcast():
    """The result must have the broadcast shape, and each element the value it has alone."""
    t = np.array([[-3.0, 0.5, 50.0], [1e-9, 7.0, 1e30]])
    dof = np.array([[4.0], [np.inf]])
    tail = t_tail(t, dof)
    assert tail.z.shape == tail.log_p.shape == tail.p.shape == (2, 3)
    for i, j in np.ndindex(2, 3):
        alone = t_tail(t[i, j], dof[i, 0])
        assert alone.z.shape == alone.log_p.shape == ()
        assert (alone.z, alone.log_p) == (tail.z[i, j], tail.log_p[i, j])
    assert f_tail(2.0, np.ones((4, 1)), [1.0, 2.0]).z.shape == (4, 2)
    assert t_tail([], 5).z.shape == (0,)
    assert t_tail(np.float32([1.5]), 5).z.dtype == np.float64


def test_arguments_are_left_alone():
    """Neither statistic nor dof may be written into, even where read-only arrays would refuse."""
    t, dof = np.array([-np.inf, 0.0, 300.0]), np.array([3.0, 30.0, np.inf])
    before = t.copy(), dof.copy()
    t_tail(t, dof)
    f_tail(t, dof, dof)
    assert (t == before[0]).all()
    assert (dof == before[1]).all()


def test_log10_p_and_p_are_the_same_tail():
    """Both p and log10 p must be log p on another scale, p underflowing to 0."""
    tail = t_tail([0.0, 2.0, 60.0], 1000)
    np.testing.assert_allclose(tail.log10_p[:2], np.log10(tail.p[:2]), rtol=1e-15)
    assert tail.log10_p[2] == pytest.approx(-333.2250, abs=1e-4)
    assert tail.p[2] == 0.0


@pytest.mark.parametrize("dof", [0.0, -1.0, [5.0, -2.0, np.nan]])
def test_a_dof_that_is_not_positive_is_refused(dof):
    """Zero or negative degrees of freedom must be an error that names the smallest."""
    smallest = f"{np.nanmin(dof):g}"
    with pytest.raises(ValueError, match=f"must be positive, the smallest is {smallest};"):
        t_tail(2.0, dof)
    with pytest.raises(ValueError, match="must be positive"):
        f_tail(2.0, 3, dof)
    with pytest.raises(ValueError, match="must be positive"):
        f_tail(2.0, dof, 3)
