"""What is expected above a height of a field: peaks, clusters and their size, by hand."""

import numpy as np
import pytest
from scipy import integrate, stats

from secondlevel.inference.euler import Gaussian, Student
from secondlevel.inference.excursions import Excursions

FOUR_LN_2 = 4 * np.log(2)
BRAIN = np.array([1.0, 30.0, 290.0, 900.0])


def test_the_euler_number_is_resels_times_densities():
    """Summed over the dimensions of the region, those of single heights and of many."""
    heights = np.array([[0.3, 2.0], [3.1, 6.0]])
    found = Excursions(Student(23), BRAIN[:3]).euler(heights)
    densities = Student(23).densities(heights, 2)
    by_hand = sum(resels * density for resels, density in zip(BRAIN, densities, strict=False))
    # Worst relative difference seen: 0.
    np.testing.assert_allclose(found, by_hand, rtol=1e-13)


def test_expected_peaks_are_largest_at_the_highest_mode():
    """Below it, as many are expected; the mode of z in three dimensions is at √3."""
    volume = Excursions(Gaussian(), np.array([0.0, 0.0, 0.0, 1.0]))
    top = FOUR_LN_2**1.5 / (2 * np.pi) ** 2 * 2 * np.exp(-1.5)
    np.testing.assert_allclose(volume.peaks(np.array([0.0, 1.0, np.sqrt(3)])), top, rtol=1e-12)
    assert volume.peaks(np.array(2.0)) == volume.euler(np.array(2.0)) < top
    assert volume.cluster_resels(0.9) == np.inf


def test_clusters_are_as_many_as_the_euler_number_says_where_it_is_one():
    """Above the zero of the highest density E itself, below it the most that are expected."""
    field = Excursions(Gaussian(), np.array([0.0, 0.0, 0.0, 900.0]))
    assert field.clusters(1.2) == pytest.approx(float(field.euler(np.array(1.2))), rel=1e-12)
    most = float(field.euler(np.array(np.sqrt(3))))
    assert field.clusters(0.5) == pytest.approx(most, rel=1e-12)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_cluster_has_the_resels_above_a_height_over_the_number_of_clusters(d):
    """The mean is ρ_0 / ρ_D, and sizes have the distribution of Friston (1994) about it."""
    field = Excursions(Student(25), BRAIN[: d + 1])
    densities = Student(25).densities(np.array(3.6), d)
    mean = stats.t.sf(3.6, 25) / densities[d]
    # Worst relative difference seen: 2e-15.
    assert field.cluster_resels(3.6) == pytest.approx(mean, rel=1e-12)
    sizes = np.linspace(0.0, 60.0 * mean, 200_001)
    p = field.cluster_p(sizes, 3.6)
    assert p[0] == 1.0
    # Sizes are positive, so their mean is the area under their upper tail; seen: 2e-7 off.
    assert integrate.trapezoid(p, sizes) == pytest.approx(mean, rel=1e-6)
