"""Whole printed tables of SPM12: rows, peaks, sizes and every p, where its runs are present."""

import warnings

import nibabel as nib
import numpy as np
import pytest

from secondlevel.claims.clusters import get_clusters_table
from secondlevel.errors import RandomFieldWarning
from secondlevel.inference.random_field import RandomField
from secondlevel.inference.smoothness import Smoothness

RUNS = ["s1_t1", "s2b_t2uneq", "s9_t1_smooth"]
# Columns of SPM's table after those of the whole map; z has none here, and the last one, the
# uncorrected p of a peak, is printed as 1 - exp(-p).
COLUMNS = {
    "Cluster p (FWE)": 2,
    "Cluster q (FDR)": 3,
    "Cluster p (uncorrected)": 5,
    "Peak p (FWE)": 6,
    "Peak q (FDR)": 7,
    "Peak Stat": 8,
}


@pytest.mark.parametrize("level", ["u1", "u2"])
@pytest.mark.parametrize("contrast", ["c1", "c2"])
@pytest.mark.parametrize("run", RUNS)
def test_the_table_is_the_one_that_spm_prints(run, contrast, level, reference_numbers):
    """18-connected clusters, maxima among 18 neighbours, 8 mm apart: all rows in SPM's order."""
    with np.load(reference_numbers / "spm" / f"spm_{run}.npz", allow_pickle=True) as spm:
        image = f"spm{'T' if contrast == 'c1' else 'F'}_{int(contrast[1]):04d}"
        if f"img_{image}" not in spm:
            pytest.skip(f"this run came without the map of {contrast}")
        stat = spm[f"img_{image}"].astype(float)
        rows = np.atleast_2d(spm[f"{contrast}_{level}_tab"])
        places = np.atleast_2d(spm[f"{contrast}_{level}_tabxyz"])
        threshold = float(spm[f"{contrast}_{level}_u"])
        smoothness = Smoothness.of_resels(spm["R"], int(spm["S"]), spm["FWHM"])
        dof = spm[f"{contrast}_df"]
    with np.load(reference_numbers / "mask.npz") as grid:
        mask, affine = grid["mask"].astype(bool), grid["affine"]
    data = np.zeros(mask.shape)
    data[mask] = stat
    with warnings.catch_warnings():
        # SPM does not warn of p = 0.01, nor of an FWHM below 2.5 voxels.
        warnings.simplefilter("ignore", RandomFieldWarning)
        null = (
            RandomField(smoothness, "t", dof[1])
            if contrast == "c1"
            else RandomField(smoothness, "F", tuple(dof))
        )
        table = get_clusters_table(
            nib.Nifti1Image(data, affine),
            threshold,
            mask_img=nib.Nifti1Image(mask.astype("u1"), affine),
            connectivity=18,
            sub_peaks=26,
            null=null,
        )
    assert len(table) == len(rows)
    np.testing.assert_array_equal(table[["X", "Y", "Z"]], places)
    counts = table["Cluster Size (mm3)"].replace("", np.nan).astype(float) / 27
    np.testing.assert_allclose(counts, rows[:, 4], rtol=1e-12)
    for column, place in COLUMNS.items():
        ours = table[column].replace("", np.nan).astype(float)
        # Worst relative difference seen: 1.1e-9.
        np.testing.assert_allclose(ours, rows[:, place], rtol=1e-7)
    printed = -np.expm1(-table["Peak p (uncorrected)"].astype(float))
    # Worst relative difference seen: 5.4e-9.
    np.testing.assert_allclose(printed, rows[:, 10], rtol=1e-7)
