"""A colour bar that shows what a threshold hides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from secondlevel.plotting.canvas import SIGNED, SMALL

Floats = NDArray[np.float64]

ONE_SIGN = "viridis"
"""For maps without negative values; even steps of lightness, told apart by colour-blind readers."""

NEAR = 1.15
"""Ticks nearer to each other than so many font sizes would overlap."""

ENOUGH = 100
"""Values of which one can be told to be off scale."""

OFF_SCALE = 3.0
"""A largest value so many times that of all but one element in a thousand is off scale."""


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
    beyond : bool
        Whether some values lie beyond the last colour.
    """

    vmax: float
    threshold: float = 0.0
    signed: bool = True
    beyond: bool = False

    @property
    def vmin(self) -> float:
        """Value of the first colour."""
        return -self.vmax if self.signed else 0.0

    @property
    def name(self) -> str:
        """Of the colour map."""
        return SIGNED if self.signed else ONE_SIGN

    @property
    def extend(self) -> str:
        """At which ends the bar has an arrow."""
        if not self.beyond:
            return "neither"
        return "both" if self.signed else "max"

    def hides(self, values: Floats) -> NDArray[np.bool_]:
        """Flags of values that are not drawn: 0, and those nearer to 0 than the threshold."""
        heights = np.abs(values) if self.signed or self.threshold == 0 else values
        # Images hold single precision: a value at the threshold may be a rounding below it.
        return np.asarray((values == 0) | (heights < self.threshold * (1 - 1e-6)))

    def ticks(self, near: float = 0.09) -> list[float]:
        """Values that are written.

        Parameters
        ----------
        near : float, default=0.09
            Share of the bar that must lie between two of them.
        """
        wanted = [self.vmin, self.vmax, 0.0]
        if self.threshold > 0:
            wanted += [self.threshold, -self.threshold] if self.signed else [self.threshold]
        kept: list[float] = []
        for tick in wanted:
            if all(abs(tick - other) >= near * (self.vmax - self.vmin) for other in kept):
                kept.append(tick)
        return sorted(kept)


def choose_colours(
    values: Floats, threshold: float = 0.0, vmax: float | None = None, *, signed: bool = True
) -> Colours:
    """Choose colours for values: those that are drawn all have their own, but for a few off scale.

    Parameters
    ----------
    values : array
        Finite; 0 where there is nothing.
    threshold : float, default=0.0
        Not negative; infinite where nothing can be claimed, and then it hides nothing.
    vmax : float, optional
    signed : bool, default=True

    Examples
    --------
    >>> choose_colours(np.array([0.0, -4.21, 2.0]), 3.09).vmax
    4.3
    """
    hidden = threshold if np.isfinite(threshold) else 0.0
    sizes = np.abs(values) if signed else np.maximum(values, 0.0)
    largest = float(sizes.max(initial=0.0))
    limit = _limit(sizes[sizes > 0]) if vmax is None else vmax
    # The colours beyond a threshold take up a part of the bar that can be seen.
    limit = max(limit, 1.25 * hidden)
    return Colours(limit, hidden, signed, beyond=largest > limit * (1 + 1e-6))


def draw_colour_bar(
    figure: Figure, place: tuple[float, float, float, float], colours: Colours
) -> Axes:
    """Draw a colour bar; what the threshold hides is grey in it.

    Parameters
    ----------
    figure : Figure
    place : tuple of four float
        Left, bottom, width and height, as shares of the figure.
    colours : Colours
    """
    axes: Axes = figure.add_axes(place)
    shown = ScalarMappable(Normalize(colours.vmin, colours.vmax), colours.name)
    bar = figure.colorbar(shown, cax=axes, extend=colours.extend, extendfrac=0.06)
    if colours.threshold > 0:
        low = -colours.threshold if colours.signed else 0.0
        axes.axhspan(low, colours.threshold, color="0.85")
    ends = {"neither": 1.0, "max": 0.94, "both": 0.88}[colours.extend]
    height = place[3] * figure.get_figheight() * 72 * ends
    bar.set_ticks(colours.ticks(NEAR * SMALL / height))
    axes.set_yticklabels([written(tick) for tick in bar.get_ticks()], fontsize=SMALL)
    return axes


def written(value: float) -> str:
    """A number beside a colour bar: to three digits, whole ones as they are.

    Examples
    --------
    >>> written(-3.0902), written(1234.0), written(0.0)
    ('−3.09', '1234', '0')
    """
    whole = value == round(value) and abs(value) < 1e6
    text = f"{value:.0f}" if whole else f"{value:.3g}"
    return text.replace("-", "−")


def largest_of(values: object) -> float:
    """Largest absolute value, rounded up to two digits; 1 where all are 0."""
    largest = float(np.abs(np.asarray(values, dtype=np.float64)).max(initial=0.0))
    if largest == 0.0 or not np.isfinite(largest):
        return 1.0
    step = 10.0 ** (np.floor(np.log10(largest)) - 1)
    return float(np.ceil(largest / step - 1e-9) * step)


def _limit(sizes: Floats) -> float:
    """The largest size that is not off the scale of the others."""
    if len(sizes) >= ENOUGH:
        nearly_all = float(np.percentile(sizes, 99.9, method="lower"))
        sizes = sizes[sizes <= OFF_SCALE * nearly_all]
    return largest_of(sizes)
