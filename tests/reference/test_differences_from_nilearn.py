"""Where nilearn 0.14.1 is not followed: its number, and the right one by another way.

Each test first pins what nilearn gives, so that a change there is noticed here.
"""

import warnings

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import scipy.stats
import statsmodels.api as sm
from nilearn.glm.second_level import SecondLevelModel as NilearnModel
from nilearn.image import resample_img

from secondlevel import SecondLevelModel
from secondlevel.errors import ConstantDataWarning, ContrastError, MissingDataWarning

SHAPE = (3, 4, 5)
AFFINE = np.diag([3.0, 3, 3, 1])
MASK = nib.Nifti1Image(np.ones(SHAPE, dtype=np.uint8), AFFINE)


def images_of(data):
    """One image per row of an array of shape (n, 60)."""
    return [nib.Nifti1Image(row.reshape(SHAPE), AFFINE) for row in data]


def values_of(image):
    """Numbers of a volume, one per voxel (and one column per volume if there are several)."""
    data = image.get_fdata()
    return data.reshape(60, -1).squeeze(axis=1) if data.ndim == 3 else data.reshape(60, -1)


def nilearns(maps, table, contrast, mask=MASK, **settings):
    """All outputs of nilearn's model, without its remarks, and the model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = NilearnModel(mask, **settings).fit(maps, design_matrix=table)
        maps = model.compute_contrast(contrast, output_type="all")
    return {name: values_of(image) for name, image in maps.items()}, model


def ours(maps, table, contrast, mask=MASK, **settings):
    """All outputs of our model, and the model."""
    model = SecondLevelModel(mask, **settings).fit(maps, design_matrix=table)
    maps = model.compute_contrast(contrast, output_type="all")
    return {name: values_of(image) for name, image in maps.items()}, model


PATIENT = np.repeat([1.0, 0.0], [5, 7])
TANGLED = pd.DataFrame({"patient": PATIENT, "control": 1 - PATIENT, "intercept": 1.0})


@pytest.fixture
def data():
    """Twelve maps of 60 voxels."""
    return np.random.default_rng(30).normal(1, 1, size=(12, 60))


def test_the_variance_of_a_rank_deficient_design_divides_by_n_minus_rank(data):
    """Groups beside an intercept compare as `ttest_ind`; nilearn divides by n - columns."""
    expected = scipy.stats.ttest_ind(data[PATIENT == 1], data[PATIENT == 0], alternative="greater")
    theirs, _ = nilearns(images_of(data), TANGLED, "patient - control")
    found, _ = ours(images_of(data), TANGLED, "patient - control")
    # 10 degrees of freedom are there, 9 are what nilearn divides by. Worst seen: 3.3e-14.
    np.testing.assert_allclose(theirs["stat"], expected.statistic * np.sqrt(9 / 10), rtol=1e-9)
    # Worst seen: 6e-15, 1.3e-15.
    np.testing.assert_allclose(found["stat"], expected.statistic, rtol=1e-11)
    np.testing.assert_allclose(found["p_value"], expected.pvalue, rtol=1e-11)


def test_a_contrast_that_cannot_be_estimated_is_an_error(data):
    """`patient` beside `control` and `intercept` has no answer; nilearn's is one of many."""
    theirs, _ = nilearns(images_of(data), TANGLED, "patient")
    assert np.isfinite(theirs["stat"]).all()
    # Another solution that fits the data as well has another answer.
    best = np.linalg.lstsq(TANGLED.to_numpy(), data, rcond=None)[0]
    other = best + np.array([[1.0], [1.0], [-1.0]])
    np.testing.assert_allclose(TANGLED.to_numpy() @ other, TANGLED.to_numpy() @ best, atol=1e-12)
    np.testing.assert_allclose(theirs["effect_size"], best[0], atol=1e-12)
    model = SecondLevelModel(MASK).fit(images_of(data), design_matrix=TANGLED)
    with pytest.raises(ContrastError, match="`patient`, `control`, `intercept` add up to a const"):
        model.compute_contrast("patient")


def test_missing_values_are_left_out_not_averaged_as_0(data):
    """A voxel that one map lacks is not analysed; nilearn takes it for 0 there."""
    data[3, 7] = np.nan
    data[8, 7] = np.inf
    data[4, 21] = np.nan
    ones = pd.DataFrame({"intercept": np.ones(12)})
    theirs, _ = nilearns(images_of(data), ones, "intercept")
    filled = np.where(np.isfinite(data), data, 0)
    np.testing.assert_allclose(theirs["effect_size"], filled.mean(axis=0), atol=1e-12)
    with pytest.warns(MissingDataWarning, match="2 of 60 elements were left out"):
        found, model = ours(images_of(data), ones, "intercept")
    complete = np.isfinite(data).all(axis=0)
    expected = scipy.stats.ttest_1samp(data[:, complete], 0)
    np.testing.assert_array_equal(values_of(model.mask_img_) > 0, complete)
    # Worst seen: 6e-16.
    np.testing.assert_allclose(found["stat"][complete], expected.statistic, rtol=1e-11)
    assert not found["stat"][~complete].any()


def test_missing_values_can_be_taken_for_0_as_nilearn_does(data):
    """With ``missing="zero"`` every number is nilearn's again."""
    data[3, 7], data[8, 7], data[4, 21] = np.nan, -np.inf, np.nan
    ones = pd.DataFrame({"intercept": np.ones(12)})
    theirs, _ = nilearns(images_of(data), ones, "intercept")
    found, model = ours(images_of(data), ones, "intercept", missing="zero")
    assert model.n_elements_ == 60
    for name, expected in theirs.items():
        # Worst seen: 3.6e-15.
        np.testing.assert_allclose(found[name], expected, rtol=1e-11)


def test_a_table_is_not_reordered_behind_a_design_matrix(data):
    """Rows of a given design belong to rows of the table; nilearn sorts the table alone."""
    order = np.random.default_rng(31).permutation(12)
    score = pd.DataFrame({"score": np.arange(12.0) ** 2, "intercept": 1.0})
    images = images_of(data)
    table = pd.DataFrame(
        {
            "subject_label": [f"sub-{i:02}" for i in order],
            "map_name": "effect",
            "effects_map_path": [images[i] for i in order],
        }
    )
    x = score["score"].to_numpy()
    handed_over = np.array([scipy.stats.linregress(x, y).slope for y in data[order].T])
    sorted_away = np.array([scipy.stats.linregress(x, y).slope for y in data.T])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = NilearnModel(MASK).fit(table, design_matrix=score)
        theirs = model.compute_contrast("score", "effect", output_type="effect_size")
    # Worst seen: 9e-18, 1e-17.
    np.testing.assert_allclose(values_of(theirs), sorted_away, rtol=0, atol=1e-14)
    mine = SecondLevelModel(MASK).fit(table, design_matrix=score)
    found = mine.compute_contrast("score", "effect", output_type="effect_size")
    np.testing.assert_allclose(values_of(found), handed_over, rtol=0, atol=1e-14)


AGE = np.random.default_rng(32).normal(40, 12, 12)
THREE = pd.DataFrame({"patient": PATIENT, "age": AGE, "intercept": 1.0})


def test_the_effects_of_an_f_contrast_are_those_asked_for(data):
    """Row by row Cβ in the unit of the maps; nilearn gives them whitened."""
    weights = np.array([[1.0, 0, 0], [0, 1, 0]])
    x = THREE.to_numpy()
    beta = np.linalg.lstsq(x, data, rcond=None)[0]
    theirs, _ = nilearns(images_of(data), THREE, weights)
    assert np.abs(theirs["effect_size"].T - weights @ beta).max() > 1
    # What it gives has the length of F, as the whitened effects must.
    length = (theirs["effect_size"] ** 2).sum(axis=1) / 2 / theirs["effect_variance"]
    np.testing.assert_allclose(length, theirs["stat"], rtol=1e-9)
    found, _ = ours(images_of(data), THREE, weights)
    # Worst seen: 1.2e-15, 1.1e-13.
    np.testing.assert_allclose(found["effect_size"].T, weights @ beta, rtol=0, atol=1e-13)
    np.testing.assert_allclose(found["stat"], theirs["stat"], rtol=1e-9)


def test_redundant_rows_of_an_f_contrast_are_allowed(data):
    """A row that follows from the others changes nothing; nilearn inverts a singular matrix."""
    weights = np.array([[1.0, 0, 0], [0, 1, 0], [1, 1, 0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = NilearnModel(MASK).fit(images_of(data), design_matrix=THREE)
        try:
            theirs = values_of(model.compute_contrast(weights, output_type="stat"))
        except np.linalg.LinAlgError:
            theirs = np.full(60, np.nan)
    found, _ = ours(images_of(data), THREE, weights)
    expected = [sm.OLS(y, THREE.to_numpy()).fit().f_test(weights[:2]) for y in data.T]
    f, p = (np.array([getattr(e, name) for e in expected]) for name in ("fvalue", "pvalue"))
    assert not np.allclose(theirs, f, rtol=0.1)
    # Worst seen: 1.6e-14, 7e-15.
    np.testing.assert_allclose(found["stat"], f, rtol=1e-11)
    np.testing.assert_allclose(found["p_value"], p, rtol=1e-11)
    assert found["effect_size"].shape == (60, 3)


def test_z_is_ordered_however_far_out():
    """Voxels with ever larger t have ever larger z; nilearn's stand at one value."""
    noise = np.random.default_rng(33).normal(size=(120, 60))
    noise = (noise - noise.mean(axis=0)) / noise.std(axis=0, ddof=1)
    t = np.geomspace(2e2, 2e12, 60)
    data = noise + t / np.sqrt(120)
    one_image = nib.Nifti1Image(data.T.reshape(*SHAPE, 120), AFFINE)
    ones = pd.DataFrame({"intercept": np.ones(120)})
    theirs, _ = nilearns(one_image, ones, "intercept")
    far = t > 1e5
    assert len(np.unique(theirs["z_score"][far])) == 1
    found, model = ours(one_image, ones, "intercept")
    # The mean is up to 2e11 of the spread: worst seen 2.2e-6.
    np.testing.assert_allclose(found["stat"], t, rtol=1e-5)
    assert np.isfinite(found["z_score"]).all()
    assert (np.diff(found["z_score"]) > 0).all()
    log_p = values_of(model.compute_contrast("intercept", output_type="log10_p"))
    assert (np.diff(log_p) < 0).all()
    near = t < 300
    np.testing.assert_allclose(found["z_score"][near], theirs["z_score"][near], rtol=1e-4)


def test_constant_voxels_get_statistic_0(data):
    """Where nothing varies nothing can be tested; nilearn divides by a tiny number."""
    data[:, 5] = 2.0
    data[:, 9] = 0.0
    ones = pd.DataFrame({"intercept": np.ones(12)})
    theirs, _ = nilearns(images_of(data), ones, "intercept")
    assert theirs["stat"][5] > 1e14
    with pytest.warns(ConstantDataWarning, match="2 of 60 elements have no residual variance"):
        model = SecondLevelModel(MASK).fit(images_of(data), design_matrix=ones)
    maps = model.compute_contrast("intercept", output_type="all")
    found = {name: values_of(image)[[5, 9]].tolist() for name, image in maps.items()}
    assert found["stat"] == found["z_score"] == [0.0, 0.0]
    assert found["p_value"] == [1.0, 1.0]
    np.testing.assert_allclose(found["effect_size"], [2.0, 0.0], rtol=1e-14)
    np.testing.assert_allclose(found["effect_variance"], [0.0, 0.0], atol=1e-28)


def test_r_square_without_an_intercept_is_about_0(data):
    """Without a constant R² is the share of Σy² explained; nilearn's ratio can exceed 1."""
    slope = pd.DataFrame({"age": AGE})
    _, theirs = nilearns(images_of(data), slope, "age", minimize_memory=False)
    wrong = theirs.r_square_.get_fdata().reshape(60)
    fits = [sm.OLS(y, AGE).fit() for y in data.T]
    fitted = np.array([fit.fittedvalues for fit in fits])
    # Worst seen: 8e-16.
    np.testing.assert_allclose(wrong, fitted.var(axis=1) / data.var(axis=0), rtol=1e-9)
    _, mine = ours(images_of(data), slope, "age", minimize_memory=False)
    found = mine.r_square_.get_fdata().reshape(60)
    # Worst seen: 5e-16.
    np.testing.assert_allclose(found, [fit.rsquared for fit in fits], rtol=0, atol=1e-13)
    assert np.abs(found - wrong).max() > 0.1


def test_a_resampled_map_does_not_depend_on_the_other_maps():
    """Every map is resampled as if alone; nilearn clips it to the range of all maps together."""
    rng = np.random.default_rng(34)
    maps = [nib.Nifti1Image(rng.normal(size=(8, 9, 10)), AFFINE) for _ in range(6)]
    maps[5] = nib.Nifti1Image(100 * maps[5].get_fdata(), AFFINE)
    mask = nib.Nifti1Image(np.ones((8, 9, 10), dtype=np.uint8), AFFINE)
    target = np.diag([2.0, 2, 2, 1])
    alone = [resample_img(image, target_affine=target) for image in maps]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        together = NilearnModel(mask, target_affine=target).fit(
            maps, design_matrix=pd.DataFrame({"intercept": np.ones(6)})
        )
        theirs = together.masker_.transform(maps)
        inside = together.masker_.mask_img_.get_fdata() > 0
    expected = np.array([image.get_fdata()[inside] for image in alone])
    assert np.abs(theirs - expected).max() > 0.05
    found = SecondLevelModel(mask, target_affine=target, missing="zero").fit_transform(
        maps, design_matrix=pd.DataFrame({"intercept": np.ones(6)})
    )
    # Worst seen: 0.
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
