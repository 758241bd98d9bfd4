"""How many elements of a region are active at least, for all regions at once.

With probability 1 - α no bound is wrong, whichever regions are looked at and however they were
chosen, from the same map too (all-resolutions inference: Rosenblatt et al., 2018, NeuroImage 181,
786). A region S has at least ::

    d(S) = max over u >= 1 of 1 - u + #{elements of S with step <= u}

true discoveries, where the step of an element is the smallest u with h p <= u α (Goeman, Meijer,
Krebs and Solari, 2019, Biometrika 106, 841). Steps above the number of elements play no part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondlevel.inference.hommel import Steps

Counts = NDArray[np.int64]
Labels = NDArray[np.integer]


def in_regions(steps: Steps, labels: Labels, n_regions: int) -> Counts:
    """Fewest true discoveries in each of several regions without common elements.

    Parameters
    ----------
    steps : int array of shape (V,)
        Of the elements, from `hommel.closed_testing` on the whole map.
    labels : int array of shape (V,)
        Region of every element, from 1; 0 where it belongs to none.
    n_regions : int

    Returns
    -------
    int array of shape (n_regions,)
        0 for a region without elements.

    Notes
    -----
    Elements are counted by region and step in one array, where a region has as many places as
    elements, so all regions together take O(V).

    Examples
    --------
    >>> from secondlevel.inference.hommel import closed_testing
    >>> steps = closed_testing(np.array([0.001, 0.5, 0.002, 0.003]), 0.05).steps
    >>> in_regions(steps, np.array([1, 1, 2, 2]), 2).tolist()
    [1, 2]
    """
    sizes = np.bincount(labels, minlength=n_regions + 1)
    sizes[0] = 0
    starts = np.cumsum(sizes) - sizes
    counted = steps <= sizes[labels]
    region = labels[counted]
    places = starts[region] + steps[counted] - 1
    reached = np.cumsum(np.bincount(places, minlength=int(sizes.sum())))
    counts = np.bincount(region, minlength=n_regions + 1)
    earlier = np.cumsum(counts) - counts
    steps_less_1 = np.arange(len(reached)) - np.repeat(starts, sizes)
    excess = reached - np.repeat(earlier, sizes) - steps_less_1
    discoveries = np.zeros(n_regions + 1, dtype=np.int64)
    filled = sizes > 0
    discoveries[filled] = np.maximum.reduceat(excess, starts[filled])
    return discoveries[1:]
