"""Contrasts answered in full, against the public functions that answer each part."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from secondlevel import (
    ClusterSummary,
    RandomField,
    SecondLevelModel,
    cluster_level_inference,
    get_clusters_table,
    plot_effects,
    threshold_stats_img,
    true_discoveries,
)
from secondlevel.errors import InputError, InputTypeError

# The public functions say that a side has no cluster.
one_side_is_empty = pytest.mark.filterwarnings("ignore:No clusters found")


@one_side_is_empty
def test_the_table_is_that_of_the_z_map(group_model, group_results):
    """Peaks and clusters are those of get_clusters_table on the z map, at the height of alpha."""
    for name, two_sided in (("patients > controls", True), ("age", True), ("any", False)):
        found = group_results[name]
        z = found.maps["z_score"]
        _, height = threshold_stats_img(z, group_model.mask_img_, 0.001, two_sided=two_sided)
        table = get_clusters_table(z, height, two_sided=two_sided, mask_img=group_model.mask_img_)
        assert found.height == height
        pd.testing.assert_frame_equal(found.clusters[list(table)], table)


@one_side_is_empty
def test_p_are_those_of_the_field_of_the_statistic(group_model, group_results):
    """P and q of peaks and clusters come from the t and F fields, not from one of z."""
    for name, asked, kind in (
        ("patients > controls", "patient - control", "t"),
        ("any", ["control", "patient"], "F"),
    ):
        found = group_results[name]
        tail = stats.norm.sf(found.height)
        height = stats.t.isf(tail, 21) if kind == "t" else stats.f.isf(tail, 2, 21)
        table = get_clusters_table(
            found.maps["stat"],
            height,
            two_sided=kind == "t",
            mask_img=group_model.mask_img_,
            null=group_model.random_field(asked),
        )
        columns = [column for column in table if " p " in column or " q " in column]
        assert len(columns) == 6
        pd.testing.assert_frame_equal(found.clusters[columns], table[columns], rtol=1e-9)


def test_true_discoveries_are_those_of_the_closed_test(group_model, group_results):
    """Each side has half of the error; both together are the discoveries of the map."""
    found = group_results["age"]
    z, mask = found.maps["z_score"], group_model.mask_img_
    signs = np.sign(found.clusters["Peak Stat"])
    main = found.clusters["TDP"] != ""
    at_least = 0
    for sign in (1, -1):
        one_side = nib.Nifti1Image(sign * z.get_fdata(), z.affine)
        shares = cluster_level_inference(one_side, mask, found.height, 0.025, connectivity=6)
        at_least += true_discoveries(one_side, mask_img=mask, alpha=0.025).at_least
        for _, row in found.clusters[main & (signs == sign)].iterrows():
            at = np.linalg.inv(z.affine) @ [row["X"], row["Y"], row["Z"], 1]
            assert row["TDP"] == shares.get_fdata()[tuple(at[:3].round().astype(int))]
    assert found.discoveries == at_least
    assert found.clusters.loc[main, "TDP"].max() > 0.2


def test_effects_at_peaks_are_those_of_the_maps(group_model, group_results):
    """Effect, Hedges' g, partial R² at each peak, with intervals: those of compute_contrast."""
    for name, asked, measure, column in (
        ("patients > controls", "patient - control", "hedges_g", "Hedges g"),
        ("any", ["control", "patient"], "partial_r2", "Partial R2"),
    ):
        table = group_results[name].clusters
        points = table[["X", "Y", "Z"]].to_numpy()
        affine = group_model.mask_img_.affine
        at = tuple(((points - affine[:3, 3]) / np.diag(affine)[:3]).round().astype(int).T)
        for side in ("", "_lower", "_upper"):
            image = group_model.compute_contrast(asked, output_type=f"{measure}{side}")
            named = f"{column} {side[1:].title()}".strip()
            np.testing.assert_allclose(table[named], image.get_fdata()[at], rtol=1e-12)
    found = group_results["patients > controls"]
    table = found.clusters
    effect, variance = (found.maps[f"effect_{what}"].get_fdata() for what in ("size", "variance"))
    at = tuple(((table[["X", "Y", "Z"]].to_numpy() - affine[:3, 3]) / 6).round().astype(int).T)
    half = stats.t.isf(0.025, 21) * np.sqrt(variance[at])
    np.testing.assert_allclose(table["Effect"], effect[at], rtol=1e-14)
    np.testing.assert_allclose(table["Effect Upper"], effect[at] + half, rtol=1e-13)


def test_the_picture_of_a_group_is_that_of_its_peak(group_maps, group_results):
    """Values at a peak are those of the maps there; the difference of means is the effect."""
    found = group_results["patients > controls"]
    first = found.clusters.iloc[0]
    fit = found.effects[(found.effects["Peak"] == "1") & (found.effects["Part"] == "fit")]
    assert np.diff(fit["Value"])[0] == pytest.approx(first["Effect"], rel=1e-9)
    assert fit["Group"].tolist() == ["control", "patient"]
    assert found.effects["Map"].nunique() == 25  # 24 maps, and none beside fits


def test_thresholded_maps_hold_the_listed_clusters(group_model):
    """What is cut off, and clusters that are too small, are 0; the rest is as it was."""
    found = group_model.results("age", cluster_threshold=5, height_control="fdr", alpha=0.05)["age"]
    z, kept = found.maps["z_score"].get_fdata(), found.thresholded.get_fdata()
    assert np.count_nonzero(kept) == found.n_beyond
    assert (kept[kept != 0] > found.height).all()
    assert np.array_equal(kept[kept != 0], z[kept != 0])
    sizes = found.clusters.loc[found.clusters["TDP"] != "", "Cluster Size (mm3)"].astype(float)
    assert sizes.min() >= 5 * 216
    assert sizes.sum() == found.n_beyond * 216


def test_the_height_of_a_field_is_that_of_its_statistic(group_model):
    """height_control="rft" cuts z where t or F has that family-wise p."""
    found = group_model.results(
        {"t": "age", "F": ["control", "patient"]}, height_control="rft", alpha=0.05
    )
    t = group_model.random_field("age").threshold(0.05)
    assert stats.norm.sf(found["t"].height) == pytest.approx(stats.t.sf(t, 21), rel=1e-9)
    f = group_model.random_field(["control", "patient"]).threshold(0.05)
    assert stats.norm.sf(found["F"].height) == pytest.approx(stats.f.sf(f, 2, 21), rel=1e-9)


def test_nothing_found_leaves_the_highest_peak(group_model):
    """Without a cluster the table is empty, and the highest peak is shown."""
    found = group_model.results("age", height_control=None, threshold=20)["age"]
    z = found.maps["z_score"].get_fdata()
    assert len(found.clusters) == 0
    assert found.n_beyond == 0
    assert found.highest["Peak Stat"] == z.max()
    assert found.effects["Peak"].unique().tolist() == ["highest"]
    assert found.thresholded.get_fdata().max() == 0


def test_nothing_can_be_claimed_where_no_height_is_enough(group_maps, group_mask):
    """Where no element passes FDR the height is infinite, and p-values are not made up."""
    noise = [
        nib.Nifti1Image(np.random.default_rng(row).normal(size=(25, 31, 25)), group_mask.affine)
        for row in range(10)
    ]
    model = SecondLevelModel(group_mask).fit(noise, design_matrix=pd.DataFrame({"one": [1] * 10}))
    found = model.results("one", height_control="fdr", alpha=0.01)["one"]
    assert np.isinf(found.height)
    assert found.p_source == ""
    assert len(found.clusters) == 0


def test_negative_clusters_are_found_below_a_negative_threshold(group_model):
    """One-sided claims on the negative side: peaks below it, with p."""
    found = group_model.results("age", height_control=None, threshold=-3.0)["age"]
    assert (found.clusters["Peak Stat"] < -3.0).all()
    assert found.highest["Peak Stat"] == found.maps["z_score"].get_fdata().min()
    assert found.clusters["Peak p (FWE)"].is_monotonic_increasing


@one_side_is_empty
def test_p_by_shuffles_have_their_interval(group_model):
    """P come from the permutation run of that contrast, with the Monte Carlo interval of each."""
    run = group_model.permute(
        {"who": "patient - control"},
        summaries=[ClusterSummary(p=0.001)],
        sides="both",
        connectivity=6,
        n_perm=200,
        random_state=1,
    )
    found = group_model.results(
        {"who": "patient - control", "age": "age"}, two_sided=True, permutation=run
    )
    who, table = found["who"], found["who"].clusters
    expected = get_clusters_table(
        run.image("z"),
        who.height,
        two_sided=True,
        null=run.null(),
        connectivity=6,
        mask_img=group_model.mask_img_,
    )
    for column in ("Peak p (FWE)", "Cluster p (FWE)"):
        assert table[column].tolist() == expected[column].tolist()
    low, high = run.result.interval(np.round(table["Peak p (FWE)"] * 200).astype(int))
    assert table["Peak p (FWE) Lower"].tolist() == low.tolist()
    assert table["Peak p (FWE) Upper"].tolist() == high.tolist()
    assert who.p_source == "p of peaks and clusters are from 200 shuffles."
    assert who.shuffled.n_shuffles == 200
    assert who.shuffled.observed == pytest.approx(who.highest["Peak Stat"], rel=1e-10)
    assert found.provenance.seeds == {"permutation": 1}
    assert found["age"].shuffled is None
    assert found["age"].p_source.startswith("p of peaks and clusters are from random field theory")


def test_a_run_that_was_asked_otherwise_gives_what_it_can(group_model):
    """Other neighbours or another threshold: no p of clusters, and a note that says why."""
    for changed, said in (
        ({"connectivity": 26}, "run it with connectivity=6"),
        ({"summaries": [ClusterSummary(z=2.5)]}, "run it with ClusterSummary(z=3.0902)"),
    ):
        asked = {"connectivity": 6, "summaries": [ClusterSummary(z=3.0902323)]} | changed
        run = group_model.permute(
            {"age": "age"}, sides="positive", n_perm=50, random_state=0, **asked
        )
        found = group_model.results({"age": "age"}, permutation=run)["age"]
        assert said in found.notes[0]
        assert "Cluster p (FWE)" not in found.clusters
        assert found.clusters["Peak p (FWE)"].iloc[0] == 0.02
    run = group_model.permute({"age": "age"}, sides="both", n_perm=50, random_state=0)
    found = group_model.results({"age": "age"}, permutation=run)["age"]
    assert "run it with sides='positive'" in found.notes[0]
    assert found.p_source.startswith("p of peaks and clusters are from random field theory")


def test_on_a_surface_everything_is_there(surface_model, surface_results):
    """Parts, areas, p of the mesh's field, effects: in the columns of the surface table."""
    found = surface_results["mean"]
    t = surface_model.compute_contrast("mean", output_type="stat")
    table = get_clusters_table(
        t,
        stats.t.isf(stats.norm.sf(found.height), 15),
        null=surface_model.random_field("mean"),
        mask_img=surface_model.mask_img_,
    )
    columns = [column for column in table if column != "Peak Stat"]
    pd.testing.assert_frame_equal(found.clusters[columns], table[columns], rtol=1e-9)
    assert found.highest["Hemisphere"] == "right"
    assert found.maps["z_score"].data.parts["left"].dtype == np.float32
    assert surface_results.model.grid == "2 meshes (left: 10242 vertices, right: 10242 vertices)"


def test_single_elements_are_corrected_for_their_number(make_image, design):
    """Where nothing is smooth p is that of independent elements, and clusters have none."""
    inside = np.zeros((8, 9, 10), dtype=np.uint8)
    inside[3, 3, 3] = inside[5, 5, 5] = 1
    maps = [make_image(seed) for seed in range(7)]
    model = SecondLevelModel(make_image(inside)).fit(maps, design_matrix=design)
    table = model.results("intercept", height_control=None, threshold=0.5)["intercept"].clusters
    assert "Cluster p (FWE)" not in table
    p, alone = table["Peak p (FWE)"], table["Peak p (uncorrected)"]
    np.testing.assert_allclose(p, -np.expm1(-2 * alone), rtol=1e-9)


def test_labels_are_those_of_the_maps(table, group_results, paths, design):
    """Subjects, or the rows' names, or what tells file names apart."""
    model = SecondLevelModel().fit(table)
    assert model.results("intercept").quality.maps["Map"].tolist() == [
        "s1",
        "s2",
        "s3",
        "s4",
        "s5",
        "s6",
        "s7",
    ]
    assert group_results.quality.maps["Map"].iloc[0] == "sub-01"
    of_files = SecondLevelModel().fit(paths, design_matrix=design).results("age")
    assert of_files.quality.maps["Map"].tolist()[:2] == ["map-0", "map-1"]
    assert of_files.provenance.inputs["Source"].iloc[0] == str(paths[0])


def test_files_are_hashed_as_they_lie_on_disk(paths, design):
    """The SHA-256 of a map is that of its file; a file written anew since is refused."""
    import hashlib

    model = SecondLevelModel().fit(paths, design_matrix=design)
    hashes = model.results("age").provenance.inputs["SHA-256"]
    assert hashes.tolist() == [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    paths[3].write_bytes(paths[3].read_bytes() + b" ")
    with pytest.raises(InputError, match=r"map-3.*was written anew"):
        model.results("age")


def test_each_effect_has_results_of_its_own(paths):
    """With several kinds of maps one is named, and remembered."""
    rows = pd.DataFrame(
        {
            "subject_label": [f"s{k}" for k in range(6)] * 2,
            "map_name": ["faces"] * 6 + ["words"] * 6,
            "effects_map_path": [str(path) for path in [*paths[:6], *paths[1:7]]],
        }
    )
    model = SecondLevelModel().fit(rows)
    faces, words = (model.results("intercept", one) for one in ("faces", "words"))
    assert (faces.model.effect, words.model.effect) == ("faces", "words")
    assert faces.quality.maps["Mean"][1] == words.quality.maps["Mean"][0]
    assert not faces.quality.maps["Mean"].equals(words.quality.maps["Mean"])


def test_values_at_a_place_are_the_maps(group_model, group_maps, group_mask):
    """A point takes the nearest voxel, a region its mean; both can be drawn."""
    at = group_model.effect_values("age", where=(-31, 29, 25))
    voxel = np.array([image.get_fdata()[7, 23, 14] for image in group_maps])
    maps = at[at["Part"] == "map"]
    slope, _ = np.polyfit(maps["X Value"], maps["Value"], 1)
    assert at["Peak"].unique().tolist() == ["(-30, 30, 24) mm"]
    assert slope == pytest.approx(group_model.results("age")["age"].clusters["Effect"][0], rel=1e-9)
    assert maps["Value"].mean() == pytest.approx(voxel.mean(), rel=1e-6)
    assert at.attrs["x_name"] == "age"
    region = np.zeros(group_mask.shape, dtype=np.uint8)
    region[6:9, 22:25, 13:16] = 1
    of_region = group_model.effect_values("age", nib.Nifti1Image(region, group_mask.affine))
    mean = np.mean([image.get_fdata()[region > 0].mean() for image in group_maps])
    assert of_region["Peak"].iloc[0] == "region of 27 voxels"
    assert of_region.loc[of_region["Part"] == "map", "Value"].mean() == pytest.approx(
        mean, rel=1e-6
    )
    assert plot_effects(of_region).get_supxlabel() == "age"


@pytest.mark.parametrize(
    ("where", "error", "said"),
    [
        (None, InputTypeError, "where is a point (three numbers in mm), or a region"),
        ("peak", InputTypeError, "Got str"),
        ((300, 0, 0), InputError, "mm away"),
        ((np.nan, 0, 0), InputError, "three finite numbers"),
    ],
)
def test_a_place_that_is_none_is_refused(group_model, where, error, said):
    """The message says what a place is, or how far the point is from what was analysed."""
    with pytest.raises(error) as caught:
        group_model.effect_values("age", where)
    assert said in str(caught.value)


def test_a_field_is_not_asked_of_two_statistics(group_model):
    """F has no negative side, and says so."""
    with pytest.raises(InputError, match="F has no negative side"):
        group_model.results({"any": ["control", "patient"]}, height_control=None, threshold=-3.0)
    assert isinstance(group_model.random_field("age"), RandomField)
