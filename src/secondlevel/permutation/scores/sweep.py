"""What is asked of shuffled maps, and what comes of it; scores for all elements, tile by tile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from secondlevel.permutation.shuffles.shuffle import Batch

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
Indices = NDArray[np.int32]

TILE_BYTES = 2**19
"""Data of a tile in double precision: what is done to them a few times should find them in the
cache."""

TILE = (128, 2048)
"""Fewest and most elements of a tile, powers of 2."""

BLOCK_VALUES = 15_000
"""Data of a block. Times 64 rows it is less than a million multiplications, from which on OpenBLAS
copies the factors of a product first."""

BLOCK = (64, 512)
"""Fewest and most elements of a block, powers of 2."""


@dataclass(frozen=True, eq=False)
class Reach:
    """The score at every element that a shuffle must reach to count there.

    Parameters
    ----------
    levels : array of shape (V,)
        In the direction of the element.
    directions : array of shape (V,)
        1 or -1, the side of the score that is compared; 0 where either side counts.
    """

    levels: Floats
    directions: Floats

    def part(self, elements: slice) -> Reach:
        """Return the same at some elements."""
        return Reach(self.levels[elements], self.directions[elements])


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is asked of the scores of a shuffle.

    Parameters
    ----------
    signs : array of shape (sides,)
        1 or -1 for every side of which the largest score is wanted.
    level : float, optional
        Elements whose score reaches it, on these sides, are listed.
    reach : Reach, optional
        Shuffles are counted where they reach it.
    maps : bool
        Whether all scores are wanted.
    """

    signs: Floats
    level: float | None = None
    reach: Reach | None = None
    maps: bool = False


@dataclass(frozen=True, eq=False)
class Beyond:
    """Elements whose score reaches a level, in the order of shuffles, sides, elements.

    Parameters
    ----------
    places : int array of shape (m,)
        Shuffle times number of sides, plus side.
    elements : int array of shape (m,)
    scores : array of shape (m,)
        Positive on either side.
    """

    places: Indices
    elements: Indices
    scores: Floats


@dataclass(frozen=True, eq=False)
class Swept:
    """What came of S shuffles.

    Parameters
    ----------
    maxima : array of shape (S, sides)
        Largest score on each side.
    beyond : Beyond or None
    reached : int array of shape (V,) or None
        Number of shuffles, the unshuffled maps left out, that reach each element's level.
    maps : array of shape (S, V) or None
    """

    maxima: Floats
    beyond: Beyond | None
    reached: Counts | None
    maps: Floats | None


class Statistic(Protocol):
    """A statistic of one contrast, ready to be computed for any shuffle."""

    @property
    def enough(self) -> int:
        """Shuffles in a batch with which what is prepared for all of them is a small part."""
        ...

    def sweep(self, data: Floats, batch: Batch, wanted: Wanted) -> Swept:
        """Go over all elements of the data, shape (n, V), for a batch of shuffles."""
        ...


def tiles(n_rows: int, n_elements: int) -> list[slice]:
    """Cut elements into tiles: a matter of the data alone, so results do not depend on the work."""
    width = _power_of_2(TILE_BYTES // (8 * n_rows), *TILE)
    return [slice(start, min(start + width, n_elements)) for start in range(0, n_elements, width)]


def block_width(n_rows: int) -> int:
    """Elements of a tile that are multiplied at a time."""
    return _power_of_2(BLOCK_VALUES // n_rows, *BLOCK)


def _power_of_2(wanted: int, fewest: int, most: int) -> int:
    """The largest power of 2 up to what is wanted, within bounds."""
    return min(max(fewest, 1 << max(wanted, 1).bit_length() - 1), most)


def collect(parts: list[Beyond]) -> Beyond:
    """Put what was listed tile by tile into the order of places."""
    places = np.concatenate([part.places for part in parts])
    elements = np.concatenate([part.elements for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    order = np.argsort(places, kind="stable")
    return Beyond(places[order], elements[order], scores[order])


def sweep_maps(maps: Floats, first: int, wanted: Wanted) -> Swept:
    """Return what is wanted of maps of scores that are all there, shape (S, V).

    Parameters
    ----------
    maps : array of shape (S, V)
    first : int
        Number of the first shuffle; number 0, the unshuffled maps, is not counted.
    wanted : Wanted
    """
    maxima = np.column_stack([_largest(maps, sign) for sign in wanted.signs])
    beyond = None if wanted.level is None else _list_beyond(maps, wanted.signs, wanted.level)
    reached = None if wanted.reach is None else _count(maps[first == 0 :], wanted.reach)
    return Swept(maxima, beyond, reached, maps if wanted.maps else None)


def _largest(maps: Floats, sign: float) -> Floats:
    return np.asarray(maps.max(axis=1) if sign > 0 else -maps.min(axis=1))


def _list_beyond(maps: Floats, signs: Floats, level: float) -> Beyond:
    parts = []
    for s, scores in enumerate(maps):
        for side, sign in enumerate(signs):
            elements = np.flatnonzero(scores >= level if sign > 0 else scores <= -level)
            place = np.full(len(elements), s * len(signs) + side, dtype=np.int32)
            parts.append(Beyond(place, elements.astype(np.int32), np.abs(scores[elements])))
    return collect(parts)


def _count(maps: Floats, reach: Reach) -> Counts:
    reached = np.zeros(maps.shape[1], dtype=np.int64)
    either = reach.directions == 0.0
    for scores in maps:
        reached += np.where(either, np.abs(scores), scores * reach.directions) >= reach.levels
    return reached
