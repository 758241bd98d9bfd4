"""The folder a demo writes into: where every file lies, and whether it may be written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from secondlevel.errors import InputError


class FolderError(InputError):
    """The demo cannot, or should not, write into this folder."""


@dataclass(frozen=True)
class DemoFolder:
    """Names of the files of a demo.

    Parameters
    ----------
    root : Path
        The folder; need not exist.

    Examples
    --------
    >>> folder = DemoFolder(Path("out"))
    >>> folder.subject_map("sub-01").as_posix()
    'out/maps/sub-01_contrast.nii.gz'
    >>> folder.result("patient - control", "t").as_posix()
    'out/results/patient-control_t.nii.gz'
    """

    root: Path

    @property
    def participants(self) -> Path:
        """One row per subject: group and age."""
        return self.root / "participants.tsv"

    @property
    def truth(self) -> Path:
        """One row per planted effect; also the sign that a demo wrote this folder."""
        return self.root / "truth.tsv"

    @property
    def mask(self) -> Path:
        """Where to look."""
        return self.root / "mask.nii.gz"

    @property
    def maps(self) -> Path:
        """Folder of the subjects' maps."""
        return self.root / "maps"

    @property
    def results(self) -> Path:
        """Folder of group maps and pictures."""
        return self.root / "results"

    def subject_map(self, label: str) -> Path:
        """Map of one subject."""
        return self.maps / f"{label}_contrast.nii.gz"

    def result(self, contrast: str, kind: str) -> Path:
        """Group map of one contrast."""
        return self.results / f"{_file_name(contrast)}_{kind}.nii.gz"

    def picture(self, contrast: str) -> Path:
        """Glass brain of one contrast."""
        return self.results / f"{_file_name(contrast)}_z.png"

    @property
    def report(self) -> Path:
        """Page of all contrasts."""
        return self.results / "report.html"

    def prepare(self) -> None:
        """Make the folder, or check that it may be written into; files of a demo are replaced.

        Raises
        ------
        FolderError
            When it is a file, cannot be made or written, or holds a table that no demo wrote.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            what = "is a file" if self.root.exists() else "lies below a file"
            raise FolderError(
                f"'{self.root}' {what}; a folder is needed. Choose another path."
            ) from None
        except OSError as error:
            raise FolderError(
                f"Folder '{self.root}' cannot be made: {error.strerror}. Choose another path."
            ) from None
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise FolderError(f"Folder '{self.root}' cannot be written into. Choose another path.")
        if self.participants.exists() and not self.truth.exists():
            raise FolderError(
                f"'{self.participants}' was not written by a demo and would be lost. "
                "Choose an empty or a new folder."
            )


def _file_name(contrast: str) -> str:
    return contrast.replace(" ", "")
