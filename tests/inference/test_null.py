"""The null from the maxima of shuffles: p is the share of shuffles that reach what was observed."""

import dataclasses

import numpy as np
import pytest

from secondlevel.errors import InputError, InputTypeError
from secondlevel.inference.null import TIE, MaximumNull


def shares_by_hand(maxima, observed):
    """Share of maxima that reach each value, one after the other, with ties within 1e-9."""
    return [
        sum(maximum >= value - 1e-9 * abs(value) for maximum in maxima) / len(maxima)
        for value in observed
    ]


def test_p_is_the_share_of_shuffles_as_high():
    """The p of peaks and clusters must be a plain count over the shuffles."""
    rng = np.random.default_rng(101)
    peaks, counts = rng.normal(5, 1, 500), rng.integers(0, 40, 500)
    null = MaximumNull(peaks, counts, cluster_threshold=3.1)
    observed = np.concatenate([rng.normal(4, 1, 60), peaks[:5]])
    assert null.peak_p(observed).tolist() == shares_by_hand(peaks, observed)
    sizes = np.arange(40.0)
    assert null.cluster_p(sizes, 3.1).tolist() == shares_by_hand(counts, sizes)


def test_no_p_is_0_for_what_is_among_the_shuffles():
    """The observed maximum counts itself, so its p must be one of N at least."""
    peaks = np.array([3.0, 2.0, 9.0, 1.0])
    null = MaximumNull(peaks, [5, 4, 30, 2], cluster_threshold=2.0)
    assert null.peak_p(peaks).tolist() == [0.5, 0.75, 0.25, 1.0]
    assert null.cluster_p(np.array([30.0, 0.0]), 2.0).tolist() == [0.25, 1.0]


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12, -1.0])
def test_statistics_that_are_equal_but_for_rounding_tie(scale):
    """A maximum that falls short by a billionth of its size or less must count, at any scale."""
    value = np.array([7.0 * scale])
    short = value[0] - abs(value[0]) * np.array([0.5, 2.0]) * TIE
    assert MaximumNull([short[0]]).peak_p(value).tolist() == [1.0]
    assert MaximumNull([short[1], 9e12]).peak_p(value).tolist() == [0.5]


def test_the_order_of_shuffles_does_not_matter():
    """Maxima in any order and shape must give the same null, and stay as they were."""
    peaks = np.random.default_rng(102).normal(size=60)
    kept = peaks.copy()
    observed = np.linspace(-3, peaks.max(), 31)
    expected = MaximumNull(peaks).peak_p(observed)
    assert MaximumNull(peaks[::-1].reshape(6, 10)).peak_p(observed).tolist() == expected.tolist()
    assert MaximumNull(peaks.tolist()).peak_p(observed).tolist() == expected.tolist()
    np.testing.assert_array_equal(peaks, kept)


def test_p_falls_as_the_statistic_grows():
    """Higher peaks and larger clusters must have a p that is no larger."""
    rng = np.random.default_rng(103)
    null = MaximumNull(rng.normal(size=99), rng.integers(0, 9, 99), cluster_threshold=1)
    assert (np.diff(null.peak_p(np.linspace(-4, null.peaks[-1], 200))) <= 0).all()
    assert (np.diff(null.cluster_p(np.arange(9.0), 1)) <= 0).all()
    assert null.peak_p(np.empty(0)).shape == (0,)


def test_without_sizes_nothing_is_said_of_clusters():
    """There must be no p of clusters, at whatever threshold."""
    assert MaximumNull([3.0, 4.0]).cluster_p(np.array([3.5]), 3.0) is None


def test_sizes_go_with_the_threshold_that_formed_them():
    """Clusters formed at another threshold must be refused; at the same but for rounding, taken."""
    null = MaximumNull([3.0, 4.0], [5, 9], cluster_threshold=3.1)
    assert null.cluster_p(np.array([6.0]), 3.1 * (1 + 1e-12)).tolist() == [0.5]
    with pytest.raises(InputError, match=r"formed at 3\.1, those of the map at 2\.3"):
        null.cluster_p(np.array([6.0]), 2.3)
    with pytest.raises(InputError, match="need the threshold that formed them"):
        MaximumNull([3.0], [5])


def test_where_there_is_no_cluster_their_threshold_is_no_matter():
    """As with the infinite threshold of a correction that nothing survives."""
    null = MaximumNull([3.0, 4.0], [5, 9], cluster_threshold=2.5)
    assert null.cluster_p(np.empty(0), np.inf).shape == (0,)
    with pytest.raises(InputError, match=r"formed at 2\.5, those of the map at 3"):
        null.cluster_p(np.array([5.0]), 3.0)


def test_a_map_beyond_all_shuffles_is_another_map():
    """A peak or cluster that no shuffle reaches must be refused: it would have p = 0."""
    null = MaximumNull([3.0, 4.0, 5.0, 6.0], [3, 4, 5, 6], cluster_threshold=3.0)
    with pytest.raises(InputError, match=r"not of this map: a peak of 6\.5 exceeds .* all 4 shuf"):
        null.peak_p(np.array([3.5, 6.5]))
    with pytest.raises(InputError, match=r"a cluster of 7 exceeds .*, of which the largest is 6"):
        null.of_clusters(np.array([7.0, 1.0]), 3.0)


def test_sides_go_with_the_maxima():
    """Maxima of one side must not speak for another, nor for both, nor those of both for one."""
    nulls = {
        "the positive side": (MaximumNull([3.0]), {"two_sided": False}),
        "the negative side": (MaximumNull([3.0], sign=-1), {"two_sided": False, "sign": -1}),
        "both sides": (MaximumNull([3.0], two_sided=True), {"two_sided": True}),
    }
    for ours, (null, _) in nulls.items():
        for asked, (_, sides) in nulls.items():
            if asked == ours:
                assert null.for_sides(**sides) is null
                continue
            with pytest.raises(InputError, match=f"over {ours}, the claims are on {asked}"):
                null.for_sides(**sides)
    # Which sign does not matter where both count.
    both = MaximumNull([3.0], two_sided=True, sign=-1)
    assert both.for_sides(two_sided=True) is both


def test_the_threshold_is_what_a_share_of_the_shuffles_reach():
    """Peaks above it must have p of alpha at most, ties included, and those at or below it more."""
    peaks = np.array([1.0, 2, 3, 4, 5, 5, 6, 7, 8, 9])
    null = MaximumNull(peaks)
    for alpha, lowest in ((0.1, 9), (0.2, 8), (0.4, 6), (0.5, 6), (0.59, 6), (0.6, 5), (1.0, 1)):
        threshold = null.threshold(alpha)
        np.testing.assert_array_equal(peaks[peaks > threshold], peaks[peaks >= lowest])
        np.testing.assert_array_equal(null.peak_p(peaks) <= alpha, peaks > threshold)
    assert null.threshold(0.09) == null.threshold(0.0) == np.inf


def test_a_null_says_all_it_knows_at_once():
    """All that is known of peaks, and of clusters by their labels, must be what is asked singly."""
    null = MaximumNull([3.0, 4.0], [5, 2], cluster_threshold=2.0, statistic="t")
    of_peaks = null.of_peaks(np.array([3.5]), 2.0)
    assert (of_peaks.p.tolist(), of_peaks.q, of_peaks.p_uncorrected) == ([0.5], None, None)
    extents = null.extents(np.array([0, 1, 2, 2, 2]), 2)
    assert extents.tolist() == [1.0, 3.0]
    of_clusters = null.of_clusters(extents, 2.0)
    assert (of_clusters.p.tolist(), of_clusters.q) == ([1.0, 0.5], None)
    assert of_clusters.p_uncorrected is None
    assert MaximumNull([3.0]).of_clusters(extents, 2.0).p is None
    assert (null.statistic, null.fits(10)) == ("t", True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cluster_threshold": -3.0}, r"with its sign changed, and sign=-1. Got -3\.0"),
        ({"cluster_threshold": 0.0}, "cluster_threshold is a positive number"),
        ({"cluster_threshold": np.inf}, "cluster_threshold is a positive number"),
        ({"cluster_threshold": 3.0, "sign": 0}, "sign is the side of the maxima, 1 or -1. Got 0"),
        ({"cluster_threshold": 3.0, "statistic": "T"}, "must be one of 'z', 't', 'F', or None"),
        ({"cluster_threshold": 3.0, "statistic": ["z"]}, r"or None. Got \['z'\]"),
        ({"cluster_threshold": 3.0, "sign": [1]}, r"1 or -1. Got \[1\]"),
        ({"cluster_threshold": [3.0, 2.0]}, "cluster_threshold is a positive number"),
        ({"cluster_threshold": None}, "Sizes of clusters need the threshold"),
    ],
)
def test_what_a_null_is_of_is_checked(wrong, message):
    """A threshold of the negative side, and names that are none, must be refused with the cure."""
    with pytest.raises(InputError, match=message):
        MaximumNull([3.0], [5], **wrong)


def test_a_threshold_is_checked_without_sizes_too():
    """A wrong threshold must not wait for sizes of clusters to be found out."""
    with pytest.raises(InputError, match="with its sign changed"):
        MaximumNull([3.0], cluster_threshold=-3.0)
    assert MaximumNull([3.0], cluster_threshold=2.0).cluster_p([1.0], 2.0) is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"peaks": ["a"]}, r"maximum of at least one shuffle, and no NaN. Got \['a'\]"),
        ({"peaks": [3.0], "counts": ["a"]}, "maximum of at least one shuffle"),
        ({"peaks": [3.0], "two_sided": "no"}, "two_sided must be True or False. Got 'no'"),
        ({"peaks": [3.0], "two_sided": 1}, "two_sided must be True or False. Got 1"),
        ({"peaks": [3.0], "cluster_threshold": "3"}, "is a positive number.* Got '3'"),
    ],
)
def test_what_is_of_another_type_is_named(given, message):
    """Text for numbers, and anything but True or False for sides, must be refused as such."""
    with pytest.raises(InputTypeError, match=message):
        MaximumNull(**given)


def test_p_is_asked_for_numbers():
    """Text for a height, an extent or a threshold must be refused as such."""
    null = MaximumNull([3.0], [5], cluster_threshold=2.0)
    with pytest.raises(InputTypeError, match=r"numbers of each peak. Got \['a'\]"):
        null.peak_p(["a"])
    with pytest.raises(InputTypeError, match=r"numbers of each cluster. Got \['a'\]"):
        null.cluster_p(["a"], 2.0)
    with pytest.raises(InputTypeError, match="A cluster-forming threshold is one number"):
        null.cluster_p([4.0], "2")


def test_a_null_can_be_changed_like_any_record():
    """Replacing one of its parameters must keep the others, sorted maxima too."""
    null = MaximumNull([3.0, 2.0], [5, 9], cluster_threshold=2.0, sign=-1, statistic="t")
    other = dataclasses.replace(null, statistic="z")
    assert (other.peaks.tolist(), other.counts.tolist()) == ([2.0, 3.0], [5.0, 9.0])
    assert (other.cluster_threshold, other.sign, other.statistic) == (2.0, -1, "z")


@pytest.mark.parametrize("peaks", [[], [3.0, np.nan]])
def test_a_null_needs_maxima(peaks):
    """Without a shuffle, or with one that has no maximum, there must be no null."""
    with pytest.raises(InputError, match="at least one shuffle, and no NaN"):
        MaximumNull(peaks)
    with pytest.raises(InputError, match="at least one shuffle, and no NaN"):
        MaximumNull([3.0, 4.0], peaks, cluster_threshold=2.0)


def test_every_shuffle_has_a_peak_and_a_cluster():
    """Different numbers of both must be refused: they are not from the same shuffles."""
    with pytest.raises(InputError, match="There are 2 largest peaks and 3 largest clusters"):
        MaximumNull([3.0, 4.0], [5, 6, 7], cluster_threshold=2.0)


def test_the_p_of_a_permutation_test_is_exact():
    """Over all sign flips of every data set p ≤ alpha must have probability alpha at most."""
    # Each of the 2^5 flips is as likely as any other under the null, so trying all of them as the
    # observed one gives the rejection rate without error.
    data = np.random.default_rng(104).normal(size=(5, 7))
    signs = np.array(np.meshgrid(*[[1, -1]] * 5)).reshape(5, -1).T
    maxima = (signs @ data).max(axis=1)
    p = MaximumNull(maxima).peak_p(maxima)
    for alpha in (1 / 32, 0.05, 0.1, 0.25, 0.5):
        assert np.mean(p <= alpha) == np.floor(alpha * 32) / 32
