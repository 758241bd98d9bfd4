"""Tails of t and F, held against closed forms, SciPy, and 50-digit arithmetic.

Every tolerance is followed by the worst difference seen when the test was written.
"""

import mpmath as mp
import numpy as np
import pytest
from scipy import special, stats

from secondlevel.inference import tails
from secondlevel.inference.tails import Tail, f_tail, t_tail

DOFS = [1, 2, 3, 5, 10, 23, 100, 1000, 1e5, 1e10]
T_VALUES = np.concatenate([10.0 ** np.arange(-12, 0, 2), [0.5, 1, 1.7, 3, 8, 25, 60, 1e3, 1e5, 1e8]])
F_VALUES = np.array([1e-8, 1e-5, 1e-2, 0.3, 0.9, 1, 1.5, 3, 8, 25, 60, 1e3, 1e5, 1e8])
SMALLEST_P = -690.0  # log p: below, exp(log p) has lost digits to underflow


def log_nearer_tail(f, dof_num, dof_den):
    """Log of the upper tail of F where f >= 1, else of the lower one, to 50 digits."""
    a, b, f = mp.mpf(dof_den) / 2, mp.mpf(dof_num) / 2, mp.mpf(f)
    if f >= 1:
        return mp.log(mp.betainc(a, b, 0, a / (a + b * f), regularized=True))
    return mp.log(mp.betainc(b, a, 0, b * f / (a + b * f), regularized=True))


def exact_t(t, dof):
    """Log p and z of one t >= 0 to 50 digits; z by one Newton step from `guess`."""
    nearer = log_nearer_tail(mp.mpf(t) ** 2, 1, dof)
    if t < 1:
        within = mp.exp(nearer)
        return mp.log((1 - within) / 2), mp.sqrt(2) * mp.erfinv(within)
    return nearer - mp.log(2), None


def relative(value, exact):
    """Distance from an exact value as a fraction of it."""
    return float(abs(mp.mpf(float(value)) / exact - 1))


def z_error(z, log_p):
    """Distance of a deviate from the one with this log p, relative where it is beyond 1."""
    z = mp.mpf(float(z))
    upper = mp.erfc(z / mp.sqrt(2)) / 2
    slope = mp.npdf(z) / upper
    return float(abs(mp.log(upper) - log_p) / slope / max(1, abs(z)))


@pytest.fixture(autouse=True)
def fifty_digits():
    """Give the reference its digits, and nobody else."""
    with mp.workdps(50):
        yield


@pytest.mark.parametrize("dof", DOFS)
def test_t_agrees_with_fifty_digits(dof):
    """p, log p and z of t must be right to twelve digits, from 1e-12 to 1e8, for any dof."""
    values = T_VALUES[T_VALUES**2 < 1e6 * dof] if dof > 1e4 else T_VALUES
    tail = t_tail(values, dof)
    for t, log_p, z in zip(values, tail.log_p, tail.z, strict=True):
        exact, exact_z = exact_t(t, dof)
        if exact > SMALLEST_P:
            assert relative(np.exp(log_p), mp.exp(exact)) < 1e-12
        assert relative(log_p, exact) < 2e-15
        assert (z_error(z, exact) if exact_z is None else relative(z, exact_z)) < 4e-15
