"""Rows of a design belong to maps: built in their order, or checked against them."""

import pandas as pd
import pytest

from secondlevel.design.pairing import check_row_labels, pair_design
from secondlevel.errors import DesignError, IgnoredParameterWarning

TABLE = pd.DataFrame({"patient": [0.0, 1.0, 1.0], "intercept": [1.0, 1.0, 1.0]})
AGES = pd.DataFrame({"subject_label": ["03", "01", "02"], "age": [58.0, 31.0, 24.0]})


def test_without_a_design_confounds_and_an_intercept_make_one():
    """Rows of the confounds are brought into the order of the maps."""
    design = pair_design(["01", "02", "03"], AGES, None)
    pd.testing.assert_frame_equal(
        design, pd.DataFrame({"age": [31.0, 24.0, 58.0], "intercept": 1.0})
    )


def test_without_a_design_and_confounds_the_mean_is_asked_for():
    """A design of ones is what is left to build."""
    design = pair_design([None, None], None, None)
    pd.testing.assert_frame_equal(design, pd.DataFrame({"intercept": [1.0, 1.0]}))


def test_confounds_beside_a_design_are_ignored_with_a_warning():
    """The design that was given is used as it is."""
    with pytest.warns(IgnoredParameterWarning, match="confounds are ignored"):
        design = pair_design(["01", "02", "03"], AGES, TABLE)
    pd.testing.assert_frame_equal(design, TABLE)


def test_a_design_with_more_or_fewer_rows_than_maps_is_an_error():
    """One row per map; nilearn's words are kept."""
    message = "3 rows in design matrix do not match with 2 maps"
    with pytest.raises(DesignError, match=message):
        pair_design(["01", "02"], None, TABLE)


def test_rows_labelled_with_other_subjects_than_the_maps_are_an_error():
    """Labels of rows count where they name subjects, and must be in the order of the maps."""
    table = TABLE.set_index(pd.Index(["01", "03", "02"]))
    check_row_labels(table, ["01", "03", "02"])
    with pytest.raises(DesignError, match=r"Row 1 .* labelled '03' but the map .* subject '02'"):
        check_row_labels(table, ["01", "02", "03"])


@pytest.mark.parametrize("index", [[0, 1, 2], [7, 5, 6], ["x", "y", "z"]])
def test_row_labels_that_are_no_subjects_say_nothing(index):
    """An index that names no subject of the cohort is not held against the maps."""
    check_row_labels(TABLE.set_index(pd.Index(index)), ["01", "02", "03"])


def test_rows_are_not_checked_where_the_maps_have_no_subjects():
    """Images do not say whose they are, so labels of rows cannot contradict them."""
    check_row_labels(TABLE.set_index(pd.Index(["01", "02", "03"])), [None, None, None])
