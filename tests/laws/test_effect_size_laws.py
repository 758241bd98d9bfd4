"""Laws that effect sizes and their bounds keep for any statistic and any degrees of freedom.

Beside each tolerance stands the worst difference seen.
"""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from secondlevel.design.contrast import make_contrast
from secondlevel.design.matrix import Design
from secondlevel.inference.effect_size import SIDES, effect_size, effect_size_bound
from secondlevel.inference.noncentral import f_noncentrality, t_noncentrality
from secondlevel.models.base import ContrastEstimate
from secondlevel.models.least_squares import LeastSquares

law = settings(derandomize=True, deadline=None, max_examples=15)
costly = settings(law, max_examples=6)  # many curves each

SLACK = 1e-11  # of a noncentrality, or of 1 where it is smaller

dofs = st.one_of(st.floats(0.0, 4.7).map(lambda power: 10.0**power), st.integers(1, 200).map(float))
statistics = st.lists(st.floats(-60.0, 60.0), min_size=2, max_size=8).map(np.array)
tails = st.floats(-10.0, -0.31).map(lambda power: 10.0**power)
confidences = st.floats(0.4, 0.9999)


def answer_of(t, dof):
    """Make the answer of a design with h = 1 from t alone."""
    ones = np.ones(t.shape)
    return ContrastEstimate(t[None, :], ones[None, :], t, dof, 1, np.zeros(t.shape, bool), ones)


def both(t, dof, tail):
    """Both bounds of the noncentrality of t."""
    return [t_noncentrality(t, dof, tail, upper=upper) for upper in (False, True)]


def slack(*values):
    """How far rounding may move the largest of several noncentralities."""
    return SLACK * np.maximum(1.0, np.max(np.abs(values), axis=0))


@law
@given(statistics, dofs, tails)
def test_the_bounds_of_minus_t_are_minus_the_bounds_of_t(t, dof, tail):
    """Turning every map's sign must exchange the bounds and their signs, to the last bit."""
    lower, upper = both(t, dof, tail)
    mirrored_lower, mirrored_upper = both(-t, dof, tail)
    np.testing.assert_array_equal(mirrored_lower, -upper)
    np.testing.assert_array_equal(mirrored_upper, -lower)


@law
@given(statistics, dofs, tails)
def test_bounds_grow_with_t(t, dof, tail):
    """A larger t must have larger bounds, and the lower one must be below the upper one."""
    t = np.unique(t)
    for bound in both(t, dof, tail):
        assert (np.diff(bound) >= -slack(bound[1:], bound[:-1])).all()
        apart = np.diff(t) > 1e-6
        assert (np.diff(bound)[apart] > 0).all()
    lower, upper = both(t, dof, tail)
    assert (lower < upper).all()


@costly
@given(statistics, st.integers(1, 40), dofs, tails)
def test_bounds_grow_with_f(t, dof_num, dof, tail):
    """A larger F must have no smaller bounds, the lower one below the upper one or both 0."""
    f = np.unique(t * t)
    lower, upper = (f_noncentrality(f, dof_num, dof, tail, upper=side) for side in (False, True))
    assert (np.diff(lower) >= -slack(lower[1:], lower[:-1])).all()
    assert (np.diff(upper) >= -slack(upper[1:], upper[:-1])).all()
    assert (lower >= 0).all()
    assert ((lower < upper) | (upper == 0)).all()


@law
@given(statistics, dofs, confidences)
def test_g_and_r_lie_within_their_bounds(t, dof, confidence):
    """At any confidence from 0.37 on the interval holds the estimate."""
    answer = answer_of(t, dof)
    for measure in ("hedges_g", "partial_r"):
        estimate = effect_size(answer, measure, "t")
        lower, upper = (effect_size_bound(answer, measure, "t", s, confidence) for s in SIDES)
        assert (lower <= estimate).all()
        assert (estimate <= upper).all()


@costly
@given(statistics, dofs, confidences, confidences)
def test_more_confidence_means_a_wider_interval(t, dof, first, second):
    """The wider of two intervals must hold the narrower."""
    answer = answer_of(t, dof)
    less, more = sorted([first, second])
    for measure in ("cohens_d", "partial_r2"):
        lower, upper = (effect_size_bound(answer, measure, "t", s, less) for s in SIDES)
        wider_lower, wider_upper = (effect_size_bound(answer, measure, "t", s, more) for s in SIDES)
        assert (wider_lower <= lower + slack(lower)).all()
        assert (wider_upper >= upper - slack(upper)).all()


@costly
@given(statistics, dofs, tails)
def test_bounds_of_lambda_are_within_the_squares_of_those_of_delta(t, dof, tail):
    """|T| <= t is less likely than T <= t: so either bound of λ is at most that of δ, squared.

    Lower: at most the square of the bound nearer to 0, and 0 where those of δ differ in sign.
    """
    lower, upper = both(np.abs(t), dof, tail)
    f_lower, f_upper = (f_noncentrality(t * t, 1, dof, tail, upper=side) for side in (False, True))
    nearer = np.maximum(lower, 0.0) ** 2
    assert (f_lower <= nearer + slack(nearer)).all()
    assert (f_upper <= upper**2 + slack(upper**2)).all()
    # Far from 0 the other side of T has no part in it: seen 2e-13.
    far = lower > 7.0
    np.testing.assert_allclose(f_lower[far], nearer[far], rtol=2e-11)
    np.testing.assert_allclose(f_upper[far], upper[far] ** 2, rtol=2e-11)


@costly
@given(statistics, dofs, confidences)
def test_the_interval_of_r2_is_that_of_r_squared(t, dof, confidence):
    """From the square nearer to 0, or 0 where r may be 0, to the farther one; F of one row too."""
    answer = answer_of(t, dof)
    low, high = (effect_size_bound(answer, "partial_r", "t", s, confidence) for s in SIDES)
    lower, upper = (effect_size_bound(answer, "partial_r2", "t", s, confidence) for s in SIDES)
    squares = np.sort(np.square([low, high]), axis=0)
    # Seen: 2e-15.
    np.testing.assert_allclose(lower, np.where(low * high < 0, 0, squares[0]), atol=1e-12)
    np.testing.assert_allclose(upper, squares[1], atol=1e-12)
    of_f = replace(answer, statistic=t * t)
    for side, bound in zip(SIDES, (lower, upper), strict=True):
        found = effect_size_bound(of_f, "partial_r2", "F", side, confidence)
        np.testing.assert_allclose(found, bound, rtol=1e-9, atol=1e-12)


@costly
@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3), st.floats(0.1, 10.0), st.booleans())
def test_units_and_weights(seed, unit, weight, backwards):
    """The maps' unit is of no account; weights multiply d and g, and turn the sign of r at most."""
    rng = np.random.default_rng(seed)
    matrix = np.column_stack([rng.normal(size=9), np.ones(9)])
    data = rng.normal(0.5, 1.0, (9, 4))
    sign = -1.0 if backwards else 1.0

    def ask(data, weights):
        design = Design(matrix, ["a", "b"])
        return LeastSquares().fit(design, data).contrast(make_contrast(weights, design))

    plain, other = ask(data, [1.0, 0.5]), ask(unit * data, [sign * weight, sign * weight * 0.5])
    for measure, factor in (
        ("cohens_d", sign * weight),
        ("hedges_g", sign * weight),
        ("partial_r", sign),
        ("partial_r2", 1.0),
    ):
        values = [effect_size(plain, measure, "t")]
        values += [effect_size_bound(plain, measure, "t", side) for side in SIDES]
        found = [effect_size(other, measure, "t")]
        found += [effect_size_bound(other, measure, "t", side) for side in SIDES]
        expected = factor * np.array(values)
        if factor < 0:
            expected[[1, 2]] = expected[[2, 1]]
        # Seen: 3e-14.
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11 * abs(factor))


@costly
@given(statistics, dofs, st.randoms(use_true_random=False))
def test_relabelling_elements_permutes_the_answer(t, dof, random):
    """An element must keep its values wherever it stands."""
    order = list(range(len(t)))
    random.shuffle(order)
    answer = answer_of(t, dof)
    turned = replace(answer_of(t[order], dof), dof=np.full(len(t), dof))
    for measure in ("partial_r", "partial_r2"):
        for side in SIDES:
            bound = effect_size_bound(answer, measure, "t", side)[order]
            np.testing.assert_array_equal(effect_size_bound(turned, measure, "t", side), bound)
