"""What is fitted, by scikit-learn's conventions: parameters, maps in, the mask, what is kept."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from tqdm.auto import tqdm

from secondlevel.design.build import (
    LABELS,
    check_confounds,
    load_design_table,
    to_design,
)
from secondlevel.design.pairing import pair_design
from secondlevel.errors import InputTypeError, NoEffectError
from secondlevel.inference.arguments import check_flag, check_n_jobs
from secondlevel.inputs.cohort import Cohort
from secondlevel.inputs.door import read_cohort
from secondlevel.models.least_squares import LeastSquares
from secondlevel.spaces.masking import make_masking
from secondlevel.streaming.analysis import Analysis, Fit
from secondlevel.streaming.cache import make_memory
from secondlevel.streaming.missing import make_missing
from secondlevel.streaming.onepass import Progress
from secondlevel.streaming.study import Study

COSTLY = frozenset({"predicted_", "r_square_", "residuals_", "smoothness_"})
"""Attributes that are computed when they are asked for, from all maps."""


class GroupEstimator(TransformerMixin, BaseEstimator):
    """What is fitted, by scikit-learn's conventions; see `SecondLevelModel`, which asks it."""

    def __init__(
        self,
        mask_img: Any = None,
        target_affine: Any = None,
        target_shape: Any = None,
        smoothing_fwhm: Any = None,
        memory: Any = None,
        memory_level: int = 1,
        verbose: int = 0,
        n_jobs: int | None = 1,
        minimize_memory: bool = True,
        *,
        missing: str = "exclude",
        zero_is_missing: bool = False,
    ) -> None:
        self.mask_img = mask_img
        self.target_affine = target_affine
        self.target_shape = target_shape
        self.smoothing_fwhm = smoothing_fwhm
        self.memory = memory
        self.memory_level = memory_level
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.minimize_memory = minimize_memory
        self.missing = missing
        self.zero_is_missing = zero_is_missing

    def fit(
        self,
        second_level_input: Any,
        confounds: pd.DataFrame | None = None,
        design_matrix: pd.DataFrame | str | Path | None = None,
    ) -> Self:
        """Read every map once and fit the design at every element.

        Parameters
        ----------
        second_level_input : list, Series, DataFrame, Niimg-like or SurfaceImage
            One map per row of the design. A list or Series of 3D images or paths, one 4D image; a
            list of surface images with one sample, or one with many; a DataFrame with columns
            `subject_label`, `map_name` and `effects_map_path`; a list of fitted first-level models.
        confounds : DataFrame, optional
            A column `subject_label` and at least one more; from it the design is built for inputs
            that name their subjects. Ignored, with a warning, when a design matrix is given.
        design_matrix : DataFrame, or path of a csv or tsv file, optional
            One row per map, in the order of the maps. Without it the design is the confounds and
            an `intercept`, and a table is sorted by subject.

        Returns
        -------
        SecondLevelModel
            This object. After an error it is not fitted.

        Raises
        ------
        InputError, InputTypeError
            When the input cannot be used; the message names map, row or column.

        Examples
        --------
        >>> import nibabel as nib, numpy as np, pandas as pd
        >>> from secondlevel import SecondLevelModel
        >>> maps = [nib.Nifti1Image(np.full((2, 2, 2), x), np.eye(4)) for x in (1.0, 2.0, 6.0)]
        >>> mask = nib.Nifti1Image(np.ones((2, 2, 2), dtype="u1"), np.eye(4))
        >>> design = pd.DataFrame({"intercept": [1, 1, 1]})
        >>> SecondLevelModel(mask).fit(maps, design_matrix=design).n_elements_
        8
        """
        self._fit(second_level_input, confounds, design_matrix)
        return self

    def _fit(
        self,
        second_level_input: Any,
        confounds: Any,
        design_matrix: Any,
        *,
        for_transform: bool = False,
    ) -> Study:
        """Do the work of `fit`; nothing is written to this object before all of it is done."""
        self._forget()
        self._check_parameters()
        start = time.perf_counter()
        has_design = design_matrix is not None
        table = load_design_table(design_matrix) if has_design else None
        if confounds is not None:
            check_confounds(confounds)
        cohort, used = read_cohort(
            second_level_input, has_design=has_design, has_confounds=confounds is not None
        )
        if for_transform and not cohort.only_effect:
            raise NoEffectError(
                "fit_transform cannot tell which maps to return: the input holds several kinds. "
                "Call fit, then transform(..., first_level_contrast=...)."
            )
        design = pair_design(cohort.labels, confounds, table)
        keep_data = for_transform or not self.minimize_memory
        study = Study.begin(cohort, self._plan(cohort, design, keep_data=keep_data), self._bar)
        self.design_matrix_ = design
        self.confounds_ = confounds
        self.second_level_input_ = used
        self.memory_ = study.analysis.memory
        self.n_elements_ = study.analysed.n_elements
        self._given_design = has_design
        self._last_asked: Any = None
        self._study = study
        masking = study.analysis.masking.describe()
        self._log(2, f"Masking: {masking}; {self.n_elements_} elements analysed.")
        seconds = time.perf_counter() - start
        self._log(1, f"Computation of second level model done in {seconds:.2f} seconds.")
        return study

    def _plan(self, cohort: Cohort, design: pd.DataFrame, *, keep_data: bool) -> Analysis:
        """Turn the parameters into objects, each checked."""
        checked = to_design(design)
        checked.check_dof()
        return Analysis(
            design=checked,
            masking=make_masking(
                self.mask_img,
                self.target_affine,
                self.target_shape,
                self.smoothing_fwhm,
                on_surface=cohort.is_surface,
            ),
            missing=make_missing(self.missing, zero_is_missing=self.zero_is_missing),
            estimator=LeastSquares(),
            keep_data=keep_data,
            memory=make_memory(self.memory if self.memory_level > 0 else None),
            n_jobs=self.n_jobs,
        )

    def fit_transform(
        self,
        X: Any,
        y: None = None,  # noqa: ARG002 - scikit-learn's convention
        **fit_params: Any,
    ) -> NDArray[np.float64] | pd.DataFrame:
        """Fit, and return the masked maps; they are read once.

        Parameters
        ----------
        X : object
            The `second_level_input` of `fit`.
        y : None
            Not used; here by scikit-learn's convention.
        **fit_params
            `confounds`, `design_matrix`.

        Returns
        -------
        array of shape (n, V)
            Rows in the order of `design_matrix_`. Or a table, as `set_output` says; its rows are
            labelled by subject where the maps were.

        Examples
        --------
        >>> import nibabel as nib, numpy as np, pandas as pd
        >>> from secondlevel import SecondLevelModel
        >>> maps = [nib.Nifti1Image(np.full((2, 2, 2), x), np.eye(4)) for x in (1.0, 2.0, 6.0)]
        >>> mask = nib.Nifti1Image(np.ones((2, 2, 2), dtype="u1"), np.eye(4))
        >>> design = pd.DataFrame({"intercept": [1, 1, 1]})
        >>> SecondLevelModel(mask).fit_transform(maps, design_matrix=design)[:, :2]
        array([[1., 1.],
               [2., 2.],
               [6., 6.]])
        """
        confounds = fit_params.pop("confounds", None)
        design_matrix = fit_params.pop("design_matrix", None)
        if fit_params:
            raise InputTypeError(
                f"fit takes confounds and design_matrix; got {', '.join(fit_params)} too."
            )
        study = self._fit(X, confounds, design_matrix, for_transform=True)
        data = study.fit(None, self._bar).kept_data
        if self.minimize_memory:
            study.forget_data()
        return self._in_container(data, X, study.cohort)

    def transform(
        self, X: Any, first_level_contrast: Any = None
    ) -> NDArray[np.float64] | pd.DataFrame:
        """Mask maps as those of the fit were.

        Parameters
        ----------
        X : object
            Whatever `fit` takes as `second_level_input`; one map is enough.
        first_level_contrast : str or vector, optional
            Which maps, where there are several kinds.

        Returns
        -------
        array of shape (maps, V)
            Rows in the order in which `fit` takes maps. Or a table, as `set_output` says. NaN where
            a map has no value, 0 with ``missing="zero"``.

        Examples
        --------
        >>> import nibabel as nib, numpy as np, pandas as pd
        >>> from secondlevel import SecondLevelModel
        >>> maps = [nib.Nifti1Image(np.full((2, 2, 2), x), np.eye(4)) for x in (1.0, 2.0, 6.0)]
        >>> mask = nib.Nifti1Image(np.ones((2, 2, 2), dtype="u1"), np.eye(4))
        >>> design = pd.DataFrame({"intercept": [1, 1, 1]})
        >>> model = SecondLevelModel(mask).fit(maps, design_matrix=design)
        >>> model.transform(maps[0]).shape
        (1, 8)
        """
        study = self._fitted()
        cohort, _ = read_cohort(X, has_design=self._given_design, at_least=1)
        if cohort.is_surface != study.cohort.is_surface:
            ours, theirs = ("surface" if c.is_surface else "volume" for c in (study.cohort, cohort))
            raise InputTypeError(
                f"The model was fitted to {ours} images; it cannot mask {theirs} images."
            )
        sources = cohort.maps(cohort.effect(first_level_contrast))
        data = study.analysis.read(sources, study.analysed, self._bar(len(sources)))
        return self._in_container(data, X, cohort)

    def _in_container(
        self, data: NDArray[np.float64], X: Any, cohort: Cohort
    ) -> NDArray[np.float64] | pd.DataFrame:
        """Label rows by subject where maps came as a table and a table of pandas is wanted.

        By itself scikit-learn labels them as those of X, of which some may have been chosen, and
        sorted.
        """
        config = getattr(self, "_sklearn_output_config", {})
        wanted = config.get("transform", get_config()["transform_output"])
        if wanted == "pandas" and isinstance(X, pd.DataFrame):
            return pd.DataFrame(data, index=pd.Index(cohort.labels, name=LABELS))
        return data

    def get_feature_names_out(
        self,
        input_features: Any = None,  # noqa: ARG002 - scikit-learn's convention
    ) -> NDArray[np.object_]:
        """Names of the elements: `voxel_i_j_k` by voxel indices, `vertex_part_i` on surfaces.

        Parameters
        ----------
        input_features : None
            Not used; here by scikit-learn's convention.

        Returns
        -------
        array of V str

        Examples
        --------
        >>> import nibabel as nib, numpy as np, pandas as pd
        >>> from secondlevel import SecondLevelModel
        >>> maps = [nib.Nifti1Image(np.full((2, 2, 2), x), np.eye(4)) for x in (1.0, 2.0, 6.0)]
        >>> mask = nib.Nifti1Image(np.ones((2, 2, 2), dtype="u1"), np.eye(4))
        >>> design = pd.DataFrame({"intercept": [1, 1, 1]})
        >>> model = SecondLevelModel(mask).fit(maps, design_matrix=design)
        >>> model.get_feature_names_out()[:2].tolist()
        ['voxel_0_0_0', 'voxel_0_0_1']
        """
        return np.array(self._fitted().analysed.element_names, dtype=object)

    @property
    def mask_img_(self) -> Any:
        """The elements analysed, as an image."""
        return self._fitted().analysed.mask_img

    @property
    def masker_(self) -> Any:
        """A fitted nilearn masker with the mask and the settings of this model."""
        study = self._fitted()
        if "_masker" not in vars(self):
            self._masker = study.analysis.masking.masker(
                self.mask_img_,
                memory=self.memory_,
                memory_level=max(0, self.memory_level - 1),
                verbose=max(0, self.verbose - 1),
            )
        return self._masker

    @property
    def coverage_(self) -> Any:
        """Number of maps with a value at each element of the mask, as an image."""
        fit = self._fit_of(None)
        return fit.mask_space.to_image(fit.coverage.astype(np.int32))

    def __dir__(self) -> list[str]:
        """Names of all attributes; scikit-learn would compute every one to see whether it can."""
        names = list(object.__dir__(self))
        return [name for name in names if name not in COSTLY] if "_shown" in vars(self) else names

    def _get_fitted_attr_html(self, doc_link: str = "") -> Any:
        """What a notebook shows of a fitted model: a look must not read maps or fill memory."""
        self._shown = True
        try:
            return super()._get_fitted_attr_html(doc_link)
        finally:
            del self._shown

    def _check_parameters(self) -> None:
        """Check what no other part of the package checks when it uses it."""
        for name in ("minimize_memory", "zero_is_missing"):
            check_flag(name, getattr(self, name))
        for name in ("memory_level", "verbose"):
            if not isinstance(getattr(self, name), (int, np.integer)):
                raise InputTypeError(f"{name} must be a whole number. Got {getattr(self, name)!r}.")
        check_n_jobs(self.n_jobs)

    def _fitted(self) -> Study:
        check_is_fitted(self)
        return self._study

    def _fit_of(self, first_level_contrast: Any) -> Fit:
        """The fit of the maps named, or else of those that were asked for last."""
        return self._fitted().fit(self._asked(first_level_contrast), self._bar)

    def _asked(self, first_level_contrast: Any) -> Any:
        """The maps named, or else those that were asked for last."""
        if first_level_contrast is not None or self._fitted().cohort.only_effect:
            return first_level_contrast
        if self._last_asked is None:
            raise NoEffectError(
                "The model has no results. No contrast has been computed yet: name the maps "
                "with first_level_contrast, or compute a contrast of them first."
            )
        return self._last_asked

    def _forget(self) -> None:
        """Become unfitted."""
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)
        for name in ("_study", "_given_design", "_last_asked", "_masker"):
            self.__dict__.pop(name, None)

    def __sklearn_is_fitted__(self) -> bool:
        return "_study" in vars(self)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        tags.no_validation = True
        return tags

    def _bar(self, n_maps: int) -> Progress | None:
        """What to call as maps are done: a progress bar, if one is wanted."""
        if self.verbose < 1:
            return None
        bar = tqdm(total=n_maps, desc="Reading maps", unit="map")

        def done(n: int) -> None:
            bar.update(n)
            if bar.n >= n_maps:
                bar.close()

        return done

    def _log(self, level: int, message: str) -> None:
        if self.verbose >= level:
            tqdm.write(message)
