"""Numbers, levels and flags as the user hands them over, checked at the door."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np

from secondlevel.errors import InputError, InputTypeError
from secondlevel.graph.lattice import CONNECTIVITY_WORDS, STEPS_APART
from secondlevel.inference.correction import check_alpha


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
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise InputTypeError(message)
    try:
        number = float(value)
    except OverflowError:
        raise InputError(message) from None
    if np.isnan(number) or not fits(number):
        raise InputError(message)
    return number


def check_level(name: str, value: Any, if_z: str = "") -> float:
    """Return the level of an error control, above 0 and below 1, or raise.

    Parameters
    ----------
    name : str
        What the parameter is called.
    value : object
        What was handed over.
    if_z : str
        What to do with a value above 1, which looks like a z.

    Raises
    ------
    InputTypeError
        When it is no number.
    InputError
        When it is not between 0 and 1, or one of them.

    Examples
    --------
    >>> check_level("alpha", 0.05)
    0.05
    """
    level = check_alpha(value, name, if_z)
    if level in {0.0, 1.0}:
        raise InputError(
            f"{name} should be between 0 and 1, and neither of them. {value} was provided: "
            f"{'nothing' if level == 0.0 else 'everything'} would pass."
        )
    return level


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


def check_connectivity(value: Any) -> int:
    """Return the number of neighbours of a voxel, or raise; on surfaces too, which do without.

    Raises
    ------
    InputTypeError
        When it is no number.
    InputError
        When it is none of 6, 18 and 26.

    Examples
    --------
    >>> check_connectivity(18)
    18
    """
    message = f"{CONNECTIVITY_WORDS} Got {value!r}."
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise InputTypeError(message)
    if value not in STEPS_APART:
        raise InputError(message)
    return int(float(value))
