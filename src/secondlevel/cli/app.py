"""The commands and their options; what they do is loaded when one is run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import secondlevel
from secondlevel.cli.failure import failures_in_one_line

app = typer.Typer(
    help="What can be claimed about a population from one brain map per subject.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's convention
    if wanted:
        typer.echo(f"secondlevel {secondlevel.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[  # noqa: ARG001 - answered by its callback
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Version.")
    ] = False,
) -> None:
    """Group-level statistics of brain maps."""


@app.command()
def demo(
    out: Annotated[
        Path, typer.Option(help="Folder to write into. Files of an earlier demo are replaced.")
    ],
    subjects: Annotated[
        int, typer.Option(min=4, max=999, help="Number of subjects; half of them are patients.")
    ] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another cohort.")] = 0,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Threads to use.", show_default="all cores")
    ] = None,
    resolution: Annotated[
        int, typer.Option(min=1, max=10, metavar="MM", help="Edge of a voxel.")
    ] = 2,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Neither progress bars nor tables: only the files.")
    ] = False,
) -> None:
    """Simulate a cohort, fit it from its files, write and show what was found."""
    with failures_in_one_line():
        from secondlevel.cli.demo import demonstrate  # noqa: PLC0415 - heavy

        demonstrate(out, subjects, seed, jobs, resolution, quiet)
