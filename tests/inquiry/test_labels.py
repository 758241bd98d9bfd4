"""What maps are called: short, and all different."""

import numpy as np
import pandas as pd
import pytest

from secondlevel.inquiry.labels import label_maps


@pytest.mark.parametrize(
    ("subjects", "rows", "expected"),
    [
        (["s2", "s1", "s3"], ["x", "y", "z"], ("s2", "s1", "s3")),
        ([1, 2, 2], [0, 1, 2], ("1", "2 (1)", "2 (2)")),
        ([None] * 3, ["x", "y", "z"], ("x", "y", "z")),
        ([None] * 3, ["a", "a", "a (1)"], ("a (2)", "a (3)", "a (1)")),
        ([None] * 3, [101, 102, 105], ("101", "102", "105")),
        ([None] * 3, [0.5, 2.0, 3.0], ("0.5", "2", "3")),
        ([None] * 3, [0, 1, 2], ("map 1", "map 2", "map 3")),
        ([None] * 3, ["", "b", "c"], ("map 1", "map 2", "map 3")),
        ([np.nan, "a", "b"], [0, 1, 2], ("map 1", "map 2", "map 3")),
        ([None, "a", "b"], ["x", "y", "z"], ("x", "y", "z")),
    ],
)
def test_maps_are_called_by_what_is_known_of_all(subjects, rows, expected):
    """Subjects, else names of rows, else their numbers where they say anything, else a count."""
    table = pd.DataFrame({"mean": np.ones(3)}, index=rows)
    assert label_maps(subjects, table, []) == expected
    assert len(set(expected)) == 3
