"""Contrasts and levels as users write them."""

import numpy as np
import pandas as pd
import pytest

from secondlevel.design.matrix import Design
from secondlevel.errors import ContrastError, InputError, InputTypeError
from secondlevel.inquiry.asked import check_settings, read_contrasts

DESIGN = Design(
    np.column_stack([np.repeat([1.0, 0], 4), np.repeat([0, 1.0], 4), np.arange(8.0)]),
    ["control", "patient", "age"],
)

DESIGN_COLUMNS = pd.Index(["control", "patient", "age"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("age", [("age", "t", [[0, 0, 1]])]),
        ("patient - control", [("patient - control", "t", [[-1, 1, 0]])]),
        ([-1, 1, 0], [("-control + patient", "t", [[-1, 1, 0]])]),
        (np.array([0, 0, 2.0]), [("2*age", "t", [[0, 0, 2]])]),
        (["age", "patient"], [("age", "t", [[0, 0, 1]]), ("patient", "t", [[0, 1, 0]])]),
        (
            ["age", [-1, 1, 0]],
            [("age", "t", [[0, 0, 1]]), ("-control + patient", "t", [[-1, 1, 0]])],
        ),
        ({"who": "patient"}, [("who", "t", [[0, 1, 0]])]),
        ({"any": ["control", "patient"]}, [("any", "F", [[1, 0, 0], [0, 1, 0]])]),
        (np.eye(3)[:2], [("control, patient", "F", [[1, 0, 0], [0, 1, 0]])]),
        (pd.Series({"patient": 1, "control": -1}), [("-control + patient", "t", [[-1, 1, 0]])]),
        (
            [[-1, 1, 0], [0, 0, 1]],
            [("-control + patient", "t", [[-1, 1, 0]]), ("age", "t", [[0, 0, 1]])],
        ),
        (
            np.array(["age", "patient"]),
            [("age", "t", [[0, 0, 1]]), ("patient", "t", [[0, 1, 0]])],
        ),
        (
            pd.Series(["age", "patient"]),
            [("age", "t", [[0, 0, 1]]), ("patient", "t", [[0, 1, 0]])],
        ),
        (DESIGN_COLUMNS[1:2], [("patient", "t", [[0, 1, 0]])]),
        ([("control", "patient")], [("control, patient", "F", [[1, 0, 0], [0, 1, 0]])]),
        ({"two": [[1, 0, 0], [0, 1, 0]]}, [("two", "F", [[1, 0, 0], [0, 1, 0]])]),
        ({"one": (0, 0, 1)}, [("one", "t", [[0, 0, 1]])]),
    ],
)
def test_contrasts_are_read_as_they_are_written(given, expected):
    """Names, expressions, vectors, matrices, lists and dicts of these."""
    read = read_contrasts(given, DESIGN)
    found = [(name, one.kind, one.weights.tolist()) for name, one in read]
    assert found == expected
    assert [one.name for _, one in read] == [name for name, _ in read]


def test_weights_have_no_minus_zero():
    """What is not weighed is 0, not -0, so that it is written so."""
    weights = read_contrasts("-age", DESIGN)[0][1].weights
    assert np.signbit(weights).tolist() == [[False, False, True]]


def test_a_type_turns_t_into_f():
    """contrast_types names the test, of a name that was given or made."""
    types = {"age": "F"}
    assert [one.kind for _, one in read_contrasts(["age", "patient"], DESIGN, types)] == ["F", "t"]
    assert read_contrasts({"x": "age"}, DESIGN, {"x": "F"})[0][1].kind == "F"


@pytest.mark.parametrize(
    ("given", "types", "error", "said"),
    [
        ("ages", None, ContrastError, "age"),
        ([], None, ContrastError, "No contrast was asked for"),
        (["age", "age"], None, ContrastError, "Two contrasts are called 'age'"),
        (["age", " age "], None, ContrastError, "Two contrasts are called 'age'"),
        ({"a  b": "age", "a b": "patient"}, None, ContrastError, "Two contrasts are called 'a b'"),
        (["-control + patient", [-1, 1, 0]], None, ContrastError, "Two contrasts are called"),
        (None, None, InputTypeError, "Got NoneType"),
        (b"age", None, InputTypeError, "Got bytes"),
        ({"age"}, None, InputTypeError, "Got set"),
        ("age", {3: "F"}, InputTypeError, "A contrast's name is text. Got 3"),
        (3.5, None, InputTypeError, "contrasts is a name, an expression, a vector"),
        ({3: "age"}, None, InputTypeError, "A contrast's name is text. Got 3"),
        ({"": "age"}, None, InputTypeError, "A contrast's name is text. Got ''"),
        ("age", {"agee": "F"}, ContrastError, "contrast_types names 'agee'"),
        ("age", "F", InputTypeError, "contrast_types is a dict"),
        ("age", {"age": "z"}, ContrastError, "'stat_type' must be one of 't', 'F'"),
        ([0, 0, 0], None, ContrastError, "Contrast is null"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(given, types, error, said):
    """The message says what, and what to do."""
    with pytest.raises(error) as caught:
        read_contrasts(given, DESIGN, types)
    assert said in str(caught.value)


def settings_of(**changed):
    """Settings with the defaults of a report, but for some."""
    given = {
        "threshold": 3.09,
        "alpha": 0.001,
        "cluster_threshold": 0,
        "height_control": "fpr",
        "two_sided": False,
        "min_distance": 8.0,
    }
    return check_settings(**given | changed)


def test_a_threshold_counts_where_nothing_is_controlled():
    """The default threshold is forgotten beside an error control, without a warning."""
    assert settings_of().threshold is None
    assert settings_of(height_control=None, threshold=2.5).threshold == 2.5
    assert settings_of(height_control="rft", alpha=0.05).height_control == "rft"


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"height_control": "fwe"}, InputError, "'height_control' must be one of 'fpr', 'fdr'"),
        ({"alpha": 2}, InputError, "It looks like a z value"),
        ({"alpha": 2, "height_control": "rft"}, InputError, "It looks like a z value"),
        ({"alpha": "a"}, InputTypeError, "alpha should be a number"),
        ({"cluster_threshold": -1}, InputError, "0 or more"),
        ({"min_distance": 0}, InputError, "'min_distance' must be positive"),
        ({"two_sided": "no"}, InputTypeError, "two_sided must be True or False"),
        ({"height_control": None, "threshold": "x"}, InputTypeError, "threshold"),
        ({"height_control": None, "threshold": np.inf}, InputError, "a finite height in z"),
        ({"height_control": None, "threshold": 0.001}, InputError, "3.09 for one side"),
        ({"height_control": None, "alpha": "x"}, InputTypeError, "alpha must be a number"),
        ({"height_control": None, "threshold": -3, "two_sided": True}, InputError, "negative"),
    ],
)
def test_levels_are_checked_at_the_door(changed, error, said):
    """What cannot be meant is refused before a map is read."""
    with pytest.raises(error) as caught:
        settings_of(**changed)
    assert said in str(caught.value)
