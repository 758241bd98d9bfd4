"""A real browser, pages opened in it, and what must hold of any page."""

import asyncio
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage
from scipy.spatial import ConvexHull

from secondlevel import SecondLevelModel
from secondlevel.report.generate import generate_report

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_PATH = "SECONDLEVEL_BROWSER"
BROWSER_NEEDED = "SECONDLEVEL_NEEDS_BROWSER"
CHECKS = Path(__file__).parent / "checks"

# Without these Chromium calls home, or asks for what a container does not have.
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def missing(what):
    """Skip where no browser is needed; fail where one is."""
    if os.environ.get(BROWSER_NEEDED) == "1":
        pytest.fail(f"{BROWSER_NEEDED} is 1, but {what}")
    pytest.skip(f"pages are not looked at: {what}")


@contextmanager
def running(loop):
    """Mark an event loop, or none, as the one that runs in this thread."""
    # The driver leaves its loop marked between two calls; asyncio.run would then refuse to work in
    # every test that comes later.
    before = asyncio._get_running_loop()
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(before)


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium that is on this machine already; use `open_page`."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed: pip install playwright")
    named = os.environ.get(BROWSER_PATH)
    program = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        missing(f"none of {', '.join(BROWSERS)} is on the path; name a Chromium in {BROWSER_PATH}")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=SWITCHES)
        with running(None):
            yield chromium
        chromium.close()


class Pages:
    """Opens pages, and writes down whatever they complain of or ask for."""

    def __init__(self, browser, folder):
        self.browser = browser
        self.folder = folder
        self.contexts = []
        self.problems = []

    def __call__(self, content, *, width=1200, height=900, color_scheme="light"):
        """Open HTML as a file of its own, or a file that is there.

        Parameters
        ----------
        content : str or Path
            The HTML, or where it lies.
        width, height : int, default=1200, 900
            Of the window, in pixels.
        color_scheme : {"light", "dark"}, default="light"
            What the reader prefers.

        Returns
        -------
        playwright Page
        """
        if not isinstance(content, Path):
            file = self.folder / f"page-{len(self.contexts)}.html"
            file.write_text(content, encoding="utf-8")
            content = file
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=color_scheme,
            reduced_motion="reduce",  # nothing is still moving when it is looked at
            offline=True,
        )
        context.set_default_timeout(30_000)
        self.contexts.append(context)
        page = context.new_page()
        address = content.resolve().as_uri()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("request", lambda request: self._asked(request.url, address))
        page.on("websocket", lambda socket: self.problems.append(f"request: {socket.url}"))
        page.goto(address)
        return page

    def _said(self, message):
        if message.type in {"error", "warning", "assert"}:
            self.problems.append(f"console {message.type}: {message.text}")

    def _asked(self, url, address):
        if url.partition("#")[0] != address and not url.startswith(("data:", "blob:", "about:")):
            self.problems.append(f"request: {url}")

    def close(self):
        """Close all pages."""
        while self.contexts:
            self.contexts.pop().close()


@pytest.fixture
def open_page(browser, tmp_path):
    """Open pages; at the end nothing may have been complained of or asked for.

    A test that wants problems finds them in ``open_page.problems``, and clears that list.
    """
    with running(browser._loop):
        pages = Pages(browser, tmp_path)
        yield pages
        pages.close()
    assert pages.problems == []


def check(name):
    """Make a function of a page that lists the faults which a script finds."""
    script = (CHECKS / f"{name}.js").read_text(encoding="utf-8")
    return lambda page: page.evaluate(script)


@pytest.fixture(scope="session")
def contrast_faults():
    """List texts of a page whose contrast with what is behind them is below WCAG AA."""
    return check("contrast")


@pytest.fixture(scope="session")
def layout_faults():
    """List what lies on something else, is cut off, or reaches beyond the window."""
    return check("layout")


@pytest.fixture(scope="session")
def structure_faults():
    """List what is amiss with headings, tables, alts, ids and labels of a page."""
    return check("structure")


NAMED_ROLES = {
    "application", "button", "checkbox", "combobox", "image", "link", "menuitem", "meter",
    "progressbar", "radio", "searchbox", "slider", "spinbutton", "switch", "table",
    "textbox",
}  # fmt: skip


@pytest.fixture(scope="session")
def unnamed():
    """List what a screen reader meets in a page, and cannot name."""

    def find(page):
        session = page.context.new_cdp_session(page)
        session.send("DOM.getDocument", {"depth": 0})
        faults = []
        for node in session.send("Accessibility.getFullAXTree")["nodes"]:
            role = node.get("role", {}).get("value")
            if node["ignored"] or role not in NAMED_ROLES or node["name"]["value"].strip():
                continue
            where = {"backendNodeId": node["backendDOMNodeId"]}
            html = session.send("DOM.getOuterHTML", where)["outerHTML"]
            faults.append(f"{role} without a name: {html[:80]}")
        session.detach()
        return faults

    return find


@pytest.fixture(scope="session")
def tab_faults():
    """List controls that the Tab key does not reach in their order, or where no focus is seen."""
    script = (CHECKS / "focus.js").read_text(encoding="utf-8")

    def walk(page):
        controls = page.evaluate(script, "list")
        page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
        faults = []
        for control in controls:
            page.keyboard.press("Tab")
            faults += page.evaluate(script, control)
        return faults

    return walk


# ---------------------------------------------------------------- reports

ASKED = {"patients > controls": "patient - control", "any": ["control", "patient"]}


@pytest.fixture(scope="session")
def answered(group_model):
    """A t and an F contrast of the group, the t shuffled too; the F has clusters with sub-peaks."""
    shuffled = group_model.permute(
        {"patients > controls": ASKED["patients > controls"]}, n_perm=50, random_state=3
    )
    return group_model.results(ASKED, two_sided=True, permutation=shuffled)


@pytest.fixture(scope="session")
def report(answered):
    """The page of these."""
    return generate_report(answered)


@pytest.fixture(scope="session")
def report_file(report, tmp_path_factory):
    """The same as a file."""
    return report.save_as_html(tmp_path_factory.mktemp("report") / "report.html")


def ball(centre, n_points=400):
    """Points that are spread over a ball of 40 mm, and triangles that look outwards."""
    k = np.arange(n_points) + 0.5
    tilt, turn = np.arccos(1 - 2 * k / n_points), np.pi * (1 + 5**0.5) * k
    unit = np.column_stack([np.cos(turn) * np.sin(tilt), np.sin(turn) * np.sin(tilt), np.cos(tilt)])
    faces = ConvexHull(unit).simplices
    a, b, c = (unit[faces[:, corner]] for corner in range(3))
    inwards = np.einsum("ij,ij->i", np.cross(b - a, c - a), a) < 0
    faces[inwards] = faces[inwards][:, ::-1]
    return InMemoryMesh(40 * unit + centre, faces)


@pytest.fixture(scope="session")
def surface_answered():
    """One contrast of ten maps on two balls, with an effect on top of the left one."""
    mesh = PolyMesh(ball([-45.0, 0.0, 0.0]), ball([45.0, 0.0, 0.0]))
    rng = np.random.default_rng(8)
    maps = []
    for _ in range(10):
        parts = {}
        for name, part in mesh.parts.items():
            # Differences of neighbours are small beside the values: smooth enough for clusters.
            waves = rng.normal(0, 0.05, (12, 3)), rng.uniform(0, 6, 12)
            noise = np.cos(part.coordinates @ waves[0].T + waves[1]).mean(axis=1) * 3
            parts[name] = noise + (2.0 * (part.coordinates[:, 2] > 30) if name == "left" else 0)
        maps.append(SurfaceImage(mesh, parts))
    model = SecondLevelModel().fit(maps, design_matrix=pd.DataFrame({"mean": np.ones(10)}))
    return model.results({"mean": "mean"})


@pytest.fixture(scope="session")
def surface_file(surface_answered, tmp_path_factory):
    """The page of that as a file."""
    report = generate_report(surface_answered)
    return report.save_as_html(tmp_path_factory.mktemp("surface") / "report.html")


@pytest.fixture
def open_report(open_page):
    """Open a report, and wait until its viewers have their maps."""

    def show(content, **options):
        page = open_page(content, **options)
        page.evaluate("Promise.all(window.secondlevel.viewers.map((viewer) => viewer.start()))")
        return page

    return show
