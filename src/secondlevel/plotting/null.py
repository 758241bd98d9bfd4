"""The largest statistic of every shuffle, and the observed one."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from secondlevel.errors import InputError, InputTypeError
from secondlevel.inference.null import MaximumNull
from secondlevel.plotting.canvas import GREY, NORMAL, RED, SMALL, axes_of, plain_frame
from secondlevel.results.contrast import Shuffled
from secondlevel.results.permutation import PermutationMaps

Floats = NDArray[np.float64]

LEVEL = 0.05

OF = ("statistic", "size")


def plot_null(
    shuffled: Any, *, contrast: int | str = 0, of: str = "statistic", axes: Axes | None = None
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
        A line at the observed value, with its family-wise p; the dashed one is where p is 5 %.

    Raises
    ------
    InputError, InputTypeError
        When this is no permutation run, or clusters were not summarised.

    Examples
    --------
    >>> from secondlevel.results.contrast import Shuffled
    >>> maxima = np.arange(1.0, 101.0)
    >>> run = Shuffled("t", 99.0, maxima, None, None, None, 0, False, "", None)
    >>> plot_null(run).get_xlabel()
    'largest t of a shuffle'
    """
    statistic, observed, maxima, threshold = _read(shuffled, contrast, of)
    axes = axes_of(axes, 5.2, 2.9)
    n_bins = int(np.clip(np.sqrt(len(maxima)), 8, 40))
    axes.hist(maxima, bins=n_bins, color="0.75", edgecolor="white", linewidth=0.4)
    p = np.count_nonzero(maxima >= observed * (1 - 1e-9)) / len(maxima)
    limit = MaximumNull(maxima).threshold(LEVEL)
    if np.isfinite(limit):
        axes.axvline(
            limit, color=GREY, linestyle="--", linewidth=1.2, label=f"p = 0.05: {limit:.3g}"
        )
    axes.axvline(observed, color=RED, linewidth=2, label=f"observed: {observed:.3g}, p = {p:.2g}")
    axes.set_xlabel(
        f"largest {statistic} of a shuffle"
        if of == "statistic"
        else f"elements of the largest cluster of a shuffle, {statistic} > {threshold:.3g}",
        fontsize=NORMAL,
    )
    axes.set_ylabel(f"shuffles (of {len(maxima)})", fontsize=NORMAL)
    axes.legend(fontsize=SMALL, frameon=False)
    axes.margins(x=0.04, y=0.12)
    plain_frame(axes)
    return axes


def _read(shuffled: Any, contrast: int | str, of: str) -> tuple[str, float, Floats, float]:
    if of not in OF:
        raise InputError(f"'of' must be one of 'statistic', 'size'. Got {of!r}.")
    if not isinstance(shuffled, (Shuffled, PermutationMaps)):
        raise InputTypeError(
            "shuffled must be what SecondLevelModel.permute returned, or the shuffled of a "
            f"contrast's results. Got {type(shuffled).__name__}."
        )
    run = shuffled if isinstance(shuffled, Shuffled) else shuffled.shuffled(contrast)
    if of == "statistic":
        return run.statistic, run.observed, run.maxima, 0.0
    if run.sizes is None or run.observed_size is None or run.cluster_threshold is None:
        raise InputError(
            "The run did not summarise clusters. Ask for them: permute(..., "
            "summaries=[ClusterSummary(p=0.001)])."
        )
    return run.statistic, run.observed_size, run.sizes, run.cluster_threshold
