"""Rows of a design paired with maps: built for them, or checked against them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from secondlevel.design.build import LABELS, make_second_level_design_matrix
from secondlevel.errors import DesignError, IgnoredParameterWarning, warn


def pair_design(
    labels: Sequence[str | None], confounds: pd.DataFrame | None, given: pd.DataFrame | None
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
    rows = [str(label) for label in table.index]
    known = {label for label in labels if label is not None}
    if not known or not (table.index.name == LABELS or known & set(table.index)):
        return
    for row, (ours, theirs) in enumerate(zip(rows, labels, strict=True)):
        if theirs is not None and ours != theirs:
            unknown = "" if ours in known else f"No map is of subject '{ours}'. "
            raise DesignError(
                f"Row {row} of the design matrix is labelled '{ours}' but the map in that row is "
                f"of subject '{theirs}'. {unknown}Put the rows in the order of the maps "
                "(design_matrix.loc[subject_labels])."
            )
