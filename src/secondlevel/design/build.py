"""Design matrices from tables: of confounds, from a file, as handed over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from secondlevel.design.columns import is_numeric, to_numbers
from secondlevel.design.matrix import Design
from secondlevel.errors import (
    DesignError,
    DesignNotFoundError,
    DesignWarning,
    InputTypeError,
    warn,
)

LABELS = "subject_label"
SEPARATORS = {".tsv": "\t", ".csv": ","}


def make_second_level_design_matrix(
    subjects_label: Sequence[str], confounds: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Build a design matrix: one column per confound, then a column of ones, `intercept`.

    Parameters
    ----------
    subjects_label : sequence of n str
        One label per map, in the order of the maps.
    confounds : DataFrame, optional
        One row per subject: a column `subject_label` and at least one column of numbers. Rows are
        matched to `subjects_label` by label; further subjects are ignored.

    Returns
    -------
    DataFrame of shape (n, p)
        float64, one row per label in the order of `subjects_label`.

    Raises
    ------
    DesignError
        When a subject is absent from `confounds` or stands there twice, a value is missing or not
        a number, or column names repeat.

    Examples
    --------
    >>> ages = pd.DataFrame({"subject_label": ["02", "01"], "age": [31, 24]})
    >>> make_second_level_design_matrix(["01", "02"], ages)
        age  intercept
    0  24.0        1.0
    1  31.0        1.0
    """
    labels = list(subjects_label)
    table, places = pd.DataFrame(index=range(len(labels))), [""] * len(labels)
    if confounds is not None:
        rows = _rows_of(labels, check_confounds(confounds))
        table = confounds.drop(columns=LABELS).iloc[rows].reset_index(drop=True)
        places = [f"row {row} ({label})" for row, label in zip(rows, labels, strict=True)]
    names = [*map(str, table.columns), "intercept"]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DesignError(
            f"Design matrix columns do not have unique names: {', '.join(repeated)}. "
            "`intercept` is added for you; rename or drop the copies in the confounds."
        )
    design = to_numbers(table, "confounds", places)
    design["intercept"] = 1.0
    _warn_if_dependent(Design(design.to_numpy(), names))
    return design


def check_confounds(confounds: pd.DataFrame) -> pd.DataFrame:
    """Return the confounds when they have the columns they need, else raise.

    Parameters
    ----------
    confounds : DataFrame
        With a column `subject_label` of strings and at least one more column.

    Returns
    -------
    DataFrame
        The same object.

    Raises
    ------
    InputTypeError
        When it is no DataFrame.
    DesignError
        When columns are missing or labels are not strings.

    Examples
    --------
    >>> check_confounds(pd.DataFrame({"subject_label": ["01"], "age": [24]})).shape
    (1, 2)
    """
    if not isinstance(confounds, pd.DataFrame):
        raise InputTypeError(
            f"confounds must be a pandas DataFrame. Got {type(confounds).__name__}."
        )
    if LABELS not in confounds.columns:
        found = ", ".join(map(str, confounds.columns)) or "none"
        raise DesignError(
            f"confounds DataFrame must contain column '{LABELS}'; its columns are: {found}."
        )
    if (confounds.columns == LABELS).sum() > 1:
        raise DesignError(f"confounds have several columns called '{LABELS}'. Keep one.")
    if len(confounds.columns) < 2:
        raise DesignError(
            "confounds should contain at least 2 columns, one called "
            f"'{LABELS}' and the other with a given confound."
        )
    for row, label in enumerate(confounds[LABELS]):
        if not isinstance(label, str):
            raise DesignError(
                f"subject_label column must contain only strings: row {row} of confounds holds "
                f"{label!r}. Convert with confounds['{LABELS}'].astype(str)."
            )
    return confounds


def _rows_of(labels: list[str], confounds: pd.DataFrame) -> list[int]:
    """Which rows of the confounds are those of the labels, in their order."""
    known = confounds[LABELS]
    wanted = set(labels)
    twice = known[known.duplicated() & known.isin(wanted)]
    if len(twice):
        raise DesignError(
            f"confounds contain more than one row for subject {twice.iloc[0]} "
            f"(again in row {np.flatnonzero(known == twice.iloc[0])[1]}). Keep one row per subject."
        )
    row_of = {label: row for row, label in enumerate(known)}
    absent = [label for label in labels if label not in row_of]
    if absent:
        more = f" (and {len(absent) - 1} more)" if len(absent) > 1 else ""
        raise DesignError(
            f"confounds not specified for subject {absent[0]}{more}. Add the row, or leave the "
            "subject's map out."
        )
    return [row_of[label] for label in labels]


def load_design_table(design_matrix: pd.DataFrame | str | Path) -> pd.DataFrame:
    """Return a design matrix as a table of float64, read from csv or tsv when it is a path.

    The row labels that pandas writes as a first, unnamed column are taken as labels, not as data;
    so is a column `subject_label`.

    Parameters
    ----------
    design_matrix : DataFrame, str or Path
        n rows, p named columns of numbers.

    Returns
    -------
    DataFrame of shape (n, p)

    Raises
    ------
    InputTypeError
        When it is neither a table nor a path.
    DesignError
        When the file is absent, no csv or tsv, or holds text or missing values.

    Examples
    --------
    >>> load_design_table(pd.DataFrame({"intercept": [1, 1]}))
       intercept
    0        1.0
    1        1.0
    """
    if not isinstance(design_matrix, (str, Path, pd.DataFrame)):
        raise InputTypeError(
            "'design_matrix' must be a str, pathlib.Path or a pandas.DataFrame.\n"
            f"Got {type(design_matrix).__name__}."
        )
    if isinstance(design_matrix, pd.DataFrame):
        table = design_matrix.copy()
    else:
        table = _read_table(Path(design_matrix).expanduser())
    table.columns = table.columns.map(str)
    _check_names(table.columns)
    if LABELS in table.columns:
        table = table.set_index(LABELS)
    if 0 in table.shape:
        raise DesignError(
            f"The design matrix is empty: {table.shape[0]} rows, {table.shape[1]} columns. Give "
            "one row per map and one column per effect, of ones for a mean."
        )
    places = [
        f"row {i}" if label == i else f"row {i} ({label})" for i, label in enumerate(table.index)
    ]
    return to_numbers(table, "design matrix", places)


def _check_names(names: pd.Index) -> None:
    repeated = [name or "''" for name in names[names.duplicated()].unique()]
    if repeated:
        raise DesignError(
            f"Design matrix columns do not have unique names: {', '.join(repeated)}. "
            "Rename or drop the copies."
        )


def _read_table(path: Path) -> pd.DataFrame:
    separator = SEPARATORS.get(path.suffix.lower())
    if separator is None:
        raise DesignError(f"Tables to load can only be TSV or CSV.\nGot {path}")
    try:
        # Of equal names pandas makes different ones; the first line says what they are.
        first = pd.read_csv(path, sep=separator, header=None, nrows=1, dtype=str).iloc[0].dropna()
        # A label such as 01 is no number.
        table = pd.read_csv(path, sep=separator, dtype={LABELS: str})
    except FileNotFoundError:
        raise DesignNotFoundError(
            f"Design matrix file not found: '{path}'. Check the path."
        ) from None
    except (ValueError, OSError) as error:
        raise DesignError(
            f"'{path}' cannot be read as a table: {str(error).strip()}. It should hold one line of "
            "column names and one line per map."
        ) from error
    _check_names(pd.Index(first))
    only = first.iloc[0] if len(first) == 1 else ""
    if set(only) & {"\t", ",", ";"} and not is_numeric(table.iloc[:, 0]):
        raise DesignError(
            f"'{path}' seems to be one column called '{only}'. Columns of a .csv file are "
            "separated by commas, those of a .tsv file by tabs."
        )
    if len(table.columns) and str(table.columns[0]).startswith("Unnamed: 0"):
        table = table.set_index(table.columns[0])
    return table


def _warn_if_dependent(design: Design) -> None:
    if design.rank == design.n_columns:
        return
    sums = "; ".join(", ".join(relation) for relation in design.dependencies())
    warn(
        "Attention: Design matrix is singular. Its columns are linearly dependent "
        f"({sums}); contrasts that do not depend on how they are told apart can still be tested.",
        DesignWarning,
    )


def to_design(table: pd.DataFrame) -> Design:
    """Turn a table of numbers into a Design.

    Parameters
    ----------
    table : DataFrame of shape (n, p)

    Returns
    -------
    Design

    Examples
    --------
    >>> to_design(pd.DataFrame({"intercept": [1.0, 1.0]})).dof
    1
    """
    return Design(table.to_numpy(dtype=np.float64), [str(name) for name in table.columns])
