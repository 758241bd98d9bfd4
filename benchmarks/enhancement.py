"""Threshold-free cluster enhancement: the package's beside the C package of the name `tfce`."""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory

import numpy as np

from measure import Clock, compare

E, H = 0.5, 2.0


def enhancement(connectivity: int) -> dict[str, float]:
    """Measure the positive side of smooth noise in a brain; both programs use one core.

    `largest` is the largest difference between their scores, relative to the largest score.
    """
    from tfce import tfce

    from graph import smooth_noise
    from secondlevel.inference.tfce import Enhancement, enhance

    lattice, volume = smooth_noise()
    graph, values = lattice.graph(connectivity), volume[lattice.mask]
    integral = Enhancement(E, H, two_sided=False)
    ours = enhance(graph, values, integral)
    theirs = tfce(volume, connectivity=connectivity, E=E, H=H, two_sided=False)[lattice.mask]
    return {
        **compare(
            secondlevel=lambda: enhance(graph, values, integral),
            peer=lambda: tfce(volume, connectivity=connectivity, E=E, H=H, two_sided=False),
        ),
        "largest": float(np.abs(ours - theirs).max() / ours.max()),
    }


def first_use() -> dict[str, float]:
    """Measure the first enhancement of a process that finds no machine code on disk.

    Eight voxels, so the seconds are those of importing numba and compiling the kernels.
    """
    with TemporaryDirectory() as empty:
        os.environ["NUMBA_CACHE_DIR"] = empty
        return {"seconds": _first_seconds()}


def _first_seconds() -> float:
    clock = Clock()
    from secondlevel.graph.lattice import Lattice
    from secondlevel.inference.tfce import Enhancement, enhance

    graph = Lattice(np.ones((2, 2, 2), dtype=bool), np.eye(4)).graph()
    enhance(graph, np.linspace(-1, 1, 8), Enhancement(E, H))
    return clock.lap()
