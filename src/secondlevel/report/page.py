"""A page as an object: shown in a notebook, saved, opened in a browser."""

from __future__ import annotations

import os
import tempfile
import webbrowser
from html import escape
from pathlib import Path
from typing import Any

from secondlevel.files import written_whole
from secondlevel.inference.arguments import check_whole

WANTED = "a whole number of pixels from 1 on"

SANDBOX = "allow-scripts allow-popups allow-popups-to-escape-sandbox"
"""Scripts of the page run, but cannot reach the notebook around it; links open on their own."""


class Report:
    """One self-contained HTML page.

    In a notebook it shows itself, in a frame of `width` by `height` pixels.

    Parameters
    ----------
    html : str
        The whole page.
    width, height : int
        Of the frame, in pixels; both can be set later.

    Raises
    ------
    InputError, InputTypeError
        When a size is no whole number from 1 on.

    Examples
    --------
    >>> report = Report("<!doctype html><p>Seen.</p>", width=800, height=300)
    >>> report.height = 400
    >>> report
    <Report: 27 bytes, shown as 800 x 400 pixels>
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report.save_as_html(Path(folder) / "report.html").name
    'report.html'
    """

    def __init__(self, html: str, width: int = 1600, height: int = 800) -> None:
        self._html = html
        self.width = width
        self.height = height

    @property
    def width(self) -> int:
        """Width of the frame in a notebook, in pixels."""
        return self._width

    @width.setter
    def width(self, value: int) -> None:
        self._width = check_whole("width", value, WANTED)

    @property
    def height(self) -> int:
        """Height of the frame in a notebook, in pixels."""
        return self._height

    @height.setter
    def height(self, value: int) -> None:
        self._height = check_whole("height", value, WANTED)

    def resize(self, width: int, height: int) -> Report:
        """Set both sizes; return the report, so that a cell shows it anew.

        Parameters
        ----------
        width, height : int
            In pixels.

        Examples
        --------
        >>> Report("<p>Seen.</p>").resize(900, 500)
        <Report: 12 bytes, shown as 900 x 500 pixels>
        """
        # Both are checked before either is set.
        sizes = check_whole("width", width, WANTED), check_whole("height", height, WANTED)
        self.width, self.height = sizes
        return self

    def get_standalone(self) -> str:
        """Return the whole page as text."""
        return self._html

    def get_iframe(self, width: int | None = None, height: int | None = None) -> str:
        """Return the page within a frame, to be put into another page.

        Parameters
        ----------
        width, height : int, optional
            Of the frame, in pixels; by default those of the report.

        Examples
        --------
        >>> Report("<p>1 < 2</p>").get_iframe(600, 200)[-46:]
        'srcdoc="&lt;p&gt;1 &lt; 2&lt;/p&gt;"></iframe>'
        """
        across = self.width if width is None else check_whole("width", width, WANTED)
        down = self.height if height is None else check_whole("height", height, WANTED)
        return (
            f'<iframe title="Report" width="{across}" height="{down}" '
            'style="border: 0; max-width: 100%" '
            f'sandbox="{SANDBOX}" allow="clipboard-write" srcdoc="{escape(self._html)}"></iframe>'
        )

    def save_as_html(self, file_name: str | os.PathLike[str]) -> Path:
        """Save the page as one file, whole or not at all.

        Parameters
        ----------
        file_name : path
            Its folder is made; a file that is there is replaced.

        Returns
        -------
        Path
            Where it lies.

        Raises
        ------
        OSError
            When it cannot be written; what was there before is as it was.
        """
        target = Path(file_name)
        with written_whole(target) as temporary:
            temporary.write_text(self._html, encoding="utf-8", newline="\n")
        return target

    def open_in_browser(self, file_name: str | os.PathLike[str] | None = None) -> None:
        """Save the page, and open it in the browser.

        Parameters
        ----------
        file_name : path, optional
            Where to; by default into a new folder among the temporary files, where it stays, since
            nobody can tell when the browser has read it.
        """
        if file_name is None:
            file_name = Path(tempfile.mkdtemp(prefix="secondlevel-")) / "report.html"
        webbrowser.open(self.save_as_html(file_name).resolve().as_uri())

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return self.get_iframe()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002 - called with them
        """Return what a notebook shows, and nothing as plain text beside it."""
        return {"text/html": self.get_iframe()}

    def __repr__(self) -> str:
        """Return one line; the page itself would fill a terminal."""
        size = len(self._html.encode())
        return f"<Report: {size:,} bytes, shown as {self.width} x {self.height} pixels>"
