"""How many shuffles, and the seed they come from, checked at the door."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from secondlevel.errors import InputError, InputTypeError
from secondlevel.inference.arguments import check_whole, is_number

MOST_SHUFFLES = 10**12
"""More would take years; with fewer, whole numbers of 64 bits hold products with that of maps."""


def check_n_perm(n_perm: Any) -> int:
    """Return a number of shuffles, or raise when it is no whole number from 1 on.

    Raises
    ------
    InputTypeError
        When it is no number.
    InputError
        When it is out of range.

    Examples
    --------
    >>> check_n_perm(10_000)
    10000
    """
    wanted = "a whole number from 1 on, the observed labelling included, 10_000 say"
    return check_whole("n_perm", n_perm, wanted, MOST_SHUFFLES)


def as_seed(random_state: Any) -> int:
    """Return a seed, from 0 to below 2^63.

    Parameters
    ----------
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        A seed; what one is drawn from; None for a fresh one.

    Raises
    ------
    InputTypeError
        When it is none of these.
    InputError
        When it is out of range.

    Examples
    --------
    >>> as_seed(42)
    42
    """
    if random_state is None:
        random_state = np.random.default_rng()
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**63 - 1, dtype=np.int64))
    message = (
        "random_state must be a whole number from 0 to below 2**63, a numpy Generator, a "
        f"RandomState, or None. Got {random_state!r}."
    )
    if not is_number(random_state) or not isinstance(random_state, Integral):
        raise InputTypeError(message)
    seed = int(random_state)
    if not 0 <= seed < 2**63:
        raise InputError(message)
    return seed
