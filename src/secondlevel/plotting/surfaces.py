"""A map on a surface, seen from both sides of each part."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from secondlevel.errors import InputTypeError
from secondlevel.plotting.colour_bar import Colours

Floats = NDArray[np.float64]

VIEWS = {"left": ("lateral", "medial"), "right": ("medial", "lateral")}
"""From the outside on the left to the outside on the right."""

FSAVERAGE5 = 10_242
"""Vertices of a part of the mesh whose sulci come with nilearn."""


def is_surface(image: Any) -> bool:
    """Whether an image lies on a mesh."""
    return hasattr(image, "mesh") and hasattr(getattr(image, "data", None), "parts")


def surface_values(image: Any) -> Floats:
    """All values of a surface image, in the order of its parts."""
    parts = [np.asarray(part, dtype=np.float64).ravel() for part in image.data.parts.values()]
    values = np.concatenate(parts)
    return np.where(np.isfinite(values), values, 0.0)


def draw_surfaces(image: Any, colours: Colours, bg_img: Any) -> Figure:
    """Draw every part of a surface image from two sides, with room for a colour bar.

    Parameters
    ----------
    image : SurfaceImage
    colours : Colours
    bg_img : SurfaceImage, str or None
        Shading, on the same mesh; of a name that of fsaverage5 is drawn, where it is that mesh.

    Raises
    ------
    InputTypeError
        When the background is a volume.
    """
    from nilearn import plotting  # noqa: PLC0415 - heavy

    parts = list(image.mesh.parts)
    views = [(part, view) for part in parts for view in VIEWS.get(part, ("lateral", "medial"))]
    figure = Figure(figsize=(1.15 + 2.2 * len(views), 2.3), facecolor="white", dpi=100)
    FigureCanvasAgg(figure)
    background = shading(bg_img, image)
    across = (1.0 - 1.15 / figure.get_figwidth()) / len(views)
    for number, (part, view) in enumerate(views):
        place = (number * across, -0.06, across, 1.06)
        axes: Any = figure.add_axes(place, projection="3d")
        plotting.plot_surf_stat_map(
            stat_map=image,
            hemi=part,
            view=view,
            bg_map=background,
            figure=figure,
            axes=axes,
            cmap=colours.name,
            vmin=colours.vmin,
            vmax=colours.vmax,
            threshold=colours.threshold or None,
            symmetric_cbar=False,
            colorbar=False,
            bg_on_data=background is not None,
        )
        axes.set_box_aspect(None, zoom=1.35)
        figure.text(
            (number + 0.5) * across, 0.97, f"{part}, {view}", ha="center", va="top", fontsize=8.5
        )
    return figure


def shading(bg_img: Any, image: Any) -> Any:
    """Return what shades a surface: an image on its mesh, or None.

    Parameters
    ----------
    bg_img : SurfaceImage, str or None
        A name stands for the sulci of fsaverage5, where the mesh is that.
    image : SurfaceImage
        What is drawn.

    Raises
    ------
    InputTypeError
        When it is a volume.
    """
    if bg_img is None or is_surface(bg_img):
        return bg_img
    if not isinstance(bg_img, str):
        raise InputTypeError(
            "bg_img is a volume, and the maps lie on surfaces. Give a surface image, or None."
        )
    parts = image.mesh.parts
    if set(parts) == {"left", "right"} and all(
        part.n_vertices == FSAVERAGE5 for part in parts.values()
    ):
        from nilearn.datasets import load_fsaverage_data  # noqa: PLC0415 - heavy

        return load_fsaverage_data(mesh="fsaverage5", data_type="sulcal", mesh_type="pial")
    return None
