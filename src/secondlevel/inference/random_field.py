"""Random fields: p-values of the peaks and clusters of a smooth map."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from secondlevel.errors import InputError, InputTypeError
from secondlevel.inference.arguments import check_alpha, check_count, check_flag, check_threshold
from secondlevel.inference.correction import benjamini_hochberg
from secondlevel.inference.euler import make_field
from secondlevel.inference.excursions import Excursions
from secondlevel.inference.field_limits import (
    LAXEST,
    NEARLY_SAME,
    as_extents,
    as_heights,
    check_field_is_finite,
    warn_of_coarse_elements,
    warn_of_lax_threshold,
    warn_of_other_elements,
)
from secondlevel.inference.lowest_height import lowest_height
from secondlevel.inference.null import Claims
from secondlevel.inference.smoothness import Smoothness

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class RandomField:
    """A null for smooth maps: p-values of peaks and clusters by random field theory.

    Heights and thresholds are in the unit of the statistic and not negative: those of a negative
    side are handed over with their sign changed.

    Parameters
    ----------
    smoothness : Smoothness, or array-like of resels
        Of the search region. Of bare resels (R0, R1, R2, R3) all elements share those of the
        highest dimension. For a small volume, give that of the volume.
    statistic : {"z", "t", "F"}
    dof : float or pair of float, optional
        Residual degrees of freedom of t; those of contrast and residuals of F; none for z.
    n_elements : int, optional
        Elements of the search region, for Bonferroni; by default those of the smoothness.
    two_sided : bool, default=False
        Whether claims are on both sides of the map, which doubles what is expected by chance.

    Raises
    ------
    InputError, InputTypeError
        When these are no such numbers, or the degrees of freedom are fewer than the dimensions. By
        methods: when heights or extents are no numbers or negative, a cluster-forming threshold is
        not positive, alpha is not from 0 to 1.

    Warns
    -----
    RandomFieldWarning
        When the FWHM is below 2.5 elements. By methods that tell of clusters: when these were
        formed at a threshold laxer than p = 0.001.

    See Also
    --------
    secondlevel.SecondLevelModel.random_field : That of a contrast of a fitted model.
    secondlevel.smoothness_from_fwhm : The smoothness of a region where the FWHM is known.
    secondlevel.MaximumNull : From permutations; needs no smoothness.

    Notes
    -----
    The p of a peak is the smaller of Bonferroni's and of 1 - exp(-E), with E = Σ R_d ρ_d(u) the
    expected Euler characteristic of what lies above u (Worsley et al., 1996, Hum. Brain Mapp. 4,
    58). E is the number of peaks above u only where it falls with u; below, its largest value from
    u on stands for it. No p of a peak is less than that of an element. Clusters have E itself as
    their expected number, and sizes as in Friston et al. (1994, Hum. Brain Mapp. 1, 210). False
    discovery rates are those of all peaks (Chumbley et al., 2010, NeuroImage 49, 3057) and of all
    clusters (Chumbley and Friston, 2009, NeuroImage 44, 62) above the threshold.

    Of clusters nothing is told (None) where the elements per resel are not known, as in a region of
    single elements. Their p on a grid takes the noise to be as smooth everywhere: clusters are too
    often found where it is smoother than on average, too seldom where it is rougher. On a mesh,
    whose vertices are not evenly spaced, a cluster is as large as the resels of its vertices
    (Hayasaka et al., 2004, NeuroImage 22, 676). For the same on a grid change the smoothness,
    ``dataclasses.replace(smoothness, stationary=False)``. The p of peaks needs neither.

    Examples
    --------
    >>> brain = Smoothness.of_resels([1, 30.1, 290.2, 901.3], 45_000, fwhm=[3.5, 3.6, 3.6])
    >>> null = RandomField(brain, "t", 23)
    >>> round(null.threshold(0.05), 3), null.peak_p(np.array([7.0])).round(4)
    (6.253, array([0.0088]))
    >>> null.cluster_p(np.array([20.0, 60.0]), 3.6).round(4)
    array([0.1934, 0.0033])
    """

    smoothness: Smoothness
    statistic: str
    dof: Any
    n_elements: int
    two_sided: bool

    def __init__(
        self,
        smoothness: Smoothness | ArrayLike,
        statistic: str,
        dof: Any = None,
        n_elements: int | None = None,
        *,
        two_sided: bool = False,
    ) -> None:
        known = _as_smoothness(smoothness, n_elements)
        kind = make_field(statistic, dof)
        if n_elements is None:
            n_elements = known.n_elements
        object.__setattr__(self, "smoothness", known)
        object.__setattr__(self, "statistic", statistic)
        object.__setattr__(self, "dof", dof)
        object.__setattr__(self, "n_elements", check_count(n_elements))
        object.__setattr__(self, "two_sided", check_flag("two_sided", two_sided) and kind.is_signed)
        check_field_is_finite(kind, known.dimension)
        warn_of_coarse_elements(known)

    @cached_property
    def excursions(self) -> Excursions:
        """What lies above a height of the field, on one side."""
        resels = self.smoothness.resels[: self.smoothness.dimension + 1]
        return Excursions(make_field(self.statistic, self.dof), resels)

    def for_sides(self, *, two_sided: bool, sign: int = 1) -> Self:
        """Return the null for claims on one side of the map, or on both; F has one side only.

        Raises
        ------
        InputError
            When the negative side of F is asked for.
        """
        field = self.excursions.field
        if sign < 0 and not two_sided and not field.is_signed:
            raise InputError(f"{field.name} has no negative side. Use a positive threshold.")
        # A copy keeps what was prepared, and does not warn again.
        other = copy.copy(self)
        object.__setattr__(other, "two_sided", two_sided and field.is_signed)
        return other

    def fits(self, n_elements: int) -> bool:
        """Whether a map of so many elements can be one of this search region, but for a few."""
        nearly = abs(n_elements - self.n_elements) <= NEARLY_SAME * self.n_elements
        return nearly or self.smoothness.aligns(n_elements)

    @property
    def _sides(self) -> int:
        return 2 if self.two_sided else 1

    # ------------------------------------------------------------------ heights

    def expected_euler(self, heights: ArrayLike) -> Floats:
        """Expected Euler characteristic of what lies above each height, on one side or on both.

        Negative where holes outnumber what they are in.
        """
        return self._sides * self.excursions.euler(as_heights(heights))

    def of_peaks(self, heights: ArrayLike, threshold: float) -> Claims:
        """Return all that is known of all peaks above a threshold, of these heights, shape (k,)."""
        return Claims(
            self.peak_p(heights), self.peak_q(heights, threshold), self.peak_p_uncorrected(heights)
        )

    def peak_p(self, peaks: ArrayLike) -> Floats:
        """Family-wise p of peaks, shape (k,): the smaller of Bonferroni's and the field's."""
        return np.minimum(self.peak_p_bonferroni(peaks), self.peak_p_field(peaks))

    def peak_p_bonferroni(self, peaks: ArrayLike) -> Floats:
        """Family-wise p of peaks, shape (k,), by Bonferroni over all elements."""
        log_p = self._log_p(as_heights(peaks)) + math.log(self.n_elements)
        return np.asarray(np.exp(np.minimum(log_p, 0.0)))

    def peak_p_field(self, peaks: ArrayLike) -> Floats:
        """Family-wise p of peaks, shape (k,), by random field theory alone."""
        heights = as_heights(peaks)
        reached = -np.expm1(-self._sides * self.excursions.peaks(heights))
        return np.maximum(reached, np.exp(self._log_p(heights)))

    def peak_p_uncorrected(self, peaks: ArrayLike) -> Floats:
        """The p of elements of these heights, shape (k,), of which SPM prints 1 - exp(-p)."""
        return np.asarray(np.exp(self._log_p(as_heights(peaks))))

    def peak_q(self, peaks: ArrayLike, threshold: float) -> Floats:
        """False discovery rate of each of all peaks above a threshold, shape (k,).

        The p of a peak is E(peak) / E(threshold); all are adjusted by Benjamini and Hochberg.
        """
        expected = self.excursions.peaks(as_heights(peaks))
        among = float(self.excursions.peaks(np.array(check_threshold(threshold))))
        # Where not even a peak above the threshold is expected, nothing is known of higher ones.
        p = np.minimum(expected / among, 1.0) if among > 0.0 else np.ones_like(expected)
        return _q(p)

    def threshold(self, alpha: float = 0.05) -> float:
        """Height whose family-wise p is alpha: the lower of Bonferroni's and the field's.

        Parameters
        ----------
        alpha : float, default=0.05
            From 0 to 1.
        """
        return min(self.threshold_bonferroni(alpha), self.threshold_field(alpha))

    def threshold_bonferroni(self, alpha: float = 0.05) -> float:
        """Height whose p by Bonferroni is alpha."""
        return lowest_height(self.excursions.field, self.peak_p_bonferroni, check_alpha(alpha))

    def threshold_field(self, alpha: float = 0.05) -> float:
        """Height whose p by random field theory alone is alpha."""
        return lowest_height(self.excursions.field, self.peak_p_field, check_alpha(alpha))

    def threshold_uncorrected(self, alpha: float = LAXEST) -> float:
        """Height whose p is alpha at an element by itself: a cluster-forming threshold.

        Examples
        --------
        >>> field = RandomField([1, 30.1, 290.2, 901.3], "F", (2, 21), n_elements=45_000)
        >>> round(field.threshold_uncorrected(0.001), 3)
        9.772
        """
        return lowest_height(self.excursions.field, self.peak_p_uncorrected, check_alpha(alpha))

    # ------------------------------------------------------------------ clusters

    def expected_clusters(self, threshold: float) -> float:
        """Expected number of clusters above a threshold, on one side of the map or on both."""
        return self._sides * self.excursions.clusters(check_threshold(threshold))

    def expected_cluster_size(self, threshold: float) -> float:
        """Expected number of elements of a cluster above a threshold.

        NaN where the elements per resel are not known.
        """
        size = self.excursions.cluster_resels(check_threshold(threshold))
        return size * self.smoothness.elements_per_resel

    def extents(self, labels: Labels, n_clusters: int) -> Floats:
        """Measure clusters, shape (n_clusters,), in elements of average size.

        Parameters
        ----------
        labels : int array of shape (V,)
            Cluster of every element of the search region, from 1; 0 where it belongs to none.
        n_clusters : int

        Returns
        -------
        array of shape (n_clusters,)
            The number of elements on a grid. On a mesh each vertex counts with its resels, if the
            labels are those of all vertices that the smoothness was measured at; the number of
            vertices if they are not.

        Warns
        -----
        RandomFieldWarning
            When they are not.
        """
        warn_of_other_elements(self.smoothness, len(labels))
        return self.smoothness.extents(labels, n_clusters)

    def of_clusters(self, extents: ArrayLike, threshold: float) -> Claims:
        """Return all that is known of all clusters above a threshold, of these extents."""
        alone = self.cluster_p_uncorrected(extents, threshold)
        if alone is None:
            return Claims()
        among_all = -np.expm1(-self.expected_clusters(threshold) * alone)
        return Claims(among_all, _q(alone), alone)

    def cluster_p(self, extents: ArrayLike, threshold: float) -> Floats | None:
        """Family-wise p of clusters of these extents, in elements, shape (k,)."""
        return self.of_clusters(extents, threshold).p

    def cluster_q(self, extents: ArrayLike, threshold: float) -> Floats | None:
        """False discovery rate of each of all clusters above a threshold, shape (k,)."""
        return self.of_clusters(extents, threshold).q

    def cluster_p_uncorrected(self, extents: ArrayLike, threshold: float) -> Floats | None:
        """The p of each cluster taken by itself, shape (k,)."""
        height, sizes = check_threshold(threshold), as_extents(extents)
        per_resel = self.smoothness.elements_per_resel
        if self.excursions.dimension == 0 or math.isnan(per_resel):
            return None
        warn_of_lax_threshold(self.excursions.field, height)
        return self.excursions.cluster_p(sizes / per_resel, height)

    def set_p(self, n_clusters: int, threshold: float, extent: float = 0.0) -> float:
        """The p of so many clusters, or more, of at least an extent: that of the map as a whole.

        Parameters
        ----------
        n_clusters : int
        threshold : float
        extent : float, default=0
            In elements.

        Returns
        -------
        float
            Upper tail of a Poisson distribution (Friston et al., 1996, NeuroImage 4, 223); NaN
            where the p of a cluster is not known.

        Warns
        -----
        RandomFieldWarning
            When clusters of an extent are asked for, and the threshold is laxer than p = 0.001.
        """
        if n_clusters < 1:
            return 1.0
        share = self.cluster_p_uncorrected([extent], threshold) if extent > 0 else np.ones(1)
        if share is None:
            return math.nan
        return float(special.pdtrc(n_clusters - 1, self.expected_clusters(threshold) * share[0]))

    # ------------------------------------------------------------------ within

    def _log_p(self, heights: Floats) -> Floats:
        """Logarithm of the p of an element, on one side or on both."""
        log_p = self.excursions.field.tail(heights).log_p + math.log(self._sides)
        return np.asarray(np.minimum(log_p, 0.0))


def _as_smoothness(given: Smoothness | ArrayLike, n_elements: int | None) -> Smoothness:
    if isinstance(given, Smoothness):
        return given
    if not hasattr(given, "__len__") or isinstance(given, str):
        raise InputTypeError(
            "A random field needs the smoothness of its search region, or resels (R0, R1, R2, R3). "
            f"Got {given!r}. Of a FWHM in mm and a mask take smoothness_from_fwhm(fwhm_mm, mask)."
        )
    if n_elements is None:
        raise InputError("Bare resels need the number of elements: n_elements=45_000, say.")
    return Smoothness.of_resels(given, n_elements)


def _q(p: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(benjamini_hochberg(np.log(p))))
