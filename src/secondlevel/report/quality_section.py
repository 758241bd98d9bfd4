"""How good the maps are, as the page shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from secondlevel.plotting.coverage import plot_coverage
from secondlevel.plotting.influence import plot_influence
from secondlevel.plotting.outliers import plot_outliers
from secondlevel.plotting.residuals import plot_residuals
from secondlevel.report.map_rows import quality_table
from secondlevel.report.numbers import count, percent, plain, rounded
from secondlevel.report.picture import Picture, take_picture
from secondlevel.report.rows import most
from secondlevel.report.tables import Table
from secondlevel.report.view import View
from secondlevel.results.group import GroupResults


@dataclass(frozen=True)
class QualitySection:
    """The section.

    Parameters
    ----------
    odd : tuple of (str, str)
        Maps that stand out, and why.
    facts : tuple of (str, str)
    pictures : tuple of Picture
    table : Table
    notes : tuple of str
    """

    odd: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    pictures: tuple[Picture, ...]
    table: Table
    notes: tuple[str, ...]


def describe_quality(results: GroupResults, view: View) -> QualitySection:
    """Put together what is known of the maps, the residuals and their influence."""
    quality = results.quality
    odd = quality.odd
    return QualitySection(
        odd=tuple(zip(map(str, odd["Map"]), map(str, odd["Remarks"]), strict=True)),
        facts=(
            ("Coverage", _coverage_words(results)),
            ("Agreement", _agreement_words(results)),
            ("Influence", _influence_words(results)),
            ("Residuals", _residual_words(results)),
        ),
        pictures=tuple(_pictures(results, view)),
        table=quality_table(results),
        notes=quality.notes,
    )


def _coverage(results: GroupResults) -> Any:
    """Maps with a value at every element of the mask."""
    image = results.quality.images["coverage"]
    if hasattr(image, "data"):
        return np.concatenate([np.asarray(part) for part in image.data.parts.values()])
    return np.asanyarray(image.dataobj)


def _coverage_words(results: GroupResults) -> str:
    model = results.model
    coverage = _coverage(results)
    complete = int(np.count_nonzero(coverage >= model.n_maps))
    mask = count(model.n_in_mask, model.element, model.elements)
    if complete >= model.n_in_mask:
        return f"all {plain(model.n_maps)} maps have a value at each of the {mask} of the mask"
    return (
        f"all {plain(model.n_maps)} maps have a value at {plain(complete)} of the {mask} of the "
        f"mask{_worst(results)}"
    )


def _worst(results: GroupResults) -> str:
    worst = most(results.quality.maps, "Missing")
    if worst is None:
        return ""
    missing = count(int(worst["Missing"]), results.model.element, results.model.elements)
    return f"; most are missing in {worst['Map']}: {missing}"


def _agreement_words(results: GroupResults) -> str:
    maps = results.quality.maps
    lowest, highest = most(maps, "Correlation", -1), most(maps, "Correlation")
    farthest = most(maps, "Distance")
    said = []
    if lowest and highest:
        said.append(
            f"correlation with the mean of the other maps {rounded(lowest['Correlation'])} "
            f"({lowest['Map']}) to {rounded(highest['Correlation'])}, median "
            f"{rounded(float(maps['Correlation'].median()))}"
        )
    if farthest:
        distance = f"{rounded(farthest['Distance'])} ({farthest['Map']})"
        said.append(f"robust distance up to {distance}; 1 is usual")
    return "; ".join(said) or "cannot be told from so few maps"


def _influence_words(results: GroupResults) -> str:
    maps = results.quality.maps
    largest, widest = most(maps, "Cook Mean"), most(maps, "Cook Share")
    if largest is None or widest is None:
        return "Cook's distance cannot be told"
    where = f"at no {results.model.element}"
    if widest["Cook Share"]:
        share = f"{percent(widest['Cook Share'])} of the {results.model.elements}"
        where = f"at up to {share} ({widest['Map']})"
    return (
        f"Cook's distance is largest for {largest['Map']}: {rounded(largest['Cook Mean'])} on "
        f"average; it is notable, above {rounded(results.quality.cook_threshold)}, {where}"
    )


def _residual_words(results: GroupResults) -> str:
    share = results.quality.not_normal
    if math.isnan(share):
        return "too few maps to tell whether residuals are normal"
    return (
        f"{percent(share)} of the {results.model.elements} fail a test of normality at 5 %; chance "
        "alone gives about 5 %, more where the design has many columns for its maps"
    )


def _pictures(results: GroupResults, view: View) -> list[Picture]:
    quality = results.quality
    sentence = {
        name: f"{words[0].upper()}{words[1:]}."
        for name, words in (
            ("coverage", _coverage_words(results)),
            ("agreement", _agreement_words(results)),
            ("influence", _influence_words(results)),
            ("residuals", _residual_words(results)),
        )
    }
    return [
        take_picture(
            plot_coverage(results, bg_img=view.bg_img),
            alt=f"Coverage. {sentence['coverage']}",
            caption="Coverage: maps with a value.",
        ),
        take_picture(
            plot_outliers(quality),
            alt=f"Correlation of each map with the mean of the others against its robust distance. "
            f"{sentence['agreement']}",
            caption="Maps that stand out: low correlation, large distance.",
        ),
        take_picture(
            plot_influence(quality),
            alt=f"Cook's distance of every map. {sentence['influence']}",
            caption="Influence: Cook's distance, mean over the mask.",
        ),
        take_picture(
            plot_residuals(quality),
            alt="Quantiles of the standardised residuals against normal ones. "
            f"{sentence['residuals']}",
            caption="Quantiles of the standardised residuals of all maps against those of the "
            "normal distribution; dashed: what normal errors give.",
        ),
    ]
