"""The model keeps scikit-learn's conventions: parameters, containers, metadata, its own checks."""

import inspect
import pickle
import warnings

import nibabel as nib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from nilearn.glm.second_level import SecondLevelModel as NilearnModel
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted

from secondlevel import SecondLevelModel
from secondlevel.errors import InputError, InputTypeError
from secondlevel.streaming.analysis import Fit
from secondlevel.streaming.study import Study

SHAPE = (4, 5, 6)
AFFINE = np.diag([3.0, 3, 3, 1])
N_MAPS = 8
INSIDE = np.random.default_rng(60).random(SHAPE) < 0.3
MASK = nib.Nifti1Image(INSIDE.astype(np.uint8), AFFINE)
DESIGN = pd.DataFrame({"age": np.random.default_rng(61).normal(size=N_MAPS), "intercept": 1.0})
DATA = np.random.default_rng(62).normal(1, 1, size=(N_MAPS, *SHAPE))


@pytest.fixture
def images():
    """Eight maps in memory."""
    return [nib.Nifti1Image(volume, AFFINE) for volume in DATA]


@pytest.fixture
def table(images):
    """The maps as a table whose subjects are in no order, with row labels of its own."""
    subjects = ["s3", "s8", "s1", "s4", "s2", "s7", "s6", "s5"]
    return pd.DataFrame(
        {"subject_label": subjects, "map_name": "effect", "effects_map_path": images},
        index=[f"row {i}" for i in range(N_MAPS)],
    )


# ------------------------------------------------------------------ parameters


def test_parameters_are_nilearns_in_their_order_and_ours_by_name():
    """A call written for nilearn's class means the same here; what is new is keyword-only."""
    theirs = inspect.signature(NilearnModel).parameters
    mine = inspect.signature(SecondLevelModel).parameters
    positional = [p for p in mine.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    shared = [name for name in theirs if name != "reports"]
    assert [p.name for p in positional] == shared
    assert [p.default for p in positional] == [theirs[name].default for name in shared]
    assert all(mine[name].kind is inspect.Parameter.KEYWORD_ONLY for name in set(mine) - {*shared})


@pytest.mark.parametrize("method", ["fit", "compute_contrast"])
def test_methods_take_nilearns_arguments(method):
    """Names, order and defaults of arguments are nilearn's; what is new is keyword-only."""
    mine, theirs = (
        [
            (p.name, p.default)
            for p in inspect.signature(getattr(kind, method)).parameters.values()
            if p.kind is p.POSITIONAL_OR_KEYWORD
        ]
        for kind in (SecondLevelModel, NilearnModel)
    )
    assert mine == theirs
    assert len(theirs) == {"fit": 4, "compute_contrast": 5}[method]


def test_parameters_can_be_read_and_set():
    """What was given is what `get_params` gives back, the same object, and `set_params` changes."""
    model = SecondLevelModel(MASK, smoothing_fwhm=4, missing="zero")
    assert model.get_params()["mask_img"] is MASK
    assert model.get_params() == {
        "mask_img": MASK,
        "target_affine": None,
        "target_shape": None,
        "smoothing_fwhm": 4,
        "memory": None,
        "memory_level": 1,
        "verbose": 0,
        "n_jobs": 1,
        "minimize_memory": True,
        "missing": "zero",
        "zero_is_missing": False,
    }
    assert model.set_params(smoothing_fwhm=None, n_jobs=2) is model
    assert (model.smoothing_fwhm, model.n_jobs) == (None, 2)
    with pytest.raises(ValueError, match="Invalid parameter 'fwhm'"):
        model.set_params(fwhm=4)


def test_a_parameter_is_checked_by_fit_not_before(images):
    """Any value can be set, as scikit-learn wants it; `fit` says what is wrong with it."""
    model = SecondLevelModel(MASK, missing="whatever", smoothing_fwhm=-1)
    with pytest.raises(InputError):
        model.fit(images, design_matrix=DESIGN)


def test_a_clone_has_the_parameters_and_nothing_learnt(images):
    """A clone of a fitted model is a new model like it."""
    model = SecondLevelModel(MASK, smoothing_fwhm=4).fit(images, design_matrix=DESIGN)
    copy = clone(model)
    assert copy.smoothing_fwhm == 4
    np.testing.assert_array_equal(copy.mask_img.get_fdata(), MASK.get_fdata())
    check_is_fitted(model)
    with pytest.raises(NotFittedError):
        check_is_fitted(copy)


def test_fit_changes_no_parameter(images):
    """What `fit` learns it writes into attributes of its own."""
    model = SecondLevelModel(MASK, memory_level=2)
    before = model.get_params()
    model.fit(images, design_matrix=DESIGN)
    assert model.get_params() == before


def test_a_model_shows_what_was_set():
    """Its text and its page hold the parameters that differ from their defaults."""
    model = SecondLevelModel(smoothing_fwhm=6)
    assert repr(model) == "SecondLevelModel(smoothing_fwhm=6)"
    assert "smoothing_fwhm" in model._repr_html_()


# ------------------------------------------------------------------ containers


def test_elements_are_named_by_their_voxel(images):
    """Columns are called by the indices of their voxel, in the order of the masked data."""
    model = SecondLevelModel(MASK).fit(images, design_matrix=DESIGN)
    names = model.get_feature_names_out()
    assert names.dtype == object
    assert names[0] == "voxel_{}_{}_{}".format(*np.argwhere(INSIDE)[0])
    assert len(set(names)) == len(names) == model.n_elements_ == INSIDE.sum()
    data = model.transform(images[3])[0]
    for name, value in zip(names, data, strict=True):
        assert DATA[3][tuple(map(int, name.split("_")[1:]))] == value


@pytest.mark.parametrize(
    ("container", "kind"),
    [("default", np.ndarray), ("pandas", pd.DataFrame), ("polars", pl.DataFrame)],
)
@pytest.mark.parametrize("method", ["fit_transform", "transform"])
def test_masked_data_come_in_the_container_asked_for(images, container, kind, method):
    """Array, pandas or polars, with elements as columns; the numbers are the same."""
    model = SecondLevelModel(MASK).set_output(transform=container)
    data = model.fit_transform(images, design_matrix=DESIGN)
    if method == "transform":
        data = model.transform(images)
    assert type(data) is kind
    np.testing.assert_array_equal(np.asarray(data), DATA[:, INSIDE])
    if container != "default":
        assert list(data.columns) == list(model.get_feature_names_out())


def test_the_global_setting_for_containers_is_followed(images):
    """`set_config(transform_output=...)` speaks to this model too, its own setting goes first."""
    with config_context(transform_output="pandas"):
        model = SecondLevelModel(MASK).fit(images, design_matrix=DESIGN)
        assert type(model.transform(images)) is pd.DataFrame
        assert type(model.set_output(transform="default").transform(images)) is np.ndarray


def test_rows_of_a_series_keep_its_labels(images):
    """A Series of maps labels the rows of its masked data."""
    series = pd.Series(images, index=list("abcdefgh"))
    model = SecondLevelModel(MASK).set_output(transform="pandas")
    data = model.fit_transform(series, design_matrix=DESIGN)
    assert list(data.index) == list("abcdefgh")


@pytest.mark.parametrize("given_design", [True, False], ids=["design given", "design built"])
@pytest.mark.parametrize("as_config", [True, False], ids=["config", "set_output"])
def test_rows_of_a_table_are_labelled_by_their_subject(table, given_design, as_config):
    """Whether the table was sorted or not, every row of the data is called by whose map it is."""
    with config_context(transform_output="pandas" if as_config else "default"):
        model = SecondLevelModel(MASK)
        if not as_config:
            model.set_output(transform="pandas")
        data = model.fit_transform(table, design_matrix=DESIGN if given_design else None)
        again = model.transform(table)
    subjects = list(table["subject_label"])
    assert list(data.index) == (subjects if given_design else sorted(subjects))
    for subject, row in data.iterrows():
        np.testing.assert_array_equal(row, DATA[subjects.index(subject)][INSIDE])
    pd.testing.assert_frame_equal(data, again)


def test_one_kind_of_map_of_a_table_is_labelled_by_subject_too(table):
    """Of a table of several kinds of maps the rows asked for are in the container."""
    both = pd.concat([table, table.assign(map_name="other")])
    model = SecondLevelModel(MASK).set_output(transform="pandas").fit(both)
    data = model.transform(both, first_level_contrast="other")
    assert list(data.index) == sorted(table["subject_label"])
    assert data.index.name == "subject_label"


# ------------------------------------------------------------------ metadata


def test_without_routing_metadata_cannot_be_requested():
    """scikit-learn's switch has to be on."""
    with pytest.raises(RuntimeError, match="enable_metadata_routing"):
        SecondLevelModel().set_fit_request(confounds=True)


def test_metadata_of_fit_can_be_requested():
    """Confounds, design and maps are what `fit` may ask a pipeline for."""
    names = ("confounds", "design_matrix", "second_level_input")
    with config_context(enable_metadata_routing=True):
        model = SecondLevelModel()
        assert model.get_metadata_routing().fit.requests == dict.fromkeys(names)
        asked = model.set_fit_request(confounds=True, design_matrix=True, second_level_input=True)
        assert asked is model
        assert model.get_metadata_routing().fit.requests == dict.fromkeys(names, True)
        assert clone(model).get_metadata_routing().fit.requests == dict.fromkeys(names, True)
        renamed = SecondLevelModel().set_fit_request(design_matrix="group_design")
        assert renamed.get_metadata_routing().fit.requests["design_matrix"] == "group_design"


@pytest.mark.parametrize("routing", [True, False], ids=["by routing", "by step"])
def test_a_pipeline_hands_the_design_to_the_model(images, routing):
    """The model is a step among others; what follows it works on the masked data."""
    with config_context(enable_metadata_routing=routing):
        model = SecondLevelModel(MASK)
        if routing:
            model.set_fit_request(design_matrix=True)
        pipeline = Pipeline([("mask", model), ("scale", StandardScaler())])
        metadata = {"design_matrix" if routing else "mask__design_matrix": DESIGN}
        data = pipeline.fit_transform(images, **metadata)
        again = pipeline.transform(images)
    # Worst seen: 2.2e-16, 0.
    np.testing.assert_allclose(data.mean(axis=0), 0.0, atol=1e-14)
    np.testing.assert_allclose(again, data, atol=1e-14)
    maps = pipeline.named_steps["mask"].compute_contrast("age")
    expected = SecondLevelModel(MASK).fit(images, design_matrix=DESIGN).compute_contrast("age")
    np.testing.assert_array_equal(maps.get_fdata(), expected.get_fdata())


def test_a_pipeline_hands_confounds_to_the_model(table):
    """Confounds reach the model by routing, and the design is built of them."""
    ages = pd.DataFrame({"subject_label": table["subject_label"], "age": DESIGN["age"].to_numpy()})
    with config_context(enable_metadata_routing=True):
        model = SecondLevelModel(MASK).set_fit_request(confounds=True)
        pipeline = Pipeline([("mask", model), ("scale", StandardScaler())])
        pipeline.fit_transform(table, confounds=ages)
    assert list(model.design_matrix_.columns) == ["age", "intercept"]


def test_what_fit_does_not_take_is_refused(images):
    """A misspelt argument of `fit_transform` is named."""
    with pytest.raises(InputTypeError, match="got designmatrix too"):
        SecondLevelModel(MASK).fit_transform(images, designmatrix=DESIGN)


# ------------------------------------------------------------------ pickling


def saved(images, folder):
    """Paths of the maps."""
    paths = [str(folder / f"{i}.nii.gz") for i in range(len(images))]
    for image, path in zip(images, paths, strict=True):
        nib.save(image, path)
    return paths


def stacked(folder):
    """Path of one compressed file that holds all maps."""
    nib.save(nib.Nifti1Image(np.moveaxis(DATA, 0, -1), AFFINE), folder / "all.nii.gz")
    return str(folder / "all.nii.gz")


@pytest.mark.parametrize("kind", ["images", "files", "4D file", "table"])
@pytest.mark.parametrize("minimize_memory", [True, False])
def test_a_fitted_model_can_be_pickled(images, table, tmp_path, kind, minimize_memory):
    """The copy answers every question as the model does."""
    maps = {
        "images": lambda: images,
        "files": lambda: saved(images, tmp_path),
        "4D file": lambda: stacked(tmp_path),
        "table": lambda: table,
    }[kind]()
    model = SecondLevelModel(MASK, minimize_memory=minimize_memory, memory=str(tmp_path / "cache"))
    model.fit(maps, design_matrix=DESIGN)
    copy = pickle.loads(pickle.dumps(model))
    check_is_fitted(copy)
    for name, image in model.compute_contrast("age", output_type="all").items():
        found = copy.compute_contrast("age", output_type=name)
        np.testing.assert_array_equal(found.get_fdata(), image.get_fdata())
    np.testing.assert_array_equal(copy.transform(maps), model.transform(maps))
    pd.testing.assert_frame_equal(copy.design_matrix_, model.design_matrix_)
    if not minimize_memory:
        np.testing.assert_array_equal(copy.residuals_.get_fdata(), model.residuals_.get_fdata())


# ------------------------------------------------------------------ scikit-learn's own checks


def results_of(estimator):
    """Status of every check by name; one that is run in several ways fails if one of them does."""
    with warnings.catch_warnings():
        # Checks fit noise; what the model has to say of it is not the matter here.
        warnings.simplefilter("ignore")
        results = check_estimator(estimator, on_fail=None, on_skip=None)
    failed = {r["check_name"]: str(r["exception"]) for r in results if r["status"] == "failed"}
    passed = {r["check_name"] for r in results if r["status"] == "passed"} - set(failed)
    return passed, failed


def test_every_check_that_suits_the_models_tags_passes():
    """Its tags say that the input is no array, and what scikit-learn then checks is kept."""
    passed, failed = results_of(SecondLevelModel())
    assert passed
    assert failed == {}


class ClaimsArrays(SecondLevelModel):
    """The model with a tag that makes scikit-learn run all of its checks, on arrays."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.no_validation = False
        return tags


ARRAY = "hands an array over as maps and a vector as confounds; passes on images, see below"

FAIL_ON_ARRAYS = {
    "check_fit_score_takes_y": ARRAY,
    "check_estimators_overwrite_params": ARRAY,
    "check_dont_overwrite_parameters": ARRAY,
    "check_estimators_fit_returns_self": ARRAY,
    "check_readonly_memmap_input": ARRAY,
    "check_positive_only_tag_during_fit": ARRAY,
    "check_estimators_dtypes": ARRAY,
    "check_dtype_object": ARRAY,
    "check_pipeline_consistency": ARRAY,
    "check_estimators_pickle": ARRAY,
    "check_f_contiguous_array_estimator": ARRAY,
    "check_transformer_data_not_an_array": ARRAY,
    "check_transformer_general": ARRAY,
    "check_transformer_preserve_dtypes": ARRAY,
    "check_methods_sample_order_invariance": ARRAY,
    "check_methods_subset_invariance": ARRAY,
    "check_fit2d_1feature": ARRAY,
    "check_dict_unchanged": ARRAY,
    "check_fit_idempotent": ARRAY,
    "check_fit_check_is_fitted": ARRAY,
}
"""Checks that fit the model to arrays, which it refuses with a message that says what it takes."""

FAIL_ON_IMAGES = {
    "check_n_features_in": "maps have no number of features before they are masked: n_elements_",
    "check_n_features_in_after_fitting": "as above; maps of another grid are resampled, or refused",
    "check_complex_data": "refused, in words of images: a map has one real number per element",
    "check_estimators_empty_data_messages": "the words wanted count features; an image has a shape",
    "check_estimator_sparse_tag": "there are no sparse images",
    "check_estimator_sparse_array": "there are no sparse images",
    "check_estimator_sparse_matrix": "there are no sparse images",
    "check_fit2d_1sample": "refused, in nilearn's words: a group has at least two maps",
    "check_fit1d": "an array of one axis is no image of several maps",
    "check_fit2d_predict1d": "an array of one axis is no image of several maps",
}
"""Checks that even images in the shape of arrays cannot pass, with the reason of each."""


def test_checks_on_arrays_pass_or_are_declared():
    """On arrays every check passes but those declared, each of which still fails."""
    passed, failed = results_of(ClaimsArrays())
    assert set(failed) == set(FAIL_ON_ARRAYS) | set(FAIL_ON_IMAGES)
    assert len(passed) >= 12
    assert not set(FAIL_ON_ARRAYS) & set(FAIL_ON_IMAGES)


def as_surface(X):
    """Maps on a mesh with a vertex for every column of an array."""
    values = np.asarray(X).T
    points, faces = np.zeros((len(values), 3)), np.zeros((1, 3), dtype=int)
    return SurfaceImage(PolyMesh(left=InMemoryMesh(points, faces)), {"left": values})


class TakesArrays(ClaimsArrays):
    """The model of a mean, fitted to the rows of an array as maps on a mesh."""

    def fit(self, X, y=None):
        return super().fit(as_surface(X), design_matrix=self._mean(X))

    def fit_transform(self, X, y=None):
        return super().fit_transform(as_surface(X), design_matrix=self._mean(X))

    def transform(self, X):
        return super().transform(as_surface(X))

    def _mean(self, X):
        return pd.DataFrame({"intercept": np.ones(np.shape(np.asarray(X))[0])})


def test_checks_on_images_pass_or_are_declared():
    """Arrays made images, all checks pass but those that are about arrays as such."""
    passed, failed = results_of(TakesArrays(missing="zero"))
    assert failed.keys() == FAIL_ON_IMAGES.keys()
    assert passed >= FAIL_ON_ARRAYS.keys()


def test_a_look_at_a_fitted_model_reads_no_map(images, monkeypatch):
    """What a notebook shows of a model must be made without what is computed from all maps."""
    model = SecondLevelModel(MASK, minimize_memory=False).fit(images, design_matrix=DESIGN)
    asked = []
    for kind, name in ((Study, "smoothness"), (Fit, "residuals"), (Fit, "predicted")):
        monkeypatch.setattr(kind, name, lambda *_, name=name: asked.append(name))
    shown = model._repr_html_()
    assert "n_elements_" in shown
    assert "mask_img_" in shown
    assert asked == []
    assert {"smoothness_", "residuals_", "predicted_", "r_square_"} <= set(dir(model))
