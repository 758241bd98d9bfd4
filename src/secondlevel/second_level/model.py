"""SecondLevelModel: what can be asked of a group of maps, once it is fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from secondlevel.design.contrast import Contrast, ContrastLike, make_contrast
from secondlevel.design.matrix import Design
from secondlevel.design.pairing import align_contrast
from secondlevel.errors import InputTypeError
from secondlevel.inference.effect_size import check_confidence
from secondlevel.inference.random_field import RandomField
from secondlevel.inference.smoothness import Smoothness
from secondlevel.models.base import ContrastEstimate
from secondlevel.results.maps import ContrastMaps, check_output
from secondlevel.results.permutation import PermutationMaps
from secondlevel.second_level.estimator import GroupEstimator
from secondlevel.streaming.analysis import Fit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Unpack

    from secondlevel.permutation.options import Keywords
    from secondlevel.report.page import Report
    from secondlevel.results.group import GroupResults


class SecondLevelModel(GroupEstimator):
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

    def results(
        self,
        contrasts: Any,
        first_level_contrast: Any = None,
        *,
        contrast_types: Mapping[str, str] | None = None,
        threshold: float | None = 3.09,
        alpha: float = 0.001,
        cluster_threshold: float = 0,
        height_control: str | None = "fpr",
        two_sided: bool = False,
        min_distance: float = 8.0,
        permutation: PermutationMaps | None = None,
    ) -> GroupResults:
        """Answer contrasts in full: maps, clusters with their p, effects, quality of the maps.

        All that `generate_report` shows, as tables, numbers and images. The maps are read once more
        for their quality, and once for the smoothness of their residuals where that is not known,
        unless the model has kept them (``minimize_memory=False``).

        Parameters
        ----------
        contrasts : str, vector, matrix, list of these, or dict of name to any of these
            As in `compute_contrast`. A list asks several contrasts; in a dict a list of expressions
            is one F contrast.
        first_level_contrast : str or vector, optional
            Which maps, where there are several kinds.
        contrast_types : dict of name to {"t", "F"}, optional
            By default t for one row, F for several.
        threshold : float, default=3.09
            Height in z, with ``height_control=None`` only.
        alpha, cluster_threshold, height_control
            As in `threshold_stats_img`; ``"rft"`` uses the random field of the contrast.
        two_sided : bool, default=False
            Whether clusters of both signs are looked for; each side then has half of `alpha`. F
            contrasts have one side.
        min_distance : float, default=8.0
            Of peaks in the same cluster, in mm.
        permutation : PermutationMaps, optional
            What `permute` returned; for contrasts of the same name p-values are taken from it. One
            of other contrasts, maps or elements is refused.

        Returns
        -------
        GroupResults

        Raises
        ------
        NotFittedError
            Before `fit`.
        ContrastError
            When a contrast cannot be read or estimated.
        InputError, InputTypeError
            When one of the other parameters cannot be used.

        See Also
        --------
        generate_report : The same as a page.
        save_glm_to_bids : The same as files.

        Examples
        --------
        >>> import nibabel as nib, numpy as np, pandas as pd
        >>> rng = np.random.default_rng(0)
        >>> maps = [nib.Nifti1Image(rng.normal(1, 1, (4, 4, 4)), np.eye(4)) for _ in range(12)]
        >>> mask = nib.Nifti1Image(np.ones((4, 4, 4), dtype="u1"), np.eye(4))
        >>> model = SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"one": [1] * 12}))
        >>> found = model.results("one")
        >>> found["one"].clusters[["Cluster ID", "Peak Stat", "Hedges g"]].head(1).round(2)
           Cluster ID  Peak Stat  Hedges g
        0           1       4.29      1.93
        """
        # Brings numba, which is paid for by who looks for clusters.
        from secondlevel.inquiry.asked import check_settings, read_contrasts  # noqa: PLC0415
        from secondlevel.inquiry.inquire import Inquiry, inquire  # noqa: PLC0415

        study = self._fitted()
        self._last_asked = first_level_contrast
        return inquire(
            Inquiry(
                study,
                first_level_contrast,
                read_contrasts(contrasts, study.analysis.design, contrast_types),
                check_settings(
                    threshold, alpha, cluster_threshold, height_control, two_sided, min_distance
                ),
                self.design_matrix_,
                self.mask_img,
                self.get_params(),
                permutation,
                self._bar,
            )
        )

    def generate_report(
        self,
        contrasts: Any,
        title: str | None = None,
        bg_img: Any = "MNI152TEMPLATE",
        threshold: float | None = 3.09,
        alpha: float = 0.001,
        cluster_threshold: float = 0,
        height_control: str | None = "fpr",
        min_distance: float = 8.0,
        plot_type: str = "slice",
        display_mode: str | None = None,
        report_dims: Sequence[int] = (1600, 800),
        *,
        first_level_contrast: Any = None,
        two_sided: bool = False,
        cut_coords: Any = None,
        permutation: PermutationMaps | None = None,
    ) -> Report:
        """Make a page of what was asked and found: one file that can be read, sent and printed.

        It shows pictures of the design; of each contrast the maps, to move through in the browser,
        clusters with their p and true discoveries, effects with intervals, values of the maps; how
        good the maps are and which are odd; the methods in words; where the results come from.

        Parameters
        ----------
        contrasts : str, vector, matrix, list of these, or dict of name to any of these
            As in `results`.
        title : str, optional
            Heading of the page; by default made of the contrasts.
        bg_img : Niimg-like, SurfaceImage or None, default="MNI152TEMPLATE"
            What is behind the maps; None turns it off.
        threshold : float, default=3.09
            Height in z, with ``height_control=None`` only.
        alpha, cluster_threshold, height_control, min_distance
            As in `results`.
        plot_type : {"slice", "glass"}, default="slice"
            How static maps are drawn.
        display_mode : str, optional
            Slices: "ortho", "tiled", "mosaic", "x", "y", "z", "yx", "xz", "yz", by default "z".
            Glass brain: "ortho", "x", "y", "z", "xz", "yx", "yz", "l", "r", "lr", "lzr", "lyr",
            "lzry", "lyrz", by default "ortho".
        report_dims : (int, int), default=(1600, 800)
            Width and height in a notebook, in pixels.
        first_level_contrast : str or vector, optional
            Which maps, where there are several kinds.
        two_sided : bool, default=False
            Whether clusters of both signs are looked for; each side then has half of `alpha`.
        cut_coords : int, float, sequence or dict, optional
            Where slices are cut, in mm, or how many.
        permutation : PermutationMaps, optional
            What `permute` returned; for contrasts of the same name p-values are taken from it. One
            of other contrasts, maps or elements is refused.

        Returns
        -------
        Report
            Has `save_as_html`, `open_in_browser`, `get_standalone`; shows itself in a notebook.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ContrastError
            When a contrast cannot be read or estimated.
        InputError, InputTypeError
            When one of the other parameters cannot be used; what can is listed.

        See Also
        --------
        results : The same as tables, numbers and images.
        save_glm_to_bids : The same as files.

        Examples
        --------
        >>> import nibabel as nib, numpy as np, pandas as pd
        >>> rng = np.random.default_rng(0)
        >>> maps = [nib.Nifti1Image(rng.normal(1, 1, (4, 4, 4)), np.eye(4)) for _ in range(12)]
        >>> mask = nib.Nifti1Image(np.ones((4, 4, 4), dtype="u1"), np.eye(4))
        >>> model = SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"one": [1] * 12}))
        >>> report = model.generate_report("one", title="Twelve maps", bg_img=None)
        >>> "<h1>Twelve maps</h1>" in report.get_standalone()
        True
        """
        # Bring matplotlib and what pages are made with.
        from secondlevel.report.generate import generate_report  # noqa: PLC0415
        from secondlevel.report.view import View  # noqa: PLC0415

        shown = (title, bg_img, plot_type, display_mode, cut_coords, report_dims)
        # What cannot be drawn is refused before maps are read.
        View(*shown, on_surface=self._fitted().cohort.is_surface)
        found = self.results(
            contrasts,
            first_level_contrast,
            threshold=threshold,
            alpha=alpha,
            cluster_threshold=cluster_threshold,
            height_control=height_control,
            two_sided=two_sided,
            min_distance=min_distance,
            permutation=permutation,
        )
        return generate_report(found, *shown, say=lambda line: self._log(1, line))

    def effect_values(
        self,
        second_level_contrast: ContrastLike | None = None,
        where: Any = None,
        first_level_contrast: Any = None,
        *,
        confidence: float = 0.95,
    ) -> pd.DataFrame:
        """Tabulate the values of the maps at a place by what a contrast is about, with the fit.

        The maps are read once more, unless the model has kept them. `plot_effects` draws the table.

        Parameters
        ----------
        second_level_contrast : str, vector, matrix or list of str, optional
            As in `compute_contrast`.
        where : three numbers, Niimg-like, SurfaceImage or array
            A point in mm, for which the nearest element is taken; or a region, whose mean is taken:
            an image that is 1 in it, or an array with a number for every element.
        first_level_contrast : str or vector, optional
            Which maps, where there are several kinds.
        confidence : float, default=0.95
            Of each interval.

        Returns
        -------
        DataFrame
            One row per map (``Part`` "map"), its value with the columns that the contrast is not
            about taken out; then the fitted means of groups, or points of the fitted line (``Part``
            "fit"), with ``Lower`` and ``Upper``. ``attrs["x_name"]`` is the covariate.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ContrastError
            When the contrast cannot be read or estimated.
        InputError, InputTypeError
            When the place is outside the elements analysed, or is none.

        Examples
        --------
        >>> import nibabel as nib, numpy as np, pandas as pd
        >>> maps = [nib.Nifti1Image(np.full((2, 2, 2), x), np.eye(4)) for x in (1.0, 3.0, 6.0, 8.0)]
        >>> mask = nib.Nifti1Image(np.ones((2, 2, 2), dtype="u1"), np.eye(4))
        >>> design = pd.DataFrame({"control": [1, 1, 0, 0], "patient": [0, 0, 1, 1]})
        >>> model = SecondLevelModel(mask).fit(maps, design_matrix=design)
        >>> table = model.effect_values("patient - control", where=(1, 1, 0))
        >>> table.loc[table["Part"] == "fit", ["Group", "Value", "Lower", "Upper"]].round(2)
             Group  Value  Lower  Upper
        4  control    2.0   -2.3    6.3
        5  patient    7.0    2.7   11.3
        """
        # Brings what reads regions.
        from secondlevel.inquiry.place import effects_at  # noqa: PLC0415

        contrast = self._contrast(second_level_contrast, None)
        self._last_asked = first_level_contrast
        return effects_at(
            self._fitted(),
            first_level_contrast,
            contrast,
            where,
            self.design_matrix_,
            check_confidence(confidence),
            self._bar,
        )

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
