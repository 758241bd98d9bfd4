"""Columns of a table as real numbers; what is none is named by column and row."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondlevel.errors import DesignError


def to_numbers(table: pd.DataFrame, what: str, places: Sequence[str]) -> pd.DataFrame:
    """Convert every column to float64.

    Parameters
    ----------
    table : DataFrame of shape (n, p)
        Columns of finite real numbers or booleans.
    what : {"confounds", "design matrix"}
        What to call the table in messages.
    places : sequence of n str
        What to call its rows.

    Returns
    -------
    DataFrame of shape (n, p)

    Raises
    ------
    DesignError
        When a value is missing, infinite or no number; the message names column and row.

    Examples
    --------
    >>> to_numbers(pd.DataFrame({"age": [31, 24]}), "confounds", ["row 0", "row 1"])
        age
    0  31.0
    1  24.0
    """
    columns = {str(name): _column(table[name], what, places) for name in table.columns}
    return pd.DataFrame(columns, index=table.index, dtype=np.float64)


def _column(column: pd.Series, what: str, places: Sequence[str]) -> NDArray[np.float64]:
    _refuse("NaN", column.isna().to_numpy(), column.name, what, places)
    try:
        values = column.to_numpy(dtype=np.float64) if is_numeric(column) else None
    except OverflowError:
        values = None
    if values is None:
        raise DesignError(_text_message(column, what, places))
    _refuse("infinite", np.isinf(values), column.name, what, places)
    return values


def is_numeric(column: pd.Series) -> bool:
    """Whether a column holds real numbers or booleans: no text, dates or categories.

    Parameters
    ----------
    column : Series

    Returns
    -------
    bool

    Examples
    --------
    >>> is_numeric(pd.Series([True, False])), is_numeric(pd.Series(["1", "2"]))
    (True, False)
    """
    if column.dtype == object:
        return all(isinstance(value, (Real, np.bool_)) for value in column)
    return pd.api.types.is_numeric_dtype(column.dtype) and column.dtype.kind != "c"


def _refuse(
    kind: str, flags: NDArray[np.bool_], name: object, what: str, places: Sequence[str]
) -> None:
    if flags.any():
        raise DesignError(
            f"The {what} contain{'' if what == 'confounds' else 's'} {kind} values: column "
            f"'{name}', {places[int(flags.argmax())]}, {flags.sum()} in all. Fill them in, "
            "or leave these subjects out."
        )


def _text_message(column: pd.Series, what: str, places: Sequence[str]) -> str:
    """Say which value is no number, and how to make one of it."""
    values = column.to_list()
    unreadable = pd.to_numeric(column.astype(str), errors="coerce").isna().to_numpy()
    odd = np.array([not isinstance(value, Real) for value in values])
    row = int(np.argmax(2 * odd + unreadable))
    if column.dtype.kind in "Mm":
        remedy = "Turn dates and durations into a number, such as an age in years."
    elif column.dtype.kind == "c":
        remedy = "Use the real part or the magnitude."
    elif not unreadable.any() and not isinstance(column.dtype, pd.CategoricalDtype):
        remedy = "Convert the column with pandas.to_numeric."
    else:
        remedy = "Code groups as columns of 0 and 1 (pandas.get_dummies does it)."
    return (
        f"Column '{column.name}' of the {what} holds something that is not a number: "
        f"{reprlib.repr(values[row])} in {places[row]}, of type {column.dtype}. {remedy}"
    )
