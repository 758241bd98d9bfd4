"""Maps handed over as a table: subject, name of the map, path."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondlevel.errors import InputError, InputTypeError
from secondlevel.inputs.cohort import Effect
from secondlevel.inputs.images import is_volume_like, volume_source
from secondlevel.inputs.sources import MapSource

Labels = NDArray[np.object_]

COLUMNS = ("subject_label", "map_name", "effects_map_path")


@dataclass(frozen=True, eq=False)
class TableCohort:
    """Maps of one or several named effects, one table row each.

    Parameters
    ----------
    labels : tuple of n str
        Subjects in row order, the same for every effect.
    sources : dict of effect name to tuple of n MapSource
    first : MapSource
        The first map in order of subjects: an automatic mask is computed from it, as in nilearn.
    """

    labels: tuple[str, ...]
    sources: dict[str, tuple[MapSource, ...]]
    first: MapSource
    is_surface: bool = False

    @property
    def only_effect(self) -> tuple[Effect, ...]:
        """The map name when there is a single one."""
        return tuple(self.sources) if len(self.sources) == 1 else ()

    def effect(self, asked: object) -> Effect:
        """Name of the maps that were asked for."""
        if asked is None and len(self.sources) == 1:
            return next(iter(self.sources))
        if asked is None:
            raise InputError(
                "first_level_contrast is mandatory when the table holds several map names: "
                f"choose one of {', '.join(self.sources)}."
            )
        if str(asked) not in self.sources:
            near = difflib.get_close_matches(str(asked), self.sources, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise InputError(
                f"first_level_contrast {asked!r} is not a map_name of the table; "
                f"there are {', '.join(self.sources)}.{hint}"
            )
        return str(asked)

    def maps(self, effect: Effect) -> tuple[MapSource, ...]:
        """Maps of one name."""
        return self.sources[str(effect)]

    @property
    def maps_with_grid(self) -> tuple[MapSource, ...]:
        """The maps of every name: all are checked, whichever is asked for first."""
        return tuple(source for sources in self.sources.values() for source in sources)

    @property
    def mask_sample(self) -> MapSource:
        """The first map."""
        return self.first


def check_table(table: pd.DataFrame, *, repeated_subjects: bool, at_least: int = 2) -> None:
    """Raise when a table of maps is incomplete; rows are named as the user counts them, from 0.

    Parameters
    ----------
    table : DataFrame
        With columns `subject_label`, `map_name` and `effects_map_path`, in the user's order.
    repeated_subjects : bool
        Whether a subject may stand there twice under one map name (a design matrix says then what
        distinguishes the rows).
    at_least : int
        Number of rows needed.

    Raises
    ------
    InputError
        When a column, row, label, name or path is absent, or a subject stands there twice and
        must not.
    InputTypeError
        When something else than a path or an image stands where a map should.
    """
    _check_columns(table)
    if len(table) < at_least:
        raise InputError(
            "A second level model requires at least two maps; the table has "
            f"{len(table)} row{'s' if len(table) != 1 else ''}."
        )
    for row, label in enumerate(table["subject_label"]):
        if not isinstance(label, str):
            raise InputError(
                f"'subject_label' column must contain only strings: row {row} holds {label!r}. "
                "Convert with table['subject_label'].astype(str)."
            )
    rows = zip(*(table[column] for column in COLUMNS), strict=True)
    for row, (label, effect, image) in enumerate(rows):
        _check_row(f"Row {row} of 'second_level_input' (subject {label})", effect, image)
    if not repeated_subjects:
        _check_subjects_once(table)


def _check_columns(table: pd.DataFrame) -> None:
    absent = [name for name in COLUMNS if name not in table.columns]
    if absent:
        raise InputError(
            "'second_level_input' DataFrame must have columns 'subject_label', 'map_name' and "
            f"'effects_map_path'. Absent: {', '.join(absent)}."
        )
    repeated = [name for name in COLUMNS if (table.columns == name).sum() > 1]
    if repeated:
        raise InputError(
            f"'second_level_input' DataFrame has several columns called '{repeated[0]}'. Keep one."
        )


def _check_row(where: str, effect: Any, image: Any) -> None:
    if pd.api.types.is_scalar(effect) and pd.isna(effect):
        raise InputError(f"{where} has no map_name. Fill it in; maps of one kind share one name.")
    if pd.api.types.is_scalar(image) and (pd.isna(image) or image == ""):
        raise InputError(f"{where} has no effects_map_path. Fill it in, or leave the row out.")
    if not is_volume_like(image):
        raise InputTypeError(
            f"{where} has an effects_map_path of type {type(image).__name__}. It takes the path of "
            "an image, or an image."
        )


def sort_table(table: pd.DataFrame) -> pd.DataFrame:
    """Rows in order of subject; rows of one subject stay in their order.

    Examples
    --------
    >>> sort_table(pd.DataFrame({"subject_label": ["02", "01"], "map_name": ["a", "b"]}))
      subject_label map_name
    0            01        b
    1            02        a
    """
    return table.sort_values("subject_label", kind="stable").reset_index(drop=True)


def from_table(table: pd.DataFrame) -> TableCohort:
    """Make a cohort of a table, in the table's own order.

    Parameters
    ----------
    table : DataFrame
        Checked by `check_table`.

    Returns
    -------
    TableCohort

    Raises
    ------
    InputError
        When effects have different subjects, or the same in another order.
    MapError
        When a map is absent, damaged or no 3D image.
    """
    labels = np.array(table["subject_label"], dtype=object)
    names = np.array([str(name) for name in table["map_name"]], dtype=object)
    opened: dict[Any, MapSource] = {}

    def source(row: np.intp) -> MapSource:
        image = table["effects_map_path"].iloc[row]
        key = str(image) if isinstance(image, (str, Path)) else id(image)
        if key not in opened:
            opened[key] = volume_source(image, f"'{names[row]}' of subject {labels[row]}")
        return opened[key]

    # dict keeps the order in which the names first stand there.
    rows = {name: np.flatnonzero(names == name) for name in dict.fromkeys(names)}
    sources = {name: tuple(source(row) for row in of_name) for name, of_name in rows.items()}
    first, *others = rows
    for name in others:
        _check_same_subjects(first, labels[rows[first]], name, labels[rows[name]])
    return TableCohort(tuple(labels[rows[first]]), sources, source(np.argmin(labels)))


def _check_subjects_once(table: pd.DataFrame) -> None:
    repeated = np.flatnonzero(table.duplicated(["subject_label", "map_name"]))
    if len(repeated):
        label, effect, _ = (table[column].iloc[repeated[0]] for column in COLUMNS)
        raise InputError(
            f"Subject {label} stands more than once under map_name '{effect}' (row {repeated[0]} "
            "of 'second_level_input' again). Keep one row per subject, or pass a design_matrix "
            "that tells the rows of a subject apart."
        )


def _check_same_subjects(first: str, labels: Labels, effect: str, theirs: Labels) -> None:
    if np.array_equal(labels, theirs):
        return
    lost = sorted(set(labels) ^ set(theirs))
    what = f"differ in {', '.join(lost[:5])}" if lost else "stand in a different order"
    raise InputError(
        f"Subjects of map_name '{effect}' and of map_name '{first}' {what}. One design serves all "
        "map names of a table, so each needs the same subjects in the same order; fit them apart "
        "otherwise."
    )
