"""Numbers and flags as the user hands them over, checked once."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any, TypeGuard

import numpy as np

from secondlevel.errors import InputError, InputTypeError


def is_number(value: Any) -> TypeGuard[Real]:
    """Whether a value is a real number of Python or numpy; truth values are none.

    Examples
    --------
    >>> is_number(np.float32(2)), is_number(True), is_number("2")
    (True, False, False)
    """
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def check_number(
    name: str,
    value: Any,
    wanted: str = "a number",
    fits: Callable[[float], bool] = np.isfinite,
) -> float:
    """Return a value as a number, or raise when it is none or out of range.

    Parameters
    ----------
    name : str
        What the parameter is called.
    value : object
        What was handed over. Truth values, text and lists are no numbers.
    wanted : str
        What it must be, in words that follow "must be".
    fits : callable
        Whether a number is in range; by default any finite one is. NaN never is.

    Raises
    ------
    InputTypeError
        When it is no number.
    InputError
        When it is out of range.

    Examples
    --------
    >>> check_number("E", 0.5, "a number, 0 or more", lambda weight: weight >= 0)
    0.5
    """
    message = f"{name} must be {wanted}. Got {value!r}."
    if not is_number(value):
        raise InputTypeError(message)
    try:
        number = float(value)
    except OverflowError:
        raise InputError(message) from None
    if np.isnan(number) or not fits(number):
        raise InputError(message)
    return number


def check_flag(name: str, value: Any) -> bool:
    """Return True or False, or raise when a value is neither, be it 1 or "no".

    Raises
    ------
    InputTypeError

    Examples
    --------
    >>> check_flag("two_sided", np.True_)
    True
    """
    if not isinstance(value, (bool, np.bool_)):
        raise InputTypeError(f"{name} must be True or False. Got {value!r}.")
    return bool(value)
