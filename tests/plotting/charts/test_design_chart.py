"""Pictures of a design: its columns, and what they have in common."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from secondlevel.errors import DesignError, InputTypeError
from secondlevel.plotting.correlation import plot_design_correlation
from secondlevel.plotting.design import plot_design_matrix

WHOLE = arrays(np.float64, (6, 3), elements=st.integers(-9, 9).map(float))


def named(matrix):
    """A table of three columns."""
    return pd.DataFrame(matrix, columns=["a", "b", "c"])


def ticks(axis):
    """Positions of ticks and what is written there."""
    return {
        float(place): label.get_text()
        for place, label in zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=True)
    }


def test_each_column_is_scaled_by_its_largest_size():
    """Signs and zeros stay, a column of zeros too; colours reach as far below 0 as above."""
    table = named([[0, 2, 0], [4, -8, 0], [-1, 4, 0]])
    (image,) = plot_design_matrix(table).images
    expected = [[0, 0.25, 0], [1, -1, 0], [-0.25, 0.5, 0]]
    np.testing.assert_array_equal(image.get_array(), expected)
    assert image.get_clim() == (-1, 1)
    np.testing.assert_allclose(image.cmap(0.5)[:3], 0.967, atol=0.005)
    axes = plot_design_matrix(table, rescale=False)
    np.testing.assert_array_equal(axes.images[0].get_array(), table)
    assert axes.images[0].get_clim() == (-8, 8)


@settings(max_examples=25, deadline=None)
@given(WHOLE, arrays(np.float64, 3, elements=st.sampled_from([0.001, 0.5, 3.0, 1e6])))
def test_units_of_columns_do_not_change_the_pictures(matrix, units):
    """Another unit of a column gives the same picture of the design, and of its correlations."""
    for plot, worst in ((plot_design_matrix, 1e-15), (plot_design_correlation, 1e-13)):
        ours, theirs = (
            np.ma.filled(plot(named(values)).images[0].get_array(), 9.0)
            for values in (matrix, matrix * units)
        )
        np.testing.assert_allclose(ours, theirs, atol=worst)


def test_columns_are_named_as_they_are(make_groups):
    """Names stand below their column; signs of mathematics in them are no formulas."""
    table = make_groups(4).rename(columns={"age": "$a_i$  (years)"})
    axes = plot_design_matrix(table)
    assert ticks(axes.xaxis) == {0: "control", 1: "patient", 2: "$a_i$ (years)"}
    assert not any(label.get_parse_math() for label in axes.get_xticklabels())
    long = "a_name_of_a_column_that_is_long"
    assert ticks(plot_design_matrix(table.set_axis([long, "b", "c"], axis=1)).xaxis)[0] == (
        "a_name_of_a_…hat_is_long"
    )


def test_few_rows_are_named_and_many_are_counted(make_groups):
    """Up to forty labels are written; without labels, or of more, rows are counted from 1."""
    assert ticks(plot_design_matrix(make_groups(40)).yaxis)[39] == "sub-39"
    counted = {row - 1: str(row) for row in (1, 5, 10, 15, 20, 25, 30, 35, 40)}
    assert ticks(plot_design_matrix(make_groups(41)).yaxis) == counted
    assert ticks(plot_design_matrix(make_groups(40, named=False)).yaxis)[9] == "10"
    labelled = make_groups(3, named=False).assign(subject_label=["01", "02", "03"])
    axes = plot_design_matrix(labelled)
    assert ticks(axes.yaxis) == {0: "01", 1: "02", 2: "03"}
    assert axes.images[0].get_array().shape == (3, 3)


def test_of_many_columns_some_are_named(make_wide):
    """Thirty columns are named each; of a hundred every third."""
    names = ticks(plot_design_matrix(make_wide(60, 30)).xaxis)
    assert list(names) == list(range(30))
    names = ticks(plot_design_matrix(make_wide(120, 100)).xaxis)
    assert list(names) == list(range(0, 100, 3))
    assert names[3].startswith("site_03$_of_")


def test_correlations_are_pearsons(make_groups):
    """Numbers in the cells are those of `numpy.corrcoef`, to two digits, and the colours' too."""
    table = make_groups(24)
    axes = plot_design_correlation(table)
    expected = np.corrcoef(table.to_numpy().T)
    np.testing.assert_allclose(axes.images[0].get_array(), expected, atol=1e-14)
    assert axes.images[0].get_clim() == (-1, 1)
    written = [text.get_text().replace("−", "-") for text in axes.texts]
    assert [float(number) for number in written] == pytest.approx(expected.ravel(), abs=0.005)
    assert written[0] == "1"
    (bar,) = (other for other in axes.figure.axes if other is not axes)
    assert bar.get_ylabel() == "Pearson correlation"


def test_a_constant_column_correlates_with_nothing(make_groups):
    """Its cells are left out and marked, whatever the constant is; the bar says what grey means."""
    table = make_groups(24)[["age"]].assign(mean=1 / 3, large=1e12)
    axes = plot_design_correlation(table)
    shown = axes.images[0].get_array()
    assert shown.mask.tolist() == [[False, True, True], [True] * 3, [True] * 3]
    assert [text.get_text() for text in axes.texts] == ["1", *["–"] * 8]
    assert axes.figure.axes[1].get_ylabel() == "Pearson correlation\n(grey: constant)"


def test_numbers_at_the_ends_of_the_range_correlate():
    """Columns of 1e-200 and of 1e200 have squares out of range, and correlations all the same."""
    table = named(np.outer([1.0, 2.0, 4.0], [1e-200, -1e200, 1.0]))
    shown = plot_design_correlation(table).images[0].get_array()
    np.testing.assert_allclose(shown, [[1, -1, 1], [-1, 1, -1], [1, -1, 1]], atol=1e-15)


@pytest.mark.parametrize("plot", [plot_design_matrix, plot_design_correlation])
@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([[1.0, 2.0]], InputTypeError, "must be a str, pathlib.Path or a pandas.DataFrame"),
        (pd.DataFrame({"a": [1.0, np.nan]}), DesignError, "NaN values: column 'a', row 1"),
        (pd.DataFrame({"a": [1.0, np.inf]}), DesignError, "infinite values: column 'a', row 1"),
        (pd.DataFrame({"sex": ["f", "m"]}), DesignError, "'sex' .* not a number: 'f' in row 0"),
        (pd.DataFrame({"a": []}), DesignError, "empty: 0 rows, 1 columns"),
        (pd.DataFrame(index=[0, 1]), DesignError, "empty: 2 rows, 0 columns"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), DesignError, "unique names: a"),
    ],
)
def test_what_is_no_design_is_refused(plot, given, error, message):
    """The message says which column and row, and what to do."""
    with pytest.raises(error, match=message):
        plot(given)


def test_a_file_is_drawn_too(tmp_path, make_groups):
    """A design in a tsv file gives the picture of its table."""
    make_groups(5).to_csv(tmp_path / "design.tsv", sep="\t")
    drawn = plot_design_matrix(tmp_path / "design.tsv").images[0].get_array()
    np.testing.assert_array_equal(drawn, plot_design_matrix(make_groups(5)).images[0].get_array())
