"""What is expected above a height of a random field: peaks, and the size of clusters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from secondlevel.inference.euler import Field

Floats = NDArray[np.float64]

_ROOTS = np.concatenate([[0.0], np.geomspace(1e-3, 1e7, 4000)])
"""Heights, as those of z, between which maxima of the expected characteristic are looked for."""


@dataclass(frozen=True, eq=False)
class Excursions:
    """What lies above a height on one side of a field over a search region.

    Parameters
    ----------
    field : Field
        The statistic.
    resels : array of shape (D + 1,)
        Of the region, up to its highest dimension D.

    Examples
    --------
    >>> from secondlevel.inference.euler import Gaussian
    >>> brain = Excursions(Gaussian(), np.array([1.0, 30.0, 290.0, 900.0]))
    >>> brain.euler(np.array([0.0, 4.0])).round(3)
    array([-96.797,   0.601])
    >>> brain.peaks(np.array([0.0, 4.0])).round(3)  # as many as above 1.57, at the least
    array([70.701,  0.601])
    >>> round(brain.clusters(1.2), 3), round(brain.clusters(4.0), 3)
    (56.345, 0.601)
    >>> round(brain.cluster_resels(4.0), 4)
    0.0538
    """

    field: Field
    resels: Floats

    @property
    def dimension(self) -> int:
        """The highest dimension of the region, D."""
        return len(self.resels) - 1

    def euler(self, heights: Floats) -> Floats:
        """Expected Euler characteristic, Σ R_d ρ_d, of any shape; holes make it negative."""
        densities = self.field.densities(heights, self.dimension)
        return np.asarray(np.tensordot(self.resels, densities, axes=1))

    def peaks(self, heights: Floats) -> Floats:
        """Expected number of peaks, of any shape: the characteristic, made to fall with height.

        A density below 0 counts as 0, and the largest value from a height on stands for it.
        """
        heights = np.asarray(heights, dtype=np.float64)
        above = np.searchsorted(self._maxima[0], heights)
        return np.maximum(self._clipped(heights), self._maxima[1][above])

    def clusters(self, height: float) -> float:
        """Expected number of clusters: the characteristic itself, as in SPM and FSL.

        A density below 0 counts as 0; where none is left, as many as there are `peaks`.
        """
        expected = float(self._clipped(np.array(height)))
        return expected if expected > 0.0 else float(self.peaks(np.array(height)))

    def cluster_p(self, resels: Floats, height: float) -> Floats:
        """The p of clusters of these sizes in resels, each by itself: exp(-β k^(2/D)).

        With β = (Γ(D/2 + 1) / E[k])^(2/D) for the expected size E[k] (Friston et al., 1994, Hum.
        Brain Mapp. 1, 210).
        """
        d = self.dimension
        relative = resels / self.cluster_resels(height)
        return np.asarray(np.exp(-((math.gamma(d / 2.0 + 1.0) * relative) ** (2.0 / d))))

    def cluster_resels(self, height: float) -> float:
        """Expected size of a cluster in resels, ρ_0 / ρ_D; infinite where ρ_D is not positive."""
        densities = self.field.densities(np.array(height), self.dimension)
        return float(densities[0] / densities[-1]) if densities[-1] > 0.0 else math.inf

    def _clipped(self, heights: Floats) -> Floats:
        densities = self.field.densities(heights, self.dimension)
        return np.asarray(np.tensordot(self.resels, np.maximum(densities, 0.0), axes=1))

    @cached_property
    def _maxima(self) -> tuple[Floats, Floats]:
        """Heights of local maxima, ascending, and the largest of the maxima from each one on."""

        def depth(root: float) -> float:
            return -float(self._clipped(self.field.heights(np.array(root))))

        values = self._clipped(self.field.heights(_ROOTS))
        inner = values[1:-1]
        is_top = (inner >= values[:-2]) & (inner > values[2:])
        roots, tops = [], []
        for i in np.flatnonzero(is_top) + 1:
            found = optimize.minimize_scalar(
                depth, bounds=(_ROOTS[i - 1], _ROOTS[i + 1]), method="bounded"
            )
            refined = -found.fun >= values[i]
            roots.append(float(found.x if refined else _ROOTS[i]))
            tops.append(float(-found.fun if refined else values[i]))
        # With no more degrees of freedom than dimensions it does not fall to 0, however high.
        heights = self.field.heights(np.array([*roots, _ROOTS[-1]]))
        largest = np.maximum.accumulate(np.array([*tops, values[-1]])[::-1])[::-1]
        return heights, np.append(largest, -math.inf)
