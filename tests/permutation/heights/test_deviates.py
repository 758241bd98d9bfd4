"""Deviates by table are those of the exact tails, whatever the statistic and degrees of freedom."""

import numpy as np
import pytest

from secondlevel.inference.tails import f_tail, t_tail
from secondlevel.permutation.heights.deviates import Deviates

N = 20_000
SPANS = [(1.0, 3.9), (3.0, 11.0), (19.0, 98.0), (300.0, 2000.0), (1e5, 9e5)]


@pytest.mark.parametrize(("least", "most"), SPANS)
def test_deviates_of_v_are_those_of_t(least, most):
    """From 1e-6 to 60, on both sides, with any degrees of freedom that the table is made for."""
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(size=N), 10 ** rng.uniform(-6, 1.78, N), -np.arange(60.0)])
    dofs = rng.uniform(least, most, len(values))
    deviates = Deviates.of(signed=True, dof_contrast=1, least=least, most=most)
    expected = t_tail(values, dofs).z
    # Worst relative difference seen: 9e-12.
    np.testing.assert_allclose(deviates.z(values, dofs), expected, rtol=5e-11, atol=0)
    mirrored = deviates.z(-values, dofs)
    np.testing.assert_array_equal(mirrored, -deviates.z(values, dofs))


@pytest.mark.parametrize(("least", "most"), SPANS)
@pytest.mark.parametrize("dof_contrast", [1, 2, 5, 30])
def test_deviates_of_g_are_those_of_f(dof_contrast, least, most):
    """On both sides of the median."""
    rng = np.random.default_rng(1)
    values = np.concatenate(
        [rng.chisquare(dof_contrast, N) / dof_contrast, rng.uniform(0, 1000, N)]
    )
    dofs = rng.uniform(least, most, len(values))
    deviates = Deviates.of(signed=False, dof_contrast=dof_contrast, least=least, most=most)
    expected = f_tail(values, dof_contrast, dofs).z
    # Worst difference seen: 4e-11 in all.
    np.testing.assert_allclose(deviates.z(values, dofs), expected, rtol=5e-11, atol=5e-11)


@pytest.mark.parametrize("signed", [True, False])
def test_what_the_table_lacks_is_computed(signed):
    """Huge and tiny statistics, and degrees of freedom outside, must have their exact deviates."""
    deviates = Deviates.of(signed=signed, dof_contrast=3, least=8.0, most=20.0)
    values = np.array([[1e-300, 100.0, 1e6, 1e200], [2.0, 2.0, 2.0, 0.0]])
    dofs = np.array([[9.0, 9.0, 9.0, 9.0], [0.25, 7.9, 1e9, 9.0]])
    exact = t_tail(values, dofs).z if signed else f_tail(values, 3, dofs).z
    np.testing.assert_allclose(deviates.z(values, dofs), exact, rtol=5e-11)
    assert np.isfinite(deviates.z(values, dofs)).all()
    assert deviates.z(values, dofs).shape == (2, 4)


def test_deviates_grow_with_the_statistic():
    """From cell to cell, too: a larger v must not have a smaller deviate, but for rounding."""
    deviates = Deviates.of(signed=True, dof_contrast=1, least=8.0, most=20.0)
    values = np.linspace(0, 70, 200_001)
    for dof in (8.0, 9.99, 15.0):
        steps = np.diff(deviates.z(values, np.full(len(values), dof)))
        assert steps.min() > 0
