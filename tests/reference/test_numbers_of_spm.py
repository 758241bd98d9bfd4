"""A few numbers that SPM12 printed, beside what it printed them from: no file is needed."""

import pytest

from secondlevel.inference.random_field import RandomField
from secondlevel.inference.smoothness import Smoothness

# SPM12 (r7771), run s9_t1_smooth: a one-sample test of 16 smoothed maps of noise. SPM.xVol.R, .S
# and .FWHM; SPM.xX.erdf; clusters formed at p = 0.001.
SMOOTHNESS = Smoothness.of_resels(
    [1.0, 13.919819595527645, 30.20710999354828, 16.144034442528092],
    3347,
    [5.232070886423647, 5.389927643930263, 5.313335487675692],
)
DOF = 15.0
# Of the t and of the F contrast: spm_uc_RF and spm_uc_Bonf at 0.05; threshold; then one row of the
# table: k, pFWE and uncorrected p of a cluster; height and pFWE of its peak.
PRINTED = {
    "t": (
        *(5.267663371800626, 5.886699546659278, 3.7328344063079735),
        *(45, 0.019270973286801607, 0.042055793178924446),
        *(6.850551605224609, 0.005869444275134139),
    ),
    "F": (
        *(33.17970148570611, 39.347773898905466, 16.587416454140694),
        *(6, 0.19152197244869806, 0.372386672989708),
        *(20.113357543945312, 0.27064380346994144),
    ),
}


@pytest.mark.parametrize("statistic", PRINTED)
def test_thresholds_and_a_row_of_the_table_are_spms(statistic):
    """Height thresholds by both ways, and every p of one cluster and its peak."""
    by_field, bonferroni, formed_at, size, p, alone, height, peak_p = PRINTED[statistic]
    null = RandomField(SMOOTHNESS, statistic, DOF if statistic == "t" else (1.0, DOF))
    # Worst relative differences seen: 5e-15, 1.1e-8 (SPM's search ends there), then 6e-14.
    assert null.threshold_field(0.05) == pytest.approx(by_field, rel=1e-12)
    assert null.threshold_bonferroni(0.05) == pytest.approx(bonferroni, rel=1e-7)
    assert null.cluster_p([size], formed_at)[0] == pytest.approx(p, rel=1e-11)
    assert null.cluster_p_uncorrected([size], formed_at)[0] == pytest.approx(alone, rel=1e-11)
    assert null.peak_p([height])[0] == pytest.approx(peak_p, rel=1e-11)
