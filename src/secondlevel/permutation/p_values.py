"""From what the shuffles left behind to p-values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import PermutationWarning, warn
from secondlevel.inference.correction import benjamini_hochberg
from secondlevel.permutation.nulls.interval import is_decided
from secondlevel.permutation.nulls.tail import ParetoTail, tail_p
from secondlevel.permutation.nulls.tally import Tally
from secondlevel.permutation.result import SummaryResult
from secondlevel.permutation.work import Work

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def summarise(work: Work, tally: Tally, number: int, *, tail: str) -> dict[str, SummaryResult]:
    """Return what the shuffles say of one contrast, by the name of the summary.

    Parameters
    ----------
    work : Work
    tally : Tally
        Of all shuffles that were done.
    number : int
        Of the contrast.
    tail : {"exact", "gpd"}
        Whether p-values are counted, or taken from a tail fitted to the maxima.
    """
    return {name: _summarise(work, tally, number, name, tail) for name in work.summaries}


def _summarise(work: Work, tally: Tally, number: int, name: str, tail: str) -> SummaryResult:
    observed = work.observed[number].maps[name]
    # Those of all contrasts: where there are several they are corrected together.
    maxima = tally.maxima[name].max(axis=1)
    exceedances = count_exceedances(work, number, name, maxima)
    p, note = exceedances / len(maxima), ""
    tails: tuple[ParetoTail, ...] = ()
    if tail == "gpd":
        p, tails, note = _of_tails(work, observed, maxima, p)
        if not tails and not work.shuffles.exhaustive:
            warn(f"tail='gpd', {name}: {note}", PermutationWarning)
    uncorrected = q = None
    if name in tally.reached:
        uncorrected = tally.reached[name][number] / len(maxima)
        q = np.exp(benjamini_hochberg(np.log(uncorrected)))
    shown = np.abs(observed) if name in {"size", "mass"} else observed
    return SummaryResult(
        observed=shown,
        maxima=maxima,
        exceedances=exceedances,
        p=p,
        p_uncorrected=uncorrected,
        q=q,
        tails=tails,
        note=note,
    )


def count_exceedances(work: Work, number: int, name: str, maxima: Floats) -> Counts:
    """Count the shuffles whose maximum, shape (N, sides), reaches each observed value, (V,)."""
    observed, floors = (
        held[name] for held in (work.observed[number].maps, work.observed[number].floors)
    )
    counts = np.empty(len(observed), dtype=np.int64)
    for against, here in work.sides.against(maxima, observed):
        counts[here] = len(maxima) - np.searchsorted(np.sort(against), floors[here], side="left")
    return counts


def _of_tails(
    work: Work, observed: Floats, maxima: Floats, counted: Floats
) -> tuple[Floats, tuple[ParetoTail, ...], str]:
    """p-values by a tail fitted to the maxima of each side that is held apart."""
    p, tails, notes = counted.copy(), [], []
    towards, n_distinct = work.sides.towards(observed), work.shuffles.n_distinct
    for against, here in work.sides.against(maxima, observed):
        fitted = tail_p(against, towards[here], counted[here], n_distinct=n_distinct)
        p[here] = fitted.p
        tails += [] if fitted.tail is None else [fitted.tail]
        notes.append(fitted.message)
    return p, tuple(tails), " ".join(dict.fromkeys(notes))


def all_decided(work: Work, alpha: float) -> Callable[[Tally], bool]:
    """Return what says whether every family-wise p lies on one side of alpha, but for a small risk.

    Parameters
    ----------
    work : Work
    alpha : float
    """

    def decided(tally: Tally) -> bool:
        for name in work.summaries:
            maxima = tally.maxima[name].max(axis=1)
            for number in range(len(work.questions)):
                counts = np.unique(count_exceedances(work, number, name, maxima))
                if not is_decided(counts, len(maxima), alpha).all():
                    return False
        return True

    return decided
