"""The sections of the table: which jobs run, and which rows are made of their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import rows
from process import Repeats, alternate, job
from table import Row


@dataclass(frozen=True)
class Plan:
    """How much is to be measured.

    Parameters
    ----------
    folder : Path
        Where the simulated maps are, or will be.
    side_by_side, alone : tuple of int
        Numbers of maps, for the comparison with nilearn and for the package by itself.
    repeats : int
        How often a job of the package runs; nilearn's, being slow, run once.
    """

    folder: Path
    side_by_side: tuple[int, ...] = (20, 50, 100)
    alone: tuple[int, ...] = (100, 400)
    repeats: int = 5


def side_by_side(plan: Plan) -> Iterator[Row]:
    """Run the whole job and one more contrast, with the package and with nilearn."""
    for n_maps in plan.side_by_side:
        _simulate(plan, n_maps)
        study = {"folder": str(plan.folder), "n_maps": n_maps}
        with TemporaryDirectory() as scratch:
            saved = {name: str(Path(scratch, f"{name}.npy")) for name in ("ours", "peers")}
            ours = {**study, "statistics": saved["ours"]}
            two, one = alternate(
                [job("fitting:secondlevel_job", **ours, n_jobs=n_jobs) for n_jobs in (2, 1)],
                plan.repeats,
            )
            peer = _once("fitting:nilearn_job", **study, n_jobs=2, statistics=saved["peers"])
            compared = _once("fitting:agreement", **saved)
        yield rows.whole_job(n_maps, 2, two, peer)
        yield rows.whole_job(n_maps, 1, one, peer)
        yield rows.peak_memory(f"fit + 3 contrasts, {n_maps} maps", two, peer, "nilearn")
        yield rows.further_contrast(n_maps, two, peer)
        yield rows.agreement(n_maps, compared)


def alone(plan: Plan) -> Iterator[Row]:
    """Run fit alone, and the bare decompression of the same files."""
    fits = {}
    for n_maps in plan.alone:
        _simulate(plan, n_maps)
        study = {"folder": str(plan.folder), "n_maps": n_maps}
        fits[n_maps], bare = alternate(
            [job("fitting:fit_alone", **study), job("fitting:bare_decompression", **study)],
            plan.repeats,
        )
        yield rows.fit_alone(n_maps, fits[n_maps], bare)
        yield rows.peak_memory(f"fit, {n_maps} maps", fits[n_maps], bare, "bare")
    if len(fits) > 1:
        yield rows.memory_growth(fits)


def kernels(plan: Plan) -> Iterator[Row]:
    """Run numeric functions on arrays in memory, and those of scipy and numpy."""
    t, f, fold = alternate(
        [job("tails:t_tails"), job("tails:f_tails"), job("least_squares:least_squares")],
        plan.repeats,
    )
    yield from rows.kernel("p and z of t at 235 375 elements", t, "scipy.stats")
    yield from rows.kernel("p and z of F at 235 375 elements", f, "scipy.stats")
    yield from rows.kernel("least squares of 100 maps in memory", fold, "numpy lstsq")
    yield rows.per_map("one map reduced", fold, "reduce_seconds")
    yield rows.per_map("one map merged", fold, "merge_seconds")


def startup(plan: Plan) -> Iterator[Row]:
    """Run imports, and the command's help."""
    ours, model, nilearn, command = alternate(
        [
            job("startup:import_time", module="secondlevel"),
            job("startup:import_time", module="secondlevel", name="SecondLevelModel"),
            job("startup:import_time", module="nilearn.glm.second_level"),
            job("startup:help_time"),
        ],
        plan.repeats,
    )
    yield rows.import_time(ours)
    yield rows.import_of_model(model, nilearn)
    yield rows.help_time(command)


SECTIONS: dict[str, Callable[[Plan], Iterator[Row]]] = {
    "nilearn": side_by_side,
    "alone": alone,
    "kernels": kernels,
    "startup": startup,
}
"""By the names that the command line has for them."""


def _once(function: str, **options: object) -> Repeats:
    return alternate([job(function, **options)], 1)[0]


def _simulate(plan: Plan, n_maps: int) -> None:
    job("simulate:simulate", folder=str(plan.folder), n_maps=n_maps).run()
