"""Exhaustive runs of PALM: statistics, nulls and every p, exactly; a handful without any file."""

import numpy as np
import pytest

from secondlevel.graph.lattice import Lattice
from secondlevel.permutation.arrays import permutation_test
from secondlevel.permutation.summaries.clusters import ClusterSummary

# PALM (Dec/2025, double precision) of five elements each: maps in single precision, t, and how
from secondlevel.permutation.summaries.enhancement import TFCESummary

# PALM (Dec/2025, double precision) of five elements each: maps in single precision, t, and how
# many of all shuffles reach it. `palm -i … -d … -t … -n 0`, which does every distinct one.
GROUPS = np.repeat(np.eye(2), 5, axis=0)
SCORES = np.array(
    [
        [-1.81, -1.06, 1],
        [1.4, 0.22, 1],
        [1.83, 1.25, 1],
        [-1.59, 0.05, 1],
        [-0.11, -0.52, 1],
        [-0.1, 0.78, 1],
        [-0.3, -0.86, 1],
    ]
)
PRINTED = {
    # p04: two groups of five, second more than first, 252 permutations.
    "two groups": (
        [
            [0.18523654, -0.23726413, 0.7106379, 0.28034905, -0.2802841],
            [0.028435515, 0.96918154, -1.0272571, -1.4818258, 3.1195352],
            [-0.027700076, -0.5724138, -1.0544864, -0.71264285, 2.1436684],
            [-1.2065644, -0.7573183, 0.974328, 0.20742992, -0.9651761],
            [-0.08117139, 0.7277203, -0.94288236, 0.7140542, -0.013796416],
            [1.5595579, 1.2729927, 1.7048064, -1.6289303, -2.4329975],
            [3.7676976, 3.3817444, -0.14825734, 1.9451804, 0.85820574],
            [3.538597, 2.259297, 2.5766928, -2.3056753, -2.5868325],
            [1.7549236, 1.0874939, 5.4034595, 1.8406706, -1.1678813],
            [4.345325, 1.3676107, -0.5215505, 0.39159152, -3.0930674],
        ],
        GROUPS,
        [-1.0, 1.0],
        252,
        [5.223526, 3.3511531, 1.7845796, 0.25746694, -2.357801],
        [1, 1, 14, 101, 247],
    ),
    # p10: a score with another one as nuisance, Freedman and Lane, 5040 permutations.
    "score": (
        [
            [-0.89080805, -1.5184852, -1.0618532, -1.7825541, -0.21129341],
            [0.8875603, 0.5133425, 1.4686396, 0.3625791, -0.48766643],
            [1.1921651, 1.6736691, 1.4434513, 0.7236195, 0.11623476],
            [-0.7619237, -0.7237771, -0.06953579, 0.15772308, 0.23246694],
            [0.084310845, -0.7979361, -0.24977075, -1.288258, -0.5476837],
            [0.1513647, 0.6803232, -0.51062196, 0.14138488, 1.0121053],
            [-0.046584032, -1.0796854, -0.34231943, -0.19386633, -0.7778228],
        ],
        SCORES,
        [1.0, 0.0, 0.0],
        5040,
        [43.953278, 5.1267705, 2.4165344, 0.46843368, -3.615262],
        [1, 6, 157, 1668, 4927],
    ),
}


@pytest.mark.parametrize("name", PRINTED)
def test_a_handful_of_elements_have_the_p_of_palm(name):
    """From maps to t and the count of shuffles that reach it, by way of float32 and of float64."""
    maps, design, contrast, n_shuffles, t, counts = PRINTED[name]
    for kind in (np.float32, np.float64):
        data = np.asarray(maps, dtype=np.float32).astype(kind)
        result = permutation_test(data, design, contrast, uncorrected=True)
        assert result.exhaustive
        assert result.n_shuffles == n_shuffles
        # Worst relative difference seen: 6e-8, the last digit of single precision.
        np.testing.assert_allclose(result[0].statistic, t, rtol=1e-7)
        found = result[0].summaries["max"].p_uncorrected * n_shuffles
        np.testing.assert_array_equal(np.round(found, 9), counts)


# Inputs: maps, design, contrast, blocks, threshold in z, number of shuffles.
RUNS = {
    "p01_one12_ext_tfce": ("y12", "csv_design_one12", None, None, 3.1, 4096),
    "p04_two55_t": ("y55", "csv_design_55", "csv_con_55", None, 2.3, 252),
    "p06_paired12_within": (
        "yp",
        "csv_design_paired",
        "csv_con_paired",
        "csv_paired_subj",
        3.1,
        4096,
    ),
    "p10_corr7_FL": ("y7", "csv_design_7", "csv_con_7", None, 2.3, 5040),
}


def run(folder, name, summaries, connectivity):
    """Ask of the inputs what PALM was asked; return that and what PALM found."""
    maps, design, contrast, blocks, _, n_shuffles = RUNS[name]
    with np.load(folder / "mask.npz") as file:
        lattice = Lattice(file["mask"] > 0, file["affine"])
    with np.load(folder / "inputs.npz") as inputs:
        result = permutation_test(
            inputs[maps],
            inputs[design],
            None if contrast is None else inputs[contrast][0],
            exchangeability_blocks=None if blocks is None else inputs[blocks][:, 0].astype(int),
            summaries=summaries,
            graph=lattice.graph(connectivity),
            uncorrected=True,
        )
    assert result.exhaustive
    assert result.n_shuffles == n_shuffles
    with np.load(folder / "palm" / f"palm_{name}.npz") as palm:
        return result, {key: palm[key] for key in palm.files}


def same_counts(p, theirs, n_shuffles):
    """Hold p, in steps of one shuffle, to PALM's in single precision: the same step."""
    np.testing.assert_array_equal(np.round(p * n_shuffles), np.round(theirs * n_shuffles))
    np.testing.assert_allclose(p * n_shuffles, np.round(p * n_shuffles), atol=1e-9)


def same_null(summary, theirs):
    """Hold the maxima of all shuffles to PALM's, the first to the first, others in any order."""
    ours = summary.maxima[:, 0]
    # Worst relative difference seen: 2e-10.
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-8)
    np.testing.assert_allclose(np.sort(ours), np.sort(theirs), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", RUNS)
def test_statistics_and_extents_are_those_of_palm(reference_numbers, name):
    """Values of t, largest z and largest cluster of every shuffle, and all p by these."""
    summaries = [ClusterSummary(z=RUNS[name][4])]
    result, palm = run(reference_numbers, name, summaries, 26)
    n, found = result.n_shuffles, result[0].summaries
    # Worst relative difference seen: 6e-8, the last digit of single precision.
    np.testing.assert_allclose(result[0].statistic, palm["vox_tstat"], rtol=1e-7)
    assert result[0].dof == palm["vox_tstat_dof"].max()
    same_null(found["max"], palm["vox_tstat_max"])
    same_counts(found["max"].p, palm["vox_tstat_fwep"], n)
    same_counts(found["max"].p_uncorrected, palm["vox_tstat_uncp"], n)
    np.testing.assert_array_equal(found["size"].observed, palm["clustere_tstat"])
    same_null(found["size"], palm["clustere_tstat_max"])
    same_counts(found["size"].p, palm["clustere_tstat_fwep"], n)


@pytest.mark.parametrize("name", [name for name in RUNS if name != "p10_corr7_FL"])
def test_enhanced_maps_are_those_of_palm(reference_numbers, name):
    """With a hundred levels to each map's own maximum: scores, their null, and every p."""
    result, palm = run(reference_numbers, name, [TFCESummary(E=0.5, levels=100)], 6)
    n, found = result.n_shuffles, result[0].summaries["tfce"]
    # Worst difference seen: 4e-8 of the largest, the last digit of single precision.
    largest = palm["tfce_tstat"].max()
    np.testing.assert_allclose(found.observed, palm["tfce_tstat"], rtol=1e-6, atol=1e-7 * largest)
    same_null(found, palm["tfce_tstat_max"])
    same_counts(found.p, palm["tfce_tstat_fwep"], n)
    same_counts(found.p_uncorrected, palm["tfce_tstat_uncp"], n)
