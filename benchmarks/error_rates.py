"""How often something is claimed of noise: family-wise error rates, simulated.

`python benchmarks/error_rates.py` draws 2 000 maps of smooth Gaussian noise in the MNI152 brain
mask at 2 mm, asks of each what the package would claim at several nominal levels, prints the share
of maps with a false claim as a table, and writes the table and a figure of it into `docs/`. It
takes some minutes on two cores. Map i is the same on every machine.

The noise is white noise smoothed by a Gaussian of 6 mm FWHM, on a grid that closes on itself, so
its variance is 1 and its smoothness known. For the last row half of the elements carry an effect;
an error there is a region, of all components of the map at all thresholds, with more true
discoveries claimed than there are.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from nilearn.datasets import load_mni152_brain_mask
from numpy.typing import NDArray
from scipy import stats
from scipy.ndimage import gaussian_filter
from tqdm import tqdm

import machine
from secondlevel.errors import RandomFieldWarning
from secondlevel.files import written_whole
from secondlevel.graph.adjacency import Graph
from secondlevel.graph.components import find_components
from secondlevel.graph.lattice import Lattice
from secondlevel.graph.tree import build_tree
from secondlevel.inference.hommel import closed_testing, hommel_value
from secondlevel.inference.kernels import count_late
from secondlevel.inference.normal import height_of, upper_p
from secondlevel.inference.random_field import RandomField
from secondlevel.inference.roughness import smoothness_of_fwhm

SEED = 33
RESOLUTION = 2  # mm
FWHM = 6.0  # mm
TRUNCATE = 4.0  # standard deviations
LEVELS = (0.01, 0.02, 0.05, 0.1, 0.2)
FORMING = (0.001, 0.01)
"""p of the cluster-forming thresholds."""

DOCS = Path(__file__).parents[1] / "docs"
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CLAIMS = (
    "peak, Bonferroni",
    "peak, random field",
    "peak, smaller of both",
    *(f"cluster extent, formed at p = {p:g}" for p in FORMING),
    "true discoveries",
    "true discoveries, effects in half of the map",
)


@dataclass(frozen=True, eq=False)
class Region:
    """The search region, and what its noise is like."""

    mask: Flags
    graph: Graph
    field: RandomField
    effect: Floats


@lru_cache(maxsize=1)
def region() -> Region:
    """Prepare whatever does not depend on the map."""
    image = load_mni152_brain_mask(resolution=RESOLUTION)
    mask = np.asarray(image.dataobj) > 0
    lattice = Lattice(mask, image.affine)
    apart = np.sqrt(4.0 * np.log(2.0) / (2.0 - 2.0 * neighbours_correlation()))
    smoothness = smoothness_of_fwhm([lattice], RESOLUTION * apart)
    shape = _smooth(np.random.default_rng(SEED).standard_normal(mask.shape), width=5.0)[mask]
    effect = np.where(shape > np.median(shape), 1.5 * np.abs(shape) / shape.std(), 0.0)
    return Region(mask, lattice.graph(26), RandomField(smoothness, "z"), effect)


def neighbours_correlation() -> float:
    """Correlation between neighbouring voxels of the noise, from the kernel itself."""
    impulse = np.zeros(101)
    impulse[50] = 1.0
    kernel = _smooth(impulse)
    return float(kernel[1:] @ kernel[:-1] / (kernel @ kernel))


def _smooth(white: Floats, width: float = FWHM / RESOLUTION / np.sqrt(8.0 * np.log(2.0))) -> Floats:
    """Smooth white noise, and bring its variance to 1."""
    impulse = np.zeros(101)
    impulse[50] = 1.0
    kernel = gaussian_filter(impulse, width, truncate=TRUNCATE)
    smooth = gaussian_filter(white, width, mode="wrap", truncate=TRUNCATE)
    return np.asarray(smooth / np.linalg.norm(kernel) ** white.ndim)


def claims(number: int) -> Flags:
    """Which claims of one map of noise are false, shape (claims, levels).

    Parameters
    ----------
    number : int
        Of the map: the second half of its seed.
    """
    place = region()
    white = np.random.default_rng([SEED, number]).standard_normal(place.mask.shape)
    z = _smooth(white)[place.mask]
    levels = np.array(LEVELS)
    peak = np.array([z.max()])
    with warnings.catch_warnings():
        # That a lax threshold forms too many clusters is what shall be seen.
        warnings.simplefilter("ignore", RandomFieldWarning)
        extents = [_cluster_p(place, z, forming) for forming in FORMING]
    p_values = [
        place.field.peak_p_bonferroni(peak)[0],
        place.field.peak_p_field(peak)[0],
        place.field.peak_p(peak)[0],
        *extents,
    ]
    p = upper_p(z)
    found = [hommel_value(p, level) < len(p) for level in LEVELS]
    overclaimed = _overclaims(place, z + place.effect)
    return np.array([*(p_value <= levels for p_value in p_values), found, overclaimed])


def _cluster_p(place: Region, z: Floats, forming: float) -> float:
    """Family-wise p of the largest cluster; 1 where there is none."""
    threshold = height_of(forming)
    components = find_components(place.graph, z >= threshold)
    if not components.n_components:
        return 1.0
    p = place.field.cluster_p([components.counts.max()], threshold)
    return 1.0 if p is None else float(p[0])


def _overclaims(place: Region, z: Floats) -> list[bool]:
    """Whether some component, at some threshold, has fewer true effects than claimed; by level."""
    p, tree = upper_p(z), build_tree(place.graph, z)
    true = tree.sums((place.effect > 0).astype(np.float64))
    errors = []
    for level in LEVELS:
        slots = closed_testing(p, level).steps[tree.order] - np.int32(1)
        errors.append(bool((count_late(tree.parent, tree.counts, slots) > true).any()))
    return errors


def interval(level: float, n_maps: int) -> tuple[float, float]:
    """Where the share of false claims lies with 95 % probability if the level is held exactly."""
    low, high = stats.binom.interval(0.95, n_maps, level)
    return low / n_maps, high / n_maps


def as_table(shares: Floats, n_maps: int) -> str:
    """Shares of maps with a false claim, as markdown; what exceeds its interval is in bold."""
    head = ["claim", *(f"{level:g}" for level in LEVELS)]
    lines = [head, ["---"] * len(head)]
    for claim, row in zip(CLAIMS, shares, strict=True):
        cells = [
            f"**{share:.4f}**" if share > interval(level, n_maps)[1] else f"{share:.4f}"
            for share, level in zip(row, LEVELS, strict=True)
        ]
        lines.append([claim, *cells])
    bounds = [interval(level, n_maps) for level in LEVELS]
    lines.append(["*binomial interval*", *(f"{low:.4f} – {high:.4f}" for low, high in bounds)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def heading(n_maps: int) -> str:
    """What the page says before the table."""
    return (
        "# False claims on noise\n\n"
        f"Share of {n_maps} maps of smooth Gaussian noise ({FWHM:g} mm FWHM, MNI152 mask at "
        f"{RESOLUTION} mm) with a false claim,\nby nominal family-wise error rate. Bold: above the "
        "interval in which 95 % of such shares lie where the rate is exact.\n"
        "Written by `python benchmarks/error_rates.py`."
    )


def draw(shares: Floats, n_maps: int) -> Figure:
    """Draw the shares over the nominal levels, on the band where they should lie."""
    figure = Figure(figsize=(7.2, 4.6), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    low, high = np.array([interval(level, n_maps) for level in LEVELS]).T
    axes.fill_between(LEVELS, low, high, color="0.85", label="level ± binomial interval (95 %)")
    axes.plot(LEVELS, LEVELS, color="0.5", lw=1)
    colours = ("#999999", "#56b4e9", "#0072b2", "#d55e00", "#e69f00", "#009e73", "#cc79a7")
    for claim, row, colour, marker in zip(CLAIMS, shares, colours, "vosD^Ph", strict=True):
        axes.plot(
            LEVELS, np.maximum(row, 0.4 / n_maps), marker=marker, ms=5, color=colour, label=claim
        )
    axes.set(xscale="log", yscale="log", xlabel="nominal family-wise error rate")
    axes.set_ylabel(f"maps with a false claim, of {n_maps}")
    axes.set_xticks(LEVELS, [f"{level:g}" for level in LEVELS])
    ticks = (0.001, 0.01, 0.02, 0.05, 0.1, 0.2)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure


def main() -> int:
    """Simulate, print the table, write table and figure."""
    parser = argparse.ArgumentParser(description="Simulate family-wise error rates on noise.")
    parser.add_argument("--maps", type=int, default=2000, metavar="N")
    parser.add_argument("--jobs", type=int, metavar="N", help="processes; by default all cores")
    parser.add_argument("--out", type=Path, default=DOCS, metavar="DIR")
    options = parser.parse_args()
    with ProcessPoolExecutor(options.jobs) as workers:
        numbers = range(options.maps)
        drawn = tqdm(workers.map(claims, numbers, chunksize=10), total=options.maps, unit="map")
        shares = np.mean(list(drawn), axis=0)
    page = f"{heading(options.maps)}\n\n{as_table(shares, options.maps)}\n"
    print(f"{machine.description()}\n\n{page}")
    with written_whole(options.out / "error_rates.md") as path:
        path.write_text(page, encoding="utf-8")
    with written_whole(options.out / "pictures" / "error_rates.png") as path:
        draw(shares, options.maps).savefig(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
