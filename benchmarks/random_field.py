"""Smoothness of residuals and random fields: the kernels by themselves, and the further pass."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from measure import Clock, compare, peak_memory
from simulate import SEED, Study, design

N_MAPS = 8
N_PEAKS = 10_000
DOF = 97
FWHM = 6.0  # mm
N_THREADS = 2

Floats = NDArray[np.float64]


def roughness(folder: str, n_maps: int = N_MAPS) -> dict[str, float]:
    """Measure products of differences of a block of maps, and the same on the whole grid by numpy.

    Parameters
    ----------
    folder : str
        Of the study, whose mask is used.
    n_maps : int
        Rows of the block.
    """
    from secondlevel.inference.roughness import LatticeRoughness

    lattice = _lattice(folder)
    region = LatticeRoughness(lattice)
    maps = np.random.default_rng(SEED).normal(size=(n_maps, region.n_elements))
    region.sums(maps)  # prepared once for all blocks
    return compare(
        secondlevel=lambda: region.sums(maps), peer=lambda: _on_the_grid(maps, lattice.mask)
    )


def prepare(folder: str) -> dict[str, float]:
    """Measure what is done once for a mask: cells of differences, resel counts."""
    from secondlevel.inference.roughness import LatticeRoughness, smoothness_of_fwhm

    lattice = _lattice(folder)
    clock = Clock()
    _ = LatticeRoughness(lattice).corners
    cells = clock.lap()
    smoothness_of_fwhm([lattice], FWHM)
    return {"seconds": cells, "resel_seconds": clock.lap()}


def answers(folder: str) -> dict[str, float]:
    """Measure a threshold, and p and q of ten thousand peaks and clusters of a field of t(97)."""
    from secondlevel.inference.random_field import RandomField
    from secondlevel.inference.roughness import smoothness_of_fwhm

    smoothness = smoothness_of_fwhm([_lattice(folder)], FWHM)
    rng = np.random.default_rng(SEED)
    peaks, counts = 3.2 + rng.exponential(1, N_PEAKS), rng.geometric(0.02, N_PEAKS).astype(float)
    clock = Clock()
    null = RandomField(smoothness, "t", DOF)
    null.threshold(0.05)
    threshold_seconds = clock.lap()
    null.peak_p(peaks)
    null.peak_q(peaks, 3.2)
    null.cluster_p(counts, 3.2)
    null.cluster_q(counts, 3.2)
    return {"seconds": clock.lap(), "threshold_seconds": threshold_seconds}


def further_pass(folder: str, n_maps: int) -> dict[str, float]:
    """Measure `smoothness_`, which reads all maps once more, beside the fit before it.

    Parameters
    ----------
    folder : str
        Of the study.
    n_maps : int
        How many of its maps.

    Returns
    -------
    dict
        Seconds of the further pass (`seconds`) and of the fit (`peer_seconds`); memory in MB after
        the fit (`imported`) and at its peak.
    """
    from secondlevel import SecondLevelModel

    study = Study(Path(folder))
    study.map_bytes(n_maps)
    maps = [str(path) for path in study.maps(n_maps)]
    clock = Clock()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SecondLevelModel(mask_img=str(study.mask), n_jobs=N_THREADS)
        model.fit(maps, design_matrix=design(n_maps))
        fit_seconds = clock.lap()
        before = peak_memory()
        clock.lap()
        _ = model.smoothness_
    return {
        "seconds": clock.lap(),
        "peer_seconds": fit_seconds,
        "imported": before,
        "peak": peak_memory(),
    }


def _lattice(folder: str) -> Any:
    """The lattice of the study's mask."""
    import nibabel as nib

    from secondlevel.graph.lattice import Lattice

    image: Any = nib.load(Study(Path(folder)).mask)
    return Lattice(np.asarray(image.dataobj) > 0, image.affine)


def _on_the_grid(maps: Floats, mask: NDArray[np.bool_]) -> Floats:
    """The six sums of products at every voxel of the grid, map by map, with numpy's slices."""
    sums = np.zeros((6, *(length - 1 for length in mask.shape)))
    volume = np.full(mask.shape, np.nan)
    for values in maps:
        volume[mask] = values
        here = volume[:-1, :-1, :-1]
        ahead = (volume[1:, :-1, :-1], volume[:-1, 1:, :-1], volume[:-1, :-1, 1:])
        x, y, z = (there - here for there in ahead)
        pairs = ((x, x), (x, y), (x, z), (y, y), (y, z), (z, z))
        for i, (one, other) in enumerate(pairs):
            sums[i] += one * other
    return sums
