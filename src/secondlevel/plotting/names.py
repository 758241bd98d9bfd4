"""Names and numbers as charts write them: so that they fit, and are taken as they are."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from secondlevel.plotting.canvas import SMALL

Floats = NDArray[np.float64]

LONGEST = 24
"""Letters of a name; a longer one is shortened in the middle."""

LETTER = 0.6 * SMALL / 72.0
"""Width of a small letter in inches, rather too much than too little."""


def short(name: Any, longest: int = LONGEST) -> str:
    """Shorten a name in the middle.

    Examples
    --------
    >>> short("a_rather_long_name_of_a_column", 15)
    'a_rathe…_column'
    """
    text = " ".join(str(name).split())
    if len(text) <= longest:
        return text
    left = math.ceil((longest - 1) / 2)
    return f"{text[:left]}…{text[len(text) - (longest - 1 - left) :]}"


def in_lines(text: Any, across: int, most: int = 2) -> str:
    """Break a text into lines, and shorten what does not fit into so many.

    Parameters
    ----------
    text : object
    across : int
        Letters of a line.
    most : int, default=2
        Lines.

    Examples
    --------
    >>> print(in_lines("Peak 1 (30, -18, 24) in the left temporal sulcus", 24))
    Peak 1 (30, -18, 24) in
    the left temporal sulcus
    """
    for room in range(across * most, 0, -1):
        lines = textwrap.wrap(short(text, room), across)
        if len(lines) <= most:
            return "\n".join(lines)
    return ""


def written(value: float) -> str:
    """Write a number with three digits.

    Examples
    --------
    >>> written(-0.5), written(1234.6), written(0.0000123)
    ('−0.5', '1235', '1.23e−05')
    """
    text = f"{value:.0f}" if 999.5 <= abs(value) < 1e6 else f"{value:.3g}"
    return text.replace("-", "−")


def name_ticks(
    axes: Axes, which: str, names: Sequence[str], *, slanted: bool = False, most: int | None = None
) -> None:
    """Write names at whole positions from 0; signs of mathematics in them stay as they are.

    Parameters
    ----------
    axes : Axes
    which : {"x", "y"}
    names : sequence of str
    slanted : bool, default=False
    most : int, optional
        Of more names only every second, or third, and so on, is written.
    """
    axis = axes.xaxis if which == "x" else axes.yaxis
    step = 1 if most is None else max(1, math.ceil(len(names) / max(most, 1)))
    axis.set_ticks(np.arange(0, len(names), step))
    axis.set_ticklabels(list(names[::step]), fontsize=SMALL, parse_math=False)
    if slanted:
        for label in axis.get_ticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor")


def counted(n: int, most: int = 8) -> Floats:
    """Round numbers from 1 to n, 1 among them: where to number what people count.

    Examples
    --------
    >>> counted(24), counted(3)
    (array([ 1.,  5., 10., 15., 20.]), array([1., 2., 3.]))
    """
    places = MaxNLocator(most, integer=True, steps=[1, 2, 5, 10]).tick_values(1, n)
    steps = np.asarray(places, dtype=np.float64)
    return np.unique(np.append(steps[(steps >= 1) & (steps <= n)], 1.0))


def slanted_height(names: Sequence[str]) -> float:
    """Height in inches that names need when they are slanted."""
    return 0.25 + math.sqrt(0.5) * LETTER * max(map(len, names), default=0)
