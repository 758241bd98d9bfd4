"""Laws of v and G with any design, contrast and variance groups.

Beside each tolerance stands the worst difference seen over 400 random examples.
"""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from secondlevel.design.blocks import make_blocks, make_variance_groups
from secondlevel.design.contrast import make_contrast
from secondlevel.design.matrix import Design
from secondlevel.design.partition import partition
from secondlevel.permutation.scores.group_design import with_groups
from secondlevel.permutation.scores.groups import GroupStatistic
from secondlevel.permutation.scores.method import make_method
from secondlevel.permutation.shuffles.shuffle import make_shuffles

law = settings(derandomize=True, deadline=None, max_examples=60)

N_ELEMENTS = 4


@st.composite
def cases(draw, at_least=1, at_most=4):
    """Maps, design, weights and groups; columns may be indicators, and zero within a group."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_groups, k = draw(st.integers(at_least, at_most)), draw(st.integers(1, 3))
    p = k + draw(st.integers(0, 2))
    sizes = [draw(st.integers(p + 4, p + 8)) for _ in range(n_groups)]
    groups = np.repeat(np.arange(n_groups), sizes)
    matrix = rng.normal(size=(len(groups), p))
    for column in range(p):
        kind = draw(st.sampled_from(["any", "own", "ones", "few"]))
        if kind == "own":
            matrix[groups != column % n_groups, column] = 0.0
        elif kind == "ones":
            matrix[:, column] = groups == column % n_groups
        elif kind == "few":
            matrix[:, column] = rng.integers(-1, 2, len(groups))
    singular = np.linalg.svd(matrix, compute_uv=False)
    assume(singular[-1] > 0.05 * singular[0])
    spread = 10.0 ** draw(st.integers(0, 3)) ** (groups / max(n_groups - 1, 1))
    maps = rng.normal(size=(len(groups), N_ELEMENTS)) * spread[:, None]
    return maps, matrix, rng.normal(size=(k, p)), groups


def observed(maps, matrix, weights, groups, kind=None):
    """The statistic and its degrees of freedom; of one row v, unless told."""
    design = Design(matrix, [f"c{i}" for i in range(matrix.shape[1])])
    contrast = make_contrast(weights[0] if len(weights) == 1 else weights, design, stat_type=kind)
    parts = partition(design, contrast)
    n = len(groups)
    shuffles = make_shuffles(
        make_blocks(None, n),
        "flip",
        tested=parts.tested,
        rows=np.arange(1.0, n + 1)[:, None],
        n_perm=2,
        seed=0,
    )
    statistic = GroupStatistic.of(
        parts,
        make_method("freedman-lane"),
        shuffles.unchanged,
        groups=make_variance_groups(groups, n),
        names=[str(group) for group in range(groups.max() + 1)],
        on_z=False,
        signed=contrast.kind == "t",
        testable=np.ones(maps.shape[1], dtype=bool),
    )
    value, _, dof = statistic.observe(maps)
    return value, dof


def assert_equal(mine, other):
    """Statistics and degrees of freedom are the same; worst seen: 6e-13 in all, 9e-15."""
    np.testing.assert_allclose(mine[0], other[0], rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(mine[1], other[1], rtol=1e-12)


@law
@given(cases())
def test_the_formula_with_inverses_gives_the_same(case):
    """G, or the square of v, must be that of the paper's matrices."""
    maps, matrix, weights, groups = case
    inverse = np.linalg.inv(matrix.T @ matrix)
    hat = matrix @ inverse @ matrix.T
    free, s, names = 1 - np.diag(hat), len(weights), np.unique(groups)
    assume(all(free[groups == name].sum() > 0.1 for name in names))
    value, dof = observed(*case)
    for element, y in enumerate(maps.T):
        left, effects = y - hat @ y, weights @ inverse @ matrix.T @ y
        weight = np.empty(len(y))
        for name in names:
            inside = groups == name
            weight[inside] = free[inside].sum() / (left[inside] ** 2).sum()
        share = [
            (1 - weight[groups == name].sum() / weight.sum()) ** 2 / free[groups == name].sum()
            for name in names
        ]
        variance = weights @ np.linalg.inv(matrix.T * weight @ matrix) @ weights.T
        spread = sum(share)
        g = effects @ np.linalg.solve(variance, effects) / s
        g /= 1 + 2 * (s - 1) / (s * (s + 2)) * spread
        expected = free.sum() if len(names) == 1 else s * (s + 2) / 3 / spread
        found = value[element] ** 2 if s == 1 else value[element]
        # Worst difference seen: 4e-12 in all, relative 2e-14.
        np.testing.assert_allclose(np.sqrt(found), np.sqrt(g), rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(dof[element], expected, rtol=1e-12)


@law
@given(cases(), st.integers(0, 2**32))
def test_the_basis_of_the_design_is_no_matter(case, seed):
    """With columns mixed, and the contrast with them, the statistic must stay the same."""
    maps, matrix, weights, groups = case
    rng = np.random.default_rng(seed)
    mixing = np.linalg.qr(rng.normal(size=(matrix.shape[1],) * 2))[0]
    mixing = mixing * rng.uniform(0.5, 2.0, len(mixing))
    assert_equal(observed(*case), observed(maps, matrix @ mixing, weights @ mixing, groups))


@law
@given(cases(), st.integers(0, 2**32), st.floats(1e-3, 1e3))
def test_rows_units_and_nuisance_are_no_matter(case, seed, unit):
    """Maps in another order and unit must have the same statistic, and with the sign changed -v."""
    maps, matrix, weights, groups = case
    order = np.random.default_rng(seed).permutation(len(groups))
    value, dof = observed(*case)
    again = observed(unit * maps[order], matrix[order], weights, groups[order])
    assert_equal((value, dof), again)
    mirrored = observed(-maps, matrix, weights, groups)
    assert_equal((-value if len(weights) == 1 else value, dof), mirrored)
    # What no row of the contrast sees may be added.
    unseen = np.linalg.svd(weights)[2][len(weights) :].T
    if unseen.shape[1]:
        added = matrix @ unseen @ np.ones((unseen.shape[1], 1))
        assert_equal((value, dof), observed(maps + added, matrix, weights, groups))


@law
@given(cases())
def test_g_of_one_row_is_the_square_of_v(case):
    """With the same degrees of freedom."""
    maps, matrix, weights, groups = case
    v, dof = observed(maps, matrix, weights[:1], groups)
    g, same = observed(maps, matrix, weights[:1], groups, kind="F")
    np.testing.assert_allclose(g, v**2, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(same, dof, rtol=1e-12)


@law
@given(cases(at_least=2, at_most=2))
def test_degrees_of_freedom_are_bounded_by_those_of_the_groups(case):
    """With s = 1, two groups: between the smaller group's own and those of least squares."""
    maps, matrix, weights, groups = case
    _, dof = observed(maps, matrix, weights[:1], groups)
    hat = matrix @ np.linalg.pinv(matrix)
    free = [(1 - np.diag(hat))[groups == name].sum() for name in (0, 1)]
    assert (dof >= min(free) * (1 - 1e-9)).all()
    assert (dof <= sum(free) * (1 + 1e-9)).all()


@law
@given(
    st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2), st.integers(0, 2)), min_size=2),
)
def test_rows_with_groups_are_alike_when_row_and_group_are(table):
    """Equal where both are equal; each other's negative where rows are, in one group."""
    given_rows = np.array(table)
    rows, groups = given_rows[:, :2].astype(float), given_rows[:, 2]
    told = with_groups(rows, groups)
    for i in range(len(rows)):
        for j in range(len(rows)):
            one_group = groups[i] == groups[j]
            assert (told[i] == told[j]).all() == (one_group and (rows[i] == rows[j]).all())
            if rows[i].any():
                opposite = one_group and (rows[i] == -rows[j]).all()
                assert (told[i] == -told[j]).all() == opposite
