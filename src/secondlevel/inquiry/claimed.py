"""What is claimed of the clusters and peaks of a contrast: the columns of their table."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from secondlevel.claims.cluster_table import BLANK
from secondlevel.errors import InputError
from secondlevel.inference.effect_size import SIDES, effect_size, effect_size_bound
from secondlevel.inference.hommel import closed_testing
from secondlevel.inference.normal import upper_p
from secondlevel.inference.region_bound import in_regions
from secondlevel.inquiry.contrast import WITHOUT_UNIT, Answer
from secondlevel.inquiry.field import said
from secondlevel.inquiry.sources import Source
from secondlevel.models.base import ContrastEstimate

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

COLUMN_OF = {"hedges_g": "Hedges g", "partial_r2": "Partial R2"}


@dataclass(frozen=True, eq=False)
class Claimed:
    """The table of a contrast, and what else is claimed of it.

    Parameters
    ----------
    clusters : DataFrame
        As `ContrastResults.clusters`.
    discoveries : int
        Elements of the whole map that are active at least.
    p_source : str
        Where p of peaks and clusters come from, a sentence; "" where there are none.
    notes : tuple of str
        What was remarked.
    """

    clusters: pd.DataFrame
    discoveries: int
    p_source: str
    notes: tuple[str, ...]


def claim(answer: Answer, source: Source | None) -> Claimed:
    """Make the table of a contrast's clusters.

    Parameters
    ----------
    answer : Answer
    source : Source or None
        Where p come from; without one there are none.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        columns = answer.table.columns()
        notes: tuple[str, ...] = ()
        told = ""
        if source is not None:
            try:
                p = _p_columns(answer, source)
                columns |= p
                told = _told(p, source)
            except InputError as error:
                notes = (f"Peaks and clusters have no p here: {error}",)
        proportions, discoveries = _true_discoveries(answer)
        columns["TDP"] = proportions
        columns |= _effect_columns(answer)
    return Claimed(pd.DataFrame(columns), discoveries, told, notes + said(caught))


def _p_columns(answer: Answer, source: Source) -> dict[str, list[object]]:
    """Tell p and q of peaks and clusters; by shuffles with the Monte Carlo interval of each p."""
    at_peaks = answer.beyond[answer.table.peaks.elements]
    heights = np.abs(source.heights[at_peaks])
    # The threshold was turned from z by way of a probability: rounding may lift it above a peak.
    threshold = min(source.threshold, float(heights.min(initial=source.threshold)))
    table = replace(answer.table, peaks=replace(answer.table.peaks, heights=heights))
    columns = table.null_columns(source.null, threshold)
    if not source.has_clusters:
        columns = {name: p for name, p in columns.items() if not name.startswith("Cluster")}
    return columns if source.run is None else _with_intervals(columns, source)


def _told(columns: dict[str, list[object]], source: Source) -> str:
    """Say of what there are p, and where they come from."""
    what = [f"{one.lower()}s" for one in ("Peak", "Cluster") if f"{one} p (FWE)" in columns]
    return f"p of {' and '.join(what)} are from {source.origin}."


def _with_intervals(columns: dict[str, list[object]], source: Source) -> dict[str, list[object]]:
    """Add bounds of each family-wise p that all possible shuffles would give."""
    run = source.run
    if run is None or run.exhaustive:
        return columns
    wide: dict[str, list[object]] = {}
    for name, values in columns.items():
        wide[name] = values
        if not name.endswith("(FWE)"):
            continue
        known = [value for value in values if value != BLANK]
        counts = np.round(np.asarray(known, dtype=np.float64) * run.n_shuffles).astype(np.int64)
        for side, bounds in zip(("Lower", "Upper"), run.interval(counts), strict=True):
            left = iter(bounds.tolist())
            wide[f"{name} {side}"] = [BLANK if value == BLANK else next(left) for value in values]
    return wide


def _true_discoveries(answer: Answer) -> tuple[list[object], int]:
    """Share of each cluster that is active at least; elements of the whole map that are.

    With both sides asked for, each has half of the error, and all bounds hold together.
    """
    table, z = answer.table, answer.z
    signs = answer.question.signs
    level = answer.settings.discovery_alpha / len(signs)
    discoveries = np.zeros(table.clusters.n_clusters, dtype=np.int64)
    total = 0
    for sign in signs:
        closed = closed_testing(upper_p(sign * z), level)
        total += closed.n_discoveries
        of_side = table.clusters.signs == sign
        found = in_regions(
            closed.steps[answer.beyond], table.clusters.labels, table.clusters.n_clusters
        )
        discoveries[of_side] = found[of_side]
    shares = discoveries / np.maximum(table.clusters.counts, 1)
    return table.of_clusters(shares), int(total)


def _effect_columns(answer: Answer) -> dict[str, list[object]]:
    """The effect at every listed peak with its interval, in the unit of the maps and without."""
    maps, kind = answer.maps, answer.maps.contrast.kind
    confidence = answer.settings.confidence
    there = _at(maps.estimate, answer.peaks)
    columns: dict[str, Floats] = {}
    if kind == "t":
        half = stats.t.isf((1 - confidence) / 2, there.dof) * np.sqrt(there.variance[0])
        effect = there.effect[0]
        columns |= {
            "Effect": effect,
            "Effect Lower": effect - half,
            "Effect Upper": effect + half,
        }
    measure = WITHOUT_UNIT[kind]
    columns[COLUMN_OF[measure]] = effect_size(there, measure, kind)
    for side in SIDES:
        bound = effect_size_bound(there, measure, kind, side, confidence)
        columns[f"{COLUMN_OF[measure]} {side.title()}"] = bound
    return {name: values.tolist() for name, values in columns.items()}


def _at(estimate: ContrastEstimate, elements: Indices) -> ContrastEstimate:
    """The estimate at some elements."""
    dof = estimate.dof
    return replace(
        estimate,
        effect=estimate.effect[:, elements],
        variance=estimate.variance[:, elements],
        statistic=estimate.statistic[elements],
        dof=dof[elements] if isinstance(dof, np.ndarray) else dof,
        constant=estimate.constant[elements],
        residual_variance=estimate.residual_variance[elements],
    )
