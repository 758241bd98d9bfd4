from dataclasses import replace

import numpy as np
import pytest

from secondlevel.report.methods import write_methods
from secondlevel.report.references import REFERENCES
from secondlevel.results.contrast import Shuffled

ASKED = {"patients > controls": "patient - control", "any": ["control", "patient"]}


@pytest.fixture(scope="module")
def results(group_model):
    """A t and an F contrast of the group, both sides looked at."""
    return group_model.results(ASKED, two_sided=True)


@pytest.fixture(scope="module")
def shuffled(results):
    """What a permutation run could have said."""
    return Shuffled(
        "t", 6.9, np.linspace(2.5, 7.0, 500), None, None, None, 7, False,
        "Maps are permuted. 500 shuffles were drawn at random (seed 7). Nuisance: Freedman–Lane.",
        results["any"].maps["z_score"],
    )  # fmt: skip


def text_of(results):
    """The paragraphs as one text."""
    return " ".join(write_methods(results).paragraphs)


def cited(results):
    """Which papers are listed, as the text names them."""
    return {paper.cited for paper in write_methods(results).references}


def only(results, *names):
    """The same results with these contrasts alone."""
    return replace(results, contrasts=tuple(results[name] for name in names))


def test_numbers_are_those_of_the_results(results):
    """The text gives maps, elements, columns, rank, degrees of freedom, widths as they stand."""
    model, text = results.model, text_of(results)
    assert f"The {model.n_maps} maps" in text
    assert "at each of 7\u202f031 voxels" in text
    assert model.grid in text
    assert "3 columns (control, patient and age) and rank 3" in text
    assert f"leaves {model.dof:g} residual degrees of freedom" in text
    widths = " × ".join(f"{width:.1f}" for width in model.smoothness.fwhm_mm)
    assert f"{widths} mm FWHM" in text
    assert f"{model.smoothness.resels[3]:.0f} resels (Kiebel et al., 1999)" in text
    assert "more than 8 mm apart" in text


def test_each_contrast_is_written_with_its_test(results):
    """Weights stand as an expression, with t or F and the degrees of freedom."""
    text = text_of(results)
    assert "“patients > controls” (-control + patient) was tested with t(21)" in text
    assert "“any” (control; patient) was tested with F(2, 21)" in text


def test_two_sides_have_a_higher_threshold(results):
    """|z| stands where both sides were looked at, z where the test has one, with its height."""
    heights = [result.height for result in results.contrasts]
    assert f"|z| > {heights[0]:.2f} for “patients > controls”" in text_of(results)
    assert f"z > {heights[1]:.2f} for “any”" in text_of(results)
    one = replace(results, settings=replace(results.settings, two_sided=False))
    assert "|z|" not in text_of(one)
    assert "Both signs" not in text_of(one)


@pytest.mark.parametrize(
    ("control", "words", "paper"),
    [
        ("fpr", "p < 0.001 at each voxel by itself", None),
        ("fdr", "false discovery rate at 0.001", "Benjamini & Hochberg, 1995"),
        ("fdr_by", "under any dependence", "Benjamini & Yekutieli, 2001"),
        ("bonferroni", "by Bonferroni's method for 7\u202f031 voxels", None),
        ("rft", "by random field theory", "Worsley et al., 1996"),
        (None, "at a height that was given", None),
    ],
)
def test_height_control_is_said_in_words(results, control, words, paper):
    """Every error control is named with its level, and cited where it has a paper."""
    own = replace(results, settings=replace(results.settings, height_control=control))
    own = replace(own, contrasts=tuple(replace(c, p_source="") for c in own.contrasts))
    assert words in text_of(own)
    of_heights = {"Benjamini & Hochberg, 1995", "Benjamini & Yekutieli, 2001"}
    of_heights.add("Worsley et al., 1996")
    assert cited(own) & of_heights == ({paper} if paper else set())


def test_no_height_is_said(results):
    """Where no height satisfies the control, the text says for which contrast."""
    none = replace(results.contrasts[0], height=float("inf"))
    own = replace(results, contrasts=(none, results.contrasts[1]))
    text = text_of(own)
    assert "No height satisfies this for “patients > controls”" in text
    assert "∞" not in text
    assert "inf" not in text.split()


def test_only_what_is_cited_is_listed(results):
    """Every paper of the list is named in the text, and every paper named is in the list."""
    text, papers = text_of(results), cited(results)
    for paper in REFERENCES.values():
        assert (paper.cited in text) == (paper.cited in papers), paper.cited


def test_effects_are_those_of_the_tests(results):
    """Hedges' g and its paper belong to t, partial R² to F."""
    t, f = only(results, "patients > controls"), only(results, "any")
    assert "Hedges, 1981" in cited(t)
    assert "partial R²" not in text_of(t)
    assert "noncentral t distribution" in text_of(t)
    assert "Hedges, 1981" not in cited(f)
    assert "noncentral F distribution" in text_of(f)


def test_random_field_is_cited_where_it_gave_p(results):
    """The p of a random field come with its papers; without p neither stands in the text."""
    assert {"Worsley et al., 1996", "Friston et al., 1994"} <= cited(results)
    none = replace(results, contrasts=tuple(replace(c, p_source="") for c in results.contrasts))
    assert not {"Worsley et al., 1996", "Friston et al., 1994"} & cited(none)


def test_permutation_is_described_in_its_own_words(results, shuffled):
    """What was shuffled, how often and with which seed is said of the contrast it belongs to."""
    first = replace(results.contrasts[0], shuffled=shuffled, p_source="p are from 500 shuffles.")
    own = replace(results, contrasts=(first, results.contrasts[1]))
    text = text_of(own)
    assert "For “patients > controls”: p are from 500 shuffles. Permutation test: Maps" in text
    assert "(seed 7)" in text
    assert {"Winkler et al., 2014", "Freedman & Lane, 1983"} <= cited(own)
    assert not {"Winkler et al., 2014", "Freedman & Lane, 1983"} & cited(results)


def test_surfaces_speak_of_vertices(results):
    """On a mesh, vertices are joined by edges, belong to what they reach, and have their paper."""
    model = replace(results.model, element="vertex", size_unit="mm2")
    own = replace(results, model=model)
    text = text_of(own)
    assert "voxel" not in text.replace(model.grid, "")
    assert "|z| ≥" in text
    assert "joined by an edge of the mesh" in text
    assert "Worsley et al., 1999" in cited(own)
    assert "Kiebel et al., 1999" not in cited(own)


def test_what_is_unusual_is_said(results):
    """Elements left out or constant, small clusters, a first-level contrast: all are told."""
    model = replace(results.model, n_in_mask=8000, n_constant=12, effect="faces")
    settings = replace(results.settings, cluster_threshold=10)
    text = text_of(replace(results, model=model, settings=settings))
    assert "Of the 8\u202f000 voxels in the mask, 7\u202f031 were analysed." in text
    assert "12 voxels without variance" in text
    assert "clusters of fewer than 10 voxels were left out" in text
    assert "of the first-level contrast faces" in text


def test_odd_maps_and_versions_are_told(results):
    """The number of maps that stand out, and what computed, end the text."""
    maps = results.quality.maps.copy()
    maps.loc[3, "Remarks"] = "far off"
    own = replace(results, quality=replace(results.quality, maps=maps))
    assert "1 map stood out" in text_of(own)
    versions = results.provenance.versions
    assert f"secondlevel {versions['secondlevel']} in Python {versions['python']}" in text_of(own)
