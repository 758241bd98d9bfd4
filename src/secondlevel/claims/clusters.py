"""`get_clusters_table`: the clusters of a map, their peaks, and what may be claimed of them."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np
import pandas as pd

from secondlevel.claims.arguments import check_connectivity
from secondlevel.claims.atlas import Atlas, read_atlas
from secondlevel.claims.cluster_fit import check_fit, check_neighbours
from secondlevel.claims.cluster_question import MIN_DISTANCE, ClusterQuestion
from secondlevel.claims.cluster_table import ClusterTable, make_table
from secondlevel.claims.null_fit import as_null
from secondlevel.claims.stat_map import load_map, read_stat_map
from secondlevel.errors import (
    EmptyResultWarning,
    IgnoredParameterWarning,
    warn,
)
from secondlevel.inference.arguments import check_flag
from secondlevel.inference.null import Null


@overload
def get_clusters_table(
    stat_img: Any,
    stat_threshold: float,
    cluster_threshold: float = ...,
    two_sided: bool = ...,
    min_distance: float = ...,
    return_label_maps: Literal[False] = ...,
    *,
    mask_img: Any = ...,
    connectivity: int = ...,
    sub_peaks: int | None = ...,
    null: Null | None = ...,
    centre_of_mass: bool = ...,
    atlas: Any = ...,
    atlas_labels: Any = ...,
) -> pd.DataFrame: ...
@overload
def get_clusters_table(
    stat_img: Any,
    stat_threshold: float,
    cluster_threshold: float,
    two_sided: bool,
    min_distance: float,
    return_label_maps: Literal[True],
    *,
    mask_img: Any = ...,
    connectivity: int = ...,
    sub_peaks: int | None = ...,
    null: Null | None = ...,
    centre_of_mass: bool = ...,
    atlas: Any = ...,
    atlas_labels: Any = ...,
) -> tuple[pd.DataFrame, list[Any]]: ...
@overload
def get_clusters_table(
    stat_img: Any,
    stat_threshold: float,
    cluster_threshold: float = ...,
    two_sided: bool = ...,
    min_distance: float = ...,
    *,
    return_label_maps: Literal[True],
    mask_img: Any = ...,
    connectivity: int = ...,
    sub_peaks: int | None = ...,
    null: Null | None = ...,
    centre_of_mass: bool = ...,
    atlas: Any = ...,
    atlas_labels: Any = ...,
) -> tuple[pd.DataFrame, list[Any]]: ...
def get_clusters_table(
    stat_img: Any,
    stat_threshold: float,
    cluster_threshold: float = 0,
    two_sided: bool = False,
    min_distance: float = MIN_DISTANCE,
    return_label_maps: bool = False,
    *,
    mask_img: Any = None,
    connectivity: int = 6,
    sub_peaks: int | None = None,
    null: Null | None = None,
    centre_of_mass: bool = False,
    atlas: Any = None,
    atlas_labels: Any = None,
) -> pd.DataFrame | tuple[pd.DataFrame, list[Any]]:
    """Table of the clusters of a statistical map.

    Parameters
    ----------
    stat_img : Niimg-like or SurfaceImage
        A map in which more extreme is more significant: t, z, an effect size, -log10 p; not p.
    stat_threshold : float
        Cluster-forming threshold in the unit of the map. A voxel belongs to a cluster when it lies
        beyond it, a vertex when it reaches it. A negative one asks for the elements below it.
        Nothing lies beyond inf, which `threshold_stats_img` returns when nothing can be claimed.
    cluster_threshold : float, default=0
        Smaller clusters, in elements, are left out.
    two_sided : bool, default=False
        Whether clusters below -`stat_threshold` are listed after those above `stat_threshold`.
    min_distance : float, default=8.0
        Peaks of one cluster lie farther apart than this, in mm along a straight line.
    return_label_maps : bool, default=False
        Whether to return images of the clusters' numbers too.
    mask_img : Niimg-like, SurfaceImage or masker, optional
        Where to look; by default wherever the map is neither 0 nor NaN, which is how most programs
        write what lies outside. Elements of the mask without a value are left out with a warning.
    connectivity : {6, 18, 26}, default=6
        Voxels of a cluster share a face (6), or a face or an edge (18), or also a corner (26).
        Local maxima are those among 26 neighbours, with 18 among 18. A mesh has its own neighbours.
    sub_peaks : int, optional
        How many peaks of a cluster besides the highest get a row each, if there are as many. By
        default 3 in a volume; on a surface 0, since distances mean little if the mesh is inflated.
    null : Null, optional
        What gives p-values: a `MaximumNull` from a permutation run, a `RandomField`. It is one of
        the statistic in the map, over the same elements: `model.random_field(contrast)` goes with
        ``model.compute_contrast(contrast, output_type="stat")``. By its header a volume is known to
        be of another statistic; a surface has no header, so there nothing says so.
    centre_of_mass : bool, default=False
        Whether to give the centre of mass of each cluster, weighted by the absolute statistic.
    atlas : Niimg-like, SurfaceImage or Bunch, optional
        Names the regions: an image of labels, on any grid, or on the map's own mesh; or what a
        fetcher of nilearn's returns (`nilearn.datasets.fetch_atlas_aal`).
    atlas_labels : DataFrame, path, dict or list, optional
        Names of the labels, unless `atlas` has them: a table with columns `index` and `name` or its
        .csv or .tsv file, a name for each label, or names in order, that of label 0 first.

    Returns
    -------
    DataFrame
        The main peak of a cluster in one row, its sub-peaks in the next ones, where columns about
        the cluster hold an empty string. On volumes clusters are sorted by their peaks, on surfaces
        they are in the order of parts and vertices.

        ======================= ===============================================================
        Cluster ID              1, 2, …, with sub-peaks 1a, 1b, …; negative ones after positive
        X, Y, Z                 of the peak in mm
        Hemisphere              part of the mesh; surfaces only
        Peak Stat               value of the map at the peak
        Cluster Size (mm3)      volume, never rounded; or
        Cluster Size (vertices) and, in a further column, area (mm2)
        Peak p (FWE)            family-wise p, and
        Peak q (FDR)            false discovery rate of the peak, and
        Peak p (uncorrected)    that of an element by itself; each with a null that tells
        Cluster p (FWE)         of the cluster's extent, and
        Cluster q (FDR)         its false discovery rate, and
        Cluster p (uncorrected) its p by itself; each with a null that tells
        Centre X, Y, Z          centre of mass in mm; with `centre_of_mass`
        Region                  that the peak lies in, `(none)` where there is none, and
        Cluster Regions         those with at least 5% of the cluster's elements; with `atlas`
        ======================= ===============================================================
    list of images
        Only with `return_label_maps`: for each side the number of the cluster at every element,
        which is its Cluster ID; first the positive side.

    Raises
    ------
    InputTypeError
        When something is of a kind that cannot be used.
    InputError
        When a number is out of range; when the map says that it holds p-values, or another
        statistic than that of the null; when the null is of other sides or another threshold.
    MapError
        When the map or the atlas cannot be read, or does not fit the mask or the other one.
    MaskError
        When the mask cannot be used, or the map has no value in it.

    Warns
    -----
    MissingDataWarning
        When elements of the mask have no value (NaN); they are left out.
    EmptyResultWarning
        When a side has no cluster; the table has its columns all the same.
    MapWarning
        When the map looks like one of p-values, is the same throughout, or the mask is a single
        element.
    ThresholdWarning
        When the threshold looks like one.
    RandomFieldWarning
        When the search region of the null has more elements than the map, or fewer; and what the
        `RandomField` itself remarks.
    IgnoredParameterWarning
        When there are `atlas_labels` but no `atlas`; when `min_distance` has no effect, since on a
        surface only the highest peak is listed.

    Notes
    -----
    A `RandomField` takes noise for equally smooth everywhere: in a volume it compares the voxels of
    a cluster with the mean number of voxels per resel, so that where noise is smoother than on
    average clusters are larger by chance than it knows, and their p too small. On a mesh it adds up
    the resels of a cluster's own vertices, which lie closer in some places than in others.

    SPM prints 1 - exp(-p) for the uncorrected p of a peak; here it is p.

    Where nilearn 0.14.1 is not followed, and why:

    - sizes are not cut to whole mm³: 31.5 mm³ are not 31;
    - a sub-peak is never within `min_distance` of one above it; nilearn forgets that when a third
      peak is far from both;
    - a flat stretch on a slope or in a valley is no sub-peak; equal values that touch at a corner
      are one peak;
    - negative clusters are numbered on from the last positive one, without gaps for sub-peaks; a
      label map has the same numbers, and there is one for each side, empty or not;
    - with a negative threshold a peak keeps its sign, and the lowest comes first;
    - the peak of a negative cluster of a surface is its lowest vertex;
    - where every voxel lies beyond the threshold there is a cluster;
    - NaN in a map without a mask is not warned of: it is how SPM writes what lies outside.

    Examples
    --------
    >>> import nibabel as nib
    >>> import numpy as np
    >>> z = np.zeros((9, 9, 9))
    >>> z[2:5, 2, 2], z[7, 7, 6:8] = [3.5, 4.5, 4.0], [-5.0, -4.2]
    >>> table = get_clusters_table(nib.Nifti1Image(z, np.eye(4)), 3.1, two_sided=True)
    >>> print(table.to_string(index=False))
     Cluster ID   X   Y   Z  Peak Stat  Cluster Size (mm3)
              1 3.0 2.0 2.0        4.5                 3.0
              2 7.0 7.0 6.0       -5.0                 2.0
    """
    question = ClusterQuestion(
        stat_threshold, cluster_threshold, two_sided, min_distance, sub_peaks
    )
    connectivity = check_connectivity(connectivity)
    check_flag("return_label_maps", return_label_maps)
    check_flag("centre_of_mass", centre_of_mass)
    sided = _for_sides(null, question)
    check_neighbours(sided, connectivity)
    regions = _read_atlas(atlas, atlas_labels)
    image = load_map(stat_img, "stat_img")
    stat_map = read_stat_map(image, mask_img)
    check_fit(image, stat_map, question, sided)
    table = make_table(stat_map, question, connectivity)
    _warn_where_empty(table, question)
    columns = [table.columns()]
    if sided is not None:
        columns.append(table.null_columns(sided, question.height))
    if centre_of_mass:
        columns.append(table.centre_columns())
    if regions is not None:
        columns.append(table.region_columns(regions))
    frame = pd.DataFrame({name: values for some in columns for name, values in some.items()})
    if return_label_maps:
        return frame, [table.label_map(sign) for sign in question.signs]
    return frame


def _for_sides(null: Any, question: ClusterQuestion) -> Null | None:
    if null is None:
        return None
    known = as_null(null, "null")
    return known.for_sides(two_sided=question.two_sided, sign=question.signs[0])


def _read_atlas(atlas: Any, labels: Any) -> Atlas | None:
    if atlas is not None:
        return read_atlas(atlas, labels)
    if labels is not None:
        warn("atlas_labels names the regions of an atlas; give atlas too.", IgnoredParameterWarning)
    return None


def _warn_where_empty(table: ClusterTable, question: ClusterQuestion) -> None:
    found = set(table.clusters.signs[table.listed].tolist())
    for sign in question.signs:
        if sign not in found:
            side = "higher" if sign > 0 else "lower"
            few = question.cluster_threshold
            size = f" and {few:g} elements or more" if few > 1 else ""
            # What threshold_stats_img returns then.
            why = "" if np.isfinite(question.height) else ": nothing passed the error control"
            warn(
                f"No clusters found with stat {side} than {sign * question.height:g}{size}{why}.",
                EmptyResultWarning,
            )
