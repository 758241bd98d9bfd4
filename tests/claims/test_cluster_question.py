"""What may be asked of a cluster table, and what is refused."""

import numpy as np
import pytest

from secondlevel.claims.cluster_question import LISTINGS, ClusterQuestion
from secondlevel.claims.clusters import get_clusters_table
from secondlevel.errors import InputError, InputTypeError

VOXELS, VERTICES = LISTINGS["voxel"], LISTINGS["vertex"]
VALUES = np.array([-4.0, -3.0, -1.0, 0.0, 1.0, 3.0, 5.0])


@pytest.mark.parametrize(
    ("threshold", "two_sided", "signs", "expected"),
    [
        (3.0, False, (1,), [5]),
        (-3.0, False, (-1,), [-4]),
        (3.0, True, (1, -1), [-4, 5]),
        (0.0, False, (1,), [1, 3, 5]),
        (np.inf, False, (1,), []),
        (-np.inf, False, (-1,), []),
        (np.inf, True, (1, -1), []),
    ],
)
def test_what_lies_beyond_a_threshold(threshold, two_sided, signs, expected):
    """On the sides asked for; vertices that just reach it too, but no zeros."""
    question = ClusterQuestion(threshold, 0, two_sided, 8.0)
    assert question.signs == signs
    assert VALUES[question.beyond(VALUES, VOXELS)].tolist() == expected
    reached = [value for value in VALUES[VALUES != 0] if abs(value) == abs(threshold)]
    reached = [value for value in reached if np.sign(value) in signs]
    assert VALUES[question.beyond(VALUES, VERTICES)].tolist() == sorted(expected + reached)


@pytest.mark.parametrize(
    ("sub_peaks", "of_voxels", "of_vertices"), [(None, 4, 1), (0, 1, 1), (2, 3, 3), (26.0, 27, 27)]
)
def test_as_many_peaks_as_sub_peaks_and_one(sub_peaks, of_voxels, of_vertices):
    """By default four of a cluster of voxels, one of vertices."""
    question = ClusterQuestion(3.0, 0, False, 8.0, sub_peaks)
    assert question.peaks_per_cluster(VOXELS) == of_voxels
    assert question.peaks_per_cluster(VERTICES) == of_vertices


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"stat_threshold": [2, 3]}, InputTypeError, r"stat_threshold must be a number.*\[2, 3"),
        ({"stat_threshold": "95%"}, InputTypeError, "stat_threshold must be a number"),
        ({"stat_threshold": None}, InputTypeError, "stat_threshold must be a number"),
        ({"stat_threshold": True}, InputTypeError, "stat_threshold must be a number"),
        ({"stat_threshold": np.nan}, InputError, "stat_threshold must be a number.* Got nan"),
        (
            {"stat_threshold": -3, "two_sided": True},
            InputError,
            '"threshold" should not be a negative value',
        ),
        ({"cluster_threshold": -1}, InputError, "cluster_threshold .* 0 or more. Got -1"),
        ({"cluster_threshold": np.inf}, InputError, "cluster_threshold .* 0 or more. Got inf"),
        ({"cluster_threshold": "10"}, InputTypeError, "cluster_threshold must be the smallest"),
        ({"min_distance": 0}, InputError, "'min_distance' must be positive.* Got 0"),
        ({"min_distance": -8.0}, InputError, "'min_distance' must be positive"),
        ({"min_distance": None}, InputTypeError, "'min_distance' must be positive"),
        ({"sub_peaks": -1}, InputError, "sub_peaks must be a whole number from 0 to 26"),
        ({"sub_peaks": 27}, InputError, "sub_peaks must be a whole number from 0 to 26"),
        ({"sub_peaks": 1.5}, InputError, "sub_peaks must be a whole number .* Got 1.5"),
        ({"sub_peaks": True}, InputTypeError, "sub_peaks must be a whole number"),
        ({"two_sided": "no"}, InputTypeError, "two_sided must be True or False. Got 'no'"),
        ({"two_sided": 1}, InputTypeError, "two_sided must be True or False. Got 1"),
        ({"return_label_maps": "yes"}, InputTypeError, "return_label_maps must be True or False"),
        ({"centre_of_mass": None}, InputTypeError, "centre_of_mass must be True or False"),
    ],
)
@pytest.mark.parametrize("kind", ["volume", "surface"])
def test_what_cannot_be_meant_is_refused(map_of, kind, options, error, words):
    """The message names the parameter, what it may be, and what was given."""
    with pytest.raises(error, match=words):
        get_clusters_table(map_of(kind), **{"stat_threshold": 3, **options})
