"""Pictures of a brain beside each other: all to one scale, with their marks around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from secondlevel.plotting.canvas import LARGE, NORMAL, SMALL
from secondlevel.plotting.colour_bar import Colours, draw_colour_bar
from secondlevel.plotting.lettering import SPACING, height_of, wrapped

WIDEST = 10.0
"""Inches of a whole figure."""

HIGHEST = 2.9
"""Inches of a panel."""

LONGEST_ROW = 8
"""Panels beside each other; more go on in another row."""

EDGE = 0.1
"""Inches around everything, and between panels."""

COLUMN = 1.25
"""Inches at the right for the colour bar."""

LONGEST_BAR = 2.4
"""Inches of the colour bar."""

LEAST = 1.75
"""Inches that the column of the colour bar is high at least."""

STRIP = SMALL * 1.5 / 72
"""Inches of a line of marks above or below a panel."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture within a figure.

    Parameters
    ----------
    axes : Axes
        Drawn already; put in its place by `arrange`.
    width, height : float
        In mm.
    caption : str
        Stands below it.
    sides : bool
        Whether left and right are marked above it.
    overhang : float
        How much farther its axes reach, above and below, where there is nothing drawn; in mm.
    """

    axes: Any
    width: float
    height: float
    caption: str = ""
    sides: bool = False
    overhang: float = 0.0


@dataclass(frozen=True)
class Words:
    """What is written around the panels.

    Parameters
    ----------
    title : str
    label : str
        What the values are, and their unit.
    note : str
        A remark below the title.
    """

    title: str = ""
    label: str = ""
    note: str = ""


def arrange(figure: Figure, rows: list[list[Panel]], colours: Colours, words: Words) -> None:
    """Give the figure its size, the panels their places, and write what stands around them.

    Parameters
    ----------
    figure : Figure
        With the axes of all panels; its size is changed.
    rows : list of list of Panel
        From top to bottom.
    colours : Colours
    words : Words
    """
    rows = [part for row in rows for part in _broken(row)]
    scale = _scale(rows)
    across = [sum(p.width for p in row) * scale + EDGE * (len(row) - 1) for row in rows]
    width = EDGE + max(across) + COLUMN
    title = wrapped(words.title, width - 2 * EDGE, LARGE, most=4) if words.title else []
    note = wrapped(words.note, width - 2 * EDGE, NORMAL) if words.note else []
    top = EDGE + height_of(title, LARGE) + height_of(note, NORMAL) + EDGE * bool(title or note)
    down = [max(p.height for p in row) * scale + _strips(row) + EDGE for row in rows]
    height = max(sum(down), LEAST) + top
    figure.set_size_inches(width, height)

    _write(figure, title, EDGE, EDGE, LARGE)
    _write(figure, note, EDGE, EDGE + height_of(title, LARGE), NORMAL, color="0.35")
    bottom = height - top - max(0.0, (LEAST - sum(down)) / 2)
    for row, high in zip(rows, down, strict=True):
        bottom -= high
        _place(figure, row, scale, bottom + EDGE)
    _column(figure, width - COLUMN + 2 * EDGE, top, colours, words.label)


def add_room(figure: Figure, inches: float) -> None:
    """Make a figure higher, with room at the bottom; what is drawn keeps its size and place."""
    width, height = figure.get_size_inches()
    share = height / (height + inches)
    for axes in figure.axes:
        left, bottom, wide, high = axes.get_position(original=True).bounds
        axes.set_position((left, 1 - (1 - bottom) * share, wide, high * share))
    for text in figure.texts:
        across, up = text.get_position()
        text.set_position((across, 1 - (1 - up) * share))
    figure.set_size_inches(width, height + inches)


def _broken(row: list[Panel]) -> list[list[Panel]]:
    """Break a long row into some of about the same length."""
    parts = -(-len(row) // LONGEST_ROW)
    each = -(-len(row) // parts)
    return [row[start : start + each] for start in range(0, len(row), each)]


def _scale(rows: list[list[Panel]]) -> float:
    """Inches per mm: as large as width and height allow."""
    room = WIDEST - EDGE - COLUMN
    by_width = min(
        (room - EDGE * (len(row) - 1)) / sum(panel.width for panel in row) for row in rows
    )
    by_height = min(HIGHEST / panel.height for row in rows for panel in row)
    return min(by_width, by_height)


def _strips(row: list[Panel]) -> float:
    return STRIP * (any(p.sides for p in row) + any(p.caption for p in row))


def _place(figure: Figure, row: list[Panel], scale: float, bottom: float) -> None:
    """Put panels beside each other, on one line, and write their marks."""
    width, height = figure.get_size_inches()
    tallest = max(panel.height for panel in row) * scale
    base = bottom + STRIP * any(panel.caption for panel in row)
    left = EDGE
    for panel in row:
        wide, high = panel.width * scale, panel.height * scale
        low = base + (tallest - high) / 2
        panel.axes.set_axes_locator(None)
        over = panel.overhang * scale
        place = (left / width, (low - over) / height, wide / width, (high + 2 * over) / height)
        panel.axes.set_position(place)
        marks: Any = {"fontsize": SMALL, "color": "black"}
        if panel.caption:
            figure.text(
                (left + wide / 2) / width,
                (low - 0.2 * STRIP) / height,
                panel.caption,
                ha="center",
                va="top",
                **marks,
            )
        if panel.sides:
            for side, share in (("L", 0.12), ("R", 0.88)):
                figure.text(
                    (left + share * wide) / width,
                    (low + high + 0.1 * STRIP) / height,
                    side,
                    ha="center",
                    va="bottom",
                    **marks,
                )
        left += wide + EDGE


def _column(figure: Figure, left: float, top: float, colours: Colours, label: str) -> None:
    """Draw the colour bar below its label."""
    width, height = figure.get_size_inches()
    lines = wrapped(label, width - left - 0.05, NORMAL, most=5)
    _write(figure, lines, left, top, NORMAL)
    above = top + height_of(lines, NORMAL) + 0.12
    below = EDGE + SMALL / 144
    high = min(LONGEST_BAR, height - above - below)
    place = (left / width, (height - above - high) / height, 0.13 / width, high / height)
    draw_colour_bar(figure, place, colours)


def _write(
    figure: Figure, lines: list[str], left: float, top: float, size: float, color: str = "black"
) -> None:
    """Write lines from the top left on; signs of mathematics in them stay as they are."""
    width, height = figure.get_size_inches()
    if lines:
        figure.text(
            left / width,
            1 - top / height,
            "\n".join(lines),
            fontsize=size,
            color=color,
            va="top",
            linespacing=SPACING,
            parse_math=False,
        )
