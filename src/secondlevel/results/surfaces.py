"""Surface images as GIFTI files hold them: single precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.gifti.gifti import GiftiDataArray, GiftiImage
from numpy.typing import NDArray

from secondlevel.errors import InputError

POINTS, TRIANGLES = "NIFTI_INTENT_POINTSET", "NIFTI_INTENT_TRIANGLE"


def as_saved(image: Any) -> Any:
    """Return an image as it comes back from its files.

    Parameters
    ----------
    image : SpatialImage or SurfaceImage

    Returns
    -------
    SpatialImage or SurfaceImage
        A volume as it is. A surface with values as float32, or int32 where they are whole numbers
        or flags, and coordinates as float32: GIFTI files hold no more.
    """
    if not hasattr(image, "mesh"):
        return image
    from nilearn.surface import (  # noqa: PLC0415 - heavy, and only for surfaces
        InMemoryMesh,
        PolyMesh,
        SurfaceImage,
    )

    meshes = {
        name: InMemoryMesh(_as_single(mesh.coordinates), np.asarray(mesh.faces, dtype=np.int32))
        for name, mesh in image.mesh.parts.items()
    }
    data = {name: _as_single(np.asarray(part)) for name, part in image.data.parts.items()}
    return SurfaceImage(PolyMesh(**meshes), data)


def save_values(values: NDArray[Any], path: Path) -> None:
    """Write the values of one part, shape (V,) or (V, k), as a GIFTI file."""
    columns = np.atleast_2d(_as_single(values).T)
    arrays = [_array(column, "NIFTI_INTENT_NONE") for column in columns]
    nib.save(GiftiImage(darrays=arrays), path)


def save_mesh(mesh: Any, path: Path) -> None:
    """Write the mesh of one part as a GIFTI file."""
    points = _array(_as_single(mesh.coordinates), POINTS)
    triangles = _array(np.asarray(mesh.faces, dtype=np.int32), TRIANGLES)
    nib.save(GiftiImage(darrays=[points, triangles]), path)


def load_values(path: Path) -> NDArray[Any]:
    """Read the values of one part, shape (V,) or (V, k)."""
    columns = [np.asarray(array.data) for array in _load(path).darrays]
    return columns[0] if len(columns) == 1 else np.column_stack(columns)


def load_mesh(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """Read the mesh of one part: coordinates and triangles."""
    points, triangles = (np.asarray(array.data) for array in _load(path).darrays)
    return points, triangles


def _load(path: Path) -> Any:
    try:
        return nib.load(path)
    except FileNotFoundError:
        raise InputError(f"'{path}' is missing. Save the results again.") from None
    except Exception as error:
        # Of whatever type: what a parser stumbles over depends on the damage.
        raise InputError(f"'{path}' is damaged ({error}). Save the results again.") from error


def _array(values: NDArray[Any], intent: str) -> GiftiDataArray:
    kind = "NIFTI_TYPE_INT32" if values.dtype == np.int32 else "NIFTI_TYPE_FLOAT32"
    return GiftiDataArray(np.ascontiguousarray(values), intent=intent, datatype=kind)


def _as_single(values: Any) -> NDArray[Any]:
    array = np.asarray(values)
    return array.astype(np.int32 if array.dtype.kind in "biu" else np.float32)
