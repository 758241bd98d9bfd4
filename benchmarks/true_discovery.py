"""True discoveries of a map of the size of a brain, beside nilearn's where it has them."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from measure import best_seconds, compare
from secondlevel.claims.cluster_level import cluster_level_inference
from secondlevel.graph.lattice import Lattice
from secondlevel.inference.hommel import closed_testing
from secondlevel.inference.normal import upper_p
from secondlevel.inference.true_discovery import at_all_resolutions
from simulate import SEED

SHAPE = (91, 109, 91)
AFFINE = np.diag([2.0, 2, 2, 1])
THRESHOLDS = {"few": [3.1], "many": [2.0, 2.5, 3.1]}

Floats = NDArray[np.float64]


def clusters(thresholds: str) -> dict[str, float]:
    """Measure the shares of all clusters, the map and its mask being in memory."""
    from nilearn.glm import cluster_level_inference as nilearns

    z, mask = _brain()
    z_img, mask_img = nib.Nifti1Image(z, AFFINE), nib.Nifti1Image(mask, AFFINE)
    heights = THRESHOLDS[thresholds]

    def ours() -> Any:
        return cluster_level_inference(z_img, mask_img, heights)

    def theirs() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return nilearns(z_img, mask_img, heights)

    apart = np.abs(ours().get_fdata() - theirs().get_fdata()).max()
    measured = compare(secondlevel=ours, peer=theirs)
    return measured | {"largest": float(apart)}


def all_resolutions() -> dict[str, float]:
    """Measure Hommel's value, and the bounds of all clusters at all thresholds; without a peer."""
    z, mask = _brain()
    values, graph = z[mask > 0], Lattice(mask > 0, AFFINE).graph(26)
    steps = closed_testing(upper_p(values), 0.05).steps
    return {
        "seconds": best_seconds(lambda: at_all_resolutions(steps, graph, values)),
        "hommel_seconds": best_seconds(lambda: closed_testing(upper_p(values), 0.05)),
    }


@cache
def _brain() -> tuple[Floats, NDArray[np.uint8]]:
    """Smooth noise with smooth effects in an ellipsoid of 234 251 voxels, 0 outside; its mask."""
    rng = np.random.default_rng(SEED)
    noise, effect = (gaussian_filter(rng.normal(size=SHAPE), width) for width in (1.3, 5.0))
    z = noise / noise.std() + 2.0 * np.maximum(effect / effect.std() - 0.5, 0)
    radii = np.reshape([38, 46, 32], (3, 1, 1, 1))
    inside = (((np.indices(SHAPE) - np.reshape([45, 54, 45], (3, 1, 1, 1))) / radii) ** 2).sum(
        0
    ) < 1
    return np.where(inside, z, 0.0), inside.astype(np.uint8)
