"""The distribution of t or F over scores: statistic, score and normal deviate, each from another.

A score is the partial R² of a contrast, with a sign where it has one row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from secondlevel.inference.normal import upper_p
from secondlevel.inference.tails import f_tail, t_tail
from secondlevel.permutation.heights.scale_kernels import write_f, write_t

Floats = NDArray[np.float64]

# Half of what separates 1 from the next smaller double, so scores of 1 have statistics above all
# others, and finite.
_NEAREST_TO_1 = 2.0**-54


class Distribution(Protocol):
    """One of a statistic that grows with the score."""

    @property
    def signed(self) -> bool:
        """Whether the statistic has a sign."""
        ...

    def statistic(self, scores: ArrayLike) -> Floats:
        """Return the statistic of scores, of the same shape."""
        ...

    def of_odds(self, odds: Floats) -> Floats:
        """Return the statistic, not negative, of scores w given as w / (1 - w), of that shape."""
        ...

    def write(self, scores: Floats, out: Floats) -> None:
        """Write the statistic of a map of scores, shape (V,), into `out`, the same to the bit."""
        ...

    def score(self, values: ArrayLike) -> Floats:
        """Return the score of statistics, of the same shape."""
        ...

    def z(self, values: ArrayLike) -> Floats:
        """Return the normal deviates with the same upper tail as statistics, of their shape."""
        ...

    def at_z(self, z: float) -> float:
        """Return the statistic with the same upper tail as a normal deviate."""
        ...


@dataclass(frozen=True)
class TDistribution:
    """Student's t: w = ±t² / (dof + t²).

    Parameters
    ----------
    dof : float
        Degrees of freedom, above 0.

    Examples
    --------
    >>> null = TDistribution(8)
    >>> null.score([-2.0, 0.0, 4.0]).round(4), null.statistic([0.5]).round(4)
    (array([-0.3333,  0.    ,  0.6667]), array([2.8284]))
    >>> round(null.at_z(3.0), 4)
    4.2766
    """

    dof: float
    signed = True

    def statistic(self, scores: ArrayLike) -> Floats:
        """Return t of scores."""
        given = np.asarray(scores, dtype=np.float64)
        return np.copysign(self.of_odds(_odds(given)), given)

    def of_odds(self, odds: Floats) -> Floats:
        """Return t, not negative, of w / (1 - w)."""
        return np.asarray(np.sqrt(self.dof * odds))

    def write(self, scores: Floats, out: Floats) -> None:
        """Write t of a whole map of scores."""
        write_t(scores, self.dof, out)

    def score(self, values: ArrayLike) -> Floats:
        """Return scores of t."""
        t = np.asarray(values, dtype=np.float64)
        r = t / np.hypot(t, np.sqrt(self.dof))  # t² may overflow
        return np.asarray(r * np.abs(r))

    def z(self, values: ArrayLike) -> Floats:
        """Return normal deviates of t."""
        return t_tail(values, self.dof).z

    def at_z(self, z: float) -> float:
        """Return t of a normal deviate."""
        if z == 0.0:
            return 0.0
        share = special.betainccinv(0.5, self.dof / 2.0, 2.0 * upper_p(abs(z)))
        t = _solve(self.z, abs(z), float(self.of_odds(_odds(share))))
        return float(np.copysign(t, z))


@dataclass(frozen=True)
class FDistribution:
    """Fisher's F: w = k F / (dof + k F).

    Parameters
    ----------
    dof : float
        Degrees of freedom of the denominator, above 0.
    dof_contrast : float
        Those of the numerator, k.

    Examples
    --------
    >>> null = FDistribution(12, 3)
    >>> null.score([0.0, 4.0]), null.statistic([0.5]), round(null.at_z(3.0), 4)
    (array([0. , 0.5]), array([4.]), 10.0633)
    """

    dof: float
    dof_contrast: float
    signed = False

    def statistic(self, scores: ArrayLike) -> Floats:
        """Return F of scores; those below 0, which only rounding can make, count as 0."""
        given = np.maximum(np.asarray(scores, dtype=np.float64), 0.0)
        return self.of_odds(_odds(given))

    def of_odds(self, odds: Floats) -> Floats:
        """Return F of w / (1 - w)."""
        return np.asarray(self.dof / self.dof_contrast * odds)

    def write(self, scores: Floats, out: Floats) -> None:
        """Write F of a whole map of scores."""
        write_f(scores, self.dof / self.dof_contrast, out)

    def score(self, values: ArrayLike) -> Floats:
        """Return scores of F."""
        ratio = np.asarray(values, dtype=np.float64) * (self.dof_contrast / self.dof)
        # From the side where 1 + ratio neither overflows nor loses what it is added to.
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(1.0 / (1.0 + 1.0 / ratio))

    def z(self, values: ArrayLike) -> Floats:
        """Return normal deviates of F."""
        return f_tail(values, self.dof_contrast, self.dof).z

    def at_z(self, z: float) -> float:
        """Return F of a normal deviate."""
        w = special.betainccinv(self.dof_contrast / 2.0, self.dof / 2.0, upper_p(z))
        return _solve(self.z, z, float(self.statistic(w)))


def _odds(scores: ArrayLike) -> Floats:
    """|w| / (1 - |w|), finite also at 1."""
    share = np.abs(scores)
    return np.asarray(share / np.maximum(1.0 - share, _NEAREST_TO_1))


def _solve(z_of: Callable[[float], Floats], z: float, start: float) -> float:
    """Find the positive statistic with a normal deviate, near a start, to the last digits.

    Its logarithm is bracketed first: an inverse of the incomplete beta function may be off by far
    where p, or 1 minus the score, is no more a comfortable double.
    """

    def excess(log_value: float) -> float:
        return float(z_of(np.exp(log_value))) - z

    middle = np.log(np.clip(start, 1e-300, 1e300))
    low, high = middle, middle
    step = 1e-9
    while excess(low) > 0.0:
        low, step = low - step, 4 * step
    step = 1e-9
    while excess(high) < 0.0:
        high, step = high + step, 4 * step
    if low == high:
        return float(np.exp(low))
    root = optimize.brentq(excess, low, high, xtol=1e-15, rtol=4 * np.finfo(np.float64).eps)
    return float(np.exp(root))
