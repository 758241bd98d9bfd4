"""Conjunction of statistical maps: where every one of them has an effect."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from secondlevel.claims.conjunction_unit import P_VALUES, check_dof, check_kind, find_unit
from secondlevel.claims.stat_map import find_space, load_map, values_on
from secondlevel.claims.unit import hand_on
from secondlevel.errors import (
    EmptyResultWarning,
    InputError,
    InputTypeError,
    MaskError,
    MissingDataWarning,
    warn,
)
from secondlevel.inference.arguments import check_flag
from secondlevel.inference.conjunction import conjoin
from secondlevel.spaces.base import Space

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


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
    dof: float | None = None,
    two_sided: bool = False,
) -> Conjunction:
    """Find where there is an effect in every one of several maps, by the minimum statistic.

    The smallest of the maps is tested against the null that at least one effect is absent, so its p
    is the largest of theirs, whatever the maps have in common (the conjunction null; Nichols et
    al., 2005, NeuroImage 25, 653).

    Parameters
    ----------
    stat_imgs : list of Niimg-like or SurfaceImage
        Two maps or more of z values, of t with the same degrees of freedom, or of p-values, on one
        grid or mesh. The headers of volumes are asked which; surface images have none, so make
        sure.
    mask_img : Niimg-like, SurfaceImage or masker, optional
        Elements to look at. By default those where each map is neither 0 nor NaN.
    kind : {"stat", "p_value"}, default="stat"
        What the maps hold.
    dof : float, optional
        Degrees of freedom, when the maps are t: by default those in the headers. Maps whose headers
        do not tell are t when this is given, else z.
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
        When there are fewer than two maps, or a parameter is out of range. By the headers: when
        maps hold different statistics, or t with different degrees of freedom, or something else
        than `kind` and `dof` say.
    MapError
        When a map cannot be read, or lies on another grid or mesh than the others or the mask.
    MaskError
        When some map has no value (NaN) anywhere.

    Warns
    -----
    EmptyResultWarning
        When no element has a value in every map, as where thresholds left nothing in common. The
        statistic is then 0, p 1.
    MissingDataWarning
        When some map has no value (NaN) at an element of the mask, which is then left out; when
        maps of p without a mask are 0 at different elements.
    MapWarning
        When headers do not tell, all values lie between 0 and 1, as those of p maps do, and `kind`
        is not ``"p_value"``.
    IgnoredParameterWarning
        When there is a `dof`, and `kind` is ``"p_value"``.

    Notes
    -----
    Without a mask an element where one map is 0 and another is not was not tested in the first: its
    p is 1. A p too small for a number is 0 as well (from z = 38 on), so give maps of p a mask, or
    better take maps of z.

    Examples
    --------
    >>> import nibabel as nib
    >>> z = [nib.Nifti1Image(np.array([[row]]), np.eye(4)) for row in ([3.0, 2.0], [2.5, 4.0])]
    >>> both = conjunction(z)
    >>> both.stat.get_fdata(), both.p_value.get_fdata().round(4)
    (array([[[2.5, 2. ]]]), array([[[0.0062, 0.0228]]]))
    """
    check_kind(kind, two_sided=check_flag("two_sided", two_sided))
    check_dof(dof, kind)
    given = _listed(stat_imgs)
    names = [f"stat_imgs[{i}]" for i in range(len(given))]
    images = [load_map(image, name) for image, name in zip(given, names, strict=True)]
    space = find_space(images[0], mask_img, names[0])
    for image, name in zip(images[1:], names[1:], strict=True):
        space.check(image, name, other=names[0])
    maps = np.array(
        [values_on(space, image, name) for image, name in zip(images, names, strict=True)]
    )
    family = _find_family(maps, names, kind, with_mask=mask_img is not None)
    tested = maps[:, family.tested]
    unit = find_unit(images, tested, names, kind, dof)
    if kind == "p_value":
        p = tested.max(axis=0)
        return Conjunction(None, hand_on(P_VALUES, _p_image(space, family, p)))
    degrees = unit.dof[0] if unit.dof else np.inf
    smallest = conjoin(tested, degrees, two_sided=bool(two_sided))
    return Conjunction(
        hand_on(unit, _stat_image(space, family, smallest.stat)),
        hand_on(P_VALUES, _p_image(space, family, np.exp(smallest.log_p))),
    )


@dataclass(frozen=True, eq=False)
class Family:
    """Which elements are looked at, and which of them tested: those with a value in every map.

    Parameters
    ----------
    looked_at, tested : bool array of shape (V,)
    """

    looked_at: Flags
    tested: Flags


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


def _find_family(maps: Floats, names: list[str], kind: str, *, with_mask: bool) -> Family:
    """Find the elements with a value in every map; say what is left out."""
    missing = np.isnan(maps)
    if missing.all(axis=1).any():
        empty = names[int(np.argmax(missing.all(axis=1)))]
        raise MaskError(
            f"No element has a value in every map; {empty} has none (NaN). Leave it out, or check "
            f"that the maps {'and the mask ' if with_mask else ''}cover the same place."
        )
    has_value = ~missing if with_mask else ~missing & (maps != 0)
    looked_at: Flags = np.ones(maps.shape[1], dtype=bool)
    if not with_mask:
        looked_at = np.asarray(has_value.any(axis=0))
    if not looked_at.any():  # Maps of 0 throughout: there is a value, and nothing in it.
        looked_at = np.asarray(~missing.any(axis=0))
    family = Family(looked_at, np.asarray(has_value.all(axis=0)))
    fewest = names[int(np.argmin(has_value.sum(axis=1)))]
    if not family.tested.any():
        warn(
            f"No element has a value in every map; {fewest} has the fewest. The statistic is 0 and "
            "p 1. If that is not what thresholds left of them, check that the maps cover the same "
            "place.",
            EmptyResultWarning,
        )
    elif with_mask or kind == "p_value":
        _warn_left_out(family, fewest, with_mask=with_mask)
    return family


def _warn_left_out(family: Family, fewest: str, *, with_mask: bool) -> None:
    n_left_out = int(np.count_nonzero(family.looked_at & ~family.tested))
    if n_left_out and with_mask:
        warn(
            f"{n_left_out} of {len(family.tested)} elements of the mask were left out: some map "
            f"has no value (NaN) there, {fewest} at most of them. Their p is 1.",
            MissingDataWarning,
        )
    elif n_left_out:
        warn(
            f"At {n_left_out} elements some map is 0 or NaN and another is not; they count as "
            f"outside of the first, and their p is 1 ({fewest} has the fewest inside). If a p of 0 "
            "is one too small for a number, pass mask_img.",
            MissingDataWarning,
        )


def _stat_image(space: Space, family: Family, stat: Floats) -> Any:
    """The statistic as an image, 0 where nothing was tested."""
    full = np.zeros(len(family.tested))
    full[family.tested] = stat
    return space.to_image(full)


def _p_image(space: Space, family: Family, p: Floats) -> Any:
    """The p-values as an image: 1 where nothing was tested, so nothing there looks significant."""
    full = family.looked_at.astype(np.float64)
    full[family.tested] = p
    return space.to_image(full)
