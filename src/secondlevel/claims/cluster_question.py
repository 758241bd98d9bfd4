"""What is asked of a cluster table: the threshold, its sides, how large and how far apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real
from string import ascii_lowercase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError, InputTypeError, MapWarning, warn

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MIN_DISTANCE = 8.0
"""Of peaks in mm, by default, as in nilearn."""

SUB_PEAKS = 3
"""How many of a cluster in a volume, by default, as in nilearn."""

LARGEST_ALPHA = 0.1
"""A threshold up to here may well be meant for p-values."""


@dataclass(frozen=True)
class ClusterQuestion:
    """A threshold and what to list of the clusters beyond it.

    Parameters
    ----------
    stat_threshold : float
        Cluster-forming threshold. A negative one asks for the negative side.
    cluster_threshold : float
        Fewest elements of a cluster that is listed.
    two_sided : bool
        Whether both sides are asked for.
    min_distance : float
        Between peaks of a cluster, in mm.
    sub_peaks : int, optional
        How many peaks of a cluster are listed besides the highest; by default three in a volume,
        none on a surface.

    Raises
    ------
    InputTypeError
        When one of them is no number, or `sub_peaks` no whole one.
    InputError
        When it is out of range.
    """

    stat_threshold: float
    cluster_threshold: float
    two_sided: bool
    min_distance: float
    sub_peaks: int | None = None

    def __post_init__(self) -> None:
        for name in ("stat_threshold", "cluster_threshold", "min_distance"):
            _check_number(getattr(self, name), name)
        if self.two_sided and self.stat_threshold < 0:
            raise InputError(
                f"'stat_threshold' should not be a negative value when two_sided=True: both sides "
                f"are cut at it. Use {-self.stat_threshold:g}. Got {self.stat_threshold:g}."
            )
        if self.cluster_threshold < 0:
            raise InputError(
                "'cluster_threshold' is the smallest number of elements of a cluster, 0 or more. "
                f"Got {self.cluster_threshold:g}."
            )
        if self.min_distance <= 0:
            raise InputError(
                "'min_distance' must be positive: peaks of a cluster lie more than that many mm "
                f"apart. Got {self.min_distance:g}."
            )
        if self.sub_peaks is not None:
            _check_sub_peaks(self.sub_peaks)

    @property
    def height(self) -> float:
        """How far from 0 the threshold lies."""
        return abs(float(self.stat_threshold))

    @property
    def signs(self) -> tuple[int, ...]:
        """The sides that are asked for: 1, -1 or both."""
        if self.two_sided:
            return (1, -1)
        return (-1,) if self.stat_threshold < 0 else (1,)

    def beyond(self, values: Floats, *, on_surface: bool) -> Flags:
        """Return which values lie beyond the threshold on a side that is asked for.

        Those equal to it do on a surface, and do not in a volume; that is nilearn's choice.
        """
        heights = np.abs(values) if self.two_sided else values * self.signs[0]
        if on_surface:
            return np.asarray((heights >= self.height) & (heights > 0))
        return np.asarray(heights > self.height)

    def peaks_per_cluster(self, *, on_surface: bool) -> int:
        """How many peaks of a cluster are listed, the highest included."""
        if self.sub_peaks is None:
            return 1 if on_surface else 1 + SUB_PEAKS
        return 1 + self.sub_peaks


def refuse_p_values(image: Any, values: Floats, question: ClusterQuestion) -> None:
    """Raise or warn when a map is, or looks like, one of p-values.

    Parameters
    ----------
    image : SpatialImage or SurfaceImage
        The map, whose header may say so.
    values : array of shape (V,)
        Of the map.
    question : ClusterQuestion

    Raises
    ------
    InputError
        When the header says that these are p-values.
    MapWarning
        When the values look like it: between 0 and 1, mostly above a small threshold.
    """
    advice = (
        "the elements that matter have small ones, and this table lists those with large ones. Use "
        "z, or -log10 p (for p < 0.05 its threshold is 1.3)"
    )
    intent = getattr(getattr(image, "header", None), "get_intent", None)
    if intent is not None and intent()[0] == "p value":
        raise InputError(f"stat_img says in its header that it holds p-values: {advice}.")
    threshold = question.stat_threshold
    if (
        0 < threshold <= LARGEST_ALPHA
        and values.min() >= 0
        and 0.9 < values.max() <= 1
        and np.count_nonzero(values > threshold) > len(values) / 2
    ):
        warn(
            f"The values of stat_img lie between 0 and 1, most of them above {threshold:g}. If "
            f"they are p-values, {advice}. If they are something else, go on.",
            MapWarning,
        )


def _check_number(value: Any, name: str) -> None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise InputTypeError(f"'{name}' must be one number. Got {value!r}.")
    if not math.isfinite(value):
        raise InputError(f"'{name}' must be a finite number. Got {value!r}.")


def _check_sub_peaks(value: Any) -> None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
        raise InputTypeError(
            f"'sub_peaks' is how many peaks are listed besides a cluster's highest. Got {value!r}."
        )
    if not 0 <= int(value) <= len(ascii_lowercase):
        raise InputError(
            f"'sub_peaks' is 0 to {len(ascii_lowercase)}, since letters tell them apart. "
            f"Got {value!r}."
        )
