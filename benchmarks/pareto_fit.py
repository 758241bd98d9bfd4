"""How Pareto tails of a null do: what their misfit is by chance, and what their p are worth.

`python benchmarks/pareto_fit.py` prints two things, seeded, in some minutes on two cores.

The table of misfits that `secondlevel.permutation.nulls.pareto` holds: quantiles of the
Anderson–Darling statistic of 100 000 samples of every size and shape, each measured as the package
measures it.

What a p from the tail is worth, where the maxima follow laws whose p are known: N - 1 maxima are
drawn, and one more that is as high as a true p of 1e-2 … 1e-6 has it, the observed one. Printed
are the median of log10 p of the tail, and its root mean square distance from the truth; and how
often a p of alpha or less is claimed of noise, as a ratio to alpha: as the package does it, and
with the observed maximum left out of the fit. Counted p are among them where no tail fits.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from secondlevel.permutation.nulls.pareto import Pareto, misfit
from secondlevel.permutation.nulls.tail import tail_p

SEED = 35
SAMPLES = 100_000
SIZES = (50, 500)
SHAPES = (-1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0)
CHANCES = (0.5, 0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001)

DRAWS = 250
SHUFFLES = (200, 500, 1000, 2000, 5000, 10_000)
LEVELS = (0.05, 1e-2, 1e-3, 1e-4, 1e-5)
TRUE_P = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
GRID = 10.0 ** np.linspace(-7.0, -0.6, 33)

Floats = NDArray[np.float64]
Law = Callable[[ArrayLike], Floats]


def _each(p: ArrayLike, n: int = 1000) -> Floats:
    """Return p of one of n independent elements, where that of their maximum is p."""
    return -np.expm1(np.log1p(-np.asarray(p)) / n)


LAWS: dict[str, Law] = {
    "largest of 1 000 z": lambda p: -special.ndtri(_each(p)),
    "largest of 1 000 t(8)": lambda p: stats.t.isf(_each(p), 8),
    "largest of 1 000 F(2, 30)": lambda p: stats.f.isf(_each(p), 2, 30),
    "largest of 1 000 r²": lambda p: stats.beta.isf(_each(p), 0.5, 10),
    "Gumbel": lambda p: -np.log(-np.log1p(-np.asarray(p))),
    "exponential": lambda p: -np.log(p),
    "largest of 1 000 uniform": lambda p: 1.0 - _each(p),
}
"""Heights that maxima reach with probability p."""


def misfits(size: int, shape: float) -> Floats:
    """Quantiles of the misfit of samples that are Pareto, shape (chances,)."""
    rng = np.random.default_rng([SEED, size, SHAPES.index(shape)])
    drawn = np.empty(SAMPLES)
    for i in range(SAMPLES):
        logs = np.log(rng.random(size))
        excesses = np.expm1(-shape * logs) / shape if shape else -logs
        drawn[i] = misfit(np.sort(excesses))[0]
    return np.quantile(drawn, 1.0 - np.array(CHANCES))


def tails(law: str, n_shuffles: int) -> tuple[Floats, Floats, Floats, float]:
    """What p of the tail are beside true ones.

    Returns
    -------
    logs : array of shape (DRAWS, len(GRID))
        log10 p of an observed maximum, for each true p of the grid.
    claims, left_out : arrays of shape (len(LEVELS),)
        Share of noise with p of the level or less, divided by the level; the same of tails that
        were fitted without the observed maximum.
    fitted : float
        Share of the draws in which a tail was fitted.
    """
    rng = np.random.default_rng([SEED, list(LAWS).index(law), n_shuffles])
    heights = LAWS[law](GRID)
    logs, left_out, fitted = np.empty((DRAWS, len(GRID))), np.empty((DRAWS, len(GRID))), 0
    for i in range(DRAWS):
        others = LAWS[law](rng.random(n_shuffles))
        for j, height in enumerate(heights):
            found = tail_p(np.append(others[1:], height), height)
            logs[i, j] = np.log10(found.p)
            fitted += found.tail is not None
        with np.errstate(divide="ignore"):
            left_out[i] = np.log10(_without_observed(others, heights))
    return logs, _claims(logs), _claims(left_out), fitted / logs.size


def _without_observed(others: Floats, heights: Floats) -> Floats:
    """Return p by a tail of the random shuffles alone, 0 from its end on."""
    found = tail_p(others, heights)
    if found.tail is None:
        return found.p
    excess = np.maximum(heights - found.tail.threshold, 0.0)
    beyond = Pareto(found.tail.shape, found.tail.scale).survival(excess)
    share = found.tail.n_exceedances / found.tail.n_shuffles
    return np.where(excess > 0.0, share * beyond, found.p)


def _claims(logs: Floats) -> Floats:
    return np.array([_claimed(logs, level) / level for level in LEVELS])


def _claimed(logs: Floats, level: float) -> float:
    """Share of noise that gets this p or less: the true p, of which noise has all alike, at it."""
    reached = np.log10(level)
    at = [
        10.0 ** np.interp(reached, np.maximum.accumulate(row), np.log10(GRID))
        if row[0] <= reached
        else 0.0
        for row in logs
    ]
    return float(np.mean(at))


def main() -> None:
    """Print both."""
    with ProcessPoolExecutor(2) as workers:
        _print_misfits(workers)
        _print_tails(workers)


def _print_misfits(workers: ProcessPoolExecutor) -> None:
    cells = [(size, shape) for size in SIZES for shape in SHAPES]
    print("misfit by chance:", CHANCES)
    for (size, shape), row in zip(
        cells, workers.map(misfits, *zip(*cells, strict=True)), strict=True
    ):
        print(f"{size:4d} {shape:5.2f}", *(f"{value:.3f}," for value in row))


def _print_tails(workers: ProcessPoolExecutor) -> None:
    cells = [(law, n_shuffles) for law in LAWS for n_shuffles in SHUFFLES]
    print("\nlog10 p of the tail: median ± root mean square distance, for true p", TRUE_P)
    print("claims of noise as a ratio to alpha, for alpha", LEVELS)
    for (law, n_shuffles), (logs, claims, left_out, fitted) in zip(
        cells, workers.map(tails, *zip(*cells, strict=True)), strict=True
    ):
        columns = [int(np.argmin(np.abs(np.log(GRID / p)))) for p in TRUE_P]
        errors = logs[:, columns] - np.log10(TRUE_P)
        rms = np.sqrt((errors**2).mean(axis=0))
        accuracy = [
            f"{middle:5.2f} ± {error:.2f}"
            for middle, error in zip(np.median(logs[:, columns], axis=0), rms, strict=True)
        ]
        ratios = [" ".join(f"{ratio:.2f}" for ratio in row) for row in (claims, left_out)]
        print(f"{law:26s}{n_shuffles:6d}", *accuracy, "|", " | left out ".join(ratios), end="")
        print(f" | fitted {fitted:.3f}")


if __name__ == "__main__":
    main()
