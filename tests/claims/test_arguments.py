"""Levels of claims: what passes, and what is said of the rest."""

import numpy as np
import pytest

from secondlevel.claims.arguments import check_level
from secondlevel.errors import InputError, InputTypeError


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
