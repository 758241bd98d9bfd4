"""Effects with their intervals, one line per peak, drawn on one scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondlevel.report.effect_words import WITHOUT_UNIT, unit_free
from secondlevel.report.numbers import between, rounded, signed
from secondlevel.report.places import main_peaks, place, place_in_words
from secondlevel.report.rows import rows_of

MOST_PEAKS = 12
"""The table holds the others."""

WIDTH = 1000.0
"""Units across the drawing."""

TICKS_WANTED = 5


@dataclass(frozen=True)
class Line:
    """One peak: its name and place, the effect, and where on the scale it and its interval are."""

    peak: str
    where: str
    effect: str
    interval: str
    x: float
    lower: float
    upper: float
    place: dict[str, float | str]


@dataclass(frozen=True)
class Forest:
    """Lines on a common scale.

    Parameters
    ----------
    measure : str
        What is drawn.
    lines : tuple of Line
    ticks : tuple of (str, float)
        Labels, and where they stand, in percent of the width.
    zero : float
        Where no effect is.
    n_more : int
        Peaks that are not drawn.
    """

    measure: str
    lines: tuple[Line, ...]
    ticks: tuple[tuple[str, float], ...]
    zero: float
    n_more: int


def _among_highest(heights: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which peaks are drawn: the highest on either side, in the order of the table."""
    chosen = np.zeros(len(heights), dtype=bool)
    chosen[np.argsort(-np.abs(heights), kind="stable")[:MOST_PEAKS]] = True
    return chosen


def draw_forest(clusters: pd.DataFrame) -> Forest | None:
    """Draw effects without a unit at the main peaks; None where there is nothing to draw.

    Parameters
    ----------
    clusters : DataFrame
        Of a `ContrastResults`.
    """
    column = unit_free(clusters.columns)
    if column is None or not len(clusters):
        return None
    ends = [f"{column} Lower", f"{column} Upper"]
    peaks = main_peaks(clusters)
    peaks = peaks[np.isfinite(peaks[[column, *ends]].to_numpy(dtype=np.float64)).all(axis=1)]
    shown = peaks[_among_highest(peaks["Peak Stat"].to_numpy(dtype=np.float64))]
    if not len(shown):
        return None
    ticks = round_numbers(
        min(0.0, float(shown[ends[0]].min())), max(0.0, float(shown[ends[1]].max()))
    )

    def at(value: float) -> float:
        share = (value - ticks[0]) / (ticks[-1] - ticks[0])
        return round(WIDTH * share, 2)

    lines = tuple(
        Line(
            peak=str(peak["Cluster ID"]),
            where=place_in_words(peak),
            effect=rounded(float(peak[column])),
            interval=between(float(peak[ends[0]]), float(peak[ends[1]])),
            x=at(float(peak[column])),
            lower=at(float(peak[ends[0]])),
            upper=at(float(peak[ends[1]])),
            place=place(peak),
        )
        for peak in rows_of(shown)
    )
    return Forest(
        measure=WITHOUT_UNIT[column],
        lines=lines,
        ticks=tuple((signed(f"{tick:g}"), at(tick) * 100 / WIDTH) for tick in ticks),
        zero=at(0.0),
        n_more=len(peaks) - len(shown),
    )


def round_numbers(lower: float, upper: float) -> list[float]:
    """Return round numbers, equally far apart, that enclose a range.

    Examples
    --------
    >>> round_numbers(-0.3, 3.9)
    [-1.0, 0.0, 1.0, 2.0, 3.0, 4.0]
    >>> round_numbers(0.0, 0.91)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    rough = (upper - lower or 1.0) / TICKS_WANTED
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(lower / step + 1e-9), math.ceil(upper / step - 1e-9)
    return [float(f"{number * step:.12g}") for number in range(first, max(last, first + 1) + 1)]
