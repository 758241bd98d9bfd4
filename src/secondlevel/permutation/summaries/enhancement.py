"""What is kept of a map that is enhanced without a threshold: the largest score."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError
from secondlevel.graph.adjacency import Graph
from secondlevel.inference.arguments import check_whole
from secondlevel.inference.tfce import Enhancement, enhance

Floats = NDArray[np.float64]
Extent = Literal["elements", "size"]

_SMALLEST = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class TFCESummary:
    """Threshold-free cluster enhancement of one side.

    Parameters
    ----------
    E : float, optional
        Weight of the extent; by default 0.5 in volumes, 1 on surfaces, see `resolved`.
    H : float, default=2.0
        Weight of the height.
    dh : float, optional
        A stepped sum instead of the exact integral, with one step for all maps.
    levels : int, optional
        A stepped sum of so many levels, the highest of which is the largest height of the map and
        the side. PALM and FSL take 100. Not by default, because every shuffle then has a step of
        its own, and its scores are off by another share than those they are compared with.
    extent : {"elements", "size"}, default="elements"
        How large a cluster is: its number of elements, or their sizes in mm³ or mm².

    Raises
    ------
    InputTypeError
        When one is no number.
    InputError
        When one is out of range, both dh and levels are given, or the extent is none of these.

    See Also
    --------
    secondlevel.inference.tfce : The integral.

    Examples
    --------
    >>> from secondlevel.graph.adjacency import from_edges
    >>> chain = from_edges(np.array([[0, 1], [1, 2]]), np.ones(3), np.zeros((3, 3)))
    >>> summary = TFCESummary().resolved(on_surface=True)
    >>> summary.observe(chain, np.array([3.0, 1.5, -3.0])).tolist()
    [10.125, 2.25, 0.0]
    """

    E: float | None = None
    H: float = 2.0
    _: KW_ONLY
    dh: float | None = None
    levels: int | None = None
    extent: Extent = "elements"

    def __post_init__(self) -> None:
        Enhancement(1.0 if self.E is None else self.E, self.H, dh=self.dh, extent=self.extent)
        if self.levels is None:
            return
        if self.dh is not None:
            raise InputError(
                f"dh={self.dh:g} is one step for all maps, levels={self.levels} a step for each. "
                "Give one of them, or none for the exact integral."
            )
        wanted = "a whole number from 1 on (100 in PALM), or None for the exact integral"
        check_whole("levels", self.levels, wanted)

    def describe(self) -> str:
        """Say in a sentence what is integrated."""
        how = "exact integral"
        if self.dh is not None:
            how = f"sum in steps of {self.dh:g}"
        if self.levels is not None:
            how = f"sum over {self.levels} levels of each map"
        return f"TFCE: E = {self.E:g}, H = {self.H:g}, {how}."

    def resolved(self, *, on_surface: bool) -> TFCESummary:
        """Return it with the E that is usual there, unless one was given."""
        return self if self.E is not None else replace(self, E=1.0 if on_surface else 0.5)

    def observe(self, graph: Graph, heights: Floats) -> Floats:
        """Return the scores of the positive heights of a map; 0 elsewhere; shape (V,).

        Those of the negative side are the scores of the map with its signs changed.

        Raises
        ------
        InputError
            When E is not resolved.
        """
        if self.E is None:
            raise InputError(
                "TFCE needs E: 0.5 is usual in volumes, 1 on surfaces; `resolved` chooses one."
            )
        dh = self.dh
        if self.levels is not None:
            dh = max(float(heights.max(initial=0.0)) / self.levels, _SMALLEST)
        what = Enhancement(self.E, self.H, two_sided=False, dh=dh, extent=self.extent)
        return enhance(graph, heights, what)
