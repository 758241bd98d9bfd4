"""Measure secondlevel and nilearn side by side and print one table.

`python benchmarks/run.py` measures everything, which takes some minutes, most of them nilearn's;
`--quick` takes a minute. Nothing else should run meanwhile. What is measured goes to standard
error as it happens, the table to standard output.

Where indexed_gzip is installed, nilearn is measured with it and without it: see `peers.py`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import machine
from peers import PLAIN, installed_peers
from process import JobFailedError
from rows import LEGEND
from sections import SECTIONS, Plan
from table import Row, as_markdown, as_text

DATA = Path(__file__).parent / ".data"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sections that are wanted and print their table.

    Returns
    -------
    int
        1 when a job failed, 0 otherwise: a target that is missed is a result, not a failure.
    """
    options = _parser().parse_args(arguments)
    plan = Plan(options.data, installed_peers())
    if options.quick:
        plan = replace(plan, peers=(PLAIN,), side_by_side=(20,), alone=(20,), repeats=2)
    if options.repeats:
        plan = replace(plan, repeats=options.repeats)
    table, failures = _measure(plan, options.only or list(SECTIONS))
    described = machine.description()
    print(f"{described}\n{LEGEND}\n\n{as_text(table)}")
    if options.markdown:
        text = "\n\n".join([described.replace("\n", "; "), as_markdown(table), LEGEND])
        options.markdown.write_text(f"{text}\n", encoding="utf-8")
    for failure in failures:
        print(f"failed: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _measure(plan: Plan, names: Sequence[str]) -> tuple[list[Row], list[str]]:
    """Gather rows; a section that fails loses its further rows, the others go on."""
    table: list[Row] = []
    failures: list[str] = []
    for name in names:
        print(name, file=sys.stderr)
        try:
            table.extend(SECTIONS[name](plan))
        except JobFailedError as failure:
            failures.append(str(failure))
    return table, failures


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure secondlevel and nilearn side by side.")
    parser.add_argument(
        "--quick", action="store_true", help="20 maps only, two repetitions: about a minute"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=list(SECTIONS),
        metavar="NAME",
        help=f"a section to run, may be given several times: {', '.join(SECTIONS)}",
    )
    parser.add_argument(
        "--data", type=Path, default=DATA, metavar="DIR", help="folder for the simulated maps"
    )
    parser.add_argument(
        "--repeats", type=int, metavar="N", help="how often each job of the package runs"
    )
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write the table as markdown too"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
