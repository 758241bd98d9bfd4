"""Numbers, levels and flags at the door: what passes, and what is said of the rest."""

from fractions import Fraction

import numpy as np
import pytest

from secondlevel.claims.arguments import check_flag, check_level, check_number
from secondlevel.errors import InputError, InputTypeError


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


def test_a_level_lies_between_0_and_1():
    """Both ends must be refused, and a z be told how to be passed."""
    assert check_level("alpha", np.float32(0.5)) == 0.5
    for value, message in (
        (0, "alpha should be between 0 and 1, and neither of them. 0 was .*nothing would pass"),
        (1.0, "and neither of them. 1.0 was provided: everything would pass"),
        (-0.1, r"between 0 and 1\. -0\.1 was provided\."),
        (3.1, r"3\.1 was provided\. It looks like a z value: pass threshold=3\.1"),
        (np.nan, "nan was provided"),
    ):
        with pytest.raises(InputError, match=message):
            check_level("alpha", value, "pass threshold=3.1")
    for value in (True, np.False_, "0.05", [0.05], None):
        with pytest.raises(InputTypeError, match="alpha should be a number between 0 and 1"):
            check_level("alpha", value)


def test_a_flag_is_true_or_false():
    """Truth values of numpy must pass, and nothing that is only like one."""
    assert check_flag("two_sided", np.False_) is False
    assert check_flag("two_sided", True) is True
    for value in (1, 0, "no", None, []):
        with pytest.raises(InputTypeError, match=r"two_sided must be True or False\. Got "):
            check_flag("two_sided", value)
