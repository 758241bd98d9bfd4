"""D'Agostino and Pearson's test from sums of powers: SciPy's p."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from secondlevel.inference.normality import FEWEST, omnibus_p


def sums(values):
    """Sums of the first four powers."""
    return np.stack([(values**power).sum(axis=0) for power in (1, 2, 3, 4)])


@pytest.mark.parametrize("n", [FEWEST, 25, 100, 1000])
@pytest.mark.parametrize("draw", ["normal", "gamma", "laplace", "uniform"])
def test_p_is_that_of_scipy(n, draw):
    """P is that of scipy.stats.normaltest, for all shapes and from the fewest maps on."""
    rng = np.random.default_rng(n)
    shape = {"gamma": 2.0}.get(draw)
    values = getattr(rng, draw)(*([] if shape is None else [shape]), size=(n, 300))
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    expected = stats.normaltest(values, axis=0).pvalue
    # Largest difference seen: 2e-12 relative.
    np.testing.assert_allclose(omnibus_p(sums(values), n), expected, rtol=1e-9, atol=1e-300)


def test_values_of_two_kinds_are_as_far_from_normal_as_can_be():
    """Half at -1 and half at 1: the smallest kurtosis there is, and SciPy's p."""
    values = np.repeat([-1.0, 1.0], 30)[:, None]
    expected = stats.normaltest(values, axis=0).pvalue
    # So far out, p doubles with the last digit of the kurtosis; seen: 3.2e-175 and 1.9e-175.
    found = omnibus_p(sums(values), 60)
    np.testing.assert_allclose(np.log(found), np.log(expected), rtol=0.01)
    assert found[0] < 1e-100


def test_what_does_not_vary_is_not_against_it():
    """Zeros, and one value all over, give 1."""
    values = np.column_stack([np.zeros(24), np.full(24, 7.0)])
    assert omnibus_p(sums(values), 24).tolist() == [1.0, 1.0]


def test_normal_values_fail_as_often_as_chance_has_it():
    """Of 20 000 samples of 40 normal values, 5 % fail at 5 %, within what SciPy's level is."""
    values = np.random.default_rng(3).normal(size=(40, 20_000))
    share = np.mean(omnibus_p(sums(values), 40) < 0.05)
    assert share == pytest.approx(0.055, abs=0.005)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), scale=st.floats(1e-3, 1e3), shift=st.floats(-2, 2))
def test_place_and_scale_are_of_no_account(seed, scale, shift):
    """A line through the values, either way round, changes nothing."""
    values = np.random.default_rng(seed).standard_t(4, size=(30, 5))
    p = omnibus_p(sums(values), 30)
    np.testing.assert_allclose(omnibus_p(sums(scale * (values + shift)), 30), p, rtol=1e-6)
    np.testing.assert_allclose(omnibus_p(sums(-values), 30), p, rtol=1e-9)
