"""What is kept of the clusters of a map: the size and the mass of the largest.

A summary says what is wanted; `prepare` makes of it what measures any map of one graph, the
observed one element by element, those of shuffles by the largest they have on a side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError, ThresholdWarning, warn
from secondlevel.graph.adjacency import Graph
from secondlevel.graph.components import find_components
from secondlevel.inference.arguments import check_number
from secondlevel.inference.normal import upper_p
from secondlevel.inference.null import TIE
from secondlevel.inference.tfce import EXTENTS
from secondlevel.permutation.heights.scale import Scale
from secondlevel.permutation.summaries.cluster_kernels import measure_largest

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]
Offsets = NDArray[np.int64]
Extent = Literal["elements", "size"]

MASSES = ("sum", "excess")

# Half of all elements lie beyond a z of 0; one below this is a p that stands in the wrong place.
_HARDLY_A_Z = 0.1


@dataclass(frozen=True)
class Threshold:
    """A cluster-forming threshold of one side, in every unit in which it is needed.

    Parameters
    ----------
    height : float
        What it is by name.
    floor : float
        The height that elements are held against: lower by `TIE`, so that equal heights tie.
    score : float
        The score of the floor.
    """

    height: float
    floor: float
    score: float


@dataclass(frozen=True, eq=False)
class Largest:
    """Of each of S maps, or sides of maps: the largest size and the largest mass of a cluster.

    Parameters
    ----------
    sizes, masses : arrays of shape (S,)
        0 where there is no cluster.
    """

    sizes: Floats
    masses: Floats


@dataclass(frozen=True, eq=False)
class ObservedClusters:
    """The clusters of one map, told element by element.

    Parameters
    ----------
    labels : int array of shape (V,)
        Cluster of every element, from 1: those of the first side, then those of the second; 0 where
        it belongs to none.
    sizes, masses : arrays of shape (V,)
        Of the cluster of every element, positive on either side; 0 where it belongs to none.
    """

    labels: Indices
    sizes: Floats
    masses: Floats


@dataclass(frozen=True, kw_only=True)
class ClusterSummary:
    """Size and mass of clusters: neighbours on one side of a map that reach a threshold.

    Parameters
    ----------
    p : float, optional
        Cluster-forming threshold as a p, above 0 and below 0.5, the same on any scale; of both
        sides together where claims are two-sided, each of which then has p / 2.
    z : float, optional
        The threshold as the normal deviate of each side, above 0; it needs no p beside it.
    mass : {"sum", "excess"}, default="sum"
        Sum of the heights of a cluster, or of what they exceed the threshold by.
    extent : {"elements", "size"}, default="elements"
        How large a cluster is: its number of elements, or their sizes in mm³ or mm².

    Raises
    ------
    InputTypeError
        When p or z is no number.
    InputError
        When both or none is given, one is out of range, or a name is none of these.

    Warns
    -----
    ThresholdWarning
        When z is as small as a p.

    See Also
    --------
    TFCESummary : Needs no threshold.

    Examples
    --------
    >>> from secondlevel.graph.adjacency import from_edges
    >>> from secondlevel.permutation.heights.scale import make_scale
    >>> chain = from_edges(np.array([[0, 1], [1, 2], [2, 3]]), np.ones(4), np.zeros((4, 3)))
    >>> meter = ClusterSummary(z=3.1).prepare(chain, make_scale("t", 30, 1, "z"), two_sided=False)
    >>> meter.observe(np.array([4.0, 3.1, 0.0, 5.0])).sizes
    array([2., 2., 0., 1.])
    """

    p: float | None = None
    z: float | None = None
    mass: Literal["sum", "excess"] = "sum"
    extent: Extent = "elements"

    def __post_init__(self) -> None:
        if (self.p is None) == (self.z is None):
            raise InputError(
                "Clusters need one cluster-forming threshold: p=0.001, or z=3.1. Got "
                f"p={self.p!r}, z={self.z!r}."
            )
        if self.z is None:
            _check_p(self.p)
        else:
            _check_z(self.z)
        if self.mass not in MASSES:
            raise InputError(
                "mass must be 'sum' (of heights) or 'excess' (of heights less the threshold). Got "
                f"{self.mass!r}."
            )
        _check_extent(self.extent)

    def threshold(self, scale: Scale, *, two_sided: bool) -> Threshold:
        """Return the threshold on a scale, for claims on both sides together or on one."""
        if self.p is not None:
            height = scale.height_of_p(self.p / 2.0 if two_sided else self.p)
        else:
            height = scale.height_of_z(float(self.z or 0.0))
        floor = height * (1.0 - TIE)
        return Threshold(height, floor, scale.score_of(floor))

    def describe(self) -> str:
        """Say in a sentence what clusters are."""
        threshold = f"p = {self.p:g}" if self.p is not None else f"z = {self.z:g}"
        mass = "heights" if self.mass == "sum" else "heights less the threshold"
        return f"Clusters were formed at {threshold}; their mass is the sum of {mass}."

    def prepare(self, graph: Graph, scale: Scale, *, two_sided: bool) -> ClusterMeter:
        """Return what measures clusters on a graph of V elements."""
        counted = self.extent == "elements"
        sizes = np.ones(graph.n_elements) if counted else graph.sizes
        excess = self.mass == "excess"
        return ClusterMeter(graph, scale, self.threshold(scale, two_sided=two_sided), excess, sizes)


@dataclass(frozen=True, eq=False)
class ClusterMeter:
    """What measures the clusters of maps on one graph, on one side at a time.

    Parameters
    ----------
    graph : Graph
    scale : Scale
    threshold : Threshold
    excess : bool
        Whether the threshold is taken off what heights add to the mass.
    sizes : array of shape (V,)
        What an element adds to the size.
    """

    graph: Graph
    scale: Scale
    threshold: Threshold
    excess: bool
    sizes: Floats

    def largest(self, elements: Indices, splits: Offsets, scores: Floats) -> Largest:
        """Measure the largest clusters of S maps, or sides of maps, of which little is known.

        Parameters
        ----------
        elements : int array of shape (m,)
            Those whose score reaches `threshold.score`, in increasing order within a map.
        splits : int array of shape (S + 1,)
            Where each map begins, and where the last one ends.
        scores : array of shape (m,)
            Positive, on either side.
        """
        heights = np.empty(len(scores))
        self.scale.write_heights(scores, heights)
        sizes, masses = measure_largest(
            self.graph.offsets,
            self.graph.neighbours,
            np.ascontiguousarray(elements, dtype=np.int32),
            np.ascontiguousarray(splits, dtype=np.int64),
            self._weights(heights),
            self.sizes,
            np.zeros(self.graph.n_elements, dtype=np.int32),
        )
        return Largest(sizes, masses)

    def observe(self, heights: Floats, signs: tuple[int, ...] = (1,)) -> ObservedClusters:
        """Measure all clusters of a map.

        Parameters
        ----------
        heights : array of shape (V,)
        signs : tuple of {1, -1}, default=(1,)
            The sides that are looked at, each by itself.
        """
        labels = np.zeros(len(heights), dtype=np.int32)
        sizes, masses = np.zeros(len(heights)), np.zeros(len(heights))
        n_clusters = 0
        for sign in signs:
            side = sign * heights
            beyond = side >= self.threshold.floor
            found = find_components(self.graph, beyond)
            cluster = found.labels[beyond]
            weights = np.zeros(len(heights))
            weights[beyond] = self._weights(side[beyond])
            labels[beyond] = cluster + n_clusters
            sizes[beyond] = found.sums(self.sizes)[cluster - 1]
            masses[beyond] = found.sums(weights)[cluster - 1]
            n_clusters += found.n_components
        return ObservedClusters(labels, sizes, masses)

    def _weights(self, heights: Floats) -> Floats:
        """What elements add to the mass; nothing where only the tolerance lifts them."""
        if not self.excess:
            return heights
        return np.asarray(np.maximum(heights - self.threshold.height, 0.0))


def _check_p(p: Any) -> None:
    """Refuse what is no cluster-forming p, and say of a z that it is one."""
    wanted = "a number above 0 and below 0.5, such as 0.001"
    value = check_number("p", p, wanted, lambda value: value > 0.0)
    if value >= 1.0:
        raise InputError(
            f"p must be {wanted}. {p!r} looks like a z: pass it as z={p!r}, whose one-sided p is "
            f"{upper_p(value):.2g}."
        )
    if value >= 0.5:
        raise InputError(
            f"p must be {wanted}: at {p!r} every other element is beyond. Pass a z as z={p!r}."
        )


def _check_z(z: Any) -> None:
    """Refuse what is no cluster-forming z, and warn of what looks like a p."""
    wanted = "a finite number above 0, such as 3.1; a p is passed as p=0.001"
    value = check_number("z", z, wanted, lambda value: 0.0 < value < np.inf)
    if value < _HARDLY_A_Z:
        warn(
            f"z={z!r} is a threshold that {upper_p(value):.0%} of all elements reach. If it is a "
            f"p, pass it as p={z!r}.",
            ThresholdWarning,
        )


def _check_extent(extent: Any) -> None:
    if extent not in EXTENTS:
        raise InputError(
            f"extent must be 'elements' (their number) or 'size' (in mm3 or mm2). Got {extent!r}."
        )
