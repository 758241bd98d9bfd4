"""All that was found of one contrast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondlevel.design.contrast import Kind

Floats = NDArray[np.float64]

HIGHEST = "highest"
"""What the highest peak is called in `effects` where no cluster was found."""

EFFECTS_COLUMNS = (
    "Peak",
    "Part",
    "Map",
    "Group",
    "X Value",
    "Value",
    "Lower",
    "Upper",
)
"""Columns of `ContrastResults.effects`."""


@dataclass(frozen=True, eq=False)
class Shuffled:
    """What a permutation run says of one contrast.

    Parameters
    ----------
    statistic : str
        Of what the maxima are: "t", "F", "v", "z", …
    observed : float
        Largest statistic of the unshuffled maps, on the sides that were looked at.
    maxima : array of shape (N,)
        Largest statistic of every shuffle; shuffle 0 is the observed labelling.
    sizes : array of shape (N,) or None
        Size of the largest cluster of every shuffle; None where clusters were not summarised.
    observed_size : float or None
        Of the unshuffled maps.
    cluster_threshold : float or None
        Height that formed these clusters.
    seed : int or None
        None where all distinct shuffles were done.
    exhaustive : bool
        Whether all distinct shuffles were done.
    description : str
        A few sentences: what was shuffled, why, how often.
    log_p : image
        -log10 of the family-wise p of every element.
    stopped_early : bool, default=False
        Whether the run stopped because all was decided, so that its p are less sure.
    size_unit : str, default="elements"
        Of `sizes`; else "mm3" or "mm2".
    """

    statistic: str
    observed: float
    maxima: Floats
    sizes: Floats | None
    observed_size: float | None
    cluster_threshold: float | None
    seed: int | None
    exhaustive: bool
    description: str
    log_p: Any
    stopped_early: bool = False
    size_unit: str = "elements"

    @property
    def n_shuffles(self) -> int:
        """Shuffles done, N."""
        return len(self.maxima)


@dataclass(frozen=True, eq=False)
class ContrastResults:
    """One contrast: its maps, what lies beyond the threshold, and how large the effects are there.

    Parameters
    ----------
    name : str
        For people; as the user wrote it.
    weights : array of shape (k, p)
        Over the columns of the design.
    kind : {"t", "F"}
    dof : float
        Residual degrees of freedom.
    dof_contrast : int
        Numerator degrees of freedom; 1 for t.
    maps : dict of str to image
        "effect_size", "effect_variance", "stat", "z_score", "p_value", and the effect without unit:
        "hedges_g" of t, "partial_r2" of F.
    height : float
        Threshold of z; inf where nothing can be claimed.
    thresholded : image
        The z map where it lies beyond the threshold, 0 elsewhere.
    n_beyond : int
        Elements left in it.
    clusters : DataFrame
        As of `get_clusters_table` on the z map, one row per listed peak: ``Cluster ID``,
        ``Hemisphere`` (surfaces), ``X``, ``Y``, ``Z``, ``Peak Stat`` (z), sizes, p and q of peaks
        and clusters where a null tells; then ``TDP`` (true-discovery proportion of the cluster, at
        least), ``Effect`` (in the unit of the maps; t only), ``Effect Lower``, ``Effect Upper``,
        and ``Hedges g`` or ``Partial R2`` with their ``… Lower``, ``… Upper``. Sub-peaks hold an
        empty string in columns about the cluster. With sampled shuffles each family-wise p has
        ``… Lower`` and ``… Upper`` too: its Monte Carlo interval.
    effects : DataFrame
        Values at the main peaks, in long form, with `EFFECTS_COLUMNS`. ``Peak`` is the Cluster ID
        as text, or `HIGHEST`. ``Part`` is "map" for one row per map (``Map`` its label, ``Value``
        its value with the other columns of the design taken out), or "fit" for a point of the
        fitted line or a fitted group mean, with ``Lower`` and ``Upper``. Of groups, ``Group`` is
        the name and ``X Value`` its number from 0; of covariates ``Group`` is empty and ``X Value``
        the covariate, whose name is `effects_x`.
    effects_x : str
        What the horizontal axis of `effects` is: the covariate's name, or "" for groups.
    highest : dict of str to object
        The highest peak, whether or not it lies beyond the threshold: "X", "Y", "Z", on surfaces
        "Hemisphere", "Peak Stat" (z).
    discoveries : int
        Elements of the whole mask that are active at least (both sides together).
    p_source : str
        How p of peaks and clusters were made, a sentence; "" where there are none.
    shuffled : Shuffled or None
        A permutation run of the same contrast.
    notes : tuple of str
        What was warned of on the way.
    """

    name: str
    weights: Floats
    kind: Kind
    dof: float
    dof_contrast: int
    maps: dict[str, Any]
    height: float
    thresholded: Any
    n_beyond: int
    clusters: pd.DataFrame
    effects: pd.DataFrame
    effects_x: str
    highest: dict[str, Any]
    discoveries: int
    p_source: str
    shuffled: Shuffled | None
    notes: tuple[str, ...]

    @property
    def test(self) -> str:
        """The test in words: `t(21)`, `F(2, 21)`."""
        if self.kind == "t":
            return f"t({self.dof:g})"
        return f"F({self.dof_contrast}, {self.dof:g})"
