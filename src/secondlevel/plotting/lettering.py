"""Text that fits: broken into lines by its width as it is drawn."""

from __future__ import annotations

from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

WIDER = 1.04
"""At few dots per inch letters are rounded to be so much wider than at many."""

SPACING = 1.25
"""Height of a line, in font sizes."""


def wrapped(text: str, width: float, size: float, *, most: int = 6) -> list[str]:
    """Break a text into lines.

    Parameters
    ----------
    text : str
        Its own line breaks are kept.
    width : float
        Of a line in inches.
    size : float
        Of the font in points.
    most : int, default=6
        Lines; what does not fit into so many ends in an ellipsis.

    Returns
    -------
    list of str
        Words that are wider than a line are broken too.

    Examples
    --------
    >>> wrapped("patients > controls", 0.8, 10.0)
    ['patients >', 'controls']
    """
    measure = _Ruler(size)
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split():
            if line and measure(f"{line} {word}") <= width:
                line = f"{line} {word}"
                continue
            if line:
                lines.append(line)
            *full, line = _pieces(word, width, measure)
            lines += full
        lines.append(line)
    if len(lines) > most:
        last = lines[most - 1]
        while last and measure(f"{last}…") > width:
            last = last[:-1]
        lines = [*lines[: most - 1], f"{last}…"]
    return lines


def height_of(lines: list[str], size: float) -> float:
    """Height of some lines in inches."""
    return len(lines) * size * SPACING / 72


class _Ruler:
    """The width of a text in inches, by the program that draws it."""

    def __init__(self, size: float) -> None:
        self.font = FontProperties(size=size)
        canvas: Any = FigureCanvasAgg(Figure(figsize=(1, 1), dpi=144))  # without types in part
        self.renderer = canvas.get_renderer()

    def __call__(self, text: str) -> float:
        across = self.renderer.get_text_width_height_descent(text, self.font, ismath=False)[0]
        return WIDER * float(across) / 144


def _pieces(word: str, width: float, measure: _Ruler) -> list[str]:
    """Cut a word that is wider than a line."""
    pieces = [""]
    if measure(word) <= width:
        return [word]
    for letter in word:
        if pieces[-1] and measure(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces
