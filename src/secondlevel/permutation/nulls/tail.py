"""Small p without many shuffles: a generalised Pareto tail fitted to the maxima of a null.

Of N shuffles no share is less than 1 / N. What lies beyond is read off the distribution that the
largest of many maxima must come to have (Pickands, 1975, Ann. Statist. 3, 119), as Knijnenburg et
al. (2009, Bioinformatics 25, i161) and Winkler et al. (2016, NeuroImage 141, 502) do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.errors import InputError
from secondlevel.inference.arguments import as_numbers
from secondlevel.inference.null import TIE
from secondlevel.permutation.nulls.pareto import Pareto, fit_pareto, misfit, misfit_p

Floats = NDArray[np.float64]

SHARE = 0.25
"""Largest share of the maxima that is called a tail."""

MOST = 500
"""Largest number of maxima in a tail: with 2 500 of 10 000, noise gets p of 0.00001 or less twice
as often as it should."""

FEWEST = 50
"""Smallest number of maxima in a tail; with fewer it tells little more than the count does."""

LEVEL = 0.05
"""A tail fits where the p of its misfit is larger."""

_SHORTER = 0.8  # what is left of a tail that does not fit


@dataclass(frozen=True)
class ParetoTail:
    """The tail of a null: p = n_exceedances / n_shuffles · P(Y > height - threshold).

    Parameters
    ----------
    threshold : float
        Where the tail begins, midway between two maxima; in their unit.
    shape, scale : float
        Of the generalised Pareto distribution of Y; above 0 the shape is that of a heavy tail,
        below 0 that of one with an end.
    n_exceedances : int
        Maxima above the threshold.
    n_shuffles : int
        All maxima.
    largest : float
        The largest of them, beyond which the tail says nothing.
    fit_p : float
        p of the misfit, from 0.001 to 1; small where the maxima have no Pareto tail.
    floor : float, default=0
        What no p can be less than, whatever the tail says.

    Examples
    --------
    >>> tail = ParetoTail(5.0, 0.0, 0.5, 250, 1000, largest=8.0, fit_p=0.4)
    >>> tail.p([5.0, 7.0, 9.0]).round(6), round(tail.smallest_p, 6)
    (array([0.25    , 0.004579, 0.00062 ]), 0.00062)
    """

    threshold: float
    shape: float
    scale: float
    n_exceedances: int
    n_shuffles: int
    largest: float
    fit_p: float
    floor: float = 0.0

    @property
    def smallest_p(self) -> float:
        """Return p of the largest maximum, the smallest that the tail vouches for; above 0."""
        return float(self.p(self.largest))

    def p(self, heights: ArrayLike) -> Floats:
        """Return p of heights above the threshold, of their shape; never less than `smallest_p`.

        Notes
        -----
        The observed maximum is one of the maxima, so none of the observed heights lies beyond the
        largest but by rounding.
        """
        reached = np.minimum(np.asarray(heights, dtype=np.float64), self.largest)
        excess = np.maximum(reached - self.threshold, 0.0)
        beyond = Pareto(self.shape, self.scale).survival(excess)
        return np.maximum(self.n_exceedances / self.n_shuffles * beyond, self.floor)


@dataclass(frozen=True)
class TailFit:
    """A tail, or none, and a sentence about it.

    Parameters
    ----------
    tail : ParetoTail, optional
        None where none could be fitted.
    message : str
        Which maxima it was fitted to; why there is none, and what that means.
    """

    tail: ParetoTail | None
    message: str


@dataclass(frozen=True, eq=False)
class TailP:
    """The p of observed heights, with what they come from.

    Parameters
    ----------
    p : array of shape (...)
        Above 0.
    tail : ParetoTail, optional
        Where p of heights above its threshold are read off; None where all are counted.
    message : str
        What was fitted, or why nothing was.
    """

    p: Floats
    tail: ParetoTail | None
    message: str


def tail_p(
    maxima: ArrayLike,
    observed: ArrayLike,
    counted: ArrayLike | None = None,
    *,
    n_distinct: int | None = None,
) -> TailP:
    """Return p of observed heights: read off the tail above its threshold, counted below.

    Parameters
    ----------
    maxima : array-like of shape (N,)
        Largest height of each shuffle, the observed labelling among them.
    observed : array-like of shape (...)
        Heights in the same unit.
    counted : array-like of shape (...), optional
        Counted p of these heights, where they are known; else they are counted here.
    n_distinct : int, optional
        Number of distinct shuffles. Where there are no more than N, all were taken: counted p are
        exact, and no tail is fitted. Else no p is less than 1 / n_distinct.

    Raises
    ------
    InputError, InputTypeError
        When these are no numbers, or a maximum is not finite.

    See Also
    --------
    fit_tail : How the tail is chosen.
    secondlevel.permutation.nulls.interval.p_interval : What chance leaves open of a counted p.

    Notes
    -----
    At the threshold both are n_exceedances / N, so p falls as heights rise, there too.

    Examples
    --------
    >>> maxima = np.random.default_rng(7).gumbel(size=1000)
    >>> found = tail_p(maxima, [0.0, 3.0, 7.0])
    >>> found.p.round(4)  # where the truth is 0.6321, 0.0486, 0.0009
    array([0.639 , 0.0502, 0.0012])
    """
    values = _sorted(maxima)
    heights = as_numbers(observed, "A p is asked for the height of each element")
    if np.isnan(heights).any():
        raise InputError("A height that p is asked for is NaN. Leave such elements out.")
    fit = fit_tail(values, n_distinct=n_distinct)
    if counted is None:
        p = _counted(values, heights)
    else:
        p = as_numbers(counted, "Counted p are numbers, one for each height")
    if fit.tail is not None:
        p = np.where(heights > fit.tail.threshold, fit.tail.p(heights), p)
    return TailP(p, fit.tail, fit.message)


def fit_tail(maxima: ArrayLike, *, n_distinct: int | None = None) -> TailFit:
    """Fit a generalised Pareto tail to the largest of the maxima of a null.

    The tail is the upper quarter of the maxima, 500 at most. Where the misfit is too large it is
    made shorter by a fifth at a time, down to 50 maxima.

    Parameters
    ----------
    maxima : array-like of shape (N,)
        Largest height of each shuffle, the observed labelling among them, in any order.
    n_distinct : int, optional
        Number of distinct shuffles, as for `tail_p`.

    Returns
    -------
    TailFit
        Without a tail where all shuffles were taken, where there are fewer than 200, where most of
        the largest maxima are equal to others, as sizes of clusters are, and where none fits.

    Raises
    ------
    InputError, InputTypeError
        When these are no finite numbers.

    Notes
    -----
    The observed maximum stays in. It is one of N that are exchangeable where there is no effect,
    and the only one that depends on an effect. Left out, noise gets p of 0.0001 or less two to
    three times as often as it should from 1 000 maxima, four to six times from 500, and p of 0
    where the tail ends; left in, 1.07 times at most, and never 0 (benchmarks/pareto_fit.py). What
    is paid: where the truth is 1e-6, 1 000 maxima give 3e-5 to 1e-4.
    """
    values = _sorted(maxima)
    n = len(values)
    if n_distinct is not None and n_distinct <= n:
        return _refusal("all distinct shuffles were taken", "exact")
    smallest = f"none is below 1/{n}"
    start = min(int(SHARE * n), MOST)
    if start < FEWEST:
        few = f"it takes {int(FEWEST / SHARE)} shuffles, and there are {n}"
        return _refusal(few, f"counted, and {smallest}")
    distinct = 1 + np.count_nonzero(~_ties(values[n - start :]))
    if 2 * distinct <= start:
        tied = f"of the {start} largest maxima only {distinct} differ, as sizes of clusters do"
        return _refusal(tied, f"counted, and {smallest}")
    for k in _lengths(values, start):
        tail = _tail(values, k, floor=1 / n_distinct if n_distinct else 0.0)
        if tail.fit_p > LEVEL:
            return TailFit(tail, _praise(tail))
    shorter = f", nor have fewer, down to {FEWEST}" if start > FEWEST else ""
    return _refusal(
        f"the {start} largest maxima have no generalised Pareto distribution (p of the misfit "
        f"≤ {LEVEL:g}){shorter}",
        f"counted, and {smallest}",
    )


def _lengths(values: Floats, start: int) -> Iterator[int]:
    """Numbers of largest maxima, ever fewer, that are parted from the others by a gap."""
    length = float(start)
    while int(length) >= FEWEST:
        below = values[-int(length) - 1]
        k = len(values) - int(np.searchsorted(values, below + TIE * abs(below), side="right"))
        if k < FEWEST:
            return
        yield k
        length = k * _SHORTER


def _tail(values: Floats, k: int, floor: float) -> ParetoTail:
    n = len(values)
    threshold = (values[n - k - 1] + values[n - k]) / 2.0
    excesses = values[n - k :] - threshold
    fitted = fit_pareto(excesses)
    return ParetoTail(
        threshold=float(threshold),
        shape=fitted.shape,
        scale=fitted.scale,
        n_exceedances=k,
        n_shuffles=n,
        largest=float(values[-1]),
        fit_p=misfit_p(*misfit(excesses), k),
        floor=floor,
    )


def _praise(tail: ParetoTail) -> str:
    return (
        f"p-values below {tail.n_exceedances / tail.n_shuffles:.3g} are read off a generalised "
        f"Pareto tail (shape {tail.shape:.2f}) fitted to the {tail.n_exceedances} largest of "
        f"{tail.n_shuffles} maxima; none is below {tail.smallest_p:.2g}."
    )


def _refusal(reason: str, consequence: str) -> TailFit:
    return TailFit(None, f"No tail was fitted: {reason}. p-values are {consequence}.")


def _counted(values: Floats, heights: Floats) -> Floats:
    """Share of sorted maxima that are as high, the observed one at least."""
    reached = np.minimum(heights, values[-1])  # inf has no distance that ties
    below = np.searchsorted(values, reached - TIE * np.abs(reached), side="left")
    return np.asarray(np.maximum(len(values) - below, 1) / len(values))


def _ties(values: Floats) -> NDArray[np.bool_]:
    """Which of sorted values, from the second on, are equal to the one before but for rounding."""
    return np.asarray(np.diff(values) <= TIE * np.abs(values[1:]))


def _sorted(maxima: ArrayLike) -> Floats:
    wanted = "A tail is fitted to the maximum of each shuffle, a finite number"
    values = np.sort(as_numbers(maxima, wanted).ravel())
    if len(values) == 0 or not np.isfinite(values).all():
        raise InputError(f"{wanted}.")
    return values
