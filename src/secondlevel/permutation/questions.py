"""Contrasts made into questions: the statistic of each, prepared and observed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.contrast import Contrast
from secondlevel.design.labels import number_labels
from secondlevel.design.partition import Partition
from secondlevel.errors import InputError
from secondlevel.models.base import ContrastEstimate
from secondlevel.models.least_squares import LeastSquaresEstimate
from secondlevel.permutation.heights.scale import IdentityScale, make_scale
from secondlevel.permutation.options import Options
from secondlevel.permutation.plan import Plan
from secondlevel.permutation.question import Question
from secondlevel.permutation.scores.asked import Wanted
from secondlevel.permutation.scores.groups import GroupStatistic
from secondlevel.permutation.scores.linear import LinearStatistic
from secondlevel.permutation.shuffles.shuffle import Shuffles

Floats = NDArray[np.float64]
LinearLabel = Literal["t", "F", "partial_r", "partial_r2"]


def make_questions(
    plan: Plan, data: Floats, estimate: LeastSquaresEstimate
) -> tuple[Question, ...]:
    """Prepare every contrast of a plan, for maps of shape (n, V) and their estimate.

    Raises
    ------
    InputError
        When contrasts that are corrected together have statistics that cannot be compared.
    """
    questions = []
    for contrast, part in zip(plan.contrasts, plan.parts, strict=True):
        answer = estimate.contrast(contrast)
        if plan.groups is None:
            questions.append(_linear(plan, data, contrast, part, answer))
            continue
        _, names = number_labels(plan.options.variance_groups, len(plan.groups), "Variance groups")
        statistic = GroupStatistic.of(
            part,
            plan.options.chosen_method,
            plan.shuffles.unchanged,
            groups=plan.groups,
            names=names,
            on_z=plan.options.scale == "z",
            signed=contrast.kind == "t",
            testable=~answer.constant,
        )
        questions.append(_grouped(plan, data, contrast, statistic))
    _check_comparable(questions, plan.options)
    return tuple(questions)


def _linear(
    plan: Plan, data: Floats, contrast: Contrast, part: Partition, answer: ContrastEstimate
) -> Question:
    kind, options = contrast.kind, plan.options
    label: LinearLabel = kind
    if options.statistic == "partial_r":
        label = "partial_r" if kind == "t" else "partial_r2"
    dof = float(answer.dof)  # least squares has one for all elements
    scale = make_scale(label, dof, answer.dof_contrast, options.scale)
    shown = make_scale(label, dof, answer.dof_contrast, "stat").of_statistic(answer.statistic)
    directions = options.chosen_method.directions(part, plan.shuffles.unchanged)
    if kind == "F":  # also where it asks a single thing, be it by redundant rows
        directions = directions.unsigned()
    statistic = LinearStatistic(directions, ~answer.constant)
    return Question(
        contrast=contrast,
        label=label,
        statistic=statistic,
        scale=scale,
        sides=options.chosen_sides,
        raw=answer.statistic,
        observed=shown,
        heights=scale.of_statistic(answer.statistic),
        dof=dof,
        dof_contrast=answer.dof_contrast,
        scored=_score_unshuffled(statistic, plan.shuffles, data),
    )


def _grouped(plan: Plan, data: Floats, contrast: Contrast, statistic: GroupStatistic) -> Question:
    observed, heights, dof = statistic.observe(data)
    return Question(
        contrast=contrast,
        label="v" if contrast.kind == "t" else "G",
        statistic=statistic,
        scale=IdentityScale(on_z=plan.options.scale == "z"),
        sides=plan.options.chosen_sides,
        raw=heights,
        observed=observed,
        heights=heights,
        dof=dof,
        dof_contrast=statistic.dof_contrast,
        scored=_score_unshuffled(statistic, plan.shuffles, data),
    )


def _score_unshuffled(
    statistic: LinearStatistic | GroupStatistic, shuffles: Shuffles, data: Floats
) -> Floats | None:
    """Scores that a sweep finds for the unshuffled maps, if it can find the observed ones."""
    if not statistic.directions.sees_effect:
        return None
    maps = statistic.sweep(data, shuffles.batch(0, 1), Wanted(np.ones(1), maps=True)).maps
    return None if maps is None else maps[0]


def _check_comparable(questions: Sequence[Question], options: Options) -> None:
    nulls = {(q.label, q.dof_contrast, str(np.ravel(q.dof)[0])) for q in questions}
    if len(nulls) > 1 and options.scale == "stat":
        kinds = ", ".join(f"`{q.contrast.name}` ({q.label})" for q in questions)
        raise InputError(
            f"Contrasts that are corrected together need comparable statistics: {kinds}. Use "
            "scale='z'."
        )
