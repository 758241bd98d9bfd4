"""How maps can be displayed: the ways that nilearn has, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from secondlevel.errors import InputError, InputTypeError

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

DEFAULT_MODES = {"slice": "z", "glass": "ortho"}


def check_display(
    plot_type: Any, display_mode: Any = None, cut_coords: Any = None
) -> tuple[str, str]:
    """Return plot type and display mode, or raise when there is none of that name.

    Parameters
    ----------
    plot_type : {"slice", "glass"}
    display_mode : str, optional
        By default "z" for slices, "ortho" for a glass brain.
    cut_coords : int, float, sequence or dict, optional
        Checked as far as the mode tells what it must be.

    Returns
    -------
    plot_type, display_mode : str

    Raises
    ------
    InputError
        When it is none of the names; the message lists them.
    InputTypeError
        When cut_coords are no numbers.

    Examples
    --------
    >>> check_display("slice")
    ('slice', 'z')
    """
    if not isinstance(plot_type, str) or plot_type not in MODES:
        names = ", ".join(repr(name) for name in MODES)
        raise InputError(f"'plot_type' must be one of {names}. Got {plot_type!r}.")
    modes = MODES[plot_type]
    mode = DEFAULT_MODES[plot_type] if display_mode is None else display_mode
    if not isinstance(mode, str) or mode not in modes:
        names = ", ".join(repr(name) for name in modes)
        raise InputError(
            f"'display_mode' must be one of {names} with plot_type={plot_type!r}. Got "
            f"{display_mode!r}."
        )
    if plot_type == "slice":
        check_cuts(mode, cut_coords)
    return plot_type, mode


def check_cuts(mode: str, cut_coords: Any) -> None:
    """Raise unless cut coordinates are what a display mode takes.

    Raises
    ------
    InputError, InputTypeError
    """
    if cut_coords is None:
        return
    if mode in {"ortho", "tiled"}:
        wanted = f"a point, three numbers in mm, with display_mode={mode!r}"
        fits = _are_numbers(cut_coords) and len(cut_coords) == 3
    elif mode in {"x", "y", "z"}:
        wanted = f"a number of slices, or their places in mm, with display_mode={mode!r}"
        fits = _is_count(cut_coords) or (_are_numbers(cut_coords) and len(cut_coords) > 0)
    elif mode == "mosaic":
        wanted = "a number of slices, three of them, or a dict of 'x', 'y', 'z' to places in mm"
        fits = _is_count(cut_coords) or _are_numbers(cut_coords) or _are_places(cut_coords, "xyz")
    else:
        wanted = f"one number or list for each of the two axes, with display_mode={mode!r}"
        fits = isinstance(cut_coords, Sequence) and len(cut_coords) == 2
        fits = fits or _are_places(cut_coords, mode)
    if not fits:
        kind = InputError if isinstance(cut_coords, (int, Sequence, np.ndarray)) else InputTypeError
        raise kind(f"cut_coords must be {wanted}. Got {cut_coords!r}.")


def _is_count(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and int(value) > 0


def _are_numbers(values: Any) -> bool:
    if isinstance(values, (str, bytes)) or not isinstance(values, (Sequence, np.ndarray)):
        return False
    try:
        return bool(np.isfinite(np.asarray(values, dtype=np.float64)).all())
    except (TypeError, ValueError):
        return False


def _are_places(values: Any, axes: str) -> bool:
    return isinstance(values, Mapping) and set(values) <= set(axes)
