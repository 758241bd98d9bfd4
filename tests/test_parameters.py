"""Wrong values of parameters are told at the door of fit, each by its name."""

import joblib
import numpy as np
import pytest

from secondlevel import SecondLevelModel
from secondlevel.errors import InputError, InputTypeError

WRONG = [
    ("n_jobs", 0),
    ("n_jobs", "x"),
    ("n_jobs", 1.5),
    ("n_jobs", True),
    ("verbose", "x"),
    ("verbose", None),
    ("memory_level", None),
    ("memory_level", "x"),
    ("zero_is_missing", "no"),
    ("minimize_memory", "no"),
    ("missing", "no"),
    ("missing", None),
    ("memory", 3),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_an_error_that_names_the_parameter(name, value, images, design, mask_img):
    """Name and value are told, and the model stays unfitted."""
    model = SecondLevelModel(mask_img, **{name: value})
    with pytest.raises((InputError, InputTypeError), match=rf"\b{name}\b") as caught:
        model.fit(images, design_matrix=design)
    assert repr(value) in str(caught.value) or type(value).__name__ in str(caught.value)
    assert not hasattr(model, "design_matrix_")


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_found_before_any_map_is_read(
    name, value, paths, design, mask_img, monkeypatch
):
    """A slip costs no reading."""

    def refuse(*args):
        raise AssertionError("a map was read")

    monkeypatch.setattr("secondlevel.streaming.disk.VolumeReader.read", refuse)
    with pytest.raises((InputError, InputTypeError), match=rf"\b{name}\b"):
        SecondLevelModel(mask_img, **{name: value}).fit(paths, design_matrix=design)


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_making_a_model_checks_nothing(name, value):
    """By scikit-learn's convention a parameter is kept as it is until fit."""
    model = SecondLevelModel(**{name: value})
    assert model.get_params()[name] is value
    assert model.set_params(**{name: value}) is model


@pytest.mark.parametrize(
    "settings",
    [
        {"n_jobs": None},
        {"n_jobs": -1},
        {"n_jobs": -2},
        {"n_jobs": np.int64(2)},
        {"memory_level": 0},
        {"memory_level": np.int64(1)},
        {"zero_is_missing": np.True_},
        {"minimize_memory": np.False_},
        {"verbose": False},
        {"memory": joblib.Memory(None)},
    ],
    ids=str,
)
def test_values_in_other_forms_are_taken(settings, images, design, mask_img, fitted_t, expected_t):
    """Threads counted as joblib counts them, and numbers and truths of numpy, are no mistakes."""
    np.testing.assert_allclose(fitted_t(images, **settings), expected_t, rtol=1e-9)


def test_a_corrected_parameter_makes_the_model_usable(images, design, mask_img):
    """After the error the same object can be set right and fitted."""
    model = SecondLevelModel(mask_img, n_jobs=0)
    with pytest.raises((InputError, InputTypeError), match="n_jobs"):
        model.fit(images, design_matrix=design)
    model.set_params(n_jobs=1).fit(images, design_matrix=design)
    assert model.compute_contrast("age").shape == (8, 9, 10)
