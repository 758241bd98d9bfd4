"""How many maps have a value, and where."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from secondlevel.errors import InputTypeError
from secondlevel.plotting.canvas import BLUE, NORMAL, SMALL, new_figure, plain_frame
from secondlevel.plotting.maps import TEMPLATE, plot_map
from secondlevel.plotting.surfaces import is_surface, surface_values
from secondlevel.results.group import GroupResults


def plot_coverage(results: GroupResults, *, bg_img: Any = TEMPLATE) -> Figure:
    """Draw how many maps have a value at each element of the mask.

    Parameters
    ----------
    results : GroupResults
    bg_img : Niimg-like, SurfaceImage or None, default="MNI152TEMPLATE"
        What is behind the map.

    Returns
    -------
    matplotlib.figure.Figure
        The map; where all maps have a value everywhere, a bar that says so.

    Raises
    ------
    InputTypeError
        When these are no `GroupResults`.

    Examples
    --------
    >>> import nibabel as nib, pandas as pd
    >>> from secondlevel import SecondLevelModel
    >>> rng = np.random.default_rng(0)
    >>> maps = [nib.Nifti1Image(rng.normal(size=(4, 4, 4)), np.eye(4)) for _ in range(12)]
    >>> mask = nib.Nifti1Image(np.ones((4, 4, 4), dtype="u1"), np.eye(4))
    >>> model = SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"one": [1] * 12}))
    >>> plot_coverage(model.results("one")).axes[0].get_xlabel()
    'maps with a value (of 12)'
    """
    if not isinstance(results, GroupResults):
        raise InputTypeError(f"results must be GroupResults. Got {type(results).__name__}.")
    image, n_maps = results.quality.images["coverage"], results.model.n_maps
    values = surface_values(image) if is_surface(image) else np.asanyarray(image.dataobj)
    if np.count_nonzero(values >= n_maps) >= results.model.n_in_mask:
        return _bars(values, n_maps, results.model.elements)
    return plot_map(
        image, label=f"maps\n(of {n_maps})", symmetric=False, vmax=float(n_maps), bg_img=bg_img
    )


def _bars(values: Any, n_maps: int, elements: str) -> Figure:
    """How many elements have so many maps."""
    counts = np.bincount(values[values > 0].astype(np.intp).ravel(), minlength=n_maps + 1)
    figure = new_figure(5.6, 1.5)
    axes = figure.add_subplot()
    seen = np.flatnonzero(counts)
    axes.barh([str(number) for number in seen], counts[seen], color=BLUE, height=0.55)
    for place, number in enumerate(seen):
        axes.text(
            counts[number] / 2,
            place,
            f"{counts[number]:,} {elements}".replace(",", " "),
            ha="center",
            va="center",
            color="white",
            fontsize=NORMAL,
        )
    axes.set_xticks([])
    axes.set_xlabel(f"maps with a value (of {n_maps})", fontsize=NORMAL)
    axes.tick_params(labelsize=SMALL)
    plain_frame(axes)
    axes.spines["bottom"].set_visible(False)
    return figure
