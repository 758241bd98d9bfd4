"""Studentised residuals and Cook's distance: statsmodels' numbers, and what happens at the edge."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS

from secondlevel.models.influence import cooks_distance, studentised


def fitted(matrix, data):
    """Residuals, their standard deviation, leverage."""
    hat = matrix @ np.linalg.pinv(matrix)
    residuals = data - hat @ data
    rank = np.linalg.matrix_rank(matrix)
    deviation = np.sqrt((residuals**2).sum(axis=0) / (len(data) - rank))
    return residuals, deviation, np.diag(hat), rank


def test_influence_is_that_of_statsmodels():
    """Each element is a regression of its own in statsmodels, and gives the same numbers."""
    rng = np.random.default_rng(1)
    matrix = np.column_stack([np.ones(12), rng.normal(size=12), rng.normal(size=12) * 50])
    data = rng.normal(size=(12, 6)) * [1, 1e5, 1e-6, 1, 1, 1] + 3
    residuals, deviation, h, rank = fitted(matrix, data)
    u = studentised(residuals, deviation, h)
    cook = cooks_distance(u, h, rank)
    for element in range(6):
        influence = OLS(data[:, element], matrix).fit().get_influence()
        # Largest differences seen: 3e-9 where the mean is 3e6 standard deviations, else 2e-14.
        tolerance = 1e-7 if element == 2 else 1e-11
        np.testing.assert_allclose(
            u[:, element], influence.resid_studentized_internal, rtol=tolerance
        )
        np.testing.assert_allclose(cook[:, element], influence.cooks_distance[0], rtol=tolerance)


def test_cooks_distance_is_how_far_the_fit_moves():
    """D is the shift of all fitted values without the map, over r s²: the definition."""
    rng = np.random.default_rng(2)
    matrix = np.column_stack([np.ones(9), rng.normal(size=9)])
    data = rng.normal(size=(9, 3))
    residuals, deviation, h, rank = fitted(matrix, data)
    cook = cooks_distance(studentised(residuals, deviation, h), h, rank)
    full = matrix @ np.linalg.lstsq(matrix, data, rcond=None)[0]
    for row in range(9):
        left = np.delete(matrix, row, axis=0), np.delete(data, row, axis=0)
        shift = full - matrix @ np.linalg.lstsq(*left, rcond=None)[0]
        expected = (shift**2).sum(axis=0) / (rank * deviation**2)
        np.testing.assert_allclose(cook[row], expected, rtol=1e-11)


def test_some_rows_are_as_good_as_all():
    """A block of rows gives the rows of the whole."""
    rng = np.random.default_rng(3)
    residuals, deviation, h = rng.normal(size=(8, 5)), rng.uniform(1, 2, 5), rng.uniform(0, 0.9, 8)
    whole = studentised(residuals, deviation, h)
    part = slice(3, 6)
    assert np.array_equal(studentised(residuals[part], deviation, h[part]), whole[part])
    assert np.array_equal(
        cooks_distance(whole[part], h[part], 2), cooks_distance(whole, h, 2)[part]
    )


def test_nothing_is_nan_where_nothing_can_be_told():
    """Constant elements, and maps of leverage 1 or a rounding error beside it, give 0."""
    residuals = np.array([[1e-17, 2.0], [0.0, -1.0], [1e-17, 1e-16]])
    h = np.array([0.2, 0.4, 1.0 - 1e-15])
    u = studentised(residuals, np.array([0.0, 2.0]), h)
    cook = cooks_distance(u, h, 2)
    assert u[:, 0].tolist() == [0.0, 0.0, 0.0]
    assert u[2].tolist() == [0.0, 0.0]
    assert u[0, 1] == pytest.approx(1 / np.sqrt(0.8))
    assert cook[:, 0].tolist() == [0.0, 0.0, 0.0]
    assert cook[2].tolist() == [0.0, 0.0]
    assert np.isfinite(cook).all()


def test_what_is_given_is_left_as_it_was():
    """Neither function writes into its arguments."""
    given_ = np.ones((2, 3)), np.ones(3), np.array([0.5, 1.0])
    before = [array.copy() for array in given_]
    u = studentised(*given_)
    kept = u.copy()
    cooks_distance(u, given_[2], 1)
    assert all(map(np.array_equal, given_, before))
    assert np.array_equal(u, kept)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), n=st.integers(5, 20), scale=st.floats(1e-6, 1e6))
def test_units_are_of_no_account_and_residuals_bounded(seed, n, scale):
    """Data times a number change nothing; u² is n - r at most."""
    rng = np.random.default_rng(seed)
    matrix, data = np.column_stack([np.ones(n), rng.normal(size=n)]), rng.normal(size=(n, 4))
    residuals, deviation, h, rank = fitted(matrix, data)
    u = studentised(residuals, deviation, h)
    assert (u**2).max() <= (n - rank) * (1 + 1e-9)
    scaled = studentised(scale * residuals, scale * deviation, h)
    np.testing.assert_allclose(scaled, u, rtol=1e-12)
