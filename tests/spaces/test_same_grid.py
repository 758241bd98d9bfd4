"""Grids that differ by rounding are the same grid; those that differ by a tenth of a mm are not."""

import warnings

import numpy as np
import pytest

from secondlevel import SecondLevelModel
from secondlevel.errors import MapError, ResamplingWarning


def nudge(affine):
    """Round as another program would: 1e-7 beside the diagonal, 1e-6 mm of offset."""
    nudged = affine.copy()
    nudged[:3, :3] += 1e-7 * (1 - np.eye(3))
    nudged[:3, 3] += 1e-6
    return nudged


def shift(affine):
    """Move a grid by a tenth of a mm along one axis."""
    shifted = affine.copy()
    shifted[1, 3] += 0.1
    return shifted


@pytest.fixture
def moved(images, make_image):
    """Make the maps of every second subject lie on a changed grid."""

    def make(change):
        return [
            make_image(im.get_fdata(), affine=change(im.affine)) if i % 2 else im
            for i, im in enumerate(images)
        ]

    return make


def fit(maps, design, mask=None):
    """Fit while every warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return SecondLevelModel(mask).fit(maps, design_matrix=design)


def stat_of(model):
    """T of the slope on age in every voxel."""
    return model.compute_contrast("age", output_type="stat").get_fdata()


@pytest.mark.parametrize("in_memory", [True, False], ids=["in memory", "files"])
def test_maps_that_differ_from_the_mask_by_rounding_are_on_its_grid(
    images, moved, save_maps, design, mask_img, in_memory
):
    """No warning, no resampling, the same numbers to the last bit."""
    nudged = moved(nudge) if in_memory else save_maps(moved(nudge))
    found = fit(nudged, design, mask_img)
    expected = fit(images, design, mask_img)
    np.testing.assert_array_equal(found.mask_img_.affine, mask_img.affine)
    # Files hold single precision, as the noise does.
    np.testing.assert_array_equal(stat_of(found), stat_of(expected))


def test_a_mask_that_differs_from_the_maps_by_rounding_is_on_their_grid(
    images, design, mask_img, make_image
):
    """It does not matter which of the two was rounded."""
    mask = make_image(np.asanyarray(mask_img.dataobj), affine=nudge(mask_img.affine))
    found = fit(images, design, mask)
    np.testing.assert_array_equal(stat_of(found), stat_of(fit(images, design, mask_img)))


def test_later_maps_that_differ_by_rounding_are_masked_as_they_are(images, moved, design, mask_img):
    """`transform` takes the voxels themselves too."""
    model = fit(images, design, mask_img)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = model.transform(moved(nudge))
    inside = mask_img.get_fdata() > 0
    np.testing.assert_array_equal(found, [image.get_fdata()[inside] for image in images])


@pytest.mark.parametrize("in_memory", [True, False], ids=["in memory", "files"])
def test_without_a_mask_maps_that_differ_by_rounding_are_on_one_grid(
    make_image, save_maps, design, in_memory
):
    """Maps are compared with each other then; the mask is that of the same maps unrounded."""
    inside = np.zeros((8, 9, 10), dtype=bool)
    inside[2:6, 2:7, 2:8] = True
    rng = np.random.default_rng(50)
    values = [np.where(inside, 8 + rng.normal(size=inside.shape), 0) for _ in range(7)]
    plain = [make_image(volume) for volume in values]
    rounded = [
        make_image(volume, affine=nudge(im.affine) if i % 2 else im.affine)
        for i, (volume, im) in enumerate(zip(values, plain, strict=True))
    ]
    if not in_memory:
        plain, rounded = save_maps(plain, name="plain"), save_maps(rounded, name="rounded")
    expected, found = fit(plain, design), fit(rounded, design)
    assert found.n_elements_ > 0
    np.testing.assert_array_equal(found.mask_img_.get_fdata(), expected.mask_img_.get_fdata())
    np.testing.assert_array_equal(stat_of(found), stat_of(expected))


def test_maps_a_tenth_of_a_mm_away_are_resampled_with_a_warning(images, moved, design, mask_img):
    """That is another place: the maps are counted, and their numbers change."""
    with pytest.warns(ResamplingWarning, match="3 of 7 maps are on another grid") as caught:
        found = SecondLevelModel(mask_img).fit(moved(shift), design_matrix=design)
    assert [w.category for w in caught] == [ResamplingWarning]
    inside = found.mask_img_.get_fdata() > 0
    apart = stat_of(found) - stat_of(fit(images, design, mask_img))
    assert np.abs(apart[inside]).max() > 1e-3


def test_without_a_mask_maps_a_tenth_of_a_mm_apart_are_an_error(moved, design):
    """There is no grid to bring them to; the message names the first one and says how far."""
    message = r"(?s)second_level_input\[1\] \(and 2 more\) differs .* affine \(by up to 0\.1\)"
    with pytest.raises(MapError, match=message):
        fit(moved(shift), design)
