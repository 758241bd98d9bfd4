"""What is kept of maps that are looked at once more, now that the fit is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b
from typing import Self

import numpy as np
from numpy.typing import NDArray

from secondlevel.models.influence import cooks_distance, studentised
from secondlevel.models.least_squares import ROUNDING

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
Indices = NDArray[np.intp]

CHUNK = 8192
"""Elements looked at at a time: a block of rows of this width stays in the cache."""

EDGES = np.linspace(-6.0, 6.0, 121)
"""Of the bins of studentised residuals; those beyond are in the outer ones."""


@dataclass(frozen=True, eq=False)
class PerMap:
    """What is kept of each of b maps.

    Parameters
    ----------
    mean, squares : arrays of shape (b,)
        Mean over elements; sum of squares about it, 0 for a map that is the same everywhere.
    others, products : arrays of shape (b,)
        Sum of squares of the sum of all other maps, about its mean; its product with the map.
    cook, notable : arrays of shape (b,)
        Sum of Cook's distance; elements where it is notable.
    sampled, values : arrays of shape (b, K)
        Values at the elements sampled, and at those asked for.
    prints : bytes array of shape (b,)
        Alike for maps with the same values at the elements sampled.
    """

    mean: Floats
    squares: Floats
    others: Floats
    products: Floats
    cook: Floats
    notable: Floats
    sampled: Floats
    values: Floats
    prints: NDArray[np.bytes_]

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """Put maps below each other."""
        together = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in (field.name for field in fields(cls))
        }
        return cls(**together)


@dataclass(frozen=True, eq=False)
class Seen:
    """What is kept of some maps; that of the maps which follow is added to it.

    Parameters
    ----------
    parts : tuple of PerMap
        In the order of the maps.
    powers : array of shape (4, V)
        Sums of powers of the studentised residuals.
    cook : array of shape (V,)
        Largest Cook's distance.
    counts : int array of shape (m,)
        Studentised residuals in bins.
    """

    parts: tuple[PerMap, ...]
    powers: Floats
    cook: Floats
    counts: Counts

    def merge(self, other: Self) -> Self:
        """Combine with the maps that follow."""
        return type(self)(
            self.parts + other.parts,
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
    notable : float
        Cook's distance from which a map counts as one that moves the fit.
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
    notable: float
    kept: Flags | None
    sample: Indices
    at: Indices

    def reduce(self, rows: Floats, data: Floats) -> Seen:
        """Reduce design rows (b, p) and data, finite, of the elements read."""
        if self.kept is not None:
            data = np.compress(self.kept, data, axis=1)
        hat = np.clip(np.einsum("ij,jk,ik->i", rows, self.covariance, rows), 0.0, 1.0)
        n_maps, n_elements = data.shape
        mean = data.mean(axis=1)
        sums = np.zeros((5, n_maps))
        powers, largest = np.empty((4, n_elements)), np.empty(n_elements)
        counts = np.zeros(len(EDGES) - 1, dtype=np.int64)
        for start in range(0, n_elements, CHUNK):
            part = slice(start, start + CHUNK)
            block, deviation = data[:, part], self.deviation[part]
            sums[:3] += _agreement(block - mean[:, None], self.total[part])
            u = studentised(block - rows @ self.coefficients[:, part], deviation, hat)
            cook = cooks_distance(u, hat, self.rank)
            sums[3] += cook.sum(axis=1)
            sums[4] += np.count_nonzero(cook > self.notable, axis=1)
            np.max(cook, axis=0, out=largest[part])
            _add_powers(u, powers[:, part])
            varies = deviation > 0.0
            counts += _binned(u if varies.all() else u[:, varies])
        # What is left of a map that is the same everywhere is rounding.
        sums[0][sums[0] <= n_elements * (ROUNDING * mean) ** 2] = 0.0
        sampled = data.take(self.sample, axis=1)
        squares, others, products, moved, notable = sums
        of_maps = PerMap(
            mean,
            squares,
            others,
            products,
            moved,
            notable,
            sampled,
            data.take(self.at, axis=1),
            _prints(sampled),
        )
        return Seen((of_maps,), powers, largest, counts)


def _agreement(centred: Floats, total: Floats) -> tuple[Floats, Floats, Floats]:
    """Sums of squares of maps and of all other maps, and of their products, per map.

    From the others themselves: as SᵀS - 2 yᵀS + yᵀy nothing would be left of those beside a map
    that is a million times their size.
    """
    others = total - centred
    return (
        np.einsum("ij,ij->i", centred, centred),
        np.einsum("ij,ij->i", others, others),
        np.einsum("ij,ij->i", centred, others),
    )


def _add_powers(u: Floats, powers: Floats) -> None:
    """Write the sums over maps of u, u², u³, u⁴."""
    square = u * u
    np.sum(u, axis=0, out=powers[0])
    np.sum(square, axis=0, out=powers[1])
    np.einsum("ij,ij->j", square, u, out=powers[2])
    np.einsum("ij,ij->j", square, square, out=powers[3])


def _binned(u: Floats) -> Counts:
    """Count studentised residuals in bins."""
    n_bins = len(EDGES) - 1
    places = u.ravel() - EDGES[0]
    places *= n_bins / (EDGES[-1] - EDGES[0])
    np.clip(places, 0, n_bins - 1, out=places)
    return np.bincount(places.astype(np.intp), minlength=n_bins)


def _prints(sampled: Floats) -> NDArray[np.bytes_]:
    # Adding 0 makes -0 the same as 0.
    rows = sampled + 0.0
    return np.array([blake2b(row.tobytes()).hexdigest() for row in rows], dtype=np.bytes_)
