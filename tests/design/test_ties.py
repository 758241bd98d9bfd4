"""Rows that are equal but for rounding have one number."""

import numpy as np

from secondlevel.design.ties import is_constant, number_rows


def test_rounding_makes_no_row_a_different_one():
    """Values a few last digits apart are one, on whichever side of a decimal they lie."""
    edge = 0.5 * 10.0**-9
    rows = np.array([[1.0, edge * (1 - 1e-7)], [1.0 + 1e-12, edge * (1 + 1e-7)], [1.0, 2.0]])
    numbers, _ = number_rows(rows)
    assert numbers[0] == numbers[1] != numbers[2]


def test_each_column_has_its_own_scale():
    """A small covariate's values are told apart beside a large one's."""
    numbers, _ = number_rows(np.array([[1e9, 1e-9], [1e9, 2e-9], [1e9 + 0.1, 1e-9]]))
    assert numbers[0] == numbers[2] != numbers[1]


def test_opposite_rows_are_found():
    """A row with its sign changed has the number of the row it then equals, if there is one."""
    rows = np.array([[1.0, -2.0], [-1.0, 2.0], [0.0, 0.0], [1.0, 2.0]])
    numbers, opposite = number_rows(rows)
    assert opposite[0] == numbers[1]
    assert opposite[1] == numbers[0]
    assert opposite[2] == numbers[2]
    assert opposite[3] not in numbers


def test_columns_of_zeros_tell_nothing_apart():
    """All rows of zeros are one, and their own opposite."""
    numbers, opposite = number_rows(np.zeros((3, 2)))
    np.testing.assert_array_equal(numbers, opposite)
    assert len(set(numbers.tolist())) == 1


def test_rows_are_constant_within_groups_or_not():
    """What differs between groups only is constant within each."""
    rows = np.array([[1.0], [3.0], [1.0 + 1e-13], [3.0]])
    assert is_constant(rows, np.array([0, 1, 0, 1]))
    assert not is_constant(rows, np.array([0, 0, 1, 1]))
