"""Effect sizes, held against formulas on raw data, other programs, and their own promise: coverage.

Beside each tolerance stands the worst difference seen.
"""

from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from secondlevel.design.contrast import make_contrast
from secondlevel.design.matrix import Design
from secondlevel.errors import ContrastError, InputError, InputTypeError
from secondlevel.inference.effect_size import (
    MEASURES,
    SIDES,
    check_confidence,
    check_measure,
    effect_size,
    effect_size_bound,
    hedges_correction,
)
from secondlevel.models.base import ContrastEstimate
from secondlevel.models.least_squares import LeastSquares

RNG = np.random.default_rng
SIGNED = [measure for measure in MEASURES if measure != "partial_r2"]


def ask(matrix, data, weights, kind=None):
    """Fit and answer a contrast over columns a, b, c, …."""
    design = Design(matrix, list("abcdefgh"[: np.shape(matrix)[1]]))
    contrast = make_contrast(weights, design, kind)
    return LeastSquares().fit(design, data).contrast(contrast)


def answer_of(statistic, dof, dof_contrast=1):
    """Make the answer of a design with h = 1 from statistics alone."""
    statistic = np.asarray(statistic, dtype=float)
    ones = np.ones(statistic.shape)
    return ContrastEstimate(
        statistic[None, :],
        ones[None, :],
        statistic,
        dof,
        dof_contrast,
        np.zeros(statistic.shape, dtype=bool),
        ones,
    )


def interval(answer, measure, kind="t", confidence=0.95):
    """Both bounds."""
    return [effect_size_bound(answer, measure, kind, side, confidence) for side in SIDES]


# ------------------------------------------------------------------ estimates


def test_d_of_one_sample_is_mean_over_standard_deviation():
    """The definition, on the data themselves, wherever the mean is."""
    data = RNG(1).normal([[0.0, 1.0, -5.0, 1e4]], [[1.0, 3.0, 0.1, 2.0]], (11, 4))
    found = effect_size(ask(np.ones((11, 1)), data, "a"), "cohens_d", "t")
    # Seen: 8e-14, where the mean is 5000 deviations.
    np.testing.assert_allclose(found, data.mean(axis=0) / data.std(axis=0, ddof=1), rtol=1e-11)


def test_d_of_two_samples_is_the_difference_over_the_pooled_standard_deviation():
    """The definition, on the data themselves, with groups of different size."""
    rng = RNG(2)
    first, second = rng.normal(1, 2, (7, 5)), rng.normal(0, 1, (16, 5))
    matrix = np.repeat([[1.0, 0.0], [0.0, 1.0]], [7, 16], axis=0)
    answer = ask(matrix, np.vstack([first, second]), "a - b")
    pooled = np.sqrt((6 * first.var(axis=0, ddof=1) + 15 * second.var(axis=0, ddof=1)) / 21)
    expected = (first.mean(axis=0) - second.mean(axis=0)) / pooled
    d = effect_size(answer, "cohens_d", "t")
    np.testing.assert_allclose(d, expected, rtol=1e-12)  # seen: 9e-16
    g = effect_size(answer, "hedges_g", "t")
    exact = float(mp.gamma(10.5) / (mp.sqrt(10.5) * mp.gamma(10)))
    np.testing.assert_allclose(g, exact * expected, rtol=1e-12)  # seen: 7e-16


def test_partial_r_is_the_correlation_of_what_the_other_columns_leave():
    """Both data and column with all else regressed out, correlated about 0."""
    rng = RNG(3)
    matrix = np.column_stack([rng.normal(size=(20, 2)), np.ones(20)])
    data = rng.normal(size=(20, 6)) + 0.5 * matrix[:, :1]
    rest = matrix[:, 1:]

    def left(y):
        return y - rest @ np.linalg.lstsq(rest, y, rcond=None)[0]

    x, y = left(matrix[:, 0]), left(data)
    expected = x @ y / np.sqrt((x @ x) * (y * y).sum(axis=0))
    answer = ask(matrix, data, "a")
    np.testing.assert_allclose(
        effect_size(answer, "partial_r", "t"), expected, rtol=1e-11
    )  # seen: 5e-16
    np.testing.assert_allclose(
        effect_size(answer, "partial_r2", "t"), expected**2, rtol=1e-11
    )  # seen: 8e-16


def test_partial_r2_is_the_share_of_squares_that_the_rows_explain():
    """What leaving the columns out adds to the residuals, over those residuals."""
    rng = RNG(4)
    matrix = np.column_stack([rng.normal(size=(18, 3)), np.ones(18)])
    data = rng.normal(size=(18, 6)) + 0.4 * matrix[:, 1:2]

    def squares(columns):
        return np.linalg.lstsq(columns, data, rcond=None)[1]

    without = squares(matrix[:, [0, 3]])
    expected = (without - squares(matrix)) / without
    answer = ask(matrix, data, ["b", "c"])
    found = effect_size(answer, "partial_r2", "F")
    np.testing.assert_allclose(found, expected, rtol=1e-11)  # seen: 4e-15


def test_the_correction_of_hedges_is_exact():
    """J(ν) has its digits from 1, where it is 0, to degrees of freedom without end."""
    dof = [1.0, 1.0001, 2, 3, 9.5, 54, 97.3, 1000, 2001, 5001, 50_000, 1e10]
    with mp.workdps(50):
        exact = [0.0] + [
            float(mp.gammaprod([mp.mpf(nu) / 2], [(mp.mpf(nu) - 1) / 2]) * mp.sqrt(2 / mp.mpf(nu)))
            for nu in dof[1:]
        ]
    # Seen: 3e-15, at 54.
    np.testing.assert_allclose(hedges_correction(dof), exact, rtol=1e-13)
    assert hedges_correction(0.5) == 0.0


def test_hedges_correction_takes_the_bias_away():
    """Over many samples the mean of g is the true d, while the mean of d is beyond it."""
    rng = RNG(5)
    data = rng.normal(0.8, 1.0, (6, 40_000))
    answer = ask(np.ones((6, 1)), data, "a")
    d, g = (effect_size(answer, measure, "t") for measure in ("cohens_d", "hedges_g"))
    error = g.std() / np.sqrt(len(g))
    assert abs(g.mean() - 0.8) < 3 * error  # seen: 1.1 errors
    assert d.mean() - 0.8 > 20 * error  # seen: 44 errors


# ------------------------------------------------------------------ intervals


def test_bounds_of_d_agree_with_those_of_r():
    """R's MBESS 4.9.3, ``ci.smd(ncp=4, n.1=30, n.2=30)``, to the digits of its search."""
    answer = replace(answer_of([4.0], 58.0), variance=np.array([[1 / 30 + 1 / 30]]))
    found = np.ravel(interval(answer, "cohens_d"))
    # Seen: 4e-10.
    np.testing.assert_allclose(found, [0.4891758583566358, 1.568558741195589], rtol=1e-8)


def test_bounds_are_maps_of_noncentralities():
    """SciPy's noncentral t must have the tails at the noncentrality that each bound stands for."""
    t = np.array([-7.0, -0.5, 0.0, 1.8, 4.2])
    matrix = np.column_stack([np.linspace(-1, 1, 12), np.ones(12)])
    root_h = np.sqrt(1.0 / (matrix[:, 0] @ matrix[:, 0]))
    answer = replace(
        answer_of(t, 10.0), variance=np.full((1, 5), 9 * root_h**2), residual_variance=np.full(5, 9)
    )
    back = {
        "cohens_d": lambda d: d / root_h,
        "hedges_g": lambda g: g / root_h / hedges_correction(10.0),
        "partial_r": lambda r: r * np.sqrt(10.0 / (1.0 - r * r)),
    }
    for measure in SIGNED:
        lower, upper = (back[measure](bound) for bound in interval(answer, measure, "t", 0.9))
        # Seen: 5e-13.
        np.testing.assert_allclose(stats.nct.sf(t, 10, lower), 0.05, rtol=1e-9)
        np.testing.assert_allclose(stats.nct.cdf(t, 10, upper), 0.05, rtol=1e-9)


def test_bounds_of_r2_are_maps_of_noncentralities():
    """SciPy's noncentral F must have the tails at the noncentrality that each bound stands for."""
    f = np.array([2.0, 6.0, 40.0])
    lower, upper = (
        30.0 * bound / (1.0 - bound) for bound in interval(answer_of(f, 30.0, 4), "partial_r2", "F")
    )
    assert lower[0] == 0.0
    # Seen: 2e-13.
    np.testing.assert_allclose(stats.ncf.sf(f[1:], 4, 30, lower[1:]), 0.025, rtol=1e-9)
    np.testing.assert_allclose(stats.ncf.cdf(f, 4, 30, upper), 0.025, rtol=1e-9)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize("effect", [0.0, 0.6, -2.0])
def test_intervals_hold_the_true_effect_as_often_as_they_say(effect, confidence):
    """Of 4000 samples of nine, the share missed on either side is half of what is left out."""
    n_draws = 4000
    data = RNG(6).normal(effect, 1.0, (9, n_draws))
    answer = ask(np.ones((9, 1)), data, "a")
    r = 3.0 * effect / np.sqrt(9.0 * effect**2 + 8.0)
    lowest, highest = stats.binom.interval(0.999, n_draws, (1.0 - confidence) / 2.0)
    for measure, truth in (("cohens_d", effect), ("partial_r", r)):
        lower, upper = interval(answer, measure, "t", confidence)
        assert lowest <= (lower > truth).sum() <= highest
        assert lowest <= (upper < truth).sum() <= highest


@pytest.mark.parametrize("noncentrality", [2.0, 15.0])
def test_intervals_of_r2_hold_the_true_share_as_often_as_they_say(noncentrality):
    """Of 4000 F statistics, the share missed on either side is half of what is left out."""
    n_draws = 4000
    rng = RNG(7)
    f = rng.noncentral_chisquare(3, noncentrality, n_draws) / 3 / (rng.chisquare(20, n_draws) / 20)
    truth = noncentrality / (noncentrality + 20)
    lower, upper = interval(answer_of(f, 20.0, 3), "partial_r2", "F", 0.9)
    lowest, highest = stats.binom.interval(0.999, n_draws, 0.05)
    assert lowest <= (lower > truth).sum() <= highest
    assert lowest <= (upper < truth).sum() <= highest


def test_the_interval_of_d_leaves_0_out_where_the_two_sided_test_rejects():
    """Interval and test are the same statement about no effect."""
    data = RNG(8).normal(0.5, 1.0, (10, 500))
    lower, upper = interval(ask(np.ones((10, 1)), data, "a"), "cohens_d")
    rejected = stats.ttest_1samp(data, 0).pvalue < 0.05
    np.testing.assert_array_equal((lower > 0) | (upper < 0), rejected)
    assert 100 < rejected.sum() < 400


def test_the_lower_bound_of_r2_leaves_0_where_half_the_rest_rejects():
    """R² has no sign, so its lower bound is above 0 where p of F is below (1 - confidence) / 2."""
    rng = RNG(9)
    matrix = np.column_stack([rng.normal(size=(15, 2)), np.ones(15)])
    data = rng.normal(size=(15, 500)) + 0.5 * matrix[:, :1]
    answer = ask(matrix, data, ["a", "b"])
    lower, upper = interval(answer, "partial_r2", "F")
    np.testing.assert_array_equal(lower > 0, stats.f.sf(answer.statistic, 2, 12) < 0.025)
    np.testing.assert_array_equal(upper > 0, stats.f.cdf(answer.statistic, 2, 12) > 0.025)
    assert (lower <= upper).all()


def test_r2_can_lie_above_its_own_interval():
    """With many rows and little effect the estimate is larger than any share that may be true."""
    f = np.array([0.3, 0.65, 3.0])
    answer = answer_of(f, 1000.0, 40)
    estimate = effect_size(answer, "partial_r2", "F")
    lower, upper = interval(answer, "partial_r2", "F")
    np.testing.assert_array_equal(estimate > upper, [True, True, False])
    assert upper[0] == 0.0
    assert upper[1] > 0.0
    assert lower[2] < estimate[2]


# ------------------------------------------------------------------ elements


def test_elements_without_variance_have_0_everywhere():
    """No estimate and no bound is NaN or infinite where nothing varies."""
    rng = RNG(10)
    data = np.column_stack([np.full(8, 5.0), rng.normal(size=8), np.zeros(8)])
    matrix = np.column_stack([np.arange(8.0), np.ones(8)])
    for weights, kind, measures in (("b", "t", MEASURES), (["a", "b"], "F", ["partial_r2"])):
        answer = ask(matrix, data, weights)
        for measure in measures:
            values = [effect_size(answer, measure, kind), *interval(answer, measure, kind)]
            for found in values:
                np.testing.assert_array_equal(found[[0, 2]], 0.0)
                assert np.isfinite(found[1])


def test_with_one_degree_of_freedom_g_is_0_and_the_others_are_not():
    """Of a d without expectation no correction makes an estimate."""
    answer = ask(np.ones((2, 1)), RNG(11).normal(3.0, 1.0, (2, 5)), "a")
    assert answer.dof == 1.0
    for found in (effect_size(answer, "hedges_g", "t"), *interval(answer, "hedges_g")):
        np.testing.assert_array_equal(found, 0.0)
    for measure in ("cohens_d", "partial_r", "partial_r2"):
        lower, upper = interval(answer, measure)
        assert (lower < upper).all()
        assert np.isfinite(upper).all()


def test_degrees_of_freedom_may_differ_from_element_to_element():
    """Each element must have the values that it has alone."""
    t, dof = np.array([2.0, -1.0, 5.0, 0.0]), np.array([8.0, 11.5, 8.0, 300.0])
    for measure in MEASURES:
        together = answer_of(t, dof)
        values = [effect_size(together, measure, "t"), *interval(together, measure)]
        for i in range(len(t)):
            alone = answer_of(t[[i]], float(dof[i]))
            expected = [effect_size(alone, measure, "t"), *interval(alone, measure)]
            np.testing.assert_allclose(
                [value[i] for value in values], np.ravel(expected), rtol=1e-11
            )  # seen: 1e-13


def test_the_largest_statistics_stay_numbers():
    """A t beyond all sense gives correlations of 1 and a finite d."""
    answer = answer_of([1e12, -1e100, 1e200], 3.0)
    for measure in MEASURES:
        assert np.isfinite(effect_size(answer, measure, "t")).all()
    for measure in ("cohens_d", "partial_r2"):
        assert np.isfinite(interval(answer, measure)).all()
    np.testing.assert_array_equal(effect_size(answer, "partial_r", "t"), [1.0, -1.0, 1.0])


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize("measure", SIGNED)
def test_an_f_contrast_has_r2_only(measure):
    """Several rows have no d; the message says what they have."""
    answer = answer_of([3.0], 20.0, 2)
    for refuse in (
        lambda: effect_size(answer, measure, "F"),
        lambda: effect_size_bound(answer, measure, "F", "lower"),
        lambda: check_measure(measure, "F"),
    ):
        with pytest.raises(ContrastError, match=rf"'{measure}' needs a t .* Use 'partial_r2'"):
            refuse()
    check_measure("partial_r2", "F")
    check_measure(measure, "t")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (95, "95 percent is 0.95. Got 95."),
        (99.9, "99.9 percent is 0.999. Got 99.9."),
        (1, "such as 0.95. Got 1."),
        (0.0, "such as 0.95. Got 0.0."),
        (-0.5, "such as 0.95. Got -0.5."),
        (float("nan"), "such as 0.95. Got nan."),
        (200, "such as 0.95. Got 200."),
    ],
)
def test_a_confidence_beyond_0_and_1_is_refused(value, message):
    """A percentage is told as what it is."""
    with pytest.raises(InputError, match="'confidence' must be a number strictly") as caught:
        check_confidence(value)
    assert str(caught.value).endswith(message)
    with pytest.raises(InputError):
        effect_size_bound(answer_of([1.0], 5.0), "cohens_d", "t", "lower", value)


@pytest.mark.parametrize("value", ["0.95", None, True, [0.95], 0.95j])
def test_a_confidence_that_is_no_number_is_refused(value):
    """The message shows what came instead."""
    with pytest.raises(InputTypeError, match="'confidence' must be a number") as caught:
        check_confidence(value)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("value", [0.95, np.float32(0.5), np.float64(1e-9), 1 - 1e-15])
def test_any_real_number_between_0_and_1_is_a_confidence(value):
    """Numbers of numpy are numbers too, and the extremes give finite, ordered bounds."""
    assert check_confidence(value) == float(value)
    for measure in MEASURES:
        lower, upper = interval(answer_of([2.0], 9.0), measure, "t", value)
        assert np.isfinite([lower, upper]).all()
        assert lower <= upper
