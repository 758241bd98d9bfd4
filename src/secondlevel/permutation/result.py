"""What a permutation run says: p-values, and how they came about."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.design.contrast import Contrast
from secondlevel.errors import InputError
from secondlevel.inference.null import MaximumNull
from secondlevel.permutation.nulls.interval import p_interval, sequence_interval
from secondlevel.permutation.nulls.tail import ParetoTail
from secondlevel.permutation.shuffles.shuffle import Shuffles
from secondlevel.permutation.sides import Sides

if TYPE_CHECKING:
    from secondlevel.permutation.summaries.clusters import ClusterSummary
    from secondlevel.permutation.summaries.enhancement import TFCESummary

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

SIDES = {
    "positive": " (large on the positive side)",
    "negative": " (large on the negative side)",
    "both": " (large on either side: two-sided)",
    "each": " (each side by itself)",
}
"""What a side means, for people."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SummaryResult:
    """One summary of one contrast: its observed map, its null, its p-values.

    Parameters
    ----------
    observed : array of shape (V,)
        Heights, sizes or masses of clusters, or enhanced scores.
    maxima : array of shape (N, sides)
        The largest of each shuffle, of all contrasts together where several are corrected together;
        shuffle 0 is the observed labelling.
    exceedances : int array of shape (V,)
        Number of shuffles whose maximum reaches the observed value.
    p : array of shape (V,)
        Family-wise p; 1 where there is nothing, such as outside clusters.
    p_uncorrected, q : array of shape (V,) or None
        p of each element by itself, and the false discovery rate made of these; None unless asked
        for.
    tails : tuple of ParetoTail
        Fitted to the maxima, one for each side held apart; empty where p-values are counted.
    note : str
        What is to be said of the tails, such as why none could be fitted.
    """

    observed: Floats
    maxima: Floats
    exceedances: Counts
    p: Floats
    p_uncorrected: Floats | None
    q: Floats | None
    tails: tuple[ParetoTail, ...]
    note: str


@dataclass(frozen=True, eq=False, kw_only=True)
class ContrastResult:
    """All that a run says of one contrast.

    Parameters
    ----------
    contrast : Contrast
    label : {"t", "F", "v", "G", "partial_r", "partial_r2"}
        Name of the statistic.
    statistic : array of shape (V,)
        Observed; of the unshuffled maps it is that of the general linear model.
    heights : array of shape (V,)
        The same on the scale that clusters and enhancement work on.
    dof : float or array of shape (V,)
        Residual degrees of freedom.
    dof_contrast : int
        Numerator degrees of freedom.
    cluster_threshold : float or None
        Height that formed clusters.
    cluster_extent : {"elements", "size"} or None
        How large clusters are: their number of elements, or the sizes of these in mm³ or mm².
    summaries : dict of str to SummaryResult
        "max", and as asked for "size", "mass", "tfce".
    """

    contrast: Contrast
    label: str
    statistic: Floats
    heights: Floats
    dof: float | Floats
    dof_contrast: int
    cluster_threshold: float | None
    cluster_extent: str | None
    summaries: dict[str, SummaryResult]

    @property
    def name(self) -> str:
        """The contrast's name."""
        return self.contrast.name

    @property
    def p(self) -> Floats:
        """Family-wise p of every element by the largest statistic, shape (V,)."""
        return self.summaries["max"].p


@dataclass(frozen=True, eq=False, kw_only=True)
class PermutationResult:
    """What a permutation run found, and how it was made.

    Parameters
    ----------
    contrasts : tuple of ContrastResult
        In the order asked for.
    shuffles : Shuffles
        What was permuted or flipped (`errors`), why (`why`), how many distinct shuffles there are
        (`n_distinct`), the seed.
    n_shuffles : int
        Shuffles done, N; fewer than asked for where all was decided before, or where there are no
        more distinct ones.
    sides : Sides
    scale : {"stat", "z"}
    method : str
        How nuisance was dealt with; empty where there is none.
    summaries : tuple of ClusterSummary, TFCESummary
        What was asked for besides the largest statistic.
    alpha : float
        The level that stopping looked at.
    """

    contrasts: tuple[ContrastResult, ...]
    shuffles: Shuffles
    n_shuffles: int
    sides: Sides
    scale: str
    method: str
    summaries: tuple[ClusterSummary | TFCESummary, ...]
    alpha: float

    def __getitem__(self, contrast: int | str) -> ContrastResult:
        """Return what is said of a contrast, by its number or its name."""
        n_contrasts = len(self.contrasts)
        for number, result in enumerate(self.contrasts):
            if contrast in (number, number - n_contrasts, result.name):
                return result
        names = ", ".join(repr(result.name) for result in self.contrasts)
        raise InputError(f"There is no contrast {contrast!r}; there are {names}, numbered from 0.")

    def __iter__(self) -> Iterator[ContrastResult]:
        """Go through the contrasts."""
        return iter(self.contrasts)

    def __repr__(self) -> str:
        """Return one line; arrays would fill pages."""
        names = ", ".join(repr(result.name) for result in self.contrasts)
        return f"<PermutationResult of {names}: {self.n_shuffles} shuffles>"

    @property
    def stopped_early(self) -> bool:
        """Whether the run stopped because all was decided."""
        return self.n_shuffles < len(self.shuffles)

    @property
    def exhaustive(self) -> bool:
        """Whether all distinct shuffles were done, so that p-values are exact."""
        return self.shuffles.exhaustive and not self.stopped_early

    def interval(self, exceedances: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
        """Return bounds of the p-values that all possible shuffles would give.

        Parameters
        ----------
        exceedances : int array-like
            As in `SummaryResult`; p times the number of shuffles.
        confidence : float, default=0.95
            Of each interval by itself.

        Returns
        -------
        lower, upper : arrays
            Clopper and Pearson's; after stopping early, bounds that hold whenever one stops; both p
            itself where all distinct shuffles were done.
        """
        if self.stopped_early:
            return sequence_interval(exceedances, self.n_shuffles, 1.0 - confidence)
        return p_interval(exceedances, self.n_shuffles, confidence, exhaustive=self.exhaustive)

    def null(self, contrast: int | str = 0, *, connectivity: int | None = None) -> MaximumNull:
        """Return the null of heights and cluster sizes, as `get_clusters_table` takes it.

        A table counts elements, so the null has no sizes where they were taken in mm³ or mm².

        Parameters
        ----------
        contrast : int or str, default=0
            Number or name.
        connectivity : int, optional
            Neighbours of a voxel in the graph, where it is a lattice.

        Raises
        ------
        InputError
            When each side has a null of its own (sides="each").
        """
        if self.sides.name == "each":
            raise InputError(
                "With sides='each' there is a null for either side. Run with sides='both' for one "
                "of both, or with the side that a table is to be made of."
            )
        result = self[contrast]
        size = result.summaries.get("size") if result.cluster_extent == "elements" else None
        statistic = "z" if self.scale == "z" else result.label
        return MaximumNull(
            result.summaries["max"].maxima.max(axis=1),
            None if size is None else size.maxima.max(axis=1),
            cluster_threshold=result.cluster_threshold,
            two_sided=self.sides.two_sided,
            sign=int(self.sides.signs[0]),
            statistic=statistic if statistic in {"z", "t", "F"} else None,
            n_elements=len(result.statistic),
            connectivity=None if size is None else connectivity,
        )

    def describe(self) -> str:
        """Say in words how the p-values were made.

        Returns
        -------
        str
            A few sentences, as for the methods of a paper.
        """
        said = [self.shuffles.why, *self._describe_blocks(), self._describe_number()]
        if self.method:
            said.append(f"Nuisance: {self.method}.")
        labels = ", ".join(dict.fromkeys(result.label for result in self.contrasts))
        said.append(f"Statistic: {labels}{SIDES[self.sides.name] if labels != 'F' else ''}.")
        said += [summary.describe() for summary in self.summaries]
        return " ".join([*said, self._describe_smallest()])

    def _describe_blocks(self) -> list[str]:
        tree = self.shuffles.tree
        if tree.is_trivial:
            return []
        whole, within = any(free.any() for free in tree.free[:-1]), tree.free[-1].any()
        how = "both within blocks and as wholes" if whole and within else "as wholes"
        if not whole:
            how = "within"
        return [f"There are {len(tree.names[-1])} exchangeability blocks, exchanged {how}."]

    def _describe_number(self) -> str:
        n_distinct, seed = _rounded(self.shuffles.n_distinct), self.shuffles.seed
        if self.exhaustive:
            return f"All {self.n_shuffles} distinct shuffles were done."
        stopped = (
            f" The run was stopped when all was decided at alpha = {self.alpha:g}."
            if self.stopped_early
            else ""
        )
        return (
            f"{self.n_shuffles} shuffles were drawn at random, with replacement, of {n_distinct} "
            f"distinct ones (seed {seed}); the observed labelling is the first.{stopped}"
        )

    def _describe_smallest(self) -> str:
        summaries = [kept for result in self.contrasts for kept in result.summaries.values()]
        tails = [tail for summary in summaries for tail in summary.tails]
        if tails:
            smallest = min(tail.smallest_p for tail in tails)
            return (
                "Small p-values are read off generalised Pareto tails of the maxima; none is below "
                f"{smallest:.2g}."
            )
        return f"No p is below {1.0 / self.n_shuffles:.3g}."


def _rounded(count: int) -> str:
    """A count that may have thousands of digits, which Python refuses to write."""
    if count < 10**9:
        return str(count)
    return f"about 10^{math.log10(count):.1f}"
