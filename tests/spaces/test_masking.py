"""Where maps are looked at: masks of every kind, none, other grids, smoothing."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.glm.second_level import SecondLevelModel as NilearnModel
from nilearn.image import mean_img, resample_img, smooth_img
from nilearn.maskers import MultiNiftiMasker, NiftiMasker

from secondlevel import SecondLevelModel
from secondlevel.errors import IgnoredParameterWarning, MissingDataWarning, ResamplingWarning

RTOL = 1e-9


def inside_of(model):
    """Which voxels are analysed."""
    return model.mask_img_.get_fdata() > 0


def stat_of(model):
    """T of the slope on age at the voxels analysed."""
    return model.compute_contrast("age", output_type="stat").get_fdata()[inside_of(model)]


def saved(mask, folder):
    """Write the mask; return its path."""
    path = folder / "mask.nii.gz"
    nib.save(mask, path)
    return path


def like(mask, data):
    """An image of the data on the grid of the mask."""
    return nib.Nifti1Image(data, mask.affine)


MASKS = {
    "image": lambda mask, folder: mask,
    "path": lambda mask, folder: str(saved(mask, folder)),
    "pathlib path": saved,
    "fives for ones": lambda mask, folder: like(mask, mask.get_fdata() * 5),
    "NaN for zeros": lambda mask, folder: like(mask, np.where(mask.get_fdata(), 1.0, np.nan)),
    "four axes": lambda mask, folder: like(mask, np.asanyarray(mask.dataobj)[..., None]),
    "NiftiMasker": lambda mask, folder: NiftiMasker(mask),
    "NiftiMasker, fitted": lambda mask, folder: NiftiMasker(mask).fit(),
    "NiftiMasker of a path": lambda mask, folder: NiftiMasker(saved(mask, folder)),
    "MultiNiftiMasker": lambda mask, folder: MultiNiftiMasker(mask),
    "MultiNiftiMasker, fitted": lambda mask, folder: MultiNiftiMasker(mask).fit(),
}


@pytest.mark.parametrize("kind", MASKS)
def test_every_way_to_hand_over_a_mask_is_the_same_mask(
    kind, paths, design, mask_img, expected_t, tmp_path
):
    """An image, its path and a masker, fitted or not, name the same voxels in the same order."""
    model = SecondLevelModel(MASKS[kind](mask_img, tmp_path)).fit(paths, design_matrix=design)
    np.testing.assert_array_equal(inside_of(model), mask_img.get_fdata() > 0)
    np.testing.assert_allclose(stat_of(model), expected_t, rtol=RTOL)
    assert model.n_elements_ == len(expected_t)


def test_settings_of_a_masker_are_used_and_go_first(images, design, mask_img, fitted_t):
    """The masker's smoothing is applied; where the model asks for another one, it is told."""
    expected = fitted_t(images, smoothing_fwhm=6)
    model = SecondLevelModel(NiftiMasker(mask_img, smoothing_fwhm=6), smoothing_fwhm=3)
    with pytest.warns(IgnoredParameterWarning, match=r"smoothing_fwhm.*6 - overriding.* 3\n"):
        model.fit(images, design_matrix=design)
    np.testing.assert_allclose(stat_of(model), expected, rtol=RTOL)


def test_what_a_masker_does_along_time_is_ignored_with_a_warning(images, design, mask_img):
    """Subjects are no time series: nothing is standardised or filtered across them."""
    model = SecondLevelModel(NiftiMasker(mask_img, standardize="zscore_sample", detrend=True))
    with pytest.warns(IgnoredParameterWarning, match="standardize, detrend act along time"):
        model.fit(images, design_matrix=design)


# ------------------------------------------------------------------ no mask


@pytest.fixture
def heads():
    """Seven maps of a ball of tissue on a background of zeros."""
    grid = np.indices((20, 21, 22)) - np.array([10, 10, 11]).reshape(3, 1, 1, 1)
    ball = np.linalg.norm(grid, axis=0) < 7.5
    rng = np.random.default_rng(11)
    return [
        nib.Nifti1Image(
            np.where(ball, 50 + rng.normal(0, 3, ball.shape), 0.0), np.diag([4] * 3 + [1])
        )
        for _ in range(7)
    ]


@pytest.mark.parametrize("on_disk", [False, True])
def test_without_a_mask_it_is_computed_as_nilearn_does(heads, design, save_maps, on_disk):
    """The automatic mask of images and of files, and the numbers in it, are nilearn's."""
    given = save_maps(heads) if on_disk else heads
    model = SecondLevelModel().fit(given, design_matrix=design)
    theirs = NilearnModel().fit(heads, design_matrix=design)
    np.testing.assert_array_equal(inside_of(model), theirs.masker_.mask_img_.get_fdata() > 0)
    assert 0 < model.n_elements_ < 20 * 21 * 22
    expected = theirs.compute_contrast("age", output_type="stat").get_fdata()[inside_of(model)]
    np.testing.assert_allclose(stat_of(model), expected, rtol=1e-6)


def test_without_a_mask_a_masker_says_how_to_compute_it(heads, design):
    """The strategy of an unfitted masker without a mask is followed."""
    masker = NiftiMasker(mask_strategy="background", mask_args={"opening": 0})
    model = SecondLevelModel(masker).fit(heads, design_matrix=design)
    expected = NiftiMasker(mask_strategy="background", mask_args={"opening": 0}).fit(
        mean_img(heads)
    )
    np.testing.assert_array_equal(inside_of(model), expected.mask_img_.get_fdata() > 0)


def test_the_automatic_mask_of_a_table_is_that_of_its_first_subject(heads, table, design):
    """As in nilearn, a table's mask comes from its first map, in order of subjects."""
    holed = [nib.Nifti1Image(np.array(head.dataobj), head.affine) for head in heads]
    first = int(table["subject_label"].argmin())
    holed[first].dataobj[10, 10, 14:] = 0
    model = SecondLevelModel().fit(table.assign(effects_map_path=holed), design_matrix=design)
    expected = NiftiMasker().fit(holed[first]).mask_img_.get_fdata() > 0
    np.testing.assert_array_equal(inside_of(model), expected)


# ------------------------------------------------------------------ grids


def on_another_grid(seed):
    """A wider field of view, displaced by fractions of a voxel."""
    affine = np.array([[3.0, 0, 0, -16.5], [0, 3, 0, -13.75], [0, 0, 3.5, -13.125], [0, 0, 0, 1]])
    return nib.Nifti1Image(np.random.default_rng(seed).normal(size=(12, 13, 13)), affine)


def test_maps_on_another_grid_are_resampled_to_the_mask_with_one_warning(
    images, save_maps, mask_img, design, slope_t
):
    """Values are those of nilearn's resampling; one warning says how many maps, and which first."""
    maps = [nib.Nifti1Image(image.get_fdata(), image.affine) for image in images]
    maps[1], maps[4] = on_another_grid(1), on_another_grid(4)
    model = SecondLevelModel(mask_img)
    with pytest.warns(ResamplingWarning, match=r"2 of 7 maps .* another grid.*map-1") as caught:
        model.fit(save_maps(maps), design_matrix=design)
    assert len(caught) == 1
    options = {"copy_header": True, "force_resample": True}
    for i in (1, 4):
        maps[i] = resample_img(maps[i], mask_img.affine, mask_img.shape, **options)
    inside = mask_img.get_fdata() > 0
    expected = slope_t(np.stack([image.get_fdata()[inside] for image in maps]))
    np.testing.assert_allclose(stat_of(model), expected, rtol=1e-8)


def test_one_warning_serves_all_map_names_of_a_table(table, images, mask_img, design):
    """Maps of every name are compared at once, before any is read."""
    moved = [on_another_grid(seed) for seed in range(7)]
    both = [table.assign(effects_map_path=moved), table.assign(map_name="houses")]
    model = SecondLevelModel(mask_img)
    with pytest.warns(ResamplingWarning, match=r"7 of 14 maps") as caught:
        model.fit(pd.concat(both), design_matrix=design)
    model.compute_contrast("age", "houses")
    model.compute_contrast("age", "faces")
    assert len(caught) == 1


def test_voxels_outside_the_field_of_view_of_a_map_are_missing(images, mask_img, design):
    """Where a resampled map does not reach, its value is unknown, not zero."""
    affine = images[4].affine.copy()
    affine[0, 3] += 9.0  # three voxels
    cut = [*images[:4], nib.Nifti1Image(images[4].get_fdata(), affine), *images[5:]]
    model = SecondLevelModel(mask_img)
    with (
        pytest.warns(ResamplingWarning, match="1 of 7 maps"),
        pytest.warns(
            MissingDataWarning, match=r"outside its field of view.*second_level_input\[4\]"
        ),
    ):
        model.fit(cut, design_matrix=design)
    expected = mask_img.get_fdata() > 0
    expected[:3] = False
    np.testing.assert_array_equal(inside_of(model), expected)


def test_target_affine_and_shape_are_those_of_resample_img(images, mask_img, design, slope_t):
    """Maps by splines, the mask by nearest neighbour, to the grid asked for, without a warning."""
    target = np.diag([2.5, 2.5, 3.0, 1.0])
    target[:3, 3] = (-8, -6, 0)
    shape = (6, 7, 5)
    grid = {"target_affine": target, "target_shape": shape}
    model = SecondLevelModel(mask_img, **grid).fit(images, design_matrix=design)
    options = {"copy_header": True, "force_resample": True, **grid}
    inside = resample_img(mask_img, interpolation="nearest", **options).get_fdata() > 0
    np.testing.assert_array_equal(inside_of(model), inside)
    stat = model.compute_contrast("age", output_type="stat")
    np.testing.assert_array_equal(stat.affine, target)
    assert stat.shape == shape
    maps = [resample_img(image, **options) for image in images]
    expected = slope_t(np.stack([image.get_fdata()[inside] for image in maps]))
    np.testing.assert_allclose(stat_of(model), expected, rtol=1e-6)


def test_a_target_of_three_rows_sets_the_size_of_voxels(images, mask_img, design):
    """A 3x3 target affine leaves the position to nilearn."""
    target = np.diag([4.0, 4.0, 4.0])
    model = SecondLevelModel(mask_img, target_affine=target).fit(images, design_matrix=design)
    expected = resample_img(
        mask_img, target, interpolation="nearest", copy_header=True, force_resample=True
    )
    np.testing.assert_array_equal(model.mask_img_.affine, expected.affine)
    assert model.mask_img_.shape == expected.shape


@pytest.mark.parametrize("fwhm", [4, 6.5, (8.0, 4.0, 0.0), np.array([5, 5, 5]), "fast"])
@pytest.mark.parametrize("on_disk", [False, True])
def test_smoothing_is_that_of_smooth_img(
    fwhm, on_disk, images, save_maps, mask_img, slope_t, fitted_t
):
    """Maps are smoothed in mm as `nilearn.image.smooth_img` does, and then masked."""
    inside = mask_img.get_fdata() > 0
    expected = slope_t(np.stack([smooth_img(im, fwhm).get_fdata()[inside] for im in images]))
    found = fitted_t(save_maps(images) if on_disk else images, smoothing_fwhm=fwhm)
    np.testing.assert_allclose(found, expected, rtol=1e-8)


@pytest.mark.parametrize("fwhm", [0, 0.0, (0, 0, 0), None])
def test_no_smoothing_is_none(fwhm, paths, fitted_t, expected_t):
    """A width of zero leaves the maps as they are."""
    np.testing.assert_allclose(fitted_t(paths, smoothing_fwhm=fwhm), expected_t, rtol=RTOL)
