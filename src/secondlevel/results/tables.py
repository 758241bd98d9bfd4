"""Tables as text that brings back every number to the bit."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from secondlevel.errors import InputError

EMPTY, FLOAT, INT, MIXED, TEXT = "empty", "float", "int", "mixed", "text"


def save_table(table: pd.DataFrame, path: Path) -> dict[str, str]:
    """Write a table as tab-separated text, one column after the other, without its index.

    Parameters
    ----------
    table : DataFrame
        Of numbers and text.
    path : Path

    Returns
    -------
    dict of str to str
        What each column holds, as `load_table` needs it.
    """
    kinds = {str(name): _kind(table[name]) for name in table}
    columns = [[_written(value) for value in table[name].tolist()] for name in table]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, dialect="excel-tab", lineterminator="\n")
        writer.writerow([str(name) for name in table])
        writer.writerows(zip(*columns, strict=True))
    return kinds


def load_table(path: Path, kinds: dict[str, str]) -> pd.DataFrame:
    """Read a table that `save_table` wrote.

    Parameters
    ----------
    path : Path
    kinds : dict of str to str
        What each column holds.

    Raises
    ------
    InputError
        When it is absent, damaged, or has other columns.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file, dialect="excel-tab"))
        _check_columns(header, rows, list(kinds))
        columns = {
            name: READERS[kinds[name]]([row[number] for row in rows])
            for number, name in enumerate(header)
        }
    except FileNotFoundError:
        raise InputError(f"'{path}' is missing. Save the results again.") from None
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise InputError(f"'{path}' is damaged ({error}). Save the results again.") from error
    return pd.DataFrame(columns)


def _check_columns(header: list[str], rows: list[list[str]], wanted: list[str]) -> None:
    if header != wanted or any(len(row) != len(header) for row in rows):
        raise ValueError("it has other columns than were written")


def _kind(column: pd.Series) -> str:
    values = column.tolist()
    if not values:
        return EMPTY
    if column.dtype.kind == "f":
        return FLOAT
    if column.dtype.kind in "iu":
        return INT
    return TEXT if all(isinstance(value, str) for value in values) else MIXED


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, np.bool_)):
        raise InputError("Tables of results hold numbers and text, no flags.")
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    number = float(value)
    # The shortest text that is the same number again.
    return "" if math.isnan(number) else repr(number)


def _float(text: str) -> float:
    return float(text) if text else math.nan


def _mixed(text: str) -> Any:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


READERS: dict[str, Callable[[list[str]], Any]] = {
    EMPTY: lambda texts: texts,
    FLOAT: lambda texts: np.array([_float(text) for text in texts], dtype=np.float64),
    INT: lambda texts: np.array([int(text) for text in texts], dtype=np.int64),
    MIXED: lambda texts: pd.Series([_mixed(text) for text in texts], dtype=object),
    TEXT: lambda texts: texts,
}
"""How the texts of a column become what they were."""
