"""How many maps have a value, and where."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from secondlevel.errors import InputTypeError
from secondlevel.plotting.background import TEMPLATE, extent_of
from secondlevel.plotting.canvas import BLUE, NORMAL, SMALL, plain_frame
from secondlevel.plotting.cuts import choose_cuts
from secondlevel.plotting.maps import plot_map
from secondlevel.plotting.panels import add_room
from secondlevel.plotting.surfaces import is_surface, surface_values
from secondlevel.results.group import GroupResults
from secondlevel.results.quality import Quality

Counts = NDArray[np.int64]

BELOW = 1.9
"""Inches for the bars below a map."""

MOST_BARS = 40
"""With more maps than so many a bar stands for several numbers of maps."""


def plot_coverage(quality: GroupResults | Quality, *, bg_img: Any = TEMPLATE) -> Figure:
    """Draw how many maps have a value at each element of the mask.

    Parameters
    ----------
    quality : GroupResults or Quality
        Of a `Quality` alone it is not known at how many elements no map has a value.
    bg_img : Niimg-like, SurfaceImage or None, default="MNI152TEMPLATE"
        What is behind the map.

    Returns
    -------
    matplotlib.figure.Figure
        A map, cut where most are missing, and bars: at how many elements so many maps have a value.
        Where all maps have a value everywhere, a bar that says so.

    Raises
    ------
    InputTypeError
        When these are neither.

    Examples
    --------
    >>> import nibabel as nib, pandas as pd
    >>> from secondlevel import SecondLevelModel
    >>> rng = np.random.default_rng(0)
    >>> maps = [nib.Nifti1Image(rng.normal(size=(4, 4, 4)), np.eye(4)) for _ in range(12)]
    >>> mask = nib.Nifti1Image(np.ones((4, 4, 4), dtype="u1"), np.eye(4))
    >>> model = SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"one": [1] * 12}))
    >>> plot_coverage(model.results("one")).axes[0].get_title(loc="left")
    'All 12 maps have a value at each of the 64 voxels.'
    """
    if not isinstance(quality, (GroupResults, Quality)):
        raise InputTypeError(
            f"quality must be GroupResults, or their quality. Got {type(quality).__name__}."
        )
    known = quality.quality if isinstance(quality, GroupResults) else quality
    image, n_maps = known.images["coverage"], len(known.maps)
    on_surface = is_surface(image)
    values = surface_values(image) if on_surface else np.asarray(image.dataobj)
    counts = np.bincount(values[values > 0].astype(np.intp).ravel(), minlength=n_maps + 1)
    if isinstance(quality, GroupResults):
        counts[0] = max(quality.model.n_in_mask - counts.sum(), 0)
    elements = "vertices" if on_surface else "voxels"
    with style.context("default"):
        if not counts[:n_maps].any():
            return _all_there(counts, n_maps, elements)
        figure = plot_map(
            image,
            label=f"maps (of {n_maps})",
            symmetric=False,
            vmax=float(n_maps),
            bg_img=bg_img,
            cut_coords=None if on_surface else _cuts(image, values, n_maps),
        )
        add_room(figure, BELOW)
        width, height = figure.get_size_inches()
        place = (0.9 / width, 0.5 / height, min(6.4, width - 2.2) / width, (BELOW - 0.85) / height)
        _draw_bars(figure.add_axes(place), counts, n_maps, elements)
    return figure


def _cuts(image: Any, values: Any, n_maps: int) -> Any:
    """Places of slices through where most is missing."""
    missing = np.where(values > 0, n_maps - values, 0).astype(np.float64)
    return choose_cuts("z", missing, image.affine, extent_of(image))


def _draw_bars(axes: Axes, counts: Counts, n_maps: int, elements: str) -> None:
    """Draw at how many elements fewer than all maps have a value."""
    first = int(np.flatnonzero(counts)[0])
    step = -(-(n_maps - first) // MOST_BARS)
    edges = np.arange(n_maps, first - step, -step)[::-1]
    bars = [counts[max(low, 0) : high].sum() for low, high in pairwise(edges)]
    axes.bar(edges[:-1] - 0.5, bars, width=0.86 * step, align="edge", color=BLUE)
    axes.set_xlim(edges[0] - 0.6, n_maps - 0.4)
    fewer, total = int(counts[:n_maps].sum()), int(counts.sum())
    axes.set_title(
        f"{_written(fewer)} of {_written(total)} {elements} ({100 * fewer / total:.2g} %) have a "
        f"value in fewer than {n_maps} maps.",
        fontsize=NORMAL,
        loc="left",
    )
    axes.set_xlabel("maps with a value", fontsize=NORMAL)
    axes.set_ylabel(elements, fontsize=NORMAL)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _written(value)))
    plain_frame(axes)


def _all_there(counts: Counts, n_maps: int, elements: str) -> Figure:
    """Say that nothing is missing, with one full bar."""
    figure = Figure(figsize=(5.6, 1.05), facecolor="white", dpi=100)
    FigureCanvasAgg(figure)
    axes: Axes = figure.add_axes((0.02, 0.34, 0.96, 0.3))
    axes.barh([0], [100], color=BLUE)
    axes.set_xlim(0, 100)
    axes.set_title(
        f"All {n_maps} maps have a value at each of the {_written(counts.sum())} {elements}.",
        fontsize=NORMAL,
        loc="left",
    )
    axes.set_yticks([])
    axes.set_xticks([0, 50, 100], ["0 %", "50 %", "100 %"], fontsize=SMALL)
    axes.xaxis.get_majorticklabels()[0].set_horizontalalignment("left")
    axes.xaxis.get_majorticklabels()[-1].set_horizontalalignment("right")
    plain_frame(axes)
    axes.spines["left"].set_visible(False)
    return figure


def _written(number: Any) -> str:
    """A count, with thin gaps between thousands."""
    return f"{int(number):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
