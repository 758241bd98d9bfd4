"""One label per map, of whatever kind, checked and numbered."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import BlockError, InputTypeError

Ints = NDArray[np.int64]


def read_labels(given: Any, n_rows: int, what: str) -> NDArray[Any]:
    """Return labels as an array of objects, shape (n,) or (n, L).

    Parameters
    ----------
    given : array-like
        One label per map, or a table with one row per map. A single column is taken for labels.
    n_rows : int
        Number of maps, n.
    what : str
        What they are, for messages.

    Raises
    ------
    BlockError
        When some are missing, or there is not one per map.
    InputTypeError
        When this is a text.
    """
    wanted = f"{what} are one label per map"
    if isinstance(given, (str, bytes)):
        raise InputTypeError(f"{wanted}. Got {given!r}.")
    try:
        array = np.array(given, dtype=object)
    except ValueError:  # rows of different lengths
        raise BlockError(f"{wanted}, or a table with one row per map. Got {given!r}.") from None
    if array.ndim not in {1, 2} or 0 in array.shape:
        raise BlockError(f"{wanted}. Got an array of shape {array.shape}.")
    if len(array) != n_rows:
        raise BlockError(f"{wanted}: there are {n_rows} maps, but {len(array)} labels.")
    missing = [i for i, row in enumerate(array.reshape(n_rows, -1)) if any(map(_is_missing, row))]
    if missing:
        raise BlockError(
            f"{wanted}, but map {missing[0]} has none ({len(missing)} in all). Fill them in, or "
            "leave the maps out."
        )
    return array[:, 0] if array.shape[1:] == (1,) else array


def _is_missing(label: Any) -> bool:
    """Whether a label is None, or NaN of whatever kind: none of them equals itself."""
    try:
        same: bool = label is not None and bool(label == label)  # noqa: PLR0124 - NaN does not
    except TypeError:  # pandas.NA is neither
        return True
    return not same


def number_labels(given: Any, n_rows: int, what: str) -> tuple[Ints, list[str]]:
    """Number labels in order of appearance.

    Parameters
    ----------
    given : sequence of n labels
    n_rows : int
        Number of maps, n.
    what : str
        What they are, for messages.

    Returns
    -------
    numbers : int array of shape (n,)
        From 0.
    names : list of str
        Of every number, as people write it.

    Raises
    ------
    BlockError
        When some are missing, or there is not one per map.
    InputTypeError
        When these are no labels.

    Examples
    --------
    >>> numbers, names = number_labels([3, "b", 3], 3, "Blocks")
    >>> numbers.tolist(), names
    ([0, 1, 0], ['3', "'b'"])
    """
    array = read_labels(given, n_rows, what)
    if array.ndim != 1:
        raise BlockError(f"{what} are one label per map. Got an array of shape {array.shape}.")
    known: dict[Any, int] = {}
    try:
        numbers = [known.setdefault(label, len(known)) for label in array]
    except TypeError:
        raise InputTypeError(f"{what} are labels: numbers or text. Got {given!r}.") from None
    return np.array(numbers, dtype=np.int64), [repr(_plain(label)) for label in known]


def _plain(label: Any) -> Any:
    """A label as Python's own, which prints as the user would write it."""
    return label.item() if isinstance(label, np.generic) else label
