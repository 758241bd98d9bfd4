"""Models fitted to the simulated study, in a process that does nothing else."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from measure import Clock, peak_memory
from simulate import Study, design

CONTRASTS = ("intercept", "group", "age")
FURTHER_CONTRAST = "group + 10 * age"
N_THREADS = 2


def whole_job(
    folder: str, n_maps: int, *, package: str, n_jobs: int, statistics: str
) -> dict[str, float]:
    """Fit, three contrasts with all outputs, then one more.

    Parameters
    ----------
    folder : str
        Of the study.
    n_maps : int
        How many of its maps.
    package : str
        Where to import `SecondLevelModel` from.
    n_jobs : int
        For the model.
    statistics : str
        File to save the t maps of the three contrasts in.

    Returns
    -------
    dict
        Seconds of fit and three contrasts (`seconds`), of fit alone, of the further contrast;
        memory in MB before the fit, and at its peak until the third contrast.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, fit = _fit(package, Study(Path(folder)), n_maps, n_jobs)
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


def fit_alone(folder: str, n_maps: int) -> dict[str, float]:
    """Fit with the package, and no more."""
    _, measured = _fit("secondlevel", Study(Path(folder)), n_maps, N_THREADS)
    return measured


def bare_decompression(folder: str, n_maps: int, *, size_known: bool) -> dict[str, float]:
    """Decompress the files in two threads, and drop what comes out.

    Parameters
    ----------
    folder : str
    n_maps : int
    size_known : bool
        Whether the decompressor is told how much will come out, as a header could tell it.
    """
    from isal import igzip, igzip_lib

    study = Study(Path(folder))
    study.map_bytes(n_maps)
    imported = peak_memory()
    size = len(igzip.decompress(study.maps(1)[0].read_bytes()))

    def decompressed_bytes(path: Path) -> int:
        compressed = path.read_bytes()
        if size_known:
            return len(igzip_lib.decompress(compressed, igzip_lib.DECOMP_GZIP, bufsize=size))
        return len(igzip.decompress(compressed))

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


def _fit(package: str, study: Study, n_maps: int, n_jobs: int) -> tuple[Any, dict[str, float]]:
    """Fit a model; imports are done, and files in the page cache, before the clock starts."""
    model_class = import_module(package).SecondLevelModel
    study.map_bytes(n_maps)
    rows = design(n_maps)
    maps = [str(path) for path in study.maps(n_maps)]
    imported = peak_memory()
    clock = Clock()
    model = model_class(mask_img=str(study.mask), n_jobs=n_jobs).fit(maps, design_matrix=rows)
    return model, {"seconds": clock.lap(), "imported": imported, "peak": peak_memory()}
