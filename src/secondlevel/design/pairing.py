"""A design paired with what was handed over: its rows with maps, its columns with weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from secondlevel.design.build import LABELS, make_second_level_design_matrix
from secondlevel.design.expression import suggest
from secondlevel.errors import (
    ContrastError,
    DesignError,
    IgnoredParameterWarning,
    warn,
)


def pair_design(
    labels: Sequence[str | None],
    confounds: pd.DataFrame | None,
    given: pd.DataFrame | None,
) -> pd.DataFrame:
    """Build the design of some maps from confounds, or check the one that was given.

    Parameters
    ----------
    labels : sequence of n (str or None)
        Subject of every map; None where the input does not say.
    confounds : DataFrame, optional
        What to build the design from; ignored, with a warning, when a design was given.
    given : DataFrame, optional
        The design the user gave.

    Returns
    -------
    DataFrame of shape (n, p)

    Raises
    ------
    DesignError
        When the rows do not fit the maps, or the confounds the subjects.

    Examples
    --------
    >>> pair_design(["01", "02"], None, None)
       intercept
    0        1.0
    1        1.0
    """
    if given is None:
        return make_second_level_design_matrix([label or "" for label in labels], confounds)
    if confounds is not None:
        warn(
            "confounds are ignored because a design matrix was given. Put them into the design "
            "matrix as columns.",
            IgnoredParameterWarning,
        )
    if len(given) != len(labels):
        raise DesignError(
            "'design_matrix' does not match the number of maps considered. "
            f"{len(given)} rows in design matrix do not match with {len(labels)} maps. Give one "
            "row per map, in the order of the maps."
        )
    check_row_labels(given, labels)
    return given


def check_row_labels(table: pd.DataFrame, labels: Sequence[str | None]) -> None:
    """Raise DesignError when the rows of a design are labelled, and not in the order of the maps.

    Row labels count when they come from a column `subject_label`, or when some of them are
    subjects of the cohort; any other index says nothing about subjects.

    Parameters
    ----------
    table : DataFrame of shape (n, p)
    labels : sequence of n (str or None)
        Subject of every map; None where the input does not say.

    Examples
    --------
    >>> table = pd.DataFrame({"intercept": [1.0, 1.0]}, index=["01", "02"])
    >>> check_row_labels(table, ["01", "02"])
    """
    if not _says_whose(table, labels):
        return
    rows = [str(label) for label in table.index]
    known = set(labels)
    for row, (ours, theirs) in enumerate(zip(rows, labels, strict=True)):
        if theirs is not None and ours != theirs:
            unknown = "" if ours in known else f"No map is of subject '{ours}'. "
            raise DesignError(
                f"Row {row} of the design matrix is labelled '{ours}' but the map in that row is "
                f"of subject '{theirs}'. {unknown}Put the rows in the order of the maps "
                "(design_matrix.loc[subject_labels])."
            )


def _says_whose(table: pd.DataFrame, labels: Sequence[str | None]) -> bool:
    known = {label for label in labels if label is not None}
    return bool(known) and (table.index.name == LABELS or bool(known & set(table.index)))


def align_contrast(contrast: Any, names: Sequence[str]) -> Any:
    """Bring a contrast with labels into the order of the design's columns.

    Parameters
    ----------
    contrast : object
        A Series labelled by columns of the design, or a DataFrame with such columns, one row per
        question; columns that are not named weigh 0. Anything else is returned as it is.
    names : sequence of p str
        Columns of the design.

    Returns
    -------
    object

    Raises
    ------
    ContrastError
        When a label is not a column of the design.

    Examples
    --------
    >>> align_contrast(pd.Series({"control": -1, "patient": 1}), ["patient", "control"])
    array([ 1., -1.])
    """
    if not isinstance(contrast, (pd.Series, pd.DataFrame)):
        return contrast
    labels = contrast.index if isinstance(contrast, pd.Series) else contrast.columns
    if not any(isinstance(label, str) for label in labels):
        return contrast.to_numpy()
    for label in labels:
        if label not in names:
            raise ContrastError(
                f"The contrast weighs '{label}', which is not a column of the design"
                f"{suggest(str(label), names)}. Available matrix columns are: {list(names)}."
            )
    if isinstance(contrast, pd.Series):
        return contrast.reindex(list(names)).fillna(0).to_numpy(dtype=float)
    return contrast.reindex(columns=list(names)).fillna(0).to_numpy(dtype=float)
