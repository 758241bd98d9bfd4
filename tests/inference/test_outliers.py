"""Robust z: by the definition, and where the spread is nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from secondlevel.inference.outliers import NORMAL_MAD, robust_z


def test_robust_z_is_by_median_and_mad():
    """Distance from the median over SciPy's MAD scaled to the normal; 0.6745 (x - x̃) / MAD."""
    values = np.random.default_rng(0).normal(5, 2, size=31)
    expected = values - np.median(values)
    expected /= stats.median_abs_deviation(values, scale="normal")
    # Largest difference seen: 2e-16.
    np.testing.assert_allclose(robust_z(values), expected, rtol=1e-12)
    assert pytest.approx(stats.norm.ppf(0.75), abs=1e-15) == NORMAL_MAD


def test_what_stands_out_does_not_hide_itself():
    """However large two values of ten are, the others keep their z but for a factor near 1."""
    values = np.arange(10.0)
    values[[3, 7]] = 1e12
    z = robust_z(values)
    assert np.flatnonzero(np.abs(z) > 3.5).tolist() == [3, 7]


def test_without_a_spread_what_differs_is_infinitely_far():
    """With most values the same, those are 0 and the others infinite, by their sign; no NaN."""
    assert robust_z([2, 2, 2, 2, 3, 1]).tolist() == [0, 0, 0, 0, np.inf, -np.inf]
    assert robust_z([4.0, 4.0, 4.0]).tolist() == [0, 0, 0]
    assert robust_z([1.0]).tolist() == [0]


def test_a_least_spread_keeps_trifles_from_standing_out():
    """The spread is taken for that at least."""
    assert robust_z([2, 2, 2, 2, 3], least_spread=0.5).tolist() == [0, 0, 0, 0, 2]
    assert robust_z([0, 10, 20, 30, 40.0], least_spread=0.5)[4] == pytest.approx(2 * NORMAL_MAD)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(
    values=st.lists(st.integers(-1000, 1000), min_size=1, max_size=30),
    scale=st.integers(1, 64),
    shift=st.integers(-500, 500),
)
def test_place_and_scale_are_of_no_account(values, scale, shift):
    """A line through the values changes nothing; turned round, the signs change."""
    given_ = np.array(values, dtype=float)
    z = robust_z(given_)
    assert not np.isnan(z).any()
    np.testing.assert_allclose(robust_z(scale * given_ + shift), z, rtol=1e-12)
    np.testing.assert_allclose(robust_z(-given_), -z, rtol=1e-12)
