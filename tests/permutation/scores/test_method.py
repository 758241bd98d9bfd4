"""Each method's shuffles are those of its formula, fitted by least squares one at a time."""

import numpy as np
import pytest

from secondlevel.design.blocks import make_blocks
from secondlevel.design.contrast import make_contrast
from secondlevel.design.matrix import Design
from secondlevel.design.partition import partition
from secondlevel.errors import InputError
from secondlevel.permutation.arrays import permutation_test
from secondlevel.permutation.scores.method import METHODS, make_method
from secondlevel.permutation.shuffles.shuffle import make_shuffles

AGES = np.array([21.0, 34, 55, 47, 62, 29, 38, 25])
SEX = np.array([1.0, 0, 0, 1, 1, 0, 1, 0])
V = 12
TURN = np.array([[2.0, 0.3, -0.4], [0.7, 1.5, 0.2], [-0.1, 0.6, 1.8]])

pytestmark = pytest.mark.filterwarnings("ignore::secondlevel.errors.PermutationWarning")

# What is asked: design, contrast, errors, blocks, whether these are swapped as wholes.
CASES = {
    "slope": (np.column_stack([AGES[:6], np.ones(6), SEX[:6]]), [1, 0, 0], "permute", None, False),
    "no nuisance": (SEX[:7, None] + 1.0, [1], "permute", None, False),
    "flips": (np.column_stack([np.ones(8), AGES]), [1, 0], "flip", None, False),
    "both": (np.column_stack([AGES[:5], SEX[:5]]), [1, 0], "both", None, False),
    "F": (
        np.column_stack([np.ones(6), AGES[:6], SEX[:6], SEX[2:] * AGES[1:7]]),
        [[0, 1, 0, 0], [0, 0, 1, 0]],
        "permute",
        None,
        False,
    ),
    # Of some shuffles a column falls into the span of nuisance, or both become one.
    "F of groups": (np.repeat(np.eye(3), 2, axis=0), np.eye(2, 3), "permute", None, False),
    "F of turned groups": (
        np.repeat(np.eye(3), 2, axis=0) @ TURN,
        np.eye(2, 3) @ TURN,
        "permute",
        None,
        False,
    ),
    "F of one row": (np.repeat(np.eye(2), 3, axis=0), [[-1, 1]], "permute", None, False),
    "F of redundant rows": (
        np.column_stack([np.ones(6), AGES[:6]]),
        [[0, 1], [0, -2]],
        "permute",
        None,
        False,
    ),
    "contrast of columns": (
        np.column_stack([SEX[:6], 1 - SEX[:6], AGES[:6]]),
        [1, -1, 0],
        "permute",
        None,
        False,
    ),
    "blocks": (
        np.column_stack([np.ones(7), AGES[:7]]),
        [0, 1],
        "permute",
        [1, 1, 2, 2, 2, 3, 3],
        False,
    ),
    "whole blocks": (
        np.column_stack([np.repeat(AGES[:4], 2), SEX, np.ones(8)]),
        [1, 0, 0],
        "both",
        np.repeat([3, 1, 4, 2], 2),
        True,
    ),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", CASES)
def test_shuffles_are_those_of_the_formula(by_hand, case, method):
    """Number, maxima of either side, family-wise and uncorrected p of all distinct shuffles."""
    design, contrast, errors, blocks, whole = CASES[case]
    n = len(design)
    data = np.random.default_rng(4).normal(0.5, 1.0, size=(n, V)) + 0.02 * AGES[:n, None]
    C = np.atleast_2d(np.asarray(contrast, dtype=float))
    kind = "F" if np.ndim(contrast) > 1 else "t"
    maps = by_hand.shuffled_statistics(
        data,
        design,
        C,
        by_hand.group(n, errors, blocks, whole=whole),
        kind=kind,
        method=method,
    )
    sides = "each" if kind == "t" else "positive"
    flags = {} if blocks is None else {"within_blocks": not whole, "whole_blocks": whole}
    result = permutation_test(
        data,
        design,
        contrast,
        stat_type=kind,
        method=method,
        errors=errors,
        exchangeability_blocks=blocks,
        sides=sides,
        scale="stat",
        n_perm=10**6,
        uncorrected=True,
        **flags,
    )
    assert len(result.shuffles) == result.n_shuffles == len(maps)
    maxima, fwe, alone = by_hand.p_values(maps, sides)
    found = result[0].summaries["max"]
    # Worst relative difference seen: 3e-14; 2e-11 of a maximum that is fitted nearly perfectly.
    np.testing.assert_allclose(found.maxima[0], maxima[0], rtol=1e-10)
    np.testing.assert_allclose(
        np.sort(found.maxima, axis=0), np.sort(maxima, axis=0), rtol=1e-9, atol=1e-9
    )
    np.testing.assert_array_equal(found.p, fwe)
    np.testing.assert_array_equal(found.p_uncorrected, alone)


def test_without_nuisance_all_methods_are_one():
    """With nothing to deal with each must give the same p, but ter Braak's takes the effect out."""
    data = np.random.default_rng(1).normal(0.4, 1.0, size=(8, V))
    found = {
        name: permutation_test(data, np.ones(8), method=name, uncorrected=True)[0]
        for name in METHODS
    }
    for name in set(METHODS) - {"ter-braak"}:
        np.testing.assert_array_equal(found[name].p, found["manly"].p)
    assert (found["ter-braak"].p != found["manly"].p).any()


def test_under_ter_braak_the_unshuffled_maps_are_as_observed():
    """Residuals as they stand have no effect: shuffle 0 must be the observed statistic instead."""
    data = np.random.default_rng(1).normal(size=(8, V))
    data[:, 0] += 5.0
    found = permutation_test(data, np.ones(8), method="ter-braak", uncorrected=True)[0]
    assert found.statistic[0] == found.statistic.max()
    assert found.summaries["max"].maxima[0, 0] == found.heights[0]
    assert found.p[0] == found.summaries["max"].p_uncorrected[0] == 1 / 256


@pytest.mark.parametrize("errors", ["permute", "flip", "both"])
def test_rows_of_a_shuffle_are_rows_of_the_design(errors):
    """Row i of shuffle s must be the row that comes there, with its sign, tested columns first."""
    design = Design(np.column_stack([AGES, np.ones(8), SEX]), ["age", "one", "sex"])
    parts = partition(design, make_contrast("age", design))
    method = make_method("freedman-lane")
    shuffles = make_shuffles(
        make_blocks(None, 8),
        errors,
        tested=parts.tested,
        rows=method.distinguishing(parts),
        n_perm=50,
        seed=3,
    )
    directions = method.directions(parts, shuffles.unchanged)
    batch = shuffles.batch(0, 50)
    rows = directions.rows(batch)
    # The mean is the same in every permutation, so that its row is left out.
    assert directions.n_rows == rows.shape[1] == (2 if errors == "permute" else 3)
    columns = np.hstack([directions.tested, directions.nuisance])
    np.testing.assert_array_equal(columns[:, :1], parts.tested)
    for s in range(50):
        shuffled = batch.signs[s][:, None] * columns[batch.order[s]]
        np.testing.assert_array_equal(rows[s], shuffled.T)


def test_only_ter_braak_takes_the_effect_out():
    """The unshuffled maps then have no score that is the observed one."""
    design = Design(np.column_stack([AGES, np.ones(8)]), ["age", "one"])
    parts = partition(design, make_contrast("age", design))
    seen = {
        name: make_method(name).directions(parts, np.zeros((8, 0))).sees_effect for name in METHODS
    }
    assert [name for name, sees in seen.items() if not sees] == ["ter-braak"]


def test_a_tested_part_that_falls_into_nuisance_has_no_effect():
    """Draper and Stoneman's shuffle of x may be z itself: its statistic must be 0, not noise."""
    x = np.array([1.0, 0, 0, 0, 0, 0])
    z = np.array([0.0, 1, 0, 0, 0, 0])
    data = np.random.default_rng(5).normal(size=(6, 4))
    design = np.column_stack([x, z, np.ones(6)])
    result = permutation_test(
        data, design, [1, 0, 0], method="draper-stoneman", scale="stat", sides="both"
    )
    assert len(result.shuffles) == 6
    assert np.sort(result[0].summaries["max"].maxima.max(axis=1))[0] == 0.0


@pytest.mark.parametrize("unit", [1e-12, 1e12])
@pytest.mark.parametrize("method", METHODS)
def test_the_unit_of_a_covariate_is_no_matter(method, unit):
    """Ages in picoyears must have the p of ages in years."""
    data = np.random.default_rng(6).normal(size=(8, V))

    def p(of_ages):
        design = np.column_stack([np.ones(8), SEX, AGES * of_ages])
        run = permutation_test(data, design, "x2", method=method, n_perm=200, random_state=0)
        return run[0].p

    np.testing.assert_array_equal(p(unit), p(1.0))


def test_an_unknown_method_is_named():
    """The error must list those there are."""
    with pytest.raises(InputError, match=r"'freedman-lane', 'ter-braak'.*Got 'huh-jhun'"):
        make_method("huh-jhun")
    assert make_method("Freedman-Lane") is METHODS["freedman-lane"]
