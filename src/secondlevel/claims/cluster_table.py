"""A cluster table: which rows it has, and every column of it, as lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from string import ascii_lowercase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.claims.atlas import Atlas
from secondlevel.claims.cluster_question import LISTINGS, MIN_DISTANCE, ClusterQuestion
from secondlevel.claims.stat_map import StatMap
from secondlevel.errors import IgnoredParameterWarning, warn
from secondlevel.inference.clusters import Clusters, find_clusters
from secondlevel.inference.null import Claims, Null
from secondlevel.inference.peaks import Peaks, find_peaks
from secondlevel.spaces.base import Space

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Columns = dict[str, list[Any]]

BLANK = ""
"""What a sub-peak has in columns about its cluster, as in nilearn."""

_ANY_HEIGHT = 1e6


@dataclass(frozen=True, eq=False)
class ClusterTable:
    """The clusters of a map, and those peaks of them that are listed.

    Parameters
    ----------
    beyond : bool array
        The elements of the map that lie beyond the threshold.
    space : Space
        Those V elements.
    values : array of shape (V,)
        Of the statistic.
    points : array of shape (V, 3)
        Where they are, in mm.
    clusters : Clusters
        All of them, the small ones too.
    peaks : Peaks
        All of them.
    listed : int array
        Clusters that are listed, from 0, in the order of the table.
    shown : bool array of shape (m,)
        Peaks that may be; the main peak of every cluster is among them.
    """

    beyond: NDArray[np.bool_]
    space: Space
    values: Floats
    points: Floats
    clusters: Clusters
    peaks: Peaks
    listed: Indices
    shown: NDArray[np.bool_]

    @cached_property
    def rows(self) -> Indices:
        """Peak of every row: those of the first cluster, the highest first, then of the second."""
        place = np.full(self.clusters.n_clusters, -1)
        place[self.listed] = np.arange(len(self.listed))
        rows = np.flatnonzero(self.shown & (place[self.peaks.clusters - 1] >= 0))
        return rows[np.argsort(place[self.peaks.clusters[rows] - 1], kind="stable")]

    @cached_property
    def cluster_of_row(self) -> Indices:
        """Cluster of every row, from 0."""
        return np.asarray(self.peaks.clusters[self.rows] - 1, dtype=np.intp)

    @cached_property
    def is_main(self) -> NDArray[np.bool_]:
        """Whether a row is its cluster's first."""
        return np.asarray(np.diff(self.cluster_of_row, prepend=-1) != 0)

    def columns(self) -> Columns:
        """The columns that nilearn has, in its order, and what there is besides on a surface."""
        x, y, z = self.points[self.peaks.elements[self.rows]].T.tolist()
        stat = self.values[self.peaks.elements[self.rows]].tolist()
        ids, sizes = self._ids(), self.of_clusters(self.clusters.sizes)
        size = f"Cluster Size ({self.space.size_unit})"
        places: Columns = {"X": x, "Y": y, "Z": z}
        if self.space.part_names is None:
            return {"Cluster ID": ids, **places, "Peak Stat": stat, size: sizes}
        parts = np.array(self.space.part_names, dtype=object)
        return {
            "Cluster ID": [str(number) for number in ids],
            "Hemisphere": parts[self.peaks.elements[self.rows]].tolist(),
            "Peak Stat": stat,
            "Cluster Size (vertices)": self.of_clusters(self.clusters.counts),
            size: sizes,
            **places,
        }

    def null_columns(self, null: Null, threshold: float) -> Columns:
        """What a null says of peaks, in every row, and of clusters, in their first.

        All peaks and all clusters beyond the threshold make a family, listed or not.
        """
        # Beyond an infinite threshold lies nothing, so that any other gives the same columns.
        height = threshold if np.isfinite(threshold) else _ANY_HEIGHT
        labels = np.zeros(len(self.beyond), dtype=np.int32)
        labels[self.beyond] = self.clusters.labels
        extents = null.extents(labels, self.clusters.n_clusters)
        of_peaks = _named("Peak", null.of_peaks(self.peaks.heights, height))
        of_clusters = _named("Cluster", null.of_clusters(extents, height))
        return {name: p[self.rows].tolist() for name, p in of_peaks.items()} | {
            name: self.of_clusters(p) for name, p in of_clusters.items()
        }

    def centre_columns(self) -> Columns:
        """Centre of mass of every cluster in mm."""
        return {
            f"Centre {axis}": self.of_clusters(centre)
            for axis, centre in zip("XYZ", self.clusters.centres.T, strict=True)
        }

    def region_columns(self, atlas: Atlas) -> Columns:
        """Region of an atlas that a peak lies in, and those that share the cluster."""
        regions = atlas.labels(self.space)
        # Every element of the space belongs to a cluster.
        by_cluster = regions[np.argsort(self.clusters.labels, kind="stable")]
        members = np.split(by_cluster, np.cumsum(self.clusters.counts)[:-1])
        shares = [atlas.shares(members[i]) for i in self.cluster_of_row[self.is_main]]
        return {
            "Region": [atlas.name(i) for i in regions[self.peaks.elements[self.rows]].tolist()],
            "Cluster Regions": self._in_first_rows(shares),
        }

    def of_clusters(self, values: Any) -> list[Any]:
        """Values of clusters, shape (k,), in the first row of each that is listed."""
        return self._in_first_rows(np.asarray(values)[self.cluster_of_row[self.is_main]].tolist())

    def label_map(self, sign: int) -> Any:
        """The clusters of one side as an image of their numbers in the table."""
        number = np.zeros(self.clusters.n_clusters + 1, dtype=np.int32)
        number[self.listed + 1] = np.arange(1, len(self.listed) + 1)
        of_side = np.concatenate([[False], self.clusters.signs == sign])
        number[~of_side] = 0
        return self.space.to_image(number[self.clusters.labels])

    def _in_first_rows(self, values: Sequence[Any]) -> list[Any]:
        following = iter(values)
        return [next(following) if main else BLANK for main in self.is_main]

    def _ids(self) -> list[int | str]:
        """Number of the cluster, and of each sub-peak with a letter after it."""
        ids: list[int | str] = []
        number = letter = 0
        for main in self.is_main:
            number, letter = (number + 1, 0) if main else (number, letter + 1)
            ids.append(number if main else f"{number}{ascii_lowercase[letter - 1]}")
        return ids


def _named(what: str, claims: Claims) -> dict[str, Floats]:
    """Columns of what is known of peaks or clusters."""
    columns = {
        f"{what} p (FWE)": claims.p,
        f"{what} q (FDR)": claims.q,
        f"{what} p (uncorrected)": claims.p_uncorrected,
    }
    return {name: np.asarray(p) for name, p in columns.items() if p is not None}


def make_table(stat_map: StatMap, question: ClusterQuestion, connectivity: int) -> ClusterTable:
    """Find clusters and peaks; from here on only what lies beyond the threshold is looked at."""
    listing = LISTINGS[stat_map.space.element]
    beyond = question.beyond(stat_map.values, listing)
    space, values = stat_map.space.narrow(beyond), stat_map.values[beyond]
    graph = space.graph(connectivity)
    clusters = find_clusters(graph, values, np.ones(len(values), dtype=bool))
    if connectivity in listing.peaks_among:
        graph = space.graph(listing.peaks_among[connectivity])
    peaks = find_peaks(graph, values, clusters.labels, space.places)
    at_most = question.peaks_per_cluster(listing)
    if listing.sub_peaks == 0 and at_most == 1 and question.min_distance != MIN_DISTANCE:
        warn(
            "The 'min_distance' parameter is not used for surface data and will be ignored, unless "
            "sub_peaks asks for more than the highest peak.",
            IgnoredParameterWarning,
        )
    heights = peaks.heights[peaks.main] if listing.by_peak else None
    return ClusterTable(
        beyond,
        space,
        values,
        graph.coordinates,
        clusters,
        peaks,
        listed=clusters.at_least(question.cluster_threshold, heights),
        shown=peaks.apart(graph.coordinates, question.min_distance, at_most),
    )
