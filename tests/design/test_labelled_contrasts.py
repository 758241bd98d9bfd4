"""Labels are heeded: those of a contrast's weights, and those of the rows of a design."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from secondlevel import SecondLevelModel
from secondlevel.errors import ContrastError, ContrastWarning, DesignError

OUTPUTS = ("z_score", "stat", "p_value", "effect_size", "effect_variance")
PATIENT = np.array([1.0, 1, 1, 0, 0, 0, 0])


@pytest.fixture
def model(images, mask_img):
    """A model of two groups and an age."""
    table = pd.DataFrame(
        {"patient": PATIENT, "control": 1 - PATIENT, "age": [21.0, 34, 55, 47, 62, 29, 38]}
    )
    return SecondLevelModel(mask_img).fit(images, design_matrix=table)


def assert_same(model, found, expected, stat_type=None):
    """Assert that two ways to write a contrast give the same images, to the last bit."""
    mine, theirs = (
        model.compute_contrast(contrast, second_level_stat_type=stat_type, output_type="all")
        for contrast in (found, expected)
    )
    for name in OUTPUTS:
        np.testing.assert_array_equal(
            mine[name].get_fdata(), theirs[name].get_fdata(), err_msg=name
        )


# ------------------------------------------------------------------ weights with labels


@pytest.mark.parametrize(
    ("weights", "expression"),
    [
        pytest.param({"control": -1, "patient": 1}, "patient - control", id="another order"),
        pytest.param({"patient": 1, "control": -1}, "patient - control", id="the order"),
        pytest.param({"age": 0.5, "patient": 1}, "patient + 0.5*age", id="one missing"),
        pytest.param({"age": 2}, "2*age", id="only the last"),
        pytest.param({"age": 0, "control": -1, "patient": 1}, "patient - control", id="all"),
    ],
)
def test_a_series_is_aligned_with_the_columns_by_label(model, weights, expression):
    """Weights belong to the columns they are labelled with; the other columns get 0, unasked."""
    assert_same(model, pd.Series(weights), expression)
    assert_same(model, pd.Series(weights, dtype=float), expression)


def test_a_series_is_tested_with_f_on_request(model):
    """One row of labelled weights makes an F contrast of one row."""
    assert_same(model, pd.Series({"control": -1, "patient": 1}), [[1, -1, 0]], "F")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [{"control": -1, "patient": 1, "age": 0}, {"control": 0, "patient": 0, "age": 1}],
            [[1, -1, 0], [0, 0, 1]],
            id="another order",
        ),
        pytest.param(
            [{"age": 1, "control": 0}, {"age": 0, "control": 1}],
            [[0, 0, 1], [0, 1, 0]],
            id="one missing",
        ),
        pytest.param([{"control": -1, "patient": 1}], [[1, -1, 0]], id="one row"),
    ],
)
def test_a_table_is_aligned_with_the_columns_by_label(model, rows, expected):
    """The rows of a labelled table are those of an F contrast; missing columns are 0."""
    assert_same(model, pd.DataFrame(rows), expected)
    assert_same(model, pd.DataFrame(rows), expected, "F")


@pytest.mark.parametrize("label", ["pateint", "Patient", "patients"])
def test_an_unknown_label_is_an_error_that_suggests_the_nearest(model, label):
    """A weight that belongs to no column is never dropped."""
    for contrast in (
        pd.Series({label: 1.0, "control": -1.0}),
        pd.DataFrame([{label: 1.0, "control": -1.0}, {label: 0.0, "control": 1.0}]),
    ):
        with pytest.raises(ContrastError, match="did you mean 'patient'") as caught:
            model.compute_contrast(contrast)
        assert label in str(caught.value)


def test_an_unknown_label_is_an_error_even_where_its_weight_is_0(model):
    """The label is wrong whatever the weight."""
    with pytest.raises(ContrastError, match="did you mean 'age'"):
        model.compute_contrast(pd.Series({"ages": 0.0, "patient": 1.0}))


def test_a_series_without_labels_is_taken_by_position(model):
    """The index that pandas makes by itself says nothing; weights follow the columns."""
    assert_same(model, pd.Series([1, -1, 0]), "patient - control")
    assert_same(model, pd.Series([0.0, 0.0, 1.0]), "age")
    with pytest.warns(ContrastWarning, match="padded with zeros"):
        model.compute_contrast(pd.Series([1, -1]))


def test_a_table_without_labels_is_taken_by_position(model):
    """The same of the column numbers that pandas makes."""
    assert_same(model, pd.DataFrame([[1, -1, 0], [0, 0, 1]]), [[1, -1, 0], [0, 0, 1]])


# ------------------------------------------------------------------ weights out of range


@pytest.mark.parametrize(
    "contrast",
    [
        pytest.param([1e101, 0, 0], id="vector"),
        pytest.param([1, -1e-101, 0], id="small beside 1"),
        pytest.param([0, 0, -1e-200], id="small"),
        pytest.param([[1, 0, 0], [0, 0, 1e150]], id="matrix"),
        pytest.param("1e101*age", id="large in an expression"),
        pytest.param("age*1e-101 + patient", id="small in an expression"),
        pytest.param(pd.Series({"age": 1e300}), id="Series"),
    ],
)
def test_weights_out_of_range_are_refused(model, contrast):
    """Beyond 1e±100 squares leave the range of numbers, and no test would be left."""
    with pytest.raises(ContrastError, match="weights"):
        model.compute_contrast(contrast)


@pytest.mark.parametrize("size", [1e-99, 1e-50, 1e50, 1e99])
@pytest.mark.parametrize("stat_type", ["t", "F"])
def test_weights_within_the_range_ask_the_same_question(model, size, stat_type):
    """The statistic does not depend on the unit of the contrast."""
    plain, scaled = (
        model.compute_contrast(
            np.array([1.0, -1.0, 0.0]) * unit, None, stat_type, output_type="stat"
        ).get_fdata()
        for unit in (1, size)
    )
    # Worst seen: 6e-16.
    np.testing.assert_allclose(scaled, plain, rtol=1e-12)


# ------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("asked", "column"),
    [("AGE", "age"), ("Age - control", "age"), ("PATIENT", "patient"), ("agee", "age")],
)
def test_a_name_in_other_letters_is_suggested(model, asked, column):
    """Capitals do not stand between a slip and the column that was meant."""
    with pytest.raises(ContrastError, match=re.escape(f"did you mean '{column}'")):
        model.compute_contrast(asked)
    if "-" not in asked:
        with pytest.raises(ContrastError, match=re.escape(f"did you mean '{column}'")):
            model.compute_contrast(pd.Series({asked: 1.0}))


# ------------------------------------------------------------------ rows with labels


def fitted_quietly(mask_img, table, design):
    """Fit while every warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return SecondLevelModel(mask_img).fit(table, design_matrix=design)


def stat_of(model):
    """T of the slope on age at the voxels analysed."""
    stat = model.compute_contrast("age", output_type="stat").get_fdata()
    return stat[model.mask_img_.get_fdata() > 0]


def test_labelled_rows_give_no_warning(table, design, mask_img, expected_t):
    """Labels that agree with the table, as index or as column, change no number."""
    labelled = design.copy()
    labelled.index = table["subject_label"]
    unnamed = design.set_axis(table["subject_label"].to_list(), axis=0)
    for rows in (labelled, unnamed, labelled.reset_index()):
        model = fitted_quietly(mask_img, table, rows)
        np.testing.assert_allclose(stat_of(model), expected_t, rtol=1e-9)


def test_labelled_rows_in_another_order_are_an_error(table, design, mask_img):
    """Labels that contradict the table are never passed over."""
    labelled = design.set_axis(table["subject_label"].to_list(), axis=0).sort_index()
    with pytest.raises(DesignError, match="is labelled 's1' but the map in that row"):
        SecondLevelModel(mask_img).fit(table, design_matrix=labelled)


def test_a_sorted_table_gives_no_warning(table, design, mask_img, expected_t):
    """Where rows are in order of subjects nothing can be mistaken."""
    order = np.argsort(table["subject_label"].to_numpy())
    ages = design.iloc[order].reset_index(drop=True)
    model = fitted_quietly(mask_img, table.iloc[order], ages)
    np.testing.assert_allclose(stat_of(model), expected_t, rtol=1e-9)


def test_a_table_without_a_design_gives_no_warning(table, confounds, mask_img):
    """There the table is sorted, and confounds are matched by label."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SecondLevelModel(mask_img).fit(table, confounds)


def test_images_give_no_warning(paths, design, mask_img):
    """A list does not say whose its maps are, so it cannot be out of order."""
    fitted_quietly(mask_img, paths, design)
