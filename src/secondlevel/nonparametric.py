"""`non_parametric_inference`: nilearn's call for permutation tests of maps."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from secondlevel.claims.arguments import check_connectivity
from secondlevel.design.build import load_design_table, to_design
from secondlevel.design.contrast import ContrastLike, make_contrast
from secondlevel.design.matrix import Design
from secondlevel.design.pairing import align_contrast
from secondlevel.errors import ContrastError, IgnoredParameterWarning, InputError, warn
from secondlevel.inference.arguments import check_flag, check_number
from secondlevel.inference.normal import upper_p
from secondlevel.permutation.options import Keywords, Options
from secondlevel.permutation.shuffles.seed import as_seed
from secondlevel.permutation.summaries.clusters import ClusterSummary
from secondlevel.permutation.summaries.enhancement import TFCESummary
from secondlevel.second_level.model import SecondLevelModel

INTERCEPT = "intercept"


def non_parametric_inference(
    second_level_input: Any,
    confounds: pd.DataFrame | None = None,
    design_matrix: pd.DataFrame | str | Path | None = None,
    second_level_contrast: ContrastLike | None = None,
    first_level_contrast: Any = None,
    mask: Any = None,
    smoothing_fwhm: Any = None,
    model_intercept: bool = True,
    n_perm: int = 10_000,
    two_sided_test: bool = False,
    random_state: Any = None,
    n_jobs: int | None = 1,
    verbose: int = 0,
    threshold: float | None = None,
    tfce: bool = False,
    *,
    contrasts: Mapping[str, ContrastLike] | None = None,
    errors: str = "auto",
    exchangeability_blocks: Any = None,
    within_blocks: bool | None = None,
    whole_blocks: bool | None = None,
    variance_groups: Any = None,
    method: str = "freedman-lane",
    statistic: str = "auto",
    connectivity: int = 6,
    scale: str = "stat",
    mass: str = "excess",
    tail: str = "exact",
    uncorrected: bool = False,
    stop_when: str | None = None,
    alpha: float = 0.05,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Any:
    """Test contrasts of a group of maps by permuting them, or flipping their signs.

    The function of nilearn of the same name, for volumes and surfaces, t and F.

    Parameters
    ----------
    second_level_input : list, Series, DataFrame, Niimg-like or SurfaceImage
        One map per row of the design, as in `SecondLevelModel.fit`.
    confounds : DataFrame, optional
        A column `subject_label` and more; the design is made of them where none is given.
    design_matrix : DataFrame or path, optional
        One row per map.
    second_level_contrast : str, vector, matrix or list of str, optional
        As in `SecondLevelModel.compute_contrast`. Several rows are tested with F.
    first_level_contrast : str or vector, optional
        Which maps, where there are several kinds.
    mask : Niimg-like, masker, SurfaceImage or SurfaceMasker, optional
        Where to look; None: computed from the maps.
    smoothing_fwhm : float or sequence of three, optional
        Width in mm of the smoothing of every map; goes before that of a masker. Volumes only.
    model_intercept : bool, default=True
        Whether a column of ones is added to the design, where its columns do not add up to one.
    n_perm : int, default=10000
        Number of shuffles, the observed labelling included. Where there are no more distinct ones
        each is done once.
    two_sided_test : bool, default=False
        Whether either sign of t counts; else the positive one.
    random_state : int, Generator, RandomState or None, default=None
        Where random shuffles come from.
    n_jobs : int or None, default=1
        Threads, in joblib's meaning. Results do not depend on it.
    verbose : int, default=0
        1 shows progress.
    threshold : float, optional
        Cluster-forming threshold as a p, such as 0.001; clusters are wanted then.
    tfce : bool, default=False
        Whether threshold-free cluster enhancement is wanted: the exact integral, with E = 0.5 in
        volumes and 1 on surfaces, H = 2.
    contrasts : dict of str to contrast, optional
        Instead of `second_level_contrast`: several questions, corrected together.
    errors : {"auto", "permute", "flip", "both"}, default="auto"
        What is done to maps. "auto" flips signs if, and only if, no permutation changes what is
        tested, as with the mean of one group.
    exchangeability_blocks : "subject", or array-like of shape (n,) or (n, L), optional
        Which maps may take whose place: the block of each; or nested levels, whose signs say
        whether their parts are exchanged (PALM's). "subject": the maps of each subject are a block.
    within_blocks, whole_blocks : bool, optional
        Whether maps are exchanged within blocks, and blocks as wholes. By default within; as wholes
        where what is tested does not vary within them.
    variance_groups : array-like of shape (n,), optional
        Group of every map: the statistic is then Aspin and Welch's v (or G), for variances that
        differ between groups.
    method : str, default="freedman-lane"
        What is shuffled where there is nuisance: "freedman-lane", "ter-braak", "manly",
        "still-white", "dekker" or "draper-stoneman".
    statistic : {"auto", "t", "F", "partial_r", "v", "G"}, default="auto"
        What is computed of every shuffle.
    connectivity : {6, 18, 26}, default=6
        Neighbours of a voxel, for clusters and TFCE; a surface has its mesh.
    scale : {"stat", "z"}, default="stat"
        Whether clusters and TFCE work on the statistic or on its z.
    mass : {"excess", "sum"}, default="excess"
        Mass of a cluster: what it exceeds the threshold by, or all of it.
    tail : {"exact", "gpd"}, default="exact"
        Whether p-values are counted, or small ones taken from a generalised Pareto distribution
        fitted to the maxima.
    uncorrected : bool, default=False
        Whether p of every element by itself, and the false discovery rate, are wanted too.
    stop_when : {"decided"}, optional
        Stop when every family-wise p is known to lie on one side of `alpha`.
    alpha : float, default=0.05
        The level that stopping looks at.
    checkpoint : path, optional
        File that the run is saved to, and goes on from.

    Returns
    -------
    image, or dict of images
        -log10 of the family-wise p by the largest statistic. With `threshold`, `tfce` or
        `uncorrected` a dict: "t" and "logp_max_t"; "size", "logp_max_size", "mass",
        "logp_max_mass"; "tfce", "logp_max_tfce"; "logp_unc_t", "logp_fdr_t" and those of "tfce".
        An F contrast has "F" where t stands, v and G likewise. With `contrasts` a dict of these.

    Raises
    ------
    InputError, InputTypeError
        When something cannot be used; a z as threshold is refused.
    BlockError, ContrastError, DesignError, CheckpointError
        As `permutation_test`.

    See Also
    --------
    SecondLevelModel.permute : For a model that is fitted already; says more.
    permutation_test : For arrays.

    Examples
    --------
    >>> import nibabel as nib
    >>> rng = np.random.default_rng(0)
    >>> maps = [nib.Nifti1Image(rng.normal(1, 1, (4, 4, 4)), np.eye(4)) for _ in range(10)]
    >>> mask = nib.Nifti1Image(np.ones((4, 4, 4), dtype="u1"), np.eye(4))
    >>> design = pd.DataFrame({"mean": [1] * 10})
    >>> images = non_parametric_inference(maps, design_matrix=design, mask=mask, threshold=0.01)
    >>> sorted(images), images["logp_max_t"].get_fdata().max().round(2)
    (['logp_max_mass', 'logp_max_size', 'logp_max_t', 'mass', 'size', 't'], np.float64(2.71))
    """
    two_sided = check_flag("two_sided_test", two_sided_test)
    keywords: Keywords = {
        "n_perm": n_perm,
        "sides": "both" if two_sided else "positive",
        "random_state": None if random_state is None else as_seed(random_state),
        "summaries": _summaries(
            threshold, check_flag("tfce", tfce), mass=mass, two_sided=two_sided
        ),
        "errors": errors,
        "exchangeability_blocks": exchangeability_blocks,
        "within_blocks": within_blocks,
        "whole_blocks": whole_blocks,
        "variance_groups": variance_groups,
        "method": method,
        "statistic": statistic,
        "scale": scale,
        "tail": tail,
        "uncorrected": uncorrected,
        "stop_when": stop_when,
        "alpha": alpha,
        "checkpoint": checkpoint,
    }
    # What cannot be is told before any map is read.
    Options.of(keywords, "non_parametric_inference")
    neighbours = check_connectivity(connectivity)
    table, asked = _questions(
        design_matrix,
        _asked(second_level_contrast, contrasts),
        add_intercept=check_flag("model_intercept", model_intercept),
    )
    model = SecondLevelModel(
        _smoothing_as_asked(mask, smoothing_fwhm),
        smoothing_fwhm=smoothing_fwhm,
        n_jobs=n_jobs,
        verbose=verbose,
        minimize_memory=False,
    ).fit(second_level_input, confounds, table)
    found = model.permute(asked, first_level_contrast, connectivity=neighbours, **keywords)
    single = threshold is None and not tfce and not uncorrected
    handed = {
        one.name: found.image(contrast=number) if single else found.images(number)
        for number, one in enumerate(found.result.contrasts)
    }
    return handed if contrasts is not None else next(iter(handed.values()))


def _summaries(
    threshold: Any, tfce: bool, *, mass: Any, two_sided: bool
) -> tuple[ClusterSummary | TFCESummary, ...]:
    p = None if threshold is None else _as_p(threshold, two_sided=two_sided)
    clusters = ClusterSummary(p=0.001 if p is None else p, mass=mass)  # checks mass either way
    return (*(() if p is None else (clusters,)), *((TFCESummary(),) if tfce else ()))


def _as_p(threshold: Any, *, two_sided: bool) -> float:
    """Refuse what is no cluster-forming p, and say of a z that it is one."""
    wanted = "a p above 0 and below 0.5 that forms clusters, such as 0.001, or None"
    value = check_number("threshold", threshold, wanted, lambda value: value > 0.0)
    if value < 0.5:
        return value
    p = float(upper_p(value)) * (2.0 if two_sided else 1.0)
    if value < 1.0 or p == 0.0:
        raise InputError(f"threshold must be {wanted}. Got {threshold!r}.")
    raise InputError(
        f"threshold must be {wanted}. {threshold!r} looks like a z, whose "
        f"{'two' if two_sided else 'one'}-sided p is {p:.2g}: pass threshold={p:.2g}."
    )


def _asked(contrast: Any, contrasts: Any) -> Any:
    """One contrast, or a dict of several."""
    if contrasts is None:
        return contrast
    if contrast is not None:
        raise ContrastError(
            "Give second_level_contrast for one question or contrasts for several, not both."
        )
    if not isinstance(contrasts, Mapping) or not contrasts:
        raise ContrastError(
            "contrasts is a dict of names and contrasts, such as {'more': 'a - b', 'less': 'b - "
            f"a'}}. Got {contrasts!r}."
        )
    return contrasts


def _questions(
    design_matrix: Any, asked: Any, *, add_intercept: bool
) -> tuple[pd.DataFrame | None, Any]:
    """Read a design that was given, and contrasts over its columns; widen both by an intercept."""
    if design_matrix is None:
        return None, asked
    table = load_design_table(design_matrix)
    design = to_design(table)
    wider = add_intercept and design.constant is None
    if isinstance(asked, Mapping):
        read = {name: _read(one, design, wider=wider) for name, one in asked.items()}
    else:
        read = _read(asked, design, wider=wider)
    if not wider:
        return table, read
    name = INTERCEPT
    while name in design.names:
        name = f"model_{name}"
    return table.assign(**{name: 1.0}), read


def _read(contrast: Any, design: Design, *, wider: bool) -> Any:
    """Check a contrast; words stay words, weights get a 0 for the column that is added."""
    read = make_contrast(align_contrast(contrast, design.names), design)
    if isinstance(contrast, str):
        return contrast
    return np.hstack([read.weights, np.zeros((len(read.weights), 1))]) if wider else read.weights


def _smoothing_as_asked(mask: Any, fwhm: Any) -> Any:
    """Give a masker the width that the function was given, as nilearn's function does."""
    if fwhm is None or isinstance(mask, type) or not hasattr(mask, "get_params"):
        return mask
    settings = mask.get_params(deep=False)
    if "smoothing_fwhm" not in settings:
        return mask
    theirs = settings["smoothing_fwhm"]
    if theirs is not None and not np.array_equal(theirs, fwhm):
        warn(
            f"Parameter 'smoothing_fwhm' of the masker overridden: {fwhm} was asked for, not "
            f"{theirs}.",
            IgnoredParameterWarning,
        )
    # Not sklearn's clone, which would lose the mask of a fitted masker.
    return copy(mask).set_params(smoothing_fwhm=fwhm)
