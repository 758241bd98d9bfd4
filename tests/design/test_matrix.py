"""What a design says of itself: rank, what it can estimate, which columns depend on others."""

import numpy as np
import pytest

from secondlevel.design.matrix import Design, Factors
from secondlevel.errors import DesignError

GROUP = np.repeat([1.0, 0.0], 4)
AGE = np.array([21.0, 34.0, 55.0, 47.0, 62.0, 29.0, 38.0, 44.0])
SEX = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
ONES = np.ones(8)


def design_of(**columns):
    """A design with the given columns."""
    return Design(np.column_stack(list(columns.values())), list(columns))


TWO_GROUPS = {"control": 1 - GROUP, "patient": GROUP, "intercept": ONES}


@pytest.mark.parametrize(
    ("columns", "rank"),
    [
        pytest.param({"intercept": ONES}, 1, id="mean"),
        pytest.param({"age": AGE, "intercept": ONES}, 2, id="covariate"),
        pytest.param(TWO_GROUPS, 2, id="groups and intercept"),
        pytest.param({"a": AGE, "b": AGE, "intercept": ONES}, 2, id="the same column twice"),
        pytest.param({"a": AGE, "b": 365.25 * AGE + 12, "intercept": ONES}, 2, id="other units"),
        pytest.param({"zero": 0 * ONES, "intercept": ONES}, 1, id="column of zeros"),
        pytest.param({"zero": 0 * ONES}, 0, id="nothing but zeros"),
        pytest.param({f"x{i}": np.cos(i * AGE) for i in range(12)}, 8, id="more columns than rows"),
    ],
)
def test_rank_counts_independent_columns(columns, rank):
    """Rank is the number of independent columns, and the maps beyond it are degrees of freedom."""
    design = design_of(**columns)
    assert design.rank == rank == np.linalg.matrix_rank(design.matrix)
    assert design.dof == len(design.matrix) - rank


@pytest.mark.parametrize("unit", [1e-9, 1e-3, 1.0, 1e6, 1e12])
def test_rank_does_not_depend_on_the_unit_of_a_covariate(unit):
    """A covariate in nanometres or in light years counts as one independent column."""
    design = design_of(age=AGE * unit, intercept=ONES, patient=GROUP)
    assert design.rank == 3


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_a_dependence_is_seen_whatever_the_units(unit):
    """Columns that add up to another one are dependent even when one has huge or tiny units."""
    design = design_of(control=(1 - GROUP) * unit, patient=GROUP, intercept=ONES)
    assert design.rank == 2
    [relation] = design.dependencies()
    assert relation["patient"] / relation["intercept"] == -1.0
    assert relation["control"] / relation["patient"] == pytest.approx(1 / unit, rel=1e-5)


def test_a_nearly_constant_covariate_is_told_from_the_intercept():
    """A covariate whose spread is a millionth of its mean is a column of its own."""
    design = design_of(moment=1e6 + SEX, intercept=ONES)
    assert design.rank == 2
    assert design.dependencies() == []


@pytest.mark.parametrize(
    ("weights", "share"),
    [
        pytest.param([-1, 1, 0], 0.0, id="difference of the groups"),
        pytest.param([1, 0, 1], 0.0, id="mean of the controls"),
        pytest.param([0.5, 0.5, 1], 0.0, id="mean of all"),
        pytest.param([1, 1, -1], 1.0, id="the dependence itself"),
        pytest.param([0, 0, 0], 0.0, id="nothing"),
    ],
)
def test_a_direction_outside_the_row_space_is_invisible(weights, share):
    """What groups and intercept together determine is visible, their tangle is not."""
    scale = np.linalg.norm(np.column_stack(list(TWO_GROUPS.values())), axis=0)
    asked = np.array([weights]) * (scale**2 if share else 1.0)
    found = design_of(**TWO_GROUPS).factors.invisible(asked)
    # Worst seen: 2.4e-16.
    np.testing.assert_allclose(found, [share], rtol=0, atol=1e-14)


def test_every_contrast_of_a_full_rank_design_is_visible():
    """Independent columns can be combined at will."""
    design = design_of(age=AGE, patient=GROUP, intercept=ONES)
    assert design.factors.null.shape == (0, 3)
    np.testing.assert_array_equal(design.factors.invisible(np.eye(3)), 0.0)


@pytest.mark.parametrize("units", [(1e-6, 1.0, 1.0), (1.0, 1e8, 1.0), (1e-8, 1e4, 1e-3)])
def test_estimability_is_that_of_the_scaled_design(units):
    """Other units of the columns, and of the weights with them, leave what is visible as it was."""
    matrix = np.column_stack(list(TWO_GROUPS.values()))
    weights = np.random.default_rng(1).normal(size=(6, 3))
    expected = Factors.of(matrix).invisible(weights)
    found = Factors.of(matrix * np.array(units)).invisible(weights * np.array(units))
    # Worst seen: 3.3e-16.
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rank", [1, 2, 4])
def test_the_shortest_solution_is_that_of_the_moore_penrose_inverse(seed, rank):
    """A design of any rank, columns of any length, is solved as its pseudo-inverse does."""
    rng = np.random.default_rng(seed)
    units = 10.0 ** rng.integers(-2, 3, 4)
    matrix = rng.normal(size=(9, rank)) @ rng.normal(size=(rank, 4)) * units
    found = Factors.of(matrix).solve_shortest(np.eye(9))
    expected = np.linalg.pinv(matrix, rcond=1e-12)
    largest = np.abs(expected).max()
    # Worst seen: 6e-13 of the largest entry, pinv working on the unscaled matrix.
    np.testing.assert_allclose(found / largest, expected / largest, rtol=0, atol=1e-11)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rank", [1, 2, 4])
def test_weights_over_coefficients_become_weights_over_rows(seed, rank):
    """What the design can estimate is the same sum of the data, whatever solution is summed."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(9, rank)) @ rng.normal(size=(rank, 4))
    weights = rng.normal(size=(3, 9)) @ matrix
    factors = Factors.of(matrix)
    found = factors.weigh(weights)
    # Worst seen: 1e-13.
    for solution in (factors.solve(np.eye(9)), np.linalg.pinv(matrix, rcond=1e-12)):
        np.testing.assert_allclose(weights @ solution, found, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("columns", "has_intercept"),
    [
        pytest.param({"intercept": ONES}, True, id="ones"),
        pytest.param({"two": 2 * ONES, "age": AGE}, True, id="any constant"),
        pytest.param({"control": 1 - GROUP, "patient": GROUP}, True, id="one column per group"),
        pytest.param({"difference": 2 * GROUP - 1, "patient": GROUP}, True, id="two codings"),
        pytest.param({"age": AGE}, False, id="covariate alone"),
        pytest.param({"age": AGE - AGE.mean()}, False, id="centred covariate alone"),
        pytest.param({"year": 2000 + SEX}, False, id="nearly constant covariate"),
        pytest.param({"moment": 1e6 + SEX}, False, id="covariate constant to a millionth"),
        pytest.param({"patient": GROUP}, False, id="one group of two"),
        pytest.param({"zero": 0 * ONES}, False, id="zeros"),
    ],
)
def test_an_intercept_is_found_in_the_span_of_the_columns(columns, has_intercept):
    """A design has an intercept when some combination of its columns is constant, named or not."""
    design = design_of(**columns)
    assert (design.constant is not None) is has_intercept
    if has_intercept:
        # Worst seen: 9e-16.
        np.testing.assert_allclose(design.matrix @ design.constant, 1.0, rtol=0, atol=1e-13)
    else:
        assert design.constant is None


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param({"age": AGE, "intercept": ONES}, [], id="none"),
        pytest.param(
            {"age": AGE, **TWO_GROUPS, "sex": SEX},
            [{"control": 1.0, "patient": 1.0, "intercept": -1.0}],
            id="groups and intercept, not age or sex",
        ),
        pytest.param(
            {"age": AGE, "zero": 0 * ONES, "intercept": ONES}, [{"zero": 1.0}], id="zeros alone"
        ),
        pytest.param(
            {"age": AGE, "days": 365 * AGE, "intercept": ONES},
            [{"age": 1.0, "days": -0.00273973}],
            id="one covariate in two units",
        ),
        pytest.param(
            {**TWO_GROUPS, "man": SEX, "woman": 1 - SEX, "age": AGE},
            [
                {"control": 1.0, "patient": 1.0, "intercept": -1.0},
                {"intercept": 1.0, "man": -1.0, "woman": -1.0},
            ],
            id="two relations",
        ),
    ],
)
def test_a_dependence_names_the_columns_that_are_tangled_and_no_other(columns, expected):
    """Relations among columns hold the few columns that take part, with their weights."""
    design = design_of(**columns)
    found = design.dependencies()
    assert found == expected
    for relation in found:
        weights = np.array([relation.get(name, 0.0) for name in design.names])
        # Weights have six digits: worst seen 6e-7 of the largest number.
        apart = np.abs(design.matrix @ weights).max()
        assert apart <= 2e-6 * np.abs(design.matrix).max()


def test_there_are_as_many_relations_as_columns_beyond_the_rank():
    """Subject dummies, conditions and intercept of a paired design have two relations."""
    subjects = {f"s{i}": np.tile(np.eye(4)[i], 2) for i in range(4)}
    design = design_of(first=GROUP, second=1 - GROUP, **subjects, intercept=ONES)
    assert design.n_columns - design.rank == len(design.dependencies()) == 2


@pytest.mark.parametrize(
    ("matrix", "names", "message"),
    [
        (np.ones((0, 1)), ["a"], "at least one row and one column"),
        (np.ones((3, 0)), [], "at least one row and one column"),
        (np.ones(3), ["a"], "at least one row and one column"),
        (np.ones((3, 2)), ["a"], "2 columns but 1 names"),
        (np.ones((3, 2)), ["a", "a"], "do not have unique names: a"),
        ([[1, np.nan], [1, 2]], ["one", "age"], "NaN values or infinities: row 0, column 'age'"),
        ([[1, 2], [1, np.inf]], ["one", "age"], "row 1, column 'age'"),
    ],
)
def test_a_matrix_that_is_no_design_is_refused(matrix, names, message):
    """An empty, misnamed or unfinished matrix is an error that says where the trouble lies."""
    with pytest.raises(DesignError, match=message):
        Design(matrix, names)


def test_a_saturated_design_says_what_to_do():
    """As many independent columns as maps leave nothing to estimate a variance from."""
    design = Design(np.eye(3), ["a", "b", "c"])
    assert design.dof == 0
    with pytest.raises(DesignError, match=r"3 maps and a design matrix of rank 3 \(a, b, c\)"):
        design.check_dof()


def test_a_dependent_column_does_not_use_up_degrees_of_freedom():
    """Three maps and three columns of rank one leave two degrees of freedom."""
    design = Design(np.ones((3, 3)), ["a", "b", "c"])
    design.check_dof()
    assert design.dof == 2


def test_a_design_keeps_a_copy_that_cannot_be_written():
    """Changing the array a design was made from, or the design's own, is impossible."""
    matrix = np.column_stack([AGE, ONES])
    design = Design(matrix, ["age", "intercept"])
    matrix[0] = 0.0
    assert design.matrix[0, 0] == AGE[0]
    with pytest.raises(ValueError, match="read-only"):
        design.matrix[0, 0] = 1.0
