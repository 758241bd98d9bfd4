"""The front door: tells what kind of input was handed over, and reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from secondlevel.errors import InputError, InputTypeError
from secondlevel.inputs import first_level, images, table
from secondlevel.inputs.cohort import Cohort


def read_cohort(
    second_level_input: Any,
    *,
    has_design: bool,
    has_confounds: bool = False,
    at_least: int = 2,
) -> tuple[Cohort, Any]:
    """Turn what the user handed over into a cohort; headers are read, voxels are not.

    Parameters
    ----------
    second_level_input : DataFrame, Series, list, SurfaceImage or Niimg-like
        See `SecondLevelModel.fit`.
    has_design : bool
        Whether the user gave a design matrix. If so, rows stay in the order given; if not, a table
        is sorted by subject, and images without subjects are refused.
    has_confounds : bool
        Whether confounds have to be matched by label.
    at_least : {1, 2}
        How many maps are needed. A single one is enough to be masked, and needs no design.

    Returns
    -------
    cohort : Cohort
    used : object
        The input in the order used.

    Raises
    ------
    InputTypeError
        When it is none of these.
    InputError
        When it is one of these but cannot be used.
    """
    given = second_level_input
    if at_least == 1 and _is_one_map(given):
        given = [given]
    asked = _Asked(has_design or at_least == 1, has_confounds and not has_design, at_least)
    if isinstance(given, pd.DataFrame):
        table.check_table(given, repeated_subjects=has_design, at_least=at_least)
        rows = given if has_design else table.sort_table(given)
        return table.from_table(rows), rows
    if isinstance(given, pd.Series):
        return _from_list(given.to_list(), asked), given
    if isinstance(given, (list, tuple)):
        return _from_list(given, asked), given
    if images.is_surface_image(given):
        asked.require_design("SurfaceImage objects")
        return images.from_surfaces(given), given
    if images.is_volume_like(given):
        cohort = images.from_single_volume(given)
        asked.require_design("niimgs")
        return cohort, given
    raise _wrong_type(given)


@dataclass(frozen=True)
class _Asked:
    """What the input has to provide: a design made for it, labels, a number of maps."""

    has_design: bool
    need_labels: bool
    at_least: int

    def require_design(self, what: str) -> None:
        if not self.has_design:
            raise InputError(
                f"List of {what} as 'second_level_input' require a design matrix to be provided: "
                "images do not say whose they are. For a one-sample test pass "
                "design_matrix=pandas.DataFrame({'intercept': [1] * n_maps})."
            )


def _is_one_map(given: Any) -> bool:
    if images.is_surface_image(given):
        return len(given.shape) == 1 or given.shape[1] == 1
    return images.is_volume_like(given) and images.is_single_volume(given)


def _from_list(items: Sequence[Any], asked: _Asked) -> Cohort:
    if len(items) < asked.at_least:
        raise InputTypeError(
            "The list of maps is empty. Give at least one: an image, its path or a surface image."
            if asked.at_least == 1
            else "A second level model requires a list with at least two first level models or "
            f"niimgs or surface images; this one has {len(items)}."
        )
    kinds = [_kind(item) for item in items]
    for i, kind in enumerate(kinds):
        if kind != kinds[0]:
            raise InputTypeError(
                "Elements of 'second_level_input' must be of the same type."
                f" Got object type {type(items[i])} at idx {i}, after {type(items[0])}."
            )
    match kinds[0]:
        case "model":
            return first_level.from_first_level_models(items, need_labels=asked.need_labels)
        case "surface":
            cohort = images.from_surfaces(items)
            asked.require_design("SurfaceImage objects")
            return cohort
        case "volume":
            cohort = images.from_volumes(items)
            asked.require_design("niimgs")
            return cohort
        case _:
            raise _wrong_type(items)


def _kind(item: Any) -> str:
    """Kind of one list item; what is none of the known kinds is told by its type."""
    if first_level.is_first_level_model(item):
        return "model"
    if images.is_surface_image(item):
        return "surface"
    if images.is_volume_like(item):
        return "volume"
    return f"unknown {type(item)}"


def _wrong_type(found: Any) -> InputTypeError:
    kind = [type(x) for x in found] if isinstance(found, (list, tuple)) else type(found)
    return InputTypeError(
        "'second_level_input' must be either several maps (a list, tuple or Series of images or of "
        "their paths, of surface images, or of fitted first-level models), a table of maps (a "
        "DataFrame with columns subject_label, map_name and effects_map_path), or one image with "
        f"a map per volume or sample. Got {kind} instead."
    )
