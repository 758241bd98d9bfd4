"""`save_glm_to_bids`: all that a model says, as files under nilearn's names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from secondlevel.errors import InputTypeError
from secondlevel.inquiry.asked import one_by_one
from secondlevel.plotting.contrast import plot_contrast_matrix
from secondlevel.plotting.correlation import plot_design_correlation
from secondlevel.plotting.design import plot_design_matrix
from secondlevel.report.generate import generate_report
from secondlevel.report.view import View
from secondlevel.results.group import GroupResults
from secondlevel.results.names import stems_of
from secondlevel.results.saving import Extras, save_results
from secondlevel.second_level.model import SecondLevelModel

CLAIMS = (
    "threshold",
    "alpha",
    "cluster_threshold",
    "height_control",
    "two_sided",
    "min_distance",
    "permutation",
)
"""Keywords of `generate_report` that are about what is claimed."""

SHOWN = ("title", "bg_img", "plot_type", "display_mode", "cut_coords", "report_dims")
"""Those that are about how it is shown."""


def save_glm_to_bids(
    model: SecondLevelModel,
    contrasts: Any,
    first_level_contrast: Any = None,
    contrast_types: Mapping[str, str] | None = None,
    out_dir: str | os.PathLike[str] = ".",
    prefix: str | None = None,
    *,
    overwrite: bool = False,
    **report_kwargs: Any,
) -> SecondLevelModel:
    """Save maps, tables, pictures and the report of contrasts, under the names that nilearn has.

    Parameters
    ----------
    model : SecondLevelModel
        Fitted.
    contrasts : str, vector, matrix, list of these, or dict of name to any of these
        As in `SecondLevelModel.results`.
    first_level_contrast : str or vector, optional
        Which maps, where there are several kinds.
    contrast_types : dict of name to {"t", "F"}, optional
        By default t for one row, F for several.
    out_dir : path, default="."
        Folder to write into; it is made where there is none.
    prefix : str, optional
        Stands before file names, so that several analyses can share a folder.
    overwrite : bool, default=False
        Whether another analysis that the folder holds may be replaced. The same one is replaced
        without asking.
    **report_kwargs
        Of `SecondLevelModel.generate_report`: `title`, `bg_img`, `threshold`, `alpha`,
        `cluster_threshold`, `height_control`, `two_sided`, `min_distance`, `plot_type`,
        `display_mode`, `cut_coords`, `report_dims`, `permutation`.

    Returns
    -------
    SecondLevelModel
        The model that was handed over, as nilearn's function does.

    Raises
    ------
    NotFittedError
        When the model is not fitted.
    ContrastError
        When a contrast cannot be read or estimated.
    InputError, InputTypeError
        When a parameter cannot be used, or the folder holds another analysis.
    SaveError
        When it cannot be written into; nothing is half written.

    See Also
    --------
    load_results : Brings back all of it.

    Notes
    -----
    In `out_dir`: `dataset_description.json`. In its folder `group`, X being the contrast:

    - `contrast-X_stat-effect_statmap.nii.gz`, and so on for `variance`, `t` or `F`, `z`, `p`;
      `hedgesg` or `partialr2`; `thresholdedz`, and `logpmax` of a permutation run;
    - `contrast-X_clusters.tsv`, of the z map with the threshold of the report, and `.json` with the
      levels; `contrast-X_effects.tsv`, values at the peaks; `contrast-X_null.tsv` of shuffles;
    - `design.tsv`, `design.png`, `corrdesign.png`, `contrast-X_design.png`, `mask.nii.gz`,
      `statmap.json`, `report.html`;
    - `stat-errorts_statmap.nii.gz` (residuals) and `stat-rsquared_statmap.nii.gz`, where the model
      has kept the maps (``minimize_memory=False``);
    - `maps.tsv`, `stat-coverage_statmap.nii.gz`, `stat-cook_statmap.nii.gz`: quality of the maps;
    - `provenance.json`: versions, parameters, seeds, SHA-256 of the inputs; `results.json`, which
      `load_results` reads.

    Maps on surfaces are GIFTI files, one for each hemisphere; with a prefix they have it too, which
    nilearn leaves out there.

    Examples
    --------
    >>> import nibabel as nib, pandas as pd, tempfile
    >>> rng = np.random.default_rng(0)
    >>> maps = [nib.Nifti1Image(rng.normal(1, 1, (4, 4, 4)), np.eye(4)) for _ in range(12)]
    >>> mask = nib.Nifti1Image(np.ones((4, 4, 4), dtype="u1"), np.eye(4))
    >>> model = SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"one": [1] * 12}))
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = save_glm_to_bids(model, "one", out_dir=folder, bg_img=None)
    >>> (folder / "group" / "contrast-one_stat-z_statmap.nii.gz").exists()
    True
    """
    _check(model, report_kwargs, prefix)
    shown = {name: report_kwargs[name] for name in SHOWN if name in report_kwargs}
    View(**shown)  # what cannot be drawn is refused before maps are read
    claims = {name: report_kwargs[name] for name in CLAIMS if name in report_kwargs}
    results = model.results(
        contrasts, first_level_contrast, contrast_types=contrast_types, **claims
    )
    report = generate_report(results, **shown)
    save_results(
        results,
        Path(out_dir),
        prefix=prefix or "",
        stems=stems_of(_names(contrasts, results)),
        extras=Extras(
            report.get_standalone(),
            _pictures(results.design_matrix),
            {
                one.name: plot_contrast_matrix(one.weights, results.design_matrix)
                for one in results.contrasts
            },
            _kept(model),
        ),
        overwrite=overwrite,
        n_jobs=model.n_jobs,
    )
    return model


def _check(model: Any, report_kwargs: Mapping[str, Any], prefix: Any) -> None:
    if not isinstance(model, SecondLevelModel):
        raise InputTypeError(
            f"model must be a fitted SecondLevelModel of secondlevel. Got {type(model).__name__}."
        )
    unknown = [name for name in report_kwargs if name not in (*CLAIMS, *SHOWN)]
    if unknown:
        raise InputTypeError(
            f"save_glm_to_bids takes no {unknown[0]!r}. Beside its own parameters it takes those "
            f"of generate_report: {', '.join((*SHOWN, *CLAIMS))}."
        )
    if prefix and (not isinstance(prefix, str) or Path(prefix).name != prefix):
        raise InputTypeError(f"prefix must be text that can stand in a file name. Got {prefix!r}.")


def _names(contrasts: Any, results: GroupResults) -> list[str]:
    """What file names are made of: names, or the numbers of a vector without one, as nilearn's."""
    return [
        result.name if name is not None or isinstance(one, str) else str(np.asarray(one))
        for (name, one), result in zip(one_by_one(contrasts), results.contrasts, strict=True)
    ]


def _pictures(design_matrix: pd.DataFrame) -> dict[str, Axes]:
    """Draw the design, and the correlation of its columns if there are several."""
    pictures = {"design.png": plot_design_matrix(design_matrix)}
    if design_matrix.shape[1] > 1:
        pictures["corrdesign.png"] = plot_design_correlation(design_matrix)
    return pictures


def _kept(model: SecondLevelModel) -> dict[str, Any]:
    """Residuals and R² of the maps asked for last, where the model has kept these."""
    if model.minimize_memory:
        return {}
    return {"errorts": model.residuals_, "rsquared": model.r_square_}
