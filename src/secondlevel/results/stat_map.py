"""A statistical map as the user hands it over: image and mask to values over a space."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import (
    InputError,
    InputTypeError,
    MapError,
    MapNotFoundError,
    MaskError,
    MissingDataWarning,
    warn,
)
from secondlevel.spaces.base import Space
from secondlevel.spaces.masking import make_masking
from secondlevel.spaces.surface import whole_mesh
from secondlevel.spaces.volume import whole_grid

Floats = NDArray[np.float64]


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


def read_stat_map(stat_img: Any, mask_img: Any = None, name: str = "stat_img") -> StatMap:
    """Read a statistical map and its mask.

    Parameters
    ----------
    stat_img : Niimg-like or SurfaceImage
        One map: a 3D image, its path, or a surface image with one sample.
    mask_img : Niimg-like, SurfaceImage or masker, optional
        Where to look; it lies on the map's own grid or mesh. By default wherever the map is neither
        0 nor NaN, since maps are 0 outside their mask.
    name : str
        What to call the map in messages.

    Returns
    -------
    StatMap
        Elements without a value (NaN) are left out, with a warning where the mask has them.

    Raises
    ------
    InputTypeError
        When the map is no image, or map and mask are of different kinds.
    MapError
        When the map cannot be read, holds several maps, or lies on another grid than the mask.
    InputError
        When values are infinite.
    MaskError
        When there is no mask and the map is 0 or NaN throughout, or the mask cannot be used.

    Examples
    --------
    >>> z = nib.Nifti1Image(np.array([[[0.0, 2.5, -1.0]]]), np.eye(4))
    >>> read_stat_map(z).values
    array([ 2.5, -1. ])
    """
    image = load_map(stat_img, name)
    if mask_img is None:
        return _where_it_has_values(image, name)
    masking = make_masking(mask_img, None, None, None, on_surface=hasattr(image, "mesh"))
    if masking.mask is None:
        raise MaskError("The masker handed over as mask_img has no mask. Fit it, or give a mask.")
    space = masking.space()
    values = np.asarray(space.take(image, name), dtype=np.float64)
    _refuse_infinite(values, name)
    missing = np.isnan(values)
    if missing.all():
        raise MaskError(f"The mask covers no data: {name} has no value (NaN) anywhere in it.")
    if missing.any():
        warn(
            f"{np.count_nonzero(missing)} of {len(values)} elements of the mask were left out: "
            f"{name} has no value (NaN) there.",
            MissingDataWarning,
        )
        return StatMap(space.narrow(~missing), values[~missing])
    return StatMap(space, values)


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
        image = _load_file(Path(image).expanduser(), name)
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


def _load_file(path: Path, name: str) -> Any:
    try:
        return nib.load(path)
    except FileNotFoundError:
        raise MapNotFoundError(f"File not found: {name} '{path}'. Check the path.") from None
    except Exception as error:
        # Of whatever type: what a parser stumbles over depends on the damage.
        raise MapError(
            f"{name} '{path}' cannot be read as an image: {error}. Copy or compute it anew."
        ) from error


def _where_it_has_values(image: Any, name: str) -> StatMap:
    """The map at the elements where it is neither 0 nor NaN."""
    space: Space
    if hasattr(image, "mesh"):
        space = whole_mesh(image)
    else:
        space = whole_grid(tuple(image.shape), image.affine)
    values = np.asarray(space.take(image, name), dtype=np.float64)
    _refuse_infinite(values, name)
    kept = ~np.isnan(values) & (values != 0)
    if not kept.any():
        raise MaskError(
            f"{name} is 0 or NaN everywhere, so there is nothing to look at. If its zeros are "
            "results, pass mask_img."
        )
    return StatMap(space.narrow(kept), values[kept])


def _refuse_infinite(values: Floats, name: str) -> None:
    n_infinite = int(np.count_nonzero(np.isinf(values)))
    if n_infinite:
        raise InputError(
            f"{name} is infinite at {n_infinite} elements, so their order is lost. Such values "
            "come from p-values too small for a number: compute z from the statistic itself "
            "(compute_contrast gives finite z), or replace them by a large number."
        )
