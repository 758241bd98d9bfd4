"""Names of the files of an analysis, as nilearn's `save_glm_to_bids` chooses them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from secondlevel.errors import InputTypeError

WORDS = {"-": " Minus ", "+": " Plus ", ">": " Gt ", "<": " Lt ", "_": " "}
"""What stands for signs that a file name cannot hold."""

GROUP = "group"
"""Folder of the files of a group analysis."""

LONGEST = 120
"""Bytes of a stem; file systems hold names of 255, all else in them included."""

HEMISPHERES = {"left": "L", "right": "R"}


def is_file_name(name: object) -> bool:
    """Whether a text names a file in a folder, and nothing outside of it.

    Examples
    --------
    >>> is_file_name("design.tsv"), is_file_name("../design.tsv"), is_file_name("..")
    (True, False, False)
    """
    return isinstance(name, str) and Path(name).name == name and name not in {"", ".."}


def stem_of(name: str) -> str:
    """Turn the name of a contrast into letters and digits, as file names hold it.

    Examples
    --------
    >>> stem_of("patient - control"), stem_of("[ 1 -1  0]"), stem_of("F test")
    ('patientMinusControl', '1Minus10', 'fTest')
    """
    for sign, word in WORDS.items():
        name = name.replace(sign, word)
    first, *others = name.split(" ")
    camel = " ".join([first.lower(), *(word.title() for word in others)])
    return "".join(letter for letter in camel if letter.isalnum())


def stems_of(names: Sequence[str]) -> tuple[str, ...]:
    """Turn names of contrasts into stems that are all different.

    A name without letters and digits becomes its number; of equal stems the later ones get theirs,
    and what is too long for a file name is cut.

    Examples
    --------
    >>> stems_of(["a > b", "a>b", "***"])
    ('aGtB', 'aGtB2', '3')
    """
    stems: list[str] = []
    for number, name in enumerate(names, start=1):
        cut = stem_of(name).encode("utf-8", "ignore")[:LONGEST].decode("utf-8", "ignore")
        stem = cut or str(number)
        # Some file systems hold `aB` and `ab` for the same.
        taken = {one.lower() for one in stems}
        while stem.lower() in taken:
            stem = f"{stem}{number}"
        stems.append(stem)
    return tuple(stems)


@dataclass(frozen=True)
class FileNames:
    """Names within the folder of a group analysis.

    Parameters
    ----------
    prefix : str, default=""
        Stands before every name, followed by `_` unless it ends so.

    Raises
    ------
    InputTypeError
        When it is no text, or leads to another folder.

    Examples
    --------
    >>> FileNames("study").contrast_map("age", "z").volume
    'study_contrast-age_stat-z_statmap.nii.gz'
    """

    prefix: str = ""

    def __post_init__(self) -> None:
        given: object = self.prefix
        if not isinstance(given, str) or (given and Path(given).name != given):
            raise InputTypeError(
                f"prefix must be text that can stand in a file name. Got {given!r}."
            )
        if self.prefix and not self.prefix.endswith("_"):
            object.__setattr__(self, "prefix", f"{self.prefix}_")

    def file(self, name: str) -> str:
        """Name of a file of the whole analysis."""
        return f"{self.prefix}{name}"

    def of_contrast(self, stem: str, ending: str) -> str:
        """Name of a file of a contrast."""
        return f"{self.prefix}contrast-{stem}_{ending}"

    def contrast_map(self, stem: str, stat: str) -> MapName:
        """Name of a map of a contrast."""
        return MapName(self.prefix, f"contrast-{stem}_stat-{stat}_statmap")

    def map(self, name: str) -> MapName:
        """Name of a map of the whole analysis."""
        return MapName(self.prefix, name)


@dataclass(frozen=True)
class MapName:
    """Name of a map, which is one file in a volume, and one for each part of a surface.

    Parameters
    ----------
    prefix : str
    body : str
        The name without ending.
    """

    prefix: str
    body: str

    @property
    def volume(self) -> str:
        """The file of a volume."""
        return f"{self.prefix}{self.body}.nii.gz"

    def part(self, part: str, n_vertices: int, ending: str = ".gii") -> str:
        """The file of a part of a surface."""
        hemisphere = HEMISPHERES.get(part, part)
        return f"{self.prefix}hemi-{hemisphere}_den-{n_vertices}_{self.body}{ending}"
