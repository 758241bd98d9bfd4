"""The cluster table as the page shows it."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from secondlevel.report.effect_words import WITHOUT_UNIT
from secondlevel.report.numbers import (
    at_least,
    between,
    in_mm,
    is_number,
    p_in_table,
    plain,
    rounded,
)
from secondlevel.report.places import is_below, place
from secondlevel.report.rows import Values, rows_of
from secondlevel.report.tables import Cell, Column, Row, Table

BOUNDS = ("Lower", "Upper")

HEADINGS = {
    "Cluster ID": "Cluster",
    "X": "x\xa0(mm)",
    "Y": "y\xa0(mm)",
    "Z": "z\xa0(mm)",
    "Peak Stat": "Peak\xa0z",
    "Cluster Size (mm3)": "Size (mm³)",
    "Cluster Size (mm2)": "Size (mm²)",
    "Peak p (FWE)": "Peak p (FWE)",
    "Cluster p (FWE)": "Cluster p (FWE)",
    "TDP": "TDP, at\xa0least",
    "Effect": "Effect",
    **{
        column: f"{name[0].upper()}{name[1:]}".replace(" ", "\xa0")
        for column, name in WITHOUT_UNIT.items()
    },
}
"""Columns that are always shown, in the order of the page; the others are shown when asked for."""

MEANINGS = {
    "Peak Stat": "z of the highest element",
    "Peak p (FWE)": "Family-wise error rate of peaks",
    "Cluster p (FWE)": "Family-wise error rate of cluster sizes",
    "Peak q (FDR)": "False discovery rate among peaks",
    "Cluster q (FDR)": "False discovery rate among clusters",
    "Peak p (uncorrected)": "Not corrected for the search through the mask",
    "Cluster p (uncorrected)": "Not corrected for the number of clusters",
    "TDP": "True-discovery proportion: the share of the cluster that holds a true effect",
    "Effect": "Contrast of the coefficients, in the unit of the maps, with its interval",
}


def cluster_table(clusters: pd.DataFrame, number: int, name: str) -> Table:
    """Turn the cluster table of a contrast into that of the page.

    Parameters
    ----------
    clusters : DataFrame
        Of a `ContrastResults`.
    number : int
        Of the contrast, from 0; its viewer has the same.
    name : str
        Of the contrast.

    Returns
    -------
    Table
        One group per cluster: its main peak, then its sub-peaks.
    """
    shown = _in_order([column for column in clusters.columns if not _is_bound(column, clusters)])
    columns = tuple(
        Column(
            HEADINGS.get(column, column),
            numeric=column not in {"Cluster ID", "Hemisphere"} and _holds_numbers(clusters[column]),
            means=MEANINGS.get(column, ""),
            minor=_is_minor(column),
        )
        for column in shown
    )
    groups: list[list[Row]] = []
    for peak in rows_of(clusters):
        row = Row(
            tuple(_cell(column, peak) for column in shown),
            below=is_below(peak["Cluster ID"]),
            place=place(peak),
        )
        if row.below and groups:
            groups[-1].append(row)
        else:
            groups.append([row])
    return Table(
        name=f"clusters-{number}",
        caption=f"Clusters of {name}",
        columns=columns,
        groups=tuple(map(tuple, groups)),
        things="clusters",
        viewer=number,
    )


def _in_order(columns: list[str]) -> list[str]:
    """Put what is always shown first, with names of places behind the number of the cluster."""
    first = [column for column in HEADINGS if column in columns]
    names = [c for c in columns if c not in HEADINGS and not _is_minor(c)]
    return [first[0], *names, *first[1:], *(c for c in columns if _is_minor(c))]


def _is_minor(column: str) -> bool:
    return column.endswith(("(FDR)", "(uncorrected)", "(vertices)"))


def _is_bound(column: str, clusters: pd.DataFrame) -> bool:
    """Whether a column is the end of an interval of another."""
    what, _, end = column.rpartition(" ")
    return end in BOUNDS and what in clusters.columns


def _holds_numbers(values: pd.Series) -> bool:
    return any(is_number(value) for value in values)


def _cell(column: str, peak: Values) -> Cell:
    """Write one cell, with the interval where there is one."""
    value = peak[column]
    if column == "Cluster ID":
        return Cell(str(value))
    if not is_number(value):
        return Cell(str(value))
    number = float(value)
    return Cell(_write(column, number), number, _interval(column, peak))


def _interval(column: str, peak: Values) -> str | Markup:
    """Write the interval of a number, where there is one."""
    lower, upper = (peak.get(f"{column} {end}") for end in BOUNDS)
    if not (is_number(lower) and is_number(upper)):
        return ""
    if " p (" in column:
        # No bound is known from below where no shuffle but the observed one is as extreme.
        least = p_in_table(float(lower)) if lower else "0"
        return Markup("{} to {}").format(least, p_in_table(float(upper)))
    return between(float(lower), float(upper))


def _write(column: str, number: float) -> str | Markup:
    """Write a number in the way of its column."""
    if " p (" in column or " q (" in column:
        return p_in_table(number)
    if column == "TDP":
        return at_least(number)
    if column in {"X", "Y", "Z"}:
        return in_mm(number)
    if column.startswith("Cluster Size"):
        return plain(round(number) if number >= 100 else float(f"{number:.3g}"))
    return rounded(number)
