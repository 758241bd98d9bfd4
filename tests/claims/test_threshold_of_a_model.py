"""From a fitted model to a thresholded map, by each error control."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage, stats

from secondlevel import SecondLevelModel
from secondlevel.claims.threshold import threshold_stats_img
from secondlevel.errors import InputError

SHAPE = (18, 18, 18)


@pytest.fixture(scope="module")
def model():
    """Twenty smooth maps with an effect in a cube."""
    rng = np.random.default_rng(91)
    maps = []
    for _ in range(20):
        noise = ndimage.gaussian_filter(rng.normal(size=SHAPE), 1.6)
        noise /= noise.std()
        noise[6:11, 6:11, 6:11] += 2.5
        maps.append(nib.Nifti1Image(noise, np.diag([2.0, 2, 2, 1])))
    mask = nib.Nifti1Image(np.ones(SHAPE, dtype=np.uint8), np.diag([2.0, 2, 2, 1]))
    return SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"mean": np.ones(20)}))


@pytest.mark.parametrize("two_sided", [True, False])
def test_the_random_field_of_a_contrast_cuts_its_statistic(model, two_sided):
    """The map of t must be cut where the family-wise p of a peak is alpha."""
    field = model.random_field("mean")
    t = model.compute_contrast("mean", output_type="stat")
    kept, height = threshold_stats_img(
        t, alpha=0.05, height_control="rft", two_sided=two_sided, random_field=field
    )
    p = field.for_sides(two_sided=two_sided).peak_p(np.array([height * 0.999, height * 1.001]))
    assert p[1] < 0.05 < p[0]
    values = t.get_fdata()
    np.testing.assert_array_equal(kept.get_fdata(), np.where(values >= height, values, 0))
    found = kept.get_fdata() != 0
    assert found[6:11, 6:11, 6:11].mean() > 0.5
    assert not found[:4].any()
    # Chance has twice the room on two sides, so they are the stricter.
    other = field.for_sides(two_sided=not two_sided).threshold(0.05)
    assert (height > other) == two_sided


def test_z_is_cut_by_the_p_of_the_model(model):
    """Cutting z must be cutting the model's own p, and z is not taken for the field's t."""
    z = model.compute_contrast("mean")
    p = model.compute_contrast("mean", output_type="p_value").get_fdata()
    kept, _ = threshold_stats_img(z, alpha=0.01, two_sided=False)
    np.testing.assert_array_equal(kept.get_fdata() != 0, p <= 0.01)
    kept, _ = threshold_stats_img(z, alpha=0.05, height_control="fdr", two_sided=False)
    q = stats.false_discovery_control(p.ravel()).reshape(SHAPE)
    np.testing.assert_array_equal(kept.get_fdata() != 0, q <= 0.05)
    with pytest.raises(InputError, match=r"holds z by its header.*takes it for t"):
        threshold_stats_img(z, height_control="rft", random_field=model.random_field("mean"))
