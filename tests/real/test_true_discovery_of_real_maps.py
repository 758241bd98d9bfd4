"""True discoveries of a real group map, where the folder of real maps is present."""

import warnings

import numpy as np
import pandas as pd
import pytest
from nilearn.glm import cluster_level_inference as nilearns

from secondlevel import SecondLevelModel
from secondlevel.claims.cluster_level import cluster_level_inference
from secondlevel.claims.discovery_regions import true_discovery_map, true_discovery_regions
from secondlevel.claims.true_discovery import true_discoveries


@pytest.fixture(scope="module")
def faces(real_maps):
    """The z map of seeing faces in 16 subjects, and its mask."""
    paths = sorted((real_maps / "spm_contrasts" / "visual").glob("*/con_0006.img"))
    model = SecondLevelModel().fit(paths, design_matrix=pd.DataFrame({"intercept": np.ones(16)}))
    return model.compute_contrast(), model.mask_img_


def test_shares_of_clusters_are_nilearns(faces):
    """With 6 neighbours the image must be nilearn's to the last bit, at several thresholds."""
    z, mask = faces
    thresholds = [2.5, 3.1, 4.0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = nilearns(z, mask, thresholds).get_fdata()
    found = cluster_level_inference(z, mask, thresholds).get_fdata()
    np.testing.assert_array_equal(found, expected)
    assert np.count_nonzero(found) > 500


def test_faces_are_seen_by_the_occipital_lobe_on_both_sides(faces):
    """Regions of which 70 % are active must lie behind and below, one on either side."""
    z, mask = faces
    whole = true_discoveries(z, mask_img=mask)
    assert (whole.at_least, whole.elements) == (555, 55808)
    label_img, table = true_discovery_regions(z, mask, tdp=0.7)
    assert table[["Elements", "True Discoveries"]].to_numpy().tolist() == [[68, 48], [14, 10]]
    assert (table["Y"] < -80).all()
    assert (table["Z"] < 0).all()
    assert np.sign(table["X"]).tolist() == [1, -1]
    assert table["Size (mm3)"].tolist() == pytest.approx([68 * 27, 14 * 27], rel=1e-6)
    np.testing.assert_array_equal(
        true_discovery_map(z, mask).get_fdata() >= 0.7, label_img.get_fdata() > 0
    )
    assert table["True Discoveries"].sum() <= whole.at_least
