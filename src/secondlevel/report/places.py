"""Peaks: which rows of a cluster table they are, and where they lie, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from secondlevel.report.numbers import in_mm
from secondlevel.report.rows import Values, rows_of


def is_below(cluster_id: object) -> bool:
    """Whether a row of a cluster table is a sub-peak: its cluster's number and a letter."""
    return not str(cluster_id).isdigit()


def main_peaks(clusters: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the highest peak of each cluster."""
    if not len(clusters):
        return clusters
    return clusters[[not is_below(name) for name in clusters["Cluster ID"]]]


def highest_row(clusters: pd.DataFrame) -> Values | None:
    """Return the row of the highest peak of all, None where there is no cluster."""
    peaks = main_peaks(clusters)
    if not len(peaks):
        return None
    return max(rows_of(peaks), key=lambda row: abs(float(row["Peak Stat"])))


def place(peak: Mapping[str, Any]) -> dict[str, float | str]:
    """Return where a peak lies, as a viewer is told: x, y, z in mm, on surfaces the hemisphere."""
    where: dict[str, float | str] = {axis.lower(): float(peak[axis]) for axis in ("X", "Y", "Z")}
    if "Hemisphere" in peak:
        where["hemisphere"] = str(peak["Hemisphere"])
    return where


def place_in_words(peak: Mapping[str, Any]) -> str:
    """Write where a peak lies.

    Examples
    --------
    >>> place_in_words({"X": -30.0, "Y": -18.0, "Z": 24.0})
    'x = −30, y = −18, z = 24 mm'
    >>> place_in_words({"X": -42.29, "Y": 5.0, "Z": -2.22, "Hemisphere": "left"})
    'x = −42.3, y = 5, z = −2.2 mm, left hemisphere'
    """
    words = ", ".join(f"{axis.lower()} = {in_mm(float(peak[axis]))}" for axis in ("X", "Y", "Z"))
    hemisphere = f", {peak['Hemisphere']} hemisphere" if "Hemisphere" in peak else ""
    return f"{words} mm{hemisphere}"
