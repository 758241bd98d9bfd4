"""What was found of one contrast: pictures, tables, words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.plotting.contrast import plot_contrast_matrix
from secondlevel.plotting.effects import plot_effects
from secondlevel.plotting.maps import plot_map
from secondlevel.plotting.null import plot_null
from secondlevel.report.cluster_rows import cluster_table
from secondlevel.report.effect_words import WITHOUT_UNIT
from secondlevel.report.forest import Forest, draw_forest
from secondlevel.report.numbers import count, listed, percent, plain, rounded
from secondlevel.report.picture import Picture, take_picture
from secondlevel.report.places import main_peaks, place_in_words
from secondlevel.report.summary import Finding, find
from secondlevel.report.tables import Table
from secondlevel.report.threshold_words import beyond
from secondlevel.report.view import View
from secondlevel.results.contrast import HIGHEST, ContrastResults, Shuffled
from secondlevel.results.group import GroupResults

Floats = NDArray[np.float64]

UNIT_FREE = {"hedges_g": "Hedges g", "partial_r2": "Partial R2"}
"""Maps of effects without a unit, and the columns of the cluster table about the same."""


@dataclass(frozen=True)
class Found:
    """The section of one contrast.

    Parameters
    ----------
    number : int
        From 0; its viewer has the same.
    name, test : str
    finding : Finding
        What the summary says of it.
    contrast, map, effect_map, effects : Picture
    nulls : tuple of Picture
        Of a permutation run: largest statistics, sizes of largest clusters.
    null_words : str
        How it was run.
    forest : Forest or None
    clusters : Table or None
        None where no cluster was found.
    table_words : str
        What the columns of the table are.
    notes : tuple of str
    """

    number: int
    name: str
    test: str
    finding: Finding
    contrast: Picture
    map: Picture
    effect_map: Picture
    effects: Picture | None
    nulls: tuple[Picture, ...]
    null_words: str
    forest: Forest | None
    clusters: Table | None
    table_words: str
    notes: tuple[str, ...]


def describe_found(results: GroupResults, number: int, view: View) -> Found:
    """Put together what was found of a contrast."""
    result = results.contrasts[number]
    shuffled = result.shuffled
    has_clusters = bool(len(result.clusters))
    return Found(
        number=number,
        name=result.name,
        test=result.test,
        finding=find(results, result),
        contrast=_contrast(results, result),
        map=_map(results, result, view),
        effect_map=_effect_map(results, result, view),
        effects=_effects(result),
        nulls=() if shuffled is None else _nulls(shuffled),
        null_words="" if shuffled is None else shuffled.description,
        forest=draw_forest(result.clusters),
        clusters=cluster_table(result.clusters, number, result.name) if has_clusters else None,
        table_words=_table_words(results, result),
        notes=result.notes,
    )


def _table_words(results: GroupResults, result: ContrastResults) -> str:
    """Say what the columns of the cluster table are."""
    element, elements = results.model.element, results.model.elements
    level = percent(results.settings.confidence)
    together = percent(1 - results.settings.discovery_alpha)
    corrected = "FWE: corrected for the search through the mask." if result.p_source else ""
    discoveries = (
        f"TDP: the proportion of the cluster's {elements} that hold a true effect; all bounds of "
        f"the table hold together with {together} confidence."
    )
    intervals = (
        f"Intervals below effects hold at each {element} by itself, with {level} confidence."
    )
    said = [result.p_source, corrected, discoveries, intervals]
    return " ".join(sentence for sentence in said if sentence)


def _contrast(results: GroupResults, result: ContrastResults) -> Picture:
    columns = [str(name) for name in results.design_matrix.columns]
    rows = [
        listed(
            [
                f"{name} {plain(float(weight))}"
                for name, weight in zip(columns, row, strict=True)
                if weight
            ]
        )
        for row in np.atleast_2d(result.weights)
    ]
    return take_picture(
        plot_contrast_matrix(result.weights, results.design_matrix),
        alt=f"Contrast {result.name}: weights {'; '.join(rows)}; 0 elsewhere.",
        caption="Weights of the contrast over the columns of the design.",
    )


def _map(results: GroupResults, result: ContrastResults, view: View) -> Picture:
    """Draw what lies beyond the threshold; the whole map where nothing does."""
    model = results.model
    peak = f"z = {rounded(float(result.highest['Peak Stat']))} at {place_in_words(result.highest)}"
    if result.n_beyond:
        limit = beyond(model, results.settings, result)
        elements = count(result.n_beyond, model.element, model.elements)
        image, threshold = result.thresholded, result.height
        alt = (
            f"Map of z of {result.name}, {_way(results, view)}: {elements} with {limit} in "
            f"{count(len(main_peaks(result.clusters)), 'cluster')}; the highest is {peak}."
        )
        caption = f"z where {limit}."
    else:
        image, threshold = result.maps["z_score"], None
        way = _way(results, view)
        alt = f"Map of z of {result.name}, {way}, not thresholded; the highest is {peak}."
        caption = (
            "Nothing lies beyond the threshold, so this is the whole map of z, not thresholded."
        )
    figure = _draw(image, view, results.mask_img, threshold=threshold, symmetric=result.kind == "t")
    return take_picture(figure, alt=alt, caption=caption)


def _effect_map(results: GroupResults, result: ContrastResults, view: View) -> Picture:
    """Draw effects without a unit everywhere, with an outline of what lies beyond the threshold."""
    name = next(key for key in UNIT_FREE if key in result.maps)
    column = UNIT_FREE[name]
    measure = WITHOUT_UNIT[column]
    outlined = bool(result.n_beyond) and view.plot_type == "slice" and not results.on_surface
    figure = _draw(
        result.maps[name],
        view,
        results.mask_img,
        label=measure,
        symmetric=result.kind == "t",
        outline=result.thresholded if outlined else None,
    )
    peaks = main_peaks(result.clusters)
    at_peaks = ""
    if column in peaks and len(peaks):
        values = peaks[column].astype(float)
        at_peaks = f"; at the peaks it is {rounded(values.min())} to {rounded(values.max())}"
    lines = "; lines enclose what lies beyond the threshold of z" if outlined else ""
    return take_picture(
        figure,
        alt=f"Map of {measure} of {result.name}, {_way(results, view)}, not thresholded{at_peaks}.",
        caption=f"{measure[0].upper()}{measure[1:]} at every {results.model.element}{lines}.",
    )


def _way(results: GroupResults, view: View) -> str:
    """Say how maps are drawn."""
    return "on the surface" if results.on_surface else view.words


def _draw(image: Any, view: View, mask: Any, **drawing: Any) -> Any:
    return plot_map(
        image,
        plot_type=view.plot_type,
        display_mode=view.display_mode,
        cut_coords=view.cut_coords,
        bg_img=view.bg_img,
        mask=mask,
        **drawing,
    )


def _effects(result: ContrastResults) -> Picture | None:
    """Draw the maps' values at the peaks."""
    effects = result.effects
    if not len(effects):
        return None
    peaks = list(dict.fromkeys(effects["Peak"].astype(str)))
    of_maps = effects[effects["Part"] == "map"]
    against = result.effects_x or listed(list(dict.fromkeys(of_maps["Group"].astype(str))))
    how = "against" if result.effects_x else "by group:"
    n_maps = of_maps["Map"].nunique()
    where = "the highest peak" if peaks == [HIGHEST] else f"the peak of cluster {listed(peaks)}"
    means = "the line is the fit" if result.effects_x else "black marks are the fitted means"
    return take_picture(
        plot_effects(effects, x_name=result.effects_x, peaks=result.clusters),
        alt=f"Values of {count(n_maps, 'map')} at {where}, {how} {against}; {means}.",
        caption=f"Values at {where}, {how} {against}, the other columns of the design taken out; "
        f"{means}, with intervals.",
    )


def _nulls(shuffled: Shuffled) -> tuple[Picture, ...]:
    """Draw what shuffles left: largest statistics, and largest clusters where they are known."""
    said = _null_words(shuffled.maxima, shuffled.observed)
    largest = f"largest {shuffled.statistic}"
    pictures = [
        take_picture(
            plot_null(shuffled),
            alt=f"Distribution of the {largest} of {said}.",
            caption=f"The {largest} of every shuffle, and the observed one.",
        )
    ]
    if shuffled.sizes is not None and shuffled.observed_size is not None:
        said = _null_words(shuffled.sizes, shuffled.observed_size)
        pictures.append(
            take_picture(
                plot_null(shuffled, of="size"),
                alt=f"Distribution of the size of the largest cluster of {said}.",
                caption="The largest cluster of every shuffle, and the observed one.",
            )
        )
    return tuple(pictures)


def _null_words(maxima: Floats, observed: float) -> str:
    """Say how many shuffles reach what was observed."""
    reached = int(np.count_nonzero(maxima >= observed))
    return (
        f"{count(len(maxima), 'shuffle')}, from {rounded(float(maxima.min()))} to "
        f"{rounded(float(maxima.max()))}; the observed {rounded(observed)} is reached by "
        f"{plain(reached)}"
    )
