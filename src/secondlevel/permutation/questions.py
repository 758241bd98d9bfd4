"""Contrasts made into questions: the statistic of each, prepared and observed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.blocks import make_variance_groups
from secondlevel.design.contrast import Contrast
from secondlevel.design.matrix import Design
from secondlevel.design.partition import Partition
from secondlevel.errors import ContrastError, InputError
from secondlevel.models.base import ContrastEstimate
from secondlevel.models.least_squares import LeastSquaresEstimate
from secondlevel.permutation.heights.scale import Heights, make_scale
from secondlevel.permutation.options import Options
from secondlevel.permutation.question import Question
from secondlevel.permutation.scores.groups import GroupStatistic
from secondlevel.permutation.scores.linear import LinearStatistic
from secondlevel.permutation.scores.asked import Wanted
from secondlevel.permutation.shuffles.shuffle import Shuffles

Floats = NDArray[np.float64]
LinearLabel = Literal["t", "F", "partial_r", "partial_r2"]


def make_questions(
    data: Floats,
    design: Design,
    contrasts: Sequence[Contrast],
    parts: Sequence[Partition],
    options: Options,
    shuffles: Shuffles,
    estimate: LeastSquaresEstimate,
) -> tuple[Question, ...]:
    """Prepare every contrast.

    Raises
    ------
    InputError
        When contrasts that are corrected together have statistics that cannot be compared.
    """
    questions = []
    for contrast, part in zip(contrasts, parts, strict=True):
        answer = estimate.contrast(contrast)
        if options.variance_groups is None:
            questions.append(_linear(data, contrast, part, options, shuffles, answer))
        else:
            groups = make_variance_groups(options.variance_groups, design.n_rows)
            statistic = GroupStatistic.of(
                part,
                groups,
                options,
                shuffles,
                signed=contrast.kind == "t",
                testable=~answer.constant,
            )
            questions.append(_grouped(data, contrast, statistic, options, shuffles))
    _check_comparable(questions, options)
    return tuple(questions)


def _linear(
    data: Floats,
    contrast: Contrast,
    part: Partition,
    options: Options,
    shuffles: Shuffles,
    answer: ContrastEstimate,
) -> Question:
    kind = contrast.kind
    label: LinearLabel = kind
    if options.statistic == "partial_r":
        label = "partial_r" if kind == "t" else "partial_r2"
    dof = float(answer.dof)  # least squares has one for all elements
    scale = make_scale(label, dof, answer.dof_contrast, options.scale)
    shown = make_scale(label, dof, answer.dof_contrast, "stat").of_statistic(answer.statistic)
    directions = options.chosen_method.directions(part, shuffles.unchanged)
    if kind == "F":  # also where it asks a single thing, be it by redundant rows
        directions = directions.unsigned()
    statistic, sides = LinearStatistic(directions, ~answer.constant), options.chosen_sides
    return Question(
        contrast,
        label,
        statistic,
        scale,
        sides,
        answer.statistic,
        shown,
        scale.of_statistic(answer.statistic),
        dof,
        answer.dof_contrast,
        _score_unshuffled(statistic, shuffles, data),
    )


def _grouped(
    data: Floats,
    contrast: Contrast,
    statistic: GroupStatistic,
    options: Options,
    shuffles: Shuffles,
) -> Question:
    observed, heights, dof = statistic.observe(data)
    return Question(
        contrast,
        "v" if contrast.kind == "t" else "G",
        statistic,
        Heights(on_z=options.scale == "z"),
        options.chosen_sides,
        heights,
        observed,
        heights,
        dof,
        statistic.dof_contrast,
        _score_unshuffled(statistic, shuffles, data),
    )


def _score_unshuffled(
    statistic: LinearStatistic | GroupStatistic, shuffles: Shuffles, data: Floats
) -> Floats | None:
    """Scores that a sweep finds for the unshuffled maps, if it can find the observed ones."""
    if not statistic.directions.sees_effect:
        return None
    maps = statistic.sweep(data, shuffles.batch(0, 1), Wanted(np.ones(1), maps=True)).maps
    return None if maps is None else maps[0]


def check_contrast(contrast: Contrast, options: Options) -> None:
    """Refuse a statistic or a side that does not go with a contrast.

    Raises
    ------
    ContrastError
    """
    if contrast.kind == "F" and options.sides != "positive":
        raise ContrastError(
            f"Contrast `{contrast.name}` is tested with F, which is large whatever the sign of the "
            "effect and has no sides. Leave out two_sided_test=True, or sides=…."
        )
    fitting = {"auto", "partial_r", contrast.kind, "v" if contrast.kind == "t" else "G"}
    if options.statistic not in fitting:
        rows = "one row" if contrast.kind == "t" else f"{len(contrast.weights)} rows"
        raise ContrastError(
            f"statistic='{options.statistic}' does not go with contrast `{contrast.name}` of "
            f"{rows}, tested with {contrast.kind}. Use one of "
            f"{', '.join(map(repr, sorted(fitting)))}."
        )


def _check_comparable(questions: Sequence[Question], options: Options) -> None:
    nulls = {(q.label, q.dof_contrast, str(np.ravel(q.dof)[0])) for q in questions}
    if len(nulls) > 1 and options.scale == "stat":
        kinds = ", ".join(f"`{q.contrast.name}` ({q.label})" for q in questions)
        raise InputError(
            f"Contrasts that are corrected together need comparable statistics: {kinds}. Use "
            "scale='z'."
        )
