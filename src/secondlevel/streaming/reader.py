"""From where a map comes to a vector over the elements: resample, smooth, mask."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import nibabel as nib
import numpy as np
from nibabel.spatialimages import SpatialImage
from numpy.typing import NDArray

from secondlevel.errors import MapError, MaskError
from secondlevel.inputs.sources import MapFile, MapImage, MapSource
from secondlevel.spaces.base import Space
from secondlevel.spaces.surface import SurfaceSpace
from secondlevel.spaces.volume import VolumeSpace
from secondlevel.streaming.disk import VolumeReader

Floats = NDArray[np.float64]
Values = NDArray[Any]


class Reader(Protocol):
    """Reads maps into vectors over the elements of a space."""

    @property
    def space(self) -> Space:
        """Where the elements live."""
        ...

    def read(self, source: MapSource) -> Values:
        """Values of a map, shape (V,), in its own type; NaN or infinite where it has none."""
        ...

    def close(self) -> None:
        """Let go of open files."""
        ...


@dataclass(frozen=True, eq=False)
class VolumeMapReader:
    """Reads volumes.

    A file on the grid of the space goes from disk to vector directly; anything else goes through
    nilearn. A voxel outside the field of view of a map that is resampled is missing, not zero; a
    voxel that was missing before smoothing is missing after it.

    Parameters
    ----------
    space : VolumeSpace
    smoothing_fwhm : float or sequence of three, optional
        In mm, as in `nilearn.image.smooth_img`.
    filler : float
        What a missing value is taken for: with NaN it stays missing through smoothing; with 0 it is
        smoothed as 0, as in nilearn.
    """

    space: VolumeSpace
    smoothing_fwhm: Any = None
    filler: float = np.nan
    _disk: VolumeReader = field(default_factory=VolumeReader, repr=False)

    def read(self, source: MapSource) -> Values:
        """Values of a map, shape (V,), in its own type; NaN or infinite where it has none."""
        on_grid = isinstance(source, (MapFile, MapImage)) and self.space.has_grid(
            source.shape, source.affine
        )
        if on_grid and self.smoothing_fwhm is None:
            if isinstance(source, MapFile) and source.layout is not None:
                return self._from_disk(source)
            if isinstance(source, MapImage):
                return source.voxels()[self.space.mask]
        return self._through_nilearn(self._image(source), source.name)

    def read_with_volume(self, source: MapSource) -> tuple[Floats, Floats]:
        """Values of a map, shape (V,), and its voxels on its own grid, from one reading."""
        image = self._image(source)
        volume = np.asanyarray(image.dataobj).astype(np.float64, copy=False)
        return self._through_nilearn(image, source.name), volume

    def _from_disk(self, source: MapFile) -> Values:
        voxels = self._disk.read(source)
        layout = source.layout
        values = voxels.take(self.space.positions)
        if layout is not None and not layout.is_plain:
            values = values.astype(np.float64) * layout.slope + layout.inter
        return values

    def _image(self, source: MapSource) -> SpatialImage:
        if not isinstance(source, MapFile) or source.layout is None:
            image: SpatialImage = source.image()
            return image
        voxels = self._disk.read(source).reshape(source.shape, order="F")
        if source.layout.is_plain and voxels.dtype.kind == "f":
            # In its own precision, as nilearn would smooth and resample it.
            data = voxels.astype(voxels.dtype.newbyteorder("="))
        else:
            data = voxels.astype(np.float64) * source.layout.slope + source.layout.inter
        return nib.Nifti1Image(data, source.affine)

    def _through_nilearn(self, image: SpatialImage, name: str) -> Floats:
        if len(image.shape) == 4 and image.shape[3] == 1:
            image = image.slicer[..., 0]
        if len(image.shape) != 3:
            raise MapError(f"Map {name} is not 3D: its shape is {image.shape}.")
        if not self.space.has_grid(image.shape, image.affine):
            image = _resample(image, self._target, name)
        data = np.asanyarray(image.dataobj).astype(np.float64)
        if self.smoothing_fwhm is not None:
            missing = ~np.isfinite(data)
            data = _smooth(image, self.smoothing_fwhm)
            if np.isnan(self.filler):
                data[missing] = np.nan
        return self._take(data, image)

    @cached_property
    def _target(self) -> VolumeSpace:
        """The part of the grid to compute: the mask's box, or all where smoothing looks beyond."""
        if self.smoothing_fwhm is not None:
            return self.space
        low = self.space.indices.min(axis=0)
        high = self.space.indices.max(axis=0) + 1
        affine = self.space.affine.copy()
        affine[:3, 3] = nib.affines.apply_affine(affine, low)
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        return VolumeSpace(self.space.mask[box], affine)

    def _take(self, data: NDArray[Any], image: SpatialImage) -> Floats:
        on_grid = self.space.has_grid(data.shape, image.affine)
        space = self.space if on_grid else self._target
        return np.asarray(data[space.mask], dtype=np.float64)

    def close(self) -> None:
        """Let go of open files."""
        self._disk.close()


def _resample(image: SpatialImage, target: VolumeSpace, name: str) -> SpatialImage:
    # Heavy, and only for other grids.
    from nilearn.image import resample_img  # noqa: PLC0415
    from nilearn.image.resampling import BoundingBoxError  # noqa: PLC0415

    data = np.asanyarray(image.dataobj)
    with warnings.catch_warnings():
        # Missing voxels are expected and kept missing; they are counted elsewhere.
        warnings.filterwarnings("ignore", message="NaNs or infinite values")
        warnings.filterwarnings("ignore", message="Resampling binary images")
        try:
            resampled: SpatialImage = resample_img(
                nib.Nifti1Image(data, image.affine),
                target_affine=target.affine,
                target_shape=target.shape,
                interpolation="continuous",
                fill_value=np.nan,
                copy_header=True,
                force_resample=True,
            )
        except BoundingBoxError:
            raise MaskError(
                f"The mask covers no data: map {name} lies wholly outside it. Check that mask and "
                "maps are in the same space, or leave that map out."
            ) from None
    return resampled


def _smooth(image: SpatialImage, fwhm: Any) -> NDArray[Any]:
    from nilearn.image import smooth_img  # noqa: PLC0415 - heavy, and only for who smooths

    data = np.asanyarray(image.dataobj)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*non-finite values")
        smoothed = smooth_img(nib.Nifti1Image(data, image.affine), fwhm)
    return np.array(smoothed.dataobj, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class SurfaceMapReader:
    """Reads surface images.

    Parameters
    ----------
    space : SurfaceSpace
    """

    space: SurfaceSpace

    def read(self, source: MapSource) -> Values:
        """Values of a map, shape (V,), in its own type; NaN or infinite where it has none."""
        return self.space.gather(source.image(), getattr(source, "sample", 0), source.name)

    def close(self) -> None:
        """Nothing is open."""
