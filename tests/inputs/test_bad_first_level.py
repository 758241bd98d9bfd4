"""First-level models that cannot be used are named, with what to do about it."""

import numpy as np
import pandas as pd
import pytest
from nilearn.glm.first_level import FirstLevelModel

from secondlevel import SecondLevelModel
from secondlevel.errors import DesignError, InputError, InputTypeError, MapError


class Duck:
    """A first-level model of one map."""

    def __init__(self, image, label):
        self.image = image
        self.subject_label = label

    def compute_contrast(self, contrast, output_type):
        return self.image


@pytest.fixture
def ducks(images):
    """Four models."""
    return [Duck(image, f"s{i}") for i, image in enumerate(images[:4])]


@pytest.fixture
def ages():
    """An age for each of the four."""
    return pd.DataFrame({"subject_label": ["s0", "s1", "s2", "s3"], "age": [21, 34, 55, 47]})


def test_an_unfitted_model_is_named(make_first_level, mask_img):
    """Every model has to be fitted before its maps can be asked for."""
    models = [make_first_level(0), FirstLevelModel(subject_label="sub-07")]
    message = r"Model sub-07 at index 1 has not been fit yet\. Call its fit method first"
    with pytest.raises(InputError, match=message):
        SecondLevelModel(mask_img).fit(models)


def test_at_least_two_models_are_needed_in_a_list(make_first_level):
    """One model, in a list or alone, is not a group."""
    model = make_first_level(0)
    with pytest.raises(InputTypeError, match="at least two first level models"):
        SecondLevelModel().fit([model])
    with pytest.raises(InputTypeError, match=r"'second_level_input' must be either[\s\S]*Got "):
        SecondLevelModel().fit(model)


def test_classes_are_no_models(mask_img):
    """A class in the place of its instance is told by its type."""
    with pytest.raises(InputTypeError, match=r"must be either[\s\S]*<class 'type'>"):
        SecondLevelModel(mask_img).fit([FirstLevelModel, FirstLevelModel])


def test_models_and_images_do_not_mix(make_first_level, images, mask_img):
    """An image among models is named by its type and place."""
    with pytest.raises(InputTypeError, match=r"same type.*Nifti1Image'> at idx 1, after .*FirstL"):
        SecondLevelModel(mask_img).fit([make_first_level(0), images[0]])


@pytest.mark.parametrize(
    ("what", "change"),
    [("shape", {"shape": (8, 9, 11)}), ("affine", {"affine": np.diag([2.0, 2.0, 2.0, 1.0])})],
)
def test_models_share_one_grid(what, change, make_first_level):
    """A model whose mask lies on another grid is named."""
    models = [make_first_level(0), make_first_level(1), make_first_level(2, **change)]
    message = rf"All first level models must have the same {what}\.\nModel s2 at index 2 has a diff"
    with pytest.raises(InputError, match=message):
        SecondLevelModel().fit(models)


@pytest.mark.parametrize("label", [None, 3])
def test_confounds_need_models_with_labels(label, ducks, ages, mask_img):
    """Confounds are matched by a label, which every model must have then."""
    ducks[2].subject_label = label
    message = (
        r"In case confounds are provided, first level models .* 'subject_label'.* "
        rf"at index 2 is {label}\. Set it"
    )
    with pytest.raises(InputError, match=message):
        SecondLevelModel(mask_img).fit(ducks, ages)


def test_confounds_know_every_model(ducks, ages, mask_img):
    """A subject without confounds is named."""
    ducks[2].subject_label = "s9"
    with pytest.raises(DesignError, match="confounds not specified for subject s9"):
        SecondLevelModel(mask_img).fit(ducks, ages)


def test_the_first_level_contrast_has_to_be_said(ducks, mask_img):
    """Models have many contrasts; which one is meant cannot be guessed."""
    model = SecondLevelModel(mask_img).fit(ducks)
    message = r"If 'second_level_input' was a list.* first_level_contrast is mandatory: name"
    with pytest.raises(InputError, match=message):
        model.compute_contrast("intercept")
    with pytest.raises(
        InputTypeError, match=r"first_level_contrast must be what .* Got \{'a': 1\}"
    ):
        model.compute_contrast("intercept", {"a": 1})


def test_a_contrast_that_a_model_cannot_compute_names_the_model(make_first_level, mask_img):
    """The first-level model's own complaint is passed on with its subject."""
    model = SecondLevelModel(mask_img).fit([make_first_level(0), make_first_level(1)])
    message = (
        r"Map 'tsk' of first-level model s0 at index 0 cannot be computed: .*\(tsk\) is not valid"
    )
    with pytest.raises(MapError, match=message):
        model.compute_contrast("intercept", "tsk")
    assert model.compute_contrast("intercept", "task").shape == mask_img.shape


def test_a_model_that_computes_no_map_is_named(ducks, make_image, mask_img):
    """What a model returns must be an image of one map."""
    ducks[2].image = "con_0001.nii"
    model = SecondLevelModel(mask_img).fit(ducks)
    with pytest.raises(MapError, match=r"model s2 at index 2 is not an image: it is a str"):
        model.compute_contrast("intercept", "faces")
    ducks[2].image = make_image(1, shape=(8, 9, 10, 3))
    with pytest.raises(
        MapError, match=r"model s2 at index 2 is not 3D: its shape is \(8, 9, 10, 3"
    ):
        model.compute_contrast("intercept", "faces")


def test_models_that_do_not_say_what_they_can_need_a_mask(ducks):
    """Without a design of theirs there is no contrast to make a mask from."""
    with pytest.raises(InputError, match=r"No mask can be computed .* Pass mask_img"):
        SecondLevelModel().fit(ducks)
