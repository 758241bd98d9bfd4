"""Laws of shuffles over random trees: counts, lists, draws, against groups written out in full."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from secondlevel.design.blocks import make_blocks
from secondlevel.design.ties import number_rows
from secondlevel.errors import BlockError, PermutationWarning
from secondlevel.permutation.shuffles.arrangements import arrange
from secondlevel.permutation.shuffles.moves import draw_moves
from secondlevel.permutation.shuffles.shuffle import make_shuffles

some = settings(derandomize=True, deadline=None, max_examples=40)
seeds = st.integers(0, 100_000)
kinds_of_errors = pytest.mark.parametrize("errors", ["permute", "flip", "both"])
MOST_MAPS = {"permute": 7, "flip": 7, "both": 5}  # of the groups that are written out


def grow(rng, depth, *, alike):
    """A random block, (free, children); maps are None. If alike, those of a free one are equal."""
    free, n_children = bool(rng.random() < 0.6), int(rng.integers(1, 4))
    if depth == 0:
        return None
    if free and alike:
        return free, [grow(rng, depth - 1, alike=True)] * n_children
    return free, [grow(rng, depth - 1, alike=alike) for _ in range(n_children)]


def write(block, path):
    """Write the rows of a block's table, one per map; indices grow from sibling to sibling."""
    if block is None:
        return [path[:-1]]
    free, children = block
    here = (*path[:-1], path[-1] if free else -path[-1])
    return [
        row for i, child in enumerate(children) for row in write(child, (*here, 3 * i + len(path)))
    ]


def random_table(seed, errors):
    """Signed indices of two or three levels for some maps, in random order."""
    rng = np.random.default_rng(seed)
    depth = int(rng.integers(2, 4))
    trunks = [grow(rng, depth, alike=errors != "flip") for _ in range(rng.integers(1, 3))]
    table = np.array([row for i, trunk in enumerate(trunks) for row in write(trunk, (i + 1,))])
    assume(2 <= len(table) <= MOST_MAPS[errors])
    return table[rng.permutation(len(table))]


def random_rows(seed, n_rows):
    """A column or two with ties, opposites, zeros, and rounding."""
    rng = np.random.default_rng(seed + 1)
    rows = rng.integers(-1, 2, (n_rows, rng.integers(1, 3))) / 3.0
    return rows * (1 + 1e-15 * rng.integers(-3, 4, rows.shape))


def divide(table, rows, level):
    """Parts of rows with one index on a level, in its order; below the last level, single rows."""
    if level == table.shape[1]:
        return [[row] for row in rows]
    index = np.abs(table[:, level])
    return [[row for row in rows if index[row] == i] for i in sorted({*index[rows].tolist()})]


def listed(table, rows, level=0):
    """Rows in the order of parts within parts."""
    if level > table.shape[1]:
        return rows
    return [row for part in divide(table, rows, level) for row in listed(table, part, level + 1)]


def elements(table, rows, level, errors, *, free=False):
    """All signed permutations of rows: lists of (row, sign), for the places that `listed` gives."""
    if level > table.shape[1]:
        return [[(rows[0], 1)]]
    below = [
        elements(
            table,
            part,
            level + 1,
            errors,
            free=level < table.shape[1] and table[part[0], level] > 0,
        )
        for part in divide(table, rows, level)
    ]
    as_is = range(len(below))
    orders = itertools.permutations(as_is) if free and errors != "flip" else [as_is]
    signs = itertools.product((1, -1) if free and errors != "permute" else (1,), repeat=len(below))
    return [
        [(row, sign[part] * s) for part in order for row, s in chosen[part]]
        for order, sign, chosen in itertools.product(orders, signs, itertools.product(*below))
    ]


def group_of(table, errors):
    """All signed permutations that a table allows, each written (row in every place, sign)."""
    places = listed(table, list(range(len(table))))
    found = set()
    for element in elements(table, list(range(len(table))), 0, errors):
        at = dict(zip(places, element, strict=True))
        found.add(tuple(at[place] for place in range(len(table))))
    return found


def carry(numbers, opposite, element):
    """Rows of a design as an element of the group leaves them."""
    return tuple((numbers if sign > 0 else opposite)[source] for source, sign in element)


def written(batch):
    """Shuffles of a batch as `group_of` writes them."""
    return [
        tuple(zip(order, signs, strict=True))
        for order, signs in zip(batch.order.tolist(), batch.signs.astype(int).tolist(), strict=True)
    ]


@kinds_of_errors
@some
@given(seeds)
def test_all_distinct_shuffles_are_counted_and_listed_once_each(errors, seed):
    """What the whole group makes of the rows, and nothing else; the rows as they are come first."""
    table = random_table(seed, errors)
    rows = random_rows(seed, len(table))
    group = group_of(table, errors)
    numbers, opposite = (part.tolist() for part in number_rows(rows))
    expected = {carry(numbers, opposite, element) for element in group}
    tree = make_blocks(table, len(table))
    flags = {"permute": errors != "flip", "flip": errors != "permute"}
    assert arrange(tree, *number_rows(rows), **flags).count == len(expected)
    if len(expected) == 1:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PermutationWarning)  # of few shuffles, or means
        shuffles = make_shuffles(
            tree, errors, tested=rows, rows=rows, n_perm=len(expected), seed=seed
        )
    assert shuffles.exhaustive
    elements_listed = written(shuffles.batch(0, len(shuffles)))
    assert set(elements_listed) <= group
    found = [carry(numbers, opposite, element) for element in elements_listed]
    assert len(found) == len(expected)
    assert set(found) == expected
    assert elements_listed[0] == tuple((place, 1) for place in range(len(table)))


@kinds_of_errors
@some
@given(seeds)
def test_random_shuffles_are_what_the_blocks_allow(errors, seed):
    """No draw leaves the group, and enough of them are all of it."""
    table = random_table(seed, errors)
    group = group_of(table, errors)
    assume(len(group) <= 200)
    tree = make_blocks(table, len(table))
    moves = draw_moves(
        tree, seed, 0, 20 * len(group), permute=errors != "flip", flip=errors != "permute"
    )
    drawn = np.stack([moves.orders(tree), moves.signs(tree)], axis=2).astype(int).tolist()
    assert {tuple(map(tuple, element)) for element in drawn} == group


@kinds_of_errors
@some
@given(seeds, st.integers(0, 30), st.integers(1, 30), st.booleans())
def test_a_shuffle_is_the_same_in_any_batch(errors, seed, start, size, exhaustive):
    """Work can be cut anywhere."""
    table = np.array([[1, 2 * b * (-1) ** seed] for b in (1, 1, 2, 2, 3, 3, 4, 4)])
    rows = np.random.default_rng(seed).integers(0, 2 if exhaustive else 90, (8, 1)) + 0.5
    assume(np.ptp(rows) > 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PermutationWarning)
        try:
            shuffles = make_shuffles(
                make_blocks(table, 8), errors, tested=rows, rows=rows, n_perm=2000, seed=seed
            )
        except BlockError:
            assume(False)
    assume(start + size <= len(shuffles))
    whole, part = shuffles.batch(0, start + size), shuffles.batch(start, start + size)
    np.testing.assert_array_equal(whole.order[start:], part.order)
    np.testing.assert_array_equal(whole.signs[start:], part.signs)


@kinds_of_errors
@some
@given(seeds)
def test_the_order_of_maps_changes_no_count(errors, seed):
    """Maps listed otherwise, with their rows and blocks, have as many distinct shuffles."""
    table = random_table(seed, errors)
    rows = random_rows(seed, len(table))
    order = np.random.default_rng(seed).permutation(len(table))
    flags = {"permute": errors != "flip", "flip": errors != "permute"}
    one, other = (
        arrange(make_blocks(table[i], len(table)), *number_rows(rows[i]), **flags).count
        for i in (np.arange(len(table)), order)
    )
    assert one == other


@some
@given(seeds)
def test_permutations_change_rows_unless_constant_on_orbits(seed):
    """What is constant on every orbit, and only that, has one arrangement."""
    table = random_table(seed, "permute")
    rows = random_rows(seed, len(table))
    tree = make_blocks(table, len(table))
    numbers, opposite = number_rows(rows)
    count = arrange(tree, numbers, opposite, permute=True, flip=False).count
    constant = all(
        len(set(numbers[tree.orbits == orbit])) == 1 for orbit in set(tree.orbits.tolist())
    )
    assert constant == (count == 1)
