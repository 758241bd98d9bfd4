"""A statistical map cut at a threshold: what of it is high enough, in clusters large enough."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.claims.arguments import check_connectivity
from secondlevel.claims.height import HeightControl, find_control
from secondlevel.claims.stat_map import StatMap, load_map, read_stat_map
from secondlevel.claims.unit import hand_on
from secondlevel.errors import EmptyResultWarning, warn
from secondlevel.inference.arguments import check_number
from secondlevel.inference.height import cluster_counts, passing
from secondlevel.inference.null import Null

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def threshold_stats_img(
    stat_img: Any = None,
    mask_img: Any = None,
    alpha: float = 0.001,
    threshold: float | str | None = None,
    height_control: str | None = "fpr",
    cluster_threshold: float = 0,
    two_sided: bool = True,
    *,
    random_field: Null | None = None,
    connectivity: int = 6,
) -> tuple[Any, float]:
    """Find the height threshold of a statistical map, and return what of the map reaches it.

    Parameters
    ----------
    stat_img : Niimg-like or SurfaceImage, optional
        One map of z values; for ``"rft"`` of the statistic of `random_field`, and for None of any
        unit. A volume's header is asked what it holds; a surface image has none, so make sure.
        Without a map only the threshold is returned, unless it depends on the map.
    mask_img : Niimg-like, SurfaceImage or masker, optional
        Elements to look at, on the map's own grid or mesh; all others become 0. By default those
        where the map is neither 0 nor NaN, so a correction for a map that was thresholded before
        needs it: what the threshold left out is not counted otherwise.
    alpha : float, default=0.001
        Level of the error control, above 0 and below 1.
    threshold : float or str, optional
        For ``height_control=None`` only: a height in the unit of the map, by default 3.0, or a
        percentage such as ``"90%"``, for what is higher than 90 % of the elements. A negative
        height, with ``two_sided=False``, keeps what lies at or below it.
    height_control : {"fpr", "fdr", "fdr_by", "bonferroni", "rft", None}, default="fpr"
        What `alpha` is the level of:

        - ``"fpr"``: the false positive rate of each element by itself, uncorrected;
        - ``"fdr"``: the false discovery rate (Benjamini-Hochberg); ``"fdr_by"``: the same under any
          dependence between elements (Benjamini-Yekutieli);
        - ``"bonferroni"``: the family-wise error rate, from the number of elements; ``"rft"``: the
          same from random field theory, or from Bonferroni where that is lower, or from a
          `MaximumNull`;
        - None: nothing; `threshold` is used as it is.
    cluster_threshold : float, default=0
        Clusters of fewer elements become 0. Neighbours of the same sign are one cluster.
    two_sided : bool, default=True
        Whether absolute values are looked at. Each side then has half of `alpha`.
    random_field : RandomField or MaximumNull, optional
        For ``"rft"``: the smoothness of the map, ``model.random_field(contrast)``; or the maxima of
        a permutation run, over the same sides.
    connectivity : {6, 18, 26}, default=6
        Neighbours of a voxel, for clusters. On a surface neighbours share an edge of the mesh.

    Returns
    -------
    thresholded_map : Nifti1Image, SurfaceImage or None
        The map where it reaches the threshold, 0 elsewhere, in double precision; its header says
        what it holds, as that of `stat_img` does. None when there is no `stat_img`.
    threshold : float
        The height threshold used (a double, beside maps in single precision too); inf when nothing
        can be claimed.

    Raises
    ------
    InputError
        When alpha is no level, when `threshold` is NaN or is negative for two sides, when
        `cluster_threshold` is negative, `connectivity` none of the above, when a map or
        `random_field` is missing where it is needed.
        By the header of the map: when it holds p-values, or another statistic than `random_field`;
        when it holds z, t or F, and `threshold` looks like a p-value (nearer to 0 than 0.5).
    InputTypeError
        When a parameter is of a type that does not fit, or map and mask are of different kinds.
    MapError
        When the map cannot be read, holds several maps, or lies elsewhere than the mask.
    MaskError
        When the mask cannot be used, or the map has no value in it.

    Warns
    -----
    MissingDataWarning
        When elements of the mask have no value (NaN); they are left out.
    EmptyResultWarning
        When nothing of the map is left.
    MapWarning
        When the header says that the map holds something else than z where z is meant, or does not
        tell and the values look like p-values. When elements are counted, there is no mask, and the
        map looks thresholded.
    ThresholdWarning
        When `threshold` looks like a p-value, and there is no map or its header does not tell.
    RandomFieldWarning
        When `random_field` is of another search region.
    IgnoredParameterWarning
        When `threshold` or `random_field` has no effect with this `height_control`.

    See Also
    --------
    fdr_threshold : The threshold of the false discovery rate, of an array.

    Notes
    -----
    Parameters up to `two_sided`, their order and what is returned are nilearn's.

    Examples
    --------
    >>> import nibabel as nib
    >>> z = nib.Nifti1Image(np.array([[[4.0, 3.5, 0.2, -3.4]]]), np.eye(4))
    >>> kept, height = threshold_stats_img(z, cluster_threshold=2)
    >>> kept.get_fdata(), height.round(4)
    (array([[[4. , 3.5, 0. , 0. ]]]), np.float64(3.2905))
    """
    control = find_control(height_control)(alpha, threshold, two_sided, random_field)
    extent = _check_extent(cluster_threshold)
    connectivity = check_connectivity(connectivity)
    if stat_img is None:
        return None, np.float64(control.find(None))
    image = load_map(stat_img, "stat_img")
    stat_map = read_stat_map(image, mask_img, whole=control.counts)
    held = control.check_map(image, stat_map.values)
    height = np.float64(control.find(stat_map.values))
    high = passing(stat_map.values, height, two_sided=two_sided)
    kept, largest = _large(stat_map, high, extent, connectivity)
    if not high.any():
        _warn_nothing_high(stat_map.values, height, control)
    elif not kept.any():
        _warn_nothing_large(extent, largest, height)
    left = stat_map.space.to_image(np.where(kept, stat_map.values, 0.0))
    return hand_on(held, left), height


def _check_extent(cluster_threshold: Any) -> float:
    wanted = "> 0, the number of elements that a cluster must have, or 0 for any"
    return check_number("'cluster_threshold'", cluster_threshold, wanted, lambda n: n >= 0)


def _large(stat_map: StatMap, high: Flags, extent: float, connectivity: int) -> tuple[Flags, int]:
    """Which of the high elements lie in clusters that are large enough; the largest count seen."""
    if extent <= 1 or not high.any():
        return high, 0
    counts = cluster_counts(stat_map.space.narrow(high).graph(connectivity), stat_map.values[high])
    kept = np.zeros_like(high)
    kept[high] = counts >= extent
    return kept, int(counts.max())


def _warn_nothing_high(values: Floats, height: float, control: HeightControl) -> None:
    if np.isinf(height) and control.name is not None:
        why = f"no element passes {control.words} at alpha={control.alpha:g}"
    else:
        seen = control.heights(values)
        end, extreme = ("smallest", seen.min()) if height < 0 else ("largest", seen.max())
        size = "absolute value" if control.two_sided else "value"
        why = f"its {end} {size} is {extreme:.4g}, the threshold {height:.4g}"
    warn(f"Nothing of stat_img is left: {why}. The map returned is 0.", EmptyResultWarning)


def _warn_nothing_large(cluster_threshold: float, largest: int, height: float) -> None:
    warn(
        f"Nothing of stat_img is left: its largest cluster at threshold {height:.4g} has {largest} "
        f"elements, cluster_threshold is {cluster_threshold:g}. The map returned is 0.",
        EmptyResultWarning,
    )
