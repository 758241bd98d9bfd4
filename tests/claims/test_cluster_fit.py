"""Maps, thresholds and nulls that do not go together: what is refused, and what is said."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.surface import SurfaceImage
from scipy import ndimage

from secondlevel import SecondLevelModel
from secondlevel.claims.clusters import get_clusters_table
from secondlevel.errors import InputError, MapWarning, RandomFieldWarning, ThresholdWarning
from secondlevel.inference.null import MaximumNull
from secondlevel.inference.random_field import RandomField

KINDS = ["volume", "surface"]


def test_a_map_whose_header_says_p_is_refused(image):
    """The header that `compute_contrast` writes is enough."""
    p = nib.Nifti1Image(np.exp(-np.abs(image.get_fdata())), image.affine)
    p.header.set_intent("p value")
    with pytest.raises(InputError, match=r"stat_img holds p-values by its header"):
        get_clusters_table(p, 0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_a_map_that_looks_like_p_is_warned_of(kind, on_grid, surface):
    """All between 0 and 1, most above a threshold such as 0.05."""
    rng = np.random.default_rng(9)
    if kind == "volume":
        image = on_grid(rng.uniform(0, 1, (14, 15, 16)))
    else:
        image = SurfaceImage(surface.mesh, {p: rng.uniform(0, 1, 400) for p in surface.mesh.parts})
    with pytest.warns(MapWarning, match="between 0 and 1, most of them above 0.05. If they are p"):
        get_clusters_table(image, 0.05)


@pytest.mark.parametrize(
    ("make", "threshold"),
    [
        (lambda u: u, 0.95),  # 1 - p, as FSL has it
        (lambda u: -np.log10(u), 1.3),
        (np.log10, -1.3),
        (lambda u: 0.3 * u**4, 0.05),  # an R²
        (lambda u: u - 0.5, 0.05),  # an effect
    ],
)
def test_other_maps_of_small_numbers_are_not_taken_for_p(on_grid, make, threshold):
    """1 - p, log p, R² and effects pass without a remark."""
    u = np.random.default_rng(10).uniform(0, 1, (14, 15, 16))
    assert len(get_clusters_table(on_grid(make(u)), threshold)) > 0


# ---------------------------------------------------------------- a null of another map


INTENTS = {
    "z": ("z score", ()),
    "t": ("t test", (13,)),
    "F": ("f test", (2, 13)),
    "c": ("estimate", ()),
}


def saying(image, kind):
    """The map with a header that says what it holds."""
    copied = nib.Nifti1Image(image.get_fdata(), image.affine)
    copied.header.set_intent(*INTENTS[kind])
    return copied


@pytest.mark.parametrize("kind", ["z", "t", "F", "c"])
@pytest.mark.parametrize("statistic", ["z", "t"])
@pytest.mark.parametrize("make", ["field", "maxima"])
def test_a_null_of_another_statistic_is_refused(image, inside, kind, statistic, make):
    """A z map beside a t field has p-values of neither; the message says which map to pass."""
    dof = 13 if statistic == "t" else None
    null = (
        RandomField([1, 8, 20, 15], statistic, dof, n_elements=np.count_nonzero(inside))
        if make == "field"
        else MaximumNull([3.0, 9.0], statistic=statistic)
    )
    if kind == statistic:
        assert len(get_clusters_table(saying(image, kind), 4.5, null=null)) > 0
        return
    words = {"z": "z", "t": "t", "F": "F", "c": "estimates"}[kind]
    output = {"z": "z_score", "t": "stat"}[statistic]
    expected = f"holds {words} by its header, and null takes it for {statistic}: .*'{output}'"
    with pytest.raises(InputError, match=expected):
        get_clusters_table(saying(image, kind), 4.5, null=null)


def test_the_null_of_a_model_goes_with_its_statistic_only():
    """With a model's own maps: z beside the field of t is refused, t is not."""
    rng = np.random.default_rng(83)
    shape = (14, 14, 14)
    smooth = [ndimage.gaussian_filter(rng.normal(size=shape), 1.5) for _ in range(14)]
    maps = [nib.Nifti1Image(data + 0.01, np.diag([2.0, 2, 2, 1])) for data in smooth]
    mask = nib.Nifti1Image(np.ones(shape, dtype="u1"), maps[0].affine)
    model = SecondLevelModel(mask_img=mask).fit(
        maps, design_matrix=pd.DataFrame({"one": [1.0] * 14})
    )
    null = model.random_field("one")
    table = get_clusters_table(model.compute_contrast("one", output_type="stat"), 3.9, null=null)
    p = null.peak_p(table["Peak Stat"].to_numpy())
    np.testing.assert_array_equal(table["Peak p (FWE)"], p)
    with pytest.raises(InputError, match="holds z by its header, and null takes it for t"):
        get_clusters_table(model.compute_contrast("one"), 3.9, null=null)


def test_a_null_of_another_region_is_warned_of(image, inside, mask):
    """More than a hundredth more or fewer elements: the p-values are those of another region."""
    n_elements = np.count_nonzero(inside)
    small = np.zeros(image.shape, dtype="u1")
    small[3:6, 3:7, 4:8] = 1
    null = RandomField([1, 8, 20, 15], "z", n_elements=n_elements)
    get_clusters_table(image, 4.5, null=null)
    get_clusters_table(image, 4.5, null=RandomField([1, 8, 20, 15], "z", n_elements=n_elements - 9))
    with pytest.warns(
        RandomFieldWarning, match=r"48 elements .*smoothness_from_fwhm\(fwhm_mm, mask"
    ):
        get_clusters_table(image, 4.5, mask_img=nib.Nifti1Image(small, image.affine), null=null)


# ---------------------------------------------------------------- a threshold that is a p


@pytest.mark.parametrize("kind", [*KINDS, "z", "t", "F"])
@pytest.mark.parametrize(
    ("threshold", "as_z"), [(0.001, "3.09 .* 3.291"), (-0.05, "1.645 .* 1.96")]
)
def test_a_threshold_that_looks_like_p_is_warned_of(map_of, image, kind, threshold, as_z):
    """By the header of the map, or by its values; the z that was meant is named."""
    given = map_of(kind) if kind in KINDS else saying(image, kind)
    with pytest.warns(ThresholdWarning, match=f"{threshold} looks like a p-value.*is {as_z}"):
        table = get_clusters_table(given, threshold)
    assert len(table) > 0


@pytest.mark.parametrize("kind", ["z", "t", "F"])
def test_a_threshold_below_a_half_is_warned_of_by_the_header(image, kind):
    """As in `threshold_stats_img`: nobody looks for a z between 0 and 0.5; 0.5 is none of these."""
    with pytest.warns(ThresholdWarning, match=r"0\.49 looks like a p-value.*0\.02507 .* 0\.6903 "):
        get_clusters_table(saying(image, kind), 0.49)
    get_clusters_table(saying(image, kind), 0.5)


def test_a_low_threshold_of_effects_is_none(image, z, on_grid):
    """Nor is one that leaves little of a map without a header, nor one of exactly 0."""
    get_clusters_table(saying(image, "c"), 0.05)
    get_clusters_table(on_grid(z / 100), 0.02)
    get_clusters_table(on_grid(np.abs(z) ** 3 / 20), 0.05)
    get_clusters_table(image, 0.3)
    get_clusters_table(image, 0)
