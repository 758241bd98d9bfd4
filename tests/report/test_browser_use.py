"""Reports in a real browser: what moves when it is clicked, dragged or typed at."""

import re

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from secondlevel import SecondLevelModel
from secondlevel.report.generate import generate_report

# Of all planes of a viewer: how many pixels have a colour rather than a grey.
COLOURED = """(viewer) => [...viewer.querySelectorAll(".viewer-panels canvas")].map((canvas) => {
  // A copy is read: reading the page's own canvas would change how the browser draws it.
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let k = 0; k < data.length; k += 4) {
    const parts = [data[k], data[k + 1], data[k + 2]];
    if (data[k + 3] > 250 && Math.max(...parts) - Math.min(...parts) > 8) count += 1;
  }
  return count;
}).reduce((sum, one) => sum + one, 0)"""
PICTURES = """(viewer) => [...viewer.querySelectorAll(".viewer-panels canvas")]
  .map((canvas) => canvas.toDataURL())"""


@pytest.fixture
def page(open_report, report_file):
    """The report of the group."""
    return open_report(report_file)


def viewer(page, number=0):
    """One of the viewers."""
    return page.locator(f"#viewer-{number}")


def values(page, number=0):
    """What a viewer says of the place at its cross-hair, with plain minus signs."""
    return viewer(page, number).locator(".viewer-values").inner_text().replace("−", "-")


def count(page, number=0):
    """How many elements a viewer says are beyond the threshold."""
    words = viewer(page, number).locator(".viewer-count").inner_text()
    return int(re.sub(r"[\s,]", "", re.search(r"\d[\d\s,]*", words)[0]))


def test_the_slider_changes_the_picture_and_the_count(page, answered):
    """Higher thresholds colour fewer pixels, 0 all; the number of voxels is that of the map."""
    first = answered.contrasts[0]
    z = np.abs(first.maps["z_score"].get_fdata()[answered.mask_img.get_fdata() > 0])
    slider = viewer(page).locator("input[type=range]")
    assert float(slider.input_value()) == pytest.approx(first.height, abs=0.005)
    assert count(page) == first.n_beyond
    before = viewer(page).evaluate(PICTURES)
    seen = {}
    for threshold in ("0", "1.5", "3", "4.5"):
        slider.fill(threshold)
        seen[threshold] = viewer(page).evaluate(COLOURED)
        within = len(z) if threshold == "0" else np.count_nonzero(z >= float(threshold))
        assert count(page) == within
    assert seen["0"] > 2 * seen["1.5"] > 4 * seen["3"] > 4 * seen["4.5"] > 0
    after = viewer(page).evaluate(PICTURES)
    assert len(before) == 3
    assert all(one != other for one, other in zip(before, after, strict=True))


def test_the_slider_moves_by_keys_and_by_mouse(page):
    """Arrow keys take small steps, Home goes to 0; a click in the middle goes to the middle."""
    slider = viewer(page).locator("input[type=range]")
    start = float(slider.input_value())
    slider.press("ArrowRight")
    assert float(slider.input_value()) == pytest.approx(start + 0.01, abs=0.006)
    slider.press("Home")
    assert slider.input_value() == "0"
    assert count(page) == 7031
    slider.click()
    middle = float(slider.get_attribute("max")) / 2
    assert float(slider.input_value()) == pytest.approx(middle, rel=0.05)
    assert viewer(page).locator("output").inner_text().startswith(slider.input_value()[:3])


def test_one_viewer_leaves_the_other_alone(page):
    """Each contrast has its own threshold and place."""
    before = viewer(page, 1).evaluate(PICTURES), values(page, 1)
    viewer(page, 0).locator("input[type=range]").fill("1")
    page.locator("#clusters-0 tbody tr").nth(2).click()
    assert (viewer(page, 1).evaluate(PICTURES), values(page, 1)) == before


@pytest.mark.parametrize("number", [0, 1])
def test_a_click_on_a_row_moves_the_viewer_to_its_peak(page, answered, number):
    """Place and z at the cross-hair are those of the row, for every row; planes follow."""
    clusters = answered.contrasts[number].clusters
    show = page.locator(f"[data-table=clusters-{number}].show-all")
    if show.count():
        show.click()
    rows = page.locator(f"#clusters-{number} tbody tr")
    assert rows.count() == len(clusters)
    pictures = set()
    for k, peak in enumerate(clusters.itertuples()):
        rows.nth(k).locator("td").first.click()
        said = values(page, number)
        assert f"x {peak.X:.0f}, y {peak.Y:.0f}, z {peak.Z:.0f} mm" in said
        height = clusters["Peak Stat"].iloc[k]
        assert f"z = {height:.2f}" in said
        assert rows.nth(k).evaluate("(row) => row.classList.contains('shown')")
        pictures.add(tuple(viewer(page, number).evaluate(PICTURES)))
    assert len(pictures) == len(clusters)
    captions = viewer(page, number).locator("figcaption").all_inner_texts()
    place = [f"{axis} = {getattr(peak, axis.upper()):.0f} mm" for axis in "xyz"]
    assert all(
        end in caption.replace("−", "-") for end, caption in zip(place, captions, strict=True)
    )


def test_a_key_on_a_row_moves_the_viewer_too(page, answered):
    """The button of a row, and one of an interval, do the same by Enter."""
    third = answered.contrasts[0].clusters.iloc[2]
    place = f"x {third['X']:.0f}, y {third['Y']:.0f}, z {third['Z']:.0f} mm"
    page.locator("#clusters-0 .go").nth(2).press("Enter")
    assert place in values(page)
    viewer(page).get_by_role("button", name="Back").click()
    assert place not in values(page)
    page.locator("#contrast-0 .forest .go").nth(2).press("Enter")
    assert place in values(page)


def test_the_cross_hair_moves_by_click_and_by_keys(page, answered):
    """A click in a plane changes its two axes; keys change one step of the grid, 6 mm."""
    planes = viewer(page).locator("canvas[tabindex]")
    assert planes.count() == 3
    axial = planes.nth(2)
    axial.scroll_into_view_if_needed()
    box = axial.bounding_box()
    before = values(page)
    axial.click(position={"x": box["width"] * 0.42, "y": box["height"] * 0.6})
    clicked = values(page)
    old, new = (re.findall(r"[xyz] (-?\d+)", one) for one in (before, clicked))
    assert old[2] == new[2]
    assert old[:2] != new[:2]
    # 42 % of 25 columns is column 10, x = -12; 60 % down of 31 rows is row 12, y = -36.
    assert new == ["-12", "-36", "24"]
    axial.press("ArrowRight")
    axial.press("PageDown")
    assert re.findall(r"[xyz] (-?\d+)", values(page)) == ["-6", "-36", "18"]
    z = answered.contrasts[0].maps["z_score"].get_fdata()[11, 12, 13]
    assert f"z = {z:.2f}" in values(page) or f"z = {z:.3g}" in values(page)


def test_the_map_that_is_coloured_can_be_chosen(page):
    """Effects instead of z: other pixels, another scale; what is beyond the threshold stays."""
    before = viewer(page).evaluate(PICTURES), count(page)
    ends = viewer(page).locator(".viewer-ends").inner_text()
    viewer(page).locator("select").select_option(index=1)
    assert viewer(page).evaluate(PICTURES) != before[0]
    assert viewer(page).locator(".viewer-ends").inner_text() != ends
    assert count(page) == before[1]


def column(page, table, number):
    """What is sorted by, cluster by cluster, and the names of the rows within each."""
    script = """(table, number) => [...table.tBodies].map((group) => [
      group.rows[0].cells[number].dataset.value,
      [...group.rows].map((row) => row.cells[0].innerText.trim()),
    ])"""
    return page.locator(table).evaluate(script, number)


def test_tables_sort_on_click_and_on_key(page, answered):
    """Large first, then small first; sub-peaks stay below their cluster; the order is announced."""
    clusters = answered.contrasts[1].clusters
    names = clusters["Cluster ID"].astype(str)
    main = clusters[names.str.isdigit()]
    heading = page.locator("#clusters-1 thead th", has_text=re.compile("^Size"))
    button = heading.locator("button")
    at = heading.evaluate("(one) => one.cellIndex")
    button.click()
    assert heading.get_attribute("aria-sort") == "descending"
    sizes = sorted(main["Cluster Size (mm3)"].astype(float), reverse=True)
    found = column(page, "#clusters-1", at)
    assert [float(value) for value, _ in found] == sizes
    button.press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    found = column(page, "#clusters-1", at)
    assert [float(value) for value, _ in found] == sizes[::-1]
    for _, rows in found:
        own = names[names.str.fullmatch(rf"{rows[0]}[a-z]*")].tolist()
        assert rows == own
    assert sum(len(rows) > 1 for _, rows in found) >= 3
    other = page.locator("#clusters-1 thead button").first
    other.press("Space")
    assert heading.get_attribute("aria-sort") is None
    assert [value for value, _ in column(page, "#clusters-1", 0)] in (
        main["Cluster ID"].astype(str).tolist(),
        main["Cluster ID"].astype(str).tolist()[::-1],
    )


def test_a_sorted_row_still_leads_to_its_peak(page, answered):
    """What moves with a row is its place."""
    clusters = answered.contrasts[0].clusters
    lowest = clusters.iloc[clusters["Peak Stat"].abs().argmin()]
    button = page.locator("#clusters-0 thead th", has_text=re.compile("^Peak.z")).locator("button")
    button.click()
    button.click()
    page.locator("#clusters-0 tbody tr").first.locator("td").first.click()
    assert f"x {lowest['X']:.0f}, y {lowest['Y']:.0f}, z {lowest['Z']:.0f} mm" in values(page)


def test_texts_sort_by_their_letters(page, answered):
    """The table of maps sorts by label."""
    page.locator("#maps thead button").first.click()
    labels = [value for value, _ in column(page, "#maps", 0)]
    assert labels in (sorted(labels), sorted(labels, reverse=True))
    assert len(labels) == answered.model.n_maps


def test_a_notebook_shows_the_page_at_its_size(open_page, layout_faults, report):
    """In a frame within another page the report works, at the size that was set."""
    report = type(report)(report.get_standalone(), width=900, height=500)
    page = open_page(
        "<!doctype html><html lang='en'><title>Notebook</title><main><h1>Cell</h1>"
        f"{report._repr_html_()}</main></html>",
        width=1000,
    )
    box = page.locator("iframe").bounding_box()
    assert (box["width"], box["height"]) == (900, 500)
    (frame,) = page.main_frame.child_frames
    frame.evaluate("Promise.all(window.secondlevel.viewers.map((viewer) => viewer.start()))")
    inside = frame.locator("#viewer-0")
    before = inside.evaluate(COLOURED)
    inside.locator("input[type=range]").fill("1")
    assert inside.evaluate(COLOURED) > 2 * before
    frame.locator("#clusters-0 .go").nth(1).click()
    assert "x −30, y −18, z 24 mm" in inside.locator(".viewer-values").inner_text()
    frame.locator("nav a[href='#methods']").click()
    assert frame.locator("#methods h2").evaluate(
        "(one) => one.getBoundingClientRect().top < innerHeight"
    )
    assert page.locator("h1").inner_text() == "Cell"


HOSTILE = "<script>window.hit=1</script>"
HOSTILE_LABELS = [
    "</script><script>window.hit=1</script>",
    '"><img src=x onerror=window.hit=1>',
    "'><b>bold</b>&amp;",
    "{{ 7 * 7 }} ${window.hit=1} `x` \\u003cb",
]


def test_names_with_markup_do_nothing(open_report, layout_faults):
    """A contrast, a column, a title and labels of maps that are markup are shown as they are."""
    rng = np.random.default_rng(4)
    maps = [nib.Nifti1Image(rng.normal(1, 1, (8, 8, 8)), np.diag([4.0, 4, 4, 1])) for _ in range(8)]
    mask = nib.Nifti1Image(np.ones((8, 8, 8), dtype=np.uint8), np.diag([4.0, 4, 4, 1]))
    labels = [*HOSTILE_LABELS, "e", "f", "g", "h"]
    design = pd.DataFrame({"<img src=x onerror=window.hit=1>": np.ones(8)}, index=labels)
    model = SecondLevelModel(mask).fit(maps, design_matrix=design)
    results = model.results({HOSTILE: [1.0]}, threshold=2.0, height_control=None)
    page = open_report(generate_report(results, title=f"{HOSTILE} & co").get_standalone())
    assert page.evaluate("window.hit") is None
    assert page.title() == f"{HOSTILE} & co"
    assert page.locator("h1").inner_text() == f"{HOSTILE} & co"
    assert page.locator("#contrast-0 h2").inner_text().startswith(HOSTILE)
    assert [value for value, _ in column(page, "#maps", 0)] == labels
    shown = page.locator("#maps tbody th").all_inner_texts()
    assert [" ".join(one.split()) for one in shown] == labels
    assert page.locator("img[src=x], b:has-text('bold')").count() == 0
    assert layout_faults(page) == []
    page.locator("#clusters-0 .go").first.click()
    viewer(page).locator("input[type=range]").fill("1")
    assert page.evaluate("window.hit") is None


def test_a_surface_turns_and_is_picked_from(open_report, surface_file, surface_answered):
    """The slider, a row, a view, an arrow key and a click change the picture of a surface."""
    page = open_report(surface_file)
    result = surface_answered.contrasts[0]
    assert count(page) == result.n_beyond
    pictures = [viewer(page).evaluate(PICTURES)]

    def changed():
        pictures.append(viewer(page).evaluate(PICTURES))
        return pictures[-1] != pictures[-2]

    viewer(page).locator("input[type=range]").fill("1")
    assert changed()
    assert count(page) > result.n_beyond
    viewer(page).get_by_role("button", name="back", exact=True).click()
    assert changed()
    viewer(page).locator("canvas[tabindex]").press("ArrowLeft")
    assert changed()
    peak = result.clusters.iloc[-1]
    page.locator("#clusters-0 tbody tr").last.locator("td").first.click()
    assert changed()
    assert values(page).startswith(f"{peak['Hemisphere']}, x {peak['X']:.1f}, y {peak['Y']:.1f}")
    assert f"z = {peak['Peak Stat']:.2f}" in values(page)
    before = values(page)
    canvas = viewer(page).locator("canvas[tabindex]")
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * 0.55, "y": box["height"] * 0.55})
    assert changed()
    assert values(page) != before
