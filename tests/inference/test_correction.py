"""Corrections for many elements against scipy, statsmodels and the formulas written out."""

import nibabel as nib
import nilearn.glm
import numpy as np
import pytest
from scipy import special, stats
from statsmodels.stats.multitest import multipletests

from secondlevel.errors import InputError, InputTypeError
from secondlevel.inference.arguments import check_alpha
from secondlevel.inference.correction import (
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni,
    fdr_threshold,
    holm,
)

PROCEDURES = {
    "bonferroni": bonferroni,
    "holm": holm,
    "fdr_bh": benjamini_hochberg,
    "fdr_by": benjamini_yekutieli,
}


def vectors():
    """Vectors of p: mixed, tied, single, all tiny, all large."""
    rng = np.random.default_rng(71)
    mixed = np.concatenate([rng.uniform(size=400), rng.uniform(size=100) ** 9])
    return {
        "mixed": rng.permutation(mixed),
        "tied": rng.choice([0.001, 0.01, 0.02, 0.5, 1.0], size=60),
        "two": np.array([0.03, 0.04]),
        "one": np.array([0.2]),
        "tiny": rng.uniform(size=50) * 1e-290,
        "large": rng.uniform(0.9, 1, size=50),
    }


@pytest.mark.parametrize("name", vectors())
@pytest.mark.parametrize("procedure", PROCEDURES)
def test_adjusted_p_is_that_of_statsmodels(procedure, name):
    """Every procedure must give the adjusted p of statsmodels, ties and extremes included."""
    p = vectors()[name]
    expected = multipletests(p, method=procedure)[1]
    # Worst relative difference seen: 8.9e-14, at p of 1e-292, whose logarithm is rounded.
    np.testing.assert_allclose(np.exp(PROCEDURES[procedure](np.log(p))), expected, rtol=1e-12)


@pytest.mark.parametrize("name", vectors())
@pytest.mark.parametrize(("procedure", "method"), [("fdr_bh", "bh"), ("fdr_by", "by")])
def test_q_is_that_of_scipy(procedure, method, name):
    """The false discovery rate of every element must be scipy's."""
    p = vectors()[name]
    expected = stats.false_discovery_control(p, method=method)
    # Worst relative difference seen: 7.5e-14.
    np.testing.assert_allclose(np.exp(PROCEDURES[procedure](np.log(p))), expected, rtol=1e-12)


def test_far_out_nothing_ties():
    """Elements at z = 40, 41, … must keep their order, where p itself is 0."""
    log_p = special.log_ndtr(-np.arange(40.0, 60.0))
    assert not np.exp(log_p).any()
    m = len(log_p)
    k = np.arange(m, 0, -1)
    for adjusted in (bonferroni(log_p), holm(log_p), benjamini_hochberg(log_p)):
        assert (np.diff(adjusted) < 0).all()
    # By the formulas, which reduce to one term each because p falls faster than the ranks.
    np.testing.assert_allclose(bonferroni(log_p), log_p + np.log(m), rtol=1e-15)
    np.testing.assert_allclose(holm(log_p), log_p + np.log(m - k + 1), rtol=1e-15)
    np.testing.assert_allclose(benjamini_hochberg(log_p), log_p + np.log(m / k), rtol=1e-15)


def test_shape_is_kept():
    """A matrix of p-values is one family, and comes back as a matrix."""
    log_p = np.log(np.random.default_rng(72).uniform(size=(6, 7)))
    for adjust in PROCEDURES.values():
        found = adjust(log_p)
        assert found.shape == (6, 7)
        np.testing.assert_array_equal(found.ravel(), adjust(log_p.ravel()))
        assert adjust(np.empty(0)).shape == (0,)


def test_what_is_no_log_p_is_refused():
    """NaN, and p-values handed over as they are, must be named."""
    for adjust in PROCEDURES.values():
        with pytest.raises(InputError, match="NaN"):
            adjust([-1.0, np.nan])
        with pytest.raises(InputError, match=r"the largest is 0\.5.*hand over their logarithms"):
            adjust([0.001, 0.5])


def mixture(seed, m=1000, n_true=100, dtype=np.float64):
    """Values of z, some of them shifted."""
    z = np.random.default_rng(seed).normal(size=m)
    z[:n_true] += 3
    return z.astype(dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("adjust", "method"), [(benjamini_hochberg, "bh"), (benjamini_yekutieli, "by")]
)
@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.2])
def test_the_threshold_cuts_where_the_procedure_does(alpha, adjust, method, dtype):
    """What exceeds the threshold, and what reaches it, must be exactly what scipy rejects."""
    for seed in range(20):
        z = mixture(seed, dtype=dtype)
        rejected = stats.false_discovery_control(stats.norm.sf(z.astype(float)), method=method)
        threshold = fdr_threshold(z, alpha, adjust=adjust)
        np.testing.assert_array_equal(z > threshold, rejected <= alpha)
        np.testing.assert_array_equal(z >= threshold, rejected <= alpha)


@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.2])
def test_the_threshold_is_nilearns(alpha):
    """On doubles the threshold must be nilearn's to the last bit."""
    for seed in range(20):
        z = mixture(seed)
        assert fdr_threshold(z, alpha) == nilearn.glm.fdr_threshold(z, alpha)
    assert fdr_threshold(-np.abs(mixture(0)), alpha) == np.inf
    assert nilearn.glm.fdr_threshold(-np.abs(mixture(0)), alpha) == np.inf


def test_p_equal_to_its_bound_is_rejected():
    """A p that is k alpha / m exactly is rejected by definition, whatever rounding does to it."""
    for m in (1, 5, 7, 49, 1000):
        for k in {1, m // 2 + 1, m}:
            p = np.ones(m) * 0.9
            p[:k] = 0.05 * k / m
            z = -special.ndtri(p)
            assert np.count_nonzero(z > fdr_threshold(z, 0.05)) == k
            z[:k] = -special.ndtri(0.0501 * k / m)
            assert fdr_threshold(z, 0.05) == np.inf


def test_nothing_lies_between_the_threshold_and_the_last_rejected():
    """A z just below the last one rejected must be rejected itself, however many elements."""
    for m in (3, 1000, 300_000):
        for k in {1, m // 2, m - 1}:
            p = np.full(m, 0.9)
            p[:k] = 0.05 * k / m
            z = -special.ndtri(p)
            z[k] = np.nextafter(z[k - 1], -np.inf)
            assert np.count_nonzero(z > fdr_threshold(z, 0.05)) == k + 1


def test_a_large_z_keeps_its_distance():
    """At z = 1e5 the distance of 1e-12 is nothing; the next double must serve."""
    z = np.array([1e5, 2e5, 0.0])
    threshold = fdr_threshold(z, 0.01)
    assert threshold < 1e5
    assert (z > threshold).tolist() == [True, True, False]
    assert nilearn.glm.fdr_threshold(z, 0.01) == 1e5
    assert (np.array([np.inf, 0.0]) > fdr_threshold([np.inf, 0.0], 0.01)).tolist() == [True, False]


def test_single_precision_keeps_its_distance():
    """Beside a float32 array nilearn's threshold is the last z itself, which does not exceed it."""
    z = mixture(3, dtype=np.float32)
    theirs = nilearn.glm.fdr_threshold(z, 0.05)
    ours = fdr_threshold(z, 0.05)
    assert np.count_nonzero(z > ours) == np.count_nonzero(z > theirs) + 1
    assert np.count_nonzero(z >= ours) == np.count_nonzero(z >= theirs)


def test_the_ends_of_alpha():
    """At 1 everything is rejected, at 0 nothing, of no elements none."""
    z = mixture(5)
    assert (z > fdr_threshold(z, 1)).all()
    assert fdr_threshold(z, 0) == fdr_threshold([], 0.05) == np.inf


@pytest.mark.parametrize("alpha", [-0.1, 1.5, np.nan])
def test_alpha_outside_0_to_1_is_refused(alpha):
    """The words must be nilearn's, which users match on."""
    with pytest.raises(InputError, match="alpha should be between 0 and 1"):
        fdr_threshold([1.0, 2.0], alpha)


def test_alpha_of_another_type_is_refused():
    """A list of levels is no level."""
    with pytest.raises(InputTypeError, match=r"alpha should be a number .* Got list: \[0\.05\]"):
        check_alpha([0.05])
    with pytest.raises(InputError, match="z_vals holds NaN"):
        fdr_threshold([1.0, np.nan], 0.05)
    for given in (nib.Nifti1Image(np.ones((2, 2, 2)), np.eye(4)), "z.nii.gz", [1.0, None], True):
        with pytest.raises(InputTypeError, match=r"array of numbers.*threshold_stats_img\("):
            fdr_threshold(given, 0.05)
    with pytest.raises(InputTypeError, match=r"alpha should be a number .* Got bool: True"):
        fdr_threshold([3.0], True)
