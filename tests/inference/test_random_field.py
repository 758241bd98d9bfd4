"""Random fields: p of peaks and clusters by formulas written out."""

import copy
import dataclasses
import pickle
import warnings

import numpy as np
import pytest
from scipy import special, stats

from secondlevel.errors import InputError, InputTypeError, RandomFieldWarning
from secondlevel.inference.euler import Gaussian, Student
from secondlevel.inference.null import Null
from secondlevel.inference.random_field import RandomField
from secondlevel.inference.smoothness import Smoothness

FOUR_LN_2 = 4 * np.log(2)
BRAIN = Smoothness.of_resels([1.0, 30.0, 290.0, 900.0], 45_000, [3.5, 3.6, 3.7])
HEIGHTS = np.array([0.5, 1.0, 2.0, 3.1, 4.5, 7.0])


# ------------------------------------------------------------------ heights


def test_expected_euler_number_is_resels_times_densities():
    """Summed over dimensions; twice as much for both sides; negative where holes outnumber."""
    null = RandomField(BRAIN, "t", 23)
    densities = Student(23).densities(HEIGHTS, 3)
    np.testing.assert_allclose(null.expected_euler(HEIGHTS), BRAIN.resels @ densities)
    both = null.for_sides(two_sided=True)
    np.testing.assert_allclose(both.expected_euler(HEIGHTS), 2 * BRAIN.resels @ densities)
    assert null.expected_euler(0.3) < 0


def test_p_of_a_peak_is_the_smaller_of_two():
    """1 - exp(-E) and Bonferroni's, each by itself and the smaller of both."""
    null = RandomField(BRAIN, "z")
    peaks = np.array([3.5, 4.5, 5.5, 9.0])
    expected = BRAIN.resels @ Gaussian().densities(peaks, 3)
    field, bonferroni = 1 - np.exp(-expected), np.minimum(45_000 * stats.norm.sf(peaks), 1)
    np.testing.assert_allclose(null.peak_p_field(peaks), field, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(null.peak_p_bonferroni(peaks), bonferroni, rtol=1e-9)
    np.testing.assert_array_equal(
        null.peak_p(peaks), np.minimum(null.peak_p_field(peaks), null.peak_p_bonferroni(peaks))
    )
    np.testing.assert_allclose(null.peak_p_uncorrected(peaks), stats.norm.sf(peaks))


def test_claims_on_both_sides_cost_twice():
    """Two-sided p of t are those of F = t² with one degree of freedom; F has no sides."""
    t, f = RandomField(BRAIN, "t", 12, two_sided=True), RandomField(BRAIN, "F", (1, 12))
    peaks = np.array([4.0, 6.0, 9.0])
    # Worst relative difference seen: 1e-14.
    np.testing.assert_allclose(t.peak_p_field(peaks), f.peak_p_field(peaks**2), rtol=1e-12)
    np.testing.assert_allclose(
        t.peak_p_bonferroni(peaks), f.peak_p_bonferroni(peaks**2), rtol=1e-12
    )
    np.testing.assert_allclose(t.peak_p_uncorrected(peaks), stats.f.sf(peaks**2, 1, 12), rtol=1e-12)
    assert t.threshold(0.05) ** 2 == pytest.approx(f.threshold(0.05), rel=1e-10)
    assert t.expected_clusters(4.0) == pytest.approx(f.expected_clusters(16.0), rel=1e-12)
    counts = np.array([1.0, 30.0])
    np.testing.assert_allclose(t.cluster_p(counts, 5.0), f.cluster_p(counts, 25.0), rtol=1e-12)
    one = t.for_sides(two_sided=False)
    np.testing.assert_array_equal(
        t.cluster_p_uncorrected(counts, 5.0), one.cluster_p_uncorrected(counts, 5.0)
    )
    both = f.for_sides(two_sided=True)
    assert not both.two_sided
    np.testing.assert_array_equal(both.peak_p(peaks), f.peak_p(peaks))


@pytest.mark.parametrize(("statistic", "dof"), [("z", None), ("t", 5), ("t", 40), ("F", (4, 9))])
@pytest.mark.parametrize("alpha", [1e-6, 0.001, 0.05, 0.2, 0.6])
def test_the_threshold_has_the_p_asked_for(statistic, dof, alpha):
    """At each threshold p is alpha, and the lower of both is the threshold."""
    null = RandomField(BRAIN, statistic, dof)
    field, bonferroni = null.threshold_field(alpha), null.threshold_bonferroni(alpha)
    assert null.peak_p_field(field) == pytest.approx(alpha, rel=1e-9)  # seen: 1e-14
    assert null.peak_p_bonferroni(bonferroni) == pytest.approx(alpha, rel=1e-9)
    assert null.threshold(alpha) == min(field, bonferroni)


def test_thresholds_at_the_ends():
    """No height has p 0, and every height has a p of at most 1."""
    null = RandomField(BRAIN, "z")
    assert (null.threshold(0.0), null.threshold(1.0)) == (np.inf, 0.0)


def test_no_peak_is_less_significant_than_a_higher_one():
    """Where the expected Euler number rises with height p does not: its maximum stands for it."""
    heights = np.linspace(0, 6, 2001)
    null = RandomField([1.0, 3.0, 5.0, 2.0], "t", 6, n_elements=200)
    assert (np.diff(null.expected_euler(heights)) > 0).any()
    p = null.peak_p_field(heights)
    assert (np.diff(p) <= 1e-15).all()
    falling = heights > 2.5
    np.testing.assert_allclose(p[falling], 1 - np.exp(-null.expected_euler(heights[falling])))


def test_a_map_of_the_region_may_lack_a_few_elements():
    """Where it happens to be 0, or has no value; a hundredth of them, no more."""
    null = RandomField(BRAIN, "z")
    assert [null.fits(n) for n in (45_000, 44_550, 45_450)] == [True] * 3
    assert [null.fits(n) for n in (44_549, 45_451, 100)] == [False] * 3


def test_a_region_of_one_element_needs_no_correction():
    """With one resel of dimension 0 p is that of the element."""
    null = RandomField([1.0], "t", 9, n_elements=1)
    np.testing.assert_allclose(null.peak_p(HEIGHTS), stats.t.sf(HEIGHTS, 9), rtol=1e-12)
    assert null.threshold(0.05) == pytest.approx(stats.t.isf(0.05, 9))
    assert null.cluster_p([1], 3.0) is None


def test_a_tiny_volume_is_no_reason_to_claim_everything():
    """Where resels of the volume alone are given, p stays that of an element at the least."""
    null = RandomField([0, 0, 0, 0.01], "z", n_elements=20)
    assert null.threshold(0.05) == pytest.approx(stats.norm.isf(0.05))
    low = HEIGHTS[:-1]
    np.testing.assert_allclose(null.peak_p(low), stats.norm.sf(low), rtol=1e-12)


def test_with_as_many_degrees_of_freedom_as_dimensions_the_field_is_infinite_somewhere():
    """The expected number of such places bounds p however high the peak; Bonferroni goes on."""
    null = RandomField(BRAIN, "t", 3)
    limit = 1 - np.exp(-900 * FOUR_LN_2**1.5 / (2 * np.pi) ** 2 * 2)
    assert null.peak_p_field(1e12) == pytest.approx(limit)
    assert null.threshold_field(0.05) == np.inf
    assert null.threshold(0.05) == null.threshold_bonferroni(0.05)
    with pytest.raises(InputError, match=r"t\(2\) in 3 dimensions needs at least 3 residual"):
        RandomField(BRAIN, "t", 2)


@pytest.mark.parametrize(("statistic", "dof"), [("z", None), ("t", 12), ("F", (3, 12))])
def test_no_peak_is_too_high(statistic, dof):
    """Heights that no double can square, and infinity, must have p = 0, without warnings."""
    null = RandomField(BRAIN, statistic, dof)
    highest = [1e155, 1e308, np.inf]
    for p_of in (null.peak_p, null.peak_p_field, null.peak_p_bonferroni, null.peak_p_uncorrected):
        assert p_of(highest).tolist() == [0.0] * 3
    assert null.expected_euler(highest).tolist() == [0.0] * 3


@pytest.mark.parametrize(
    ("statistic", "dof", "quantile"),
    [("z", None, stats.norm.isf), ("t", 23, stats.t(23).isf), ("F", (2, 21), stats.f(2, 21).isf)],
)
@pytest.mark.parametrize("alpha", [0.001, 0.01, 0.3])
def test_a_p_by_itself_has_a_height(statistic, dof, quantile, alpha):
    """The cluster-forming threshold of a p must be the quantile, on one side and on both."""
    null = RandomField(BRAIN, statistic, dof)
    # Worst relative difference seen: 1e-14.
    assert null.threshold_uncorrected(alpha) == pytest.approx(quantile(alpha), rel=1e-10)
    both = null.for_sides(two_sided=True)
    share = alpha if statistic == "F" else alpha / 2
    assert both.threshold_uncorrected(alpha) == pytest.approx(quantile(share), rel=1e-10)
    assert null.threshold_uncorrected() == null.threshold_uncorrected(0.001)


# ------------------------------------------------------------------ false discovery rates


def test_q_of_peaks_is_benjamini_hochberg_of_their_conditional_p():
    """The p of a peak is E(peak) / E(threshold)."""
    null = RandomField(BRAIN, "t", 30)
    peaks, threshold = np.array([5.0, 3.6, 8.0, 4.1]), 3.4
    p = null.expected_euler(peaks) / null.expected_euler(threshold)
    expected = stats.false_discovery_control(p)
    np.testing.assert_allclose(null.peak_q(peaks, threshold), expected, rtol=1e-9)
    assert null.peak_q([], threshold).shape == (0,)
    both = null.for_sides(two_sided=True)
    np.testing.assert_allclose(both.peak_q(peaks, threshold), expected, rtol=1e-9)


def test_q_of_clusters_is_benjamini_hochberg_of_their_p():
    """The p of clusters taken by themselves."""
    null = RandomField(BRAIN, "t", 30)
    counts = np.array([3.0, 120.0, 1.0, 40.0])
    expected = stats.false_discovery_control(null.cluster_p_uncorrected(counts, 3.4))
    np.testing.assert_allclose(null.cluster_q(counts, 3.4), expected, rtol=1e-9)
    assert null.cluster_q([], 3.4).shape == (0,)


def test_nothing_is_known_of_peaks_above_what_no_double_reaches():
    """Where E of the threshold is 0 in doubles, q is 1."""
    assert RandomField(BRAIN, "z").peak_q([50.0], 45.0).tolist() == [1.0]


# ------------------------------------------------------------------ clusters


@pytest.mark.parametrize("z", [2.3, 3.1])
@pytest.mark.filterwarnings("ignore::secondlevel.errors.RandomFieldWarning")
def test_clusters_have_fsls_p(z):
    """FSL's Gaussian random field: volume and √|Λ| alone, clusters measured in voxels."""
    volume, dlh = 210_345, 0.0712
    null = RandomField(Smoothness.of_dlh(dlh, volume), "z")
    counts = np.array([1, 10, 100, 300, 1000])
    expected = volume * dlh * (2 * np.pi) ** -2 * (z**2 - 1) * np.exp(-(z**2) / 2)
    beta = (special.gamma(2.5) * expected / (volume * stats.norm.sf(z))) ** (2 / 3)
    p = 1 - np.exp(-expected * np.exp(-beta * counts ** (2 / 3)))
    # Worst difference seen: 1e-16, that of 1 - exp().
    np.testing.assert_allclose(null.cluster_p(counts, z), p, rtol=1e-9, atol=1e-15)
    # And of peaks, V/resel × 0.11694 (z² - 1) exp(-z²/2), as its ptoz -g has it.
    peak = 5.2
    resels = volume * dlh / FOUR_LN_2**1.5
    euler = resels * 0.11694 * (peak**2 - 1) * np.exp(-(peak**2) / 2)
    assert null.expected_euler(peak) == pytest.approx(euler, rel=1e-4)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_sizes_of_clusters_follow_friston(d):
    """P(n ≥ k) = exp(-β k^(2/D)), with the mean size ρ_0 / ρ_D in D dimensions."""
    resels = [1.0, 20.0, 100.0, 250.0][: d + 1]
    null = RandomField(Smoothness.of_resels(resels, 9_000), "t", 25)
    threshold, counts = 3.6, np.array([1.0, 7.0, 50.0])
    densities = Student(25).densities(np.array(threshold), d)
    mean = densities[0] / densities[d] * 9_000 / resels[d]
    beta = (special.gamma(d / 2 + 1) / mean) ** (2 / d)
    alone = np.exp(-beta * counts ** (2 / d))
    np.testing.assert_allclose(null.cluster_p_uncorrected(counts, threshold), alone, rtol=1e-12)
    n_clusters = resels @ densities
    assert null.expected_clusters(threshold) == pytest.approx(n_clusters)
    assert null.expected_cluster_size(threshold) == pytest.approx(mean)
    expected = 1 - np.exp(-n_clusters * alone)
    np.testing.assert_allclose(null.cluster_p(counts, threshold), expected, rtol=1e-9)


def test_the_whole_set_of_clusters_has_a_p():
    """So many clusters or more of an extent: the upper tail of a Poisson distribution."""
    null = RandomField(BRAIN, "t", 30)
    n_clusters = null.expected_clusters(3.4)
    assert null.set_p(7, 3.4) == pytest.approx(stats.poisson.sf(6, n_clusters))
    large = n_clusters * null.cluster_p_uncorrected([10], 3.4)[0]
    assert null.set_p(2, 3.4, extent=10) == pytest.approx(stats.poisson.sf(1, large))
    assert null.set_p(0, 3.4) == 1.0
    assert np.isnan(RandomField([1.0], "z", n_elements=1).set_p(1, 3.4, extent=1))


@pytest.mark.parametrize("resels", [[1.0, 30, 290, 900], [0.0, 0, 0, 900]])
@pytest.mark.parametrize("z", [1.05, 1.3, 1.645, 2.3])
@pytest.mark.filterwarnings("ignore::secondlevel.errors.RandomFieldWarning")
def test_clusters_are_expected_to_be_as_many_as_the_euler_number_says(resels, z):
    """Below its mode too, as SPM and FSL have it, though no peak is the more significant there."""
    null = RandomField(resels, "z", n_elements=45_000)
    assert null.expected_clusters(z) == pytest.approx(null.expected_euler(z), rel=1e-12)
    alone = null.cluster_p_uncorrected([50.0], z)
    expected = 1 - np.exp(-null.expected_euler(z) * alone)
    np.testing.assert_allclose(null.cluster_p([50.0], z), expected, rtol=1e-12)


def test_where_the_euler_number_is_negative_clusters_are_as_many_as_ever():
    """Densities below 0 must not make clusters significant."""
    null = RandomField([0, 0, 0, 900], "z", n_elements=45_000)
    assert null.expected_euler(0.5) < 0
    assert null.expected_clusters(0.5) == pytest.approx(null.expected_euler(np.sqrt(3)), rel=1e-12)
    with pytest.warns(RandomFieldWarning, match="Clusters were formed"):
        p = null.cluster_p([1, 10_000], 0.5)
    np.testing.assert_allclose(p, 1.0)


# ------------------------------------------------------------------ as a null


def test_it_is_a_null():
    """It has what a table of clusters asks of any null, and can be copied and sent elsewhere."""
    null: Null = RandomField(BRAIN, "F", (2, 21))
    for twin in (copy.copy(null), pickle.loads(pickle.dumps(null))):
        assert twin.threshold(0.05) == null.threshold(0.05)
        np.testing.assert_array_equal(twin.cluster_p([9], 14.0), null.cluster_p([9], 14.0))
    assert (null.statistic, null.dof, null.n_elements) == ("F", (2, 21), 45_000)
    with pytest.raises(InputError, match=r"F\(2, 21\) has no negative side"):
        null.for_sides(two_sided=False, sign=-1)


def test_a_field_can_be_changed_like_any_record():
    """A field with another parameter must be the one that is made with it, and nothing else."""
    null = RandomField(BRAIN, "t", 23)
    null.peak_p([5.0])
    both = dataclasses.replace(null, two_sided=True)
    assert both.threshold(0.05) == RandomField(BRAIN, "t", 23, two_sided=True).threshold(0.05)
    other = dataclasses.replace(null, statistic="F", dof=(2, 23))
    assert other.threshold(0.05) == RandomField(BRAIN, "F", (2, 23)).threshold(0.05)
    small = Smoothness.of_resels([1.0, 3, 3, 1], 60)
    near = dataclasses.replace(null, smoothness=small, n_elements=None)
    assert (near.n_elements, near.threshold()) == (60, RandomField(small, "t", 23).threshold())
    assert null.two_sided is False
    assert [f.name for f in dataclasses.fields(null)] == [
        "smoothness", "statistic", "dof", "n_elements", "two_sided"
    ]  # fmt: skip


def test_all_that_is_known_is_what_is_asked_singly():
    """Of peaks and of clusters; in a region of single elements nothing is known of clusters."""
    null = RandomField(BRAIN, "t", 23)
    heights, counts = np.array([4.0, 6.5]), np.array([3.0, 90.0])
    of_peaks, of_clusters = null.of_peaks(heights, 3.6), null.of_clusters(counts, 3.6)
    pairs = [
        (of_peaks.p, null.peak_p(heights)),
        (of_peaks.q, null.peak_q(heights, 3.6)),
        (of_peaks.p_uncorrected, null.peak_p_uncorrected(heights)),
        (of_clusters.p, null.cluster_p(counts, 3.6)),
        (of_clusters.q, null.cluster_q(counts, 3.6)),
        (of_clusters.p_uncorrected, null.cluster_p_uncorrected(counts, 3.6)),
    ]
    for together, singly in pairs:
        np.testing.assert_array_equal(together, singly)
    none = RandomField([1.0], "t", 9, n_elements=1).of_clusters(counts, 3.6)
    assert (none.p, none.q, none.p_uncorrected) == (None, None, None)


def test_clusters_of_a_grid_are_measured_in_voxels():
    """The extent of a cluster must be its number of elements, whatever each is said to occupy."""
    uneven = dataclasses.replace(BRAIN, resels_per_element=np.linspace(0.01, 0.03, 45_000))
    labels = np.zeros(45_000, dtype=np.int32)
    labels[[5, 9, 44_000]] = [2, 2, 1]
    for null in (RandomField(BRAIN, "z"), RandomField(uneven, "z")):
        assert null.extents(labels, 3).tolist() == [1.0, 2.0, 0.0]


def test_a_map_of_other_elements_is_measured_by_their_number_with_a_warning():
    """Where labels are not those of the vertices whose resels are known, resels cannot be added."""
    measured = np.array([True, True, False, True])
    uneven = Smoothness.of_resels([1.0, 3.0, 2.0], 3)
    uneven = dataclasses.replace(uneven, resels_per_element=np.array([1.0, 0.5, 0.5]))
    uneven = dataclasses.replace(uneven, stationary=False).spread(measured)
    null = RandomField(dataclasses.replace(uneven, fwhm=np.full(2, 3.0)), "z")
    of_all, of_measured = np.array([1, 0, 0, 2]), np.array([1, 0, 2])
    assert null.extents(of_all, 2).tolist() == [9.0, 4.5]
    assert null.extents(of_measured, 2).tolist() == [9.0, 4.5]
    with pytest.warns(RandomFieldWarning, match="The map has 5 elements, the random field 3"):
        assert null.extents(np.array([1, 1, 0, 0, 2]), 2).tolist() == [2.0, 1.0]


def test_bare_resels_are_enough():
    """All elements share the resels of the highest dimension."""
    bare = RandomField([1, 30, 290, 900], "t", 23, n_elements=45_000)
    same = RandomField(Smoothness.of_resels([1, 30, 290, 900], 45_000), "t", 23)
    assert bare.threshold(0.05) == same.threshold(0.05)
    np.testing.assert_array_equal(bare.cluster_p([30], 3.6), same.cluster_p([30], 3.6))
    with pytest.raises(InputError, match="Bare resels need the number of elements"):
        RandomField([1, 30, 290, 900], "t", 23)


def test_fewer_elements_can_be_corrected_for():
    """Bonferroni's is over the elements given."""
    null = RandomField(BRAIN, "z", n_elements=10)
    assert null.threshold(0.05) == pytest.approx(stats.norm.isf(0.005))


# ------------------------------------------------------------------ warnings and errors


@pytest.mark.parametrize(
    "question",
    [
        lambda null: null.of_clusters([10], 2.3),
        lambda null: null.cluster_p([10], 2.3),
        lambda null: null.cluster_p_uncorrected([10], 2.3),
        lambda null: null.cluster_q([10], 2.3),
        lambda null: null.set_p(3, 2.3, extent=10),
        lambda null: null.for_sides(two_sided=True).of_clusters([10, 20], 2.3),
    ],
)
def test_each_question_at_a_lax_threshold_is_warned_of_once(question):
    """Below p = 0.001, with the papers and the height to take; also when asked for again."""
    null = RandomField(BRAIN, "z")
    for _ in range(2):
        with pytest.warns(RandomFieldWarning, match=r"z = 2.3 \(p = 0.011\).*Woo et al.") as said:
            question(null)
        assert len(said) == 1
        assert "Eklund et al., 2016" in str(said[0].message)
        assert "which is 3.09 (threshold_uncorrected(0.001))" in str(said[0].message)


def test_a_customary_threshold_is_not_warned_of():
    """3.09 and 3.1 are p = 0.001 to who writes them, and expected numbers hold at any height."""
    null = RandomField(BRAIN, "z")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        null.of_clusters([10], 3.09)
        null.expected_clusters(2.3)


def test_coarse_elements_are_warned_of():
    """When the field is made, with the FWHM and the paper; not again for other sides."""
    coarse = Smoothness.of_resels([1, 30, 160, 210], 3_347, [2.2, 2.3, 2.6])
    with pytest.warns(RandomFieldWarning, match=r"2.20 × 2.30 × 2.60 elements.*Hayasaka") as said:
        RandomField(coarse, "t", 23).for_sides(two_sided=True).of_clusters([5], 4.0)
    assert len(said) == 1


@pytest.mark.parametrize(
    ("statistic", "dof", "error", "message"),
    [
        ("x", None, InputError, "statistic must be one of 'z', 't', 'F'. Got 'x'"),
        (None, None, InputError, "statistic must be one of 'z', 't', 'F'. Got None"),
        ("z", 21, InputError, "z has no degrees of freedom; got dof=21. Did you mean 't'?"),
        ("t", None, InputError, "A field of t needs its residual degrees of freedom, dof=21 say"),
        ("t", 0, InputError, "degrees of freedom are positive. Got 0"),
        (
            "t",
            True,
            InputTypeError,
            "A field of t needs its residual degrees of freedom.* Got True",
        ),
        ("F", (True, 21), InputTypeError, "two degrees of freedom.* Got True"),
        ("t", np.nan, InputError, "degrees of freedom are positive. Got nan"),
        ("t", "many", InputTypeError, "dof=21 say. Got 'many'"),
        ("t", np.full(9, 21.0), InputTypeError, "A field of t needs its residual"),
        ("F", 21, InputError, "two degrees of freedom, dof=.2, 21. say: .* Got 21"),
        ("F", None, InputError, "two degrees of freedom, dof=.2, 21. say: .* Got None"),
        ("F", (2, 21, 3), InputError, "two degrees of freedom"),
        ("F", (0.5, 21), InputError, "those of the contrast are at least 1. Got 0.5"),
        ("F", (2, -1), InputError, "degrees of freedom are positive. Got -1"),
    ],
)
def test_a_field_that_is_none_is_refused(statistic, dof, error, message):
    """The message says what is missing and how it is written."""
    with pytest.raises(error, match=message):
        RandomField(BRAIN, statistic, dof)


@pytest.mark.parametrize(
    ("smoothness", "n_elements", "error", "message"),
    [
        (8.0, None, InputTypeError, r"Got 8\.0\. Of a FWHM in mm .* take smoothness_from_fwhm"),
        (np.array(8.0), 45_000, InputError, "Resels are 1 to 4 numbers"),
        (8.0, 45_000, InputTypeError, "needs the smoothness of its search region, or resels"),
        (None, 45_000, InputTypeError, "needs the smoothness of its search region"),
        ("a", 45_000, InputTypeError, "needs the smoothness of its search region"),
        (["a", "b"], 45_000, InputTypeError, "Resels are 1 to 4 numbers"),
        ([[1, 2], [3]], 45_000, InputTypeError, "Resels are 1 to 4 numbers"),
        (BRAIN, 0, InputError, "at least one element; n_elements is their number.* Got 0"),
        (BRAIN, 2.5, InputError, r"at least one element.* Got 2\.5"),
        (BRAIN, np.inf, InputError, "at least one element.* Got inf"),
        (BRAIN, np.nan, InputError, "at least one element.* Got nan"),
        (BRAIN, "a", InputTypeError, "at least one element.* Got 'a'"),
        (BRAIN, True, InputTypeError, "at least one element.* Got True"),
        ([1, 2, 3, 4], [5], InputError, r"at least one element.* Got \[5\]"),
    ],
)
def test_a_search_region_that_is_none_is_refused(smoothness, n_elements, error, message):
    """A FWHM, text, and numbers of elements that are none must be refused with what is wanted."""
    with pytest.raises(error, match=message):
        RandomField(smoothness, "z", None, n_elements)


@pytest.mark.parametrize("alpha", [-0.1, 1.5, 3.1])
def test_alpha_outside_0_to_1_is_refused(alpha):
    """The message names it."""
    with pytest.raises(InputError, match=f"alpha should be between 0 and 1. {alpha} was provided"):
        RandomField(BRAIN, "z").threshold(alpha)


def test_alpha_that_is_no_number_is_refused():
    """The message names its type."""
    with pytest.raises(InputTypeError, match="alpha should be a number between 0 and 1"):
        RandomField(BRAIN, "z").threshold("5%")


@pytest.mark.parametrize("threshold", [-3.1, 0.0, np.nan, np.inf])
def test_a_threshold_that_is_not_positive_is_refused(threshold):
    """The message says what to do for the negative side."""
    null = RandomField(BRAIN, "z")
    asked = (null.cluster_p, null.cluster_p_uncorrected, null.cluster_q, null.peak_q)
    for method in asked:
        with pytest.raises(InputError, match="A cluster-forming threshold is a positive number"):
            method([4.0], threshold)


def test_a_threshold_that_is_no_number_is_refused():
    """A list of thresholds is asked one by one."""
    for threshold in ([3.1, 3.5], True, "3.1", None):
        with pytest.raises(InputTypeError, match="A cluster-forming threshold is one number"):
            RandomField(BRAIN, "z").cluster_p([4.0], threshold)


@pytest.mark.parametrize("extent", [-1.0, np.nan])
def test_an_extent_that_is_none_is_refused(extent):
    """Clusters have no negative number of elements, and no NaN."""
    null = RandomField(BRAIN, "z")
    for method in (null.of_clusters, null.cluster_p, null.cluster_p_uncorrected, null.cluster_q):
        with pytest.raises(InputError, match="Extents of clusters are numbers of elements"):
            method([9.0, extent], 3.5)


@pytest.mark.parametrize("height", [-4.0, np.nan])
def test_a_negative_height_is_refused(height):
    """Heights of the negative side are handed over with their sign changed."""
    null = RandomField(BRAIN, "z")
    for method in (null.peak_p, null.peak_p_uncorrected, null.expected_euler):
        with pytest.raises(InputError, match="Heights of peaks are not negative"):
            method([5.0, height])


def test_text_is_no_height_and_no_extent():
    """What is no number must be refused as such, whichever question is asked."""
    null = RandomField(BRAIN, "z")
    for method in (null.peak_p, null.peak_p_field, null.peak_p_uncorrected, null.expected_euler):
        with pytest.raises(InputTypeError, match=r"Heights of peaks are numbers. Got \['a'\]"):
            method(["a"])
    with pytest.raises(InputTypeError, match=r"Extents of clusters are numbers of elements. Got"):
        null.cluster_p(["a"], 3.5)
    with pytest.raises(InputTypeError, match=r"two_sided must be True or False. Got 'no'"):
        RandomField(BRAIN, "z", two_sided="no")
