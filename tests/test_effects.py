"""Several kinds of maps in one model: which of them residuals, predictions and data are of."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from secondlevel import SecondLevelModel
from secondlevel.errors import InputError

PROPERTIES = ("residuals_", "predicted_", "r_square_")
METHODS = ("residuals", "predicted", "r_square")
NAMES = ("task", "rest")


class Duck:
    """What a first-level model has to be able to do, and no more."""

    def __init__(self, images, label):
        self.images = images
        self.subject_label = label
        self.asked = []

    def compute_contrast(self, contrast, output_type):
        self.asked.append(contrast)
        return self.images[contrast]


@pytest.fixture
def maps(images, make_image):
    """Seven maps under either name."""
    return {"task": images, "rest": [make_image(100 + seed) for seed in range(7)]}


@pytest.fixture
def two_names(maps):
    """A table of both, in order of subjects."""
    return pd.concat(
        pd.DataFrame(
            {
                "subject_label": [f"s{i}" for i in range(7)],
                "map_name": name,
                "effects_map_path": maps[name],
            }
        )
        for name in NAMES
    )


@pytest.fixture
def ducks(maps):
    """First-level models that hold the maps of the table."""
    pairs = zip(maps["task"], maps["rest"], strict=True)
    return [Duck({"task": a, "rest": b}, f"s{i}") for i, (a, b) in enumerate(pairs)]


@pytest.fixture(params=["table", "first-level models"])
def given(request, two_names, ducks):
    """Either of the inputs that hold several kinds of maps."""
    return two_names if request.param == "table" else ducks


@pytest.fixture
def fitted(given, mask_img, design):
    """A model of either input that keeps the maps it reads."""
    return SecondLevelModel(mask_img, minimize_memory=False).fit(given, design_matrix=design)


@pytest.fixture
def expected(maps, mask_img, design):
    """The properties of models of one kind of maps each."""
    found = {}
    for name in NAMES:
        model = SecondLevelModel(mask_img, minimize_memory=False)
        model.fit(maps[name], design_matrix=design)
        found[name] = {name: getattr(model, name).get_fdata() for name in PROPERTIES}
    return found


def assert_properties_of(model, expected):
    """Assert that all three properties are those expected."""
    for name in PROPERTIES:
        # Worst seen: 0.
        np.testing.assert_allclose(
            getattr(model, name).get_fdata(), expected[name], rtol=1e-12, atol=1e-14, err_msg=name
        )


# ------------------------------------------------------------------ the last one asked for


def test_the_properties_are_those_of_the_last_contrast(fitted, expected):
    """They follow `compute_contrast`, back to a kind of maps that was fitted before too."""
    assert not np.allclose(expected["task"]["residuals_"], expected["rest"]["residuals_"])
    for name in ("task", "rest", "task"):
        fitted.compute_contrast("age", name)
        assert_properties_of(fitted, expected[name])


def test_a_method_that_names_the_maps_does_not_change_the_properties(fitted, expected):
    """`residuals("rest")` answers for "rest"; the properties stay those of the last contrast."""
    for name in ("task", "rest", "task"):
        fitted.compute_contrast("age", name)
    for method in METHODS:
        images = getattr(fitted, method)("rest")
        values = np.stack([image.get_fdata() for image in images], axis=-1)
        wanted = expected["rest"][f"{method}_"]
        np.testing.assert_allclose(values, wanted.reshape(values.shape), rtol=1e-12, atol=1e-14)
        assert_properties_of(fitted, expected["task"])


def test_a_method_does_not_choose_maps_for_the_properties(fitted, expected):
    """Maps that a method was the first to ask for are not those of a contrast."""
    fitted.compute_contrast("age", "task")
    fitted.residuals("rest")
    assert_properties_of(fitted, expected["task"])


def test_a_contrast_that_fails_does_not_change_the_properties(fitted, expected):
    """A question without an answer is not the last one asked."""
    fitted.compute_contrast("age", "task")
    with pytest.raises(InputError):
        fitted.compute_contrast("weight", "rest")
    with pytest.raises(InputError):
        fitted.compute_contrast("age", "rest", output_type="t_score")
    assert_properties_of(fitted, expected["task"])


def test_a_new_fit_forgets_the_last_contrast(fitted, given, design):
    """What was asked of the earlier fit says nothing of the new one."""
    fitted.compute_contrast("age", "task")
    fitted.fit(given, design_matrix=design)
    with pytest.raises(ValueError, match="No contrast has been computed yet"):
        _ = fitted.residuals_


# ------------------------------------------------------------------ before any contrast


@pytest.mark.parametrize("name", PROPERTIES)
def test_before_any_contrast_a_property_says_so(fitted, name):
    """As an error of value for those who wait for nilearn's, of attribute for `hasattr`."""
    message = "No contrast has been computed yet"
    for kind in (InputError, ValueError, AttributeError):
        with pytest.raises(kind, match=message):
            getattr(fitted, name)
    assert not hasattr(fitted, name)


@pytest.mark.parametrize("name", METHODS)
def test_before_any_contrast_a_method_without_a_name_says_so(fitted, name):
    """The methods are told by the same error, and answer once the maps are named."""
    with pytest.raises(ValueError, match="No contrast has been computed yet"):
        getattr(fitted, name)()
    assert getattr(fitted, name)("task")[0].shape == (8, 9, 10)


@pytest.mark.parametrize("minimize_memory", [True, False])
@pytest.mark.parametrize("asked", [False, True], ids=["before any contrast", "after one"])
def test_a_model_can_be_looked_at(given, mask_img, design, minimize_memory, asked):
    """Completion in a shell, and what a notebook shows, work at any time."""
    model = SecondLevelModel(mask_img, minimize_memory=minimize_memory)
    for fit in (False, True):
        if fit:
            model.fit(given, design_matrix=design)
        if fit and asked:
            model.compute_contrast("age", "task")
        assert {*PROPERTIES, "compute_contrast"} <= set(dir(model))
        assert repr(model).startswith("SecondLevelModel(")
        assert "SecondLevelModel" in model._repr_html_()
        for name in dir(model):
            hasattr(model, name)


def test_models_of_nilearns_first_level_models_can_be_looked_at(make_first_level, mask_img):
    """The same with real first-level models, of which none is asked for a map."""
    models = [make_first_level(seed) for seed in range(3)]
    model = SecondLevelModel(mask_img, minimize_memory=False).fit(models)
    assert "residuals_" in dir(model)
    assert repr(model).startswith("SecondLevelModel(")
    assert "SecondLevelModel" in model._repr_html_()
    assert not hasattr(model, "residuals_")


# ------------------------------------------------------------------ fit_transform


@pytest.fixture
def unreadable(monkeypatch):
    """Let every attempt to read voxels fail."""

    def refuse(*args):
        raise AssertionError("a map was read")

    monkeypatch.setattr("secondlevel.streaming.reader.VolumeMapReader.read", refuse)
    monkeypatch.setattr("secondlevel.streaming.reader.VolumeMapReader.read_with_volume", refuse)


@pytest.mark.usefixtures("unreadable")
@pytest.mark.parametrize("fitted_before", [False, True])
def test_fit_transform_needs_a_single_kind_of_maps(given, mask_img, design, fitted_before):
    """It is refused before a map is read, says what to do, and leaves the model unfitted."""
    model = SecondLevelModel(mask_img)
    if fitted_before:
        model.fit(given, design_matrix=design)
    message = re.escape("fit, then transform(..., first_level_contrast=...)")
    with pytest.raises(InputError, match=message):
        model.fit_transform(given, design_matrix=design)
    if isinstance(given, list):
        assert all(duck.asked == [] for duck in given)
    with pytest.raises(NotFittedError):
        model.compute_contrast("age", "task")
    assert not hasattr(model, "design_matrix_")


def test_the_way_out_gives_the_masked_maps(given, maps, mask_img, design):
    """Fit, then transform with the name of the maps, does what was asked."""
    model = SecondLevelModel(mask_img).fit(given, design_matrix=design)
    inside = mask_img.get_fdata() > 0
    for name in NAMES:
        data = model.transform(given, first_level_contrast=name)
        wanted = np.stack([image.get_fdata()[inside] for image in maps[name]])
        np.testing.assert_array_equal(data, wanted)


def test_a_table_of_one_kind_of_maps_is_transformed_at_once(two_names, maps, mask_img, design):
    """Where there is no choice nothing has to be named."""
    one = two_names[two_names["map_name"] == "rest"]
    data = SecondLevelModel(mask_img).fit_transform(one, design_matrix=design)
    inside = mask_img.get_fdata() > 0
    np.testing.assert_array_equal(
        data, np.stack([image.get_fdata()[inside] for image in maps["rest"]])
    )
