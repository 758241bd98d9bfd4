"""Threshold-free cluster enhancement, exact, on any graph.

An element's score is the integral of e(h)^E h^H over all thresholds h from 0 to its value, where
e(h) is the extent of its component above h (Smith and Nichols, 2009, NeuroImage 44, 83). As h sinks
from one value of the component to the next the extent does not change, so every such piece is a
closed form, and the component tree has all pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError
from secondlevel.graph.adjacency import Graph
from secondlevel.graph.tree import build_tree
from secondlevel.inference.arguments import check_number
from secondlevel.inference.null import TIE

Floats = NDArray[np.float64]

EXTENTS = ("elements", "size")


@dataclass(frozen=True)
class Enhancement:
    """What is to be integrated.

    Parameters
    ----------
    E : float
        Weight of the extent, >= 0; 0.5 is usual in volumes, 1 on surfaces.
    H : float
        Weight of the height, > -1; 2 is usual.
    two_sided : bool
        Whether the negative side is enhanced too, by itself, with negative scores; else it gets 0.
    dh : float, optional
        Sum over the levels dh, 2 dh, … instead, each as wide as dh. A level counts when the value
        reaches it, to within `TIE`. By default the exact integral.
    extent : {"elements", "size"}
        How e(h) is measured: number of elements, or their sizes in mm³ or mm².

    Raises
    ------
    InputTypeError
        When a weight or the step is no number.
    InputError
        When it is out of range, or the extent none of these.
    """

    E: float
    H: float
    two_sided: bool = True
    dh: float | None = None
    extent: Literal["elements", "size"] = "elements"

    def __post_init__(self) -> None:
        usual = "a number, 0 or more (usual are 0.5 in volumes, 1 on surfaces)"
        check_number("E", self.E, usual, lambda weight: 0 <= weight < np.inf)
        usual = "a number above -1 (usual is 2)"
        check_number("H", self.H, usual, lambda weight: -1 < weight < np.inf)
        if self.dh is not None:
            wanted = "a number above 0, or None for the exact integral"
            check_number("dh", self.dh, wanted, lambda step: 0 < step < np.inf)
        if self.extent not in EXTENTS:
            raise InputError(
                "extent must be 'elements' (their number) or 'size' (in mm3 or mm2). Got "
                f"{self.extent!r}."
            )


def enhance(graph: Graph, values: Floats, enhancement: Enhancement) -> Floats:
    """Return the score of every element of a map.

    Parameters
    ----------
    graph : Graph
        Of V elements; it serves any number of maps.
    values : array of shape (V,)
        Finite.
    enhancement : Enhancement

    Returns
    -------
    array of shape (V,)
        In the unit of the map to the power H + 1, times that of the extent to the power E; with the
        sign of the value.

    Notes
    -----
    Let a component have extent e while the threshold sinks from u to w. That adds
    e^E (u^(H+1) - w^(H+1)) / (H + 1) to all its elements. Such a piece is an edge of the component
    tree, from a node to its parent, and a score the sum of the pieces on the way to the root.

    Examples
    --------
    >>> from secondlevel.graph.adjacency import from_edges
    >>> chain = from_edges(np.array([[0, 1], [1, 2]]), np.ones(3), np.zeros((3, 3)))
    >>> scores = enhance(chain, np.array([3.0, 1.5, -3.0]), Enhancement(E=1, H=2))
    >>> scores.tolist()  # 1.5³/3 × 2 elements, and then (3³ - 1.5³)/3 × 1
    [10.125, 2.25, -9.0]
    """
    values = np.asarray(values, dtype=np.float64)
    scores = _enhance_side(graph, values, enhancement)
    if enhancement.two_sided:
        scores -= _enhance_side(graph, -values, enhancement)
    return scores


def _enhance_side(graph: Graph, values: Floats, enhancement: Enhancement) -> Floats:
    """Score of every positive element; 0 of the others."""
    scores = np.zeros(len(values))
    tree = build_tree(graph, values, values > 0)
    if not len(tree.order):
        return scores
    if enhancement.dh is None:
        weight = _integral(values[tree.order], enhancement.H)
    else:
        weight = _stepped_sum(values[tree.order], enhancement.H, enhancement.dh)
    weight -= np.where(tree.parent >= 0, weight[tree.parent], 0.0)
    by_size = enhancement.extent == "size"
    extents = tree.sums(graph.sizes) if by_size else tree.counts.astype(np.float64)
    scores[tree.order] = tree.path_sums(extents**enhancement.E * weight)
    return scores


def _integral(values: Floats, H: float) -> Floats:
    """Integral of h^H from 0 to each value."""
    return np.asarray(values ** (H + 1.0) / (H + 1.0))


def _stepped_sum(values: Floats, H: float, dh: float) -> Floats:
    """Sum of h^H dh over the levels h = dh, 2 dh, … that each value reaches."""
    # A finer step changes no digit that the tolerance leaves, and overflows in the end.
    dh = max(dh, TIE**2 * float(values[0]))
    n_levels = np.floor(values / dh * (1.0 + TIE))
    if not n_levels.any():  # of a step whose power may overflow
        return np.zeros(len(values))
    return np.asarray(_sum_of_powers(n_levels, H) * dh ** (H + 1.0))


def _sum_of_powers(n: Floats, H: float) -> Floats:
    """1^H + 2^H + … + n^H for whole numbers n: added up to 1000, from there by Euler and Maclaurin.

    The first term that their formula leaves out (DLMF 2.10.1), H (H - 1) … (H - 4) / 30240
    n^(H - 5), is below the last digit of a double there.
    """
    first = 1000
    added = np.concatenate([[0.0], np.cumsum(np.arange(1.0, first + 1.0) ** H)])
    beyond = _euler_maclaurin(np.maximum(n, first), H) - _euler_maclaurin(np.float64(first), H)
    return np.asarray(added[np.minimum(n, first).astype(np.intp)] + beyond)


def _euler_maclaurin(x: Floats | np.float64, H: float) -> Floats | np.float64:
    """Sum of powers up to x, but for a constant."""
    even = x**H * (x / (H + 1.0) + 0.5)
    return even + H / 12.0 * x ** (H - 1.0) - H * (H - 1.0) * (H - 2.0) / 720.0 * x ** (H - 3.0)
