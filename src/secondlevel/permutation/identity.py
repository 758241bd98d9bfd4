"""What tells one permutation test from another, so that a run goes on with its own."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from numpy.typing import NDArray

from secondlevel.inference.arguments import is_number
from secondlevel.permutation.checkpoint import fingerprint
from secondlevel.permutation.plan import Plan
from secondlevel.permutation.summaries.clusters import ClusterSummary
from secondlevel.permutation.summaries.enhancement import TFCESummary
from secondlevel.permutation.work import Work


def identify(work: Work, plan: Plan) -> str:
    """Return a hash of all that the numbers depend on.

    Parameters
    ----------
    work : Work
        Has the data, the statistics, the graph.
    plan : Plan
        Has the design and what was asked.
    """
    options = plan.options
    settings = (
        options.statistic,
        options.method,
        options.sides,
        options.scale,
        *map(_written, options.summaries),
        options.uncorrected,
    )
    parts: list[bytes | NDArray[Any]] = [repr(settings).encode(), plan.design.matrix]
    for question in work.questions:
        parts += [question.label.encode(), question.contrast.weights]
    if plan.groups is not None:
        parts.append(plan.groups.astype("<i8"))
    if work.graph is not None:
        parts += [work.graph.offsets, work.graph.neighbours, work.graph.sizes]
    return fingerprint([*parts, *work.shuffles.fingerprint_parts(), work.data])


def _written(summary: ClusterSummary | TFCESummary) -> tuple[Any, ...]:
    """A summary in Python's own numbers: 2, 2.0 and numpy's 2 ask the same."""
    values = [getattr(summary, field.name) for field in fields(summary)]
    return (
        type(summary).__name__,
        *(float(value) if is_number(value) else value for value in values),
    )
