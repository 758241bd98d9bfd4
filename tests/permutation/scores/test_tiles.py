"""Tiles cover all elements; what is taken out of their data is gone."""

import numpy as np
import pytest

from secondlevel.permutation.scores.tiles import block_width, take_out, tiles


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


@pytest.mark.parametrize("n_rows", [1, 20, 100, 235, 10**6])
def test_blocks_are_cut_from_tiles_without_rest(n_rows):
    """A block is 64 to 512 elements wide, a power of 2, and at most as wide as a tile."""
    width, tile = block_width(n_rows), tiles(n_rows, 10**5)[0].stop
    assert 64 <= width <= 512
    assert tile % width == 0
    assert width == 64 or width * n_rows <= 15_000


def test_what_is_taken_out_leaves_rounding_of_the_size_of_what_is_left():
    """Of maps with a mean of 10⁸ and a spread of 1 the mean must be gone to 14 digits of 1."""
    data = np.random.default_rng(0).normal(size=(30, 50))
    basis = np.full((30, 1), 30**-0.5)
    mean = data + 1e8
    expected = mean - mean.mean(axis=0)
    take_out(basis, mean)
    np.testing.assert_allclose(basis.T @ mean, 0.0, atol=1e-14)  # seen: 2e-15, once 9e-8
    np.testing.assert_allclose(mean, expected, atol=1e-6)  # 10⁸ knows no more than 10⁻⁸
    same = data.copy()
    take_out(basis[:, :0], same)
    np.testing.assert_array_equal(same, data)
