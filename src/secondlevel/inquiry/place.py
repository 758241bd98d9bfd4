"""Values of the maps at a place of the user's choice: a point, or a region."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondlevel.claims.region import read_regions
from secondlevel.design.contrast import Contrast
from secondlevel.errors import InputError, InputTypeError
from secondlevel.inquiry.effects import effect_table
from secondlevel.inquiry.labels import label_maps
from secondlevel.spaces.surface import SurfaceSpace
from secondlevel.spaces.volume import VolumeSpace
from secondlevel.streaming.diagnostics import read_at
from secondlevel.streaming.study import ProgressBar, Study

Floats = NDArray[np.float64]


def effects_at(
    study: Study,
    first_level_contrast: Any,
    contrast: Contrast,
    where: Any,
    design_matrix: pd.DataFrame,
    confidence: float,
    progress: ProgressBar,
) -> pd.DataFrame:
    """Tabulate the values of the maps at a place, and what the model says of them there.

    Parameters
    ----------
    study : Study
    first_level_contrast : object
        Which maps, where there are several kinds.
    contrast : Contrast
    where : three numbers, Niimg-like, SurfaceImage or array
        A point in mm, or a region, whose mean is taken.
    design_matrix : DataFrame of shape (n, p)
    confidence : float
        Of each interval.
    progress : callable
        Given a number of maps, returns what to call as they are done.

    Returns
    -------
    DataFrame
        As `ContrastResults.effects`.

    Raises
    ------
    InputError, InputTypeError
        When the place is outside the elements analysed, or is none.
    """
    fit = study.fit(first_level_contrast, progress)
    name, weights = _weights(where, fit.space)
    sources = study.cohort.maps(study.cohort.effect(first_level_contrast))
    used = np.flatnonzero(weights)
    values = read_at(study.analysis, sources, fit, used, progress(len(sources)))
    labels = label_maps(study.cohort.labels, design_matrix, sources)
    mean = values @ (weights[used] / weights[used].sum())
    table, x_name = effect_table(
        mean[:, None], [name], study.analysis.design, contrast, labels, confidence
    )
    table.attrs["x_name"] = x_name
    return table


def _weights(where: Any, space: VolumeSpace | SurfaceSpace) -> tuple[str, Floats]:
    """Name of a place, and the weight of every element in it."""
    if isinstance(where, (str, bytes)) or where is None:
        raise InputTypeError(_wanted(where))
    if _is_point(where):
        return _nearest(np.asarray(where, dtype=np.float64), space)
    regions = read_regions(where, space)
    if len(regions.numbers) > 1:
        raise InputError(
            f"The region holds {len(regions.numbers)} labels. Give one: an image that is 1 in it."
        )
    weights = (regions.labels > 0).astype(np.float64)
    if not weights.any():
        raise InputError(
            "None of the region was analysed: it lies outside the mask, or no map has values there."
        )
    return f"region of {int(weights.sum())} {_elements(space)}", weights


def _is_point(where: Any) -> bool:
    if hasattr(where, "dataobj") or hasattr(where, "mesh"):
        return False
    try:
        point = np.asarray(where, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    return point.shape == (3,)


def _nearest(point: Floats, space: VolumeSpace | SurfaceSpace) -> tuple[str, Floats]:
    if not np.isfinite(point).all():
        raise InputError(f"A point is three finite numbers in mm. Got {point.tolist()}.")
    apart = np.linalg.norm(space.coordinates - point, axis=1)
    nearest = int(apart.argmin())
    there = space.coordinates[nearest]
    if apart[nearest] > _reach(space):
        at = ", ".join(f"{value:g}" for value in point)
        best = ", ".join(f"{value:.4g}" for value in there)
        raise InputError(
            f"({at}) mm lies outside what was analysed: the nearest {space.element}, at ({best}), "
            f"is {apart[nearest]:.1f} mm away."
        )
    weights = np.zeros(space.n_elements)
    weights[nearest] = 1.0
    return f"({', '.join(f'{value:.4g}' for value in there)}) mm", weights


def _reach(space: VolumeSpace | SurfaceSpace) -> float:
    """How far from the nearest element a point may lie: half the diagonal of a voxel, or 10 mm."""
    if isinstance(space, VolumeSpace):
        return float(np.linalg.norm(np.linalg.norm(space.affine[:3, :3], axis=0)) / 2 + 1e-6)
    return 10.0


def _elements(space: VolumeSpace | SurfaceSpace) -> str:
    return "voxels" if isinstance(space, VolumeSpace) else "vertices"


def _wanted(where: Any) -> str:
    return (
        "where is a point (three numbers in mm), or a region: an image, or an array with a number "
        f"for every element. Got {type(where).__name__}."
    )
