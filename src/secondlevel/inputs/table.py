"""Maps handed over as a table: subject, name of the map, path."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from secondlevel.errors import InputError
from secondlevel.inputs.cohort import Effect
from secondlevel.inputs.images import volume_source
from secondlevel.inputs.sources import MapSource

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
        if asked not in self.sources:
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
    def mask_sample(self) -> MapSource:
        """The first map."""
        return self.first


def check_table(table: pd.DataFrame, at_least: int = 2) -> None:
    """Raise InputError when a table of maps lacks a column or a label.

    Parameters
    ----------
    table : DataFrame
        With columns `subject_label`, `map_name` and `effects_map_path`.
    at_least : int
        Number of rows needed.
    """
    absent = [name for name in COLUMNS if name not in table.columns]
    if absent:
        raise InputError(
            "'second_level_input' DataFrame must have columns 'subject_label', 'map_name' and "
            f"'effects_map_path'. Absent: {', '.join(absent)}."
        )
    for row, label in enumerate(table["subject_label"]):
        if not isinstance(label, str):
            raise InputError(
                f"'subject_label' column must contain only strings: row {row} holds {label!r}. "
                "Convert with table['subject_label'].astype(str)."
            )
    if len(table) < at_least:
        raise InputError(
            "A second level model requires at least two maps; the table has "
            f"{len(table)} row{'s' if len(table) != 1 else ''}."
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


def from_table(table: pd.DataFrame, *, repeated_subjects: bool) -> TableCohort:
    """Make a cohort of a table, in the table's own order.

    Parameters
    ----------
    table : DataFrame
        With columns `subject_label`, `map_name` and `effects_map_path`.
    repeated_subjects : bool
        Whether a subject may stand there twice under one map name (a design matrix says then what
        distinguishes the rows).

    Returns
    -------
    TableCohort

    Raises
    ------
    InputError
        When a subject stands there twice and must not, or effects have different subjects.
    MapError
        When a map is absent, damaged or no 3D image.
    """
    opened: dict[Any, MapSource] = {}
    sources: dict[str, tuple[MapSource, ...]] = {}
    subjects: dict[str, tuple[str, ...]] = {}
    for effect, rows in table.groupby("map_name", sort=False, dropna=False):
        subjects[str(effect)] = tuple(rows["subject_label"])
        if not repeated_subjects:
            _check_subjects_once(rows, str(effect))
        sources[str(effect)] = tuple(
            _row_source(table, row, opened) for row in (table.index.get_loc(i) for i in rows.index)
        )
    first_effect, labels = next(iter(subjects.items()))
    for effect_name, theirs in subjects.items():
        _check_same_subjects(first_effect, labels, effect_name, theirs)
    first = int(table["subject_label"].reset_index(drop=True).sort_values(kind="stable").index[0])
    return TableCohort(labels, sources, _row_source(table, first, opened))


def _row_source(table: pd.DataFrame, row: Any, opened: dict[Any, MapSource]) -> MapSource:
    image = table["effects_map_path"].iloc[row]
    key = str(image) if isinstance(image, (str, Path)) else id(image)
    if key not in opened:
        if image is None or (isinstance(image, float) and image != image):  # noqa: PLR0124 - NaN
            label = table["subject_label"].iloc[row]
            raise InputError(f"Row {row} of 'second_level_input' (subject {label}) has no path.")
        opened[key] = volume_source(image, row)
    return opened[key]


def _check_subjects_once(rows: pd.DataFrame, effect: str) -> None:
    twice = rows["subject_label"][rows["subject_label"].duplicated()]
    if len(twice):
        raise InputError(
            f"Subject {twice.iloc[0]} stands more than once under map_name '{effect}' "
            f"(row {twice.index[0]} of 'second_level_input' again). Keep one row per subject, or "
            "pass a design_matrix that tells the rows of a subject apart."
        )


def _check_same_subjects(
    first: str, labels: tuple[str, ...], effect: str, theirs: tuple[str, ...]
) -> None:
    if theirs == labels:
        return
    lost = sorted(set(labels) ^ set(theirs))
    what = f"differ in {', '.join(lost[:5])}" if lost else "stand in a different order"
    raise InputError(
        f"Subjects of map_name '{effect}' and of map_name '{first}' {what}. One design serves all "
        "map names of a table, so each needs the same subjects in the same order; fit them apart "
        "otherwise."
    )
