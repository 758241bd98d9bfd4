"""A design split for a contrast: what is tested, and what is only allowed for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.contrast import Contrast
from secondlevel.design.matrix import Design, Factors

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Partition:
    """A design of n rows as tested and nuisance parts, at right angles; together they span it.

    Parameters
    ----------
    tested : array of shape (n, k)
        Orthonormal columns; k is the rank of the contrast. A single one has the sign of the effect:
        where a map grows along it, the weighted sum of the coefficients grows.
    nuisance : array of shape (n, q)
        Orthonormal columns; the design has rank k + q.
    raw : array of shape (n, k)
        Orthonormal columns that span the tested part before nuisance was taken from it: for the
        contrast of one column, the column itself, brought to unit length.
    """

    tested: Floats
    nuisance: Floats
    raw: Floats

    @property
    def both(self) -> Floats:
        """Tested and nuisance columns, shape (n, k + q)."""
        return np.hstack([self.tested, self.nuisance])


def partition(design: Design, contrast: Contrast) -> Partition:
    """Split a design for a contrast that it can estimate.

    Parameters
    ----------
    design : Design
    contrast : Contrast

    Returns
    -------
    Partition

    Notes
    -----
    The tested part is M(MᵀM)⁻Cᵀ, and nuisance the rest of the design's span (Beckmann's partition,
    as in Winkler et al., 2014, NeuroImage 92, 381), so that t and F of the one given the other are
    those of the contrast. The raw tested part is M C⁺, the columns of the other nuisance being M
    times what C does not see: the same question, asked without taking nuisance out (Ridgway's).

    Examples
    --------
    >>> from secondlevel.design.contrast import make_contrast
    >>> design = Design([[1, 0], [1, 0], [0, 1], [0, 1]], ["control", "patient"])
    >>> parts = partition(design, make_contrast("patient - control", design))
    >>> parts.tested.round(2).ravel().tolist(), np.abs(parts.nuisance).round(2).ravel().tolist()
    ([-0.5, -0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5])
    """
    factors = design.factors
    seen = factors.weigh(contrast.weights).T
    # The basis of a single column may have its sign or the other.
    tested = seen / np.linalg.norm(seen) if contrast.kind == "t" else Factors.of(seen).left
    k = tested.shape[1]
    turned, _ = np.linalg.qr(factors.left.T @ tested, mode="complete")
    return Partition(tested, factors.left @ turned[:, k:], _raw(design, contrast, k))


def _raw(design: Design, contrast: Contrast, k: int) -> Floats:
    """The span of M C⁺; of redundant rows of C as many columns as it has rank."""
    weights = contrast.weights
    if len(weights) > k:
        weights = Factors.of(weights.T).left.T
    columns = design.matrix @ np.linalg.pinv(weights)
    # A single one keeps its sign; its unit is no matter.
    return columns / np.linalg.norm(columns) if k == 1 else Factors.of(columns).left
