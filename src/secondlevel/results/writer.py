"""Writes the files of an analysis into one folder, and remembers their names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import nibabel as nib
import pandas as pd

from secondlevel.results.encoding import save_json
from secondlevel.results.names import FileNames, MapName
from secondlevel.results.surfaces import save_mesh, save_values
from secondlevel.results.tables import Form, save_table


class Writer:
    """Writes files under the names that they have in an analysis.

    Parameters
    ----------
    folder : Path
    names : FileNames
    on_surface : bool

    Attributes
    ----------
    written : list of str
        Names of the files so far, those of maps that wait among them.
    """

    def __init__(self, folder: Path, names: FileNames, *, on_surface: bool) -> None:
        self.folder = folder
        self.names = names
        self.on_surface = on_surface
        self.written: list[str] = []
        self._waiting: list[Callable[[], None]] = []

    def path(self, name: str) -> Path:
        """Where a file goes; it counts as written."""
        self.written.append(name)
        return self.folder / name

    def json(self, name: str, content: Any) -> None:
        """Write JSON."""
        save_json(content, self.path(name))

    def table(self, name: str, table: pd.DataFrame) -> Form:
        """Write a table; return its form."""
        return save_table(table, self.path(name))

    def map(self, name: MapName, image: Any) -> list[str]:
        """Write a map, later, with others; return the names of its files."""
        if not self.on_surface:
            self._waiting.append(partial(nib.save, image, self.path(name.volume)))
            return [name.volume]
        files = []
        for part, values in image.data.parts.items():
            files.append(name.part(part, len(values)))
            self._waiting.append(partial(save_values, values, self.path(files[-1])))
        return files

    def mesh(self, mesh: Any) -> dict[str, str]:
        """Write the parts of a mesh; return the name of each one's file."""
        files = {}
        for part, one in mesh.parts.items():
            files[part] = self.names.map("mesh").part(part, one.n_vertices, ".surf.gii")
            save_mesh(one, self.path(files[part]))
        return files

    def write_maps(self, n_jobs: int | None) -> None:
        """Write all maps that wait, several at a time."""
        joblib.Parallel(n_jobs=n_jobs, require="sharedmem")(
            joblib.delayed(write)() for write in self._waiting
        )
        self._waiting.clear()
