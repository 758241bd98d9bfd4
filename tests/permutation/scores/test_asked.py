"""What is asked of all elements can be asked of some."""

import numpy as np

from secondlevel.permutation.scores.asked import Reach


def test_a_part_of_a_reach_is_that_of_some_elements():
    """Levels and directions stay together."""
    part = Reach(np.arange(4.0), np.array([1.0, -1, 0, 1])).part(slice(1, 3))
    assert part.levels.tolist() == [1.0, 2.0]
    assert part.directions.tolist() == [-1.0, 0.0]
