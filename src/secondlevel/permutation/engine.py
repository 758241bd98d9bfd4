"""The run: shares of the work done in parallel, merged in order, saved on the way."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing import parent_process

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from secondlevel.permutation.checkpoint import Checkpoint
from secondlevel.permutation.nulls.tally import Tally
from secondlevel.permutation.scores.linear import MAPS_AT_A_TIME
from secondlevel.permutation.work import Work

Progress = Callable[[int, int], None]
Decided = Callable[[Tally], bool]

LOOK = 256
"""Shuffles between one look at whether all is decided and the next."""

SAVE_AFTER = 30.0
"""Seconds between two writings of the checkpoint."""

FEWEST = 32
"""Fewest shuffles in a share of the work: with fewer, more is prepared than is done."""

MAPS_SHARE = 32
"""Most shuffles in a share that holds whole maps."""

SHARE_BYTES = 2**26
"""Upper bound of the maps, rows of designs, or lists of elements that one share holds."""


@dataclass(frozen=True, eq=False)
class Running:
    """How the work is to be done; results do not depend on it, but where it stops early.

    Parameters
    ----------
    n_jobs : int or None
        In joblib's meaning: threads, or what `joblib.parallel_config` says.
    batch_size : int or None
        Shuffles in a share.
    checkpoint : Checkpoint or None
    decided : callable or None
        Told what was done so far every `LOOK` shuffles, says whether that is enough.
    progress : callable or None
        Called with the number of shuffles done so far, and that of all.
    """

    n_jobs: int | None = 1
    batch_size: int | None = None
    checkpoint: Checkpoint | None = None
    decided: Decided | None = None
    progress: Progress | None = None


def run(work: Work, running: Running) -> Tally:
    """Do all shuffles, or as many as it takes to decide.

    Parameters
    ----------
    work : Work
    running : Running

    Returns
    -------
    Tally

    Raises
    ------
    CheckpointError
        When there is one, and not of this analysis.
    """
    tally, saved = None, time.monotonic()
    try:
        with _closing(_tallies(work, running)) as tallies:
            for tally in tallies:
                _report(running, tally, len(work.shuffles))
                if _enough(tally, running):
                    break
                if time.monotonic() - saved > SAVE_AFTER:
                    _save(running, tally, work.shuffles.seed)
                    saved = time.monotonic()
    finally:
        # Also when the user interrupts: what is done is done.
        if tally is not None:
            _save(running, tally, work.shuffles.seed)
    assert tally is not None  # there is at least one shuffle
    return tally


def _tallies(work: Work, running: Running) -> Generator[Tally]:
    """What was done so far: as a checkpoint has it, and after every share from there on."""
    checkpoint = running.checkpoint
    tally = None if checkpoint is None else checkpoint.load(len(work.shuffles))
    if tally is not None:
        yield tally
    with closing(_shares(work, running, 0 if tally is None else tally.stop)) as shares:
        for part in shares:
            tally = part if tally is None else tally.merge(part)
            yield tally


@contextmanager
def _closing(tallies: Generator[Tally]) -> Iterator[Generator[Tally]]:
    """Close at once what is left early, so that no worker goes on."""
    try:
        yield tallies
    finally:
        with warnings.catch_warnings():
            # That tasks are cancelled, or were done in vain, is as it should be.
            warnings.filterwarnings("ignore", r"\d+ tasks (have|which) ", UserWarning)
            tallies.close()


def _enough(tally: Tally, running: Running) -> bool:
    if running.decided is None or tally.stop % LOOK:
        return False
    return running.decided(tally)


def _report(running: Running, tally: Tally, n_shuffles: int) -> None:
    if running.progress is not None:
        running.progress(tally.stop, n_shuffles)


def _save(running: Running, tally: Tally, seed: int) -> None:
    if running.checkpoint is not None:
        running.checkpoint.save(tally, seed)


def _shares(work: Work, running: Running, start: int) -> Generator[Tally]:
    """Do the shares of the work from a shuffle on, in parallel, and give them in order."""
    left = len(work.shuffles) - start
    size = running.batch_size or _share_size(work, left, joblib.effective_n_jobs(running.n_jobs))
    unit = FEWEST if work.enhancement is None else MAPS_AT_A_TIME
    look = len(work.shuffles) if running.decided is None else LOOK
    spans = cut(start, len(work.shuffles), size, unit, look)
    parallel = joblib.Parallel(n_jobs=running.n_jobs, prefer="threads", return_as="generator")
    yield from parallel(joblib.delayed(_do)(work, *span) for span in spans)


def _do(work: Work, start: int, stop: int) -> Tally:
    if parent_process() is not None:  # a process of its own, where nobody has limited BLAS
        threadpool_limits(1, user_api="blas")
    return work.tally(start, stop)


def _share_size(work: Work, n_shuffles: int, n_workers: int) -> int:
    """Shuffles in a share: as many as one should have, or fewer, so that workers end together."""
    most = _most_shuffles(work)
    rounds = -(-n_shuffles // (most * n_workers))
    return max(1, -(-n_shuffles // max(1, rounds * n_workers)))


def _most_shuffles(work: Work) -> int:
    """Shuffles in a share, if there were no end of them."""
    n_rows, n_elements = len(work.data), int(work.data[0].size)
    if work.enhancement is not None:
        return max(MAPS_AT_A_TIME, min(MAPS_SHARE, SHARE_BYTES // (8 * n_elements)))
    each = 64 * n_rows
    if work.meters is not None:
        # About as many elements of a shuffle are listed as of the unshuffled maps.
        each += 64 * max(int(np.count_nonzero(one.maps["size"])) for one in work.observed)
    enough = min(question.statistic.best_batch for question in work.questions)
    return max(FEWEST, min(enough, SHARE_BYTES // each))


def cut(start: int, stop: int, size: int, unit: int, look: int = LOOK) -> Iterator[tuple[int, int]]:
    """Cut a range of shuffles into shares, none across a look at whether all is decided.

    One after the other, as there may be more than are ever done.

    Parameters
    ----------
    start, stop : int
    size : int
        Wanted shuffles in a share.
    unit : int
        Shares begin at multiples of it.
    look : int
        Shuffles between one look and the next.

    Examples
    --------
    >>> list(cut(0, 300, 100, 32))
    [(0, 128), (128, 256), (256, 300)]
    """
    step = max(1, -(-size // unit)) * unit
    while start < stop:
        end = min(start + step - start % unit, (start // look + 1) * look, stop)
        yield start, end
        start = end
