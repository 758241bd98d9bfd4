"""Designs built from confounds are nilearn's; designs from files are the tables they hold."""

import warnings

import numpy as np
import pandas as pd
import pytest
from nilearn.glm.second_level import make_second_level_design_matrix as nilearn_design

from secondlevel.design.build import (
    load_design_table,
    make_second_level_design_matrix,
    to_design,
)
from secondlevel.errors import DesignError, DesignWarning, InputTypeError

SUBJECTS = ["sub-02", "sub-10", "sub-01", "sub-03"]
CONFOUNDS = pd.DataFrame(
    {
        "age": [31, 24, 58, 40, 77],
        "subject_label": ["sub-01", "sub-02", "sub-03", "sub-10", "sub-99"],
        "patient": [True, False, False, True, True],
        "score": [0.25, -1.5, 3.75, 0.125, 9.0],
    }
)


@pytest.mark.parametrize(
    "confounds",
    [
        pytest.param(None, id="none"),
        pytest.param(CONFOUNDS[["subject_label", "score"]], id="one"),
        pytest.param(CONFOUNDS[["age", "subject_label", "score"]], id="label in the middle"),
        pytest.param(CONFOUNDS.astype({"patient": int}), id="whole numbers"),
        pytest.param(
            CONFOUNDS.drop(columns="patient").iloc[::-1].set_index("age", drop=False),
            id="any order and index",
        ),
    ],
)
def test_the_design_built_from_confounds_is_nilearns(confounds):
    """Columns, rows, order, types and index are those of nilearn's function."""
    with warnings.catch_warnings():
        # Four rows of several columns have a large condition number, which nilearn calls singular.
        warnings.filterwarnings("ignore", message="Attention: Design matrix is singular")
        expected = nilearn_design(SUBJECTS, confounds)
    found = make_second_level_design_matrix(SUBJECTS, confounds)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_a_column_of_booleans_becomes_one_of_zeros_and_ones():
    """Group membership may be given as true or false."""
    found = make_second_level_design_matrix(SUBJECTS, CONFOUNDS[["subject_label", "patient"]])
    np.testing.assert_array_equal(found["patient"], [0.0, 1.0, 1.0, 0.0])


def test_the_confounds_are_not_changed():
    """Building a design writes nothing into the table it came from."""
    before = CONFOUNDS.copy(deep=True)
    make_second_level_design_matrix(SUBJECTS, CONFOUNDS)
    pd.testing.assert_frame_equal(CONFOUNDS, before)


def test_dependent_confounds_are_a_warning_that_names_them():
    """A design whose columns are dependent can be used, after a warning in nilearn's words."""
    table = CONFOUNDS.assign(control=~CONFOUNDS["patient"])
    with pytest.warns(DesignWarning, match=r"is singular.*patient, control, intercept"):
        found = make_second_level_design_matrix(
            SUBJECTS, table[["subject_label", "patient", "control"]]
        )
    assert to_design(found).rank == 2


def test_large_numbers_are_no_reason_to_call_a_design_singular():
    """A year of birth beside an intercept is well determined; no warning says otherwise."""
    years = pd.DataFrame({"subject_label": SUBJECTS, "year": [1971.0, 1980.0, 1955.0, 1999.0]})
    assert to_design(make_second_level_design_matrix(SUBJECTS, years)).rank == 2


@pytest.mark.parametrize(
    ("confounds", "message"),
    [
        (CONFOUNDS.drop(index=0), "confounds not specified for subject sub-01"),
        (pd.concat([CONFOUNDS, CONFOUNDS.head(1)]), "more than one row for subject sub-01"),
        (CONFOUNDS.rename(columns={"age": "intercept"}), "do not have unique names: intercept"),
        (CONFOUNDS.assign(age=[31, np.nan, 58, 40, 77]), "contain NaN values: column 'age', row 1"),
        (CONFOUNDS.assign(age=list("abcde")), "Column 'age' .* not a number: 'b' in row 1"),
        (CONFOUNDS[["subject_label"]], "at least 2 columns"),
        (CONFOUNDS[["age"]], "must contain column 'subject_label'"),
    ],
)
def test_confounds_that_make_no_design_are_refused(confounds, message):
    """What is absent, twice there, or no number is named by subject, row and column."""
    with pytest.raises(DesignError, match=message):
        make_second_level_design_matrix(SUBJECTS, confounds)


def test_the_missing_value_of_a_subject_who_is_not_asked_for_does_not_matter():
    """Rows of other subjects are ignored altogether."""
    others = CONFOUNDS.assign(age=[31, 24, 58, 40, np.nan])
    assert len(make_second_level_design_matrix(SUBJECTS, others)) == 4


# ------------------------------------------------------------------ tables handed over

TABLE = pd.DataFrame({"patient": [0, 1, 1], "age": [31.5, 24.0, 58.0], "intercept": [1, 1, 1]})


@pytest.mark.parametrize(("suffix", "separator"), [(".csv", ","), (".tsv", "\t")])
@pytest.mark.parametrize("with_index", [False, True])
@pytest.mark.parametrize("as_text", [False, True])
def test_a_design_is_read_from_a_file_as_it_was_written(
    tmp_path, suffix, separator, with_index, as_text
):
    """A csv or tsv file gives the table that was saved, the index pandas adds left out of it."""
    path = tmp_path / f"design{suffix}"
    TABLE.to_csv(path, sep=separator, index=with_index)
    found = load_design_table(str(path) if as_text else path)
    pd.testing.assert_frame_equal(
        found, TABLE.astype(float), check_names=False, check_index_type=False
    )


def test_subject_labels_of_a_design_are_row_names_not_data():
    """A column `subject_label` labels the rows of a design matrix."""
    found = load_design_table(TABLE.assign(subject_label=["01", "02", "03"]))
    assert list(found.columns) == ["patient", "age", "intercept"]
    assert list(found.index) == ["01", "02", "03"]


def test_a_table_handed_over_is_copied():
    """Changing the table afterwards does not change the design."""
    table = TABLE.astype(float)
    found = load_design_table(table)
    table.loc[0, "age"] = 0.0
    assert found.loc[0, "age"] == 31.5


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (TABLE.assign(age=[1, None, 3]), DesignError, "NaN values: column 'age', row 1"),
        (TABLE.assign(group=["a", "b", "b"]), DesignError, "Column 'group' .* 'a' in row 0"),
        (TABLE.assign(phase=[1j, 2, 3]), DesignError, "Column 'phase'"),
        (TABLE.set_axis(["a", "a", "b"], axis=1), DesignError, "do not have unique names: a"),
        (TABLE.to_numpy(), InputTypeError, "must be a str, pathlib.Path or a pandas.DataFrame"),
        ("no_such_file.csv", DesignError, "not found: 'no_such_file.csv'"),
        ("design.xlsx", DesignError, "Tables to load can only be TSV or CSV"),
    ],
)
def test_a_table_that_is_no_design_is_refused(given, error, message):
    """Text, gaps, repeated names and other files are named with row and column."""
    with pytest.raises(error, match=message):
        load_design_table(given)
