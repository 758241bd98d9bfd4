"""Exchangeability blocks and variance groups as people write them: read, or refused in words."""

import numpy as np
import pandas as pd
import pytest

from secondlevel.design.blocks import make_blocks, make_variance_groups
from secondlevel.errors import BlockError, InputTypeError

SUBJECTS = ["ann", "bob", "ann", "bob", "cyd", "cyd"]
CONDITION = np.array([[1.0], [1.0], [-1.0], [-1.0], [1.0], [-1.0]])  # differs within subjects
GROUP = np.array([[1.0], [0.0], [1.0], [0.0], [0.0], [0.0]])  # differs between them


def shape_of(tree):
    """What a tree allows: the blocks of every map, and which blocks are free."""
    return tree.nodes.tolist(), [free.tolist() for free in tree.free]


# ------------------------------------------------------------------ labels


def test_without_blocks_all_maps_are_children_of_one_free_block():
    """None allows every exchange."""
    tree = make_blocks(None, 3)
    assert shape_of(tree) == ([[0], [0], [0]], [[True]])
    assert tree.is_trivial
    assert tree.orbits.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("flags", "free"),
    [
        ({"within": True}, [[False], [True, True, True]]),
        ({"whole": True}, [[True], [False, False, False]]),
        ({"within": True, "whole": True}, [[True], [True, True, True]]),
        ({"within": np.True_, "whole": False}, [[False], [True, True, True]]),
        ({}, [[False], [True, True, True]]),
        ({"tested": (CONDITION,)}, [[False], [True, True, True]]),
        ({"tested": (GROUP,)}, [[True], [False, False, False]]),
        ({"tested": (np.ones((6, 1)),)}, [[True], [False, False, False]]),
        # A covariate that varies within blocks leaves a trace in what is tested, not before.
        ({"tested": (GROUP + 0.1 * CONDITION, GROUP)}, [[True], [False, False, False]]),
        ({"tested": (GROUP,), "within": True}, [[False], [True, True, True]]),
    ],
)
def test_labels_allow_exchange_within_blocks_or_of_blocks(flags, free):
    """Flags say which; without, a question that lies between blocks exchanges them as wholes."""
    tree = make_blocks(SUBJECTS, 6, **flags)
    assert shape_of(tree) == ([[0, 0], [0, 1], [0, 0], [0, 1], [0, 2], [0, 2]], free)
    assert tree.names[1] == ("'ann'", "'bob'", "'cyd'")


def test_rounding_does_not_make_a_question_lie_within_blocks():
    """A tested part that is constant but for the last digits is constant."""
    noise = 1e-15 * np.arange(6)[:, None]
    assert make_blocks(SUBJECTS, 6, tested=(GROUP + noise,)).free[0].tolist() == [True]


@pytest.mark.parametrize(
    "labels",
    [
        [7, 3, 7, 3, -1, -1],
        np.array([7.5, 3.0, 7.5, 3.0, 0.0, 0.0]),
        np.array(SUBJECTS),
        pd.Series(SUBJECTS, index=list("uvwxyz")),
        pd.Series(SUBJECTS, dtype="category"),
        np.array([[7], [3], [7], [3], [-1], [-1]]),
        [2.5, "b", 2.5, "b", frozenset("c"), frozenset("c")],
    ],
    ids=["ints", "floats", "text", "series", "categories", "one column", "anything"],
)
def test_labels_of_any_kind_are_numbered_in_order_of_appearance(labels):
    """It is equality of labels that counts."""
    assert make_blocks(labels, 6).nodes[:, 1].tolist() == [0, 1, 0, 1, 2, 2]


@pytest.mark.parametrize(
    ("blocks", "error", "message"),
    [
        ([1, 1, 2], BlockError, "there are 6 maps, but 3 labels"),
        ([1, 1, 2, 2, np.nan, 3], BlockError, r"map 4 has none \(1 in all\)"),
        ([1, None, 2, 2, 3, None], BlockError, r"map 1 has none \(2 in all\)"),
        (["a", "a", "b", "b", pd.NA, "b"], BlockError, "map 4 has none"),
        ("subject", InputTypeError, "one label per map. Got 'subject'"),
        (3, BlockError, "Got an array of shape ()"),
        ([], BlockError, r"Got an array of shape \(0,\)"),
        (np.ones((6, 2, 2)), BlockError, r"Got an array of shape \(6, 2, 2\)"),
        ([[1], [1, 2], [1], [1], [1], [1]], InputTypeError, "labels: numbers or text"),
        ([{}, {}, {}, {}, {}, {}], InputTypeError, "labels: numbers or text"),
    ],
)
def test_what_are_no_labels_is_refused(blocks, error, message):
    """Missing labels, too few, or something else are an error that says which."""
    with pytest.raises(error, match=message):
        make_blocks(blocks, 6)


@pytest.mark.parametrize(
    ("blocks", "flags", "message"),
    [
        (SUBJECTS, {"within": False}, "Neither within blocks nor as whole blocks"),
        (SUBJECTS, {"within": False, "whole": False}, "within_blocks=True, whole_blocks=True, or"),
        (None, {"within": True}, "no exchangeability blocks are given"),
        (None, {"whole": False}, "no exchangeability blocks are given"),
        ([[1, 1]] * 6, {"whole": True}, "the signs of a tree of blocks say so already"),
    ],
)
def test_flags_that_say_nothing_or_twice_are_refused(blocks, flags, message):
    """Flags are for labels, and one of them must hold."""
    with pytest.raises(BlockError, match=message):
        make_blocks(blocks, 6, **flags)


@pytest.mark.parametrize("name", ["within", "whole"])
def test_flags_are_true_or_false(name):
    """A 1 is no flag."""
    with pytest.raises(InputTypeError, match=f"{name}_blocks must be True, False or None. Got 1"):
        make_blocks(SUBJECTS, 6, **{name: 1})


# ------------------------------------------------------------------ trees


def test_a_tree_is_read_from_signed_columns():
    """Each column divides the blocks of the one before; a sign says what a block allows."""
    table = [[1, -4, 2], [1, -4, 1], [-2, 3, 5], [1, -9, 2], [-2, 3, 5], [1, -9, 1]]
    tree = make_blocks(table, 6)
    # First-level blocks in order of structure: the fixed one first. Siblings of one structure in
    # order of index, whatever the order of maps.
    nodes = [[1, 1, 2], [1, 1, 1], [0, 0, 0], [1, 2, 4], [0, 0, 0], [1, 2, 3]]
    assert tree.nodes.tolist() == nodes
    assert [free.tolist() for free in tree.free] == [
        [False, True],
        [True, False, False],
        [True, True, True, True, True],
    ]
    assert tree.names[2] == ("2/3/5", "1/4/1", "1/4/2", "1/9/1", "1/9/2")
    tree.check_permutable()


def test_labels_are_what_palm_writes_as_two_columns():
    """Within, whole and both as in PALM's files of blocks."""
    labels = np.array([1, 2, 1, 2, 3, 3])
    for flags, table in [
        ({"within": True}, [[-1, b] for b in labels]),
        ({"whole": True}, [[1, -b] for b in labels]),
        ({"within": True, "whole": True}, [[1, b] for b in labels]),
    ]:
        assert shape_of(make_blocks(labels, 6, **flags)) == shape_of(make_blocks(table, 6))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[1, 1], [1, -1], [1, 2], [1, 2]], r"Block 1/1 of column 1 .*\(maps 0 and 1\)"),
        ([[-1, 1], [-1, 2], [1, 1], [1, 2]], r"Block 1 of column 0 .*\(maps 2 and 0\)"),
        ([[1, 1], [1, 0], [1, 2], [1, 2]], "none of them 0.* Map 1 has 0 in column 1"),
        ([[1, 1], [1, 1], [1, 2.5], [1, 2]], r"Map 2 has 2\.5 in column 1"),
        ([[1, 1], [1, 1], [1, 2], [np.inf, 2]], "Map 3 has inf in column 0"),
        ([["a", "b"]] * 4, "is a table of whole numbers"),
        ([[1, 1], [1, np.nan], [1, 2], [1, 2]], "map 1 has none"),
        ([[1, 1]] * 3, "there are 4 maps, but 3 labels"),
    ],
)
def test_what_is_no_tree_is_refused(table, message):
    """Contradictory signs, zeros, fractions and text are an error that says where."""
    with pytest.raises(BlockError, match=message):
        make_blocks(table, 4)


def test_whole_numbers_read_from_a_file_are_floats():
    """A table of floats that are whole is a tree."""
    table = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 2.0], [1.0, 2.0]])
    assert shape_of(make_blocks(table, 4)) == shape_of(make_blocks(table.astype(int), 4))


# ------------------------------------------------------------------ structure


def test_blocks_of_unequal_size_do_not_take_each_others_place():
    """The error names them with their sizes and what can be done instead."""
    tree = make_blocks(["s1", "s1", "s2", "s3", "s3", "s4", "s4", "s4"], 8, whole=True)
    message = (
        "as wholes are of unequal size: 1 map in block 's2'; 2 maps in blocks 's1', 's3'; "
        r"3 maps in block 's4'\. Make them equal .*within_blocks=True.*a tree.*errors='flip'"
    )
    with pytest.raises(BlockError, match=message):
        tree.check_permutable()


def test_many_unequal_blocks_are_not_all_listed():
    """Five names of each size are enough."""
    tree = make_blocks([*range(9), 8], 10, whole=True)
    with pytest.raises(BlockError, match="1 map in blocks 0, 1, 2, 3, 4 and 3 more; 2 maps in"):
        tree.check_permutable()


@pytest.mark.parametrize(
    "table",
    [
        [[1, 1, 1], [1, 1, 1], [1, 2, 1], [1, 2, 2]],
        [[1, 1, 1], [1, 1, 2], [1, -2, 1], [1, -2, 2]],
        [[1, 1, 1], [1, 1, 2], [1, 2, -1], [1, 2, 2]],
    ],
    ids=["divided otherwise", "sign of the block", "sign below"],
)
def test_blocks_that_are_divided_differently_do_not_take_each_others_place(table):
    """One size is not enough: what is within must be alike."""
    with pytest.raises(BlockError, match=r"divided differently.*: blocks 1/2, 1/1"):
        make_blocks(table, 4).check_permutable()


def test_unequal_blocks_that_stay_are_fine():
    """Fixed blocks may have any children, and labels within which maps are exchanged any size."""
    make_blocks([1, 1, 1, 2, 2, 3], 6, within=True).check_permutable()
    make_blocks([[-1, 1, 1], [-1, 1, 2], [-1, -2, 1], [-1, -2, 1]], 4).check_permutable()


def test_sub_blocks_are_matched_by_structure_before_index():
    """A family's pair of twins goes where another family's pair is, however they are numbered."""
    table = [[1, -1, 1], [1, -1, 2], [1, -1, 2], [1, -2, 3], [1, -2, 3], [1, -2, 4]]
    tree = make_blocks(table, 6)
    tree.check_permutable()
    assert tree.order.tolist() == [0, 1, 2, 5, 3, 4]


@pytest.mark.parametrize(
    ("table", "orbits"),
    [
        ([[-1, 1], [-1, 1], [-1, 2], [-1, 2]], [0, 0, 1, 1]),
        ([[1, -1], [1, -1], [1, -2], [1, -2]], [0, 1, 0, 1]),
        ([[1, 1], [1, 1], [1, 2], [1, 2]], [0, 0, 0, 0]),
        ([[-1, -1], [-1, -1], [-1, 2], [-1, 2]], [0, 1, 2, 2]),
        ([[1, -1], [1, -1], [2, -1], [2, -1]], [0, 1, 2, 3]),
        ([[1, -1], [1, -2], [1, -2], [2, 3]], [0, 0, 0, 1]),
    ],
    ids=["within", "whole", "both", "one fixed", "alone", "unequal"],
)
def test_orbits_are_what_permutations_carry_into_each_other(table, orbits):
    """Maps that may come in each other's place; all maps of a block whose children are unequal."""
    assert make_blocks(table, 4).orbits.tolist() == orbits


def test_maps_that_no_shuffle_reaches_are_known():
    """All blocks of such a map are fixed."""
    tree = make_blocks([[-1, 1], [-1, -2], [-1, -2], [2, -3]], 4)
    assert tree.anchored.tolist() == [False, True, True, False]


# ------------------------------------------------------------------ variance groups


@pytest.mark.parametrize(
    "groups", [["b", "a", "b", "a"], [2, 1, 2, 1], pd.Series([2.5, 1, 2.5, 1])]
)
def test_variance_groups_are_numbered_in_order_of_appearance(groups):
    """Labels of any kind become whole numbers from 0."""
    assert make_variance_groups(groups, 4).tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        ([1, 1, 2, 2, 3], BlockError, "groups of a single map: 3. A variance needs at least two"),
        ([1, 1, 2, 2], BlockError, "there are 5 maps, but 4 labels"),
        ([1, 1, np.nan, 2, 2], BlockError, "Variance groups are one label per map, but map 2"),
        (np.ones((5, 2)), BlockError, r"Got an array of shape \(5, 2\)"),
        ("group", InputTypeError, "Got 'group'"),
    ],
)
def test_what_are_no_variance_groups_is_refused(groups, error, message):
    """A group of one has no variance; other trouble is said as for blocks."""
    with pytest.raises(error, match=message):
        make_variance_groups(groups, 5)
