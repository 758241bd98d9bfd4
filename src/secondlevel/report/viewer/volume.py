"""A volume for the viewer: its grid turned to right, front, up, cropped to what is to be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.spatialimages import SpatialImage
from numpy.typing import NDArray

from secondlevel.plotting.background import TEMPLATE, template
from secondlevel.report.viewer.encode import encode_flags, packed

Floats = NDArray[np.float64]

MARGIN = 1
"""Voxels around what is to be seen."""

DARKEST, BRIGHTEST = 40, 245
"""Greys of the background, so that lines and colours are seen on it."""


@dataclass(frozen=True, eq=False)
class Grid:
    """The mask on a grid whose axes run to the right, to the front and up, as nearly as they can.

    Parameters
    ----------
    mask : bool array of shape (I, J, K)
    affine : array of shape (4, 4)
        Voxel indices to mm.
    """

    mask: NDArray[np.bool_]
    affine: Floats

    @classmethod
    def of(cls, mask_img: SpatialImage) -> Grid:
        """Turn a mask; only axes are swapped and reversed, no value is changed."""
        turned = nib.as_closest_canonical(mask_img)
        return cls(np.asanyarray(turned.dataobj) != 0, np.asarray(turned.affine, dtype=np.float64))

    def take(self, image: SpatialImage) -> Floats:
        """Values of an image on the same grid at the elements of the mask."""
        turned = nib.as_closest_canonical(image)
        return np.asarray(turned.get_fdata()[self.mask], dtype=np.float64)


def volume_scene(grid: Grid, bg_img: Any) -> dict[str, Any]:
    """Encode grid, mask and background.

    Parameters
    ----------
    grid : Grid
    bg_img : Niimg-like or None
        "MNI152TEMPLATE" is nilearn's template.
    """
    background = None if bg_img is None else _on_grid(bg_img, grid)
    seen = grid.mask if background is None else grid.mask | (background > 0)
    box = tuple(_extent(seen, axis) for axis in range(3))
    start = np.array([part.start for part in box])
    affine = grid.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ start
    mask = grid.mask[box]
    shown = np.where(mask, 200, 0).astype(np.uint8) if background is None else background[box]
    return {
        "kind": "volume",
        "shape": list(mask.shape),
        "affine": affine.round(6).tolist(),
        "inverse": np.linalg.inv(affine).tolist(),
        "voxel": np.linalg.norm(affine[:3, :3], axis=0).round(6).tolist(),
        "mask": encode_flags(mask),
        "smooth": background is not None,
        "background": packed(shown.ravel()),
    }


def _extent(seen: NDArray[np.bool_], axis: int) -> slice:
    others = tuple(other for other in range(3) if other != axis)
    where = np.flatnonzero(seen.any(axis=others))
    return slice(max(where[0] - MARGIN, 0), min(where[-1] + 1 + MARGIN, seen.shape[axis]))


def _on_grid(bg_img: Any, grid: Grid) -> NDArray[np.uint8]:
    """Greys of a background on the grid; 0 where there is nothing."""
    from nilearn.image import load_img, resample_img  # noqa: PLC0415 - heavy

    loaded = load_img(template() if isinstance(bg_img, str) and bg_img == TEMPLATE else bg_img)
    resampled = resample_img(
        loaded,
        target_affine=grid.affine,
        target_shape=grid.mask.shape,
        interpolation="linear",
        copy_header=True,
        force_resample=True,
    )
    values = np.nan_to_num(np.asarray(resampled.get_fdata(), dtype=np.float64))
    there = values > 0.02 * values.max(initial=0.0)
    if not there.any():
        return np.zeros(values.shape, dtype=np.uint8)
    low, high = np.percentile(values[there], [2, 99])
    share = np.clip((values - low) / max(high - low, 1e-12), 0.0, 1.0)
    greys = DARKEST + (BRIGHTEST - DARKEST) * share
    # Steps of 4 cannot be told apart, and take half the bytes.
    return np.where(there, 4 * np.rint(greys / 4), 0).astype(np.uint8)
