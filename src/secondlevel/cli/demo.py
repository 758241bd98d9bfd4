"""`secondlevel demo`: run it, and print what was found beside what was planted."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from secondlevel.demo.outcome import Demo
from secondlevel.demo.run import OUTPUTS, run_demo
from secondlevel.demo.simulate import CohortSettings


def demonstrate(out: Path, settings: CohortSettings, *, n_jobs: int, quiet: bool) -> None:
    """Run the demo, and print its outcome unless it shall be quiet.

    Parameters
    ----------
    out : Path
        Folder to write into.
    settings : CohortSettings
        What kind of cohort.
    n_jobs : int
        Threads, in the meaning of joblib.
    quiet : bool
        Whether to show neither progress nor outcome.
    """
    demo = run_demo(out, settings, n_jobs=n_jobs, progress=not quiet)
    if not quiet:
        print_outcome(demo, Console(highlight=False))


def print_outcome(demo: Demo, console: Console) -> None:
    """Print what was found, what was planted, where the files are, and what it took.

    Parameters
    ----------
    demo : Demo
    console : rich.console.Console
    """
    participants = demo.cohort.participants
    n_patients = int(participants["patient"].sum())
    console.print(
        f"\n{len(participants)} subjects ({len(participants) - n_patients} controls, {n_patients} "
        f"patients), {demo.n_voxels} voxels of {demo.cohort.settings.resolution} mm\n"
    )
    console.print(_found(demo), "")
    console.print(_planted(demo), "")
    for name, path in _files(demo):
        # A path is never broken into lines, so that it can be copied.
        console.print(f"{name:<11} {path}", soft_wrap=True, markup=False)
    console.print(f"\n{_cost(demo)}")


def _found(demo: Demo) -> Table:
    table = _table(
        "What the model found",
        ["Contrast"],
        ["Peak z", "at x y z (mm)", f"Voxels z > {demo.threshold}", "Seconds"],
    )
    for row in demo.rows:
        table.add_row(
            row.contrast,
            f"{row.peak_z:.2f}",
            _place(row.peak),
            str(row.n_above),
            f"{row.seconds:.1f}",
        )
    return table


def _planted(demo: Demo) -> Table:
    table = _table(
        "What was planted, in % signal change (age: per year), and what is found there",
        ["Contrast", "Effect in the"],
        ["at x y z (mm)", "True", "Found", "z"],
    )
    for recovery in demo.recoveries:
        effect = recovery.effect
        table.add_row(
            effect.contrast,
            effect.place,
            _place(effect.centre),
            f"{effect.size:.3f}",
            f"{recovery.found:.3f}",
            f"{recovery.z:.2f}",
        )
    return table


def _table(title: str, words: list[str], numbers: list[str]) -> Table:
    """Make an empty table, narrow enough for 80 columns."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_edge=False,
    )
    for name in words:
        table.add_column(name)
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def _place(point: tuple[float, float, float]) -> str:
    return " ".join(f"{value:>4.0f}" for value in point)


def _files(demo: Demo) -> list[tuple[str, Path]]:
    """Name and path of all that was written; a name is said once."""
    folder = demo.cohort.folder
    kinds = f"{{{','.join(OUTPUTS)}}}"
    contrasts = [row.contrast for row in demo.rows]
    return [
        ("Subjects", folder.participants),
        ("Their maps", folder.subject_map("sub-*")),
        ("The truth", folder.truth),
        *_named("Group maps", [folder.result(contrast, kinds) for contrast in contrasts]),
        *_named("Pictures", [folder.picture(contrast) for contrast in contrasts]),
        ("Report", demo.report),
    ]


def _named(name: str, paths: list[Path]) -> list[tuple[str, Path]]:
    return [(name if index == 0 else "", path) for index, path in enumerate(paths)]


def _cost(demo: Demo) -> str:
    memory = "" if demo.peak_memory is None else f"; peak memory {demo.peak_memory:.0f} MB"
    return (
        f"Simulated in {demo.simulate_seconds:.1f} s, fitted in {demo.fit_seconds:.1f} s, "
        f"contrasts in {demo.contrast_seconds:.1f} s, "
        f"report in {demo.report_seconds:.1f} s{memory}."
    )
