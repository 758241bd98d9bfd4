"""A contrast with a fault is refused in words, whatever was written; nothing of it is ever run."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondlevel import SecondLevelModel, expression_to_contrast_vector
from secondlevel.errors import ContrastError, InputError

NAMES = ["control", "patient", "age"]


@pytest.fixture
def fitted(images, mask_img):
    """A model of two groups and an age."""
    design = pd.DataFrame(
        {"control": [1, 1, 1, 0, 0, 0, 0], "patient": [0, 0, 0, 1, 1, 1, 1], "age": range(7)}
    )
    return SecondLevelModel(mask_img).fit(images, design_matrix=design)


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')",
        "().__class__.__bases__[0].__subclasses__()",
        "(lambda: age)()",
        "[age for age in (1,)]",
        "age.__class__",
        "open('/etc/passwd')",
        "(age := 3)",
        "f'{age}'",
        "age if age else age",
        "age @ patient",
        "age\x00",
        "age; age",
        "import os",
        "**age",
    ],
)
def test_nothing_but_sums_of_columns_is_understood(expression, monkeypatch):
    """Calls, attributes and statements are refused as text; they are not evaluated."""

    def never(*args, **kwargs):
        pytest.fail("the expression was evaluated")

    monkeypatch.setattr("builtins.eval", never)
    monkeypatch.setattr("os.system", never)
    with pytest.raises(ContrastError, match=r"The expression \([\s\S]*\) is not valid: "):
        expression_to_contrast_vector(expression, NAMES)


DEEP = {
    "brackets": lambda depth: "(" * depth + "age" + ")" * depth,
    "signs": lambda depth: "-" * depth + "age",
    "sums": lambda depth: "age" + "+age" * depth,
    "sums to the right": lambda depth: "age+(" * depth + "age" + ")" * depth,
    "lists": lambda depth: "[" * depth + "]" * depth,
    "calls": lambda depth: "f(" * depth + ")" * depth,
    "powers": lambda depth: "2**" * depth + "age",
}


@pytest.mark.parametrize("depth", [80, 400, 1_000, 3_000, 100_000])
@pytest.mark.parametrize("kind", DEEP)
def test_a_deeply_nested_expression_is_read_or_refused(kind, depth):
    """No depth exhausts the interpreter; the message shows the beginning of what was written."""
    try:
        answer = expression_to_contrast_vector(DEEP[kind](depth), NAMES)
    except ContrastError as error:
        answer = str(error)
    if isinstance(answer, str):
        assert answer.startswith(f"The expression ({DEEP[kind](depth)[:50]}")
        assert len(answer) < 1000
    else:
        slope = {"brackets": 1, "signs": (-1) ** depth}.get(kind, depth + 1)
        np.testing.assert_array_equal(answer, [0, 0, slope])


@pytest.mark.parametrize("number", ["1e400", "9" * 400, "-1e999"])
def test_a_number_too_large_for_the_computer_is_named(number):
    """An infinite weight is refused where it is written."""
    with pytest.raises(ContrastError, match=r"a number too large to compute with"):
        expression_to_contrast_vector(f"{number}*age", NAMES)


def test_a_number_of_more_digits_than_python_reads_is_refused():
    """Python's own limit on digits is met like any other fault."""
    with pytest.raises(ContrastError, match="it cannot be read as a sum of columns"):
        expression_to_contrast_vector("9" * 5000 + "*age", NAMES)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text("ace+-*/().`12 \n[]{}=,:'\"", max_size=40)))
def test_any_text_is_a_contrast_or_a_contrast_error(expression):
    """Whatever is typed, the answer is weights or an error of the package."""
    try:
        answer = expression_to_contrast_vector(expression, ["a", "c", "e"])
    except ContrastError as error:
        answer = str(error)
    if isinstance(answer, str):
        assert "Available matrix columns are: ['a', 'c', 'e']" in answer
    else:
        assert answer.shape == (3,)
        assert np.isfinite(answer).all()


# ------------------------------------------------------------------ asked of a fitted model


@pytest.mark.parametrize(
    ("contrast", "message"),
    [
        ("patinet", r"name 'patinet' is not defined; did you mean 'patient'\?\nAvailable"),
        ("Patient - control", r"name 'Patient' is not defined; did you mean 'patient'\?"),
        ("patient - `contrl`", r"name 'contrl' is not defined; did you mean 'control'\?"),
        ("sex", r"name 'sex' is not defined\.\nAvailable matrix columns are: \['control'"),
        (["patient", "agee"], r"'agee' is not defined; did you mean 'age'\?"),
        (None, "No second-level contrast is specified, .*: control, patient, age"),
        ("patient - patient", "Contrast is null"),
        ([0, 0, 0], "Contrast is null"),
        (np.zeros((2, 3)), "Contrast is null"),
        ([1, 0, 0, 0], r"t contrasts should be of length P=3, but it has length 4\. The design's"),
        (np.eye(4), "F contrasts should have 3 columns, but it has 4"),
        ([1j, 0, 0], r"vector or a matrix of numbers\. Got \[1j, 0, 0\]"),
        ([10**400, 0, 0], r"vector or a matrix of numbers\. Got \[1000+\.\.\.0+, 0, 0\]"),
        ({"age": 1}, r"vector or a matrix of numbers\. Got \{'age': 1\}"),
        (b"age", "vector or a matrix of numbers"),
        (object(), "vector or a matrix of numbers"),
        ([np.nan, 0, 1], "holds NaN or infinite weights"),
    ],
)
def test_a_model_refuses_a_contrast_it_cannot_answer(contrast, message, fitted):
    """The message says which name, length or value is wrong, and what there is."""
    with pytest.raises(ContrastError, match=message):
        fitted.compute_contrast(contrast)
    assert fitted.compute_contrast("age").shape == (8, 9, 10)


@pytest.mark.parametrize(
    ("contrast", "reason"),
    [
        ("patient", r"columns `control`, `patient`, `intercept` add up to a constant"),
        (np.eye(4)[3], r"columns `control`, `patient`, `intercept` add up to a constant"),
        ("nobody", r"column `nobody` is zero throughout"),
        ("days", r"columns `age`, `days` are linearly dependent"),
    ],
)
def test_a_model_refuses_what_its_design_cannot_tell_apart(contrast, reason, images, mask_img):
    """A contrast that cannot be estimated names the tangled columns and what to do."""
    age = np.arange(7.0)
    design = pd.DataFrame({"control": age < 3, "patient": age >= 3, "age": age, "intercept": 1})
    design = design.assign(nobody=0, days=365 * age)
    weights = np.append(contrast, [0, 0]) if isinstance(contrast, np.ndarray) else contrast
    model = SecondLevelModel(mask_img).fit(images, design_matrix=design)
    with pytest.raises(ContrastError, match=rf"cannot be estimated: {reason}.* Drop one of them"):
        model.compute_contrast(weights)
    assert model.compute_contrast("patient - control").shape == (8, 9, 10)


@pytest.mark.parametrize("output_type", ["", "zscore", None, [], {}, 3])
def test_an_unknown_output_is_told_the_known_ones(output_type, fitted):
    """Every output is listed."""
    message = r"'output_type' must be one of z_score, stat, p_value, .*, all\. Got "
    with pytest.raises(InputError, match=message):
        fitted.compute_contrast("age", output_type=output_type)


@pytest.mark.parametrize("stat_type", ["", "f", "z", [], 3])
def test_an_unknown_test_is_told_the_known_ones(stat_type, fitted):
    """There are t and F."""
    with pytest.raises(ContrastError, match=r"'stat_type' must be one of 't', 'F' or None.* Got "):
        fitted.compute_contrast("age", second_level_stat_type=stat_type)
