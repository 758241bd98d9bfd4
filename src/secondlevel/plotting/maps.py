"""A map of a brain: slices or a glass brain, both sides of a surface."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from nibabel.spatialimages import SpatialImage
from numpy.typing import NDArray

from secondlevel.errors import InputError, InputTypeError
from secondlevel.plotting.canvas import LARGE, NORMAL
from secondlevel.plotting.colour_bar import Colours, draw_colour_bar, largest_of
from secondlevel.plotting.cuts import choose_cuts
from secondlevel.plotting.display import check_display
from secondlevel.plotting.surfaces import draw_surfaces, is_surface, surface_values

Floats = NDArray[np.float64]

TEMPLATE = "MNI152TEMPLATE"
"""The name that stands for nilearn's template."""

SIZES = {
    "ortho": (8.6, 3.3),
    "tiled": (6.4, 6.0),
    "mosaic": (10.0, 5.4),
    "x": (10.0, 2.2),
    "y": (10.0, 2.3),
    "z": (10.0, 2.4),
    "yx": (6.4, 3.3),
    "xz": (6.4, 3.3),
    "yz": (6.4, 3.3),
    "l": (4.4, 3.3),
    "r": (4.4, 3.3),
    "lr": (7.2, 3.0),
    "lzr": (9.4, 3.0),
    "lyr": (9.4, 3.0),
    "lzry": (10.0, 2.6),
    "lyrz": (10.0, 2.6),
}
"""Width and height in inches by display mode."""

GLASS_SIZES = {"x": (4.4, 3.2), "y": (4.0, 3.2), "z": (4.0, 3.6)}

BAR = 1.15
"""Inches that the colour bar takes at the right."""

TITLE = 0.38
"""Inches that a title takes at the top."""


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
) -> Figure:
    """Draw a map, through nilearn's plots.

    Parameters
    ----------
    image : Niimg-like or SurfaceImage
        One map; NaN, infinite values and 0 are not drawn.
    threshold : float, optional
        Values nearer to 0 are not drawn.
    plot_type : {"slice", "glass"}, default="slice"
        Volumes only.
    display_mode : str, optional
        Of `SLICE_MODES` or `GLASS_MODES`; by default "z" for slices, "ortho" for a glass brain.
    cut_coords : int, float, sequence or dict, optional
        Where slices are cut, in mm, or how many. By default some, one of them through the highest
        peak.
    bg_img : Niimg-like, SurfaceImage or None, default="MNI152TEMPLATE"
        What is behind a map; on the fsaverage5 mesh by default its sulci. None: nothing.
    title : str, default=""
    label : str, default="z"
        What the values are, and their unit.
    symmetric : bool, default=True
        Whether colours reach from -vmax to vmax, white at 0; else from 0 to vmax.
    vmax : float, optional
        Value of the last colour; by default the largest absolute value, rounded up.
    outline : Niimg-like, optional
        An image that is not 0 where an outline is to be drawn; slices only.

    Returns
    -------
    matplotlib.figure.Figure
        Not known to pyplot: no window opens, and nothing needs closing.

    Raises
    ------
    InputError, InputTypeError
        When there is no such plot type or display mode; the message lists those there are.

    Examples
    --------
    >>> import nibabel as nib
    >>> z = np.zeros((10, 12, 10))
    >>> z[5, 6, 5] = 6.5
    >>> image = nib.Nifti1Image(z, np.diag([16.0, 16, 16, 1]))
    >>> plot_map(image, threshold=3.09, bg_img=None).axes[-1].get_title()
    'z'
    """
    kind, mode = check_display(plot_type, display_mode, cut_coords)
    if is_surface(image):
        values = surface_values(image)
        colours = _colours(values, threshold, vmax, signed=symmetric)
        return _finish(draw_surfaces(image, colours, bg_img), title, colours, label)
    finite = _finite(image)
    colours = _colours(_values(finite), threshold, vmax, signed=symmetric)
    width, height = (GLASS_SIZES if kind == "glass" else SIZES).get(mode, SIZES[mode])
    figure = Figure(figsize=(width, height + TITLE * bool(title)), facecolor="white", dpi=100)
    FigureCanvasAgg(figure)
    box = (0.0, 0.0, 1.0 - BAR / width, height / (height + TITLE * bool(title)))
    draw = _draw_glass if kind == "glass" else _draw_slices
    with warnings.catch_warnings():
        # What nilearn remarks is about empty or constant maps, which are meant.
        warnings.simplefilter("ignore")
        draw(finite, figure, box, mode, colours, cut_coords, bg_img, outline)
    return _finish(figure, title, colours, label)


def _finite(image: Any) -> SpatialImage:
    """Return the image with 0 where it has no value."""
    from nilearn.image import load_img, new_img_like  # noqa: PLC0415 - heavy

    loaded = load_img(image)
    if len(loaded.shape) == 4 and loaded.shape[3] == 1:
        loaded = loaded.slicer[..., 0]
    if len(loaded.shape) != 3:
        raise InputError(f"A picture shows one map; this image has shape {loaded.shape}.")
    values = loaded.get_fdata()
    finite: SpatialImage = new_img_like(loaded, np.where(np.isfinite(values), values, 0.0))
    return finite


def _values(image: SpatialImage) -> Floats:
    return np.asarray(image.get_fdata(), dtype=np.float64)


def _colours(
    values: Floats, threshold: float | None, vmax: float | None, *, signed: bool
) -> Colours:
    limit = largest_of(values) if vmax is None else float(vmax)
    if not limit > 0:
        raise InputError(f"vmax must be above 0. Got {vmax!r}.")
    height = 0.0 if threshold is None else abs(float(threshold))
    hidden = height if np.isfinite(height) else 0.0
    return Colours(max(limit, 1.25 * hidden), hidden, signed)


def _draw_slices(
    image: SpatialImage,
    figure: Figure,
    box: tuple[float, float, float, float],
    mode: str,
    colours: Colours,
    cut_coords: Any,
    bg_img: Any,
    outline: Any,
) -> None:
    from nilearn import plotting  # noqa: PLC0415 - heavy

    values = _values(image)
    if cut_coords is None or isinstance(cut_coords, (int, np.integer)):
        shown = np.where(np.abs(values) >= colours.threshold, values, 0.0)
        how_many = {} if cut_coords is None else {"n_cuts": int(cut_coords)}
        cut_coords = choose_cuts(mode, shown, image.affine, **how_many)
    display = plotting.plot_stat_map(
        image,
        bg_img=_background(bg_img),
        figure=figure,
        axes=box,
        display_mode=mode,
        cut_coords=cut_coords,
        threshold=colours.threshold or _smallest(values),
        vmin=colours.vmin,
        vmax=colours.vmax,
        cmap=colours.name,
        symmetric_cbar=False,
        colorbar=False,
        draw_cross=False,
        black_bg=False,
        annotate=True,
        resampling_interpolation="nearest",
    )
    if outline is not None:
        inside = _finite(outline)
        flags = (inside.get_fdata() != 0).astype(np.float32)
        if flags.any():
            from nilearn.image import new_img_like  # noqa: PLC0415 - heavy

            display.add_contours(
                new_img_like(inside, flags), levels=[0.5], colors="black", linewidths=0.9
            )


def _draw_glass(
    image: SpatialImage,
    figure: Figure,
    box: tuple[float, float, float, float],
    mode: str,
    colours: Colours,
    cut_coords: Any,  # noqa: ARG001 - a glass brain is not cut
    bg_img: Any,  # noqa: ARG001 - its outlines are its background
    outline: Any,  # noqa: ARG001
) -> None:
    from nilearn import plotting  # noqa: PLC0415 - heavy

    values = _values(image)
    hidden = not (np.abs(values) > colours.threshold).any()
    plotting.plot_glass_brain(
        None if hidden else image,
        figure=figure,
        axes=box,
        display_mode=mode,
        threshold=colours.threshold or _smallest(values),
        vmin=colours.vmin,
        vmax=colours.vmax,
        cmap=colours.name,
        plot_abs=False,
        colorbar=False,
    )


def _smallest(values: Floats) -> float:
    """A threshold that hides 0, and nothing else."""
    sizes = np.abs(values[values != 0])
    return float(sizes.min() / 2) if len(sizes) else 1.0


def _background(bg_img: Any) -> Any:
    if isinstance(bg_img, str) and bg_img == TEMPLATE:
        return template()
    if is_surface(bg_img):
        raise InputTypeError("bg_img is a surface image, and the maps are volumes. Give a volume.")
    return bg_img


@cache
def template() -> Any:
    """Return nilearn's template of the brain, loaded once."""
    from nilearn.datasets import load_mni152_template  # noqa: PLC0415 - heavy

    return load_mni152_template(resolution=2)


def _finish(figure: Figure, title: str, colours: Colours, label: str) -> Figure:
    """Write the title, and draw the colour bar."""
    width, height = figure.get_size_inches()
    if title:
        figure.text(
            0.1 / width,
            1 - 0.1 / height,
            title,
            fontsize=LARGE,
            va="top",
            wrap=True,
            parse_math=False,
        )
    left = 1 - (BAR - 0.42) / width
    top = 1 - (0.62 + TITLE * bool(title)) / height
    draw_colour_bar(figure, (left, 0.16, 0.12 / width, max(top - 0.16, 0.3)), colours, "")
    bar = figure.axes[-1]
    bar.set_title(label, fontsize=NORMAL, pad=8, parse_math=False, loc="center")
    return figure
