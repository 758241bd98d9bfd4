import asyncio

import pytest

PAGE = "<!doctype html><html lang='en'><title>A page</title><p>{}</p></html>"


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_a_page_opens_as_it_is_asked_for(open_page, color_scheme):
    """The window has the width and the colours that were asked for."""
    page = open_page(PAGE.format("Seen."), width=640, height=480, color_scheme=color_scheme)
    assert page.inner_text("p") == "Seen."
    assert page.evaluate("[innerWidth, innerHeight]") == [640, 480]
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert dark == (color_scheme == "dark")


def test_a_file_opens_where_it_lies(open_page, tmp_path):
    """A path is opened as it is; nothing is asked for but the file."""
    file = tmp_path / "a report.html"
    file.write_text(PAGE.format("From a file."), encoding="utf-8")
    page = open_page(file)
    assert page.inner_text("p") == "From a file."
    assert page.url == file.as_uri()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("<img src='https://example.org/a.png' alt=''>", "request: https://example.org/a.png"),
        ("<img src='other.png' alt=''>", "request: file:"),
        ("<script>fetch('https://example.org/b').catch(() => 0)</script>", "example.org/b"),
        ("<script>new WebSocket('wss://example.org/c')</script>", "request: wss://example.org/c"),
        ("<script>throw new Error('broken')</script>", "error: broken"),
        ("<script>console.error('told')</script>", "console error: told"),
        ("<script>console.warn('warned')</script>", "console warning: warned"),
    ],
)
def test_what_a_page_asks_for_or_complains_of_is_noted(open_page, content, problem):
    """Requests, errors and warnings are all noted."""
    page = open_page(PAGE.format(content))
    for _ in range(200):
        if any(problem in one for one in open_page.problems):
            break
        page.wait_for_timeout(50)
    else:
        pytest.fail(f"not noted: {problem}; only {open_page.problems}")
    # What is refused may be complained of later as well.
    open_page.close()
    open_page.problems.clear()


def test_data_in_the_page_is_no_request(open_page):
    """Data and blob addresses stay within the page."""
    page = open_page(PAGE.format("<img alt='' src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>"))
    page.evaluate("fetch(URL.createObjectURL(new Blob(['a']))).then((one) => one.text())")
    assert open_page.problems == []


def test_other_event_loops_run_once_pages_were_opened(browser):
    """Where no page is open, the browser's loop is in nobody's way."""
    assert asyncio.run(asyncio.sleep(0, "slept")) == "slept"
