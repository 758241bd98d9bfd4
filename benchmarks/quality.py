"""What is known of each map: the further pass over all of them, beside the fit."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from fitting import N_THREADS
from measure import Clock, peak_memory
from simulate import Study, design

N_VALUES = 20
"""Elements whose values are asked for, as a report asks for those at peaks."""


def further_look(folder: str, n_maps: int) -> dict[str, float]:
    """Measure the pass that looks at every map again, and what is made of it in words.

    Parameters
    ----------
    folder : str
        Of the study.
    n_maps : int
        How many of its maps.

    Returns
    -------
    dict
        Seconds of the pass (`seconds`), of the words and images (`judge_seconds`) and of the fit
        (`peer_seconds`); maps remarked on, none of which is odd (`odd`); memory in MB after the fit
        (`imported`) and at its peak.
    """
    from secondlevel import SecondLevelModel
    from secondlevel.inquiry.quality import judge
    from secondlevel.streaming.diagnostics import examine

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
        # What a report asks a fitted model for, without the rest of the report.
        fitted, bar = model._study, model._bar  # noqa: SLF001
        fit, sources = fitted.fit(None, bar), fitted.cohort.maps(None)
        at = np.linspace(0, fit.space.n_elements - 1, N_VALUES).astype(np.intp)
        clock.lap()
        seen = examine(fitted.analysis, sources, fit, at)
        seconds = clock.lap()
        odd = judge(seen, [path.name for path in study.maps(n_maps)], fit).odd
    return {
        "seconds": seconds,
        "judge_seconds": clock.lap(),
        "peer_seconds": fit_seconds,
        "odd": float(len(odd)),
        "imported": before,
        "peak": peak_memory(),
    }
