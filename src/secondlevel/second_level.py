"""SecondLevelModel: the scikit-learn face. It connects the rooms; it computes nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

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
from secondlevel.design.contrast import Contrast, ContrastLike, make_contrast
from secondlevel.design.matrix import Design
from secondlevel.design.pairing import align_contrast, pair_design
from secondlevel.errors import InputTypeError, NoEffectError
from secondlevel.inference.arguments import check_flag, check_n_jobs
from secondlevel.inference.effect_size import check_confidence
from secondlevel.inference.random_field import RandomField
from secondlevel.inference.smoothness import Smoothness
from secondlevel.inputs.cohort import Cohort
from secondlevel.inputs.door import read_cohort
from secondlevel.models.base import ContrastEstimate
from secondlevel.models.least_squares import LeastSquares
from secondlevel.results.maps import ContrastMaps, check_output
from secondlevel.results.permutation import PermutationMaps
from secondlevel.spaces.masking import make_masking
from secondlevel.streaming.analysis import Analysis, Fit
from secondlevel.streaming.cache import make_memory
from secondlevel.streaming.missing import make_missing
from secondlevel.streaming.onepass import Progress
from secondlevel.streaming.study import Study

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from secondlevel.permutation.options import Keywords

COSTLY = frozenset({"predicted_", "r_square_", "residuals_", "smoothness_"})
"""Attributes that are computed when they are asked for, from all maps."""


class SecondLevelModel(TransformerMixin, BaseEstimator):
    """Group model: one map per subject in, maps of what holds for the population out.

    Ordinary least squares at every voxel or vertex, with the arguments and the outputs of nilearn's
    class of the same name. `fit` reads every map once; a contrast then costs no reading.

    Parameters
    ----------
    mask_img : Niimg-like, NiftiMasker, MultiNiftiMasker, SurfaceImage or SurfaceMasker, optional
        Where to look. None: computed from the maps as nilearn does. Of a masker, mask and settings
        are used.
    target_affine : array of shape (3, 3) or (4, 4), optional
        Grid to resample maps and mask to, as in `nilearn.image.resample_img`. Volumes only.
    target_shape : tuple of three int, optional
        Extent of that grid; needs a 4x4 `target_affine`.
    smoothing_fwhm : float or sequence of three, optional
        Full width at half maximum in mm, as in `nilearn.image.smooth_img`. Volumes only.
    memory : str, Path or joblib.Memory, optional
        Where masked maps are cached, so that a second fit with the same mask does not read them
        again. Without `mask_img` the mask depends on all maps, and nothing is cached.
    memory_level : int, default=1
        0 caches nothing.
    verbose : int, default=0
        1 shows progress, and the time at the end; 2 details of the masking too.
    n_jobs : int or None, default=1
        Threads that read maps, in the meaning of joblib. Results do not depend on it.
    minimize_memory : bool, default=True
        False keeps the masked maps, which residuals and predictions need.
    missing : {"exclude", "zero"}, default="exclude"
        What NaN and infinite values mean. "exclude": an element where any map has none is left out
        of the analysis. "zero": they are 0, as in nilearn.
    zero_is_missing : bool, default=False
        Whether exactly 0 counts as missing too (maps filled with 0 outside their field of view).

    Attributes
    ----------
    design_matrix_ : DataFrame of shape (n, p)
        The design, one row per map.
    confounds_ : DataFrame or None
        As given.
    second_level_input_ : object
        As given; a table is in the order used.
    masker_ : NiftiMasker or SurfaceMasker
        Fitted; masks other images as these maps were.
    mask_img_ : Nifti1Image or SurfaceImage
        The elements analysed.
    n_elements_ : int
        Their number, V.
    coverage_ : Nifti1Image or SurfaceImage
        Number of maps with a value at each element of the mask.
    smoothness_ : Smoothness
        FWHM and resels of the residuals; measured when it is first asked for, by reading the maps
        once more, and kept.
    memory_ : joblib.Memory
        The cache.

    See Also
    --------
    make_second_level_design_matrix : the design that `fit` builds from confounds.

    Notes
    -----
    Residual degrees of freedom are maps minus the rank of the design. With several map names in a
    table, or with first-level models, each first-level contrast is read and fitted when it is first
    asked for, and kept; `mask_img_` is then the common mask.

    Examples
    --------
    >>> import nibabel as nib, numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> maps = [nib.Nifti1Image(rng.normal(1, 1, (4, 4, 4)), np.eye(4)) for _ in range(12)]
    >>> mask = nib.Nifti1Image(np.ones((4, 4, 4), dtype="u1"), np.eye(4))
    >>> design = pd.DataFrame({"intercept": [1] * 12})
    >>> model = SecondLevelModel(mask_img=mask).fit(maps, design_matrix=design)
    >>> model.compute_contrast("intercept", output_type="stat").shape
    (4, 4, 4)
    """

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

    def compute_contrast(
        self,
        second_level_contrast: ContrastLike | None = None,
        first_level_contrast: Any = None,
        second_level_stat_type: str | None = None,
        output_type: str = "z_score",
        *,
        confidence: float = 0.95,
    ) -> Any:
        """Answer a contrast over the columns of the design; no map is read.

        Parameters
        ----------
        second_level_contrast : str, vector, matrix or list of str, optional
            A column, an expression over columns (``"patient - control"``, ``"2*age + sex"``), one
            weight per column, or for F several rows or expressions. None only where the design has
            a single column.
        first_level_contrast : str or vector, optional
            Which maps: the `map_name` in a table with several, the contrast of first-level models.
        second_level_stat_type : {"t", "F"}, optional
            By default t for one row, F for several.
        output_type : str, default="z_score"
            "z_score", "stat", "p_value" (one-sided, upper tail), "effect_size", "effect_variance",
            "log10_p" (log10 of p, finite where p is too small for a number), or "all": a dict of
            the first five. Effect sizes without unit, 0 where the maps do not vary: "cohens_d" (the
            effect over the residual standard deviation), "hedges_g" (the same without its bias),
            "partial_r" (correlation given all other columns), "partial_r2" (share of variance
            explained given these; the one that F contrasts have). Each has bounds,
            "cohens_d_lower" and "cohens_d_upper" and so on.
        confidence : float, default=0.95
            Of the interval between the bounds of an effect size, at each element by itself.

        Returns
        -------
        Nifti1Image, SurfaceImage, or dict of these
            An F contrast of k rows has k effects and variances: a 4D image.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ContrastError
            When the contrast cannot be read or estimated, or is an F contrast and the effect size
            needs t.
        InputError, InputTypeError
            When `output_type` or `confidence` is none of the above.

        Examples
        --------
        >>> import nibabel as nib, numpy as np, pandas as pd
        >>> maps = [nib.Nifti1Image(np.full((2, 2, 2), x), np.eye(4)) for x in (1.0, 2.0, 6.0)]
        >>> mask = nib.Nifti1Image(np.ones((2, 2, 2), dtype="u1"), np.eye(4))
        >>> design = pd.DataFrame({"intercept": [1, 1, 1]})
        >>> model = SecondLevelModel(mask).fit(maps, design_matrix=design)
        >>> model.compute_contrast("2*intercept", output_type="effect_size").get_fdata()[0, 0]
        array([6., 6.])
        >>> d_lower = model.compute_contrast(output_type="cohens_d_lower", confidence=0.9)
        >>> d_lower.get_fdata()[0, 0].round(4)
        array([-0.2326, -0.2326])
        """
        self._fitted()
        confidence = check_confidence(confidence)
        contrast = self._contrast(second_level_contrast, second_level_stat_type)
        check_output(output_type, contrast.kind)
        fit, answer = self._answer(contrast, first_level_contrast)
        maps = ContrastMaps(contrast, answer, fit.space, fit.mask_space, fit.kept, confidence)
        return maps.images() if output_type == "all" else maps.image(output_type)

    def random_field(
        self,
        second_level_contrast: ContrastLike | None = None,
        first_level_contrast: Any = None,
        second_level_stat_type: str | None = None,
    ) -> RandomField:
        """Return the random field of a contrast's statistic: p-values of its peaks and clusters.

        For the maps that ``compute_contrast(..., output_type="stat")`` gives. At the first call for
        some maps they are read once more, to measure the smoothness of their residuals.

        Parameters
        ----------
        second_level_contrast : str, vector, matrix or list of str, optional
            As in `compute_contrast`.
        first_level_contrast : str or vector, optional
            Which maps, where there are several kinds.
        second_level_stat_type : {"t", "F"}, optional
            By default t for one row, F for several.

        Returns
        -------
        RandomField

        Raises
        ------
        NotFittedError
            Before `fit`.
        ContrastError
            When the contrast cannot be read or estimated.
        InputError, MaskError
            When the residuals do not tell how smooth they are.

        Warns
        -----
        RandomFieldWarning
            When the FWHM is below 2.5 elements.

        Examples
        --------
        >>> import nibabel as nib, numpy as np, pandas as pd
        >>> from scipy.ndimage import gaussian_filter
        >>> rng = np.random.default_rng(0)
        >>> noise = [gaussian_filter(rng.normal(size=(20, 20, 20)), 2.0) for _ in range(12)]
        >>> maps = [nib.Nifti1Image(volume, np.eye(4)) for volume in noise]
        >>> mask = nib.Nifti1Image(np.ones((20, 20, 20), dtype="u1"), np.eye(4))
        >>> model = SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"one": [1] * 12}))
        >>> field = model.random_field("one")
        >>> field.smoothness.fwhm_mm.round(1), round(field.threshold(0.05), 2)
        (array([5. , 5. , 5.1]), 7.31)
        """
        contrast = self._contrast(second_level_contrast, second_level_stat_type)
        _, estimate = self._answer(contrast, first_level_contrast)
        smoothness = self._fitted().smoothness(first_level_contrast, self._bar)
        if contrast.kind == "t":
            return RandomField(smoothness, "t", estimate.dof)
        return RandomField(smoothness, "F", (estimate.dof_contrast, estimate.dof))

    def permute(
        self,
        second_level_contrast: ContrastLike | Mapping[str, ContrastLike] | None = None,
        first_level_contrast: Any = None,
        second_level_stat_type: str | None = None,
        *,
        connectivity: int = 26,
        **keywords: Unpack[Keywords],
    ) -> PermutationMaps:
        """Test contrasts by permuting maps, or flipping their signs.

        The maps are read once more, unless the model has kept them (``minimize_memory=False``).

        Parameters
        ----------
        second_level_contrast : str, vector, matrix, list of str, or dict of these, optional
            As in `compute_contrast`; a dict of name to contrast asks several questions, corrected
            together.
        first_level_contrast : str or vector, optional
            Which maps, where there are several kinds.
        second_level_stat_type : {"t", "F"}, optional
            By default t for one row, F for several; `stat_type` of `permutation_test`.
        connectivity : {6, 18, 26}, default=26
            Neighbours of a voxel, for clusters and TFCE; a surface has its mesh.
        **keywords
            Those of `permutation_test`: `summaries`, `sides`, `n_perm`, `random_state`, …; by
            default `n_jobs` is that of the model. `exchangeability_blocks` may be "subject": one
            block for the maps of each.

        Returns
        -------
        PermutationMaps
            Its `image`, `images` and `null` are for maps and tables; `result` has the arrays.

        Raises
        ------
        NotFittedError
            Before `fit`.
        InputError, InputTypeError, BlockError, ContrastError, CheckpointError
            As `permutation_test`.

        See Also
        --------
        permutation_test : The same for arrays; explains the keywords.
        non_parametric_inference : nilearn's call.

        Examples
        --------
        >>> import nibabel as nib, numpy as np, pandas as pd
        >>> from secondlevel import ClusterSummary
        >>> rng = np.random.default_rng(0)
        >>> maps = [nib.Nifti1Image(rng.normal(1, 1, (4, 4, 4)), np.eye(4)) for _ in range(10)]
        >>> mask = nib.Nifti1Image(np.ones((4, 4, 4), dtype="u1"), np.eye(4))
        >>> model = SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"mean": [1] * 10}))
        >>> found = model.permute("mean", summaries=[ClusterSummary(p=0.01)])
        >>> found.result[0].p.min(), found.image("size").get_fdata().max()
        (np.float64(0.001953125), np.float64(42.0))
        """
        # Brings numba, which is paid for by who shuffles.
        from secondlevel.claims.permutation import permute_fit  # noqa: PLC0415
        from secondlevel.permutation.options import Options  # noqa: PLC0415

        study = self._fitted()
        if second_level_stat_type is not None and "stat_type" in keywords:
            raise InputTypeError("Give second_level_stat_type or stat_type: they are the same.")
        ours = {"n_jobs": self.n_jobs, "stat_type": second_level_stat_type}
        options = Options.of({**ours, **keywords}, "permute")
        fit = study.fit(first_level_contrast, self._bar)
        self._last_asked = first_level_contrast
        result = permute_fit(
            fit,
            lambda: study.data(first_level_contrast, self._bar),
            study.analysis.design,
            study.cohort.labels,
            second_level_contrast,
            options,
            connectivity=connectivity,
            verbose=self.verbose,
        )
        on_surface = study.cohort.is_surface
        return PermutationMaps(result, fit.space, None if on_surface else int(connectivity))

    def smoothness_map(self, first_level_contrast: Any = None) -> Any:
        """How wide the noise is at every element: FWHM in mm, as an image.

        It varies by chance too, the more the fewer maps there are. The mean over all elements is
        ``smoothness_.fwhm_mm``, and resels are ``smoothness_.resels_per_element``.

        Parameters
        ----------
        first_level_contrast : str or vector, optional
            Which maps, where there are several kinds.

        Returns
        -------
        Nifti1Image or SurfaceImage
            Geometric mean of the axes; 0 where the maps do not tell: on a grid where the cube that
            begins with a voxel is not all in the mask, on a mesh outside its triangles, and where
            residuals have no variance or do not differ from those beside.

        Raises
        ------
        NotFittedError
            Before `fit`.
        InputError, MaskError
            When the residuals do not tell how smooth they are.

        Examples
        --------
        >>> import nibabel as nib, numpy as np, pandas as pd
        >>> from scipy.ndimage import gaussian_filter
        >>> rng = np.random.default_rng(0)
        >>> noise = [gaussian_filter(rng.normal(size=(20, 20, 20)), 2.0) for _ in range(12)]
        >>> maps = [nib.Nifti1Image(volume, np.eye(4)) for volume in noise]
        >>> mask = nib.Nifti1Image(np.ones((20, 20, 20), dtype="u1"), np.eye(4))
        >>> model = SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"one": [1] * 12}))
        >>> model.smoothness_map().get_fdata()[8, 8, 8:11].round(1)
        array([4.7, 5.9, 6.9])
        """
        fit = self._fit_of(first_level_contrast)
        measured = self._fitted().smoothness(self._asked(first_level_contrast), self._bar)
        widths = measured.fwhm_mm_per_element
        assert widths is not None  # residuals tell it of every element
        return fit.space.to_image(np.nan_to_num(widths))

    def predicted(self, first_level_contrast: Any = None) -> list[Any]:
        """Fitted values, one image per map.

        Parameters
        ----------
        first_level_contrast : str or vector, optional
            Which maps, where there are several kinds.

        Returns
        -------
        list of n images

        Raises
        ------
        AttributeError
            With ``minimize_memory=True``.

        Examples
        --------
        >>> import nibabel as nib, numpy as np, pandas as pd
        >>> maps = [nib.Nifti1Image(np.full((2, 2, 2), x), np.eye(4)) for x in (1.0, 2.0, 6.0)]
        >>> mask = nib.Nifti1Image(np.ones((2, 2, 2), dtype="u1"), np.eye(4))
        >>> design = pd.DataFrame({"intercept": [1, 1, 1]})
        >>> model = SecondLevelModel(mask, minimize_memory=False).fit(maps, design_matrix=design)
        >>> [round(image.get_fdata()[0, 0, 0].item(), 6) for image in model.predicted()]
        [3.0, 3.0, 3.0]
        """
        fit, design = self._fit_with_data(first_level_contrast)
        return [fit.space.to_image(row) for row in fit.predicted(design)]

    def residuals(self, first_level_contrast: Any = None) -> list[Any]:
        """Maps minus fitted values, one image per map.

        Parameters
        ----------
        first_level_contrast : str or vector, optional
            Which maps, where there are several kinds.

        Returns
        -------
        list of n images

        Raises
        ------
        AttributeError
            With ``minimize_memory=True``.

        Examples
        --------
        >>> import nibabel as nib, numpy as np, pandas as pd
        >>> maps = [nib.Nifti1Image(np.full((2, 2, 2), x), np.eye(4)) for x in (1.0, 2.0, 6.0)]
        >>> mask = nib.Nifti1Image(np.ones((2, 2, 2), dtype="u1"), np.eye(4))
        >>> design = pd.DataFrame({"intercept": [1, 1, 1]})
        >>> model = SecondLevelModel(mask, minimize_memory=False).fit(maps, design_matrix=design)
        >>> [round(image.get_fdata()[0, 0, 0].item(), 6) for image in model.residuals()]
        [-2.0, -1.0, 3.0]
        """
        fit, design = self._fit_with_data(first_level_contrast)
        return [fit.space.to_image(row) for row in fit.residuals(design)]

    def r_square(self, first_level_contrast: Any = None) -> list[Any]:
        """Share of variance explained, as a list of one image.

        R² = 1 - Σ(y - ŷ)² / Σ(y - m)², with m the mean when a combination of the design's columns
        is constant, and 0 otherwise.

        Parameters
        ----------
        first_level_contrast : str or vector, optional
            Which maps, where there are several kinds.

        Returns
        -------
        list of one image

        Raises
        ------
        AttributeError
            With ``minimize_memory=True``.

        Examples
        --------
        >>> import nibabel as nib, numpy as np, pandas as pd
        >>> maps = [nib.Nifti1Image(np.full((2, 2, 2), x), np.eye(4)) for x in (1.0, 2.0, 6.0)]
        >>> mask = nib.Nifti1Image(np.ones((2, 2, 2), dtype="u1"), np.eye(4))
        >>> design = pd.DataFrame({"intercept": [1, 1, 1]})
        >>> model = SecondLevelModel(mask, minimize_memory=False).fit(maps, design_matrix=design)
        >>> [round(image.get_fdata()[0, 0, 0].item(), 6) for image in model.r_square()]
        [0.0]
        """
        fit, design = self._fit_with_data(first_level_contrast)
        return [fit.space.to_image(fit.estimate.r_square(design.constant))]

    @property
    def predicted_(self) -> Any:
        """Fitted values as one image, maps along the last axis."""
        fit, design = self._fit_with_data(None)
        return fit.space.to_image(fit.predicted(design))

    @property
    def residuals_(self) -> Any:
        """Maps minus fitted values as one image, maps along the last axis."""
        fit, design = self._fit_with_data(None)
        return fit.space.to_image(fit.residuals(design))

    @property
    def r_square_(self) -> Any:
        """Share of variance explained as an image with one volume; see `r_square`."""
        fit, design = self._fit_with_data(None)
        return fit.space.to_image(fit.estimate.r_square(design.constant)[None, :])

    @property
    def smoothness_(self) -> Smoothness:
        """FWHM and resels of the residuals, of the maps that were asked for last."""
        return self._fitted().smoothness(self._asked(None), self._bar)

    def _contrast(self, second_level_contrast: ContrastLike | None, stat_type: Any) -> Contrast:
        """The contrast asked for, over the columns of the design."""
        design = self._fitted().analysis.design
        return make_contrast(align_contrast(second_level_contrast, design.names), design, stat_type)

    def _answer(
        self, contrast: Contrast, first_level_contrast: Any
    ) -> tuple[Fit, ContrastEstimate]:
        """The fit of the maps named, and the contrast's answer there; remembers which they were."""
        fit = self._fitted().fit(first_level_contrast, self._bar)
        self._last_asked = first_level_contrast
        return fit, fit.estimate.contrast(contrast)

    def _fit_with_data(self, first_level_contrast: Any) -> tuple[Fit, Design]:
        study = self._fitted()
        if self.minimize_memory:
            raise AttributeError(
                "To access voxelwise attributes (residuals, predictions, R-squared) the masked "
                "maps must be kept: create the model with `minimize_memory=False` and fit again."
            )
        return self._fit_of(first_level_contrast), study.analysis.design

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
