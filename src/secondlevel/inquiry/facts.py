"""What was analysed, in numbers and words."""

from __future__ import annotations

from numbers import Real

import numpy as np
import pandas as pd

from secondlevel.inference.smoothness import Smoothness
from secondlevel.results.group import ModelFacts, SmoothnessFacts
from secondlevel.spaces.base import Space
from secondlevel.spaces.surface import SurfaceSpace
from secondlevel.spaces.volume import VolumeSpace
from secondlevel.streaming.analysis import Analysis, Fit


def model_facts(
    analysis: Analysis,
    fit: Fit,
    effect: str | None,
    smoothness: Smoothness | None,
    notes: tuple[str, ...],
) -> ModelFacts:
    """Describe an analysis.

    Parameters
    ----------
    analysis : Analysis
    fit : Fit
    effect : str or None
        The first-level contrast, where there are several.
    smoothness : Smoothness or None
    notes : tuple of str
        What was remarked on the way.
    """
    space = fit.space
    return ModelFacts(
        n_maps=analysis.design.n_rows,
        n_elements=space.n_elements,
        n_in_mask=fit.mask_space.n_elements,
        n_constant=int(np.count_nonzero(fit.estimate.constant)),
        element=space.element,
        size_unit=space.size_unit,
        element_size=_element_size(space),
        grid=_grid(space),
        masking=analysis.masking.describe(),
        missing=_missing(analysis),
        effect=effect,
        rank=analysis.design.rank,
        dof=float(fit.estimate.dof),
        smoothness=None if smoothness is None else smoothness_facts(smoothness, space),
        notes=notes,
    )


def effect_name(effect: object) -> str | None:
    """What a first-level contrast is called.

    Examples
    --------
    >>> effect_name((1.0, -1.0)), effect_name("faces")
    ('1, -1', 'faces')
    """
    if effect is None or isinstance(effect, str):
        return effect
    if isinstance(effect, tuple):
        return ", ".join(f"{one:g}" if isinstance(one, Real) else str(one) for one in effect)
    return str(effect)


def _element_size(space: VolumeSpace | SurfaceSpace) -> float:
    if isinstance(space, VolumeSpace):
        return float(abs(np.linalg.det(space.affine[:3, :3])))
    return float(space.graph().sizes.mean())


def _grid(space: VolumeSpace | SurfaceSpace) -> str:
    if isinstance(space, VolumeSpace):
        widths = np.linalg.norm(space.affine[:3, :3], axis=0)
        shape = " × ".join(f"{count}" for count in space.shape)
        return f"{shape} voxels of {' × '.join(f'{width:.3g}' for width in widths)} mm"
    meshes = [f"{name}: {len(mask)} vertices" for name, mask in space.masks.items()]
    return f"{len(meshes)} mesh{'es' if len(meshes) > 1 else ''} ({', '.join(meshes)})"


def _missing(analysis: Analysis) -> str:
    meaning = analysis.missing.meaning
    if np.isnan(analysis.missing.filler):
        return f"an element where any map has no value is left out ({meaning})"
    return f"a missing value is taken for 0 ({meaning})"


def smoothness_facts(smoothness: Smoothness, space: Space) -> SmoothnessFacts:
    """Put smoothness into numbers: of a mesh, which has no axes, one width."""

    def numbers(values: object) -> tuple[float, ...]:
        return tuple(float(one) for one in np.atleast_1d(np.asarray(values, dtype=np.float64)))

    # The two numbers that a mesh has are the same.
    axes = slice(1) if isinstance(space, SurfaceSpace) else slice(None)
    return SmoothnessFacts(
        numbers(smoothness.fwhm_mm)[axes],
        numbers(smoothness.fwhm)[axes],
        numbers(smoothness.resels),
    )


def same_rows(design_matrix: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    """The design with its rows called as the maps are."""
    return design_matrix.set_axis(pd.Index(labels, name="map"), axis=0)
