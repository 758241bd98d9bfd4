"""Tails of t and F at all elements of a map: the package's beside those of scipy.stats."""

from __future__ import annotations

import numpy as np
from scipy import stats

from measure import best_seconds, memory_beyond_input
from secondlevel.inference.tails import Tail, f_tail, t_tail

ELEMENTS = 235_375  # of the MNI152 brain mask at 2 mm
DOF = 97
DOF_CONTRAST = 2


def t_tails() -> dict[str, float]:
    """One-sided p and z of t(97), up to |t| around 15."""
    rng = np.random.default_rng(0)
    statistic = rng.standard_t(DOF, ELEMENTS) + rng.normal(0, 3, ELEMENTS)
    return _compare(
        lambda: _p_and_z(t_tail(statistic, DOF)), lambda: _by_scipy(stats.t(DOF), statistic)
    )


def f_tails() -> dict[str, float]:
    """Upper p and z of F(2, 97), up to F around 100."""
    rng = np.random.default_rng(0)
    statistic = rng.f(DOF_CONTRAST, DOF, ELEMENTS) * rng.exponential(3, ELEMENTS)
    return _compare(
        lambda: _p_and_z(f_tail(statistic, DOF_CONTRAST, DOF)),
        lambda: _by_scipy(stats.f(DOF_CONTRAST, DOF), statistic),
    )


def _p_and_z(tail: Tail) -> tuple[np.ndarray, np.ndarray]:
    return tail.p, tail.z
