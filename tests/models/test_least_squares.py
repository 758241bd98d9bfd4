"""Least squares held against exact arithmetic, numpy, scipy.stats and statsmodels."""

import warnings

import mpmath
import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm

from secondlevel.design.contrast import make_contrast
from secondlevel.design.matrix import Design
from secondlevel.errors import DesignError
from secondlevel.inference.tails import f_tail, t_tail
from secondlevel.models.least_squares import LeastSquares

N_ELEMENTS = 6


def named(matrix):
    """A design whose columns are called x0, x1, ..."""
    return Design(matrix, [f"x{i}" for i in range(np.shape(matrix)[1])])


def fit(matrix, data, block=None):
    """Fit at once, or in blocks of so many rows that are merged one after the other."""
    estimator = LeastSquares()
    if block is None:
        return estimator.fit(named(matrix), data)
    parts = [
        estimator.reduce(matrix[start : start + block], data[start : start + block])
        for start in range(0, len(matrix), block)
    ]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    return estimator.finish(merged)


def ask(matrix, data, weights, stat_type=None):
    """Answer a contrast of a fit."""
    return fit(matrix, data).contrast(make_contrast(weights, named(matrix), stat_type))


# ------------------------------------------------------------------ exact arithmetic


def ill_conditioned(kind, condition, mean, order, seed):
    """Design of three columns with a condition number, data about a mean with spread 1.

    units: a covariate in units that make its column long. collinear: two covariates that differ by
    little. offset: a covariate whose mean is large beside its spread.
    """
    rng = np.random.default_rng(seed)
    ones, x, z = 4 * np.linalg.qr(np.column_stack([np.ones(16), rng.normal(size=(16, 2))])).Q.T
    columns = {
        "units": [ones, condition * x, z],
        "collinear": [ones, x, x + z * 2 / condition],
        "offset": [ones, condition / 2 + x, z],
    }[kind]
    data = mean + np.outer(x, rng.normal(size=4)) + rng.normal(size=(16, 4))
    return np.column_stack(columns)[:, order], data


def exactly(matrix, data):
    """Least squares in 50 digits: coefficients, standard errors, residuals, their spread."""
    exact = np.vectorize(mpmath.mpf, otypes=[object])
    root = np.vectorize(mpmath.sqrt, otypes=[object])
    with mpmath.workdps(50):
        x, y = exact(matrix), exact(data)
        inverse = np.array((mpmath.matrix((x.T @ x).tolist()) ** -1).tolist(), dtype=object)
        coefficients = inverse @ (x.T @ y)
        residuals = y - x @ coefficients
        spread = root((residuals**2).sum(axis=0) / 13)
        return coefficients, np.outer(root(np.diag(inverse)), spread), residuals, spread


def errors_of(matrix, data, exact, coefficients, fitted, squares):
    """Largest errors of a solution, each beside what a user would compare it with."""
    true_coefficients, standard_errors, residuals, spread = exact
    off = coefficients - true_coefficients
    length = np.linalg.norm(matrix, axis=0)[:, None]
    differences = {
        "coefficients": off * length / np.max(np.abs(true_coefficients * length), axis=0),
        "fitted values": (data - fitted - residuals) / np.linalg.norm(data, axis=0),
        "squares": (squares - 13 * spread**2) / (13 * spread**2),
        "coefficients in standard errors": off / np.maximum(np.abs(true_coefficients), standard_errors),
        "residuals in standard deviations": (data - fitted - residuals) / spread,
    }
    return {name: float(np.abs(difference).max()) for name, difference in differences.items()}


LIMITS = {
    "coefficients": 1e-9,
    "fitted values": 1e-9,
    "squares": 1e-9,
    "coefficients in standard errors": 1e-8,
    "residuals in standard deviations": 1e-8,
}


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 2, 0]], ids=["mean first", "mean last"])
@pytest.mark.parametrize("kind", ["units", "collinear", "offset"])
@pytest.mark.parametrize(
    ("condition", "mean"), [(1, 1), (1e6, 1), (1, 1e6), (1e3, 1e3), (1e6, 1e6)]
)
def test_nine_digits_survive_large_means_and_ill_conditioned_designs(kind, condition, mean, order):
    """Up to a mean of 1e6 standard deviations and a condition of 1e6, nine digits are exact.

    Relative to themselves, that is. In standard errors, in which they matter, coefficients have
    eight: the rounding of the data alone, 1e-10 of the standard deviation, leaves no more than
    that to any program. `lstsq` itself is held against the same exact numbers.
    """
    for seed in range(2):
        matrix, data = ill_conditioned(kind, condition, mean, order, seed)
        assert np.linalg.cond(matrix / np.linalg.norm(matrix, axis=0)) <= 3 * condition
        exact = exactly(matrix, data)
        found, squares, _, _ = np.linalg.lstsq(matrix, data, rcond=None)
        theirs = errors_of(matrix, data, exact, found, matrix @ found, squares)
        for block in (None, 4):
            estimate = fit(matrix, data, block)
            ours = errors_of(
                matrix,
                data,
                exact,
                estimate.coefficients,
                estimate.predict(matrix),
                estimate.residual_sum_of_squares,
            )
            for name, limit in LIMITS.items():
                _within(name,ours[name]);_within(name+" / lstsq",ours[name]/(theirs[name]+1e-15));_within("lstsq "+name,theirs[name])
                assert ours[name] <= limit, name
                assert ours[name] <= 10 * theirs[name] + 1e-14, name
