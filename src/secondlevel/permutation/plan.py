"""What a permutation test is going to do, settled before a map is looked at."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.blocks import make_blocks, make_variance_groups
from secondlevel.design.contrast import Contrast
from secondlevel.design.matrix import Design
from secondlevel.design.partition import Partition, partition
from secondlevel.errors import BlockError, PermutationWarning
from secondlevel.permutation.checkpoint import seed_of
from secondlevel.permutation.given import check_contrast
from secondlevel.permutation.options import Options
from secondlevel.permutation.scores.group_design import with_groups
from secondlevel.permutation.shuffles.seed import as_seed
from secondlevel.permutation.shuffles.shuffle import Shuffles, make_shuffles

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan:
    """Contrasts of a design, split and given their shuffles.

    Parameters
    ----------
    design : Design
        Of n rows.
    contrasts : tuple of Contrast
        Several are corrected together.
    parts : tuple of Partition
        Of the design, for each.
    options : Options
    groups : int array of shape (n,) or None
        Variance group of every map.
    shuffles : Shuffles
        The same for all contrasts.
    """

    design: Design
    contrasts: tuple[Contrast, ...]
    parts: tuple[Partition, ...]
    options: Options
    groups: Ints | None
    shuffles: Shuffles


def make_plan(design: Design, contrasts: Sequence[Contrast], options: Options) -> Plan:
    """Check all that can be checked without a map, and decide on the shuffles.

    Raises
    ------
    InputError, BlockError, ContrastError, DesignError, CheckpointError
        When something cannot be used, or leaves nothing to shuffle.
    """
    design.check_dof()
    for contrast in contrasts:
        check_contrast(contrast, options)
    parts = tuple(partition(design, contrast) for contrast in contrasts)
    groups = None
    if options.variance_groups is not None:
        groups = make_variance_groups(options.variance_groups, design.n_rows)
    return Plan(
        design=design,
        contrasts=tuple(contrasts),
        parts=parts,
        options=options,
        groups=groups,
        shuffles=_common_shuffles(contrasts, parts, options, groups),
    )


def _common_shuffles(
    contrasts: Sequence[Contrast],
    parts: Sequence[Partition],
    options: Options,
    groups: Ints | None,
) -> Shuffles:
    """Shuffles that every contrast can be tested by."""
    seed = _seed(options)
    alone = [_shuffles_of([part], options, groups, options.errors, seed) for part in parts]
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
        together = _shuffles_of(parts, options, groups, alone[0].errors, seed)
    return replace(together, why=alone[0].why)


def _shuffles_of(
    parts: Sequence[Partition], options: Options, groups: Ints | None, errors: str, seed: int
) -> Shuffles:
    tested = np.hstack([part.tested for part in parts])
    raw = np.hstack([part.raw for part in parts])
    tree = make_blocks(
        options.exchangeability_blocks,
        len(tested),
        within=options.within_blocks,
        whole=options.whole_blocks,
        tested=(tested, raw),
    )
    method = options.chosen_method
    rows = np.hstack([method.distinguishing(part) for part in parts])
    if groups is not None and method.moves_groups:
        rows = with_groups(rows, groups)
    return make_shuffles(
        tree, errors, tested=tested, raw=raw, rows=rows, n_perm=options.n_perm, seed=seed
    )


def _seed(options: Options) -> int:
    """The seed asked for; without one, that of the run which is to go on."""
    path = options.checkpoint_path
    held = None if path is None else seed_of(path)
    if held is not None and options.random_state is None:
        return held
    return as_seed(options.random_state)


def _kind(shuffles: Shuffles) -> str:
    """How one contrast by itself would be tested, in a few words."""
    tree = shuffles.tree
    within = "" if tree.is_trivial else " within blocks" if tree.free[-1].any() else " whole blocks"
    return f"{shuffles.errors}{within}"
