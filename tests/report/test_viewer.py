"""Viewers in a real browser: they say and draw what the maps hold, where it lies."""

import json
import re
from dataclasses import replace
from importlib import resources

import jinja2
import nibabel as nib
import numpy as np
import pytest
from markupsafe import Markup

from secondlevel.report.viewer.scene import encode_contrast, encode_scene

TEMPLATES = resources.files("secondlevel.report") / "templates"

# A page with nothing but viewers, whose cross-hair is grey.
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>viewers</title>
<style>{{ style }} :root { --accent: #777 }</style>{{ head }}</head><body>
{% from "viewer.html.jinja" import viewer %}
{% for name in names %}{{ viewer(loop.index0, name) }}<div style="height: {{ gap }}px"></div>
{% endfor %}
{% for name, content in data.items() %}
<script type="application/json" id="{{ name }}">{{ content|tojson }}</script>
{% endfor %}
{% for script in scripts %}<script>{{ script }}</script>{% endfor %}
</body></html>"""

START = "Promise.all(window.secondlevel.viewers.map((viewer) => viewer.ready))"

# Of each plane: the middle and the number of pixels that are red, and those that are blue, as
# shares of width and height.
SPOTS = """() => [...document.querySelectorAll(".viewer-panels canvas")].map((canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d");
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return [[0, 2], [2, 0]].map(([more, less]) => {
    let [x, y, n] = [0, 0, 0];
    for (let k = 0; k < data.length; k += 4) {
      if (data[k + more] - data[k + less] > 60 && data[k + 3] > 250) {
        x += (k / 4) % canvas.width + 0.5;
        y += Math.floor(k / 4 / canvas.width) + 0.5;
        n += 1;
      }
    }
    return [x / n / canvas.width, y / n / canvas.height, n];
  });
})"""


def page_of(results, *, bg_img=None, head="", gap=0):
    """A page with the viewers of these results."""
    loader = jinja2.FileSystemLoader(str(TEMPLATES))
    environment = jinja2.Environment(loader=loader, autoescape=True)
    kind = "viewer_surface.js" if results.on_surface else "viewer_volume.js"
    data = {"scene": encode_scene(results, bg_img)}
    for number in range(len(results.contrasts)):
        data[f"contrast-{number}-maps"] = encode_contrast(results, number)
    return environment.from_string(PAGE).render(
        style=Markup((TEMPLATES / "viewer.css").read_text()),
        scripts=[Markup((TEMPLATES / name).read_text()) for name in ("viewer.js", kind)],
        names=[result.name for result in results.contrasts],
        data=data,
        head=Markup(head),
        gap=gap,
    )


@pytest.fixture
def show(open_page):
    """Open a page with the viewers of results, and wait for them."""

    def opened(results, *, bg_img=None, head="", gap=0, start=START, **options):
        page = open_page(page_of(results, bg_img=bg_img, head=head, gap=gap), **options)
        page.evaluate(start)
        return page

    return opened


def said(page, number=0):
    """What is said of the place that is looked at, with plain minus signs."""
    return page.locator(f"#viewer-{number} .viewer-values").inner_text().replace("−", "-")


def place(page):
    """Where that is, in mm."""
    return [float(one) for one in re.findall(r"[xyz] (-?[\d.]+)", said(page).partition(" mm")[0])]


def numbers(text):
    """The numbers behind equals signs."""
    return [float(one) for one in re.findall(r"= (-?[\d.e+-]+)", text)]


def go(page, where, part=None):
    """Look at another place."""
    page.evaluate(f"window.secondlevel.viewers[0].goTo({json.dumps(where)}, {json.dumps(part)})")


def assert_written(text, value):
    """A number is written with the digits of the value, three of them or fewer near 0."""
    text = text.replace("−", "-")
    if "e" not in text:
        decimals = len(text.partition(".")[2])
        assert text == f"{value:.{decimals}f}" or (text == "0" and abs(value) < 2e-3)
    assert abs(float(text) - value) <= 0.0051 * abs(value) + 6e-4


def on_grid(results, z, affine, **changes):
    """Results of one contrast with this z map; the effect is 10 times z."""
    first = results.contrasts[0]
    image, effect = nib.Nifti1Image(z, affine), nib.Nifti1Image(10 * z, affine)
    maps = first.maps | {"z_score": image, "effect_size": effect}
    inside = nib.Nifti1Image(np.ones(z.shape, dtype="u1"), affine)
    contrast = replace(first, maps=maps, **changes)
    return replace(results, mask_img=inside, contrasts=(contrast,))


# ---------------------------------------------------------------- volumes


@pytest.mark.parametrize("number", [0, 2])
def test_values_at_the_cross_hair_are_those_of_the_maps(number, group_results, show):
    """At voxels all over the mask, of t and of F: z and effect to the digits that are written."""
    asked = group_results.contrasts[number]
    page = show(replace(group_results, contrasts=(asked,)))
    inside = np.argwhere(group_results.mask_img.get_fdata() > 0)
    kind = "effect_size" if asked.kind == "t" else "partial_r2"
    for voxel in inside[:: len(inside) // 40]:
        where = nib.affines.apply_affine(group_results.mask_img.affine, voxel)
        go(page, where.tolist())
        assert place(page) == pytest.approx(where)
        z, effect = re.findall(r"= (\S+)", said(page))
        assert_written(z, asked.maps["z_score"].get_fdata()[tuple(voxel)])
        assert_written(effect, asked.maps[kind].get_fdata()[tuple(voxel)])


def test_a_place_outside_is_said_to_be(group_results, show):
    """Between mask and edge no value is shown; beyond the grid its edge is."""
    page = show(group_results)
    go(page, [-72.0, -108.0, -60.0])
    corner = place(page)
    assert said(page).endswith("outside the mask")
    go(page, [-900.0, -900.0, -900.0])
    assert place(page) == corner


def test_it_starts_at_the_highest_peak_and_returns_there(group_results, show):
    """Place, z, threshold and number of voxels of the first sight; the button leads back."""
    asked = group_results.contrasts[0]
    page = show(group_results)
    start = [asked.highest[axis] for axis in "XYZ"]
    assert place(page) == pytest.approx(start, abs=0.5)
    assert numbers(said(page))[0] == pytest.approx(asked.highest["Peak Stat"], abs=0.0051)
    assert f"{asked.n_beyond} voxels" in page.locator("#viewer-0 .viewer-count").inner_text()
    go(page, [0.0, 0.0, 0.0])
    assert place(page) != pytest.approx(start, abs=0.5)
    page.locator("#viewer-0 .viewer-reset").click()
    assert place(page) == pytest.approx(start, abs=0.5)


def test_keys_move_by_a_voxel_and_stop_at_the_edge(group_results, show):
    """Arrows move within a plane, Page Up and Down through it; nothing leaves the grid."""
    page = show(group_results)
    step = 6.0
    keys = {
        "sagittal": {"ArrowRight": (1, 1), "ArrowUp": (2, 1), "PageUp": (0, 1)},
        "coronal": {"ArrowLeft": (0, -1), "ArrowDown": (2, -1), "PageDown": (1, -1)},
        "axial": {"ArrowRight": (0, 1), "ArrowUp": (1, 1), "PageDown": (2, -1)},
    }
    go(page, [0.0, 0.0, 0.0])
    for plane, moves in keys.items():
        canvas = page.locator(f"#viewer-0 canvas[aria-label^={plane}]")
        for key, (axis, sign) in moves.items():
            before = place(page)
            canvas.press(key)
            before[axis] += sign * step
            assert place(page) == before
    for _ in range(40):
        canvas.press("ArrowRight")
    at_edge = place(page)
    canvas.press("ArrowRight")
    assert place(page) == at_edge


def test_a_drag_moves_the_cross_hair_along(group_results, show):
    """The place follows the pointer while it is down, and only then."""
    page = show(group_results)
    canvas = page.locator("#viewer-0 canvas[aria-label^=axial]")
    box = canvas.bounding_box()
    at = [(box["x"] + share * box["width"], box["y"] + 0.5 * box["height"]) for share in (0.3, 0.7)]
    page.mouse.move(*at[0])
    page.mouse.down()
    first = place(page)
    page.mouse.move(*at[1], steps=5)
    second = place(page)
    page.mouse.up()
    page.mouse.move(*at[0])
    assert second[0] > first[0] + 30
    assert second[1:] == first[1:]
    assert place(page) == second


def affine_of(axes, signs):
    """Voxels of 3 x 4 x 5 mm whose axes run along these, in these directions."""
    affine = np.diag([0.0, 0.0, 0.0, 1.0])
    for column, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
        affine[axis, column] = sign * (3.0, 4.0, 5.0)[axis]
    affine[:3, 3] = -9.0, 4.0, 7.0
    return affine


TURN = np.array([[0.96, -0.28, 0, 0], [0.28, 0.96, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
GRIDS = {
    "RAS": affine_of((0, 1, 2), (1, 1, 1)),
    "LAS": affine_of((0, 1, 2), (-1, 1, 1)),
    "permuted": affine_of((2, 0, 1), (1, -1, 1)),
    "oblique": TURN @ affine_of((0, 1, 2), (-1, 1, 1)),
}


@pytest.mark.parametrize("name", list(GRIDS))
def test_what_is_right_front_and_up_is_drawn_there(name, group_results, show):
    """A red voxel on the right, in front, above, and a blue one opposite, whatever the grid."""
    affine = GRIDS[name]
    canonical = nib.as_closest_canonical(nib.Nifti1Image(np.zeros((11, 11, 11)), affine))
    turned = np.full((11, 11, 11), 0.1)
    turned[8, 9, 7], turned[2, 1, 3] = 9.0, -9.0
    there = nib.Nifti1Image(turned, canonical.affine)
    back = nib.orientations.ornt_transform(
        nib.io_orientation(canonical.affine), nib.io_orientation(affine)
    )
    z = there.as_reoriented(back)
    np.testing.assert_allclose(z.affine, affine)
    red, blue = (
        nib.affines.apply_affine(canonical.affine, voxel) for voxel in ([8, 9, 7], [2, 1, 3])
    )
    highest = dict(zip("XYZ", red, strict=True))
    results = on_grid(group_results, z.get_fdata(), affine, highest=highest, height=5.0, n_beyond=2)
    page = show(results)
    # Shares of width and height of the middle of a voxel, in planes y z, x z and x y.
    for voxel, colour in (((8, 9, 7), 0), ((2, 1, 3), 1)):
        go(page, (red, blue)[colour].tolist())
        # Red is at the cross-hair, which lies over a part of the voxel.
        assert numbers(said(page))[0] == (9, -9)[colour]
        spots = page.evaluate(SPOTS)
        for (across, up), plane in zip(((1, 2), (0, 2), (0, 1)), spots, strict=True):
            x, y, n_pixels = plane[colour]
            assert n_pixels > 100
            assert plane[1 - colour][2] == 0
            assert x == pytest.approx((voxel[across] + 0.5) / 11, abs=0.01)
            assert y == pytest.approx(1 - (voxel[up] + 0.5) / 11, abs=0.01)


def test_the_planes_have_the_proportions_of_the_head(group_results, show):
    """Pixels are as wide as high in mm, and as large in every plane, with voxels of any shape."""
    z = np.random.default_rng(0).normal(size=(12, 10, 8))
    page = show(on_grid(group_results, z, GRIDS["RAS"], height=1.0))
    sizes = [canvas.bounding_box() for canvas in page.locator(".viewer-panels canvas").all()]
    extents = [(10 * 4, 8 * 5), (12 * 3, 8 * 5), (12 * 3, 10 * 4)]
    scales = [
        (box["width"] / wide, box["height"] / high)
        for box, (wide, high) in zip(sizes, extents, strict=True)
    ]
    np.testing.assert_allclose(scales, scales[0][0], rtol=0.02)


@pytest.mark.parametrize("two_sided", [True, False])
def test_sides_that_were_not_asked_for_are_not_coloured(two_sided, group_results, show):
    """Blue where both sides were asked for, none where only the positive was; 0 shows all."""
    z = np.zeros((9, 9, 9))
    z[2, 4, 4], z[6, 4, 4] = -6.0, 6.0
    settings = replace(group_results.settings, two_sided=two_sided)
    results = on_grid(
        group_results,
        z,
        np.diag([3.0, 3, 3, 1]),
        height=3.0,
        n_beyond=1 + two_sided,
        highest={"X": 18.0, "Y": 12.0, "Z": 12.0},
    )
    page = show(replace(results, settings=settings))
    _, coronal, axial = page.evaluate(SPOTS)
    assert coronal[0][2] > 100
    assert (axial[1][2] > 100) is two_sided
    count = page.locator(".viewer-count")
    assert count.inner_text() == f"{1 + two_sided} voxels with {'|z|' if two_sided else 'z'} > 3.00"
    page.evaluate("window.secondlevel.viewers[0].setThreshold(0)")
    assert page.evaluate(SPOTS)[2][1][2] > 100
    assert count.inner_text() == "all 729 voxels"


def test_the_threshold_that_was_asked_for_is_found_again(group_results, show):
    """The slider has steps of 0.01; back at its start it counts what the report counts."""
    z = np.linspace(-6, 6, 1000).reshape(10, 10, 10)
    height = 3.0902
    z.flat[:4] = 3.0901, 3.0903, -3.0901, -3.0903
    n_beyond = int((np.abs(z) > height).sum())
    page = show(
        on_grid(group_results, z, np.diag([3.0, 3, 3, 1]), height=height, n_beyond=n_beyond)
    )
    first = page.locator(".viewer-count").inner_text()
    slider = page.locator("input[type=range]")
    slider.press("ArrowRight")
    assert page.locator(".viewer-count").inner_text() != first
    slider.press("ArrowLeft")
    assert (
        page.locator(".viewer-count").inner_text() == first == f"{n_beyond} voxels with |z| > 3.09"
    )
    slider.press("End")
    assert page.locator("output").inner_text() == "6.00"


def test_one_value_off_scale_hides_no_other(group_results, show):
    """Others keep their digits and their colours; the bar says that values lie beyond it."""
    rng = np.random.default_rng(2)
    z = rng.normal(size=(11, 11, 11))
    z[0, 0, 0] = 4e5
    page = show(on_grid(group_results, z, np.diag([3.0, 3, 3, 1]), height=1.5, n_beyond=150))
    for voxel in ([5, 5, 5], [3, 2, 9], [0, 0, 0]):
        go(page, (3.0 * np.array(voxel)).tolist())
        one, effect = re.findall(r"= (\S+)", said(page))
        assert_written(one, z[tuple(voxel)])
        assert_written(effect, 10 * z[tuple(voxel)])
    ends = page.locator(".viewer-ends span").all_inner_texts()
    assert ends[0].startswith("≤ −")
    assert float(ends[2].removeprefix("≥ ")) < 5


def test_layers_have_their_own_colours_and_one_threshold(group_results, show):
    """The effect is drawn where z lies beyond the threshold; F has colours of one sign."""
    page = show(group_results)
    count = page.locator("#viewer-0 .viewer-count").inner_text()
    assert page.locator("#viewer-0 option").all_inner_texts() == ["z", "effect"]
    assert page.locator("#viewer-2 option").all_inner_texts() == ["z", "partial R²"]
    page.locator("#viewer-0 select").select_option(label="effect")
    assert page.locator("#viewer-0 .viewer-count").inner_text() == count
    ends = page.locator("#viewer-0 .viewer-ends span").all_inner_texts()
    largest = np.abs(group_results.contrasts[0].maps["effect_size"].get_fdata()).max()
    assert float(ends[2]) <= largest * 1.1
    assert ends[:2] == [f"−{ends[2]}", "0 (effect)"]
    assert page.locator("#viewer-2 .viewer-ends span").first.inner_text() == "0"


def test_a_viewer_unpacks_when_it_is_asked_or_seen(group_results, show):
    """Far below nothing is unpacked; a threshold, a place, or a sight of it starts it."""
    page = show(group_results, gap=3000, start="window.secondlevel.viewers[0].ready")
    started = "window.secondlevel.viewers.map((viewer) => viewer.started !== null)"
    assert page.evaluate(started) == [True, False, False]
    page.evaluate("window.secondlevel.viewers[1].setThreshold(2.5)")
    assert page.evaluate(started) == [True, True, False]
    assert page.locator("#viewer-1 output").inner_text() == "2.50"
    page.locator("#viewer-2").scroll_into_view_if_needed()
    page.wait_for_function("window.secondlevel.viewers[2].view")
    assert "partial R²" in said(page, 2)


def test_a_browser_that_cannot_unpack_says_so(group_results, show, open_page):
    """Words instead of an empty frame; calls from the page's tables do no harm."""
    page = show(group_results, head="<script>delete window.DecompressionStream</script>")
    go(page, [0.0, 0.0, 0.0])
    page.evaluate("window.secondlevel.viewers[0].setThreshold(2)")
    assert "could not unpack the maps" in said(page)
    assert page.locator(".viewer-controls:visible").count() == 0
    assert all("DecompressionStream" in problem for problem in open_page.problems)
    open_page.problems.clear()


def test_planes_fit_frames_of_any_width(group_results, show):
    """From 300 pixels up nothing is wider than the frame; sharp screens get all their pixels."""
    page = show(group_results, width=1200)
    for width in (1200, 700, 500, 400, 300):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(100)
        boxes = [one.bounding_box() for one in page.locator("#viewer-0 canvas").all()]
        assert max(box["x"] + box["width"] for box in boxes) <= width
        planes = boxes[:3]
        assert min(box["width"] for box in planes) > 100
        assert (planes[0]["y"] + planes[0]["height"] < planes[1]["y"] + 1) is (width <= 500)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        drawn = page.locator("#viewer-0 .viewer-panels canvas").first.evaluate("(one) => one.width")
        assert drawn == pytest.approx(planes[0]["width"], abs=1)
    session = page.context.new_cdp_session(page)
    session.send(
        "Emulation.setDeviceMetricsOverride",
        {"width": 900, "height": 900, "deviceScaleFactor": 2, "mobile": False},
    )
    page.wait_for_timeout(100)
    canvas = page.locator("#viewer-0 .viewer-panels canvas").first
    assert canvas.evaluate("(one) => one.width") == pytest.approx(
        2 * canvas.bounding_box()["width"], abs=2
    )


def test_screen_readers_are_told(group_results, show, unnamed):
    """Every control has a name, values are a live region, the slider says what it means."""
    page = show(group_results)
    assert unnamed(page) == []
    values = page.locator("#viewer-0 .viewer-values")
    assert values.get_attribute("aria-live") == "polite"
    slider = page.locator("#viewer-0 input[type=range]")
    assert slider.get_attribute("aria-valuetext") == "|z| > 3.29"
    panels = page.locator("#viewer-0 .viewer-panels")
    assert panels.get_attribute("aria-label").startswith("Maps of patients > controls")


def test_without_scripts_the_page_says_where_to_look(group_results):
    """What cannot work without scripts is hidden until they run."""
    html = page_of(group_results)
    assert "<noscript><p>The pictures above show the same maps." in html
    assert html.count('<div class="viewer-controls" hidden>') == 3
    assert html.count('<div class="viewer-foot" hidden>') == 3


# ---------------------------------------------------------------- surfaces


def test_values_at_vertices_are_those_of_the_maps(surface_answered, show):
    """Of both parts: the nearest vertex of a part, with its place, z and effect."""
    page = show(surface_answered)
    maps = surface_answered.contrasts[0].maps
    for part, mesh in surface_answered.mask_img.mesh.parts.items():
        for vertex in range(0, 400, 57):
            where = np.asarray(mesh.coordinates[vertex], dtype=float)
            go(page, where.tolist(), part)
            assert said(page).startswith(f"{part}, x ")
            assert place(page) == pytest.approx(where, abs=0.0501)
            z, effect = re.findall(r"= (\S+)", said(page))
            assert_written(z, float(maps["z_score"].data.parts[part][vertex]))
            assert_written(effect, float(maps["effect_size"].data.parts[part][vertex]))


def test_a_click_picks_the_vertex_that_is_seen(surface_answered, show):
    """Turned to a vertex, a click on its ring picks it again, not one behind it."""
    page = show(surface_answered)
    mesh = surface_answered.mask_img.mesh.parts["right"]
    for vertex in (30, 200, 333):
        go(page, np.asarray(mesh.coordinates[vertex], dtype=float).tolist(), "right")
        before = said(page)
        ring = page.evaluate(
            """() => {
              const { view } = window.secondlevel.viewers[0];
              const part = view.viewer.scene.parts[view.picked.part];
              const k = view.picked.vertex;
              return [part.x[k] / view.width, part.y[k] / view.height];
            }"""
        )
        canvas = page.locator(".viewer-panels canvas")
        box = canvas.bounding_box()
        canvas.click(position={"x": ring[0] * box["width"], "y": ring[1] * box["height"]})
        assert said(page) == before
        canvas.click(position={"x": box["width"] / 2 + 40, "y": box["height"] / 2})
        assert said(page) != before
        # What is seen lies on the near side.
        near, middle = page.evaluate(
            """() => {
              const { view } = window.secondlevel.viewers[0];
              const part = view.viewer.scene.parts[view.picked.part];
              return [part.near[view.picked.vertex], 0];
            }"""
        )
        assert near > middle
    canvas.click(position={"x": 3, "y": 3})  # beside it: nothing changes
    assert said(page).startswith("right, ")


def test_views_show_their_part_from_their_side(surface_answered, show):
    """Of a map that is red in front on the left only: red where that can be seen."""
    mask = surface_answered.mask_img
    first = surface_answered.contrasts[0]
    z = {
        name: np.where((name == "left") & (part.coordinates[:, 1] > 10), 6.0, 0.5)
        for name, part in mask.mesh.parts.items()
    }
    image = type(mask)(mask.mesh, z)
    contrast = replace(first, maps=dict.fromkeys(first.maps, image), height=3.0, n_beyond=9)
    page = show(replace(surface_answered, contrasts=(contrast,)))
    red = {}
    for button in page.locator(".viewer-views button").all():
        button.click()
        red[button.inner_text()] = page.evaluate(SPOTS)[0][0]
    assert red["right lateral"][2] == red["right medial"][2] == red["back"][2] == 0
    # Seen from the left the front is on the left; from the middle, on the right.
    assert red["left lateral"][0] < 0.5 < red["left medial"][0]
    assert min(red[name][2] for name in ("left lateral", "left medial", "top", "front")) > 500
    # From above the left is on the left and the front on top; from the front it is on the right.
    assert red["top"][0] < 0.5 < red["front"][0]
    assert red["top"][1] < 0.5 < red["bottom"][1]


def test_arrow_keys_and_drags_turn_a_surface(surface_answered, show):
    """Turned by keys and back it is the same picture; a drag turns it and picks nothing."""
    page = show(surface_answered)
    canvas = page.locator(".viewer-panels canvas")
    picture = "(one) => one.toDataURL()"
    page.get_by_role("button", name="back", exact=True).click()
    first, values = canvas.evaluate(picture), said(page)
    canvas.press("ArrowLeft")
    assert canvas.evaluate(picture) != first
    canvas.press("ArrowRight")
    assert canvas.evaluate(picture) == first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 230, steps=4)
    page.mouse.up()
    assert canvas.evaluate(picture) != first
    assert said(page) == values
