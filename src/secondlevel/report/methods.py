"""The methods in words, with the exact numbers, to be pasted into a paper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from secondlevel.design.expression import write_expression
from secondlevel.report.numbers import count, listed, plain, rounded
from secondlevel.report.references import Citations, Reference
from secondlevel.report.threshold_words import beyond, can_be_passed, looks_both_ways
from secondlevel.results.contrast import ContrastResults
from secondlevel.results.group import GroupResults, ModelFacts
from secondlevel.results.provenance import Provenance

NAMED_COLUMNS = 12
"""Of a design with more columns, the text names none."""

PACKAGES = ("numpy", "scipy", "nibabel", "nilearn")
"""Whose versions the text names, after those of the package and of Python."""


@dataclass(frozen=True)
class Methods:
    """The text, and what it cites.

    Parameters
    ----------
    paragraphs : tuple of str
    references : tuple of Reference
        Those cited and no others, in alphabetical order.
    """

    paragraphs: tuple[str, ...]
    references: tuple[Reference, ...]


def write_methods(results: GroupResults) -> Methods:
    """Write how results were made.

    Parameters
    ----------
    results : GroupResults
        Nothing else is needed: a page of results that were loaded says the same.
    """
    cite = Citations()
    paragraphs = [
        [*_model(results), *_mask(results.model), *_smoothness(results.model, cite)],
        [*_tests(results), *_height(results, cite), *_clusters(results)],
        [*_p_values(results, cite), _discoveries(results, cite), *_effects(results, cite)],
        [_influence(results, cite), _software(results.provenance)],
    ]
    return Methods(tuple(" ".join(sentences) for sentences in paragraphs), cite.used)


def _model(results: GroupResults) -> list[str]:
    model, columns = results.model, [str(name) for name in results.design_matrix.columns]
    named = f" ({listed(columns)})" if len(columns) <= NAMED_COLUMNS else ""
    effect = f"of the first-level contrast {model.effect} " if model.effect else ""
    maps = count(model.n_maps, "map")
    elements = count(model.n_elements, model.element, model.elements)
    fitted = (
        f"The {maps} {effect}(one per row of the design matrix) were entered into a general linear "
        f"model, which was fitted by ordinary least squares at each of {elements}. They "
        f"were analysed on {model.grid}."
    )
    shape = (
        f"The design matrix had {count(len(columns), 'column')}{named} and rank {model.rank}, "
        f"which leaves {plain(model.dof)} residual degrees of freedom."
    )
    return [fitted, shape]


def _mask(model: ModelFacts) -> list[str]:
    said = [
        f"Masking: {_no_stop(model.masking)}.",
        f"Missing values: {_no_stop(model.missing)}.",
    ]
    if model.n_elements < model.n_in_mask:
        said.append(
            f"Of the {plain(model.n_in_mask)} {model.elements} in the mask, "
            f"{plain(model.n_elements)} were analysed."
        )
    if model.n_constant:
        constant = count(model.n_constant, model.element, model.elements)
        said.append(f"A statistic of 0 and p = 1 were given to {constant} without variance.")
    return said


def _smoothness(model: ModelFacts, cite: Citations) -> list[str]:
    facts = model.smoothness
    if facts is None:
        return []
    mm = " × ".join(rounded(width) for width in facts.fwhm_mm)
    elements = " × ".join(rounded(width) for width in facts.fwhm)
    resels = next((n for n in reversed(facts.resels) if n), 0.0)
    paper = "worsley-mesh" if model.element == "vertex" else "kiebel"
    said = (
        "The smoothness of the standardised residuals, estimated from differences of "
        f"neighbouring {model.elements}, was {mm} mm FWHM ({elements} {model.elements}), so that "
        f"the search region held {rounded(resels)} resels {cite(paper)}."
    )
    return [said]


def _tests(results: GroupResults) -> list[str]:
    columns = [str(name) for name in results.design_matrix.columns]
    return [_test(result, columns) for result in results.contrasts]


def _test(result: ContrastResults, columns: list[str]) -> str:
    rows = [write_expression(row, columns) for row in np.atleast_2d(result.weights)]
    if result.kind == "t":
        return f"The contrast “{result.name}” ({rows[0]}) was tested with {result.test}."
    return f"The contrast “{result.name}” ({'; '.join(rows)}) was tested with {result.test}."


def _height(results: GroupResults, cite: Citations) -> list[str]:
    settings, model = results.settings, results.model
    limits = [
        f"{beyond(model, settings, result)} for “{result.name}”"
        for result in results.contrasts
        if can_be_passed(result)
    ]
    if len({result.height for result in results.contrasts}) == 1 and len(limits) == len(
        results.contrasts
    ):
        limits = list(dict.fromkeys(beyond(model, settings, r) for r in results.contrasts))
    none = [f"“{result.name}”" for result in results.contrasts if not can_be_passed(result)]
    said = [
        (
            f"Statistics were transformed to z of the same p, and maps of z were thresholded "
            f"{_control(results, cite)}{': ' + listed(limits) if limits else ''}."
        )
    ]
    if any(looks_both_ways(settings, result) for result in results.contrasts):
        shared = "" if settings.height_control is None else ", each with half of the level"
        said.append(f"Both signs of t contrasts were looked at{shared}.")
    if none:
        said.append(f"No height satisfies this for {listed(none)}.")
    return said


def _control(results: GroupResults, cite: Citations) -> str:
    settings, model = results.settings, results.model
    alpha = plain(settings.alpha)
    match settings.height_control:
        case "fpr":
            return (
                f"at p < {alpha} at each {model.element} by itself, without correction for the "
                f"number of {model.elements}"
            )
        case "fdr":
            return f"to control the false discovery rate at {alpha} {cite('bh')}"
        case "fdr_by":
            return (
                f"to control the false discovery rate at {alpha} under any dependence {cite('by')}"
            )
        case "bonferroni":
            return (
                f"to control the family-wise error rate at {alpha} by Bonferroni's method for "
                f"{plain(model.n_elements)} {model.elements}"
            )
        case "rft":
            return (
                f"to control the family-wise error rate at {alpha} by random field theory "
                f"{cite('worsley')}"
            )
        case _:
            return "at a height that was given"


def _clusters(results: GroupResults) -> list[str]:
    settings, model = results.settings, results.model
    joined = (
        "Voxels that share a face belong to one cluster"
        if model.element == "voxel"
        else "Vertices joined by an edge of the mesh belong to one cluster"
    )
    least = ""
    if settings.cluster_threshold:
        elements = count(settings.cluster_threshold, model.element, model.elements)
        least = f"; clusters of fewer than {elements} were left out"
    return [
        (
            f"{joined}{least}; listed peaks of a cluster lie more than "
            f"{plain(settings.min_distance)} mm apart."
        )
    ]


def _p_values(results: GroupResults, cite: Citations) -> list[str]:
    """Say once what contrasts have in common."""
    named: dict[str, list[str]] = {}
    for result in results.contrasts:
        said = [*_of_source(result, cite), *_of_shuffles(result, cite)]
        if said:
            named.setdefault(" ".join(said), []).append(result.name)
    everywhere = len(results.contrasts)
    return [
        text if len(names) == everywhere else f"{_for(names)}: {text}"
        for text, names in named.items()
    ]


def _of_source(result: ContrastResults, cite: Citations) -> list[str]:
    if not result.p_source:
        return []
    papers = f" {cite('worsley', 'friston')}" if by_random_field(result) else ""
    return [f"{_no_stop(result.p_source)}{papers}."]


def _of_shuffles(result: ContrastResults, cite: Citations) -> list[str]:
    if result.shuffled is None:
        return []
    described = result.shuffled.description
    papers = ["winkler", *(["freedman-lane"] if "Freedman" in described else [])]
    return [f"Permutation test: {_no_stop(described)} {cite(*papers)}."]


def by_random_field(result: ContrastResults) -> bool:
    """Whether the p-values of a contrast are those of random field theory."""
    return "random field" in result.p_source.lower()


def _discoveries(results: GroupResults, cite: Citations) -> str:
    confidence = f"{100 * (1 - results.settings.discovery_alpha):g} %"
    return (
        f"For each cluster a lower bound of the proportion of {results.model.elements} that hold a "
        "true effect was found by closed testing with Simes tests; the bounds of all clusters of a "
        f"contrast hold together with {confidence} confidence {cite('rosenblatt', 'goeman')}."
    )


def _effects(results: GroupResults, cite: Citations) -> list[str]:
    level = f"{100 * results.settings.confidence:g} %"
    kinds = {result.kind for result in results.contrasts}
    names = []
    if "t" in kinds:
        names.append(f"Hedges' g {cite('hedges')}")
    if "F" in kinds:
        names.append("partial R²")
    tails = listed([kind for kind in ("t", "F") if kind in kinds])
    said = (
        f"Effects are given with {level} intervals, which hold at each {results.model.element} by "
        f"itself; effects without a unit are {listed(names)}, with intervals from the noncentral "
        f"{tails} distribution {cite('steiger')}."
    )
    return [said]


def _influence(results: GroupResults, cite: Citations) -> str:
    threshold = rounded(results.quality.cook_threshold)
    n_odd = len(results.quality.odd)
    odd = "none stood out" if not n_odd else f"{count(n_odd, 'map')} stood out"
    return (
        "Maps were checked by their correlation with the mean of the others, their robust distance "
        f"from the fit, and Cook's distance {cite('cook')}, notable above {threshold}: {odd}."
    )


def _software(provenance: Provenance) -> str:
    versions = dict(provenance.versions)
    own = versions.pop("secondlevel", "")
    python = versions.pop("python", "")
    others = [f"{name} {versions[name]}" for name in PACKAGES if name in versions]
    with_them = f" with {listed(others)}" if others else ""
    return f"The analysis was done with secondlevel {own} in Python {python}{with_them}."


def _for(names: list[str]) -> str:
    return f"For {listed([f'“{name}”' for name in names])}"


def _no_stop(text: str) -> str:
    return text.rstrip().rstrip(".")
