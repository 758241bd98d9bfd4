"""A height threshold that the user gives: a height in the unit of the map, or a percentage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.claims.unit import Held, may_be_p, words_for_p
from secondlevel.errors import InputError, InputTypeError, MapWarning, ThresholdWarning, warn
from secondlevel.inference.arguments import check_number

Floats = NDArray[np.float64]

DEFAULT_THRESHOLD = 3.0
"""As in nilearn."""


@dataclass(frozen=True)
class GivenHeight:
    """A threshold as it was handed over.

    Parameters
    ----------
    value : float
        A height in the unit of the map, or a percentage of its elements.
    is_percentage : bool
    """

    value: float
    is_percentage: bool = False

    @property
    def is_small(self) -> bool:
        """Whether it may be meant as a p-value."""
        return not self.is_percentage and may_be_p(self.value)

    def find(self, heights: Floats) -> float:
        """Return the height in the unit of the map.

        Parameters
        ----------
        heights : array of shape (V,)
            Of the elements; those below 0 do not count for a percentage.
        """
        if not self.is_percentage:
            return self.value
        reached = heights[heights >= 0]
        if len(reached) == 0:
            return np.inf
        # Above the score, not at it, as in nilearn (which adds 1e-5, whatever the unit of the map).
        return float(np.nextafter(np.percentile(reached, self.value), np.inf))


def read_height(threshold: Any, *, two_sided: bool) -> GivenHeight:
    """Read a threshold.

    Parameters
    ----------
    threshold : float, str or None
    two_sided : bool
        Whether it is one of absolute values.

    Raises
    ------
    InputTypeError
        When it is neither a number nor text.
    InputError
        When it is NaN, a negative height for two sides, or no percentage.

    Examples
    --------
    >>> read_height("90%", two_sided=True), read_height(None, two_sided=True).value
    (GivenHeight(value=90.0, is_percentage=True), 3.0)
    """
    if threshold is None:
        return GivenHeight(DEFAULT_THRESHOLD)
    if isinstance(threshold, str):
        return GivenHeight(_percentage(threshold), is_percentage=True)
    try:
        height = check_number("threshold", threshold, "a number", lambda _: True)
    except InputTypeError:
        raise InputTypeError(
            "threshold should be either a number or a string finishing with a percent sign. Got "
            f"{type(threshold).__name__}: {threshold!r}."
        ) from None
    if height < 0 and two_sided:
        raise InputError(
            "'threshold' should not be a negative value when two_sided=True. Got "
            f"{threshold}: pass {-height:g}, or two_sided=False for what lies at or below it."
        )
    return GivenHeight(height)


def question_small_height(given: GivenHeight, held: Held) -> None:
    """Ask whether a height near 0 is meant as a p-value.

    Parameters
    ----------
    given : GivenHeight
    held : Held
        What the map holds by its header. Effects, such as d, r and beta, may have any height.

    Raises
    ------
    InputError
        When the map holds z, t or F.

    Warns
    -----
    ThresholdWarning
        When its header does not tell, or there is no map.
    """
    if not given.is_small or held.kind in {"other", "p"}:
        return
    message = (
        f"{words_for_p('threshold', given.value)}: pass one of these, or height_control='fpr', "
        f"alpha={abs(given.value):g}."
    )
    if held.kind is not None:
        raise InputError(f"{message} (stat_img holds {held.words} by its header.)")
    warn(f"{message} If the map holds something else than z, go on.", ThresholdWarning)


def remark_cut_of_p(held: Held) -> None:
    """Warn that a height keeps the large ones of p-values, where the header says that they are.

    Warns
    -----
    MapWarning
    """
    if held.kind == "p":
        warn(
            "stat_img holds p-values by its header, and what is kept are those that reach the "
            "threshold: the large ones. Pass compute_contrast(contrast, output_type='z_score').",
            MapWarning,
        )


def _percentage(text: str) -> float:
    """Read the number before a percent sign."""
    try:
        share = float(text.removesuffix("%")) if text.endswith("%") else np.nan
    except ValueError:
        share = np.nan
    if not 0 <= share <= 100:
        raise InputError(
            'If "threshold" is given as string it should be a number from 0 to 100 followed by the '
            f'percent sign, e.g. "25.3%". Got {text!r}.'
        )
    return share
