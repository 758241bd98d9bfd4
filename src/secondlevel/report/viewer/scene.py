"""What the viewers of a report draw: one scene for all contrasts, and the maps of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.plotting.colour_bar import choose_colours
from secondlevel.report.viewer.colours import colour_tables
from secondlevel.report.viewer.encode import encode_values
from secondlevel.report.viewer.surface import surface_scene, surface_values
from secondlevel.report.viewer.volume import Grid, volume_scene
from secondlevel.results.group import GroupResults

Floats = NDArray[np.float64]

EFFECTS = {"t": "effect_size", "F": "partial_r2"}
"""The map beside z, by kind of contrast."""

NAMES = {"effect_size": "effect", "partial_r2": "partial R²"}


def encode_scene(results: GroupResults, bg_img: Any) -> dict[str, Any]:
    """Encode what all contrasts share: grid or mesh, mask, background, colours.

    Parameters
    ----------
    results : GroupResults
    bg_img : Niimg-like, SurfaceImage or None
        What is behind the maps.

    Returns
    -------
    dict
        Of what JSON can hold.
    """
    if results.on_surface:
        scene = surface_scene(results.mask_img, bg_img)
    else:
        scene = volume_scene(Grid.of(results.mask_img), bg_img)
    return scene | {"colours": colour_tables(), "elements": results.model.elements}


def encode_contrast(results: GroupResults, number: int) -> dict[str, Any]:
    """Encode the maps of a contrast: z, and the effect, at the elements of the mask.

    Parameters
    ----------
    results : GroupResults
    number : int
        Of the contrast, from 0.

    Returns
    -------
    dict
        Of what JSON can hold.
    """
    result = results.contrasts[number]
    kind = EFFECTS[result.kind]
    z, effect = (_values(results, result.maps[name]) for name in ("z_score", kind))
    height = result.height if np.isfinite(result.height) else 0.0
    signed = result.kind == "t"
    both = results.settings.two_sided and signed
    highest = result.highest
    return {
        "layers": [
            _layer("z", z, height, signed=signed),
            _layer(NAMES[kind], effect, signed=signed),
        ],
        # Where nothing lies beyond the threshold the whole map is shown first.
        "threshold": abs(height) if result.n_beyond else 0.0,
        "sides": "both" if both else "negative" if height < 0 else "positive",
        "start": [float(highest[axis]) for axis in "XYZ"],
        "part": highest.get("Hemisphere", ""),
    }


def _layer(name: str, values: Floats, height: float = 0.0, *, signed: bool) -> dict[str, Any]:
    """A map that can be coloured, with the colours of the pictures."""
    colours = choose_colours(values, abs(height), signed=signed)
    return {
        "name": name,
        "largest": colours.vmax,
        "signed": signed,
        "more": colours.beyond,
    } | encode_values(values, abs(height))


def _values(results: GroupResults, image: Any) -> Floats:
    """Values of an image at the elements of the mask, in the order of the scene."""
    if results.on_surface:
        return surface_values(image, results.mask_img)
    return Grid.of(results.mask_img).take(image)
