"""Files of `save_glm_to_bids` under the names that nilearn's function has, with its numbers."""

import json
import warnings

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.glm import save_glm_to_bids as nilearns
from nilearn.glm._base import _clean_contrast_name
from nilearn.glm.second_level import SecondLevelModel as NilearnsModel
from scipy import stats

from secondlevel import SecondLevelModel, get_clusters_table, save_glm_to_bids
from secondlevel.results.names import stem_of

OURS = {
    "maps.tsv",
    "mesh.surf.gii",
    "provenance.json",
    "results.json",
    "effects.tsv",
    "stat-cook_statmap",
    "stat-coverage_statmap",
    "stat-hedgesg_statmap",
    "stat-partialr2_statmap",
    "stat-thresholdedz_statmap",
}
"""Ends of the names of files that nilearn does not write."""


def files_in(folder):
    """Names below a folder, those that only we have left out."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in names if not any(end in name for end in OURS)}


def save_both(maps, design, asked, tmp_path, mask=None, **keywords):
    """Save with nilearn and here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = NilearnsModel(mask_img=mask, minimize_memory=False)
        nilearns(theirs.fit(maps, design_matrix=design), asked, out_dir=tmp_path / "a", **keywords)
    ours = SecondLevelModel(mask, minimize_memory=False).fit(maps, design_matrix=design)
    save_glm_to_bids(ours, asked, out_dir=tmp_path / "b", bg_img=None, **keywords)
    return tmp_path / "a", tmp_path / "b"


@pytest.mark.parametrize(
    ("asked", "keywords"),
    [
        (["patient - control", "age"], {}),
        ([np.array([1, 0, 0]), np.array([1, -1, 0])], {"prefix": "study"}),
        (
            {"Win - Neutral": "patient - control", "F test": np.eye(3)[:2]},
            {"contrast_types": {"F test": "F"}},
        ),
    ],
)
def test_the_files_are_nilearns(group_maps, group_mask, group_design, tmp_path, asked, keywords):
    """The same names, for expressions, vectors and dicts, with a prefix and without."""
    theirs, ours = save_both(group_maps, group_design, asked, tmp_path, group_mask, **keywords)
    assert files_in(ours) == files_in(theirs)
    levels, of_nilearn = (
        json.loads(next((folder / "group").glob("*clusters.json")).read_text())
        for folder in (ours, theirs)
    )
    assert set(of_nilearn) <= set(levels)


def test_the_maps_are_nilearns(group_maps, group_mask, group_design, tmp_path):
    """Effect, variance, t, z, p, residuals, design: the numbers agree where nilearn's are right."""
    theirs, ours = save_both(group_maps, group_design, ["age"], tmp_path, group_mask)
    inside = group_mask.get_fdata() > 0
    for stat in ("effect", "variance", "t", "z", "p"):
        name = f"group/contrast-age_stat-{stat}_statmap.nii.gz"
        one, other = (nib.load(folder / name).get_fdata()[inside] for folder in (ours, theirs))
        # Largest difference seen: 2e-12 of the largest value.
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9 * np.abs(other).max())
    table = "group/contrast-age_clusters.tsv"
    one, other = (pd.read_csv(folder / table, sep="\t") for folder in (ours, theirs))
    z = nib.load(ours / "group/contrast-age_stat-z_statmap.nii.gz")
    expected = get_clusters_table(z, stats.norm.isf(0.001), mask_img=group_mask)
    np.testing.assert_allclose(one["Peak Stat"], expected["Peak Stat"], rtol=1e-12)
    # nilearn's is made of another map, in which nothing is so high.
    assert len(other) != len(one)
    residuals = "group/stat-errorts_statmap.nii.gz"
    one, other = (nib.load(folder / residuals).get_fdata()[inside] for folder in (ours, theirs))
    np.testing.assert_allclose(one, other, atol=1e-5)
    one, other = (pd.read_csv(folder / "group/design.tsv", sep="\t") for folder in (ours, theirs))
    pd.testing.assert_frame_equal(one, other)


def test_files_of_surfaces_are_nilearns(surface_model, tmp_path):
    """Hemispheres and densities stand where nilearn puts them."""
    maps, design = surface_model.second_level_input_, surface_model.design_matrix_
    theirs, ours = save_both(maps, design, "mean", tmp_path)
    assert files_in(ours) == files_in(theirs)
    name = "group/hemi-L_den-10242_contrast-mean_stat-z_statmap.gii"
    one, other = (nib.load(folder / name).darrays[0].data for folder in (ours, theirs))
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.filterwarnings("ignore:Contrast name")
@pytest.mark.parametrize(
    "name", ["patient - control", "a_b", "2*age + sex", "x>y", "Win - Neutral", "[ 1 -1  0]", "é/ü"]
)
def test_names_are_cleaned_as_nilearn_does(name):
    """Signs become words, words camel case, all else is left out."""
    assert stem_of(name) == _clean_contrast_name(name)
