"""A map of a brain: slices or a glass brain, both sides of a surface."""

from __future__ import annotations

import math
from typing import Any

import nibabel as nib
import numpy as np
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from nibabel.spatialimages import SpatialImage
from numpy.typing import NDArray

from secondlevel.errors import InputError, InputTypeError
from secondlevel.plotting.background import TEMPLATE, open_background, open_volume
from secondlevel.plotting.colour_bar import Colours, choose_colours, written
from secondlevel.plotting.display import check_display
from secondlevel.plotting.panels import Panel, Words, arrange
from secondlevel.plotting.surfaces import (
    draw_surfaces,
    is_surface,
    shading,
    split_surface,
    surface_values,
)
from secondlevel.plotting.volumes import Volume, draw_glass, draw_slices

Floats = NDArray[np.float64]


def plot_map(
    image: Any,
    *,
    threshold: float | None = None,
    plot_type: str = "slice",
    display_mode: str | None = None,
    cut_coords: Any = None,
    bg_img: Any = TEMPLATE,
    title: str = "",
    label: str = "z",
    symmetric: bool = True,
    vmax: float | None = None,
    outline: Any = None,
    mask: Any = None,
) -> Figure:
    """Draw a map, through nilearn's plots.

    Parameters
    ----------
    image : Niimg-like or SurfaceImage
        One map; NaN, infinite values and 0 are not drawn.
    threshold : float, optional
        Values nearer to 0 are not drawn. Infinite where nothing can be claimed: then all are.
    plot_type : {"slice", "glass"}, default="slice"
        Volumes only.
    display_mode : str, optional
        Of `SLICE_MODES` or `GLASS_MODES`; by default "z" for slices, "ortho" for a glass brain.
    cut_coords : int, sequence or dict, optional
        Where slices are cut, in mm, or how many. By default through the highest peaks, of the
        outline where there is one.
    bg_img : Niimg-like, SurfaceImage or None, default="MNI152TEMPLATE"
        What is behind a map; on the fsaverage5 mesh by default its sulci. None: nothing, but a
        line around slices of the mask.
    title : str, default=""
    label : str, default="z"
        What the values are, and their unit.
    symmetric : bool, default=True
        Whether colours reach from -vmax to vmax, white at 0; else from 0 to vmax.
    vmax : float, optional
        Value of the last colour; by default the largest absolute value, rounded up. Where that is
        far off the scale of all others, a smaller one, and the colour bar has an arrow.
    outline : Niimg-like, optional
        An image that is not 0 where lines are drawn around it; slices only.
    mask : Niimg-like or SurfaceImage, optional
        On the grid, or mesh, of the map; what lies outside, where it is 0, is not drawn.

    Returns
    -------
    matplotlib.figure.Figure
        Not known to pyplot: no window opens, and nothing needs closing.

    Raises
    ------
    InputError, InputTypeError
        When there is no such plot type or display mode; the message lists those there are. When an
        image cannot be read, is no map, or does not fit the others.

    Examples
    --------
    >>> import nibabel as nib
    >>> z = np.zeros((10, 12, 10))
    >>> z[5, 6, 5] = 6.5
    >>> image = nib.Nifti1Image(z, np.diag([16.0, 16, 16, 1]))
    >>> figure = plot_map(image, threshold=3.09, bg_img=None)
    >>> [tick.get_text() for tick in figure.axes[-1].get_yticklabels()]
    ['−6.5', '−3.09', '0', '3.09', '6.5']
    """
    on_surface = is_surface(image)
    kind, mode = check_display(plot_type, display_mode, cut_coords, on_surface=on_surface)
    height = 0.0 if threshold is None else abs(_number("threshold", threshold, finite=False))
    limit = None if vmax is None else _number("vmax", vmax)
    if limit is not None and not limit > 0:
        raise InputError(f"vmax must be above 0. Got {vmax!r}.")
    if outline is not None and (on_surface or kind != "slice"):
        raise InputError("An outline is drawn on slices of volumes only: leave it out here.")

    def colours_of(values: Floats) -> Colours:
        return choose_colours(values, height, limit, signed=symmetric)

    # A style that the user chose for charts may write in white, or on black.
    with style.context("default"):
        figure = Figure(facecolor="white", dpi=100)
        FigureCanvasAgg(figure)
        if on_surface:
            values = _within_surface(image, mask)
            colours, shown = _shown(values, colours_of(values))
            parts = split_surface(image, shown)
            background = shading(bg_img, image)
            rows = draw_surfaces(figure, image.mesh, parts, colours, background)
        else:
            loaded = open_volume(image, "image")
            support = loaded if mask is None else _within(mask, loaded)
            values = np.where(support.get_fdata() != 0, loaded.get_fdata(), 0.0)
            colours, shown = _shown(values, colours_of(values))
            volume = Volume(
                image=nib.Nifti1Image(shown, loaded.affine),
                colours=colours,
                background=open_background(bg_img),
                outline=None if outline is None else open_volume(outline, "outline"),
                support=support,
                masked=mask is not None,
            )
            rows = _draw_volume(figure, volume, kind, mode, cut_coords)
        note = "" if shown.any() else _why_empty(values, colours)
        arrange(figure, rows, colours, Words(title, label, note))
    return figure


def _draw_volume(
    figure: Figure, volume: Volume, kind: str, mode: str, cut_coords: Any
) -> list[list[Panel]]:
    if kind == "glass":
        return draw_glass(figure, volume, mode)
    return draw_slices(figure, volume, mode, cut_coords)


def _number(name: str, value: Any, *, finite: bool = True) -> float:
    """Return a number, or raise."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputTypeError(f"{name} must be a number. Got {value!r}.") from None
    if math.isnan(number) or (finite and math.isinf(number)):
        raise InputError(f"{name} must be a number. Got {value!r}.")
    return number


def _shown(values: Floats, colours: Colours) -> tuple[Colours, Floats]:
    """Return the values with 0 where nothing is drawn, within the colours there are."""
    kept = np.where(colours.hides(values), 0.0, values)
    if not colours.signed:
        # Values below 0 have the first colour; 0 itself would not be drawn.
        kept = np.where((kept < 0), 1e-6 * colours.vmax, kept)
    return colours, kept


def _why_empty(values: Floats, colours: Colours) -> str:
    """Say why there is nothing to see."""
    if not values.any():
        return "The map is 0 throughout."
    limits = f"−{written(colours.threshold)} or {written(colours.threshold)}"
    return f"No value reaches {limits if colours.signed else written(colours.threshold)}."


def _within(mask: Any, image: SpatialImage) -> SpatialImage:
    """Return the mask, on the grid of the image.

    Raises
    ------
    InputError
        When it is on another.
    """
    inside = open_volume(mask, "mask")
    if inside.shape != image.shape or not np.allclose(inside.affine, image.affine, atol=1e-3):
        raise InputError(
            f"The mask must be on the grid of the map: shape {image.shape}, and the same affine. "
            f"Got shape {inside.shape}."
        )
    return inside


def _within_surface(image: Any, mask: Any) -> Floats:
    """Return the values of a surface, 0 outside the mask.

    Raises
    ------
    InputError
        When the mask does not lie on the same mesh.
    """
    values = surface_values(image)
    if mask is None:
        return values
    inside = surface_values(mask) if is_surface(mask) else np.empty(0)
    if inside.shape != values.shape:
        raise InputError("The mask must be a surface image on the mesh of the map.")
    return np.where(inside != 0, values, 0.0)
