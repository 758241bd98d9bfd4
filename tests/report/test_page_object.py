import html
import webbrowser
from pathlib import Path

import pytest

from secondlevel.errors import InputError, InputTypeError
from secondlevel.report.page import Report

PAGE = '<!doctype html><p title="a &amp; b">1 &lt; 2, ± “quoted”</p>'


@pytest.fixture
def report():
    """A small page."""
    return Report(PAGE, 800, 300)


def test_the_frame_holds_the_page(report):
    """What a notebook gets is a frame of the report's size, and unescaping gives the page back."""
    frame = report._repr_html_()
    assert report._repr_mimebundle_() == {"text/html": frame}
    assert 'width="800" height="300"' in frame
    within = frame.partition('srcdoc="')[2].partition('"></iframe>')[0]
    assert '"' not in within
    assert html.unescape(within) == PAGE == report.get_standalone()


def test_scripts_of_the_page_cannot_reach_the_notebook(report):
    """The frame lets scripts run, but not as a part of the page around it."""
    sandbox = report.get_iframe().partition('sandbox="')[2].partition('"')[0].split()
    assert "allow-scripts" in sandbox
    assert "allow-same-origin" not in sandbox


def test_sizes_can_be_set(report):
    """Width and height are set one by one or together, and hold for the next showing."""
    report.width, report.height = 900.0, 400
    assert (report.width, report.height) == (900, 400)
    assert 'width="900" height="400"' in report._repr_html_()
    assert report.resize(1000, 500) is report
    assert 'width="1000" height="500"' in report._repr_html_()
    assert 'width="640" height="500"' in report.get_iframe(width=640)


@pytest.mark.parametrize(
    ("value", "error"),
    [(0, InputError), (-5, InputError), (2.5, InputError), ("wide", InputTypeError)],
)
def test_a_size_that_is_none_is_refused(report, value, error):
    """The message names the size and what it must be; nothing is changed."""
    with pytest.raises(error, match=r"width must be a whole number of pixels from 1 on"):
        report.width = value
    with pytest.raises(error, match="height must be"):
        report.resize(500, value)
    with pytest.raises(error, match="height must be"):
        report.get_iframe(height=value)
    assert (report.width, report.height) == (800, 300)


def test_saving_writes_the_page(report, tmp_path):
    """The file holds the page in UTF-8; its folder is made, and no temporary file stays."""
    path = report.save_as_html(tmp_path / "new" / "report.html")
    assert path.read_bytes() == PAGE.encode()
    assert list(path.parent.iterdir()) == [path]
    assert report.save_as_html(str(path)) == path


def test_a_full_disk_leaves_what_was_there(report, tmp_path, monkeypatch):
    """When writing fails in the middle, the old file is whole and nothing half written stays."""
    path = tmp_path / "report.html"
    path.write_text("the old one")

    def fail(self, text, **keywords):
        with self.open("w") as file:
            file.write(text[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(OSError, match="No space left"):
        report.save_as_html(path)
    assert path.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_the_browser_is_given_a_file(report, tmp_path, monkeypatch):
    """The page is saved where it is asked for, or among the temporary files, and then opened."""
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr("tempfile.mkdtemp", lambda prefix: str(tmp_path))
    report.open_in_browser(tmp_path / "a page.html")
    report.open_in_browser()
    assert opened == [f"{tmp_path.as_uri()}/a%20page.html", f"{tmp_path.as_uri()}/report.html"]
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == PAGE


def test_printing_a_report_is_short(report):
    """A page of megabytes does not fill the terminal."""
    assert str(report) == f"<Report: {len(PAGE.encode())} bytes, shown as 800 x 300 pixels>"
