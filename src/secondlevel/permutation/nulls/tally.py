"""What the shuffles done so far left behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tally:
    """Maxima and counts of consecutive shuffles; those that follow are merged in.

    Parameters
    ----------
    start, stop : int
        Shuffles from the one number up to, not including, the other.
    maxima : dict of str to array of shape (stop - start, contrasts, sides)
        By the name of a summary: its largest value in each shuffle.
    reached : dict of str to int array of shape (contrasts, V)
        In how many of the shuffles the observed value of each element was reached.
    """

    start: int
    stop: int
    maxima: dict[str, Floats]
    reached: dict[str, Counts]

    def merge(self, other: Tally) -> Tally:
        """Combine with the shuffles that follow.

        Raises
        ------
        ValueError
            When others follow.

        Examples
        --------
        >>> one = Tally(0, 1, {"max": np.array([[[3.0]]])}, {"max": np.array([[1, 1]])})
        >>> two = Tally(1, 2, {"max": np.array([[[2.0]]])}, {"max": np.array([[1, 0]])})
        >>> both = one.merge(two)
        >>> both.maxima["max"].ravel().tolist(), both.reached["max"].tolist(), both.stop
        ([3.0, 2.0], [[2, 1]], 2)
        """
        if other.start != self.stop:
            raise ValueError(f"shuffle {self.stop} should follow, not {other.start}")
        return Tally(
            self.start,
            other.stop,
            {
                name: np.concatenate([kept, other.maxima[name]])
                for name, kept in self.maxima.items()
            },
            {name: own + other.reached[name] for name, own in self.reached.items()},
        )
