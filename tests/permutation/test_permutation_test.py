"""Small tests in full: maxima and p-values are those of plain loops over every shuffle."""

import functools

import numpy as np
import pytest
from scipy import stats

from secondlevel.errors import BlockError, ConstantDataWarning, InputError
from secondlevel.graph.lattice import Lattice
from secondlevel.permutation.arrays import permutation_test
from secondlevel.permutation.summaries.clusters import ClusterSummary
from secondlevel.permutation.summaries.enhancement import TFCESummary

SIDES = ("positive", "negative", "both", "each")
V = 18
AGES = np.array([21.0, 34, 55, 47, 62, 29, 38, 25, 41, 33, 58, 27])

pytestmark = pytest.mark.filterwarnings("ignore::secondlevel.errors.PermutationWarning")


def data_of(n, seed=0):
    """Maps of noise around a mean, some elements with an effect of the first maps."""
    maps = np.random.default_rng(seed).normal(0.4, 1.0, size=(n, V))
    maps[: n // 2, : V // 4] += 1.5
    return maps


def graph_of():
    """A slab of three by six elements, neighbours by their faces."""
    return Lattice(np.ones((3, V // 3, 1), dtype=bool), np.eye(4)).graph(6)


def groups_of(n, first):
    """Two groups, the first of so many maps."""
    return np.column_stack([np.arange(n) < first, np.arange(n) >= first]).astype(float)


def with_ages(*columns):
    """Columns and, after them, an age for every map."""
    return np.column_stack([*columns, AGES[: len(columns[0])]])


THREE = np.repeat(np.eye(3), 2, axis=0)
PAIRS = np.column_stack([np.tile([1.0, -1], 4), np.repeat(np.eye(4), 2, axis=0)])
VISITS = np.column_stack([np.repeat([1.0, -1, 1, -1], 2), np.ones(8), np.tile([1.0, 0], 4)])
OF_VISITS = np.repeat([3, 1, 4, 2], 2)
# What is asked: design, contrast, errors, blocks, whether these are swapped as wholes.
CASES = {
    "two groups": (groups_of(8, 3), [-1, 1], "permute", None, False),
    "two groups and age": (with_ages(groups_of(6, 3)), [-1, 1, 0], "permute", None, False),
    "slope on age": (with_ages(np.ones(6)), [0, 1], "permute", None, False),
    "slope, flipped": (with_ages(np.ones(8)), [0, 1], "flip", None, False),
    "mean": (np.ones((12, 1)), [1], "flip", None, False),
    "mean and age": (with_ages(np.ones(8)), [1, 0], "flip", None, False),
    "groups, both": (groups_of(5, 2), [-1, 1], "both", None, False),
    "mean, both": (with_ages(np.ones(4)), [1, 0], "both", None, False),
    "three groups": (THREE, [[1, -1, 0], [0, 1, -1]], "permute", None, False),
    "redundant rows": (THREE, [[1, -1, 0], [0, 1, -1], [1, 0, -1]], "permute", None, False),
    "two slopes": (
        np.column_stack([np.ones(6), AGES[:6], AGES[3:9] ** 2 / 1e3]),
        [[0, 1, 0], [0, 0, 1]],
        "permute",
        None,
        False,
    ),
    "F, both": (groups_of(5, 2), [[1, 0], [0, 1]], "both", None, False),
    "rank deficient": (
        with_ages(groups_of(6, 3), np.ones(6)),
        [-1, 1, 0, 0],
        "permute",
        None,
        False,
    ),
    "pairs": (PAIRS, [1, 0, 0, 0, 0], "permute", np.repeat([5, 2, 9, 4], 2), False),
    "unequal blocks": (with_ages(np.ones(7)), [0, 1], "permute", [1, 1, 2, 2, 2, 3, 3], False),
    "whole blocks": (VISITS, [1, 0, 0], "permute", OF_VISITS, True),
    "whole blocks, flipped": (VISITS, [0, 1, 0], "flip", OF_VISITS, True),
    "whole blocks, both": (VISITS, [1, 0, 0], "both", OF_VISITS, True),
}


def ask(case, data, **keywords):
    """Run a case with every distinct shuffle."""
    design, contrast, errors, blocks, whole = CASES[case]
    flags = {} if blocks is None else {"within_blocks": not whole, "whole_blocks": whole}
    result = permutation_test(
        data,
        design,
        contrast,
        errors=errors,
        exchangeability_blocks=blocks,
        n_perm=10**6,
        **(flags | {"uncorrected": True} | keywords),
    )
    assert result.exhaustive
    return result


@pytest.fixture(scope="module")
def plain(by_hand):
    """Calculate the statistic of every distinct shuffle of a case, on a scale, and its dof."""

    @functools.cache
    def calculate(case):
        design, contrast, errors, blocks, whole = CASES[case]
        C = np.atleast_2d(np.asarray(contrast, dtype=float))
        shuffles = by_hand.group(len(design), errors, blocks, whole=whole)
        return by_hand.shuffled_statistics(
            data_of(len(design)), design, C, shuffles, kind="t" if len(C) == 1 else "F"
        )

    def scaled(case, scale="stat"):
        design, contrast, *_ = CASES[case]
        dof = len(design) - np.linalg.matrix_rank(design)
        if scale == "stat":
            return calculate(case), dof
        C = np.atleast_2d(contrast)
        kind = "t" if len(C) == 1 else "F"
        return by_hand.deviates(calculate(case), dof, np.linalg.matrix_rank(C), kind), dof

    return scaled


def agree(summary, expected):
    """Hold maxima, in any order but for the first, and p-values against those by hand."""
    maxima, fwe, alone = expected
    # Worst relative difference seen: 1e-12, of a t of 280.
    np.testing.assert_allclose(summary.maxima[0], maxima[0], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(
        np.sort(summary.maxima, axis=0), np.sort(maxima, axis=0), rtol=1e-10, atol=1e-12
    )
    np.testing.assert_array_equal(summary.p, fwe)
    if summary.p_uncorrected is not None:
        np.testing.assert_array_equal(summary.p_uncorrected, alone)
        np.testing.assert_allclose(
            summary.q, stats.false_discovery_control(alone), rtol=1e-12
        )  # worst seen: 8e-16


@pytest.mark.parametrize("scale", ["stat", "z"])
@pytest.mark.parametrize("case", CASES)
def test_maxima_and_p_are_those_of_every_shuffle(by_hand, plain, case, scale):
    """The largest statistic of each shuffle, family-wise and uncorrected p, on every side."""
    data = data_of(len(CASES[case][0]))
    maps, _ = plain(case, scale)
    for sides in SIDES if np.ndim(CASES[case][1]) == 1 else SIDES[:1]:
        result = ask(case, data, sides=sides, scale=scale)
        assert len(result.shuffles) == len(maps)
        agree(result[0].summaries["max"], by_hand.p_values(maps, sides))


@pytest.mark.parametrize("case", ["two groups and age", "mean", "three groups"])
def test_a_partial_correlation_is_made_of_t_or_f(by_hand, plain, case):
    """The correlation is t / √(t² + dof), R² = kF / (kF + dof): other heights, the same p."""
    data = data_of(len(CASES[case][0]))
    values, dof = plain(case)
    signed = np.ndim(CASES[case][1]) == 1
    share = values / np.sqrt(values**2 + dof) if signed else 2 * values / (2 * values + dof)
    result = ask(case, data, statistic="partial_r", scale="stat")
    assert result[0].label == ("partial_r" if signed else "partial_r2")
    np.testing.assert_allclose(result[0].statistic, share[0], rtol=1e-12)  # worst seen: 1e-13
    agree(result[0].summaries["max"], by_hand.p_values(share, "positive"))
    on_z = ask(case, data, statistic="partial_r", scale="z")
    assert on_z[0].label == result[0].label
    np.testing.assert_array_equal(on_z[0].statistic, result[0].statistic)
    np.testing.assert_array_equal(on_z[0].p, result[0].p)


FORMED = [("stat", "sum"), ("z", "sum"), ("stat", "excess"), ("z", "excess")]


@pytest.mark.parametrize(("scale", "mass"), FORMED)
@pytest.mark.parametrize("case", ["two groups and age", "mean and age", "pairs", "three groups"])
def test_clusters_are_those_of_a_flood_fill_of_every_shuffle(by_hand, plain, case, scale, mass):
    """Largest size and mass of each shuffle, and p of every element by its cluster's."""
    graph, data = graph_of(), data_of(len(CASES[case][0]))
    maps, dof = plain(case, scale)
    signed = np.ndim(CASES[case][1]) == 1
    for sides in SIDES if signed else SIDES[:1]:
        p = 0.2 / (2 if sides == "both" else 1)
        on_stat = stats.t.isf(p, dof) if signed else stats.f.isf(p, 2, dof)
        threshold = on_stat if scale == "stat" else stats.norm.isf(p)
        asked = ClusterSummary(p=0.2, mass=mass)
        result = ask(case, data, sides=sides, scale=scale, summaries=[asked], graph=graph)
        assert result[0].cluster_threshold == pytest.approx(threshold, rel=1e-12)
        for number, name in enumerate(["size", "mass"]):

            def measure(heights, number=number, threshold=threshold):
                return by_hand.clusters(graph, heights, threshold, mass)[number]

            summary = result[0].summaries[name]
            agree(summary, by_hand.p_values(maps, sides, measure))
            asked_about = {"positive": [1], "negative": [-1]}.get(sides, [1, -1])
            shown = sum(measure(sign * maps[0]) for sign in asked_about)
            np.testing.assert_allclose(summary.observed, shown, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("scale", ["stat", "z"])
@pytest.mark.parametrize("case", ["two groups and age", "mean and age", "pairs", "three groups"])
def test_enhancement_is_the_exact_integral_of_every_shuffle(by_hand, plain, case, scale):
    """The largest enhanced score of each shuffle, family-wise and uncorrected p."""
    graph, data = graph_of(), data_of(len(CASES[case][0]))
    maps, _ = plain(case, scale)
    # Negative heights of F below its median count as 0.
    measure = functools.partial(by_hand.enhanced, graph)
    for sides in SIDES if np.ndim(CASES[case][1]) == 1 else SIDES[:1]:
        result = ask(case, data, sides=sides, scale=scale, summaries=[TFCESummary()], graph=graph)
        summary = result[0].summaries["tfce"]
        maxima, fwe, alone = by_hand.p_values(maps, sides, measure)
        # Worst relative difference seen: 4e-13; heights of shuffles are looked up in a table.
        np.testing.assert_allclose(
            np.sort(summary.maxima, axis=0), np.sort(maxima, axis=0), rtol=1e-9, atol=1e-12
        )
        np.testing.assert_array_equal(summary.p, fwe)
        np.testing.assert_array_equal(summary.p_uncorrected, alone)


@pytest.mark.parametrize("case", ["two groups", "mean", "slope, flipped", "three groups"])
def test_whole_numbers_tie(by_hand, case):
    """Maps of whole numbers, of which many shuffles give equal statistics, must not lose a tie."""
    design, contrast, errors, *_ = CASES[case]
    data = np.random.default_rng(3).integers(0, 9, size=(len(design), V)).astype(float)
    C = np.atleast_2d(np.asarray(contrast, dtype=float))
    kind = "t" if len(C) == 1 else "F"
    shuffles = by_hand.group(len(design), errors)
    maps = np.round(by_hand.shuffled_statistics(data, design, C, shuffles, kind=kind), 9)
    assert np.abs(maps).max() < 1e3  # no perfect fit
    assert min(len(np.unique(values)) for values in maps.T) < len(maps)
    for sides in ("positive", "both", "each") if kind == "t" else SIDES[:1]:
        _, fwe, alone = by_hand.p_values(maps, sides)
        result = ask(case, data, sides=sides, scale="stat")
        np.testing.assert_array_equal(result[0].p, fwe)
        np.testing.assert_array_equal(result[0].summaries["max"].p_uncorrected, alone)


@pytest.mark.parametrize("scale", ["stat", "z"])
@pytest.mark.parametrize("shift", [1e3, 1e6, 1e8])
def test_ties_survive_a_mean_far_beyond_the_spread(scale, shift):
    """A constant added to all maps, exactly, must change no p, though t may lose digits."""
    graph, summaries = graph_of(), [ClusterSummary(z=1.0), TFCESummary()]
    data = np.round(data_of(8) * 2**10) / 2**10
    design = groups_of(8, 4)

    def run(maps):
        return permutation_test(
            maps,
            design,
            "x1 - x0",
            sides="both",
            scale=scale,
            summaries=summaries,
            graph=graph,
            uncorrected=True,
        )[0]

    plain, shifted = run(data), run(data + shift)
    for name, summary in plain.summaries.items():
        np.testing.assert_array_equal(shifted.summaries[name].p, summary.p)
        if summary.p_uncorrected is not None:
            np.testing.assert_array_equal(
                shifted.summaries[name].p_uncorrected, summary.p_uncorrected
            )


@pytest.mark.parametrize("scale", ["stat", "z"])
@pytest.mark.parametrize("effect", [1e2, 1e4, 1e6])
def test_ties_survive_a_huge_effect(scale, effect):
    """Groups that change places give -t: with both sides, p of t = 10⁶ must be 2 / 70, not 1."""
    data = data_of(8)
    data[4:, :4] += effect
    found = permutation_test(
        data,
        groups_of(8, 4),
        "x1 - x0",
        sides="both",
        scale=scale,
        summaries=[ClusterSummary(z=1.5), TFCESummary()],
        graph=graph_of(),
        uncorrected=True,
    )[0]
    assert (found.statistic[:4] > effect).all()
    for name in ("max", "mass", "tfce"):
        summary = found.summaries[name]
        assert (summary.p[:4] == 2 / 70).all()
        if summary.p_uncorrected is not None:
            assert (summary.p_uncorrected[:4] == 2 / 70).all()


def test_elements_without_variance_get_0_and_p_1():
    """Constant, fitted perfectly, or 0: none may be the maximum, and none has a p below 1."""
    data = data_of(8)
    in_second = groups_of(8, 4)[:, 1]
    data[:, :4] = np.column_stack([np.full(8, 3.0), in_second, in_second * 1e9 - 5, np.zeros(8)])
    for sides in SIDES:
        with pytest.warns(ConstantDataWarning, match="^4 of 18 elements have no residual variance"):
            found = permutation_test(
                data,
                groups_of(8, 4),
                "x1 - x0",
                sides=sides,
                uncorrected=True,
                summaries=[ClusterSummary(z=1.0), TFCESummary()],
                graph=graph_of(),
            )[0]
        assert (found.statistic[:4] == 0).all()
        for name, summary in found.summaries.items():
            assert np.isfinite(summary.maxima).all()
            assert (summary.p[:4] == 1).all(), name
        others = permutation_test(data[:, 4:], groups_of(8, 4), "x1 - x0", sides=sides)[0]
        np.testing.assert_allclose(
            found.summaries["max"].maxima,
            np.maximum(others.summaries["max"].maxima, 0.0),
            rtol=1e-13,
        )  # worst seen: 1e-15
        np.testing.assert_array_equal(found.p[4:], np.where(found.p[4:] < 1, others.p, 1.0))


def test_all_elements_without_variance_are_no_trouble():
    """Where there is nothing at all p must be 1 throughout."""
    with pytest.warns(ConstantDataWarning, match="^3 of 3 elements"):
        found = permutation_test(np.ones((8, 3)), groups_of(8, 4), "x1 - x0", uncorrected=True)[0]
    np.testing.assert_array_equal(found.summaries["max"].maxima, 0.0)
    np.testing.assert_array_equal(found.p, 1.0)
    np.testing.assert_array_equal(found.summaries["max"].q, 1.0)


@pytest.mark.parametrize("neighbours", ["none", "one element"])
def test_elements_without_neighbours_are_clusters_by_themselves(neighbours):
    """Each mass is a height, each score its own integral, in a graph without an edge too."""
    lonely = np.zeros((11, 1, 1), dtype=bool)
    lonely[::2] = True
    graph = Lattice(lonely if neighbours == "none" else lonely[:1], np.eye(4)).graph(6)
    data = data_of(8)[:, : graph.n_elements]
    found = permutation_test(
        data,
        groups_of(8, 4),
        "x0 - x1",
        summaries=[ClusterSummary(z=0.5), TFCESummary()],
        graph=graph,
    )[0]
    beyond = found.heights >= 0.5
    assert beyond.any()
    sizes, masses, scores = (found.summaries[name] for name in ("size", "mass", "tfce"))
    np.testing.assert_array_equal(sizes.observed, beyond)
    np.testing.assert_allclose(masses.observed, found.heights * beyond, rtol=1e-12)
    np.testing.assert_allclose(scores.observed, np.maximum(found.heights, 0) ** 3 / 3, rtol=1e-12)
    # The largest mass and the largest score are those of the largest height.
    np.testing.assert_array_equal(masses.p[beyond], found.p[beyond])
    np.testing.assert_array_equal(scores.p[beyond], found.p[beyond])


def test_contrasts_together_are_held_against_the_largest_of_all():
    """Maxima of the run must be those of each contrast alone, the larger; p can only grow."""
    data, design = data_of(6), THREE
    contrasts = {"1 - 2": "x0 - x1", "2 - 3": "x1 - x2", "any": ["x0 - x1", "x1 - x2"]}
    graph, summaries = graph_of(), [ClusterSummary(z=1.0), TFCESummary()]
    together = permutation_test(data, design, contrasts, graph=graph, summaries=summaries)
    alone = [
        permutation_test(data, design, one, graph=graph, summaries=summaries)[0]
        for one in contrasts.values()
    ]
    assert len(together.shuffles) == 90
    for name in ("max", "size", "mass", "tfce"):
        maxima = [np.sort(one.summaries[name].maxima, axis=0) for one in alone]
        joint = together[0].summaries[name].maxima
        assert joint[0] == max(one.summaries[name].maxima[0] for one in alone)
        for number, own in enumerate(alone):
            found = together[number]
            np.testing.assert_array_equal(found.summaries[name].maxima, joint)
            np.testing.assert_array_equal(found.statistic, own.statistic)
            assert (np.sort(joint, axis=0) >= maxima[number] - 1e-12).all()
            assert (found.summaries[name].p >= own.summaries[name].p).all()
    # By hand: the same shuffles for each, as the three questions have the same rows.
    both = permutation_test(data, design, {"a": "x0 - x1", "b": "x0 - x1"})
    np.testing.assert_array_equal(both["a"].p, alone[0].p)


def test_contrasts_of_each_kind_of_shuffle_are_not_mixed():
    """A mean is flipped, a slope permuted: together they are refused unless one way is chosen."""
    data, design = data_of(8), np.column_stack([np.ones(8), AGES[:8] - AGES[:8].mean()])
    contrasts = {"mean": "x0", "slope": "x1"}
    with pytest.raises(BlockError, match=r"`mean` \(flip\), `slope` \(permute\).*test them one"):
        permutation_test(data, design, contrasts)
    flipped = permutation_test(data, design, contrasts, errors="flip")
    assert flipped.shuffles.errors == "flip"
    between = np.column_stack([np.repeat([1.0, -1], 4), np.tile([1.0, -1], 4), np.ones(8)])
    blocks = np.repeat(np.arange(4), 2)
    with pytest.raises(BlockError, match=r"`g` \(permute whole blocks\), `v` \(permute within"):
        permutation_test(data, between, {"g": "x0", "v": "x1"}, exchangeability_blocks=blocks)
    both = permutation_test(
        data,
        between,
        {"g": "x0", "v": "x1"},
        exchangeability_blocks=blocks,
        within_blocks=True,
        whole_blocks=True,
    )
    assert len(both.shuffles) == 6 * 2**4


def test_t_and_f_together_need_z():
    """On the scale of the statistic they cannot be compared, nor t of other degrees of freedom."""
    contrasts = {"one": "x0 - x1", "any": ["x0 - x1", "x1 - x2"]}
    with pytest.raises(InputError, match=r"`one` \(t\), `any` \(F\)\. Use scale='z'"):
        permutation_test(data_of(6), THREE, contrasts, scale="stat")


def test_maps_and_design_may_come_as_a_table_or_a_column():
    """A column of ones, a DataFrame and a Design must give the same, by the names they have."""
    import pandas as pd

    from secondlevel.design.matrix import Design

    data = data_of(6)
    frame = pd.DataFrame(groups_of(6, 3).astype(int), columns=["ill", "well"])
    of_frame = permutation_test(data, frame, "well - ill")
    of_array = permutation_test(data.tolist(), frame.to_numpy(), "x1 - x0")
    of_design = permutation_test(data, Design(frame.to_numpy(), ["a", "b"]), "b - a")
    np.testing.assert_array_equal(of_frame[0].p, of_array[0].p)
    np.testing.assert_array_equal(of_frame[0].p, of_design[0].p)
    flat, column = (permutation_test(data, np.ones(shape)) for shape in ((6,), (6, 1)))
    np.testing.assert_array_equal(flat[0].p, column[0].p)
    assert flat[0].name == "x0"
