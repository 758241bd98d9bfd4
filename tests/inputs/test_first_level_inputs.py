"""First-level models, nilearn's or any that can do the same, stand for the maps they compute."""

import numpy as np
import pytest

from secondlevel import SecondLevelModel
from secondlevel.errors import ResamplingWarning

RTOL = 1e-9


class Duck:
    """What a first-level model has to be able to do, and no more."""

    def __init__(self, image, label=None):
        self.image = image
        self.subject_label = label
        self.asked = []

    def compute_contrast(self, contrast, output_type):
        self.asked.append((contrast, output_type))
        return self.image


@pytest.fixture
def ducks(images, table):
    """Seven models that hold the maps of the table."""
    return [Duck(*pair) for pair in zip(images, table["subject_label"], strict=True)]


def stat_of(model, first_level_contrast):
    """T of the slope on age at the voxels analysed."""
    image = model.compute_contrast("age", first_level_contrast, output_type="stat")
    return image.get_fdata()[model.mask_img_.get_fdata() > 0]


def test_nilearns_models_stand_for_their_effect_maps(make_first_level, mask_img, ones):
    """A contrast of fitted models is that of the effect maps they compute for it."""
    models = [make_first_level(seed) for seed in range(4)]
    ours = SecondLevelModel(mask_img).fit(models)
    assert list(ours.design_matrix_.columns) == ["intercept"]
    for contrast in ("task", "task - intercept", np.array([1, 0])):
        maps = [model.compute_contrast(contrast, output_type="effect_size") for model in models]
        expected = SecondLevelModel(mask_img).fit(maps, design_matrix=ones(4)).compute_contrast()
        found = ours.compute_contrast(first_level_contrast=contrast)
        np.testing.assert_allclose(found.get_fdata(), expected.get_fdata(), rtol=RTOL)


def test_without_a_mask_it_is_computed_from_the_first_model(make_first_level):
    """The automatic mask of first-level models is that of an effect map of the first one."""
    from nilearn.maskers import NiftiMasker

    models = [make_first_level(seed) for seed in range(3)]
    sample = models[0].compute_contrast("task", output_type="effect_size")
    found = SecondLevelModel().fit(models).mask_img_.get_fdata()
    np.testing.assert_array_equal(found, NiftiMasker().fit(sample).mask_img_.get_fdata())


def test_any_object_with_the_two_abilities_is_a_first_level_model(
    ducks, mask_img, design, expected_t
):
    """Only `compute_contrast` and `subject_label` are looked for, not a class."""
    model = SecondLevelModel(mask_img).fit(ducks, design_matrix=design)
    np.testing.assert_allclose(stat_of(model, "faces"), expected_t, rtol=RTOL)


def test_confounds_are_matched_to_models_by_label(ducks, confounds, mask_img, expected_t):
    """Rows stay in the order of the models; each takes its subject's confounds."""
    model = SecondLevelModel(mask_img).fit(ducks, confounds)
    np.testing.assert_allclose(stat_of(model, "faces"), expected_t, rtol=RTOL)


def test_models_compute_a_contrast_once_and_only_when_it_is_asked_for(ducks, mask_img, design):
    """Fitting computes no map; a first-level contrast is computed once, whatever is asked of it."""
    model = SecondLevelModel(mask_img).fit(ducks, design_matrix=design)
    assert all(duck.asked == [] for duck in ducks)
    for _ in range(2):
        model.compute_contrast("age", "faces")
        model.compute_contrast("intercept", "faces", output_type="all")
        model.compute_contrast("age", [1.0, -1.0])
    for duck in ducks:
        assert [output for _, output in duck.asked] == ["effect_size"] * 2
        assert duck.asked[0][0] == "faces"
        np.testing.assert_array_equal(duck.asked[1][0], [1.0, -1.0])


def test_models_without_labels_serve_a_given_design(ducks, mask_img, design, expected_t):
    """Labels matter only where confounds are matched by them."""
    for duck in ducks:
        duck.subject_label = None
    model = SecondLevelModel(mask_img).fit(ducks, design_matrix=design)
    np.testing.assert_allclose(stat_of(model, "faces"), expected_t, rtol=RTOL)


def test_models_on_another_grid_than_the_mask_are_resampled_with_one_warning(
    make_first_level, mask_img
):
    """The grids of the models' masks tell beforehand that their maps will be resampled."""
    affine = mask_img.affine @ np.diag([0.8, 0.8, 0.8, 1])
    models = [make_first_level(seed, shape=(13, 14, 15), affine=affine) for seed in range(3)]
    model = SecondLevelModel(mask_img)
    with pytest.warns(ResamplingWarning, match="3 of 3 maps .* first-level model s0") as caught:
        model.fit(models)
    z = model.compute_contrast(first_level_contrast="task")
    assert len(caught) == 1
    assert z.shape == mask_img.shape
    assert np.ptp(z.get_fdata()) > 0


def test_models_of_surface_images_are_models_too(make_surface, design, slope_t):
    """First-level models may compute surface images."""
    surfaces = [make_surface(seed) for seed in range(7)]
    ducks = [Duck(image) for image in surfaces]
    model = SecondLevelModel(make_surface(value=1))
    for duck in ducks:
        duck.mask_img = make_surface(value=1)
    model.fit(ducks, design_matrix=design)
    stat = model.compute_contrast("age", "faces", output_type="stat")
    expected = slope_t(np.stack([image.data.parts["left"] for image in surfaces]))
    np.testing.assert_allclose(stat.data.parts["left"], expected, rtol=RTOL)
