"""What was asked: model, inputs, mask, smoothness; pictures of the design."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from secondlevel.plotting.correlation import plot_design_correlation
from secondlevel.plotting.design import plot_design_matrix
from secondlevel.plotting.leverage import plot_leverage
from secondlevel.report.numbers import count, listed, plain, rounded
from secondlevel.report.picture import Picture, take_picture
from secondlevel.report.rows import most
from secondlevel.report.threshold_words import controlled
from secondlevel.results.group import GroupResults, ModelFacts, SmoothnessFacts


@dataclass(frozen=True)
class Asked:
    """The section.

    Parameters
    ----------
    facts : tuple of (str, str)
        Terms, and what they are.
    pictures : tuple of Picture
    notes : tuple of str
    """

    facts: tuple[tuple[str, str], ...]
    pictures: tuple[Picture, ...]
    notes: tuple[str, ...]


def describe_asked(results: GroupResults) -> Asked:
    """Say what was asked, in facts and pictures."""
    pictures = [_design(results.design_matrix)]
    if results.design_matrix.shape[1] > 1:
        pictures.append(_correlation(results.design_matrix))
    pictures.append(_leverage(results))
    return Asked(facts=_facts(results), pictures=tuple(pictures), notes=results.model.notes)


def _facts(results: GroupResults) -> tuple[tuple[str, str], ...]:
    model = results.model
    names = [str(name) for name in results.design_matrix.columns]
    facts = [
        ("Model", f"General linear model, least squares at every {model.element}"),
        ("Maps", plain(model.n_maps)),
        (model.elements.capitalize(), _elements(model)),
        ("Grid", model.grid),
        ("Mask", model.masking),
        ("Missing values", model.missing),
        ("Design", f"{count(len(names), 'column')}, rank {model.rank}: {listed(names)}"),
        ("Residual degrees of freedom", plain(model.dof)),
        ("Smoothness", _smoothness(model.smoothness, model.elements)),
        ("Threshold", _threshold(results)),
        ("Clusters", _clusters(results)),
    ]
    if model.effect:
        facts.insert(2, ("First-level contrast", model.effect))
    return tuple(facts)


def _elements(model: ModelFacts) -> str:
    said = [f"{plain(model.n_elements)} analysed"]
    if model.n_in_mask != model.n_elements:
        said[0] += f" of {plain(model.n_in_mask)} in the mask"
    unit = {"mm3": "mm³", "mm2": "mm²"}[model.size_unit]
    mean = "on average " if model.element == "vertex" else ""
    said.append(f"{mean}{rounded(model.element_size)} {unit} each")
    if model.n_constant:
        said.append(f"{plain(model.n_constant)} without residual variance")
    return ", ".join(said)


def _smoothness(facts: SmoothnessFacts | None, elements: str) -> str:
    if facts is None:
        return "could not be told"
    mm = " × ".join(rounded(width) for width in facts.fwhm_mm)
    widths = " × ".join(rounded(width) for width in facts.fwhm)
    resels = next((number for number in reversed(facts.resels) if number), 0.0)
    return f"FWHM {mm} mm ({widths} {elements}); {rounded(resels)} resels"


def _threshold(results: GroupResults) -> str:
    """Write the control of a t contrast, if there is one: F has one side, all else is the same."""
    first = next((r for r in results.contrasts if r.kind == "t"), results.contrasts[0])
    return controlled(results.model, results.settings, first)


def _clusters(results: GroupResults) -> str:
    least = results.settings.cluster_threshold
    said = [f"peaks more than {plain(results.settings.min_distance)} mm apart"]
    if least:
        said.insert(0, f"of at least {count(least, results.model.element, results.model.elements)}")
    return ", ".join(said)


def _design(design: pd.DataFrame) -> Picture:
    rows, columns = design.shape
    names = listed([str(name) for name in design.columns])
    return take_picture(
        plot_design_matrix(design),
        alt=f"Design matrix: {count(rows, 'row')}, {count(columns, 'column')}: {names}.",
        caption="Design matrix: one row per map, each column scaled to its largest value.",
    )


def _correlation(design: pd.DataFrame) -> Picture:
    """Draw the correlation of the columns; the text names the pair that is closest."""
    values = design.to_numpy(dtype=np.float64)
    varying = np.ptp(values, axis=0) > 0
    names = [str(name) for name, varies in zip(design.columns, varying, strict=True) if varies]
    strongest = ""
    if len(names) > 1:
        found = np.corrcoef(values[:, varying], rowvar=False)
        np.fill_diagonal(found, 0.0)
        i, j = np.unravel_index(np.argmax(np.abs(found)), found.shape)
        strongest = f" The strongest is {found[i, j]:.2f}, of {names[i]} and {names[j]}."
    return take_picture(
        plot_design_correlation(design),
        alt=f"Correlations of the columns of the design.{strongest}",
        caption="Correlation of the columns.",
    )


def _leverage(results: GroupResults) -> Picture:
    maps = results.quality.maps
    top = most(maps, "Leverage")
    largest = f": the largest is {rounded(top['Leverage'])}, of {top['Map']}" if top else ""
    return take_picture(
        plot_leverage(maps["Leverage"].to_numpy(), labels=[str(name) for name in maps["Map"]]),
        alt=f"Leverage of the {count(len(maps), 'map')}{largest}.",
        caption="Leverage: how much each map's row of the design decides its own fit.",
    )
