"""What is asked of a model: contrasts by name, and the levels of what is claimed of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from secondlevel.claims.cluster_question import ClusterQuestion
from secondlevel.claims.height import find_control
from secondlevel.claims.unit import may_be_p, words_for_p
from secondlevel.design.contrast import Contrast, make_contrast
from secondlevel.design.expression import suggest
from secondlevel.design.matrix import Design
from secondlevel.design.pairing import align_contrast
from secondlevel.errors import ContrastError, InputError, InputTypeError
from secondlevel.inference.arguments import check_flag, check_number
from secondlevel.results.settings import ClaimSettings

Asked = tuple[tuple[str, Contrast], ...]
"""Contrasts with the names they go by."""


def read_contrasts(
    contrasts: Any, design: Design, contrast_types: Mapping[str, str] | None = None
) -> Asked:
    """Read contrasts as `generate_report` takes them.

    Parameters
    ----------
    contrasts : str, vector, matrix, list of these, or dict of name to any of these
        A list of numbers is one vector; a list of strings, vectors or matrices asks several
        contrasts. In a dict a list of expressions, or a matrix, is one F contrast.
    design : Design
    contrast_types : dict of name to {"t", "F"}, optional
        By default t for one row, F for several.

    Returns
    -------
    tuple of (str, Contrast)

    Raises
    ------
    ContrastError
        When one cannot be read or estimated, two have the same name, or a type is of none of them.
    InputTypeError
        When `contrasts` is nothing of this kind.

    Examples
    --------
    >>> design = Design([[1, 0], [1, 0], [0, 1], [0, 1]], ["control", "patient"])
    >>> [(name, one.kind) for name, one in read_contrasts(["patient", [-1, 1]], design)]
    [('patient', 't'), ('-control + patient', 't')]
    >>> read_contrasts({"any": ["control", "patient"]}, design)[0][1].kind
    'F'
    """
    types = _types(contrast_types)
    given = one_by_one(contrasts)
    read = []
    for name, one in given:
        aligned = align_contrast(one, design.names)
        contrast = make_contrast(aligned, design, None if name is None else types.get(name))
        called = contrast.name if name is None else name
        if name is None and called in types:
            contrast = make_contrast(aligned, design, types[called])
        # Adding 0 turns the -0 of `-age` into 0.
        read.append((called, Contrast(contrast.weights + 0.0, called, contrast.kind)))
    _check_names([name for name, _ in read], types)
    return tuple(read)


def one_by_one(contrasts: Any) -> list[tuple[str | None, Any]]:
    """Return contrasts as they were given, each with the name that it was given, if any.

    Raises
    ------
    ContrastError, InputTypeError
        When there is none, or this is nothing of the kind.
    """
    given: list[tuple[str | None, Any]]
    if isinstance(contrasts, Mapping):
        given = [(_name(name), one) for name, one in contrasts.items()]
    else:
        given = [(None, one) for one in _several(contrasts)]
    if not given:
        raise ContrastError("No contrast was asked for. Name a column, or write an expression.")
    return given


def check_settings(
    threshold: Any,
    alpha: Any,
    cluster_threshold: Any,
    height_control: Any,
    two_sided: Any,
    min_distance: Any,
) -> ClaimSettings:
    """Check at which levels claims are wanted.

    Parameters
    ----------
    threshold, alpha, cluster_threshold, height_control, two_sided, min_distance
        As in `SecondLevelModel.results`; the threshold counts with ``height_control=None`` only.

    Returns
    -------
    ClaimSettings

    Raises
    ------
    InputError, InputTypeError
        When one of them cannot be used; what can is listed.

    Examples
    --------
    >>> check_settings(3.09, 0.001, 0, "fpr", False, 8.0).threshold is None
    True
    """
    both = check_flag("two_sided", two_sided)
    control = find_control(height_control)
    height = None
    if control.uses == "threshold":
        check_number("alpha", alpha)  # of no effect, but kept
        height = check_number("threshold", threshold, "a finite height in z")
        if may_be_p(height):
            raise InputError(
                f"{words_for_p('threshold', height)}: pass one of these, or "
                f"height_control='fpr', alpha={abs(height):g}."
            )
    if control.uses != "random_field":
        control(alpha, height, both)
    else:
        # The null is that of each contrast, and not known yet; alpha is checked as elsewhere.
        find_control("fpr")(alpha, None, both)
    question = ClusterQuestion(
        1.0 if height is None else height, cluster_threshold, both, min_distance
    )
    return ClaimSettings(
        threshold=height,
        alpha=float(alpha),
        cluster_threshold=float(question.cluster_threshold),
        height_control=height_control,
        two_sided=both,
        min_distance=float(question.min_distance),
    )


def _several(contrasts: Any) -> list[Any]:
    """Contrasts without names, one by one."""
    if isinstance(contrasts, (np.ndarray, pd.Series, pd.Index)):
        # Of text they are lists of names; of numbers a vector, a matrix, labelled weights.
        if (
            contrasts.ndim == 1
            and len(contrasts) > 0
            and all(isinstance(x, str) for x in contrasts)
        ):
            return [str(one) for one in contrasts]
        return [contrasts]
    if isinstance(contrasts, (str, pd.DataFrame)):
        return [contrasts]
    if not isinstance(contrasts, Sequence) or isinstance(contrasts, bytes):
        raise InputTypeError(
            "contrasts is a name, an expression, a vector, a list of these, or a dict of name to "
            f"contrast. Got {type(contrasts).__name__}."
        )
    if len(contrasts) > 0 and all(
        np.isscalar(one) and not isinstance(one, str) for one in contrasts
    ):
        return [contrasts]
    return list(contrasts)


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise InputTypeError(f"A contrast's name is text. Got {name!r}.")
    return name


def _types(contrast_types: Any) -> dict[str, str]:
    if contrast_types is None:
        return {}
    if not isinstance(contrast_types, Mapping):
        raise InputTypeError(
            "contrast_types is a dict of contrast name to 't' or 'F'. Got "
            f"{type(contrast_types).__name__}."
        )
    return {_name(name): kind for name, kind in contrast_types.items()}


def _check_names(names: list[str], types: Mapping[str, str]) -> None:
    # As people see them: spaces at the ends, or several in a row, tell no names apart.
    seen = [" ".join(name.split()) for name in names]
    twice = next((name for name in seen if seen.count(name) > 1), None)
    if twice is not None:
        raise ContrastError(
            f"Two contrasts are called '{twice}'. Give them names of their own, in a dict of name "
            "to contrast."
        )
    for name in types:
        if name not in names:
            raise ContrastError(
                f"contrast_types names '{name}', which is not a contrast{suggest(name, names)}. "
                f"There are: {', '.join(names)}."
            )
