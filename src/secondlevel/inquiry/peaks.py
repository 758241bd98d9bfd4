"""Where values are looked at: the main peaks of the highest clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.inquiry.contrast import Answer
from secondlevel.results.contrast import HIGHEST

Indices = NDArray[np.intp]

MOST = 6
"""Peaks of a contrast whose values are shown."""


@dataclass(frozen=True, eq=False)
class Places:
    """Elements that go by a name.

    Parameters
    ----------
    names : tuple of K str
        Cluster IDs, or `HIGHEST`.
    elements : int array of shape (K,)
    """

    names: tuple[str, ...]
    elements: Indices


def shown_peaks(answer: Answer) -> Places:
    """Choose the main peaks of the highest clusters, in the order of the table.

    Parameters
    ----------
    answer : Answer

    Returns
    -------
    Places
        The highest peak alone where there is no cluster.
    """
    table = answer.table
    main = np.flatnonzero(table.is_main)
    if len(main) == 0:
        return Places((HIGHEST,), np.array([answer.highest]))
    peaks = answer.peaks[main]
    order = np.argsort(-np.abs(answer.z[peaks]), kind="stable")[:MOST]
    chosen = np.sort(order)
    return Places(tuple(str(number + 1) for number in chosen), peaks[chosen])


def place_of(answer: Answer, element: int) -> dict[str, Any]:
    """Say where an element lies, and its z.

    Parameters
    ----------
    answer : Answer
    element : int
    """
    space = answer.maps.space
    x, y, z = (
        float(value) for value in space.narrow(_only(space.n_elements, element)).coordinates[0]
    )
    place: dict[str, Any] = {"X": x, "Y": y, "Z": z, "Peak Stat": float(answer.z[element])}
    if space.part_names is not None:
        place["Hemisphere"] = space.part_names[element]
    return place


def _only(n_elements: int, element: int) -> NDArray[np.bool_]:
    flags = np.zeros(n_elements, dtype=bool)
    flags[element] = True
    return flags
