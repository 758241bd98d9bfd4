"""What the maps of a conjunction hold together: z, t with degrees of freedom, or p-values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.claims.unit import Held, held_by, looks_like_p
from secondlevel.errors import IgnoredParameterWarning, InputError, MapWarning, warn
from secondlevel.inference.arguments import check_number

Floats = NDArray[np.float64]

KINDS = ("stat", "p_value")
"""What the maps of a conjunction may hold."""

Z_SCORES = Held("z score")
P_VALUES = Held("p value")
USE_Z = "Pass maps of z, compute_contrast(contrast, output_type='z_score')."


def check_kind(kind: Any, *, two_sided: bool) -> None:
    """Raise InputError when there is no such kind, or its maps have no sides."""
    if kind not in KINDS:
        raise InputError(f"kind must be one of {', '.join(KINDS)}. Got {kind!r}.")
    if kind == "p_value" and two_sided:
        raise InputError(
            "p-values do not say on which side an effect is, so two_sided needs maps of z or t. "
            "Where p is two-sided already, two_sided=False takes the largest of them."
        )


def check_dof(dof: Any, kind: str) -> None:
    """Raise unless these can be degrees of freedom; warn where p-values do without.

    Raises
    ------
    InputError, InputTypeError

    Warns
    -----
    IgnoredParameterWarning
    """
    if dof is None:
        return
    nu = check_number("dof", dof, "a number above 0, the same for all maps", lambda nu: nu > 0)
    if kind == "p_value":
        warn(
            f"dof={nu:g} is not used with kind='p_value'. Leave it out, or pass kind='stat' for "
            "maps of t.",
            IgnoredParameterWarning,
        )


def find_unit(
    images: list[Any], maps: Floats, names: list[str], kind: str, dof: float | None
) -> Held:
    """Find out what the maps hold, by their headers and by what is said of them.

    Parameters
    ----------
    images : list of k SpatialImage or SurfaceImage
    maps : array of shape (k, V)
        Their values at the elements tested.
    names : list of str
        What to call them in messages.
    kind : {"stat", "p_value"}
    dof : float, optional
        Of t.

    Returns
    -------
    Held
        z, t with its degrees of freedom, or p-values.

    Raises
    ------
    InputError
        When headers contradict each other, `kind` or `dof`; when values are no p-values.

    Warns
    -----
    MapWarning
        When values look like p-values and nothing says what they are.
    """
    told = {name: held_by(image) for name, image in zip(names, images, strict=True)}
    told = {name: held for name, held in told.items() if held.kind is not None}
    if kind == "p_value":
        _check_p_values(maps, names, told)
        return P_VALUES
    _check_statistics(told)
    if not told and maps.size and looks_like_p(maps):
        warn(
            "All values of the maps lie between 0 and 1, as p-values do. If that is what they are, "
            "pass kind='p_value'.",
            MapWarning,
        )
    if any(held.kind == "z" for held in told.values()):
        if dof is not None and np.isfinite(dof):
            raise InputError(
                f"The maps hold z by their headers, and dof={dof:g} is of t. Leave dof out."
            )
        return Z_SCORES
    common = _common_dof(told, dof)
    return Z_SCORES if common is None or np.isinf(common) else Held("t test", (common,))


def _common_dof(told: dict[str, Held], dof: float | None) -> float | None:
    """Degrees of freedom that all maps share, by their headers or as given; None for z."""
    dofs = {held.dof[0] for held in told.values() if held.dof}
    if len(dofs) > 1:
        shown = " and ".join(f"{found:g}" for found in sorted(dofs))
        raise InputError(
            f"The maps hold t with {shown} degrees of freedom by their headers, so the smallest t "
            f"is not the least significant. {USE_Z}"
        )
    found = dofs.pop() if dofs else None
    if found is not None and dof is not None and float(dof) != found:
        raise InputError(
            f"The maps hold t with {found:g} degrees of freedom by their headers. Got {dof=}. "
            "Leave it out."
        )
    if told and found is None and dof is None:
        raise InputError(
            "The maps hold t by their headers, which do not tell the degrees of freedom. Pass dof=."
        )
    return found if dof is None else float(dof)


def _check_statistics(told: dict[str, Held]) -> None:
    """Raise unless all headers that tell say z, or all say t."""
    for name, held in told.items():
        if held.kind == "p":
            raise InputError(f"{name} holds p-values by its header. Pass kind='p_value'.")
        if held.kind not in {"z", "t"}:
            raise InputError(f"{name} holds {held.words} by its header, not z or t. {USE_Z}")
    by_kind = {held.kind: name for name, held in told.items()}
    if len(by_kind) > 1:
        raise InputError(
            f"{by_kind['z']} holds z and {by_kind['t']} holds t by their headers, and the smaller "
            f"of them means nothing. {USE_Z}"
        )


def _check_p_values(maps: Floats, names: list[str], told: dict[str, Held]) -> None:
    for name, held in told.items():
        if held.kind != "p":
            raise InputError(
                f"{name} holds {held.words} by its header, and kind='p_value' takes it for "
                "p-values. Pass kind='stat' for z or t."
            )
    outside = ((maps < 0) | (maps > 1)).any(axis=1)
    if outside.any():
        raise InputError(
            f"{names[int(np.argmax(outside))]} has values outside 0 … 1, so it is no map of "
            "p-values. Pass kind='stat' for z or t."
        )
