"""Values of the maps at a place of the user's choice."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS

from secondlevel.errors import ContrastError, InputError


def test_a_region_given_as_an_array_is_that_of_its_image(group_model, group_mask):
    """A number for every element, or an image: the same table."""
    region = np.zeros(group_mask.shape, dtype=np.uint8)
    region[10:12, 14:17, 12] = 1
    by_image = group_model.effect_values("age", nib.Nifti1Image(region, group_mask.affine))
    inside = group_model.mask_img_.get_fdata() > 0
    by_array = group_model.effect_values("age", region[inside])
    pd.testing.assert_frame_equal(by_image, by_array)
    assert by_array["Peak"].iloc[0] == "region of 6 voxels"


def test_the_mean_of_a_region_is_fitted_as_one_value(group_model, group_maps, group_design):
    """Group means of the region's mean, with the interval at the confidence asked for."""
    inside = group_model.mask_img_.get_fdata() > 0
    region = np.zeros(inside.shape, dtype=np.uint8)
    region[16:19, 14:17, 13:16] = 1
    found = group_model.effect_values("patient - control", region[inside], confidence=0.8)
    means = [image.get_fdata()[region > 0].mean() for image in group_maps]
    rows = pd.DataFrame(
        {"control": [1.0, 0.0], "patient": [0.0, 1.0], "age": group_design["age"].mean()}
    )
    expected = OLS(means, group_design).fit().get_prediction(rows).summary_frame(alpha=0.2)
    fit = found[found["Part"] == "fit"]
    # Largest difference seen: 2e-15 relative; the maps are single precision, their means are not.
    np.testing.assert_allclose(fit["Value"], expected["mean"], rtol=1e-9)
    np.testing.assert_allclose(fit["Lower"], expected["mean_ci_lower"], rtol=1e-9)
    np.testing.assert_allclose(fit["Upper"], expected["mean_ci_upper"], rtol=1e-9)


def test_a_point_near_a_surface_takes_its_nearest_vertex(surface_model):
    """Within a centimetre of the mesh; farther away the distance is said."""
    parts = surface_model.mask_img_.mesh.parts
    left = np.asarray(parts["left"].coordinates)
    found = surface_model.effect_values("mean", tuple(left[5000] + [0.01, 0.0, 0.0]))
    z = surface_model.compute_contrast("mean", output_type="effect_size").data.parts["left"]
    fit = found[found["Part"] == "fit"]
    assert fit["Value"].iloc[0] == pytest.approx(z[5000], rel=1e-9)
    with pytest.raises(InputError, match=r"nearest vertex, at .* is 223.9 mm away"):
        surface_model.effect_values("mean", (0, 0, 300))


def test_what_is_no_region_of_the_analysis_is_refused(group_model, group_mask):
    """A region outside, several at once, a contrast that is none."""
    nothing = np.zeros(group_mask.shape, dtype=np.uint8)
    outside = nothing.copy()
    outside[0, 0, 0] = 1
    two = nothing.copy()
    two[10, 14, 12], two[11, 14, 12] = 1, 2
    for region, said in ((outside, "None of the region was analysed"), (two, "holds 2 labels")):
        with pytest.raises(InputError, match=said):
            group_model.effect_values("age", nib.Nifti1Image(region, group_mask.affine))
    with pytest.raises(ContrastError, match="did you mean 'age'"):
        group_model.effect_values("agee", (0, 0, 0))
