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
from secondlevel.models.influence import NOTABLE, PERFECT, cooks_distance, studentised
from secondlevel.streaming.analysis import Analysis, Fit
from secondlevel.streaming.onepass import Progress, block_size, run_pass

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Indices = NDArray[np.intp]

CHUNK = 8192
"""Elements looked at at a time: a block of rows of this width stays in the cache."""

SAMPLED = 20_000
"""Elements that the robust distance looks at, at most; and at most `SAMPLED_NUMBERS` in all."""

SAMPLED_NUMBERS = 2**24

EDGES = np.linspace(-6.0, 6.0, 121)
"""Of the bins of studentised residuals; those beyond are in the outer ones."""

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
        From the fit: at each of some elements how far the residual is from the median of all maps,
        over the median of these absolute deviations; of this the median over elements, so that 1 is
        usual, and the odd maps do not hide each other.
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


@dataclass(frozen=True, eq=False)
class Seen:
    """What is kept of some maps; that of the maps which follow is added to it.

    Parameters
    ----------
    of_maps : array of shape (b, 5)
        Per map: mean, sum of squares about it, product with the sum of all maps, sum of Cook's
        distance, elements where that is above the threshold.
    residuals, values : arrays of shape (b, K)
        Residuals over √(1 - h) at sampled elements; values where they were asked for.
    sampled : array of shape (b, K)
        Values at the sampled elements.
    powers : array of shape (4, V)
        Sums of powers of the studentised residuals.
    cook : array of shape (V,)
        Largest Cook's distance.
    counts : int array of shape (m,)
        Studentised residuals in bins.
    """

    of_maps: Floats
    residuals: Floats
    sampled: NDArray[np.float32]
    values: Floats
    powers: Floats
    cook: Floats
    counts: Counts

    def merge(self, other: Self) -> Self:
        """Combine with the maps that follow."""
        return type(self)(
            np.concatenate([self.of_maps, other.of_maps]),
            np.concatenate([self.residuals, other.residuals]),
            np.concatenate([self.sampled, other.sampled]),
            np.concatenate([self.values, other.values]),
            self.powers + other.powers,
            np.maximum(self.cook, other.cook),
            self.counts + other.counts,
        )


@dataclass(frozen=True, eq=False)
class Look:
    """Reduces maps to what is known of each, where the fit is known.

    Parameters
    ----------
    coefficients : array of shape (p, V)
    deviation : array of shape (V,)
        Residual standard deviation; 0 where the data are constant.
    total : array of shape (V,)
        Sum of all maps, about its own mean over elements.
    covariance : array of shape (p, p)
        (XᵀX)⁺, for the leverage of rows.
    rank : int
    kept : bool array, or None
        Which of the elements that are read are analysed; None: all.
    sample, at : int arrays
        Elements for the robust distance, and those asked for.
    """

    coefficients: Floats
    deviation: Floats
    total: Floats
    covariance: Floats
    rank: int
    kept: NDArray[np.bool_] | None
    sample: Indices
    at: Indices

    def reduce(self, rows: Floats, data: Floats) -> Seen:
        """Reduce design rows (b, p) and data, finite, of the elements read."""
        if self.kept is not None:
            data = data[:, self.kept]
        hat = np.clip(np.einsum("ij,jk,ik->i", rows, self.covariance, rows), 0.0, 1.0)
        n_maps, n_elements = data.shape
        mean = data.mean(axis=1)
        squares, products, cook, above = np.zeros((4, n_maps))
        powers, largest = np.empty((4, n_elements)), np.empty(n_elements)
        counts = np.zeros(len(EDGES) - 1, dtype=np.int64)
        for start in range(0, n_elements, CHUNK):
            part = slice(start, start + CHUNK)
            block = data[:, part]
            centred = block - mean[:, None]
            squares += np.einsum("ij,ij->i", centred, centred)
            products += centred @ self.total[part]
            residuals = block - rows @ self.coefficients[:, part]
            u = studentised(residuals, self.deviation[part], hat)
            moved = cooks_distance(u, hat, self.rank)
            cook += moved.sum(axis=1)
            above += np.count_nonzero(moved > NOTABLE, axis=1)
            largest[part] = moved.max(axis=0)
            square = u * u
            powers[0, part], powers[1, part] = u.sum(axis=0), square.sum(axis=0)
            powers[2, part] = np.einsum("ij,ij->j", square, u)
            powers[3, part] = np.einsum("ij,ij->j", square, square)
            counts += _binned(u[:, self.deviation[part] > 0.0])
        sampled = data[:, self.sample]
        fitted = rows @ self.coefficients[:, self.sample]
        free = np.where(1.0 - hat > PERFECT, 1.0 / np.sqrt(np.maximum(1.0 - hat, PERFECT)), 0.0)
        return Seen(
            np.column_stack([mean, squares, products, cook, above]),
            (sampled - fitted) * free[:, None],
            sampled.astype(np.float32),
            data[:, self.at],
            powers,
            largest,
            counts,
        )


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
        The same for any number of jobs. Besides what is returned, memory holds the residuals of all
        maps at no more than `SAMPLED` elements and `SAMPLED_NUMBERS` numbers.
    """
    n_maps = len(sources)
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
    estimate, n_elements = fit.estimate, fit.space.n_elements
    wanted = min(SAMPLED, max(1, SAMPLED_NUMBERS // len(sources)), n_elements)
    total = _sum_of_maps(analysis, sources, fit)
    deviation = np.sqrt(estimate.residual_variance)
    return Look(
        estimate.coefficients,
        np.where(estimate.constant, 0.0, deviation),
        total - total.mean(),
        estimate.covariance,
        analysis.design.rank,
        None if fit.kept.all() else fit.kept,
        np.linspace(0, n_elements - 1, wanted).round().astype(np.intp),
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


def _binned(u: Floats) -> Counts:
    """Count studentised residuals in bins."""
    n_bins, width = len(EDGES) - 1, EDGES[1] - EDGES[0]
    places = np.clip((u.ravel() - EDGES[0]) / width, 0, n_bins - 1).astype(np.intp)
    return np.bincount(places, minlength=n_bins)


def _judged(seen: Seen, look: Look, design: Design, missing: Counts) -> Diagnostics:
    mean, squares, products, cook, above = seen.of_maps.T
    n_maps, n_elements = len(mean), len(look.total)
    tested = look.deviation > 0.0
    share = math.nan
    if n_maps >= FEWEST and tested.any():
        share = float(np.mean(omnibus_p(seen.powers[:, tested], n_maps) < LEVEL))
    return Diagnostics(
        mean=mean,
        spread=np.sqrt(squares / n_elements),
        missing=missing,
        correlation=_correlation(squares, products, float(look.total @ look.total)),
        distance=_distance(seen.residuals),
        leverage=leverage(design),
        cook_mean=cook / n_elements,
        cook_share=above / n_elements,
        cook_threshold=NOTABLE,
        cook_largest=seen.cook,
        residual_edges=EDGES,
        residual_counts=seen.counts,
        not_normal=share,
        copies=_copies(seen.sampled, mean, squares),
        values=seen.values,
    )


def _correlation(squares: Floats, products: Floats, total: float) -> Floats:
    """Correlation of each map y with the sum S of all less itself, from yᵀy, yᵀS and SᵀS."""
    others = np.maximum(total - 2.0 * products + squares, 0.0)
    size = np.sqrt(squares * others)
    correlation = np.zeros(len(squares))
    np.divide(products - squares, size, out=correlation, where=size > 0.0)
    return np.asarray(np.clip(correlation, -1.0, 1.0))


def _distance(residuals: Floats) -> Floats:
    """Robust distance from the fit, from residuals of all maps at some elements, (n, K)."""
    apart = np.abs(residuals - np.median(residuals, axis=0))
    usual = np.median(apart, axis=0)
    varies = usual > 0.0
    if not varies.any():
        return np.zeros(len(residuals))
    # In units of the MAD, a usual map has a median of 1 over elements.
    return np.asarray(np.median(apart[:, varies] / usual[varies], axis=1))


def _copies(
    sampled: NDArray[np.float32], mean: Floats, squares: Floats
) -> tuple[tuple[int, ...], ...]:
    """Rows that hold the same values, at the sampled elements and in sum."""
    groups: dict[tuple[bytes, float, float], list[int]] = {}
    for row, values in enumerate(sampled):
        if squares[row] > 0.0:
            key = (values.tobytes(), float(mean[row]), float(squares[row]))
            groups.setdefault(key, []).append(row)
    return tuple(tuple(rows) for rows in groups.values() if len(rows) > 1)
