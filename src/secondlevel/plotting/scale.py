"""Scales for numbers of which one may be wildly larger than the others."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator
from numpy.typing import NDArray

from secondlevel.plotting.names import written

Floats = NDArray[np.float64]

WILD = 20.0
"""Times the median: a number beyond would leave the others no room."""


def is_wild(values: Floats, times: float = WILD) -> bool:
    """Whether numbers, none negative, have to be drawn by their factors for all to be seen."""
    usual = float(np.median(values))
    return usual > 0.0 and float(np.max(values)) > times * usual


def logarithmic(axes: Axes, which: str, values: Floats) -> None:
    """Draw an axis by factors, with numbers that people read; 0 lies at the lower end.

    Parameters
    ----------
    axes : Axes
    which : {"x", "y"}
    values : array of shape (n,)
        What is drawn, none negative, some positive.
    """
    positive = values[values > 0.0]
    low, high = float(positive.min()), float(positive.max())
    # Numbers that are next to nothing are no reason for ten more decades.
    low = max(low, 1e-3 * float(np.median(positive)))
    axis, set_scale, set_limits = (
        (axes.xaxis, axes.set_xscale, axes.set_xlim)
        if which == "x"
        else (axes.yaxis, axes.set_yscale, axes.set_ylim)
    )
    decades = float(np.log10(high / low))
    margin = 10.0 ** (0.1 * max(decades, 0.3))
    if (values < low).any():
        set_scale("symlog", linthresh=low, linscale=0.2)
        set_limits(-0.3 * low, high * margin)
    else:
        set_scale("log")
        set_limits(low / margin, high * margin)
    axis.set_major_locator(LogLocator(subs=(1.0,) if decades > 3 else (1.0, 2.0, 5.0)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(lambda value, _: written(value))
    axis.set_minor_formatter(NullFormatter())
