"""What is asked of shuffled maps, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from secondlevel.permutation.shuffles.shuffle import Batch

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Indices = NDArray[np.int32]


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
    def best_batch(self) -> int:
        """Number of shuffles worth doing together: with these, what is prepared is a small part."""
        ...

    def sweep(self, data: Floats, batch: Batch, wanted: Wanted) -> Swept:
        """Go over all elements of the data, shape (n, V), for a batch of shuffles."""
        ...
