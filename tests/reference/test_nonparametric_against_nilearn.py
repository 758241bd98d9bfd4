"""The same maps through nilearn's `non_parametric_inference` and ours.

Maps of the observed labelling agree to rounding, p-values to what random shuffles leave open. What
differs on purpose is pinned at the end: first nilearn's number, then ours, each by another way.
"""

import itertools
import warnings

import joblib
import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import scipy.stats
import statsmodels.api as sm
from nilearn.exceptions import NotImplementedWarning
from nilearn.glm.second_level import non_parametric_inference as nilearns_function
from nilearn.maskers import NiftiMasker
from scipy import ndimage

from secondlevel import non_parametric_inference

SHAPE = (7, 8, 9)
AFFINE = np.array([[-2.0, 0, 0, 7], [0, 2, 0, -8], [0, 0, 2.5, -9], [0, 0, 0, 1]])
INSIDE = np.zeros(SHAPE, dtype=bool)
INSIDE[1:6, 1:7, 1:8] = True
MASK = nib.Nifti1Image(INSIDE.astype(np.uint8), AFFINE)
N_MAPS = 11


def smooth_maps(n_maps, seed, effect=0.0):
    """Smooth noise with a raised and a lowered corner, as images."""
    rng = np.random.default_rng(seed)
    maps = []
    for _ in range(n_maps):
        noise = ndimage.gaussian_filter(rng.normal(size=SHAPE), 1.0)
        noise /= noise.std()
        noise[1:4, 1:4, 1:4] += effect
        noise[4:6, 4:7, 5:8] -= effect
        maps.append(nib.Nifti1Image(noise, AFFINE))
    return maps


def data_of(maps):
    """What the maps hold inside the mask, one row each."""
    return np.array([image.get_fdata()[INSIDE] for image in maps])


def nilearns(maps, **settings):
    """What nilearn's function returns, without its remarks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nilearns_function(maps, **settings)


def p_of(image):
    """The p-values inside the mask of an image of -log10 p."""
    return 10.0 ** -image.get_fdata()[INSIDE]


def design(**columns):
    """A design matrix of N_MAPS rows."""
    return pd.DataFrame(columns, index=range(N_MAPS), dtype=float)


PATIENT = np.repeat([1.0, 0.0], [5, 6])
AGE = np.random.default_rng(41).normal(40, 12, N_MAPS)
SEX = np.tile([0.0, 1.0], 6)[:N_MAPS]

DESIGNS = {
    "one sample": (design(intercept=1), None),
    "one sample, vector": (design(intercept=1), [1]),
    "one sample, covariate": (design(intercept=1, age=AGE - AGE.mean()), "intercept"),
    "covariate": (design(age=AGE), "age"),
    "covariate, intercept": (design(age=AGE, intercept=1), "age"),
    "two samples": (design(patient=PATIENT), "patient"),
    "two samples, intercept": (design(patient=PATIENT, intercept=1), "patient"),
    "two samples, covariates": (design(patient=PATIENT, age=AGE, sex=SEX), [1, 0, 0]),
    "two samples, columns": (design(patient=PATIENT, control=1 - PATIENT), "patient - control"),
}


@pytest.fixture(scope="module")
def maps():
    """Eleven maps with effects on either side: of everybody, of patients, and of age."""
    volumes = [image.get_fdata() for image in smooth_maps(N_MAPS, 40, effect=1.2)]
    for volume, patient, age in zip(volumes, PATIENT, AGE, strict=True):
        volume[1:3, 4:7, 1:4] += 3.0 * patient
        volume[1:3, 1:4, 5:8] -= 3.0 * patient
        volume[3:6, 1:3, 4:8] += 0.2 * (age - 40.0)
        volume[4:6, 4:7, 1:4] -= 0.2 * (age - 40.0)
    return [nib.Nifti1Image(volume, AFFINE) for volume in volumes]


@pytest.mark.parametrize("two_sided", [False, True], ids=["one-sided", "two-sided"])
@pytest.mark.parametrize("kind", DESIGNS)
def test_statistics_and_clusters_are_nilearns(maps, kind, two_sided):
    """t, size and mass of clusters at a p, keys, kinds, grids and ranges must be nilearn's."""
    table, contrast = DESIGNS[kind]
    common = {
        "design_matrix": table,
        "second_level_contrast": contrast,
        "mask": MASK,
        "two_sided_test": two_sided,
        "n_perm": 3,
        "random_state": 0,
        "threshold": 0.05,
    }
    expected = nilearns(maps, **common)
    found = non_parametric_inference(maps, **common)
    assert set(found) == set(expected)
    sizes = expected["size"].get_fdata()
    assert np.count_nonzero(sizes) > 15
    assert len(np.unique(sizes)) > 2
    for key, theirs in expected.items():
        assert type(found[key]) is type(theirs)
        assert found[key].shape == theirs.shape
        np.testing.assert_array_equal(found[key].affine, theirs.affine)
        assert found[key].get_data_dtype() == np.float64
    # Worst seen: 6e-15 of the largest t, 3e-15 of the largest mass.
    for key, tolerance in (("t", 1e-10), ("size", 0.0), ("mass", 1e-10)):
        theirs = expected[key].get_fdata()
        largest = np.abs(theirs).max()
        np.testing.assert_allclose(
            found[key].get_fdata(), theirs, rtol=tolerance, atol=tolerance * largest, err_msg=key
        )
    for key in ("logp_max_t", "logp_max_size", "logp_max_mass"):
        values = found[key].get_fdata()
        assert values.min() == 0.0
        assert values.max() <= np.log10(3) + 1e-12


def test_one_image_comes_alone_and_several_in_a_dict(maps):
    """Without a threshold or TFCE -log10 p is returned as an image, as it is in the dict."""
    common = {"design_matrix": design(one=1), "mask": MASK, "n_perm": 5, "random_state": 3}
    alone = non_parametric_inference(maps, **common)
    assert type(alone) is type(nilearns(maps, **common)) is nib.Nifti1Image
    for extra in ({"threshold": 0.01}, {"tfce": True}, {"threshold": 0.01, "tfce": True}):
        found = non_parametric_inference(maps, **common, **extra)
        assert set(found) == set(nilearns(maps, **common, **extra))
        np.testing.assert_array_equal(found["logp_max_t"].get_fdata(), alone.get_fdata())


def is_close(counted, exact, n_shuffles):
    """Whether p of random shuffles is within five standard errors of an exact one, and a count."""
    error = np.sqrt(exact * (1.0 - exact) / n_shuffles)
    return np.abs(counted - exact) <= 5.0 * error + 2.0 / n_shuffles


@pytest.mark.parametrize("two_sided", [False, True], ids=["one-sided", "two-sided"])
@pytest.mark.parametrize("kind", ["flips", "permutations"])
def test_exact_p_is_what_nilearn_estimates(kind, two_sided):
    """P of all 256 flips, or all 126 splits, lies within five standard errors of nilearn's."""
    if kind == "flips":
        maps, table, n_distinct = smooth_maps(8, 42, 0.7), pd.DataFrame({"one": [1.0] * 8}), 256
    else:
        maps = [*smooth_maps(4, 43, 0.8), *smooth_maps(5, 44, -0.3)]
        table, n_distinct = pd.DataFrame({"patient": np.repeat([1.0, 0.0], [4, 5])}), 126
    common = {"design_matrix": table, "mask": MASK, "two_sided_test": two_sided}
    common |= {"threshold": 0.05, "random_state": 0}
    contrast = {"second_level_contrast": table.columns[0]}
    expected = nilearns(maps, n_perm=1000, **common, **contrast)
    found = non_parametric_inference(maps, **common, **contrast)
    for key in ("logp_max_t", "logp_max_size", "logp_max_mass"):
        exact = p_of(found[key])
        counts = exact * n_distinct
        np.testing.assert_allclose(counts, np.rint(counts), rtol=0, atol=1e-9)
        assert exact.min() < 0.2
        # A cluster of nothing has p = 1 here, and at most 1 - 1/1000 there.
        assert is_close(p_of(expected[key]), exact, 1000).all(), key


def test_random_shuffles_with_covariates_agree_with_nilearns(maps):
    """Freedman and Lane's shuffles are nilearn's: p of 1 000 each within five standard errors."""
    table = design(patient=PATIENT, age=AGE, sex=SEX)
    common = {"design_matrix": table, "second_level_contrast": "age", "mask": MASK}
    common |= {"n_perm": 1000, "random_state": 1, "two_sided_test": True}
    theirs, mine = (p_of(f(maps, **common)) for f in (nilearns, non_parametric_inference))
    assert mine.min() < 0.7
    # Both are random: the standard error of their difference is sqrt(2) of one.
    assert is_close(theirs, mine, 500).all()


# ------------------------------------------------------------------ where nilearn is not followed


def statistic(data, x, z):
    """T of x beside z, by the book, at every element."""
    matrix = np.column_stack([x, z])
    beta = np.linalg.lstsq(matrix, data, rcond=None)[0]
    dof = len(data) - np.linalg.matrix_rank(matrix)
    variance = ((data - matrix @ beta) ** 2).sum(axis=0) / dof
    return beta[0] / np.sqrt(variance * np.linalg.pinv(matrix.T @ matrix)[0, 0])


def test_a_contrast_over_several_columns_is_the_models_t(maps):
    """Nilearn's t of `age + 9*sex` is that of their sum alone; ours that of the whole design."""
    table = design(age=AGE, sex=SEX, intercept=1)
    common = {"design_matrix": table, "mask": MASK, "n_perm": 2, "random_state": 0}
    common |= {"second_level_contrast": "age + 9*sex", "threshold": 0.01}
    data = data_of(maps)
    alone = statistic(data, AGE + 9 * SEX, np.ones(N_MAPS))
    expected = [sm.OLS(y, table.to_numpy()).fit().t_test([1, 9, 0]).tvalue.item() for y in data.T]
    theirs = nilearns(maps, **common)["t"].get_fdata()[INSIDE]
    found = non_parametric_inference(maps, **common)["t"].get_fdata()[INSIDE]
    assert np.abs(theirs - expected).max() > 0.5
    # Worst seen: 7.5e-14, 8.9e-15.
    np.testing.assert_allclose(theirs, alone, rtol=0, atol=1e-10)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_several_rows_are_tested_with_f(maps):
    """Nilearn has no F; ours is the model's."""
    table = design(age=AGE, sex=SEX, intercept=1)
    weights = np.eye(3)[:2]
    common = {"design_matrix": table, "second_level_contrast": weights, "mask": MASK, "n_perm": 9}
    with pytest.raises(ValueError, match="truth value of an array with more than one element"):
        nilearns(maps, **common)
    found = non_parametric_inference(maps, threshold=0.05, random_state=0, **common)
    assert set(found) == {"F", "size", "mass"} | {f"logp_max_{k}" for k in ("F", "size", "mass")}
    data = data_of(maps)
    expected = [sm.OLS(y, table.to_numpy()).fit().f_test(weights).fvalue for y in data.T]
    # Worst seen: 2.2e-14.
    np.testing.assert_allclose(found["F"].get_fdata()[INSIDE], expected, rtol=1e-10)
    beyond = found["F"].get_fdata() >= scipy.stats.f.isf(0.05, 2, N_MAPS - 3)
    labels, n_clusters = ndimage.label(beyond)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    assert n_clusters > 0
    np.testing.assert_array_equal(found["size"].get_fdata(), sizes[labels])


def test_an_explicit_intercept_changes_nothing():
    """With one in the design nilearn flips signs; ours permutes either way, all 70 splits once."""
    rng = np.random.default_rng(45)
    skewed = rng.exponential(size=(8, *SHAPE)) ** 2
    skewed[:4, 2, 2, 2] += 4.0
    maps = [nib.Nifti1Image(volume, AFFINE) for volume in skewed]
    group = np.repeat([1.0, 0.0], 4)
    implicit = pd.DataFrame({"patient": group})
    explicit = implicit.assign(intercept=1.0)
    common = {"second_level_contrast": "patient", "mask": MASK, "random_state": 0}
    data, ones = data_of(maps), np.ones(8)
    observed = statistic(data, group, ones)
    swapped = []
    for members in itertools.combinations(range(8), 4):
        split = np.zeros(8)
        split[list(members)] = 1.0
        swapped.append(statistic(data, split, ones).max())
    residuals = data - data.mean(axis=0)
    flipped = [
        statistic(residuals * np.array(signs)[:, None], group, ones).max()
        for signs in itertools.product([1.0, -1.0], repeat=8)
    ]
    by_permuting, by_flipping = (
        (np.array(maxima)[:, None] >= observed * (1 - 1e-9)).mean(axis=0)
        for maxima in (swapped, flipped)
    )
    assert np.abs(by_permuting - by_flipping).max() > 0.1
    theirs = {
        name: p_of(nilearns(maps, design_matrix=table, n_perm=1000, **common))
        for name, table in (("implicit", implicit), ("explicit", explicit))
    }
    assert is_close(theirs["implicit"], by_permuting, 1000).all()
    assert is_close(theirs["explicit"], by_flipping, 1000).all()
    assert not is_close(theirs["explicit"], by_permuting, 1000).all()
    for table in (implicit, explicit):
        found = p_of(non_parametric_inference(maps, design_matrix=table, **common))
        np.testing.assert_allclose(found * 70, np.rint(by_permuting * 70), rtol=0, atol=1e-9)


def test_the_observed_labelling_is_one_of_the_shuffles(maps):
    """Nilearn adds it for t and leaves it out for clusters; ours is always shuffle 0 of n_perm."""
    strong = smooth_maps(N_MAPS, 46, effect=6.0)
    common = {"design_matrix": design(one=1), "mask": MASK, "random_state": 0, "threshold": 0.001}
    theirs = nilearns(strong, n_perm=20, **common)
    # No shuffle of 20 comes near: 1/21 for t, and 0/20, lifted to 1/20, for clusters.
    np.testing.assert_allclose(p_of(theirs["logp_max_t"]).min(), 1 / 21, rtol=1e-12)
    np.testing.assert_allclose(p_of(theirs["logp_max_size"]).min(), 1 / 20, rtol=1e-12)
    np.testing.assert_allclose(p_of(theirs["logp_max_mass"]).min(), 1 / 20, rtol=1e-12)
    found = non_parametric_inference(strong, n_perm=20, **common)
    for key in ("t", "size", "mass"):
        np.testing.assert_allclose(p_of(found[f"logp_max_{key}"]).min(), 1 / 20, rtol=1e-12)


def test_few_shuffles_are_enumerated():
    """Of 16 flips nilearn draws a thousand; ours does each once, and says how small p can be."""
    maps = smooth_maps(4, 47, effect=3.0)
    common = {"design_matrix": pd.DataFrame({"one": [1.0] * 4}), "mask": MASK, "random_state": 0}
    theirs = p_of(nilearns(maps, n_perm=1000, **common))
    # The observed labelling came up 61 times or so by chance.
    assert np.abs(theirs.min() * 1001 - 1 - 1000 / 16) < 30
    with pytest.warns(match=r"only 16 distinct shuffles, so no p can be below 1/16"):
        found = p_of(non_parametric_inference(maps, **common))
    np.testing.assert_allclose(found.min(), 1 / 16, rtol=1e-12)


def test_p_does_not_depend_on_n_jobs(maps):
    """With two jobs nilearn draws other shuffles; ours are those of one."""
    common = {"design_matrix": design(age=AGE), "mask": MASK, "n_perm": 60, "random_state": 0}
    common["second_level_contrast"] = "age"
    with joblib.parallel_config("threading"):
        theirs = [p_of(nilearns(maps, n_jobs=n_jobs, **common)) for n_jobs in (1, 2)]
        mine = [p_of(non_parametric_inference(maps, n_jobs=n, **common)) for n in (1, 2)]
    assert np.abs(theirs[0] - theirs[1]).max() > 0.01
    np.testing.assert_array_equal(mine[0], mine[1])


def stepped_scores(volume, heights):
    """Σ extent^0.5 · height² over heights, by flooding at every height."""
    scores = np.zeros(volume.shape)
    for height in heights:
        labels, _ = ndimage.label(volume >= height)
        extents = np.bincount(labels.ravel()).astype(float)
        extents[0] = 0.0
        scores += np.sqrt(extents[labels]) * height**2
    return scores


def test_tfce_is_an_integral(maps):
    """Nilearn adds up 100 steps to the map's own maximum without their width; ours is exact."""
    common = {"design_matrix": design(one=1), "mask": MASK, "tfce": True}
    theirs = nilearns(maps, n_perm=2, random_state=0, **common)
    found = non_parametric_inference(maps, n_perm=2, random_state=0, **common)
    t = found["t"].get_fdata()
    highest = t.max()
    steps = stepped_scores(t, np.linspace(0, highest, 101)[1:])
    # Worst seen: 2.6e-15 of the largest.
    np.testing.assert_allclose(theirs["tfce"].get_fdata(), steps, rtol=0, atol=1e-9 * steps.max())
    # Midpoints of 2 000 steps, whose sum is within 0.1 % of the largest score.
    width = highest / 2000
    integral = width * stepped_scores(t, (np.arange(2000) + 0.5) * width)
    exact = found["tfce"].get_fdata()
    # Worst seen: 4.3e-4 of the largest.
    np.testing.assert_allclose(exact, integral, rtol=0, atol=1e-3 * integral.max())
    # The unit of theirs is that of a step of this map; a shuffle's map has another.
    ratio = theirs["tfce"].get_fdata().max() / exact.max()
    assert 1.002 < ratio * highest / 100 < 1.02


def test_both_sides_are_enhanced_by_themselves(maps):
    """Scores of the negative side are negative, as in nilearn, and those of the changed sign."""
    common = {"design_matrix": design(one=1), "mask": MASK, "tfce": True, "n_perm": 2}
    common["random_state"] = 0
    theirs = nilearns(maps, two_sided_test=True, **common)["tfce"].get_fdata()
    both = non_parametric_inference(maps, two_sided_test=True, **common)["tfce"].get_fdata()
    beyond = theirs != 0.0  # not so below nilearn's first step
    np.testing.assert_array_equal(np.sign(both[beyond]), np.sign(theirs[beyond]))
    assert np.count_nonzero(both < 0) > 10
    for sign in (1, -1):
        turned = [nib.Nifti1Image(sign * image.get_fdata(), AFFINE) for image in maps]
        one = non_parametric_inference(turned, **common)["tfce"].get_fdata()
        # Worst seen: 0.
        np.testing.assert_allclose(np.maximum(sign * both, 0), one, rtol=1e-12)


def test_a_surface_has_clusters_and_tfce(make_surface, ones):
    """Nilearn drops what was asked for, with a warning; ours answers."""
    images = [make_surface(seed) for seed in range(8)]
    common = {"design_matrix": ones(8), "n_perm": 4, "threshold": 0.1, "tfce": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", NotImplementedWarning)
        with pytest.raises(NotImplementedWarning, match="not yet implemented for surface data"):
            nilearns_function(images, **common)
    assert hasattr(nilearns(images, **common), "mesh")
    found = non_parametric_inference(images, random_state=0, **common)
    assert {"t", "size", "mass", "tfce"} < set(found)
    theirs = nilearns(images, random_state=0, design_matrix=ones(8), n_perm=4)
    assert {name: part.shape for name, part in theirs.data.parts.items()} == {
        name: part.shape for name, part in found["logp_max_t"].data.parts.items()
    }


@pytest.mark.parametrize("of_masker", [None, 2.0])
def test_the_width_that_is_asked_for_goes_before_a_maskers(maps, of_masker):
    """Nilearn forgets it where the masker has none; ours smooths either way."""
    masker = NiftiMasker(MASK, smoothing_fwhm=of_masker, standardize=None)
    common = {"design_matrix": design(one=1), "n_perm": 2, "threshold": 0.01, "random_state": 0}
    rough = nilearns(maps, mask=MASK, **common)["t"].get_fdata()
    smooth = nilearns(maps, mask=MASK, smoothing_fwhm=5.0, **common)["t"].get_fdata()
    theirs = nilearns(maps, mask=masker, smoothing_fwhm=5.0, **common)["t"].get_fdata()
    np.testing.assert_array_equal(theirs, rough if of_masker is None else smooth)
    if of_masker is None:
        found = non_parametric_inference(maps, mask=masker, smoothing_fwhm=5.0, **common)
    else:
        with pytest.warns(UserWarning, match="'smoothing_fwhm' of the masker overridden: 5.0 was"):
            found = non_parametric_inference(maps, mask=masker, smoothing_fwhm=5.0, **common)
    # Worst seen: 1.6e-14.
    np.testing.assert_allclose(found["t"].get_fdata(), smooth, rtol=1e-10, atol=1e-10)
    assert masker.smoothing_fwhm == of_masker
