"""Maps handed over as fitted first-level models, recognised by what they can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from secondlevel.errors import InputError, InputTypeError
from secondlevel.inputs.cohort import Effect
from secondlevel.inputs.images import is_surface_image
from secondlevel.inputs.sources import MapComputed, MapImage, MapSource


@dataclass(frozen=True, eq=False)
class FirstLevelCohort:
    """One fitted first-level model per row; any contrast of theirs is an effect.

    Parameters
    ----------
    models : tuple of n objects
        With `compute_contrast` and `subject_label`.
    sample : MapComputed or None
        The effect map that an automatic mask is computed from.
    is_surface : bool
    """

    models: tuple[Any, ...]
    sample: MapComputed | None
    is_surface: bool

    @property
    def labels(self) -> tuple[str | None, ...]:
        """The models' subjects."""
        return tuple(model.subject_label for model in self.models)

    @property
    def only_effect(self) -> tuple[Effect, ...]:
        """Which contrast is wanted is known only when one is asked for."""
        return ()

    def effect(self, asked: object) -> Effect:
        """Name of the first-level contrast that was asked for."""
        if asked is None:
            raise InputError(
                "If 'second_level_input' was a list of first-level models, first_level_contrast is "
                "mandatory: name the contrast that each of them should compute, such as "
                "first_level_contrast='faces - houses'."
            )
        effect: Effect = _freeze(asked)
        return effect

    def maps(self, effect: Effect) -> tuple[MapSource, ...]:
        """Effect maps of one first-level contrast, computed as they are asked for."""
        maps = [_effect_map(model, effect, i) for i, model in enumerate(self.models)]
        if self.sample is not None and self.sample.name == maps[0].name:
            maps[0] = self.sample
        return tuple(maps)

    @property
    def maps_with_grid(self) -> tuple[MapSource, ...]:
        """Masks of the models that have one: their maps lie on the same grid."""
        return tuple(
            MapImage(f"first-level model {_called(model, i)}", mask, mask.shape[:3], mask.affine)
            for i, model in enumerate(self.models)
            if hasattr(mask := _mask_of(model), "affine")
        )

    @property
    def mask_sample(self) -> MapSource:
        """An effect map of the first model."""
        if self.sample is None:
            raise InputError(
                "No mask can be computed from first-level models without design_matrices_. "
                "Pass mask_img."
            )
        return self.sample


def _freeze(contrast: Any) -> Any:
    """Make a first-level contrast, one or one per run, something that can name an effect."""
    if isinstance(contrast, (list, tuple, np.ndarray)):
        return tuple(_freeze(part) for part in contrast)
    if isinstance(contrast, str):
        return contrast
    try:
        return float(contrast)
    except (TypeError, ValueError):
        raise InputTypeError(
            "first_level_contrast must be what the compute_contrast method of the first-level "
            f"models takes: a name, an expression or a vector. Got {contrast!r}."
        ) from None


def _thaw(effect: Any) -> Any:
    """Give the first-level model the contrast back as it wants it."""
    if not isinstance(effect, tuple):
        return effect
    parts = [_thaw(part) for part in effect]
    return np.array(parts) if all(isinstance(part, float) for part in parts) else parts


def _effect_map(model: Any, effect: Effect, index: int) -> MapComputed:
    return MapComputed(
        f"'{effect}' of first-level model {_called(model, index)}",
        partial(_compute, model, effect),
    )


def _compute(model: Any, effect: Effect) -> Any:
    return model.compute_contrast(_thaw(effect), output_type="effect_size")


def _called(model: Any, index: int) -> str:
    return f"{model.subject_label} at index {index}"


def is_first_level_model(model: Any) -> bool:
    """Whether an object can do what a first-level model does."""
    return callable(getattr(model, "compute_contrast", None)) and hasattr(model, "subject_label")


def from_first_level_models(models: Sequence[Any], *, need_labels: bool) -> FirstLevelCohort:
    """Make a cohort of fitted first-level models.

    Parameters
    ----------
    models : sequence of n objects
        With `compute_contrast` and `subject_label`.
    need_labels : bool
        Whether confounds have to be matched to the models by label.

    Returns
    -------
    FirstLevelCohort

    Raises
    ------
    InputError
        When a model is not fitted, lacks a label that is needed, or differs in grid.
    """
    for i, model in enumerate(models):
        fitted = getattr(model, "__sklearn_is_fitted__", None)
        if fitted is not None and not fitted():
            raise InputError(
                f"Model {_called(model, i)} has not been fit yet. Call its fit method first."
            )
        if need_labels and not isinstance(model.subject_label, str):
            raise InputError(
                "In case confounds are provided, first level models are matched to their rows by "
                f"'subject_label', which has to be text; that of the model at index {i} is "
                f"{model.subject_label!r}. Set it: model.subject_label = 'sub-01'."
            )
    _check_same_grid(models)
    sample = _sample(models[0])
    masks = [mask for mask in map(_mask_of, models) if mask is not None]
    if not masks and sample is not None:
        # Without masks only an effect map says whether the models live on a mesh.
        sample = replace(sample, done=sample.image())
        masks = [sample.done]
    return FirstLevelCohort(tuple(models), sample, any(map(is_surface_image, masks)))


def _mask_of(model: Any) -> Any:
    """The mask a fitted model worked in, None where it does not say."""
    masker = getattr(model, "masker_", None)
    found = getattr(masker, "mask_img_", None)
    return found if found is not None else getattr(model, "mask_img", None)


def _check_same_grid(models: Sequence[Any]) -> None:
    reference: Any = None
    for i, model in enumerate(models):
        mask = _mask_of(model)
        if not hasattr(mask, "affine"):
            continue
        if reference is None:
            reference = mask
        for what, differs in (
            ("affine", not np.allclose(mask.affine, reference.affine)),
            ("shape", mask.shape[:3] != reference.shape[:3]),
        ):
            if differs:
                raise InputError(
                    f"All first level models must have the same {what}.\nModel {_called(model, i)} "
                    f"has a different {what} from the previous ones. Fit them all with one mask."
                )


def _sample(model: Any) -> MapComputed | None:
    designs = getattr(model, "design_matrices_", None)
    if not designs:
        return None
    return _effect_map(model, designs[0].columns[0], 0)
