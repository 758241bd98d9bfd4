"""What maps are called in tables and pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pandas as pd

from secondlevel.inference.arguments import is_number
from secondlevel.inputs.sources import MapFile, MapSource

ENDINGS = (".nii.gz", ".nii", ".img", ".hdr", ".gii", ".mgz", ".mgh")


def label_maps(
    subjects: Sequence[str | None], design_matrix: pd.DataFrame, sources: Sequence[MapSource]
) -> tuple[str, ...]:
    """Find a short name for every map, all different.

    Parameters
    ----------
    subjects : sequence of n (str or None)
        Where the input says whose each is.
    design_matrix : DataFrame of n rows
        Its index, where it holds names.
    sources : sequence of n MapSource

    Returns
    -------
    tuple of n str
        Subjects, or else the rows' names, or what tells file names apart, or the rows' numbers
        where they are not 0, 1, 2, …, or "map 1", "map 2", …. Where a name occurs several times a
        number follows it.

    Examples
    --------
    >>> table = pd.DataFrame({"mean": [1, 1]}, index=["sub-01", "sub-01"])
    >>> label_maps([None, None], table, [])
    ('sub-01 (1)', 'sub-01 (2)')
    """
    rows = list(design_matrix.index)
    if all(_is_name(subject) for subject in subjects):
        return _distinct([str(subject) for subject in subjects])
    if all(isinstance(name, str) and _is_name(name) for name in rows):
        return _distinct([str(name) for name in rows])
    files = [source for source in sources if isinstance(source, MapFile)]
    if len(files) == len(subjects) and all(file.n_volumes == 1 for file in files):
        return _distinct(_short([file.path for file in files]))
    # A table of which rows were left out keeps their numbers: less than files tell, but something.
    if all(is_number(row) for row in rows) and rows != list(range(len(rows))):
        return _distinct([f"{row:g}" if isinstance(row, float) else str(row) for row in rows])
    return tuple(f"map {number}" for number in range(1, len(subjects) + 1))


def _is_name(given: object) -> bool:
    """Whether it is something that tells a map from others: no None, NaN or empty text."""
    return given is not None and given == given and bool(str(given).strip())  # noqa: PLR0124 - NaN


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Number what occurs several times, by numbers that make no name that is there already."""
    often = Counter(names)
    taken = set(often)
    told = []
    for name in names:
        if often[name] > 1:
            name = next(one for k in count(1) if (one := f"{name} ({k})") not in taken)  # noqa: PLW2901
            taken.add(name)
        told.append(name)
    return tuple(told)


def _short(paths: list[Path]) -> list[str]:
    """File names, with as many of the folders above as tell them apart, less what all share."""
    if len(set(paths)) < len(paths):
        return [_stem(path.name) for path in paths]
    for depth in range(1, max(len(path.parts) for path in paths) + 1):
        tails = [path.parts[-depth:] for path in paths]
        if len(set(tails)) == len(paths):
            names = ["/".join((*tail[:-1], _stem(tail[-1]))) for tail in tails]
            return names if depth == 1 else _without_common_end(names)
    return [str(path) for path in paths]


def _without_common_end(names: list[str]) -> list[str]:
    """Cut a file name that all share, as in `sub-01/con_0001`."""
    ends = {name.rpartition("/")[2] for name in names}
    if len(ends) == 1 and len({name.rpartition("/")[0] for name in names}) == len(names):
        names = [name.rpartition("/")[0] for name in names]
    parts = [name.split("/") for name in names]
    shared = 0
    while len({tuple(one[: shared + 1]) for one in parts}) == 1 and shared < len(parts[0]) - 1:
        shared += 1
    return ["/".join(one[shared:]) for one in parts]


def _stem(name: str) -> str:
    for ending in ENDINGS:
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name
