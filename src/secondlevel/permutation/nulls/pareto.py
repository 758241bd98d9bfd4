"""The generalised Pareto distribution of what exceeds a threshold: fitted, and how well it fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Quantiles of the misfit of samples that are Pareto, 100 000 for each row; printed, with the last
# digit good to one or two units at a chance of 0.05, by benchmarks/pareto_fit.py.
_CHANCES = (0.5, 0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001)
_SHAPES = (-1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0)
_MISFITS = {
    50: (
        (0.458, 0.662, 0.933, 1.148, 1.359, 1.644, 1.863, 2.391),
        (0.412, 0.593, 0.831, 1.021, 1.210, 1.479, 1.678, 2.169),
        (0.398, 0.566, 0.791, 0.969, 1.158, 1.414, 1.607, 2.039),
        (0.380, 0.537, 0.746, 0.905, 1.076, 1.309, 1.484, 1.894),
        (0.367, 0.516, 0.712, 0.862, 1.020, 1.233, 1.391, 1.775),
        (0.357, 0.500, 0.682, 0.824, 0.965, 1.158, 1.318, 1.681),
        (0.347, 0.479, 0.652, 0.783, 0.922, 1.104, 1.246, 1.600),
    ),
    500: (
        (0.560, 0.815, 1.153, 1.422, 1.689, 2.057, 2.322, 2.934),
        (0.450, 0.657, 0.939, 1.164, 1.395, 1.716, 1.951, 2.497),
        (0.422, 0.612, 0.865, 1.065, 1.272, 1.558, 1.776, 2.298),
        (0.396, 0.567, 0.792, 0.964, 1.152, 1.394, 1.574, 1.995),
        (0.375, 0.532, 0.735, 0.896, 1.068, 1.295, 1.468, 1.898),
        (0.361, 0.506, 0.695, 0.843, 0.994, 1.201, 1.356, 1.707),
        (0.345, 0.480, 0.649, 0.779, 0.917, 1.093, 1.231, 1.574),
    ),
}


@dataclass(frozen=True)
class Pareto:
    """A generalised Pareto distribution: P(Y > y) = (1 + shape y / scale)^(-1 / shape).

    Parameters
    ----------
    shape : float
        Above 0 the tail is heavy, at 0 exponential; below 0 it ends at -scale / shape.
    scale : float
        Above 0, in the unit of y.

    Examples
    --------
    >>> Pareto(0.0, 2.0).survival([0.0, 2.0]).round(4), Pareto(-0.5, 1.0).survival([1.0, 2.0])
    (array([1.    , 0.3679]), array([0.25, 0.  ]))
    """

    shape: float
    scale: float

    def log_survival(self, excesses: ArrayLike) -> Floats:
        """Return the logarithm of P(Y > y), of the shape of y; -inf from the end on."""
        y = np.asarray(excesses, dtype=np.float64) / self.scale
        if self.shape == 0.0:
            return -y
        with np.errstate(divide="ignore"):
            return np.asarray(-np.log1p(np.maximum(self.shape * y, -1.0)) / self.shape)

    def survival(self, excesses: ArrayLike) -> Floats:
        """Return P(Y > y), of the shape of y."""
        return np.exp(self.log_survival(excesses))


def fit_pareto(excesses: Floats) -> Pareto:
    """Estimate shape and scale.

    The estimate of Zhang and Stephens (2009, Technometrics 51, 316): the mean of τ = shape / scale
    over a grid, weighted by the likelihood that each τ has with the best shape for it. No step can
    fail, and no excess lies beyond the end of what is fitted.

    Parameters
    ----------
    excesses : array of shape (k,)
        How far values exceed a threshold, sorted, all above 0; four at least.

    Examples
    --------
    >>> fitted = fit_pareto(-np.log(np.arange(0.995, 0.0, -0.01)))  # quantiles of the exponential
    >>> round(fitted.shape, 2), round(fitted.scale, 2)
    (0.02, 0.98)
    """
    k = len(excesses)
    n_grid = 20 + int(np.sqrt(k))
    place = np.arange(1, n_grid + 1) - 0.5
    quartile = excesses[int(k / 4.0 + 0.5) - 1]
    ratios = (np.sqrt(n_grid / place) - 1.0) / (3.0 * quartile) - 1.0 / excesses[-1]
    shapes = np.log1p(ratios[:, None] * excesses).mean(axis=1)
    log_likelihood = -k * (np.log(_scale(ratios, shapes, excesses)) + shapes)
    weights = np.exp(log_likelihood - log_likelihood.max())
    ratio = weights @ ratios / weights.sum()
    shape = np.log1p(ratio * excesses).mean()
    return Pareto(float(shape), float(_scale(ratio, shape, excesses)))


def _scale(ratios: ArrayLike, shapes: ArrayLike, excesses: Floats) -> Floats:
    """Shape / τ, whose limit at τ = 0 is the mean."""
    flat = np.equal(ratios, 0.0)
    return np.where(flat, excesses.mean(), shapes / np.where(flat, 1.0, ratios))


def misfit(excesses: Floats) -> tuple[float, float]:
    """Measure how far excesses are from the distribution fitted to them, the largest left out.

    The statistic of Anderson and Darling (1954, JASA 49, 765),
    A² = -m - Σ (2i - 1) (log F(y_i) + log(1 - F(y_(m+1-i)))) / m over the m = k - 1 smallest.
    The largest of a null's maxima may be the observed one, an effect and no noise; whether the
    others have a Pareto tail must not depend on it.

    Parameters
    ----------
    excesses : array of shape (k,)
        As for `fit_pareto`.

    Returns
    -------
    statistic, shape : float
        A², and the shape it was measured from, which its distribution depends on.

    Examples
    --------
    >>> statistic, _ = misfit(-np.log(np.arange(0.995, 0.0, -0.01)))
    >>> round(statistic, 3)
    0.019
    """
    others = excesses[:-1]
    fitted = fit_pareto(others)
    log_above = fitted.log_survival(others)
    log_below = np.log(-np.expm1(log_above))
    weights = 2.0 * np.arange(1, len(others) + 1) - 1.0
    statistic = -len(others) - float((weights * (log_below + log_above[::-1])).mean())
    return statistic, fitted.shape


def misfit_p(statistic: float, shape: float, k: int) -> float:
    """Return the probability of so large a misfit, or a larger one, if the tail is Pareto.

    From simulated quantiles, between shapes in a straight line, between sizes in one over 1 / k,
    between quantiles in one of log p (as the tables of Choulakian and Stephens, 2001, Technometrics
    43, 478, for another estimate). Right to a tenth of itself from 0.01 to 0.5; rough above; 0.001
    where it is less.

    Parameters
    ----------
    statistic, shape : float
        As `misfit` gives them.
    k : int
        Number of excesses, the largest counted.

    Examples
    --------
    >>> round(misfit_p(0.964, 0.0, 500), 3), round(misfit_p(9.0, 0.0, 500), 3)
    (0.05, 0.001)
    """
    few, many = _MISFITS
    share = (1.0 / min(max(k, few), many) - 1.0 / many) / (1.0 / few - 1.0 / many)
    table = share * np.array(_MISFITS[few]) + (1.0 - share) * np.array(_MISFITS[many])
    quantiles = [np.interp(shape, _SHAPES, column) for column in table.T]
    log_p = np.interp(statistic, [0.0, *quantiles], np.log([1.0, *_CHANCES]))
    return float(np.exp(log_p))
