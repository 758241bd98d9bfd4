"""What is known of a map under the null: p-values of peaks and clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.errors import InputError

Floats = NDArray[np.float64]

TIE = 1e-9
"""Statistics that differ by a smaller share are equal but for rounding, and tie."""


class Null(Protocol):
    """A null distribution that gives p-values of peaks and clusters of one map.

    Peaks and thresholds are in the unit of the statistic, always positive: those of a negative
    side are handed over with their sign changed. An answer is None where the null cannot tell.
    """

    def for_sides(self, *, two_sided: bool) -> Self:
        """Return the null for claims on one side of the map, or on both."""
        ...

    def peak_p(self, peaks: Floats) -> Floats:
        """Family-wise p of peaks of these heights, shape (k,)."""
        ...

    def peak_q(self, peaks: Floats, threshold: float) -> Floats | None:
        """False discovery rate of each of all peaks above the threshold, shape (k,)."""
        ...

    def cluster_p(self, counts: Floats, threshold: float) -> Floats | None:
        """Family-wise p of clusters of these many elements above the threshold, shape (k,)."""
        ...

    def cluster_p_uncorrected(self, counts: Floats, threshold: float) -> Floats | None:
        """The p of each cluster taken by itself, shape (k,)."""
        ...

    def cluster_q(self, counts: Floats, threshold: float) -> Floats | None:
        """False discovery rate of each of all clusters above the threshold, shape (k,)."""
        ...


@dataclass(frozen=True, eq=False)
class MaximumNull:
    """The null of a permutation run: the largest peak, and the largest cluster, of every shuffle.

    p = #{maxima >= observed} / N; the unshuffled data are one of the N shuffles (Winkler et al.,
    2014, NeuroImage 92, 381), so no p is 0.

    Parameters
    ----------
    peaks : array of shape (N,)
        Largest statistic of every shuffle, of its absolute value where `two_sided`.
    counts : array of shape (N,), optional
        Number of elements of the largest cluster of every shuffle above `threshold`.
    threshold : float, optional
        Cluster-forming threshold of `counts`.
    two_sided : bool, default=False
        Whether the maxima were taken over both sides.

    Examples
    --------
    >>> null = MaximumNull([3.0, 2.0, 4.0, 1.0], [9, 7, 8, 0], threshold=2.3)
    >>> null.peak_p(np.array([3.5, 0.5])), null.cluster_p(np.array([8.0]), 2.3)
    (array([0.25, 1.  ]), array([0.5]))
    """

    peaks: Floats
    counts: Floats | None
    threshold: float | None
    two_sided: bool

    def __init__(
        self,
        peaks: ArrayLike,
        counts: ArrayLike | None = None,
        *,
        threshold: float | None = None,
        two_sided: bool = False,
    ) -> None:
        if counts is not None and threshold is None:
            raise InputError("Sizes of clusters need the threshold that formed them: threshold=….")
        heights = _sorted(peaks)
        sizes = None if counts is None else _sorted(counts)
        if sizes is not None and len(sizes) != len(heights):
            raise InputError(
                f"There are {len(heights)} largest peaks and {len(sizes)} largest clusters; each "
                "shuffle has one of both."
            )
        object.__setattr__(self, "peaks", heights)
        object.__setattr__(self, "counts", sizes)
        object.__setattr__(self, "threshold", threshold)
        object.__setattr__(self, "two_sided", two_sided)

    def for_sides(self, *, two_sided: bool) -> Self:
        """Return this null, or raise InputError when its maxima are those of other sides."""
        if two_sided != self.two_sided:
            taken, wanted = ("both sides" if s else "one side" for s in (self.two_sided, two_sided))
            raise InputError(
                f"The maxima of this null were taken over {taken}, the claims are on {wanted}. Use "
                f"two_sided={self.two_sided}, or the maxima over {wanted}."
            )
        return self

    def peak_p(self, peaks: Floats) -> Floats:
        """Share of the shuffles with a peak as high, shape (k,)."""
        return _share_as_large(self.peaks, peaks)

    def peak_q(self, peaks: Floats, threshold: float) -> None:
        """Maxima do not tell."""

    def cluster_p(self, counts: Floats, threshold: float) -> Floats | None:
        """Share of the shuffles with a cluster as large, shape (k,)."""
        if self.counts is None or self.threshold is None:
            return None
        if abs(threshold - self.threshold) > TIE * abs(self.threshold):
            raise InputError(
                f"The clusters of this null were formed at {self.threshold:g}, those of the map at "
                f"{threshold:g}. Use the same threshold for both."
            )
        return _share_as_large(self.counts, counts)

    def cluster_p_uncorrected(self, counts: Floats, threshold: float) -> None:
        """Maxima do not tell."""

    def cluster_q(self, counts: Floats, threshold: float) -> None:
        """Maxima do not tell."""


def _sorted(maxima: ArrayLike) -> Floats:
    values = np.sort(np.asarray(maxima, dtype=np.float64).ravel())
    if len(values) == 0 or np.isnan(values).any():
        raise InputError("A null needs the maximum of at least one shuffle, and no NaN.")
    return values


def _share_as_large(maxima: Floats, observed: Floats) -> Floats:
    """Share of sorted maxima that are as large as each observed value, ties included."""
    reached = np.asarray(observed, dtype=np.float64)
    below = np.searchsorted(maxima, reached - TIE * np.abs(reached), side="left")
    return np.asarray((len(maxima) - below) / len(maxima))
