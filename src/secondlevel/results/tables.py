"""Tables as text that brings back every number to the bit, and every text."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from secondlevel.errors import InputError

TEXT, EACH = "text", "each "
"""Kinds of columns that hold text only, and anything: one letter per value follows."""

ANY_TEXT = "surrogatepass"
"""What is done about names that no encoding has: they are kept."""

Form = dict[str, Any]
"""Number of rows, and what each column holds."""


def save_table(table: pd.DataFrame, path: Path) -> Form:
    r"""Write a table as tab-separated text, without its index.

    Parameters
    ----------
    table : DataFrame
        Of numbers, text and flags; a missing number is written as nothing.
    path : Path

    Returns
    -------
    dict
        The form of the table, as `load_table` needs it; JSON can hold it.

    Raises
    ------
    InputError
        When something else stands in it.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "table.tsv"
    >>> save_table(pd.DataFrame({"ID": [1, "1a"], "z": [0.1 + 0.2, np.nan]}), path)
    {'rows': 2, 'columns': {'ID': 'each is', 'z': 'float64'}}
    >>> path.read_text()
    'ID\tz\n1\t0.30000000000000004\n1a\t\n'
    """
    columns = {str(name): table[name] for name in table}
    texts = [list(columns), *zip(*map(_texts, columns.values()), strict=True)]
    lines = ("\t".join(_quoted(row)) for row in texts)
    with path.open("w", encoding="utf-8", errors=ANY_TEXT, newline="") as file:
        file.writelines(f"{line}\n" for line in lines)
    return {
        "rows": len(table),
        "columns": {name: _kind(column) for name, column in columns.items()},
    }


def load_table(path: Path, form: Mapping[str, Any]) -> pd.DataFrame:
    """Read a table that `save_table` wrote.

    Parameters
    ----------
    path : Path
    form : dict
        What `save_table` returned.

    Raises
    ------
    InputError
        When it is absent, damaged, or has another form.
    """
    kinds = form["columns"]
    try:
        with path.open(encoding="utf-8", errors=ANY_TEXT, newline="") as file:
            header, *rows = list(csv.reader(file, dialect="excel-tab"))
        _check_form(header, rows, form)
        columns = {
            name: _values(kind, [row[number] for row in rows])
            for number, (name, kind) in enumerate(kinds.items())
        }
    except FileNotFoundError:
        raise InputError(f"'{path}' is missing. Save the results again.") from None
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise InputError(f"'{path}' is damaged ({error}). Save the results again.") from error
    return pd.DataFrame(columns)


def _check_form(header: list[str], rows: list[list[str]], form: Mapping[str, Any]) -> None:
    if header != list(form["columns"]) or any(len(row) != len(header) for row in rows):
        raise ValueError("it has other columns than were written")
    if len(rows) != form["rows"]:
        raise ValueError(f"it has {len(rows)} rows; {form['rows']} were written")


def _kind(column: pd.Series) -> str:
    """What `_values` needs to know: the type of numbers, or what stands in each row."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        return column.dtype.name
    if isinstance(column.dtype, pd.StringDtype) and not column.hasnans:
        return TEXT
    return EACH + "".join(map(_letter, column.tolist()))


def _letter(value: Any) -> str:
    for letter, kinds in LETTERS.items():
        if isinstance(value, kinds):
            return letter
    raise InputError(f"Tables of results hold numbers and text. Got {value!r}.")


def _texts(column: pd.Series) -> list[str]:
    return [_text(value) for value in column.tolist()]


def _text(value: Any) -> str:
    letter = _letter(value)
    if letter == "f":
        # The shortest text that is the same number again.
        return "" if np.isnan(value) else repr(float(value))
    return str(value)


def _quoted(row: Sequence[str]) -> list[str]:
    """Put texts that would end a cell or a line into quotes, and a cell that is a whole line."""
    return [
        f'"{text.replace(chr(34), 2 * chr(34))}"'
        if set(text) & set('\t\n\r"') or (text == "" and len(row) == 1)
        else text
        for text in row
    ]


def _values(kind: str, texts: list[str]) -> Any:
    """Turn the texts of a column into what they were."""
    if kind == TEXT:
        return pd.Series(texts, dtype="str")
    if kind.startswith(EACH):
        letters = kind.removeprefix(EACH)
        values = [READERS[letter](text) for letter, text in zip(letters, texts, strict=True)]
        return pd.Series(values, dtype=object)
    dtype = np.dtype(kind)
    return np.array([READERS[dtype.kind](text) for text in texts], dtype=dtype)


def _flag(text: str) -> bool:
    return {"True": True, "False": False}[text]


LETTERS: dict[str, tuple[type, ...]] = {
    "b": (bool, np.bool_),
    "i": (int, np.integer),
    "f": (float, np.floating),
    "s": (str,),
}
"""What a value of any column can be; flags are whole numbers to Python, so they come first."""

READERS: dict[str, Callable[[str], Any]] = {
    "b": _flag,
    "i": int,
    "u": int,
    "f": lambda text: float(text or "nan"),
    "s": str,
}
"""How text becomes a value, by the letter of numpy's kinds."""
