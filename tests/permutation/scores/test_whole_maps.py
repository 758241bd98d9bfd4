"""What is asked of maps of scores is as plain loops have it."""

import numpy as np
import pytest

from secondlevel.permutation.scores.asked import Beyond, Reach, Wanted
from secondlevel.permutation.scores.whole_maps import collect, sweep_maps

MAPS = np.random.default_rng(0).normal(size=(6, 15)).round(1)
BOTH = np.array([1.0, -1.0])


@pytest.mark.parametrize("signs", [[1.0], [-1.0], [1.0, -1.0]])
def test_maxima_are_those_of_each_side(signs):
    """On the negative side the lowest score counts, its sign changed."""
    found = sweep_maps(MAPS, 0, Wanted(np.array(signs)))
    for s, scores in enumerate(MAPS):
        for side, sign in enumerate(signs):
            assert found.maxima[s, side] == max(sign * score for score in scores)
    assert found.beyond is found.reached is found.maps is None
    assert sweep_maps(MAPS, 0, Wanted(BOTH, maps=True)).maps is MAPS


def test_elements_beyond_a_level_come_in_order():
    """Shuffle by shuffle, side by side, element by element; what equals the level is beyond it."""
    level = float(MAPS[2].max())
    found = sweep_maps(MAPS, 4, Wanted(BOTH, level)).beyond
    expected = [
        (2 * s + side, v, sign * MAPS[s, v])
        for s in range(len(MAPS))
        for side, sign in enumerate(BOTH)
        for v in range(MAPS.shape[1])
        if sign * MAPS[s, v] >= level
    ]
    assert expected
    assert list(zip(found.places, found.elements, found.scores, strict=True)) == expected


@pytest.mark.parametrize("first", [0, 5])
def test_shuffles_that_reach_are_counted_but_for_the_unshuffled_maps(first):
    """An element asks about its own side, or about both; shuffle 0 is not counted here."""
    directions = np.array([0.0, 1.0, -1.0])[np.arange(15) % 3]
    levels = np.full(15, 0.7)
    found = sweep_maps(MAPS, first, Wanted(BOTH, None, Reach(levels, directions))).reached
    for v in range(15):
        counted = MAPS[1:, v] if first == 0 else MAPS[:, v]
        towards = np.abs(counted) if directions[v] == 0 else directions[v] * counted
        assert found[v] == sum(towards >= 0.7)
    assert found.max() > 0


def test_lists_of_tiles_are_put_in_order():
    """Places ascend; within a place elements stay in the order of their tiles."""
    first = Beyond(np.array([0, 2, 2]), np.array([5, 1, 3]), np.array([0.5, 0.1, 0.3]))
    second = Beyond(np.array([0, 1, 2]), np.array([9, 8, 7]), np.array([0.9, 0.8, 0.7]))
    found = collect([first, second])
    assert found.places.tolist() == [0, 0, 1, 2, 2, 2]
    assert found.elements.tolist() == [5, 9, 8, 1, 3, 7]
    assert found.scores.tolist() == [0.5, 0.9, 0.8, 0.1, 0.3, 0.7]
