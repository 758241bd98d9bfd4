"""Tallies of consecutive shuffles merge to that of all."""

import numpy as np
import pytest

from secondlevel.permutation.nulls.tally import Tally

RNG = np.random.default_rng(0)
MAXIMA = {"max": RNG.normal(size=(9, 2, 1)), "size": RNG.normal(size=(9, 2, 1))}
COUNTS = RNG.integers(0, 2, size=(9, 2, 5))


def part(start, stop):
    """The tally of some shuffles."""
    return Tally(
        start,
        stop,
        {name: values[start:stop] for name, values in MAXIMA.items()},
        {"max": COUNTS[start:stop].sum(axis=0)},
    )


def same(one, other):
    """Hold two tallies to each other."""
    assert (one.start, one.stop) == (other.start, other.stop)
    for ours, theirs in ((one.maxima, other.maxima), (one.reached, other.reached)):
        assert list(ours) == list(theirs)
        for name, values in ours.items():
            np.testing.assert_array_equal(values, theirs[name])


def test_parts_merge_to_the_whole_in_any_grouping():
    """Maxima are lined up, counts added, whichever neighbours are merged first."""
    one, two, three = part(0, 4), part(4, 5), part(5, 9)
    same(one.merge(two).merge(three), part(0, 9))
    same(one.merge(two.merge(three)), part(0, 9))


def test_what_is_merged_stays_as_it_was():
    """Neither tally may change."""
    one, two = part(0, 4), part(4, 9)
    one.merge(two)
    same(one, part(0, 4))
    same(two, part(4, 9))


@pytest.mark.parametrize("start", [0, 3, 5])
def test_only_the_shuffles_that_follow_are_merged(start):
    """A gap or an overlap is an error of the program, and says which shuffle is missing."""
    with pytest.raises(ValueError, match=f"shuffle 4 should follow, not {start}"):
        part(0, 4).merge(part(start, 9))
