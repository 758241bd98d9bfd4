"""Leverage of the rows of a design: statsmodels' hat values, whatever the rank and the units."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS

from secondlevel.design.leverage import leverage
from secondlevel.design.matrix import Design


def of(matrix):
    """Leverage of the rows of an array."""
    matrix = np.asarray(matrix, dtype=float)
    return leverage(Design(matrix, [f"c{k}" for k in range(matrix.shape[1])]))


def test_leverage_is_that_of_statsmodels():
    """Leverage is the diagonal of the hat matrix, columns of any size."""
    matrix = np.random.default_rng(0).normal(size=(15, 4)) + np.array([1, 0, 0, 5])
    influence = OLS(np.arange(15.0), matrix).fit().get_influence()
    # Largest differences seen: 3e-15, 5e-16.
    np.testing.assert_allclose(of(matrix), influence.hat_matrix_diag, rtol=1e-11)
    np.testing.assert_allclose(of(matrix * [1, 1e6, 1e-5, 3]), of(matrix), rtol=1e-11)


def test_dependent_columns_count_once():
    """With an intercept beside all groups, leverage is one over the size of the group."""
    groups = np.repeat(np.eye(3), [2, 3, 5], axis=0)
    expected = np.repeat([1 / 2, 1 / 3, 1 / 5], [2, 3, 5])
    both = np.column_stack([np.ones(10), groups])
    np.testing.assert_allclose(of(both), expected, rtol=1e-13)
    assert of(both).sum() == pytest.approx(3, abs=1e-13)


def test_a_row_with_a_column_of_its_own_is_fitted_perfectly():
    """Leverage is 1 there, never a rounding error more."""
    h = of(np.column_stack([np.ones(7), np.eye(7)[3] * 1e3]))
    assert h[3] == pytest.approx(1.0, abs=1e-14)
    assert h.max() <= 1.0
    np.testing.assert_allclose(np.delete(h, 3), 1 / 6, rtol=1e-13)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 30), p=st.integers(1, 4))
def test_leverage_is_a_matter_of_the_column_space(seed, n, p):
    """It adds up to the rank, stays in 0 to 1, follows the rows, and any recoding keeps it."""
    rng = np.random.default_rng(seed)
    matrix, order = rng.normal(size=(n, min(p, n - 1))), rng.permutation(n)
    h = of(matrix)
    assert h.sum() == pytest.approx(matrix.shape[1], abs=1e-10)
    assert ((h >= 0) & (h <= 1)).all()
    np.testing.assert_allclose(of(matrix[order]), h[order], atol=1e-11)
    recoded = matrix @ (np.eye(matrix.shape[1]) * 3 + 1)
    np.testing.assert_allclose(of(np.column_stack([recoded, recoded[:, 0]])), h, atol=1e-10)
