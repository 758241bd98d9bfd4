"""Effect sizes of real maps, where the folder of real maps is present."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from secondlevel import SecondLevelModel


@pytest.fixture(scope="module")
def words(real_maps):
    """Fourteen subjects hear words: ask for any output, and have the data themselves."""
    paths = sorted((real_maps / "spm_contrasts" / "auditory").glob("*/Words_*.nii"))
    model = SecondLevelModel().fit(paths, design_matrix=pd.DataFrame({"intercept": np.ones(14)}))
    mask = model.mask_img_.get_fdata() > 0
    data = np.stack([nib.load(path).get_fdata()[mask] for path in paths])

    def ask(output_type):
        return model.compute_contrast(output_type=output_type).get_fdata()[mask]

    return data, ask


def test_d_of_real_maps_is_mean_over_standard_deviation(words):
    """The definition at all 50 256 voxels; the strongest has a very large effect, surely so."""
    data, ask = words
    d = ask("cohens_d")
    # Seen: 5e-12, where the mean is next to 0.
    np.testing.assert_allclose(d, data.mean(axis=0) / data.std(axis=0, ddof=1), rtol=1e-10)
    lower, upper = ask("cohens_d_lower"), ask("cohens_d_upper")
    peak = d.argmax()
    np.testing.assert_allclose(
        [d[peak], lower[peak], upper[peak]], [2.411, 1.345, 3.455], atol=1e-3
    )
    assert (lower < d).all()
    assert (d < upper).all()


def test_intervals_of_real_maps_agree_with_the_test(words):
    """The interval of d leaves 0 out at exactly the voxels where the two-sided p is below 0.05."""
    data, ask = words
    lower, upper = ask("hedges_g_lower"), ask("hedges_g_upper")
    p = stats.ttest_1samp(data, 0).pvalue
    np.testing.assert_array_equal((lower > 0) | (upper < 0), p < 0.05)
    np.testing.assert_array_equal(ask("partial_r2_lower") > 0, p < 0.05)
    assert np.mean(p < 0.05) > 0.1


def test_bounds_of_real_maps_have_their_tails(words):
    """SciPy's noncentral distributions give back 0.025 at every hundredth voxel."""
    _, ask = words
    t = ask("stat")[::100]
    lower, upper = (np.sqrt(14) * ask(f"cohens_d_{side}")[::100] for side in ("lower", "upper"))
    # Seen: 9e-13.
    np.testing.assert_allclose(stats.nct.sf(t, 13, lower), 0.025, rtol=1e-9)
    np.testing.assert_allclose(stats.nct.cdf(t, 13, upper), 0.025, rtol=1e-9)
    share = ask("partial_r2_upper")[::100]
    farther = np.maximum(-lower, upper) ** 2
    np.testing.assert_allclose(share, farther / (farther + 13), rtol=1e-9)
