"""Contrasts of maps that are hard to answer: constant, missing, rough, few, in many pieces."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.ndimage import gaussian_filter

from secondlevel import (
    ClusterSummary,
    SecondLevelModel,
    cluster_level_inference,
    get_clusters_table,
    true_discoveries,
)
from secondlevel.errors import ConstantDataWarning, InputError, MissingDataWarning

UNKNOWN = (
    "Peaks and clusters have no p: how smooth the maps are is not known. A permutation run gives "
    "them without."
)
ROUGH = "Smoothness in 3 dimensions needs more than 3 residual degrees of freedom; there are 2"


@pytest.fixture
def volumes():
    """Twelve volumes of smooth noise about 1."""
    rng = np.random.default_rng(4)
    return [gaussian_filter(rng.normal(size=(14, 15, 13)), 1.5) * 9 + 1 for _ in range(12)]


@pytest.fixture
def fitted():
    """Fit their mean within a mask, by default everywhere; voxels of 2 mm."""

    def fit(volumes, mask=None, **parameters):
        affine = np.diag([2.0, 2.0, 2.0, 1.0])
        inside = np.ones(volumes[0].shape, dtype=np.uint8) if mask is None else mask
        model = SecondLevelModel(nib.Nifti1Image(inside, affine), **parameters)
        maps = [nib.Nifti1Image(volume, affine) for volume in volumes]
        return model.fit(maps, design_matrix=pd.DataFrame({"mean": np.ones(len(maps))}))

    return fit


def assert_answered(model, found, *, two_sided=False):
    """The table is that of the z map, with p of the t field and shares of the closed test."""
    z, mask = found.maps["z_score"], model.mask_img_
    table = get_clusters_table(z, found.height, two_sided=two_sided, mask_img=mask)
    pd.testing.assert_frame_equal(found.clusters[list(table)], table)
    by_field = get_clusters_table(
        found.maps["stat"],
        stats.t.isf(stats.norm.sf(found.height), found.dof),
        two_sided=two_sided,
        null=model.random_field("mean"),
        mask_img=mask,
    )
    columns = [name for name in by_field if " p " in name or " q " in name]
    pd.testing.assert_frame_equal(found.clusters[columns], by_field[columns], rtol=1e-9)
    if not two_sided:
        at_least = true_discoveries(z, mask_img=mask, alpha=0.05).at_least
        assert found.discoveries == at_least


def test_constant_elements_are_counted_and_claimed_of_nothing(fitted, volumes):
    """Half of the mask does not vary: z is 0 there, it counts as tested, no peak lies there."""
    for volume in volumes:
        volume[:7] = 3.0
    with pytest.warns(ConstantDataWarning, match="1365 of 2730 elements"):
        model = fitted(volumes)
    results = model.results("mean")
    found = results["mean"]
    assert (results.model.n_constant, results.model.n_elements) == (1365, 2730)
    assert_answered(model, found)
    assert len(found.clusters) > 0
    assert (found.clusters["X"] >= 14).all()
    assert np.isfinite(found.clusters["Effect Upper"]).all()
    assert not found.maps["z_score"].get_fdata()[:7].any()


def test_nothing_is_claimed_of_copies_of_one_map(fitted, volumes):
    """No element varies: nothing is found, no p is made up, and it is said why."""
    with pytest.warns(ConstantDataWarning):
        model = fitted([volumes[0]] * 12)
    results = model.results("mean")
    found = results["mean"]
    assert (len(found.clusters), found.discoveries, found.p_source) == (0, 0, "")
    assert "no element has residual variance" in results.model.notes[0]
    assert list(found.notes) == [UNKNOWN]
    assert found.effects["Peak"].unique().tolist() == ["highest"]


def test_elements_without_all_values_are_left_out(fitted, volumes):
    """Where a map has no value nothing is tested: counts and places are of the rest."""
    volumes[2][:, :, :3] = np.nan
    volumes[5][:2] = np.nan
    with pytest.warns(MissingDataWarning):
        model = fitted(volumes)
    results = model.results("mean")
    assert results.model.n_elements == 12 * 15 * 10
    assert results.model.n_in_mask == 14 * 15 * 13
    found = results["mean"]
    assert_answered(model, found)
    assert (found.clusters[["X", "Z"]] >= [4, 6]).all(axis=None)
    assert results.mask_img.get_fdata().sum() == 12 * 15 * 10
    assert results.quality.maps["Missing"].tolist() == [0, 0, 630, 0, 0, 390, *[0] * 6]


def test_few_maps_leave_smoothness_unknown(fitted, volumes):
    """With two degrees of freedom there is a note instead of p, and "rft" is refused."""
    model = fitted(volumes[:3])
    results = model.results("mean", height_control=None, threshold=1.0)
    found = results["mean"]
    assert ROUGH in results.model.notes[0]
    assert list(found.notes) == [UNKNOWN]
    assert results.model.smoothness is None
    assert not [name for name in found.clusters if " p " in name or " q " in name]
    assert len(found.clusters) > 0
    with pytest.raises(InputError, match=r"height_control='rft' needs the smoothness"):
        model.results("mean", height_control="rft")


@pytest.mark.filterwarnings("ignore:There are only 16 distinct shuffles")
def test_shuffles_give_p_where_smoothness_does_not(fitted, volumes):
    """A permutation run needs no smoothness: p are there, and no note of their absence."""
    model = fitted(volumes[:4])
    mean = model.permute(
        "mean", sides="positive", connectivity=6, summaries=[ClusterSummary(z=1.0)]
    )
    found = model.results("mean", height_control=None, threshold=1.0, permutation=mean)["mean"]
    assert found.p_source == "p of peaks and clusters are from all 16 shuffles."
    assert found.clusters["Peak p (FWE)"].iloc[0] >= 1 / 16
    assert found.notes == ()


def test_rough_maps_have_p_and_a_note(fitted):
    """What a field remarks of maps that are hardly smooth is noted, the same at every call."""
    rng = np.random.default_rng(5)
    model = fitted([rng.normal(1, 1, (14, 15, 13)) for _ in range(12)])
    first, second = (model.results("mean") for _ in range(2))
    assert "The FWHM is 1.4" in first["mean"].notes[0]
    assert first["mean"].notes == second["mean"].notes
    assert first.model == second.model
    assert "Peak p (FWE)" in first["mean"].clusters


def test_no_p_of_clusters_formed_at_0(fitted, volumes):
    """At threshold 0 all that is positive is a cluster; there is no p, and a note says so."""
    found = fitted(volumes).results("mean", height_control=None, threshold=0)["mean"]
    assert found.p_source == ""
    assert found.notes == ("Peaks and clusters have no p: theirs need a threshold other than 0.",)
    assert found.n_beyond == (found.maps["z_score"].get_fdata() > 0).sum()


def test_a_single_element_has_peaks_alone(fitted, volumes):
    """One voxel: its p is that of Student's t, and of clusters there is none."""
    mask = np.zeros((14, 15, 13), dtype=np.uint8)
    mask[4, 5, 6] = 1
    found = fitted(volumes, mask).results("mean", height_control=None, threshold=0.5)["mean"]
    values = [volume[4, 5, 6] for volume in volumes]
    p = stats.ttest_1samp(values, 0.0, alternative="greater").pvalue
    assert found.clusters["Peak p (FWE)"].iloc[0] == pytest.approx(p, rel=1e-9)
    assert found.p_source == "p of peaks are from random field theory, for the t(11) field."
    assert "Cluster p (FWE)" not in found.clusters


def test_two_hundred_clusters_are_all_listed(fitted):
    """216 spots: all are in the table, values are shown at the six highest."""
    rng = np.random.default_rng(6)
    volumes = [rng.normal(0, 0.1, (30, 30, 30)) for _ in range(12)]
    for volume in volumes:
        volume[2::5, 2::5, 2::5] += np.linspace(3, 5, 216).reshape(6, 6, 6)
    found = fitted(volumes).results("mean", height_control=None, threshold=5.5)["mean"]
    main = found.clusters[found.clusters["TDP"] != ""]
    assert len(main) == 216
    assert found.n_beyond == 216
    assert set(main["TDP"]) == {1.0}
    assert (found.discoveries, found.clusters["Cluster ID"].tolist()[-1]) == (216, 216)
    shown = found.effects["Peak"].unique().tolist()
    assert shown == ["1", "2", "3", "4", "5", "6"]
    # Clusters of a volume are listed by their peaks, so that the first are the highest.
    assert main["Peak Stat"].is_monotonic_decreasing


def test_a_map_off_scale_leaves_finite_numbers(fitted, volumes):
    """One map a million times as large: nothing breaks, no number is infinite."""
    volumes[3] = volumes[3] * 1e6
    found = fitted(volumes).results("mean", two_sided=True)["mean"]
    assert np.isfinite(found.effects[["X Value", "Value"]]).all(axis=None)
    assert np.isfinite(list(found.highest.values())).all()
    assert len(found.clusters) == 0


@pytest.mark.filterwarnings("ignore:No clusters found", "ignore:Clusters were formed at")
def test_sides_of_a_surface_are_those_of_its_table(surface_model):
    """Clusters of both signs in both hemispheres, and of one: rows, p and shares."""
    mask = surface_model.mask_img_
    for two_sided, threshold in ((True, 2.0), (False, -2.0)):
        found = surface_model.results(
            "mean", height_control=None, threshold=threshold, two_sided=two_sided
        )["mean"]
        z, t = (surface_model.compute_contrast("mean", output_type=o) for o in ("z_score", "stat"))
        table = get_clusters_table(z, threshold, two_sided=two_sided, mask_img=mask)
        pd.testing.assert_frame_equal(found.clusters[list(table)], table, rtol=1e-12)
        height = np.sign(threshold) * stats.t.isf(stats.norm.sf(2.0), 15)
        by_field = get_clusters_table(
            t,
            height,
            two_sided=two_sided,
            null=surface_model.random_field("mean"),
            mask_img=mask,
        )
        columns = [name for name in by_field if " p " in name or " q " in name]
        pd.testing.assert_frame_equal(found.clusters[columns], by_field[columns], rtol=1e-9)
        assert (found.clusters["Peak Stat"] < 0).any()
        assert "Clusters were formed at t(15) = 2.1" in found.notes[0]
        assert found.p_source.endswith("for the t(15) field (FWHM 11.3 mm).")


def test_a_mesh_has_one_width(surface_results, surface_model):
    """Smoothness of a surface is one number, whatever the number of hemispheres."""
    facts = surface_results.model.smoothness
    assert facts.fwhm_mm == (surface_model.smoothness_.fwhm_mm[0],)
    assert facts.fwhm == (surface_model.smoothness_.fwhm[0],)


def test_shares_of_negative_clusters_are_those_of_the_other_sign(fitted, volumes):
    """One-sided on the negative side: the closed test of -z, with all of the error."""
    model = fitted([-volume for volume in volumes])
    found = model.results("mean", height_control=None, threshold=-2.5)["mean"]
    z = found.maps["z_score"]
    other = nib.Nifti1Image(-z.get_fdata(), z.affine)
    shares = cluster_level_inference(other, model.mask_img_, 2.5, 0.05, connectivity=6)
    main = found.clusters[found.clusters["TDP"] != ""]
    at = tuple((main[["X", "Y", "Z"]].to_numpy() / 2).astype(int).T)
    assert main["TDP"].tolist() == shares.get_fdata()[at].tolist()
    assert main["TDP"].max() > 0
    assert found.discoveries == true_discoveries(other, mask_img=model.mask_img_).at_least
