"""Values at a place by group or covariate, with fit and interval, against statsmodels."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS

from secondlevel.design.contrast import make_contrast
from secondlevel.design.matrix import Design
from secondlevel.inquiry.effects import effect_table

LABELS = [f"m{row}" for row in range(12)]


@pytest.fixture
def columns():
    """Two groups, an age and a score."""
    rng = np.random.default_rng(0)
    group = np.arange(12) % 2.0
    return pd.DataFrame(
        {
            "control": 1 - group,
            "patient": group,
            "age": rng.normal(40, 9, 12),
            "score": rng.normal(size=12),
        }
    )


@pytest.fixture
def values():
    """Values of twelve maps at two places."""
    return np.random.default_rng(1).normal(2, 1, (12, 2))


def drawn(columns, contrast, values, confidence=0.95):
    """The table, the design and the contrast."""
    design = Design(columns.to_numpy(), list(columns))
    asked = make_contrast(contrast, design)
    table, x_name = effect_table(values, ["1", "2"], design, asked, LABELS, confidence)
    return table, x_name, design, asked


def test_group_means_and_intervals_are_those_of_statsmodels(columns, values):
    """Means of groups at the mean of covariates, with the interval of a prediction."""
    table, x_name, *_ = drawn(columns, "patient - control", values, 0.9)
    fit = table[(table["Part"] == "fit") & (table["Peak"] == "2")]
    rows = columns.assign(age=columns["age"].mean(), score=columns["score"].mean()).iloc[:2]
    model = OLS(values[:, 1], columns).fit()
    expected = model.get_prediction(rows).summary_frame(alpha=0.1)
    assert x_name == ""
    assert fit["Group"].tolist() == ["control", "patient"]
    # Largest difference seen: 4e-15 relative.
    np.testing.assert_allclose(fit["Value"], expected["mean"], rtol=1e-12)
    np.testing.assert_allclose(fit["Lower"], expected["mean_ci_lower"], rtol=1e-12)
    np.testing.assert_allclose(fit["Upper"], expected["mean_ci_upper"], rtol=1e-12)
    difference = fit["Value"].iloc[1] - fit["Value"].iloc[0]
    assert difference == pytest.approx(model.params["patient"] - model.params["control"], rel=1e-12)


def test_points_lie_about_the_fit_as_residuals_do(columns, values):
    """A map's point is its group's mean and its residual."""
    table, *_ = drawn(columns, "patient - control", values)
    maps = table[(table["Part"] == "map") & (table["Peak"] == "1")].set_index("Map")
    fit = table[(table["Part"] == "fit") & (table["Peak"] == "1")].set_index("Group")
    residuals = OLS(values[:, 0], columns).fit().resid
    apart = maps["Value"] - fit.loc[maps["Group"], "Value"].to_numpy()
    np.testing.assert_allclose(apart.loc[LABELS], residuals, atol=1e-13)
    assert maps["Group"].loc[LABELS].tolist() == ["control", "patient"] * 6


def test_a_covariate_gives_a_line_with_its_slope(columns, values):
    """The line runs over the covariate, with the slope that the contrast estimates."""
    table, x_name, *_ = drawn(columns, "2*age", values)
    fit = table[(table["Part"] == "fit") & (table["Peak"] == "1")]
    model = OLS(values[:, 0], columns).fit()
    assert x_name == "age"
    assert fit["X Value"].iloc[[0, -1]].tolist() == [columns["age"].min(), columns["age"].max()]
    slope = np.diff(fit["Value"])[0] / np.diff(fit["X Value"])[0]
    assert slope == pytest.approx(model.params["age"], rel=1e-9)
    at = columns.mean().to_frame().T.assign(age=fit["X Value"].iloc[7])
    expected = model.get_prediction(at).summary_frame(alpha=0.05)
    assert fit["Lower"].iloc[7] == pytest.approx(expected["mean_ci_lower"][0], rel=1e-11)


def test_any_other_contrast_gives_its_own_regressor(columns, values):
    """Of a mixture the regressor of the contrast is drawn; the slope is its effect."""
    table, x_name, _, asked = drawn(columns, "age - 3*score", values)
    fit = table[(table["Part"] == "fit") & (table["Peak"] == "2")]
    maps = table[(table["Part"] == "map") & (table["Peak"] == "2")]
    effect = asked.weights[0] @ OLS(values[:, 1], columns).fit().params
    slope = np.diff(fit["Value"])[0] / np.diff(fit["X Value"])[0]
    assert x_name == "age - 3*score"
    assert slope == pytest.approx(effect, rel=1e-9)
    assert np.polyfit(maps["X Value"], maps["Value"], 1)[0] == pytest.approx(effect, rel=1e-9)


def test_one_sample_is_one_group(values):
    """The column of ones is one group, with Student's interval of the mean."""
    table, *_ = drawn(pd.DataFrame({"mean": np.ones(12)}), "mean", values)
    fit = table[(table["Part"] == "fit") & (table["Peak"] == "1")].iloc[0]
    from scipy import stats

    low, high = stats.t.interval(0.95, 11, values[:, 0].mean(), stats.sem(values[:, 0]))
    assert (fit["Group"], fit["Value"]) == ("mean", pytest.approx(values[:, 0].mean(), rel=1e-14))
    assert (fit["Lower"], fit["Upper"]) == (pytest.approx(low, rel=1e-12), pytest.approx(high))


def test_a_dummy_beside_an_intercept_shows_both_groups(columns, values):
    """Patients against those who are not, where the intercept holds these."""
    beside = columns[["patient"]].assign(one=1.0)
    table, *_ = drawn(beside, "patient", values)
    fit = table[(table["Part"] == "fit") & (table["Peak"] == "1")]
    assert fit["Group"].tolist() == ["not patient", "patient"]
    means = [values[columns["patient"] == group, 0].mean() for group in (0, 1)]
    np.testing.assert_allclose(fit["Value"], means, rtol=1e-12)
    alone, *_ = drawn(columns[["control", "patient"]], "patient", values)
    assert alone.loc[alone["Part"] == "fit", "Group"].unique().tolist() == ["patient"]
    assert (alone["Part"] == "map").sum() == 2 * 6


def test_levels_are_drawn_where_the_contrast_has_them(columns, values):
    """The mean that an intercept or a group by itself is about: where other columns are 0."""
    beside = columns[["patient", "age"]].assign(one=1.0)
    for table, contrast in (
        (beside, "one"),
        (columns, "patient"),
        (columns, ["control", "patient"]),
    ):
        found, *_ = drawn(table, contrast, values)
        fit = found[(found["Part"] == "fit") & (found["Peak"] == "1")].set_index("Group")
        model = OLS(values[:, 0], table).fit()
        for name in fit.index:
            low, high = model.conf_int().loc[name]
            assert fit.loc[name, "Value"] == pytest.approx(model.params[name], rel=1e-10)
            assert fit.loc[name, "Lower"] == pytest.approx(low, rel=1e-9)
            assert fit.loc[name, "Upper"] == pytest.approx(high, rel=1e-9)


def test_ones_beside_a_dummy_ask_for_the_level_of_a_group(columns, values):
    """The mean of patients is "one + patient": drawn beside that of the others, at age 0."""
    beside = columns[["patient", "age"]].assign(one=1.0)
    found, x_name, design, asked = drawn(beside, "one + patient", values)
    fit = found[(found["Part"] == "fit") & (found["Peak"] == "2")]
    rows = pd.DataFrame({"patient": [0.0, 1.0], "age": 0.0, "one": 1.0})
    expected = OLS(values[:, 1], beside).fit().get_prediction(rows).summary_frame(alpha=0.05)
    assert (x_name, fit["Group"].tolist()) == ("", ["not patient", "patient"])
    # Largest difference seen: 2e-14 relative.
    np.testing.assert_allclose(fit["Value"], expected["mean"], rtol=1e-11)
    np.testing.assert_allclose(fit["Lower"], expected["mean_ci_lower"], rtol=1e-11)
    np.testing.assert_allclose(fit["Upper"], expected["mean_ci_upper"], rtol=1e-11)
    effect = float((asked.weights @ design.factors.solve(values))[0, 1])
    assert fit["Value"].iloc[1] == pytest.approx(effect, rel=1e-11)


def test_the_picture_of_an_f_contrast_is_named_by_what_is_drawn(columns, values):
    """Of several covariates what the first row that weighs any is about, under its own name."""
    for rows, name, column in (
        (["age", "score"], "age", 2),
        (["score", "age"], "score", 3),
        ([[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], "score", 3),
        (["age - score", "age"], "age - score", None),
    ):
        table, x_name, design, _ = drawn(columns, rows, values)
        fit = table[(table["Part"] == "fit") & (table["Peak"] == "1")]
        slope = np.diff(fit["Value"])[0] / np.diff(fit["X Value"])[0]
        coefficients = design.factors.solve(values)[:, 0]
        expected = coefficients[2] - coefficients[3] if column is None else coefficients[column]
        assert x_name == name
        assert slope == pytest.approx(expected, rel=1e-9)


def test_f_of_a_dummy_and_a_covariate_shows_the_groups(columns, values):
    """What the first row alone would show: both groups, with their difference."""
    beside = columns[["patient", "age"]].assign(one=1.0)
    pd.testing.assert_frame_equal(
        drawn(beside, ["patient", "age"], values)[0], drawn(beside, "patient", values)[0]
    )


def test_f_of_a_mean_and_a_covariate_is_drawn_over_the_covariate(columns, values):
    """Ones tell no maps apart: the line over age, with the interval of a prediction."""
    beside = columns[["age"]].assign(one=1.0)
    table, x_name, *_ = drawn(beside, ["one", "age"], values)
    fit = table[(table["Part"] == "fit") & (table["Peak"] == "1")]
    rows = pd.DataFrame({"age": fit["X Value"].to_numpy(), "one": 1.0})
    expected = OLS(values[:, 0], beside).fit().get_prediction(rows).summary_frame(alpha=0.05)
    assert x_name == "age"
    np.testing.assert_allclose(fit["Value"], expected["mean"], rtol=1e-10)
    np.testing.assert_allclose(fit["Upper"], expected["mean_ci_upper"], rtol=1e-10)


@settings(derandomize=True, deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), factor=st.floats(0.01, 100))
def test_redundant_columns_and_units_change_nothing(seed, factor):
    """An intercept beside two groups, and a covariate in another unit: the same picture."""
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.arange(12) % 2.0)
    table = pd.DataFrame({"a": 1 - group, "b": group, "age": rng.normal(size=12)})
    values = rng.normal(size=(12, 2))
    first, *_ = drawn(table, "b - a", values)
    other, *_ = drawn(table.assign(one=1.0, age=factor * table["age"]), "b - a", values)
    pd.testing.assert_frame_equal(first, other, rtol=1e-7, atol=1e-9)
