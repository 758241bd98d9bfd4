"""The summary: what was found, where, how sure, and is any map odd?"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from secondlevel.report.effect_words import effects_in_words
from secondlevel.report.numbers import at_least, count, is_number, listed, p_in_prose, rounded
from secondlevel.report.places import highest_row, main_peaks, place_in_words
from secondlevel.report.threshold_words import beyond, can_be_passed, controlled
from secondlevel.results.contrast import ContrastResults
from secondlevel.results.group import GroupResults

SHOWN_ODD = 5


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
    sentences : tuple of str
        Where, and how sure.
    """

    name: str
    test: str
    found: bool
    headline: str
    sentences: tuple[str, ...]


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
        headline, sentences = _nothing(results, result)
    else:
        n_clusters = count(len(main_peaks(result.clusters)), "cluster")
        elements = count(result.n_beyond, results.model.element, results.model.elements)
        limit = beyond(results.model, results.settings, result)
        headline = f"{n_clusters}, {elements} with {limit}"
        sentences = _something(results, result, highest)
    return Finding(result.name, result.test, highest is not None, headline, tuple(sentences))


def say_odd(results: GroupResults) -> str:
    """Name the maps that stand out, with the reasons."""
    odd = results.quality.odd
    n_maps = count(results.model.n_maps, "map")
    if not len(odd):
        return f"None of the {n_maps} stands out."
    pairs = list(zip(odd["Map"], odd["Remarks"], strict=True))
    named = "; ".join(f"{label}: {remark}" for label, remark in pairs[:SHOWN_ODD])
    more = f"; and {len(pairs) - SHOWN_ODD} more" if len(pairs) > SHOWN_ODD else ""
    verb = "stands" if len(odd) == 1 else "stand"
    return f"{len(odd)} of the {n_maps} {verb} out. {named}{more}."


def _nothing(results: GroupResults, result: ContrastResults) -> tuple[str, list[str]]:
    peak = result.highest
    z = rounded(float(peak["Peak Stat"]))
    control = controlled(results.model, results.settings, result)
    if not can_be_passed(result):
        headline = "Nothing can be claimed"
        first = f"No height of the map satisfies what was asked: {control}."
    else:
        headline = f"Nothing with {beyond(results.model, results.settings, result)}"
        first = f"No {results.model.element} lies beyond the threshold ({control})."
    where = f"The highest peak, z = {z}, lies at {place_in_words(peak)}."
    return headline, [first, where, _discoveries(results, result)]


def _something(results: GroupResults, result: ContrastResults, peak: pd.Series) -> list[str]:
    sure = [
        p_in_prose(float(peak[column]), f"{name} p")
        for column, name in (("Peak p (FWE)", "family-wise"), ("Cluster p (FWE)", "of its cluster"))
        if is_number(peak.get(column))
    ]
    p = f" ({', '.join(sure)})" if sure else ""
    z = rounded(float(peak["Peak Stat"]))
    said = [
        f"The highest peak, z = {z}{p}, lies at {place_in_words(peak)}.",
        *effects_in_words(peak, results.settings.confidence),
    ]
    if is_number(peak.get("TDP")):
        share = at_least(float(peak["TDP"]))
        said.append(
            f"Of its cluster at least {share} of the {results.model.elements} hold a true effect."
        )
    control = controlled(results.model, results.settings, result)
    return [*said, _discoveries(results, result), f"Threshold: {control}."]


def _discoveries(results: GroupResults, result: ContrastResults) -> str:
    """Say what closed testing gives for the whole mask."""
    confidence = 100 * (1 - results.settings.discovery_alpha)
    if not result.discoveries:
        return (
            f"With {confidence:g} % confidence no {results.model.element} of the whole mask can be "
            "claimed to hold a true effect."
        )
    number = count(result.discoveries, results.model.element, results.model.elements)
    return f"In the whole mask at least {number} hold a true effect ({confidence:g} % confidence)."


def title_of(results: GroupResults) -> str:
    """Return the heading of a page that was given none."""
    names = [result.name for result in results.contrasts]
    return f"Group analysis: {listed(names)}"
