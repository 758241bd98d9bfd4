"""Maps handed over as images: paths, image objects, one 4D image, surface images."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.spatialimages import SpatialImage
from numpy.typing import NDArray

from secondlevel.errors import InputError, InputTypeError, MapError
from secondlevel.inputs.cohort import Effect
from secondlevel.inputs.sources import (
    MapFile,
    MapImage,
    MapSource,
    MapSurface,
    layout_of,
    open_image,
    state_of,
)

REAL = "biuf"
"""Kinds of numpy types that hold real numbers."""


@dataclass(frozen=True, eq=False)
class ImageCohort:
    """Maps of one unnamed effect, in the order given.

    Parameters
    ----------
    sources : tuple of n MapSource
    is_surface : bool
    """

    sources: tuple[MapSource, ...]
    is_surface: bool = False

    @property
    def labels(self) -> tuple[str | None, ...]:
        """Images do not say whose they are."""
        return (None,) * len(self.sources)

    @property
    def only_effect(self) -> tuple[Effect, ...]:
        """There is one effect, without a name."""
        return (None,)

    def effect(self, asked: object) -> Effect:  # noqa: ARG002 - a name means nothing here, as in nilearn
        """There is one effect, without a name."""
        return None

    def maps(self, effect: Effect) -> tuple[MapSource, ...]:  # noqa: ARG002 - there is one effect
        """All maps."""
        return self.sources

    @property
    def maps_with_grid(self) -> tuple[MapSource, ...]:
        """All maps."""
        return self.sources

    @property
    def mask_sample(self) -> None:
        """The mean of all maps."""
        return


def is_surface_image(image: Any) -> bool:
    """Whether an object is a surface image: a mesh and data in parts."""
    return hasattr(image, "mesh") and hasattr(getattr(image, "data", None), "parts")


def is_volume_like(image: Any) -> bool:
    """Whether an object is an image of voxels or the path of one."""
    return isinstance(image, (str, Path)) or (
        hasattr(image, "affine") and hasattr(image, "dataobj") and hasattr(image, "shape")
    )


def is_single_volume(image: Any) -> bool:
    """Whether an image, or the file at a path, is 3D or holds one volume."""
    if isinstance(image, (str, Path)) and glob.has_magic(str(image)):
        return False
    return _is_3d(_open(image)[0])


def from_volumes(images: Sequence[Any]) -> ImageCohort:
    """Make a cohort of a list of 3D images or paths.

    Parameters
    ----------
    images : sequence of n Niimg-like
        Each 3D, or 4D with a single volume.

    Returns
    -------
    ImageCohort

    Raises
    ------
    MapError
        When a file is absent, damaged, no image, or holds several volumes.
    """
    return ImageCohort(
        tuple(volume_source(image, f"second_level_input[{i}]") for i, image in enumerate(images))
    )


def from_single_volume(image: Any) -> ImageCohort:
    """Make a cohort of one 4D image, or of the files that a wildcard path matches.

    Parameters
    ----------
    image : Niimg-like
        4D, one map per volume.

    Returns
    -------
    ImageCohort

    Raises
    ------
    MapError
        When it is absent, damaged or 3D.
    """
    if isinstance(image, (str, Path)) and glob.has_magic(str(image)) and not Path(image).exists():
        # A wildcard path may be absolute, which Path.glob does not take.
        found = sorted(glob.glob(str(Path(image).expanduser())))  # noqa: PTH207
        if len(found) < 2:
            raise InputError(
                f"No files matching the entered niimg expression '{image}': {len(found)} found, "
                "at least two maps are needed."
            )
        return from_volumes(found)
    opened, path = _open(image)
    if len(opened.shape) != 4 or opened.shape[3] < 2:
        raise MapError(
            "A second level model requires a list with at least two maps, or a single 4D image "
            f"with one map per volume; {_name(path, 'this image')} has shape {opened.shape}."
        )
    shape = opened.shape[3]
    return ImageCohort(tuple(_source(opened, path, k, shape, "4D image") for k in range(shape)))


def from_surfaces(images: Any) -> ImageCohort:
    """Make a cohort of surface images: a list with one sample each, or one with many samples.

    Parameters
    ----------
    images : SurfaceImage or list of SurfaceImage

    Returns
    -------
    ImageCohort

    Raises
    ------
    InputTypeError
        When a list holds images with several samples, or a single image holds one sample.
    MapError
        When the meshes differ.
    """
    if is_surface_image(images):
        _check_numbers(images, "surface image")
        n_samples = 1 if len(images.shape) == 1 else images.shape[1]
        if n_samples == 0:
            raise MapError(f"The surface image is empty: its shape is {images.shape}.")
        if n_samples == 1:
            raise InputTypeError(
                "If a single SurfaceImage object is passed as 'second_level_input', it must be a "
                "3D SurfaceImage: several samples, one per subject. This one holds a single sample."
            )
        names = (f"sample {k} of the surface image" for k in range(n_samples))
        return ImageCohort(
            tuple(MapSurface(name, images, k) for k, name in enumerate(names)), is_surface=True
        )
    for i, image in enumerate(images):
        if len(image.shape) > 1 and image.shape[1] != 1:
            raise InputTypeError(
                "List of SurfaceImage objects as 'second_level_input' require all images to be 3D "
                f"SurfaceImage with one sample; number {i} has shape {image.shape}."
            )
        _check_numbers(image, f"number {i} of the surface images")
        _check_same_mesh(images[0], image, i)
    return ImageCohort(
        tuple(MapSurface(f"number {i} of the surface images", im) for i, im in enumerate(images)),
        is_surface=True,
    )


def _check_numbers(image: Any, name: str) -> None:
    for part, data in image.data.parts.items():
        if np.asarray(data).dtype.kind not in REAL:
            raise MapError(
                f"Map {name} holds {np.asarray(data).dtype} values in part '{part}'. A map has one "
                "real number per vertex."
            )


def _check_same_mesh(first: Any, image: Any, i: int) -> None:
    theirs, ours = image.mesh.parts, first.mesh.parts
    if image.mesh is first.mesh:
        return
    if set(theirs) != set(ours):
        raise MapError(
            f"Meshes do not have the same parts: surface image {i} has {sorted(theirs)}, the first "
            f"one {sorted(ours)}. All maps must lie on one mesh."
        )
    for part in ours:
        if theirs[part].n_vertices != ours[part].n_vertices:
            raise MapError(
                "Meshes do not have the same number of vertices: part "
                f"'{part}' of surface image {i} has {theirs[part].n_vertices}, that of the first "
                f"one {ours[part].n_vertices}. Resample the maps to one mesh."
            )
        if not np.array_equal(theirs[part].faces, ours[part].faces):
            raise MapError(
                f"Meshes do not have the same faces: part '{part}' of surface image {i} is "
                "connected differently from the first one. All maps must lie on one mesh."
            )


def volume_source(image: Any, name: str) -> MapFile | MapImage:
    """Where the map of one row comes from; only its header is read.

    Parameters
    ----------
    image : Niimg-like
        3D, or 4D with a single volume.
    name : str
        What to call it in messages; a file is called by its path.

    Returns
    -------
    MapFile or MapImage

    Raises
    ------
    MapError
        When the file is absent, damaged, no image, or holds several volumes.
    """
    opened, path = _open(image)
    if not _is_3d(opened):
        raise MapError(
            "When passing a list of Nifti image, each image must be 3D, or 4D with single volume. "
            f"The shape of {_name(path, name)} is {opened.shape}. Pick one volume per map "
            "(nilearn.image.index_img)."
        )
    return _source(opened, path, 0, 1, name)


def _is_3d(image: SpatialImage) -> bool:
    return len(image.shape) == 3 or (len(image.shape) == 4 and image.shape[3] == 1)


def _name(path: Path | None, otherwise: str) -> str:
    return f"'{path}'" if path else otherwise


def _open(image: Any) -> tuple[SpatialImage, Path | None]:
    """Open a path; of an image that was loaded from a file and not touched, find the file."""
    if isinstance(image, (str, Path)):
        path = Path(image).expanduser()
        return open_image(path), path
    filename = image.get_filename() if hasattr(image, "get_filename") else None
    if filename is None or image.in_memory or not hasattr(image.dataobj, "file_like"):
        return image, None
    return image, Path(filename)


def _source(
    image: SpatialImage, path: Path | None, volume: int, n_volumes: int, name: str
) -> MapFile | MapImage:
    shape = tuple(int(length) for length in image.shape[:3])
    affine = np.asarray(image.affine, dtype=np.float64)
    _check_header(image, affine, _name(path, name))
    layout = layout_of(image) if path else None
    voxels = getattr(image.dataobj, "file_like", None)
    if path and isinstance(voxels, (str, Path)):
        file = Path(voxels)
        return MapFile(file, shape, affine, layout, volume, n_volumes, state_of(file))
    shown = f"{name}, volume {volume}" if n_volumes > 1 else name
    return MapImage(shown, image, shape, affine, volume)


def _check_header(image: SpatialImage, affine: NDArray[np.float64], name: str) -> None:
    """Raise MapError when there are no voxels, no real numbers, or no place for them in space."""
    if 0 in image.shape:
        raise MapError(f"Map {name} is empty: its shape is {image.shape}. Leave it out.")
    dtype = np.dtype(getattr(image.dataobj, "dtype", np.float64))
    if dtype.kind not in REAL:
        raise MapError(
            f"Map {name} holds {dtype} values. A map has one real number per voxel: save its real "
            "part, its magnitude or one of its channels."
        )
    if not np.isfinite(affine).all() or np.linalg.det(affine[:3, :3]) == 0:
        raise MapError(
            f"Map {name} has an affine that cannot be inverted, so its voxels have no place in "
            f"space: {affine.tolist()}. Mend its header."
        )
