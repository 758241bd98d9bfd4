"""`non_parametric_inference`: every kind of input, what the design is made of, what is asked of it.

Most p-values are exact: few maps have few shuffles, all of which a plain loop goes through.
"""

import inspect
import itertools
import re
import warnings

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import scipy.stats
from nilearn.glm.second_level import non_parametric_inference as nilearns_function
from nilearn.image import smooth_img
from nilearn.maskers import NiftiMasker, SurfaceMasker
from nilearn.surface import SurfaceImage
from scipy import ndimage

from secondlevel import SecondLevelModel, non_parametric_inference, tfce
from secondlevel.errors import (
    BlockError,
    CheckpointError,
    ContrastError,
    InputError,
    InputTypeError,
    MissingDataWarning,
    PermutationWarning,
)
from secondlevel.streaming.reader import VolumeReader

TIE = 1e-9


def data_in(mask_img, images):
    """What images hold in a mask, one row each."""
    inside = mask_img.get_fdata() > 0
    return np.array([image.get_fdata()[inside] for image in images])


def p_in(mask_img, image):
    """The p-values in a mask of an image of -log10 p."""
    return 10.0 ** -image.get_fdata()[mask_img.get_fdata() > 0]


def t_of(data, designs, weights):
    """The t of a contrast, of one design of full rank or of S, shape (S, n, p): (S, V)."""
    inverse = np.linalg.pinv(designs)
    beta = inverse @ data
    dof = designs.shape[-2] - np.linalg.matrix_rank(designs)
    rss = ((data - designs @ beta) ** 2).sum(axis=-2)
    spread = ((weights @ inverse) ** 2).sum(axis=-1)
    return (weights @ beta) / np.sqrt(rss * (spread / dof)[..., None])


def share(maxima, observed):
    """Share of maxima, shape (S,), that reach what was observed, shape (V,)."""
    return (maxima[:, None] >= observed - TIE * np.abs(observed)).mean(axis=0)


def flips(n):
    """All signs of n maps, shape (2^n, n)."""
    return np.array(list(itertools.product([1.0, -1.0], repeat=n)))


def mean_t(data, signs):
    """The t of the mean of flipped maps, shape (S, V)."""
    n = len(data)
    sums, squares = signs @ data, (data**2).sum(axis=0)
    return sums / np.sqrt((squares - sums**2 / n) / (n - 1) * n)


@pytest.fixture
def slope_p(images, mask_img, expected_t, design):
    """Exact one-sided p of the slope on age: all 5 040 orders of seven ages."""
    data = data_in(mask_img, images)
    ages = np.array(list(itertools.permutations(design["age"]))) - design["age"].mean()
    y = data - data.mean(axis=0)
    r = ages @ y / np.linalg.norm(ages, axis=1)[:, None] / np.linalg.norm(y, axis=0)
    return share((r * np.sqrt(5.0 / (1.0 - r**2))).max(axis=1), expected_t)


# ---------------------------------------------------------------- inputs


def as_4d(images, paths, save_maps):
    """One image of all maps."""
    data = np.stack([image.get_fdata() for image in images], axis=-1)
    return nib.Nifti1Image(data, images[0].affine)


WAYS = {
    "images": lambda images, paths, save: images,
    "tuple": lambda images, paths, save: tuple(images),
    "paths": lambda images, paths, save: paths,
    "strings": lambda images, paths, save: [str(path) for path in paths],
    "Series": lambda images, paths, save: pd.Series([str(path) for path in paths]),
    "4D image": as_4d,
    "4D file": lambda images, paths, save: save([as_4d(images, paths, save)], name="all")[0],
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_hand_maps_over_gives_the_same_p(
    way, images, paths, save_maps, mask_img, design, slope_p
):
    """Images, paths, a Series, one 4D image or file: p of all 5 040 orders, as by a plain loop."""
    found = non_parametric_inference(
        WAYS[way](images, paths, save_maps),
        design_matrix=design,
        second_level_contrast="age",
        mask=mask_img,
    )
    # Worst seen: 2.9e-14 of a count.
    np.testing.assert_allclose(p_in(mask_img, found) * 5040, slope_p * 5040, rtol=0, atol=1e-9)


def test_a_table_keeps_its_order_beside_a_design_matrix(table, mask_img, design, slope_p):
    """Rows of a given design belong to rows of the table, whatever the labels."""
    found = non_parametric_inference(
        table, design_matrix=design, second_level_contrast="age", mask=mask_img
    )
    np.testing.assert_allclose(p_in(mask_img, found) * 5040, slope_p * 5040, rtol=0, atol=1e-9)
    wrong = design.set_axis(sorted(table["subject_label"]))
    with pytest.raises(InputError, match="labelled 's1' but the map in that row is of subject"):
        non_parametric_inference(
            table, design_matrix=wrong, second_level_contrast="age", mask=mask_img
        )


def test_confounds_are_matched_by_subject(table, confounds, mask_img, slope_p):
    """Without a design matrix it is made of the confounds, which stand in another order."""
    found = non_parametric_inference(
        table, confounds=confounds, second_level_contrast="age", mask=mask_img
    )
    np.testing.assert_allclose(p_in(mask_img, found) * 5040, slope_p * 5040, rtol=0, atol=1e-9)
    mean = non_parametric_inference(table, mask=mask_img)
    ones = pd.DataFrame({"intercept": [1.0] * 7})
    expected = non_parametric_inference(table, design_matrix=ones, mask=mask_img)
    np.testing.assert_array_equal(mean.get_fdata(), expected.get_fdata())


def test_the_design_may_be_a_file(paths, mask_img, design, slope_p, tmp_path):
    """A tsv file with the columns of the design is read."""
    design.to_csv(tmp_path / "design.tsv", sep="\t", index=False)
    found = non_parametric_inference(
        paths,
        design_matrix=tmp_path / "design.tsv",
        second_level_contrast="age",
        mask=str_of(mask_img, tmp_path),
    )
    np.testing.assert_allclose(p_in(mask_img, found) * 5040, slope_p * 5040, rtol=0, atol=1e-9)


def str_of(image, folder):
    """Path of a file of an image."""
    nib.save(image, folder / "mask.nii.gz")
    return str(folder / "mask.nii.gz")


def test_a_map_name_chooses_the_maps(table, save_maps, make_image, mask_img, design, slope_p):
    """Of a table with several kinds of maps those asked for are tested."""
    others = save_maps([make_image(seed + 60) for seed in range(7)], name="house")
    houses = table.assign(map_name="houses", effects_map_path=[str(path) for path in others])
    both = pd.concat([houses, table], ignore_index=True)
    common = {"design_matrix": design, "second_level_contrast": "age", "mask": mask_img}
    found = non_parametric_inference(both, first_level_contrast="faces", **common)
    np.testing.assert_allclose(p_in(mask_img, found) * 5040, slope_p * 5040, rtol=0, atol=1e-9)
    with pytest.raises(InputError, match=r"faces.*houses|houses.*faces"):
        non_parametric_inference(both, **common)


def test_first_level_models_are_asked_for_a_contrast(make_first_level, mask_img):
    """Their effects are tested as maps are: p of all 16 flips."""
    models = [make_first_level(seed) for seed in range(4)]
    maps = [model.compute_contrast("task", output_type="effect_size") for model in models]
    with pytest.warns(PermutationWarning, match="only 16 distinct shuffles"):
        found = non_parametric_inference(
            models,
            design_matrix=pd.DataFrame({"mean": [1.0] * 4}),
            first_level_contrast="task",
            mask=mask_img,
        )
    data = data_in(mask_img, maps)
    t = mean_t(data, flips(4))
    np.testing.assert_allclose(p_in(mask_img, found), share(t.max(axis=1), t[0]), rtol=1e-12)


@pytest.mark.parametrize("fitted", [False, True])
def test_a_masker_is_a_mask_with_settings(images, mask_img, design, fitted):
    """Its mask and its smoothing are used, whether it is fitted or not, and it stays as it was."""
    masker = NiftiMasker(mask_img, smoothing_fwhm=5.0, standardize=None)
    if fitted:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*Generation of a mask")
            masker.fit(images)
    common = {"design_matrix": design, "second_level_contrast": "age", "n_perm": 100}
    common["random_state"] = 0
    found = non_parametric_inference(images, mask=masker, threshold=0.1, **common)
    smoothed = [smooth_img(image, 5.0) for image in images]
    by_hand = non_parametric_inference(smoothed, mask=mask_img, threshold=0.1, **common)
    asked = non_parametric_inference(
        images, mask=mask_img, smoothing_fwhm=5.0, threshold=0.1, **common
    )
    for key, image in found.items():
        # Worst seen: 0.
        np.testing.assert_allclose(image.get_fdata(), by_hand[key].get_fdata(), atol=1e-10)
        np.testing.assert_array_equal(image.get_fdata(), asked[key].get_fdata())
    assert masker.smoothing_fwhm == 5.0


def test_a_width_that_is_asked_for_keeps_the_mask_of_a_fitted_masker(images, mask_img, design):
    """A masker's own mask, which its fit found, is used with another smoothing than its own."""
    bright = [nib.Nifti1Image(image.get_fdata() + 9.0, image.affine) for image in images]
    inside = mask_img.get_fdata() > 0
    bright = [
        nib.Nifti1Image(np.where(inside, image.get_fdata(), 0), image.affine) for image in bright
    ]
    masker = NiftiMasker(mask_args={"opening": False}, standardize=None).fit(bright)
    found = masker.mask_img_.get_fdata() > 0
    assert 100 < found.sum() < found.size
    p = non_parametric_inference(
        images,
        design_matrix=design,
        second_level_contrast="age",
        mask=masker,
        smoothing_fwhm=4.0,
        threshold=0.4,
        n_perm=20,
        random_state=0,
    )
    np.testing.assert_array_equal(p["t"].get_fdata() != 0, found)


def test_surfaces_have_clusters_and_tfce(make_surface):
    """The t of every vertex, clusters along the mesh, scores with E = 1: each part by itself."""
    images = [make_surface(seed) for seed in range(6)]
    stacked = {
        name: np.stack([image.data.parts[name] for image in images], axis=-1)
        for name in images[0].data.parts
    }
    together = SurfaceImage(images[0].mesh, stacked)
    common = {"design_matrix": pd.DataFrame({"mean": [1.0] * 6}), "threshold": 0.2, "tfce": True}
    found = non_parametric_inference(images, **common)
    as_one = non_parametric_inference(together, **common)
    data = np.hstack([values.T for values in stacked.values()])
    t = mean_t(data, flips(6))
    whole = {
        key: np.concatenate([np.ravel(part) for part in image.data.parts.values()])
        for key, image in found.items()
    }
    # Worst seen: 1.5e-15.
    np.testing.assert_allclose(whole["t"], t[0], rtol=1e-10)
    np.testing.assert_allclose(10.0 ** -whole["logp_max_t"], share(t.max(axis=1), t[0]), rtol=1e-12)
    beyond = t[0] >= scipy.stats.t.isf(0.2, 5)
    np.testing.assert_array_equal(whole["size"] > 0, beyond)
    for key, image in as_one.items():
        for name, part in image.data.parts.items():
            np.testing.assert_array_equal(part, found[key].data.parts[name])
    scores = tfce(found["t"], two_sided=False).data.parts
    for name, part in found["tfce"].data.parts.items():
        np.testing.assert_allclose(part, np.asarray(scores[name]), rtol=1e-12)


def test_a_surface_may_have_a_mask(make_surface):
    """Vertices outside the mask, handed over as image or masker, are 0 in every image."""
    images = [make_surface(seed) for seed in range(7)]
    inside = {name: np.arange(12) % 3 > 0 for name in images[0].data.parts}
    mask = SurfaceImage(images[0].mesh, inside)
    common = {"design_matrix": pd.DataFrame({"mean": [1.0] * 7}), "threshold": 0.2}
    found = non_parametric_inference(images, mask=mask, **common)
    by_masker = non_parametric_inference(images, mask=SurfaceMasker(mask), **common)
    for name, kept in inside.items():
        np.testing.assert_array_equal(found["t"].data.parts[name] != 0, kept)
        np.testing.assert_array_equal(
            found["logp_max_t"].data.parts[name], by_masker["logp_max_t"].data.parts[name]
        )


def test_missing_values_are_left_out(images, mask_img, design):
    """Where a map has no value nothing is claimed; elsewhere nothing changes."""
    inside = np.argwhere(mask_img.get_fdata() > 0)
    volume = images[2].get_fdata().copy()
    volume[tuple(inside[17])] = np.nan
    holed = [*images[:2], nib.Nifti1Image(volume, mask_img.affine), *images[3:]]
    rest = mask_img.get_fdata().copy()
    rest[tuple(inside[17])] = 0
    common = {"design_matrix": design, "second_level_contrast": "age", "n_perm": 50}
    common |= {"random_state": 0, "threshold": 0.2, "tfce": True, "two_sided_test": True}
    with pytest.warns(MissingDataWarning, match=r"1 of \d+ elements were left out"):
        found = non_parametric_inference(holed, mask=mask_img, **common)
    smaller = nib.Nifti1Image(rest, mask_img.affine)
    expected = non_parametric_inference(images, mask=smaller, **common)
    for key, image in found.items():
        np.testing.assert_array_equal(image.get_fdata(), expected[key].get_fdata())
        assert image.get_fdata()[tuple(inside[17])] == 0.0


# ---------------------------------------------------------------- the intercept


def dof_of(found):
    """Degrees of freedom that the header of t states."""
    return found["t"].header.get_intent()[1]


def test_ones_are_added_where_the_columns_do_not_span_them(images, mask_img, design, expected_t):
    """`age` alone is `age` beside an intercept; with ``model_intercept=False`` it is not."""
    age = design[["age"]]
    common = {"mask": mask_img, "threshold": 0.1, "n_perm": 100, "random_state": 0}
    inside = mask_img.get_fdata() > 0
    with_ones = non_parametric_inference(
        images, design_matrix=design, second_level_contrast="age", **common
    )
    added = non_parametric_inference(images, design_matrix=age, **common)
    for key, image in with_ones.items():
        np.testing.assert_array_equal(image.get_fdata(), added[key].get_fdata(), err_msg=key)
    # Worst seen: 1.3e-13.
    np.testing.assert_allclose(added["t"].get_fdata()[inside], expected_t, rtol=1e-9)
    assert dof_of(added) == (5.0,)
    common |= {"design_matrix": age, "model_intercept": False}
    with pytest.raises(BlockError, match=r"^90% of what the contrast tests is the same"):
        non_parametric_inference(images, **common)
    with pytest.warns(PermutationWarning, match="^90% of what"):
        without = non_parametric_inference(images, errors="permute", **common)
    assert dof_of(without) == (6.0,)
    through_0 = t_of(data_in(mask_img, images), age.to_numpy(), np.ones(1))
    # Worst seen: 1.5e-14.
    np.testing.assert_allclose(without["t"].get_fdata()[inside], through_0, rtol=1e-9)


SPANNING = {
    "ones": ({"one": [1.0] * 7}, "one", 6.0),
    "a constant": ({"age": range(7), "five": [5.0] * 7}, "age", 5.0),
    "two groups": ({"a": [1.0, 1, 1, 0, 0, 0, 0], "b": [0.0, 0, 0, 1, 1, 1, 1]}, "a - b", 5.0),
    "a sum": ({"a": range(7), "b": [7.0 - i for i in range(7)]}, "a - b", 5.0),
}


@pytest.mark.parametrize("kind", SPANNING)
def test_no_ones_are_added_where_they_add_up(images, mask_img, kind):
    """A column of ones, or columns that add up to one, are intercept enough."""
    columns, contrast, dof = SPANNING[kind]
    common = {"design_matrix": pd.DataFrame(columns), "second_level_contrast": contrast}
    common |= {"mask": mask_img, "threshold": 0.1, "n_perm": 20, "random_state": 0}
    found = non_parametric_inference(images, **common)
    assert dof_of(found) == (dof,)
    without = non_parametric_inference(images, model_intercept=False, **common)
    for key, image in found.items():
        np.testing.assert_array_equal(image.get_fdata(), without[key].get_fdata())


def test_a_column_may_have_the_name_of_the_intercept(images, mask_img, design, slope_p):
    """A covariate called `intercept`, and another called `model_intercept`, stay what they are."""
    common = {"mask": mask_img, "second_level_contrast": "intercept"}
    one = design[["age"]].rename(columns={"age": "intercept"})
    found = non_parametric_inference(images, design_matrix=one, **common)
    np.testing.assert_allclose(p_in(mask_img, found) * 5040, slope_p * 5040, rtol=0, atol=1e-9)
    two = one.assign(model_intercept=[3.0, 1, 4, 1, 5, 9, 2])
    other = two.rename(columns={"intercept": "age", "model_intercept": "digits"})
    asked = {"mask": mask_img, "n_perm": 50, "random_state": 0}
    a = non_parametric_inference(images, None, two, "intercept", **asked)
    b = non_parametric_inference(images, None, other, "age", **asked)
    np.testing.assert_array_equal(a.get_fdata(), b.get_fdata())


@pytest.mark.parametrize(
    "contrast",
    [
        "age",
        [1, 0],
        np.array([1.0, 0.0]),
        pd.Series({"digits": 0.0, "age": 1.0}),
        {"asked": [1, 0]},
        {"asked": pd.Series({"age": 1})},
    ],
    ids=["name", "list", "array", "Series", "dict of list", "dict of Series"],
)
def test_weights_are_of_the_columns_that_were_given(images, mask_img, design, contrast):
    """The column that is added weighs 0, in silence, in vectors and in dicts of them."""
    digits = [3.0, 1, 4, 1, 5, 9, 2]
    given = pd.DataFrame({"age": design["age"], "digits": digits})
    full = given.assign(intercept=1.0)
    asked = {"mask": mask_img, "n_perm": 50, "random_state": 0, "threshold": 0.1}
    expected = non_parametric_inference(
        images, design_matrix=full, second_level_contrast="age", **asked
    )
    if isinstance(contrast, dict):
        found = non_parametric_inference(images, design_matrix=given, contrasts=contrast, **asked)
        assert list(found) == ["asked"]
        found = found["asked"]
    else:
        found = non_parametric_inference(
            images, design_matrix=given, second_level_contrast=contrast, **asked
        )
    assert set(found) == set(expected)
    for key, image in expected.items():
        np.testing.assert_array_equal(found[key].get_fdata(), image.get_fdata(), err_msg=key)


@pytest.mark.parametrize("rows", [[[1, 0], [0, 1]], ["age", "digits"], pd.DataFrame(np.eye(2))])
def test_rows_of_an_f_contrast_are_widened_too(images, mask_img, design, rows):
    """F of both columns is that of the design with an intercept."""
    given = pd.DataFrame({"age": design["age"], "digits": [3.0, 1, 4, 1, 5, 9, 2]})
    found = non_parametric_inference(
        images,
        design_matrix=given,
        second_level_contrast=rows,
        mask=mask_img,
        uncorrected=True,
        n_perm=20,
        random_state=0,
    )
    assert set(found) == {"F", "logp_max_F", "logp_unc_F", "logp_fdr_F"}
    model = SecondLevelModel(mask_img).fit(images, design_matrix=given.assign(intercept=1.0))
    expected = model.compute_contrast(["age", "digits"], output_type="stat")
    # Worst seen: 0.
    np.testing.assert_allclose(found["F"].get_fdata(), expected.get_fdata(), rtol=1e-12)


def test_the_intercept_that_is_added_is_no_answer(images, mask_img, design):
    """A contrast over `intercept` is refused where the user gave no such column."""
    with pytest.raises(ContrastError, match="'intercept' is not defined"):
        non_parametric_inference(
            images,
            design_matrix=design[["age"]],
            second_level_contrast="intercept",
            mask=mask_img,
        )


# ---------------------------------------------------------------- what is shuffled


@pytest.fixture
def pairs(make_image, save_maps):
    """A table of two maps for each of five subjects, its design, and the differences."""
    volumes = [make_image(seed + 20).get_fdata() for seed in range(10)]
    for volume in volumes[5:]:
        volume[2:4, 2:5, 3:6] += 4.0
    maps = [make_image(volume) for volume in volumes]
    paths = save_maps(maps)
    subjects = ["e", "b", "a", "d", "c"]
    table = pd.DataFrame(
        {
            "subject_label": subjects * 2,
            "map_name": "effect",
            "effects_map_path": [str(path) for path in paths],
        }
    )
    design = pd.DataFrame(
        {
            "after": np.repeat([0.0, 1.0], 5),
            **{name: np.tile(np.eye(5)[i], 2) for i, name in enumerate(subjects)},
        }
    )
    return table, design, maps


def test_blocks_may_be_the_subjects_of_the_table(pairs, mask_img):
    """Paired maps swap within subjects: p is that of all 32 flips of the differences."""
    table, design, maps = pairs
    found = non_parametric_inference(
        table,
        design_matrix=design,
        second_level_contrast="after",
        mask=mask_img,
        exchangeability_blocks="subject",
        threshold=0.2,
    )
    data = data_in(mask_img, maps)
    t = mean_t(data[5:] - data[:5], flips(5))
    inside = mask_img.get_fdata() > 0
    # Worst seen: 3.2e-13.
    np.testing.assert_allclose(found["t"].get_fdata()[inside], t[0], rtol=1e-9)
    p = p_in(mask_img, found["logp_max_t"])
    np.testing.assert_allclose(p, share(t.max(axis=1), t[0]), rtol=1e-12)
    assert p.min() < 0.1


def test_blocks_may_be_given_as_labels(pairs, mask_img):
    """The same by a list, with images that do not say whose they are."""
    table, design, maps = pairs
    common = {"design_matrix": design, "second_level_contrast": "after", "mask": mask_img}
    by_table = non_parametric_inference(table, exchangeability_blocks="subject", **common)
    by_list = non_parametric_inference(
        maps, exchangeability_blocks=table["subject_label"].to_list(), **common
    )
    np.testing.assert_array_equal(by_table.get_fdata(), by_list.get_fdata())
    with pytest.raises(BlockError, match="a column `subject_label`, or give the blocks as a list"):
        non_parametric_inference(maps, exchangeability_blocks="subject", **common)


def test_groups_may_differ_in_variance(images, mask_img):
    """With two variance groups the statistic is Welch's t, under its own name."""
    group = [1.0, 1, 1, 0, 0, 0, 0]
    found = non_parametric_inference(
        images,
        design_matrix=pd.DataFrame({"patient": group}),
        second_level_contrast="patient",
        mask=mask_img,
        variance_groups=group,
        threshold=0.1,
        scale="z",
        n_perm=50,
    )
    keys = {"v", "size", "mass"}
    assert set(found) == {"z"} | keys | {f"logp_max_{key}" for key in keys}
    data = data_in(mask_img, images)
    expected = scipy.stats.ttest_ind(data[:3], data[3:], equal_var=False)
    inside = mask_img.get_fdata() > 0
    # Worst seen: 1.3e-13.
    np.testing.assert_allclose(found["v"].get_fdata()[inside], expected.statistic, rtol=1e-9)
    # All 35 splits, the observed one by hand: its p is 1/35 at least, and counts are whole.
    counts = p_in(mask_img, found["logp_max_v"]) * 35
    np.testing.assert_allclose(counts, np.rint(counts), atol=1e-9)
    # The p that forms clusters has every element's own degrees of freedom.
    beyond = (expected.statistic > 0) & (expected.pvalue / 2 <= 0.1)
    np.testing.assert_array_equal(found["size"].get_fdata()[inside] > 0, beyond)


def test_partial_correlations_are_asked_for_by_name(images, mask_img, design, slope_p):
    """R of age has the p of its t."""
    found = non_parametric_inference(
        images,
        design_matrix=design,
        second_level_contrast="age",
        mask=mask_img,
        statistic="partial_r",
        uncorrected=True,
    )
    assert set(found) == {
        f"{kind}partial_r" for kind in ("", "logp_max_", "logp_unc_", "logp_fdr_")
    }
    data = data_in(mask_img, images)
    inside = mask_img.get_fdata() > 0
    r = [scipy.stats.pearsonr(design["age"], y).statistic for y in data.T]
    # Worst seen: 1.2e-13.
    np.testing.assert_allclose(found["partial_r"].get_fdata()[inside], r, rtol=1e-9)
    p = p_in(mask_img, found["logp_max_partial_r"])
    np.testing.assert_allclose(p * 5040, slope_p * 5040, rtol=0, atol=1e-9)


def test_each_element_may_be_asked_by_itself(images, mask_img):
    """Uncorrected p counts the flips of the element alone; q is made of these."""
    found = non_parametric_inference(
        images,
        design_matrix=pd.DataFrame({"mean": [1.0] * 7}),
        mask=mask_img,
        uncorrected=True,
        tfce=True,
        two_sided_test=True,
    )
    keys = {"t", "tfce"}
    kinds = ("logp_max_", "logp_unc_", "logp_fdr_")
    assert set(found) == keys | {f"{kind}{key}" for key in keys for kind in kinds}
    t = np.abs(mean_t(data_in(mask_img, images), flips(7)))
    p = (t >= t[0] * (1 - TIE)).mean(axis=0)
    np.testing.assert_allclose(p_in(mask_img, found["logp_unc_t"]), p, rtol=1e-12)
    q = scipy.stats.false_discovery_control(p)
    np.testing.assert_allclose(p_in(mask_img, found["logp_fdr_t"]), q, rtol=1e-12)
    corrected = share(t.max(axis=1), t[0])
    np.testing.assert_allclose(p_in(mask_img, found["logp_max_t"]), corrected, rtol=1e-12)


def test_several_contrasts_are_corrected_together(images, mask_img):
    """A dict of contrasts gives a dict of answers, p by the largest of all."""
    group = np.array([1.0, 1, 1, 0, 0, 0, 0])
    table = pd.DataFrame({"patient": group, "control": 1 - group})
    contrasts = {"more": "patient - control", "less": "control - patient"}
    found = non_parametric_inference(
        images, design_matrix=table, contrasts=contrasts, mask=mask_img, threshold=0.1
    )
    assert list(found) == ["more", "less"]
    data = data_in(mask_img, images)
    splits = []
    for members in itertools.combinations(range(7), 3):
        split = np.zeros(7)
        split[list(members)] = 1.0
        splits.append(np.column_stack([split, 1 - split]))
    t = t_of(data, np.array(splits), np.array([1.0, -1.0]))
    inside = mask_img.get_fdata() > 0
    for name, sign in (("more", 1), ("less", -1)):
        images_of = found[name]
        assert {"t", "size", "mass"} < set(images_of)
        # Worst seen: 2.3e-15.
        np.testing.assert_allclose(images_of["t"].get_fdata()[inside], sign * t[0], atol=1e-9)
        p = share(np.abs(t).max(axis=1), sign * t[0])
        np.testing.assert_allclose(p_in(mask_img, images_of["logp_max_t"]), p, rtol=1e-9)


# ---------------------------------------------------------------- clusters


def components(beyond, connectivity):
    """Clusters of a volume: label of every voxel, from 1."""
    order = {6: 1, 18: 2, 26: 3}[connectivity]
    return ndimage.label(beyond, ndimage.generate_binary_structure(3, order))[0]


@pytest.mark.parametrize("mass", ["excess", "sum"])
@pytest.mark.parametrize("connectivity", [6, 18, 26])
def test_clusters_are_those_of_a_flood_fill(images, mask_img, connectivity, mass):
    """Sizes, masses and their p by all 128 flips, for any neighbours and either mass."""
    found = non_parametric_inference(
        images,
        design_matrix=pd.DataFrame({"mean": [1.0] * 7}),
        mask=mask_img,
        threshold=0.1,
        connectivity=connectivity,
        mass=mass,
    )
    inside = mask_img.get_fdata() > 0
    height = scipy.stats.t.isf(0.1, 6)
    sizes, masses = [], []
    for t in mean_t(data_in(mask_img, images), flips(7)):
        volume = np.zeros(inside.shape)
        volume[inside] = t
        labels = components(volume >= height, connectivity)
        counts = np.bincount(labels.ravel())
        weights = volume - height if mass == "excess" else volume
        sums = np.bincount(labels.ravel(), np.where(labels > 0, weights, 0.0).ravel())
        counts[0] = 0
        sizes.append(counts[labels][inside].astype(float))
        masses.append(sums[labels][inside])
    for key, values in (("size", np.array(sizes)), ("mass", np.array(masses))):
        # Worst seen: 1.8e-13, of masses up to 160.
        np.testing.assert_allclose(found[key].get_fdata()[inside], values[0], rtol=0, atol=1e-9)
        p = np.where(values[0] > 0, share(values.max(axis=1), values[0]), 1.0)
        np.testing.assert_allclose(p_in(mask_img, found[f"logp_max_{key}"]), p, rtol=1e-12)


@pytest.mark.parametrize("scale", ["stat", "z"])
def test_clusters_form_on_either_scale_at_the_same_elements(images, mask_img, scale):
    """A p means the same elements on t and on z; masses differ, and z is an image of its own."""
    found = non_parametric_inference(
        images,
        design_matrix=pd.DataFrame({"mean": [1.0] * 7}),
        mask=mask_img,
        threshold=0.05,
        scale=scale,
        mass="sum",
        n_perm=20,
        random_state=0,
    )
    assert ("z" in found) == (scale == "z")
    t = found["t"].get_fdata()
    beyond = t >= scipy.stats.t.isf(0.05, 6)
    np.testing.assert_array_equal(found["size"].get_fdata() > 0, beyond)
    z = scipy.stats.norm.isf(scipy.stats.t.sf(t, 6))
    labels = components(beyond, 6)
    sums = np.bincount(labels.ravel(), (z if scale == "z" else t).ravel())
    sums[0] = 0
    # Worst seen: 4.4e-16.
    np.testing.assert_allclose(found["mass"].get_fdata(), sums[labels], rtol=1e-9)


# ---------------------------------------------------------------- the run


@pytest.fixture
def ask(images, mask_img, design):
    """Ask for the slope on age by 400 seeded shuffles."""

    def call(**keywords):
        asked = {"n_perm": 400, "random_state": 11, **keywords}
        return non_parametric_inference(
            images, design_matrix=design, second_level_contrast="age", mask=mask_img, **asked
        )

    return call


def test_p_depends_on_the_seed_and_on_nothing_else(ask):
    """Any number of threads, and the same seed of any kind, give the same image."""
    expected = ask().get_fdata()
    for n_jobs in (2, -1, None):
        np.testing.assert_array_equal(ask(n_jobs=n_jobs).get_fdata(), expected)
    np.testing.assert_array_equal(ask(random_state=np.int64(11)).get_fdata(), expected)
    assert (ask(random_state=12).get_fdata() != expected).any()
    for make in (np.random.default_rng, np.random.RandomState):
        first, again = ask(random_state=make(5)), ask(random_state=make(5))
        np.testing.assert_array_equal(first.get_fdata(), again.get_fdata())
        drawn = make(5)
        ask(random_state=drawn)
        assert (ask(random_state=drawn).get_fdata() != first.get_fdata()).any()


def test_without_a_seed_runs_differ(ask):
    """Two runs without a seed draw other shuffles; both within Monte-Carlo error of each other."""
    one, other = (10.0 ** -ask(random_state=None).get_fdata() for _ in range(2))
    assert (one != other).any()
    error = np.sqrt(2 * one * (1 - one) / 400)
    # Five standard errors: one in a million runs or so would fail.
    assert (np.abs(one - other) <= 5 * error + 3 / 400).all()


def test_a_run_goes_on_from_its_checkpoint(ask, tmp_path):
    """A longer run goes on from the file of a shorter one, with its numbers; others are refused."""
    file = tmp_path / "run.npz"
    expected = ask(tfce=True, random_state=11)
    ask(tfce=True, n_perm=150, checkpoint=file)
    assert file.exists()
    resumed = ask(tfce=True, checkpoint=file)
    for key, image in expected.items():
        np.testing.assert_array_equal(resumed[key].get_fdata(), image.get_fdata())
    # Without a seed the one in the file is used.
    again = ask(tfce=True, checkpoint=file, random_state=None)
    np.testing.assert_array_equal(again["tfce"].get_fdata(), expected["tfce"].get_fdata())
    with pytest.raises(CheckpointError, match="checkpoint of another analysis"):
        ask(tfce=True, checkpoint=file, two_sided_test=True)


def test_a_checkpoint_that_cannot_be_written_is_refused_before_shuffles(ask, tmp_path, capsys):
    """A run of hours must not end with the news that its folder is none."""
    blocked = tmp_path / "note"
    blocked.write_text("a file, not a folder")
    with pytest.raises(CheckpointError, match=r"No checkpoint can be written to .*note \("):
        ask(checkpoint=blocked / "run.npz", verbose=1)
    assert "/400" not in capsys.readouterr().err


def test_progress_is_shown_when_asked_for(ask, capsys):
    """With ``verbose=1`` bars count maps and shuffles; by default nothing is printed."""
    ask()
    assert capsys.readouterr() == ("", "")
    ask(verbose=1)
    shown = capsys.readouterr().err
    assert "Reading maps" in shown
    assert "Shuffling" in shown
    assert "400/400" in shown


def test_stopping_early_leaves_every_decision_as_it_was(make_image, ones, mask_img):
    """With ``stop_when="decided"`` p is above or below alpha where the whole run has it."""
    volumes = [make_image(seed + 30).get_fdata() - 0.5 for seed in range(14)]
    for volume in volumes:
        volume[2, 2:4, 3:6] += 4.0
    maps = [nib.Nifti1Image(volume, mask_img.affine) for volume in volumes]
    common = {"design_matrix": ones(14), "mask": mask_img, "random_state": 0, "n_perm": 16_000}
    whole = p_in(mask_img, non_parametric_inference(maps, **common))
    stopped = p_in(mask_img, non_parametric_inference(maps, stop_when="decided", **common))
    np.testing.assert_array_equal(stopped <= 0.05, whole <= 0.05)
    assert (whole <= 0.05).sum() == 6
    # It stopped: p are multiples of a coarser share.
    n = 1.0 / np.diff(np.unique(stopped)).min()
    assert round(n) < 8000


def test_small_p_may_come_from_a_fitted_tail(make_image, ones, mask_img):
    """With ``tail="gpd"`` p of 500 shuffles goes below 1/500, and stays where many exceed."""
    maps = [make_image(seed + 30) for seed in range(14)]
    raised = [nib.Nifti1Image(image.get_fdata() + 0.9, image.affine) for image in maps]
    common = {"design_matrix": ones(14), "mask": mask_img, "random_state": 0, "n_perm": 500}
    counted = p_in(mask_img, non_parametric_inference(raised, **common))
    fitted = p_in(mask_img, non_parametric_inference(raised, tail="gpd", **common))
    assert counted.min() >= 1 / 500 - 1e-12
    assert 0.0 < fitted.min() < counted.min()
    large = counted > 0.3
    np.testing.assert_array_equal(fitted[large], counted[large])


# ---------------------------------------------------------------- what it costs


def test_every_map_is_read_once(paths, mask_img, design, monkeypatch):
    """Maps are kept from the fit to the shuffles; none is read a second time."""
    names = []
    read = VolumeReader.read

    def noted(self, source):
        names.append(source.name)
        return read(self, source)

    monkeypatch.setattr(VolumeReader, "read", noted)
    non_parametric_inference(
        paths,
        design_matrix=design,
        contrasts={"age": "age", "less": "-age"},
        mask=mask_img,
        n_perm=30,
        random_state=0,
        threshold=0.1,
        tfce=True,
    )
    assert names == [f"'{path}'" for path in paths]


# ---------------------------------------------------------------- bad input


P = "threshold must be a p above 0 and below 0.5 that forms clusters, such as 0.001, or None."
WRONG = [
    ({"threshold": 3.0}, InputError, f"{P} 3.0 looks like a z, whose one-sided p is 0.0013: pass"),
    ({"threshold": 3.0, "two_sided_test": True}, InputError, "two-sided p is 0.0027: pass thresh"),
    ({"threshold": 50.0}, InputError, f"{P} Got 50.0."),
    ({"threshold": 0}, InputError, f"{P} Got 0."),
    ({"threshold": -0.001}, InputError, f"{P} Got -0.001."),
    ({"threshold": 0.5}, InputError, f"{P} Got 0.5."),
    ({"threshold": np.nan}, InputError, f"{P} Got nan."),
    ({"threshold": True}, InputTypeError, f"{P} Got True."),
    ({"threshold": "0.001"}, InputTypeError, f"{P} Got '0.001'."),
    ({"threshold": [0.001]}, InputTypeError, f"{P} Got [0.001]."),
    ({"tfce": "yes"}, InputTypeError, "tfce must be True or False. Got 'yes'."),
    ({"two_sided_test": 1}, InputTypeError, "two_sided_test must be True or False. Got 1."),
    ({"model_intercept": None}, InputTypeError, "model_intercept must be True or False. Got None."),
    ({"uncorrected": "no"}, InputTypeError, "uncorrected must be True or False. Got 'no'."),
    ({"mass": "all"}, InputError, "mass must be 'sum' (of heights) or 'excess'"),
    ({"connectivity": 7}, InputError, "6 (faces), 18 (and edges) or 26 (and corners). Got 7."),
    ({"connectivity": "6"}, InputTypeError, "connectivity is the number of neighbours of a voxel"),
    ({"n_perm": 0}, InputError, "n_perm must be a whole number from 1 on, the observed"),
    ({"n_perm": 99.5}, InputError, "n_perm must be a whole number from 1 on"),
    ({"n_perm": "many"}, InputTypeError, "n_perm must be a whole number from 1 on"),
    ({"random_state": -1}, InputError, "random_state must be a whole number from 0 to below 2**63"),
    ({"random_state": "seed"}, InputTypeError, "random_state must be a whole number from 0"),
    ({"n_jobs": 0}, InputError, "n_jobs must not be 0"),
    ({"verbose": "loud"}, InputTypeError, "verbose must be a whole number. Got 'loud'."),
    ({"method": "terbraak"}, InputError, "method must be one of 'freedman-lane', 'ter-braak'"),
    ({"statistic": "r"}, InputError, "statistic must be one of 'auto', 't', 'F'"),
    ({"statistic": "v"}, InputError, "statistic='v' needs variance_groups"),
    ({"scale": "t"}, InputError, "scale must be one of 'stat', 'z'. Got 't'."),
    ({"tail": "pareto"}, InputError, "tail must be one of 'exact', 'gpd'. Got 'pareto'."),
    ({"stop_when": True}, InputError, "stop_when must be one of None, 'decided'. Got True."),
    ({"alpha": 5}, InputError, "alpha should be between 0 and 1. 5 was provided"),
    ({"second_level_contrast": "weight"}, ContrastError, "'weight' is not defined"),
    ({"second_level_contrast": None}, ContrastError, "No second-level contrast is specified"),
    ({"second_level_contrast": [0, 0]}, ContrastError, "Second_level_contrast must be a valid"),
    ({"contrasts": {"a": "age"}}, ContrastError, "for one question or contrasts for several, not"),
    (
        {"second_level_contrast": None, "contrasts": ["age"]},
        ContrastError,
        "contrasts is a dict of names and contrasts, such as {'more': 'a - b'",
    ),
    ({"second_level_contrast": None, "contrasts": {}}, ContrastError, "dict of names and contra"),
    (
        {"second_level_contrast": None, "contrasts": {"a": "age", "b": "weight"}},
        ContrastError,
        "'weight' is not defined",
    ),
    ({"smoothing_fwhm": -3}, InputError, "smoothing_fwhm must be a width in mm"),
]


@pytest.mark.parametrize(("keywords", "error", "message"), WRONG, ids=[str(k) for k, _, _ in WRONG])
def test_what_cannot_be_is_told_before_maps_are_read(
    paths, mask_img, design, monkeypatch, keywords, error, message
):
    """The message says what is wrong, which one and what there is; no map is read for it."""
    monkeypatch.setattr(VolumeReader, "read", None)
    asked = {"design_matrix": design, "second_level_contrast": "age", "mask": mask_img, **keywords}
    with pytest.raises(error, match=re.escape(message)):
        non_parametric_inference(paths, **asked)


LATER = [
    ({"errors": "swap"}, InputError, "errors must be 'permute' (errors are exchangeable), 'flip'"),
    ({"exchangeability_blocks": "subjects"}, BlockError, "or 'subject' for the subjects of the in"),
    ({"exchangeability_blocks": [1, 2]}, BlockError, "there are 7 maps"),
    ({"variance_groups": [1, 2]}, BlockError, "there are 7 maps"),
    (
        {"second_level_contrast": ["age", "digits"], "two_sided_test": True},
        ContrastError,
        "the sign of the effect and has no sides. Leave out sides=…, or two_sided_test=True",
    ),
    (
        {"variance_groups": [1, 1, 1, 1, 0, 0, 0], "threshold": 0.01},
        InputError,
        "that forms clusters belongs to no single height. Use scale='z'",
    ),
    ({"statistic": "F"}, ContrastError, "statistic='F' does not go with contrast `age` of one row"),
    ({"mask": 3}, InputTypeError, "mask_img must be an image, its path"),
]


@pytest.mark.parametrize(("keywords", "error", "message"), LATER, ids=[str(k) for k, _, _ in LATER])
def test_what_does_not_fit_the_maps_is_told(images, mask_img, design, keywords, error, message):
    """What can be seen only beside design and maps is an error too."""
    table = design.assign(digits=[3.0, 1, 4, 1, 5, 9, 2])
    asked = {"design_matrix": table, "second_level_contrast": "age", "mask": mask_img}
    asked |= {"n_perm": 20, "random_state": 0, **keywords}
    with pytest.raises(error, match=re.escape(message)):
        non_parametric_inference(images, **asked)


def test_an_unknown_keyword_is_a_type_error(images, ones):
    """As of any function of Python."""
    with pytest.raises(TypeError, match="unexpected keyword argument 'n_permutations'"):
        non_parametric_inference(images, design_matrix=ones(7), n_permutations=10)


def test_a_mask_on_another_grid_is_where_the_maps_go(images, mask_img, design):
    """Maps are resampled to it, with a warning, as in `SecondLevelModel.fit`."""
    grid = np.diag([4.0, 4, 4, 1])
    grid[:3, 3] = [-8, -6, -4]
    coarse = nib.Nifti1Image(np.ones((4, 4, 5), dtype=np.uint8), grid)
    with pytest.warns(match="7 of 7 maps are on another grid than the mask"):
        found = non_parametric_inference(
            images,
            design_matrix=design,
            second_level_contrast="age",
            mask=coarse,
            n_perm=20,
            random_state=0,
        )
    assert found.shape == (4, 4, 5)
    np.testing.assert_array_equal(found.affine, grid)
    # A model that reads its maps again to shuffle them says so once, in `fit`.
    with pytest.warns(match="7 of 7 maps"):
        model = SecondLevelModel(coarse).fit(images, design_matrix=design)
    again = model.permute("age", scale="stat", n_perm=20, random_state=0)
    np.testing.assert_array_equal(again.image().get_fdata(), found.get_fdata())


def test_the_arguments_of_nilearn_come_first_and_in_its_order():
    """Names, order and defaults of nilearn's function; what is more is by keyword only."""
    theirs = inspect.signature(nilearns_function).parameters
    ours = inspect.signature(non_parametric_inference).parameters
    positional = [p for p in ours.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert [p.name for p in positional] == list(theirs)
    assert {p.name: p.default for p in positional} == {n: p.default for n, p in theirs.items()}
    assert all(p.kind is p.KEYWORD_ONLY for p in list(ours.values())[len(theirs) :])
