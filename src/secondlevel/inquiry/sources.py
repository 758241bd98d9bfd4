"""Where the p of peaks and clusters come from: shuffles, or else a random field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError
from secondlevel.inference.null import MaximumNull, Null
from secondlevel.inference.random_field import RandomField
from secondlevel.inference.smoothness import Smoothness
from secondlevel.permutation.result import PermutationResult
from secondlevel.results.permutation import PermutationMaps

Floats = NDArray[np.float64]

SAME = 1e-6
"""Thresholds that differ by a smaller share form the same clusters."""

CONNECTIVITY = 6
"""Voxels of a cluster share a face, as in nilearn's tables."""


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
    words : str
        A sentence for people.
    has_clusters : bool
        Whether it tells p of clusters formed at that threshold.
    run : PermutationResult, optional
        The shuffles.
    """

    null: Null
    heights: Floats
    threshold: float
    words: str
    has_clusters: bool
    run: PermutationResult | None = None


def from_field(
    field: RandomField,
    smoothness: Smoothness,
    heights: Floats,
    threshold: float,
    signs: tuple[int, ...],
) -> Source:
    """Take p-values from the random field of the statistic itself.

    Parameters
    ----------
    field : RandomField
    smoothness : Smoothness
    heights : array of shape (V,)
        t or F.
    threshold : float
        In t or F.
    signs : tuple of int
        Sides that are asked about.
    """
    dof = np.atleast_1d(field.dof)
    name = f"{field.statistic}({', '.join(f'{one:g}' for one in dof)})"
    widths = np.atleast_1d(smoothness.fwhm_mm)
    known = widths[np.isfinite(widths)]
    wide = f" (FWHM {' x '.join(f'{one:.1f}' for one in known)} mm)" if len(known) else ""
    words = f"p of peaks and clusters are from random field theory, for the {name} field{wide}."
    null = field.for_sides(two_sided=len(signs) == 2, sign=signs[0])
    return Source(null, heights, threshold, words, has_clusters=True)


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
    formed, note = _forms(null, thresholds, permutation.connectivity)
    words = f"p of peaks{' and clusters' if formed else ''} are from {run.n_shuffles} shuffles."
    if not formed:
        return Source(
            _peaks_only(null), result.heights, thresholds["z"], words, has_clusters=False, run=run
        ), note
    height = null.cluster_threshold or thresholds["z"]
    return Source(null, result.heights, height, words, has_clusters=True, run=run), note


def _peaks_only(null: MaximumNull) -> MaximumNull:
    return MaximumNull(
        null.peaks,
        two_sided=null.two_sided,
        sign=null.sign,
        statistic=null.statistic,
        n_elements=null.n_elements,
    )


def _forms(
    null: MaximumNull, thresholds: Mapping[str, float], connectivity: int | None
) -> tuple[bool, tuple[str, ...]]:
    """Whether its clusters are formed as those of the table, and if not, why."""
    if null.counts is None or null.cluster_threshold is None:
        return False, ()
    if connectivity not in (None, CONNECTIVITY):
        note = (
            f"Clusters of the permutation run are those of {connectivity} neighbours, those of the "
            f"table of {CONNECTIVITY}: for p of clusters run it with connectivity={CONNECTIVITY}."
        )
        return False, (note,)
    ours = thresholds.get(str(null.statistic))
    if ours is not None and abs(null.cluster_threshold - ours) <= SAME * ours:
        return True, ()
    note = (
        f"Clusters of the permutation run were formed at {null.statistic or 'a statistic'} = "
        f"{null.cluster_threshold:.4f}, those of the table at z = {thresholds['z']:.4f}: for p of "
        f"clusters run it with ClusterSummary(z={thresholds['z']:.4f})."
    )
    return False, (note,)
