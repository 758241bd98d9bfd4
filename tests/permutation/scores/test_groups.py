"""v and G are the formulas of the paper, element by element, under every shuffle.

Beside each tolerance stands the worst difference seen, relative unless said otherwise.
"""

import itertools

import numpy as np
import pytest
from scipy import stats

from secondlevel.design.blocks import make_blocks
from secondlevel.design.contrast import make_contrast
from secondlevel.design.labels import number_labels
from secondlevel.design.matrix import Design
from secondlevel.design.partition import partition
from secondlevel.errors import BlockError
from secondlevel.inference.tails import f_tail, t_tail
from secondlevel.models.least_squares import LeastSquares
from secondlevel.permutation.options import Options
from secondlevel.permutation.permute import permute
from secondlevel.permutation.scores.asked import Reach, Wanted
from secondlevel.permutation.scores.groups import GroupStatistic
from secondlevel.permutation.scores.method import make_method
from secondlevel.permutation.scores.whole_maps import sweep_maps
from secondlevel.permutation.shuffles.shuffle import make_shuffles

METHODS = ["freedman-lane", "ter-braak", "manly", "still-white", "dekker", "draper-stoneman"]
POSITIVE, BOTH = np.array([1.0]), np.array([1.0, -1.0])


class Case:
    """Maps, a design, a contrast and variance groups."""

    def __init__(self, maps, matrix, weights, groups):
        self.maps, self.matrix = np.asarray(maps, float), np.asarray(matrix, float)
        self.groups = np.asarray(groups)
        self.design = Design(self.matrix, [f"c{i}" for i in range(self.matrix.shape[1])])
        self.contrast = make_contrast(weights, self.design)
        self.parts = partition(self.design, self.contrast)

    def shuffles(self, errors="permute", n_perm=20):
        """Shuffles without blocks."""
        return make_shuffles(
            make_blocks(None, len(self.groups)),
            errors,
            tested=self.parts.tested,
            rows=np.random.default_rng(0).normal(size=(len(self.groups), 1)),  # all differ
            n_perm=n_perm,
            seed=5,
        )

    def statistic(self, shuffles=None, *, scale="stat", method="freedman-lane"):
        """The statistic, ready."""
        fitted = LeastSquares().fit(self.design, self.maps).contrast(self.contrast)
        numbers, names = number_labels(self.groups, len(self.groups), "Variance groups")
        shuffles = shuffles or self.shuffles()
        return GroupStatistic.of(
            self.parts,
            make_method(method),
            shuffles.unchanged,
            groups=numbers,
            names=names,
            on_z=scale == "z",
            signed=self.contrast.kind == "t",
            testable=~fitted.constant,
        )

    def observed(self, **options):
        """Statistic, heights and degrees of freedom of the maps as they are."""
        return self.statistic(**options).observe(self.maps)


def two_groups(seed=0, n=(5, 9), n_elements=400):
    """Two groups, the first with four times the spread; their difference."""
    rng = np.random.default_rng(seed)
    label = np.repeat([0, 1], n)
    maps = 5 + rng.normal(size=(len(label), n_elements)) * np.where(label, 1.0, 4.0)[:, None]
    return Case(maps, np.eye(2)[label], [-1, 1], label)


def three_groups(seed=1, n=(5, 7, 9), n_elements=400, **changes):
    """Three groups of unequal spread; whether their means differ."""
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(3), n)
    maps = rng.normal(size=(len(label), n_elements)) * np.array([1.0, 2.0, 5.0])[label][:, None]
    return Case(maps, np.eye(3)[label], [[1, -1, 0], [0, 1, -1]], label)


def mixed(weights, seed=2, n=14, n_elements=3):
    """Two groups of unequal spread, two covariates, groups that are not those of the design."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 2
    matrix = np.column_stack([label == 0, label == 1, rng.normal(size=(n, 2))])
    groups = np.array(["a", "b", "b"])[np.arange(n) % 3]
    maps = rng.normal(size=(n, n_elements)) * np.where(groups == "a", 3.0, 1.0)[:, None] + 1
    return Case(maps, matrix, weights, groups)


def plain(y, matrix, weights, groups, *, fitted=None):
    """Return G, v and the dof of one element by the formula, with inverses, or of given ψ and e."""
    weights = np.atleast_2d(weights)
    s = len(weights)
    inverse = np.linalg.inv(matrix.T @ matrix)
    if fitted is None:
        beta = inverse @ matrix.T @ y
        effects, left = weights @ beta, y - matrix @ beta
    else:
        effects, left = fitted
    free = 1 - np.diag(matrix @ inverse @ matrix.T)
    names = sorted(set(groups))
    weight, shares = np.zeros(len(y)), []
    for name in names:
        inside = groups == name
        weight[inside] = free[inside].sum() / (left[inside] ** 2).sum()
    for name in names:
        inside = groups == name
        shares.append((1 - weight[inside].sum() / weight.sum()) ** 2 / free[inside].sum())
    variance = weights @ np.linalg.inv(matrix.T @ (weight[:, None] * matrix)) @ weights.T
    dof = free.sum() if len(names) == 1 else s * (s + 2) / 3 / sum(shares)
    spread = 0 if len(names) == 1 else sum(shares)
    big_lambda = 1 + 2 * (s - 1) / (s * (s + 2)) * spread
    value = effects @ np.linalg.inv(variance) @ effects / s / big_lambda
    return value, np.sqrt(value) * np.sign(effects[0]), dof


def shuffled(case, method, y, order, signs):
    """The same after a shuffle of the data, or of what is tested, fitted from scratch."""
    tested, nuisance, raw = case.parts.tested, case.parts.nuisance, case.parts.raw
    k, q = tested.shape[1], nuisance.shape[1]
    both = np.hstack([tested, nuisance])
    weights = np.eye(k, k + q)
    after_nuisance = y - nuisance @ nuisance.T @ y
    fit = both @ both.T @ y

    def move(values):
        moved = np.empty_like(values)  # the reverse of what happens to the rows of the design
        moved[order] = signs * values
        return moved

    if method == "freedman-lane":
        return plain(move(after_nuisance) + (y - after_nuisance), both, weights, case.groups)
    if method == "ter-braak":
        again = move(y - fit) + fit
        beta = both.T @ again
        fitted = (tested.T @ again - tested.T @ y, again - both @ beta)
        return plain(again, both, weights, case.groups, fitted=fitted)
    if method == "manly":
        return plain(move(y), both, weights, case.groups)
    if method == "still-white":
        again = move(after_nuisance)
        effects = tested.T @ again
        fitted = (effects, again - tested @ effects)
        return plain(again, both, weights, case.groups, fitted=fitted)
    columns = tested if method == "dekker" else raw
    moved = signs[:, None] * columns[order]
    return plain(y, np.hstack([moved, nuisance]), weights, case.groups)


# ------------------------------------------------------------------ unshuffled


@pytest.mark.parametrize("scale", ["stat", "z"])
def test_v_of_two_groups_is_the_t_of_welch(scale):
    """Statistic and degrees of freedom must be those of SciPy's unequal-variance t-test."""
    case = two_groups()
    v, heights, dof = case.observed(scale=scale)
    known = stats.ttest_ind(case.maps[5:], case.maps[:5], equal_var=False)
    np.testing.assert_allclose(v, known.statistic, rtol=1e-12, atol=1e-13)  # seen: 2e-15 in all
    np.testing.assert_allclose(dof, known.df, rtol=1e-12)  # seen: 8e-16
    expected = v if scale == "stat" else t_tail(v, dof).z
    np.testing.assert_allclose(heights, expected, rtol=1e-10)  # seen: 9e-12


def test_v_keeps_its_digits_when_one_group_hardly_varies():
    """With spreads 1e6 apart, at ten times the mean, v and its dof must still be Welch's."""
    rng = np.random.default_rng(3)
    maps = np.vstack([1e-6 * rng.normal(size=(6, 50)), rng.normal(size=(7, 50))]) + 10
    label = np.repeat([0, 1], [6, 7])
    v, _, dof = Case(maps, np.eye(2)[label], [-1, 1], label).observed()
    known = stats.ttest_ind(maps[6:], maps[:6], equal_var=False)
    np.testing.assert_allclose(v, known.statistic, rtol=1e-11, atol=1e-12)  # seen: 2e-14 in all
    np.testing.assert_allclose(dof, known.df, rtol=1e-12)  # seen: 3e-16
    # And the mean of the group that hardly varies: its own t, but for what 10 has rounded.
    alone = Case(maps, np.eye(2)[label], [1, 0], label)
    v, _, _ = alone.statistic(alone.shuffles("flip")).observe(maps)
    np.testing.assert_allclose(v, stats.ttest_1samp(maps[:6], 0).statistic, rtol=1e-8)  # 1e-9


@pytest.mark.parametrize("scale", ["stat", "z"])
def test_g_of_three_groups_is_the_f_of_welch(scale):
    """By the closed form of Welch's analysis of variance (1951)."""
    case = three_groups()
    g, heights, dof = case.observed(scale=scale)
    parts = [case.maps[case.groups == name] for name in range(3)]
    sizes = np.array([[len(part)] for part in parts])
    weight = sizes / np.array([part.var(axis=0, ddof=1) for part in parts])
    means = np.array([part.mean(axis=0) for part in parts])
    mean = (weight * means).sum(axis=0) / weight.sum(axis=0)
    between = (weight * (means - mean) ** 2).sum(axis=0) / 2
    spread = ((1 - weight / weight.sum(axis=0)) ** 2 / (sizes - 1)).sum(axis=0)
    np.testing.assert_allclose(g, between / (1 + 2 * 1 / 8 * spread), rtol=1e-12)  # seen: 8e-15
    np.testing.assert_allclose(dof, 8 / (3 * spread), rtol=1e-12)
    assert case.statistic().dof_contrast == 2
    expected = g if scale == "stat" else f_tail(g, 2, dof).z
    np.testing.assert_allclose(heights, expected, rtol=1e-10, atol=1e-10)  # seen: 7e-12 in all


@pytest.mark.parametrize(
    ("weights", "kind"), [([0, 0, 1, 0], "t"), ([[-1, 1, 0, 0], [0, 0, 1, 1]], "F")]
)
def test_a_single_group_has_t_and_f(weights, kind):
    """With one variance v must be t, G be F, and the degrees of freedom n - r."""
    case = mixed(weights)
    case.groups = np.array(["all"] * 14)
    value, _, dof = case.observed()
    known = LeastSquares().fit(case.design, case.maps).contrast(case.contrast)
    np.testing.assert_allclose(value, known.statistic, rtol=1e-12)  # seen: 1e-15
    np.testing.assert_allclose(dof, 10, rtol=1e-14)


def test_g_of_one_row_is_v_squared():
    """An F contrast of one row must have G = v², with the dof of v."""
    case = two_groups()
    v, _, dof = case.observed()
    square = Case(case.maps, case.matrix, [[-1, 1]], case.groups)
    square.contrast = make_contrast([-1, 1], square.design, stat_type="F")
    g, _, same = square.observed()
    np.testing.assert_allclose(g, v**2, rtol=1e-13)
    np.testing.assert_array_equal(same, dof)


@pytest.mark.parametrize("weights", [[0, 0, 1, 0], [-1, 1, 0, 0], [[-1, 1, 0, 0], [0, 0, 1, 1]]])
def test_the_formula_holds_in_the_design_as_it_was_given(weights):
    """No matter the basis: with the user's columns the paper's formula gives the same."""
    case = mixed(weights, n_elements=30)
    value, _, dof = case.observed()
    for element, y in enumerate(case.maps.T):
        g, v, expected = plain(y, case.matrix, case.contrast.weights, case.groups)
        np.testing.assert_allclose(
            value[element], v if np.ndim(weights) == 1 else g, rtol=1e-11
        )  # seen: 1e-14
        np.testing.assert_allclose(dof[element], expected, rtol=1e-11)


@pytest.mark.parametrize("weights", [[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, -1, 0], np.eye(6)[[1, 4]]])
def test_groups_may_have_columns_of_their_own(weights):
    """Where a group has but a part of the columns, the others must be none of its business."""
    rng = np.random.default_rng(6)
    label = np.repeat([0, 1], [7, 9])
    own = np.column_stack([np.ones(16), rng.normal(size=(16, 2))])
    matrix = np.hstack([own * (label == 0)[:, None], own * (label == 1)[:, None]])
    maps = rng.normal(size=(16, 30)) * np.where(label, 1e-3, 1.0)[:, None]
    case = Case(maps, matrix, weights, label)
    value, _, dof = case.statistic(case.shuffles("flip")).observe(maps)
    for element, y in enumerate(maps.T):
        g, v, expected = plain(y, matrix, case.contrast.weights, label)
        np.testing.assert_allclose(value[element], v if np.ndim(weights) == 1 else g, rtol=1e-9)
        # Worst difference seen: 2e-12, and of degrees of freedom 3e-16.
        np.testing.assert_allclose(dof[element], expected, rtol=1e-12)


def test_columns_that_depend_on_others_are_no_matter():
    """With an intercept beside the indicators of groups, v and G must not change."""
    for case in (two_groups(), three_groups()):
        doubled = np.column_stack([case.matrix, np.ones(len(case.matrix))])
        weights = np.column_stack([case.contrast.weights, np.zeros(len(case.contrast.weights))])
        again = Case(case.maps, doubled, weights, case.groups)
        for mine, other in zip(case.observed(), again.observed(), strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-11, atol=1e-13)  # seen: 7e-13


# ------------------------------------------------------------------ shuffled


@pytest.mark.parametrize("errors", ["permute", "flip", "both"])
@pytest.mark.parametrize(
    "weights", [[0, 0, 1, 0], [-1, 1, 0, 0], [[-1, 1, 0, 0], [0, 0, 1, 1]]], ids=str
)
@pytest.mark.parametrize("method", METHODS)
def test_shuffled_maps_have_the_statistic_of_maps_shuffled_by_hand(method, weights, errors):
    """Shuffled, fitted from scratch and put into the formula, every method, shuffle, element."""
    case = mixed(weights)
    shuffles = case.shuffles(errors)
    batch = shuffles.batch(0, 20)
    statistic = case.statistic(shuffles, method=method)
    maps = statistic.sweep(case.maps, batch, Wanted(POSITIVE, maps=True)).maps
    for s in range(method == "ter-braak", 20):  # whose unshuffled ψ is 0
        for element, y in enumerate(case.maps.T):
            g, v, _ = shuffled(case, method, y, batch.order[s], batch.signs[s])
            # Worst difference seen: 8e-13.
            np.testing.assert_allclose(
                maps[s, element], v if np.ndim(weights) == 1 else g, rtol=1e-10, atol=1e-12
            )


@pytest.mark.parametrize("method", METHODS)
def test_the_shuffle_that_changes_nothing_has_the_observed_statistic(method):
    """For all methods the same; but ter Braak's, which shuffles around its estimate, has 0."""
    case = mixed([0, 0, 1, 0], n_elements=50)
    shuffles = case.shuffles()
    expected = case.observed(scale="z")[1]
    statistic = case.statistic(shuffles, method=method, scale="z")
    swept = statistic.sweep(case.maps, shuffles.batch(0, 1), Wanted(POSITIVE, maps=True))
    np.testing.assert_array_equal(statistic.observe(case.maps)[1], expected)
    if method == "ter-braak":
        expected = np.zeros(50)
    np.testing.assert_allclose(swept.maps[0], expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("method", ["freedman-lane", "dekker"])
def test_z_of_shuffled_maps_is_that_of_their_own_degrees_of_freedom(method):
    """Heights must be the exact deviates, to 1e-10, of the statistic and dof of that shuffle."""
    case = mixed([0, 0, 1, 0])
    shuffles = case.shuffles()
    batch = shuffles.batch(0, 20)
    statistic = case.statistic(shuffles, method=method, scale="z")
    maps = statistic.sweep(case.maps, batch, Wanted(POSITIVE, maps=True)).maps
    for s in range(20):
        for element, y in enumerate(case.maps.T):
            _, v, dof = shuffled(case, method, y, batch.order[s], batch.signs[s])
            np.testing.assert_allclose(maps[s, element], t_tail(v, dof).z, rtol=1e-10, atol=1e-12)


def test_a_batch_gives_the_same_bits_however_it_is_cut():
    """Maxima, lists, counts and maps must not depend on the size of batches, nor on dtype order."""
    case = two_groups(n_elements=3000)  # more than a tile
    shuffles = case.shuffles(n_perm=40)
    statistic = case.statistic(shuffles, scale="z")
    reach = Reach(np.linspace(-1, 3, 3000), np.resize([1.0, -1.0, 0.0], 3000))
    wanted = Wanted(BOTH, level=2.5, reach=reach, maps=True)
    whole = statistic.sweep(case.maps, shuffles.batch(0, 40), wanted)
    cuts = [0, 1, 4, 17, 40]
    parts = [
        statistic.sweep(np.asfortranarray(case.maps), shuffles.batch(start, stop), wanted)
        for start, stop in itertools.pairwise(cuts)
    ]
    np.testing.assert_array_equal(whole.maxima, np.vstack([part.maxima for part in parts]))
    np.testing.assert_array_equal(whole.maps, np.vstack([part.maps for part in parts]))
    np.testing.assert_array_equal(whole.reached, sum(part.reached for part in parts))
    scores = np.concatenate([part.beyond.scores for part in parts])
    np.testing.assert_array_equal(whole.beyond.scores, scores)


def test_what_is_asked_of_tiles_is_what_whole_maps_say():
    """Maxima, lists and counts must be those of the maps of scores."""
    case = two_groups(n_elements=5000)
    shuffles = case.shuffles()
    statistic = case.statistic(shuffles)
    reach = Reach(np.linspace(-1, 3, 5000), np.resize([1.0, -1.0, 0.0], 5000))
    wanted = Wanted(BOTH, level=2.5, reach=reach, maps=True)
    swept = statistic.sweep(case.maps, shuffles.batch(0, 20), wanted)
    expected = sweep_maps(swept.maps, 0, wanted)
    np.testing.assert_array_equal(swept.maxima, expected.maxima)
    np.testing.assert_array_equal(swept.reached, expected.reached)
    for name in ("places", "elements", "scores"):
        np.testing.assert_array_equal(
            getattr(swept.beyond, name), getattr(expected.beyond, name), err_msg=name
        )
    assert len(swept.beyond.places) > 100
    alone = statistic.sweep(case.maps, shuffles.batch(0, 20), Wanted(BOTH))
    np.testing.assert_array_equal(alone.maxima, swept.maxima)
    assert (alone.beyond, alone.reached, alone.maps) == (None, None, None)


# ------------------------------------------------------------------ whole runs


def all_splits(n, n_first):
    """Every way to call n_first of n maps the first group, the given one first."""
    for chosen in itertools.combinations(range(n), n_first):
        label = np.ones(n, dtype=int)
        label[list(chosen)] = 0
        yield label


@pytest.mark.parametrize("scale", ["stat", "z"])
@pytest.mark.parametrize("sides", ["positive", "both"])
def test_p_of_all_70_splits_of_two_groups_of_four(sides, scale):
    """Family-wise and uncorrected p must be those of Welch's t of every split, ties counted."""
    case = two_groups(n=(4, 4), n_elements=25)
    case.maps[4:] += np.linspace(0, 6, 25)
    heights = []
    for label in all_splits(8, 4):
        known = stats.ttest_ind(case.maps[label == 1], case.maps[label == 0], equal_var=False)
        heights.append(known.statistic if scale == "stat" else t_tail(known.statistic, known.df).z)
    heights = np.array(heights)
    if sides == "both":
        heights = abs(heights)
    reached = heights[0] * (1 - 1e-9 * np.sign(heights[0]))
    options = Options(
        variance_groups=case.groups, sides=sides, scale=scale, uncorrected=True, random_state=1
    )
    result = permute(case.maps, case.design, [case.contrast], options)
    summary = result.contrasts[0].summaries["max"]
    assert result.n_shuffles == 70
    expected = (heights.max(axis=1)[:, None] >= reached).mean(axis=0)
    np.testing.assert_allclose(summary.p, expected, rtol=1e-14)
    np.testing.assert_allclose(summary.p_uncorrected, (heights >= reached).mean(axis=0), rtol=1e-14)
    if sides == "both":  # a split and its mirror tie
        assert set(np.round(summary.p * 70) % 2) == {0}


def test_maps_that_differ_in_group_alone_are_told_apart():
    """Rows of the design that are equal, in different groups, must not count as one."""
    rng = np.random.default_rng(8)
    maps = rng.normal(size=(6, 12)) * np.array([1, 1, 1, 4, 4, 4.0])[:, None]
    label, groups = np.array([0, 0, 1, 0, 1, 1]), np.array([0, 0, 0, 1, 1, 1])
    case = Case(maps, np.eye(2)[label], [-1, 1], groups)
    options = Options(variance_groups=groups, scale="stat", uncorrected=True, random_state=1)
    result = permute(maps, case.design, [case.contrast], options)
    # Two alike, one, one, two alike: 6! / (2! 2!).
    assert result.n_shuffles == 180

    values = np.array(
        [
            [plain(y[list(order)], case.matrix, [-1, 1], groups)[1] for y in maps.T]
            for order in itertools.permutations(range(6))
        ]
    )
    observed = values[0]
    expected = (values >= observed - 1e-9 * abs(observed)).mean(axis=0)
    got = result.contrasts[0].summaries["max"].p_uncorrected
    np.testing.assert_allclose(got, expected, rtol=1e-14)


def test_runs_go_through_clusters_and_enhancement():
    """Number of jobs and size of shares must not change a bit of what the whole engine says."""
    from secondlevel.graph.adjacency import from_edges
    from secondlevel.permutation.summaries.clusters import ClusterSummary
    from secondlevel.permutation.summaries.enhancement import TFCESummary

    case = three_groups(n_elements=60)
    edges = np.column_stack([np.arange(59), np.arange(1, 60)])
    graph = from_edges(edges, np.ones(60), np.zeros((60, 3)))
    results = [
        permute(
            case.maps,
            case.design,
            [case.contrast],
            Options(
                variance_groups=case.groups,
                n_perm=60,
                random_state=4,
                summaries=(ClusterSummary(p=0.1), TFCESummary(E=0.5, H=2.0)),
                n_jobs=jobs,
                batch_size=size,
            ),
            graph=graph,
        )
        for jobs, size in ((1, None), (2, 8))
    ]
    for name, summary in results[0].contrasts[0].summaries.items():
        other = results[1].contrasts[0].summaries[name]
        np.testing.assert_array_equal(summary.maxima, other.maxima, err_msg=name)
        assert summary.maxima.max() > 0


# ------------------------------------------------------------------ elements and groups at fault


@pytest.mark.parametrize("scale", ["stat", "z"])
def test_elements_where_nothing_varies_have_a_statistic_of_zero(scale):
    """Constant maps, zeros, or one group that is constant: 0, finite dof, in shuffles finite."""
    case = two_groups(n=(6, 6), n_elements=5)
    case.maps[:, 0] = 0.0
    case.maps[:, 1] = 1e5 / 3
    case.maps[:6, 2] = 1e5 / 3
    case.maps[:, 3] = np.where(case.groups, 0.1, 1e5 / 3)
    shuffles = case.shuffles(n_perm=200)
    statistic = case.statistic(shuffles, scale=scale)
    v, heights, dof = statistic.observe(case.maps)
    assert v[:4].tolist() == heights[:4].tolist() == [0.0] * 4
    np.testing.assert_allclose(dof[:4], 10, rtol=1e-14)
    assert abs(v[4]) > 0.01
    maps = statistic.sweep(case.maps, shuffles.batch(0, 200), Wanted(BOTH, maps=True)).maps
    assert np.isfinite(maps).all()
    assert not maps[:, :2].any()
    assert maps[1:, 2].any()


@pytest.mark.parametrize("scale", ["stat", "z"])
def test_g_is_zero_where_nothing_varies(scale):
    """And its deviate finite."""
    case = three_groups(n_elements=3)
    case.maps[:, 0] = 7.0
    case.maps[:5, 1] = 7.0
    g, heights, dof = case.observed(scale=scale)
    assert g[:2].tolist() == [0.0, 0.0]
    assert np.isfinite(heights).all()
    np.testing.assert_allclose(dof[:2], 18, rtol=1e-14)


def test_data_may_be_in_any_unit_and_precision():
    """Scaled by 1e-30 or 1e30, or in single precision, v must be the same."""
    case = two_groups()
    v, _, dof = case.observed()
    for times in (1e-30, 1e30, -1.0):
        scaled = Case(case.maps * times, case.matrix, [-1, 1], case.groups).observed()
        np.testing.assert_allclose(scaled[0], v * np.sign(times), rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(scaled[2], dof, rtol=1e-11)
    narrow = case.maps.astype(np.float32)
    expected = Case(narrow.astype(float), case.matrix, [-1, 1], case.groups).observed()
    np.testing.assert_array_equal(case.statistic().observe(narrow)[0], expected[0])


def test_a_group_without_residual_degrees_of_freedom_is_refused_by_name():
    """Two maps, each with a column of its own: the message must say which group, and what to do."""
    rng = np.random.default_rng(0)
    matrix = np.column_stack([np.ones(8), np.eye(8)[:, :2], np.arange(8)])
    case = Case(rng.normal(size=(8, 4)), matrix, [0, 0, 0, 1], ["lost"] * 2 + ["kept"] * 6)
    with pytest.raises(
        BlockError, match=r"Variance group 'lost' has no residual degrees of freedom.*2 maps"
    ):
        case.statistic()


def test_a_shuffle_that_leaves_a_group_no_degrees_of_freedom_says_nothing():
    """Where the shuffled tested part fits a group perfectly, the statistic of that shuffle is 0."""
    rng = np.random.default_rng(0)
    spike = np.zeros((8, 1))
    spike[0], spike[5] = 1.0, 1.0
    case = Case(rng.normal(size=(8, 4)), spike, [1], np.repeat([0, 1], [2, 6]))
    shuffles = case.shuffles("both", n_perm=300)
    batch = shuffles.batch(0, 300)
    statistic = case.statistic(shuffles, method="dekker", scale="z")
    maps = statistic.sweep(case.maps, batch, Wanted(BOTH, maps=True)).maps
    assert np.isfinite(maps).all()
    moved = spike[batch.order, 0]
    # Over one group of two both spikes leave it a degree; over neither, a spike leaves it two.
    assert maps[moved[:, :2].sum(axis=1) == 2].all()
    assert maps.all()


def test_permute_names_the_statistic():
    """It is v for one row, G for several; degrees of freedom are those of every element."""
    for case, label in ((two_groups(n_elements=4), "v"), (three_groups(n_elements=4), "G")):
        options = Options(variance_groups=case.groups, n_perm=30, random_state=0)
        found = permute(case.maps, case.design, [case.contrast], options).contrasts[0]
        assert found.label == label
        assert len(found.dof) == 4
        assert found.dof_contrast == (1 if label == "v" else 2)
