"""Conjunction: what holds in every one of several maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.inference.tails import t_tail

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MinimumStatistic:
    """The smallest statistic at every element, and its p.

    Parameters
    ----------
    stat : array of shape (V,)
        The smallest of the maps.
    log_p : array of shape (V,)
        Natural logarithm of the largest of their p-values.
    """

    stat: Floats
    log_p: Floats


def conjoin(stats: Floats, dof: float = np.inf, *, two_sided: bool = False) -> MinimumStatistic:
    """Test whether there is an effect in every map (the conjunction null).

    Parameters
    ----------
    stats : array of shape (k, V)
        One map of z or t a row, finite.
    dof : float, default=inf
        Degrees of freedom of t, the same in all maps; z has infinitely many.
    two_sided : bool, default=False
        Whether effects of either sign count, the same sign in all maps.

    Returns
    -------
    MinimumStatistic
        One-sided: the smallest value, and the p of its upper tail. Two-sided: the smallest absolute
        value with the sign that all share, and its two-sided p; 0 and p 1 where signs differ.

    Notes
    -----
    The null is that at least one effect is absent. Each single test rejects a true null with
    probability alpha at most, so all of them do so together with no larger one, however the maps
    depend on each other: the largest of their p-values is one for the conjunction (Nichols et al.,
    2005, NeuroImage 25, 653, the "MS/CN" test). It is uncorrected for the number of elements.

    Examples
    --------
    >>> both = conjoin(np.array([[3.0, -3.0, 2.0], [4.0, -2.5, -5.0]]), two_sided=True)
    >>> both.stat, np.exp(both.log_p).round(4)
    (array([ 3. , -2.5,  0. ]), array([0.0027, 0.0124, 1.    ]))
    """
    if not two_sided:
        stat = stats.min(axis=0)
        return MinimumStatistic(stat, t_tail(stat, dof).log_p)
    sign = np.sign(stats[0])
    agree = (np.sign(stats) == sign).all(axis=0)
    size = np.where(agree, np.abs(stats).min(axis=0), 0.0)
    log_p = np.minimum(t_tail(size, dof).log_p + np.log(2.0), 0.0)
    return MinimumStatistic(np.where(agree, sign * size, 0.0), log_p)
