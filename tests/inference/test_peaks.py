"""Peaks: regional maxima by a plain search, middles of plateaus, and peaks that lie apart."""

import numpy as np
import pytest
from scipy import ndimage

from secondlevel.graph.adjacency import from_edges
from secondlevel.graph.lattice import Lattice
from secondlevel.inference.clusters import find_clusters
from secondlevel.inference.peaks import Peaks, find_peaks

EYE = np.eye(4)


def peaks_of(data, threshold=0.0, clusters_by=6, compared_with=26):
    """Peaks of all that lies beyond a threshold in a volume, and the voxels."""
    lattice = Lattice(np.abs(data) > threshold, EYE)
    values, voxels = data[lattice.mask], np.argwhere(lattice.mask)
    everything = np.ones(len(values), dtype=bool)
    labels = find_clusters(lattice.graph(clusters_by), values, everything).labels
    return find_peaks(lattice.graph(compared_with), values, labels, voxels), voxels, labels


def regional_maxima(data, threshold, compared_with):
    """Plateaus that nothing of their cluster rises above, each as a set of voxels."""
    rank = {6: 1, 18: 2, 26: 3}[compared_with]
    moves = np.argwhere(ndimage.generate_binary_structure(3, rank)) - 1
    found = set()
    for sign in (1, -1):
        labels, _ = ndimage.label(sign * data > threshold)
        for start in map(tuple, np.argwhere(labels)):
            plateau, waiting, higher = {start}, [start], False
            while waiting:
                here = waiting.pop()
                for there in (tuple(np.add(here, move)) for move in moves):
                    if any(i < 0 or i >= n for i, n in zip(there, data.shape, strict=True)):
                        continue
                    if labels[there] != labels[start] or there in plateau:
                        continue
                    rise = sign * (data[there] - data[start])
                    higher |= rise > 0
                    if rise == 0:
                        plateau.add(there)
                        waiting.append(there)
            if not higher:
                found.add(frozenset(plateau))
    return found


@pytest.mark.parametrize("compared_with", [6, 18, 26])
@pytest.mark.parametrize("levels", [2, 4, 1000])
def test_peaks_are_the_plateaus_that_nothing_rises_above(compared_with, levels):
    """Each regional maximum has one peak, at the voxel nearest to its rounded centre."""
    data = ndimage.gaussian_filter(np.random.default_rng(5).normal(size=(8, 7, 9)), 0.7)
    data = np.round(levels * data / np.abs(data).max()) / levels
    peaks, voxels, labels = peaks_of(data, 0.0, 6, compared_with)
    expected = regional_maxima(data, 0.0, compared_with)
    assert len(peaks.elements) == len(expected) > 10
    found = {tuple(voxel) for voxel in voxels[peaks.elements].tolist()}
    for plateau in expected:
        members = np.array(sorted(plateau))
        middle = np.round(members.mean(axis=0))
        nearest = members[np.argmin(np.linalg.norm(members - middle, axis=1))]
        assert tuple(nearest.tolist()) in found
    np.testing.assert_array_equal(peaks.clusters, labels[peaks.elements])
    np.testing.assert_array_equal(peaks.heights, np.abs(data[tuple(voxels[peaks.elements].T)]))


def test_peaks_come_cluster_after_cluster_from_the_top():
    """Heights fall within a cluster, and the first of each is its maximum."""
    data = ndimage.gaussian_filter(np.random.default_rng(6).normal(size=(12, 12, 12)), 1.0)
    peaks, voxels, labels = peaks_of(data)
    heights = np.abs(data[tuple(voxels.T)])
    assert (np.diff(peaks.clusters) >= 0).all()
    same = np.diff(peaks.clusters) == 0
    assert same.sum() > 50
    assert (np.diff(peaks.heights)[same] <= 0).all()
    highest = [heights[labels == cluster].max() for cluster in range(1, labels.max() + 1)]
    np.testing.assert_array_equal(peaks.heights[peaks.main], highest)


@pytest.mark.parametrize(
    ("shape", "middle"),
    [
        (np.s_[4:7, 5, 4:7], (5, 5, 5)),
        (np.s_[2:4, 5, 5], (2, 5, 5)),  # 2.5 rounds to 2, 3.5 to 4, as in nilearn
        (np.s_[3:5, 5, 5], (4, 5, 5)),
    ],
)
def test_a_flat_cluster_has_its_peak_in_the_middle(shape, middle):
    """One value throughout gives one peak, at the rounded centre."""
    data = np.zeros((9, 10, 11))
    data[shape] = 1.0
    peaks, voxels, _ = peaks_of(data)
    assert [tuple(v) for v in voxels[peaks.elements].tolist()] == [middle]


def test_the_peak_of_a_ring_lies_on_the_ring():
    """The centre of a flat ring is not in it; the nearest voxel that is stands for it."""
    data = np.zeros((9, 10, 11))
    data[4:7, 5, 4:7] = 1.0
    data[5, 5, 5] = 0.0
    peaks, voxels, _ = peaks_of(data)
    assert voxels[peaks.elements].tolist() == [[4, 5, 5]]


def test_a_thick_plateau_has_its_peak_inside():
    """Neighbours that are all equal do not make a voxel less of a maximum."""
    data = np.ones((9, 9, 9))
    data[2:7, 2:7, 2:7] = 2.0
    peaks, voxels, _ = peaks_of(data)
    assert voxels[peaks.elements].tolist() == [[4, 4, 4]]


def test_a_flat_stretch_between_two_peaks_is_none():
    """The floor of a valley and a step on a slope are no maxima."""
    valley = from_edges(np.array([[i, i + 1] for i in range(6)]), np.ones(7), np.zeros((7, 3)))
    places = np.arange(7)[:, None] * [1, 0, 0]
    ones = np.ones(7, dtype=np.int32)
    floor = find_peaks(valley, np.array([5.0, 2, 2, 2, 2, 3, 6]), ones, places)
    np.testing.assert_array_equal(floor.elements, [6, 0])
    step = find_peaks(valley, np.array([1.0, 2, 2, 2, 3, 3, 1]), ones, places)
    np.testing.assert_array_equal(step.elements, [4])


def test_neighbours_in_another_cluster_do_not_hide_a_peak():
    """Two clusters that touch at a corner have a peak each, though one is lower."""
    data = np.zeros((4, 4, 4))
    data[1, 1, 1], data[2, 2, 2] = 5.0, 3.0
    peaks, voxels, _ = peaks_of(data)
    assert voxels[peaks.elements].tolist() == [[1, 1, 1], [2, 2, 2]]
    joined, _, _ = peaks_of(data, 0.0, clusters_by=26)
    assert len(joined.elements) == 1


def greedy(peaks, points, min_distance, at_most):
    """The same choice one peak at a time."""
    kept = []
    for i, (element, cluster) in enumerate(zip(peaks.elements, peaks.clusters, strict=True)):
        others = [j for j in kept if peaks.clusters[j] == cluster]
        apart = [np.linalg.norm(points[element] - points[peaks.elements[j]]) for j in others]
        if len(others) < at_most and all(d > min_distance for d in apart):
            kept.append(i)
    return kept


@pytest.mark.parametrize("min_distance", [0.5, 2.0, 4.0, 100.0])
@pytest.mark.parametrize("at_most", [1, 2, 4, 30])
def test_peaks_are_chosen_from_the_top_if_all_higher_ones_are_far(min_distance, at_most):
    """The choice of all clusters at once is that of one peak after the other."""
    data = ndimage.gaussian_filter(np.random.default_rng(7).normal(size=(13, 12, 11)), 0.9)
    peaks, voxels, _ = peaks_of(data, 0.1)
    chosen = peaks.apart(voxels.astype(float), min_distance, at_most)
    expected = greedy(peaks, voxels.astype(float), min_distance, at_most)
    np.testing.assert_array_equal(np.flatnonzero(chosen), expected)
    assert chosen[peaks.main].all()


def test_a_peak_just_as_far_as_the_distance_is_left_out():
    """Apart means farther than the distance, not as far."""
    line = np.array([[0.0, 0, 0], [8, 0, 0], [8.1, 0, 0]])
    peaks = Peaks(np.arange(3), np.ones(3, dtype=np.int32), np.array([3.0, 2, 1]))
    np.testing.assert_array_equal(peaks.apart(line, 8.0, 4), [True, False, True])


def test_no_cluster_has_no_peak():
    """Nothing in, nothing out."""
    empty = from_edges(np.empty((0, 2), dtype=int), np.empty(0), np.empty((0, 3)))
    nothing = find_peaks(empty, np.empty(0), np.empty(0, dtype=np.int32), np.empty((0, 3)))
    assert len(nothing.elements) == len(nothing.main) == 0
    assert len(nothing.apart(np.empty((0, 3)), 8.0, 4)) == 0
