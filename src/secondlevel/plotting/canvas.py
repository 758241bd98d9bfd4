"""What all charts share: figures that pyplot does not know, colours, names that fit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from secondlevel.errors import InputTypeError

SIGNED = "RdBu_r"
"""Red above 0, blue below, white at 0; told apart by colour-blind readers (ColorBrewer)."""

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#6b7280"
"""Told apart by colour-blind readers (Okabe and Ito, 2008, *Color Universal Design*)."""

GROUPS = (BLUE, RED, GREEN, ORANGE, "#CC79A7", "#56B4E9")

SMALL, NORMAL, LARGE = 8.0, 9.0, 10.5
"""Font sizes in points."""

LONGEST = 24
"""Letters of a name; a longer one is shortened in the middle."""


def new_figure(width: float, height: float) -> Figure:
    """Make a figure on white that no window shows and nothing needs to close.

    Parameters
    ----------
    width, height : float
        In inches.
    """
    figure = Figure(figsize=(width, height), facecolor="white", dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def axes_of(axes: Axes | None, width: float, height: float) -> Axes:
    """Return the axes that were handed over, or those of a new figure.

    Raises
    ------
    InputTypeError
        When they are none.
    """
    if axes is None:
        made: Axes = new_figure(width, height).add_subplot()
        return made
    if not isinstance(axes, Axes):
        raise InputTypeError(f"axes must be a matplotlib Axes. Got {type(axes).__name__}.")
    return axes


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


def plain_frame(axes: Axes) -> None:
    """Draw the axes that are read, and no box around them."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=SMALL)


def name_ticks(axes: Axes, which: str, names: list[str], *, slanted: bool = False) -> None:
    """Write names at whole positions from 0; signs of mathematics in them stay as they are.

    Parameters
    ----------
    axes : Axes
    which : {"x", "y"}
    names : list of str
    slanted : bool, default=False
    """
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks(np.arange(len(names)))
    axis.set_ticklabels(names, fontsize=SMALL, parse_math=False)
    if slanted:
        for label in axis.get_ticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor")


def ink_on(lightness: float) -> str:
    """Black or white, whichever is read more easily on a grey of this lightness from 0 to 1."""
    return "black" if lightness > 0.5 else "white"
