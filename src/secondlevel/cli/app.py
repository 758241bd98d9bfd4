"""The commands and their options; what they do is loaded when one is run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import secondlevel
from secondlevel.cli.failure import failures_in_one_line
from secondlevel.demo.folder import DemoFolder

app = typer.Typer(
    help="What can be claimed about a population from one brain map per subject.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help and errors: nothing to load, one line each
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"secondlevel {secondlevel.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
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
    """Run the main job on a simulated cohort.

    Simulates one contrast map per subject, fits the group model from the files, asks three
    contrasts, writes their maps and pictures, and shows what was found beside what was planted.
    """
    with failures_in_one_line():
        DemoFolder(out).prepare()  # says what is wrong with it before anything heavy is loaded
        from secondlevel.cli.demo import demonstrate  # noqa: PLC0415 - heavy
        from secondlevel.demo.simulate import CohortSettings  # noqa: PLC0415 - heavy

        settings = CohortSettings(n_subjects=subjects, seed=seed, resolution=resolution)
        demonstrate(out, settings, n_jobs=jobs or -1, quiet=quiet)
