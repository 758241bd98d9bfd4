"""Permutation tests of arrays: from data, design and contrasts to p-values."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from secondlevel.design.blocks import make_blocks, make_variance_groups
from secondlevel.design.contrast import Contrast
from secondlevel.design.matrix import Design
from secondlevel.design.partition import Partition, partition
from secondlevel.errors import BlockError, ConstantDataWarning, PermutationWarning, warn
from secondlevel.graph.adjacency import Graph
from secondlevel.models.least_squares import LeastSquaresEstimate
from secondlevel.permutation.checkpoint import Checkpoint, fingerprint, seed_of
from secondlevel.permutation.engine import Progress, Running, run
from secondlevel.permutation.nulls.tally import Tally
from secondlevel.permutation.observe import estimate_all, observe
from secondlevel.permutation.options import Options
from secondlevel.permutation.p_values import all_decided, summarise
from secondlevel.permutation.questions import check_contrast, make_questions
from secondlevel.permutation.result import ContrastResult, PermutationResult
from secondlevel.permutation.scores.group_design import with_groups
from secondlevel.permutation.shuffles.seed import as_seed
from secondlevel.permutation.shuffles.shuffle import Shuffles, make_shuffles
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
    design.check_dof()
    for contrast in contrasts:
        check_contrast(contrast, options)
    parts = [partition(design, contrast) for contrast in contrasts]
    path = None if options.checkpoint is None else Path(options.checkpoint)
    shuffles = _shuffle(design, contrasts, parts, options, _seed(options, path))
    # BLAS threads of their own would only make workers wait for each other, and their number might
    # decide on the order in which a product adds.
    with threadpool_limits(1, user_api="blas"):
        if estimate is None:
            estimate = estimate_all(design, data)
            _warn_of_constant(estimate)
        work = _prepare(data, design, contrasts, parts, options, shuffles, graph, estimate)
        saved = None if path is None else Checkpoint(path, _fingerprint(work, design, options))
        # What is enumerated comes in an order: the first of it are no random ones to judge by.
        stops = options.stop_when is not None and not shuffles.exhaustive
        decided = all_decided(work, options.alpha) if stops else None
        size = None if options.block_size is None else int(options.block_size)
        tally = run(work, Running(options.n_jobs, size, saved, decided, progress))
    return _conclude(work, tally, parts, options)


def _warn_of_constant(estimate: LeastSquaresEstimate) -> None:
    """Say how many elements nothing can be said of; a fitted model has said it already."""
    n_constant = int(np.count_nonzero(estimate.constant))
    if n_constant:
        warn(
            f"{n_constant} of {estimate.n_elements} elements have no residual variance: statistic "
            "0 and p 1 there.",
            ConstantDataWarning,
        )


def _seed(options: Options, path: Path | None) -> int:
    """The seed asked for; without one, that of the run which is to go on."""
    held = seed_of(path) if path is not None and options.random_state is None else None
    return as_seed(options.random_state) if held is None else held


def _shuffle(
    design: Design,
    contrasts: Sequence[Contrast],
    parts: Sequence[Partition],
    options: Options,
    seed: int,
) -> Shuffles:
    """Shuffles that every contrast can be tested by."""
    method = options.chosen_method

    def shuffles_of(some: Sequence[Partition], errors: Any) -> Shuffles:
        tested = np.hstack([one.tested for one in some])
        tree = make_blocks(
            options.exchangeability_blocks,
            design.n_rows,
            within=options.within_blocks,
            whole=options.whole_blocks,
            tested=tested,
        )
        rows = np.hstack([method.distinguishing(one) for one in some])
        if options.variance_groups is not None and method.moves_groups:
            groups = make_variance_groups(options.variance_groups, design.n_rows)
            rows = with_groups(rows, groups)
        return make_shuffles(
            tree, errors, tested=tested, rows=rows, n_perm=options.n_perm, seed=seed
        )

    alone = [shuffles_of([one], options.errors) for one in parts]
    if len(alone) == 1:
        return alone[0]
    # Which blocks are free is a matter of the contrast, unless the user says so.
    if len({(one.errors, *(free.tobytes() for free in one.tree.free)) for one in alone}) > 1:
        pairs = zip(contrasts, alone, strict=True)
        which = ", ".join(f"`{contrast.name}` ({_kind(one)})" for contrast, one in pairs)
        raise BlockError(
            f"Contrasts that are corrected together need the same shuffles: {which}. Choose with "
            "errors='permute', 'flip' or 'both', and with within_blocks and whole_blocks, or test "
            "them one by one."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PermutationWarning)  # said of each already
        return replace(shuffles_of(parts, alone[0].errors), why=alone[0].why)


def _kind(shuffles: Shuffles) -> str:
    """How one contrast by itself would be tested, in a few words."""
    tree = shuffles.tree
    within = "" if tree.is_trivial else " within blocks" if tree.free[-1].any() else " whole blocks"
    return f"{shuffles.errors}{within}"


def _prepare(
    data: Floats,
    design: Design,
    contrasts: Sequence[Contrast],
    parts: Sequence[Partition],
    options: Options,
    shuffles: Shuffles,
    graph: Graph | None,
    estimate: LeastSquaresEstimate,
) -> Work:
    """Everything that shares of the work need."""
    questions = make_questions(data, design, contrasts, parts, options, shuffles, estimate)
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
        data,
        shuffles,
        questions,
        sides,
        graph,
        meters,
        enhancement,
        observed,
        options.uncorrected,
    )


def _fingerprint(work: Work, design: Design, options: Options) -> str:
    """A hash of all that the numbers depend on."""
    settings = (
        options.statistic,
        options.method,
        options.sides,
        options.scale,
        options.summaries,
        options.uncorrected,
    )
    parts: list[bytes | NDArray[Any]] = [repr(settings).encode(), design.matrix]
    for question in work.questions:
        parts += [question.label.encode(), question.contrast.weights]
    if options.variance_groups is not None:
        parts.append(repr(list(options.variance_groups)).encode())
    if work.graph is not None:
        parts += [work.graph.offsets, work.graph.neighbours, work.graph.sizes]
    return fingerprint([*parts, *work.shuffles.fingerprint_parts(), work.data])


def _conclude(
    work: Work, tally: Tally, parts: Sequence[Partition], options: Options
) -> PermutationResult:
    results = []
    for number, question in enumerate(work.questions):
        meter = None if work.meters is None else work.meters[number]
        results.append(
            ContrastResult(
                question.contrast,
                question.label,
                question.observed,
                question.heights,
                question.dof,
                question.dof_contrast,
                None if meter is None else meter.threshold.height,
                None if options.clusters is None else options.clusters.extent,
                summarise(work, tally, number, tail=options.tail),
            )
        )
    return PermutationResult(
        tuple(results),
        work.shuffles,
        tally.stop,
        work.sides,
        options.scale,
        options.chosen_method.label if any(part.nuisance.size for part in parts) else "",
        options.alpha,
    )
