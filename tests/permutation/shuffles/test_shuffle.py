"""Shuffles: chosen, counted, enumerated when few, else drawn, each from its own address."""

import numpy as np
import pytest
from scipy import stats

from secondlevel.design.blocks import make_blocks
from secondlevel.errors import BlockError, InputError, InputTypeError, PermutationWarning
from secondlevel.permutation.shuffles.moves import draw_moves
from secondlevel.permutation.shuffles.seed import as_seed, check_n_perm
from secondlevel.permutation.shuffles.shuffle import make_shuffles

MEAN = np.ones((12, 1))
GROUPS = np.repeat([[0.5], [-0.5]], 6, axis=0)
PAIRED = np.tile([[0.5], [-0.5]], (6, 1))
PAIRS = np.repeat(np.arange(6), 2)
UNEQUAL = [1, 1, 2, 2, 2, 3, 4, 4, 5, 6, 7, 8]
AGES = np.linspace(-1, 1, 12)[:, None] ** 3


def shuffles_of(tested, errors="auto", blocks=None, n_perm=1000, seed=7, rows=None, **flags):
    """Shuffles of as many maps as the tested part has."""
    tree = make_blocks(blocks, len(tested), tested=(tested,), **flags)
    rows = tested if rows is None else rows
    return make_shuffles(tree, errors, tested=tested, rows=rows, n_perm=n_perm, seed=seed)


# ------------------------------------------------------------------ what is done to maps


@pytest.mark.parametrize(
    ("tested", "given", "errors", "why"),
    [
        (MEAN, {}, "flip", "Signs are flipped: the tested part is the same for all maps, so"),
        (GROUPS, {}, "permute", "Maps are permuted: the tested part is not the same for all maps."),
        (PAIRED, {"blocks": PAIRS}, "permute", "all maps that may take each other's place"),
        (MEAN, {"blocks": PAIRS}, "flip", "all maps that may take each other's place, so"),
        (GROUPS, {"blocks": PAIRS, "within": True}, "flip", "the tested part is the same"),
        (MEAN, {"blocks": UNEQUAL}, "flip", "the tested part is the same"),
        (GROUPS, {"errors": "both"}, "both", "Maps are permuted and their signs flipped, as asked"),
        (AGES, {"errors": "flip"}, "flip", "Signs are flipped, as asked for."),
        (AGES, {"errors": "permute"}, "permute", "Maps are permuted, as asked for."),
    ],
)
def test_signs_flip_if_and_only_if_permuting_would_change_nothing(tested, given, errors, why):
    """That is the default, and a sentence says so; what is asked for is done."""
    shuffles = shuffles_of(tested, **given)
    assert shuffles.errors == errors
    assert why in shuffles.why


def test_rounding_does_not_make_a_mean_permutable():
    """A constant tested part that differs in its last digits is constant."""
    assert shuffles_of(MEAN + 1e-15 * np.arange(12)[:, None]).errors == "flip"


def test_unequal_blocks_flip_but_are_not_permuted():
    """Whole blocks of any size change their sign; taking each other's place needs equal ones."""
    assert shuffles_of(MEAN, blocks=UNEQUAL).n_distinct == 2**8
    between = (np.array(UNEQUAL) > 3.0)[:, None] - 0.5
    with pytest.raises(BlockError, match="unequal size"):
        shuffles_of(between, blocks=UNEQUAL)


@pytest.mark.parametrize(
    ("tested", "given", "message"),
    [
        (MEAN, {"errors": "permute"}, "is the same for all maps. Flip their signs"),
        (
            GROUPS,
            {"errors": "permute", "blocks": PAIRS, "within": True},
            r"blocks \(blocks 0, 1, 2, 3, 4 and 1 more\) make the contrast untestable by permuting",
        ),
        (
            PAIRED,
            {"errors": "permute", "blocks": PAIRS, "whole": True},
            r"the same for all maps that may take each other's place\. Exchange maps within blocks",
        ),
        (
            np.r_[np.zeros(6), np.ones(6)][:, None],
            {"errors": "flip", "blocks": [[1, 1]] * 6 + [[-2, -1]] * 6},
            r"zero for all maps that may be shuffled\. Free blocks in which it is not",
        ),
    ],
)
def test_blocks_that_leave_nothing_to_test_are_refused(tested, given, message):
    """The error says which blocks, why, and what to do."""
    with pytest.raises(BlockError, match=message):
        shuffles_of(tested, **given)


def test_few_shuffles_are_said_with_the_smallest_p():
    """Four signs make 16 shuffles."""
    with pytest.warns(PermutationWarning, match=r"only 16 distinct.*below 1/16 = 0\.0625"):
        assert shuffles_of(np.ones((4, 1))).n_distinct == 16


@pytest.mark.parametrize(
    ("tested", "given"),
    [
        (GROUPS + 0.5, {}),
        (np.column_stack([GROUPS, AGES + 0.5]), {}),
        (PAIRED + np.linspace(0, 0.5, 12)[:, None], {"blocks": PAIRS}),
    ],
    ids=["mean of a group", "one of two", "means of pairs"],
)
def test_a_mean_that_permuting_leaves_untested_is_said(tested, given):
    """The part of the question that no permutation changes needs flipping."""
    share = r"^\d\d% of what the contrast tests .* permuting leaves it untested. Use errors='flip'"
    with pytest.warns(PermutationWarning, match=share):
        shuffles_of(tested, **given)
    assert shuffles_of(tested, "both", **given).flips


def test_what_permuting_hardly_tests_is_refused_unless_it_is_asked_for():
    """A mean with a little slope: 97 % stay; of a slope with a little mean nothing is said."""
    mean, slope = np.ones((12, 1)), np.linspace(-1, 1, 12)[:, None]
    hardly = mean + 0.3 * slope
    with pytest.raises(BlockError, match=r"^97% of what the contrast tests .* tests the rest"):
        shuffles_of(hardly)
    with pytest.warns(PermutationWarning, match="^97% of what"):
        assert shuffles_of(hardly, "permute").permutes
    with pytest.raises(BlockError, match=r"or other blocks \(whole_blocks=True where"):
        shuffles_of(GROUPS + 0.05 * PAIRED, blocks=PAIRS, within=True)
    assert shuffles_of(slope + 0.05).permutes


def test_a_mean_is_told_before_nuisance_is_taken_from_it():
    """A covariate that is not centred leaves no mean, but what is asked for is one."""
    ages = np.arange(20.0, 32.0)[:, None]
    tested = np.ones((12, 1)) - ages * (ages.sum() / (ages**2).sum())
    chosen = {"rows": np.hstack([np.ones((12, 1)), ages]), "n_perm": 100, "seed": 0}
    tree = make_blocks(None, 12)
    raw = np.ones((12, 1))
    assert make_shuffles(tree, "auto", tested=tested, raw=raw, **chosen).errors == "flip"
    with pytest.warns(PermutationWarning, match="^2% of what the contrast tests"):
        assert make_shuffles(tree, "auto", tested=tested, raw=ages, **chosen).errors == "permute"


def test_a_kind_of_error_that_is_none_is_refused():
    """The names are listed."""
    with pytest.raises(InputError, match=r"'permute'.*'flip'.*'both', or 'auto'.*Got 'signs'"):
        shuffles_of(MEAN, "signs")


# ------------------------------------------------------------------ what no shuffle changes


@pytest.mark.parametrize(
    ("tested", "given", "n_unchanged"),
    [
        (GROUPS, {}, 1),
        (PAIRED, {"blocks": PAIRS}, 6),
        (GROUPS, {"blocks": PAIRS}, 2),
        (MEAN, {}, 0),
        (MEAN, {"blocks": [[1, 1]] * 9 + [[-2, -1]] * 3}, 3),
        (AGES, {"errors": "both"}, 0),
    ],
)
def test_fixed_vectors_are_those_that_no_shuffle_changes(tested, given, n_unchanged):
    """They are orthonormal, unchanged by every shuffle, and there are no others."""
    shuffles = shuffles_of(tested, **given)
    unchanged = shuffles.unchanged
    assert unchanged.shape == (12, n_unchanged)
    batch = shuffles.batch(0, 64)
    # Worst difference seen: 2e-16.
    np.testing.assert_allclose(unchanged.T @ unchanged, np.eye(n_unchanged), atol=1e-14)
    np.testing.assert_array_equal(
        batch.signs[:, :, None] * unchanged[batch.order],
        np.broadcast_to(unchanged, (64, 12, n_unchanged)),
    )
    # The mean of all signed permutations of a group projects onto what it leaves alone.
    tree, kinds = shuffles.tree, {"permute": shuffles.permutes, "flip": shuffles.flips}
    moves = draw_moves(tree, 1, 0, 20_000, **kinds)
    mean = np.zeros((12, 12))
    np.add.at(mean, (np.arange(12), moves.orders(tree)), moves.signs(tree) / 20_000)
    # Worst difference seen, of means of 20 000 random signs or places: 0.017.
    np.testing.assert_allclose(mean, unchanged @ unchanged.T, atol=0.03)


# ------------------------------------------------------------------ addresses


def test_few_shuffles_are_all_taken_in_order_of_their_number():
    """As many as there are, whatever larger number is asked for, and no random one among them."""
    shuffles = shuffles_of(MEAN, n_perm=10_000)
    assert (len(shuffles), shuffles.exhaustive, shuffles.n_distinct) == (4096, True, 4096)
    batch = shuffles.batch(0, 4096)
    assert len({tuple(signs) for signs in batch.signs.tolist()}) == 4096
    np.testing.assert_array_equal(batch.order, np.tile(np.arange(12), (4096, 1)))
    other = shuffles_of(MEAN, n_perm=4096, seed=8).batch(0, 4096)
    np.testing.assert_array_equal(batch.signs, other.signs)


def test_one_less_than_all_are_random():
    """A list with one left out would be no fair one."""
    shuffles = shuffles_of(MEAN, n_perm=4095)
    assert (len(shuffles), shuffles.exhaustive) == (4095, False)
    assert len({tuple(signs) for signs in shuffles.batch(0, 4095).signs.tolist()}) < 3000


def test_the_observed_labelling_is_number_0():
    """Also among random shuffles."""
    for errors in ("permute", "flip", "both"):
        batch = shuffles_of(AGES, errors).batch(0, 3)
        np.testing.assert_array_equal(batch.order[0], np.arange(12))
        np.testing.assert_array_equal(batch.signs[0], np.ones(12))
        assert (batch.order[1] != np.arange(12)).any() or (batch.signs[1] < 0).any()


def test_the_address_of_a_shuffle_is_kept():
    """Shuffles of a seed are the same in every version: a checkpoint relies on it."""
    batch = shuffles_of(AGES, "both", seed=2026).batch(500, 502)
    first = [6, 8, 1, 10, 7, 2, 0, 4, 9, 3, 5, 11]
    second = [11, 0, 5, 10, 7, 6, 2, 9, 1, 8, 4, 3]
    np.testing.assert_array_equal(batch.order, [first, second])
    # By hand: twelve numbers are three counts of four; sorted, each row with its lowest bit.
    numbers = np.random.Philox(key=2026, counter=501 * 3).random_raw(12)
    np.testing.assert_array_equal(np.argsort(numbers), second)
    np.testing.assert_array_equal(1.0 - 2.0 * (numbers[second] % 2), batch.signs[1])


def test_seeds_differ():
    """Another seed, other shuffles; neighbouring seeds and numbers have nothing in common."""
    one, other = (shuffles_of(AGES, "both", seed=seed).batch(1, 500) for seed in (1, 2))
    assert not (one.order == other.order).all(axis=1).any()
    assert abs((one.signs[:, 0] * other.signs[:, 0]).mean()) < 0.15
    assert not (one.order[1:] == other.order[:-1]).all(axis=1).any()


def test_largest_seeds_and_numbers_work():
    """A seed just below 2^63, and a shuffle near the largest number there may be."""
    batch = shuffles_of(AGES, "both", seed=2**63 - 1, n_perm=10**9).batch(10**9 - 2, 10**9)
    np.testing.assert_array_equal(np.sort(batch.order, axis=1), np.tile(np.arange(12), (2, 1)))


@pytest.mark.parametrize(
    ("blocks", "flags", "n_arrangements"),
    [
        ([1, 2, 3, 1, 2, 3], {"within": True}, 8 * 64),
        ([1, 2, 3, 1, 2, 3], {"whole": True}, 6 * 8),
        ([1, 2, 3, 1, 2, 3], {"within": True, "whole": True}, 48 * 64),
        (None, {}, 120 * 32),
    ],
)
def test_random_shuffles_are_uniform(blocks, flags, n_arrangements):
    """Of all permutations with all signs that blocks allow each comes up equally often."""
    tree = make_blocks(blocks, 6 if blocks else 5, **flags)
    moves = draw_moves(tree, 3, 0, 30 * n_arrangements, permute=True, flip=True)
    signed = (moves.orders(tree) + 1) * moves.signs(tree)
    _, counts = np.unique(signed, axis=0, return_counts=True)
    assert len(counts) == n_arrangements
    assert 0.01 < stats.chisquare(counts).pvalue < 0.99


# ------------------------------------------------------------------ fingerprints


def test_fingerprints_tell_schemes_apart():
    """Errors, seed, blocks, what tells maps apart: each changes the bytes; how many does not."""
    given = {"tested": AGES, "errors": "both", "n_perm": 500, "seed": 1}
    changes = [
        {},
        {"errors": "permute"},
        {"seed": 2},
        {"blocks": PAIRS},
        {"blocks": PAIRS, "whole": True},
        {"tested": GROUPS},
        {"rows": np.column_stack([GROUPS, AGES])},
    ]
    prints = [shuffles_of(**(given | change)).fingerprint_parts() for change in changes]
    assert len(set(prints)) == len(prints)
    # More shuffles of a seed begin with the same ones, unless they are all.
    assert shuffles_of(**(given | {"n_perm": 501})).fingerprint_parts() == prints[0]
    few = {"tested": GROUPS, "errors": "permute", "seed": 1}
    drawn, listed = (shuffles_of(n_perm=n_perm, **few) for n_perm in (923, 924))
    assert drawn.fingerprint_parts() != listed.fingerprint_parts()
    rounded = shuffles_of(**(given | {"tested": AGES * (1 + 1e-15)}))
    assert rounded.fingerprint_parts() == prints[0]


# ------------------------------------------------------------------ numbers and seeds


@pytest.mark.parametrize("n_perm", [1, 10_000, np.int32(500), 1e4])
def test_a_number_of_shuffles_is_whole(n_perm):
    """From 1 on; a float that is whole will do."""
    assert check_n_perm(n_perm) == n_perm
    assert isinstance(check_n_perm(n_perm), int)


@pytest.mark.parametrize(
    ("n_perm", "error"),
    [
        (0, InputError),
        (-5, InputError),
        (10.5, InputError),
        (np.inf, InputError),
        (np.nan, InputError),
        (10**13, InputError),
        (10**400, InputError),
        (True, InputTypeError),
        ("many", InputTypeError),
        (None, InputTypeError),
    ],
)
def test_what_is_no_number_of_shuffles_is_refused(n_perm, error):
    """The observed labelling is one of them, so 0 is none; nor is True."""
    with pytest.raises(error, match="n_perm must be a whole number from 1"):
        check_n_perm(n_perm)


def test_a_seed_is_taken_as_it_is():
    """A whole number, of Python or numpy, is the seed."""
    for seed in (0, 42, np.int64(42), 2**63 - 1):
        assert as_seed(seed) == seed
        assert isinstance(as_seed(seed), int)


def test_a_seed_is_drawn_from_a_generator():
    """Generators of one state give one seed, and then another."""
    one, other = np.random.default_rng(3), np.random.default_rng(3)
    first, second = as_seed(one), as_seed(one)
    assert first == as_seed(other) != second
    legacy = [np.random.RandomState(3) for _ in range(2)]
    assert as_seed(legacy[0]) == as_seed(legacy[1])
    assert as_seed(None) != as_seed(None)
    assert all(0 <= as_seed(None) < 2**63 for _ in range(10))


@pytest.mark.parametrize(
    ("random_state", "error"),
    [
        (-1, InputError),
        (2**63, InputError),
        (True, InputTypeError),
        (1.0, InputTypeError),
        ("seed", InputTypeError),
        ([1, 2], InputTypeError),
    ],
)
def test_what_is_no_seed_is_refused(random_state, error):
    """The kinds that are one are listed."""
    with pytest.raises(error, match="random_state must be a whole number from 0 to below 2"):
        as_seed(random_state)
