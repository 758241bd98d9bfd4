"""Seconds and memory, measured inside a process that does nothing else."""

from __future__ import annotations

import resource
import sys
import time
import tracemalloc
from collections.abc import Callable

MEGABYTE = 1e6


class Clock:
    """Seconds since the last look."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def lap(self) -> float:
        """Seconds since the last lap, or since the beginning."""
        now = time.perf_counter()
        seconds, self._start = now - self._start, now
        return seconds


def peak_memory() -> float:
    """Largest resident memory of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kibibytes elsewhere
    return peak * unit / MEGABYTE


def best_seconds(task: Callable[[], object], calls: int = 5) -> float:
    """Seconds of the fastest of several calls."""
    seconds = []
    for _ in range(calls):
        clock = Clock()
        task()
        seconds.append(clock.lap())
    return min(seconds)


def memory_beyond_input(task: Callable[[], object]) -> float:
    """Most memory in MB that arrays made during one call, its result too, held at once."""
    tracemalloc.start()
    task()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / MEGABYTE


def compare(*, secondlevel: Callable[[], object], peer: Callable[[], object]) -> dict[str, float]:
    """Seconds and memory of a function of the package and of a peer doing the same.

    Parameters
    ----------
    secondlevel, peer : callable
        Without arguments; what they return is dropped.

    Returns
    -------
    dict
        `seconds`, `memory` (MB beyond the input), and the same with `peer_` before it.
    """
    return {
        "seconds": best_seconds(secondlevel),
        "peer_seconds": best_seconds(peer),
        "memory": memory_beyond_input(secondlevel),
        "peer_memory": memory_beyond_input(peer),
    }
