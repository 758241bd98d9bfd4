"""A run gives the same bits however its work is divided, and stops where it may."""

import itertools

import joblib
import numpy as np
import pytest

from secondlevel.graph.lattice import Lattice
from secondlevel.permutation.arrays import permutation_test
from secondlevel.permutation.engine import LOOK, cut
from secondlevel.permutation.summaries.clusters import ClusterSummary
from secondlevel.permutation.summaries.enhancement import TFCESummary

N, V = 14, 240
GRAPH = Lattice(np.ones((12, 20, 1), dtype=bool), np.eye(4)).graph(6)
SUMMARIES = {
    "maxima": (),
    "clusters": (ClusterSummary(z=1.2),),
    "all": (ClusterSummary(z=1.2, mass="excess"), TFCESummary()),
}


def data_of(n=N, v=V, effect=0.0, seed=0):
    """Maps of noise in single precision, two groups of which differ at some elements."""
    maps = np.random.default_rng(seed).normal(2.0, 1.0, size=(n, v))
    maps[n // 2 :, : v // 12] += effect
    return maps.astype(np.float32)


def design_of(n=N):
    """Two groups and a covariate."""
    groups = np.repeat(np.eye(2), n // 2, axis=0)
    return np.column_stack([groups, np.random.default_rng(7).normal(size=n)])


def run(data, summaries=(), **keywords):
    """Test the groups' difference, on each side, with 150 random shuffles unless told."""
    asked = {"n_perm": 150, "random_state": 5, "sides": "each", "uncorrected": True}
    graph = GRAPH if summaries else None
    return permutation_test(
        data,
        design_of(len(data)),
        {"more": "x1 - x0", "less": "x0 - x1", "age": "x2"},
        summaries=summaries,
        graph=graph,
        **(asked | keywords),
    )


def same(one, other):
    """Hold every number of two results to each other, to the bit."""
    assert one.n_shuffles == other.n_shuffles
    for ours, theirs in zip(one.contrasts, other.contrasts, strict=True):
        np.testing.assert_array_equal(ours.statistic, theirs.statistic)
        np.testing.assert_array_equal(ours.heights, theirs.heights)
        assert list(ours.summaries) == list(theirs.summaries)
        for name, summary in ours.summaries.items():
            for field in ("observed", "maxima", "exceedances", "p", "p_uncorrected", "q"):
                mine, yours = (getattr(held, field) for held in (summary, theirs.summaries[name]))
                np.testing.assert_array_equal(mine, yours, err_msg=f"{name} {field}")


@pytest.mark.parametrize("summaries", SUMMARIES)
def test_jobs_and_blocks_change_no_bit(summaries):
    """Threads, one or two, and any number of shuffles at a time must give the same result."""
    data, asked = data_of(effect=1.0), SUMMARIES[summaries]
    expected = run(data, asked)
    same(expected, run(data, asked, n_jobs=2))
    same(expected, run(data, asked, n_jobs=-1, batch_size=32))
    for batch_size in (1, 33, 1000):
        same(expected, run(data, asked, batch_size=batch_size))


@pytest.mark.parametrize("summaries", ["clusters", "all"])
def test_processes_change_no_bit(tmp_path, summaries):
    """Workers in processes of their own, with data in memory or mapped to a file, do the same."""
    data, asked = data_of(effect=1.0), SUMMARIES[summaries]
    expected = run(data, asked)
    np.save(tmp_path / "maps.npy", data)
    mapped = np.load(tmp_path / "maps.npy", mmap_mode="r")
    same(expected, run(mapped, asked))
    with joblib.parallel_config("loky", n_jobs=2):
        same(expected, run(data, asked, n_jobs=None))
        same(expected, run(mapped, asked, n_jobs=None, batch_size=40))


@pytest.mark.parametrize("summaries", ["clusters", "all"])
def test_precision_and_layout_of_the_data_change_no_bit(summaries):
    """Single precision read as double, columns first, or seen through a view: the same numbers."""
    data, asked = data_of(effect=1.0), SUMMARIES[summaries]
    expected = run(data, asked)
    same(expected, run(data.astype(np.float64), asked))
    same(expected, run(np.asfortranarray(data), asked))
    same(expected, run(np.asfortranarray(data.astype(np.float64)), asked))
    same(expected, run(np.repeat(data, 2, axis=1)[:, ::2], asked))
    same(expected, run(data.astype(">f4"), asked))


def test_enhancement_changes_no_p_of_other_summaries():
    """Whole maps of scores, which TFCE needs, and scores with a bound must give the same p."""
    data = data_of(effect=1.0)
    alone, beside = (
        run(data, SUMMARIES["clusters"]),
        run(data, (*SUMMARIES["clusters"], TFCESummary())),
    )
    for ours, theirs in zip(alone.contrasts, beside.contrasts, strict=True):
        for name, summary in ours.summaries.items():
            other = theirs.summaries[name]
            np.testing.assert_array_equal(summary.p, other.p)
            # Worst relative difference seen: 8e-16.
            np.testing.assert_allclose(summary.maxima, other.maxima, rtol=1e-13)
        np.testing.assert_array_equal(
            ours.summaries["max"].p_uncorrected, theirs.summaries["max"].p_uncorrected
        )


def test_the_first_shuffles_of_more_are_the_same():
    """What 150 shuffles give must be the beginning of what 400 of the same seed give."""
    data = data_of()
    few, many = run(data, SUMMARIES["all"]), run(data, SUMMARIES["all"], n_perm=400)
    for name, summary in few[0].summaries.items():
        np.testing.assert_array_equal(summary.maxima, many[0].summaries[name].maxima[:150])
    other = run(data, SUMMARIES["all"], random_state=6)
    assert (other[0].summaries["max"].maxima[1:] != few[0].summaries["max"].maxima[1:]).any()


def test_random_states_make_seeds():
    """A number, a generator, an old one or None: the seed used is kept and gives the run again."""
    data = data_of()
    for state in (
        3,
        np.int64(3),
        np.random.default_rng(1),
        np.random.RandomState(1),
        None,
    ):
        first = run(data, n_perm=40, random_state=state)
        same(first, run(data, n_perm=40, random_state=first.shuffles.seed))
    fresh = [run(data, n_perm=40, random_state=None).shuffles.seed for _ in range(2)]
    assert fresh[0] != fresh[1]


@pytest.mark.parametrize("unit", [8, 32])
def test_shares_cover_all_shuffles_once(unit):
    """They follow each other, begin where products do, and none goes across a look."""
    for start, stop, size in itertools.product((0, 5, 32, 250), (251, 600), (1, 33, 128, 10**6)):
        spans = list(cut(start, stop, size, unit))
        assert spans[0][0] == start
        assert spans[-1][1] == stop
        for (_, end), (following, _) in itertools.pairwise(spans):
            assert end == following
            assert end % unit == 0
        for first, last in spans:
            assert first < last
            assert first // LOOK == (last - 1) // LOOK
    assert list(cut(7, 7, 10, unit)) == []


def test_progress_says_how_many_of_how_many_are_done():
    """It must grow to the number of shuffles, and be told it each time."""
    told = []
    run(data_of(), batch_size=32, progress=lambda done, of: told.append((done, of)))
    done = [number for number, _ in told]
    assert done == [32, 64, 96, 128, 150]
    assert {of for _, of in told} == {150}


def test_a_run_stops_when_all_is_decided():
    """At the same shuffle for any jobs and blocks, and with the decisions of a run much longer."""
    data = data_of(n=20, effect=4.0, seed=3)
    asked = {"n_perm": 20_000, "uncorrected": False, "stop_when": "decided"}
    stopped = run(data, SUMMARIES["clusters"], **asked)
    assert stopped.stopped_early
    assert stopped.n_shuffles % LOOK == 0
    assert not stopped.exhaustive
    for n_jobs, batch_size in ((2, None), (1, 1), (2, 77)):
        again = run(data, SUMMARIES["clusters"], n_jobs=n_jobs, batch_size=batch_size, **asked)
        assert again.n_shuffles == stopped.n_shuffles
        np.testing.assert_array_equal(
            again[0].summaries["mass"].maxima, stopped[0].summaries["mass"].maxima
        )
    n_long = 5 * stopped.n_shuffles
    long = run(data, SUMMARIES["clusters"], n_perm=n_long, uncorrected=False)
    assert "stopped when all was decided at alpha = 0.05" in stopped.describe()
    for ours, theirs in zip(stopped.contrasts, long.contrasts, strict=True):
        for name, summary in ours.summaries.items():
            np.testing.assert_array_equal(summary.p < 0.05, theirs.summaries[name].p < 0.05)
            lower, upper = stopped.interval(summary.exceedances)
            assert ((lower <= summary.p) & (summary.p <= upper)).all()
            inside = (lower <= theirs.summaries[name].p) & (theirs.summaries[name].p <= upper)
            assert inside.mean() > 0.99
    assert (stopped["more"].p < 0.05).any()


def test_a_run_that_cannot_decide_goes_to_its_end():
    """With an alpha among the p-values no number of shuffles may be enough."""
    data = data_of(n=20)
    p = np.unique(run(data, n_perm=2000)[0].p)
    alpha = float(p[len(p) // 2])
    undecided = run(data, n_perm=600, stop_when="decided", alpha=alpha, uncorrected=False)
    assert undecided.n_shuffles == 600
    assert not undecided.stopped_early


def test_an_exhaustive_run_does_not_stop():
    """Distinct shuffles come in an order, so that the first ones say nothing of the others."""
    data = data_of(n=12, effect=30.0)[:, :30]
    asked = {"stop_when": "decided", "alpha": 0.5}
    found = permutation_test(data, design_of(12)[:, :2], "x1 - x0", **asked)
    assert found.n_shuffles == len(found.shuffles) == 924
    assert found.exhaustive
    assert not found.stopped_early
    lower, upper = found.interval(found[0].summaries["max"].exceedances)
    np.testing.assert_array_equal(lower, found[0].p)
    np.testing.assert_array_equal(upper, found[0].p)
