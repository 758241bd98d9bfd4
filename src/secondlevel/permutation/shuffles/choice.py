"""What is done to maps, and why; why nothing can be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NoReturn, get_args

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.block_tree import BlockTree, list_names
from secondlevel.design.ties import is_constant
from secondlevel.errors import BlockError, InputError, PermutationWarning, warn

Floats = NDArray[np.float64]
Errors = Literal["permute", "flip", "both"]


LITTLE = 0.01
"""A smaller untested share of a question is no matter."""

MOST = 0.75
"""A larger one leaves hardly a test."""


def check_errors(errors: Any) -> None:
    """Refuse what is no name of something that is done to maps.

    Raises
    ------
    InputError
    """
    if not isinstance(errors, str) or errors not in {"auto", *get_args(Errors)}:
        raise InputError(
            "errors must be 'permute' (errors are exchangeable), 'flip' (they are symmetric), "
            f"'both', or 'auto' (flip where permuting would change nothing). Got {errors!r}."
        )


SAID = {
    "permute": "Maps are permuted, as asked for.",
    "flip": "Signs are flipped, as asked for.",
    "both": "Maps are permuted and their signs flipped, as asked for.",
}


def choose_errors(tree: BlockTree, errors: str, tested: Sequence[Floats]) -> tuple[Errors, str]:
    """Return what is done to maps, and why, in one sentence.

    Parameters
    ----------
    tree : BlockTree
    errors : {"permute", "flip", "both", "auto"}
        "auto" flips if, and only if, one of `tested` is the same for all maps which permutations
        carry into each other.
    tested : sequence of arrays of shape (n, k)
        What the contrast tests: after nuisance was taken from it, and before. The mean of one group
        is the same for all maps after, if covariates are centred, and before in any case.

    Raises
    ------
    InputError
        When `errors` is none of these.
    """
    check_errors(errors)
    if errors in SAID:
        chosen: Errors = errors  # type: ignore[assignment]  # one of three names, as was checked
        return chosen, SAID[errors]
    whose = "all maps" if tree.is_trivial else "all maps that may take each other's place"
    if any(is_constant(part, tree.orbits) for part in tested):
        return "flip", (
            f"Signs are flipped: the tested part is the same for {whose}, so permuting them would "
            "change nothing."
        )
    return "permute", f"Maps are permuted: the tested part is not the same for {whose}."


def refuse(tree: BlockTree, errors: Errors) -> NoReturn:
    """Raise BlockError: no shuffle changes the tested part."""
    if errors == "permute" and tree.is_trivial:
        raise BlockError(
            "Permuting leaves nothing to test: the tested part of the design is the same for all "
            "maps. Flip their signs (errors='flip'), which tests their mean."
        )
    which = (
        f"The exchangeability blocks ({list_names(tree.names[-1])}) make the contrast untestable"
    )
    if errors == "permute":
        raise BlockError(
            f"{which} by permuting: its tested part is the same for all maps that may take each "
            "other's place. Exchange maps within blocks (within_blocks=True) where the question "
            "lies within them, blocks as wholes (whole_blocks=True) where it lies between them, or "
            "flip signs (errors='flip')."
        )
    raise BlockError(
        f"{which}: its tested part is zero for all maps that may be shuffled. Free blocks in which "
        "it is not (by a positive number in the tree of blocks)."
    )


def say_what_is_untested(tree: BlockTree, share: float, *, insisted: bool) -> None:
    """Warn of a part of the question that no permutation changes, or refuse to test the rest.

    Parameters
    ----------
    tree : BlockTree
    share : float
        Of the squared length of the tested part, from 0 to 1.
    insisted : bool
        Whether the user asked for permutations, which then is a warning only.

    Raises
    ------
    BlockError
        When hardly anything is left to test.

    Warns
    -----
    PermutationWarning
    """
    if share < LITTLE:
        return
    blocks = (
        ""
        if tree.is_trivial
        else ", or other blocks (whole_blocks=True where the question lies between them, "
        "within_blocks=True where it lies within)"
    )
    said = (
        f"{share:.0%} of what the contrast tests is the same for all maps that may take each "
        "other's place, so permuting leaves it untested. Use errors='flip' or errors='both' where "
        f"errors are symmetric{blocks}."
    )
    if share > MOST and not insisted:
        raise BlockError(f"{said} errors='permute' tests the rest.")
    warn(said, PermutationWarning)
