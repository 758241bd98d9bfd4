"""The summary: what was found, where, how sure, and whether any map is odd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from secondlevel.report.effect_words import effects_in_words
from secondlevel.report.numbers import at_least, count, is_number, listed, p_in_prose, rounded
from secondlevel.report.places import highest_row, main_peaks, place_in_words
from secondlevel.report.threshold_words import beyond, can_be_passed, controlled
from secondlevel.results.contrast import ContrastResults
from secondlevel.results.group import GroupResults

SHOWN_ODD = 5

Answer = tuple[str, str]


@dataclass(frozen=True)
class Finding:
    """What was found of one contrast.

    Parameters
    ----------
    name, test : str
    found : bool
        Whether anything lies beyond the threshold.
    headline : str
        What, in a few words.
    answers : tuple of (str, str)
        Where, how large, how sure: questions and answers.
    """

    name: str
    test: str
    found: bool
    headline: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Summary:
    """All findings, and what is to be said of the maps."""

    findings: tuple[Finding, ...]
    odd: str
    n_odd: int


def summarise(results: GroupResults) -> Summary:
    """Say in words what was found."""
    return Summary(
        findings=tuple(find(results, result) for result in results.contrasts),
        odd=say_odd(results),
        n_odd=len(results.quality.odd),
    )


def find(results: GroupResults, result: ContrastResults) -> Finding:
    """Say what was found of one contrast."""
    highest = highest_row(result.clusters)
    if highest is None:
        headline, answers = _nothing(results, result)
    else:
        n_clusters = count(len(main_peaks(result.clusters)), "cluster")
        elements = count(result.n_beyond, results.model.element, results.model.elements)
        limit = beyond(results.model, results.settings, result)
        headline = f"{n_clusters}, {elements} with {limit}"
        answers = _something(results, result, highest)
    return Finding(result.name, result.test, highest is not None, headline, tuple(answers))


def say_odd(results: GroupResults) -> str:
    """Name the maps that stand out, with the reasons."""
    odd = results.quality.odd
    n_maps = count(results.model.n_maps, "map")
    noted = " Notes on all maps together are below Quality." if results.quality.notes else ""
    if not len(odd):
        return f"None of the {n_maps} stands out.{noted}"
    pairs = list(zip(odd["Map"], odd["Remarks"], strict=True))
    named = "; ".join(f"{label}: {remark}" for label, remark in pairs[:SHOWN_ODD])
    more = f"; and {len(pairs) - SHOWN_ODD} more" if len(pairs) > SHOWN_ODD else ""
    verb = "stands" if len(odd) == 1 else "stand"
    return f"{len(odd)} of the {n_maps} {verb} out. {named}{more}.{noted}"


def _nothing(results: GroupResults, result: ContrastResults) -> tuple[str, list[Answer]]:
    peak = result.highest
    z = rounded(float(peak["Peak Stat"]))
    control = controlled(results.model, results.settings, result)
    if can_be_passed(result):
        headline = f"Nothing with {beyond(results.model, results.settings, result)}"
        least = _least(results)
        first = f"No {results.model.element}{least} lies beyond the threshold ({control})."
    else:
        headline = "Nothing can be claimed"
        first = f"No height of the map satisfies what was asked: {control}."
    where = f"The highest peak, z = {z}, lies at {place_in_words(peak)}."
    return headline, [
        ("Found", first),
        ("Where", where),
        ("How sure", _discoveries(results, result)),
    ]


def _something(
    results: GroupResults, result: ContrastResults, peak: Mapping[str, Any]
) -> list[Answer]:
    z = rounded(float(peak["Peak Stat"]))
    effects = effects_in_words(peak, results.settings.confidence)
    return [
        ("Where", f"The highest peak, z = {z}, lies at {place_in_words(peak)}."),
        *([("How large", effects)] if effects else []),
        ("How sure", " ".join(_sure(results, result, peak))),
    ]


def _sure(results: GroupResults, result: ContrastResults, peak: Mapping[str, Any]) -> list[str]:
    """Say what is known of the chance that it is none."""
    named = (("Peak p (FWE)", "of the peak"), ("Cluster p (FWE)", "of its cluster"))
    p = [
        f"{p_in_prose(float(peak[column]))} {of}"
        for column, of in named
        if is_number(peak.get(column))
    ]
    said = [f"Family-wise {listed(p)}."] if p else []
    if is_number(peak.get("TDP")):
        share = at_least(float(peak["TDP"]))
        said.append(
            f"At least {share} of its cluster's {results.model.elements} hold a true effect."
        )
    control = controlled(results.model, results.settings, result)
    return [*said, _discoveries(results, result), f"Threshold: {control}{_least(results)}."]


def _least(results: GroupResults) -> str:
    """Say which clusters are large enough to be listed."""
    least = results.settings.cluster_threshold
    if not least:
        return ""
    elements = count(least, results.model.element, results.model.elements)
    return f" in a cluster of at least {elements}"


def _discoveries(results: GroupResults, result: ContrastResults) -> str:
    """Say what closed testing gives for the whole mask."""
    confidence = 100 * (1 - results.settings.discovery_alpha)
    if not result.discoveries:
        return (
            f"With {confidence:g} % confidence no {results.model.element} of the whole mask can be "
            "claimed to hold a true effect."
        )
    number = count(result.discoveries, results.model.element, results.model.elements)
    verb = "holds" if result.discoveries == 1 else "hold"
    return (
        f"In the whole mask at least {number} {verb} a true effect ({confidence:g} % confidence)."
    )


def title_of(results: GroupResults) -> str:
    """Return the heading of a page that was given none."""
    names = [result.name for result in results.contrasts]
    return f"Group analysis: {listed(names)}"
