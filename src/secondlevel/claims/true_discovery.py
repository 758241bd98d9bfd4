"""How many elements of a region, or of every region of an atlas, are active at least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondlevel.claims.closed_map import read_closed_map
from secondlevel.claims.region import GivenRegions, read_regions
from secondlevel.errors import IgnoredParameterWarning, InputError, warn
from secondlevel.inference.region_bound import in_regions

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class TrueDiscoveries:
    """How many elements of a region are active at least.

    Parameters
    ----------
    at_least : int
        With probability 1 - alpha there are no fewer, here and in all other regions.
    elements : int
        Elements of the region that were tested.
    outside : int
        Elements of the region that were not: outside the mask, or without a value.
    alpha : float

    Examples
    --------
    >>> print(TrueDiscoveries(at_least=30, elements=40, outside=2, alpha=0.05))
    at least 30 of 40 elements (75%) are active, with 95% confidence; 2 more were not tested
    """

    at_least: int
    elements: int
    outside: int
    alpha: float

    @property
    def proportion(self) -> float:
        """True discovery proportion (TDP): the share of the elements that is active at least."""
        return self.at_least / self.elements

    def __str__(self) -> str:
        more = f"; {self.outside} more were not tested" if self.outside else ""
        percent = f"{100 * self.proportion:.3g}"
        return (
            f"at least {self.at_least} of {self.elements} elements ({percent}%) are "
            f"active, with {100 * (1 - self.alpha):g}% confidence{more}"
        )


def true_discoveries(
    stat_img: Any,
    region: Any = None,
    mask_img: Any = None,
    alpha: float = 0.05,
    *,
    region_labels: Any = None,
) -> TrueDiscoveries | pd.DataFrame:
    """Bound the true discovery proportion (TDP) of a region, or of every region of an atlas.

    How many of its elements are active at least, by all-resolutions inference (ARI). All such
    bounds of a map hold together with probability 1 - alpha, however many are looked at and however
    the regions were chosen; from this very map, too.

    Parameters
    ----------
    stat_img : Niimg-like or SurfaceImage
        One map of z values, not thresholded. An element is active when its z is not from the
        standard normal distribution but larger. For the other direction change the map's sign; for
        claims in both directions give half of `alpha` to each. Surface images do not say what they
        hold: make sure that it is z.
    region : Niimg-like, SurfaceImage, Bunch, array or None, default=None
        What the claim is about; not the mask, which is the third parameter.

        - None: the whole map.
        - An image: where it is not 0. It may lie on another grid, not on another mesh: a voxel of
          the map belongs to the region that lies at its centre.
        - An image of several whole numbers: as many regions; or what one of nilearn's atlas
          fetchers returns.
        - An array of booleans or whole numbers, with one for every element that is tested, or one
          for every voxel or vertex of the map. Several regions are one array, or one image.
    mask_img : Niimg-like, SurfaceImage or masker, optional
        All that is tested, whatever the region: elements on the map's own grid or mesh, by default
        those where the map is neither 0 nor NaN. All of them count, so choose them before looking
        at the map; with what a threshold has left of a map, claims would be far too large.
    alpha : float, default=0.05
        Probability that any bound is wrong, above 0 and below 1.
    region_labels : DataFrame, path, dict or list, optional
        Names of the regions: a table with columns `index` and `name`, or its .csv or .tsv file; a
        name for each number; or names in order, that of 0 first.

    Returns
    -------
    TrueDiscoveries
        Of one region: `at_least`, `elements`, `proportion`, and how many of its elements were not
        tested (`outside`).
    DataFrame
        For several regions, or with names, one row for each with the columns Label, Name (where
        there are names), Elements, True Discoveries, Proportion, Outside. A region without a tested
        element has 0 elements and no proportion (NaN).

    Raises
    ------
    InputError
        When alpha is no probability, the map holds p-values by its header, the region is empty or
        nowhere inside the mask, or an array has another shape.
    InputTypeError
        When the region is nothing of the above.
    MapError
        When an image cannot be read, holds several maps or fractions, or lies on another mesh.
    MaskError
        When the mask cannot be used.

    Warns
    -----
    MissingDataWarning
        When elements of the mask have no value (NaN); they are not tested.
    MapWarning
        When the map looks thresholded and there is no mask; when it holds t or F by its header, or
        looks like p-values and has no header that tells.
    IgnoredParameterWarning
        When there are names but no region.

    See Also
    --------
    cluster_level_inference : The same for the clusters above a threshold.
    true_discovery_regions : Regions in which a given share is active.

    Notes
    -----
    Closed testing with Simes tests of one-sided p-values, exactly (Goeman, Meijer, Krebs and
    Solari, 2019, Biometrika 106, 841), proposed for brain maps, as all-resolutions inference, by
    Rosenblatt et al. (2018, NeuroImage 181, 786). It needs Simes' inequality for the elements that
    are not active, which holds when they are positively dependent.

    Examples
    --------
    >>> import nibabel as nib
    >>> z = nib.Nifti1Image(np.array([[[4.5, 3.9, 0.3, -0.8, 1.2, 3.6]]]), np.eye(4))
    >>> print(true_discoveries(z))
    at least 3 of 6 elements (50%) are active, with 95% confidence
    >>> halves = nib.Nifti1Image(np.array([[[1, 1, 1, 2, 2, 2]]], dtype="u1"), np.eye(4))
    >>> table = true_discoveries(z, halves, region_labels={1: "left", 2: "right"})
    >>> table[["Name", "Elements", "True Discoveries"]].values.tolist()
    [['left', 3, 2], ['right', 3, 1]]
    """
    tested = read_closed_map(stat_img, mask_img, alpha)
    closed, n_elements = tested.closed, tested.space.n_elements
    if region is None:
        if region_labels is not None:
            warn(
                "region_labels names regions; give their image as region too.",
                IgnoredParameterWarning,
            )
        return TrueDiscoveries(closed.n_discoveries, n_elements, 0, closed.alpha)
    regions = read_regions(region, tested.space, region_labels)
    discoveries = in_regions(closed.steps, regions.labels, len(regions.numbers))
    if len(regions.numbers) > 1 or regions.names is not None:
        return _table(regions, discoveries)
    if regions.counts[0] == 0:
        raise InputError(
            f"None of the {regions.outside[0]} elements of the region was tested: they lie outside "
            "the mask, or have no value. Check that region and map are in the same space."
        )
    return TrueDiscoveries(
        int(discoveries[0]), int(regions.counts[0]), int(regions.outside[0]), closed.alpha
    )


def _table(regions: GivenRegions, discoveries: Counts) -> pd.DataFrame:
    """One row for each region."""
    proportions = np.full(len(discoveries), np.nan)
    np.divide(discoveries, regions.counts, out=proportions, where=regions.counts > 0)
    columns = {
        "Label": regions.numbers,
        "Name": regions.names,
        "Elements": regions.counts,
        "True Discoveries": discoveries,
        "Proportion": proportions,
        "Outside": regions.outside,
    }
    return pd.DataFrame({name: column for name, column in columns.items() if column is not None})
