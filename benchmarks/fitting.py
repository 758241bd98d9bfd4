"""Models fitted to the simulated study, in a process that does nothing else."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from measure import Clock, peak_memory
from simulate import Study, design

CONTRASTS = ("intercept", "group", "age")
FURTHER_CONTRAST = "group + 10 * age"
N_THREADS = 2


def secondlevel_job(folder: str, n_maps: int, n_jobs: int, statistics: str) -> dict[str, float]:
    """Run the whole job with the package."""
    from secondlevel import SecondLevelModel

    return _whole_job(SecondLevelModel, Study(Path(folder)), n_maps, n_jobs, statistics)


def nilearn_job(folder: str, n_maps: int, n_jobs: int, statistics: str) -> dict[str, float]:
    """Run the whole job with nilearn."""
    from nilearn.glm.second_level import SecondLevelModel

    return _whole_job(SecondLevelModel, Study(Path(folder)), n_maps, n_jobs, statistics)


def fit_alone(folder: str, n_maps: int) -> dict[str, float]:
    """Fit with the package, and no more."""
    from secondlevel import SecondLevelModel

    _, measured = _fit(SecondLevelModel, Study(Path(folder)), n_maps, N_THREADS)
    return measured


def bare_decompression(folder: str, n_maps: int) -> dict[str, float]:
    """Decompress the files in two threads, and drop what comes out."""
    from isal import igzip

    study = Study(Path(folder))
    study.map_bytes(n_maps)
    imported = peak_memory()

    def decompressed_bytes(path: Path) -> int:
        return len(igzip.decompress(path.read_bytes()))

    clock = Clock()
    with ThreadPoolExecutor(N_THREADS) as threads:
        list(threads.map(decompressed_bytes, study.maps(n_maps)))
    return {"seconds": clock.lap(), "imported": imported, "peak": peak_memory()}


def agreement(ours: str, peers: str) -> dict[str, float]:
    """Compare saved statistics where the peer's are away from 0: |t| > 1.

    Parameters
    ----------
    ours, peers : str
        Files written by the two whole jobs.

    Returns
    -------
    dict
        `largest`: the largest relative difference; `compared`: the number of statistics.
    """
    t, reference = np.load(ours), np.load(peers)
    away = np.abs(reference) > 1
    apart = np.abs(t[away] / reference[away] - 1)
    return {"largest": float(apart.max()), "compared": float(np.count_nonzero(away))}


def _fit(model_class: Any, study: Study, n_maps: int, n_jobs: int) -> tuple[Any, dict[str, float]]:
    """Fit a model; imports are done, and files in the page cache, before the clock starts."""
    study.map_bytes(n_maps)
    rows = design(n_maps)
    maps = [str(path) for path in study.maps(n_maps)]
    imported = peak_memory()
    clock = Clock()
    model = model_class(mask_img=str(study.mask), n_jobs=n_jobs).fit(maps, design_matrix=rows)
    return model, {"seconds": clock.lap(), "imported": imported, "peak": peak_memory()}


def _whole_job(
    model_class: Any, study: Study, n_maps: int, n_jobs: int, statistics: str
) -> dict[str, float]:
    """Fit, three contrasts with all outputs, then one more; the first three t maps are saved."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, fit = _fit(model_class, study, n_maps, n_jobs)
        clock = Clock()
        answers = [model.compute_contrast(name, output_type="all") for name in CONTRASTS]
        contrast_seconds = clock.lap()
        peak = peak_memory()
        clock.lap()
        model.compute_contrast(FURTHER_CONTRAST, output_type="all")
        further_seconds = clock.lap()
    np.save(statistics, np.stack([answer["stat"].get_fdata() for answer in answers]))
    return {
        "seconds": fit["seconds"] + contrast_seconds,
        "fit_seconds": fit["seconds"],
        "further_seconds": further_seconds,
        "imported": fit["imported"],
        "peak": peak,
    }
