"""The table of results: rows of text, printed for a terminal or as markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import Literal


@dataclass(frozen=True)
class Target:
    """What is to be reached.

    Parameters
    ----------
    relation : {"≥", "≤"}
        Which side of the limit is good.
    limit : float
        In the unit of what is measured.
    unit : str
        For printing.
    """

    relation: Literal["≥", "≤"]
    limit: float
    unit: str

    def met(self, measured: float) -> bool:
        """Whether a measured value is on the good side."""
        return measured >= self.limit if self.relation == "≥" else measured <= self.limit

    def __str__(self) -> str:
        return f"{self.relation} {self.limit:g} {self.unit}".rstrip()


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    what : str
        What was measured.
    secondlevel, beside : str
        The package's result, and that of whatever it is compared with.
    ratio : str
        Of the two.
    target, met : str
        What was to be reached, and whether it was.
    """

    what: str
    secondlevel: str
    beside: str = ""
    ratio: str = ""
    target: str = ""
    met: str = ""

    def judged(self, target: Target | None, measured: float) -> Row:
        """Return the row with a target and whether a number reaches it; None changes nothing."""
        if target is None:
            return self
        return replace(self, target=str(target), met="yes" if target.met(measured) else "NO")


HEADINGS = tuple(field.name.replace("beside", "compared with") for field in fields(Row))


def as_text(rows: Sequence[Row]) -> str:
    """Lay the table out for a terminal."""
    lines = [HEADINGS, *(astuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    padded = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join([padded[0], "-" * len(max(padded, key=len)), *padded[1:]])


def as_markdown(rows: Sequence[Row]) -> str:
    """Lay the table out as markdown."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(astuple(row) for row in rows)]
    escaped = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)
