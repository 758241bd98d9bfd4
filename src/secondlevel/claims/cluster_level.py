"""`cluster_level_inference`: the share of every cluster that is active at least."""

from __future__ import annotations

from typing import Any

import numpy as np
from tqdm.auto import tqdm

from secondlevel.claims.arguments import check_connectivity
from secondlevel.claims.closed_map import read_closed_map
from secondlevel.claims.unit import may_be_p, words_for_p
from secondlevel.errors import (
    EmptyResultWarning,
    InputError,
    InputTypeError,
    ThresholdWarning,
    warn,
)
from secondlevel.inference.normal import height_of
from secondlevel.inference.true_discovery import proportions_of_clusters


def cluster_level_inference(
    stat_img: Any,
    mask_img: Any = None,
    threshold: Any = 3.0,
    alpha: float = 0.05,
    verbose: int = 0,
    *,
    connectivity: int = 6,
) -> Any:
    """Bound the true discovery proportion (TDP) of every cluster above a threshold.

    It is the share of the cluster that is active at least, by all-resolutions inference (ARI). The
    shares of all clusters of a map hold together with probability 1 - alpha, for any number of
    thresholds and however they were chosen; from this very map, too.

    Parameters
    ----------
    stat_img : Niimg-like or SurfaceImage
        One map of z values, not thresholded. An element is active when its z is not from the
        standard normal distribution but larger. For the other direction change the map's sign; for
        claims in both directions give half of `alpha` to each. Surface images do not say what they
        hold: make sure that it is z.
    mask_img : Niimg-like, SurfaceImage or masker, optional
        Elements to test, on the map's own grid or mesh; by default those where the map is neither 0
        nor NaN. All of them count, not only those in clusters; with what a threshold has left of a
        map, claims would be far too large.
    threshold : float or sequence of float, default=3.0
        Clusters are the connected elements above it, in z. Of several thresholds the higher go
        before the lower: an element has the share of its cluster at the highest that it exceeds.
    alpha : float, default=0.05
        Probability that any share is wrong, above 0 and below 1.
    verbose : int, default=0
        1 says what is true of the whole map.
    connectivity : {6, 18, 26}, default=6
        Voxels of a cluster share a face (6), or a face or an edge (18), or also a corner (26). On
        surfaces they are joined along the mesh, all parts of which are tested as one family.

    Returns
    -------
    Nifti1Image or SurfaceImage
        The share, from 0 to 1, at every element of each cluster; 0 elsewhere.

    Raises
    ------
    InputError
        When alpha is no probability, a threshold is negative or no finite number, `connectivity`
        none of the above, or the map holds p-values by its header.
    InputTypeError
        When they are no numbers, or map and mask are of different kinds.
    MapError, MaskError
        When map or mask cannot be used, or lie on different grids or meshes.

    Warns
    -----
    MissingDataWarning
        When elements of the mask have no value (NaN); they are not tested.
    EmptyResultWarning
        When nothing lies above the threshold.
    MapWarning
        When the map looks thresholded and there is no mask; when it holds t or F by its header, or
        looks like p-values and has no header that tells.
    ThresholdWarning
        When a threshold looks like a p-value.

    See Also
    --------
    true_discoveries : The same for regions of any kind, with the numbers of elements.
    true_discovery_map : The largest share, over all thresholds.
    true_discovery_regions : The largest clusters with a given share.

    Notes
    -----
    The first five parameters are nilearn's. See `true_discoveries` for the method.

    Examples
    --------
    >>> import nibabel as nib
    >>> z = nib.Nifti1Image(np.array([[[4.5, 3.9, 2.1, -0.8, 1.2, 3.6]]]), np.eye(4))
    >>> cluster_level_inference(z).get_fdata()
    array([[[1., 1., 0., 0., 0., 1.]]])
    >>> cluster_level_inference(z, threshold=1, alpha=0.01).get_fdata().round(2)
    array([[[0.67, 0.67, 0.67, 0.  , 0.5 , 0.5 ]]])
    """
    thresholds = _read_thresholds(threshold)
    connectivity = check_connectivity(connectivity)
    tested = read_closed_map(stat_img, mask_img, alpha)
    closed = tested.closed
    if verbose:
        # As SecondLevelModel speaks: a line that does not cut through a progress bar.
        tqdm.write(
            f"At least {closed.n_discoveries} of {len(tested.z)} elements are active "
            f"(Hommel's value at alpha={closed.alpha:g}: {closed.h})."
        )
    if not (tested.z > thresholds[0]).any():
        warn(
            f"There is no cluster: nothing lies above threshold {thresholds[0]:g}, the largest z "
            f"is {tested.z.max():.4g}. The map returned is 0.",
            EmptyResultWarning,
        )
    # Neighbours are looked for among the elements of clusters only, which are few.
    high = tested.z > thresholds[0]
    graph = tested.space.narrow(high).graph(connectivity)
    shares = np.zeros(len(high))
    shares[high] = proportions_of_clusters(closed.steps[high], graph, tested.z[high], thresholds)
    return tested.space.to_image(shares)


def _read_thresholds(threshold: Any) -> list[float]:
    """Return thresholds in increasing order."""
    given = np.asarray(threshold)
    if given.dtype.kind not in "iuf" or given.ndim > 1 or given.size == 0:
        raise InputTypeError(
            f"'threshold' must be a number, or a list of numbers. Got 'threshold={threshold!r}'."
        )
    thresholds = np.sort(given.astype(np.float64).ravel())
    if (thresholds < 0).any():
        raise InputError(
            "'threshold' cannot be negative or contain negative values. Got: "
            f"'threshold={threshold}'. For clusters of negative z change the map's sign."
        )
    if not np.isfinite(thresholds).all():
        raise InputError(f"'threshold' must be finite. Got: 'threshold={threshold}'.")
    for suspect in filter(may_be_p, thresholds):
        warn(
            f"{words_for_p('threshold', suspect)}. The claims are about one side: if it is a "
            f"p-value, pass threshold={height_of(suspect):.4f}.",
            ThresholdWarning,
        )
    return [float(height) for height in thresholds]
