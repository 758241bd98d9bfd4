"""Permutation tests of arrays: from data, design and contrasts to p-values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from secondlevel.design.contrast import Contrast
from secondlevel.design.matrix import Design
from secondlevel.graph.adjacency import Graph
from secondlevel.models.least_squares import LeastSquaresEstimate, warn_of_constant
from secondlevel.permutation.checkpoint import Checkpoint
from secondlevel.permutation.engine import Progress, Running, run
from secondlevel.permutation.identity import identify
from secondlevel.permutation.nulls.tally import Tally
from secondlevel.permutation.observe import estimate_all, observe
from secondlevel.permutation.options import Options
from secondlevel.permutation.p_values import all_decided, summarise
from secondlevel.permutation.plan import Plan, make_plan
from secondlevel.permutation.questions import make_questions
from secondlevel.permutation.result import ContrastResult, PermutationResult
from secondlevel.permutation.work import Work

Floats = NDArray[np.float64]


def permute(
    data: Floats,
    design: Design,
    contrasts: Sequence[Contrast],
    options: Options,
    *,
    graph: Graph | None = None,
    estimate: LeastSquaresEstimate | None = None,
    progress: Progress | None = None,
) -> PermutationResult:
    """Test contrasts by shuffling, all with the same shuffles.

    Parameters
    ----------
    data : array of shape (n, V)
        Maps, finite; single or double precision, in memory or mapped to a file. It is not copied.
    design : Design
        Of n rows.
    contrasts : sequence of Contrast
        Several are corrected together: by the largest of all.
    options : Options
    graph : Graph, optional
        Of V elements; for clusters and enhancement.
    estimate : LeastSquaresEstimate, optional
        Of this design and these data, if it is at hand.
    progress : callable, optional
        Called with the number of shuffles done so far, and that of all.

    Returns
    -------
    PermutationResult

    Raises
    ------
    InputError, BlockError, CheckpointError
        When something cannot be used, or leaves nothing to shuffle.
    """
    plan = make_plan(design, contrasts, options)
    return carry_out(plan, data, graph=graph, estimate=estimate, progress=progress)


def carry_out(
    plan: Plan,
    data: Floats,
    *,
    graph: Graph | None = None,
    estimate: LeastSquaresEstimate | None = None,
    progress: Progress | None = None,
) -> PermutationResult:
    """Do what was planned, with maps; the rest is as in `permute`."""
    options = plan.options
    # BLAS threads of their own would only make workers wait for each other, and their number might
    # decide on the order in which a product adds.
    with threadpool_limits(1, user_api="blas"):
        if estimate is None:
            estimate = estimate_all(plan.design, data)
            warn_of_constant(estimate)  # a fitted model has said it already
        work = _prepare(plan, data, graph, estimate)
        path = options.checkpoint_path
        saved = None if path is None else Checkpoint(path, identify(work, plan))
        # What is enumerated comes in an order: the first of it are no random ones to judge by.
        stops = options.stop_when is not None and not plan.shuffles.exhaustive
        decided = all_decided(work, options.alpha) if stops else None
        size = None if options.batch_size is None else int(options.batch_size)
        tally = run(work, Running(options.n_jobs, size, saved, decided, progress))
    return _conclude(plan, work, tally)


def _prepare(plan: Plan, data: Floats, graph: Graph | None, estimate: LeastSquaresEstimate) -> Work:
    """Everything that shares of the work need."""
    options, questions = plan.options, make_questions(plan, data, estimate)
    sides, clusters, enhancement = options.chosen_sides, options.clusters, options.enhancement
    meters = None
    if clusters is not None and graph is not None:
        meters = tuple(
            clusters.prepare(graph, question.scale, two_sided=sides.two_sided)
            for question in questions
        )
    observed = tuple(
        observe(question, graph, None if meters is None else meters[number], enhancement)
        for number, question in enumerate(questions)
    )
    return Work(
        data=data,
        shuffles=plan.shuffles,
        questions=questions,
        sides=sides,
        graph=graph,
        meters=meters,
        enhancement=enhancement,
        observed=observed,
        uncorrected=options.uncorrected,
    )


def _conclude(plan: Plan, work: Work, tally: Tally) -> PermutationResult:
    options, results = plan.options, []
    for number, question in enumerate(work.questions):
        meter = None if work.meters is None else work.meters[number]
        results.append(
            ContrastResult(
                contrast=question.contrast,
                label=question.label,
                statistic=question.observed,
                heights=question.heights,
                dof=question.dof,
                dof_contrast=question.dof_contrast,
                cluster_threshold=None if meter is None else meter.threshold.height,
                cluster_extent=None if options.clusters is None else options.clusters.extent,
                summaries=summarise(work, tally, number, tail=options.tail),
            )
        )
    has_nuisance = any(part.nuisance.size for part in plan.parts)
    return PermutationResult(
        contrasts=tuple(results),
        shuffles=plan.shuffles,
        n_shuffles=tally.stop,
        sides=work.sides,
        scale=options.scale,
        method=options.chosen_method.label if has_nuisance else "",
        summaries=tuple(options.summaries),
        alpha=options.alpha,
    )
