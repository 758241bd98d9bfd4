"""Clusters: members, sizes, masses and centres, by scipy's labels and by hand."""

import numpy as np
import pytest
from scipy import ndimage

from secondlevel.graph.adjacency import from_edges
from secondlevel.graph.lattice import Lattice
from secondlevel.inference.clusters import find_clusters

AFFINE = np.array([[-3.0, 0, 0, 40], [0, 3, 0, -50], [0, 0, 3.5, -20], [0, 0, 0, 1]])


def noise(seed, shape=(9, 10, 11)):
    """A smooth map of both signs."""
    data = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 0.8)
    return data / data.std()


@pytest.mark.parametrize(("connectivity", "rank"), [(6, 1), (18, 2), (26, 3)])
def test_clusters_are_the_components_that_scipy_finds_on_each_side(connectivity, rank):
    """Members, counts, masses and centres of mass are those of scipy.ndimage, side by side."""
    data = noise(1)
    lattice = Lattice(np.ones(data.shape, dtype=bool), AFFINE)
    clusters = find_clusters(lattice.graph(connectivity), data.ravel(), np.abs(data.ravel()) > 1)
    structure = ndimage.generate_binary_structure(3, rank)
    first = 0
    for sign in (1, -1):
        labels, n = ndimage.label(sign * data > 1, structure)
        mine = clusters.labels.reshape(data.shape)
        np.testing.assert_array_equal(np.where(labels > 0, labels + first, 0), mine * (labels > 0))
        part, index = slice(first, first + n), np.arange(1, n + 1)
        assert (clusters.signs[part] == sign).all()
        np.testing.assert_array_equal(clusters.counts[part], np.bincount(labels.ravel())[1:])
        # Worst relative differences seen: 0 (mass), 9e-14 (centre, one beside 0).
        np.testing.assert_allclose(
            clusters.masses[part], ndimage.sum(np.abs(data), labels, index), rtol=1e-13
        )
        centres = np.array(ndimage.center_of_mass(np.abs(data), labels, index))
        expected = centres @ AFFINE[:3, :3].T + AFFINE[:3, 3]
        np.testing.assert_allclose(clusters.centres[part], expected, rtol=1e-12)
        first += n
    assert clusters.n_clusters == first > 15
    # Worst relative difference seen: 3e-16.
    np.testing.assert_allclose(clusters.sizes, 31.5 * clusters.counts, rtol=1e-13)


def test_neighbours_of_opposite_signs_are_not_joined():
    """A positive element beside a negative one makes two clusters; a zero makes none."""
    chain = from_edges(np.array([[0, 1], [1, 2], [2, 3]]), np.array([1.0, 2, 3, 4]), np.eye(4, 3))
    values = np.array([2.0, 3.0, -4.0, 0.0])
    clusters = find_clusters(chain, values, np.ones(4, dtype=bool))
    np.testing.assert_array_equal(clusters.labels, [1, 1, 2, 0])
    np.testing.assert_array_equal(clusters.signs, [1, -1])
    np.testing.assert_array_equal(clusters.counts, [2, 1])
    np.testing.assert_array_equal(clusters.sizes, [3, 3])
    np.testing.assert_array_equal(clusters.masses, [5, 4])
    np.testing.assert_allclose(clusters.centres, [[0.4, 0.6, 0], [0, 0, 1]], rtol=1e-15)


def test_where_nothing_is_beyond_there_is_no_cluster():
    """No cluster, no number, and arrays that still have their columns."""
    chain = from_edges(np.array([[0, 1]]), np.ones(2), np.zeros((2, 3)))
    clusters = find_clusters(chain, np.array([1.0, -1.0]), np.zeros(2, dtype=bool))
    assert clusters.n_clusters == 0
    assert clusters.centres.shape == (0, 3)
    np.testing.assert_array_equal(clusters.labels, [0, 0])


def test_elements_without_neighbours_are_clusters_of_one():
    """An isolated element is its own cluster, centred on itself."""
    points = np.array([[1.0, 2, 3], [4, 5, 6]])
    lonely = from_edges(np.empty((0, 2), dtype=int), np.array([0.0, 7.0]), points)
    clusters = find_clusters(lonely, np.array([2.5, 1.5]), np.ones(2, dtype=bool))
    np.testing.assert_array_equal(clusters.labels, [1, 2])
    np.testing.assert_array_equal(clusters.sizes, [0, 7])
    np.testing.assert_array_equal(clusters.centres, points)


def test_a_list_of_clusters_leaves_out_small_ones_and_goes_by_sign_and_height():
    """In their own order, or within each sign from the highest peak down; equal ones stay."""
    chain = from_edges(np.array([[0, 1], [3, 4], [4, 5]]), np.ones(8), np.zeros((8, 3)))
    values = np.array([2.0, 3, 9, 4, 4, 3, -5, -6])
    clusters = find_clusters(chain, values, np.ones(8, dtype=bool))
    heights = np.array([3.0, 9, 4, 5, 6])
    np.testing.assert_array_equal(clusters.counts, [2, 1, 3, 1, 1])
    np.testing.assert_array_equal(clusters.at_least(0), [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(clusters.at_least(2), [0, 2])
    np.testing.assert_array_equal(clusters.at_least(0, heights), [1, 2, 0, 4, 3])
    np.testing.assert_array_equal(clusters.at_least(2, heights), [2, 0])
    np.testing.assert_array_equal(clusters.at_least(1, np.full(5, 4.0)), [0, 1, 2, 3, 4])
