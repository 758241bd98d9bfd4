"""Numbers and flags as they are handed over: what passes, and what is said of the rest."""

from fractions import Fraction

import numpy as np
import pytest

from secondlevel.errors import InputError, InputTypeError
from secondlevel.inference.arguments import check_flag, check_number


def test_numbers_of_any_kind_pass():
    """Python's and numpy's numbers must come out as floats."""
    for value in (2, 2.0, np.float32(2), np.int8(2), Fraction(4, 2)):
        number = check_number("E", value)
        assert number == 2.0
        assert type(number) is float


def test_what_is_no_number_is_named():
    """Truth values, text, lists and arrays must be refused by name, and so what is out of range."""
    for value in (True, np.True_, "2", [2], np.array([2.0]), None, 2j):
        with pytest.raises(InputTypeError, match=r"E must be a weight\. Got "):
            check_number("E", value, "a weight")
    for value in (np.nan, np.inf, 10**400):
        with pytest.raises(InputError, match=r"E must be a number\. Got "):
            check_number("E", value)
    with pytest.raises(InputError, match=r"E must be 0 or more\. Got -1\."):
        check_number("E", -1, "0 or more", lambda weight: weight >= 0)
    assert check_number("E", np.inf, "0 or more", lambda weight: weight >= 0) == np.inf


def test_a_flag_is_true_or_false():
    """Truth values of numpy must pass, and nothing that is only like one."""
    assert check_flag("two_sided", np.False_) is False
    assert check_flag("two_sided", True) is True
    for value in (1, 0, "no", None, []):
        with pytest.raises(InputTypeError, match=r"two_sided must be True or False\. Got "):
            check_flag("two_sided", value)
