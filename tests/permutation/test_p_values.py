"""From tallies to p-values, against counting by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from secondlevel.inference.null import TIE
from secondlevel.permutation.arrays import permutation_test
from secondlevel.permutation.nulls.interval import is_decided
from secondlevel.permutation.nulls.tally import Tally
from secondlevel.permutation.p_values import all_decided, count_exceedances, summarise
from secondlevel.permutation.sides import NAMES, Sides
from secondlevel.permutation.work import Observed

OBSERVED = np.array([3.0, -2.0, 0.0, 1.0, -4.0])
# Shuffles, contrasts, sides; the first is the observed labelling.
MAXIMA = np.array(
    [
        [[3.0, 4.0], [1.0, 1.0]],
        [[2.0, 1.0], [3.0 * (1 - 1e-10), 0.5]],
        [[0.5, 5.0], [0.1, 0.2]],
        [[1.0, 2.0], [0.9, 2.0 * (1 - 1e-8)]],
    ]
)


def work_of(name, maximum="max"):
    """Work of two contrasts with one summary, as far as p-values ask for it."""
    sides = Sides(name)
    towards = sides.towards(OBSERVED)
    floors = towards - TIE * np.abs(towards)
    observed = Observed({maximum: OBSERVED}, {maximum: MAXIMA[0, 0]}, {maximum: floors})
    return SimpleNamespace(
        sides=sides, observed=(observed, observed), questions=(None, None), summaries=(maximum,)
    )


def tally_of(name, maximum="max", reached=None):
    """The maxima of the sides that are asked about."""
    chosen = {"positive": [0], "negative": [1]}.get(name, [0, 1])
    return Tally(0, 4, {maximum: MAXIMA[:, :, chosen]}, reached or {})


EXPECTED = {
    # Of both contrasts together: 3, 3 but for rounding, 0.5, 1 up; 4, 1, 5, 2 down.
    "positive": [2, 4, 4, 3, 4],
    "negative": [4, 3, 4, 4, 2],
    # Larger of both sides: 4, 3, 5, 2.
    "both": [3, 4, 4, 4, 2],
    "each": [2, 3, 4, 3, 2],
}


@pytest.mark.parametrize("name", NAMES)
def test_shuffles_whose_maximum_reaches_are_counted(name):
    """By hand, for each choice of sides; what differs by less than 1e-9 of itself ties."""
    counts = EXPECTED[name]
    work, tally = work_of(name), tally_of(name)
    joint = tally.maxima["max"].max(axis=1)
    assert count_exceedances(work, 0, "max", joint).tolist() == counts
    found = summarise(work, tally, 1, tail="exact")["max"]
    np.testing.assert_array_equal(found.p, np.array(counts) / 4)
    np.testing.assert_array_equal(found.maxima, joint)
    assert found.exceedances.tolist() == counts
    assert found.p_uncorrected is found.q is None
    assert found.tails == ()


def test_sizes_are_shown_without_a_sign():
    """Of clusters on the negative side too, while they are held against that side's."""
    found = summarise(work_of("each", "size"), tally_of("each", "size"), 0, tail="exact")["size"]
    assert found.observed.tolist() == [3.0, 2.0, 0.0, 1.0, 4.0]
    assert found.exceedances.tolist() == EXPECTED["each"]


def test_uncorrected_p_and_the_false_discovery_rate_are_counted():
    """The p of an element by itself is its own count; q is Benjamini and Hochberg's of these."""
    reached = {"max": np.array([[1, 2, 4, 3, 1], [4, 4, 4, 4, 4]])}
    found = summarise(work_of("both"), tally_of("both", reached=reached), 0, tail="exact")["max"]
    np.testing.assert_array_equal(found.p_uncorrected, np.array([1, 2, 4, 3, 1]) / 4)
    # p₍ᵢ₎ 5 / i: 0.625 twice, 0.8333, 0.9375, 1.
    np.testing.assert_allclose(found.q, [0.625, 5 / 6, 1.0, 0.9375, 0.625], rtol=1e-14)


def test_all_is_decided_when_every_p_is():
    """Of every summary and every contrast: one that is not decided is enough to go on."""
    rng = np.random.default_rng(0)
    decided_at = []
    # Maxima that never reach 3, so that its p is 1/N; or one in twenty of which does.
    for middle, spread in ((1.5, 0.1), (3.0 - 1.955, 1.0)):
        maxima = rng.normal(middle, spread, size=(2000, 2, 1))
        maxima[0] = 3.0
        work = work_of("positive")
        for n in (256, 2000):
            tally = Tally(0, n, {"max": maxima[:n]}, {})
            found = all_decided(work, 0.05)(tally)
            counts = count_exceedances(work, 0, "max", maxima[:n].max(axis=1))
            assert found is bool(is_decided(counts, n, 0.05).all())
            decided_at.append(found)
    assert decided_at[:2] == [True, True]
    assert decided_at[2:] == [False, False]


@pytest.mark.parametrize("sides", ["positive", "each"])
def test_a_fitted_tail_says_less_than_the_smallest_count(sides):
    """With tail="gpd" an effect beyond all shuffles has a p below 1/N; others stay as counted."""
    rng = np.random.default_rng(2)
    data = rng.normal(size=(40, 60))
    data[20:, :3] += 3.0
    data[20:, 3:6] -= 3.0
    design = np.repeat(np.eye(2), 20, axis=0)
    asked = {"n_perm": 1000, "random_state": 0, "sides": sides}
    exact, fitted = (
        permutation_test(data, design, "x1 - x0", tail=tail, **asked)[0]
        for tail in ("exact", "gpd")
    )
    effects = slice(0, 3 if sides == "positive" else 6)
    assert (exact.p[effects] == 1e-3).all()
    assert (fitted.p[effects] < 1e-3).all()
    assert (fitted.p > 0).all()
    assert len(fitted.summaries["max"].tails) == (1 if sides == "positive" else 2)
    np.testing.assert_array_equal(fitted.p[exact.p > 0.2], exact.p[exact.p > 0.2])
    np.testing.assert_array_equal(
        fitted.summaries["max"].exceedances, exact.summaries["max"].exceedances
    )
