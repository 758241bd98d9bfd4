"""Data without effects: maps of noise in the designs that permutation tests are asked about.

Every function draws one data set. Its maps have 100 elements, neighbours in a chain, of correlation
0.7 from one to the next; or, where clusters matter, 20 × 20 in a plane, smoothed. What is tested
has no effect anywhere; nuisance has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special
from scipy.ndimage import gaussian_filter

from secondlevel.design.contrast import Contrast, make_contrast
from secondlevel.design.matrix import Design
from secondlevel.graph.adjacency import Graph
from secondlevel.graph.lattice import Lattice

N_ELEMENTS = 100
CORRELATION = 0.7
SIDE = 20
"""Of the plane, in elements."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROOT = np.linalg.cholesky(linalg.toeplitz(CORRELATION ** np.arange(N_ELEMENTS)))
PLANE = Lattice(np.ones((SIDE, SIDE, 1), dtype=bool), np.eye(4)).graph(6)


@dataclass(frozen=True, eq=False)
class Drawn:
    """One data set, and what one may know of it.

    Parameters
    ----------
    data : array of shape (n, V)
    design : Design
    contrasts : tuple of Contrast
        None of which has an effect.
    known : dict
        Exchangeability blocks and variance groups, by the keyword that takes them.
    graph : Graph or None
    """

    data: Floats
    design: Design
    contrasts: tuple[Contrast, ...]
    known: dict[str, Any] = field(default_factory=dict)
    graph: Graph | None = None


Draw = Callable[[np.random.Generator], Drawn]


def _normal(z: Floats) -> Floats:
    return z


def _heavy(z: Floats) -> Floats:
    """Student's t with 3 degrees of freedom."""
    return np.asarray(special.stdtrit(3.0, special.ndtr(z)))


def _skewed(z: Floats) -> Floats:
    """An exponential distribution about its mean."""
    return np.asarray(-special.log_ndtr(-z) - 1.0)


SHAPES = {"normal": _normal, "t(3)": _heavy, "exponential": _skewed}


def noise(rng: np.random.Generator, n: int, shape: str = "normal") -> Floats:
    """Draw n independent maps of correlated elements, of mean 0."""
    return SHAPES[shape](rng.standard_normal((n, N_ELEMENTS)) @ ROOT.T)


def _design(**columns: Floats) -> Design:
    return Design(np.column_stack(list(columns.values())), list(columns))


def _groups(sizes: Sequence[int]) -> tuple[Ints, Design]:
    """Group of every map, and a design of one mean for each: a, b, …."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    return group, Design(np.eye(len(sizes))[group], list("abcdef"[: len(sizes)]))


# ------------------------------------------------------------------ independent maps


def one_mean(n: int, shape: str) -> Draw:
    """One group, whose mean is 0."""
    design = _design(mean=np.ones(n))
    asked = (make_contrast("mean", design),)
    return lambda rng: Drawn(noise(rng, n, shape), design, asked)


def two_groups(sizes: Sequence[int], shape: str = "normal", sds: Sequence[float] = (1, 1)) -> Draw:
    """Two groups of one mean, and perhaps not of one variance."""
    group, design = _groups(sizes)
    asked = (make_contrast("b - a", design),)
    sd = np.repeat(sds, sizes)[:, None]
    known = {"variance_groups": group}
    return lambda rng: Drawn(sd * noise(rng, len(sd), shape), design, asked, known)


def three_groups(sizes: Sequence[int], shape: str, sds: Sequence[float] = (1, 1, 1)) -> Draw:
    """Three groups of one mean; asked with F."""
    group, design = _groups(sizes)
    asked = (make_contrast(["b - a", "c - a"], design),)
    sd = np.repeat(sds, sizes)[:, None]
    known = {"variance_groups": group}
    return lambda rng: Drawn(sd * noise(rng, len(sd), shape), design, asked, known)


def three_pairs(sizes: Sequence[int], shape: str) -> Draw:
    """Three groups of one mean; all differences of two, corrected together."""
    _, design = _groups(sizes)
    asked = tuple(make_contrast(pair, design) for pair in ("b - a", "c - a", "c - b"))
    return lambda rng: Drawn(noise(rng, sum(sizes), shape), design, asked)


def covariate(n: int, shape: str) -> Draw:
    """A covariate without effect, and one with a strong one that it goes along with (r = 0.7).

    The second is skewed, as ages or symptom scores are: log-normal. Both are drawn anew for every
    data set.
    """

    def draw(rng: np.random.Generator) -> Drawn:
        nuisance = rng.lognormal(size=n)
        nuisance = (nuisance - nuisance.mean()) / nuisance.std()
        tested = 0.7 * nuisance + np.sqrt(0.51) * rng.standard_normal(n)
        design = _design(tested=tested, nuisance=nuisance, intercept=np.ones(n))
        data = noise(rng, n, shape) + 5.0 * nuisance[:, None]
        return Drawn(data, design, (make_contrast("tested", design),))

    return draw


def smooth_plane(sizes: Sequence[int]) -> Draw:
    """Two groups of smooth maps on a plane."""
    _, design = _groups(sizes)
    asked = (make_contrast("b - a", design),)

    def draw(rng: np.random.Generator) -> Drawn:
        white = rng.standard_normal((sum(sizes), SIDE, SIDE))
        smooth = gaussian_filter(white, (0.0, 1.5, 1.5), mode="wrap")
        return Drawn(smooth.reshape(sum(sizes), -1), design, asked, graph=PLANE)

    return draw


# ------------------------------------------------------------------ maps that belong together


def conditions(n_subjects: int, n_conditions: int) -> Draw:
    """Every subject under all conditions; subjects differ by far more than their maps do."""
    subject = np.repeat(np.arange(n_subjects), n_conditions)
    condition = np.tile(np.arange(n_conditions), n_subjects)
    others = [f"c{number}" for number in range(1, n_conditions)]
    names = [f"s{number}" for number in range(n_subjects)]
    columns = np.eye(n_conditions)[condition, 1:], np.eye(n_subjects)[subject]
    design = Design(np.hstack(columns), others + names)
    asked = (make_contrast(others if len(others) > 1 else others[0], design),)
    known = {"exchangeability_blocks": subject}

    def draw(rng: np.random.Generator) -> Drawn:
        own = 5.0 * noise(rng, n_subjects)
        return Drawn(own[subject] + noise(rng, len(subject)), design, asked, known)

    return draw


def families(sizes: Sequence[int], *, shared: bool) -> Draw:
    """Siblings whose maps correlate by 0.5, and a covariate that they share, or that does so too.

    Families of the same size may take each other's place: the tree's first column is the size. The
    siblings themselves may, too, where the covariate is their own.
    """
    family = np.repeat(np.arange(len(sizes)), sizes)
    size = np.asarray(sizes)[family]
    known: dict[str, Any] = {"exchangeability_blocks": family}
    if not shared or len(set(sizes)) > 1:
        sign = -1 if shared else 1
        known = {"exchangeability_blocks": np.column_stack([size, sign * (family + 1)])}

    def draw(rng: np.random.Generator) -> Drawn:
        n = len(family)
        tested = rng.standard_normal(len(sizes))[family]
        if not shared:
            tested = tested + rng.standard_normal(n)
        design = _design(tested=tested, intercept=np.ones(n))
        data = (noise(rng, len(sizes))[family] + noise(rng, n)) / np.sqrt(2.0)
        return Drawn(data, design, (make_contrast("tested", design),), known)

    return draw


def scans(n_subjects: Sequence[int], n_scans: int) -> Draw:
    """Groups of subjects with some scans each, which correlate by 0.5; groups are compared."""
    subject = np.repeat(np.arange(sum(n_subjects)), n_scans)
    _, design = _groups([number * n_scans for number in n_subjects])
    asked = (make_contrast("b - a", design),)
    known = {"exchangeability_blocks": subject}

    def draw(rng: np.random.Generator) -> Drawn:
        own, each = noise(rng, sum(n_subjects)), noise(rng, len(subject))
        return Drawn((own[subject] + each) / np.sqrt(2.0), design, asked, known)

    return draw
