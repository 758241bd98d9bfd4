"""Conjunction of statistical maps: where every one of them has an effect."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from secondlevel.claims.stat_map import find_space, load_map, values_on
from secondlevel.errors import (
    InputError,
    InputTypeError,
    MapWarning,
    MaskError,
    MissingDataWarning,
    warn,
)
from secondlevel.inference.conjunction import conjoin
from secondlevel.spaces.base import Space

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

KINDS = ("stat", "p_value")
"""What the maps of a conjunction may hold."""


class Conjunction(NamedTuple):
    """The images of a conjunction.

    Parameters
    ----------
    stat : Nifti1Image, SurfaceImage or None
        The smallest of the maps at every element; None when the maps are p-values.
    p_value : Nifti1Image or SurfaceImage
        The largest of their p-values, uncorrected. 1 where some map has no value, 0 outside.
    """

    stat: Any
    p_value: Any


def conjunction(
    stat_imgs: Iterable[Any],
    mask_img: Any = None,
    *,
    kind: str = "stat",
    dof: float = np.inf,
    two_sided: bool = False,
) -> Conjunction:
    """Find where there is an effect in every one of several maps.

    The smallest of the maps is tested against the null that at least one effect is absent, so its p
    is the largest of theirs, whatever the maps have in common (the conjunction null; Nichols et
    al., 2005, NeuroImage 25, 653).

    Parameters
    ----------
    stat_imgs : list of Niimg-like or SurfaceImage
        Two maps or more of z values, of t with the same degrees of freedom, or of p-values, on one
        grid or mesh.
    mask_img : Niimg-like, SurfaceImage or masker, optional
        Elements to look at. By default those where each map is neither 0 nor NaN.
    kind : {"stat", "p_value"}, default="stat"
        What the maps hold.
    dof : float, default=inf
        Degrees of freedom, when the maps are t; z has infinitely many.
    two_sided : bool, default=False
        Whether effects of either sign count, if all maps have the same. The map is then the
        smallest absolute value with that sign, 0 where signs differ, and p is two-sided.

    Returns
    -------
    Conjunction
        Images ``stat`` and ``p_value``, in this order. The first is again a map of z or t, for
        `threshold_stats_img`, `get_clusters_table` and the like.

    Raises
    ------
    InputTypeError
        When `stat_imgs` is no list, or holds what is no map.
    InputError
        When there are fewer than two maps, or a parameter is out of range.
    MapError
        When a map cannot be read, or lies on another grid or mesh than the others or the mask.
    MaskError
        When no element has a value in every map.

    Warns
    -----
    MissingDataWarning
        When some map has no value (NaN) at an element of the mask, which is then left out.
    MapWarning
        When all values lie between 0 and 1, as those of p maps do, and `kind` is not ``"p_value"``.

    Examples
    --------
    >>> import nibabel as nib
    >>> z = [nib.Nifti1Image(np.array([[row]]), np.eye(4)) for row in ([3.0, 2.0], [2.5, 4.0])]
    >>> both = conjunction(z)
    >>> both.stat.get_fdata(), both.p_value.get_fdata().round(4)
    (array([[[2.5, 2. ]]]), array([[[0.0062, 0.0228]]]))
    """
    _check_options(kind, dof, two_sided=two_sided)
    given = _listed(stat_imgs)
    names = [f"stat_imgs[{i}]" for i in range(len(given))]
    images = [load_map(image, name) for image, name in zip(given, names, strict=True)]
    space = find_space(images[0], mask_img, names[0])
    for image, name in zip(images[1:], names[1:], strict=True):
        space.check(image, name, other=names[0])
    maps = np.array(
        [values_on(space, image, name) for image, name in zip(images, names, strict=True)]
    )
    has_value = ~np.isnan(maps) if mask_img is not None else ~np.isnan(maps) & (maps != 0)
    tested = _tested(has_value, names, with_mask=mask_img is not None)
    looked_at = np.ones_like(tested) if mask_img is not None else has_value.any(axis=0)
    maps = maps[:, tested]
    _check_values(maps, kind, names)
    if kind == "p_value":
        return Conjunction(None, _p_image(space, looked_at, tested, maps.max(axis=0)))
    smallest = conjoin(maps, dof, two_sided=two_sided)
    return Conjunction(
        space.narrow(tested).to_image(smallest.stat),
        _p_image(space, looked_at, tested, np.exp(smallest.log_p)),
    )


def _listed(stat_imgs: Any) -> list[Any]:
    """Return the maps as a list of two or more."""
    is_one = isinstance(stat_imgs, (str, Path)) or hasattr(stat_imgs, "affine")
    if is_one or not isinstance(stat_imgs, Iterable):
        raise InputTypeError(
            f"stat_imgs must be a list of maps, one image each. Got {type(stat_imgs).__name__}."
        )
    given = list(stat_imgs)
    if len(given) < 2:
        raise InputError(f"A conjunction needs two maps or more. Got {len(given)}.")
    return given


def _check_options(kind: str, dof: Any, *, two_sided: bool) -> None:
    if kind not in KINDS:
        raise InputError(f"kind must be one of {', '.join(KINDS)}. Got {kind!r}.")
    if isinstance(dof, bool) or not isinstance(dof, Real):
        raise InputTypeError(f"dof must be a number, the same for all maps. Got {dof!r}.")
    if not float(dof) > 0:
        raise InputError(f"dof must be above 0. Got {dof!r}.")
    if kind == "p_value" and two_sided:
        raise InputError(
            "p-values do not say on which side an effect is, so two_sided needs maps of z or t. "
            "Where p is two-sided already, two_sided=False takes the largest of them."
        )


def _tested(has_value: Flags, names: list[str], *, with_mask: bool) -> Flags:
    """Elements where every map has a value; say how many the mask has besides."""
    tested = np.asarray(has_value.all(axis=0))
    if not tested.any():
        fewest = names[int(np.argmin(has_value.sum(axis=1)))]
        raise MaskError(
            f"No element has a value in every map; {fewest} has the fewest. Leave it out, or check "
            f"that the maps {'and the mask ' if with_mask else ''}cover the same place."
        )
    if with_mask and not tested.all():
        n_missing = int(np.count_nonzero(~tested))
        worst = names[int(np.argmin(has_value.sum(axis=1)))]
        warn(
            f"{n_missing} of {len(tested)} elements of the mask were left out: some map has no "
            f"value (NaN) there, {worst} at most of them. Their p is 1.",
            MissingDataWarning,
        )
    return tested


def _check_values(maps: Floats, kind: str, names: list[str]) -> None:
    outside = ((maps < 0) | (maps > 1)).any(axis=1)
    if kind == "p_value" and outside.any():
        raise InputError(
            f"{names[int(np.argmax(outside))]} has values outside 0 … 1, so it is no map of "
            "p-values. Pass kind='stat' for z or t."
        )
    if kind != "p_value" and not outside.any():
        warn(
            "All values of the maps lie between 0 and 1, as p-values do. If that is what they are, "
            "pass kind='p_value'.",
            MapWarning,
        )


def _p_image(space: Space, looked_at: Flags, tested: Flags, p: Floats) -> Any:
    """The p-values as an image: 1 where nothing was tested, so nothing there looks significant."""
    full = np.ones(len(tested))
    full[tested] = p
    return space.narrow(looked_at).to_image(full[looked_at])
