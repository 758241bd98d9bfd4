"""Random fields: p-values of the peaks and clusters of a smooth map."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from secondlevel.errors import InputError, InputTypeError, RandomFieldWarning, warn
from secondlevel.inference.correction import benjamini_hochberg, check_alpha
from secondlevel.inference.euler import make_field
from secondlevel.inference.excursions import Excursions
from secondlevel.inference.null import Claims, count_elements
from secondlevel.inference.smoothness import Smoothness

Floats = NDArray[np.float64]

NARROWEST = 2.5
"""FWHM in elements below which the elements are too coarse for the theory."""

LAXEST = 0.001
"""p of the laxest cluster-forming threshold at which sizes of clusters follow the theory."""

NEARLY_SAME = 0.01
"""Share of the elements that a map may lack: those where it happens to be 0 or has no value."""

_FARTHEST = 1e150


@dataclass(frozen=True, eq=False)
class RandomField:
    """A null for smooth maps: p-values of peaks and clusters by random field theory.

    Heights and thresholds are in the unit of the statistic and not negative: those of a negative
    side are handed over with their sign changed.

    Parameters
    ----------
    smoothness : Smoothness, or array-like of resels
        Of the search region. Of bare resels (R0, R1, R2, R3) all elements share those of the
        highest dimension.
    statistic : {"z", "t", "F"}
    dof : float or pair of float, optional
        Residual degrees of freedom of t; those of contrast and residuals of F; none for z.
    n_elements : int, optional
        Elements of the search region, for Bonferroni; by default those of the smoothness.
    two_sided : bool, default=False
        Whether claims are on both sides of the map, which doubles what is expected by chance.

    Warns
    -----
    RandomFieldWarning
        When the FWHM is below 2.5 elements; when clusters are formed at a threshold laxer than
        p = 0.001.

    See Also
    --------
    secondlevel.inference.null.MaximumNull : From permutations; needs no smoothness.

    Notes
    -----
    The p of a peak is the smaller of Bonferroni's and of 1 - exp(-E), with E = Σ R_d ρ_d(u) the
    expected Euler characteristic of what lies above u (Worsley et al., 1996, Hum. Brain Mapp. 4,
    58). E is the number of peaks above u only where it falls with u; below, its largest value from
    u on stands for it. No p of a peak is less than that of an element. Clusters have E as their
    expected number, and sizes as in Friston et al. (1994, Hum. Brain Mapp. 1, 210). False discovery
    rates are those of all peaks (Chumbley et al., 2010, NeuroImage 49, 3057) and of all clusters
    (Chumbley and Friston, 2009, NeuroImage 44, 62) above the threshold.

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
    excursions: Excursions = field(repr=False)
    _warned: set[float] = field(repr=False)

    def __init__(
        self,
        smoothness: Smoothness | ArrayLike,
        statistic: str,
        dof: Any = None,
        n_elements: int | None = None,
        *,
        two_sided: bool = False,
    ) -> None:
        if not isinstance(smoothness, Smoothness):
            if n_elements is None:
                raise InputError("Bare resels need the number of elements: n_elements=45_000, say.")
            smoothness = Smoothness.of_resels(smoothness, n_elements)
        kind, dimension = make_field(statistic, dof), smoothness.dimension
        if kind.dof is not None and kind.dof < dimension:
            raise InputError(
                f"A field of {kind.name} in {dimension} dimensions needs at least {dimension} "
                "residual degrees of freedom; with fewer it is infinite somewhere. Take more maps, "
                "or correct by Bonferroni or permutation."
            )
        given = {
            "smoothness": smoothness,
            "statistic": statistic,
            "dof": dof,
            "n_elements": int(smoothness.n_elements if n_elements is None else n_elements),
            "two_sided": bool(two_sided) and kind.is_signed,
            "excursions": Excursions(kind, smoothness.resels[: dimension + 1]),
            "_warned": set(),
        }
        for name, value in given.items():
            object.__setattr__(self, name, value)
        _warn_of_coarse_elements(smoothness)

    def for_sides(self, *, two_sided: bool, sign: int = 1) -> Self:
        """Return the null for claims on one side of the map, or on both; F has one side only.

        Raises
        ------
        InputError
            When the negative side of F is asked for.
        """
        if sign < 0 and not two_sided and not self.excursions.field.is_signed:
            raise InputError(f"{self.excursions.field.name} has no negative side.")
        other = copy.copy(self)
        object.__setattr__(other, "two_sided", two_sided and self.excursions.field.is_signed)
        return other

    @property
    def _sides(self) -> int:
        return 2 if self.two_sided else 1

    # ------------------------------------------------------------------ heights

    def expected_euler(self, heights: ArrayLike) -> Floats:
        """Expected Euler characteristic of what lies above each height, on one side or on both.

        Negative where holes outnumber what they are in.
        """
        return self._sides * self.excursions.euler(_as_heights(heights))

    def peak_p(self, peaks: ArrayLike) -> Floats:
        """Family-wise p of peaks, shape (k,): the smaller of Bonferroni's and the field's."""
        return np.minimum(self.peak_p_bonferroni(peaks), self.peak_p_field(peaks))

    def peak_p_bonferroni(self, peaks: ArrayLike) -> Floats:
        """Family-wise p of peaks, shape (k,), by Bonferroni over all elements."""
        log_p = self._log_p(_as_heights(peaks)) + math.log(self.n_elements)
        return np.asarray(np.exp(np.minimum(log_p, 0.0)))

    def peak_p_field(self, peaks: ArrayLike) -> Floats:
        """Family-wise p of peaks, shape (k,), by random field theory alone."""
        heights = _as_heights(peaks)
        reached = -np.expm1(-self._sides * self.excursions.peaks(heights))
        return np.maximum(reached, np.exp(self._log_p(heights)))

    def peak_p_uncorrected(self, peaks: ArrayLike) -> Floats:
        """The p of elements of these heights, shape (k,), of which SPM prints 1 - exp(-p)."""
        return np.asarray(np.exp(self._log_p(_as_heights(peaks))))

    def peak_q(self, peaks: ArrayLike, threshold: float) -> Floats:
        """False discovery rate of each of all peaks above a threshold, shape (k,).

        The p of a peak is E(peak) / E(threshold); all are adjusted by Benjamini and Hochberg.
        """
        expected = self.excursions.peaks(_as_heights(peaks))
        among = float(self.excursions.peaks(np.array(_check_threshold(threshold))))
        # Where not even a peak above the threshold is expected, nothing is known of higher ones.
        p = np.minimum(expected / among, 1.0) if among > 0.0 else np.ones_like(expected)
        return _q(p)

    def threshold(self, alpha: float = 0.05) -> float:
        """Height whose family-wise p is alpha: the lower of Bonferroni's and the field's.

        Parameters
        ----------
        alpha : float, default=0.05
            From 0 to 1.

        Raises
        ------
        InputError, InputTypeError
            When it is not.
        """
        return min(self.threshold_bonferroni(alpha), self.threshold_field(alpha))

    def threshold_bonferroni(self, alpha: float = 0.05) -> float:
        """Height whose p by Bonferroni is alpha."""
        return self._height_with(self.peak_p_bonferroni, alpha)

    def threshold_field(self, alpha: float = 0.05) -> float:
        """Height whose p by random field theory alone is alpha."""
        return self._height_with(self.peak_p_field, alpha)

    def of_peaks(self, heights: Floats, threshold: float) -> Claims:
        """Return all that is known of all peaks above a threshold, of these heights."""
        return Claims(
            self.peak_p(heights), self.peak_q(heights, threshold), self.peak_p_uncorrected(heights)
        )

    # ------------------------------------------------------------------ clusters

    def fits(self, n_elements: int) -> bool:
        """Whether a map of so many elements can be one of this search region, but for a few."""
        return abs(n_elements - self.n_elements) <= NEARLY_SAME * self.n_elements

    def extents(self, labels: NDArray[np.integer], n_clusters: int) -> Floats:
        """Measure clusters in elements, shape (n_clusters,)."""
        return count_elements(labels, n_clusters)

    def of_clusters(self, extents: Floats, threshold: float) -> Claims:
        """Return all that is known of all clusters above a threshold, of these extents."""
        return Claims(
            self.cluster_p(extents, threshold),
            self.cluster_q(extents, threshold),
            self.cluster_p_uncorrected(extents, threshold),
        )

    def expected_clusters(self, threshold: float) -> float:
        """Expected number of clusters above a threshold, on one side of the map or on both."""
        height = np.array(_check_threshold(threshold))
        return float(self._sides * self.excursions.peaks(height))

    def expected_cluster_size(self, threshold: float) -> float:
        """Expected number of elements of a cluster above a threshold."""
        size = self.excursions.cluster_resels(_check_threshold(threshold))
        return size * self.smoothness.elements_per_resel

    def cluster_p(self, counts: ArrayLike, threshold: float) -> Floats | None:
        """Family-wise p of clusters of these many elements, shape (k,)."""
        p = self.cluster_p_uncorrected(counts, threshold)
        return None if p is None else -np.expm1(-self.expected_clusters(threshold) * p)

    def cluster_p_uncorrected(self, counts: ArrayLike, threshold: float) -> Floats | None:
        """The p of each cluster taken by itself, shape (k,): exp(-β k^(2/D)).

        None where the elements per resel are not known, as in a region of single elements.
        """
        height = _check_threshold(threshold)
        d = self.excursions.dimension
        if d == 0 or math.isnan(self.smoothness.elements_per_resel):
            return None
        self._warn_of_lax_threshold(height)
        per_resel = self.smoothness.elements_per_resel
        resels = np.asarray(counts, dtype=np.float64) / per_resel
        relative = resels / self.excursions.cluster_resels(height)
        return np.asarray(np.exp(-((math.gamma(d / 2.0 + 1.0) * relative) ** (2.0 / d))))

    def cluster_q(self, counts: ArrayLike, threshold: float) -> Floats | None:
        """False discovery rate of each of all clusters above a threshold, shape (k,)."""
        p = self.cluster_p_uncorrected(counts, threshold)
        return None if p is None else _q(p)

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

    def _height_with(self, p_of: Callable[[ArrayLike], Floats], alpha: float) -> float:
        """The lowest height whose p is no more than alpha."""
        level = check_alpha(alpha)
        if level == 0.0:
            return math.inf

        def excess(height: float) -> float:
            # No double is less than exp(-746).
            return math.log(max(float(p_of(height)), 5e-324)) - math.log(level)

        if excess(0.0) <= 0.0:
            return 0.0
        root, height = 1.0, 0.0
        while excess(height) > 0.0:
            if root > _FARTHEST:
                return math.inf
            root *= 2.0
            height = float(self.excursions.field.heights(np.array(root)))
        return float(optimize.brentq(excess, 0.0, height, xtol=1e-300, rtol=1e-14))

    def _warn_of_lax_threshold(self, height: float) -> None:
        p = float(self.excursions.field.tail(np.array(height)).p)
        # 3.09 and 3.1 are p = 0.001 to who writes them.
        if p <= 1.01 * LAXEST or height in self._warned:
            return
        self._warned.add(height)
        warn(
            f"Clusters were formed at {self.excursions.field.name} = {height:g} (p = {p:.2g}). "
            f"Their sizes follow random field theory only from p = {LAXEST} on; laxer thresholds "
            "give too many false clusters (Woo et al., 2014, NeuroImage 91, 412; Eklund et al., "
            "2016, PNAS 113, 7900). Use a higher threshold, or permutation.",
            RandomFieldWarning,
        )


def _warn_of_coarse_elements(smoothness: Smoothness) -> None:
    widths = smoothness.fwhm[np.isfinite(smoothness.fwhm)]
    if len(widths) and widths.min() < NARROWEST:
        shown = " × ".join(f"{width:.2f}" for width in widths)
        warn(
            f"The FWHM is {shown} elements. Random field theory takes a map for continuous; below "
            f"{NARROWEST} elements its p-values are not to be relied on (Hayasaka and Nichols, "
            "2003, NeuroImage 20, 2343). Smooth the maps more, or use permutation.",
            RandomFieldWarning,
        )


def _q(p: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(benjamini_hochberg(np.log(p))))


def _as_heights(heights: ArrayLike) -> Floats:
    values = np.asarray(heights, dtype=np.float64)
    if not (values >= 0.0).all():
        raise InputError(
            "Heights of peaks are not negative; those of the negative side are handed over with "
            f"their sign changed. The lowest is {values.min():g}."
        )
    return values


def _check_threshold(threshold: Any) -> float:
    if not isinstance(threshold, (int, float, np.integer, np.floating)):
        raise InputTypeError(
            f"A cluster-forming threshold is one number. Got {type(threshold).__name__}: "
            f"{threshold!r}."
        )
    if not (math.isfinite(threshold) and threshold > 0):
        raise InputError(
            "A cluster-forming threshold is a positive number in the unit of the statistic; for "
            f"the negative side it is handed over with its sign changed. Got {threshold:g}."
        )
    return float(threshold)
