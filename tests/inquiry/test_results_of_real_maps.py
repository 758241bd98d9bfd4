"""Answers of real maps: words and faces on two grids, 21 studies of pain."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from secondlevel import SecondLevelModel, get_clusters_table


@pytest.fixture(scope="module")
def joined(real_maps):
    """14 subjects who heard words, 16 who saw faces, resampled to the grid of the first."""
    paths = sorted((real_maps / "spm_contrasts" / "auditory").glob("*/Words_*.nii"))
    words = SecondLevelModel().fit(paths, design_matrix=pd.DataFrame({"one": np.ones(14)}))
    paths = paths + sorted((real_maps / "spm_contrasts" / "visual").glob("*/con_0006.img"))
    design = pd.DataFrame({"words": np.repeat([1.0, 0.0], [14, 16])})
    design["faces"] = 1.0 - design["words"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the two grids, tested elsewhere
        return SecondLevelModel(words.mask_img_).fit(paths, design_matrix=design)


@pytest.fixture(scope="module")
def answers(joined):
    """Words against faces, and any effect."""
    return joined.results(
        {"words > faces": "words - faces", "any": ["words", "faces"]}, two_sided=True
    )


def test_words_raise_the_temporal_lobes(answers):
    """The highest peak is in the right superior temporal gyrus, and more is lit on both sides."""
    found = answers["words > faces"]
    assert (found.highest["X"], found.highest["Y"], found.highest["Z"]) == (54.0, 12.0, -12.0)
    assert found.highest["Peak Stat"] == pytest.approx(6.0318, abs=1e-4)
    assert (found.n_beyond, found.discoveries) == (1148, 184)
    raised = found.clusters[(found.clusters["Peak Stat"] > 0) & (found.clusters["TDP"] != "")]
    large = raised[raised["Cluster p (FWE)"].astype(float) < 0.05]
    assert (large["X"] > 40).any()
    assert (large["X"] < -40).any()


def test_rows_and_p_are_those_of_the_field_of_t_and_f(joined, answers):
    """55 rows of t on both sides, 120 of F on one, with p and q of the fields of t and F."""
    for name, asked, n_rows in (
        ("words > faces", "words - faces", 55),
        ("any", ["words", "faces"], 120),
    ):
        found = answers[name]
        tail = stats.norm.sf(found.height)
        height = stats.t.isf(tail, 28) if found.kind == "t" else stats.f.isf(tail, 2, 28)
        table = get_clusters_table(
            found.maps["stat"],
            height,
            two_sided=found.kind == "t",
            null=joined.random_field(asked),
            mask_img=joined.mask_img_,
        )
        assert len(table) == len(found.clusters) == n_rows
        columns = [column for column in table if column != "Peak Stat"]
        # Seen: no difference at all.
        pd.testing.assert_frame_equal(found.clusters[columns], table[columns], rtol=1e-9)
        p = found.clusters.loc[found.clusters["TDP"] != "", "Cluster p (FWE)"].astype(float)
        assert p.min() > 0


def test_pictures_show_the_difference_at_each_peak(answers):
    """At every peak that is shown the difference of the two means is the effect of the table."""
    found = answers["words > faces"]
    table = found.clusters.set_index(found.clusters["Cluster ID"].astype(str))
    peaks = found.effects["Peak"].unique()
    assert len(peaks) == 6
    for peak in peaks:
        shown = found.effects[found.effects["Peak"] == peak]
        means = shown[shown["Part"] == "fit"].set_index("Group")["Value"]
        difference = means["words"] - means["faces"]
        assert difference == pytest.approx(table.loc[peak, "Effect"], rel=1e-9)
        maps = shown[shown["Part"] == "map"].groupby("Group")["Value"]
        np.testing.assert_allclose(maps.mean()[["words", "faces"]], means[["words", "faces"]])
    assert found.effects["Map"].iloc[0] == "subject_01/Words_1"


def test_pain_is_answered_within_what_all_studies_saw(real_maps):
    """192 885 of 259 353 voxels have all maps; most of the large cluster is active."""
    folder = real_maps / "pain21"
    paths = sorted(folder.glob("contrast_pain_*.nii.gz"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is missing, tested elsewhere
        model = SecondLevelModel(folder / "mask.nii.gz", zero_is_missing=True)
        model.fit(paths, design_matrix=pd.DataFrame({"pain": np.ones(21)}))
    results = model.results("pain", two_sided=True)
    found = results["pain"]
    assert (results.model.n_elements, results.model.n_in_mask) == (192_885, 259_353)
    assert results.quality.maps["Map"].iloc[0] == "contrast_pain_01"
    assert found.discoveries == 35_478
    first = found.clusters.iloc[0]
    assert first["Cluster Size (mm3)"] == pytest.approx(124_880, abs=1)
    assert first["TDP"] == pytest.approx(0.7985, abs=1e-4)
    assert first["Effect Lower"] > 0
