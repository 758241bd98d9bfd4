"""The robust distance of maps from a fit: by its definition, and not to be pulled by odd maps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondlevel.models.robust_distance import robust_distance


def basis(matrix):
    """An orthonormal basis of the columns."""
    return np.linalg.qr(np.asarray(matrix, dtype=float))[0]


def groups(n, n_groups=2):
    """A column for each group, maps in turn."""
    return np.eye(n_groups)[np.arange(n) % n_groups]


def by_definition(matrix, data):
    """With the residuals of least squares, element by element."""
    hat = matrix @ np.linalg.pinv(matrix)
    residuals = (data - hat @ data) / np.sqrt(1 - np.diag(hat))[:, None]
    scaled = []
    for values in residuals.T:
        apart = np.abs(values - np.median(values))
        scaled.append(apart / np.median(apart))
    return np.median(scaled, axis=0)


def test_maps_that_agree_have_the_distance_of_least_squares():
    """Where no map lies far, residuals are those of least squares, and 1 is usual."""
    rng = np.random.default_rng(0)
    matrix = np.column_stack([np.ones(14), rng.normal(size=14)])
    data = rng.normal(size=(14, 700)) + 5 * matrix[:, 1:] * rng.normal(size=700)
    found = robust_distance(basis(matrix), data)
    # Largest difference seen: 2e-14.
    np.testing.assert_allclose(found, by_definition(matrix, data), rtol=1e-11)
    assert np.abs(found - 1).max() < 0.15


@pytest.mark.parametrize("n", [8, 10, 20, 50])
@pytest.mark.parametrize("odd", [(2,), (2, 4), (2, 3)], ids=["one", "two in a group", "one each"])
@pytest.mark.parametrize("columns", [1, 2], ids=["a mean", "two groups"])
def test_maps_off_scale_hide_neither_themselves_nor_each_other(n, odd, columns):
    """One map or two at 100 times the scale lie 50 times as far; all others remain usual."""
    rng = np.random.default_rng(n)
    data = rng.normal(size=(n, 600)) + rng.normal(size=600)
    data[list(odd)] *= 100
    distance = robust_distance(basis(groups(n, columns)), data)
    assert distance[list(odd)].min() > 50
    assert np.delete(distance, odd).max() < 1.4
    assert np.delete(distance, odd).min() > 0.5


def test_an_extreme_covariate_is_no_distance():
    """A row far from all others, whose map follows the line they are on, lies at 1."""
    rng = np.random.default_rng(4)
    x = np.r_[rng.normal(size=19), 15.0]
    data = x[:, None] * rng.normal(size=800) + rng.normal(size=(20, 800))
    distance = robust_distance(basis(np.column_stack([np.ones(20), x])), data)
    assert distance[-1] == pytest.approx(1, abs=0.15)


def test_a_map_that_has_the_fit_to_itself_has_no_distance():
    """Of leverage 1: 0, not NaN; elements without spread say nothing of the others."""
    rng = np.random.default_rng(5)
    data = rng.normal(size=(9, 50))
    data[:, :10] = 3.0
    alone = np.column_stack([np.ones(9), np.eye(9)[4]])
    distance = robust_distance(basis(alone), data)
    assert distance[4] == 0.0
    assert ((np.delete(distance, 4) > 0.5) & (np.delete(distance, 4) < 2.0)).all()
    # Powers of 2 leave no rounding error at all.
    assert robust_distance(np.full((4, 1), 0.5), np.full((4, 6), 2.0)).tolist() == [0.0] * 4


def test_what_is_given_is_left_as_it_was():
    """Data are not written to, in either order of memory."""
    data = np.random.default_rng(6).normal(size=(6, 40))
    for order in ("C", "F"):
        handed = np.array(data, order=order)
        robust_distance(basis(np.ones((6, 1))), handed)
        assert np.array_equal(handed, data)


@settings(derandomize=True, deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), n=st.integers(6, 20), scale=st.floats(1e-6, 1e6))
def test_units_and_order_are_of_no_account(seed, n, scale):
    """Maps times a number, elements each in a unit of its own, rows in another order: the same."""
    rng = np.random.default_rng(seed)
    matrix, data, order = groups(n), rng.normal(size=(n, 90)), rng.permutation(n)
    data[0] *= 30
    first = robust_distance(basis(matrix), data)
    units = scale * rng.uniform(0.1, 10, size=90)
    again = robust_distance(basis(matrix[order]), (data * units)[order])
    np.testing.assert_allclose(again, first[order], rtol=1e-7)
    shifted = robust_distance(basis(matrix), data + matrix @ rng.normal(size=(2, 90)))
    assert shifted.argmax() == 0
