"""What to do where a map has no value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]

TOO_LARGE = 1e150
"""The square of such a number is infinite, or soon will be: no measurement, as infinity is none."""


class Missing(Protocol):
    """A way to deal with missing values; NaN and infinity are missing."""

    def find(self, values: Floats) -> Flags | None:
        """Where values, shape (V,), are missing; None when nowhere."""
        ...

    def keep(self, present: Counts, n_maps: int) -> Flags:
        """Elements to analyse, given the number of maps with a value at each, shape (V,)."""
        ...

    @property
    def meaning(self) -> str:
        """What counts as missing, in words."""
        ...

    @property
    def filler(self) -> float:
        """What stands for a missing value in masked data that are handed out."""
        ...


@dataclass(frozen=True)
class Exclude:
    """Leave an element out of the analysis when any map has no value there.

    Parameters
    ----------
    zero_is_missing : bool
        Whether exactly 0 counts as no value.
    """

    zero_is_missing: bool = False
    filler = math.nan

    def find(self, values: Floats) -> Flags | None:
        """Where values, shape (V,), are missing; None when nowhere."""
        # Of NaN no comparison is true. This spares most maps the array of flags.
        complete = values.min() > -TOO_LARGE and values.max() < TOO_LARGE
        if complete and not self.zero_is_missing:
            return None
        missing = ~(np.abs(values) < TOO_LARGE)
        if self.zero_is_missing:
            missing |= values == 0
        return missing

    def keep(self, present: Counts, n_maps: int) -> Flags:
        """Elements where every map has a value."""
        return np.asarray(present == n_maps)

    @property
    def meaning(self) -> str:
        """What counts as missing, in words."""
        if self.zero_is_missing:
            return "NaN, infinite, exactly 0, or outside its field of view"
        return "NaN, infinite, or outside its field of view"


@dataclass(frozen=True)
class Zero:
    """Take a missing value for 0, as nilearn does."""

    filler = 0.0

    def find(self, values: Floats) -> Flags | None:
        """Where values, shape (V,), are missing; None when nowhere."""
        return Exclude().find(values)

    def keep(self, present: Counts, n_maps: int) -> Flags:  # noqa: ARG002 - the same for any number
        """Every element."""
        return np.ones(len(present), dtype=bool)

    @property
    def meaning(self) -> str:
        """What counts as missing, in words."""
        return Exclude().meaning


def make_missing(name: str, *, zero_is_missing: bool = False) -> Missing:
    """Look a way to deal with missing values up by name.

    Parameters
    ----------
    name : {"exclude", "zero"}
    zero_is_missing : bool
        Whether exactly 0 counts as no value.

    Returns
    -------
    Missing

    Raises
    ------
    InputError
        When there is no such way, or zeros are to be missing and used at once.

    Examples
    --------
    >>> make_missing("exclude")
    Exclude(zero_is_missing=False)
    """
    if name == "exclude":
        return Exclude(zero_is_missing=bool(zero_is_missing))
    if name == "zero" and zero_is_missing:
        raise InputError(
            "missing='zero' takes missing values for 0, zero_is_missing=True takes 0 for missing: "
            "choose one. missing='exclude' goes with zero_is_missing=True."
        )
    if name == "zero":
        return Zero()
    raise InputError(f"'missing' must be one of 'exclude', 'zero'. Got {name!r}.")
