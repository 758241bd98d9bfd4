"""The table of the maps, and that of the inputs, as the page shows them."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from secondlevel.report.numbers import is_number, percent, plain, rounded
from secondlevel.report.rows import Values, rows_of
from secondlevel.report.tables import Cell, Column, Row, Table
from secondlevel.results.group import GroupResults

COLUMNS: dict[str, tuple[str, str, Callable[[float], str]]] = {
    "Correlation": ("Correlation", "With the mean of the other maps", rounded),
    "Distance": ("Robust distance", "From the fit; 1 is usual", rounded),
    "Missing": ("Missing", "Elements of the mask without a value", plain),
    "Mean": ("Mean", "Over elements, in the unit of the maps", rounded),
    "SD": ("SD", "Over elements, in the unit of the maps", rounded),
    "Leverage": ("Leverage", "Of its row of the design", rounded),
    "Cook Mean": ("Cook's distance", "Mean over elements", rounded),
    "Cook Share": ("Notable at", "Share of elements where Cook's distance is notable", percent),
}
"""Columns of the quality table: heading, meaning, how its numbers are written."""


def quality_table(results: GroupResults) -> Table:
    """Turn the quality of each map into a table; maps that stand out catch the eye."""
    maps = results.quality.maps
    heads = [Column(label, means=means) for label, means, _ in COLUMNS.values()]
    return Table(
        name="maps",
        caption="One row per map",
        columns=(
            Column("Map", numeric=False),
            *heads,
            Column("Remarks", numeric=False),
        ),
        groups=tuple((_quality_row(row),) for row in rows_of(maps)),
        things="maps",
    )


def input_table(inputs: pd.DataFrame) -> Table:
    """Turn what was read into a table."""
    return Table(
        name="inputs",
        caption="What was read",
        columns=tuple(Column(str(name), numeric=False) for name in inputs.columns),
        groups=tuple(
            (Row(tuple(Cell(str(value)) for value in row.values())),) for row in rows_of(inputs)
        ),
        things="inputs",
    )


def _quality_row(row: Values) -> Row:
    cells = [
        Cell(write(float(row[name])), float(row[name]))
        if is_number(row[name])
        else Cell("–", float("-inf"))
        for name, (_, _, write) in COLUMNS.items()
    ]
    remarks = str(row["Remarks"])
    return Row((Cell(str(row["Map"])), *cells, Cell(remarks)), odd=bool(remarks))
