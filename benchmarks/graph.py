"""Connected components of a map's high voxels: the package's beside scipy.ndimage's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, generate_binary_structure, label

from measure import compare
from secondlevel.graph.components import find_components
from secondlevel.graph.lattice import STEPS_APART, Lattice
from simulate import RESOLUTION, SEED, SMOOTHNESS

Floats = NDArray[np.float64]


def components(connectivity: int, threshold: float) -> dict[str, float]:
    """Measure the components of smooth noise above a threshold, in standard deviations."""
    lattice, volume = smooth_noise()
    graph = lattice.graph(connectivity)
    high_voxels = lattice.mask & (volume > threshold)
    high = high_voxels[lattice.mask]
    structure = generate_binary_structure(3, STEPS_APART[connectivity])
    found = find_components(graph, high).labels
    if not np.array_equal(found, label(high_voxels, structure)[0][lattice.mask]):
        raise RuntimeError("components differ from those of scipy")
    return compare(
        secondlevel=lambda: find_components(graph, high),
        peer=lambda: label(high_voxels, structure),
    )


def smooth_noise() -> tuple[Lattice, Floats]:
    """Make the lattice of the MNI152 brain mask, and noise 6 mm wide that is 0 outside it."""
    from nilearn.datasets import load_mni152_brain_mask

    mask_img = load_mni152_brain_mask(resolution=RESOLUTION)
    mask = mask_img.get_fdata() > 0
    noise = gaussian_filter(np.random.default_rng(SEED).standard_normal(mask.shape), SMOOTHNESS)
    return Lattice(mask, mask_img.affine), np.where(mask, noise / noise[mask].std(), 0.0)
