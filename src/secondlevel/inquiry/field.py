"""The random field of a contrast, and what it remarks."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from secondlevel.design.contrast import Contrast
from secondlevel.errors import InputError
from secondlevel.inference.random_field import RandomField
from secondlevel.inference.smoothness import Smoothness
from secondlevel.models.base import ContrastEstimate


def measure(smoothness: Callable[[], Smoothness]) -> tuple[Smoothness | None, tuple[str, ...]]:
    """Measure smoothness, or say why it cannot be told.

    Parameters
    ----------
    smoothness : callable
        Returns it, or raises InputError.

    Returns
    -------
    smoothness : Smoothness or None
    notes : tuple of str
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            measured = smoothness()
        except InputError as error:
            return None, (str(error),)
    return measured, said(caught)


def random_field(
    smoothness: Smoothness, contrast: Contrast, answer: ContrastEstimate
) -> tuple[RandomField | None, tuple[str, ...]]:
    """Return the random field of a contrast's t or F, and what it remarks; None where it has none.

    Parameters
    ----------
    smoothness : Smoothness
    contrast : Contrast
    answer : ContrastEstimate
        Whose degrees of freedom are those of the field.
    """
    dof = float(answer.dof) if contrast.kind == "t" else (answer.dof_contrast, float(answer.dof))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            made = RandomField(smoothness, contrast.kind, dof)
        except InputError as error:
            return None, (str(error),)
    return made, said(caught)


def said(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    """What was warned of, each once, in order."""
    return tuple(dict.fromkeys(str(warning.message) for warning in caught))
