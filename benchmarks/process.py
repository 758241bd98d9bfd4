"""A job in an interpreter of its own: it finds no memory, cache or import of another job.

The process that starts jobs must stay small: on Linux a new process begins with the peak memory
of its parent. So nothing heavy is imported here, nor wherever this is imported.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Any

Numbers = dict[str, float]


class JobFailedError(RuntimeError):
    """A job ended with an error."""


@dataclass(frozen=True)
class Repeats:
    """What the repetitions of one job measured.

    Parameters
    ----------
    runs : tuple of dict
        The numbers of each.
    """

    runs: tuple[Numbers, ...]

    def median(self, name: str) -> float:
        """Typical value of a number."""
        return statistics.median(run[name] for run in self.runs)

    def lowest(self, name: str) -> float:
        """Smallest value of a number."""
        return min(run[name] for run in self.runs)

    def highest(self, name: str) -> float:
        """Largest value of a number."""
        return max(run[name] for run in self.runs)


@dataclass(frozen=True)
class Job:
    """A function to run in a new interpreter.

    Parameters
    ----------
    function : str
        `module:name`, the module one of this folder; it returns named numbers.
    options : dict
        Its arguments; whatever JSON can hold.
    hidden : tuple of str
        Packages that it is not to find, though they are installed.
    """

    function: str
    options: dict[str, Any]
    hidden: tuple[str, ...] = ()

    def run(self) -> Numbers:
        """Run the job once.

        Raises
        ------
        JobFailedError
            With the last line that the job wrote to standard error.
        """
        print(f"  {self}", file=sys.stderr, flush=True)
        command = [sys.executable, __file__, self.function, json.dumps(self.options), *self.hidden]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            reason = done.stderr.strip().rpartition("\n")[2] or f"exit status {done.returncode}"
            raise JobFailedError(f"{self}: {reason}")
        numbers: Numbers = json.loads(done.stdout.splitlines()[-1])
        return numbers

    def __str__(self) -> str:
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        without = f" without {', '.join(self.hidden)}" if self.hidden else ""
        return f"{self.function}({options}){without}"


def job(function: str, *, hidden: tuple[str, ...] = (), **options: Any) -> Job:
    """Make a job from a function's name and its arguments."""
    return Job(function, options, hidden)


def alternate(jobs: list[Job], repeats: int) -> list[Repeats]:
    """Run jobs in turn, so that a machine that is busy for a while is so for all of them.

    Parameters
    ----------
    jobs : list of Job
    repeats : int
        How often each runs.

    Returns
    -------
    list of Repeats
        One for each job.
    """
    rounds = [[job.run() for job in jobs] for _ in range(repeats)]
    return [Repeats(runs) for runs in zip(*rounds, strict=True)]


def _main() -> None:
    """Be the new interpreter: call the function, print its numbers on the last line."""
    _, function, options, *hidden = sys.argv
    for package in hidden:
        sys.modules[package] = None  # type: ignore[assignment] # makes its import fail
    module, _, name = function.partition(":")
    numbers = getattr(import_module(module), name)(**json.loads(options))
    print(json.dumps(numbers))


if __name__ == "__main__":
    _main()
