"""A contrast: what is asked of the columns of a design."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.design.expression import expression_to_contrast_vector, write_expression
from secondlevel.design.matrix import TOLERANCE, Design
from secondlevel.errors import ContrastError, ContrastWarning, warn

Floats = NDArray[np.float64]
Kind = Literal["t", "F"]
ContrastLike = str | ArrayLike | Sequence[str]


LARGEST = 1e100
"""No weight may be larger, or smaller than its inverse."""


@dataclass(frozen=True, eq=False)
class Contrast:
    """Weights over the columns of a design, a name, and the test to use.

    Parameters
    ----------
    weights : array of shape (k, p)
        One row per question; an F contrast asks all of them together.
    name : str
        For people: the expression, or the weights written as one.
    kind : {"t", "F"}
        A t contrast has one row.
    """

    weights: Floats
    name: str
    kind: Kind


def make_contrast(
    contrast: ContrastLike | None, design: Design, stat_type: str | None = None
) -> Contrast:
    """Read a contrast as the user wrote it and check that the design can answer it.

    Parameters
    ----------
    contrast : str, vector, matrix, list of str, or None
        A column's name or an expression over columns (``"patient - control"``), p weights, k rows
        of p weights, or several expressions tested together. None asks for the only column of a
        one-column design. A shorter vector is completed with zeros.
    design : Design
        The design of the fitted model.
    stat_type : {"t", "F"}, optional
        The test; by default t for one row, F for several.

    Returns
    -------
    Contrast

    Raises
    ------
    ContrastError
        When the contrast is absent, null, too long, names an unknown column, or cannot be
        estimated.

    Examples
    --------
    >>> design = Design([[1, 0], [1, 0], [0, 1], [0, 1]], ["control", "patient"])
    >>> make_contrast("patient - control", design).weights
    array([[-1.,  1.]])
    """
    if stat_type not in (None, "t", "F"):
        raise ContrastError(
            "'stat_type' must be one of 't', 'F' or None (chosen by the contrast). "
            f"Got {stat_type!r}."
        )
    weights, name = _read(contrast, design)
    if not np.isfinite(weights).all():
        raise ContrastError(f"Contrast `{name}` holds NaN or infinite weights.")
    if not weights.any():
        raise ContrastError(
            "Contrast is null. Second_level_contrast must be a valid contrast vector, a "
            "list/array of 0s and 1s, a string, or a string expression, with at least one weight "
            "that is not zero."
        )
    sizes = np.abs(weights[weights != 0])
    if sizes.min() < 1 / LARGEST or sizes.max() > LARGEST:
        raise ContrastError(
            f"Contrast `{name}` has weights whose squares are beyond the range of numbers. Use "
            "weights around 1."
        )
    _check_estimable(weights, name, design)
    kind: Kind = "F" if stat_type == "F" or len(weights) > 1 else "t"
    if stat_type == "t" and kind == "F":
        warn(f"Contrast `{name}` has {len(weights)} rows: tested with F, not t.", ContrastWarning)
    return Contrast(weights, name, kind)


def _read(contrast: ContrastLike | None, design: Design) -> tuple[Floats, str]:
    if contrast is None:
        if design.n_columns > 1:
            raise ContrastError(
                "No second-level contrast is specified, and the design has several columns: "
                f"{', '.join(design.names)}. Name one, or write an expression over them."
            )
        return np.ones((1, 1)), design.names[0]
    if isinstance(contrast, str):
        return expression_to_contrast_vector(contrast, design.names)[None, :], contrast
    if _are_expressions(contrast):
        rows = [expression_to_contrast_vector(row, design.names) for row in contrast]
        return np.array(rows), ", ".join(contrast)
    weights = _complete(_numbers(contrast), design)
    return weights, ", ".join(write_expression(row, design.names) for row in weights)


def _are_expressions(contrast: ContrastLike) -> TypeGuard[Sequence[str]]:
    return (
        isinstance(contrast, Sequence)
        and len(contrast) > 0
        and all(isinstance(row, str) for row in contrast)
    )


def _numbers(contrast: ContrastLike) -> Floats:
    try:
        # A check of the imaginary part: numpy would only warn that it is lost.
        given = np.asarray(contrast)
        weights = np.asarray(given, dtype=np.float64) if given.dtype.kind != "c" else None
    except (TypeError, ValueError, OverflowError):
        weights = None
    if weights is None:
        raise ContrastError(
            "A contrast is a column's name, an expression over column names, a vector or a matrix "
            f"of numbers. Got {reprlib.repr(contrast)}."
        )
    if weights.ndim not in (1, 2):
        raise ContrastError(
            "A contrast is a vector (one weight per design column) or a matrix of such rows; "
            f"this one has {weights.ndim} dimensions."
        )
    return weights


def _complete(weights: Floats, design: Design) -> Floats:
    """Bring weights to k rows of p; shorter ones are completed with zeros, longer ones refused."""
    p, length = design.n_columns, weights.shape[-1]
    if weights.ndim == 1:
        text = f"t contrasts should be of length P={p}, but it has length {length}."
    else:
        text = f"F contrasts should have {p} columns, but it has {length}."
    columns = f"The design's columns are {', '.join(design.names)}."
    if length > p:
        raise ContrastError(f"{text} {columns}")
    if 0 < length < p:
        message = f"{text} The rest of the contrast was padded with zeros. {columns}"
        warn(message, ContrastWarning)
    rows = np.atleast_2d(weights)
    return np.hstack([rows, np.zeros((len(rows), p - length))])


def _check_estimable(weights: Floats, name: str, design: Design) -> None:
    if (design.factors.invisible(weights) <= TOLERANCE).all():
        return
    relations = design.dependencies()
    broken = [relation for relation in relations if _breaks(weights, relation, design)]
    sentences = "; ".join(_describe(relation, design) for relation in broken or relations)
    raise ContrastError(
        f"`{name}` cannot be estimated: {sentences}. The design does not separate these columns. "
        "Drop one of them, or ask for a combination of them that the design determines."
    )


def _breaks(weights: Floats, relation: dict[str, float], design: Design) -> bool:
    """Whether the answer changes with a multiple of the relation, which no data can tell."""
    columns = [design.names.index(name) for name in relation]
    terms = weights[:, columns] * list(relation.values())
    # The weights of a relation are good to six digits.
    return bool((np.abs(terms.sum(axis=1)) > 1e-5 * np.abs(terms).sum(axis=1)).any())


def _describe(relation: dict[str, float], design: Design) -> str:
    """Put a linear relation among columns into words."""
    names = ", ".join(f"`{name}`" for name in relation)
    if len(relation) == 1:
        return f"column {names} is zero throughout"
    weights = np.array([relation.get(name, 0.0) for name in design.names])
    constant = [
        name
        for name in relation
        if np.ptp(design.matrix[:, design.names.index(name)]) == 0 and relation[name]
    ]
    zero = f"{write_expression(weights, design.names)} = 0"
    if len(constant) == 1:
        return f"columns {names} add up to a constant ({zero})"
    return f"columns {names} are linearly dependent ({zero})"
