"""Permutation tests of maps in memory: the package's, and nilearn's `permuted_ols`.

Maps are those of the simulated study. Loading them is before the clock, and so is a first call with
a few voxels, which loads libraries and machine code, and starts nilearn's workers.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from measure import Clock, best_seconds, peak_memory
from simulate import SEED, Study, design

THRESHOLD = 0.001
"""p of the cluster-forming threshold."""

FEW = 200
"""Voxels of the first call."""

Singles = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Maps:
    """Maps of the simulated study at some voxels of its mask, and what is asked of them.

    Parameters
    ----------
    data : float32 array of shape (n, V)
    mask : bool array
        With V true voxels.
    affine : array of shape (4, 4)
    """

    data: Singles
    mask: NDArray[np.bool_]
    affine: Floats

    @classmethod
    def load(cls, folder: str, n_maps: int) -> Maps:
        """Read the first maps."""
        study = Study(Path(folder))
        image: Any = nib.load(study.mask)
        mask = np.asarray(image.dataobj) > 0
        data = np.empty((n_maps, int(mask.sum())), dtype=np.float32)
        for row, path in zip(data, study.maps(n_maps), strict=True):
            one: Any = nib.load(path)
            row[...] = np.asarray(one.dataobj)[mask]
        return cls(data, mask, image.affine)

    @property
    def few(self) -> Maps:
        """The same at a few voxels."""
        mask = np.zeros_like(self.mask)
        mask.flat[np.flatnonzero(self.mask)[:FEW]] = True
        return Maps(np.ascontiguousarray(self.data[:, :FEW]), mask, self.affine)

    @property
    def alone(self) -> bool:
        """Whether the mean of all maps is tested, without nuisance: asked of the smaller study."""
        return len(self.data) < 100

    @cached_property
    def columns(self) -> Floats:
        """The design: what is tested first; for the larger study two groups, an intercept, age."""
        table = design(len(self.data))
        names = ["intercept"] if self.alone else ["group", "intercept", "age"]
        return table[names].to_numpy(dtype=np.float64)

    @cached_property
    def graph(self) -> Any:
        """Voxels that share a face."""
        from secondlevel.graph.lattice import Lattice

        return Lattice(self.mask, self.affine).graph(6)


def ours(
    folder: str, n_maps: int, what: str, n_shuffles: int, n_jobs: int = 2, **asked: Any
) -> dict[str, float]:
    """Measure one call of the package.

    Parameters
    ----------
    folder : str
        Of the study.
    n_maps : int
        How many of its maps.
    what : str
        A name of `_summaries`.
    n_shuffles, n_jobs : int
        As `permutation_test` takes them; so are other options.

    Returns
    -------
    dict
        `seconds`; memory in MB before the call (`imported`) and at its peak.
    """
    maps = Maps.load(folder, n_maps)
    _ = maps.graph
    _call(maps.few, what, 40, n_jobs, **asked)
    before, clock = peak_memory(), Clock()
    _call(maps, what, n_shuffles, n_jobs, **asked)
    return {"seconds": clock.lap(), "imported": before, "peak": peak_memory()}


def nilearns(
    folder: str, n_maps: int, what: str, n_jobs: int, few: int, many: int, n_shuffles: int
) -> dict[str, float]:
    """Measure two calls of nilearn's `permuted_ols`, and what one with `n_shuffles` would take.

    The difference of the two is what shuffles take, the rest is added once. Where nilearn uses one
    job its matrix products have threads.
    """
    maps = Maps.load(folder, n_maps)
    _call_nilearn(maps.few, what, n_jobs, few)
    clock = Clock()
    _call_nilearn(maps, what, n_jobs, few)
    start = clock.lap()
    _call_nilearn(maps, what, n_jobs, many)
    each = (clock.lap() - start) / (many - few)
    return {"seconds": start + (n_shuffles - few) * each, "each": each}


def further_shuffles(folder: str, n_maps: int, what: str) -> dict[str, float]:
    """Measure what a shuffle takes for which there is no peer, by the difference of two calls.

    Parameters
    ----------
    folder : str
    n_maps : int
    what : str
        A name of `_unusual`.
    """
    maps, seconds = Maps.load(folder, n_maps), []
    columns, asked = _unusual(n_maps)[what]
    _test(maps.few.data, columns, n_perm=64, **asked)
    for n_perm in (64, 576):
        clock = Clock()
        _test(maps.data, columns, n_perm=n_perm, n_jobs=2, **asked)
        seconds.append(clock.lap())
    return {"seconds": (seconds[1] - seconds[0]) / 512}


def agreement(folder: str, n_maps: int) -> dict[str, float]:
    """Largest difference between results of one job and of two, of one block size and another."""
    maps = Maps.load(folder, n_maps)
    results = [
        list(_numbers(_call(maps, "all", 96, n_jobs, batch_size=batch_size)))
        for n_jobs, batch_size in ((1, None), (2, None), (1, 40), (2, 8))
    ]
    largest = max(
        float(np.abs(one - other).max())
        for result in results[1:]
        for one, other in zip(results[0], result, strict=True)
    )
    return {"largest": largest, "compared": float(sum(one.size for one in results[0]))}


def small(n_maps: int = 20, n_elements: int = 100) -> dict[str, float]:
    """Measure a call with little to do: the mean of 20 maps of 100 elements, unshuffled."""
    data = np.random.default_rng(SEED).normal(size=(n_maps, n_elements))
    columns = np.ones((n_maps, 1))
    _test(data, columns, n_perm=64)
    return {"seconds": best_seconds(lambda: _test(data, columns, n_perm=1))}


def shuffles() -> dict[str, float]:
    """Measure shuffles by themselves.

    Returns
    -------
    dict
        Seconds to draw 10 000 permutations of 100 maps (`seconds`), and to go through all 12 870 of
        two groups of 8 (`all_seconds`).
    """
    from secondlevel.design.blocks import make_blocks
    from secondlevel.permutation.shuffles.shuffle import make_shuffles

    def go(n_maps: int, n_perm: int) -> int:
        group = np.repeat([[1.0], [-1.0]], n_maps // 2, axis=0)
        made = make_shuffles(
            make_blocks(None, n_maps), "permute", tested=group, rows=group, n_perm=n_perm, seed=SEED
        )
        return sum(len(made.batch(i, min(i + 256, len(made)))) for i in range(0, len(made), 256))

    if (go(100, 512), go(16, 20_000)) != (512, 12_870):
        raise RuntimeError("the number of shuffles is not what it should be")
    return {
        "seconds": best_seconds(lambda: go(100, 10_000)),
        "all_seconds": best_seconds(lambda: go(16, 20_000)),
    }


def _call(maps: Maps, what: str, n_shuffles: int, n_jobs: int, **asked: Any) -> Any:
    """Ask the package a question by its name."""
    summaries, options = _summaries()[what]
    graph = maps.graph if summaries else None
    options = options | asked | {"n_jobs": n_jobs, "summaries": summaries, "graph": graph}
    return _test(maps.data, maps.columns, n_perm=n_shuffles, **options)


def _summaries() -> dict[str, tuple[list[Any], dict[str, Any]]]:
    """What is asked of the package, as nilearn understands it: on t itself."""
    from secondlevel.permutation.summaries.clusters import ClusterSummary
    from secondlevel.permutation.summaries.enhancement import TFCESummary

    clusters, enhanced = ClusterSummary(p=THRESHOLD, mass="excess"), TFCESummary()
    two_sided: dict[str, Any] = {"sides": "both"}
    return {
        "max": ([], {}),
        "clusters": ([clusters], {}),
        "tfce": ([enhanced], two_sided),
        "uncorrected": ([], {"uncorrected": True}),
        "all": ([clusters, enhanced], two_sided | {"uncorrected": True}),
    }


def _unusual(n_maps: int) -> dict[str, tuple[Floats, dict[str, Any]]]:
    """Designs, and what is asked about them, for which there is no peer."""
    rng, ones = np.random.default_rng(SEED), np.ones((n_maps, 1))
    group = (np.arange(n_maps) % 4)[:, None] == np.arange(4)
    two, covariates = group[:, :1] | group[:, 1:2], rng.normal(size=(n_maps, 5))
    halves = np.hstack([two, ~two]).astype(np.float64)
    return {
        "v": (halves, {"contrast": "x0 - x1", "variance_groups": two[:, 0]}),
        "F": (np.hstack([ones, group[:, 1:]]), {"contrast": ["x1", "x2", "x3"]}),
        "nuisance": (np.hstack([two, ones, covariates]), {"contrast": "x0"}),
    }


def _test(data: Any, columns: Floats, **asked: Any) -> Any:
    """Call `permutation_test`; the first column is tested unless a contrast is given."""
    from secondlevel.permutation.arrays import permutation_test

    asked = {"contrast": "x0", "scale": "stat", "random_state": SEED} | asked
    return permutation_test(data, columns, **asked)


def _call_nilearn(maps: Maps, what: str, n_jobs: int, n_shuffles: int) -> None:
    """Ask nilearn the same."""
    from nilearn.maskers import NiftiMasker
    from nilearn.mass_univariate import permuted_ols

    asked = {
        "max": {},
        "clusters": {"threshold": THRESHOLD},
        "tfce": {"tfce": True, "two_sided_test": True},
    }[what]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mask = nib.Nifti1Image(maps.mask.astype(np.uint8), maps.affine)
        permuted_ols(
            maps.columns[:, :1],
            maps.data,
            None if maps.alone else maps.columns[:, 2:],  # nilearn adds the intercept by itself
            model_intercept=not maps.alone,
            n_perm=n_shuffles,
            random_state=SEED,
            n_jobs=n_jobs,
            masker=NiftiMasker(mask).fit() if what != "max" else None,
            **({"two_sided_test": False} | asked),
        )


def _numbers(result: Any) -> Iterator[Floats]:
    """All that shuffles tell."""
    for summary in result[0].summaries.values():
        yield from (summary.maxima, summary.p, summary.exceedances.astype(np.float64))
        if summary.p_uncorrected is not None:
            yield summary.p_uncorrected
