"""A further pass over maps: how each fits, how far it moves the fit, how residuals are spread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Self

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.leverage import leverage
from secondlevel.design.matrix import Design
from secondlevel.inference.normality import FEWEST, omnibus_p
from secondlevel.inputs.sources import MapSource
from secondlevel.models.influence import notable_distance
from secondlevel.models.robust_distance import robust_distance
from secondlevel.streaming.analysis import Analysis, Fit
from secondlevel.streaming.look import EDGES, Look, PerMap, Seen
from secondlevel.streaming.onepass import Progress, block_size, run_pass

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Indices = NDArray[np.intp]

SAMPLED = 5_000
"""Elements that the robust distance looks at, at most; and at most `SAMPLED_NUMBERS` in all."""

SAMPLED_NUMBERS = 2**22

LEVEL = 0.05
"""Of the test of normality."""


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """What is known of each of n maps, and of the residuals at V elements.

    Parameters
    ----------
    mean, spread : arrays of shape (n,)
        Mean and standard deviation of each map over its elements, in the unit of the maps.
    missing : int array of shape (n,)
        Elements of the mask without a value.
    correlation : array of shape (n,)
        With the mean of the other maps, over elements; 0 where one of them does not vary.
    distance : array of shape (n,)
        From the fit, by `robust_distance` of at most `SAMPLED` elements: 1 is usual, and odd maps
        hide neither themselves nor each other.
    leverage : array of shape (n,)
    cook_mean, cook_share : arrays of shape (n,)
        Mean of Cook's distance over elements, and share of elements where it is above
        `cook_threshold`.
    cook_threshold : float
    cook_largest : array of shape (V,)
        Largest Cook's distance of any map.
    residual_edges : array of shape (m + 1,)
        Bins of internally studentised residuals.
    residual_counts : int array of shape (m,)
        Of all maps and elements with residual variance.
    not_normal : float
        Share of elements whose residuals fail a test of normality at 5 %; NaN for fewer than 20
        maps.
    copies : tuple of tuples of int
        Rows whose maps hold the same values.
    values : array of shape (n, K)
        Values of the maps at the elements asked for.
    """

    mean: Floats
    spread: Floats
    missing: Counts
    correlation: Floats
    distance: Floats
    leverage: Floats
    cook_mean: Floats
    cook_share: Floats
    cook_threshold: float
    cook_largest: Floats
    residual_edges: Floats
    residual_counts: Counts
    not_normal: float
    copies: tuple[tuple[int, ...], ...]
    values: Floats


def examine(
    analysis: Analysis,
    sources: Sequence[MapSource],
    fit: Fit,
    at: Indices,
    progress: Progress | None = None,
) -> Diagnostics:
    """Look at every map once more, now that the fit is known.

    Parameters
    ----------
    analysis : Analysis
        What was fitted.
    sources : sequence of n MapSource
        The maps fitted; read once more, unless the fit has kept their data.
    fit : Fit
    at : int array of shape (K,)
        Elements whose values are wanted.
    progress : callable, optional
        Called with the number of maps done since the last call.

    Returns
    -------
    Diagnostics
        The same for any number of jobs. Besides what is returned, memory holds the values of all
        maps at no more than `SAMPLED` elements, and `SAMPLED_NUMBERS` numbers.
    """
    n_maps = len(sources)
    # Which map lacks how much is not kept by a fit: it is counted where any does.
    complete = bool((fit.coverage == n_maps).all())
    look = _look(analysis, sources, fit, at)
    rows = analysis.design.matrix
    missing = np.zeros(n_maps, dtype=np.int64)
    if fit.data is not None and complete:
        # In the blocks of a pass, so that sums are rounded as they would be there.
        size = block_size(n_maps, rows.shape[1], fit.data.shape[1])
        starts = range(0, n_maps, size)
        parts = (look.reduce(rows[i : i + size], fit.data[i : i + size]) for i in starts)
        seen = reduce(Seen.merge, parts)
    else:
        job = analysis.pass_over(sources, fit.mask_space)
        gathered = run_pass(job, rows, look, n_jobs=analysis.n_jobs, progress=progress)
        seen, missing = gathered.partial, np.array(gathered.missing_per_map, dtype=np.int64)
    return _judged(seen, look, analysis.design, missing)


def _look(analysis: Analysis, sources: Sequence[MapSource], fit: Fit, at: Indices) -> Look:
    estimate = fit.estimate
    # Elements without residual variance tell no map from another.
    telling = np.flatnonzero(~estimate.constant)
    wanted = min(SAMPLED, max(1, SAMPLED_NUMBERS // len(sources)), len(telling))
    total = _sum_of_maps(analysis, sources, fit)
    return Look(
        estimate.coefficients,
        np.where(estimate.constant, 0.0, np.sqrt(estimate.residual_variance)),
        total - total.mean(),
        estimate.covariance,
        analysis.design.rank,
        notable_distance(analysis.design.rank, analysis.design.dof),
        None if fit.kept.all() else fit.kept,
        telling[np.linspace(0, len(telling) - 1, wanted).round().astype(np.intp)],
        np.asarray(at, dtype=np.intp),
    )


@dataclass(frozen=True, eq=False)
class Chosen:
    """Values of some maps at some elements."""

    values: Floats

    def merge(self, other: Self) -> Self:
        """Put the maps that follow below."""
        return type(self)(np.concatenate([self.values, other.values]))


@dataclass(frozen=True, eq=False)
class Choosing:
    """Reduces maps to their values at some elements."""

    at: Indices

    def reduce(self, rows: Floats, data: Floats) -> Chosen:  # noqa: ARG002 - no design
        """Take the values of data of shape (b, V)."""
        return Chosen(data[:, self.at])


def read_at(
    analysis: Analysis,
    sources: Sequence[MapSource],
    fit: Fit,
    at: Indices,
    progress: Progress | None = None,
) -> Floats:
    """Read the values of maps at some of the elements analysed.

    Parameters
    ----------
    analysis, sources, fit, at, progress
        As in `examine`.

    Returns
    -------
    array of shape (n, K)
    """
    if fit.data is not None:
        return fit.data[:, at]
    job = analysis.pass_over(sources, fit.space)
    rows = analysis.design.matrix
    done = run_pass(job, rows, Choosing(at), n_jobs=analysis.n_jobs, progress=progress)
    return done.partial.values


@dataclass(frozen=True, eq=False)
class Total:
    """The sum of some maps."""

    values: Floats

    def merge(self, other: Self) -> Self:
        """Add the maps that follow."""
        return type(self)(self.values + other.values)


@dataclass(frozen=True)
class Adding:
    """Reduces maps to their sum."""

    def reduce(self, rows: Floats, data: Floats) -> Total:  # noqa: ARG002 - no design
        """Add data of shape (b, V)."""
        return Total(data.sum(axis=0))


def _sum_of_maps(analysis: Analysis, sources: Sequence[MapSource], fit: Fit) -> Floats:
    """Sum of all maps at the elements analysed: by the fit, where the design has a constant."""
    design = analysis.design
    if design.constant is not None:
        # Residuals add up to 0.
        return np.asarray(fit.estimate.predict(design.matrix.sum(axis=0)[None, :])[0])
    if fit.data is not None:
        return np.asarray(fit.data.sum(axis=0))
    job = analysis.pass_over(sources, fit.space)
    return run_pass(job, design.matrix, Adding(), n_jobs=analysis.n_jobs).partial.values


def _judged(seen: Seen, look: Look, design: Design, missing: Counts) -> Diagnostics:
    maps = PerMap.stack(seen.parts)
    n_maps, n_elements = len(maps.mean), len(look.total)
    tested = look.deviation > 0.0
    share = math.nan
    if n_maps >= FEWEST and tested.any():
        share = float(np.mean(omnibus_p(seen.powers[:, tested], n_maps) < LEVEL))
    return Diagnostics(
        mean=maps.mean,
        spread=np.sqrt(maps.squares / n_elements),
        missing=missing,
        correlation=_correlation(maps),
        distance=robust_distance(design.factors.left, maps.sampled),
        leverage=leverage(design),
        cook_mean=maps.cook / n_elements,
        cook_share=maps.notable / n_elements,
        cook_threshold=look.notable,
        cook_largest=seen.cook,
        residual_edges=EDGES,
        residual_counts=seen.counts,
        not_normal=share,
        copies=_copies(maps),
        values=maps.values,
    )


def _correlation(maps: PerMap) -> Floats:
    """Correlation of each map with the sum of all others."""
    size = np.sqrt(maps.squares) * np.sqrt(maps.others)
    correlation = np.zeros(len(size))
    np.divide(maps.products, size, out=correlation, where=size > 0.0)
    return np.asarray(np.clip(correlation, -1.0, 1.0))


def _copies(maps: PerMap) -> tuple[tuple[int, ...], ...]:
    """Rows that hold the same values, at the sampled elements and in sum; constant maps apart."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for row in np.flatnonzero(maps.squares > 0.0).tolist():
        key = (maps.prints[row], maps.mean[row], maps.squares[row])
        groups.setdefault(key, []).append(row)
    return tuple(tuple(rows) for rows in groups.values() if len(rows) > 1)
