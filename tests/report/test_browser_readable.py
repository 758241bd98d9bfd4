"""Reports in a real browser: whether all of them can be read, at every width, seen or heard."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from secondlevel.report.generate import generate_report

WIDTHS = (800, 1200, 1600)


@pytest.fixture(params=["volume", "surface"])
def any_file(request, report_file, surface_file):
    """The report of a volume, and that of a surface."""
    return report_file if request.param == "volume" else surface_file


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_nothing_overlaps_or_is_faint(
    open_report, contrast_faults, layout_faults, any_file, color_scheme
):
    """At 800, 1200 and 1600 px, in both schemes, everything can be read."""
    page = open_report(any_file, color_scheme=color_scheme)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert layout_faults(page) == []
        assert contrast_faults(page) == []
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for button in page.locator("button.show-columns, button.show-all").all():
        button.click()
    for width in (800, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        assert layout_faults(page) == []
        assert contrast_faults(page) == []


def test_a_change_of_scheme_by_hand_is_readable_too(open_report, contrast_faults, report_file):
    """The button turns a light page dark and back, whatever the reader's system prefers."""
    page = open_report(report_file, color_scheme="light")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.click("button.scheme")
    assert page.evaluate(paper) != light
    assert contrast_faults(page) == []
    page.click("button.scheme")
    assert page.evaluate(paper) == light
    assert contrast_faults(page) == []


def test_a_screen_reader_finds_its_way(open_report, structure_faults, unnamed, any_file):
    """Headings, tables, pictures and controls are named and in order."""
    page = open_report(any_file)
    assert structure_faults(page) == []
    assert unnamed(page) == []


def test_the_tab_key_reaches_every_control(open_report, tab_faults, any_file):
    """All links, buttons, tables that scroll, planes and sliders, each with a ring about it."""
    assert tab_faults(open_report(any_file)) == []


def test_print_holds_every_section(open_report, layout_faults, report_file, answered):
    """On the width of a sheet of A4 all sections and rows are there, and nothing is cut off."""
    page = open_report(report_file, width=718, height=1000)
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert layout_faults(page) == []
    heads = [one.inner_text() for one in page.locator("h2:visible").all()]
    wanted = [f"{one.name} {one.test}" for one in answered.contrasts]
    assert heads == [
        "What was found", "What was asked", *wanted, "Quality", "Methods", "Provenance",
    ]  # fmt: skip
    for table, rows in {
        "#clusters-0": len(answered.contrasts[0].clusters),
        "#maps": answered.model.n_maps,
        "#inputs": len(answered.provenance.inputs),
    }.items():
        assert page.locator(f"{table} tbody tr:visible").count() == rows
    # A long table of clusters says how much of it is printed.
    n_clusters = page.locator("#clusters-1 tbody").count()
    n_printed = page.locator("#clusters-1 tbody:visible").count()
    said = page.locator("#clusters-1 caption").inner_text()
    assert n_printed == n_clusters or f"the first {n_printed} of {n_clusters}" in said
    assert page.locator("button.tool:visible, nav:visible, .viewer:visible").count() == 0
    sheet = page.pdf(format="A4")
    assert sheet.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) >= 6


def test_the_page_fits_a_narrow_window(open_report, report_file):
    """Down to a telephone's 400 px nothing reaches beyond the window."""
    page = open_report(report_file, width=400)
    assert page.evaluate("document.documentElement.scrollWidth") == 400


@pytest.fixture(scope="module")
def extremes(answered):
    """Glass brains of nothing found, and of 200 clusters; without a background."""
    first, second = answered.contrasts
    empty = replace(
        first,
        clusters=first.clusters.iloc[:0],
        n_beyond=0,
        height=7.5,
        thresholded=first.maps["z_score"],
    )
    many = pd.concat([second.clusters.iloc[[0]]] * 200, ignore_index=True)
    many["Cluster ID"] = range(1, 201)
    many["Peak Stat"] = [9.0 - number / 50 for number in range(200)]
    results = replace(answered, contrasts=(empty, replace(second, clusters=many)))
    report = generate_report(results, bg_img=None, plot_type="glass", display_mode="lyrz")
    return report.get_standalone()


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_extremes_can_be_read(open_report, contrast_faults, layout_faults, extremes, color_scheme):
    """At 800 px a page of nothing and of very much has no fault either."""
    page = open_report(extremes, width=800, color_scheme=color_scheme)
    page.click("[data-table=clusters-1].show-all")
    assert layout_faults(page) == []
    assert contrast_faults(page) == []


def test_nothing_found_can_be_looked_through(open_report, answered, extremes):
    """Where nothing lies beyond the threshold the page says so; the viewer shows the highest."""
    page = open_report(extremes)
    assert page.locator("#contrast-0 .headline").inner_text().startswith("Nothing")
    assert page.locator("#contrast-0 img").count() >= 3
    values = page.locator("#contrast-0 .viewer-values").inner_text()
    assert f"z = {answered.contrasts[0].highest['Peak Stat']:.2f}" in values
    slider = page.locator("#contrast-0 input[type=range]")
    slider.press("Home")
    assert slider.input_value() == "0"


def test_two_hundred_clusters_unfold_and_sort(open_report, extremes):
    """Twenty are shown at first, all on demand; the highest peak comes first, then the lowest."""
    page = open_report(extremes)
    rows = page.locator("#clusters-1 tbody tr:visible")
    assert rows.count() == 20
    page.click("[data-table=clusters-1].show-all")
    assert rows.count() == 200
    for order in (range(1, 201), range(200, 0, -1)):
        page.locator("#clusters-1 thead").get_by_role("button", name="Peak").first.click()
        shown = page.locator("#clusters-1 tbody th").all_inner_texts()
        assert [one.strip() for one in shown] == [str(number) for number in order]
