"""How often noise is called an effect: p of data without effects are even.

The largest statistic of 100 shuffles gives the smallest p of a data set. Where shuffles are exact
it is 0.01, 0.02, …, 1 with the same probability, so shares of data sets at or below a level lie in
their binomial interval. `docs/permutation_levels.md` has more kinds of data, and more data sets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from secondlevel.permutation.arrays import permutation_test

N_SETS = 150
N_ELEMENTS = 20
LEVELS = np.array([0.05, 0.2, 0.5])
Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator], tuple[Floats, Floats]]


def smallest_p(draw: Draw, contrast: Any, **keywords: Any) -> Floats:
    """The smallest family-wise p of every data set, shape (N_SETS,)."""
    smallest = np.empty(N_SETS)
    for number in range(N_SETS):
        rng = np.random.default_rng([41, number])
        data, design = draw(rng)
        result = permutation_test(
            data, design, contrast, n_perm=100, random_state=number, batch_size=100, **keywords
        )
        smallest[number] = result[0].p.min()
    return smallest


def assert_even(p: Floats) -> None:
    """Shares at or below each level lie where 99.9 % of them do.

    Of 150 that is 1 to 18, 15 to 47 and 55 to 95; furthest off were 11, 23 and 70.
    """
    counts = (p[:, None] <= LEVELS + 1e-12).sum(axis=0)
    low, high = stats.binom.interval(0.999, N_SETS, LEVELS)
    assert (low <= counts).all(), counts
    assert (counts <= high).all(), counts


def exceeds(p: Floats, level: float = 0.05) -> bool:
    """Whether more data sets reach a level than 99.9 % of exact tests would have."""
    return bool((p <= level + 1e-12).sum() > stats.binom.ppf(0.999, N_SETS, level))


def maps(rng: np.random.Generator, n: int) -> Floats:
    """Noise of correlated elements."""
    white = rng.standard_normal((n, N_ELEMENTS + 1))
    return white[:, 1:] + white[:, :-1]


def indicators(labels: NDArray[np.int64]) -> Floats:
    """One column for each label."""
    return (labels[:, None] == np.unique(labels)).astype(np.float64)


GROUPS = np.repeat([0, 1], [5, 12])
THREE = np.repeat([0, 1, 2], [5, 6, 7])
FAMILY = np.repeat(np.arange(16), [2] * 8 + [3] * 8)
TWIN = np.repeat(np.arange(10), 2)
SUBJECT = np.tile(np.arange(8), 2)
CONDITION = np.repeat([0.0, 1.0], 8)


def test_flips_of_symmetric_errors_are_exact_without_normality():
    """Signs of maps with heavy tails, whose mean is 0, claim at 5 % what they should."""

    def draw(rng: np.random.Generator) -> tuple[Floats, Floats]:
        return maps(rng, 12) ** 3, np.ones((12, 1))

    assert_even(smallest_p(draw, None))


def test_flips_of_skewed_errors_are_not_exact():
    """The mean of skewed errors is not what flips test: on its short side they claim too much."""

    def draw(rng: np.random.Generator) -> tuple[Floats, Floats]:
        return rng.exponential(size=(12, N_ELEMENTS)) - 1.0, np.ones((12, 1))

    assert exceeds(smallest_p(draw, None, sides="negative"))


def test_permutations_of_two_groups_are_exact_whatever_the_distribution():
    """Groups of unequal sizes and skewed errors claim at 5 % what they should."""

    def draw(rng: np.random.Generator) -> tuple[Floats, Floats]:
        return np.exp(maps(rng, len(GROUPS))), indicators(GROUPS)

    assert_even(smallest_p(draw, "x1 - x0", sides="both"))


def test_f_over_three_groups_is_exact_whatever_the_distribution():
    """F of three groups with skewed errors claims at 5 % what it should."""

    def draw(rng: np.random.Generator) -> tuple[Floats, Floats]:
        return np.exp(maps(rng, len(THREE))), indicators(THREE)

    assert_even(smallest_p(draw, ["x1 - x0", "x2 - x0"]))


def test_pairs_are_exchanged_within_subjects_exactly():
    """Effects of subjects, however large, have no part in a difference within them."""

    def draw(rng: np.random.Generator) -> tuple[Floats, Floats]:
        own = 10.0 * maps(rng, 8)
        design = np.column_stack([CONDITION, indicators(SUBJECT)])
        return own[SUBJECT] + maps(rng, 16), design

    assert_even(smallest_p(draw, "x0", exchangeability_blocks=SUBJECT))


def twins(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Maps of twins, alike, and a covariate that they share."""
    shared = rng.standard_normal(10)[TWIN]
    data = 2.0 * maps(rng, 10)[TWIN] + maps(rng, 20)
    return data, np.column_stack([shared, np.ones(20)])


def test_families_as_wholes_are_exact():
    """A covariate that twins share is tested by exchanging pairs, which is the default there."""
    assert_even(smallest_p(twins, "x0", exchangeability_blocks=TWIN))


def test_twins_taken_for_strangers_claim_too_much():
    """A covariate that twins share has half as many values as permuted maps suggest."""
    assert exceeds(smallest_p(twins, "x0"))


# Where sizes of families go along with the covariate, no permutation sees that part of it.
@pytest.mark.filterwarnings("ignore::secondlevel.errors.PermutationWarning")
def test_families_of_different_sizes_are_exact_as_a_tree():
    """Families change places with those of their size, and siblings with each other."""
    tree = np.column_stack([np.bincount(FAMILY)[FAMILY], FAMILY + 1])

    def draw(rng: np.random.Generator) -> tuple[Floats, Floats]:
        own = rng.standard_normal(16)[FAMILY] + 0.5 * rng.standard_normal(len(FAMILY))
        data = maps(rng, 16)[FAMILY] + maps(rng, len(FAMILY))
        return data, np.column_stack([own, np.ones(len(FAMILY))])

    assert_even(smallest_p(draw, "x0", exchangeability_blocks=tree))


def test_flips_let_variances_differ():
    """Where the smaller group varies more, permuted t claims too much, flipped about 5 %."""
    spread = np.where(GROUPS == 0, 3.0, 1.0)[:, None]

    def draw(rng: np.random.Generator) -> tuple[Floats, Floats]:
        return spread * maps(rng, len(GROUPS)), indicators(GROUPS)

    assert exceeds(smallest_p(draw, "x1 - x0", sides="both"))
    assert not exceeds(smallest_p(draw, "x1 - x0", sides="both", errors="flip"))
