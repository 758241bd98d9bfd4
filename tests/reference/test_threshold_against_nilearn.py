"""Thresholded maps against nilearn 0.14.1: the same numbers, and the places where they differ.

Where nilearn is not followed, what it gives is pinned first, so that a change there is noticed.
"""

import warnings

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.datasets import load_mni152_brain_mask
from nilearn.glm import threshold_stats_img as nilearns
from nilearn.image import resample_to_img
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage
from scipy import ndimage, stats

from secondlevel import SecondLevelModel
from secondlevel.claims.threshold import threshold_stats_img
from secondlevel.errors import MapError, MissingDataWarning


def quietly(function, *given, **settings):
    """Call nilearn's function without its remarks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*given, **settings)


@pytest.fixture(scope="module")
def mask():
    """The MNI brain, 4 mm."""
    return quietly(load_mni152_brain_mask, resolution=4)


@pytest.fixture(scope="module")
def z(mask):
    """Smooth noise with effects of both signs in the brain, 0 outside."""
    rng = np.random.default_rng(95)
    noise = ndimage.gaussian_filter(rng.normal(size=mask.shape), 1.2)
    noise /= noise.std()
    noise[12:19, 20:27, 18:24] += 4
    noise[28:34, 30:37, 22:29] -= 4
    return nib.Nifti1Image(noise * (mask.get_fdata() > 0), mask.affine)


def sheets(data):
    """One image of two square meshes, from arrays of shape (n, n)."""
    meshes = {}
    for part, values in data.items():
        n = len(values)
        number = np.arange(n * n).reshape(n, n)
        first, right, below, across = (
            number[a : a + n - 1, b : b + n - 1].ravel() for a in (0, 1) for b in (0, 1)
        )
        triangles = [(first, right, across), (first, across, below)]
        faces = np.concatenate([np.column_stack(corners) for corners in triangles])
        points = np.column_stack([*np.divmod(np.arange(n * n), n), np.zeros(n * n)])
        meshes[part] = InMemoryMesh(points.astype(float), faces)
    flat = {part: values.ravel() for part, values in data.items()}
    return SurfaceImage(PolyMesh(**meshes), flat)


@pytest.fixture(scope="module")
def surface():
    """Smooth positive noise on two sheets, none of it 0."""
    rng = np.random.default_rng(96)
    parts = {part: rng.normal(size=(40, 40)) for part in ("left", "right")}
    return sheets(
        {part: np.abs(ndimage.gaussian_filter(noise, 1.0)) * 9 for part, noise in parts.items()}
    )


SETTINGS = {
    "as it comes": {},
    "fpr, one side": {"alpha": 0.01, "two_sided": False},
    "fdr": {"alpha": 0.05, "height_control": "fdr"},
    "fdr, one side": {"alpha": 0.01, "height_control": "fdr", "two_sided": False},
    "bonferroni": {"alpha": 0.05, "height_control": "bonferroni"},
    "bonferroni, one side": {"alpha": 0.2, "height_control": "bonferroni", "two_sided": False},
    "3": {"height_control": None},
    "2, one side": {"height_control": None, "threshold": 2, "two_sided": False},
    "-1.5": {"height_control": None, "threshold": -1.5, "two_sided": False},
    "0": {"height_control": None, "threshold": 0},
    "clusters": {"alpha": 0.05, "cluster_threshold": 12},
    "clusters, one side": {"alpha": 0.05, "cluster_threshold": 12, "two_sided": False},
    "clusters, fdr": {"alpha": 0.1, "height_control": "fdr", "cluster_threshold": 30},
}


@pytest.mark.parametrize("given", [True, False], ids=["mask", "no mask"])
@pytest.mark.parametrize("name", SETTINGS)
def test_volumes_are_cut_as_nilearn_does(z, mask, name, given):
    """Threshold and map must be nilearn's to the last bit, with a mask and without."""
    where = mask if given else None
    theirs, expected = quietly(nilearns, z, where, **SETTINGS[name])
    ours, found = threshold_stats_img(z, where, **SETTINGS[name])
    assert found == expected
    np.testing.assert_array_equal(ours.get_fdata(), theirs.get_fdata())
    assert ours.get_fdata().any()
    np.testing.assert_array_equal(ours.affine, theirs.affine)


@pytest.mark.parametrize("name", [name for name in SETTINGS if name != "-1.5"])
def test_surfaces_are_cut_as_nilearn_does(surface, name):
    """On a mesh, with values of one sign, threshold and map must be nilearn's to the last bit."""
    theirs, expected = quietly(nilearns, surface, **SETTINGS[name])
    ours, found = threshold_stats_img(surface, **SETTINGS[name])
    assert found == expected
    for part, values in theirs.data.parts.items():
        np.testing.assert_array_equal(ours.data.parts[part], values)
    assert any(values.any() for values in ours.data.parts.values())


@pytest.mark.parametrize("two_sided", [True, False])
def test_a_percentage_is_nilearns(z, mask, two_sided):
    """In a mask the same elements must be left, but for those within 1e-5 above the percentile.

    That is the distance nilearn keeps from it, whatever the unit of the map. The height comes as a
    number, not as the text.
    """
    settings = {"threshold": "95%", "height_control": None, "two_sided": two_sided}
    theirs, text = quietly(nilearns, z, mask, **settings)
    assert text == "95%"
    ours, found = threshold_stats_img(z, mask, **settings)
    left, nilearns_left = np.abs(ours.get_fdata()), np.abs(theirs.get_fdata())
    np.testing.assert_array_equal(np.where(left > found + 1e-5, left, 0), nilearns_left)
    heights = np.abs(z.get_fdata()) if two_sided else z.get_fdata()
    tested = heights[(mask.get_fdata() > 0) & (heights >= 0)]
    assert np.count_nonzero(left) == np.count_nonzero(tested > np.percentile(tested, 95))
    # Without a mask nilearn counts the background among the voxels, and leaves twice as many.
    theirs, _ = quietly(nilearns, z, **settings)
    ours, _ = threshold_stats_img(z, **settings)
    n_ours, n_theirs = (np.count_nonzero(image.get_fdata()) for image in (ours, theirs))
    assert n_theirs > 2 * n_ours


def test_signs_side_by_side_are_two_clusters_on_a_surface_too():
    """Where they touch on a mesh nilearn joins them, which it does not in a volume."""
    values = np.zeros((10, 10))
    values[2:5, 2:6], values[5:7, 2:6] = 4.0, -4.0
    image = sheets({"left": values, "right": np.ones((10, 10))})
    settings = {"threshold": 3, "height_control": None, "cluster_threshold": 9}
    theirs, _ = quietly(nilearns, image, **settings)
    ours, _ = threshold_stats_img(image, **settings)
    assert np.count_nonzero(theirs.data.parts["left"]) == 20
    assert np.count_nonzero(ours.data.parts["left"]) == 12
    flat = nib.Nifti1Image(values[None], np.eye(4))
    theirs, _ = quietly(nilearns, flat, **settings)
    assert np.count_nonzero(theirs.get_fdata()) == 12


def test_vertices_without_a_value_are_not_counted():
    """Vertices that are 0, such as the medial wall, must not be; nilearn counts them."""
    rng = np.random.default_rng(97)
    parts = {part: rng.normal(size=(20, 20)) * 2 for part in ("left", "right")}
    for values in parts.values():
        values[:5] = 0
    image = sheets(parts)
    settings = {"alpha": 0.05, "height_control": "bonferroni"}
    _, theirs = quietly(nilearns, image, **settings)
    _, ours = threshold_stats_img(image, **settings)
    assert theirs == stats.norm.isf(0.025 / 800)
    assert ours == stats.norm.isf(0.025 / 600)
    # Given the mask, both agree.
    where = sheets({part: (values != 0).astype(float) for part, values in parts.items()})
    where = SurfaceImage(image.mesh, where.data.parts)
    _, theirs = quietly(nilearns, image, where, **settings)
    assert threshold_stats_img(image, where, **settings)[1] == theirs == ours


def test_elements_without_a_value_are_not_counted(z, mask):
    """NaN must not be among the tests; nilearn takes it for 0 and counts it."""
    data = z.get_fdata().copy()
    inside = np.argwhere(mask.get_fdata() > 0)
    data[tuple(inside[:5000].T)] = np.nan
    image = nib.Nifti1Image(data, z.affine)
    n = len(inside)
    settings = {"alpha": 0.05, "height_control": "bonferroni"}
    _, theirs = quietly(nilearns, image, mask, **settings)
    assert theirs == stats.norm.isf(0.025 / n)
    with pytest.warns(MissingDataWarning, match="5000 of"):
        _, ours = threshold_stats_img(image, mask, **settings)
    assert ours == stats.norm.isf(0.025 / (n - 5000))


def test_a_mask_on_another_grid_is_not_resampled_silently(z):
    """It must be an error; nilearn counts elements on the mask's grid and cuts on the map's."""
    coarse = quietly(load_mni152_brain_mask, resolution=8)
    settings = {"alpha": 0.05, "height_control": "bonferroni"}
    _, theirs = quietly(nilearns, z, coarse, **settings)
    assert theirs == stats.norm.isf(0.025 / (coarse.get_fdata() > 0).sum())
    with pytest.raises(MapError, match=r"lie on different grids.*resample_to_img"):
        threshold_stats_img(z, coarse, **settings)
    fine = quietly(
        resample_to_img, coarse, z, interpolation="nearest", copy_header=True, force_resample=True
    )
    _, ours = threshold_stats_img(z, fine, **settings)
    assert ours == stats.norm.isf(0.025 / (fine.get_fdata() > 0).sum()) > theirs


def test_a_map_in_single_precision_has_the_threshold_of_its_doubles(z, mask):
    """It must lie below the last z rejected; nilearn's is that z, so that > leaves it out."""
    single = nib.Nifti1Image(z.get_fdata().astype(np.float32), z.affine)
    settings = {"alpha": 0.05, "height_control": "fdr"}
    theirs, near = quietly(nilearns, single, mask, **settings)
    ours, found = threshold_stats_img(single, mask, **settings)
    np.testing.assert_allclose(found, near, rtol=1e-12)  # worst seen: 3e-13, the distance itself
    np.testing.assert_array_equal(ours.get_fdata(), theirs.get_fdata())
    values = np.abs(np.asanyarray(single.dataobj))[mask.get_fdata() > 0]
    q = stats.false_discovery_control(2 * stats.norm.sf(values.astype(float)))
    np.testing.assert_array_equal(values > found, q <= 0.05)
    assert np.count_nonzero(values > near) == np.count_nonzero(q <= 0.05) - 1


def z_of(paths):
    """Map of z of a one-sample test of real maps, and its mask."""
    design = pd.DataFrame({"intercept": np.ones(len(paths))})
    model = SecondLevelModel().fit(paths, design_matrix=design)
    return model.compute_contrast(), model.mask_img_


@pytest.mark.parametrize("pattern", ["auditory/*/Words_*.nii", "visual/*/con_0006.img"])
@pytest.mark.parametrize("control", ["fdr", "bonferroni"])
def test_real_maps_have_nilearns_thresholds_without_a_mask(pattern, control, real_maps):
    """On real maps the elements that are not 0 must be those that nilearn takes for the brain."""
    image, mask = z_of(sorted((real_maps / "spm_contrasts").glob(pattern)))
    found = {}
    for given in (None, mask):
        theirs, expected = quietly(nilearns, image, given, alpha=0.05, height_control=control)
        ours, found[given] = threshold_stats_img(
            image, given, alpha=0.05, height_control=control, cluster_threshold=0
        )
        assert found[given] == expected
        np.testing.assert_array_equal(ours.get_fdata(), theirs.get_fdata())
        assert ours.get_fdata().any()
    assert found[None] == found[mask]
