"""Where the p of peaks and clusters come from: shuffles, or else a random field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError
from secondlevel.inference.null import MaximumNull, Null
from secondlevel.inference.random_field import RandomField
from secondlevel.permutation.result import ContrastResult, PermutationResult
from secondlevel.results.group import SmoothnessFacts
from secondlevel.results.permutation import PermutationMaps

Floats = NDArray[np.float64]

SAME = 1e-6
"""Thresholds that differ by a smaller share form the same clusters."""

CONNECTIVITY = 6
"""Voxels of a cluster share a face, as in nilearn's tables."""

SAME_ORDER = ("t", "F", "partial_r", "partial_r2")
"""Statistics of a run that grow with t or F of the model, so that clusters are the same sets."""


@dataclass(frozen=True, eq=False)
class Source:
    """A null, and the map that it is of.

    Parameters
    ----------
    null : Null
        For the sides that are asked about.
    heights : array of shape (V,)
        The statistic that it is the null of, signed.
    threshold : float
        Cluster-forming threshold in the unit of `heights`, above 0.
    origin : str
        Where p come from, in words that follow "p are from".
    has_clusters : bool
        Whether it tells p of clusters formed at that threshold.
    run : PermutationResult, optional
        The shuffles.
    """

    null: Null
    heights: Floats
    threshold: float
    origin: str
    has_clusters: bool
    run: PermutationResult | None = None


def from_field(
    field: RandomField,
    smoothness: SmoothnessFacts,
    heights: Floats,
    threshold: float,
    signs: tuple[int, ...],
) -> Source:
    """Take p-values from the random field of the statistic itself.

    Parameters
    ----------
    field : RandomField
    smoothness : SmoothnessFacts
    heights : array of shape (V,)
        t or F.
    threshold : float
        In t or F.
    signs : tuple of int
        Sides that are asked about.
    """
    dof = np.atleast_1d(field.dof)
    name = f"{field.statistic}({', '.join(f'{one:g}' for one in dof)})"
    known = [width for width in smoothness.fwhm_mm if np.isfinite(width)]
    wide = f" (FWHM {' x '.join(f'{one:.1f}' for one in known)} mm)" if known else ""
    null = field.for_sides(two_sided=len(signs) == 2, sign=signs[0])
    origin = f"random field theory, for the {name} field{wide}"
    return Source(null, heights, threshold, origin, has_clusters=True)


def from_shuffles(
    permutation: PermutationMaps,
    name: str,
    thresholds: Mapping[str, float],
    signs: tuple[int, ...],
) -> tuple[Source | None, tuple[str, ...]]:
    """Take p-values from a permutation run, as far as it was asked the same.

    Parameters
    ----------
    permutation : PermutationMaps
    name : str
        Of the contrast.
    thresholds : dict of str to float
        The cluster-forming threshold in "z", and in the contrast's own "t" or "F".
    signs : tuple of int
        Sides that are asked about.

    Returns
    -------
    source : Source or None
        None where the run is of other sides.
    notes : tuple of str
        Why not all could be taken.
    """
    run = permutation.result
    result = run[name]
    try:
        null = permutation.null(name).for_sides(two_sided=len(signs) == 2, sign=signs[0])
    except InputError:
        sides = "both" if len(signs) == 2 else "positive" if signs[0] > 0 else "negative"
        other = (
            f"The permutation run looked at other sides (sides={run.sides.name!r}) than the table, "
            f"so no p is taken from it: run it with sides={sides!r}."
        )
        return None, (other,)
    why = _other_clusters(result, null, thresholds, permutation.connectivity)
    origin = f"{'all ' if run.exhaustive else ''}{run.n_shuffles} shuffles{_statistic(result)}"
    if why:
        peaks = _peaks_only(null)
        return Source(
            peaks, result.heights, thresholds["z"], origin, has_clusters=False, run=run
        ), (why,)
    height = null.cluster_threshold or thresholds["z"]
    return Source(null, result.heights, height, origin, has_clusters=True, run=run), ()


def _statistic(result: ContrastResult) -> str:
    """Name the statistic where it is not a function of t or F of the model."""
    return "" if result.label in SAME_ORDER else f", by the statistic {result.label}"


def _peaks_only(null: MaximumNull) -> MaximumNull:
    return MaximumNull(
        null.peaks,
        two_sided=null.two_sided,
        sign=null.sign,
        statistic=null.statistic,
        n_elements=null.n_elements,
    )


def _other_clusters(
    result: ContrastResult,
    null: MaximumNull,
    thresholds: Mapping[str, float],
    connectivity: int | None,
) -> str:
    """Say why the run's clusters are not those of the table; nothing where they are."""
    z = f"{thresholds['z']:.4f}"
    if result.label not in SAME_ORDER:
        return (
            f"The permutation run is by the statistic {result.label}, which orders elements "
            "otherwise than the table does: p are those of its height at each peak, and clusters "
            "have none."
        )
    if result.cluster_extent == "size":
        return (
            "The permutation run measured clusters in mm, the table counts their elements: for p "
            f"of clusters run it with ClusterSummary(z={z})."
        )
    if null.counts is None or null.cluster_threshold is None:
        return (
            "The permutation run kept no clusters: for p of clusters run it with "
            f"summaries=[ClusterSummary(z={z})]."
        )
    if connectivity not in (None, CONNECTIVITY):
        return (
            f"Clusters of the permutation run are those of {connectivity} neighbours, those of the "
            f"table of {CONNECTIVITY}: for p of clusters run it with connectivity={CONNECTIVITY}."
        )
    ours = thresholds.get(str(null.statistic))
    if ours is not None and abs(null.cluster_threshold - ours) <= SAME * ours:
        return ""
    return (
        f"Clusters of the permutation run were formed at {null.statistic or 'a statistic'} = "
        f"{null.cluster_threshold:.4f}, those of the table at z = {z}: for p of clusters run it "
        f"with ClusterSummary(z={z})."
    )
