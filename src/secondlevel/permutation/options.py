"""What is asked of a permutation run, besides data, design and contrasts; checked."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypedDict

from secondlevel.design.expression import suggest
from secondlevel.errors import InputError, InputTypeError
from secondlevel.inference.arguments import check_alpha, check_flag, check_n_jobs, check_whole
from secondlevel.permutation.scores.method import Method, make_method
from secondlevel.permutation.shuffles.choice import check_errors
from secondlevel.permutation.shuffles.seed import check_n_perm
from secondlevel.permutation.sides import NAMES, Sides
from secondlevel.permutation.summaries.clusters import ClusterSummary
from secondlevel.permutation.summaries.enhancement import TFCESummary

STATISTICS = ("auto", "t", "F", "partial_r", "v", "G")
SCALES = ("stat", "z")
TAILS = ("exact", "gpd")

NILEARNS = {
    "threshold": "summaries=[ClusterSummary(p=…)]",
    "tfce": "summaries=[TFCESummary()]",
    "two_sided_test": "sides='both'",
}
"""How to ask here for what nilearn's call has a keyword for."""


class Keywords(TypedDict, total=False):
    """The keywords of `permutation_test`, for type checkers."""

    stat_type: str | None
    statistic: str
    method: str
    errors: str
    exchangeability_blocks: Any
    within_blocks: bool | None
    whole_blocks: bool | None
    variance_groups: Any
    n_perm: int
    random_state: Any
    sides: str
    scale: str
    summaries: Sequence[ClusterSummary | TFCESummary]
    uncorrected: bool
    tail: str
    stop_when: str | None
    alpha: float
    n_jobs: int | None
    batch_size: int | None
    checkpoint: str | os.PathLike[str] | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Options:
    """The keywords of `permutation_test`, where each is explained."""

    stat_type: str | None = None
    statistic: str = "auto"
    method: str = "freedman-lane"
    errors: Any = "auto"
    exchangeability_blocks: Any = None
    within_blocks: bool | None = None
    whole_blocks: bool | None = None
    variance_groups: Any = None
    n_perm: int = 10_000
    random_state: Any = None
    sides: str = "positive"
    scale: Any = "z"
    summaries: Sequence[ClusterSummary | TFCESummary] = ()
    uncorrected: bool = False
    tail: str = "exact"
    stop_when: str | None = None
    alpha: float = 0.05
    n_jobs: int | None = 1
    batch_size: int | None = None
    checkpoint: str | os.PathLike[str] | None = None

    @classmethod
    def of(cls, keywords: Mapping[str, Any], asker: str) -> Self:
        """Check keywords; `asker` is the function that they were given to.

        Raises
        ------
        InputTypeError
            When one is unknown.
        """
        known = list(cls.__dataclass_fields__)
        for name in keywords:
            if name not in known:
                meant = suggest(name, known)
                if name in NILEARNS:
                    meant = f"; what is meant is {NILEARNS[name]}"
                raise InputTypeError(
                    f"{asker} has no keyword {name}{meant}. It takes {', '.join(known)}."
                )
        return cls(**keywords)

    def resolved(self, *, on_surface: bool) -> Self:
        """Return them with the weight of TFCE's extent that is usual there."""
        summaries = tuple(
            summary.resolved(on_surface=on_surface) if isinstance(summary, TFCESummary) else summary
            for summary in self.summaries
        )
        return replace(self, summaries=summaries)

    def __post_init__(self) -> None:
        check_n_perm(self.n_perm)
        check_flag("uncorrected", self.uncorrected)
        check_alpha(self.alpha)
        check_n_jobs(self.n_jobs)
        _check_name("statistic", self.statistic, STATISTICS)
        make_method(self.method)
        check_errors(self.errors)
        _check_name("sides", self.sides, NAMES)
        _check_name("scale", self.scale, SCALES)
        _check_name("tail", self.tail, TAILS)
        _check_name("stop_when", self.stop_when, (None, "decided"))
        _check_summaries(self.summaries)
        self._check_together()
        if not isinstance(self.checkpoint, (str, os.PathLike, type(None))):
            raise InputTypeError(f"checkpoint is the path of a file. Got {self.checkpoint!r}.")
        if self.batch_size is not None:
            wanted = "a whole number of shuffles, 1 or more, or None"
            check_whole("batch_size", self.batch_size, wanted)

    def _check_together(self) -> None:
        welch = self.statistic in {"v", "G"}
        if welch and self.variance_groups is None:
            raise InputError(
                f"statistic='{self.statistic}' needs variance_groups: the group of every map, "
                "within which variances are equal."
            )
        if self.variance_groups is not None and self.statistic not in {"auto", "v", "G"}:
            raise InputError(
                f"With variance_groups the statistic is v or G, not {self.statistic}. Leave "
                "statistic='auto', or leave variance_groups out."
            )
        if self.variance_groups is not None and self.clusters and self.scale == "stat":
            raise InputError(
                "With variance_groups every element has degrees of freedom of its own, and a p "
                "that forms clusters belongs to no single height. Use scale='z'."
            )
        if self.stop_when is not None and self.uncorrected:
            raise InputError(
                "stop_when='decided' watches corrected p-values; uncorrected ones of so few "
                "shuffles would be coarse. Use uncorrected=False, or no stopping."
            )

    @property
    def chosen_sides(self) -> Sides:
        """The sides, as an object."""
        return Sides(self.sides)

    @property
    def chosen_method(self) -> Method:
        """The method, as an object."""
        return make_method(self.method)

    @property
    def checkpoint_path(self) -> Path | None:
        """The file that the run is saved to."""
        return None if self.checkpoint is None else Path(self.checkpoint)

    @property
    def clusters(self) -> ClusterSummary | None:
        """What is asked of clusters, if anything."""
        return next((s for s in self.summaries if isinstance(s, ClusterSummary)), None)

    @property
    def enhancement(self) -> TFCESummary | None:
        """What is asked of enhanced maps, if anything."""
        return next((s for s in self.summaries if isinstance(s, TFCESummary)), None)


def _check_name(name: str, value: Any, known: tuple[str | None, ...]) -> None:
    if not any(value is one or (isinstance(value, str) and value == one) for one in known):
        raise InputError(f"{name} must be one of {', '.join(map(repr, known))}. Got {value!r}.")


def _check_summaries(summaries: Any) -> None:
    if isinstance(summaries, (ClusterSummary, TFCESummary)):
        name = type(summaries).__name__
        raise InputTypeError(f"summaries is a list: write summaries=[{name}(...)].")
    kinds = [type(one) for one in summaries] if isinstance(summaries, Sequence) else [type(None)]
    if len(set(kinds)) < len(kinds) or not set(kinds) <= {ClusterSummary, TFCESummary}:
        raise InputError(
            "summaries is a list of at most one ClusterSummary and one TFCESummary; the largest "
            f"statistic is always there. Got {summaries!r}."
        )
