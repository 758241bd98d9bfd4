"""What the user hands to a permutation test: maps, contrasts, a graph; checked at the door."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.contrast import Contrast, ContrastLike, make_contrast
from secondlevel.design.matrix import Design
from secondlevel.errors import ContrastError, InputError, InputTypeError
from secondlevel.graph.adjacency import Graph
from secondlevel.permutation.options import Options

Floats = NDArray[np.float64]


def make_contrasts(
    contrast: ContrastLike | Mapping[str, ContrastLike] | None,
    design: Design,
    stat_type: str | None,
) -> list[Contrast]:
    """Read one contrast, or a dict of several by name.

    Raises
    ------
    ContrastError
        When one cannot be read or estimated.
    """
    if not isinstance(contrast, Mapping):
        return [make_contrast(contrast, design, stat_type)]
    if not contrast:
        raise ContrastError("The dict of contrasts is empty: name at least one.")
    read = {str(name): make_contrast(one, design, stat_type) for name, one in contrast.items()}
    return [Contrast(one.weights, name, one.kind) for name, one in read.items()]


def check_graph(graph: Graph | None, n_elements: int, options: Options) -> None:
    """Refuse clusters without neighbours, and a graph of other elements.

    Raises
    ------
    InputError, InputTypeError
    """
    if graph is not None and not isinstance(graph, Graph):
        raise InputTypeError(
            "graph is a Graph, such as Lattice(mask, affine).graph(26) or Mesh(points, faces, "
            f"mask).graph(). Got {type(graph).__name__}."
        )
    if graph is None and options.summaries:
        raise InputError(
            "Clusters and TFCE need to know which elements are neighbours: give graph=…."
        )
    if graph is not None and graph.n_elements != n_elements:
        raise InputError(f"The graph has {graph.n_elements} elements, the maps have {n_elements}.")


def as_table(given: Any, wanted: str) -> NDArray[Any]:
    """Return real numbers as an array, not copied where they are one.

    Raises
    ------
    InputTypeError
        When they are none, or rows have different lengths.
    """
    message = f"{wanted}. Got {reprlib.repr(given)}."
    try:
        array = np.asarray(given)
        array = array.astype(np.float64) if array.dtype == object else array
    except (TypeError, ValueError):
        raise InputTypeError(message) from None
    if array.dtype.kind not in "biuf":
        raise InputTypeError(message)
    return array


def check_data(data: Any, n_rows: int) -> Floats:
    """Refuse what is no stack of finite maps; return it as an array, not copied where it is one.

    Raises
    ------
    InputTypeError
        When it is no table of numbers.
    InputError
        When it has another shape, or a value is missing.
    """
    if np.ma.is_masked(data):
        raise InputError("Data are masked at some elements. Leave these elements out of all maps.")
    maps: Floats = as_table(data, "Data are numbers, maps as rows, elements as columns")
    if maps.dtype not in (np.float32, np.float64):
        maps = maps.astype(np.float64)
    if maps.ndim != 2 or maps.shape[1] == 0:
        raise InputError(
            f"Data are maps as rows, elements as columns; their shape is {maps.shape}."
        )
    if len(maps) != n_rows:
        raise InputError(f"There are {len(maps)} maps, and the design has {n_rows} rows.")
    for number, row in enumerate(maps):
        if not np.isfinite(row).all():
            raise InputError(
                f"Map {number} has NaN or infinite values at {np.count_nonzero(~np.isfinite(row))} "
                "elements. Leave these elements out of all maps."
            )
    return maps


def check_contrast(contrast: Contrast, options: Options) -> None:
    """Refuse a statistic or a side that does not go with a contrast.

    Raises
    ------
    ContrastError
    """
    if contrast.kind == "F" and options.sides != "positive":
        raise ContrastError(
            f"Contrast `{contrast.name}` is tested with F, which is large whatever the sign of the "
            "effect and has no sides. Leave out sides=…, or two_sided_test=True."
        )
    fitting = {"auto", "partial_r", contrast.kind, "v" if contrast.kind == "t" else "G"}
    if options.statistic not in fitting:
        rows = "one row" if contrast.kind == "t" else f"{len(contrast.weights)} rows"
        raise ContrastError(
            f"statistic='{options.statistic}' does not go with contrast `{contrast.name}` of "
            f"{rows}, tested with {contrast.kind}. Use one of "
            f"{', '.join(map(repr, sorted(fitting)))}."
        )
