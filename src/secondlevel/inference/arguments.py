"""Numbers, levels, flags and threads as the user hands them over, checked once."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError, InputTypeError

Floats = NDArray[np.float64]


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


def check_whole(name: str, value: Any, wanted: str, most: float = math.inf) -> int:
    """Return a whole number from 1 on, or raise when a value is none; a float that is one will do.

    Parameters
    ----------
    name : str
        What the parameter is called.
    value : object
        What was handed over.
    wanted : str
        What it must be, in words that follow "must be".
    most : float
        The largest that will do, if it is finite.

    Raises
    ------
    InputTypeError
        When it is no number.
    InputError
        When it is no whole one, or out of range.

    Examples
    --------
    >>> check_whole("levels", 100.0, "a whole number from 1 on")
    100
    """

    def fits(number: float) -> bool:
        return 1 <= number <= most and number < math.inf and number % 1 == 0

    return int(check_number(name, value, wanted, fits))


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


def check_alpha(alpha: Any, name: str = "alpha", if_z: str = "") -> float:
    """Return alpha as a number, or raise when it is no probability.

    Parameters
    ----------
    alpha : object
        What was handed over.
    name : str
        What the parameter is called.
    if_z : str
        What to do when it is above 1, as a z is.

    Raises
    ------
    InputTypeError
        When it is no number.
    InputError
        When it is not between 0 and 1.
    """
    if not is_number(alpha):
        raise InputTypeError(
            f"{name} should be a number between 0 and 1. Got {type(alpha).__name__}: {alpha!r}."
        )
    level = float(alpha)
    if not 0.0 <= level <= 1.0:
        advice = f": {if_z}" if if_z else ""
        hint = f". It looks like a z value{advice}" if level > 1.0 else ""
        raise InputError(f"{name} should be between 0 and 1. {alpha} was provided{hint}.")
    return level


def check_threshold(threshold: Any) -> float:
    """Return a cluster-forming threshold as a number, or raise when it is not positive."""
    if not is_number(threshold):
        raise InputTypeError(
            f"A cluster-forming threshold is one number. Got {type(threshold).__name__}: "
            f"{threshold!r}."
        )
    height = float(threshold)
    if not 0.0 < height < math.inf:
        raise InputError(
            "A cluster-forming threshold is a positive number in the unit of the statistic; for "
            f"the negative side it is handed over with its sign changed. Got {height:g}."
        )
    return height


def as_numbers(given: Any, wanted: str) -> Floats:
    """Return numbers as an array of any shape, or raise InputTypeError when they are none.

    Parameters
    ----------
    given : object
    wanted : str
        What they are, in words.
    """
    try:
        array = np.asarray(given)
    except ValueError:  # rows of different lengths
        raise InputTypeError(f"{wanted}. Got {given!r}.") from None
    if array.dtype.kind not in "iuf" and array.size:
        raise InputTypeError(f"{wanted}. Got {given!r}.")
    return array.astype(np.float64)


def check_count(n_elements: Any) -> int:
    """Return a number of elements, or raise when it is no whole number from 1 on."""
    wanted = "A search region has at least one element; n_elements is their number, 45_000 say"
    number = as_numbers(n_elements, wanted)
    if number.ndim or not 1 <= number < math.inf or number % 1:
        raise InputError(f"{wanted}. Got {n_elements!r}.")
    return int(number)


def check_n_jobs(n_jobs: Any) -> None:
    """Refuse what is no number of threads.

    Raises
    ------
    InputTypeError, InputError
        When it is neither a whole number nor None; when it is 0.
    """
    if n_jobs is None:
        return
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, (int, np.integer)):
        raise InputTypeError(f"n_jobs must be a whole number or None. Got {n_jobs!r}.")
    if n_jobs == 0:
        raise InputError("n_jobs must not be 0: 1 is one thread, -1 one per core.")
