"""Hommel's h and the steps, against its definition, an independent program and cases by hand."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from secondlevel.inference.hommel import closed_testing, hommel_value
from secondlevel.inference.normal import upper_p

WHOLE = 27720 * 20
"""p and α are multiples of 1 / WHOLE: i p against j α is exact in whole numbers for i, j <= 12."""


def by_definition(parts, alpha_parts):
    """Largest i for which Simes does not reject the i largest p, in whole numbers of 1 / WHOLE."""
    ordered = np.sort(parts)
    for i in range(len(ordered), 0, -1):
        largest = ordered[len(ordered) - i :]
        if not any(i * part <= j * alpha_parts for j, part in enumerate(largest, start=1)):
            return i
    return 0


def draw(rng):
    """A random vector with ties, with values at, just below and just above bounds, and its α."""
    n = rng.integers(1, 13)
    alpha = int(rng.choice([27720, 55440, 27720 * 4, 27720 * 10]))
    at_bounds = [alpha * j // i for j, i in rng.integers(1, n + 1, (n, 2))]
    parts = (
        rng.integers(0, WHOLE + 1, n),
        np.array(at_bounds),
        np.array(at_bounds) + rng.integers(-1, 2, n),
        rng.choice(rng.integers(0, 2 * alpha, 3), n),
    )[rng.integers(4)]
    return np.clip(parts, 0, WHOLE), alpha


def test_h_is_what_its_definition_gives():
    """On 2 000 vectors with ties and values at bounds h must be exactly that of its definition."""
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(2000):
        parts, alpha = draw(rng)
        h = hommel_value(parts / WHOLE, alpha / WHOLE)
        assert h == by_definition(parts, alpha), (parts, alpha)
        seen.add((h, len(parts)))
    assert len(seen) > 60  # from 0 to V, for every V up to 12


@pytest.mark.parametrize(
    ("p", "h"),
    [
        ([0.06], 1),
        ([0.05], 0),
        ([0.04], 0),
        ([0.0], 0),
        ([1.0, 1.0, 1.0], 3),
        ([0.06, 0.07, 0.9], 3),
        ([0.05, 0.05, 0.05], 0),
        ([0.01, 0.02, 0.05], 0),
        ([0.0, 0.0, 0.9], 1),
        ([0.025, 0.9], 1),  # at the bound of the first of two
        ([0.026, 0.9], 2),
        ([0.025, 0.025, 0.9, 0.9], 3),  # at the bound of the second of four
        ([0.025, 0.025, 0.9], 1),  # 3 × 0.025 is between α and 2 α
        ([0.01, 0.02, 0.3, 0.5], 3),
    ],
)
def test_cases_that_are_calculated_by_hand(p, h):
    """One element, all small, all large, none but zeros, at a bound, next to it."""
    assert hommel_value(np.array(p), 0.05) == h


@pytest.mark.parametrize("n", [3, 6, 7, 10, 49])
def test_a_bound_that_is_missed_by_rounding_alone_is_met(n):
    """0.3 / 3 is 0.1, though 3 × 0.1 is above 0.3 in doubles."""
    alphas = np.arange(1, 100) / 100
    small = alphas / n
    assert any(n * p > alpha for p, alpha in zip(small, alphas, strict=True)) or n in {6, 10}
    for p, alpha in zip(small, alphas, strict=True):
        assert hommel_value(np.r_[p, np.ones(n - 1)], alpha) == n - 1
        assert hommel_value(np.r_[p * (1 + 1e-12), np.ones(n - 1)], alpha) == n


@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 0.9, 1.0])
@pytest.mark.parametrize("alpha", [1e-6, 0.05, 0.5])
def test_h_of_a_large_map_is_the_last_that_passes(share, alpha):
    """Of 200 000 elements Simes must not reject the h largest p, and must reject the h + 1."""
    rng = np.random.default_rng(2)
    z = rng.normal(size=200_000) + 4 * (rng.random(200_000) < share)
    p = np.sort(upper_p(z))
    h = hommel_value(p, alpha)

    def rejected(i):
        return bool((i * p[len(p) - i :] <= np.arange(1, i + 1) * alpha).any())

    assert not rejected(h)
    assert h == len(p) or rejected(h + 1)
    assert h < len(p) or share < 0.01


def test_single_elements_are_those_of_hommels_procedure():
    """An element counts by itself (step 1) exactly where statsmodels' Hommel rejects it."""
    rng = np.random.default_rng(3)
    n_rejected = 0
    for _ in range(60):
        n = rng.integers(2, 40)
        p = upper_p(rng.normal(rng.uniform(0, 3), 1, n))
        alpha = rng.uniform(0.01, 0.3)
        expected = multipletests(p, alpha, method="hommel")[0]
        np.testing.assert_array_equal(closed_testing(p, alpha).steps == 1, expected)
        n_rejected += expected.sum()
    assert n_rejected > 100


def test_steps_are_the_first_multiple_of_alpha_that_is_reached():
    """The step is the smallest u with h p <= u α, and V + 1 where that is above V."""
    p = np.array([0.07, 0.0, 0.001, 0.0125, 0.06, 0.9])
    closed = closed_testing(p, 0.05)
    assert closed.h == 3  # 4 × 0.0125 is not above α
    assert closed.n_discoveries == 3
    assert closed.steps.tolist() == [5, 1, 1, 1, 4, 7]


def test_where_everything_is_rejected_each_element_counts():
    """With h = 0 all steps must be 1, not 0."""
    closed = closed_testing(np.array([0.01, 0.0, 0.05]), 0.05)
    assert closed.h == 0
    assert closed.steps.tolist() == [1, 1, 1]
