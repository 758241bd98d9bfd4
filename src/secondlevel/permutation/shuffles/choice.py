"""What is done to maps, and why; why nothing can be done."""

from __future__ import annotations

from typing import Any, Literal, NoReturn, get_args

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.block_tree import BlockTree, list_names
from secondlevel.design.ties import is_constant
from secondlevel.errors import BlockError, InputError

Floats = NDArray[np.float64]
Errors = Literal["permute", "flip", "both"]


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


def choose_errors(tree: BlockTree, errors: str, tested: Floats) -> tuple[Errors, str]:
    """Return what is done to maps, and why, in one sentence.

    Parameters
    ----------
    tree : BlockTree
    errors : {"permute", "flip", "both", "auto"}
        "auto" flips if, and only if, no permutation that the tree allows changes `tested`: that is
        when `tested` is the same for all maps which permutations carry into each other.
    tested : array of shape (n, k)

    Raises
    ------
    InputError
        When `errors` is none of these.
    """
    said = {
        "permute": "Maps are permuted, as asked for.",
        "flip": "Signs are flipped, as asked for.",
        "both": "Maps are permuted and their signs flipped, as asked for.",
    }
    for name in get_args(Errors):
        if errors == name:
            return name, said[name]
    check_errors(errors)
    whose = "all maps" if tree.is_trivial else "all maps that may take each other's place"
    if is_constant(tested, tree.orbits):
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
