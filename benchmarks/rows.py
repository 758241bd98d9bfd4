"""Numbers to rows: units, ratios, and what is to be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from process import Numbers, Repeats
from table import Row, Target

LEGEND = (
    "Every job ran in an interpreter of its own, imports before the clock. Times and their ratios: "
    "median, in brackets the best where a job ran several times. Memory: largest peak of the "
    "process, in brackets how much of it came after the imports."
)

WHOLE_JOB = {20: Target("≥", 10, "×"), 100: Target("≥", 80, "×")}
FURTHER_CONTRAST = Target("≤", 0.4, "s")
FIT = {100: Target("≤", 2.5, "×"), 400: Target("≤", 2, "×")}
MEMORY_GROWTH = Target("≤", 100, "MB")
IMPORT = Target("≤", 0.2, "s")
HELP = Target("≤", 0.5, "s")
AGREEMENT = Target("≤", 1e-6, "")
TABLE = Target("≤", 0.3, "s")
COMPONENTS = Target("≤", 0.02, "s")
ENHANCEMENT = Target("≤", 0.04, "s")
NOT_SLOWER = Target("≥", 1, "×")
SHUFFLES = {
    "max": Target("≥", 20, "×"),
    "clusters": Target("≥", 15, "×"),
    "tfce": Target("≥", 80, "×"),
}
BEYOND_DATA = Target("≤", 300, "MB")
SAME = Target("≤", 0, "")
REPORT = Target("≤", 10, "s")
PAGE = Target("≤", 6, "MB")


def whole_job(n_maps: int, n_jobs: int, ours: Repeats, peer: Repeats, peer_name: str) -> Row:
    """Make the row of fit and three contrasts; the target is that of two threads."""
    ratio = _ratio(peer, ours)
    return Row(
        f"fit + 3 contrasts, {n_maps} maps, n_jobs={n_jobs}",
        _seconds(ours),
        f"{peer_name} {_seconds(peer)}",
        f"{ratio:.1f} ×",
    ).judged(WHOLE_JOB.get(n_maps) if n_jobs == 2 else None, ratio)


def further_contrast(n_maps: int, ours: Repeats, peer: Repeats, peer_name: str) -> Row:
    """Make the row of one more contrast with all five outputs."""
    number = "further_seconds"
    return Row(
        f"one more contrast, {n_maps} maps, all outputs",
        _seconds(ours, number),
        f"{peer_name} {_seconds(peer, number)}",
        f"{_ratio(peer, ours, number):.1f} ×",
    ).judged(FURTHER_CONTRAST, ours.median(number))


def agreement(n_maps: int, compared: Numbers, peer_name: str) -> Row:
    """Make the row of the largest relative difference of t from nilearn's."""
    largest = compared["largest"]
    return Row(
        f"largest relative difference of t, {n_maps} maps",
        f"{largest:.1e}",
        f"{peer_name}, {compared['compared']:.0f} with |t| > 1",
    ).judged(AGREEMENT, largest)


def fit_alone(n_maps: int, fit: Repeats, bare: Repeats) -> Row:
    """Make the row of a fit beside bare decompression."""
    per_map = f"{1000 * fit.median('seconds') / n_maps:.1f} ms per map"
    return Row(
        f"fit, {n_maps} maps, n_jobs=2",
        f"{_seconds(fit)}, {per_map}",
        f"bare decompression {_seconds(bare)}",
        _both_ratios(fit, bare),
    ).judged(FIT.get(n_maps), _ratio(fit, bare))


def fit_beside_sized(n_maps: int, fit: Repeats, sized: Repeats) -> Row:
    """Make the row of the same fit beside decompression that knows how much will come out."""
    return Row(
        f"the same fit, {n_maps} maps",
        _seconds(fit),
        f"bare, size known {_seconds(sized)}",
        _both_ratios(fit, sized),
    )


def peak_memory(what: str, ours: Repeats, peer: Repeats, peer_name: str) -> Row:
    """Make the row of two jobs' peak memory, and what of it came after the imports."""
    ratio = ours.highest("peak") / peer.highest("peak")
    return Row(
        f"{what}: peak memory", _memory(ours), f"{peer_name} {_memory(peer)}", f"{ratio:.2f} ×"
    )


def memory_growth(fits: Mapping[int, Repeats]) -> Row:
    """Make the row of how peak memory grows from the fewest maps to the most."""
    fewest, most = min(fits), max(fits)
    growth = fits[most].highest("peak") - fits[fewest].highest("peak")
    what = f"fit: peak memory at {most} maps less that at {fewest}"
    return Row(what, f"{growth:.0f} MB").judged(MEMORY_GROWTH, growth)


def kernel(what: str, runs: Repeats, peer_name: str, target: Target | None = None) -> Iterator[Row]:
    """Make the rows of a numeric function: its time, and the memory beyond its input."""
    seconds = Row(
        what,
        _seconds(runs),
        f"{peer_name} {_seconds(runs, 'peer_seconds')}",
        f"{_times_faster(runs):.2f} ×",
    )
    yield seconds.judged(target, runs.median("seconds"))
    ours, theirs = runs.highest("memory"), runs.highest("peer_memory")
    yield Row(
        f"{what}: memory",
        f"{ours:.0f} MB",
        f"{peer_name} {theirs:.0f} MB",
        f"{ours / theirs:.2f} ×",
    )


def not_slower(what: str, runs: Repeats, peer_name: str) -> Row:
    """Make the row of a peer that must not be faster."""
    ratio = _times_faster(runs)
    return Row(f"{what}: not slower", "", peer_name, f"{ratio:.2f} ×").judged(NOT_SLOWER, ratio)


def apart(what: str, runs: Repeats, peer_name: str) -> Row:
    """Make the row of the largest difference from a peer's values."""
    largest = runs.highest("largest")
    row = Row(f"{what}: largest difference, of the largest value", f"{largest:.1e}", peer_name)
    return row.judged(AGREEMENT, largest)


def alone(what: str, runs: Repeats, number: str = "seconds") -> Row:
    """Make the row of what has no peer."""
    return Row(what, _seconds(runs, number))


def further_pass(n_maps: int, runs: Repeats, what: str = "smoothness_") -> Iterator[Row]:
    """Make the rows of a further pass over the maps, beside the fit before it."""
    fit = "peer_seconds"
    yield Row(
        f"{what}, {n_maps} maps, n_jobs=2",
        _seconds(runs),
        f"the fit before it {_seconds(runs, fit)}",
        f"{runs.median('seconds') / runs.median(fit):.2f} ×",
    )
    grown = runs.highest("peak") - runs.median("imported")
    yield Row(f"{what}, {n_maps} maps: memory beyond that of the fit", f"{grown:.0f} MB")


def shuffles(name: str, what: str, ours: Repeats, peers: Mapping[int, Repeats]) -> Row:
    """Make the row of a permutation test beside nilearn's with the faster number of jobs."""
    n_jobs, peer = min(peers.items(), key=lambda item: item[1].median("seconds"))
    ratio = _ratio(peer, ours)
    each = f"{_duration(peer.median('each'))} a shuffle"
    beside = f"nilearn, n_jobs={n_jobs}, {_seconds(peer)} by {each}"
    return Row(what, _seconds(ours), beside, f"{ratio:.1f} ×").judged(SHUFFLES[name], ratio)


def beyond_data(what: str, runs: Mapping[int, Repeats]) -> Row:
    """Make the row of what permutation tests take beside the maps, by numbers of shuffles."""
    grown = [one.highest("peak") - one.median("imported") for one in runs.values()]
    counts = " and ".join(f"{count}" for count in runs)
    row = Row(
        f"{what}: memory beyond the maps, {counts} shuffles",
        " and ".join(f"{size:.0f} MB" for size in grown),
    )
    return row.judged(BEYOND_DATA, max(grown))


def same(what: str, compared: Repeats) -> Row:
    """Make the row of the largest difference between results that should be equal."""
    largest = compared.highest("largest")
    row = Row(what, f"{largest:.1g}", f"{compared.median('compared'):.0f} numbers")
    return row.judged(SAME, largest)


def report(what: str, ours: Repeats, peer: Repeats) -> Iterator[Row]:
    """Make the rows of a report beside nilearn's: its time, the size of its page."""
    yield Row(
        what, _seconds(ours), f"nilearn {_seconds(peer)}", f"{_ratio(peer, ours):.2f} ×"
    ).judged(REPORT, ours.median("seconds"))
    page, theirs = ours.median("page"), peer.median("page")
    yield Row(f"{what}: page", f"{page:.2f} MB", f"nilearn {theirs:.2f} MB").judged(PAGE, page)
    yield peak_memory(what, ours, peer, "nilearn")


def import_time(ours: Repeats) -> Row:
    """Make the row of `import secondlevel`."""
    return Row("import secondlevel", _seconds(ours)).judged(IMPORT, ours.median("seconds"))


def import_of_model(ours: Repeats, peer: Repeats) -> Row:
    """Make the row of importing the model, which loads what it needs."""
    return Row(
        "from secondlevel import SecondLevelModel",
        _seconds(ours),
        f"nilearn {_seconds(peer)}",
        f"{_ratio(peer, ours):.1f} ×",
    )


def help_time(command: Repeats) -> Row:
    """Make the row of the command's help."""
    return Row("secondlevel --help", _seconds(command)).judged(HELP, command.median("seconds"))


def _times_faster(runs: Repeats) -> float:
    return runs.median("peer_seconds") / runs.median("seconds")


def _ratio(above: Repeats, below: Repeats, number: str = "seconds") -> float:
    return above.median(number) / below.median(number)


def _both_ratios(above: Repeats, below: Repeats) -> str:
    best = above.lowest("seconds") / below.lowest("seconds")
    return f"{_ratio(above, below):.2f} × ({best:.2f} ×)"


def _seconds(repeats: Repeats, number: str = "seconds") -> str:
    median = _duration(repeats.median(number))
    return median if len(repeats.runs) == 1 else f"{median} ({_duration(repeats.lowest(number))})"


def _duration(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 0.1 else f"{1000 * seconds:.3g} ms"


def _memory(repeats: Repeats) -> str:
    peak = repeats.highest("peak")
    return f"{peak:.0f} MB (+{peak - repeats.median('imported'):.0f})"
