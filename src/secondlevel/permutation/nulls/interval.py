"""What a finite number of shuffles leaves open: intervals of a p, and when enough were drawn.

Counts are those that make p = exceedances / n_shuffles: the observed labelling is one of the
shuffles and reaches itself. It is no random one, so what follows is told from the other
n = n_shuffles - 1 shuffles, of which S = exceedances - 1 reach the observed statistic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from secondlevel.errors import InputError
from secondlevel.inference.arguments import as_numbers, check_alpha, check_number

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

RISK = 1e-3
"""Default probability that a p is ever said to lie on the wrong side of alpha."""

_STEPS = 100  # Newton needs 20 or so for ten million shuffles


def p_interval(
    exceedances: ArrayLike,
    n_shuffles: ArrayLike,
    confidence: float = 0.95,
    *,
    exhaustive: bool = False,
) -> tuple[Floats, Floats]:
    """Return bounds of the p that infinitely many shuffles would give.

    The interval of Clopper and Pearson (1934, Biometrika 26, 404), which covers at least as often
    as it says, of the probability that a random shuffle reaches the observed statistic.

    Parameters
    ----------
    exceedances : int array-like of shape (...)
        Shuffles that reach the observed statistic, the observed labelling among them.
    n_shuffles : int array-like of a shape that broadcasts
        All shuffles, the observed labelling among them.
    confidence : float, default=0.95
        Of each interval by itself; between 0 and 1.
    exhaustive : bool, default=False
        Whether every distinct shuffle was taken once. p is then exact.

    Returns
    -------
    lower, upper : arrays of shape (...)

    Raises
    ------
    InputError, InputTypeError
        When these are no such counts, or no such confidence.

    See Also
    --------
    sequence_interval : When the shuffles stopped at a number that depended on what they showed.

    Examples
    --------
    >>> lower, upper = p_interval([1, 50], 1000)
    >>> lower.round(4), upper.round(4)
    (array([0.    , 0.0365]), array([0.0037, 0.0643]))
    """
    reached, drawn = _random_ones(exceedances, n_shuffles)
    miss = (1.0 - _check_inside("confidence", confidence)) / 2.0
    if exhaustive:
        exact = (reached + 1.0) / (drawn + 1.0)
        return exact, exact
    missed = drawn - reached
    none, every = reached == 0.0, missed == 0.0
    # At the ends one of the two parameters would be 0, which no beta distribution has.
    lower = special.betaincinv(np.where(none, 1.0, reached), missed + 1.0, miss)
    upper = special.betainccinv(reached + 1.0, np.where(every, 1.0, missed), miss)
    return np.where(none, 0.0, lower), np.where(every, 1.0, upper)


def is_decided(
    exceedances: ArrayLike, n_shuffles: ArrayLike, alpha: float, risk: float = RISK
) -> Flags:
    """Whether enough shuffles were drawn to say on which side of alpha p lies, shape (...).

    They were when alpha is outside `sequence_interval`. As those intervals hold at all numbers of
    shuffles at once, one may look after every shuffle and stop when it pleases: the probability
    that p is ever said to lie on the wrong side is `risk` at most. Where p = alpha a decision may
    never come, so a run needs a largest number of shuffles as well.

    Parameters
    ----------
    exceedances : int array-like of shape (...)
        Shuffles that reach the observed statistic, the observed labelling among them.
    n_shuffles : int array-like of a shape that broadcasts
        All shuffles so far, the observed labelling among them.
    alpha : float
        The level that p is held against.
    risk : float, default=0.001
        For each p by itself; divide it by the number of p where none of many may be wrong.

    Raises
    ------
    InputError, InputTypeError
        When these are no such counts, or alpha or risk no such probability.

    Notes
    -----
    What is reported lies on the side that was decided: where (S + 1) / (n + 1) and S / n are on
    different sides of alpha, alpha is inside the interval.

    Examples
    --------
    >>> is_decided([1, 30, 60], [300, 1000, 1000], alpha=0.05)
    array([ True, False, False])
    """
    reached, drawn = _random_ones(exceedances, n_shuffles)
    level = check_alpha(alpha)
    return np.asarray(_log_density(reached, drawn, level) <= np.log(_check_inside("risk", risk)))


def sequence_interval(
    exceedances: ArrayLike, n_shuffles: ArrayLike, risk: float = RISK
) -> tuple[Floats, Floats]:
    """Return bounds of p that hold whenever the shuffles stopped, and for whatever reason.

    Parameters
    ----------
    exceedances : int array-like of shape (...)
        Shuffles that reach the observed statistic, the observed labelling among them.
    n_shuffles : int array-like of a shape that broadcasts
        All shuffles so far, the observed labelling among them.
    risk : float, default=0.001
        Probability that p is ever outside, over all numbers of shuffles; between 0 and 1.

    Returns
    -------
    lower, upper : arrays of shape (...)

    Raises
    ------
    InputError, InputTypeError
        When these are no such counts, or no such risk.

    See Also
    --------
    p_interval : Narrower; for a number of shuffles that was set beforehand.

    Notes
    -----
    The interval is every p with (n + 1) b(S; n, p) > risk, b the binomial probability (Robbins,
    1970, Ann. Math. Statist. 41, 1397; Lai, 1976, Ann. Statist. 4, 265; for Monte Carlo tests Ding,
    Gandy and Hahn, 2020, Comput. Stat. 35, 1373). The left side is the density of the beta
    distribution with S + 1 and n - S + 1, so it is a posterior density, cut at `risk`.

    Examples
    --------
    >>> lower, upper = sequence_interval([1, 50], 1000)
    >>> lower.round(4), upper.round(4)
    (array([0.    , 0.0234]), array([0.0137, 0.0878]))
    """
    reached, drawn = _random_ones(exceedances, n_shuffles)
    log_risk = np.log(_check_inside("risk", risk))
    lower = special.expit(_lower_logit(reached, drawn, log_risk))
    # Of shuffles that do not reach it, so that an upper bound close to 0 keeps its digits.
    upper = special.expit(-_lower_logit(drawn - reached, drawn, log_risk))
    return lower, upper


def _log_density(reached: Floats, drawn: Floats, p: float) -> Floats:
    """Logarithm of (n + 1) b(S; n, p); right to 3e-8 for n of ten million."""
    missed = drawn - reached
    binomial = special.xlogy(reached, p) + special.xlog1py(missed, -p)
    return np.asarray(binomial - special.betaln(reached + 1.0, missed + 1.0))


def _lower_logit(reached: Floats, drawn: Floats, log_risk: float) -> Floats:
    """Lowest logit of a p in the interval, by Newton's method; -inf where none reaches it.

    In the logit x the log density, S x - n log(1 + e^x) + c, is concave. It lies below S x + c,
    whose root is therefore on the left of the interval, and from there each step of Newton's goes
    to the right and never too far.
    """
    none = reached == 0.0
    count = np.where(none, 1.0, reached)
    constant = -special.betaln(reached + 1.0, drawn - reached + 1.0) - log_risk
    x = -constant / count
    for _ in range(_STEPS):
        excess = count * x - drawn * np.logaddexp(0.0, x) + constant
        slope = count - drawn * special.expit(x)
        # Rounding may lead past the root, or past the summit where there is no slope left.
        step = np.where((excess < 0.0) & (slope > 0.0), -excess / np.maximum(slope, 1e-300), 0.0)
        if (x + step == x).all():
            break
        x = x + step
    return np.where(none, -np.inf, x)


def _random_ones(exceedances: ArrayLike, n_shuffles: ArrayLike) -> tuple[Floats, Floats]:
    """Count the random shuffles that reach the observed statistic, and all random ones."""
    wanted = (
        "exceedances are whole numbers from 1, the observed labelling, to n_shuffles, which counts "
        "it too"
    )
    reached = as_numbers(exceedances, wanted)
    drawn = as_numbers(n_shuffles, wanted)
    if not (np.all(reached >= 1.0) and np.all(reached <= drawn)):  # NaN is none either
        raise InputError(f"{wanted}. Got {exceedances!r} of {n_shuffles!r}.")
    if np.any(reached % 1.0) or np.any(drawn % 1.0):
        raise InputError(f"{wanted}. Got {exceedances!r} of {n_shuffles!r}.")
    ours, all_ = np.broadcast_arrays(reached - 1.0, drawn - 1.0)
    return ours, all_


def _check_inside(name: str, value: float) -> float:
    return check_number(name, value, "between 0 and 1, both excluded", lambda p: 0.0 < p < 1.0)
