"""A space of voxels: a mask on a grid."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.spatialimages import SpatialImage
from numpy.typing import NDArray

from secondlevel.errors import MapError, MaskError
from secondlevel.graph.adjacency import Graph
from secondlevel.graph.lattice import Lattice
from secondlevel.spaces.inside import inside

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class VolumeSpace:
    """The voxels of a mask, in C order of `mask[i, j, k]` as nilearn's maskers have them.

    Parameters
    ----------
    mask : bool array of shape (x, y, z)
        At least one voxel.
    affine : array of shape (4, 4)
        Voxel indices to mm.
    codes : tuple of two int
        NIfTI sform and qform codes, which say what the mm refer to.
    """

    mask: Flags
    affine: Floats
    codes: tuple[int, int] = (2, 0)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the grid."""
        return self.mask.shape

    @cached_property
    def n_elements(self) -> int:
        """Number of voxels in the mask, V."""
        return int(np.count_nonzero(self.mask))

    @cached_property
    def indices(self) -> Indices:
        """Voxel indices of every element, shape (V, 3)."""
        return np.argwhere(self.mask)

    @cached_property
    def positions(self) -> Indices:
        """Where every element lies among the voxels of a NIfTI file, shape (V,)."""
        i, j, k = self.indices.T
        return np.asarray(i + self.shape[0] * (j + self.shape[1] * k))

    @property
    def coordinates(self) -> Floats:
        """Centre of every voxel in mm, shape (V, 3)."""
        return self.pieces[0].coordinates

    @property
    def element_names(self) -> list[str]:
        """`voxel_i_j_k` for every element."""
        return [f"voxel_{i}_{j}_{k}" for i, j, k in self.indices.tolist()]

    @property
    def pieces(self) -> tuple[Lattice]:
        """The lattice of the voxels."""
        return (Lattice(self.mask, self.affine),)

    @property
    def element(self) -> str:
        """What an element is called."""
        return "voxel"

    @property
    def size_unit(self) -> str:
        """Unit of a voxel's size."""
        return "mm3"

    @property
    def part_names(self) -> None:
        """A volume has no parts."""

    @property
    def places(self) -> Indices:
        """Voxel indices of every element, shape (V, 3)."""
        return self.indices

    def graph(self, connectivity: int = 26) -> Graph:
        """Return the neighbours of every voxel: 6, 18 or 26 of an inner one."""
        return self.pieces[0].graph(connectivity)

    @property
    def mask_img(self) -> SpatialImage:
        """The mask as an image of 0 and 1."""
        return self._image(self.mask.astype(np.int8))

    def has_grid(self, shape: tuple[int, ...], affine: Floats) -> bool:
        """Whether a grid is this space's, but for rounding."""
        return tuple(shape) == self.shape and same_place(self.shape, affine, self.affine)

    def check(self, image: Any, name: str, other: str = "the mask") -> None:
        """Raise MapError unless a 3D image (or 4D with one volume) lies on this grid.

        Parameters
        ----------
        image : SpatialImage
        name, other : str
            What to call the image, and what this grid was taken from.
        """
        shape = tuple(getattr(image, "shape", ()))
        if hasattr(image, "mesh") or len(shape) not in {3, 4} or shape[3:] not in {(), (1,)}:
            raise MapError(f"{name} must be a 3D image; got {type(image).__name__} of {shape}.")
        if not self.has_grid(shape[:3], np.asarray(image.affine, dtype=np.float64)):
            raise MapError(
                f"{name} and {other} lie on different grids: shape {shape[:3]} and affine "
                f"{np.round(image.affine, 4).tolist()} against shape {self.shape} and affine "
                f"{np.round(self.affine, 4).tolist()}. Resample one to the other "
                "(nilearn.image.resample_to_img)."
            )

    def take(self, image: Any, name: str) -> NDArray[Any]:
        """Values of a 3D image (or 4D with one volume) on this grid, shape (V,).

        Raises
        ------
        MapError
            When the image lies on another grid, or on a mesh; it is called by `name`.
        """
        self.check(image, name)
        data = np.asanyarray(image.dataobj)
        return np.asarray(data.reshape(self.shape)[self.mask])

    def to_image(self, values: NDArray[Any]) -> SpatialImage:
        """Put values of shape (V,) into a 3D image, or (k, V) into a 4D one; 0 outside.

        Examples
        --------
        >>> space = VolumeSpace(np.array([[[True, False], [True, True]]]), np.eye(4))
        >>> space.to_image(np.array([1.0, 2.0, 3.0])).get_fdata().tolist()
        [[[1.0, 0.0], [2.0, 3.0]]]
        """
        rows = np.atleast_2d(values)
        # Fortran order is that of the file: saving then copies nothing.
        data = np.zeros((*self.shape, len(rows)), dtype=values.dtype, order="F")
        flat = data.reshape(-1, len(rows), order="F")
        for k, row in enumerate(rows):
            flat[self.positions, k] = row
        return self._image(data[..., 0] if values.ndim == 1 else data)

    def _image(self, data: NDArray[Any]) -> SpatialImage:
        image = nib.Nifti1Image(data, self.affine)
        image.set_sform(self.affine, code=self.codes[0])
        image.set_qform(self.affine, code=self.codes[1])
        image.header.set_xyzt_units("mm")
        return image

    def narrow(self, keep: Flags) -> VolumeSpace:
        """Return the space of the kept elements only."""
        mask = np.zeros_like(self.mask)
        mask[self.mask] = keep
        return replace(self, mask=mask)


def same_place(shape: tuple[int, ...], affine: Floats, other: Floats) -> bool:
    """Whether two affines put the corners of a grid to the same places, to 1/1000 of a voxel.

    Programs round affines differently; entries of 0 and 1e-7 mean the same grid.

    Examples
    --------
    >>> nudged, moved = np.eye(4), np.eye(4)
    >>> nudged[0, 1], moved[0, 3] = 1e-7, 0.1
    >>> same_place((9, 9, 9), np.eye(4), nudged), same_place((9, 9, 9), np.eye(4), moved)
    (True, False)
    """
    corners = np.array(list(itertools.product(*((0, length - 1) for length in shape))))
    apart = nib.affines.apply_affine(affine, corners) - nib.affines.apply_affine(other, corners)
    voxel = np.linalg.norm(other[:3, :3], axis=0).min()
    return bool(np.linalg.norm(apart, axis=1).max() <= voxel / 1000)


def whole_grid(shape: tuple[int, ...], affine: Floats) -> VolumeSpace:
    """Return the space of every voxel of a grid.

    Examples
    --------
    >>> whole_grid((2, 3, 4), np.eye(4)).n_elements
    24
    """
    return VolumeSpace(np.ones(shape, dtype=bool), np.asarray(affine, dtype=np.float64))


def whole_image(image: SpatialImage) -> VolumeSpace:
    """Return the space of every voxel of a 3D image's grid, called as its header calls it.

    Examples
    --------
    >>> whole_image(nib.Nifti1Image(np.zeros((2, 3, 4)), np.eye(4))).n_elements
    24
    """
    everywhere = np.ones(image.shape, dtype=bool)
    return VolumeSpace(everywhere, np.asarray(image.affine, dtype=np.float64), codes_of(image))


def codes_of(image: SpatialImage) -> tuple[int, int]:
    """Sform and qform codes of an image's header; those of aligned data in another format.

    Examples
    --------
    >>> mni = nib.Nifti1Image(np.zeros((2, 3, 4)), np.eye(4))
    >>> mni.set_sform(np.eye(4), code="mni")
    >>> codes_of(mni)
    (4, 0)
    """
    header = getattr(image, "header", None)
    # Only NIfTI has them; headers of AFNI, MINC or Philips cannot even be asked.
    if not isinstance(header, nib.Nifti1Header):
        return (2, 0)
    sform, qform = int(header["sform_code"]), int(header["qform_code"])
    return (sform or qform or 2, qform)


def from_mask_image(image: SpatialImage) -> VolumeSpace:
    """Return the space of the voxels where a mask image is not zero.

    Parameters
    ----------
    image : SpatialImage
        3D (or 4D with one volume), of 0 and one other value, or of one value throughout.

    Returns
    -------
    VolumeSpace

    Raises
    ------
    MaskError
        When the mask is empty, holds several values or volumes, or cannot be read.

    Examples
    --------
    >>> from_mask_image(nib.Nifti1Image(np.eye(3, dtype="u1")[None], np.eye(4))).n_elements
    3
    """
    mask = check_mask_image(image)
    return VolumeSpace(mask, np.asarray(image.affine, dtype=np.float64), codes_of(image))


def check_mask_image(image: SpatialImage) -> Flags:
    """Return the voxels where a mask image is not zero, or raise when it is no mask.

    Parameters
    ----------
    image : SpatialImage
        See `from_mask_image`.

    Returns
    -------
    bool array of shape (x, y, z)

    Raises
    ------
    MaskError
        When the mask is empty, holds several values or volumes, or cannot be read.

    Examples
    --------
    >>> check_mask_image(nib.Nifti1Image(np.array([[[0, 7]]], dtype="u1"), np.eye(4)))
    array([[[False,  True]]])
    """
    name = image.get_filename() if hasattr(image, "get_filename") else None
    called = f"mask '{name}'" if name else "mask"
    try:
        data = np.asanyarray(image.dataobj)
    except (OSError, EOFError, ValueError) as error:
        raise MaskError(
            f"The {called} is truncated or corrupt ({error}). Copy or compute it anew."
        ) from error
    if data.ndim == 4 and data.shape[3] == 1:
        data = data[..., 0]
    if data.ndim != 3:
        raise MaskError(f"The {called} has shape {data.shape}; a mask is a 3D image.")
    return inside(data, "voxel", name)
