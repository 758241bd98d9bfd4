"""What claims of several kinds are asked alike: the level, the neighbours."""

from __future__ import annotations

from typing import Any

from secondlevel.errors import InputError, InputTypeError
from secondlevel.graph.lattice import CONNECTIVITY_WORDS, STEPS_APART
from secondlevel.inference.arguments import check_alpha, is_number


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
    if not is_number(value):
        raise InputTypeError(message)
    if value not in STEPS_APART:
        raise InputError(message)
    return int(float(value))
