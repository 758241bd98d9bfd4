"""Slices go through peaks, the highest first, and leave no large part unseen."""

import numpy as np
import pytest

from secondlevel.plotting.cuts import choose_cuts, find_peaks

AFFINE = np.diag([2.0, 2, 2, 1])
AFFINE[:3, 3] = -20, -30, -40
EXTENT = np.array([[-20.0, 20], [-30, 30], [-40, 40]])


@pytest.fixture
def peaks():
    """Three peaks on a grid of 2 mm: at (0, 10, -30), (10, -20, 30), (-10, 0, 2) mm."""
    values = np.zeros((21, 31, 41))
    values[10, 20, 5] = 9.0
    values[15, 5, 35] = -8.0
    values[5, 15, 21] = 4.0
    return values


def test_peaks_are_found_from_the_highest_on(peaks):
    """Of both signs by size; a slope beside a peak is none, and a plateau is one."""
    peaks[10, 20, 6] = 8.5
    found = find_peaks(peaks, AFFINE, np.zeros(3))
    np.testing.assert_array_equal(found, [[0, 10, -30], [10, -20, 30], [-10, 0, 2]])
    middle = find_peaks(np.ones_like(peaks), AFFINE, np.zeros(3))
    np.testing.assert_array_equal(middle, [[0, 0, 0]])
    assert len(find_peaks(np.zeros_like(peaks), AFFINE, np.zeros(3))) == 0


@pytest.mark.parametrize("mode", ["ortho", "tiled"])
def test_planes_meet_in_the_highest_peak(peaks, mode):
    """The three planes go through it; through the middle where there is none."""
    assert choose_cuts(mode, peaks, AFFINE, EXTENT) == [0, 10, -30]
    assert choose_cuts(mode, peaks * 0, AFFINE, EXTENT + np.array([[0], [4], [8]])) == [0, 4, 8]


@pytest.mark.parametrize(("mode", "at"), [("yx", [0, 10]), ("xz", [0, -30]), ("yz", [10, -30])])
def test_two_planes_take_their_places_in_the_order_of_the_alphabet(peaks, mode, at):
    """As nilearn takes them: for "yx" first x, then y."""
    assert choose_cuts(mode, peaks, AFFINE, EXTENT) == at


def test_a_row_goes_through_as_many_peaks_as_it_can(peaks):
    """Few slices show the highest peaks, more slices fill what lies farthest from these."""
    assert choose_cuts("z", peaks, AFFINE, EXTENT, 1) == [-30]
    assert choose_cuts("z", peaks, AFFINE, EXTENT, 2) == [-30, 30]
    seven = choose_cuts("z", peaks, AFFINE, EXTENT)
    assert len(seven) == 7
    assert {-30, 2, 30} < set(seven)
    assert max(np.diff(seven)) < 2 * 80 / 7
    assert all(place == round(place) for place in seven)


def test_peaks_side_by_side_do_not_take_all_slices(peaks):
    """Two peaks in neighbouring slices are shown by one of them."""
    peaks[2, 2, 7] = 8.9
    assert -26 not in choose_cuts("z", peaks, AFFINE, EXTENT)


def test_without_peaks_slices_are_evenly_spaced(peaks):
    """Nothing to show is shown all over; on a grid of a few millimetres to a tenth of one."""
    cuts = choose_cuts("x", peaks * 0, AFFINE, EXTENT)
    assert cuts == [-15, -10, -5, 0, 5, 10, 15]
    small = choose_cuts("x", peaks * 0, AFFINE, EXTENT / 40)
    np.testing.assert_allclose(small, np.linspace(-0.38, 0.38, 7), atol=0.051)


def test_a_mosaic_has_a_row_for_each_axis(peaks):
    """So many slices along each, or so many along every one."""
    rows = choose_cuts("mosaic", peaks, AFFINE, EXTENT, 2)
    assert rows == {"x": [-15, 0], "y": [-20, 10], "z": [-30, 30]}
    counted = choose_cuts("mosaic", peaks, AFFINE, EXTENT, (1, 2, 5))
    assert [len(counted[axis]) for axis in "xyz"] == [1, 2, 5]
