"""Smoothness of images: from residuals, or from a FWHM that is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike

from secondlevel.errors import InputError, InputTypeError, MapError, MaskError
from secondlevel.inference.arguments import check_n_jobs, check_number
from secondlevel.inference.roughness import smoothness_of_fwhm
from secondlevel.inference.smoothness import Smoothness
from secondlevel.inputs.door import read_cohort
from secondlevel.inputs.sources import MapFile, MapImage, MapSource
from secondlevel.spaces.masking import make_masking
from secondlevel.spaces.surface import SurfaceSpace
from secondlevel.spaces.volume import VolumeSpace
from secondlevel.streaming.residuals import METHODS, measure_given


def estimate_smoothness(
    residuals: Any,
    mask_img: Any,
    dof: float | None = None,
    *,
    method: str = "differences",
    n_jobs: int | None = 1,
) -> Smoothness:
    """Estimate the smoothness of residuals that another program has left.

    Parameters
    ----------
    residuals : list of Niimg-like, 4D Niimg-like, list of SurfaceImage, or SurfaceImage
        One map each, or one image with a map per volume or sample: raw or standardised residuals
        on the grid or mesh of the mask. They are scaled to the same variance at every element, but
        not centred. Each map is read twice; memory does not grow with their number.
    mask_img : Niimg-like, SurfaceImage or masker
        Where to look.
    dof : float, optional
        Residual degrees of freedom, kept for the record: the estimate does not depend on them.
    method : {"differences", "autocorrelation"}, default="differences"
        "differences" of neighbours stand for the gradient, as in SPM: too wide by 7, 3 and 1 % at a
        FWHM of 2.4, 3.5 and 6 voxels. "autocorrelation" at a lag of one voxel, volumes only, has no
        such error where the autocorrelation is Gaussian; it is FSL's `smoothest` without its table
        of corrections for few maps: too narrow by 6, 2 and 1 % with 8, 20 and 60 degrees of
        freedom. It tells nothing of single elements.
    n_jobs : int or None, default=1
        Threads that read maps, in the meaning of joblib.

    Returns
    -------
    Smoothness
        Of the elements of the mask where all maps have a value and some is not 0.

    Raises
    ------
    InputError, InputTypeError
        When these are no such images, too few, or all 0; when a surface is to be measured by
        autocorrelation.
    MapError
        When a map cannot be read, or lies on another grid or mesh than the mask.
    MaskError
        When the mask cannot be used, or no element has all its neighbours in it.

    Warns
    -----
    MissingDataWarning
        When some map has no value (NaN, infinite) in the mask; those elements are left out.

    See Also
    --------
    secondlevel.SecondLevelModel.smoothness_ : That of a fitted model.
    smoothness_from_fwhm : Where the FWHM is known.

    Notes
    -----
    With the difference Δ of unit vectors of standardised residuals, "differences" have FWHM² =
    4 ln 2 / |Δ|² along an axis (Kiebel et al., 1999, NeuroImage 10, 756), "autocorrelation" has
    ρ = 1 - |Δ|² / 2 and FWHM² = -2 ln 2 / ln ρ (Forman et al., 1995, Magn. Reson. Med. 33, 636;
    Flitney and Jenkinson, 2000, FMRIB report TR00DF1).

    Examples
    --------
    >>> import nibabel as nib, numpy as np
    >>> from scipy.ndimage import gaussian_filter
    >>> rng = np.random.default_rng(0)
    >>> noise = [gaussian_filter(rng.normal(size=(30, 30, 30)), 2.0) for _ in range(9)]
    >>> maps = [nib.Nifti1Image(volume, np.diag([2, 2, 2, 1])) for volume in noise]
    >>> mask = nib.Nifti1Image(np.ones((30, 30, 30), dtype="u1"), np.diag([2, 2, 2, 1]))
    >>> estimate_smoothness(maps, mask).fwhm_mm.round(1)
    array([ 9.8,  9.9, 10.2])
    >>> estimate_smoothness(maps, mask, method="autocorrelation").fwhm_mm.round(1)
    array([8.9, 9. , 9.3])
    """
    if dof is not None:
        wanted = "a positive number, residual degrees of freedom"
        dof = check_number("dof", dof, wanted, lambda number: number > 0)
    if method not in METHODS:
        names = ", ".join(repr(name) for name in METHODS)
        raise InputError(f"method must be one of {names}. Got {method!r}.")
    check_n_jobs(n_jobs)
    if not (isinstance(residuals, (list, tuple)) or _is_image_or_path(residuals)):
        raise InputTypeError(
            "residuals must be a list of images or of their paths, a 4D image, or a surface image "
            f"with several samples. Got {type(residuals).__name__}."
        )
    cohort, _ = read_cohort(residuals, has_design=True, at_least=1)
    sources = cohort.maps(cohort.effect(None))
    if len(sources) < 2:
        raise InputError(
            "Smoothness needs the residuals of two maps at least; there is one. Where the FWHM is "
            "known, take smoothness_from_fwhm."
        )
    space = _space(mask_img, on_surface=cohort.is_surface)
    if isinstance(space, VolumeSpace):
        _require_grid(sources, space)
    return measure_given(sources, space, dof, n_jobs, METHODS[method])


def smoothness_from_fwhm(fwhm_mm: ArrayLike, mask_img: Any) -> Smoothness:
    """Return the smoothness of noise of a known FWHM in a mask.

    With a small mask, for a small-volume correction: p-values are then those of a search that looks
    nowhere else, which must have been decided before the map was seen.

    Parameters
    ----------
    fwhm_mm : float, or three for a volume
        Full width at half maximum in mm, along each axis of the mask's grid.
    mask_img : Niimg-like, SurfaceImage or masker

    Returns
    -------
    Smoothness

    Raises
    ------
    InputError, InputTypeError
        When a FWHM is not positive, or no number.
    MaskError
        When the mask cannot be used.

    See Also
    --------
    estimate_smoothness : From residuals that another program has left.
    secondlevel.SecondLevelModel.smoothness_ : That of a fitted model.

    Examples
    --------
    >>> import nibabel as nib, numpy as np
    >>> mask = nib.Nifti1Image(np.ones((9, 9, 9), dtype="u1"), np.diag([2, 2, 2, 1]))
    >>> smoothness_from_fwhm(8.0, mask).resels
    array([ 1.,  6., 12.,  8.])

    A small volume, for a model whose noise has the FWHM ``model.smoothness_.fwhm_mm``:

    >>> from secondlevel import RandomField
    >>> inside = np.zeros((9, 9, 9), dtype="u1")
    >>> inside[3:6, 2:6, 2:7] = 1
    >>> amygdala = smoothness_from_fwhm(8.0, nib.Nifti1Image(inside, np.diag([2, 2, 2, 1])))
    >>> round(RandomField(amygdala, "t", 23).threshold(0.05), 2)
    2.99
    """
    return smoothness_of_fwhm(
        _space(mask_img, on_surface=hasattr(mask_img, "mesh")).pieces, fwhm_mm
    )


def _require_grid(sources: Sequence[MapSource], space: VolumeSpace) -> None:
    """Raise MapError when residuals do not lie on the grid of the mask."""
    for source in sources:
        if not isinstance(source, (MapFile, MapImage)):
            continue
        if not space.has_grid(source.shape, source.affine):
            raise MapError(
                f"Residuals and mask lie on different grids: {source.name} has shape "
                f"{source.shape}, the mask {space.shape}; or their affines differ. Resample the "
                "mask: residuals would become smoother."
            )


def _is_image_or_path(given: Any) -> bool:
    return isinstance(given, str) or hasattr(given, "__fspath__") or hasattr(given, "shape")


def _space(mask_img: Any, *, on_surface: bool) -> VolumeSpace | SurfaceSpace:
    masking = make_masking(mask_img, None, None, None, on_surface=on_surface)
    if masking.mask is None:
        raise MaskError("Smoothness needs a mask: give an image of it, or a masker that has one.")
    return masking.space()
