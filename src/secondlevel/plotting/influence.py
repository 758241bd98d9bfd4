"""How far each map moves the fit."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from secondlevel.errors import InputTypeError
from secondlevel.plotting.canvas import BLUE, NORMAL, RED, SMALL, axes_of, plain_frame, short
from secondlevel.results.quality import Quality

MOST_NAMED = 5


def plot_influence(quality: Quality, *, axes: Axes | None = None) -> Axes:
    """Draw Cook's distance of every map, its mean over elements.

    Parameters
    ----------
    quality : Quality
        Of `GroupResults.quality`.
    axes : Axes, optional
        Where to draw; by default in a new figure that pyplot does not know.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputTypeError
        When this is no `Quality`.

    Examples
    --------
    >>> import nibabel as nib, pandas as pd
    >>> from secondlevel import SecondLevelModel
    >>> rng = np.random.default_rng(0)
    >>> maps = [nib.Nifti1Image(rng.normal(size=(4, 4, 4)), np.eye(4)) for _ in range(12)]
    >>> mask = nib.Nifti1Image(np.ones((4, 4, 4), dtype="u1"), np.eye(4))
    >>> model = SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"one": [1] * 12}))
    >>> axes = plot_influence(model.results("one").quality)
    >>> axes.get_ylabel()
    "Cook's distance (mean)"
    """
    if not isinstance(quality, Quality):
        raise InputTypeError(f"quality must be that of results. Got {type(quality).__name__}.")
    maps = quality.maps
    axes = axes_of(axes, 5.6, 3.0)
    heights = maps["Cook Mean"].to_numpy(float)
    places = np.arange(1, len(heights) + 1)
    odd = (maps["Remarks"] != "").to_numpy()
    colours = [RED if one else BLUE for one in odd]
    axes.vlines(places, 0, heights, colors=colours, linewidth=1.6 if len(heights) <= 100 else 0.6)
    axes.scatter(places, heights, s=12, c=colours, zorder=3)
    for row in np.argsort(-heights, kind="stable")[:MOST_NAMED]:
        if odd[row]:
            axes.annotate(
                short(maps["Map"].iloc[row]),
                (places[row], heights[row]),
                (5, 1),
                textcoords="offset points",
                fontsize=SMALL,
                parse_math=False,
                ha="left" if row < 0.7 * len(heights) else "right",
            )
    axes.set_ylim(0, 1.12 * float(heights.max()) or 1.0)
    axes.set_xlim(0.5, len(heights) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("map, in the order of the design", fontsize=NORMAL)
    axes.set_ylabel("Cook's distance (mean)", fontsize=NORMAL)
    plain_frame(axes)
    return axes
