"""A statistical map as the user hands it over: image and mask to values over a space."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import (
    InputError,
    InputTypeError,
    MapError,
    MapNotFoundError,
    MapWarning,
    MaskError,
    MissingDataWarning,
    warn,
)
from secondlevel.spaces.base import Space
from secondlevel.spaces.masking import load_image, make_masking
from secondlevel.spaces.surface import SurfaceSpace, whole_mesh
from secondlevel.spaces.volume import codes_of, whole_image

Floats = NDArray[np.float64]

NAME = "stat_img"
"""What every function that reads such a map calls it, in messages too."""

HANDFUL = 10
"""Elements up to which it may be chance that no value is near 0."""

NEAR_0 = 0.5
"""More than a third of what chance leaves of z is nearer to 0."""


@dataclass(frozen=True, eq=False)
class StatMap:
    """A statistical map: finite values at the elements of a space.

    Parameters
    ----------
    space : Space
        The V elements inside the mask that have a value.
    values : array of shape (V,)
    """

    space: Space
    values: Floats


def read_stat_map(image: Any, mask_img: Any = None, *, whole: bool = False) -> StatMap:
    """Read a statistical map, which is called stat_img, and its mask.

    Parameters
    ----------
    image : SpatialImage or SurfaceImage
        One map, from `load_map`.
    mask_img : Niimg-like, SurfaceImage or masker, optional
        Where to look; it lies on the map's own grid or mesh. By default wherever the map is neither
        0 nor NaN, since maps are 0 outside their mask.
    whole : bool, default=False
        Whether all elements that were looked at are needed, as by a correction that counts them.

    Returns
    -------
    StatMap
        Elements without a value (NaN) are left out, with a warning where the mask has them. A map
        that is 0 throughout, without a mask, is 0 at every element of its grid or mesh.

    Raises
    ------
    InputTypeError
        When map and mask are of different kinds.
    MapError
        When the map's data cannot be read, or it lies on another grid or mesh than the mask.
    InputError
        When values are infinite.
    MaskError
        When the map has no value (NaN) anywhere in the mask, or the mask cannot be used.

    Warns
    -----
    MissingDataWarning
        When elements of the mask have no value (NaN).
    MapWarning
        When all values are the same, or the mask is a single element: it works, but hardly is what
        was meant. When `whole` is asked for, there is no mask, and no value lies near 0: the map
        looks thresholded, and what a threshold left out cannot be counted.

    Examples
    --------
    >>> import nibabel as nib
    >>> z = nib.Nifti1Image(np.array([[[0.0, 2.5, -1.0]]]), np.eye(4))
    >>> read_stat_map(z).values
    array([ 2.5, -1. ])
    """
    space = find_space(image, mask_img, NAME)
    values = values_on(space, image, NAME)
    missing = np.isnan(values)
    if missing.all():
        where = "anywhere" if mask_img is None else "anywhere in it"
        raise MaskError(f"The mask covers no data: {NAME} has no value (NaN) {where}.")
    if mask_img is None:
        kept = ~missing & (values != 0)
        kept = kept if kept.any() else ~missing
    else:
        kept = ~missing
        _warn_missing(int(np.count_nonzero(missing)), space)
        _warn_single(space)
    _warn_constant(values[kept], space)
    if whole and mask_img is None:
        _warn_thresholded(values[kept], space)
    return StatMap(space.narrow(kept), values[kept])


def load_map(image: Any, name: str) -> Any:
    """Return one map as an image: 3D (or 4D with one volume), or on a mesh.

    Parameters
    ----------
    image : Niimg-like or SurfaceImage
    name : str
        What to call it in messages.

    Raises
    ------
    InputTypeError
        When it is no image.
    MapError
        When it cannot be read or holds several maps.
    """
    if isinstance(image, (str, Path)):
        image = load_image(image, name, MapError, MapNotFoundError)
    if hasattr(image, "mesh") and hasattr(image, "data"):
        samples = image.shape[1] if len(image.shape) > 1 else 1
        if samples != 1:
            raise MapError(f"{name} must hold one map; it holds {samples}. Choose one of them.")
        return image
    if not hasattr(image, "dataobj"):
        raise InputTypeError(
            f"{name} must be a 3D image, its path, or a surface image; got {type(image).__name__}."
        )
    if len(image.shape) == 4 and image.shape[3] == 1:
        return image.slicer[..., 0]
    if len(image.shape) != 3:
        raise MapError(
            f"{name} must hold one map, a 3D image; its shape is {image.shape}. Choose one volume "
            "(nilearn.image.index_img)."
        )
    return image


def find_space(image: Any, mask_img: Any, name: str) -> Space:
    """Return the elements of the mask, or of the whole grid or mesh where there is none.

    Parameters
    ----------
    image : SpatialImage or SurfaceImage
        One map, from `load_map`.
    mask_img : Niimg-like, SurfaceImage or masker, optional
    name : str
        What to call the map in messages.

    Returns
    -------
    Space
        On the map's own affine or mesh, so that what is made of it lies exactly where the map does.

    Raises
    ------
    InputTypeError
        When map and mask are of different kinds.
    MapError
        When they lie on different grids or meshes.
    MaskError
        When the mask cannot be used.
    """
    on_surface = hasattr(image, "mesh")
    if mask_img is None:
        return whole_mesh(image) if on_surface else whole_image(image)
    masking = make_masking(mask_img, None, None, None, on_surface=on_surface)
    if masking.mask is None:
        raise MaskError("The masker handed over as mask_img has no mask. Fit it, or give a mask.")
    space = masking.space()
    space.check(image, name)
    if isinstance(space, SurfaceSpace):
        return replace(space, mesh=image.mesh)
    affine = np.asarray(image.affine, dtype=np.float64)
    return replace(space, affine=affine, codes=codes_of(image))


def values_on(space: Space, image: Any, name: str) -> Floats:
    """Return the values of one map at the elements of a space, NaN where it has none.

    Parameters
    ----------
    space : Space
    image : SpatialImage or SurfaceImage
    name : str
        What to call it in messages.

    Returns
    -------
    array of shape (V,)

    Raises
    ------
    MapError
        When the map lies elsewhere, its data are damaged, or not real numbers.
    InputError
        When values are infinite.
    """
    try:
        values = space.take(image, name)
    except MapError:
        raise
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise MapError(
            f"{name} is truncated or corrupt ({error}). Copy or compute it anew."
        ) from error
    if values.dtype.kind not in "biuf":
        raise MapError(f"{name} must hold real numbers; its values are {values.dtype}.")
    n_infinite = int(np.count_nonzero(np.isinf(values)))
    if n_infinite:
        raise InputError(
            f"{name} is infinite at {n_infinite} elements, so their order is lost. Such values "
            "come from p-values too small for a number: compute z from the statistic itself "
            "(compute_contrast gives finite z), or replace them by a large number."
        )
    return values.astype(np.float64)


def _warn_missing(n_missing: int, space: Space) -> None:
    if n_missing:
        warn(
            f"{n_missing} of {space.n_elements} elements of the mask were left out: {NAME} has no "
            "value (NaN) there.",
            MissingDataWarning,
        )


def _warn_single(space: Space) -> None:
    if space.n_elements == 1:
        warn(
            f"The mask is a single {space.element}, {space.element_names[0]}: there is nothing to "
            "correct for, and no cluster but that one. Is it the mask you meant?",
            MapWarning,
        )


def _warn_constant(values: Floats, space: Space) -> None:
    if values[0] == 0 and not values.any():
        warn(
            f"{NAME} is 0 at every {space.element} looked at, so nothing can be found. If that is "
            "not what a threshold left of it, check the file.",
            MapWarning,
        )
    elif len(values) > 1 and (values == values[0]).all():
        warn(
            f"{NAME} is {values[0]:g} at all of its {len(values)} elements, so it ranks none above "
            "another. Is it a mask?",
            MapWarning,
        )


def _warn_thresholded(values: Floats, space: Space) -> None:
    """Warn of a map without values near 0, which chance leaves in plenty."""
    smallest = float(np.abs(values).min())
    varied = len(values) > HANDFUL and bool((values != values[0]).any())
    if varied and smallest >= NEAR_0:
        warn(
            f"The smallest |value| of {NAME} is {smallest:.4g}: this looks thresholded, and only "
            f"the elements left ({len(values)} of {space.n_elements}) would be corrected for. Give "
            "the unthresholded map, or mask_img.",
            MapWarning,
        )
