"""What is behind a map of a volume."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.spatialimages import SpatialImage
from numpy.typing import NDArray

from secondlevel.errors import InputError, InputTypeError

Floats = NDArray[np.float64]

TEMPLATE = "MNI152TEMPLATE"
"""The name that stands for nilearn's template."""


@cache
def template() -> Any:
    """Return nilearn's template of the brain, loaded once."""
    from nilearn.datasets import load_mni152_template  # noqa: PLC0415 - heavy

    return load_mni152_template(resolution=2)


def open_volume(image: Any, name: str) -> SpatialImage:
    """Return one volume, with 0 where it has no finite value.

    Parameters
    ----------
    image : Niimg-like
    name : str
        Of the parameter, for the message.

    Raises
    ------
    InputError
        When there is no such file, it cannot be read, or it holds several volumes.
    InputTypeError
        When it is no image.
    """
    from nibabel.filebasedimages import ImageFileError  # noqa: PLC0415 - rarely needed
    from nilearn.image import load_img, new_img_like  # noqa: PLC0415 - heavy

    if not isinstance(image, (str, Path)) and not hasattr(image, "affine"):
        raise InputTypeError(
            f"{name} must be a volume: an image, or the path of one. Got {type(image).__name__}."
        )
    try:
        loaded = load_img(str(image) if isinstance(image, Path) else image)
        values = np.asarray(loaded.get_fdata())
    except (ValueError, OSError, EOFError, ImageFileError) as error:
        raise InputError(f"{name} cannot be read as a volume: {error}") from error
    if values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    if values.ndim != 3:
        raise InputError(f"{name} must be one volume; this image has shape {loaded.shape}.")
    finite: SpatialImage = new_img_like(loaded, np.where(np.isfinite(values), values, 0.0))
    return finite


def open_background(bg_img: Any) -> Any:
    """Return the image behind the map, None for none.

    Raises
    ------
    InputError, InputTypeError
        When it is no volume.
    """
    if bg_img is None:
        return None
    if isinstance(bg_img, str) and bg_img == TEMPLATE:
        return template()
    if hasattr(bg_img, "mesh"):
        raise InputTypeError("bg_img is a surface image, and the maps are volumes. Give a volume.")
    return open_volume(bg_img, "bg_img")


def field_of_view(image: Any) -> Floats:
    """From where to where a grid reaches: (3, 2), in mm along x, y, z, at centres of voxels."""
    ends = np.array(np.meshgrid(*[(0, size - 1) for size in image.shape[:3]])).reshape(3, -1)
    return _box(ends.T, image.affine)


def extent_of(image: Any) -> Floats:
    """From where to where an image is not 0: (3, 2), in mm; its grid where it is 0 throughout."""
    there = np.asarray(image.dataobj) != 0
    seen = [np.flatnonzero(there.any(axis=tuple({0, 1, 2} - {k}))) for k in range(3)]
    if not len(seen[0]):
        return field_of_view(image)
    ends = np.array(np.meshgrid(*[(at[0], at[-1]) for at in seen])).reshape(3, -1)
    return _box(ends.T, image.affine)


def _box(voxels: NDArray[np.intp], affine: Floats) -> Floats:
    places = voxels @ affine[:3, :3].T + affine[:3, 3]
    return np.stack([places.min(axis=0), places.max(axis=0)], axis=1)
