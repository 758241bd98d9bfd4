"""A permutation run beside contrasts: p-values are taken from it only where it is of the same."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from secondlevel import ClusterSummary, SecondLevelModel
from secondlevel.errors import InputError, InputTypeError

ASKED = {"n_perm": 20, "random_state": 0, "connectivity": 6}


@pytest.fixture(scope="module")
def run_of_age(group_model):
    """A permutation run of age on the positive side, with clusters."""
    return group_model.permute(
        {"age": "age"}, sides="positive", summaries=[ClusterSummary(p=0.001)], **ASKED
    )


def test_a_run_of_another_contrast_of_that_name_is_refused(group_model, run_of_age):
    """The same name with other weights, or another test: its p would be those of something else."""
    for asked, written in (
        ({"age": "patient - control"}, "`-control + patient` with t"),
        ({"age": "-age"}, "`-age` with t"),
        ({"age": ["control", "patient"]}, "`control, patient` with F"),
    ):
        with pytest.raises(InputError) as caught:
            group_model.results(asked, permutation=run_of_age)
        assert f"it tests `age` with t, asked for is {written}" in str(caught.value)


def test_a_run_of_other_maps_is_refused(group_model, group_maps, run_of_age):
    """The same contrast of other maps over the same mask: one voxel of one map is enough."""
    changed = group_maps[3].get_fdata().copy()
    changed[12, 15, 14] += 1.0
    others = [*group_maps[:3], nib.Nifti1Image(changed, group_maps[3].affine), *group_maps[4:]]
    model = SecondLevelModel(group_model.mask_img_)
    model.fit(others, design_matrix=group_model.design_matrix_)
    with pytest.raises(InputError, match=r"of other maps than the model: its t of contrast 'age'"):
        model.results("age", permutation=run_of_age)


@pytest.mark.parametrize("where", ["fewer", "elsewhere"])
def test_a_run_of_other_elements_is_refused(group_model, group_maps, run_of_age, where):
    """Fewer elements, or as many elsewhere."""
    inside = group_model.mask_img_.get_fdata() > 0
    inside = (
        np.roll(inside, 1, axis=0)
        if where == "elsewhere"
        else inside & (np.arange(25) > 5)[:, None, None]
    )
    mask = nib.Nifti1Image(inside.astype(np.uint8), group_model.mask_img_.affine)
    model = SecondLevelModel(mask)
    model.fit(group_maps, design_matrix=group_model.design_matrix_)
    said = "elsewhere" if where == "elsewhere" else f"the model {inside.sum()}"
    with pytest.raises(InputError, match=f"of other elements than the model.*{said}"):
        model.results("age", permutation=run_of_age)


def test_a_run_without_any_of_the_contrasts_is_refused(group_model, run_of_age):
    """Names that do not meet are a slip: the message lists both."""
    with pytest.raises(InputError, match=r"it has 'age', asked for are 'older', 'patient'"):
        group_model.results({"older": "age", "patient": "patient"}, permutation=run_of_age)


@pytest.mark.parametrize("given", ["age", {}, 3])
def test_what_is_no_run_is_refused(group_model, given):
    """The message says what a run is."""
    with pytest.raises(InputTypeError, match=r"what SecondLevelModel.permute returned"):
        group_model.results("age", permutation=given)


def test_arrays_of_a_run_are_not_the_run(group_model, run_of_age):
    """The result without its space is refused, too."""
    with pytest.raises(InputTypeError, match="Got PermutationResult"):
        group_model.results("age", permutation=run_of_age.result)


def test_a_statistic_of_another_order_gives_p_of_peaks_alone(group_model):
    """Clusters of Aspin and Welch's v are not those of t: no p of clusters, and a note says so."""
    groups = group_model.design_matrix_["patient"].to_numpy().astype(int)
    run = group_model.permute(
        {"who": "patient - control"},
        sides="positive",
        summaries=[ClusterSummary(p=0.001)],
        variance_groups=groups,
        **ASKED,
    )
    found = group_model.results({"who": "patient - control"}, permutation=run)["who"]
    affine = group_model.mask_img_.affine
    at = (found.clusters[["X", "Y", "Z"]].to_numpy() - affine[:3, 3]) / np.diag(affine)[:3]
    heights = run.image("z").get_fdata()[tuple(at.round().astype(int).T)]
    maxima = run.null().peaks
    expected = [(maxima >= height * (1 - 1e-9)).mean() for height in heights]
    assert found.clusters["Peak p (FWE)"].tolist() == expected
    assert "Cluster p (FWE)" not in found.clusters
    assert "by the statistic v" in found.notes[0]
    assert found.p_source == "p of peaks are from 20 shuffles, by the statistic v."


@pytest.mark.parametrize("asked", [{"scale": "stat"}, {"statistic": "partial_r"}])
def test_statistics_of_the_same_order_have_the_same_clusters(group_model, run_of_age, asked):
    """By t instead of z, or by the partial correlation: the same shuffles, the same p."""
    run = group_model.permute(
        {"age": "age"}, sides="positive", summaries=[ClusterSummary(p=0.001)], **ASKED | asked
    )
    ours, other = (
        group_model.results("age", permutation=one)["age"].clusters for one in (run, run_of_age)
    )
    columns = [column for column in other if " p " in column]
    assert columns == [
        f"{what} p (FWE){side}" for what in ("Peak", "Cluster") for side in ("", " Lower", " Upper")
    ]
    pd.testing.assert_frame_equal(ours[columns], other[columns])


@pytest.mark.parametrize(
    ("summaries", "said"),
    [
        (
            (),
            "kept no clusters: for p of clusters run it with summaries=[ClusterSummary(z=3.0902)]",
        ),
        ([ClusterSummary(p=0.001, extent="size")], "measured clusters in mm"),
    ],
)
def test_a_run_without_counted_clusters_says_how_to_have_them(group_model, summaries, said):
    """P of peaks alone, with a note that says what to run."""
    run = group_model.permute({"age": "age"}, sides="positive", summaries=summaries, **ASKED)
    found = group_model.results("age", permutation=run)["age"]
    assert said in found.notes[0]
    assert found.p_source == "p of peaks are from 20 shuffles."
    assert found.clusters["Peak p (FWE)"].iloc[0] == 1 / 20


@pytest.mark.filterwarnings("ignore:50% of what the contrast tests")
def test_f_contrasts_take_p_of_their_shuffles(group_model):
    """F has one side: p of peaks and clusters are counted among the maxima of F."""
    asked = {"any": ["control", "patient"]}
    run = group_model.permute(asked, summaries=[ClusterSummary(p=0.001)], **ASKED)
    found = group_model.results(asked, two_sided=True, permutation=run)["any"]
    sizes = found.clusters.loc[found.clusters["TDP"] != "", "Cluster Size (mm3)"].astype(float)
    counts = run.null().counts
    expected = [(counts >= size / 216).mean() for size in sizes]
    main = found.clusters["Cluster p (FWE)"] != ""
    assert found.clusters.loc[main, "Cluster p (FWE)"].tolist() == expected
    assert found.notes == ()


def test_all_distinct_shuffles_leave_nothing_to_bound(make_image, ones):
    """With every sign flip done p is exact: it has no Monte Carlo interval."""
    maps = [make_image(seed) for seed in range(6)]
    mask = make_image(np.ones((8, 9, 10), dtype=np.uint8))
    model = SecondLevelModel(mask).fit(maps, design_matrix=ones(6))
    run = model.permute(
        "intercept", sides="positive", summaries=[ClusterSummary(z=2.0)], **ASKED | {"n_perm": 64}
    )
    found = model.results("intercept", height_control=None, threshold=2.0, permutation=run)[
        "intercept"
    ]
    assert run.result.exhaustive
    assert "Peak p (FWE) Lower" not in found.clusters
    assert found.p_source == "p of peaks and clusters are from all 64 shuffles."
    assert (found.clusters["Peak p (FWE)"] * 64 % 1 == 0).all()
