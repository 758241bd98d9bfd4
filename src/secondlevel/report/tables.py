"""Tables of the page as records: what the template writes, and the script sorts."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup

FIRST_SHOWN = 20
"""Longer tables are folded to so many groups of rows, until the reader asks for all."""


@dataclass(frozen=True)
class Cell:
    """One cell.

    Parameters
    ----------
    text : str or Markup
        What is read; a string is escaped.
    value : float or str, optional
        What is sorted by; by default the text.
    interval : str, default=""
        Stands smaller, below the text.
    """

    text: str | Markup
    value: float | str | None = None
    interval: str | Markup = ""


@dataclass(frozen=True)
class Column:
    """One column.

    Parameters
    ----------
    label : str
        Its heading, with the unit.
    numeric : bool, default=True
        Whether it holds numbers: aligned right, the largest first when sorted for the first time.
    means : str, default=""
        A longer explanation.
    minor : bool, default=False
        Whether it is hidden until the reader asks for all columns.
    """

    label: str
    numeric: bool = True
    means: str = ""
    minor: bool = False


@dataclass(frozen=True)
class Row:
    """One row; its first cell is its heading.

    Parameters
    ----------
    cells : tuple of Cell
    below : bool, default=False
        Whether it belongs to the row above it.
    odd : bool, default=False
        Whether it is to catch the eye.
    place : dict, optional
        Where a viewer goes when the row is clicked: "x", "y", "z" in mm, "hemisphere".
    """

    cells: tuple[Cell, ...]
    below: bool = False
    odd: bool = False
    place: dict[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table that sorts on a click.

    Parameters
    ----------
    name : str
        Its id in the page.
    caption : str
    columns : tuple of Column
    groups : tuple of tuples of Row
        Rows of a group stay together.
    things : str
        What the groups are, in the plural: "clusters", "maps".
    viewer : int, optional
        Number of the viewer that clicks move.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    groups: tuple[tuple[Row, ...], ...]
    things: str
    viewer: int | None = None

    @property
    def folded(self) -> bool:
        """Whether only the first groups are shown at first."""
        return len(self.groups) > FIRST_SHOWN

    @property
    def minor(self) -> bool:
        """Whether some columns are hidden at first."""
        return any(column.minor for column in self.columns)
