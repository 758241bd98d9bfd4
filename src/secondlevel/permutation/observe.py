"""The unshuffled maps: the statistic of the general linear model, its clusters, its scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.matrix import Design
from secondlevel.graph.adjacency import Graph
from secondlevel.inference.null import TIE
from secondlevel.models.least_squares import LeastSquares, LeastSquaresEstimate
from secondlevel.permutation.question import Question
from secondlevel.permutation.summaries.clusters import ClusterMeter
from secondlevel.permutation.summaries.enhancement import TFCESummary
from secondlevel.permutation.work import Observed

Floats = NDArray[np.float64]

ROWS = 16
"""Maps reduced at a time."""


def estimate_all(design: Design, data: Floats) -> LeastSquaresEstimate:
    """Fit a design to maps of shape (n, V), some at a time, in memory that does not grow with them.

    Parameters
    ----------
    design : Design
    data : array of shape (n, V)
    """
    design.check_dof()
    estimator, merged = LeastSquares(), None
    for start in range(0, len(data), ROWS):
        rows = slice(start, start + ROWS)
        maps = np.asarray(data[rows], dtype=np.float64, order="C")
        part = estimator.reduce(design.matrix[rows], maps)
        merged = part if merged is None else merged.merge(part)
    assert merged is not None  # a design has rows
    return estimator.finish(merged, design.rank)


def observe(
    question: Question,
    graph: Graph | None,
    meter: ClusterMeter | None,
    enhancement: TFCESummary | None,
) -> Observed:
    """Summarise the unshuffled maps.

    Returns
    -------
    Observed
        Sizes and masses have the sign of their side.
    """
    heights, sides, signs = question.heights, question.sides, question.sides.signs
    maps, floors = {"max": heights}, {"max": question.floors}
    # How far heights that tie with the observed ones may lie below them.
    slack = np.maximum(sides.towards(heights) - question.floors, 0.0)
    if meter is not None:
        clusters = meter.observe(heights, tuple(int(sign) for sign in signs))
        side = np.where(heights < 0.0, -1.0, 1.0)
        maps |= {"size": side * clusters.sizes, "mass": side * clusters.masses}
        floors["size"] = clusters.sizes * (1.0 - TIE)
        lost = np.bincount(clusters.labels, slack)[clusters.labels]
        floors["mass"] = np.minimum(clusters.masses * (1.0 - TIE), clusters.masses - lost)
    if enhancement is not None and graph is not None:
        # One side has 0 where the other is enhanced.
        enhanced = [enhancement.observe(graph, sign * heights) for sign in signs]
        lowered = [enhancement.observe(graph, sign * heights - slack) for sign in signs]
        maps["tfce"] = np.sum(signs[:, None] * enhanced, axis=0)
        floors["tfce"] = np.minimum(np.sum(enhanced, axis=0) * (1.0 - TIE), np.sum(lowered, axis=0))
    maxima = {name: _largest(name, values, signs) for name, values in maps.items()}
    return Observed(maps, maxima, floors)


def _largest(name: str, values: Floats, signs: Floats) -> Floats:
    """The largest value of every side: 0 where one has no cluster, no score."""
    largest = np.array([(sign * values).max() for sign in signs])
    return largest if name == "max" else np.maximum(largest, 0.0)
