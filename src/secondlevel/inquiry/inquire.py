"""A fitted model asked about contrasts: all of it answered at once, in few passes over the maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from secondlevel.design.contrast import Contrast
from secondlevel.inference.smoothness import Smoothness
from secondlevel.inquiry.asked import Asked
from secondlevel.inquiry.claimed import claim
from secondlevel.inquiry.contrast import Answer
from secondlevel.inquiry.effects import effect_table
from secondlevel.inquiry.facts import effect_name, model_facts, same_rows, smoothness_facts
from secondlevel.inquiry.field import measure, random_field
from secondlevel.inquiry.labels import label_maps
from secondlevel.inquiry.peaks import Places, place_of, shown_peaks
from secondlevel.inquiry.permuted import check_run, names_of
from secondlevel.inquiry.provenance import record_provenance
from secondlevel.inquiry.quality import judge
from secondlevel.inquiry.sources import Source, from_field, from_shuffles
from secondlevel.results.contrast import ContrastResults
from secondlevel.results.group import GroupResults
from secondlevel.results.maps import ContrastMaps
from secondlevel.results.permutation import PermutationMaps
from secondlevel.results.settings import ClaimSettings
from secondlevel.results.surfaces import as_saved
from secondlevel.streaming.analysis import Fit
from secondlevel.streaming.diagnostics import Diagnostics, examine
from secondlevel.streaming.study import ProgressBar, Study


@dataclass(frozen=True, eq=False)
class Inquiry:
    """What is asked of a fitted effect.

    Parameters
    ----------
    study : Study
    first_level_contrast : object
        Which maps, where there are several kinds.
    contrasts : tuple of (str, Contrast)
    settings : ClaimSettings
    design_matrix : DataFrame of shape (n, p)
    mask : object
        As the user gave it.
    parameters : dict
        Of the model, for the record.
    permutation : PermutationMaps, optional
    progress : callable
        Given a number of maps, returns what to call as they are done.
    """

    study: Study
    first_level_contrast: Any
    contrasts: Asked
    settings: ClaimSettings
    design_matrix: pd.DataFrame
    mask: Any
    parameters: Mapping[str, Any]
    permutation: PermutationMaps | None
    progress: ProgressBar


_NONE: tuple[str, ...] = ()

NO_FIELD = (
    "Peaks and clusters have no p: how smooth the maps are is not known. A permutation run gives "
    "them without."
)


@dataclass(frozen=True, eq=False)
class _Found:
    """What is known of a contrast before maps are looked at again."""

    name: str
    answer: Answer
    source: Source | None
    places: Places
    notes: tuple[str, ...]


def inquire(inquiry: Inquiry) -> GroupResults:
    """Answer all contrasts in full.

    Parameters
    ----------
    inquiry : Inquiry

    Returns
    -------
    GroupResults

    Raises
    ------
    InputError
        When a threshold cannot be found, a map's file has changed since it was fitted, or the
        permutation run is of something else.
    InputTypeError
        When it is none.
    """
    study, asked = inquiry.study, inquiry.first_level_contrast
    effect = study.cohort.effect(asked)
    fit = study.fit(asked, inquiry.progress)
    sources = study.cohort.maps(effect)
    labels = label_maps(study.cohort.labels, inquiry.design_matrix, sources)
    maps = {name: _maps(inquiry, contrast, fit) for name, contrast in inquiry.contrasts}
    # Before maps are read: a run of something else is the user's slip.
    check_run(inquiry.permutation, maps, study.analysis.design.names)
    smoothness, remarks = measure(lambda: study.smoothness(asked, inquiry.progress))
    found = [_find(inquiry, name, one, smoothness) for name, one in maps.items()]
    seen = _look_again(inquiry, fit, found)
    results = _results(inquiry, found, seen, labels)
    return GroupResults(
        model=model_facts(study.analysis, fit, effect_name(effect), smoothness, remarks),
        design_matrix=same_rows(inquiry.design_matrix, labels),
        settings=inquiry.settings,
        contrasts=results,
        quality=judge(seen, labels, fit),
        provenance=record_provenance(
            sources,
            labels,
            inquiry.mask,
            inquiry.parameters,
            _asked(inquiry, effect),
            _seeds(results),
            study.analysis.n_jobs,
        ),
        mask_img=as_saved(fit.space.mask_img),
    )


def _maps(inquiry: Inquiry, contrast: Contrast, fit: Fit) -> ContrastMaps:
    return ContrastMaps(
        contrast,
        fit.estimate.contrast(contrast),
        fit.space,
        fit.mask_space,
        fit.kept,
        inquiry.settings.confidence,
    )


def _find(inquiry: Inquiry, name: str, maps: ContrastMaps, smoothness: Smoothness | None) -> _Found:
    """Find the clusters of a contrast, and where their p come from."""
    field, notes = None, _NONE
    if smoothness is not None:
        field, notes = random_field(smoothness, maps.contrast, maps.estimate)
    answer = Answer(maps, inquiry.settings, field)
    source, more = _source(inquiry, name, answer, smoothness)
    return _Found(name, answer, source, shown_peaks(answer), notes + more)


def _source(
    inquiry: Inquiry, name: str, answer: Answer, smoothness: Smoothness | None
) -> tuple[Source | None, tuple[str, ...]]:
    """Where p come from: from shuffles of this contrast if there are any, else from the field."""
    notes = _NONE
    if np.isinf(answer.height):
        return None, notes  # there is no cluster
    if answer.height == 0.0:
        return None, ("Peaks and clusters have no p: theirs need a threshold other than 0.",)
    signs, statistic = answer.question.signs, answer.maps.estimate.statistic
    if inquiry.permutation is not None and name in names_of(inquiry.permutation):
        thresholds = {"z": abs(answer.height), answer.maps.contrast.kind: answer.stat_height}
        source, notes = from_shuffles(inquiry.permutation, name, thresholds, signs)
        if source is not None:
            return source, notes
    if answer.field is None or smoothness is None:
        return None, (*notes, NO_FIELD)
    facts = smoothness_facts(smoothness, answer.maps.space)
    return from_field(answer.field, facts, statistic, answer.stat_height, signs), notes


def _look_again(inquiry: Inquiry, fit: Fit, found: list[_Found]) -> Diagnostics:
    """Look at the maps once more: how good each is, and its values at all peaks shown."""
    study = inquiry.study
    sources = study.cohort.maps(study.cohort.effect(inquiry.first_level_contrast))
    at = np.concatenate([one.places.elements for one in found])
    return examine(study.analysis, sources, fit, at, inquiry.progress(len(sources)))


def _results(
    inquiry: Inquiry, found: list[_Found], seen: Diagnostics, labels: tuple[str, ...]
) -> tuple[ContrastResults, ...]:
    starts = np.cumsum([0] + [len(one.places.names) for one in found])
    return tuple(
        _result(inquiry, one, seen.values[:, start:stop], labels)
        for one, start, stop in zip(found, starts[:-1], starts[1:], strict=True)
    )


def _result(
    inquiry: Inquiry, found: _Found, values: Any, labels: tuple[str, ...]
) -> ContrastResults:
    answer = found.answer
    contrast, estimate = answer.maps.contrast, answer.maps.estimate
    claimed = claim(answer, found.source)
    effects, x_name = effect_table(
        values,
        found.places.names,
        inquiry.study.analysis.design,
        contrast,
        labels,
        inquiry.settings.confidence,
    )
    run = inquiry.permutation
    of_run = found.name in names_of(run)
    return ContrastResults(
        name=found.name,
        weights=contrast.weights,
        kind=contrast.kind,
        dof=float(estimate.dof),
        dof_contrast=estimate.dof_contrast,
        maps=answer.images(),
        height=answer.height,
        thresholded=answer.thresholded,
        n_beyond=len(answer.listed),
        clusters=claimed.clusters,
        effects=effects,
        effects_x=x_name,
        highest=place_of(answer, answer.highest),
        discoveries=claimed.discoveries,
        p_source=claimed.p_source,
        shuffled=run.shuffled(found.name) if run is not None and of_run else None,
        notes=tuple(dict.fromkeys(found.notes + claimed.notes)),
    )


def _asked(inquiry: Inquiry, effect: object) -> dict[str, Any]:
    """What was asked, for the record."""
    contrasts = {
        name: {"weights": contrast.weights, "test": contrast.kind}
        for name, contrast in inquiry.contrasts
    }
    settings = vars(inquiry.settings)
    return {"contrasts": contrasts, "first_level_contrast": effect_name(effect)} | settings


def _seeds(results: tuple[ContrastResults, ...]) -> dict[str, int]:
    """Of the shuffles; all contrasts of a run share one."""
    runs = [one.shuffled for one in results if one.shuffled is not None]
    return {"permutation": runs[0].seed} if runs and runs[0].seed is not None else {}
