"""What is said of a pass: elements left out, elements at which nothing can be tested."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import MaskError, MissingDataWarning, warn
from secondlevel.models.least_squares import LeastSquaresEstimate, warn_of_constant
from secondlevel.streaming.missing import Missing
from secondlevel.streaming.onepass import Gathered

Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]


def check_every_map_has_values(names: Sequence[str], gathered: Gathered[Any]) -> None:
    """Raise MaskError, naming it, when a map has no value at any element read."""
    for name, n_missing in zip(names, gathered.missing_per_map, strict=True):
        if n_missing == len(gathered.present):
            raise _covers_nothing(f"{name} has no value anywhere in it")


def _covers_nothing(reason: str) -> MaskError:
    return MaskError(
        f"The mask covers no data: {reason}. Check that mask and maps are in the same space, "
        "or leave that map out."
    )


def say_what_is_missing(
    names: Sequence[str], gathered: Gathered[Any], inside: Flags, kept: Flags, missing: Missing
) -> None:
    """Warn of the elements that were left out, with the maps that cause most of it.

    Parameters
    ----------
    names : sequence of n str
        What to call the maps.
    gathered : Gathered
        What the pass over them brought in.
    inside : bool array of shape (elements read,)
        Which of these belong to the mask.
    kept : bool array of shape (elements of the mask,)
        Which of these are analysed.
    missing : Missing
        What counted as missing.

    Raises
    ------
    MaskError
        When nothing is left.
    """
    per_map, where = _missing_per_map(gathered, inside)
    worst = np.argsort(-per_map, kind="stable")
    if not kept.any():
        empty = [names[i] for i in worst if per_map[i] == len(kept)]
        reason = (
            f"{empty[0]} has no value anywhere in it" if empty else "every element lacks some map"
        )
        raise _covers_nothing(reason)
    lost = int(np.count_nonzero(~kept))
    if lost == 0:
        return
    causes = ", ".join(f"{names[i]} ({per_map[i]})" for i in worst[:3] if per_map[i] > 0)
    warn(
        f"{lost} of {len(kept)} elements were left out because some map has no value there "
        f"({missing.meaning}). Most of it comes from: {causes}{where}. Use a smaller mask, leave "
        "these maps out, or take missing values for 0 as nilearn does (missing='zero').",
        MissingDataWarning,
    )


def _missing_per_map(gathered: Gathered[Any], inside: Flags) -> tuple[Counts, str]:
    """Elements of the mask without a value, for every map; what else was counted, in words."""
    flags = gathered.missing_flags
    if not inside.all() and flags is not None:
        n_read = len(inside)
        counts = [int(np.unpackbits(f, count=n_read).astype(bool)[inside].sum()) for f in flags]
        return np.array(counts), ""
    outside = "" if inside.all() else ", counted on the whole grid"
    return np.array(gathered.missing_per_map), outside


def say_what_is_constant(estimate: LeastSquaresEstimate) -> None:
    """Warn of elements without residual variance.

    Parameters
    ----------
    estimate : LeastSquaresEstimate

    Raises
    ------
    MaskError
        When all maps are zero everywhere.
    """
    if estimate.constant.all() and not estimate.reduced.projection.any():
        raise MaskError(
            "The mask covers no data: every map is zero throughout it. Check that mask and maps "
            "are in the same space."
        )
    warn_of_constant(estimate)
