"""A table of maps, or confounds, that cannot be used: row, column and subject are named."""

import numpy as np
import pandas as pd
import pytest

from secondlevel import SecondLevelModel
from secondlevel.errors import DesignError, InputError, InputTypeError, MapNotFoundError


@pytest.fixture
def fit(mask_img):
    """Fit a table, and whatever goes with it, within the mask."""
    return lambda *args, **kwargs: SecondLevelModel(mask_img).fit(*args, **kwargs)


def with_value(table, row, column, value):
    """The table with one value replaced."""
    column_values = list(table[column])
    column_values[row] = value
    return table.assign(**{column: pd.Series(column_values, dtype=object, index=table.index)})


# ------------------------------------------------------------------ the table of maps


@pytest.mark.parametrize("absent", ["subject_label", "map_name", "effects_map_path"])
def test_a_column_that_is_absent_is_named(absent, table, fit):
    """A table of maps has three columns, in nilearn's words."""
    message = (
        r"'second_level_input' DataFrame must have columns 'subject_label', 'map_name' and "
        rf"'effects_map_path'\. Absent: {absent}\."
    )
    with pytest.raises(InputError, match=message):
        fit(table.drop(columns=absent))


@pytest.mark.parametrize("column", ["subject_label", "map_name", "effects_map_path"])
def test_a_column_that_stands_there_twice_is_named(column, table, fit):
    """Two columns of one name leave open which of them is meant."""
    twice = pd.concat([table, table[[column]]], axis=1)
    with pytest.raises(InputError, match=rf"several columns called '{column}'\. Keep one"):
        fit(twice)


@pytest.mark.parametrize("n_rows", [0, 1])
def test_a_table_has_at_least_two_rows(n_rows, table, fit):
    """The number of rows found is said."""
    with pytest.raises(InputError, match=rf"at least two maps; the table has {n_rows} row"):
        fit(table.head(n_rows))


@pytest.mark.parametrize("label", [3, None, np.nan, b"s3"])
def test_a_label_that_is_no_text_is_shown_with_its_row(label, table, fit):
    """Labels are compared as text, so nothing else is one."""
    message = r"'subject_label' column must contain only strings: row 4 holds .*astype\(str\)"
    with pytest.raises(InputError, match=message):
        fit(with_value(table, 4, "subject_label", label))


@pytest.mark.parametrize("path", [None, np.nan, pd.NA, ""])
def test_a_row_without_a_path_is_named_as_the_user_counts_it(path, table, fit):
    """Rows are counted in the table as given, not as sorted."""
    message = r"Row 4 of 'second_level_input' \(subject s4\) has no effects_map_path\. Fill it in"
    with pytest.raises(InputError, match=message):
        fit(with_value(table, 4, "effects_map_path", path))


@pytest.mark.parametrize("path", [3, ["a.nii"], {}])
def test_a_path_of_another_type_is_named_by_row(path, table, fit):
    """Only paths and images are maps."""
    message = rf"Row 4 .*subject s4\) has an effects_map_path of type {type(path).__name__}\."
    with pytest.raises(InputTypeError, match=message):
        fit(with_value(table, 4, "effects_map_path", path))


def test_a_missing_file_of_a_table_is_named(table, fit):
    """A path that leads nowhere is named as it stands in the table."""
    with pytest.raises(MapNotFoundError, match=r"File not found: 'con/gone\.nii'"):
        fit(with_value(table, 4, "effects_map_path", "con/gone.nii"))


def test_an_image_of_a_table_is_named_by_subject(table, images, make_image, fit):
    """An image in memory has no path; its subject and map name tell which one it is."""
    given = table.assign(effects_map_path=images)
    given = with_value(given, 4, "effects_map_path", make_image(1, shape=(8, 9, 10, 2)))
    with pytest.raises(InputError, match=r"The shape of 'faces' of subject s4 is \(8, 9, 10, 2\)"):
        fit(given)


@pytest.mark.parametrize("name", [None, np.nan])
def test_a_row_without_a_map_name_is_named(name, table, fit):
    """A map without a name belongs to no effect."""
    with pytest.raises(InputError, match=r"Row 4 .*subject s4\) has no map_name\. Fill it in"):
        fit(with_value(table, 4, "map_name", name))


def test_a_subject_stands_there_once_unless_a_design_tells_the_rows_apart(table, design, fit):
    """Two rows of one subject are an error, or the business of the design that was given."""
    twice = with_value(table, 4, "subject_label", "s2")
    message = (
        r"Subject s2 stands more than once under map_name 'faces' \(row 4 .*again\)\. Keep one"
    )
    with pytest.raises(InputError, match=message):
        fit(twice)
    assert fit(twice, design_matrix=design).n_elements_ > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda other: other.iloc[:-1], "differ in s6"),
        (lambda other: with_value(other, 0, "subject_label", "s9"), "differ in s5, s9"),
        (lambda other: other.iloc[::-1], "stand in a different order"),
    ],
    ids=["fewer", "others", "another order"],
)
def test_all_map_names_of_a_table_have_the_same_subjects(change, message, table, design, fit):
    """One design serves all map names, so their rows must be the same subjects in one order."""
    both = pd.concat([table, change(table.assign(map_name="houses"))])
    with pytest.raises(InputError, match=rf"map_name 'houses' and of map_name 'faces' {message}"):
        fit(both, design_matrix=design)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (None, "first_level_contrast is mandatory .* choose one of faces, houses"),
        ("house", "'house' is not a map_name of the table; .*Did you mean 'houses'?"),
        ("zebra", r"'zebra' is not a map_name of the table; there are faces, houses\.$"),
        (["faces"], r"\['faces'\] is not a map_name"),
    ],
)
def test_a_map_name_that_is_not_there_is_told_which_are(asked, message, table, design, fit):
    """With several map names one has to be chosen; the nearest is suggested."""
    both = pd.concat([table, table.assign(map_name="houses")])
    model = fit(both, design_matrix=design)
    with pytest.raises(InputError, match=message):
        model.compute_contrast("age", asked)


# ------------------------------------------------------------------ confounds


@pytest.mark.parametrize("given", ["confounds.csv", [], {"age": [1]}, pd.Series([1, 2])])
def test_confounds_are_a_table(given, table, fit):
    """Anything but a DataFrame is refused, in nilearn's words."""
    with pytest.raises(InputTypeError, match=r"confounds must be a pandas DataFrame\. Got "):
        fit(table, given)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            lambda c: pd.DataFrame(),
            "must contain column 'subject_label'; its columns are: none",
            id="empty",
        ),
        pytest.param(
            lambda c: c.rename(columns={"subject_label": "participant_id"}),
            "must contain column 'subject_label'; its columns are: participant_id, age",
            id="label called otherwise",
        ),
        pytest.param(
            lambda c: c[["subject_label"]],
            "confounds should contain at least 2 columns",
            id="labels alone",
        ),
        pytest.param(
            lambda c: with_value(c, 2, "subject_label", 7),
            "subject_label column must contain only strings: row 2 of confounds holds 7",
            id="label a number",
        ),
        pytest.param(
            lambda c: c.iloc[1:],
            r"confounds not specified for subject s5\. Add the row",
            id="unknown subject",
        ),
        pytest.param(
            lambda c: c.iloc[3:],
            r"confounds not specified for subject s2 \(and 2 more\)\. Add the row",
            id="unknown subjects",
        ),
        pytest.param(
            lambda c: pd.concat([c, c.iloc[[2]]]),
            r"more than one row for subject s2 \(again in row 7\)\. Keep one",
            id="subject twice",
        ),
        pytest.param(
            lambda c: pd.concat([c, c[["subject_label"]]], axis=1),
            "several columns called 'subject_label'",
            id="labels twice",
        ),
        pytest.param(
            lambda c: pd.concat([c, c[["age"]]], axis=1),
            "do not have unique names: age",
            id="column twice",
        ),
        pytest.param(
            lambda c: c.assign(intercept=1),
            "do not have unique names: intercept.*`intercept` is added for you",
            id="intercept",
        ),
        pytest.param(
            lambda c: with_value(c, 2, "age", np.nan),
            r"The confounds contain NaN values: column 'age', row 2 \(s2\), 1 in all",
            id="NaN",
        ),
        pytest.param(
            lambda c: c.assign(age=[1, 2, 3, np.inf, 5, 6, -np.inf]),
            r"The confounds contain infinite values: column 'age', row 6 \(s4\), 2 in all",
            id="infinite",
        ),
        pytest.param(
            lambda c: with_value(c, 2, "age", "unknown"),
            r"Column 'age' of the confounds .* not a number: 'unknown' in row 2 \(s2\)",
            id="text",
        ),
    ],
)
def test_confounds_that_cannot_be_used_say_which_subject_or_column(
    change, message, table, confounds, fit
):
    """What is absent, twice there, or no number is named before a map is read."""
    with pytest.raises(DesignError, match=message):
        fit(table, change(confounds))


def test_confounds_of_images_that_do_not_say_whose_they_are_need_a_design(paths, confounds, fit):
    """Files alone cannot be matched to subjects."""
    message = r"List of niimgs .* require a design matrix to be provided: images do not say whose"
    with pytest.raises(InputError, match=message):
        fit(paths, confounds)


# ------------------------------------------------------------------ rows and maps


@pytest.mark.parametrize("n_rows", [6, 8])
def test_a_design_has_one_row_per_map(n_rows, table, paths, ones, fit):
    """Numbers of rows and of maps are both said."""
    message = rf"'design_matrix' does not match the number of maps .*{n_rows} rows .* 7 maps\. Give"
    for given in (table, paths):
        with pytest.raises(DesignError, match=message):
            fit(given, design_matrix=ones(n_rows))


def test_labels_of_a_design_are_those_of_the_maps(table, design, fit):
    """A design whose labels contradict those of the table is an error that names the row."""
    labels = list(table["subject_label"])
    swapped = [labels[1], labels[0], *labels[2:]]
    with pytest.raises(DesignError, match=r"Row 0 .* labelled 's2' but the map .* 's5'\. Put the"):
        fit(table, design_matrix=design.assign(subject_label=swapped))
    other = [*labels[:6], "s9"]
    with pytest.raises(DesignError, match=r"Row 6 .* subject 's6'\. No map is of subject 's9'\."):
        fit(table, design_matrix=design.assign(subject_label=other))
