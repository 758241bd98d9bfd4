"""Scores of shuffles in single precision with a bound are those in double precision.

And of the unshuffled maps they are the statistic of the general linear model.
"""

import numpy as np
import pytest

from secondlevel.design.blocks import make_blocks
from secondlevel.design.contrast import make_contrast
from secondlevel.design.matrix import Design
from secondlevel.design.partition import partition
from secondlevel.permutation.heights.scale import make_scale
from secondlevel.permutation.observe import estimate_all
from secondlevel.permutation.scores.asked import Reach, Wanted
from secondlevel.permutation.scores.kernels import MOST
from secondlevel.permutation.scores.linear import LinearStatistic, bound_of_product
from secondlevel.permutation.scores.method import METHODS, make_method
from secondlevel.permutation.scores.tiles import tiles
from secondlevel.permutation.shuffles.shuffle import make_shuffles

S = 40
V = 700
BOTH = np.array([1.0, -1.0])

pytestmark = pytest.mark.filterwarnings("ignore::secondlevel.errors.PermutationWarning")


def asked(data, matrix, weights, method="freedman-lane", errors="permute", n_perm=S):
    """A statistic ready to sweep, its shuffles, and what least squares says of the contrast."""
    design = Design(matrix, [f"x{i}" for i in range(matrix.shape[1])])
    contrast = make_contrast(weights, design)
    parts, chosen = partition(design, contrast), make_method(method)
    shuffles = make_shuffles(
        make_blocks(None, len(data)),
        errors,
        tested=parts.tested,
        rows=chosen.distinguishing(parts),
        n_perm=n_perm,
        seed=1,
    )
    answer = estimate_all(design, data).contrast(contrast)
    statistic = LinearStatistic(chosen.directions(parts, shuffles.unchanged), ~answer.constant)
    return statistic, shuffles, answer


def wanted_of(answer, level, *, maps):
    """Everything that can be asked of a sweep; the reached levels are about those observed."""
    signed = answer.dof_contrast == 1
    kind = "t" if signed else "F"
    scores = make_scale(kind, answer.dof, answer.dof_contrast).score_of_statistic(answer.statistic)
    # One element in three is asked about on either side, one on the positive, one on the negative.
    directions = np.array([0.0, 1.0, -1.0])[np.arange(len(scores)) % 3] if signed else 1.0
    directions = np.broadcast_to(directions, scores.shape).copy()
    levels = np.where(directions == 0.0, np.abs(scores), scores * directions) - 1e-12
    signs = BOTH if signed else BOTH[:1]
    return Wanted(signs, level, Reach(levels, directions), maps=maps), scores


N = 24
GROUPS = np.column_stack([np.arange(N) < 12, np.arange(N) >= 12]).astype(float)
THREE = np.eye(3)[np.arange(N) % 3]


def noise(n=N, seed=0, n_elements=V):
    """Maps of noise."""
    return np.random.default_rng(seed).normal(size=(n, n_elements))


def columns(k, n=N, seed=9):
    """Covariates of noise."""
    return np.random.default_rng(seed).normal(size=(n, k))


def nearly_twice(n=N):
    """A covariate and another one that differs from it in the seventh digit."""
    one = columns(1, n)
    return np.hstack([one, one + 1e-7 * columns(1, n, seed=8)])


def with_constants():
    """Elements that are constant, fitted perfectly, or fitted perfectly by a shuffle."""
    data = noise()
    data[:, ::5] = 3.0
    data[:, 1::5] = GROUPS[:, 1:]
    data[:, 2::5] = np.roll(GROUPS[:, 1:], 1, axis=0)
    return data


# Maps, design, contrast.
CASES = {
    "two groups": (noise(), GROUPS, [-1, 1]),
    "three groups": (noise(), THREE, [[1, -1, 0], [0, 1, -1]]),
    "covariates": (noise(), np.hstack([GROUPS, columns(3)]), [-1, 1, 0, 0, 0]),
    "many nuisance columns": (
        noise(60),
        np.hstack([np.repeat(np.eye(2), 30, axis=0), columns(52, 60)]),
        [-1, 1] + [0] * 52,
    ),
    "F beside many": (
        noise(60),
        np.hstack([np.repeat(np.eye(3), 20, axis=0), columns(52, 60)]),
        np.eye(2, 55) - np.eye(2, 55, 1),
    ),
    "nearly collinear nuisance": (noise(), np.hstack([GROUPS, nearly_twice()]), [-1, 1, 0, 0]),
    "nearly collinear tested": (noise(), np.hstack([np.ones((N, 1)), nearly_twice()]), [0, 1, 0]),
    "a large mean": (noise() + 1e6, np.hstack([GROUPS, columns(1)]), [-1, 1, 0]),
    "a covariate with a large mean": (noise(), np.hstack([GROUPS, columns(1) + 1e6]), [-1, 1, 0]),
    "tiny maps": (noise() * 1e-12, np.hstack([GROUPS, columns(1)]), [-1, 1, 0]),
    "huge maps": (noise() * 1e12, np.hstack([GROUPS, columns(1)]), [-1, 1, 0]),
    "maps of all sizes": (
        noise() * 10.0 ** np.linspace(-120, 120, V),
        np.hstack([GROUPS, columns(1)]),
        [-1, 1, 0],
    ),
    "whole numbers": (np.round(noise()), GROUPS, [-1, 1]),
    "zeros and ones": ((noise() > 1.3).astype(float), np.hstack([GROUPS, columns(1)]), [-1, 1, 0]),
    "constant elements": (with_constants(), GROUPS, [-1, 1]),
    "a strong effect": (noise() * 1e-4 + GROUPS[:, 1:], GROUPS, [-1, 1]),
    "outliers": (np.random.default_rng(2).standard_cauchy((N, V)), GROUPS, [-1, 1]),
    "many maps": (
        noise(500, n_elements=200),
        np.hstack([np.repeat(np.eye(2), 250, axis=0), columns(10, 500)]),
        [-1, 1] + [0] * 10,
    ),
}
FLIPPED = {
    "one mean": (noise() + 0.3, np.ones((N, 1)), [1]),
    "mean beside a covariate": (noise() + 0.3, np.hstack([np.ones((N, 1)), columns(1)]), [1, 0]),
    "slope of maps with a large mean": (
        noise() + 1e6,
        np.hstack([np.ones((N, 1)), columns(1)]),
        [0, 1],
    ),
    "F": (noise(), THREE, [[1, 0, 0], [0, 1, 0]]),
}


def hold(data, matrix, weights, level, **keywords):
    """Hold what is found with a bound against what is found in double precision."""
    statistic, shuffles, answer = asked(data, matrix, weights, **keywords)
    batch = shuffles.batch(0, len(shuffles))
    quick, slow = (
        statistic.sweep(data, batch, wanted_of(answer, level, maps=maps)[0])
        for maps in (False, True)
    )
    # Worst difference seen: 3e-14, beside 52 columns of nuisance and 60 maps.
    np.testing.assert_allclose(quick.maxima, slow.maxima, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(quick.reached, slow.reached)
    assert quick.reached.max() <= len(shuffles) - 1  # the unshuffled maps are not counted
    np.testing.assert_array_equal(quick.beyond.places, slow.beyond.places)
    np.testing.assert_array_equal(quick.beyond.elements, slow.beyond.elements)
    np.testing.assert_allclose(quick.beyond.scores, slow.beyond.scores, rtol=0, atol=1e-12)
    return quick, slow


@pytest.mark.parametrize("n", [2, 24, 500, 20_000])
def test_products_in_single_precision_are_off_by_no_more_than_the_bound(n):
    """Added one by one or by a matrix product, of unit length, with values of all sizes."""
    rng = np.random.default_rng(n)
    pairs = rng.normal(size=(2, 200, n)) * 10.0 ** rng.uniform(-3, 3, size=(2, 200, n))
    pairs[1, :100] = pairs[0, :100]  # whose products are 1
    pairs /= np.linalg.norm(pairs, axis=2, keepdims=True)
    exact = np.einsum("pi,pi->p", *pairs)
    x, y = pairs.astype(np.float32)
    one_by_one = np.cumsum(x * y, axis=1, dtype=np.float32)[:, -1]
    # Worst difference seen: a third of the bound at n = 2, a hundredth at 20 000.
    assert np.abs(one_by_one - exact).max() < bound_of_product(n)
    assert np.abs(np.diag(x @ y.T) - exact).max() < bound_of_product(n)


@pytest.mark.parametrize("level", [0.0501, 0.31])
@pytest.mark.parametrize("case", CASES)
def test_the_bound_changes_nothing_of_permutations(case, level):
    """Maxima, elements beyond a level and counts must be those of double precision."""
    quick, _ = hold(*CASES[case], level)
    assert np.isfinite(quick.maxima).all()
    assert quick.maxima.max() > 0.0


@pytest.mark.parametrize("level", [0.0501, 0.31])
@pytest.mark.parametrize("case", FLIPPED)
def test_the_bound_changes_nothing_of_flips(case, level):
    """The same where signs are flipped, by themselves or with permutations."""
    for errors in ("flip", "both"):
        hold(*FLIPPED[case], level, errors=errors)


@pytest.mark.parametrize("method", METHODS)
def test_the_bound_changes_nothing_of_any_method(method):
    """The same for each method, t and F, with nuisance."""
    for errors in ("permute", "flip"):
        hold(*CASES["covariates"], 0.12, method=method, errors=errors)
        F = (noise(), np.hstack([THREE, columns(2)]), [[1, -1, 0, 0, 0], [0, 1, -1, 0, 0]])
        hold(*F, 0.12, method=method, errors=errors)


def test_shuffles_that_fit_perfectly_score_as_much_as_there_is():
    """Four groups of six maps: where flips leave nothing unexplained they reach all observed."""
    matrix = np.eye(4)[[3, 2, 1, 0, 0, 1]]
    for weights in ([0, 0, 0, 1], [[0, 0, 0, 1], [0, 0, 1, 0]]):
        quick, slow = hold(noise(6), matrix, weights, 0.3, errors="flip", n_perm=64)
        # Both pairs turned against each other.
        assert (np.abs(slow.maps) == MOST).all(axis=1).sum() == 16
        assert quick.maxima.max() < 1.0


def test_a_level_is_reached_by_what_equals_it():
    """Levels put right at scores of shuffles: reached there, and not an ulp above them."""
    data, matrix, weights = CASES["covariates"]
    statistic, shuffles, _ = asked(data, matrix, weights)
    batch = shuffles.batch(0, S)
    found = statistic.sweep(data, batch, Wanted(BOTH))
    top = found.maxima[7, 0]
    for level, times in ((top, 1), (np.nextafter(top, 2.0), 0)):
        beyond = statistic.sweep(data, batch, Wanted(BOTH, level)).beyond
        assert np.count_nonzero(beyond.places == 7 * 2) == times


def test_elements_without_variance_score_0():
    """What is constant, or fitted perfectly, must score 0 in every shuffle on both paths."""
    data, matrix, weights = CASES["constant elements"]
    quick, slow = hold(data, matrix, weights, 0.05)
    np.testing.assert_array_equal(slow.maps[:, ::5], 0.0)
    np.testing.assert_array_equal(slow.maps[:, 1::5], 0.0)
    assert np.abs(slow.maps).max() < 1.0
    assert not np.isin(quick.beyond.elements % 5, [0, 1]).any()


# Of a map with a mean of 10⁶ and a spread of 1 both ways know ten digits.
LOOSE = {"a large mean": 1e-8, "slope of maps with a large mean": 1e-8}
# Covariates that agree in seven digits leave nine.
LOOSE |= {"nearly collinear tested": 1e-7, "nearly collinear nuisance": 1e-8}
LOOSE |= {"a covariate with a large mean": 1e-8}


@pytest.mark.parametrize("case", [*CASES, *FLIPPED])
def test_unshuffled_scores_are_the_statistic(case):
    """Made of t or F by its formula, the score must be that of shuffle 0, on either path."""
    data, matrix, weights = (CASES | FLIPPED)[case]
    statistic, shuffles, answer = asked(data, matrix, weights, errors="flip")
    batch = shuffles.batch(0, 1)
    wanted, scores = wanted_of(answer, 0.1, maps=True)
    found = statistic.sweep(data, batch, wanted)
    # Worst difference seen: 4e-15; of those that are loose 6e-10.
    np.testing.assert_allclose(found.maps[0], scores, rtol=0, atol=LOOSE.get(case, 1e-13))
    quick = statistic.sweep(data, batch, wanted_of(answer, None, maps=False)[0])
    np.testing.assert_allclose(quick.maxima, found.maxima, rtol=0, atol=1e-12)


@pytest.mark.parametrize("case", ["covariates", "three groups"])
def test_a_shuffle_is_the_same_in_any_batch(case):
    """Alone, in part of a batch, from any first shuffle on: equal to the bit, maps too."""
    data, matrix, weights = CASES[case]
    statistic, shuffles, answer = asked(data, matrix, weights, n_perm=S)
    for maps in (False, True):
        wanted = wanted_of(answer, 0.2, maps=maps)[0]
        whole = statistic.sweep(data, shuffles.batch(0, S), wanted)
        for start, stop in ((0, 1), (0, 13), (13, S), (5, 6), (32, 40)):
            part = statistic.sweep(data, shuffles.batch(start, stop), wanted)
            np.testing.assert_array_equal(part.maxima, whole.maxima[start:stop])
            n_sides = len(wanted.signs)
            here = (whole.beyond.places >= start * n_sides) & (whole.beyond.places < stop * n_sides)
            np.testing.assert_array_equal(part.beyond.scores, whole.beyond.scores[here])
            if maps:
                np.testing.assert_array_equal(part.maps, whole.maps[start:stop])


def test_an_element_is_the_same_among_any_others():
    """Counts and maxima over several tiles must be those of the tiles one by one."""
    data = noise(n_elements=4500)
    tile = tiles(N, 4500)[0].stop
    assert tile < 4500
    statistic, shuffles, answer = asked(data, *CASES["covariates"][1:])
    batch = shuffles.batch(0, S)
    wanted, _ = wanted_of(answer, 0.3, maps=False)
    whole = statistic.sweep(data, batch, wanted)
    parts = []
    for part in (slice(0, tile), slice(tile, None)):
        one = LinearStatistic(statistic.directions, statistic.testable[part])
        reach = wanted.reach.part(part)
        parts.append(one.sweep(data[:, part], batch, Wanted(wanted.signs, 0.3, reach)))
    np.testing.assert_array_equal(whole.maxima, np.maximum(parts[0].maxima, parts[1].maxima))
    np.testing.assert_array_equal(whole.reached, np.concatenate([part.reached for part in parts]))
    assert len(whole.beyond.elements) == sum(len(part.beyond.elements) for part in parts)
    assert whole.beyond.elements.max() >= tile
    # In the order of shuffles, sides, elements.
    order = np.lexsort([whole.beyond.elements, whole.beyond.places])
    np.testing.assert_array_equal(order, np.arange(len(order)))


@pytest.mark.parametrize("maps", [False, True])
def test_layout_and_precision_of_the_data_change_no_bit(maps):
    """Rows or columns first, single or double precision, a view or not: the same scores."""
    data, matrix, weights = CASES["covariates"]
    data = data.astype(np.float32)
    statistic, shuffles, answer = asked(data, matrix, weights)
    batch = shuffles.batch(0, S)
    wanted, _ = wanted_of(answer, 0.3, maps=maps)
    expected = statistic.sweep(data, batch, wanted)
    others = {
        "columns first": np.asfortranarray(data),
        "double": data.astype(np.float64),
        "both": np.asfortranarray(data.astype(np.float64)),
        "every other row": np.repeat(data, 2, axis=0)[::2],
        "turned": np.ascontiguousarray(data[:, ::-1])[:, ::-1],
    }
    for name, other in others.items():
        found = statistic.sweep(other, batch, wanted)
        np.testing.assert_array_equal(found.maxima, expected.maxima, err_msg=name)
        np.testing.assert_array_equal(found.reached, expected.reached, err_msg=name)
        np.testing.assert_array_equal(found.beyond.scores, expected.beyond.scores, err_msg=name)
