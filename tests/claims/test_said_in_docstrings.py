"""What the claims raise and warn of stands in their docstrings."""

import re

import pytest

from secondlevel.claims.cluster_level import cluster_level_inference
from secondlevel.claims.clusters import get_clusters_table
from secondlevel.claims.discovery_regions import true_discovery_map, true_discovery_regions
from secondlevel.claims.tfce import tfce
from secondlevel.claims.threshold import threshold_stats_img
from secondlevel.claims.true_discovery import true_discoveries

CLAIMS = (
    cluster_level_inference,
    get_clusters_table,
    tfce,
    threshold_stats_img,
    true_discoveries,
    true_discovery_map,
    true_discovery_regions,
)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.__name__)
def test_a_claim_says_what_its_map_and_mask_may_lead_to(claim):
    """All read one map and one mask, so all must name the errors and warnings of reading them."""
    words = set(re.findall(r"\b\w+(?:Error|Warning)\b", claim.__doc__))
    assert {
        "InputError",
        "InputTypeError",
        "MapError",
        "MaskError",
        "MapWarning",
        "MissingDataWarning",
    } <= words


def test_a_table_says_what_it_ignores():
    """Names of regions without an atlas must be spoken of, as they are warned of."""
    assert "IgnoredParameterWarning" in get_clusters_table.__doc__
