"""The sections of the table: which jobs run, and which rows are made of their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import rows
from peers import HIDDEN
from process import Job, alternate, job
from table import Row

NILEARN = "nilearn.glm.second_level"
"""Where its `SecondLevelModel` is."""


@dataclass(frozen=True)
class Plan:
    """How much is to be measured.

    Parameters
    ----------
    folder : Path
        Where the simulated maps are, or will be.
    peers : tuple of str
        What to compare with, of `peers.HIDDEN`.
    side_by_side, alone : tuple of int
        Numbers of maps, for the comparison with peers and for the package by itself.
    repeats : int
        How often a job of the package runs; those of peers, being slow, run once.
    """

    folder: Path
    peers: tuple[str, ...]
    side_by_side: tuple[int, ...] = (20, 50, 100)
    alone: tuple[int, ...] = (100, 400)
    repeats: int = 5

    def job(self, function: str, n_maps: int, **options: Any) -> Job:
        """Make a job on the first maps of the study."""
        return job(function, folder=str(self.folder), n_maps=n_maps, **options)


def side_by_side(plan: Plan) -> Iterator[Row]:
    """Run the whole job and one more contrast, with the package and with nilearn."""
    for n_maps in plan.side_by_side:
        plan.job("simulate:simulate", n_maps).run()
        for peer in plan.peers:
            yield from _whole_job(plan, n_maps, peer)


def alone(plan: Plan) -> Iterator[Row]:
    """Run fit alone, and the bare decompression of the same files."""
    fits = {}
    for n_maps in plan.alone:
        plan.job("simulate:simulate", n_maps).run()
        fits[n_maps], bare, sized = alternate(
            [
                plan.job("fitting:fit_alone", n_maps),
                plan.job("fitting:bare_decompression", n_maps, size_known=False),
                plan.job("fitting:bare_decompression", n_maps, size_known=True),
            ],
            plan.repeats,
        )
        yield rows.fit_alone(n_maps, fits[n_maps], bare)
        yield rows.fit_beside_sized(n_maps, fits[n_maps], sized)
        yield rows.peak_memory(f"fit, {n_maps} maps", fits[n_maps], bare, "bare decompression")
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
    yield rows.alone("one map reduced", fold, "reduce_seconds")
    yield rows.alone("one map merged", fold, "merge_seconds")


def claims(plan: Plan) -> Iterator[Row]:
    """Run what is claimed from a map of 235 375 elements, beside scipy, nilearn and `tfce`."""
    six, many, high, shares, tree, first = alternate(
        [
            job("enhancement:enhancement", connectivity=6),
            job("enhancement:enhancement", connectivity=26),
            job("graph:components", connectivity=26, threshold=0.0),
            job("true_discovery:clusters", thresholds="many"),
            job("true_discovery:all_resolutions"),
            job("enhancement:first_use"),
        ],
        plan.repeats,
    )
    for neighbours, runs in ((6, six), (26, many)):
        what = f"TFCE of one side, {neighbours} neighbours"
        yield from rows.kernel(what, runs, "tfce 0.1.0", rows.ENHANCEMENT)
        yield rows.not_slower(what, runs, "tfce 0.1.0")
        yield rows.apart(what, runs, "tfce 0.1.0")
    yield from rows.kernel(
        "components above 0, 26 neighbours", high, "scipy.ndimage", rows.COMPONENTS
    )
    what = "true discoveries of clusters, 3 thresholds"
    yield from rows.kernel(what, shares, "nilearn")
    yield rows.apart(what, shares, "nilearn")
    yield rows.alone("Hommel's value", tree, "hommel_seconds")
    yield rows.alone("true discoveries of all clusters at all thresholds", tree)
    yield rows.alone("first TFCE of all, kernels compiled", first)
    (table,) = alternate([job("clusters:cluster_tables")], 1)  # nilearn takes half a minute
    what = f"cluster table, {table.median('clusters'):.0f} clusters"
    yield from rows.kernel(what, table, "nilearn", rows.TABLE)


def fields(plan: Plan) -> Iterator[Row]:
    """Run the pass that measures smoothness, and what random fields and intervals take."""
    for n_maps in sorted({plan.side_by_side[0], plan.alone[0]}):
        plan.job("simulate:simulate", n_maps).run()
        (again,) = alternate([plan.job("random_field:further_pass", n_maps)], plan.repeats)
        yield from rows.further_pass(n_maps, again)
        (look,) = alternate([plan.job("quality:further_look", n_maps)], plan.repeats)
        yield from rows.further_pass(n_maps, look, "quality of maps")
        yield rows.alone(f"quality of {n_maps} maps in words", look, "judge_seconds")
    folder = str(plan.folder)
    rough, counts, answers = alternate(
        [
            job("random_field:roughness", folder=folder),
            job("random_field:prepare", folder=folder),
            job("random_field:answers", folder=folder),
        ],
        plan.repeats,
    )
    t_bounds, f_bounds = alternate([job("effect_size:t_bounds"), job("effect_size:f_bounds")], 1)
    yield from rows.kernel("differences of 8 maps for smoothness", rough, "numpy slices")
    yield rows.alone("resel counts of a mask", counts, "resel_seconds")
    yield rows.alone("field of t and its threshold", answers, "threshold_seconds")
    yield rows.alone("p and q of 10 000 peaks and clusters", answers)
    yield from rows.kernel("both bounds of effect sizes of t", t_bounds, "scipy.special")
    yield from rows.kernel("both bounds of partial R² of F(2, 97)", f_bounds, "scipy.special")


SHUFFLES = {"max": 1000, "clusters": 1000, "tfce": 200}
"""How many are timed."""

PEER_SHUFFLES = {"max": (20, 220), "clusters": (4, 44), "tfce": (2, 6)}
"""How few and how many nilearn does; the rest is reckoned."""

ASKED = {
    "max": "largest t",
    "clusters": "size and mass of clusters",
    "tfce": "TFCE of both sides",
    "uncorrected": "largest t and uncorrected p",
}
DESIGNS = {20: "one sample, 20 maps", 100: "two samples and age, 100 maps"}
UNUSUAL = {
    "v": "v of two variance groups",
    "F": "F of three rows",
    "nuisance": "t beside five covariates",
}


def permutation(plan: Plan) -> Iterator[Row]:
    """Run permutation tests, the package's and nilearn's, and what the package's take besides."""
    plan.job("simulate:simulate", max(DESIGNS)).run()
    for n_maps in (n_maps for n_maps in DESIGNS if n_maps in plan.side_by_side):
        for name in SHUFFLES:
            yield from _shuffles(plan, n_maps, name)
        for name, what in UNUSUAL.items():
            each = plan.job("permutation:further_shuffles", n_maps, what=name)
            (runs,) = alternate([each], plan.repeats)
            yield rows.alone(f"a shuffle of {what}, {n_maps} maps", runs)
    for name, what in ASKED.items():
        counts = (200, 2000)
        jobs = [plan.job("permutation:ours", 20, what=name, n_shuffles=count) for count in counts]
        runs = dict(zip(counts, alternate(jobs, 1), strict=True))
        yield rows.beyond_data(f"{what}, 20 maps", runs)
    (compared,) = alternate([plan.job("permutation:agreement", 20)], 1)
    yield rows.same("n_jobs 1 and 2, four batch sizes: largest difference", compared)
    small, drawn = alternate([job("permutation:small"), job("permutation:shuffles")], plan.repeats)
    yield rows.alone("permutation test of 20 maps of 100 elements, unshuffled", small)
    yield rows.alone("10 000 permutations of 100 maps drawn", drawn)
    yield rows.alone("12 870 permutations of 2 × 8 maps enumerated", drawn, "all_seconds")


def report(plan: Plan) -> Iterator[Row]:
    """Run reports of three contrasts, the package's and nilearn's, and save all results."""
    for n_maps in sorted({plan.side_by_side[0], plan.side_by_side[-1]}):
        plan.job("simulate:simulate", n_maps).run()
        each = partial(plan.job, "report:report", n_maps)
        (ours,) = alternate([each(package="secondlevel")], plan.repeats)
        (theirs,) = alternate([each(package=NILEARN)], 1)
        yield from rows.report(f"report of 3 contrasts, {n_maps} maps", ours, theirs)
        (saved,) = alternate([plan.job("report:saving", n_maps)], plan.repeats)
        answers = f"answers to 3 contrasts in full, {n_maps} maps"
        yield rows.alone(answers, saved, "results_seconds")
        yield rows.alone(f"{answers}, with page and files", saved)
        yield rows.alone(f"{answers}, loaded", saved, "load_seconds")


def startup(plan: Plan) -> Iterator[Row]:
    """Run imports, and the command's help."""
    ours, model, nilearn, command = alternate(
        [
            job("startup:import_time", module="secondlevel"),
            job("startup:import_time", module="secondlevel", name="SecondLevelModel"),
            job("startup:import_time", module=NILEARN),
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
    "claims": claims,
    "fields": fields,
    "permutation": permutation,
    "report": report,
    "startup": startup,
}
"""By the names that the command line has for them."""


def _shuffles(plan: Plan, n_maps: int, name: str) -> Iterator[Row]:
    """Run one question beside nilearn's answer with one job, which has BLAS threads, and with two.

    In turn, nilearn once, as it takes long.
    """
    n_shuffles, (few, many) = SHUFFLES[name], PEER_SHUFFLES[name]
    asked = partial(plan.job, n_maps=n_maps, what=name, n_shuffles=n_shuffles)
    (ours,) = alternate([asked("permutation:ours")], plan.repeats)
    one, two = alternate(
        [asked("permutation:nilearns", n_jobs=n, few=few, many=many) for n in (1, 2)], 1
    )
    what = f"{ASKED[name]}, {DESIGNS[n_maps]}, {n_shuffles} shuffles"
    yield rows.shuffles(name, what, ours, {1: one, 2: two})
    yield rows.beyond_data(f"{ASKED[name]}, {n_maps} maps", {n_shuffles: ours})


def _whole_job(plan: Plan, n_maps: int, peer: str) -> Iterator[Row]:
    """Run the whole job beside one peer, and compare the statistics."""
    with TemporaryDirectory() as scratch:
        ours, peers = str(Path(scratch, "ours.npy")), str(Path(scratch, "peers.npy"))
        run = partial(plan.job, "fitting:whole_job", n_maps, hidden=HIDDEN[peer])
        package = partial(run, package="secondlevel", statistics=ours)
        nilearn = partial(run, package=NILEARN, statistics=peers)
        two, one = alternate([package(n_jobs=2), package(n_jobs=1)], plan.repeats)
        (theirs,) = alternate([nilearn(n_jobs=2)], 1)
        compared = job("fitting:agreement", ours=ours, peers=peers).run()
    yield rows.whole_job(n_maps, 2, two, theirs, peer)
    yield rows.whole_job(n_maps, 1, one, theirs, peer)
    yield rows.peak_memory(f"fit + 3 contrasts, {n_maps} maps", two, theirs, peer)
    yield rows.further_contrast(n_maps, two, theirs, peer)
    yield rows.agreement(n_maps, compared, peer)
