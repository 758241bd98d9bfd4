"""How often permutation tests claim something of noise: family-wise error rates, simulated.

`python benchmarks/permutation_levels.py` draws data sets without effects (`null_data.py`), tests
each in the ways that the package offers, prints the share of data sets with a claim as tables, and
writes these and a figure into `docs/`. It takes about a quarter of an hour on two cores. Data set i
is the same on every machine.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import stats
from threadpoolctl import threadpool_limits
from tqdm import tqdm

import machine
from level_sections import MAIN, SECTIONS, STANDINGS, Choice, Section
from null_data import Drawn
from secondlevel.errors import PermutationWarning
from secondlevel.files import written_whole
from secondlevel.permutation.options import Options
from secondlevel.permutation.permute import permute

SEED = 34
SHUFFLES = 200
"""Of these 10 are 5 % and 2 are 1 %: an exact p reaches these levels as often as it says."""

CHUNK = 50
DOCS = Path(__file__).parents[1] / "docs"
PAGE = "permutation_levels.md"
BEGIN = "<!-- from here: python benchmarks/permutation_levels.py -->"
END = "<!-- up to here -->"
SCALE = (0.002, 1.0)
TICKS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

SIGNS = {"=": "", "~": " ≈", "!": " ✗"}
COLOURS = {"=": "#0072b2", "~": "#e69f00", "!": "#d55e00"}

HALF = 3
"""Sections in the left half of the figure."""


# ------------------------------------------------------------------ simulation


def claims(section: Section, drawn: Drawn, seed: int) -> list[bool]:
    """Whether each choice of a section claims something of one data set."""
    smallest: dict[tuple[int, str | None], dict[str, float]] = {}
    claimed = []
    for choice in section.choices:
        run = (id(choice.keywords), choice.given)
        if run not in smallest:
            smallest[run] = _smallest_p(choice, drawn, seed)
        claimed.append(smallest[run][choice.summary] <= choice.level)
    return claimed


def _smallest_p(choice: Choice, drawn: Drawn, seed: int) -> dict[str, float]:
    """The smallest family-wise p of one data set, by summary."""
    told = {} if choice.given is None else {choice.given: drawn.known[choice.given]}
    usual = {"n_perm": SHUFFLES, "batch_size": SHUFFLES, "random_state": seed}
    options = Options(**(usual | choice.keywords | told))
    result = permute(drawn.data, drawn.design, drawn.contrasts, options, graph=drawn.graph)
    names = result[0].summaries
    return {
        name: min(float(one.summaries[name].p.min()) for one in result.contrasts) for name in names
    }


def count(task: tuple[int, int, range]) -> tuple[int, int, Counts]:
    """Count the claims of a section's choices in some data sets of one kind.

    Parameters
    ----------
    task : tuple
        Numbers of the section, of the kind of data, and of the data sets, which are parts of the
        seed.
    """
    number, kind, sets = task
    section = SECTIONS[number]
    draw = list(section.data.values())[kind]
    counts = np.zeros(len(section.choices), dtype=np.int64)
    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings():
        warnings.simplefilter("error")
        # Where families of different sizes have different means, no permutation sees that; and not
        # to each null can a tail be fitted. Both shall be among what is counted.
        warnings.simplefilter("ignore", PermutationWarning)
        for data_set in sets:
            rng = np.random.default_rng([SEED, number, kind, data_set])
            counts += claims(section, draw(rng), int(rng.integers(2**62)))
    return number, kind, counts


def simulate(n_sets: int, jobs: int | None) -> list[Floats]:
    """Share of data sets with a claim: for every section an array of shape (choices, kinds)."""
    counts = [np.zeros((len(one.choices), len(one.data)), dtype=np.int64) for one in SECTIONS]
    tasks = [
        (number, kind, range(start, min(start + CHUNK, n_sets)))
        for number, section in enumerate(SECTIONS)
        for kind in range(len(section.data))
        for start in range(0, n_sets, CHUNK)
    ]
    with ProcessPoolExecutor(jobs) as workers:
        for number, kind, found in tqdm(workers.map(count, tasks), total=len(tasks)):
            counts[number][:, kind] += found
    return [part / n_sets for part in counts]


def interval(level: float, n_sets: int) -> tuple[float, float]:
    """Where the share of claims lies with 95 % probability if the level is held exactly."""
    low, high = stats.binom.interval(0.95, n_sets, level)
    return low / n_sets, high / n_sets


# ------------------------------------------------------------------ page and figure


def as_page(shares: list[Floats], n_sets: int) -> str:
    """Write the tables, with what is to be said before them."""
    bounds = {level: interval(level, n_sets) for level in (0.05, 0.01)}
    low, high = bounds[0.05]
    n_exact, n_inside = _count_inside(shares, n_sets)
    said = (
        f"Share of {n_sets} data sets without effects in which something is claimed at a "
        f"family-wise error rate of 5 %, by {SHUFFLES} shuffles.\n"
        f"Where the rate is exact, 95 % of such shares lie from {low:.4f} to {high:.4f} (at 1 %: "
        f"from {bounds[0.01][0]:.4f} to {bounds[0.01][1]:.4f}); of the {n_exact} here that are "
        f"exact {n_inside} do.\n"
        "**Bold**: outside. ≈: only approximate, see below. ✗: not valid for such data; shown for "
        "what it does."
    )
    lines = [said]
    for section, part in zip(SECTIONS, shares, strict=True):
        lines += ["", f"### {section.title}", "", *([section.text, ""] if section.text else [])]
        lines += [_row(["", *section.data]), _row(["---"] * (1 + len(section.data)))]
        for choice, rates in zip(section.choices, part, strict=True):
            cells = [
                _cell(rate, bounds[choice.level], sign)
                for rate, sign in zip(rates, choice.standing, strict=True)
            ]
            lines.append(_row([choice.name, *cells]))
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(rate: float, bounds: tuple[float, float], sign: str) -> str:
    inside = bounds[0] <= rate <= bounds[1]
    return (f"{rate:.4f}" if inside else f"**{rate:.4f}**") + SIGNS[sign]


def _count_inside(shares: list[Floats], n_sets: int) -> tuple[int, int]:
    """Number of exact rates, and of those inside their interval."""
    inside = [
        low <= rate <= high
        for section, part in zip(SECTIONS, shares, strict=True)
        for choice, rates in zip(section.choices, part, strict=True)
        for low, high in [interval(choice.level, n_sets)]
        for rate, sign in zip(rates, choice.standing, strict=True)
        if sign == "="
    ]
    return len(inside), sum(inside)


def draw_figure(shares: list[Floats], n_sets: int) -> Figure:
    """Draw the rates at 5 %, cell by cell, beside the interval where exact ones should lie."""
    figure = Figure(figsize=(13.0, 9.5), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    halves = figure.subplots(1, 2, sharex=True)
    for axes, numbers in zip(halves, (range(HALF), range(HALF, len(SECTIONS))), strict=True):
        _draw_half(axes, [(SECTIONS[number], shares[number]) for number in numbers])
        axes.axvspan(*interval(0.05, n_sets), color="0.88", zorder=0)
        axes.axvline(0.05, color="0.6", lw=0.8, zorder=0)
    for sign, standing in STANDINGS.items():
        halves[0].plot([], [], "o", ms=5, color=COLOURS[sign], label=standing)
    figure.supxlabel(f"share of {n_sets} data sets in which something is claimed at 5 %")
    figure.legend(loc="outside upper center", ncols=3, fontsize=9, frameon=False)
    return figure


def _draw_half(axes: Axes, sections: list[tuple[Section, Floats]]) -> None:
    """Draw some sections below one another, one line a cell."""
    labels: list[str] = []
    for section, part in sections:
        axes.text(SCALE[0], len(labels), f" {section.title}", weight="bold", va="center", size=8)
        labels.append("")
        for choice, rates in zip(section.choices, part, strict=True):
            if choice.level != MAIN:
                continue
            for kind, rate, sign in zip(section.data, rates, choice.standing, strict=True):
                place = np.clip(rate, *SCALE)
                axes.plot(place, len(labels), "o", ms=4, color=COLOURS[sign], clip_on=False)
                labels.append(f"{choice.name.replace('`', '')}: {kind}")
    axes.set_yticks(range(len(labels)), labels, size=6.5)
    axes.tick_params(axis="y", length=0)
    axes.set(xscale="log", xlim=SCALE, ylim=(len(labels) - 0.3, -0.7))
    axes.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS], size=8)
    axes.minorticks_off()
    axes.spines[["top", "right", "left"]].set_visible(False)


def main() -> int:
    """Simulate, print the tables, write tables and figure."""
    parser = argparse.ArgumentParser(description="Simulate error rates of permutation tests.")
    parser.add_argument("--sets", type=int, default=2000, metavar="N")
    parser.add_argument("--jobs", type=int, metavar="N", help="processes; by default all cores")
    parser.add_argument("--out", type=Path, default=DOCS, metavar="DIR")
    options = parser.parse_args()
    shares = simulate(options.sets, options.jobs)
    tables = as_page(shares, options.sets)
    print(f"{machine.description()}\n\n{tables}")
    before, _, rest = (DOCS / PAGE).read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    with written_whole(options.out / PAGE) as path:
        path.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}", encoding="utf-8")
    with written_whole(options.out / "pictures" / "permutation_levels.png") as path:
        draw_figure(shares, options.sets).savefig(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
