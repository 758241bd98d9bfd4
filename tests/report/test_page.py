import json
import pickle
import re
import subprocess
import sys
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from secondlevel.report.generate import generate_report
from secondlevel.results.contrast import Shuffled

VOID = {"meta", "img", "link", "br", "rect", "input", "hr"}
HOSTILE = "<script>alert(1)</script> \"a\" 'b' & {{ 7 * 7 }}"


@dataclass
class Element:
    """One element of a page, with what is within it."""

    tag: str
    attributes: dict = field(default_factory=dict)
    children: list = field(default_factory=list)
    texts: list = field(default_factory=list)

    @property
    def text(self):
        """All text within, spaces joined."""
        return re.sub(r"\s+", " ", "".join(self.texts)).strip()

    def all(self, tag, **wanted):
        """Elements within of that tag and these attributes, in order."""
        found = []
        for child in self.children:
            if child.tag == tag and all(child.attributes.get(k) == v for k, v in wanted.items()):
                found.append(child)
            found += child.all(tag, **wanted)
        return found

    def one(self, tag, **wanted):
        """The only such element."""
        (found,) = self.all(tag, **wanted)
        return found


class Reader(HTMLParser):
    """Read a page as a tree; tags must be closed in order."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = Element("root")
        self.open = [self.root]

    def handle_starttag(self, tag, attributes):
        element = Element(tag, dict(attributes))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop().tag == tag

    def handle_data(self, data):
        for element in self.open:
            element.texts.append(data)


def read(html):
    """The tree of a page; every tag is closed."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root


@pytest.fixture(scope="module")
def results(group_model):
    """Three contrasts; the first was permuted too."""
    asked = {
        "patients > controls": "patient - control",
        "age": "age",
        "any": ["control", "patient"],
    }
    found = group_model.results(asked, two_sided=True)
    first = found.contrasts[0]
    shuffled = Shuffled(
        "t", 6.9, np.linspace(2.5, 7.0, 500), np.arange(500.0), 495.0, 3.3, 7, False,
        "Maps are permuted. 500 shuffles were drawn at random (seed 7).", first.maps["z_score"],
    )  # fmt: skip
    return replace(found, contrasts=(replace(first, shuffled=shuffled), *found.contrasts[1:]))


@pytest.fixture(scope="module")
def report(results):
    """The page of these."""
    return generate_report(results, title="Patients & age", report_dims=(1200, 700))


@pytest.fixture(scope="module")
def page(report):
    """The same as a tree."""
    return read(report.get_standalone())


def section(page, name):
    """A section of the page."""
    return page.one("section", id=name)


def rows(table):
    """Cells of the body of a table, row by row."""
    return [
        [cell for cell in row.children if cell.tag in {"td", "th"}]
        for body in table.all("tbody")
        for row in body.all("tr")
    ]


def test_nothing_is_loaded_from_elsewhere(report, page):
    """No script, style or picture has an address, and the page forbids itself to ask for any."""
    assert not page.all("link")
    assert not page.all("iframe")
    assert all("src" not in script.attributes for script in page.all("script"))
    assert all(image.attributes["src"].startswith("data:image/png") for image in page.all("img"))
    policy = page.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    assert "default-src 'none'" in policy
    assert "img-src data:" in policy
    assert "@import" not in report.get_standalone()
    assert "url(" not in report.get_standalone()
    addresses = {link.attributes["href"].partition("/10.")[0] for link in page.all("a")}
    assert {address for address in addresses if not address.startswith("#")} == {"https://doi.org"}


def test_the_frame_of_the_page_is_what_was_asked(report, page):
    """The title stands in the head and as the only first heading; sizes are the report's."""
    assert page.one("title").text == page.one("h1").text == "Patients & age"
    assert (report.width, report.height) == (1200, 700)
    assert page.one("html").attributes["lang"] == "en"


def test_sections_come_in_order_and_are_reached(page):
    """From the summary to the provenance; the contents lists all, and each is named."""
    names = [one.attributes["id"] for one in page.one("main").all("section")]
    wanted = ["contrast-0", "contrast-1", "contrast-2"]
    assert names == ["summary", "asked", *wanted, "quality", "methods", "provenance"]
    assert [a.attributes["href"] for a in page.one("nav").all("a")] == [f"#{n}" for n in names]
    for one in page.one("main").all("section"):
        heading = one.one("h2")
        assert one.attributes["aria-labelledby"] == heading.attributes["id"]


def test_ids_are_unique(page):
    """No two elements share an id."""
    ids = [e.attributes["id"] for e in everything(page) if "id" in e.attributes]
    assert len(ids) == len(set(ids))


def everything(element):
    """All elements of a page."""
    for child in element.children:
        yield child
        yield from everything(child)


def test_headings_leave_out_no_level(page):
    """After a heading of one level comes at most the next lower one."""
    levels = [int(e.tag[1]) for e in everything(page) if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_pictures_say_what_is_seen(page, results):
    """Each has an alt text with a number, and a caption; design, maps and quality are there."""
    images = page.all("img")
    # Three of the design; of each contrast four, and two nulls; four of quality.
    assert len(images) == 3 + 3 * 4 + 2 + 4
    assert all(re.search(r"\d", image.attributes["alt"]) for image in images)
    assert all(figure.one("figcaption").text for figure in page.all("figure"))
    first = results.contrasts[0]
    alts = [image.attributes["alt"] for image in section(page, "contrast-0").all("img")]
    assert any(f"{first.n_beyond} voxels with |z| > {first.height:.2f}" in alt for alt in alts)
    assert any(
        "500 shuffles, from 2.50 to 7.00; the observed 6.90 is reached by 12" in a for a in alts
    )


def test_tables_have_scopes(page):
    """Every head of a row or column says of which; every table has a caption."""
    for table in page.all("table"):
        assert table.one("caption").text
        assert all(one.attributes["scope"] == "col" for one in table.one("thead").all("th"))
        for cells in rows(table):
            assert (cells[0].tag, cells[0].attributes["scope"]) == ("th", "row")
            assert all(cell.tag == "td" for cell in cells[1:])


def test_the_summary_answers(page, results):
    """What, where, how large, how sure of each contrast, and whether any map is odd."""
    articles = section(page, "summary").all("article")
    assert len(articles) == len(results.contrasts) + 1
    for article, result in zip(articles, results.contrasts, strict=False):
        top = result.clusters.iloc[result.clusters["Peak Stat"].abs().argmax()]
        assert article.one("h3").text == f"{result.name} {result.test}"
        assert f"z = {top['Peak Stat']:.2f}".replace("-", "−") in article.text
        place = f"x = {top['X']:g}, y = {top['Y']:g}, z = {top['Z']:g} mm".replace("-", "−")
        assert place in article.text
        assert f"at least {result.discoveries} voxels hold a true effect" in article.text
    assert f"None of the {results.model.n_maps} maps stands out." in articles[-1].text


@pytest.mark.parametrize("number", [0, 1, 2])
def test_cluster_tables_hold_the_numbers_of_the_results(page, results, number):
    """Row by row, what is sorted by is the number of the results, and so is the place to go to."""
    table = page.one("table", id=f"clusters-{number}")
    clusters = results.contrasts[number].clusters
    heads = [one.text.replace("\xa0", " ") for one in table.one("thead").all("th")]
    places = table.all("tr")[1:]
    shown = rows(table)
    assert [cells[0].text for cells in shown] == clusters["Cluster ID"].astype(str).tolist()
    for name, head in {
        "X": "x (mm)", "Peak Stat": "Peak z", "Cluster Size (mm3)": "Size (mm³)",
        "Cluster p (FWE)": "Cluster p (FWE)", "TDP": "TDP, at least",
        "Peak p (uncorrected)": "Peak p (uncorrected)",
    }.items():  # fmt: skip
        written = [cells[heads.index(head)].attributes["data-value"] for cells in shown]
        expected = ["" if value == "" else str(float(value)) for value in clusters[name]]
        assert written == expected
    for axis in "XYZ":
        moved = [float(row.attributes[f"data-{axis.lower()}"]) for row in places]
        np.testing.assert_array_equal(moved, clusters[axis])
    assert {row.attributes["data-viewer"] for row in places} == {str(number)}


def test_every_row_can_be_reached_by_keyboard(page):
    """Headings and rows that do something hold a button."""
    table = page.one("table", id="clusters-0")
    assert all(len(one.all("button")) == 1 for one in table.one("thead").all("th"))
    assert all(cells[0].one("button").attributes["aria-label"] for cells in rows(table))


def test_the_quality_of_each_map_is_listed(page, results):
    """Correlation, distance, leverage and Cook's distance of every map, as they stand."""
    table = page.one("table", id="maps")
    shown, maps = rows(table), results.quality.maps
    assert [cells[0].text for cells in shown] == maps["Map"].tolist()
    for column, name in enumerate(["Correlation", "Distance", "Missing", "Mean", "SD"], start=1):
        written = [float(cells[column].attributes["data-value"]) for cells in shown]
        np.testing.assert_array_equal(written, maps[name])


def test_provenance_is_whole(page, results):
    """Versions, parameters and the SHA-256 of every input are there."""
    within = section(page, "provenance")
    table = page.one("table", id="inputs")
    assert [cells[2].text for cells in rows(table)] == results.provenance.inputs["SHA-256"].tolist()
    terms = {div.one("dt").text: div.one("dd").text for div in within.all("div") if div.all("dt")
             and len(div.all("dt")) == 1}  # fmt: skip
    for name, version in results.provenance.versions.items():
        assert terms[name] == version
    assert terms["Made"] == results.provenance.created


def test_the_viewers_have_their_data(page):
    """What the viewers draw stands in the page as JSON that can be read."""
    names = ["scene", "contrast-0-maps", "contrast-1-maps", "contrast-2-maps"]
    data = page.all("script", type="application/json")
    assert [one.attributes["id"] for one in data] == names
    assert all(isinstance(json.loads("".join(one.texts)), dict) for one in data)


def test_names_are_text_and_nothing_else(results):
    """A contrast, a column, a label or a note with markup in it is read, and does nothing."""
    first = results.contrasts[0]
    maps = results.quality.maps.copy()
    maps.loc[0, ["Map", "Remarks"]] = [HOSTILE, HOSTILE]
    effects = first.effects.assign(Group=HOSTILE)
    design = results.design_matrix.rename(columns={"age": HOSTILE})
    inputs = results.provenance.inputs.assign(Source=HOSTILE)
    hostile = replace(
        results,
        contrasts=(replace(first, name=HOSTILE, effects=effects, notes=(HOSTILE,)),),
        design_matrix=design,
        quality=replace(results.quality, maps=maps, notes=(HOSTILE,)),
        provenance=replace(results.provenance, inputs=inputs, parameters={HOSTILE: HOSTILE}),
    )
    html = generate_report(hostile).get_standalone()
    page = read(html)
    assert "<script>alert" not in html
    assert "alert(1)" not in "".join(script.text for script in page.all("script"))
    assert page.one("h1").text == f"Group analysis: {HOSTILE}"
    assert rows(page.one("table", id="maps"))[0][0].text == HOSTILE
    assert HOSTILE in section(page, "quality").text
    assert HOSTILE in section(page, "provenance").text
    assert section(page, "contrast-0").all("div", role="note")[0].all("p")[1].text == HOSTILE
    assert {
        name for e in everything(page) for name in e.attributes if name.startswith("on")
    } == set()


def test_nothing_found_is_said_and_the_whole_map_is_shown(results):
    """Without a cluster the page says so with the highest peak, and shows the map as it is."""
    first = results.contrasts[0]
    empty = replace(first, clusters=first.clusters.iloc[:0], n_beyond=0, height=7.5, shuffled=None,
                    thresholded=first.maps["z_score"])  # fmt: skip
    page = read(generate_report(replace(results, contrasts=(empty,))).get_standalone())
    summary = section(page, "summary").all("article")[0].text
    assert "Nothing with |z| > 7.50" in summary
    assert f"The highest peak, z = {first.highest['Peak Stat']:.2f}" in summary
    within = section(page, "contrast-0")
    assert not within.all("table")
    captions = [figure.text for figure in within.all("figcaption")]
    assert any("whole map of z, not thresholded" in caption for caption in captions)


def test_many_clusters_are_folded(results):
    """Of 200 clusters the table holds all; how many are shown at first is said."""
    first = results.contrasts[0]
    many = pd.concat([first.clusters.iloc[[0]]] * 200, ignore_index=True)
    many["Cluster ID"] = range(1, 201)
    page = read(
        generate_report(
            replace(results, contrasts=(replace(first, clusters=many, shuffled=None),))
        ).get_standalone()
    )
    table = page.one("table", id="clusters-0")
    assert len(table.all("tbody")) == 200
    assert "folded" in table.attributes["class"]
    assert "the first 20 of 200" in table.one("caption").text
    assert "Show all 200 clusters" in section(page, "contrast-0").text


def test_the_page_is_the_same_in_another_process(results, report, tmp_path):
    """Results written and read elsewhere give the same bytes: no clock, no order of sets."""
    path = tmp_path / "results.pickle"
    path.write_bytes(pickle.dumps(results))
    code = (
        "import pickle, sys; from pathlib import Path; "
        "from secondlevel.report.generate import generate_report; "
        "results = pickle.loads(Path(sys.argv[1]).read_bytes()); "
        "report = generate_report(results, title='Patients & age', report_dims=(1200, 700)); "
        "report.save_as_html(sys.argv[2])"
    )
    saved = tmp_path / "report.html"
    subprocess.run([sys.executable, "-c", code, str(path), str(saved)], check=True)
    assert saved.read_bytes() == report.get_standalone().encode()
