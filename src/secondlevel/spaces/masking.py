"""What the user asked of the mask: an image, a masker, or nothing; target grid, smoothing."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.spatialimages import SpatialImage
from numpy.typing import NDArray

from secondlevel.errors import IgnoredParameterWarning, InputError, InputTypeError, MaskError, warn
from secondlevel.spaces.surface import SurfaceSpace, from_mask_surface
from secondlevel.spaces.volume import VolumeSpace, from_mask_image, whole_grid

Floats = NDArray[np.float64]

SETTINGS = ("target_affine", "target_shape", "smoothing_fwhm")
ALONG_TIME = ("standardize", "detrend", "low_pass", "high_pass")


@dataclass(frozen=True, eq=False)
class Masking:
    """How images become vectors.

    Parameters
    ----------
    mask : SpatialImage, SurfaceImage or None
        None: computed from the maps.
    target_affine : array of shape (4, 4) or (3, 3), optional
        Grid to resample to.
    target_shape : tuple of three int, optional
        Its extent; needs a 4 x 4 affine.
    smoothing_fwhm : float or sequence of three, optional
        In mm.
    automatic : dict
        Parameters of nilearn's masker that say how a mask is computed.
    """

    mask: Any = None
    target_affine: Any = None
    target_shape: Any = None
    smoothing_fwhm: Any = None
    automatic: dict[str, Any] = field(default_factory=dict)

    @property
    def is_surface(self) -> bool:
        """Whether the mask lies on a mesh."""
        return hasattr(self.mask, "mesh")

    def masker(self, mask_img: Any, *, is_surface: bool, **system: Any) -> Any:
        """Return a fitted nilearn masker that masks as this analysis does.

        Parameters
        ----------
        mask_img : SpatialImage or SurfaceImage
            The mask of the analysis.
        is_surface : bool
            Whether it lies on a mesh.
        **system
            memory, memory_level, verbose.
        """
        # Heavy: only who asks for a masker pays for nilearn's.
        from nilearn.maskers import NiftiMasker, SurfaceMasker  # noqa: PLC0415

        if is_surface:
            return SurfaceMasker(mask_img, standardize=None, reports=False, **system).fit()
        masker = NiftiMasker(
            mask_img,
            target_affine=self.target_affine,
            target_shape=self.target_shape,
            smoothing_fwhm=self.smoothing_fwhm,
            standardize=None,
            reports=False,
            **system,
        )
        return masker.fit()

    def space(self) -> VolumeSpace | SurfaceSpace:
        """The space of the given mask, on the target grid if there is one."""
        if self.is_surface:
            return from_mask_surface(self.mask)
        return from_mask_image(self._on_target(self.mask, "nearest"))

    def grid(self, shape: tuple[int, ...], affine: Floats) -> VolumeSpace:
        """Every voxel of the grid that maps of this shape and affine are brought to."""
        if self.target_affine is None:
            return whole_grid(shape, affine)
        empty = nib.Nifti1Image(np.zeros(shape, dtype=np.int8), affine)
        target = self._on_target(empty, "nearest")
        return whole_grid(target.shape, target.affine)

    def compute(self, image: SpatialImage) -> VolumeSpace:
        """Compute a mask from an image as nilearn's masker does.

        Raises
        ------
        MaskError
            When nothing stands out from the background.
        """
        # Heavy: only an automatic mask pays for it.
        from nilearn.maskers import NiftiMasker  # noqa: PLC0415

        masker = NiftiMasker(
            target_affine=self.target_affine,
            target_shape=self.target_shape,
            standardize=None,
            reports=False,
            **self.automatic,
        )
        try:
            with warnings.catch_warnings():
                # Said once, and better, by the error below.
                warnings.filterwarnings("ignore", message="Computed an empty mask")
                masker.fit(image)
        except ValueError as error:
            raise MaskError(
                f"No mask can be computed from the maps ({error}). Pass mask_img."
            ) from error
        return from_mask_image(masker.mask_img_)

    def _on_target(self, image: SpatialImage, interpolation: str) -> SpatialImage:
        if self.target_affine is None:
            return image
        # Heavy: only resampling pays for it.
        from nilearn.image import resample_img  # noqa: PLC0415

        resampled: SpatialImage = resample_img(
            image,
            target_affine=self.target_affine,
            target_shape=self.target_shape,
            interpolation=interpolation,
            copy_header=True,
            force_resample=True,
        )
        return resampled


def make_masking(
    mask_img: Any, target_affine: Any, target_shape: Any, smoothing_fwhm: Any, *, on_surface: bool
) -> Masking:
    """Read the mask and its settings as the user wrote them.

    Parameters
    ----------
    mask_img : None, path, image, or nilearn masker
        A masker's settings go before the others, with a warning.
    target_affine, target_shape, smoothing_fwhm
        As in nilearn.
    on_surface : bool
        Whether the maps lie on a mesh.

    Returns
    -------
    Masking

    Raises
    ------
    InputTypeError
        When the mask is of another kind than the maps, or none at all.
    InputError
        When a target shape comes without a 4 x 4 affine.
    MaskError
        When the mask's file cannot be read.
    """
    asked = Masking(None, target_affine, target_shape, smoothing_fwhm)
    masking = (
        _from_masker(mask_img, asked) if _is_masker(mask_img) else _from_image(mask_img, asked)
    )
    if masking.mask is not None and masking.is_surface != on_surface:
        raise InputTypeError(
            "Mask and input images must be of compatible types.\n"
            f"Got mask of type: {type(mask_img).__name__}, and images of type: "
            f"{'surface' if on_surface else 'volume'}. A volume mask goes with volume images, a "
            "surface mask with surface images on its mesh."
        )
    _check_target(masking)
    masking = replace(masking, smoothing_fwhm=_smoothing(masking.smoothing_fwhm))
    if on_surface:
        return _without_grid(masking)
    return masking


def _is_masker(mask: Any) -> bool:
    return hasattr(mask, "get_params") and hasattr(mask, "transform")


def _from_image(mask: Any, asked: Masking) -> Masking:
    if mask is None:
        return asked
    if isinstance(mask, (str, Path)):
        path = Path(mask).expanduser()
        try:
            mask = nib.load(path)
        except (OSError, ValueError, EOFError) as error:
            raise MaskError(f"The mask '{path}' cannot be read: {error}") from error
    if not (hasattr(mask, "dataobj") or (hasattr(mask, "mesh") and hasattr(mask, "data"))):
        raise InputTypeError(
            "mask_img must be an image, its path, or a NiftiMasker, MultiNiftiMasker or "
            f"SurfaceMasker. Got {type(mask).__name__}."
        )
    return replace(asked, mask=mask)


def _from_masker(masker: Any, asked: Masking) -> Masking:
    """Take mask and settings from a nilearn masker."""
    params = masker.get_params(deep=False)
    if "labels_img" in params or "maps_img" in params or "mask_img" not in params:
        raise InputTypeError(
            "mask_img takes a masker of single voxels or vertices: NiftiMasker, MultiNiftiMasker "
            f"or SurfaceMasker. Got {type(masker).__name__}."
        )
    ours = {name: getattr(asked, name) for name in SETTINGS}
    theirs = {name: params.get(name) for name in SETTINGS}
    overridden = [
        name
        for name in SETTINGS
        if ours[name] is not None and not np.array_equal(ours[name], theirs[name])
    ]
    if overridden:
        lines = "".join(
            f"Parameter {name}: masker parameter {theirs[name]} - overriding estimator parameter "
            f"{ours[name]}\n"
            for name in overridden
        )
        warn(
            "Overriding provided-default estimator parameters with provided masker parameters:\n"
            f"{lines}Set them in the masker.",
            IgnoredParameterWarning,
        )
    _warn_along_time(params)
    mask = getattr(masker, "mask_img_", None)
    automatic = {k: params[k] for k in ("mask_strategy", "mask_args", "opening") if k in params}
    masking = replace(asked, **theirs, automatic=automatic)
    return _from_image(mask if mask is not None else params["mask_img"], masking)


def _warn_along_time(params: dict[str, Any]) -> None:
    active = [name for name in ALONG_TIME if params.get(name) not in (None, False)]
    if active:
        warn(
            f"The masker's {', '.join(active)} act along time; maps of different subjects have "
            "none, so they are ignored here.",
            IgnoredParameterWarning,
        )


def _check_target(masking: Masking) -> None:
    if masking.target_shape is not None and masking.target_affine is None:
        raise InputError(
            "If target_shape is specified, target_affine should be specified too: a shape alone "
            "does not say where the grid lies."
        )
    if masking.target_affine is None:
        return
    shape = np.shape(masking.target_affine)
    if shape not in ((3, 3), (4, 4)):
        raise InputError(f"target_affine must be a 4x4 or 3x3 matrix; its shape is {shape}.")
    if masking.target_shape is not None and shape != (4, 4):
        raise InputError(
            "target_shape needs a 4x4 target_affine: with a 3x3 one the position of the grid is "
            "chosen by the image."
        )
    if masking.target_shape is not None and np.shape(masking.target_shape) != (3,):
        raise InputError(f"target_shape must be three numbers; got {masking.target_shape!r}.")


def _smoothing(fwhm: Any) -> Any:
    """One width or three, none when all are zero; a word is for nilearn to understand."""
    if fwhm is None or isinstance(fwhm, str):
        return fwhm
    widths = np.asarray(fwhm)
    if widths.shape not in ((), (3,)) or widths.dtype.kind not in "iuf" or not (widths >= 0).all():
        raise InputError(f"smoothing_fwhm must be a width in mm, or three of them; got {fwhm!r}.")
    return fwhm if widths.any() else None


def _without_grid(masking: Masking) -> Masking:
    given = [name for name in SETTINGS if getattr(masking, name) is not None]
    if given:
        warn(
            f"{', '.join(given)} {'are' if len(given) > 1 else 'is'} ignored for surface images. "
            "Smooth on the mesh beforehand if you need to.",
            IgnoredParameterWarning,
        )
    return replace(masking, target_affine=None, target_shape=None, smoothing_fwhm=None)
