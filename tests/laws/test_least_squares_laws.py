"""Laws of least squares: what must hold of any data and any design."""

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from secondlevel.design.contrast import Contrast
from secondlevel.design.matrix import Design
from secondlevel.models.least_squares import LeastSquares

lawful = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)

N_ELEMENTS = 5
ESTIMATOR = LeastSquares()


class Case:
    """A design of any rank with data, drawn from a seed; mean and spread are of order one."""

    def __init__(self, n, p, rank, intercept, seed):
        rng = np.random.default_rng(seed)
        columns = rng.normal(size=(n, rank)) @ rng.normal(size=(rank, p))
        if intercept:
            columns[:, -1] = 1.0
        self.matrix = columns
        self.data = rng.normal(1, 1, size=(n, N_ELEMENTS)) + columns @ rng.normal(
            size=(p, N_ELEMENTS)
        )
        self.rng = rng

    def __repr__(self):
        return f"Case({self.matrix!r}, {self.data!r})"

    @property
    def design(self):
        """The design, its columns called x0, x1, ..."""
        return Design(self.matrix, [f"x{i}" for i in range(self.matrix.shape[1])])

    def fit(self, matrix=None, data=None):
        """Fit another design or other data than the case's own."""
        matrix = self.matrix if matrix is None else matrix
        data = self.data if data is None else data
        return ESTIMATOR.finish(ESTIMATOR.reduce(matrix, data))

    def rows(self, k):
        """Weights of k rows that the design can estimate."""
        return self.rng.normal(size=(k, len(self.matrix))) @ self.matrix


@st.composite
def cases(draw, intercept=None):
    """Designs with at least two residual degrees of freedom, of full rank or not."""
    p = draw(st.integers(1, 4))
    rank = draw(st.integers(1, p))
    n = draw(st.integers(rank + 3, 16))
    with_intercept = draw(st.booleans()) if intercept is None else intercept
    return Case(n, p, rank, with_intercept, draw(st.integers(0, 2**32 - 1)))


def t_contrast(row):
    """A t contrast of one row of weights."""
    return Contrast(np.atleast_2d(row), "c", "t")


def f_contrast(rows):
    """An F contrast of rows of weights."""
    return Contrast(np.atleast_2d(rows), "c", "F")


def agree(found, expected, digits, size=1.0):
    """Assert that numbers agree to a share of their size, or of `size` where they are smaller."""
    np.testing.assert_allclose(found, expected, rtol=digits, atol=digits * size)


def assert_same_fit(found, expected, digits):
    """Assert that two estimates agree in everything they can be asked."""
    agree(found.coefficients, expected.coefficients, digits)
    agree(found.covariance, expected.covariance, digits)
    agree(found.residual_sum_of_squares, expected.residual_sum_of_squares, digits)
    assert found.dof == expected.dof
    assert found.reduced.n_rows == expected.reduced.n_rows


# ------------------------------------------------------------------ units


@lawful
@given(cases(), st.floats(-12, 12), st.booleans())
def test_data_in_other_units_have_the_same_t(case, power, negative):
    """Rescaled data rescale effects, not t, F or R²; a change of sign is one of t."""
    unit = 10.0**power * (-1 if negative else 1)
    rows = case.rows(2)
    before, after = case.fit(), case.fit(data=case.data * unit)
    t, scaled_t = (fit.contrast(t_contrast(rows[0])) for fit in (before, after))
    # Worst seen: 1e-15, 7e-16, 1e-15, 1e-15, 2e-16.
    agree(scaled_t.effect / unit, t.effect, 1e-11)
    agree(scaled_t.variance / unit**2, t.variance, 1e-11)
    agree(scaled_t.statistic * np.sign(unit), t.statistic, 1e-11)
    f, scaled_f = (fit.contrast(f_contrast(rows)) for fit in (before, after))
    agree(scaled_f.statistic, f.statistic, 1e-11)
    constant = case.design.constant
    agree(after.r_square(constant), before.r_square(constant), 1e-11)


@lawful
@given(cases(), st.lists(st.floats(-7, 7), min_size=4, max_size=4))
def test_columns_in_other_units_have_the_same_t(case, powers):
    """Grams or kilograms, years or days: weights follow the units and t stays."""
    units = 10.0 ** np.array(powers[: case.matrix.shape[1]])
    before, after = case.fit(), case.fit(matrix=case.matrix * units)
    rows = case.rows(2)
    assert after.dof == before.dof
    agree(after.residual_sum_of_squares, before.residual_sum_of_squares, 1e-11)
    for contrast, rescaled in (
        (t_contrast(rows[0]), t_contrast(rows[0] * units)),
        (f_contrast(rows), f_contrast(rows * units)),
    ):
        ours, theirs = after.contrast(rescaled), before.contrast(contrast)
        # Worst seen: 7e-15, 6e-15, 5e-15.
        agree(ours.effect, theirs.effect, 1e-11)
        agree(ours.variance, theirs.variance, 1e-11)
        agree(ours.statistic, theirs.statistic, 1e-11)
        assert ours.dof_contrast == theirs.dof_contrast


# ------------------------------------------------------------------ rows and blocks


@lawful
@given(cases())
def test_the_order_of_the_maps_does_not_matter(case):
    """Maps and rows of the design shuffled together give the same estimate."""
    order = case.rng.permutation(len(case.matrix))
    # Worst seen: 3e-14.
    assert_same_fit(case.fit(case.matrix[order], case.data[order]), case.fit(), 1e-11)


@lawful
@given(cases(), st.data())
def test_any_cut_into_blocks_gives_the_same_estimate(case, data):
    """One block, one map at a time, or blocks of any sizes."""
    n = len(case.matrix)
    cuts = sorted(data.draw(st.sets(st.integers(1, n - 1))))
    bounds = list(zip([0, *cuts], [*cuts, n], strict=True))
    parts = [ESTIMATOR.reduce(case.matrix[a:b], case.data[a:b]) for a, b in bounds]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    # Worst seen: 6e-14.
    assert_same_fit(ESTIMATOR.finish(merged), case.fit(), 1e-11)


@lawful
@given(cases(), st.data())
def test_merging_is_associative(case, data):
    """Blocks merged two by two in any bracketing give the same estimate, so work can be cut."""
    n = len(case.matrix)
    cuts = sorted(data.draw(st.sets(st.integers(1, n - 1), min_size=2)))
    bounds = list(zip([0, *cuts], [*cuts, n], strict=True))
    parts = [ESTIMATOR.reduce(case.matrix[a:b], case.data[a:b]) for a, b in bounds]
    while len(parts) > 1:
        i = data.draw(st.integers(0, len(parts) - 2))
        parts[i : i + 2] = [parts[i].merge(parts[i + 1])]
    # Worst seen: 4e-15.
    assert_same_fit(ESTIMATOR.finish(parts[0]), case.fit(), 1e-11)


@lawful
@given(cases(), st.data())
def test_merging_commutes(case, data):
    """Sites may send their parts in any order."""
    cut = data.draw(st.integers(1, len(case.matrix) - 1))
    one = ESTIMATOR.reduce(case.matrix[:cut], case.data[:cut])
    other = ESTIMATOR.reduce(case.matrix[cut:], case.data[cut:])
    # Worst seen: 1e-13.
    assert_same_fit(ESTIMATOR.finish(one.merge(other)), ESTIMATOR.finish(other.merge(one)), 1e-11)


@lawful
@given(cases())
def test_merging_changes_neither_part(case):
    """A part can be merged with several others."""
    one = ESTIMATOR.reduce(case.matrix[:2], case.data[:2])
    other = ESTIMATOR.reduce(case.matrix[2:], case.data[2:])
    before = [
        array.copy() for p in (one, other) for array in (p.triangle, p.projection, p.residual)
    ]
    one.merge(other)
    after = [array for p in (one, other) for array in (p.triangle, p.projection, p.residual)]
    for x, y in zip(after, before, strict=True):
        np.testing.assert_array_equal(x, y)


# ------------------------------------------------------------------ contrasts


@lawful
@given(cases())
def test_f_of_one_row_is_t_squared(case):
    """The two tests of one question agree."""
    row = case.rows(1)
    t, f = case.fit().contrast(t_contrast(row)), case.fit().contrast(f_contrast(row))
    # Worst seen: 2e-15.
    agree(f.statistic, t.statistic**2, 1e-11)
    np.testing.assert_array_equal(f.effect, t.effect)
    np.testing.assert_array_equal(f.variance, t.variance)
    assert (f.dof_contrast, f.dof) == (1, t.dof)


@lawful
@given(cases(), st.integers(1, 3), st.integers(0, 3))
def test_f_asks_about_the_space_of_its_rows(case, k, redundant):
    """Rows mixed by an invertible matrix, or with sums of them added, have the same F."""
    rows = case.rows(k)
    mixing = case.rng.normal(size=(k + redundant, k)) + 2 * np.eye(k + redundant, k)
    before = case.fit().contrast(f_contrast(rows))
    after = case.fit().contrast(f_contrast(mixing @ rows))
    # Worst seen: 1e-15, 1e-15.
    agree(after.statistic, before.statistic, 1e-10)
    assert after.dof_contrast == before.dof_contrast <= min(k, case.design.rank)
    # Effects are what was asked, row by row.
    agree(after.effect, mixing @ before.effect, 1e-11)


@lawful
@given(cases(), st.floats(-6, 6))
def test_a_contrast_times_a_number_is_the_same_question(case, power):
    """Weights of any size have the same t."""
    row = case.rows(1)
    before = case.fit().contrast(t_contrast(row))
    after = case.fit().contrast(t_contrast(row * 10.0**power))
    # Worst seen: 6e-16.
    agree(after.statistic, before.statistic, 1e-12)


# ------------------------------------------------------------------ adding what is modelled


@lawful
@given(cases(), st.floats(-1e3, 1e3))
def test_data_moved_along_the_design_move_the_coefficients_alone(case, size):
    """What the columns explain, added to the data, leaves residuals and their variance alone."""
    moved = case.matrix @ case.rng.normal(size=(case.matrix.shape[1], N_ELEMENTS)) * size
    before, after = case.fit(), case.fit(data=case.data + moved)
    # Worst seen: 9e-13, 2e-13.
    agree(after.residual_sum_of_squares, before.residual_sum_of_squares, 1e-9)
    agree(after.predict(case.matrix), before.predict(case.matrix) + moved, 1e-10)


@lawful
@given(cases(intercept=True), st.floats(-1e3, 1e3))
def test_a_constant_added_to_the_data_changes_only_the_mean(case, constant):
    """With an intercept in the span, contrasts about zero of a constant are blind to it."""
    assert case.design.constant is not None
    assume(case.design.rank > 1)
    before, after = case.fit(), case.fit(data=case.data + constant)
    agree(after.residual_sum_of_squares, before.residual_sum_of_squares, 1e-9)
    # The part of the weights that does not ask for the mean.
    row = case.rows(1)
    mean = np.ones(len(case.matrix)) @ case.matrix / len(case.matrix)
    row = row - (row @ case.design.constant) * mean
    t, moved = before.contrast(t_contrast(row)), after.contrast(t_contrast(row))
    # Worst seen: 8e-13, 3e-12, 3e-13.
    agree(moved.effect, t.effect, 1e-9)
    agree(moved.statistic, t.statistic, 1e-9)
    # R² is about the mean, so it does not see a constant either.
    weights = case.design.constant
    agree(after.r_square(weights), before.r_square(weights), 1e-9)


# ------------------------------------------------------------------ what least squares is


@lawful
@given(cases())
def test_residuals_are_orthogonal_to_the_design(case):
    """Nothing of the columns is left in what they do not explain."""
    estimate = case.fit()
    residuals = case.data - estimate.predict(case.matrix)
    # Worst seen: 2e-15, 2e-15.
    agree(case.matrix.T @ residuals, 0.0, 1e-11, np.linalg.norm(case.matrix) * 10)
    agree((residuals**2).sum(axis=0), estimate.residual_sum_of_squares, 1e-11)


@lawful
@given(cases())
def test_no_other_coefficients_fit_better_or_as_well_with_less(case):
    """Coefficients minimise the residual squares, and among those that do, their own length."""
    estimate = case.fit()
    best = estimate.coefficients
    null = np.eye(case.matrix.shape[1]) - np.linalg.pinv(case.matrix, rcond=1e-9) @ case.matrix
    # Worst seen: 9e-14.
    agree(null @ best, 0.0, 1e-11, np.abs(best).max())
    step = case.rng.normal(size=best.shape) * 1e-2
    squares = ((case.data - case.matrix @ (best + step)) ** 2).sum(axis=0)
    assert (squares >= estimate.residual_sum_of_squares * (1 - 1e-12)).all()


@lawful
@given(cases(), st.floats(0, 6))
def test_r_square_is_the_share_of_the_squares_explained(case, power):
    """R² is 1 - SSR / SST, about the mean with an intercept and about 0 without; from 0 to 1."""
    case.data *= 1 + 10.0**power * (np.arange(N_ELEMENTS) == 0)
    constant = case.design.constant
    found = case.fit().r_square(constant)
    residuals = case.data - case.fit().predict(case.matrix)
    about = case.data.mean(axis=0) if constant is not None else 0.0
    expected = 1 - (residuals**2).sum(axis=0) / ((case.data - about) ** 2).sum(axis=0)
    assert ((found >= 0) & (found <= 1)).all()
    # Worst seen: 8e-16.
    agree(found, expected, 1e-11)


@lawful
@given(cases())
def test_a_column_more_never_explains_less(case):
    """R² about zero does not fall when a column is added."""
    more = np.column_stack([case.matrix, case.rng.normal(size=len(case.matrix))])
    assert (case.fit(more).r_square(None) >= case.fit().r_square(None) - 1e-12).all()


@lawful
@given(cases())
def test_dependent_columns_change_no_answer(case):
    """A column that is a sum of the others adds no question and takes no degree of freedom."""
    p = case.matrix.shape[1]
    extra = case.matrix @ case.rng.normal(size=p)
    wider = np.column_stack([case.matrix, extra])
    before, after = case.fit(), case.fit(wider)
    assert after.dof == before.dof
    agree(after.residual_sum_of_squares, before.residual_sum_of_squares, 1e-11)
    agree(after.predict(wider), before.predict(case.matrix), 1e-11)
    combination = case.rng.normal(size=len(case.matrix))
    t = before.contrast(t_contrast(combination @ case.matrix))
    wider_t = after.contrast(t_contrast(combination @ wider))
    # Worst seen: 2e-15, 1e-15, 1e-15.
    agree(wider_t.effect, t.effect, 1e-11)
    agree(wider_t.variance, t.variance, 1e-11)
    agree(wider_t.statistic, t.statistic, 1e-11)
