"""Contrasts as people write them: read, completed, named, and refused when they have no answer."""

import numpy as np
import pytest

from secondlevel.design.contrast import make_contrast
from secondlevel.design.matrix import Design
from secondlevel.errors import ContrastError, ContrastWarning

GROUP = np.repeat([1.0, 0.0], 4)
AGE = np.array([21.0, 34.0, 55.0, 47.0, 62.0, 29.0, 38.0, 44.0])
SEX = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
ONES = np.ones(8)


def design_of(**columns):
    """A design with the given columns."""
    return Design(np.column_stack(list(columns.values())), list(columns))


FULL = design_of(control=1 - GROUP, patient=GROUP, age=AGE)
TANGLED = design_of(control=1 - GROUP, patient=GROUP, age=AGE, intercept=ONES)

# ------------------------------------------------------------------ reading


@pytest.mark.parametrize(
    ("given", "weights", "name", "kind"),
    [
        pytest.param("patient", [[0, 1, 0]], "patient", "t", id="column"),
        pytest.param("patient - control", [[-1, 1, 0]], "patient - control", "t", id="expression"),
        pytest.param([-1, 1, 0], [[-1, 1, 0]], "-control + patient", "t", id="list"),
        pytest.param(np.array([0, 0, 2]), [[0, 0, 2]], "2*age", "t", id="array of int"),
        pytest.param([[0, 0, 1]], [[0, 0, 1]], "age", "t", id="matrix of one row"),
        pytest.param(np.eye(3)[:2], np.eye(3)[:2], "control, patient", "F", id="matrix"),
        pytest.param(
            ["patient - control", "age"],
            [[-1, 1, 0], [0, 0, 1]],
            "patient - control, age",
            "F",
            id="expressions",
        ),
        pytest.param(["age"], [[0, 0, 1]], "age", "t", id="list of one expression"),
    ],
)
def test_a_contrast_is_read_in_every_way_it_can_be_written(given, weights, name, kind):
    """Name, expression, vector, matrix and list of expressions become weights, name and test."""
    contrast = make_contrast(given, FULL)
    np.testing.assert_array_equal(contrast.weights, weights)
    assert (contrast.name, contrast.kind) == (name, kind)


def test_without_a_contrast_the_only_column_is_asked_for():
    """A one-sample design needs no contrast."""
    contrast = make_contrast(None, design_of(intercept=ONES))
    np.testing.assert_array_equal(contrast.weights, [[1.0]])
    assert contrast.name == "intercept"


def test_without_a_contrast_several_columns_are_an_error_naming_them():
    """Nobody's column is chosen for them."""
    with pytest.raises(ContrastError, match=r"No second-level contrast is specified.*patient, age"):
        make_contrast(None, FULL)


def test_a_short_vector_is_completed_with_zeros_and_a_warning():
    """Weights for the first columns only leave the other columns out, and say so."""
    message = r"t contrasts should be of length P=3, but it has length 2\. The rest .* padded"
    with pytest.warns(ContrastWarning, match=message):
        contrast = make_contrast([-1, 1], FULL)
    np.testing.assert_array_equal(contrast.weights, [[-1, 1, 0]])


def test_a_narrow_matrix_is_completed_with_zeros_and_a_warning():
    """Rows of an F contrast are completed as a t contrast is."""
    message = r"F contrasts should have 3 columns, but it has 2\. The rest .* padded"
    with pytest.warns(ContrastWarning, match=message):
        contrast = make_contrast(np.eye(2), FULL)
    np.testing.assert_array_equal(contrast.weights, np.eye(3)[:2])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1, 0, 0, 0], "t contrasts should be of length P=3, but it has length 4"),
        (np.eye(4), "F contrasts should have 3 columns, but it has 4"),
        ([0, 0, 0], "Contrast is null"),
        ([], "Contrast is null"),
        ([[]], "Contrast is null"),
        ("patient - patient", "Contrast is null"),
        ([1, np.nan, 0], "holds NaN or infinite weights"),
        ([1, -np.inf, 0], "holds NaN or infinite weights"),
        (np.zeros((1, 1, 3)), "this one has 3 dimensions"),
        (3.0, "this one has 0 dimensions"),
        ([1, "patient", 0], "A contrast is a column's name, an expression"),
        ([[1, 0, 0], [1, 0]], "A contrast is a column's name, an expression"),
    ],
)
def test_what_is_no_contrast_is_refused(given, message):
    """Too long, null, unfinished or shapeless weights are an error that says what is wanted."""
    with pytest.raises(ContrastError, match=message):
        make_contrast(given, FULL)


@pytest.mark.parametrize(("asked", "kind"), [(None, "t"), ("t", "t"), ("F", "F")])
def test_one_row_is_tested_with_t_unless_f_is_asked_for(asked, kind):
    """The test of a single row is the user's choice, t by default."""
    assert make_contrast("patient - control", FULL, asked).kind == kind


def test_several_rows_are_tested_with_f_even_when_t_was_asked_for():
    """A t test of several rows does not exist; F is used, with a warning."""
    with pytest.warns(ContrastWarning, match="has 2 rows: tested with F, not t"):
        contrast = make_contrast(["patient", "age"], FULL, "t")
    assert contrast.kind == "F"


def test_an_unknown_test_is_refused():
    """Only t and F are known."""
    with pytest.raises(ContrastError, match="'stat_type' must be one of 't', 'F' or None"):
        make_contrast("patient", FULL, "Z")


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([[1, 0, 0], [2, 0, 0]], id="multiples"),
        pytest.param([[1, 0, 0], [0, 1, 0], [1, 1, 0]], id="sum of the others"),
        pytest.param([[1, 0, 0], [0, 0, 0]], id="row of zeros"),
    ],
)
def test_redundant_rows_of_an_f_contrast_are_kept(rows):
    """Rows that follow from others are allowed: they are effects people want to see."""
    contrast = make_contrast(rows, FULL)
    np.testing.assert_array_equal(contrast.weights, rows)
    assert contrast.kind == "F"


# ------------------------------------------------------------------ estimability


@pytest.mark.parametrize(
    "given",
    ["patient - control", "patient + intercept", "control + patient + 2*intercept", "age"],
)
def test_what_dependent_columns_determine_together_can_be_tested(given):
    """Columns may be dependent as long as the contrast does not ask how."""
    assert make_contrast(given, TANGLED).name == given


@pytest.mark.parametrize("given", ["patient", "intercept", "patient + control", [1, 0, 0, -1]])
def test_what_cannot_be_estimated_names_the_contrast_and_the_tangled_columns(given):
    """A contrast outside the row space is an error with the columns that add up to a constant."""
    with pytest.raises(ContrastError) as caught:
        make_contrast(given, TANGLED)
    message = str(caught.value)
    name = given if isinstance(given, str) else "control - intercept"
    assert message.startswith(
        f"`{name}` cannot be estimated: columns `control`, `patient`, `intercept` add up to a "
        "constant (control + patient - intercept = 0). "
    )
    assert "age" not in message


def test_only_the_relation_that_stands_in_the_way_is_named():
    """Where two sets of columns are tangled, a contrast is told of the one it touches."""
    design = design_of(
        control=1 - GROUP, patient=GROUP, man=SEX, woman=1 - SEX, height=AGE, size=2.54 * AGE
    )
    assert design.n_columns - design.rank == 2
    with pytest.raises(ContrastError) as caught:
        make_contrast("height + patient - control", design)
    message = str(caught.value)
    assert "columns `height`, `size` are linearly dependent (height - 0.393701*size = 0)" in message
    assert "`man`" not in message


def test_a_column_of_zeros_is_named_as_such():
    """Asking for a column that is zero throughout says that it is."""
    design = design_of(nobody=0 * ONES, intercept=ONES)
    with pytest.raises(ContrastError, match="column `nobody` is zero throughout"):
        make_contrast("nobody", design)
    assert make_contrast("intercept", design).kind == "t"


def test_one_row_that_cannot_be_estimated_spoils_an_f_contrast():
    """F answers all rows or none."""
    with pytest.raises(ContrastError, match="`age, patient` cannot be estimated"):
        make_contrast(["age", "patient"], TANGLED)


@pytest.mark.parametrize("unit", [1e-9, 1e-3, 1e9])
def test_the_unit_of_a_covariate_does_not_decide_what_can_be_estimated(unit):
    """A slope per nanometre is as estimable as one per light year; a tangle stays one."""
    design = design_of(
        control=1 - GROUP, patient=GROUP, age=AGE * unit, intercept=ONES, days=365 * AGE * unit
    )
    assert make_contrast("patient - control", design).kind == "t"
    with pytest.raises(ContrastError, match="columns `age`, `days` are linearly dependent"):
        make_contrast("age", design)
    with pytest.raises(ContrastError, match="columns `control`, `patient`, `intercept` add up"):
        make_contrast("patient", design)
