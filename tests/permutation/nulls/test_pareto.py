"""The generalised Pareto distribution: fitted to excesses, and how well it fits them.

Held against `scipy.stats.genpareto` and against loops written from the formulas.
"""

import math

import numpy as np
import pytest
from scipy import stats

from secondlevel.permutation.nulls.pareto import Pareto, fit_pareto, misfit, misfit_p

SHAPES = [-1.0, -0.4, -1e-9, 0.0, 1e-9, 0.3, 1.5]


def sample(rng, shape, size):
    """Excesses that are Pareto of scale 1, sorted."""
    return np.sort(stats.genpareto.rvs(shape, size=size, random_state=rng))


def estimate_by_hand(excesses):
    """Shape and scale as Zhang and Stephens (2009) write them: theta and k, one by one."""
    n, m = len(excesses), 20 + math.floor(math.sqrt(len(excesses)))
    quartile = sorted(excesses)[math.floor(n / 4 + 0.5) - 1]

    def k_of(theta):
        return -sum(math.log(1 - theta * x) for x in excesses) / n

    def profile(theta):
        k = k_of(theta)
        return n * (math.log(theta / k) + k - 1)

    thetas = [
        1 / max(excesses) + (1 - math.sqrt(m / (j - 0.5))) / (3 * quartile) for j in range(1, m + 1)
    ]
    weights = [1 / sum(math.exp(profile(b) - profile(a)) for b in thetas) for a in thetas]
    theta = sum(a * weight for a, weight in zip(thetas, weights, strict=True))
    return -k_of(theta), k_of(theta) / theta


def anderson_darling_by_hand(values, shape, scale):
    """The statistic from its sum, with the distribution of scipy."""
    ordered, m = sorted(values), len(values)
    total = 0.0
    for i, value in enumerate(ordered, start=1):
        opposite = ordered[m - i]
        below = stats.genpareto.logcdf(value, shape, scale=scale)
        above = stats.genpareto.logsf(opposite, shape, scale=scale)
        total += (2 * i - 1) * (below + above)
    return -m - total / m


@pytest.mark.parametrize("shape", SHAPES)
def test_the_tail_is_that_of_scipy(shape):
    """P(Y > y) must be that of genpareto, at the end and beyond it too."""
    heights = np.array([0.0, 1e-9, 0.5, 2.0, 4.9, 5.0, 40.0, 1e4])
    ours = Pareto(shape, 2.0).survival(heights)
    peer = stats.genpareto.sf(heights, shape, scale=2.0)
    # Seen: no difference; near 0 the shape hardly matters.
    np.testing.assert_allclose(ours, peer, rtol=1e-13, atol=1e-300)
    if abs(shape) < 1e-6:
        np.testing.assert_allclose(ours[:-1], np.exp(-heights[:-1] / 2.0), rtol=1e-6)  # seen: 2e-7


@pytest.mark.parametrize("size", [4, 5, 50, 199])
def test_the_estimate_is_that_of_its_formula(size):
    """Shape and scale must be those of a loop written from the paper."""
    rng = np.random.default_rng(411)
    for shape in (-0.7, -0.1, 0.2, 0.8):
        excesses = 3.0 * sample(rng, shape, size)
        fitted = fit_pareto(excesses)
        expected = estimate_by_hand(excesses.tolist())
        # Seen: 2.6e-14.
        np.testing.assert_allclose((fitted.shape, fitted.scale), expected, rtol=1e-12)


@pytest.mark.parametrize("shape", [-0.1, 0.0, 0.2, 0.5])
def test_estimates_find_the_truth(shape):
    """Of 300 samples of 500 the mean estimate must be near the truth, as near as likelihood's."""
    rng = np.random.default_rng(412)
    fits = [fit_pareto(sample(rng, shape, 500)) for _ in range(300)]
    shapes, scales = np.array([(fit.shape, fit.scale) for fit in fits]).T
    # The spread that maximum likelihood has, (1 + shape) / √500.
    spread = (1 + shape) / math.sqrt(500)
    assert abs(shapes.mean() - shape) <= 0.01  # seen: 0.0050
    assert abs(scales.mean() - 1.0) <= 0.003  # seen: 0.0013
    assert shapes.std() <= 1.15 * spread  # seen: 1.06 of it


def test_a_large_sample_is_fitted_as_by_maximum_likelihood():
    """With 20 000 excesses shape and scale must be those of scipy's fit."""
    excesses = sample(np.random.default_rng(413), 0.15, 20_000)
    shape, _, scale = stats.genpareto.fit(excesses, floc=0)
    fitted = fit_pareto(excesses)
    assert abs(fitted.shape - shape) <= 0.001  # seen: 1.6e-4
    assert abs(fitted.scale - scale) <= 0.001  # seen: 1.6e-4


def test_nothing_lies_beyond_the_end_of_what_is_fitted():
    """The largest excess must keep a probability above 0, even of a sample with a sharp end."""
    rng = np.random.default_rng(414)
    for excesses in (
        np.sort(rng.random(50)),
        np.sort(rng.random(500)) ** 0.1,
        np.linspace(0.9, 1.0, 60),
        np.append(np.full(59, 1.0), 1e6),
        np.append(np.linspace(1e-3, 1.0, 499), 1e12),
    ):
        fitted = fit_pareto(excesses)
        assert np.isfinite([fitted.shape, fitted.scale]).all()
        assert 0.0 < float(fitted.survival(excesses[-1])) < 0.5


def test_misfit_is_the_statistic_of_all_but_the_largest():
    """A² must be that of a plain sum, of the fit to all but the largest, which it never sees."""
    rng = np.random.default_rng(415)
    for shape in (-0.5, 0.0, 0.4):
        excesses = sample(rng, shape, 80)
        statistic, fitted_shape = misfit(excesses)
        expected_shape, scale = estimate_by_hand(excesses[:-1].tolist())
        expected = anderson_darling_by_hand(excesses[:-1].tolist(), expected_shape, scale)
        assert abs(statistic - expected) <= 1e-12  # seen: 1.5e-14
        assert abs(fitted_shape - expected_shape) <= 1e-13  # seen: 3e-16
        excesses[-1] = 1e9
        assert misfit(excesses) == (statistic, fitted_shape)


@pytest.mark.parametrize(
    ("shape", "k"), [(0.0, 50), (-0.35, 70), (0.1, 120), (-0.75, 250), (0.35, 500), (0.0, 500)]
)
def test_a_tail_that_is_pareto_is_refused_as_seldom_as_is_said(shape, k):
    """Of 1 500 Pareto samples 1, 5 and 25 % must have a p of the misfit that is that small."""
    rng = np.random.default_rng([416, k])
    p = np.array([misfit_p(*misfit(sample(rng, shape, k)), k) for _ in range(1500)])
    for level in (0.01, 0.05, 0.25):
        # Two and a half standard errors, and a tenth of the level for the table.
        slack = 2.5 * math.sqrt(level * (1 - level) / 1500) + 0.1 * level
        assert abs(np.mean(p <= level) - level) <= slack


def test_the_quantiles_of_the_table_have_their_p():
    """At a size and a shape of the table p must be the chance of the column."""
    for k, shape, quantile, chance in (
        (50, -0.25, 0.969, 0.05),
        (500, 0.0, 0.396, 0.5),
        (500, 0.0, 0.964, 0.05),
        (500, 1.0, 1.574, 0.001),
    ):
        assert misfit_p(quantile, shape, k) == pytest.approx(chance, rel=1e-12)
        # Smaller and larger samples, and shapes further out, count as those at the edge.
    assert misfit_p(0.964, 0.0, 9000) == misfit_p(0.964, 0.0, 500)
    assert misfit_p(0.9, 0.0, 20) == misfit_p(0.9, 0.0, 50)
    assert misfit_p(0.9, 3.0, 50) == misfit_p(0.9, 1.0, 50)
    assert misfit_p(0.0, 0.0, 50) == 1.0
    assert misfit_p(50.0, 0.0, 50) == pytest.approx(0.001)


def test_p_falls_as_the_misfit_grows():
    """A larger misfit must have a p that is no larger, at any shape and size."""
    for k in (50, 130, 500):
        for shape in (-1.2, -0.3, 0.05, 0.7):
            p = [misfit_p(statistic, shape, k) for statistic in np.linspace(0, 4, 200)]
            assert (np.diff(p) <= 0).all()


def test_a_tail_that_is_not_pareto_is_told():
    """Two clumps, and steps that are hardly blurred, must have a small p."""
    rng = np.random.default_rng(417)
    clumps = np.sort(np.concatenate([rng.random(100), 4 + rng.random(100)]))
    steps = np.sort(rng.geometric(0.4, 200) + 0.01 * rng.random(200))
    assert misfit_p(*misfit(clumps), 200) <= 0.0011
    assert misfit_p(*misfit(steps), 200) <= 0.0011
