"""What is asked of maps of scores that are all there; lists of elements put in order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondlevel.permutation.scores.asked import Beyond, Reach, Swept, Wanted

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


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
    flags = np.stack([maps >= level if sign > 0 else maps <= -level for sign in signs], axis=1)
    # Of one axis: numpy finds what is set along several much slower.
    places, elements = np.divmod(np.flatnonzero(flags), maps.shape[1])
    scores = np.abs(maps[places // len(signs), elements])
    return Beyond(places.astype(np.int32), elements.astype(np.int32), scores)


def _count(maps: Floats, reach: Reach) -> Counts:
    reached = np.zeros(maps.shape[1], dtype=np.int64)
    either = reach.directions == 0.0
    for scores in maps:
        reached += np.where(either, np.abs(scores), scores * reach.directions) >= reach.levels
    return reached
