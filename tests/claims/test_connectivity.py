"""Neighbours of a voxel are 6, 18 or 26, in every claim that asks for clusters."""

import numpy as np
import pytest

from secondlevel.claims.arguments import check_connectivity
from secondlevel.claims.cluster_level import cluster_level_inference
from secondlevel.claims.clusters import get_clusters_table
from secondlevel.claims.discovery_regions import true_discovery_map, true_discovery_regions
from secondlevel.claims.tfce import tfce
from secondlevel.claims.threshold import threshold_stats_img
from secondlevel.errors import InputError, InputTypeError

CLAIMS = {
    "threshold_stats_img": threshold_stats_img,
    "cluster_level_inference": cluster_level_inference,
    "get_clusters_table": lambda image, **asked: get_clusters_table(image, 3.0, **asked),
    "tfce": tfce,
    "true_discovery_map": true_discovery_map,
    "true_discovery_regions": true_discovery_regions,
}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
@pytest.mark.parametrize(
    ("connectivity", "error"), [(7, InputError), ("26", InputTypeError), (True, InputTypeError)]
)
@pytest.mark.parametrize("kind", ["image", "surface"])
def test_no_other_number_of_neighbours_passes(claim, connectivity, error, kind, request):
    """It must be refused on meshes, which do without, and where no cluster is asked for."""
    with pytest.raises(error, match=r"6 \(faces\), 18 .* Got "):
        claim(request.getfixturevalue(kind), connectivity=connectivity)


def test_numbers_of_neighbours_of_any_kind_pass():
    """Numpy's numbers must come out as whole ones of Python."""
    for value in (26, np.int8(26), 26.0):
        assert type(check_connectivity(value)) is int
        assert check_connectivity(value) == 26
