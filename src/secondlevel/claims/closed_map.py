"""A z map of which all intersections were tested: what every true-discovery bound rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.claims.arguments import check_level
from secondlevel.claims.stat_map import load_map, read_stat_map
from secondlevel.claims.unit import expect
from secondlevel.inference.hommel import ClosedTesting, closed_testing
from secondlevel.inference.normal import upper_p
from secondlevel.spaces.base import Space

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ClosedMap:
    """A z map, all intersections of its elements tested.

    Parameters
    ----------
    space : Space
        The V elements.
    z : array of shape (V,)
    closed : ClosedTesting
        Of their one-sided p-values: one family, whatever parts the space has.
    """

    space: Space
    z: Floats
    closed: ClosedTesting


def read_closed_map(stat_img: Any, mask_img: Any, alpha: float) -> ClosedMap:
    """Read a z map and test all intersections of its elements.

    Parameters
    ----------
    stat_img, mask_img, alpha
        As in `true_discoveries`.

    Returns
    -------
    ClosedMap

    Raises
    ------
    InputError, InputTypeError, MapError, MaskError
        When alpha, the map or the mask cannot be used.

    Warns
    -----
    MissingDataWarning
        When elements of the mask have no value (NaN); they are not tested.
    MapWarning
        When the map looks thresholded and there is no mask; when it holds something else than z by
        its header, or p-values by the look of them.
    """
    level = check_level("alpha", alpha)
    image = load_map(stat_img, "stat_img")
    stat_map = read_stat_map(image, mask_img, whole=True)
    expect(image, stat_map.values, "z")
    # From z = 38 on p is 0. Nothing is lost: it counts from the first step on, however small.
    closed = closed_testing(upper_p(stat_map.values), level)
    return ClosedMap(stat_map.space, stat_map.values, closed)
