"""Tails of t and F at all elements of a map: the package's beside those of scipy.stats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from measure import compare
from secondlevel.inference.tails import Tail, f_tail, t_tail
from simulate import ELEMENTS, SEED

DOF = 97
DOF_CONTRAST = 2

Floats = NDArray[np.float64]


def t_tails() -> dict[str, float]:
    """Measure p and z of t(97) up to around 15, as strong contrasts have it."""
    rng = np.random.default_rng(SEED)
    t = rng.standard_t(DOF, ELEMENTS) + rng.normal(0, 3, ELEMENTS)
    return compare(
        secondlevel=lambda: _p_and_z(t_tail(t, DOF)),
        peer=lambda: _with_z(stats.t.sf(t, DOF)),
    )


def f_tails() -> dict[str, float]:
    """Measure p and z of F(2, 97) up to around 100."""
    rng = np.random.default_rng(SEED)
    f = rng.f(DOF_CONTRAST, DOF, ELEMENTS) * rng.exponential(3, ELEMENTS)
    return compare(
        secondlevel=lambda: _p_and_z(f_tail(f, DOF_CONTRAST, DOF)),
        peer=lambda: _with_z(stats.f.sf(f, DOF_CONTRAST, DOF)),
    )


def _p_and_z(tail: Tail) -> tuple[Floats, Floats]:
    return tail.p, tail.z


def _with_z(p: Floats) -> tuple[Floats, Floats]:
    return p, stats.norm.isf(p)
