"""One contrast, ready to be asked of shuffled maps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.contrast import Contrast
from secondlevel.inference.null import TIE
from secondlevel.permutation.heights.scale import Scale
from secondlevel.permutation.scores.asked import Reach, Statistic
from secondlevel.permutation.sides import Sides

Floats = NDArray[np.float64]

SCORE_TIE = 64 * float(np.finfo(np.float64).eps)
"""Scores are sums of n products: what differs by less is equal but for rounding."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """One contrast, its statistic, and the observed one.

    Parameters
    ----------
    contrast : Contrast
    label : {"t", "F", "v", "G", "partial_r", "partial_r2"}
        Name of the statistic.
    statistic : Statistic
    scale : Scale
        What makes heights of its scores.
    sides : Sides
    raw : array of shape (V,)
        The observed statistic as the scale takes it: t or F, or what heights are made of.
    observed : array of shape (V,)
        The observed statistic by its name.
    heights : array of shape (V,)
        On the scale.
    dof : float or array of shape (V,)
        Residual degrees of freedom.
    dof_contrast : int
        Numerator degrees of freedom.
    scored : array of shape (V,) or None
        The scores that a sweep finds for the unshuffled maps; None where these are not the observed
        ones. From maps whose mean is a million times their spread they differ in the tenth digit:
        shuffles that tie with the unshuffled maps tie with these.
    """

    contrast: Contrast
    label: str
    statistic: Statistic
    scale: Scale
    sides: Sides
    raw: Floats
    observed: Floats
    heights: Floats
    dof: float | Floats
    dof_contrast: int
    scored: Floats | None = None

    @property
    def _lowered(self) -> Floats:
        """The observed statistic in the direction asked about, less what makes a tie."""
        towards = self.sides.towards(self.raw)
        return towards - TIE * np.abs(towards)

    @cached_property
    def reach(self) -> Reach:
        """The scores that shuffles must reach to count."""
        levels = self.scale.score_of_statistic(self._lowered)
        directions = self.sides.directions(self.raw)
        if self.scored is not None:
            scored = np.where(directions == 0.0, np.abs(self.scored), self.scored * directions)
            levels = np.minimum(levels, scored - TIE * np.abs(scored))
        return Reach(levels - SCORE_TIE, directions)

    @cached_property
    def floors(self) -> Floats:
        """The heights that maxima must reach to count, shape (V,)."""
        return np.minimum(
            self.scale.of_statistic(self._lowered), self.scale.of_scores(self.reach.levels)
        )
