"""Which elements reach a height, and how large the clusters are that they lie in."""

import numpy as np
from scipy import ndimage

from secondlevel.graph.lattice import Lattice
from secondlevel.inference.height import cluster_counts, heights, passing


def test_a_threshold_is_reached_at_it():
    """Two-sided by absolute value; a negative one of one side from above; single precision too."""
    values = np.array([-3.0, -2.0, 0.0, 2.0, 3.0], dtype=np.float32)
    for threshold, two_sided, expected in (
        (2.0, True, [1, 1, 0, 1, 1]),
        (2.0, False, [0, 0, 0, 1, 1]),
        (-2.0, False, [1, 1, 0, 0, 0]),
        (0.0, False, [0, 0, 1, 1, 1]),
        (np.inf, True, [0, 0, 0, 0, 0]),
    ):
        assert passing(values, threshold, two_sided=two_sided).tolist() == [
            bool(i) for i in expected
        ]
    assert heights(values, two_sided=True).tolist() == [3, 2, 0, 2, 3]
    assert heights(values, two_sided=False) is values


def test_counts_are_those_of_labelled_clusters():
    """Each element must get the size of its cluster of one sign, by the labels of scipy."""
    z = ndimage.gaussian_filter(np.random.default_rng(7).normal(size=(9, 10, 11)), 0.8)
    high = np.abs(z) > z.std()
    expected = np.zeros(z.shape, dtype=int)
    for sign in (1, -1):
        labels, _ = ndimage.label(high & (sign * z > 0))
        sizes = np.bincount(labels.ravel())
        expected[labels > 0] = sizes[labels[labels > 0]]
    found = cluster_counts(Lattice(high, np.eye(4)).graph(6), z[high])
    np.testing.assert_array_equal(found, expected[high])
    assert len(np.unique(found)) > 3
