"""What is claimed of each contrast, and at which levels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClaimSettings:
    """How a z map is cut, and how its clusters are listed; checked where it is made.

    Parameters
    ----------
    threshold : float or None
        Height in z; used with ``height_control=None`` only.
    alpha : float
        Level of the error control of the height.
    cluster_threshold : float
        Fewest elements of a cluster.
    height_control : str or None
        What `alpha` is the level of, as in `threshold_stats_img`.
    two_sided : bool
        Whether both sides of a t contrast are looked at; F has one.
    min_distance : float
        Between peaks of a cluster that are listed, in mm.
    confidence : float, default=0.95
        Of the interval of every effect, at each element by itself.
    discovery_alpha : float, default=0.05
        Probability that any true-discovery proportion of a contrast is wrong.
    """

    threshold: float | None
    alpha: float
    cluster_threshold: float
    height_control: str | None
    two_sided: bool
    min_distance: float
    confidence: float = 0.95
    discovery_alpha: float = 0.05
