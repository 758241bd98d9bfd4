"""Regions as the user hands them over: image, atlas or array to a number at every element."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.claims.atlas import read_atlas
from secondlevel.claims.stat_map import load_map
from secondlevel.errors import InputError, InputTypeError, MapError
from secondlevel.spaces.base import Space
from secondlevel.spaces.surface import SurfaceSpace, whole_mesh
from secondlevel.spaces.volume import VolumeSpace, whole_image

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class GivenRegions:
    """Regions without common elements.

    Parameters
    ----------
    numbers : int array of shape (k,)
        The label of each, in increasing order.
    names : list of str, optional
        What each is called, where there is a lookup table.
    labels : int array of shape (V,)
        Region of every element of the space, counted from 1 in the order of `numbers`; 0: none.
    counts : int array of shape (k,)
        Elements of each region inside the space.
    outside : int array of shape (k,)
        Voxels or vertices of each region that do not belong to the space.
    """

    numbers: Labels
    names: list[str] | None
    labels: Labels
    counts: Labels
    outside: Labels


def read_regions(region: Any, space: Space, names: Any = None) -> GivenRegions:
    """Read one region or several.

    Parameters
    ----------
    region : Niimg-like, SurfaceImage, Bunch, or array of bool, int or float
        Whole numbers above 0 where there is a region. An image may lie on another grid; an array
        has a value for every element of the space, or for all of its grid or mesh.
    space : Space
        The V elements to look at.
    names : DataFrame, path, dict or list, optional
        Names of the regions; see `read_atlas`.

    Returns
    -------
    GivenRegions

    Raises
    ------
    InputTypeError
        When it is nothing of this kind, such as a list of images.
    InputError
        When it is empty, or an array of another shape.
    MapError
        When it holds fractions; when an image cannot be read, or lies on another mesh.

    Examples
    --------
    >>> space = VolumeSpace(np.array([[[True, True, False]]]), np.eye(4))
    >>> regions = read_regions(np.array([[[7, 0, 7]]]), space)
    >>> regions.numbers, regions.labels, regions.outside
    (array([7]), array([1, 0]), array([1]))
    """
    whole = _whole(space)
    if isinstance(region, (np.ndarray, list, tuple)):
        image = _to_image(_as_array(region), space, whole)
    else:
        image = region if isinstance(region, Mapping) else load_map(region, "region")
    atlas = read_atlas(image, names)
    everywhere = _numbers(atlas.values(whole))
    numbers, totals = np.unique(everywhere[everywhere > 0], return_counts=True)
    if len(numbers) == 0:
        raise InputError(
            "The region is empty: nothing of it lies on the grid or mesh of the map. Check that "
            "both are in the same space."
        )
    here = everywhere[np.asarray(whole.take(space.mask_img, "mask"), dtype=bool)]
    found = np.where(here > 0, np.searchsorted(numbers, here) + 1, 0)
    counts = np.bincount(found, minlength=len(numbers) + 1)[1:]
    named = names is not None or isinstance(region, Mapping)
    called = [atlas.name(int(number)) for number in numbers] if named else None
    return GivenRegions(numbers, called, found, counts, totals - counts)


def _whole(space: Space) -> VolumeSpace | SurfaceSpace:
    """The grid or mesh that a space is part of."""
    image = space.mask_img
    return whole_mesh(image) if hasattr(image, "mesh") else whole_image(image)


def _as_array(region: Any) -> Floats:
    """A region given as an array, or as a list that is one."""
    try:
        values = np.asarray(region)
    except ValueError as error:
        raise InputTypeError(f"The region is a list that makes no array: {error}.") from None
    if values.dtype.kind in "OU":
        kinds = ", ".join(sorted({type(item).__name__ for item in values.flat}))
        raise InputTypeError(
            f"The region is a list of {kinds}. Put several regions into one label image, each with "
            "a number of its own; or call once for each, their bounds hold together all the same."
        )
    if values.dtype.kind not in "biuf":
        raise InputTypeError(
            f"An array that gives a region holds booleans or whole numbers; got {values.dtype}."
        )
    return values.astype(np.float64)


def _numbers(values: Floats) -> Labels:
    """Number of the region at every element; 0 for what is below."""
    odd = values[(values != np.round(values)) | np.isinf(values)]
    if len(odd):
        raise MapError(
            "A region holds 0 and 1 (or whole numbers, one per region), no fractions; this one "
            f"holds {odd[0]:g}. Threshold it, as in region > 0.5 (nilearn.image.math_img for "
            "images)."
        )
    return np.maximum(values, 0).astype(np.int64)


def _to_image(values: Floats, space: Space, whole: VolumeSpace | SurfaceSpace) -> Any:
    """Put an array into an image; one value per element, or the shape of the whole."""
    if values.shape == (space.n_elements,):
        return space.to_image(values)
    shape = tuple(whole.mask_img.shape)
    if values.shape == shape:
        return whole.to_image(values.ravel())
    raise InputError(
        f"An array that gives a region has a value for each of the {space.n_elements} elements "
        f"that are tested, or the shape of the map, {shape}; got {values.shape}."
    )
