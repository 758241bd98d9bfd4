"""SHA-256 of what was handed over, so that the same input can be told again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.inputs.sources import MapComputed, MapFile, MapImage, MapSource, MapSurface

CHUNK = 2**20
"""Bytes of a file read at a time."""

HEADERS = {".img": ".hdr", ".img.gz": ".hdr.gz"}
"""Of a pair of files, the ending of the one with the header by that of the one with voxels."""


def fingerprints(sources: Sequence[MapSource], n_jobs: int | None = 1) -> list[str]:
    """Hash every map: its file, or its array.

    Parameters
    ----------
    sources : sequence of n MapSource
        A file is hashed as it lies on disk, once for all of its volumes, and with its header where
        that is a file of its own; an image in memory by its values, their type and shape, and its
        affine or mesh.
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
    >>> image = nib.Nifti1Image(np.zeros((2, 2, 2), dtype="f4"), np.eye(4))
    >>> fingerprints([MapImage("a map", image, (2, 2, 2), np.eye(4))])[0][:16]
    'ad4401965cca00a1'
    """
    # A model of the user may not stand being asked by several threads at once.
    computed = any(isinstance(source, MapComputed) for source in sources)
    workers = joblib.Parallel(n_jobs=1 if computed else n_jobs, require="sharedmem")
    files: dict[Path, MapFile] = {}
    meshes: dict[int, Any] = {}
    for source in sources:
        if isinstance(source, MapFile):
            files.setdefault(source.path, source)
        elif isinstance(source, MapSurface):
            meshes[id(source.source.mesh)] = source.source.mesh
    hashed = workers(joblib.delayed(_of_file)(source) for source in files.values())
    of_files = dict(zip(files, hashed, strict=True))
    of_meshes = {number: of_mesh(mesh) for number, mesh in meshes.items()}

    def of(source: MapSource) -> str:
        if isinstance(source, MapFile):
            return str(of_files[source.path])
        if isinstance(source, MapSurface):
            return _of_sample(source, of_meshes[id(source.source.mesh)])
        if isinstance(source, MapImage):
            return of_arrays(_volume(source), np.asarray(source.affine, dtype=np.float64))
        return of_image(source.image())

    return list(workers(joblib.delayed(of)(source) for source in sources))


def of_path(path: Path) -> str:
    """Hash a file, after the one with its header where there are two."""
    digest = hashlib.sha256()
    for one in _with_header(path):
        with one.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def of_image(image: Any) -> str:
    """Hash an image in memory: values, shape and type, and its affine or mesh.

    Examples
    --------
    >>> import nibabel as nib
    >>> one = nib.Nifti1Image(np.zeros((2, 2, 2), dtype="f4"), np.eye(4))
    >>> other = nib.Nifti1Image(np.zeros((2, 2, 2), dtype="f4"), 2 * np.eye(4))
    >>> of_image(one) == of_image(other)
    False
    """
    if hasattr(image, "mesh"):
        values = [np.asarray(image.data.parts[name]) for name in sorted(image.data.parts)]
        return of_arrays(*values, np.array(of_mesh(image.mesh)))
    return of_arrays(np.asanyarray(image.dataobj), np.asarray(image.affine, dtype=np.float64))


def of_mesh(mesh: Any) -> str:
    """Hash the parts of a mesh: their names, coordinates and triangles."""
    arrays: list[ArrayLike] = []
    for name in sorted(mesh.parts):
        part = mesh.parts[name]
        arrays += [np.array(name), np.asarray(part.coordinates), np.asarray(part.faces)]
    return of_arrays(*arrays)


def of_arrays(*arrays: ArrayLike) -> str:
    """Hash arrays by their values in little-endian C order, shapes and types."""
    digest = hashlib.sha256()
    for given in arrays:
        array = np.asarray(given)
        if array.dtype == np.longdouble:
            array = array.astype(np.float64)  # what fills up its bytes is anything
        plain: NDArray[Any] = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        digest.update(f"{plain.dtype.str}{array.shape}".encode())
        digest.update(plain.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _of_file(source: MapFile) -> str:
    source.require_unchanged()
    digest = of_path(source.path)
    source.require_unchanged()
    return digest


def _of_sample(source: MapSurface, mesh: str) -> str:
    """Hash one sample of a surface image; a mesh that many share is hashed once."""
    parts = source.source.data.parts
    values = [np.asarray(parts[name]) for name in sorted(parts)]
    samples = [part if part.ndim == 1 else part[:, source.sample] for part in values]
    return of_arrays(*samples, np.array(mesh))


def _volume(source: MapImage) -> NDArray[Any]:
    """Voxels of one volume in the type that the image has."""
    data = source.source.dataobj
    if len(source.source.shape) == 3:
        return np.asanyarray(data)
    return np.asanyarray(data[..., source.volume]).reshape(source.shape)


def _with_header(path: Path) -> tuple[Path, ...]:
    """The file of a map, after the one with its header where there are two."""
    for ending, of_header in HEADERS.items():
        header = path.with_name(path.name.removesuffix(ending) + of_header)
        if path.name.endswith(ending) and header.exists():
            return header, path
    return (path,)
