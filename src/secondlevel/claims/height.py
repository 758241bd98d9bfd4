"""How high a threshold is, by the error control that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import IgnoredParameterWarning, InputError, InputTypeError, warn
from secondlevel.inference.correction import (
    benjamini_yekutieli,
    check_alpha,
    fdr_threshold,
    height_of,
)

Floats = NDArray[np.float64]

DEFAULT_THRESHOLD = 3.0
"""Of no error control, as in nilearn."""

LARGEST_P = 0.5
"""A threshold nearer to 0 is taken for a p-value: nobody looks for a z that small."""


class HeightNull(Protocol):
    """A null distribution that knows which height no element exceeds, but rarely."""

    @property
    def statistic(self) -> str:
        """What it is the null of: "z", "t" or "F"."""
        ...

    def for_sides(self, *, two_sided: bool) -> Self:
        """Return the null for claims on one side of the map, or on both."""
        ...

    def threshold(self, alpha: float) -> float:
        """Family-wise height threshold, on the scale of the statistic."""
        ...


@dataclass(frozen=True)
class HeightControl:
    """What a height threshold is to control.

    Parameters
    ----------
    name : {"fpr", "fdr", "fdr_by", "bonferroni", "rft", None}
        The error controlled; None for a threshold that is given.
    alpha : float
        Level of that error.
    threshold : float, str or None
        The threshold given: a height, or a percentage of the elements.
    two_sided : bool
        Whether both sides of the map are looked at.
    random_field : HeightNull, optional
        The null of ``"rft"``.

    Raises
    ------
    InputError, InputTypeError
        When a value cannot be meant.
    """

    name: str | None
    alpha: Any
    threshold: Any
    two_sided: bool
    random_field: HeightNull | None = None

    def __post_init__(self) -> None:
        """Check what was asked, and say what of it has no effect."""
        if self.name not in HEIGHTS:
            names = ", ".join(repr(name) for name in HEIGHTS)
            raise InputError(f"'height_control' must be one of {names}. Got {self.name!r}.")
        if not isinstance(self.two_sided, (bool, np.bool_)):
            raise InputTypeError(f"two_sided must be True or False. Got {self.two_sided!r}.")
        if self.name is None:
            _check_threshold(self.threshold, two_sided=self.two_sided)
        else:
            _check_level(self.alpha)
        _say_what_is_ignored(self)
        if self.name == "rft":
            _check_random_field(self.random_field)

    def find(self, values: Floats | None) -> float:
        """Return the height threshold of a map.

        Parameters
        ----------
        values : array of shape (V,), or None
            The map, or None to ask without one.

        Raises
        ------
        InputError
            When it depends on the map, and there is none.

        Examples
        --------
        >>> HeightControl("fpr", 0.05, None, two_sided=False).find(None).round(4)
        np.float64(1.6449)
        """
        return HEIGHTS[self.name](self, values)

    @property
    def alpha_of_a_side(self) -> float:
        """Level of each side of the map."""
        return float(self.alpha) / 2 if self.two_sided else float(self.alpha)

    def heights(self, values: Floats | None) -> Floats:
        """Heights of the elements: absolute values where both sides are looked at."""
        if values is None:
            raise InputError(
                f"'stat_img' cannot be None for height_control={self.name!r}"
                f"{f', threshold={self.threshold!r}' if self.name is None else ''}: the threshold "
                "depends on the map."
            )
        return np.abs(values) if self.two_sided else values


def _fpr(asked: HeightControl, values: Floats | None) -> float:  # noqa: ARG001 - as its siblings
    return height_of(asked.alpha_of_a_side)


def _fdr(asked: HeightControl, values: Floats | None) -> float:
    return fdr_threshold(asked.heights(values), asked.alpha_of_a_side)


def _fdr_by(asked: HeightControl, values: Floats | None) -> float:
    heights = asked.heights(values)
    return fdr_threshold(heights, asked.alpha_of_a_side, adjust=benjamini_yekutieli)


def _bonferroni(asked: HeightControl, values: Floats | None) -> float:
    return height_of(asked.alpha_of_a_side, n_tests=len(asked.heights(values)))


def _rft(asked: HeightControl, values: Floats | None) -> float:  # noqa: ARG001 - as its siblings
    assert asked.random_field is not None  # checked when it was asked for
    return asked.random_field.for_sides(two_sided=asked.two_sided).threshold(float(asked.alpha))


def _given(asked: HeightControl, values: Floats | None) -> float:
    """Return the threshold that was handed over, or the score of its percentage."""
    if asked.threshold is None:
        return DEFAULT_THRESHOLD
    if not isinstance(asked.threshold, str):
        return float(asked.threshold)
    heights = asked.heights(values)
    heights = heights[heights >= 0]
    if len(heights) == 0:
        return np.inf
    # Above the score, not at it, as in nilearn (which adds 1e-5, whatever the unit of the map).
    return float(np.nextafter(np.percentile(heights, _percentage(asked.threshold)), np.inf))


HEIGHTS: dict[str | None, Callable[[HeightControl, Floats | None], float]] = {
    "fpr": _fpr,
    "fdr": _fdr,
    "fdr_by": _fdr_by,
    "bonferroni": _bonferroni,
    "rft": _rft,
    None: _given,
}
"""Every error control by name."""


def _check_level(alpha: Any) -> None:
    """Raise unless alpha lies between 0 and 1, ends excluded."""
    if isinstance(alpha, Real) and float(alpha) > 1:
        raise InputError(
            f"alpha should be between 0 and 1. {alpha} was provided, which looks like a z "
            f"threshold: pass threshold={alpha}, height_control=None."
        )
    if check_alpha(alpha) in {0.0, 1.0}:
        raise InputError(
            f"alpha should be between 0 and 1, and neither of them. {alpha} was provided: "
            f"{'nothing' if alpha == 0 else 'everything'} would pass."
        )


def _check_random_field(random_field: Any) -> None:
    if random_field is None:
        raise InputError(
            "height_control='rft' needs the smoothness of the map: pass "
            "random_field=model.random_field(contrast), with the statistic of the same contrast, "
            "model.compute_contrast(contrast, output_type='stat')."
        )
    if not callable(getattr(random_field, "threshold", None)):
        raise InputTypeError(
            f"random_field must be a RandomField. Got {type(random_field).__name__}."
        )


def _check_threshold(threshold: Any, *, two_sided: bool) -> None:
    """Raise unless a threshold can be meant as a height, or a percentage."""
    if threshold is None:
        return
    if isinstance(threshold, str):
        _percentage(threshold)
        return
    if isinstance(threshold, bool) or not isinstance(threshold, Real):
        raise InputTypeError(
            "threshold should be either a number or a string finishing with a percent sign. Got "
            f"{type(threshold).__name__}: {threshold!r}."
        )
    height = float(threshold)
    if np.isnan(height):
        raise InputError("threshold is NaN, which nothing reaches. Give a number.")
    if 0 < abs(height) < LARGEST_P:
        p = abs(height)
        raise InputError(
            f"threshold={threshold} looks like a p-value; it must be in the unit of the map. As z, "
            f"p = {p:g} is {height_of(p):.4g} for one side and {height_of(p / 2):.4g} for both: "
            f"pass one of these, or height_control='fpr', alpha={p:g}. Maps whose values are that "
            "small, such as correlations, are for nilearn.image.threshold_img."
        )
    if height < 0 and two_sided:
        raise InputError(
            "'threshold' should not be a negative value when two_sided=True. Got "
            f"{threshold}: pass {-height:g}, or two_sided=False for what lies at or below it."
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


def _say_what_is_ignored(asked: HeightControl) -> None:
    """Warn of a parameter that this error control does not use."""
    if asked.name is not None and asked.threshold is not None:
        warn(
            f"threshold={asked.threshold!r} is not used with height_control={asked.name!r}. Pass "
            "height_control=None to use it.",
            IgnoredParameterWarning,
        )
    if asked.name != "rft" and asked.random_field is not None:
        warn(
            f"random_field is not used with height_control={asked.name!r}. Pass "
            "height_control='rft' to use it.",
            IgnoredParameterWarning,
        )
