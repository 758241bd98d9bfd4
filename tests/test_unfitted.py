"""A model is fitted or it is not: before fit, and after a fit that failed, it says so."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from secondlevel import SecondLevelModel
from secondlevel.errors import ContrastError, MapError, SecondLevelError

LEARNT = (
    "design_matrix_",
    "confounds_",
    "second_level_input_",
    "masker_",
    "mask_img_",
    "n_elements_",
    "memory_",
    "coverage_",
    "predicted_",
    "residuals_",
    "r_square_",
    "smoothness_",
)
ASKED = {
    "compute_contrast": lambda model: model.compute_contrast("age"),
    "transform": lambda model: model.transform([]),
    "predicted": lambda model: model.predicted(),
    "residuals": lambda model: model.residuals(),
    "r_square": lambda model: model.r_square(),
    "random_field": lambda model: model.random_field("age"),
    "smoothness_map": lambda model: model.smoothness_map(),
    "get_feature_names_out": lambda model: model.get_feature_names_out(),
}


def assert_not_fitted(model):
    """Nothing that fit learns is there, and everything asked of the model says why."""
    with pytest.raises(NotFittedError):
        check_is_fitted(model)
    for name in LEARNT:
        assert not hasattr(model, name), name
    assert [name for name in vars(model) if name.endswith("_") or name.startswith("_")] == []
    for ask in ASKED.values():
        with pytest.raises(NotFittedError, match="not fitted yet"):
            ask(model)


@pytest.mark.parametrize("minimize_memory", [True, False])
def test_before_fit_nothing_can_be_asked(mask_img, minimize_memory):
    """Every question to a new model is answered with what to do: call fit."""
    assert_not_fitted(SecondLevelModel(mask_img, minimize_memory=minimize_memory))


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("input", "second_level_input"),
        ("design", "does not match the number of maps"),
        ("mask", "The mask is invalid as it is empty"),
        ("missing file", "File not found"),
        ("damaged file", "truncated or corrupt"),
        ("no data", "covers no data"),
    ],
)
def test_a_refit_that_fails_leaves_the_model_unfitted(
    fault, message, paths, design, mask_img, make_image
):
    """Whether it fails early or in the last map, nothing of the earlier fit remains."""
    model = SecondLevelModel(mask_img, minimize_memory=False).fit(paths, design_matrix=design)
    check_is_fitted(model)
    given, rows = list(paths), design
    match fault:
        case "input":
            given = 3
        case "design":
            rows = design.iloc[:6]
        case "mask":
            model.set_params(mask_img=make_image(np.zeros((8, 9, 10), dtype=np.uint8)))
        case "missing file":
            paths[6].unlink()
        case "damaged file":
            paths[6].write_bytes(paths[6].read_bytes()[:-4])
        case "no data":
            given = [make_image(np.zeros((8, 9, 10))) for _ in range(7)]
    with pytest.raises(SecondLevelError, match=message):
        model.fit(given, design_matrix=rows)
    assert_not_fitted(model)


def test_a_fit_that_is_interrupted_leaves_the_model_unfitted(paths, design, mask_img, monkeypatch):
    """A keyboard interrupt while maps are read is a failed fit like any other."""
    model = SecondLevelModel(mask_img).fit(paths, design_matrix=design)

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("secondlevel.streaming.disk.VolumeReader.read", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(paths, design_matrix=design)
    assert_not_fitted(model)


def test_a_model_can_be_fitted_after_a_failure(paths, design, mask_img):
    """What failed leaves nothing behind that would change the next fit."""
    packed = paths[6].read_bytes()
    fresh = SecondLevelModel(mask_img).fit(paths, design_matrix=design).compute_contrast("age")
    paths[6].write_bytes(packed[:-4])
    model = SecondLevelModel(mask_img)
    with pytest.raises(MapError, match="truncated or corrupt"):
        model.fit(paths, design_matrix=design)
    paths[6].write_bytes(packed)
    again = model.fit(paths, design_matrix=design).compute_contrast("age")
    np.testing.assert_array_equal(again.get_fdata(), fresh.get_fdata())


def test_a_contrast_that_fails_leaves_the_model_fitted(paths, design, mask_img):
    """Only fit unfits."""
    model = SecondLevelModel(mask_img).fit(paths, design_matrix=design)
    with pytest.raises(ContrastError, match="not defined"):
        model.compute_contrast("weight")
    check_is_fitted(model)
    assert model.compute_contrast("age").shape == (8, 9, 10)


def test_the_parameters_are_not_changed_by_a_fit(paths, design, mask_img):
    """Fitting writes nothing into what it was given."""
    before = design.copy()
    model = SecondLevelModel(mask_img, smoothing_fwhm=0)
    parameters = model.get_params()
    model.fit(paths, design_matrix=design)
    assert model.get_params() == parameters
    assert design.equals(before)
