"""Pictures of a contrast: its weights over the columns of a design."""

import numpy as np
import pandas as pd
import pytest

from secondlevel.errors import ContrastError, DesignError, InputTypeError
from secondlevel.plotting.contrast import plot_contrast_matrix


def written(axes):
    """Numbers in the cells, as they are written."""
    return [text.get_text() for text in axes.texts]


def test_weights_are_drawn_and_written(make_groups):
    """An expression gives its weights over all columns, on colours centred at 0."""
    axes = plot_contrast_matrix("2 * patient - control", make_groups())
    np.testing.assert_array_equal(axes.images[0].get_array(), [[-1, 2, 0]])
    assert axes.images[0].get_clim() == (-2, 2)
    assert written(axes) == ["−1", "2", "0"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["control", "patient", "age"]
    assert len(axes.figure.axes) == 1


def test_every_way_to_write_a_contrast_is_drawn(make_groups):
    """A vector, a labelled one and a matrix of one row give the same picture."""
    table = make_groups()
    for asked in ([-1, 1, 0], np.array([[-1, 1, 0]]), pd.Series({"patient": 1, "control": -1})):
        drawn = plot_contrast_matrix(asked, table).images[0].get_array()
        np.testing.assert_array_equal(drawn, [[-1, 1, 0]])


def test_rows_of_f_contrasts_are_named(make_groups):
    """Rows that are expressions are named so, rows of numbers by number; one row is not named."""
    asked = ["patient - control", "age"]
    axes = plot_contrast_matrix(asked, make_groups())
    assert [label.get_text() for label in axes.get_yticklabels()] == asked
    assert written(axes) == ["−1", "1", "0", "0", "0", "1"]
    axes = plot_contrast_matrix(np.eye(3), make_groups())
    assert [label.get_text() for label in axes.get_yticklabels()] == ["row 1", "row 2", "row 3"]
    assert not plot_contrast_matrix("age", make_groups()).get_yticklabels()


def test_weights_that_have_no_room_are_shown_by_colour(make_wide):
    """They stand upright in narrow cells; in cells too narrow for that there is a bar instead."""
    wide = make_wide(60, 30)
    weights = np.full(30, 1 / 3)
    axes = plot_contrast_matrix(weights, wide)
    assert {text.get_rotation() for text in axes.texts} == {90.0}
    assert written(axes) == ["0.333"] * 30
    axes = plot_contrast_matrix(np.ones(100) / 3, make_wide(120, 100))
    assert written(axes) == []
    assert axes.figure.axes[1].get_ylabel() == "weight"
    np.testing.assert_array_equal(axes.images[0].get_array(), np.full((1, 100), 1 / 3))


def test_weights_lie_within_their_cells(make_wide):
    """No number is wider or higher than its cell, level or upright, for any number of columns."""
    for n_columns in (2, 5, 8, 12, 17, 24, 30, 36):
        axes = plot_contrast_matrix(-np.ones(n_columns) / 3, make_wide(60, n_columns))
        axes.figure.canvas.draw()
        cell = axes.get_window_extent().width / n_columns, axes.get_window_extent().height
        for text in axes.texts:
            box = text.get_window_extent()
            assert box.width <= cell[0], n_columns
            assert box.height <= cell[1], n_columns


def test_a_bar_is_drawn_on_request(make_groups):
    """With colorbar=True it is there beside the numbers."""
    axes = plot_contrast_matrix("age", make_groups(), colorbar=True)
    assert written(axes) == ["0", "0", "1"]
    assert axes.figure.axes[1].get_ylim() == (-1, 1)


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ("patients", ContrastError, "patients"),
        ([0, 0, 0], ContrastError, "Contrast is null"),
        ([1, 2, 3, 4], ContrastError, "should be of length P=3, but it has length 4"),
        ([1, np.nan, 0], ContrastError, "NaN"),
        (None, ContrastError, "several columns: control, patient, age"),
        (pd.Series({"sex": 1}), ContrastError, "'sex', which is not a column"),
    ],
)
def test_what_is_no_contrast_is_refused(asked, error, message, make_groups):
    """The message says what is wrong with it."""
    with pytest.raises(error, match=message):
        plot_contrast_matrix(asked, make_groups())


def test_what_is_no_design_is_refused():
    """So is a design that is none."""
    with pytest.raises(InputTypeError, match="Got list"):
        plot_contrast_matrix("age", [1, 2])
    with pytest.raises(DesignError, match="NaN values: column 'age', row 0"):
        plot_contrast_matrix("age", pd.DataFrame({"age": [np.nan, 1.0]}))
