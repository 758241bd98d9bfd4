"""Real maps by shuffling, where the folder of real maps is present."""

import warnings

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from secondlevel import ClusterSummary, SecondLevelModel, TFCESummary, get_clusters_table

LEVEL = 0.05


@pytest.fixture(scope="module")
def words(real_maps):
    """The model of 14 subjects who heard words."""
    paths = sorted((real_maps / "spm_contrasts" / "auditory").glob("*/Words_*.nii"))
    model = SecondLevelModel(minimize_memory=False)
    return model.fit(paths, design_matrix=pd.DataFrame({"intercept": np.ones(14)})), paths


@pytest.fixture(scope="module")
def both(words, real_maps):
    """The model of these and of 16 subjects who saw faces, resampled to one grid; its data."""
    one, paths = words
    paths = paths + sorted((real_maps / "spm_contrasts" / "visual").glob("*/con_0006.img"))
    design = pd.DataFrame({"words": np.repeat([1.0, 0.0], [14, 16])})
    design["faces"] = 1.0 - design["words"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the two grids, tested elsewhere
        model = SecondLevelModel(one.mask_img_, minimize_memory=False)
        data = model.fit_transform(paths, design_matrix=design)
    return model, data


@pytest.fixture(scope="module")
def shuffled(both):
    """Words against faces in 1 000 shuffles, each direction by itself."""
    return both[0].permute(
        "words - faces",
        sides="each",
        summaries=[ClusterSummary(p=0.001)],
        n_perm=1_000,
        random_state=0,
    )


def counts(result, name):
    """Smallest p of either direction, and how many voxels reach 5 %: more by words, by faces."""
    p, more = result.summaries[name].p, result.statistic > 0
    return [(p[side].min(), int(np.sum(p[side] <= LEVEL))) for side in (more, ~more)]


def places(found, sign):
    """Where the largest t is significant, on one side, mm."""
    p, t = found.image("logp_max_t"), found.image("t").get_fdata()
    kept = (p.get_fdata() >= -np.log10(LEVEL)) & (sign * t > 0)
    return nib.affines.apply_affine(p.affine, np.argwhere(kept))


def test_unshuffled_words_against_faces_is_the_two_sample_test(both, shuffled):
    """Shuffle 0 has the t of the general linear model, which is scipy's."""
    _, data = both
    expected = stats.ttest_ind(data[:14], data[14:]).statistic
    # Worst relative difference seen: 7e-12, where t is next to 0.
    np.testing.assert_allclose(shuffled.result[0].statistic, expected, rtol=1e-9)


def test_maxima_of_shuffles_are_those_of_shuffled_labels(both, shuffled):
    """The largest z of 40 shuffles by a plain loop: the labels go where the shuffle says."""
    _, data = both
    order = shuffled.result.shuffles.batch(0, 40).order
    group = np.repeat([0, 1], [14, 16])
    expected = []
    for labels in group[order]:
        t = stats.ttest_ind(data[labels == 0], data[labels == 1]).statistic
        tails = stats.t.logsf([t.max(), -t.min()], 28)
        expected.append(-stats.norm.ppf(np.exp(tails)))
    found = shuffled.result[0].summaries["max"].maxima[:40]
    np.testing.assert_allclose(found, expected, rtol=1e-12)  # seen: 1e-15


def test_words_raise_auditory_cortex_and_faces_visual_cortex(shuffled):
    """What is significant lies in the temporal lobes on one side, behind on the other."""
    heard, seen = places(shuffled, 1), places(shuffled, -1)
    assert (np.abs(heard[:, 0]) > 40).all()
    assert ((heard[:, 1] > -50) & (heard[:, 1] < 25)).all()
    assert (heard[:, 0] > 0).any()
    assert (heard[:, 0] < 0).any()
    assert (seen[:, 1] < -25).all()
    assert (seen[:, 1] < -40).mean() > 0.8
    result = shuffled.result[0]
    assert counts(result, "max") == [(0.001, 133), (0.003, 63)]
    assert counts(result, "size") == [(0.003, 686), (0.002, 818)]
    assert counts(result, "mass") == [(0.002, 686), (0.001, 818)]


def test_table_of_clusters_has_the_p_of_the_maps(both):
    """Peak and cluster p of a table, made with the null of a run, are those of its images."""
    found = both[0].permute(
        "words - faces", summaries=[ClusterSummary(p=0.001)], n_perm=300, random_state=0
    )
    table = get_clusters_table(
        found.image("z"),
        found.result[0].cluster_threshold,
        two_sided=False,
        null=found.null(),
        connectivity=26,
    )
    z = found.image("z")
    at = np.linalg.inv(z.affine) @ np.column_stack([table[["X", "Y", "Z"]], np.ones(len(table))]).T
    index = tuple(np.rint(at[:3]).astype(int))
    for column, key in (("Peak p (FWE)", "logp_max_t"), ("Cluster p (FWE)", "logp_max_size")):
        p = 10 ** -found.image(key).get_fdata()[index]
        given = pd.to_numeric(table[column], errors="coerce").to_numpy()
        main = np.isfinite(given)  # sub-peaks have no cluster p of their own
        assert main.sum() >= 9
        np.testing.assert_allclose(given[main], p[main], rtol=1e-12)  # seen: 4e-16


def test_groups_of_unequal_variance_are_allowed_for(both):
    """Maps of words vary more; by v less is significant than by t, in the same places."""
    model, data = both
    assert np.median(data[:14].std(axis=0)) == pytest.approx(
        2.61 * np.median(data[14:].std(axis=0)), rel=0.01
    )
    found = model.permute(
        "words - faces",
        sides="each",
        variance_groups=np.repeat(["words", "faces"], [14, 16]),
        n_perm=400,
        random_state=0,
    )
    expected = stats.ttest_ind(data[:14], data[14:], equal_var=False)
    # Worst relative difference seen: 5e-12, where v is next to 0.
    np.testing.assert_allclose(found.result[0].statistic, expected.statistic, rtol=1e-9)
    assert counts(found.result[0], "max") == [(0.0025, 20), (0.005, 42)]


def test_all_flips_of_fourteen_maps_of_words(words):
    """Each of 2^14 flips is done once: p is exact, a multiple of 1/16384, small where one hears."""
    found = words[0].permute("intercept", sides="each", n_perm=20_000, n_jobs=2)
    result = found.result
    assert (result.n_shuffles, result.exhaustive) == (2**14, True)
    p, t = result[0].p, result[0].statistic
    assert (p[t > 0].min() * 2**14, p[t < 0].min() * 2**14) == (73, 1076)
    assert np.sum(p <= LEVEL) == 2
    maxima = result[0].summaries["max"].maxima
    # The flip of all signs turns one side into the other. Seen: 9e-16.
    np.testing.assert_allclose(np.sort(maxima[:, 0]), np.sort(maxima[:, 1]), rtol=1e-12)
    assert (np.abs(places(found, 1)[:, 0]) > 40).all()


def test_enhanced_maps_show_the_same_regions(both):
    """By TFCE, in 200 shuffles, both directions are significant, and faces at most voxels."""
    found = both[0].permute(
        "words - faces",
        sides="each",
        summaries=[TFCESummary()],
        n_perm=200,
        random_state=0,
        n_jobs=2,
    )
    heard, seen = counts(found.result[0], "tfce")
    assert heard == (0.025, 122)
    assert seen == (0.01, 1237)
