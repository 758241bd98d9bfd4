"""`permutation_test`: the engine as a function of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from numpy.typing import ArrayLike

from secondlevel.design.contrast import ContrastLike
from secondlevel.design.matrix import Design
from secondlevel.errors import InputError, InputTypeError
from secondlevel.graph.adjacency import Graph
from secondlevel.permutation.engine import Progress
from secondlevel.permutation.given import as_table, check_data, check_graph, make_contrasts
from secondlevel.permutation.options import Keywords, Options
from secondlevel.permutation.permute import permute
from secondlevel.permutation.result import PermutationResult


def permutation_test(
    data: Any,
    design: ArrayLike | Design | None = None,
    contrast: ContrastLike | Mapping[str, ContrastLike] | None = None,
    *,
    graph: Graph | None = None,
    progress: Progress | None = None,
    **keywords: Unpack[Keywords],
) -> PermutationResult:
    """Test contrasts of a linear model by permuting maps, or flipping their signs.

    Parameters
    ----------
    data : array-like of shape (n, V), or a fitted SecondLevelModel
        One map per row, one element per column; finite. Single or double precision, in memory or
        mapped to a file; it is not copied. A model brings its design and its neighbours along.
    design : array-like of shape (n, p), DataFrame or Design
        One row per map. Columns without names are `x0`, `x1`, ….
    contrast : str, vector, matrix, list of str, or dict of name to one of these, optional
        As `SecondLevelModel.compute_contrast` takes it; a dict asks several questions, corrected
        together: by the largest of all, on `scale`. None only where the design has one column.
    graph : Graph, optional
        Neighbours of the V elements, for clusters and TFCE, which takes E = 0.5 unless it is told.
    progress : callable, optional
        Called with the number of shuffles done so far, and that of all.
    stat_type : {"t", "F"}, optional
        By default t for one row, F for several.
    statistic : {"auto", "t", "F", "partial_r", "v", "G"}, default="auto"
        "auto": t or F; with `variance_groups` Aspin and Welch's v, or G. "partial_r": the partial
        correlation, or for F the partial R².
    method : str, default="freedman-lane"
        What is shuffled where there is nuisance: "freedman-lane", "ter-braak", "manly",
        "still-white", "dekker", "draper-stoneman".
    errors : {"auto", "permute", "flip", "both"}, default="auto"
        What is known of the errors: exchangeable ones are permuted, symmetric ones flip their sign.
        "auto": flip if, and only if, no permutation changes what is tested, as with the mean of one
        group.
    exchangeability_blocks : array-like of shape (n,) or (n, L), optional
        Block of every map; or L levels of nested blocks, whose sign says whether their parts take
        each other's place (PALM's).
    within_blocks, whole_blocks : bool, optional
        Whether maps are exchanged within blocks, and blocks as wholes. By default within; as wholes
        where what is tested does not vary within them.
    variance_groups : array-like of shape (n,), optional
        Group of every map; within a group variances are equal.
    n_perm : int, default=10000
        Number of shuffles, the observed labelling included. Where there are no more distinct ones
        each is done once.
    random_state : int, Generator, RandomState or None, default=None
        Where random shuffles come from; the seed that was used is in the result.
    sides : {"positive", "negative", "both", "each"}, default="positive"
        Which side of t counts; "both" is the two-sided test, "each" two one-sided ones.
    scale : {"z", "stat"}, default="z"
        Whether clusters and TFCE work on z or on the statistic.
    summaries : sequence of ClusterSummary, TFCESummary
        What is wanted besides the largest statistic.
    uncorrected : bool, default=False
        Whether p of every element by itself, and the false discovery rate, are wanted too.
    tail : {"exact", "gpd"}, default="exact"
        Whether p-values are counted, or small ones taken from a generalised Pareto distribution
        fitted to the maxima.
    stop_when : {"decided"}, optional
        Stop when the interval of every family-wise p is on one side of `alpha`. Where all distinct
        shuffles are done none is left out.
    alpha : float, default=0.05
        The level that stopping looks at.
    n_jobs : int or None, default=1
        Threads, in joblib's meaning, or what `joblib.parallel_config` says. Data are shared.
    batch_size : int, optional
        Shuffles done at a time, rounded up to a multiple of 32, or of 8 with TFCE.
    checkpoint : path, optional
        File that the run is saved to, and goes on from. The result is that of an uninterrupted run.

    Returns
    -------
    PermutationResult
        The same for any `n_jobs` and `batch_size`.

    Raises
    ------
    InputError, InputTypeError
        When something cannot be used.
    BlockError
        When blocks and contrast leave nothing to shuffle.
    ContrastError, DesignError
        When the contrast cannot be estimated, or leaves no residual degree of freedom.
    CheckpointError
        When the checkpoint is of another analysis.

    Warns
    -----
    PermutationWarning
        When shuffles can tell less than what is asked of them.

    See Also
    --------
    SecondLevelModel.permute : The same for the maps of a fitted model.
    non_parametric_inference : nilearn's call.

    Notes
    -----
    p = #{T* >= T} / N, the observed labelling included, so no p is 0 (Winkler et al., 2014,
    NeuroImage 92, 381). Statistics that differ by less than 1e-9 of themselves tie.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> maps = rng.normal(size=(10, 50))
    >>> maps[5:, :3] += 2.0
    >>> design = np.repeat([[1, 0], [0, 1]], 5, axis=0)
    >>> result = permutation_test(maps, design, "x1 - x0")
    >>> len(result.shuffles), result[0].p[:4].round(3)
    (252, array([0.111, 0.016, 0.075, 1.   ]))
    """
    if progress is not None and not callable(progress):
        raise InputTypeError(
            "progress is a function that is told the number of shuffles done, and that of all. Got "
            f"{progress!r}."
        )
    if hasattr(data, "compute_contrast"):
        return _of_model(data, design, contrast, graph, progress, keywords)
    asked = _as_design(design)
    options = Options.of(keywords, "permutation_test").resolved(on_surface=False)
    maps = check_data(data, asked.n_rows)
    check_graph(graph, maps.shape[1], options)
    contrasts = make_contrasts(contrast, asked, options.stat_type)
    return permute(maps, asked, contrasts, options, graph=graph, progress=progress)


def _of_model(
    model: Any, design: Any, contrast: Any, graph: Any, progress: Any, keywords: Any
) -> PermutationResult:
    """What a fitted model says, which knows the rest itself."""
    given = {"design": design, "graph": graph, "progress": progress}
    superfluous = [name for name, value in given.items() if value is not None]
    if superfluous:
        raise InputError(
            f"A fitted model has its own {' and '.join(superfluous)}: leave that out, and write "
            "permutation_test(model, contrast=…)."
        )
    result: PermutationResult = model.permute(contrast, **keywords).result
    return result


def _as_design(design: Any) -> Design:
    if isinstance(design, Design):
        return design
    if design is None:
        raise InputError("A design is needed: one row for each map, one column for each effect.")
    names = getattr(design, "columns", None)
    matrix = as_table(design, "A design is a table of numbers, one row per map")
    if matrix.ndim == 1:
        matrix = matrix[:, None]
    if names is None:
        names = [f"x{number}" for number in range(matrix.shape[-1] if matrix.ndim else 0)]
    return Design(matrix, [str(name) for name in names])
