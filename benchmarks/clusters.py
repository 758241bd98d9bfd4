"""Cluster tables of a whole-brain map: the package's beside those of nilearn."""

from __future__ import annotations

import warnings
from typing import Any

import nibabel as nib
import numpy as np
from nilearn.datasets import load_mni152_brain_mask
from nilearn.reporting import get_clusters_table as nilearns_table
from scipy.ndimage import gaussian_filter

from measure import best_seconds, memory_beyond_input
from secondlevel.claims.clusters import get_clusters_table
from simulate import RESOLUTION, SEED, SMOOTHNESS

THRESHOLD = 2.3
SMALLEST = 10  # voxels; with the effects below that leaves 202 clusters on both sides together
EFFECT_WIDTH = 20 / 2.355 / RESOLUTION  # standard deviation in voxels of effects 20 mm wide


def cluster_tables() -> dict[str, float]:
    """Measure the table of both sides of a map of the MNI152 brain at 2 mm.

    Returns
    -------
    dict
        `seconds`, `memory` (MB beyond the input), the same with `peer_` before it, and how many
        `clusters` the table has.
    """
    image = _noise_with_effects()

    def ours() -> Any:
        return get_clusters_table(image, THRESHOLD, SMALLEST, two_sided=True)

    def peers() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return nilearns_table(image, THRESHOLD, SMALLEST, two_sided=True)

    table = ours()  # the first call compiles what no cache has yet
    return {
        "seconds": best_seconds(ours),
        "peer_seconds": best_seconds(peers, calls=1),  # a call takes it half a minute
        "memory": memory_beyond_input(ours),
        "peer_memory": memory_beyond_input(peers),
        "clusters": float(sum(str(name).isdigit() for name in table["Cluster ID"])),
    }


def _noise_with_effects() -> Any:
    """Noise 6 mm wide and effects 20 mm wide, each of unit variance, 0 outside the brain."""
    mask = load_mni152_brain_mask(resolution=RESOLUTION)
    inside = np.asarray(mask.dataobj) > 0
    rng = np.random.default_rng(SEED)
    z = np.zeros(inside.shape, dtype=np.float32)
    for width in (SMOOTHNESS, EFFECT_WIDTH):
        white = rng.standard_normal(inside.shape, dtype=np.float32)
        smooth = gaussian_filter(white, width, truncate=3)
        z[inside] += smooth[inside] / smooth[inside].std()
    return nib.Nifti1Image(z, mask.affine)
