"""The grids of maps compared, from their headers, before any voxel is read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from secondlevel.errors import MapError, ResamplingWarning, warn
from secondlevel.inputs.sources import MapFile, MapImage, MapSource
from secondlevel.spaces.base import Space
from secondlevel.spaces.volume import VolumeSpace, same_place


def check_grids(
    sources: Sequence[MapSource], space: Space | None, *, resampling_asked: bool
) -> None:
    """Compare the grids of all maps, from their headers, before any is read.

    Parameters
    ----------
    sources : sequence of MapSource
    space : Space or None
        Where maps will be brought to; None when there is no mask yet, and they must agree.
    resampling_asked : bool
        Whether the user asked for a target grid, so that resampling is no surprise.

    Raises
    ------
    MapError
        When there is no mask and a map's grid differs from the first one's.
    """
    volumes = [source for source in sources if isinstance(source, (MapFile, MapImage))]
    if not volumes:
        return
    if isinstance(space, VolumeSpace):
        elsewhere = [s for s in volumes if not space.has_grid(s.shape, s.affine)]
        if elsewhere and not resampling_asked:
            warn(
                f"{len(elsewhere)} of {len(volumes)} maps are on another grid than the mask and "
                f"are resampled to it, {elsewhere[0].name} first. Voxels outside their field of "
                "view are missing.",
                ResamplingWarning,
            )
        return
    first = volumes[0]
    differences = [(source, _difference(first, source)) for source in volumes]
    others = [(source, what) for source, what in differences if what]
    if others:
        source, what = others[0]
        more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
        raise MapError(
            "Following field of view errors were detected:\n"
            f"{source.name}{more} differs from {first.name} in {what}. Pass mask_img: maps on "
            "another grid are then resampled to the mask's."
        )


def _difference(first: MapFile | MapImage, other: MapFile | MapImage) -> str:
    if other.shape != first.shape:
        return f"shape ({other.shape} against {first.shape})"
    if not same_place(first.shape, other.affine, first.affine):
        apart = np.abs(other.affine - first.affine).max()
        return f"affine (by up to {apart:.3g})"
    return ""
