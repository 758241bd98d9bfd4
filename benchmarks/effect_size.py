"""Confidence bounds of effect sizes at all elements: the package's beside SciPy's inverses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from measure import compare
from secondlevel.inference.noncentral import f_noncentrality, t_noncentrality
from simulate import ELEMENTS, SEED

DOF = 97
DOF_CONTRAST = 2
TAIL = 0.025

Floats = NDArray[np.float64]


def t_bounds() -> dict[str, float]:
    """Measure both bounds of the noncentrality of t(97) up to around 15.

    SciPy's are good to four to six digits.
    """
    rng = np.random.default_rng(SEED)
    t = rng.standard_t(DOF, ELEMENTS) + rng.normal(0, 3, ELEMENTS)

    def ours() -> list[Floats]:
        return [t_noncentrality(t, DOF, TAIL, upper=upper) for upper in (False, True)]

    def peers() -> list[Floats]:
        return [special.nctdtrinc(DOF, p, t) for p in (1.0 - TAIL, TAIL)]

    return compare(secondlevel=ours, peer=peers)


def f_bounds() -> dict[str, float]:
    """Measure both bounds of the noncentrality of F(2, 97) up to around 100, as `t_bounds` does."""
    rng = np.random.default_rng(SEED)
    f = rng.f(DOF_CONTRAST, DOF, ELEMENTS) * rng.exponential(3, ELEMENTS)

    def ours() -> list[Floats]:
        sides = (False, True)
        return [f_noncentrality(f, DOF_CONTRAST, DOF, TAIL, upper=upper) for upper in sides]

    def peers() -> list[Floats]:
        return [special.ncfdtrinc(DOF_CONTRAST, DOF, p, f) for p in (1.0 - TAIL, TAIL)]

    return compare(secondlevel=ours, peer=peers)
