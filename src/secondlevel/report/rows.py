"""Rows of a table of results, as dicts."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

Values = dict[str, Any]


def rows_of(table: pd.DataFrame) -> list[Values]:
    """Return the rows; every value keeps its own type."""
    names = [str(name) for name in table.columns]
    columns = (table.iloc[:, number].tolist() for number in range(len(names)))
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def most(table: pd.DataFrame, column: str, sign: int = 1) -> Values | None:
    """Return the row with the largest value, or the smallest with sign -1; None where none has one.

    Examples
    --------
    >>> most(pd.DataFrame({"Map": ["a", "b"], "Mean": [1.0, 3.0]}), "Mean")
    {'Map': 'b', 'Mean': 3.0}
    """
    known = [row for row in rows_of(table) if not math.isnan(row[column])]
    return max(known, key=lambda row: sign * row[column], default=None)
