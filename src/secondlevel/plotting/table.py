"""Tables as charts take them, checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from secondlevel.design.build import load_design_table, to_design
from secondlevel.design.matrix import Design
from secondlevel.errors import InputError, InputTypeError
from secondlevel.results.quality import QUALITY_COLUMNS, Quality


def as_design(design_matrix: pd.DataFrame | str | Path) -> tuple[Design, list[str]]:
    """Return a table, or what is in its file, as a design.

    Returns
    -------
    design : Design
    labels : list of n str
        Of its rows; empty where they are only numbered.

    Raises
    ------
    InputTypeError
        When it is neither a table nor a path.
    DesignError
        When it is empty, or does not hold finite numbers under distinct names.
    """
    table = load_design_table(design_matrix)
    numbered = isinstance(table.index, pd.RangeIndex)
    return to_design(table), [] if numbered else [str(label) for label in table.index]


def as_maps(quality: Any) -> pd.DataFrame:
    """Return the table of maps of a `Quality`.

    Raises
    ------
    InputTypeError
        When this is none.
    InputError
        When its table is empty, or lacks a column.
    """
    if not isinstance(quality, Quality):
        raise InputTypeError(
            f"quality must be that of results (results.quality). Got {type(quality).__name__}."
        )
    absent = [name for name in QUALITY_COLUMNS if name not in quality.maps]
    if absent:
        raise InputError(f"The table of maps has no column {', '.join(absent)}.")
    if len(quality.maps) == 0:
        raise InputError("The table of maps is empty: there is nothing to draw.")
    return quality.maps
