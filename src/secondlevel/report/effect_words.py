"""Effects at a peak, with their intervals, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from secondlevel.report.numbers import between, is_number, rounded

WITHOUT_UNIT = {"Hedges g": "Hedges' g", "Partial R2": "partial R²"}
"""Columns of effects without a unit, and how a reader calls them."""


def unit_free(columns: pd.Index) -> str | None:
    """Return the column of the effect without a unit, None where there is none."""
    return next((name for name in WITHOUT_UNIT if name in columns), None)


def effects_in_words(peak: Mapping[str, Any], confidence: float) -> str:
    """Say how large the effect at a peak is: in the unit of the maps, and without one.

    Examples
    --------
    >>> peak = {"Effect": 2.454, "Effect Lower": 1.727, "Effect Upper": 3.181}
    >>> effects_in_words(peak, 0.95)
    'The effect there is 2.45 (95 % interval 1.73 to 3.18).'
    """
    named = {"Effect": "the effect there", **WITHOUT_UNIT}
    parts: list[str] = []
    for column, name in named.items():
        if not is_number(peak.get(column)):
            continue
        interval = between(float(peak[f"{column} Lower"]), float(peak[f"{column} Upper"]))
        level = "" if parts else f"{100 * confidence:g} % interval "
        verb = "is " if not parts else ""
        parts.append(f"{name} {verb}{rounded(float(peak[column]))} ({level}{interval})")
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""
