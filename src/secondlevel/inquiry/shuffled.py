"""A permutation run, as the results of one contrast keep it."""

from __future__ import annotations

import numpy as np

from secondlevel.results.contrast import Shuffled
from secondlevel.results.permutation import PermutationMaps


def shuffled(permutation: PermutationMaps, name: str) -> Shuffled:
    """Keep what a permutation run says of a contrast.

    Parameters
    ----------
    permutation : PermutationMaps
    name : str
        Of the contrast.
    """
    run = permutation.result
    result = run[name]
    largest, size = result.summaries["max"], result.summaries.get("size")
    sides = [sign * largest.observed for sign in run.sides.signs]
    return Shuffled(
        statistic="z" if run.scale == "z" else result.label,
        # Of several contrasts that are corrected together the maxima are those of all.
        observed=float(np.max(sides)),
        maxima=largest.maxima.max(axis=1),
        sizes=None if size is None else size.maxima.max(axis=1).astype(np.float64),
        observed_size=None if size is None else float(size.observed.max()),
        cluster_threshold=result.cluster_threshold,
        seed=None if run.exhaustive else run.shuffles.seed,
        exhaustive=run.exhaustive,
        description=run.describe(),
        log_p=permutation.image(contrast=name),
    )
