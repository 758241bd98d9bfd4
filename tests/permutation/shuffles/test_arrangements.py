"""Distinct arrangements are counted as the books count them, and each is found by its number."""

import math

import numpy as np
import pytest

from secondlevel.design.blocks import make_blocks
from secondlevel.design.ties import number_rows
from secondlevel.permutation.shuffles.arrangements import Mixture, arrange


def count(blocks, rows, errors="permute", **flags):
    """Number of distinct arrangements of rows."""
    rows = np.asarray(rows, dtype=float).reshape(len(rows), -1)
    tree = make_blocks(blocks, len(rows), **flags)
    permute, flip = errors != "flip", errors != "permute"
    return arrange(tree, *number_rows(rows), permute=permute, flip=flip).count


PAIRS = np.repeat(np.arange(12), 2)
AGES = np.arange(1.0, 8.0) ** 1.5


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        pytest.param(4096, (None, np.ones(12), "flip"), id="one sample, as PALM"),
        pytest.param(252, (None, np.repeat([1, 0], 5)), id="two groups of 5, as PALM"),
        pytest.param(4096, (PAIRS, np.tile([1, -1], 12)), id="12 pairs within, as PALM"),
        pytest.param(5040, (None, AGES), id="7 different, as PALM"),
        pytest.param(5040 * 128, (None, AGES, "both"), id="7 different and signs"),
        pytest.param(5040 * 64, (None, AGES - AGES[0], "both"), id="zero has no sign"),
        pytest.param(16, (None, [1, -1, 1, -1], "both"), id="opposites are one kind, flipped"),
        pytest.param(6, (None, [1, -1, 1, -1]), id="opposites are two kinds, permuted"),
        pytest.param(
            math.factorial(15) // (math.factorial(5) ** 3),
            (None, np.repeat([0, 1, 2], 5)),
            id="three groups of 5",
        ),
        pytest.param(math.factorial(300), (None, np.arange(300)), id="hundreds of digits"),
    ],
)
def test_counts_are_closed_forms(expected, given):
    """Signs, groups, pairs and covariates: products of factorials and powers of two."""
    assert count(*given) == expected


@pytest.mark.parametrize(
    ("expected", "flags", "errors"),
    [
        (2**3, {"within": True}, "permute"),
        (6, {"whole": True}, "permute"),
        (6 * 2**3, {"within": True, "whole": True}, "permute"),
        (2**3, {"whole": True}, "flip"),
        (2**6, {"within": True}, "flip"),
        (2**6, {"within": True, "whole": True}, "flip"),
        (6 * 2**3, {"whole": True}, "both"),
        (2**3 * 2**6, {"within": True}, "both"),
        (6 * 2**3 * 2**6, {"within": True, "whole": True}, "both"),
    ],
)
def test_three_pairs_of_different_maps(expected, flags, errors):
    """Blocks of two, all maps different: what is exchanged and what flips multiply."""
    assert count([1, 1, 2, 2, 3, 3], [1, 2, 4, 8, 16, 32], errors, **flags) == expected


def test_siblings_are_exchanged_within_families_and_families_of_one_size():
    """Three families of two, two of three: 3! 2!³ × 2! 3!²."""
    families = [(2, 1, 2), (2, 2, 2), (2, 3, 2), (3, 1, 3), (3, 2, 3)]
    table = [[size, family] for size, family, n in families for _ in range(n)]
    assert count(table, np.arange(12)) == 6 * 8 * 2 * 36


def test_blocks_with_equal_content_are_one_kind():
    """Exchanging families that are alike, once rearranged within if they may, changes nothing."""
    table = [[1, 1], [1, 1], [1, 2], [1, 2], [1, 3], [1, 3]]
    # Contents {1, 0}, {0, 1}, {0, 0}: of the first two either is the other rearranged.
    assert count(table, [1, 0, 0, 1, 0, 0]) == 3 * 4
    fixed = [[1, -b] for _, b in table]
    assert count(fixed, [1, 0, 0, 1, 0, 0]) == 6


def test_what_is_its_own_opposite_has_no_sign():
    """A block of zeros that flips as a whole, or one whose maps flip anyway, counts once."""
    assert count([1, 1, 2, 2], [1, -1, 0, 0], "flip", whole=True) == 2
    assert count([1, 1, 2, 2], [0, 0, 0, 0], "flip", whole=True) == 1
    assert count([1, 1, 2, 2], [1, 2, 0, 3], "flip", whole=True, within=True) == 2**3


def test_rows_that_differ_by_rounding_are_not_told_apart():
    """A design that went through a decomposition has the counts of the one written down."""
    rows = np.repeat([1 / 3, -1 / 7], 5) * (1 + 1e-14 * np.arange(10))
    assert count(None, rows) == 252


def test_every_sequence_of_a_mixture_has_one_number():
    """Numbers 0, 1, … give every sequence of the kinds once, the one at hand first."""
    kinds = np.array([0, 1, 0, 2, 1, 0])
    mixture = Mixture(1, 0, kinds)
    assert mixture.count == 60
    places = mixture.places(np.arange(60))
    np.testing.assert_array_equal(places[0], np.arange(6))
    np.testing.assert_array_equal(np.sort(places, axis=1), np.tile(np.arange(6), (60, 1)))
    sequences = np.empty_like(places)
    np.put_along_axis(sequences, places, np.tile(kinds, (60, 1)), axis=1)
    assert len({tuple(sequence) for sequence in sequences.tolist()}) == 60


def test_numbers_near_the_largest_allowed_stay_exact():
    """A mixture with close to 10¹² sequences is taken apart without overflow."""
    kinds = np.repeat([0, 1], 21)  # 538 257 874 440 sequences
    mixture = Mixture(1, 0, kinds)
    assert mixture.count == math.comb(42, 21)
    last = mixture.places(np.array([mixture.count - 1, 0, mixture.count // 2]))
    np.testing.assert_array_equal(np.sort(last, axis=1), np.tile(np.arange(42), (3, 1)))
    # The observed sequence is the first in lexical order, so the last is its mirror image.
    np.testing.assert_array_equal(last[0], np.r_[21:42, 0:21])
