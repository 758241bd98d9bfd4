"""What the user asked of the mask: an image, a masker, or nothing; target grid, smoothing."""

from __future__ import annotations

import warnings
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.spatialimages import SpatialImage
from numpy.typing import NDArray

from secondlevel.errors import (
    IgnoredParameterWarning,
    InputError,
    InputTypeError,
    MaskError,
    MaskNotFoundError,
    warn,
)
from secondlevel.spaces.surface import SurfaceSpace, from_mask_surface
from secondlevel.spaces.volume import VolumeSpace, check_mask_image, from_mask_image, whole_grid

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

    def masker(self, mask_img: Any, **system: Any) -> Any:
        """Return a fitted nilearn masker that masks as this analysis does.

        Parameters
        ----------
        mask_img : SpatialImage or SurfaceImage
            The mask of the analysis.
        **system
            memory, memory_level, verbose.
        """
        # Heavy: only who asks for a masker pays for nilearn's.
        from nilearn.maskers import NiftiMasker, SurfaceMasker  # noqa: PLC0415

        if hasattr(mask_img, "mesh"):
            return SurfaceMasker(mask_img, standardize=None, reports=False, **system).fit()
        # The mask lies on the target grid already, and the masker brings maps to its mask's grid.
        # (Its own target_shape fails without the images of a report.)
        masker = NiftiMasker(
            mask_img,
            smoothing_fwhm=self.smoothing_fwhm,
            standardize=None,
            reports=False,
            **system,
        )
        return masker.fit()

    def describe(self) -> str:
        """Mask, grid and smoothing in words."""
        words = ["computed mask" if self.mask is None else "given mask"]
        if self.target_affine is not None:
            words.append("maps resampled to the target grid")
        if self.smoothing_fwhm is not None:
            words.append(f"maps smoothed with FWHM {self.smoothing_fwhm} mm")
        return ", ".join(words)

    def space(self) -> VolumeSpace | SurfaceSpace:
        """The space of the given mask, on the target grid if there is one."""
        if self.is_surface:
            return from_mask_surface(self.mask)
        _check_file(self.mask)
        return self._space_of(self.mask)

    def grid(self, shape: tuple[int, ...], affine: Floats) -> VolumeSpace:
        """Every voxel of the grid that maps of this shape and affine are brought to."""
        if self.target_affine is None:
            return whole_grid(shape, affine)
        empty = nib.Nifti1Image(np.zeros(shape, dtype=np.int8), affine)
        target = self._on_target(empty, "nearest", "maps")
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

        masker = NiftiMasker(standardize=None, reports=False, **self.automatic)
        try:
            with warnings.catch_warnings():
                # Said once, and better, by the error below.
                warnings.filterwarnings("ignore", message="Computed an empty mask")
                masker.fit(image)
        except ValueError as error:
            raise MaskError(
                f"No mask can be computed from the maps ({error}). Pass mask_img."
            ) from error
        return self._space_of(masker.mask_img_)

    def _space_of(self, mask: SpatialImage) -> VolumeSpace:
        """The space of a mask that is not empty, on the target grid if there is one."""
        on_target = self._on_target(mask, "nearest")
        if on_target is not mask:
            values = np.asanyarray(on_target.dataobj)
            if not (np.isfinite(values) & (values != 0)).any():
                raise MaskError(_elsewhere("mask"))
        return from_mask_image(on_target)

    def _on_target(
        self, image: SpatialImage, interpolation: str, what: str = "mask"
    ) -> SpatialImage:
        if self.target_affine is None:
            return image
        # Heavy: only resampling pays for it.
        from nilearn.image import resample_img  # noqa: PLC0415
        from nilearn.image.resampling import BoundingBoxError  # noqa: PLC0415

        try:
            resampled: SpatialImage = resample_img(
                image,
                target_affine=self.target_affine,
                target_shape=self.target_shape,
                interpolation=interpolation,
                copy_header=True,
                force_resample=True,
            )
        except BoundingBoxError:
            raise MaskError(_elsewhere(what)) from None
        return resampled


def _elsewhere(what: str) -> str:
    return (
        f"The target grid does not overlap the {what}: target_affine and target_shape lie wholly "
        f"outside the {what}. Check that they are in the same space."
    )


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
    for_surface = _is_for_surface(mask_img, masking)
    if for_surface is not None and for_surface != on_surface:
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
    return not isinstance(mask, type) and hasattr(mask, "get_params") and hasattr(mask, "transform")


def _is_for_surface(mask: Any, masking: Masking) -> bool | None:
    """Whether a mask or masker goes with surface images; None where there is neither."""
    if masking.mask is not None:
        return masking.is_surface
    return "target_affine" not in mask.get_params(deep=False) if _is_masker(mask) else None


def _from_image(mask: Any, asked: Masking) -> Masking:
    if mask is None:
        return asked
    if isinstance(mask, (str, Path)):
        mask = load_image(mask, "the mask", MaskError, MaskNotFoundError)
    if not (hasattr(mask, "dataobj") or (hasattr(mask, "mesh") and hasattr(mask, "data"))):
        raise InputTypeError(
            "mask_img must be an image, its path, or a NiftiMasker, MultiNiftiMasker or "
            f"SurfaceMasker. Got {type(mask).__name__}."
        )
    return replace(asked, mask=mask)


def load_image(
    path: str | Path, called: str, failed: type[InputError], missing: type[InputError]
) -> Any:
    """Open an image file; what is wrong with it becomes an error of the kind that is asked for.

    Parameters
    ----------
    path : str or Path
    called : str
        What to call the image in messages.
    failed, missing : type
        What to raise when it cannot be read, and when it is not there.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        raise failed(f"Not an image: {called} '{path}' is a folder. Give the path of a file.")
    try:
        return nib.load(path)
    except FileNotFoundError:
        raise missing(f"File not found: {called} '{path}'. Check the path.") from None
    except Exception as error:
        # Of whatever type: what a parser stumbles over depends on the damage.
        raise failed(
            f"File damaged: {called} '{path}' cannot be read as an image: {error}. Copy or compute "
            "it anew."
        ) from error


def _check_file(mask: SpatialImage) -> None:
    """Raise MaskError when a mask is none, or its header or file is damaged."""
    name = mask.get_filename() if hasattr(mask, "get_filename") else None
    called = f"mask '{name}'" if name else "mask"
    affine = np.asarray(mask.affine, dtype=np.float64)
    if not np.isfinite(affine).all() or np.linalg.det(affine[:3, :3]) == 0:
        raise MaskError(
            f"The {called} has an affine that cannot be inverted, so its voxels have no place in "
            f"space: {affine.tolist()}. Mend its header."
        )
    try:
        check_mask_image(mask)
    except (zlib.error, OverflowError, MemoryError) as error:
        raise MaskError(
            f"The {called} is truncated or corrupt ({type(error).__name__} at shape {mask.shape}: "
            f"{error}). Copy or compute it anew."
        ) from error


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
    affine = np.asarray(masking.target_affine)
    if affine.shape not in {(3, 3), (4, 4)}:
        raise InputError(f"target_affine must be a 4x4 or 3x3 matrix; its shape is {affine.shape}.")
    numeric = affine.dtype.kind in "iuf" and np.isfinite(affine).all()
    if not numeric or np.linalg.det(affine[:3, :3]) == 0:
        raise InputError(
            "target_affine must be a matrix of numbers that can be inverted; got "
            f"{affine.tolist()}."
        )
    if masking.target_shape is None:
        return
    if affine.shape != (4, 4):
        raise InputError(
            "target_shape needs a 4x4 target_affine: with a 3x3 one the position of the grid is "
            "chosen by the image."
        )
    shape = np.asarray(masking.target_shape)
    if shape.shape != (3,) or shape.dtype.kind not in "iu" or (shape < 1).any():
        raise InputError(
            f"target_shape must be three whole numbers above 0; got {masking.target_shape!r}."
        )


def _smoothing(fwhm: Any) -> Any:
    """One width or three, none when all are zero; "fast" is nilearn's."""
    if fwhm is None or (isinstance(fwhm, str) and fwhm == "fast"):
        return fwhm
    widths = np.asarray(fwhm)
    numeric = widths.shape in {(), (3,)} and widths.dtype.kind in "iuf"
    if not (numeric and (widths >= 0).all() and np.isfinite(widths).all()):
        raise InputError(
            "smoothing_fwhm must be a width in mm, or three of them, none below 0, or 'fast'; got "
            f"{fwhm!r}."
        )
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
