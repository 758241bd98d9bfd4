"""Least squares held against exact arithmetic, numpy, scipy.stats and statsmodels."""

import warnings

import mpmath
import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm
from statsmodels.tools.sm_exceptions import SingularMatrixWarning

from secondlevel.design.contrast import make_contrast
from secondlevel.design.matrix import Design
from secondlevel.errors import DesignError
from secondlevel.inference.tails import f_tail, t_tail
from secondlevel.models.least_squares import LeastSquares

RNG = np.random.default_rng


def named(matrix):
    """A design whose columns are called x0, x1, ..."""
    return Design(matrix, [f"x{i}" for i in range(np.shape(matrix)[1])])


def fit(matrix, data, block=None):
    """Fit at once, or in blocks of rows that are merged one after the other."""
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
        "coefficients in standard errors": off
        / np.maximum(np.abs(true_coefficients), standard_errors),
        "residuals in standard deviations": (data - fitted - residuals) / spread,
    }
    return {name: float(np.abs(difference).max()) for name, difference in differences.items()}


# Worst seen: ours, then those of lstsq.
LIMITS = {
    "coefficients": 1e-9,  # 8e-10, 4e-10
    "fitted values": 1e-9,  # 9e-11, 5e-7
    "squares": 1e-9,  # 6e-10, 6e-10
    "coefficients in standard errors": 3e-9,  # 1.0e-9, 1.6e-9
    "residuals in standard deviations": 3e-9,  # 1.2e-9, 6e-6
}


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 2, 0]], ids=["mean first", "mean last"])
@pytest.mark.parametrize("kind", ["units", "collinear", "offset"])
@pytest.mark.parametrize(
    ("condition", "mean"), [(1, 1), (1e6, 1), (1, 1e6), (1e3, 1e3), (1e6, 1e6)]
)
def test_nine_digits_survive_large_means_and_ill_conditioned_designs(kind, condition, mean, order):
    """Up to a mean of 1e6 standard deviations and a condition of 1e6, nine digits are exact.

    The condition is that of columns of equal length, whatever their units. `lstsq` itself is held
    against the same exact numbers; data whose last digit is 1e-10 of their spread leave no more
    to it either.
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
                assert ours[name] <= limit, name
                # Worst seen: 7.3 times, where both are right to ten digits.
                assert ours[name] <= 10 * theirs[name] + 1e-14, name


# ------------------------------------------------------------------ numpy

DESIGNS = {
    "full rank": lambda rng: rng.normal(size=(12, 4)),
    "mean and covariates": lambda rng: np.column_stack([np.ones(12), rng.normal(size=(12, 3))]),
    "groups and intercept": lambda rng: np.column_stack(
        [np.repeat(np.eye(3), 4, axis=0), np.ones(12), rng.normal(size=12)]
    ),
    "rank 2 of 5": lambda rng: rng.normal(size=(12, 2)) @ rng.normal(size=(2, 5)),
    "a column of zeros": lambda rng: rng.normal(size=(12, 3)) * [1, 0, 1],
    "paired": lambda rng: np.column_stack([np.tile(np.eye(6), (2, 1)), np.repeat([0, 1], 6)]),
    "more columns than rows": lambda rng: rng.normal(size=(12, 3)) @ rng.normal(size=(3, 20)),
}


@pytest.mark.parametrize("block", [None, 1, 5], ids=["at once", "row by row", "in blocks"])
@pytest.mark.parametrize("kind", DESIGNS)
def test_the_solution_is_numpys_of_minimum_norm(kind, block):
    """Coefficients, fitted values and residual squares are those of `numpy.linalg.lstsq`."""
    rng = RNG(3)
    matrix, data = DESIGNS[kind](rng), rng.normal(2, 1, size=(12, 50))
    # Rank counted as here: lstsq by itself would see rounding errors as columns.
    expected, _, rank, _ = np.linalg.lstsq(matrix, data, rcond=1e-9)
    estimate = fit(matrix, data, block)
    fitted = matrix @ expected
    squares = ((data - fitted) ** 2).sum(axis=0)
    assert estimate.dof == 12 - rank
    # Worst seen: 0.003, 0.004 and 0.002 of the tolerance.
    np.testing.assert_allclose(estimate.coefficients, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(estimate.predict(matrix), fitted, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(estimate.residual_sum_of_squares, squares, rtol=1e-12)


@pytest.mark.parametrize("kind", DESIGNS)
def test_the_covariance_of_coefficients_is_the_pseudo_inverse_of_the_cross_product(kind):
    """Before the residual variance comes in, coefficients covary as (XᵀX)⁺."""
    matrix = DESIGNS[kind](RNG(3))
    found = fit(matrix, np.zeros((12, 1))).covariance
    expected = np.linalg.pinv(matrix.T @ matrix, rcond=1e-12)
    # Worst seen: 1.2e-15.
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


# ------------------------------------------------------------------ scipy.stats


def t_of(estimate):
    """Statistic and one-sided p of a t contrast."""
    assert estimate.dof_contrast == 1
    return estimate.statistic, t_tail(estimate.statistic, estimate.dof).p


def test_one_sample_t_is_scipys():
    """The mean against zero is `ttest_1samp`."""
    data = RNG(4).normal(0.4, 1, size=(14, 50))
    expected = scipy.stats.ttest_1samp(data, 0, alternative="greater")
    estimate = ask(np.ones((14, 1)), data, None)
    t, p = t_of(estimate)
    # Worst seen: 1.8e-15, 3.2e-15, 1.9e-15, 5.6e-16.
    np.testing.assert_allclose(t, expected.statistic, rtol=1e-12)
    np.testing.assert_allclose(p, expected.pvalue, rtol=1e-12)
    np.testing.assert_allclose(estimate.effect[0], data.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(estimate.variance[0], data.var(axis=0, ddof=1) / 14, rtol=1e-12)
    assert estimate.dof == expected.df[0] == 13


@pytest.mark.parametrize("with_intercept", [False, True])
def test_two_sample_t_is_scipys(with_intercept):
    """Two groups, coded with or without an intercept, compare as in `ttest_ind`."""
    data = RNG(5).normal(0.4, 1, size=(15, 50))
    patient = np.arange(15) < 6
    columns = [~patient, patient, *([np.ones(15)] if with_intercept else [])]
    expected = scipy.stats.ttest_ind(data[patient], data[~patient], alternative="greater")
    weights = [-1, 1, 0][: len(columns)]
    estimate = ask(np.column_stack(columns).astype(float), data, weights)
    t, p = t_of(estimate)
    # Worst seen: 3.2e-14, 2.6e-15.
    np.testing.assert_allclose(t, expected.statistic, rtol=1e-12)
    np.testing.assert_allclose(p, expected.pvalue, rtol=1e-12)
    assert estimate.dof == expected.df[0] == 13


def test_paired_t_by_subject_columns_is_scipys():
    """A column per subject and one for the condition make the paired test of `ttest_rel`."""
    data = RNG(6).normal(0.4, 1, size=(20, 50))
    matrix = np.column_stack([np.repeat([1.0, 0.0], 10), np.tile(np.eye(10), (2, 1))])
    expected = scipy.stats.ttest_rel(data[:10], data[10:], alternative="greater")
    estimate = ask(matrix, data, np.eye(11)[0])
    t, p = t_of(estimate)
    # Worst seen: 5.1e-14, 2.7e-15.
    np.testing.assert_allclose(t, expected.statistic, rtol=1e-12)
    np.testing.assert_allclose(p, expected.pvalue, rtol=1e-12)
    assert estimate.dof == expected.df[0] == 9


@pytest.mark.parametrize("rows", [2, 3], ids=["independent rows", "all three differences"])
def test_one_way_anova_is_scipys(rows):
    """Differences among groups tested together are `f_oneway`, redundant differences or not."""
    data = RNG(7).normal(0.4, 1, size=(15, 50))
    group = np.repeat([0, 1, 2], [4, 5, 6])
    expected = scipy.stats.f_oneway(*(data[group == g] for g in range(3)))
    weights = np.array([[1.0, -1, 0], [0, 1, -1], [1, 0, -1]])[:rows]
    estimate = ask(np.eye(3)[group], data, weights)
    assert (estimate.dof_contrast, estimate.dof) == (2, 12)
    # Worst seen: 3.6e-15, 1.5e-15.
    np.testing.assert_allclose(estimate.statistic, expected.statistic, rtol=1e-12)
    found = f_tail(estimate.statistic, estimate.dof_contrast, estimate.dof).p
    np.testing.assert_allclose(found, expected.pvalue, rtol=1e-12)


def test_a_slope_is_scipys():
    """Regression on one covariate is `linregress`, and its R² the squared correlation."""
    rng = RNG(8)
    x = rng.normal(40, 12, size=16)
    data = 0.02 * x[:, None] + rng.normal(size=(16, 50))
    expected = [scipy.stats.linregress(x, y) for y in data.T]
    matrix = np.column_stack([x, np.ones(16)])
    estimate = ask(matrix, data, [1, 0])
    # Worst seen: 1.4e-14, 4e-16, 6.4e-15, 1.6e-14.
    np.testing.assert_allclose(estimate.effect[0], [line.slope for line in expected], rtol=1e-11)
    np.testing.assert_allclose(
        np.sqrt(estimate.variance[0]), [line.stderr for line in expected], rtol=1e-11
    )
    two_sided = 2 * t_tail(np.abs(estimate.statistic), estimate.dof).p
    np.testing.assert_allclose(two_sided, [line.pvalue for line in expected], rtol=1e-11)
    r_square = fit(matrix, data).r_square(named(matrix).constant)
    correlation = np.array([scipy.stats.pearsonr(x, y).statistic for y in data.T])
    np.testing.assert_allclose(r_square, correlation**2, rtol=1e-11)


# ------------------------------------------------------------------ statsmodels


def ols(y, matrix):
    """Fit by statsmodels, which says of a rank-deficient design that it is one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SingularMatrixWarning)
        return sm.OLS(y, matrix).fit()


def random_case(kind, seed):
    """A random design of a kind, data, and rows of weights that it can estimate."""
    rng = RNG(seed)
    matrix = DESIGNS[kind](rng)
    data = rng.normal(2, 1, size=(12, 8))
    weights = rng.normal(size=(3, 12)) @ matrix  # whatever is a sum of rows can be estimated
    return matrix, data, weights


@pytest.mark.parametrize("seed", [10, 11])
@pytest.mark.parametrize("kind", DESIGNS)
def test_t_is_that_of_statsmodels(kind, seed):
    """Effect, standard error, t, p and n - r are those of OLS, of rank-deficient designs too."""
    matrix, data, weights = random_case(kind, seed)
    for row in weights:
        estimate = ask(matrix, data, row)
        t, p = t_of(estimate)
        for element, y in enumerate(data.T):
            expected = ols(y, matrix).t_test(row)
            assert estimate.dof == expected.df_denom
            found = [
                estimate.effect[0, element],
                np.sqrt(estimate.variance[0, element]),
                t[element],
                p[element],
            ]
            one_sided = scipy.stats.t.sf(expected.tvalue, expected.df_denom).item()
            wanted = [expected.effect[0], expected.sd.item(), expected.tvalue.item(), one_sided]
            # Worst seen: 3.1e-14.
            np.testing.assert_allclose(found, wanted, rtol=1e-11)


@pytest.mark.parametrize("seed", [10, 11])
@pytest.mark.parametrize("kind", DESIGNS)
def test_f_is_that_of_statsmodels(kind, seed):
    """F and p of several rows are those of OLS; rows that follow from others change nothing."""
    matrix, data, weights = random_case(kind, seed)
    rank = np.linalg.matrix_rank(weights, tol=1e-8)
    independent = weights[:rank]
    redundant = np.vstack([weights, weights[:1] - 2 * weights[1:2], np.zeros_like(weights[:1])])
    estimates = [ask(matrix, data, rows, "F") for rows in (independent, redundant)]
    for element, y in enumerate(data.T):
        expected = ols(y, matrix).f_test(independent)
        for estimate in estimates:
            assert (estimate.dof_contrast, estimate.dof) == (rank, expected.df_denom)
            found = f_tail(estimate.statistic[element], rank, estimate.dof).p
            # Worst seen: 7.9e-15, 1.5e-14.
            np.testing.assert_allclose(estimate.statistic[element], expected.fvalue, rtol=1e-11)
            np.testing.assert_allclose(found, expected.pvalue, rtol=1e-11)


@pytest.mark.parametrize("kind", DESIGNS)
def test_r_square_is_that_of_statsmodels(kind):
    """R² is about the mean where statsmodels finds a constant in the design, else about 0."""
    matrix, data, _ = random_case(kind, 12)
    design = named(matrix)
    found = fit(matrix, data).r_square(design.constant)
    expected = [ols(y, matrix) for y in data.T]
    assert {bool(model.k_constant) for model in expected} == {design.constant is not None}
    # Worst seen: 3.3e-16.
    np.testing.assert_allclose(found, [model.rsquared for model in expected], rtol=0, atol=1e-12)


# ------------------------------------------------------------------ elements without variance


def test_constant_data_get_statistic_0():
    """Where nothing varies t and F are 0, not infinite, and the element is marked."""
    rng = RNG(13)
    patient = np.repeat([0.0, 1.0], 6)
    data = np.column_stack([np.full(12, 5.0), 3 * patient, rng.normal(size=12), np.zeros(12)])
    matrix = np.column_stack([patient, np.ones(12)])
    for weights, kind in (([1, 0], "t"), ([0, 1], "F"), (np.eye(2), "F")):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            estimate = ask(matrix, data, weights, kind)
        np.testing.assert_array_equal(estimate.constant, [True, True, False, True])
        np.testing.assert_array_equal(estimate.statistic[[0, 1, 3]], 0.0)
        assert np.isfinite(estimate.statistic).all()
        assert estimate.statistic[2] != 0.0


def test_a_contrast_holds_the_residual_variance():
    """The variance of the effect is that of a map times what the design makes of the weights."""
    rng = RNG(18)
    matrix, data = rng.normal(size=(11, 3)), rng.normal(size=(11, 5))
    squares = np.linalg.lstsq(matrix, data, rcond=None)[1]
    inverse = np.linalg.inv(matrix.T @ matrix)
    for weights, kind in (([[1, 0, -2]], "t"), ([[1, 0, -2], [0, 1, 0]], "F")):
        answer = ask(matrix, data, weights, kind)
        np.testing.assert_allclose(answer.residual_variance, squares / 8, rtol=1e-12)  # seen: 3e-16
        factor = np.diag(np.array(weights) @ inverse @ np.transpose(weights))
        np.testing.assert_allclose(
            answer.variance, np.outer(factor, answer.residual_variance), rtol=1e-11
        )  # seen: 2e-15


@pytest.mark.parametrize("value", [1e-300, 1e-30, 0.1, 1 / 3, 1e6 / 7, 1e30])
@pytest.mark.parametrize("n", [5, 24, 200])
@pytest.mark.parametrize("kind", ["mean", "collinear", "offset"])
def test_constant_data_are_recognised_at_any_size(value, n, kind):
    """Rounding errors of a constant are never taken for variance, however it is fitted."""
    rng = RNG(14)
    ones, x, z = np.ones(n), rng.normal(size=n), rng.normal(size=n)
    columns = {"mean": [ones], "collinear": [x, x + z / 1e6, ones], "offset": [1e6 + x, ones]}
    matrix = np.column_stack(columns[kind])
    estimate = fit(matrix, np.full((n, 1), value), block=4)
    assert estimate.constant.all()
    np.testing.assert_array_equal(estimate.r_square(named(matrix).constant), 0.0)


@pytest.mark.parametrize("ratio", [1e3, 1e6, 1e9])
def test_data_that_vary_little_are_not_called_constant(ratio):
    """A spread of a billionth of the mean is still a spread."""
    data = ratio + RNG(15).normal(size=(20, 10))
    assert not fit(np.ones((20, 1)), data, block=4).constant.any()


def test_a_saturated_design_is_refused():
    """Without residual degrees of freedom there is no variance to divide by."""
    with pytest.raises(DesignError, match="saturated"):
        fit(np.eye(4), np.ones((4, 3)))


def test_narrowing_keeps_the_answers_of_the_elements_kept():
    """Fewer elements, the same numbers at each."""
    rng = RNG(16)
    matrix, data = rng.normal(size=(9, 2)), rng.normal(size=(9, 20))
    keep = rng.random(20) < 0.4
    contrast = make_contrast([1, -1], named(matrix))
    whole, part = fit(matrix, data), fit(matrix, data).narrow(keep)
    assert part.n_elements == keep.sum()
    # Worst seen: 2.2e-16: products of narrower matrices are summed in another order.
    np.testing.assert_allclose(
        part.contrast(contrast).statistic, whole.contrast(contrast).statistic[keep], rtol=1e-13
    )


def test_several_chunks_of_elements_give_what_one_gives():
    """Elements are worked on a few thousand at a time without a seam."""
    rng = RNG(17)
    matrix, data = rng.normal(size=(6, 2)), rng.normal(size=(6, 20_001))
    estimate = fit(matrix, data, block=2)
    expected, squares, _, _ = np.linalg.lstsq(matrix, data, rcond=None)
    # Worst seen: 1.8e-15, 9.3e-15.
    np.testing.assert_allclose(estimate.coefficients, expected, rtol=0, atol=1e-13)
    np.testing.assert_allclose(estimate.residual_sum_of_squares, squares, rtol=1e-12)
