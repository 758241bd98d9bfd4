"""Whether a map fits what is asked of its clusters: its unit, the threshold, the null."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.claims.cluster_question import ClusterQuestion
from secondlevel.claims.null_fit import expect_of_null
from secondlevel.claims.stat_map import StatMap
from secondlevel.claims.unit import Held, expect, held_by, may_be_p, words_for_p
from secondlevel.errors import InputError, MapWarning, ThresholdWarning, warn
from secondlevel.inference.null import Null

Floats = NDArray[np.float64]

LARGEST_ALPHA = 0.1
"""A threshold up to here may well be one of a map of p-values."""

NEARLY_ALL = 0.9
"""Where a threshold leaves a larger share of a map, it is hardly one in the unit of the map."""


def check_fit(image: Any, stat_map: StatMap, question: ClusterQuestion, null: Null | None) -> None:
    """Raise or warn when a map does not fit the threshold or the null.

    Parameters
    ----------
    image : SpatialImage or SurfaceImage
        The map, whose header may say what it holds.
    stat_map : StatMap
        The same, read.
    question : ClusterQuestion
    null : Null, optional

    Raises
    ------
    InputError
        When the header says that these are p-values, or another statistic than that of the null.

    Warns
    -----
    MapWarning
        When the values look like p-values.
    ThresholdWarning
        When the threshold looks like one.
    RandomFieldWarning
        When the null is of a search region of another size.
    """
    held, values = held_by(image), stat_map.values
    if null is not None:
        expect_of_null(image, values, null, "null")
    elif held.kind is not None:
        expect(image, values)
    else:
        _warn_if_cut_like_p(values, question)
    _warn_if_threshold_is_like_p(values, question, held)


def check_neighbours(null: Null | None, connectivity: int) -> None:
    """Refuse clusters of other neighbours than those of the null's, where it knows its own.

    Raises
    ------
    InputError
    """
    formed = getattr(null, "connectivity", None)
    if formed not in {None, connectivity}:
        raise InputError(
            f"The clusters of this null were formed with {formed} neighbours, those of the table "
            f"would be with {connectivity}. Pass connectivity={formed}, or shuffle again with "
            f"connectivity={connectivity}."
        )


def _warn_if_cut_like_p(values: Floats, question: ClusterQuestion) -> None:
    threshold = question.stat_threshold
    # Maps of 1 - p or of R² are fine: less than 1 too, but mostly small, or cut higher.
    if (
        0 < threshold <= LARGEST_ALPHA
        and values.min() >= 0
        and 0.9 < values.max() <= 1
        and np.mean(values > threshold) > 0.5
    ):
        warn(
            f"The values of stat_img lie between 0 and 1, most of them above {threshold:g}. If "
            "they are p-values, the elements that matter have small ones, and this table lists "
            "those with large ones. Use z, or -log10 p (for p < 0.05 its threshold is 1.3). If "
            "they are something else, go on.",
            MapWarning,
        )


def _warn_if_threshold_is_like_p(values: Floats, question: ClusterQuestion, held: Held) -> None:
    if not may_be_p(question.stat_threshold):
        return
    sizes = np.abs(values)
    by_header = held.kind in {"z", "t", "F"}
    by_values = (
        held.kind is None and sizes.max() > 2 and np.mean(sizes > question.height) > NEARLY_ALL
    )
    if by_header or by_values:
        warn(
            f"{words_for_p('stat_threshold', question.stat_threshold)}; of t and F it is higher.",
            ThresholdWarning,
        )
