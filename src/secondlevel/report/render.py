"""Sections to a page: the templates, with everything they need inside the file."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup
from matplotlib import style

from secondlevel.report.asked import describe_asked
from secondlevel.report.found import describe_found
from secondlevel.report.methods import write_methods
from secondlevel.report.numbers import count, percent, plain
from secondlevel.report.provenance_section import describe_provenance
from secondlevel.report.quality_section import describe_quality
from secondlevel.report.summary import summarise, title_of
from secondlevel.report.tables import FIRST_SHOWN
from secondlevel.report.view import View
from secondlevel.report.viewer.scene import encode_contrast, encode_scene
from secondlevel.results.group import GroupResults

STYLES = ("style.css", "viewer.css")

TOGETHER = re.compile(r"(?<=\d) (?=%|mm\b)|\b[xyzpt] [=<] (?=[−\d])|et al\.|Hedges' g\b")
"""Words that a line does not break between."""

TEMPLATES = files("secondlevel.report") / "templates"

Say = Callable[[str], None]


def unbroken(text: Any) -> Any:
    r"""Keep numbers with their units, and names with their numbers, on one line.

    Examples
    --------
    >>> unbroken("95 % of x = 30, 24 mm (Cook et al., 1977)")
    '95\xa0% of x\xa0=\xa030, 24\xa0mm (Cook et\xa0al., 1977)'
    """
    if not isinstance(text, str):
        return text
    kept = TOGETHER.sub(lambda found: found.group().replace(" ", "\u00a0"), text)
    return Markup(kept) if isinstance(text, Markup) else kept


@cache
def _environment() -> jinja2.Environment:
    """Return the templates; whatever they are handed is escaped, and nothing may be missing."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("secondlevel.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=unbroken,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@style.context("default")
def render_page(results: GroupResults, view: View, say: Say) -> str:
    """Write the page.

    Parameters
    ----------
    results : GroupResults
    view : View
    say : callable
        Called with what is being made.
    """
    title = view.title or title_of(results)
    say("Report: what was asked.")
    asked = describe_asked(results)
    contrasts = []
    for number, result in enumerate(results.contrasts):
        say(f"Report: contrast {result.name}.")
        contrasts.append(describe_found(results, number, view))
    say("Report: quality.")
    quality = describe_quality(results, view)
    say("Report: the viewers.")
    page = _environment().get_template("report.html.jinja")
    return page.render(
        title=title,
        subtitle=_subtitle(results),
        element=results.model.element,
        first_shown=FIRST_SHOWN,
        confidence=percent(results.settings.confidence),
        summary=summarise(results),
        asked=asked,
        contrasts=contrasts,
        quality=quality,
        methods=write_methods(results),
        provenance=describe_provenance(results.provenance),
        data=_data(results, view),
        styles=[_own_text(name) for name in STYLES],
        scripts=[_own_text(name) for name in _scripts(results)],
    )


def _subtitle(results: GroupResults) -> str:
    model = results.model
    maps = count(model.n_maps, "map")
    elements = count(model.n_elements, model.element, model.elements)
    freedom = f"{plain(model.dof)} residual degrees of freedom"
    return f"{maps}, {elements}, {freedom}"


def _data(results: GroupResults, view: View) -> dict[str, Any]:
    """Return what the viewers draw, by the ids they look for."""
    data = {"scene": encode_scene(results, view.bg_img)}
    for number in range(len(results.contrasts)):
        data[f"contrast-{number}-maps"] = encode_contrast(results, number)
    return data


def _scripts(results: GroupResults) -> tuple[str, ...]:
    viewer = "viewer_surface.js" if results.on_surface else "viewer_volume.js"
    return ("viewer.js", viewer, "tables.js", "page.js")


def _own_text(name: str) -> Markup:
    """Return a file of the package to be put into the page as it is."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))
