"""How good the maps are, and whether any of them is odd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

QUALITY_COLUMNS = (
    "Map",
    "Mean",
    "SD",
    "Missing",
    "Correlation",
    "Distance",
    "Leverage",
    "Cook Mean",
    "Cook Share",
    "Remarks",
)
"""Columns of `Quality.maps`."""


@dataclass(frozen=True, eq=False)
class Quality:
    """What is known of each map, of the residuals, and of who decides the result.

    Parameters
    ----------
    maps : DataFrame of n rows
        With `QUALITY_COLUMNS`: label of the map; mean and standard deviation over elements, in the
        unit of the maps; elements of the mask without a value; correlation with the mean of the
        other maps; robust distance from the fit (1 is usual); leverage of its row of the design;
        Cook's distance, mean over elements; share of elements where it is above `cook_threshold`;
        why it stands out, in words, "" where it does not.
    cook_threshold : float
        Cook's distance from which one map by itself moves an estimate notably.
    residual_edges : array of shape (m + 1,)
        Bins of the standardised residuals.
    residual_counts : int array of shape (m,)
        Residuals of all maps and elements in each bin; those outside are in the first and last.
    not_normal : float
        Share of elements whose residuals fail a test of normality at 5 %; NaN where too few maps
        can tell. 0.05 is what chance gives.
    images : dict of str to image
        "coverage": maps with a value at every element of the mask; "cook": largest Cook's distance
        of any map.
    notes : tuple of str
        What else is to be said of the maps.
    """

    maps: pd.DataFrame
    cook_threshold: float
    residual_edges: Floats
    residual_counts: Counts
    not_normal: float
    images: dict[str, Any]
    notes: tuple[str, ...]

    @property
    def odd(self) -> pd.DataFrame:
        """The maps that stand out."""
        return self.maps[self.maps["Remarks"] != ""]
