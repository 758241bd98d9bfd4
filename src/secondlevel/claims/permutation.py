"""Permutation tests of the maps of a fitted effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from secondlevel.claims.arguments import check_connectivity
from secondlevel.design.contrast import ContrastLike
from secondlevel.design.matrix import Design
from secondlevel.design.pairing import align_contrast
from secondlevel.errors import BlockError
from secondlevel.permutation.engine import Progress
from secondlevel.permutation.given import make_contrasts
from secondlevel.permutation.options import Options
from secondlevel.permutation.permute import carry_out
from secondlevel.permutation.plan import make_plan
from secondlevel.permutation.result import PermutationResult
from secondlevel.spaces.surface import SurfaceSpace
from secondlevel.streaming.analysis import Fit

Floats = NDArray[np.float64]


def permute_fit(
    fit: Fit,
    read: Callable[[], Floats],
    design: Design,
    labels: Sequence[str | None],
    contrast: ContrastLike | Mapping[str, ContrastLike] | None,
    options: Options,
    *,
    connectivity: int = 26,
    verbose: int = 0,
) -> PermutationResult:
    """Test contrasts of one effect by shuffling its maps.

    Parameters
    ----------
    fit : Fit
        Of the effect.
    read : callable
        Returns its maps at the elements analysed, shape (n, V); called when the rest is known to be
        in order.
    design : Design
    labels : sequence of n (str or None)
        Subject of every map.
    contrast : as `make_contrasts` takes it
        Its labels, if it has any, are aligned with the columns of the design.
    options : Options
        `exchangeability_blocks` may be "subject": one block for the maps of each.
    connectivity : {6, 18, 26}, default=26
        Neighbours of a voxel.
    verbose : int, default=0
        1 shows progress.

    Returns
    -------
    PermutationResult
        Of the elements analysed.

    Raises
    ------
    BlockError
        When blocks are to be subjects, and the input does not name them.
    """
    asked = _with_subjects(options, labels).resolved(on_surface=isinstance(fit.space, SurfaceSpace))
    contrasts = make_contrasts(_align(contrast, design), design, asked.stat_type)
    neighbours = check_connectivity(connectivity)
    graph = fit.space.graph(neighbours) if asked.summaries else None
    plan = make_plan(design, contrasts, asked)
    maps = read()
    with tqdm(desc="Shuffling", unit="shuffle", disable=verbose < 1) as bar:
        return carry_out(plan, maps, graph=graph, estimate=fit.estimate, progress=_shown(bar))


def _with_subjects(options: Options, labels: Sequence[str | None]) -> Options:
    """Turn the blocks "subject" into those of the subjects."""
    blocks = options.exchangeability_blocks
    if not isinstance(blocks, str):
        return options
    if blocks != "subject":
        raise BlockError(
            "exchangeability_blocks is a label for every map, levels of nested blocks, or 'subject'"
            f" for the subjects of the input. Got {blocks!r}."
        )
    if any(label is None for label in labels):
        raise BlockError(
            "exchangeability_blocks='subject' needs to know whose each map is: hand over a table "
            "with a column `subject_label`, or give the blocks as a list."
        )
    return replace(options, exchangeability_blocks=list(labels))


def _align(contrast: Any, design: Design) -> Any:
    if isinstance(contrast, Mapping):
        return {name: align_contrast(one, design.names) for name, one in contrast.items()}
    return align_contrast(contrast, design.names)


def _shown(bar: Any) -> Progress:
    """What moves a progress bar, which tells the time that is left."""

    def done(n_done: int, n_shuffles: int) -> None:
        bar.total = n_shuffles
        bar.update(n_done - bar.n)

    return done
