"""What is asked of a cluster table: the threshold, its sides, how large and how far apart."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_lowercase

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError
from secondlevel.inference.arguments import check_flag, check_number

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MIN_DISTANCE = 8.0
"""Of peaks in mm, by default, as in nilearn."""


@dataclass(frozen=True)
class Listing:
    """How clusters are listed, by default: nilearn does it otherwise on surfaces.

    Parameters
    ----------
    reached : bool
        Whether an element that just reaches the threshold belongs to a cluster.
    by_peak : bool
        Whether clusters are sorted by their peaks; else they stay in the order of elements.
    sub_peaks : int
        How many peaks of a cluster are listed besides the highest.
    peaks_among : dict of int to int
        Connectivity of what a peak is compared with, where it is not that of clusters.
    """

    reached: bool
    by_peak: bool
    sub_peaks: int
    peaks_among: dict[int, int]


LISTINGS = {
    "voxel": Listing(reached=False, by_peak=True, sub_peaks=3, peaks_among={6: 26}),
    "vertex": Listing(reached=True, by_peak=False, sub_peaks=0, peaks_among={}),
}
"""By what an element is called."""


@dataclass(frozen=True)
class ClusterQuestion:
    """A threshold and what to list of the clusters beyond it.

    Parameters
    ----------
    stat_threshold : float
        Cluster-forming threshold. A negative one asks for the negative side; beyond an infinite one
        there is nothing.
    cluster_threshold : float
        Fewest elements of a cluster that is listed.
    two_sided : bool
        Whether both sides are asked for.
    min_distance : float
        Between peaks of a cluster, in mm.
    sub_peaks : int, optional
        How many peaks of a cluster are listed besides the highest; by default those of the
        `Listing`.

    Raises
    ------
    InputTypeError
        When one of them is no number, or `two_sided` neither True nor False.
    InputError
        When it is out of range.
    """

    stat_threshold: float
    cluster_threshold: float
    two_sided: bool
    min_distance: float
    sub_peaks: int | None = None

    def __post_init__(self) -> None:
        # Infinite is what a correction that nothing survives gives: there is no cluster then.
        check_number("stat_threshold", self.stat_threshold, fits=lambda _: True)
        check_flag("two_sided", self.two_sided)
        if self.two_sided and self.stat_threshold < 0:
            raise InputError(
                'stat_threshold: "threshold" should not be a negative value when two_sided=True, '
                f"since both sides are cut at it. Use {-self.stat_threshold:g}. Got "
                f"{self.stat_threshold:g}."
            )
        check_number(
            "cluster_threshold",
            self.cluster_threshold,
            "the smallest number of elements of a cluster, 0 or more",
            lambda count: 0 <= count < np.inf,
        )
        check_number(
            "'min_distance'",
            self.min_distance,
            "positive: peaks of a cluster lie more than that many mm apart",
            lambda distance: 0 < distance < np.inf,
        )
        if self.sub_peaks is not None:
            check_number(
                "sub_peaks",
                self.sub_peaks,
                f"a whole number from 0 to {len(ascii_lowercase)}, since letters tell them apart",
                lambda count: count in range(len(ascii_lowercase) + 1),
            )

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

    def beyond(self, values: Floats, listing: Listing) -> Flags:
        """Return which values lie beyond the threshold on a side that is asked for."""
        heights = np.abs(values) if self.two_sided else values * self.signs[0]
        if listing.reached:
            return np.asarray((heights >= self.height) & (heights > 0))
        return np.asarray(heights > self.height)

    def peaks_per_cluster(self, listing: Listing) -> int:
        """How many peaks of a cluster are listed, the highest included."""
        return 1 + int(listing.sub_peaks if self.sub_peaks is None else self.sub_peaks)
