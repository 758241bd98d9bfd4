"""On which sides of a map something is claimed, and against what it is held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError

Floats = NDArray[np.float64]

NAMES = ("positive", "negative", "both", "each")


@dataclass(frozen=True)
class Sides:
    """Which sides count, and whether an element is held against the maxima of both.

    Parameters
    ----------
    name : {"positive", "negative", "both", "each"}
        Of "both" the larger maximum counts, as in a two-sided test; of "each" those of the
        element's own side, so that two one-sided tests are made at once.

    Raises
    ------
    InputError
        When it is none of these.

    Examples
    --------
    >>> Sides("both").signs.tolist(), Sides("negative").signs.tolist()
    ([1.0, -1.0], [-1.0])
    """

    name: str

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise InputError(
                f"sides must be one of {', '.join(map(repr, NAMES))}. Got {self.name!r}."
            )

    @property
    def signs(self) -> Floats:
        """1 or -1 for every side, shape (sides,)."""
        return np.array({"positive": [1.0], "negative": [-1.0]}.get(self.name, [1.0, -1.0]))

    @property
    def two_sided(self) -> bool:
        """Whether a p is halved to have the same on either side."""
        return self.name == "both"

    def directions(self, observed: Floats) -> Floats:
        """Side on which every element is asked about, 1 or -1; 0 where either counts. Shape (V,).

        Parameters
        ----------
        observed : array of shape (V,)
            The statistic.
        """
        if self.name == "both":
            return np.zeros(len(observed))
        if self.name == "each":
            return np.where(observed < 0.0, -1.0, 1.0)
        return np.full(len(observed), self.signs[0])

    def towards(self, values: Floats) -> Floats:
        """How far values, shape (V,), lie in the direction asked about, shape (V,)."""
        directions = self.directions(values)
        return np.where(directions == 0.0, np.abs(values), values * directions)

    def against(self, maxima: Floats, values: Floats) -> list[tuple[Floats, NDArray[np.bool_]]]:
        """Pair maxima, shape (N, sides), with the elements that are held against them.

        Returns
        -------
        list of (array of shape (N,), bool array of shape (V,))
        """
        if self.name != "each":
            return [(maxima.max(axis=1), np.ones(len(values), dtype=bool))]
        positive = self.directions(values) > 0
        return [(maxima[:, 0], positive), (maxima[:, 1], ~positive)]
