"""Regions in which a given share of the elements is active, at whatever threshold."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondlevel.claims.arguments import check_connectivity
from secondlevel.claims.closed_map import ClosedMap, read_closed_map
from secondlevel.errors import EmptyResultWarning, InputError, warn
from secondlevel.graph.adjacency import Graph
from secondlevel.inference.arguments import check_number
from secondlevel.inference.true_discovery import AllResolutions, Regions, at_all_resolutions

Floats = NDArray[np.float64]


class DiscoveryRegions(NamedTuple):
    """Regions in which a given share is active: ``label_img, table = true_discovery_regions(…)``.

    Parameters
    ----------
    label_img : Nifti1Image or SurfaceImage
        Number of the region at every element, 0 elsewhere.
    table : DataFrame
        One row for each region.
    """

    label_img: Any
    table: pd.DataFrame


def true_discovery_map(
    stat_img: Any, mask_img: Any = None, alpha: float = 0.05, *, connectivity: int = 26
) -> Any:
    """Give every element the largest true discovery proportion (TDP) of a region around it.

    It is the share of the region that is active at least, by all-resolutions inference (ARI). The
    regions are the clusters of the map at all thresholds. Where this map is at least γ is the union
    of all clusters of which γ or more is active, and this holds for all γ at once, with probability
    1 - alpha.

    Parameters
    ----------
    stat_img : Niimg-like or SurfaceImage
        One map of z values, not thresholded; see `true_discoveries`.
    mask_img : Niimg-like, SurfaceImage or masker, optional
        Elements to test, on the map's own grid or mesh; by default those where the map is neither 0
        nor NaN.
    alpha : float, default=0.05
        Probability that any share is wrong, above 0 and below 1.
    connectivity : {6, 18, 26}, default=26
        Voxels of a cluster share a face (6), or a face or an edge (18), or also a corner (26). A
        surface has the edges of its mesh.

    Returns
    -------
    Nifti1Image or SurfaceImage
        The share, from 0 to 1.

    Raises
    ------
    InputError, InputTypeError, MapError, MaskError
        When alpha, the connectivity, the map or the mask cannot be used.

    Warns
    -----
    MissingDataWarning
        When elements of the mask have no value (NaN); they are not tested.
    MapWarning
        When the map looks thresholded, or like something else than z.

    See Also
    --------
    true_discovery_regions : The regions with a given share, one by one.
    cluster_level_inference : The shares of clusters at one threshold.

    Examples
    --------
    >>> import nibabel as nib
    >>> z = nib.Nifti1Image(np.array([[[4.5, 3.9, 0.3, -0.8, 1.2, 3.6]]]), np.eye(4))
    >>> true_discovery_map(z).get_fdata().round(2)
    array([[[1.  , 1.  , 0.67, 0.5 , 0.5 , 1.  ]]])
    """
    connectivity = check_connectivity(connectivity)
    tested = read_closed_map(stat_img, mask_img, alpha)
    graph = tested.space.graph(connectivity)
    found = at_all_resolutions(tested.closed.steps, graph, tested.z)
    return tested.space.to_image(found.largest_proportion())


def true_discovery_regions(
    stat_img: Any,
    mask_img: Any = None,
    alpha: float = 0.05,
    *,
    tdp: float = 0.7,
    peak: Any = None,
    connectivity: int = 26,
) -> DiscoveryRegions:
    """Find the largest regions with a given true discovery proportion (TDP).

    It is the share of a region that is active at least, by all-resolutions inference (ARI). Each
    region is a cluster at a threshold of its own, the lowest that leaves the share as large. All
    shares hold together with probability 1 - alpha, for any number of `tdp`, however chosen.

    Parameters
    ----------
    stat_img : Niimg-like or SurfaceImage
        One map of z values, not thresholded; see `true_discoveries`.
    mask_img : Niimg-like, SurfaceImage or masker, optional
        Elements to test, on the map's own grid or mesh; by default those where the map is neither 0
        nor NaN.
    alpha : float, default=0.05
        Probability that any share is wrong, above 0 and below 1.
    tdp : float, default=0.7
        Share of a region that is to be active, above 0 and up to 1.
    peak : sequence of three float, optional
        Coordinates in mm: only the region around the local maximum above 0 that is nearest to them.
    connectivity : {6, 18, 26}, default=26
        Voxels of a region share a face (6), or a face or an edge (18), or also a corner (26). A
        surface has the edges of its mesh.

    Returns
    -------
    DiscoveryRegions
        `label_img` with the number of the region at every element, the one with most elements being
        1; and `table` with a row for each:

        ================== ================================================================
        Region             1, 2, …
        Hemisphere         part of the mesh; surfaces only
        X, Y, Z            of its peak in mm
        Peak Stat          the largest z
        Threshold          the smallest z; the region is a cluster of what is not below it
        Size (mm3)         volume, or area (mm2) on surfaces
        Elements           voxels or vertices
        True Discoveries   how many of them are active at least
        Proportion         their share of the elements
        ================== ================================================================

    Raises
    ------
    InputError
        When `alpha` or `tdp` is no share, `peak` is not three numbers, `connectivity` none of the
        above, or the map holds p-values by its header.
    InputTypeError, MapError, MaskError
        When the map or the mask cannot be used.

    Warns
    -----
    MissingDataWarning
        When elements of the mask have no value (NaN); they are not tested.
    EmptyResultWarning
        When there is no such region. The image is 0, the table has no row.
    MapWarning
        When the map looks thresholded, or like something else than z.

    See Also
    --------
    true_discovery_map : The largest share at every element.
    true_discoveries : The share of a region that is given.

    Notes
    -----
    Adaptive cluster thresholding (Chen, Goeman, Krebs, Meijer and Weeda, 2022, arXiv:2206.13587):
    the shares of all clusters at all thresholds are found in one pass.

    Examples
    --------
    >>> import nibabel as nib
    >>> z = nib.Nifti1Image(np.array([[[4.5, 3.9, 0.3, -0.8, 1.2, 3.6]]]), np.eye(4))
    >>> label_img, table = true_discovery_regions(z, tdp=0.6)
    >>> label_img.get_fdata()
    array([[[1., 1., 1., 0., 0., 2.]]])
    >>> table[["Threshold", "Elements", "True Discoveries"]].values.tolist()
    [[0.3, 3.0, 2.0], [3.6, 1.0, 1.0]]
    """
    share = _check_share(tdp)
    place = None if peak is None else _check_place(peak)
    connectivity = check_connectivity(connectivity)
    tested = read_closed_map(stat_img, mask_img, alpha)
    graph = tested.space.graph(connectivity)
    found = at_all_resolutions(tested.closed.steps, graph, tested.z)
    around = None if place is None else found.nearest_peak(place, graph.coordinates)
    regions = found.regions(share, around)
    if len(regions.peaks) == 0:
        _warn_none(share, graph, found, around)
    table = _table(regions, tested, graph)
    return DiscoveryRegions(tested.space.to_image(regions.labels), table)


def _check_share(tdp: Any) -> float:
    share = check_number("tdp", tdp, "a share such as 0.7, above 0 and up to 1")
    if not 0.0 < share <= 1.0:
        percent = f" For {share:g} % use {share / 100:g}." if 1.0 < share <= 100.0 else ""
        raise InputError(
            f"tdp must be a share such as 0.7, above 0 and up to 1. Got {tdp!r}.{percent}"
        )
    return share


def _check_place(peak: Any) -> Floats:
    place = np.asarray(peak)
    numeric = place.shape == (3,) and place.dtype.kind in "iuf" and np.isfinite(place).all()
    if not numeric:
        raise InputError(f"'peak' must be three coordinates in mm, (x, y, z). Got {peak!r}.")
    return place.astype(np.float64)


def _warn_none(share: float, graph: Graph, found: AllResolutions, around: int | None) -> None:
    largest = found.largest_proportion()
    if around is None:
        where, at_most = "", largest.max()
    else:
        x, y, z = graph.coordinates[around]
        where, at_most = f" around the peak at ({x:g}, {y:g}, {z:g})", largest[around]
    warn(
        f"In no region{where} is a share of {share:g} known to be active; the largest is "
        f"{at_most:.3g}. The image returned is 0, the table empty.",
        EmptyResultWarning,
    )


def _table(regions: Regions, tested: ClosedMap, graph: Graph) -> pd.DataFrame:
    """One row for each region, the largest first."""
    space, n_regions = tested.space, len(regions.peaks)
    x, y, z = graph.coordinates[regions.peaks].T
    sizes = np.bincount(regions.labels, weights=graph.sizes, minlength=n_regions + 1)
    columns: dict[str, Any] = {"Region": np.arange(1, n_regions + 1)}
    if space.part_names is not None:
        columns["Hemisphere"] = np.array(space.part_names, dtype=object)[regions.peaks]
    columns |= {
        "X": x,
        "Y": y,
        "Z": z,
        "Peak Stat": tested.z[regions.peaks],
        "Threshold": regions.heights,
        f"Size ({space.size_unit})": sizes[1:],
        "Elements": regions.counts,
        "True Discoveries": regions.discoveries,
        "Proportion": regions.proportions,
    }
    return pd.DataFrame(columns)
