"""A confidence bound for a whole map: a curve on which a probability stays the same.

The noncentrality at which an observed statistic has a given tail probability moves with the
statistic along a smooth curve. Its slope is known, and so is one point on it; so the curve is
followed once, from the smallest statistic of a map to the largest, and read off at all elements.
That costs some hundred slopes, where a search at each element would cost millions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

__all__ = ["LevelCurve"]

Floats = NDArray[np.float64]
Slope = Callable[[float, Floats], Floats]

STEP_ERROR = 3e-14
"""Error of a step, relative to the value or, where that is smaller, to 1."""

FIRST_STEP = 0.01
"""SciPy's own choice overflows where the curve is followed over next to nothing."""

LONGEST_STEP = 0.15
"""Longer ones lose digits where the curve is read off between their ends."""

NODES = 24
"""Degrees of freedom, within an octave, between which a curve is interpolated to 2e-12."""

CHUNK = 16384
"""Elements read off at a time where there are many curves: memory stays small."""


@dataclass(frozen=True)
class LevelCurve:
    """Solutions of value′ = slope(x, value), one for each number of degrees of freedom.

    Parameters
    ----------
    prepare : callable
        Makes the slope for degrees of freedom of shape (m,): a function of x and of the m values
        there.
    start : float
        The value at x = 0.

    Examples
    --------
    >>> growth = LevelCurve(lambda dof: lambda x, value: value / dof, start=1.0)
    >>> growth.at(np.array([0.0, 2.0, -1.0]), 2.0).round(4)
    array([1.    , 2.7183, 0.6065])
    >>> growth.at(np.array([0.0, 2.0, -1.0]), np.array([1.0, 2.0, 4.0])).round(4)
    array([1.    , 2.7183, 0.7788])
    """

    prepare: Callable[[Floats], Slope]
    start: float

    def at(self, x: Floats, dof: float | Floats) -> Floats:
        """Value at every element.

        Parameters
        ----------
        x : array of shape (V,)
            NaN gives NaN.
        dof : float or array of shape (V,)
            Degrees of freedom, positive and finite.

        Returns
        -------
        array of shape (V,)

        Raises
        ------
        ArithmeticError
            When a curve cannot be followed as far as x goes.
        """
        if np.ndim(dof) == 0:
            return np.asarray(self._paths(np.array([dof], dtype=np.float64), x)(x)[0])
        value = np.empty(x.shape)
        octaves = np.floor(np.log2(dof))
        for octave in np.unique(octaves):
            here = octaves == octave
            value[here] = self._interpolated(x[here], np.asarray(dof)[here])
        return value

    def _interpolated(self, x: Floats, dof: Floats) -> Floats:
        """Value where degrees of freedom differ by no more than a factor of two."""
        low, high = float(dof.min()), float(dof.max())
        if low == high:
            return self.at(x, low)
        basis = _Basis(np.log(low), np.log(high))
        paths = self._paths(np.exp(basis.nodes), x)
        value = np.empty(x.shape)
        for part in _chunks(len(x)):
            weights = basis.weights(np.log(dof[part]))
            value[part] = np.einsum("em,me->e", weights, paths(x[part]))
        return value

    def _paths(self, dof: Floats, x: Floats) -> Callable[[Floats], Floats]:
        """Follow the curves of m degrees of freedom as far as x goes; a function to (m, len(x))."""
        slope, start = self.prepare(dof), np.full(len(dof), self.start)

        def follow(end: float) -> Callable[[Floats], Floats]:
            if not end:
                return lambda x: np.broadcast_to(start[:, None], (len(dof), len(x)))
            solution = solve_ivp(
                slope,
                (0.0, end),
                start,
                method="DOP853",
                dense_output=True,
                first_step=min(abs(end), FIRST_STEP),
                max_step=LONGEST_STEP,
                rtol=STEP_ERROR,
                atol=STEP_ERROR,
            )
            if not solution.success:  # SciPy would extrapolate
                raise ArithmeticError(f"The curve ends at x = {solution.t[-1]:g}, not {end:g}.")
            path: Callable[[Floats], Floats] = solution.sol
            return path

        below, above = follow(np.nanmin(x, initial=0.0)), follow(np.nanmax(x, initial=0.0))

        def read(x: Floats) -> Floats:
            value = np.full((len(dof), len(x)), np.nan)
            for side, path in ((x <= 0.0, below), (x > 0.0, above)):
                if side.any():
                    value[:, side] = path(x[side])
            return value

        return read


@dataclass(frozen=True)
class _Basis:
    """Chebyshev interpolation between two numbers, at the points of the first kind."""

    low: float
    high: float

    @property
    def nodes(self) -> Floats:
        half = (self.high - self.low) / 2.0
        return np.asarray(self.low + half * (1.0 + chebyshev.chebpts1(NODES)))

    def weights(self, u: Floats) -> Floats:
        """What the value at each of the nodes counts at u; shape (len(u), nodes)."""
        position = (2.0 * u - self.low - self.high) / (self.high - self.low)
        terms = chebyshev.chebvander(chebyshev.chebpts1(NODES), NODES - 1)
        terms *= 2.0 / NODES
        terms[:, 0] /= 2.0
        return np.asarray(chebyshev.chebvander(position, NODES - 1) @ terms.T)


def _chunks(n: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK) for start in range(0, n, CHUNK))
