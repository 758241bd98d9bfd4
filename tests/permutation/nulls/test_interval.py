"""Intervals of a p from a finite number of shuffles, and the rule that stops a run.

Held against `scipy.stats`, against loops written from the definitions, and against what they
promise: how often they are wrong.
"""

import math

import mpmath
import numpy as np
import pytest
from scipy import stats

from secondlevel.errors import InputError, InputTypeError
from secondlevel.permutation.nulls.interval import is_decided, p_interval, sequence_interval

ALPHA = 0.05


def density_by_hand(exceedances, n_shuffles, p):
    """(n + 1) b(S; n, p), from the binomial distribution of scipy."""
    n, reached = n_shuffles - 1, exceedances - 1
    return (n + 1) * stats.binom.pmf(reached, n, p)


def log_density_to_many_digits(exceedances, n_shuffles, p):
    """The logarithm of the same, in 40 digits."""
    with mpmath.workdps(40):
        n, reached, share = n_shuffles - 1, exceedances - 1, mpmath.mpf(p)
        ways = mpmath.loggamma(n + 2) - mpmath.loggamma(reached + 1)
        ways -= mpmath.loggamma(n - reached + 1)
        chance = reached * mpmath.log(share) + (n - reached) * mpmath.log(1 - share)
        return float(ways + chance)


CASES = [(1, 1000), (2, 1000), (51, 1000), (999, 1000), (1000, 1000), (1, 2), (2, 2), (1, 10**6)]


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
def test_bounds_are_those_of_clopper_and_pearson(confidence):
    """Bounds must be those of `scipy.stats.binomtest`, without the observed labelling."""
    lower, upper = p_interval(*np.transpose(CASES), confidence)
    for i, (exceedances, n_shuffles) in enumerate(CASES):
        peer = stats.binomtest(exceedances - 1, n_shuffles - 1).proportion_ci(confidence)
        # Seen: 4.3e-13; the peer looks for roots, and stops at 1e-12.
        np.testing.assert_allclose((lower[i], upper[i]), peer, rtol=0, atol=2e-12)


def test_at_a_bound_what_was_seen_is_as_rare_as_is_said():
    """At the lower bound so many or more, at the upper so many or fewer, must have 2.5 %."""
    # Seen: 1.7e-12.
    lower, upper = p_interval(*np.transpose(CASES))
    for i, (exceedances, n_shuffles) in enumerate(CASES):
        reached, n = exceedances - 1, n_shuffles - 1
        if reached > 0:
            assert stats.binom.sf(reached - 1, n, lower[i]) == pytest.approx(0.025, rel=1e-11)
        if reached < n:
            assert stats.binom.cdf(reached, n, upper[i]) == pytest.approx(0.025, rel=1e-11)
    assert (lower[0], upper[4]) == (0.0, 1.0)


def test_one_shuffle_tells_nothing():
    """With the observed labelling alone every p must be possible."""
    assert [float(bound) for bound in p_interval(1, 1)] == [0.0, 1.0]
    assert [float(bound) for bound in sequence_interval(1, 1)] == [0.0, 1.0]
    assert not is_decided(1, 1, ALPHA)


def test_p_is_exact_where_all_shuffles_were_taken():
    """Both bounds of an exhaustive run must be its p."""
    lower, upper = p_interval([1, 16, 256], 256, exhaustive=True)
    assert lower.tolist() == upper.tolist() == [1 / 256, 1 / 16, 1.0]


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("n_shuffles", [20, 200, 1000])
def test_p_is_covered_as_often_as_is_said(n_shuffles, confidence):
    """Over all counts that can come out, by their probability, p must be inside often enough."""
    exceedances = np.arange(1, n_shuffles + 1)
    lower, upper = p_interval(exceedances, n_shuffles, confidence)
    for p in (1e-4, 1e-3, 0.01, 0.05, 0.1, 0.3, 0.5, 0.97):
        weights = stats.binom.pmf(exceedances - 1, n_shuffles - 1, p)
        covered = weights[(lower <= p) & (p <= upper)].sum()
        assert covered >= confidence - 1e-12  # seen: 2.4e-4 more than that, or better


def test_p_is_covered_in_simulated_runs():
    """Of 4 000 runs at least 95 % must have an interval around their p, but for chance."""
    rng = np.random.default_rng(401)
    for p in (0.002, 0.03, 0.2):
        lower, upper = p_interval(1 + rng.binomial(999, p, 4000), 1000)
        covered = np.mean((lower <= p) & (p <= upper))
        assert covered >= 0.95 - 2 * math.sqrt(0.95 * 0.05 / 4000)  # seen: 0.955 at least


def test_the_rule_is_its_definition():
    """A p must be decided where (n + 1) b(S; n, alpha) is the risk or less, and nowhere else."""
    for n_shuffles in (2, 3, 50, 777):
        for alpha in (0.001, 0.05, 0.5, 0.9):
            for risk in (1e-6, 1e-3, 0.17):
                expected = [
                    bool(density_by_hand(exceedances, n_shuffles, alpha) <= risk)
                    for exceedances in range(1, n_shuffles + 1)
                ]
                decided = is_decided(np.arange(1, n_shuffles + 1), n_shuffles, alpha, risk)
                assert decided.tolist() == expected


def test_the_rule_is_right_for_ten_million_shuffles():
    """The density must keep its digits, so that a risk just above it decides, one below not."""
    n_shuffles = 10_000_001
    for exceedances in (495_001, 497_001, 503_001, 505_001):
        log_density = log_density_to_many_digits(exceedances, n_shuffles, ALPHA)
        assert -50.0 < log_density < 0.0
        slack = 1e-6  # seen: 2.1e-8
        assert is_decided(exceedances, n_shuffles, ALPHA, math.exp(log_density + slack))
        assert not is_decided(exceedances, n_shuffles, ALPHA, math.exp(log_density - slack))
    # Where the density itself is no double any more.
    assert is_decided([1, 400_000, 5_000_000, n_shuffles], n_shuffles, ALPHA).all()
    assert not is_decided([500_001, 500_600], n_shuffles, ALPHA).any()


def test_at_the_ends_of_p_one_count_decides():
    """A p of 0 must be refuted by one that reaches, a p of 1 by one that does not."""
    assert is_decided([1, 2, 100], 100, 0.0).tolist() == [False, True, True]
    assert is_decided([1, 99, 100], 100, 1.0).tolist() == [True, True, False]


@pytest.mark.parametrize(("risk", "seen"), [(0.05, 0.013), (1e-3, 0.0)])
def test_hardly_any_run_is_stopped_on_the_wrong_side(risk, seen):
    """Of 2 000 streams, looked at after every shuffle, no more than the risk may ever be wrong."""
    rng = np.random.default_rng(402)
    n_shuffles = np.arange(2, 3001)
    wrong_shares = []
    for p in (ALPHA / 1.2, ALPHA * 1.2, ALPHA * 1.02, ALPHA / 1.02):
        wrong = 0
        for _ in range(20):
            reached = rng.random((100, len(n_shuffles))) < p
            exceedances = 1 + np.cumsum(reached, axis=1)
            decided = is_decided(exceedances, n_shuffles, ALPHA, risk)
            below = exceedances / n_shuffles < ALPHA
            wrong += int((decided & (below != (p < ALPHA))).any(axis=1).sum())
        wrong_shares.append(wrong / 2000)
    assert max(wrong_shares) <= risk
    assert max(wrong_shares) == pytest.approx(seen)


def test_a_stream_is_decided_sooner_the_further_p_is_from_alpha():
    """Shuffles needed must fall with the distance, and be few where nothing ever reaches."""
    rng = np.random.default_rng(403)
    n_shuffles = np.arange(2, 30_001)
    needed = []
    for p in (0.0, 0.02, 0.04, 0.07, 0.15, 0.9):
        exceedances = 1 + np.cumsum(rng.random(len(n_shuffles)) < p)
        needed.append(int(n_shuffles[is_decided(exceedances, n_shuffles, ALPHA)][0]))
    assert needed[0] < needed[1] < needed[2]
    assert needed[3] > needed[4] > needed[5]
    # 243 × 0.95^242 is 0.00099, 242 × 0.95^241 is 0.00103.
    assert needed[0] == 243


def test_the_interval_holds_every_p_that_is_not_refuted():
    """Inside the bounds the density must exceed the risk, outside it must not."""
    for n_shuffles in (2, 5, 60, 1001, 100_000):
        for exceedances in sorted({1, 2, n_shuffles // 20 + 1, n_shuffles // 2 + 1, n_shuffles}):
            for risk in (1e-4, 1e-3, 0.3):
                lower, upper = map(float, sequence_interval(exceedances, n_shuffles, risk))
                assert 0.0 <= lower < upper <= 1.0
                inside = lower + (upper - lower) * np.array([1e-6, 0.5, 1 - 1e-6])
                assert (density_by_hand(exceedances, n_shuffles, inside) > risk).all()
                if exceedances == 1:
                    assert lower == 0.0
                else:
                    assert density_by_hand(exceedances, n_shuffles, lower * (1 - 1e-6)) <= risk
                if exceedances == n_shuffles:
                    assert upper == 1.0
                else:
                    above = 1 - (1 - upper) * (1 - 1e-6)
                    assert density_by_hand(exceedances, n_shuffles, above) <= risk


def test_bounds_have_their_closed_form_where_nothing_reaches():
    """With S = 0 the upper bound must be 1 - (risk / (n + 1))^(1/n), to many digits."""
    for n_shuffles in (2, 100, 10_000, 10_000_000):
        n = n_shuffles - 1
        expected = -math.expm1(math.log(1e-3 / (n + 1)) / n)
        lower, upper = sequence_interval([1, n_shuffles], n_shuffles)
        assert abs(upper[0] - expected) <= 1e-8 * expected  # seen: 2.7e-10
        assert abs(lower[1] - (1 - expected)) <= 1e-12  # seen: 1e-15
        assert (lower[0], upper[1]) == (0.0, 1.0)


def test_counts_may_have_any_shape_and_many_numbers_of_shuffles():
    """Each element of an array must have what it has alone."""
    exceedances = np.array([[1, 5, 9], [2, 20, 30]])
    n_shuffles = np.array([[100], [1000]])
    for bounds in (p_interval, sequence_interval):
        lower, upper = bounds(exceedances, n_shuffles)
        assert lower.shape == upper.shape == (2, 3)
        for i, j in np.ndindex(2, 3):
            alone = bounds(int(exceedances[i, j]), int(n_shuffles[i, 0]))
            # Newton's method goes on for the others: seen no difference.
            np.testing.assert_allclose((lower[i, j], upper[i, j]), alone, rtol=1e-14)
    assert is_decided(exceedances, n_shuffles, ALPHA).shape == (2, 3)


@pytest.mark.parametrize("function", [p_interval, sequence_interval])
def test_what_is_no_count_is_refused(function):
    """Counts must be whole numbers from 1 to the number of shuffles, and numbers at all."""
    for exceedances, n_shuffles in (
        (0, 10),
        (11, 10),
        (1.5, 10),
        (1, 10.5),
        (math.nan, 10),
        (1, 0),
    ):
        with pytest.raises(InputError, match="whole numbers from 1, the observed labelling"):
            function(exceedances, n_shuffles)
    with pytest.raises(InputTypeError, match="whole numbers from 1"):
        function("1", 10)
    for share in (0.0, 1.0, -0.1, math.nan):
        with pytest.raises(InputError, match="must be between 0 and 1, both excluded"):
            function(1, 10, share)


def test_what_is_no_level_is_refused():
    """Alpha must be a probability; a z is told from one."""
    with pytest.raises(InputError, match="It looks like a z value"):
        is_decided(1, 10, 3.1)
    with pytest.raises(InputError, match="risk must be between 0 and 1"):
        is_decided(1, 10, 0.05, risk=0.0)
    with pytest.raises(InputError, match="whole numbers"):
        is_decided(0, 10, 0.05)
