"""How much each map decides its own fitted value: a matter of the design alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.matrix import Design

Floats = NDArray[np.float64]


def leverage(design: Design) -> Floats:
    """Leverage of every row: the diagonal of the hat matrix H = X (XᵀX)⁻ Xᵀ.

    Parameters
    ----------
    design : Design
        Of rank r, which may be less than its number of columns.

    Returns
    -------
    array of shape (n,)
        From 0 to 1; together they are r (Hoaglin and Welsch, 1978, Am. Stat. 32, 17). A row with 1
        is fitted perfectly, whatever its map.

    Examples
    --------
    >>> leverage(Design([[1, 0], [1, 1], [1, 2], [1, 7]], ["intercept", "age"])).round(3)
    array([0.466, 0.328, 0.259, 0.948])
    """
    # Rows of an orthonormal basis of the column space.
    basis = design.factors.left
    return np.asarray(np.clip(np.einsum("ij,ij->i", basis, basis), 0.0, 1.0))
