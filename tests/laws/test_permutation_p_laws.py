"""Laws of the p of shuffles: intervals, the rule that stops a run, the tail of the maxima."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from secondlevel.permutation.nulls.interval import is_decided, p_interval, sequence_interval
from secondlevel.permutation.nulls.tail import fit_tail, tail_p

law = settings(derandomize=True, deadline=None, max_examples=200)


@st.composite
def counts(draw):
    """Exceedances and shuffles, the observed labelling among both."""
    n_shuffles = draw(st.one_of(st.integers(1, 60), st.integers(1, 10_000_000)))
    few = st.integers(1, min(n_shuffles, 50))
    return draw(st.one_of(few, st.integers(1, n_shuffles))), n_shuffles


probabilities = st.floats(-6, -0.001).map(lambda exponent: 10.0**exponent)
confidences = st.floats(0.9, 0.9999)
risks = st.floats(-6, -0.5).map(lambda exponent: 10.0**exponent)


@law
@given(counts(), confidences)
def test_the_p_that_is_reported_is_inside_its_interval(count, confidence):
    """Exceedances / shuffles must lie within the bounds, and the bounds within 0 and 1."""
    lower, upper = p_interval(*count, confidence)
    assert 0.0 <= lower <= count[0] / count[1] <= upper <= 1.0


@law
@given(counts(), confidences, confidences)
def test_more_confidence_is_a_wider_interval(count, first, second):
    """The interval of more confidence must hold the other."""
    low, high = sorted([first, second])
    narrow, wide = p_interval(*count, low), p_interval(*count, high)
    assert wide[0] <= narrow[0] * (1 + 1e-12)  # seen: never larger
    assert wide[1] >= narrow[1] * (1 - 1e-12)  # seen: never smaller


@law
@given(counts(), risks)
def test_the_interval_of_a_stopped_run_holds_what_is_reported(count, risk):
    """Exceedances / shuffles must lie within the bounds that hold whenever a run stops."""
    lower, upper = sequence_interval(*count, risk)
    assert 0.0 <= lower <= count[0] / count[1] <= upper <= 1.0


@law
@given(counts(), risks, risks)
def test_less_risk_is_a_wider_interval(count, first, second):
    """The interval of less risk must hold the other."""
    low, high = sorted([first, second])
    wide, narrow = sequence_interval(*count, low), sequence_interval(*count, high)
    assert wide[0] <= narrow[0] * (1 + 1e-8)  # seen: never larger
    assert wide[1] >= narrow[1] * (1 - 1e-8)  # seen: never smaller


@law
@given(counts(), risks)
def test_looking_after_every_shuffle_is_paid_for(count, risk):
    """The interval that holds at all times must hold the one for a fixed number of shuffles."""
    always, once = sequence_interval(*count, risk), p_interval(*count, 1.0 - risk)
    assert always[0] <= once[0] * (1 + 1e-8)
    assert always[1] >= once[1] * (1 - 1e-8)


@law
@given(counts(), risks)
def test_bounds_mirror_each_other(count, risk):
    """Counting the shuffles that do not reach must exchange the bounds, taken from 1."""
    exceedances, n_shuffles = count
    mirrored = n_shuffles - exceedances + 1
    for bounds in (
        lambda k: p_interval(k, n_shuffles),
        lambda k: sequence_interval(k, n_shuffles, risk),
    ):
        lower, upper = bounds(exceedances)
        other_lower, other_upper = bounds(mirrored)
        np.testing.assert_allclose((lower, upper), (1 - other_upper, 1 - other_lower), atol=1e-9)


@law
@given(counts(), probabilities, risks)
def test_a_p_is_decided_where_alpha_is_outside_the_interval(count, alpha, risk):
    """The rule and the interval must say the same, but for rounding at the bounds."""
    lower, upper = sequence_interval(*count, risk)
    outside = alpha < lower * (1 - 1e-7) or alpha > upper * (1 + 1e-7)
    inside = lower * (1 + 1e-7) < alpha < upper * (1 - 1e-7)
    decided = bool(is_decided(*count, alpha, risk))
    assert not (outside and not decided)
    assert not (inside and decided)


@law
@given(st.integers(1, 3000), probabilities, risks)
def test_decisions_lie_on_both_sides_of_what_is_open(n_shuffles, alpha, risk):
    """Counts that leave p open must be neighbours, and alpha among the p that they report."""
    exceedances = np.arange(1, n_shuffles + 1)
    open_ones = np.flatnonzero(~is_decided(exceedances, n_shuffles, alpha, risk))
    # The count nearest to what alpha lets expect is always open.
    assert len(open_ones)
    assert (np.diff(open_ones) == 1).all()
    reported = exceedances / n_shuffles
    below, above = reported[: open_ones[0]], reported[open_ones[-1] + 1 :]
    assert (below < alpha).all()
    assert (above > alpha).all()


@law
@given(counts(), probabilities, risks, risks)
def test_what_is_decided_at_less_risk_is_decided_at_more(count, alpha, first, second):
    """A decision must stand when more risk is taken."""
    low, high = sorted([first, second])
    assert is_decided(*count, alpha, high) or not is_decided(*count, alpha, low)


@st.composite
def nulls(draw):
    """Maxima of 150 to 1 500 shuffles: heavy and light tails, ties, clumps."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    size = draw(st.integers(150, 1500))
    kind = draw(st.sampled_from(["gumbel", "cube", "bounded", "whole", "zeros", "clumps"]))
    gumbel = rng.gumbel(size=size)
    return {
        "gumbel": gumbel,
        "cube": gumbel**3,
        "bounded": rng.random(size) ** 0.01,
        "whole": np.round(gumbel * draw(st.sampled_from([1.0, 50.0, 5000.0]))),
        "zeros": np.where(rng.random(size) < 0.8, 0.0, 10.0 + gumbel),
        "clumps": gumbel + 5.0 * (rng.random(size) < 0.1),
    }[kind]


few = settings(derandomize=True, deadline=None, max_examples=50)


@few
@given(nulls())
def test_p_of_a_tail_falls_with_height_and_is_never_0(maxima):
    """Over all heights p must fall, from 1 to above 0, also where counting ends."""
    low, high = maxima.min(), maxima.max()
    heights = np.concatenate([maxima, np.linspace(low, high + (high - low), 300)])
    found = tail_p(maxima, np.sort(heights))
    assert (np.diff(found.p) <= 0.0).all()
    assert found.p[0] == 1.0
    assert found.p[-1] > 0.0


@few
@given(nulls())
def test_p_is_counted_below_the_threshold(maxima):
    """Where there is no tail, and below where there is one, p must be the share as high."""
    found = tail_p(maxima, maxima)
    threshold = np.inf if found.tail is None else found.tail.threshold
    below = maxima[maxima <= threshold]
    counted = (maxima >= (below - 1e-9 * np.abs(below))[:, None]).mean(axis=1)
    np.testing.assert_array_equal(found.p[maxima <= threshold], counted)


@few
@given(nulls(), st.floats(-12, 12).map(lambda exponent: 10.0**exponent))
def test_the_unit_of_the_maxima_does_not_matter(maxima, factor):
    """In another unit the tail must begin at the same maximum, and p be the same."""
    here, there = fit_tail(maxima).tail, fit_tail(maxima * factor).tail
    assert (here is None) == (there is None)
    if here is not None:
        assert here.n_exceedances == there.n_exceedances
        p, again = here.p(maxima), there.p(maxima * factor)
        np.testing.assert_allclose(again, p, rtol=1e-10)  # seen: 7e-13


@few
@given(nulls(), st.randoms(use_true_random=False))
def test_the_order_of_the_shuffles_does_not_matter(maxima, random):
    """Maxima in any order must give the same tail to the bit."""
    shuffled = maxima.tolist()
    random.shuffle(shuffled)
    assert fit_tail(shuffled) == fit_tail(maxima)


@few
@given(nulls())
def test_the_largest_maximum_decides_on_no_threshold(maxima):
    """Raising the largest maximum must leave the threshold and the fit where they are."""
    raised = maxima.copy()
    raised[np.argmax(maxima)] += 100.0 * np.ptp(maxima)
    here, there = fit_tail(maxima).tail, fit_tail(raised).tail
    assert (here is None) == (there is None)
    if here is not None:
        assert (here.threshold, here.fit_p) == (there.threshold, there.fit_p)
        assert there.smallest_p < here.smallest_p
