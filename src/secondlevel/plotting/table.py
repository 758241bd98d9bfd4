"""Design matrices as charts take them, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondlevel.design.build import to_design
from secondlevel.design.matrix import Design
from secondlevel.errors import InputTypeError

Floats = NDArray[np.float64]


def as_design(design_matrix: Any) -> Design:
    """Return a table as a design.

    Raises
    ------
    InputTypeError
        When it is no DataFrame.
    DesignError
        When it is empty, or does not hold finite numbers under distinct names.
    """
    if not isinstance(design_matrix, pd.DataFrame):
        raise InputTypeError(
            "design_matrix must be a DataFrame, one row per map and one named column per effect. "
            f"Got {type(design_matrix).__name__}."
        )
    return to_design(design_matrix)
