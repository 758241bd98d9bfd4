"""SHA-256 of what was handed over, so that the same input can be told again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.inputs.sources import MapComputed, MapFile, MapSource

CHUNK = 2**20
"""Bytes of a file read at a time."""


def fingerprints(sources: Sequence[MapSource], n_jobs: int | None = 1) -> list[str]:
    """Hash every map: its file, or its array.

    Parameters
    ----------
    sources : sequence of n MapSource
        A file is hashed as it lies on disk, once for all of its volumes, an image in memory by its
        values, shape and affine.
    n_jobs : int or None
        Threads, in joblib's meaning.

    Returns
    -------
    list of n str
        64 hexadecimal digits each.

    Raises
    ------
    MapError
        When a file has changed since its header was read.

    Examples
    --------
    >>> import nibabel as nib
    >>> from secondlevel.inputs.sources import MapImage
    >>> image = nib.Nifti1Image(np.zeros((2, 2, 2), dtype="f4"), np.eye(4))
    >>> fingerprints([MapImage("a map", image, (2, 2, 2), np.eye(4))])[0][:16]
    'ad4401965cca00a1'
    """
    # A model of the user may not stand being asked by several threads at once.
    computed = any(isinstance(source, MapComputed) for source in sources)
    once: dict[tuple[Path, ...], MapFile] = {}
    for source in sources:
        if isinstance(source, MapFile):
            once.setdefault(_files(source), source)
    workers = joblib.Parallel(n_jobs=1 if computed else n_jobs, prefer="threads")
    hashed = workers(joblib.delayed(_of_file)(one) for one in once.values())
    of_files = dict(zip(once, hashed, strict=True))
    others = [source for source in sources if not isinstance(source, MapFile)]
    of_others = iter(workers(joblib.delayed(of_image)(source.image()) for source in others))
    return [
        of_files[_files(source)] if isinstance(source, MapFile) else next(of_others)
        for source in sources
    ]


def of_path(*paths: Path) -> str:
    """Hash files, one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def of_image(image: Any) -> str:
    """Hash an image in memory: values, shape and type, and its affine or mesh."""
    if hasattr(image, "mesh"):
        arrays = [part for name in sorted(image.data.parts) for part in _part(image, name)]
    else:
        arrays = [np.asanyarray(image.dataobj), np.asarray(image.affine, dtype=np.float64)]
    return of_arrays(*arrays)


def of_arrays(*arrays: ArrayLike) -> str:
    """Hash arrays by their values in little-endian C order, shapes and types."""
    digest = hashlib.sha256()
    for given in arrays:
        array = np.asarray(given)
        plain: NDArray[Any] = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<")))
        digest.update(f"{plain.dtype.str}{plain.shape}".encode())
        digest.update(plain.tobytes())
    return digest.hexdigest()


def _part(image: Any, name: str) -> list[NDArray[Any]]:
    mesh = image.mesh.parts[name]
    return [
        np.asarray(image.data.parts[name]),
        np.asarray(mesh.coordinates),
        np.asarray(mesh.faces),
    ]


def _of_file(source: MapFile) -> str:
    source.require_unchanged()
    return of_path(*_files(source))


def _files(source: MapFile) -> tuple[Path, ...]:
    """The file of a map, and the one with its header where there are two."""
    header = source.path.with_suffix(".hdr")
    paired = source.path.suffix == ".img" and header.exists()
    return (header, source.path) if paired else (source.path,)
