"""Closed testing with Simes tests: Hommel's h, and the step at which every hypothesis counts.

Closed testing rejects an intersection of hypotheses when every larger one is rejected by its own
test, here that of Simes: k hypotheses are rejected when, for some j, j of them have p <= jα/k. Of
the 2^V intersections of a brain map none is ever looked at: all that closed testing says follows
from one number, h (Goeman, Meijer, Krebs and Solari, 2019, Biometrika 106, 841).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Steps = NDArray[np.int32]

ROUNDING = 1e-14
"""A p-value counts as at its bound when it is above by a smaller share: both are rounded."""


def hommel_value(p: Floats, alpha: float) -> int:
    """Largest number of hypotheses that closed testing with Simes tests may find true together.

    Parameters
    ----------
    p : array of shape (V,)
        In any order.
    alpha : float
        Level, above 0 and below 1.

    Returns
    -------
    int
        h(α), from 0 (all hypotheses are rejected one by one) to V (Simes rejects nothing).

    See Also
    --------
    closed_testing : what follows from h.

    Notes
    -----
    h is the largest i for which the Simes test does not reject the i largest p-values (Meijer,
    Krebs and Goeman, 2019, Biom. J. 61, 73). Of V sorted p-values, p_k is one of them when
    i > V - k, and the (k - V + i)-th smallest then, so it has them rejected when
    i p_k <= (k - V + i) α, that is, when i >= (V - k) α / (α - p_k). Hence ::

        h = min over k with p_k < α of max(V - k, ceil((V - k) α / (α - p_k)) - 1),

    at most V, and 0 when no p is above α. Sorting apart this takes one pass; the paper's convex
    hull is needed only for all α at once.

    Examples
    --------
    >>> hommel_value(np.array([0.01, 0.02, 0.3, 0.5]), 0.05)
    3
    """
    n = len(p)
    level = alpha * (1.0 + ROUNDING)
    ordered = np.sort(p)
    if n == 0 or ordered[-1] <= level:
        return 0
    ordered = ordered[ordered < level]
    larger = n - 1.0 - np.arange(len(ordered))
    allowed = np.ceil(larger * level / (level - ordered)) - 1.0
    return int(np.maximum(larger, allowed).min(initial=n))


@dataclass(frozen=True, eq=False)
class ClosedTesting:
    """What closed testing with Simes tests says of V hypotheses.

    Parameters
    ----------
    alpha : float
        Probability that any of all its statements is wrong, at most.
    h : int
        Hommel's value.
    steps : int array of shape (V,)
        The smallest u >= 1 with h p <= u α for every hypothesis, or V + 1 where that is above V.
    """

    alpha: float
    h: int
    steps: Steps

    @property
    def n_discoveries(self) -> int:
        """Fewest true discoveries among all V hypotheses, which is V - h."""
        return len(self.steps) - self.h


def closed_testing(p: Floats, alpha: float) -> ClosedTesting:
    """Test all intersections of hypotheses.

    Parameters
    ----------
    p : array of shape (V,)
    alpha : float
        Level, above 0 and below 1.

    Returns
    -------
    ClosedTesting

    Notes
    -----
    Simes' inequality, which all of this rests on, holds for independent test statistics and for
    positively dependent ones; it is taken to hold for brain maps (Rosenblatt et al., 2018,
    NeuroImage 181, 786).

    Examples
    --------
    >>> closed = closed_testing(np.array([0.01, 0.02, 0.3, 0.5]), 0.05)
    >>> closed.h, closed.steps.tolist()
    (3, [1, 2, 5, 5])
    """
    h = hommel_value(p, alpha)
    steps = np.ceil(h * p / (alpha * (1.0 + ROUNDING)))
    return ClosedTesting(alpha, h, np.clip(steps, 1, len(p) + 1).astype(np.int32))
