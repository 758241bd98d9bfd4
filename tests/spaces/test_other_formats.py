"""Images in any format that nibabel reads are maps and masks as good as NIfTI."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from secondlevel import get_clusters_table, threshold_stats_img
from secondlevel.spaces.volume import codes_of, from_mask_image, whole_image

EXAMPLES = Path(nib.__file__).parent / "tests" / "data"

pytestmark = pytest.mark.skipif(
    not EXAMPLES.is_dir(), reason="nibabel was installed without its example images"
)


@pytest.mark.parametrize("name", ["scaled+tlrc.HEAD", "tiny.mnc", "test.mgz", "nifti1.hdr"])
def test_an_image_of_another_format_is_as_good_as_nifti(name):
    """The clusters, and what of the map is left, must be those of the same numbers as NIfTI."""
    given = nib.load(EXAMPLES / name)
    rng = np.random.default_rng(1)
    values = rng.normal(size=given.shape[:3]).astype("f4") * 2
    values.flat[:3] = 11.0  # the smallest of these images has 60 voxels
    image = nib.spatialimages.SpatialImage(values, given.affine)
    image._header = given.header  # what cannot be written in a format can still be read
    same = nib.Nifti1Image(values, given.affine)
    found, expected = (get_clusters_table(one, 5.0) for one in (image, same))
    assert len(expected) > 0
    assert found.equals(expected)
    kept, height = threshold_stats_img(image, height_control="bonferroni", alpha=0.5)
    assert height == threshold_stats_img(same, height_control="bonferroni", alpha=0.5)[1]
    np.testing.assert_array_equal(kept.get_fdata() != 0, np.abs(values) > height)


@pytest.mark.parametrize("name", ["scaled+tlrc.HEAD", "tiny.mnc", "test.mgz"])
def test_a_format_without_codes_is_taken_for_aligned_data(name):
    """Maps made from such an image must say that their mm are those of some other image."""
    image = nib.load(EXAMPLES / name)
    assert codes_of(image) == (2, 0)
    single = image.slicer[..., 0] if len(image.shape) == 4 else image
    assert whole_image(single).codes == (2, 0)


def test_a_mask_of_another_format_is_read():
    """An AFNI image of 0 and 1 must be the mask that its NIfTI twin is."""
    given = nib.load(EXAMPLES / "scaled+tlrc.HEAD")
    inside = np.random.default_rng(2).random(given.shape[:3]) < 0.3
    mask = nib.spatialimages.SpatialImage(inside.astype("u1"), given.affine)
    mask._header = given.header
    np.testing.assert_array_equal(from_mask_image(mask).mask, inside)
