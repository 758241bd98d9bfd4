"""What is asked of maps of scores, and tiles, are as plain loops have them."""

import numpy as np
import pytest

from secondlevel.permutation.scores.sweep import Beyond, Reach, Wanted, collect, sweep_maps, tiles

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


@pytest.mark.parametrize("shape", [(1, 1), (20, 2048), (20, 2049), (5000, 3000), (10**6, 400)])
def test_tiles_cover_every_element_once_within_bounds(shape):
    """They follow each other without gaps, and hold 32 MB at most unless they are narrow."""
    n_rows, n_elements = shape
    found = tiles(n_rows, n_elements)
    covered = np.concatenate([np.arange(n_elements)[tile] for tile in found])
    np.testing.assert_array_equal(covered, np.arange(n_elements))
    width = found[0].stop - found[0].start
    assert {tile.stop - tile.start for tile in found[:-1]} <= {width}
    assert width <= 128 or width * n_rows * 8 <= 2**25


def test_lists_of_tiles_are_put_in_order():
    """Places ascend; within a place elements stay in the order of their tiles."""
    first = Beyond(np.array([0, 2, 2]), np.array([5, 1, 3]), np.array([0.5, 0.1, 0.3]))
    second = Beyond(np.array([0, 1, 2]), np.array([9, 8, 7]), np.array([0.9, 0.8, 0.7]))
    found = collect([first, second])
    assert found.places.tolist() == [0, 0, 1, 2, 2, 2]
    assert found.elements.tolist() == [5, 9, 8, 1, 3, 7]
    assert found.scores.tolist() == [0.5, 0.9, 0.8, 0.1, 0.3, 0.7]


def test_a_part_of_a_reach_is_that_of_some_elements():
    """Levels and directions stay together."""
    part = Reach(np.arange(4.0), np.array([1.0, -1, 0, 1])).part(slice(1, 3))
    assert part.levels.tolist() == [1.0, 2.0]
    assert part.directions.tolist() == [-1.0, 0.0]
