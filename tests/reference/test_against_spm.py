"""Smoothness, thresholds and whole result tables are those that SPM12 (r7771) printed."""

from dataclasses import dataclass

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage, special

from secondlevel import SecondLevelModel
from secondlevel.errors import RandomFieldWarning
from secondlevel.graph.components import find_components
from secondlevel.graph.lattice import Lattice
from secondlevel.inference.random_field import RandomField
from secondlevel.inference.smoothness import Smoothness
from secondlevel.inference.tails import f_tail, t_tail

# Half of the runs are on maps that are hardly smooth, and clusters are formed at p = 0.01 too.
pytestmark = pytest.mark.filterwarnings("ignore", category=RandomFieldWarning)

RUNS = ("s1_t1", "s2b_t2uneq", "s9_t1_smooth")
FITTED = {"s1_t1": "y24", "s9_t1_smooth": "ysm16"}  # s2b pools variances over the brain: not ours
SET_P, N_CLUSTERS, CLUSTER_P, CLUSTER_Q, COUNT, CLUSTER_P_ALONE = range(6)
PEAK_P, PEAK_Q, HEIGHT, Z, PEAK_P_ALONE = range(6, 11)


@dataclass(frozen=True, eq=False)
class Run:
    """One analysis of SPM: what it printed and the images it wrote."""

    spm: dict
    mask: np.ndarray
    affine: np.ndarray

    @property
    def smoothness(self):
        """As SPM prints it."""
        return Smoothness.of_resels(self.spm["R"], int(self.spm["S"]), self.spm["FWHM"])

    def field(self, contrast):
        """The random field of a contrast: the first is a t, the second an F contrast."""
        dof = self.spm[f"c{contrast}_df"]
        if contrast == 1:
            return RandomField(self.smoothness, "t", dof[1])
        return RandomField(self.smoothness, "F", dof)

    def statistic(self, contrast):
        """SPM's image of the statistic as a vector."""
        return self.spm["img_spmT_0001" if contrast == 1 else "img_spmF_0002"]

    def volume(self, values, outside):
        """Put a vector back on the grid."""
        volume = np.full(self.mask.shape, outside, dtype=np.float64)
        volume[self.mask] = values
        return volume

    def at(self, positions):
        """Elements at positions in mm."""
        voxels = np.round(nib.affines.apply_affine(np.linalg.inv(self.affine), positions))
        number = np.cumsum(self.mask).reshape(self.mask.shape) - 1
        return number[tuple(voxels.astype(int).T)]


def load(folder, name):
    """Read a run."""
    grid = np.load(folder / "mask.npz")
    with np.load(folder / "spm" / f"spm_{name}.npz") as numbers:
        return Run(dict(numbers), grid["mask"], grid["affine"])


@pytest.fixture(params=RUNS)
def run(request, reference_numbers):
    """Each run in turn."""
    return load(reference_numbers, request.param)


@pytest.fixture(params=FITTED)
def fitted(request, reference_numbers):
    """A model fitted to the maps of a run, and the run."""
    run = load(reference_numbers, request.param)
    maps = np.load(reference_numbers / "inputs.npz")[FITTED[request.param]]
    images = [nib.Nifti1Image(run.volume(row, 0.0).astype("f4"), run.affine) for row in maps]
    mask = nib.Nifti1Image(run.mask.astype(np.uint8), run.affine)
    design = pd.DataFrame({"one": np.ones(len(images))})
    return SecondLevelModel(mask).fit(images, design_matrix=design), run


def test_smoothness_is_spms(fitted):
    """FWHM, resel counts and the image of resels per voxel, with NaN where SPM has it."""
    model, run = fitted
    smoothness = model.smoothness_
    # Worst relative differences seen: 3e-15.
    np.testing.assert_allclose(smoothness.fwhm, run.spm["FWHM"], rtol=1e-12)
    np.testing.assert_allclose(smoothness.fwhm_mm, 3.0 * run.spm["FWHM"], rtol=1e-12)
    np.testing.assert_allclose(smoothness.resels, run.spm["R"], rtol=1e-12)
    np.testing.assert_allclose(smoothness.resels_per_element, run.spm["img_RPV"], rtol=1e-12)
    assert (smoothness.n_elements, smoothness.dof) == (run.spm["S"], round(float(run.spm["erdf"])))


def test_the_field_of_a_models_contrast_has_spms_threshold(fitted):
    """From maps to the threshold of t and of F, nothing of SPM's is needed."""
    model, run = fitted
    for contrast, kind in ((1, "t"), (2, "F")):
        field = model.random_field("one", second_level_stat_type=kind)
        # Worst relative difference seen: 2e-8; SPM's search for the root ends there.
        assert field.threshold(0.05) == pytest.approx(run.spm[f"c{contrast}_uFWE05"], rel=1e-6)


@pytest.mark.parametrize("contrast", [1, 2])
def test_height_thresholds_are_spms(run, contrast):
    """Random field and Bonferroni apart, and the lower of both."""
    field, printed = run.field(contrast), f"c{contrast}_uFWE05"
    # Worst relative differences seen: 5e-15 and, Bonferroni, 1.3e-8.
    assert field.threshold_field(0.05) == pytest.approx(run.spm[f"{printed}_RF"], rel=1e-12)
    assert field.threshold_bonferroni(0.05) == pytest.approx(run.spm[f"{printed}_Bonf"], rel=1e-7)
    assert field.threshold(0.05) == pytest.approx(run.spm[printed], rel=1e-7)


@pytest.mark.parametrize("level", ["u1", "u2"])
@pytest.mark.parametrize("contrast", [1, 2])
def test_the_clusters_are_spms(run, contrast, level):
    """All 18-connected clusters: their sizes, corrected and uncorrected p, and that of the peak."""
    key = f"c{contrast}_{level}"
    printed = np.atleast_2d(run.spm[f"{key}_clusters"])
    threshold, statistic = float(run.spm[f"{key}_u"]), run.statistic(contrast)
    field = run.field(contrast)
    found = find_components(Lattice(run.mask, run.affine).graph(18), statistic > threshold)
    peaks = ndimage.maximum(statistic, found.labels, np.arange(found.n_components) + 1)
    order, spms = np.argsort(peaks), np.argsort(printed[:, 1])
    counts, peaks = found.counts[order], np.asarray(peaks)[order]
    np.testing.assert_array_equal(counts, printed[spms, 0])
    np.testing.assert_array_equal(peaks, printed[spms, 1])
    alone = field.cluster_p_uncorrected(counts, threshold)
    # Worst differences seen: 2e-14, 1e-14, 2e-13.
    np.testing.assert_allclose(field.cluster_p(counts, threshold), printed[spms, 5], atol=1e-11)
    np.testing.assert_allclose(alone, printed[spms, 6], atol=1e-11)
    np.testing.assert_allclose(field.peak_p(peaks), printed[spms, 7], atol=1e-11)


@pytest.mark.parametrize("level", ["u1", "u2"])
@pytest.mark.parametrize("contrast", [1, 2])
def test_the_printed_table_is_spms(run, contrast, level):
    """Every column of every row, those of the set, of the clusters and of the peaks."""
    key = f"c{contrast}_{level}"
    table = np.atleast_2d(run.spm[f"{key}_tab"])
    threshold, statistic = float(run.spm[f"{key}_u"]), run.statistic(contrast)
    field, dof = run.field(contrast), run.spm[f"c{contrast}_df"]
    elements = run.at(np.atleast_2d(run.spm[f"{key}_tabxyz"]))
    np.testing.assert_array_equal(statistic[elements], table[:, HEIGHT])

    found = find_components(Lattice(run.mask, run.affine).graph(18), statistic > threshold)
    assert found.n_components == table[0, N_CLUSTERS]
    # Worst difference seen in any column: 3e-13.
    close = {"rtol": 0.0, "atol": 1e-10}
    np.testing.assert_allclose(field.set_p(found.n_components, threshold), table[0, SET_P], **close)
    first = ~np.isnan(table[:, COUNT])
    own = found.labels[elements[first]] - 1
    np.testing.assert_array_equal(found.counts[own], table[first, COUNT])
    by_column = {
        CLUSTER_P: field.cluster_p(found.counts, threshold),
        CLUSTER_Q: field.cluster_q(found.counts, threshold),
        CLUSTER_P_ALONE: field.cluster_p_uncorrected(found.counts, threshold),
    }
    for column, values in by_column.items():
        np.testing.assert_allclose(values[own], table[first, column], **close)

    heights = table[:, HEIGHT]
    tail = t_tail(heights, dof[1]) if contrast == 1 else f_tail(heights, *dof)
    is_peak = local_maxima(run, statistic) & (statistic > threshold)
    assert is_peak[elements].all()
    q = np.full(len(statistic), np.nan)
    q[is_peak] = field.peak_q(statistic[is_peak], threshold)
    np.testing.assert_allclose(field.peak_p(heights), table[:, PEAK_P], **close)
    np.testing.assert_allclose(q[elements], table[:, PEAK_Q], **close)
    # SPM prints 1 - exp(-p), as of a Poisson count, and the z of that; p is up to 5e-5 more and z
    # up to 2e-3 less.
    poisson = -np.expm1(-field.peak_p_uncorrected(heights))
    np.testing.assert_allclose(poisson, table[:, PEAK_P_ALONE], **close)
    # Seen: 5e-10, since SPM rounds 1 - p before it looks z up.
    np.testing.assert_allclose(-special.ndtri(poisson), table[:, Z], rtol=0.0, atol=1e-8)
    np.testing.assert_allclose(tail.z, table[:, Z], rtol=0.0, atol=2e-3)  # seen: 1.8e-3


@pytest.mark.parametrize("level", ["u1", "u2"])
@pytest.mark.parametrize("contrast", [1, 2])
def test_what_is_expected_above_a_threshold_is_spms(run, contrast, level):
    """Number of clusters, and the size of one."""
    key = f"c{contrast}_{level}"
    field, threshold = run.field(contrast), float(run.spm[f"{key}_u"])
    _, _, n_clusters, resels = run.spm[f"{key}_set_level"]
    size = resels * run.smoothness.elements_per_resel
    # Worst relative differences seen: 6e-15, 5e-14.
    assert field.expected_clusters(threshold) == pytest.approx(n_clusters, rel=1e-12)
    assert field.expected_cluster_size(threshold) == pytest.approx(size, rel=1e-12)


def local_maxima(run, statistic):
    """Flag elements that no neighbour, by face or edge, exceeds."""
    around = ndimage.generate_binary_structure(3, 2)
    highest = ndimage.maximum_filter(
        run.volume(statistic, -np.inf), footprint=around, mode="constant", cval=-np.inf
    )
    return statistic == highest[run.mask]
