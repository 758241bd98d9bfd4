"""What is known of a map under the null: p-values of peaks and clusters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.errors import InputError
from secondlevel.inference.arguments import as_numbers, check_alpha, check_flag, check_threshold
from secondlevel.inference.extents import count_elements

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]

TIE = 1e-9
"""Statistics that differ by a smaller share are equal but for rounding, and tie."""


@dataclass(frozen=True, eq=False)
class Claims:
    """What a null says of k peaks, or of k clusters; None where it cannot tell.

    Parameters
    ----------
    p : array of shape (k,), optional
        Family-wise p.
    q : array of shape (k,), optional
        False discovery rate of each, among all that were asked about together.
    p_uncorrected : array of shape (k,), optional
        The p of each taken by itself.
    """

    p: Floats | None = None
    q: Floats | None = None
    p_uncorrected: Floats | None = None


class Null(Protocol):
    """A null distribution that gives a height, and p-values of peaks and clusters, of one map.

    Peaks and thresholds are in the unit of the statistic, always positive: those of a negative
    side are handed over with their sign changed.
    """

    @property
    def statistic(self) -> str | None:
        """What it is the null of: "z", "t" or "F"; None where that is not known."""
        ...

    def for_sides(self, *, two_sided: bool, sign: int = 1) -> Self:
        """Return the null for claims on both sides of the map, or on that of a sign, 1 or -1."""
        ...

    def fits(self, n_elements: int) -> bool:
        """Whether a map of so many elements can be one of this null's search region."""
        ...

    def threshold(self, alpha: float = 0.05) -> float:
        """Return the height whose family-wise p is alpha at most."""
        ...

    def of_peaks(self, heights: Floats, threshold: float) -> Claims:
        """Return what is known of all peaks above a threshold, of these heights, shape (k,)."""
        ...

    def extents(self, labels: Labels, n_clusters: int) -> Floats:
        """Measure clusters as this null does, shape (n_clusters,).

        Parameters
        ----------
        labels : int array of shape (V,)
            Cluster of every element of the map, from 1; 0 where it belongs to none.
        n_clusters : int
        """
        ...

    def of_clusters(self, extents: Floats, threshold: float) -> Claims:
        """Return what is known of all clusters above a threshold, of these extents, shape (k,)."""
        ...


@dataclass(frozen=True, eq=False)
class MaximumNull:
    """The null of a permutation run: the largest peak, and the largest cluster, of every shuffle.

    p = #{maxima >= observed} / N; the unshuffled data are one of the N shuffles (Winkler et al.,
    2014, NeuroImage 92, 381), so no p is 0.

    Parameters
    ----------
    peaks : array-like of shape (N,)
        Largest statistic of every shuffle, of its absolute value where `two_sided`, of its negative
        where `sign` is -1.
    counts : array-like of shape (N,), optional
        Number of elements of the largest cluster of every shuffle above `cluster_threshold`.
    cluster_threshold : float, optional
        Cluster-forming threshold of `counts`, positive on either side.
    two_sided : bool, default=False
        Whether the maxima were taken over both sides.
    sign : {1, -1}, default=1
        The side they were taken over, where it was one.
    statistic : {"z", "t", "F"}, optional
        What the maxima are of; a table then refuses maps of something else.
    n_elements : int, optional
        Of how many elements they are; a table then warns of maps of another number.
    connectivity : int, optional
        Neighbours of a voxel that formed the clusters of `counts`; a table of others is refused.

    Raises
    ------
    InputError, InputTypeError
        When these are no such numbers or names, or `counts` have no threshold.

    See Also
    --------
    secondlevel.RandomField : From the smoothness of the map; needs no shuffles.

    Examples
    --------
    >>> null = MaximumNull([3.0, 2.0, 4.0, 1.0], [9, 7, 8, 0], cluster_threshold=2.3)
    >>> null.peak_p(np.array([3.5, 0.5])), null.cluster_p(np.array([8.0]), 2.3)
    (array([0.25, 1.  ]), array([0.5]))
    """

    peaks: Floats
    counts: Floats | None
    cluster_threshold: float | None
    two_sided: bool
    sign: int
    statistic: str | None
    n_elements: int | None
    connectivity: int | None

    def __init__(
        self,
        peaks: ArrayLike,
        counts: ArrayLike | None = None,
        *,
        cluster_threshold: float | None = None,
        two_sided: bool = False,
        sign: int = 1,
        statistic: str | None = None,
        n_elements: int | None = None,
        connectivity: int | None = None,
    ) -> None:
        _check_names(sign, statistic)
        object.__setattr__(self, "peaks", _sorted(peaks))
        object.__setattr__(self, "counts", None if counts is None else _sorted(counts))
        object.__setattr__(self, "cluster_threshold", _as_threshold(cluster_threshold))
        object.__setattr__(self, "two_sided", check_flag("two_sided", two_sided))
        object.__setattr__(self, "sign", int(sign))
        object.__setattr__(self, "statistic", statistic)
        object.__setattr__(self, "n_elements", n_elements)
        object.__setattr__(self, "connectivity", connectivity)
        self._check_counts()

    def _check_counts(self) -> None:
        if self.counts is None:
            return
        if self.cluster_threshold is None:
            raise InputError(
                "Sizes of clusters need the threshold that formed them: cluster_threshold=…."
            )
        if len(self.counts) != len(self.peaks):
            raise InputError(
                f"There are {len(self.peaks)} largest peaks and {len(self.counts)} largest "
                "clusters; each shuffle has one of both."
            )

    def for_sides(self, *, two_sided: bool, sign: int = 1) -> Self:
        """Return this null, if it is for these sides.

        Raises
        ------
        InputError
            When its maxima are those of other sides.
        """
        ours = _sides(two_sided=self.two_sided, sign=self.sign)
        asked = _sides(two_sided=two_sided, sign=sign)
        if asked != ours:
            raise InputError(
                f"The maxima of this null were taken over {ours}, the claims are on {asked}. Make "
                f"claims on {ours}, or take the maxima over {asked} "
                f"(MaximumNull(..., two_sided={two_sided}, sign={1 if two_sided else sign}))."
            )
        return self

    def fits(self, n_elements: int) -> bool:
        """Whether the maxima are of so many elements, as far as that is known."""
        return self.n_elements is None or self.n_elements == n_elements

    def peak_p(self, peaks: ArrayLike) -> Floats:
        """Share of the shuffles with a peak as high, shape (k,).

        Raises
        ------
        InputError
            When one is higher than the highest of every shuffle, and so not of this map.
        InputTypeError
            When these are no numbers.
        """
        return _share_as_large(self.peaks, peaks, "peak")

    def of_peaks(self, heights: Floats, threshold: float) -> Claims:  # noqa: ARG002 - as others
        """Return the family-wise p of peaks; maxima tell no more.

        Raises
        ------
        InputError, InputTypeError
            As `peak_p`.
        """
        return Claims(self.peak_p(heights))

    def threshold(self, alpha: float = 0.05) -> float:
        """Return the height from which on the family-wise p is alpha at most.

        It lies just above the largest maximum whose p is more (Nichols and Holmes, 2002, Hum. Brain
        Mapp. 15, 1), so that a map cut there keeps what has such a p, and nothing else.

        Parameters
        ----------
        alpha : float, default=0.05
            From 0 to 1.

        Returns
        -------
        float
            inf where no shuffle's p is so small.

        Raises
        ------
        InputError, InputTypeError
            When it is not.

        Examples
        --------
        >>> round(MaximumNull(np.arange(1.0, 101.0)).threshold(0.05), 6)
        95.0
        """
        failed = self.peaks[self.peak_p(self.peaks) > check_alpha(alpha)]
        if len(failed) == len(self.peaks):
            return float("inf")
        if len(failed) == 0:
            return float(self.peaks[0] - TIE * abs(self.peaks[0]))
        # Higher by what makes a tie: what ties with that maximum has its p.
        return float(failed[-1] + (TIE + TIE**2) * abs(failed[-1]))

    def extents(self, labels: Labels, n_clusters: int) -> Floats:
        """Count the elements of clusters, shape (n_clusters,)."""
        return count_elements(labels, n_clusters)

    def cluster_p(self, extents: ArrayLike, threshold: float) -> Floats | None:
        """Share of the shuffles with a cluster as large, shape (k,); None without `counts`.

        Raises
        ------
        InputError
            When clusters were formed at another threshold, or one is larger than the largest of
            every shuffle, and so not of this map.
        InputTypeError
            When these are no numbers.
        """
        if self.counts is None or self.cluster_threshold is None:
            return None
        # Where there is no cluster it is no matter.
        if np.size(extents) and _differ(check_threshold(threshold), self.cluster_threshold):
            raise InputError(
                f"The clusters of this null were formed at {self.cluster_threshold:g}, those of "
                f"the map at {threshold:g}. Use the same threshold for both."
            )
        return _share_as_large(self.counts, extents, "cluster")

    def of_clusters(self, extents: Floats, threshold: float) -> Claims:
        """Return the family-wise p of clusters, None without `counts`; maxima tell no more.

        Raises
        ------
        InputError, InputTypeError
            As `cluster_p`.
        """
        return Claims(self.cluster_p(extents, threshold))


def _sides(*, two_sided: bool, sign: int) -> str:
    return "both sides" if two_sided else f"the {'positive' if sign > 0 else 'negative'} side"


def _differ(one: float, other: float) -> bool:
    return abs(one - other) > TIE * other


def _check_names(sign: Any, statistic: Any) -> None:
    if not isinstance(sign, Real) or sign not in {1, -1}:
        raise InputError(f"sign is the side of the maxima, 1 or -1. Got {sign!r}.")
    if statistic is None:
        return
    if not isinstance(statistic, str) or statistic not in {"z", "t", "F"}:
        raise InputError(f"statistic must be one of 'z', 't', 'F', or None. Got {statistic!r}.")


def _as_threshold(threshold: Any) -> float | None:
    if threshold is None:
        return None
    wanted = (
        "cluster_threshold is a positive number in the unit of the statistic; for the negative "
        "side give it with its sign changed, and sign=-1"
    )
    value = as_numbers(threshold, wanted)
    if value.ndim or not 0.0 < value < math.inf:
        raise InputError(f"{wanted}. Got {threshold!r}.")
    return float(value)


def _sorted(maxima: ArrayLike) -> Floats:
    wanted = "A null needs the maximum of at least one shuffle, and no NaN"
    values = np.sort(as_numbers(maxima, wanted).ravel())
    if len(values) == 0 or np.isnan(values).any():
        raise InputError(f"{wanted}.")
    return values


def _share_as_large(maxima: Floats, observed: ArrayLike, what: str) -> Floats:
    """Share of sorted maxima that are as large as each observed value, ties included."""
    reached = as_numbers(observed, f"A p is asked for the numbers of each {what}")
    below = np.searchsorted(maxima, reached - TIE * np.abs(reached), side="left")
    if (below == len(maxima)).any():
        raise InputError(
            f"This null is not of this map: a {what} of {reached.max():g} exceeds those of all "
            f"{len(maxima)} shuffles, of which the largest is {maxima[-1]:g}. The unshuffled map "
            "is one of them, so take the maxima again with it, over the same side, mask and "
            "connectivity."
        )
    return np.asarray((len(maxima) - below) / len(maxima))
