"""Laws that permutation tests keep for any data and any design.

Beside each tolerance stands the worst difference seen over 2 000 random examples.
"""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from secondlevel.graph.lattice import Lattice
from secondlevel.permutation.arrays import permutation_test
from secondlevel.permutation.scores.method import METHODS
from secondlevel.permutation.summaries.clusters import ClusterSummary
from secondlevel.permutation.summaries.enhancement import TFCESummary

law = settings(derandomize=True, deadline=None, max_examples=25)

pytestmark = pytest.mark.filterwarnings("ignore::secondlevel.errors.PermutationWarning")

V = 8
GRAPH = Lattice(np.ones((2, 4, 1), dtype=bool), np.eye(4)).graph(6)
SUMMARIES = (ClusterSummary(z=0.8), TFCESummary())

seeds = st.integers(0, 2**32 - 1)
methods = st.sampled_from(sorted(METHODS))
errors = st.sampled_from(["permute", "flip", "both"])
sides = st.sampled_from(["positive", "negative", "both", "each"])


@st.composite
def problems(draw, most=9):
    """Maps of noise or of whole numbers, a design of full or lower rank, and a contrast of it.

    The contrast is a combination of rows of the design, so that it can be estimated.
    """
    rng = np.random.default_rng(draw(seeds))
    n = draw(st.integers(5, most))
    p = draw(st.integers(1, min(4, n - 2)))
    kind = draw(st.sampled_from(["noise", "whole numbers", "groups"]))
    if kind == "groups":
        design = np.eye(p)[rng.permutation(np.arange(n) % p)]
    else:
        design = rng.normal(size=(n, p)) if kind == "noise" else rng.integers(-2, 3, (n, p)) * 1.0
    if draw(st.booleans()):
        design[:, 0] = 1.0
    if draw(st.booleans()):
        design = np.column_stack([design, design @ rng.integers(-2, 3, p)])
    rank = np.linalg.matrix_rank(design)
    assume(0 < rank < n - 1)
    k = draw(st.integers(1, rank))
    contrast = rng.normal(size=(k, n)) @ design
    if draw(st.booleans()):
        contrast = design[rng.choice(n, k, replace=False)]
    assume(np.linalg.matrix_rank(contrast) > 0)
    assume((np.linalg.norm(contrast, axis=1) > 1e-3).all())
    whole = draw(st.booleans())
    data = rng.integers(-4, 5, (n, V)) * 1.0 if whole else rng.normal(size=(n, V))
    return data, design, contrast if k > 1 else contrast[0]


def run(data, design, contrast, **keywords):
    """A run of 64 random shuffles, or of all where there are no more."""
    asked = {"n_perm": 64, "random_state": 1, "uncorrected": True}
    return permutation_test(data, design, contrast, **(asked | keywords))


def askable(data, design, contrast, **keywords):
    """The same, leaving out what has nothing to shuffle."""
    from secondlevel.errors import BlockError

    try:
        return run(data, design, contrast, **keywords)
    except BlockError:
        assume(False)


def same_p(one, other):
    """Hold all p-values of two runs to each other."""
    for name, summary in one[0].summaries.items():
        theirs = other[0].summaries[name]
        np.testing.assert_array_equal(summary.p, theirs.p, err_msg=name)
        if summary.p_uncorrected is not None:
            np.testing.assert_array_equal(summary.p_uncorrected, theirs.p_uncorrected)


def least_squares(data, design, contrast):
    """The t or F of a contrast by the pseudo-inverse, and where there is residual variance."""
    C = np.atleast_2d(contrast)
    inverse = np.linalg.pinv(design, rcond=1e-10)
    b = C @ inverse @ data
    left = data - design @ (inverse @ data)
    dof = len(data) - np.linalg.matrix_rank(design)
    variance = (left**2).sum(axis=0) / dof
    spread = C @ inverse @ inverse.T @ C.T
    varies = np.linalg.norm(left, axis=0) > 1e-9 * np.linalg.norm(data, axis=0)
    with np.errstate(all="ignore"):
        if len(C) == 1:
            found = b[0] / np.sqrt(variance * spread[0, 0])
        else:
            k = np.linalg.matrix_rank(C, tol=1e-9)
            found = np.einsum("iv,ij,jv->v", b, np.linalg.pinv(spread, rcond=1e-9), b)
            found = found / k / variance
    return np.where(varies, found, 0.0), varies


@law
@given(problems(most=12), methods)
def test_unshuffled_statistics_are_those_of_the_linear_model(problem, method):
    """By the textbook, t or F of any estimable contrast of any design, whatever is shuffled."""
    data, design, contrast = problem
    result = askable(data, design, contrast, method=method, errors="flip", n_perm=1, scale="stat")
    expected, _ = least_squares(data, design, contrast)
    # Worst relative difference seen: 7e-9, where rows of a contrast are nearly redundant.
    np.testing.assert_allclose(result[0].statistic, expected, rtol=1e-7, atol=1e-9)
    assert result[0].label == ("t" if np.ndim(contrast) == 1 else "F")
    largest = result[0].summaries["max"].maxima[0, 0]
    assert largest == result[0].statistic.max()


@law
@given(problems(), errors, methods)
def test_p_is_a_share_of_the_shuffles(problem, how, method):
    """From 1 / N to 1 in steps of 1 / N; higher ones have no larger p; maxima are no NaN."""
    data, design, contrast = problem
    result = askable(data, design, contrast, errors=how, method=method)
    n = result.n_shuffles
    for p in (result[0].p, result[0].summaries["max"].p_uncorrected):
        counts = p * n
        np.testing.assert_allclose(counts, np.round(counts), atol=1e-9)
        assert (counts >= 1 - 1e-9).all()
        assert (p <= 1).all()
    order = np.argsort(result[0].heights)
    assert (np.diff(result[0].p[order]) <= 0).all()
    assert (result[0].summaries["max"].p_uncorrected <= result[0].p).all()
    assert np.isfinite(result[0].summaries["max"].maxima).all()


@law
@given(problems(), errors, methods, arrays(int, V, elements=st.integers(-30, 30)))
def test_the_unit_of_an_element_is_no_matter(problem, how, method, exponents):
    """Each element by its own positive factor, a power of two, must change no p at all."""
    data, design, contrast = problem
    asked = {"errors": how, "method": method, "summaries": SUMMARIES, "graph": GRAPH}
    same_p(
        askable(data, design, contrast, **asked),
        run(data * 2.0**exponents, design, contrast, **asked),
    )


@law
@given(problems(), errors, seeds)
def test_nuisance_in_the_maps_is_no_matter(problem, how, seed):
    """Under Freedman and Lane any combination of nuisance columns may be added to the maps."""
    from secondlevel.design.contrast import make_contrast
    from secondlevel.design.matrix import Design
    from secondlevel.design.partition import partition

    data, design, contrast = problem
    asked = Design(design, [f"x{i}" for i in range(design.shape[1])])
    nuisance = partition(asked, make_contrast(contrast, asked)).nuisance
    added = nuisance @ np.random.default_rng(seed).normal(0, 3, (nuisance.shape[1], V))
    keywords = {"errors": how, "summaries": SUMMARIES, "graph": GRAPH}
    varies = least_squares(data, design, contrast)[1]
    assume(varies.all())
    same_p(
        askable(data, design, contrast, **keywords),
        run(data + added, design, contrast, **keywords),
    )


@law
@given(problems(), errors, st.sampled_from(sorted(set(METHODS) - {"draper-stoneman"})), seeds)
def test_the_same_question_in_other_columns_has_the_same_p(problem, how, method, seed):
    """Design M A and contrast C A ask what M and C ask, for any invertible A."""
    data, design, contrast = problem
    p = design.shape[1]
    turn = np.random.default_rng(seed).normal(size=(p, p)) + 2 * np.eye(p)
    assume(np.linalg.cond(turn) < 50)
    keywords = {"errors": how, "method": method}
    varies = least_squares(data, design, contrast)[1]
    assume(varies.all())
    one = askable(data, design, contrast, **keywords)
    same_p(one, run(data, design @ turn, contrast @ turn, **keywords))


@law
@given(problems(most=6), st.sampled_from(["permute", "flip"]), methods, sides, seeds)
def test_the_order_of_the_maps_is_no_matter(problem, how, method, side, seed):
    """Maps and rows of the design reordered together: all shuffles give the same p."""
    data, design, contrast = problem
    if np.ndim(contrast) > 1:
        side = "positive"
    order = np.random.default_rng(seed).permutation(len(data))
    keywords = {"errors": how, "method": method, "n_perm": 10_000, "sides": side}
    varies = least_squares(data, design, contrast)[1]
    assume(varies.all())
    one = askable(data, design, contrast, **keywords)
    other = run(data[order], design[order], contrast, **keywords)
    assert one.exhaustive
    assert other.exhaustive
    same_p(one, other)


@law
@given(problems(), errors, methods)
def test_sides_are_parts_of_one_test(problem, how, method):
    """Both sides have the larger maximum of either; each has its own; -Y turns them round."""
    data, design, contrast = problem
    contrast = contrast if np.ndim(contrast) == 1 else contrast[0]
    keywords = {"errors": how, "method": method, "summaries": SUMMARIES, "graph": GRAPH}
    up, down, both, each = (
        askable(data, design, contrast, sides=name, **keywords)
        for name in ("positive", "negative", "both", "each")
    )
    mirrored, other = (
        run(-data, design, contrast, sides=name, **keywords) for name in ("both", "negative")
    )
    for name in ("max", "size", "mass", "tfce"):
        maxima = [one[0].summaries[name].maxima for one in (up, down)]
        np.testing.assert_array_equal(each[0].summaries[name].maxima, np.hstack(maxima))
        if name in {"max", "tfce"}:  # a z that clusters are formed at is that of each side
            np.testing.assert_array_equal(
                both[0].summaries[name].maxima, each[0].summaries[name].maxima
            )
    same_p(both, mirrored)
    same_p(up, other)
    positive = up[0].heights > 0
    np.testing.assert_array_equal(each[0].p[positive], up[0].p[positive])
    np.testing.assert_array_equal(
        each[0].p[~positive & (up[0].heights < 0)], down[0].p[up[0].heights < 0]
    )
    assert (both[0].p >= each[0].p).all()


@law
@given(problems(), errors, methods, st.sampled_from(["z", "stat"]))
def test_f_of_one_row_is_t_on_both_sides(problem, how, method, scale):
    """F = t²: the same p of the largest, of clusters formed at the same p, and of each element."""
    data, design, contrast = problem
    contrast = contrast if np.ndim(contrast) == 1 else contrast[0]
    keywords = {"errors": how, "method": method, "scale": scale}
    t = askable(data, design, contrast, sides="both", **keywords)
    for rows, kind in ((contrast, "F"), (np.stack([contrast, -2 * contrast]), None)):
        F = run(data, design, rows, stat_type=kind, **keywords)
        assert (F[0].label, F[0].dof_contrast) == ("F", 1)
        same_p(t, F)


@law
@given(problems(), errors)
def test_more_questions_have_larger_p(problem, how):
    """Corrected together with another contrast no p may become smaller, with the same shuffles."""
    data, design, contrast = problem
    rng = np.random.default_rng(0)
    other = rng.normal(size=len(data)) @ design
    keywords = {"errors": how, "n_perm": 200}
    together = askable(data, design, {"one": contrast, "other": other}, **keywords)
    alone = [askable(data, design, one, **keywords) for one in (contrast, other)]
    assume(len(together.shuffles) == len(alone[0].shuffles) == len(alone[1].shuffles))
    assume(not together.exhaustive)
    for number, one in enumerate(alone):
        assert (together[number].p >= one[0].p).all()
        np.testing.assert_array_equal(
            together[number].summaries["max"].p_uncorrected,
            one[0].summaries["max"].p_uncorrected,
        )
    np.testing.assert_array_equal(
        together[0].summaries["max"].maxima,
        np.maximum(*(one[0].summaries["max"].maxima for one in alone)),
    )


@law
@given(problems(), errors, methods, st.sampled_from(["z", "stat"]))
def test_the_scale_changes_no_p_of_the_largest_statistic(problem, how, method, scale):
    """A z grows with its t or F, a partial correlation too: the order of maxima stays."""
    data, design, contrast = problem
    keywords = {"errors": how, "method": method}
    one = askable(data, design, contrast, scale="stat", **keywords)
    same_p(one, run(data, design, contrast, scale="z", **keywords))
    same_p(one, run(data, design, contrast, scale=scale, statistic="partial_r", **keywords))
