"""A run goes on from its file with the bits of an uninterrupted one, and refuses another's."""

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from secondlevel.errors import CheckpointError
from secondlevel.graph.adjacency import from_edges
from secondlevel.graph.lattice import Lattice
from secondlevel.permutation.arrays import permutation_test
from secondlevel.permutation.checkpoint import Checkpoint, fingerprint, seed_of
from secondlevel.permutation.nulls.tally import Tally
from secondlevel.permutation.summaries.clusters import ClusterSummary
from secondlevel.permutation.summaries.enhancement import TFCESummary

N, V = 12, 30
GRAPH = Lattice(np.ones((5, 6, 1), dtype=bool), np.eye(4)).graph(6)
DATA = np.random.default_rng(0).normal(0.3, 1.0, size=(N, V))
DESIGN = np.column_stack([np.repeat(np.eye(2), 6, axis=0), np.arange(N) ** 2.0])
SUMMARIES = (ClusterSummary(z=1.0), TFCESummary())
BLOCKS = np.tile([1, 2, 3], 4)

# What the numbers depend on, and something else of each. The first are those of the run.
ASKED = {
    "data": (DATA, np.where(np.arange(V) == 7, DATA * (1 + 1e-15), DATA)),
    "design": (DESIGN, DESIGN * [1.0, 1.0, 1.0 + 1e-15]),
    "contrast": ("x1 - x0", "x0 - x1", {"a": "x1 - x0", "b": "x2"}),
    "graph": (GRAPH, from_edges(np.array([[0, 1]]), np.ones(V), np.zeros((V, 3)))),
    "exchangeability_blocks": (None, BLOCKS),
    "random_state": (3, 4),
    "summaries": (
        SUMMARIES,
        (ClusterSummary(z=1.1), TFCESummary()),
        (ClusterSummary(z=1.0, mass="excess"), TFCESummary()),
        (ClusterSummary(z=1.0), TFCESummary(E=1.0)),
        SUMMARIES[:1],
        (),
    ),
    "sides": ("each", "both", "positive"),
    "scale": ("z", "stat"),
    "method": ("freedman-lane", "dekker"),
    "statistic": ("auto", "partial_r"),
    "errors": ("permute", "flip", "both"),
    "uncorrected": (True, False),
}


def run(path=None, progress=None, **changes):
    """Do 100 shuffles, 8 at a time, or what is asked for otherwise."""
    asked = {name: values[0] for name, values in ASKED.items()} | {"n_perm": 100, "batch_size": 8}
    return permutation_test(**(asked | changes), checkpoint=path, progress=progress)


def interrupt_at(number):
    """Make a progress callback at which the user presses Ctrl-C when so many are done."""

    def progress(done, n_shuffles):
        if done >= number:
            raise KeyboardInterrupt

    return progress


def same(one, other):
    """Hold every number of two results to each other, to the bit."""
    assert one.n_shuffles == other.n_shuffles
    assert one.shuffles.seed == other.shuffles.seed
    for ours, theirs in zip(one.contrasts, other.contrasts, strict=True):
        for name, summary in ours.summaries.items():
            for field in ("observed", "maxima", "exceedances", "p", "p_uncorrected", "q"):
                mine, yours = (getattr(held, field) for held in (summary, theirs.summaries[name]))
                np.testing.assert_array_equal(mine, yours, err_msg=f"{name} {field}")


@pytest.fixture
def path(tmp_path):
    """A file in a folder that is not there yet."""
    return tmp_path / "runs" / "run.npz"


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("done", [1, 40, 100])
@pytest.mark.parametrize("summaries", [SUMMARIES, SUMMARIES[:1], ()])
def test_a_run_that_was_interrupted_goes_on(path, summaries, done, n_jobs):
    """Ctrl-C must leave a file that is used, and the result that of a run without it."""
    with pytest.raises(KeyboardInterrupt):
        run(path, interrupt_at(done), summaries=summaries, n_jobs=n_jobs)
    held = np.load(path)["stop"]
    # Eight shuffles at a time, but never fewer than a product has: 32 where no maps are wanted.
    step = 8 if len(summaries) == 2 else 32
    assert held == min(100, -(-done // step) * step)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    told = []
    found = run(path, lambda *so_far: told.append(so_far), summaries=summaries)
    assert told[0] == (held, 100)  # at once: what is done already
    assert told[-1] == (100, 100)
    same(found, run(summaries=summaries))
    same(run(path, interrupt_at(101), summaries=summaries), found)  # nothing is done again


def test_a_run_may_be_interrupted_many_times(path):
    """Each time it gets further, and at the end nothing tells."""
    for done in (8, 24, 48, 96):
        with pytest.raises(KeyboardInterrupt):
            run(path, interrupt_at(done))
        assert np.load(path)["stop"] == done
    same(run(path), run())


def test_another_number_of_jobs_or_shuffles_at_a_time_may_go_on(path):
    """They change nothing, so neither does a change of them."""
    with pytest.raises(KeyboardInterrupt):
        run(path, interrupt_at(40), batch_size=40)
    same(run(path, n_jobs=2, batch_size=None), run())


@pytest.mark.parametrize("summaries", [SUMMARIES, ()])
def test_more_random_shuffles_build_on_those_there_are(path, summaries):
    """100 shuffles and 200 more must be 300 at once, wherever the first ones ended."""
    for n_perm in (37, 100, 300):
        found = run(path, summaries=summaries, n_perm=n_perm)
        assert np.load(path)["stop"] == n_perm
    same(found, run(summaries=summaries, n_perm=300))


def test_fewer_shuffles_than_there_are_is_an_error(path):
    """The message must say how many there are."""
    run(path)
    with pytest.raises(
        CheckpointError, match=r"100 shuffles already.*50 asked.*n_perm=100 or more"
    ):
        run(path, n_perm=50)


def test_random_shuffles_are_no_part_of_all(path):
    """Where more are asked for than there are, all are enumerated: another run."""
    run(path, n_perm=50, design=DESIGN[:, :2])
    with pytest.raises(CheckpointError, match="another analysis"):
        run(path, n_perm=10_000, design=DESIGN[:, :2])


@pytest.mark.filterwarnings("ignore::secondlevel.errors.PermutationWarning")
@pytest.mark.parametrize("name", ASKED)
def test_the_file_of_another_analysis_is_refused(path, name):
    """Whatever a number depends on: if it differs, so does the fingerprint."""
    run(path, n_perm=20)
    before = path.read_bytes()
    for other in ASKED[name][1:]:
        graph = None if name == "summaries" and not other else ASKED["graph"][0]
        with pytest.raises(
            CheckpointError, match=r"run\.npz is the checkpoint of another analysis"
        ):
            run(path, n_perm=20, **({"graph": graph} | {name: other}))
    assert path.read_bytes() == before
    run(path, n_perm=20)


def test_the_data_may_come_in_any_layout(path):
    """Columns first are the same numbers, and the same analysis."""
    with pytest.raises(KeyboardInterrupt):
        run(path, interrupt_at(40))
    same(run(path, data=np.asfortranarray(DATA)), run())


def test_a_fresh_seed_is_kept_in_the_file(path):
    """With random_state=None a run goes on with the seed that it began with."""
    with pytest.raises(KeyboardInterrupt):
        run(path, interrupt_at(40), random_state=None)
    seed = seed_of(path)
    found = run(path, random_state=None)
    assert found.shuffles.seed == seed
    same(found, run(random_state=seed))
    same(run(path, random_state=seed), found)
    with pytest.raises(CheckpointError, match="seed"):
        run(path, random_state=seed + 1)


def test_an_exhaustive_run_goes_on_with_any_seed(path):
    """Where all shuffles are done a seed is no matter."""
    asked = {"design": DESIGN[:8, :2], "data": DATA[:8], "contrast": "x0", "errors": "flip"}
    expected = run(n_perm=1000, random_state=1, **asked)
    with pytest.raises(KeyboardInterrupt):
        run(path, interrupt_at(40), n_perm=1000, random_state=1, **asked)
    found = run(path, n_perm=500, random_state=2, **asked)
    assert found.exhaustive
    np.testing.assert_array_equal(found[0].p, expected[0].p)


def test_a_run_that_stopped_is_taken_as_it_stopped(path):
    """Asked again it must not go on; asked for all shuffles it must."""
    data = DATA + np.where(np.arange(N) >= 6, 8.0, 0.0)[:, None] * (np.arange(V) < 4)
    asked = {"data": data, "uncorrected": False, "n_perm": 4000, "batch_size": None}
    stopped = run(path, stop_when="decided", **asked)
    assert stopped.stopped_early
    again = run(path, interrupt_at(stopped.n_shuffles + 1), stop_when="decided", **asked)
    assert again.n_shuffles == stopped.n_shuffles
    found = run(path, **asked)
    assert found.n_shuffles == 4000
    np.testing.assert_array_equal(found[0].p, run(**asked)[0].p)


class Bomb:
    """An object that leaves a trace when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def _without_end(path, good):
    path.write_bytes(good[: len(good) * 2 // 3])


def _garbled(path, good):
    middle = len(good) // 2
    path.write_bytes(good[:middle] + bytes(64) + good[middle + 64 :])


def _pickled(path, good):
    path.write_bytes(pickle.dumps(Bomb(path.with_name("boom"))))


def _with_objects(path, good):
    with np.load(path) as file:
        held = dict(file)
    bomb = np.empty((), dtype=object)
    bomb[()] = Bomb(path.with_name("boom"))
    with path.open("wb") as file:
        np.savez(file, **(held | {"seed": bomb}))


def _single_array(path, good):
    with path.open("wb") as file:
        np.save(file, np.arange(3))


def _single_object(path, good):
    with path.open("wb") as file:
        np.save(file, np.array([Bomb(path.with_name("boom"))], dtype=object))


def _other_archive(path, good):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("fingerprint", "no array")
        archive.writestr("format.npy", b"\x93NUMPY nonsense")


def _of_arrays(path, good):
    np.savez(path, a=np.arange(3))


def _of_another_version(path, good):
    with np.load(path) as file:
        held = dict(file)
    np.savez(path, **(held | {"format": np.int64(99)}))


def _of_other_kinds(path, good):
    with np.load(path) as file:
        held = dict(file)
    np.savez(path, **(held | {"stop": np.array(["many"])}))


def _of_other_length(path, good):
    with np.load(path) as file:
        held = dict(file)
    np.savez(path, **(held | {"maxima_max": held["maxima_max"][:3]}))


SPOILT = {
    "empty": lambda path, good: path.write_bytes(b""),
    "text": lambda path, good: path.write_text("not at all a checkpoint\n" * 100),
    "cut off": _without_end,
    "garbled": _garbled,
    "pickle": _pickled,
    "archive with objects": _with_objects,
    "single array": _single_array,
    "single object": _single_object,
    "other archive": _other_archive,
    "other arrays": _of_arrays,
    "other version": _of_another_version,
    "other kinds": _of_other_kinds,
    "other length": _of_other_length,
}


@pytest.mark.parametrize("random_state", [3, None])
@pytest.mark.parametrize("how", SPOILT)
def test_a_file_that_is_no_checkpoint_is_refused(path, how, random_state):
    """The error names the file and says what to do; nothing is unpickled, nothing overwritten."""
    run(path, n_perm=20)
    SPOILT[how](path, path.read_bytes())
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=r"run\.npz .*Give another file, or delete this one"):
        run(path, n_perm=20, random_state=random_state)
    assert path.read_bytes() == before
    assert not path.with_name("boom").exists()


def test_a_folder_is_no_checkpoint(tmp_path):
    """It must be refused like any other, not fail when the run is over."""
    with pytest.raises(CheckpointError, match="is a folder"):
        run(tmp_path)


def test_equal_numbers_ask_the_same(path):
    """A threshold of numpy's, a list for a tuple, a whole weight: the run must go on."""
    first = run(path)
    alike = [ClusterSummary(z=np.float32(1.0)), TFCESummary(H=np.int64(2))]
    seen = []
    again = run(path, lambda done, _: seen.append(done), summaries=alike)
    assert seen == [100]  # nothing is done again
    np.testing.assert_array_equal(again[0].p, first[0].p)


def test_what_is_saved_is_what_is_loaded(path):
    """Tally, seed and fingerprint, the largest seed there is among them."""
    tally = Tally(
        0, 3, {"max": np.arange(6.0).reshape(3, 2, 1)}, {"max": np.arange(4).reshape(2, 2)}
    )
    checkpoint = Checkpoint(path, "abc")
    assert checkpoint.load(3) is None
    assert seed_of(path) is None
    checkpoint.save(tally, 2**63 - 1)
    assert seed_of(path) == 2**63 - 1
    loaded = checkpoint.load(3)
    assert (loaded.start, loaded.stop) == (0, 3)
    np.testing.assert_array_equal(loaded.maxima["max"], tally.maxima["max"])
    np.testing.assert_array_equal(loaded.reached["max"], tally.reached["max"])


def test_fingerprints_tell_parts_from_each_other():
    """Neither a border between parts may move, nor a shape or a kind of number change."""
    numbers = np.arange(6.0)
    different = [
        [numbers],
        [numbers.reshape(2, 3)],
        [numbers.reshape(3, 2)],
        [numbers.astype(np.float32)],
        [numbers[:3], numbers[3:]],
        [b"ab", b"c"],
        [b"a", b"bc"],
        [b"abc"],
        [np.empty((2, 0))],
        [np.empty((0, 2))],
    ]
    assert len({fingerprint(parts) for parts in different}) == len(different)
    table = numbers.reshape(2, 3)
    assert fingerprint([table]) == fingerprint([np.asfortranarray(table)])
    assert fingerprint([table]) == fingerprint([np.hstack([table, table])[:, :3]])
