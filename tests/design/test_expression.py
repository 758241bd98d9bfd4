"""Expressions over columns: nilearn's weights, any names, and nothing but what is linear."""

import numpy as np
import pytest
from nilearn.glm.contrasts import expression_to_contrast_vector as nilearn_vector

from secondlevel.design.expression import expression_to_contrast_vector, write_expression
from secondlevel.errors import ContrastError

NAMES = ["control", "patient", "age", "intercept"]


@pytest.mark.parametrize(
    "expression",
    [
        "patient",
        "patient - control",
        "-patient",
        "+age",
        "2*age + patient",
        "age*2 - 0.5*control",
        "(patient + control)/2",
        "(patient - control) - (age - intercept)",
        "patient/3 + 1e-3*age",
        "  patient-control ",
        "2*(3*age) - -control",
        "patient - patient + age",
        "-(patient + control) / 2 * 4",
    ],
)
def test_a_linear_expression_has_nilearns_weights(expression):
    """Whatever is linear in the columns means what it means in nilearn, to the last digit."""
    found = expression_to_contrast_vector(expression, NAMES)
    np.testing.assert_array_equal(found, nilearn_vector(expression.strip(), NAMES))


@pytest.mark.parametrize("seed", range(20))
def test_a_random_expression_has_nilearns_weights(seed):
    """Sums, differences and multiples of columns, nested anyhow, mean what they mean in nilearn."""
    rng = np.random.default_rng(seed)

    def write(depth):
        if depth == 0:
            return str(rng.choice(NAMES))
        number, form = rng.choice(["2", "0.5", "1e3", "7"]), rng.integers(5)
        inside = write(depth - 1)
        if form < 2:
            return f"({inside}) {'+-'[form]} ({write(depth - 1)})"
        return [f"{number}*({inside})", f"({inside})/{number}", f"-({inside})"][form - 2]

    expression = write(int(rng.integers(1, 5)))
    found = expression_to_contrast_vector(expression, NAMES)
    np.testing.assert_array_equal(found, nilearn_vector(expression, NAMES))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("`group[T.b]` - control", [-1, 1, 0]),
        ("2*`mean age (years)`", [0, 0, 2]),
        ("mean age (years)", [0, 0, 1]),
        ("group[T.b]", [0, 1, 0]),
    ],
)
def test_a_name_that_is_no_identifier_stands_alone_or_between_backticks(expression, expected):
    """Columns of any name can be asked for."""
    names = ["control", "group[T.b]", "mean age (years)"]
    np.testing.assert_array_equal(expression_to_contrast_vector(expression, names), expected)


def test_a_column_named_like_an_expression_is_that_column():
    """The whole text is tried as a name first."""
    names = ["a", "b", "a - b"]
    np.testing.assert_array_equal(expression_to_contrast_vector("a - b", names), [0, 0, 1])


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("patiens - control", "name 'patiens' is not defined; did you mean 'patient'?"),
        ("`intercepd`", "name 'intercepd' is not defined; did you mean 'intercept'?"),
        ("nothing_like_it", "name 'nothing_like_it' is not defined"),
        ("patient * control", "columns cannot be multiplied"),
        ("patient ** 2", "only +, -, * and / are allowed"),
        ("1 / patient", "nothing can be divided by a column"),
        ("patient / 0", "it divides by zero"),
        ("patient + 1", "a number cannot be added to a column or taken from it"),
        ("1 - patient", "a number cannot be added to a column or taken from it"),
        ("2 * 3", "it names no column"),
        ("", "it cannot be read as a sum of columns"),
        ("patient -", "it cannot be read as a sum of columns"),
        ("patient control", "it cannot be read as a sum of columns"),
        ("patient > control", "`patient > control` is not a combination of columns"),
        ("abs(patient)", "`abs(patient)` is not a combination of columns"),
        ("True * patient", "only columns and numbers can be combined"),
        ("__import__('os')", "is not a combination of columns"),
    ],
)
def test_an_expression_that_is_not_linear_says_why_and_what_columns_there_are(expression, message):
    """What is no linear combination of columns is refused, never evaluated."""
    with pytest.raises(ContrastError) as caught:
        expression_to_contrast_vector(expression, NAMES)
    assert message in str(caught.value)
    assert str(NAMES) in str(caught.value)


def test_unknown_names_are_worded_as_in_nilearn():
    """Code that matches nilearn's message on an invalid expression still matches."""
    with pytest.raises(ValueError, match=r"The expression \(foo\) is not valid"):
        expression_to_contrast_vector("foo", NAMES)
    with pytest.raises(ValueError, match=r"The expression \(foo\) is not valid"):
        nilearn_vector("foo", NAMES)


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ([0, 1, 0, 0], "patient"),
        ([-1, 1, 0, 0], "-control + patient"),
        ([0, -1, 0, 0], "-patient"),
        ([1, -1, 0.5, -2], "control - patient + 0.5*age - 2*intercept"),
        ([0, 0, 0, 0], "0"),
        ([0, 1e-3, 0, 1e6], "0.001*patient + 1e+06*intercept"),
    ],
)
def test_weights_are_written_as_an_expression_that_reads_back(weights, text):
    """A contrast given as numbers is named by the expression with the same weights."""
    assert write_expression(weights, NAMES) == text
    if any(weights):
        np.testing.assert_array_equal(expression_to_contrast_vector(text, NAMES), weights)
