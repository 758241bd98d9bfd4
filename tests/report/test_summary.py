from dataclasses import replace

import pytest

from secondlevel.report.quality_section import describe_quality
from secondlevel.report.summary import say_odd, summarise, title_of
from secondlevel.report.view import View


@pytest.fixture(scope="module")
def results(group_model):
    """Two contrasts of the group."""
    return group_model.results({"patients": "patient - control", "age": "age"}, two_sided=True)


def with_remarks(results, remarks):
    """The same, with these remarks on the first maps."""
    maps = results.quality.maps.copy()
    maps.loc[: len(remarks) - 1, "Remarks"] = remarks
    return replace(results, quality=replace(results.quality, maps=maps))


def changed(results, **facts):
    """The same, with other settings."""
    return replace(results, settings=replace(results.settings, **facts))


def test_no_odd_map_is_an_answer(results):
    """When no map stands out, that is said."""
    assert say_odd(results) == "None of the 24 maps stands out."


def test_odd_maps_are_named_with_the_reason(results):
    """One map is named with its reason; of many the first five are, and how many more there are."""
    assert say_odd(with_remarks(results, ["far off"])) == (
        "1 of the 24 maps stands out. sub-01: far off."
    )
    many = say_odd(with_remarks(results, ["far off"] * 7))
    assert many.startswith("7 of the 24 maps stand out. sub-01: far off; sub-02")
    assert many.endswith("sub-05: far off; and 2 more.")


def test_answers_are_where_how_large_how_sure(results):
    """Of what was found three questions are answered, with the numbers of the highest peak."""
    finding = summarise(results).findings[0]
    result = results.contrasts[0]
    answers, top = dict(finding.answers), result.clusters.iloc[0]
    assert finding.found
    assert list(answers) == ["Where", "How large", "How sure"]
    assert f"{top['Effect']:.2f} (95 % interval {top['Effect Lower']:.2f}" in answers["How large"]
    assert f"Hedges' g {top['Hedges g']:.2f}" in answers["How large"]
    assert f"p = {top['Cluster p (FWE)']:.3g} of its cluster" in answers["How sure"]
    assert "At least 20 % of its cluster's voxels" in answers["How sure"]
    assert "two-sided, not corrected" in answers["How sure"]


def test_without_p_none_is_claimed(results):
    """Where no null gives p, the answer has bounds and the threshold, and no family-wise p."""
    first = results.contrasts[0]
    table = first.clusters[[name for name in first.clusters if "(" not in name or "mm" in name]]
    finding = summarise(replace(results, contrasts=(replace(first, clusters=table),))).findings[0]
    assert "Family-wise" not in dict(finding.answers)["How sure"]
    assert "At least 20 %" in dict(finding.answers)["How sure"]


def test_nothing_found_is_told_apart_from_nothing_that_could_be(results):
    """No element beyond, no cluster large enough, and no threshold at all are three things."""
    first = results.contrasts[0]
    empty = replace(first, clusters=first.clusters.iloc[:0], n_beyond=0, discoveries=0, height=7.5)
    finding = summarise(replace(results, contrasts=(empty,))).findings[0]
    assert (finding.found, finding.headline) == (False, "Nothing with |z| > 7.50")
    assert "no voxel of the whole mask can be claimed" in dict(finding.answers)["How sure"]
    large = changed(replace(results, contrasts=(empty,)), cluster_threshold=50)
    found = dict(summarise(large).findings[0].answers)["Found"]
    assert "No voxel in a cluster of at least 50 voxels lies beyond" in found
    none = replace(empty, height=float("inf"))
    finding = summarise(replace(results, contrasts=(none,))).findings[0]
    assert finding.headline == "Nothing can be claimed"


def test_the_title_is_made_of_the_contrasts(results):
    """A page without a title of its own names what it is about."""
    assert title_of(results) == "Group analysis: patients and age"


def test_quality_is_told_in_numbers(results):
    """Coverage, agreement, influence and residuals name numbers, and the maps they belong to."""
    maps = results.quality.maps.copy()
    maps.loc[4, "Missing"] = 12
    model = replace(results.model, n_in_mask=results.model.n_elements + 12)
    own = replace(results, model=model, quality=replace(results.quality, maps=maps))
    facts = dict(describe_quality(own, View()).facts)
    assert "at 7\u202f031 of the 7\u202f043 voxels of the mask" in facts["Coverage"]
    assert "most are missing in sub-05: 12 voxels" in facts["Coverage"]
    lowest = maps.loc[maps["Correlation"].idxmin()]
    assert lowest["Map"] in facts["Agreement"]
    assert f"{lowest['Correlation']:.3g}".replace("-", "−") in facts["Agreement"]
    assert f"{100 * results.quality.not_normal:.3g} %" in facts["Residuals"]
    few = replace(results, quality=replace(results.quality, not_normal=float("nan")))
    assert "too few maps" in dict(describe_quality(few, View()).facts)["Residuals"]
