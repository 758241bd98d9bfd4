"""A map on a surface, seen from both sides of each part."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from secondlevel.errors import InputError, InputTypeError
from secondlevel.plotting.background import TEMPLATE
from secondlevel.plotting.colour_bar import Colours
from secondlevel.plotting.panels import Panel

Floats = NDArray[np.float64]

VIEWS = {"left": ("lateral", "medial"), "right": ("medial", "lateral")}
"""From the outside on the left to the outside on the right."""

FSAVERAGE5 = 10_242
"""Vertices of a part of the mesh whose sulci come with nilearn."""

WIDE, HIGH = 190.0, 145.0
"""Room for a view in mm."""

ZOOM = 1.4
"""How much nearer than matplotlib stands by default; nearer, the ends of a brain are cut off."""

PLAIN = 0.2
"""Darkness of a surface without shading, from 0 to 1."""


def is_surface(image: Any) -> bool:
    """Whether an image lies on a mesh."""
    return hasattr(image, "mesh") and hasattr(getattr(image, "data", None), "parts")


def surface_values(image: Any) -> Floats:
    """All values of a surface image, in the order of its parts."""
    values = np.concatenate([_part(image, name) for name in image.data.parts])
    return np.where(np.isfinite(values), values, 0.0)


def split_surface(image: Any, values: Floats) -> dict[str, Floats]:
    """Return values in the order of the parts, by part."""
    sizes = [_part(image, name).size for name in image.data.parts]
    parts = np.split(values, np.cumsum(sizes)[:-1])
    return dict(zip(image.data.parts, parts, strict=True))


def draw_surfaces(
    figure: Figure, mesh: Any, parts: dict[str, Floats], colours: Colours, background: Any
) -> list[list[Panel]]:
    """Draw every part of a surface from two sides, and return the views in a row.

    Parameters
    ----------
    figure : Figure
    mesh : PolyMesh
    parts : dict of str to array
        Values by part; 0 where there is nothing.
    colours : Colours
    background : SurfaceImage or None
        Of `shading`.
    """
    from nilearn import plotting  # noqa: PLC0415 - heavy
    from nilearn.surface import InMemoryMesh  # noqa: PLC0415 - heavy

    row = []
    for part in mesh.parts:
        values = np.where(parts[part] == 0, np.nan, parts[part])
        plain = np.full(values.size, PLAIN)
        behind = plain if background is None else _part(background, part)
        given = mesh.parts[part]
        for view in VIEWS.get(part, ("lateral", "medial")):
            axes: Any = figure.add_axes((0.0, 0.0, 1.0, 1.0), projection="3d")
            with warnings.catch_warnings():
                # What nilearn remarks is about empty or constant maps, which are meant.
                warnings.simplefilter("ignore")
                plotting.plot_surf_stat_map(
                    # nilearn moves the coordinates that it is handed to their centre.
                    surf_mesh=InMemoryMesh(np.array(given.coordinates), given.faces),
                    stat_map=values,
                    hemi=part if part in VIEWS else "left",
                    view=view,
                    bg_map=behind,
                    # Of a triangle's corners those that are drawn tell its colour.
                    avg_method="nanmean",
                    figure=figure,
                    axes=axes,
                    cmap=colours.name,
                    vmin=colours.vmin,
                    vmax=colours.vmax,
                    symmetric_cbar=False,
                    colorbar=False,
                )
            axes.set_box_aspect(None, zoom=ZOOM)
            over = (WIDE - HIGH) / 2  # matplotlib draws a mesh as large as the shorter side allows
            row.append(Panel(axes, WIDE, HIGH, f"{part}, {view}", overhang=over))
    return [row]


def shading(bg_img: Any, image: Any) -> Any:
    """Return what shades a surface, None for nothing.

    Parameters
    ----------
    bg_img : SurfaceImage, "MNI152TEMPLATE" or None
        The name stands for the sulci of fsaverage5, where the map lies on that mesh.
    image : SurfaceImage

    Raises
    ------
    InputError
        When the background lies on another mesh.
    InputTypeError
        When it is a volume.
    """
    if bg_img is None:
        return None
    if is_surface(bg_img):
        return _checked(bg_img, image)
    if not (isinstance(bg_img, str) and bg_img == TEMPLATE):
        given = repr(bg_img) if isinstance(bg_img, str) else type(bg_img).__name__
        raise InputTypeError(
            "bg_img is no surface image, and the maps lie on surfaces. Give a SurfaceImage on the "
            f"same mesh, or None. Got {given}."
        )
    parts = image.mesh.parts
    if set(parts) == {"left", "right"} and all(
        part.n_vertices == FSAVERAGE5 for part in parts.values()
    ):
        from nilearn.datasets import load_fsaverage_data  # noqa: PLC0415 - heavy

        return load_fsaverage_data(mesh="fsaverage5", data_type="sulcal", mesh_type="pial")
    return None


def _checked(bg_img: Any, image: Any) -> Any:
    """Return the background where it has one value for every vertex."""
    for name, mesh in image.mesh.parts.items():
        if name not in bg_img.data.parts or _part(bg_img, name).size != mesh.n_vertices:
            raise InputError(
                f"bg_img does not lie on the mesh of the maps: it must have one value for each of "
                f"the {mesh.n_vertices} vertices of {name!r}."
            )
    return bg_img


def _part(image: Any, name: str) -> Floats:
    return np.asarray(image.data.parts[name], dtype=np.float64).ravel()
