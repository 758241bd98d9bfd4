"""One pass over the maps: read in parallel, reduce in blocks, merge in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from typing import Any, Generic, TypeVar

import joblib
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from secondlevel.inputs.sources import MapComputed, MapFile, MapSource
from secondlevel.models.base import Partial, Reducer
from secondlevel.streaming.disk import is_gzip
from secondlevel.streaming.missing import Missing
from secondlevel.streaming.reader import Reader, VolumeMapReader

Floats = NDArray[np.float64]
P = TypeVar("P", bound=Partial)
Counts = NDArray[np.int64]
Progress = Callable[[int], None]

BLOCK_BYTES = 2**28
"""Upper bound of the memory for one block of maps."""

FLAG_BYTES = 2**26
"""Upper bound of the memory for remembering which map has no value where."""


@dataclass(frozen=True, eq=False)
class Pass:
    """What is asked of one pass over the maps.

    Parameters
    ----------
    sources : sequence of n MapSource
    reader : Reader
    missing : Missing
    keep_data : bool
        Whether the masked data are wanted too.
    mask_later : bool
        Whether the mask will be computed from the maps, so that their sum on their own grid is
        wanted too, and where each had no value.
    """

    sources: Sequence[MapSource]
    reader: Reader
    missing: Missing
    keep_data: bool = False
    mask_later: bool = False

    @property
    def remembers_missing(self) -> bool:
        """Whether to remember which map has no value where."""
        n_bytes = len(self.sources) * self.reader.space.n_elements / 8
        return self.mask_later and n_bytes <= FLAG_BYTES


@dataclass(frozen=True, eq=False)
class Gathered(Generic[P]):
    """What a pass over some maps brought in; the parts of consecutive maps merge.

    Parameters
    ----------
    partial : Partial
        What the reducer keeps; missing values went in as 0.
    present : int array of shape (V,)
        Number of maps with a value at every element.
    missing_per_map : tuple of int
        Number of elements without a value, for every map.
    data : tuple of arrays of shape (b, V)
        Masked data, if they were asked for.
    raw_sum : array of the grid's shape, or None
        Sum of the maps; NaN where one has no value, as in nilearn's mean image.
    missing_flags : tuple of uint8 arrays, or None
        Which elements had no value, for every map, eight to a byte; None where it was not asked
        for, or takes too much memory.
    """

    partial: P
    present: Counts
    missing_per_map: tuple[int, ...]
    data: tuple[Floats, ...]
    raw_sum: Floats | None
    missing_flags: tuple[NDArray[np.uint8], ...] | None

    def merge(self, other: Gathered[P]) -> Gathered[P]:
        """Combine with the maps that follow."""
        raw_sum = flags = None
        if self.raw_sum is not None and other.raw_sum is not None:
            raw_sum = self.raw_sum + other.raw_sum
        if self.missing_flags is not None and other.missing_flags is not None:
            flags = self.missing_flags + other.missing_flags
        return Gathered(
            self.partial.merge(other.partial),
            self.present + other.present,
            self.missing_per_map + other.missing_per_map,
            self.data + other.data,
            raw_sum,
            flags,
        )


def block_size(n_maps: int, n_columns: int, n_elements: int) -> int:
    """Maps to reduce at a time: a matter of the input alone, so results never depend on `n_jobs`.

    Parameters
    ----------
    n_maps, n_columns, n_elements : int
        Rows and columns of the design, elements of the maps.

    Returns
    -------
    int
        Enough blocks to share the work, enough rows in each to be worth a merge.

    Examples
    --------
    >>> block_size(20, 3, 235_000), block_size(400, 3, 235_000), block_size(400, 40, 235_000)
    (4, 8, 80)
    """
    wanted = max(min(8, -(-n_maps // 5)), 2 * n_columns if n_columns > 4 else 1)
    affordable = max(1, BLOCK_BYTES // (8 * n_elements))
    return max(1, min(wanted, affordable, n_maps))


def run_pass(
    job: Pass,
    rows: Floats,
    reducer: Reducer[P],
    *,
    n_jobs: int | None = 1,
    progress: Progress | None = None,
) -> Gathered[P]:
    """Read every map once and reduce it.

    Parameters
    ----------
    job : Pass
    rows : array of shape (n, p)
        Design rows, one per map.
    reducer : Reducer
        What is kept of every block: the estimator, mostly.
    n_jobs : int or None
        Threads that read and reduce blocks; joblib's meaning. Volumes of one compressed 4D file
        have to be read in order, by one.
    progress : callable, optional
        Called with the number of maps done since the last call.

    Returns
    -------
    Gathered

    Raises
    ------
    MapError
        When a map cannot be read; the message names it.
    """
    n_maps = len(job.sources)
    size = block_size(n_maps, rows.shape[1], job.reader.space.n_elements)
    blocks = [slice(start, min(start + size, n_maps)) for start in range(0, n_maps, size)]
    done = _gather_all(job, rows, blocks, reducer, _workers(job, n_jobs))

    def merge(so_far: Gathered[P], part: Gathered[P]) -> Gathered[P]:
        merged = so_far.merge(part)
        _report(progress, part)
        return merged

    try:
        first = next(done)
        _report(progress, first)
        return reduce(merge, done, first)
    finally:
        done.close()  # no worker reads any more
        job.reader.close()


def read_all(job: Pass, *, n_jobs: int | None = 1, progress: Progress | None = None) -> Floats:
    """Read every map once and keep them all.

    Parameters
    ----------
    job : Pass
    n_jobs : int or None
        As in `run_pass`.
    progress : callable, optional
        Called with 1 for every map done.

    Returns
    -------
    array of shape (n, V)
        Missing values are NaN, or 0 where they are taken for 0.
    """

    def read(row: Floats, source: MapSource) -> None:
        row[:] = job.reader.read(source)
        missing = job.missing.find(row)
        if missing is not None:
            row[missing] = job.missing.filler
        if progress is not None:
            progress(1)

    data = np.empty((len(job.sources), job.reader.space.n_elements))
    # Threads, not processes: they write into the rows.
    workers = joblib.Parallel(n_jobs=_workers(job, n_jobs), require="sharedmem")
    try:
        workers(joblib.delayed(read)(*pair) for pair in zip(data, job.sources, strict=True))
    finally:
        job.reader.close()
    return data


def _report(progress: Progress | None, part: Gathered[Any]) -> None:
    if progress is not None:
        progress(len(part.missing_per_map))


def _workers(job: Pass, n_jobs: int | None) -> int | None:
    """One worker where maps are volumes of one stream, or computed by objects of the user."""
    streams = {s.path for s in job.sources if isinstance(s, MapFile) and s.n_volumes > 1}
    computed = any(isinstance(s, MapComputed) for s in job.sources)
    return 1 if computed or any(map(is_gzip, streams)) else n_jobs


def _gather_all(
    job: Pass,
    rows: Floats,
    blocks: list[slice],
    reducer: Reducer[P],
    n_jobs: int | None,
) -> Generator[Gathered[P]]:
    """Read and reduce all blocks, in order; only so many at a time that memory stays bounded."""
    n_workers = joblib.effective_n_jobs(n_jobs)
    ahead: deque[Future[Gathered[P]]] = deque()
    # BLAS threads of its own in every worker would only wait for each other.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(n_workers) as workers:
        try:
            for block in blocks:
                if len(ahead) == n_workers + 2:
                    yield ahead.popleft().result()
                ahead.append(workers.submit(_read_and_reduce, job, block, rows[block], reducer))
            while ahead:
                yield ahead.popleft().result()
        finally:
            workers.shutdown(cancel_futures=True)


def _read_and_reduce(job: Pass, block: slice, rows: Floats, reducer: Reducer[P]) -> Gathered[P]:
    sources = job.sources[block]
    data = np.empty((len(sources), job.reader.space.n_elements))
    absent = np.zeros(data.shape[1], dtype=np.int64)
    per_map = []
    flags: list[NDArray[np.uint8]] | None = [] if job.remembers_missing else None
    raw_sum: Floats | None = None
    for row, source in zip(data, sources, strict=True):
        if job.mask_later and isinstance(job.reader, VolumeMapReader):
            row[:], volume = job.reader.read_with_volume(source)
            if not np.isfinite(volume.sum()):
                volume = np.where(np.isfinite(volume), volume, np.nan)
            raw_sum = volume if raw_sum is None else raw_sum + volume
        else:
            row[:] = job.reader.read(source)
        missing = job.missing.find(row)
        per_map.append(0 if missing is None else int(np.count_nonzero(missing)))
        if flags is not None:
            flags.append(np.packbits(np.zeros(len(row), bool) if missing is None else missing))
        if missing is not None:
            absent += missing
            row[missing] = 0.0
    return Gathered(
        reducer.reduce(rows, data),
        len(sources) - absent,
        tuple(per_map),
        (data,) if job.keep_data else (),
        raw_sum,
        None if flags is None else tuple(flags),
    )
