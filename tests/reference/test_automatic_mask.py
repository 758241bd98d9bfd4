"""The mask computed from maps with NaN around the brain is nilearn's, and so is smoothing there."""

import warnings

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.glm.second_level import SecondLevelModel as NilearnModel

from secondlevel import SecondLevelModel
from secondlevel.errors import MissingDataWarning

SHAPE = (20, 20, 20)
AFFINE = np.array([[-3.0, 0, 0, 28], [0, 3, 0, -28], [0, 0, 3, -28], [0, 0, 0, 1]])
N_MAPS = 8
DESIGN = pd.DataFrame({"age": np.linspace(-3, 4, N_MAPS) ** 2, "intercept": 1.0})
RADIUS = np.sqrt(((np.indices(SHAPE) - 9.5) ** 2).sum(axis=0))


@pytest.fixture(scope="module")
def volumes():
    """Bright balls with NaN around them; every map's ball ends elsewhere, in a frayed edge."""
    rng = np.random.default_rng(60)
    made = []
    for i in range(N_MAPS):
        values = 8 + 0.1 * i + rng.normal(size=SHAPE)
        edge = 7.5 + 0.2 * (i % 3) + rng.uniform(-0.4, 0.4, SHAPE)
        made.append(np.where(edge > RADIUS, values, np.nan))
    gaps = {np.isnan(volume).tobytes() for volume in made}
    assert len(gaps) == N_MAPS
    return made


@pytest.fixture(params=["in memory", "files"])
def maps(request, volumes, tmp_path):
    """The same as images, and as compressed files."""
    images = [nib.Nifti1Image(volume, AFFINE) for volume in volumes]
    if request.param == "in memory":
        return images
    paths = [str(tmp_path / f"{i}.nii.gz") for i in range(N_MAPS)]
    for image, path in zip(images, paths, strict=True):
        nib.save(image, path)
    return paths


def nilearns(maps, **settings):
    """Fit nilearn's model without its remarks, on values that are not finite among others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return NilearnModel(**settings).fit(maps, design_matrix=DESIGN)


def ours(maps, **settings):
    """Fit our model; what is left out is expected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MissingDataWarning)
        return SecondLevelModel(**settings).fit(maps, design_matrix=DESIGN)


def inside_of(model):
    """Flags of the mask."""
    return model.mask_img_.get_fdata() > 0


def assert_same_t(found, expected, rtol=1e-9, of_largest=1e-12):
    """Assert that t of both columns is nilearn's within the mask."""
    inside = inside_of(expected)
    for contrast in ("age", "intercept"):
        theirs, mine = (
            model.compute_contrast(contrast, output_type="stat").get_fdata()
            for model in (expected, found)
        )
        atol = of_largest * np.abs(theirs).max()
        np.testing.assert_allclose(
            mine[inside], theirs[inside], rtol=rtol, atol=atol, err_msg=contrast
        )
        np.testing.assert_array_equal(mine[~inside], 0.0)


# ------------------------------------------------------------------ the mask


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("smoothing_fwhm", [None, 5.0])
def test_with_zeros_for_gaps_the_mask_is_nilearns(maps, smoothing_fwhm, n_jobs):
    """Voxel by voxel, on the same grid; maps are smoothed after the mask is computed."""
    expected = nilearns(maps, smoothing_fwhm=smoothing_fwhm)
    found = ours(maps, missing="zero", smoothing_fwhm=smoothing_fwhm, n_jobs=n_jobs)
    assert 0 < inside_of(expected).sum() < RADIUS.size
    np.testing.assert_array_equal(inside_of(found), inside_of(expected))
    np.testing.assert_array_equal(found.mask_img_.affine, expected.mask_img_.affine)
    assert found.n_elements_ == expected.n_elements_


def test_with_gaps_left_out_the_mask_is_contained_in_nilearns(maps, volumes):
    """Of nilearn's mask those voxels stay that every map has, and no others come in."""
    expected = inside_of(nilearns(maps))
    complete = np.isfinite(volumes).all(axis=0)
    model = ours(maps)
    np.testing.assert_array_equal(inside_of(model), expected & complete)
    assert model.n_elements_ > 0
    coverage = model.coverage_.get_fdata()
    np.testing.assert_array_equal(coverage, np.where(expected, np.isfinite(volumes).sum(axis=0), 0))


def test_a_gap_deep_inside_one_map_leaves_nilearns_mask(volumes):
    """A voxel that one map lacks is NaN in nilearn's mean; ours decides as it does."""
    holed = [volume.copy() for volume in volumes]
    holed[3][9:12, 9:12, 9:12] = np.nan
    holed[5][9, 4, 9] = np.nan
    maps = [nib.Nifti1Image(volume, AFFINE) for volume in holed]
    expected = inside_of(nilearns(maps))
    np.testing.assert_array_equal(inside_of(ours(maps, missing="zero")), expected)
    complete = np.isfinite(holed).all(axis=0)
    np.testing.assert_array_equal(inside_of(ours(maps)), expected & complete)


# ------------------------------------------------------------------ the numbers


def test_with_zeros_for_gaps_t_is_nilearns(maps):
    """Within the computed mask gaps count as 0 in both programs."""
    # Worst seen: 3e-12, where t is 0.002.
    assert_same_t(ours(maps, missing="zero"), nilearns(maps))


@pytest.mark.parametrize("fwhm", [5.0, 6])
def test_smoothed_with_zeros_for_gaps_t_is_nilearns(maps, fwhm):
    """Gaps are 0 before smoothing, as in nilearn, so that voxels beside them agree too."""
    found = ours(maps, missing="zero", smoothing_fwhm=fwhm)
    # Worst seen: 3e-10, where t is 2e-5; 2e-14 of the largest t.
    assert_same_t(found, nilearns(maps, smoothing_fwhm=fwhm))


def test_smoothed_beyond_the_edge_of_the_maps_t_is_nilearns(maps):
    """A given mask that reaches out of the brain holds what smoothing has carried there."""
    mask = nib.Nifti1Image((RADIUS < 9).astype(np.uint8), AFFINE)
    found = ours(maps, mask_img=mask, missing="zero", smoothing_fwhm=6.0)
    # Worst seen: 6e-11, where t is 5e-4; 2e-14 of the largest t.
    assert_same_t(found, nilearns(maps, mask_img=mask, smoothing_fwhm=6.0))


def test_smoothed_in_single_precision_t_is_nilearns(volumes):
    """Maps of single precision are smoothed in it, as in nilearn, so t is rounded alike."""
    maps = [nib.Nifti1Image(volume.astype(np.float32), AFFINE) for volume in volumes]
    found = ours(maps, missing="zero", smoothing_fwhm=6.0)
    assert_same_t(found, nilearns(maps, smoothing_fwhm=6.0))


def test_smoothed_with_gaps_left_out_no_gap_is_filled(maps, volumes):
    """With ``missing="exclude"`` a voxel without a value has none after smoothing either."""
    mask = nib.Nifti1Image((RADIUS < 9).astype(np.uint8), AFFINE)
    found = ours(maps, mask_img=mask, smoothing_fwhm=6.0)
    complete = np.isfinite(volumes).all(axis=0) & (RADIUS < 9)
    np.testing.assert_array_equal(inside_of(found), complete)
