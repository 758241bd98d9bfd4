"""How maps can be displayed: the ways that nilearn has, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from secondlevel.errors import InputError

SLICE_MODES = ("ortho", "tiled", "mosaic", "x", "y", "z", "yx", "xz", "yz")
"""Cuts through a volume."""

GLASS_MODES = (
    "ortho",
    "x",
    "y",
    "z",
    "xz",
    "yx",
    "yz",
    "l",
    "r",
    "lr",
    "lzr",
    "lyr",
    "lzry",
    "lyrz",
)
"""Sides that a glass brain is seen from."""

MODES = {"slice": SLICE_MODES, "glass": GLASS_MODES}

PLOT_TYPES = tuple(MODES)
"""Ways to draw a volume."""

DEFAULT_MODES = {"slice": "z", "glass": "ortho"}


def check_display(
    plot_type: Any, display_mode: Any = None, cut_coords: Any = None, *, on_surface: bool = False
) -> tuple[str, str]:
    """Return plot type and display mode, or raise when they cannot be meant.

    Parameters
    ----------
    plot_type : {"slice", "glass"}
    display_mode : str, optional
        By default "z" for slices, "ortho" for a glass brain.
    cut_coords : int, sequence or dict, optional
        Checked as far as the mode tells what it must be.
    on_surface : bool, default=False
        Whether the maps lie on surfaces, which are drawn whole, from both sides: there is no glass
        brain, and nothing to cut.

    Returns
    -------
    plot_type, display_mode : str

    Raises
    ------
    InputError
        When it is none of the names, which the message lists; when cut_coords are not what the
        mode takes, or mean nothing here.

    Examples
    --------
    >>> check_display("slice")
    ('slice', 'z')
    """
    if not isinstance(plot_type, str) or plot_type not in MODES:
        raise InputError(f"'plot_type' must be one of {_listed(PLOT_TYPES)}. Got {plot_type!r}.")
    modes = MODES[plot_type]
    mode = DEFAULT_MODES[plot_type] if display_mode is None else display_mode
    if not isinstance(mode, str) or mode not in modes:
        raise InputError(
            f"'display_mode' must be one of {_listed(modes)} with plot_type={plot_type!r}. Got "
            f"{display_mode!r}."
        )
    if on_surface:
        _check_surface(plot_type, display_mode, cut_coords)
    elif plot_type == "slice":
        check_cuts(mode, cut_coords)
    elif cut_coords is not None:
        raise InputError(
            f"A glass brain is not cut: leave out cut_coords, or use plot_type='slice'. Got "
            f"{cut_coords!r}."
        )
    return plot_type, mode


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _check_surface(plot_type: str, display_mode: Any, cut_coords: Any) -> None:
    """Raise when something is asked of a surface that only a volume has."""
    given = {"display_mode": display_mode, "cut_coords": cut_coords}
    asked = [f"{name}={value!r}" for name, value in given.items() if value is not None]
    if plot_type != "slice":
        asked.insert(0, f"plot_type={plot_type!r}")
    if asked:
        raise InputError(
            "Maps on surfaces are drawn from both sides of each part; the only plot_type is "
            f"'slice', and display_mode and cut_coords are None. Got {', '.join(asked)}."
        )


def check_cuts(mode: str, cut_coords: Any) -> None:
    """Raise unless cut coordinates are what a display mode takes.

    Raises
    ------
    InputError
    """
    if cut_coords is None:
        return
    given = f"with display_mode={mode!r}"
    if mode in {"ortho", "tiled"}:
        wanted = f"a point, three numbers in mm, {given}"
        fits = _are_numbers(cut_coords, 3)
    elif mode in {"x", "y", "z"}:
        wanted = f"a number of slices, or their places along {mode} in mm, {given}"
        fits = _is_count(cut_coords) or _are_numbers(cut_coords)
    elif mode == "mosaic":
        wanted = (
            "a number of slices, three of them, or a dict of 'x', 'y', 'z' to lists of places in "
            f"mm, {given}"
        )
        fits = _is_count(cut_coords) or _are_counts(cut_coords) or _are_places(cut_coords)
    else:
        first, second = sorted(mode)
        wanted = f"two numbers in mm, the places along {first} and {second}, {given}"
        fits = _are_numbers(cut_coords, 2)
    if not fits:
        raise InputError(f"cut_coords must be {wanted}. Got {cut_coords!r}.")


def _is_count(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and int(value) > 0


def _are_counts(values: Any) -> bool:
    return _are_numbers(values, 3) and all(_is_count(value) for value in values)


def _are_numbers(values: Any, how_many: int | None = None) -> bool:
    """Whether these are finite numbers in a row, so many of them, or any."""
    if isinstance(values, (str, bytes)) or not isinstance(values, (Sequence, np.ndarray)):
        return False
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    right = len(values) > 0 if how_many is None else len(values) == how_many
    return numbers.ndim == 1 and right and bool(np.isfinite(numbers).all())


def _are_places(values: Any) -> bool:
    return (
        isinstance(values, Mapping)
        and set(values) == set("xyz")
        and all(_are_numbers(places) for places in values.values())
    )
