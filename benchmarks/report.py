"""A report of three contrasts, its files on disk, and nilearn's report of the same maps."""

from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fitting import CONTRASTS, N_THREADS
from measure import MEGABYTE, Clock, peak_memory
from simulate import Study, design

ASKED = list(CONTRASTS)


def report(folder: str, n_maps: int, *, package: str) -> dict[str, float]:
    """Make a report from a fitted model.

    Parameters
    ----------
    folder : str
        Of the study.
    n_maps : int
        How many of its maps.
    package : str
        Where to import `SecondLevelModel` from.

    Returns
    -------
    dict
        Seconds of the report; size of its page in MB; memory in MB after the fit, and at its peak.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = _fitted(package, folder, n_maps)
        fitted = peak_memory()
        clock = Clock()
        page = model.generate_report(ASKED).get_standalone()
        seconds = clock.lap()
    size = len(page.encode()) / MEGABYTE
    return {"seconds": seconds, "page": size, "imported": fitted, "peak": peak_memory()}


def saving(folder: str, n_maps: int) -> dict[str, float]:
    """Answer three contrasts in full, save all of it with its report, and load it again.

    Returns
    -------
    dict
        Seconds of the answers (`results_seconds`), of all that saving takes (`seconds`), and of
        loading (`load_seconds`); `megabytes` on disk.
    """
    from secondlevel import load_results, save_glm_to_bids

    with warnings.catch_warnings(), TemporaryDirectory() as out:
        warnings.simplefilter("ignore")
        model = _fitted("secondlevel", folder, n_maps)
        clock = Clock()
        model.results(ASKED)
        results_seconds = clock.lap()
        save_glm_to_bids(model, ASKED, out_dir=out)
        seconds = clock.lap()
        load_results(out)
        load_seconds = clock.lap()
        on_disk = sum(file.stat().st_size for file in Path(out).rglob("*") if file.is_file())
    return {
        "seconds": seconds,
        "results_seconds": results_seconds,
        "load_seconds": load_seconds,
        "megabytes": on_disk / MEGABYTE,
    }


def _fitted(package: str, folder: str, n_maps: int) -> Any:
    study = Study(Path(folder))
    maps = [str(path) for path in study.maps(n_maps)]
    model_class = import_module(package).SecondLevelModel
    model = model_class(mask_img=str(study.mask), n_jobs=N_THREADS)
    return model.fit(maps, design_matrix=design(n_maps))
