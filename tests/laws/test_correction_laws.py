"""Laws that corrections, thresholds and conjunctions keep for any values."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import special, stats

from secondlevel.inference.conjunction import conjoin
from secondlevel.inference.correction import (
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni,
    fdr_threshold,
    holm,
)

law = settings(derandomize=True, deadline=None, max_examples=100)

ALL = (bonferroni, holm, benjamini_hochberg, benjamini_yekutieli)

# Few distinct values, so that many tie, beside any at all.
heights = st.one_of(st.sampled_from([-1.0, 0.0, 2.0, 3.5, 40.0]), st.floats(-50, 200))
maps = st.lists(heights, min_size=1, max_size=40).map(np.array)
levels = st.floats(1e-6, 0.999)


@law
@given(maps, st.randoms(use_true_random=False))
def test_relabelling_elements_permutes_the_answer(z, random):
    """An element's adjusted p must not depend on where it stands."""
    order = np.array(random.sample(range(len(z)), len(z)))
    log_p = special.log_ndtr(-z)
    for adjust in ALL:
        np.testing.assert_array_equal(adjust(log_p[order]), adjust(log_p)[order])
    assert fdr_threshold(z[order], 0.05) == fdr_threshold(z, 0.05)


@law
@given(maps)
def test_a_smaller_p_has_a_smaller_adjusted_p(z):
    """Adjusting must keep order and ties, lower nothing, and give no p above 1."""
    log_p = special.log_ndtr(-z)
    order = np.argsort(log_p)
    for adjust in ALL:
        adjusted = adjust(log_p)
        assert (np.diff(adjusted[order]) >= 0).all()
        tied = np.diff(log_p[order]) == 0
        assert (np.diff(adjusted[order])[tied] == 0).all()
        assert (adjusted >= log_p).all()
        assert (adjusted <= 0).all()


@law
@given(maps)
def test_procedures_are_ordered_by_what_they_promise(z):
    """Holm must reject at least what Bonferroni does, Benjamini-Hochberg what both others do."""
    log_p = special.log_ndtr(-z)
    slack = 1e-14 * (1 + np.abs(log_p))  # seen: 1 ulp of log p
    assert (holm(log_p) <= bonferroni(log_p) + slack).all()
    assert (benjamini_hochberg(log_p) <= holm(log_p) + slack).all()
    assert (benjamini_hochberg(log_p) <= benjamini_yekutieli(log_p)).all()


@law
@given(maps, levels)
def test_what_exceeds_the_threshold_is_what_scipy_rejects(z, alpha):
    """The set above the threshold must be that of scipy's procedure, by > and by >=."""
    q = stats.false_discovery_control(stats.norm.sf(z))
    assume((np.abs(q / alpha - 1) > 1e-9).all())  # scipy rounds at its bound, we do not
    threshold = fdr_threshold(z, alpha)
    np.testing.assert_array_equal(z > threshold, q <= alpha)
    np.testing.assert_array_equal(z >= threshold, q <= alpha)


@law
@given(maps, levels, levels)
def test_the_threshold_falls_as_alpha_grows(z, first, second):
    """A laxer level must have a threshold that is no higher, and reject no less."""
    strict, lax = sorted([first, second])
    for adjust in (benjamini_hochberg, benjamini_yekutieli):
        high = fdr_threshold(z, strict, adjust=adjust)
        assert fdr_threshold(z, lax, adjust=adjust) <= high
    assert fdr_threshold(z, lax, adjust=benjamini_yekutieli) >= fdr_threshold(z, lax)


@law
@given(st.integers(2, 4), st.integers(1, 12), st.integers(0, 2**32 - 1), st.booleans())
def test_a_conjunction_does_not_depend_on_the_order_of_maps(k, m, seed, two_sided):
    """Any order of maps and elements must give the same, and a map twice adds nothing."""
    rng = np.random.default_rng(seed)
    z = rng.choice([-3.0, 0.0, 2.0, *rng.normal(0, 3, 5)], size=(k, m))
    found = conjoin(z, two_sided=two_sided)
    rows, columns = rng.permutation(k), rng.permutation(m)
    shuffled = conjoin(z[rows][:, columns], two_sided=two_sided)
    np.testing.assert_array_equal(shuffled.stat, found.stat[columns])
    np.testing.assert_array_equal(shuffled.log_p, found.log_p[columns])
    again = conjoin(np.vstack([z, z[:1]]), two_sided=two_sided)
    np.testing.assert_array_equal(again.stat, found.stat)


@law
@given(st.integers(2, 4), st.integers(0, 2**32 - 1), st.booleans())
def test_another_map_claims_no_more(k, seed, two_sided):
    """With one more map no p of a conjunction may fall."""
    z = np.random.default_rng(seed).normal(0, 3, size=(k, 20))
    fewer, more = (conjoin(maps, two_sided=two_sided).log_p for maps in (z[:-1], z))
    assert (more >= fewer).all()


@law
@given(st.integers(0, 2**32 - 1))
def test_both_signs_mirror_each_other(seed):
    """Turning the sign of all maps must turn that of a two-sided conjunction, and no p."""
    z = np.random.default_rng(seed).normal(0, 3, size=(3, 20))
    up, down = conjoin(z, two_sided=True), conjoin(-z, two_sided=True)
    np.testing.assert_array_equal(up.stat, -down.stat)
    np.testing.assert_array_equal(up.log_p, down.log_p)
