"""The maxima of all shuffles, and the observed one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from secondlevel.errors import InputError, InputTypeError
from secondlevel.inference.null import MaximumNull
from secondlevel.permutation.nulls.interval import p_interval, sequence_interval
from secondlevel.plotting.canvas import GREY, RED, SMALL, axes_of, label_axes, plain_frame
from secondlevel.plotting.names import written
from secondlevel.results.contrast import Shuffled
from secondlevel.results.permutation import PermutationMaps

Floats = NDArray[np.float64]

LEVEL = 0.05

OF = ("statistic", "size")

SIZES = {"elements": "elements", "mm3": "mm³", "mm2": "mm²"}

CONFIDENCE = 0.95
"""Of the interval of a p."""

BARS = 40
"""At most."""

FAR = 2.0
"""Spans of the null from it to the observed value beyond which that is not drawn to scale."""


@dataclass(frozen=True, eq=False)
class Maxima:
    """What is drawn: maxima of N shuffles and the observed one, and what they are of.

    Parameters
    ----------
    values : array of shape (N,)
    observed : float
    p : float
        Share of the shuffles whose maximum is as large.
    bounds : tuple of (float, float)
        95 % interval of the p that infinitely many shuffles would give; p itself if all were done.
    label : str
        Of the horizontal axis.
    counts : bool
        Whether these are whole numbers.
    """

    values: Floats
    observed: float
    p: float
    bounds: tuple[float, float]
    label: str
    counts: bool

    @property
    def words(self) -> str:
        """The observed value and its p."""
        said = f"observed: {written(self.observed)}, p = {self.p:.3g}"
        lower, upper = self.bounds
        if lower == upper:
            return f"{said} (all {len(self.values)} shuffles)"
        return f"{said} (95 % interval {lower:.2g} to {upper:.2g})"


def plot_null(
    shuffled: PermutationMaps | Shuffled,
    *,
    contrast: int | str = 0,
    of: str = "statistic",
    axes: Axes | None = None,
) -> Axes:
    """Draw the distribution of the maxima of a permutation run, with what was observed.

    Parameters
    ----------
    shuffled : PermutationMaps or Shuffled
        What `SecondLevelModel.permute` returned, or ``results[contrast].shuffled``.
    contrast : int or str, default=0
        Which contrast of a `PermutationMaps`, by number or name.
    of : {"statistic", "size"}, default="statistic"
        The largest statistic, or the number of elements of the largest cluster.
    axes : Axes, optional
        Where to draw; by default in a new figure that pyplot does not know.

    Returns
    -------
    matplotlib Axes
        A line at the observed value, with its family-wise p and the Monte Carlo interval of that;
        an arrow where it lies so far out that the null would have no room. The dashed line is the
        height from which on p is 5 % at most.

    Raises
    ------
    InputError, InputTypeError
        When this is no permutation run, or clusters were not summarised.

    Examples
    --------
    >>> from secondlevel.results.contrast import Shuffled
    >>> maxima = np.arange(1.0, 101.0)
    >>> run = Shuffled("t", 99.0, maxima, None, None, None, 0, False, "", None)
    >>> [text.get_text() for text in plot_null(run).get_legend().get_texts()]
    ['observed: 99, p = 0.02 (95 % interval 0.00026 to 0.055)', 'p is 0.05 at most from 95 on']
    """
    drawn = _read(shuffled, contrast, of)
    axes = axes_of(axes, 5.2, 3.1)
    within = drawn.values[drawn.values < drawn.observed]
    span = float(np.ptp(within)) if len(within) else 0.0
    # Where p is large, what lies below is not the null.
    far = drawn.p <= LEVEL and span > 0.0 and drawn.observed - within.max() > FAR * span
    if not far:
        within = drawn.values
    axes.hist(
        within, bins=list(_edges(within, drawn)), color="0.75", edgecolor="white", linewidth=0.4
    )
    _mark_observed(axes, drawn, far=far)
    _mark_level(axes, drawn)
    label_axes(axes, drawn.label, f"shuffles (of {len(drawn.values)})")
    axes.margins(x=0.04, y=0.08)
    if far:
        low, high = axes.get_xlim()
        axes.set_xlim(low, high + 0.35 * (high - low))
    if drawn.counts:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(
        fontsize=SMALL,
        frameon=False,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.2,
    )
    plain_frame(axes)
    return axes


def _mark_observed(axes: Axes, drawn: Maxima, *, far: bool) -> None:
    """Draw a line at the observed value, or an arrow towards it."""
    if not far:
        axes.axvline(drawn.observed, color=RED, linewidth=2, label=drawn.words)
        return
    # Of the legend only: a line inside the frame would stand at a wrong value.
    axes.plot([], [], color=RED, linewidth=2, marker=">", label=drawn.words)
    axes.annotate(
        f"observed {written(drawn.observed)}",
        (1.0, 0.5),
        (0.88, 0.56),
        xycoords="axes fraction",
        fontsize=SMALL,
        ha="center",
        color="black",
    )
    axes.annotate(
        "",
        (1.0, 0.5),
        (0.78, 0.5),
        xycoords="axes fraction",
        arrowprops={"arrowstyle": "-|>", "color": RED, "linewidth": 2},
    )


def _mark_level(axes: Axes, drawn: Maxima) -> None:
    """Draw a line where p becomes 0.05 at most; none where no shuffle's p is so small."""
    limit = MaximumNull(drawn.values).threshold(LEVEL)
    if not np.isfinite(limit):
        return
    if drawn.counts:
        # Just above the largest number whose p is more, so the next whole one.
        limit = round(limit) + 1.0
    axes.axvline(
        limit - 0.5 * drawn.counts,
        color=GREY,
        linestyle="--",
        linewidth=1.2,
        label=f"p is {LEVEL:g} at most from {written(limit)} on",
    )


def _edges(values: Floats, drawn: Maxima) -> Floats:
    """Edges of bars; of whole numbers every bar holds as many of them."""
    low, high = float(values.min()), float(values.max())
    n_bars = int(np.clip(np.sqrt(len(values)), 8, BARS))
    if not drawn.counts:
        if high - low <= 1e-9 * max(abs(high), 1e-300):
            low, high = low - 0.5, high + 0.5
        return np.linspace(low, high, n_bars + 1)
    step = max(1, int(np.ceil((high - low + 1) / n_bars)))
    return np.arange(low, high + step + 0.5, step) - 0.5


def _read(shuffled: Any, contrast: int | str, of: str) -> Maxima:
    if of not in OF:
        raise InputError(f"'of' must be one of 'statistic', 'size'. Got {of!r}.")
    if not isinstance(shuffled, (Shuffled, PermutationMaps)):
        raise InputTypeError(
            "shuffled must be what SecondLevelModel.permute returned, or the shuffled of a "
            f"contrast's results. Got {type(shuffled).__name__}."
        )
    run = shuffled if isinstance(shuffled, Shuffled) else shuffled.shuffled(contrast)
    if of == "statistic":
        return _maxima(run, run.maxima, run.observed, f"largest {run.statistic}")
    if run.sizes is None or run.observed_size is None or run.cluster_threshold is None:
        raise InputError(
            "The run did not summarise clusters. Ask for them: permute(..., "
            "summaries=[ClusterSummary(p=0.001)])."
        )
    counts = run.size_unit == "elements"
    what = (
        f"{SIZES[run.size_unit]} of the largest cluster "
        f"({run.statistic} > {run.cluster_threshold:.3g})"
    )
    return _maxima(run, run.sizes, run.observed_size, what, counts=counts)


def _maxima(
    run: Shuffled,
    values: Floats,
    observed: float,
    what: str,
    *,
    counts: bool = False,
) -> Maxima:
    if len(values) == 0 or not np.isfinite(values).all():
        raise InputError("Maxima of shuffles must be finite numbers, one for each shuffle.")
    p = float(MaximumNull(values).peak_p(np.array([observed]))[0])
    reached = round(p * len(values))
    if run.stopped_early:
        lower, upper = sequence_interval(reached, len(values), 1 - CONFIDENCE)
    else:
        lower, upper = p_interval(reached, len(values), CONFIDENCE, exhaustive=run.exhaustive)
    label = f"{what} of a shuffle"
    return Maxima(values, observed, p, (float(lower), float(upper)), label, counts)
