"""Sides say where elements are asked about, and which maxima they are held against."""

import numpy as np
import pytest

from secondlevel.errors import InputError
from secondlevel.permutation.sides import NAMES, Sides

VALUES = np.array([2.0, -3.0, 0.0, -0.5])
MAXIMA = np.array([[4.0, 1.0], [2.0, 5.0], [0.0, 3.0]])


def test_each_name_has_its_signs_and_directions():
    """Of one side, of both taken together, of each by itself; 0 belongs to the positive side."""
    expected = {
        "positive": ([1], False, [1, 1, 1, 1], [2, -3, 0, -0.5]),
        "negative": ([-1], False, [-1, -1, -1, -1], [-2, 3, 0, 0.5]),
        "both": ([1, -1], True, [0, 0, 0, 0], [2, 3, 0, 0.5]),
        "each": ([1, -1], False, [1, -1, 1, -1], [2, 3, 0, 0.5]),
    }
    assert set(expected) == set(NAMES)
    for name, (signs, two_sided, directions, towards) in expected.items():
        sides = Sides(name)
        assert sides.signs.tolist() == signs
        assert sides.two_sided is two_sided
        assert sides.directions(VALUES).tolist() == directions
        assert sides.towards(VALUES).tolist() == towards


def test_elements_are_held_against_the_maxima_of_their_sides():
    """Of both the larger one; with each, those of the element's own side; every element once."""
    for name, maxima, expected in (
        ("positive", MAXIMA[:, :1], [4, 2, 0]),
        ("negative", MAXIMA[:, 1:], [1, 5, 3]),
        ("both", MAXIMA, [4, 5, 3]),
    ):
        ((against, here),) = Sides(name).against(maxima, VALUES)
        assert against.tolist() == expected
        assert here.all()
    (up, positive), (down, negative) = Sides("each").against(MAXIMA, VALUES)
    assert up.tolist() == [4, 2, 0]
    assert positive.tolist() == [True, False, True, False]
    assert down.tolist() == [1, 5, 3]
    assert negative.tolist() == [False, True, False, True]


@pytest.mark.parametrize("name", ["two", "", "Positive", None, 1])
def test_other_names_are_refused(name):
    """The error must list the names and show what came."""
    with pytest.raises(InputError, match=r"'positive', 'negative', 'both', 'each'.*Got"):
        Sides(name)
