"""Results saved and loaded are equal, to the bit; so is the report made of them."""

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from secondlevel import generate_report, load_results, save_glm_to_bids
from secondlevel.results.saving import save_results


def test_volumes_come_back_as_they_were(shuffled_results, tmp_path, assert_same):
    """Every number, word, header and image of results on a grid is what was saved."""
    save_results(shuffled_results, tmp_path)
    assert_same(shuffled_results, load_results(tmp_path))


def test_surfaces_come_back_as_they_were(surface_results, tmp_path, assert_same):
    """The same on meshes."""
    save_results(surface_results, tmp_path, prefix="pial")
    assert_same(surface_results, load_results(tmp_path, "pial"))


def test_numbers_that_text_loses_come_back(group_results, tmp_path, assert_same):
    """Infinite heights, NaN, the smallest and the longest numbers, an affine beyond float32."""
    affine = group_results.mask_img.affine * (1 + 1e-12)
    odd = group_results["age"].clusters.copy()
    odd.loc[0, "Effect"] = np.nextafter(0.1, 1)
    odd.loc[1, ["Effect", "Hedges g"]] = [5e-324, 1 / 3]
    changed = replace(
        group_results,
        contrasts=(
            replace(group_results["age"], height=np.inf, clusters=odd),
            replace(group_results["any"], clusters=group_results["any"].clusters.iloc[:0]),
        ),
        quality=replace(group_results.quality, not_normal=np.nan),
        mask_img=nib.Nifti1Image(np.asanyarray(group_results.mask_img.dataobj), affine),
    )
    save_results(changed, tmp_path)
    loaded = load_results(tmp_path)
    assert loaded["age"].height == np.inf
    assert np.isnan(loaded.quality.not_normal)
    assert np.array_equal(loaded.mask_img.affine, affine)
    assert_same(changed["age"].clusters, loaded["age"].clusters)
    assert_same(changed["any"].clusters, loaded["any"].clusters)


def test_a_run_that_tells_little_comes_back(shuffled_results, tmp_path, assert_same):
    """All shuffles done, so no seed; no clusters; an infinite statistic."""
    contrast = shuffled_results["<script>"]
    run = replace(
        contrast.shuffled,
        observed=np.inf,
        sizes=None,
        observed_size=None,
        cluster_threshold=None,
        seed=None,
        exhaustive=True,
        stopped_early=True,
    )
    changed = replace(shuffled_results, contrasts=(replace(contrast, shuffled=run),))
    save_results(changed, tmp_path)
    assert_same(changed, load_results(tmp_path))


def test_names_of_any_kind_come_back(group_results, tmp_path, assert_same):
    """Tabs, line ends, quotes, signs of all alphabets, and what no encoding has."""
    odd = 'a\t"b"\r\nü漢\udcff'
    contrast = group_results.contrasts[0]
    inputs = group_results.provenance.inputs
    changed = replace(
        group_results,
        design_matrix=group_results.design_matrix.rename(columns={"age": odd}),
        contrasts=(replace(contrast, name=odd, effects_x=odd, notes=(odd, "")),),
        quality=replace(group_results.quality, notes=(odd,)),
        provenance=replace(group_results.provenance, inputs=inputs.assign(Source=odd)),
    )
    save_results(changed, tmp_path)
    assert_same(changed, load_results(tmp_path))


def test_maps_are_the_same_for_any_number_of_threads(one_contrast, tmp_path, everything_in):
    """Every file, to the byte."""
    for n_jobs in (1, 2):
        save_results(one_contrast, tmp_path / str(n_jobs), n_jobs=n_jobs)
    assert everything_in(tmp_path / "1") == everything_in(tmp_path / "2")


@pytest.mark.parametrize("kind", ["volume", "surface"])
def test_the_report_of_loaded_results_is_that_of_the_model(
    kind, group_model, surface_model, tmp_path
):
    """Byte for byte: the saved page, and one made of what was loaded."""
    model, asked = (
        (group_model, {"who": "patient - control", "any": ["control", "patient"]})
        if kind == "volume"
        else (surface_model, "mean")
    )
    save_glm_to_bids(model, asked, out_dir=tmp_path, title="Kept", bg_img=None)
    page = generate_report(load_results(tmp_path), title="Kept", bg_img=None).get_standalone()
    assert page == (tmp_path / "group" / "report.html").read_text(encoding="utf-8")
