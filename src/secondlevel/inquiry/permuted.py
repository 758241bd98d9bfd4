"""Whether a permutation run is one of the contrasts that are asked about, on the same maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.contrast import Contrast
from secondlevel.design.expression import write_expression
from secondlevel.errors import InputError, InputTypeError
from secondlevel.permutation.result import ContrastResult
from secondlevel.results.maps import ContrastMaps
from secondlevel.results.permutation import PermutationMaps
from secondlevel.spaces.base import Space

Floats = NDArray[np.float64]

CLOSE = 1e-6
"""Share that statistics of the same maps differ by at most; two ways of summing leave 1e-9."""

NEAR = 1e-3
"""Elements that lie so many mm apart at most are the same."""


def names_of(permutation: PermutationMaps | None) -> tuple[str, ...]:
    """Names of the contrasts that were permuted; none without a run."""
    return () if permutation is None else tuple(one.name for one in permutation.result)


def check_run(permutation: Any, maps: Mapping[str, ContrastMaps], columns: tuple[str, ...]) -> None:
    """Refuse a permutation run that says nothing of what is asked, or of something else.

    A p-value of another contrast, or of other maps, looks like any other; nothing later would
    notice.

    Parameters
    ----------
    permutation : PermutationMaps or None
    maps : dict of str to ContrastMaps
        What is asked, by name.
    columns : tuple of p str
        Of the design.

    Raises
    ------
    InputTypeError
        When it is no permutation run.
    InputError
        When it has none of these contrasts, or has one of that name with other weights, elements or
        values.
    """
    if permutation is None:
        return
    if not isinstance(permutation, PermutationMaps):
        raise InputTypeError(
            "permutation is what SecondLevelModel.permute returned (PermutationMaps). Got "
            f"{type(permutation).__name__}."
        )
    run = names_of(permutation)
    if not set(run) & set(maps):
        raise InputError(
            f"The permutation run has none of the contrasts asked for: it has {_listed(run)}, "
            f"asked for are {_listed(tuple(maps))}. Run it with the same names: "
            "permute({name: contrast})."
        )
    for name in run:
        if name in maps:
            result, asked = permutation.result[name], maps[name]
            _check_contrast(result, asked.contrast, columns)
            _check_space(permutation.space, asked.space)
            _check_values(result, asked)


def _check_contrast(result: ContrastResult, asked: Contrast, columns: tuple[str, ...]) -> None:
    ours = result.contrast
    same = ours.kind == asked.kind and ours.weights.shape == asked.weights.shape
    if not same or not np.allclose(ours.weights, asked.weights, rtol=1e-9, atol=0.0):
        raise InputError(
            f"The permutation run's contrast '{asked.name}' is another one: it tests "
            f"{_written(ours, columns)}, asked for is {_written(asked, columns)}. Run it again for "
            "this contrast, or give the two names of their own."
        )


def _check_space(ours: Space, asked: Space) -> None:
    if ours.n_elements == asked.n_elements and np.allclose(
        ours.coordinates, asked.coordinates, rtol=0.0, atol=NEAR
    ):
        return
    raise InputError(
        f"The permutation run is of other elements than the model: it has {ours.n_elements}, the "
        f"model {asked.n_elements}{', elsewhere' if ours.n_elements == asked.n_elements else ''}. "
        "Run permute of this very model."
    )


def _check_values(result: ContrastResult, asked: ContrastMaps) -> None:
    """Compare the statistic, where it is the same one; v and G are not t and F of the model."""
    if result.label != asked.contrast.kind:
        return
    # Where nothing varies, what is left is rounding.
    told = ~asked.estimate.constant
    ours, theirs = result.statistic[told], asked.estimate.statistic[told]
    if np.allclose(ours, theirs, rtol=CLOSE, atol=CLOSE):
        return
    raise InputError(
        f"The permutation run is of other maps than the model: its {result.label} of contrast "
        f"'{asked.contrast.name}' differs by up to {np.abs(ours - theirs).max():.3g}. Run permute "
        "of this very model, with the same first_level_contrast."
    )


def _written(contrast: Contrast, columns: tuple[str, ...]) -> str:
    rows = ", ".join(write_expression(row, columns) for row in contrast.weights)
    return f"`{rows}` with {contrast.kind}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)
