"""How far each map moves the fit."""

from __future__ import annotations

from matplotlib.axes import Axes

from secondlevel.plotting.canvas import GREY, SMALL, axes_of
from secondlevel.plotting.stems import draw_stems, name_stems
from secondlevel.plotting.table import as_maps
from secondlevel.results.quality import Quality


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
        Maps with remarks are red diamonds, and named. By factors where one map has more than 20
        times the usual distance. A line where a distance is notable, if one comes near.

    Raises
    ------
    InputError, InputTypeError
        When this is no `Quality`, or has no maps.

    See Also
    --------
    plot_leverage : What the design alone gives a map to decide.
    plot_outliers : Whether a map is like the others.

    Examples
    --------
    >>> import nibabel as nib, numpy as np, pandas as pd
    >>> from secondlevel import SecondLevelModel
    >>> rng = np.random.default_rng(0)
    >>> maps = [nib.Nifti1Image(rng.normal(size=(4, 4, 4)), np.eye(4)) for _ in range(12)]
    >>> mask = nib.Nifti1Image(np.ones((4, 4, 4), dtype="u1"), np.eye(4))
    >>> model = SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"one": [1] * 12}))
    >>> axes = plot_influence(model.results("one").quality)
    >>> axes.get_ylabel()
    "Cook's distance (mean)"
    """
    maps = as_maps(quality)
    axes = axes_of(axes, 5.6, 3.0)
    heights = maps["Cook Mean"].to_numpy(dtype=float)
    odd = (maps["Remarks"] != "").to_numpy()
    draw_stems(axes, heights, odd, "Cook's distance (mean)")
    if quality.cook_threshold < axes.get_ylim()[1]:
        axes.axhline(quality.cook_threshold, color=GREY, linewidth=0.8, linestyle="--", zorder=1)
        axes.text(
            1.01,
            quality.cook_threshold,
            "notable",
            fontsize=SMALL,
            va="center",
            transform=axes.get_yaxis_transform(),
        )
    name_stems(axes, heights, odd, [str(name) for name in maps["Map"]])
    return axes
