"""A colour bar that shows what a threshold hides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from secondlevel.plotting.canvas import NORMAL, SIGNED, SMALL

ONE_SIGN = "viridis"
"""For maps without negative values; even steps of lightness, told apart by colour-blind readers."""

NEAR = 0.09
"""Ticks nearer to each other than this share of the bar would overlap."""


@dataclass(frozen=True)
class Colours:
    """Which colours stand for which values.

    Parameters
    ----------
    vmax : float
        Value of the last colour, above 0.
    threshold : float
        Values nearer to 0 are not drawn; 0 hides nothing.
    signed : bool
        Whether colours reach from -vmax, or from 0.
    """

    vmax: float
    threshold: float = 0.0
    signed: bool = True

    @property
    def vmin(self) -> float:
        """Value of the first colour."""
        return -self.vmax if self.signed else 0.0

    @property
    def name(self) -> str:
        """Of the colour map."""
        return SIGNED if self.signed else ONE_SIGN

    @property
    def ticks(self) -> list[float]:
        """Values that are written, far enough from each other to be read."""
        wanted = [self.vmin, self.vmax, 0.0]
        if self.threshold > 0:
            wanted += [self.threshold, -self.threshold] if self.signed else [self.threshold]
        kept: list[float] = []
        for tick in wanted:
            if all(abs(tick - other) >= NEAR * (self.vmax - self.vmin) for other in kept):
                kept.append(tick)
        return sorted(kept)


def draw_colour_bar(
    figure: Figure, place: tuple[float, float, float, float], colours: Colours, label: str
) -> Axes:
    """Draw a colour bar; what the threshold hides is grey in it.

    Parameters
    ----------
    figure : Figure
    place : tuple of four float
        Left, bottom, width and height, as shares of the figure.
    colours : Colours
    label : str
        What the values are.
    """
    axes: Axes = figure.add_axes(place)
    shown = ScalarMappable(Normalize(colours.vmin, colours.vmax), colours.name)
    bar = figure.colorbar(shown, cax=axes)
    if colours.threshold > 0:
        low = -colours.threshold if colours.signed else 0.0
        axes.axhspan(low, min(colours.threshold, colours.vmax), color="0.85")
    bar.set_ticks(colours.ticks)
    axes.set_yticklabels([_written(tick) for tick in colours.ticks], fontsize=SMALL)
    axes.set_title(label, fontsize=NORMAL, pad=6, parse_math=False, loc="left")
    return axes


def _written(value: float) -> str:
    return f"{value:.3g}".replace("-", "−") if value else "0"


def largest_of(values: object) -> float:
    """Largest absolute value, rounded up to two digits; 1 where all are 0."""
    largest = float(np.abs(np.asarray(values, dtype=np.float64)).max(initial=0.0))
    if largest == 0.0 or not np.isfinite(largest):
        return 1.0
    step = 10.0 ** (np.floor(np.log10(largest)) - 1)
    return float(np.ceil(largest / step - 1e-9) * step)
