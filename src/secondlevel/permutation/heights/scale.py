"""From scores of shuffled maps to heights: the statistic itself, or its normal deviate.

The score of an element is the partial R² of the contrast, with the sign of the effect where the
contrast has one row. Of a map without shuffles it is w = ±t² / (dof + t²), or k F / (dof + k F). It
grows with the statistic, so maxima need nothing else; clusters and enhancement need heights.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.errors import InputError
from secondlevel.inference.normal import height_of
from secondlevel.permutation.heights.distribution import Distribution, FDistribution, TDistribution
from secondlevel.permutation.heights.z_table import ZTable

Floats = NDArray[np.float64]

SCALES = ("stat", "z")
STATISTICS = ("t", "F", "partial_r", "partial_r2")


class Scale(ABC):
    """What the height of an element is, given its score or its statistic; it grows with both."""

    @abstractmethod
    def of_scores(self, scores: ArrayLike) -> Floats:
        """Return heights, exact, of the same shape; those of scores of ±1 are large, but finite."""

    @abstractmethod
    def of_statistic(self, values: ArrayLike) -> Floats:
        """Return the heights of t or F themselves, which have digits that scores near 1 lack."""

    @abstractmethod
    def score_of_statistic(self, values: ArrayLike) -> Floats:
        """Return the scores of t or F themselves."""

    @abstractmethod
    def write_heights(self, scores: Floats, out: Floats) -> None:
        """Write the heights of a whole map of scores, shape (V,), into `out`; see the scale."""

    @abstractmethod
    def height_of_z(self, z: float) -> float:
        """Return the height with the same upper tail as a normal deviate."""

    @abstractmethod
    def score_of(self, height: float) -> float:
        """Return the score of a height."""

    def height_of_p(self, p: float) -> float:
        """Return the height whose upper tail is p, that of one side, below 1."""
        return self.height_of_z(float(height_of(p)))


class _OfDistribution(Scale):
    """The part that the scales of t and F have in common."""

    null: Distribution

    def of_scores(self, scores: ArrayLike) -> Floats:
        """Return the heights of scores of any shape."""
        return self.of_statistic(self.null.statistic(scores))

    def score_of_statistic(self, values: ArrayLike) -> Floats:
        """Return the scores of t or F."""
        return self.null.score(values)

    def height_of_z(self, z: float) -> float:
        """Return the height with the same upper tail as a normal deviate."""
        return float(self.of_statistic(self.null.at_z(z)))


@dataclass(frozen=True)
class StatScale(_OfDistribution):
    """Heights are t or F.

    Examples
    --------
    >>> scale = StatScale(TDistribution(10))
    >>> scale.of_scores([-0.5, 0.0, 0.5]).round(6), round(scale.height_of_p(0.001), 4)
    (array([-3.162278,  0.      ,  3.162278]), 4.1437)
    """

    null: Distribution

    def of_statistic(self, values: ArrayLike) -> Floats:
        """Return the statistic as it is."""
        return np.asarray(values, dtype=np.float64)

    def write_heights(self, scores: Floats, out: Floats) -> None:
        """Write the same as `of_scores`."""
        self.null.write(scores, out)

    def score_of(self, height: float) -> float:
        """Return the score of a t or an F."""
        return float(self.null.score(height))


@dataclass(frozen=True)
class PartialScale(_OfDistribution):
    """Heights are the partial correlation, or, for F, the partial R².

    Examples
    --------
    >>> scale = PartialScale(TDistribution(10))
    >>> scale.of_scores([-0.25, 0.0, 0.25]), round(scale.height_of_p(0.025), 4)
    (array([-0.5,  0. ,  0.5]), 0.576)
    """

    null: Distribution

    def of_statistic(self, values: ArrayLike) -> Floats:
        """Return r of t, or R² of F."""
        return self.of_scores(self.null.score(values))

    def of_scores(self, scores: ArrayLike) -> Floats:
        """Return r or R² of scores of any shape."""
        given = np.asarray(scores, dtype=np.float64)
        return np.copysign(np.sqrt(np.abs(given)), given) if self.null.signed else given

    def write_heights(self, scores: Floats, out: Floats) -> None:
        """Write the same as `of_scores`."""
        out[...] = self.of_scores(scores)

    def score_of(self, height: float) -> float:
        """Return the score of an r or an R²."""
        return height * abs(height) if self.null.signed else height


@dataclass(frozen=True)
class ZScale(_OfDistribution):
    """Heights are the normal deviates with the same upper tail as t or F.

    Examples
    --------
    >>> scale = ZScale(TDistribution(10))
    >>> scale.of_scores([-0.5, 0.0, 0.5]).round(4), round(scale.height_of_p(0.001), 4)
    (array([-2.5717,  0.    ,  2.5717]), 3.0902)
    """

    null: Distribution

    def of_statistic(self, values: ArrayLike) -> Floats:
        """Return the deviates of t or F, exact."""
        return self.null.z(values)

    def write_heights(self, scores: Floats, out: Floats) -> None:
        """Write deviates looked up in a table: positive ones to a share of 1e-11, see `ZTable`.

        Those of F below its median, which would be negative, are 0.
        """
        self._table.write(scores, out)

    def height_of_z(self, z: float) -> float:
        """Return a deviate as it is."""
        return z

    def score_of(self, height: float) -> float:
        """Return the score of a deviate."""
        return float(self.null.score(self.null.at_z(height)))

    @cached_property
    def _table(self) -> ZTable:
        return ZTable.of(self.null)


@dataclass(frozen=True)
class IdentityScale(Scale):
    """Scores that are heights already, of statistics with degrees of freedom of each element.

    Such are Aspin and Welch's v, and G: no p or z belongs to one value of them, only deviates can
    be compared between elements.

    Parameters
    ----------
    on_z : bool
        Whether they are normal deviates; else thresholds by p or z are refused.

    Examples
    --------
    >>> (
    ...     IdentityScale(on_z=True).of_scores([2.0]),
    ...     round(IdentityScale(on_z=True).height_of_p(0.001), 4),
    ... )
    (array([2.]), 3.0902)
    """

    on_z: bool

    def of_scores(self, scores: ArrayLike) -> Floats:
        """Return scores as they are."""
        return np.asarray(scores, dtype=np.float64)

    def of_statistic(self, values: ArrayLike) -> Floats:
        """Return heights as they are."""
        return np.asarray(values, dtype=np.float64)

    def score_of_statistic(self, values: ArrayLike) -> Floats:
        """Return heights as they are."""
        return np.asarray(values, dtype=np.float64)

    def write_heights(self, scores: Floats, out: Floats) -> None:
        """Write scores as they are."""
        out[...] = scores

    def height_of_z(self, z: float) -> float:
        """Return a deviate as it is.

        Raises
        ------
        InputError
            When heights are no deviates.
        """
        if not self.on_z:
            raise InputError(
                "No cluster-forming threshold by p or z belongs to a statistic whose degrees of "
                "freedom differ between elements. Use scale='z'."
            )
        return z

    def score_of(self, height: float) -> float:
        """Return a height as it is."""
        return height


def make_scale(
    statistic: Literal["t", "F", "partial_r", "partial_r2"],
    dof: float,
    dof_contrast: int = 1,
    scale: Literal["stat", "z"] = "stat",
) -> Scale:
    """Return the scale of a statistic by name.

    Parameters
    ----------
    statistic : {"t", "F", "partial_r", "partial_r2"}
        The first and the third have a sign.
    dof : float
        Residual degrees of freedom, above 0.
    dof_contrast : int, default=1
        Those of the contrast, of which t and a partial r have one.
    scale : {"stat", "z"}, default="stat"
        Whether heights are the statistic or its normal deviate.

    Raises
    ------
    InputError
        When a name is none of these.

    Examples
    --------
    >>> make_scale("F", 23, 3, "z").of_statistic([10.0]).round(4)
    array([3.5307])
    """
    if statistic not in STATISTICS:
        raise InputError(f"statistic must be one of {_listed(STATISTICS)}. Got {statistic!r}.")
    if scale not in SCALES:
        raise InputError(
            f"scale must be 'stat' (the statistic) or 'z' (its normal deviate). Got {scale!r}."
        )
    signed = statistic in {"t", "partial_r"}
    null = TDistribution(dof) if signed else FDistribution(dof, dof_contrast)
    if scale == "z":
        return ZScale(null)
    return StatScale(null) if statistic in {"t", "F"} else PartialScale(null)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(repr(name) for name in names)
