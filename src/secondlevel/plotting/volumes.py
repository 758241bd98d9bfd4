"""A volume as slices or through a glass brain, drawn by nilearn."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import nibabel as nib
import numpy as np
from matplotlib.figure import Figure
from nibabel.spatialimages import SpatialImage
from numpy.typing import NDArray

from secondlevel.errors import InputError
from secondlevel.plotting.background import extent_of, field_of_view
from secondlevel.plotting.colour_bar import Colours
from secondlevel.plotting.cuts import AXES, choose_cuts
from secondlevel.plotting.panels import Panel

Floats = NDArray[np.float64]

ROWS = {"tiled": ("yx", "z"), "mosaic": ("z", "y", "x")}
"""Which panels stand beside each other, where not all do; from top to bottom."""

SIDES = {"l": "left half", "r": "right half"}
"""What is seen of a glass brain from its sides."""


PLANES = {"x": (1, 2), "y": (0, 2), "z": (0, 1)}
"""The axes of a slice, across and up, by the axis that it is cut along."""


@dataclass(frozen=True, eq=False)
class Volume:
    """What of a volume is drawn.

    Parameters
    ----------
    image : SpatialImage
        One map, finite; 0 where there is nothing.
    colours : Colours
    background : image or None
        Of slices.
    outline : SpatialImage or None
        Not 0 within lines that are drawn on slices.
    support : SpatialImage
        Not 0 where a map may have values: the mask, or the map before anything of it is hidden.
    masked : bool
        Whether `support` is a mask.
    """

    image: SpatialImage
    colours: Colours
    background: Any
    outline: SpatialImage | None
    support: SpatialImage
    masked: bool

    @property
    def extent(self) -> Floats:
        """From where to where there is something to see: (3, 2), in mm."""
        if self.masked:
            return extent_of(self.support)
        grid = field_of_view(self.image)
        if self.background is None:
            return grid
        behind = extent_of(self.background)
        both = np.stack(
            [np.maximum(grid[:, 0], behind[:, 0]), np.minimum(grid[:, 1], behind[:, 1])], axis=1
        )
        return both if (both[:, 0] <= both[:, 1]).all() else grid


def draw_slices(figure: Figure, volume: Volume, mode: str, cut_coords: Any) -> list[list[Panel]]:
    """Draw slices into a figure, and return them in rows.

    Raises
    ------
    InputError
        When a slice would lie outside the maps and what is behind them.
    """
    from nilearn import plotting  # noqa: PLC0415 - heavy

    colours = volume.colours
    cuts = _cuts(volume, mode, cut_coords)
    with warnings.catch_warnings():
        # What nilearn remarks is about empty or constant maps, which are meant.
        warnings.simplefilter("ignore")
        display = plotting.plot_stat_map(
            volume.image,
            bg_img=volume.background,
            figure=figure,
            axes=(0.0, 0.0, 1.0, 1.0),
            display_mode=mode,
            cut_coords=cuts,
            threshold=smallest(volume.image),
            vmin=colours.vmin,
            vmax=colours.vmax,
            cmap=colours.name,
            symmetric_cbar=False,
            colorbar=False,
            draw_cross=False,
            black_bg=False,
            annotate=False,
            resampling_interpolation="nearest",
        )
        if volume.background is None:
            _add_frame(display, volume)
        if volume.outline is not None:
            _add_lines(display, volume.outline, "black", 0.9)
    drawn = list(display.axes.values())
    if volume.background is not None:
        for cut in drawn:
            # The background is no data: smooth looks like a brain, and needs no more room.
            cut.ax.images[0].set_interpolation("bilinear")
    for cut in drawn:
        _show_whole(cut, volume.extent)
    return _in_rows(mode, drawn)


def draw_glass(figure: Figure, volume: Volume, mode: str) -> list[list[Panel]]:
    """Draw the largest values along lines of sight, and return the brains in a row."""
    from nilearn import plotting  # noqa: PLC0415 - heavy

    colours = volume.colours
    empty = not np.asarray(volume.image.dataobj).any()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        display = plotting.plot_glass_brain(
            None if empty else volume.image,
            figure=figure,
            axes=(0.0, 0.0, 1.0, 1.0),
            display_mode=mode,
            threshold=smallest(volume.image),
            vmin=colours.vmin,
            vmax=colours.vmax,
            cmap=colours.name,
            plot_abs=False,
            colorbar=False,
            annotate=False,
        )
    return [[_panel(view) for view in display.axes.values()]]


def smallest(image: Any) -> float:
    """A threshold that hides 0, and nothing else."""
    sizes = np.abs(np.asarray(image.dataobj, dtype=np.float64))
    sizes = sizes[sizes > 0]
    return float(sizes.min() / 2) if len(sizes) else 1.0


def _cuts(volume: Volume, mode: str, cut_coords: Any) -> Any:
    """Places of slices as nilearn takes them."""
    counted = mode in {"x", "y", "z", "mosaic"} and (
        isinstance(cut_coords, (int, np.integer))
        or (mode == "mosaic" and isinstance(cut_coords, (list, tuple, np.ndarray)))
    )
    if cut_coords is None or counted:
        # Of effects with an outline the slices are those of what is outlined.
        lines = volume.outline
        through = volume.image if lines is None or not np.any(lines.dataobj) else lines
        values = np.asarray(through.dataobj, dtype=np.float64)
        return choose_cuts(mode, values, through.affine, volume.extent, cut_coords)
    along = cut_coords if isinstance(cut_coords, dict) else dict.fromkeys(_axes(mode), cut_coords)
    if not isinstance(cut_coords, dict) and len(mode) > 1:
        along = {axis: [place] for axis, place in zip(_axes(mode), cut_coords, strict=True)}
    _check_inside(volume, along)
    if mode == "mosaic":
        return {axis: list(dict.fromkeys(map(float, along[axis]))) for axis in AXES}
    return list(dict.fromkeys(map(float, cut_coords))) if mode in AXES else list(cut_coords)


def _axes(mode: str) -> str:
    """The axes that a point's numbers belong to."""
    return mode if mode in AXES else AXES if mode in {"ortho", "tiled"} else "".join(sorted(mode))


def _check_inside(volume: Volume, along: dict[str, Any]) -> None:
    """Raise when a slice would show nothing at all."""
    reach = field_of_view(volume.image)
    if volume.background is not None:
        behind = field_of_view(volume.background)
        reach = np.stack(
            [np.minimum(reach[:, 0], behind[:, 0]), np.maximum(reach[:, 1], behind[:, 1])], axis=1
        )
    for axis, places in along.items():
        low, high = reach[AXES.index(axis)]
        for place in places:
            if not low <= float(place) <= high:
                raise InputError(
                    f"cut_coords: {axis} = {float(place):g} mm lies outside the maps, which reach "
                    f"from {axis} = {low:g} to {high:g} mm."
                )


def _add_lines(display: Any, image: SpatialImage, colour: str, width: float) -> None:
    """Draw lines around what is not 0."""
    flags = (np.asarray(image.dataobj) != 0).astype(np.float32)
    if flags.any():
        inside = nib.Nifti1Image(flags, image.affine)
        display.add_contours(inside, levels=[0.5], colors=colour, linewidths=width)


def _add_frame(display: Any, volume: Volume) -> None:
    """Draw what orients where there is no background: lines around the map, or around its grid."""
    if np.any(volume.support.dataobj):
        _add_lines(display, volume.support, "0.6", 0.6)
        return
    for cut in display.axes.values():
        first, second = PLANES[cut.direction]
        (left, right), (bottom, top) = volume.extent[first], volume.extent[second]
        around = ([left, right, right, left, left], [bottom, bottom, top, top, bottom])
        cut.ax.plot(*around, color="0.6", linewidth=0.6, clip_on=False)


def _show_whole(cut: Any, extent: Floats) -> None:
    """Show as much of every slice, whatever is drawn on it."""
    first, second = PLANES[cut.direction]
    cut.add_object_bounds((*extent[first], *extent[second]))
    cut.ax.axis(cut.get_object_bounds())


def _in_rows(mode: str, drawn: list[Any]) -> list[list[Panel]]:
    """Sort slices into rows."""
    if mode not in ROWS:
        return [[_panel(cut) for cut in drawn]]
    rows = []
    for row in ROWS[mode]:
        by_axis = [[_panel(cut) for cut in drawn if cut.direction == axis] for axis in row]
        rows.append([panel for panels in by_axis for panel in panels])
    return rows


def _panel(cut: Any) -> Panel:
    low, high, bottom, top = cut.get_object_bounds()
    if cut.direction in SIDES:
        caption = SIDES[cut.direction]
    elif cut.coord is None:
        caption = ""
    else:
        place = f"{float(cut.coord):.1f}".removesuffix(".0").replace("-", "−")
        caption = f"{cut.direction} = {place} mm"
    return Panel(cut.ax, high - low, top - bottom, caption, sides=cut.direction in "yz")
