"""Which colours stand for which values, and what is written beside them."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from secondlevel.plotting.colour_bar import Colours, choose_colours, draw_colour_bar, written


def test_the_last_colour_is_the_largest_value_rounded_up():
    """To two digits; 1 where all is 0, and a part beyond the threshold can always be seen."""
    assert choose_colours(np.array([0.0, -4.21, 2.0])).vmax == 4.3
    assert choose_colours(np.zeros(5)).vmax == 1.0
    assert choose_colours(np.array([0.0, 1.0]), 4.0).vmax == 5.0
    assert choose_colours(np.array([3.0]), 1.0, 7.5).vmax == 7.5
    assert choose_colours(np.array([-9.0, 3.0]), signed=False).vmax == 3.0


def test_single_values_off_scale_do_not_bleach_all_others():
    """The others keep their colours, and the bar has an arrow; a few values are no scale."""
    values = np.concatenate([np.linspace(-5, 5, 2001), [1e6]])
    colours = choose_colours(values)
    assert colours.vmax == 5.0
    assert colours.extend == "both"
    assert choose_colours(values, signed=False).extend == "max"
    assert choose_colours(values[:-1]).extend == "neither"
    assert choose_colours(np.array([1.0, 2.0, 1e6])).vmax == 1e6


def test_what_is_nearer_to_zero_than_the_threshold_is_hidden():
    """Both signs of signed maps; of others all that is below it. A rounding is no difference."""
    values = np.array([-4.0, -3.0, 0.0, 2.9, np.float32(3.1) - 1e-7, 4.0])
    signed, other = Colours(5.0, 3.1), Colours(5.0, 3.1, signed=False)
    assert signed.hides(values).tolist() == [False, True, True, True, False, False]
    assert other.hides(values).tolist() == [True, True, True, True, False, False]
    assert Colours(5.0).hides(values).tolist() == [False, False, True, False, False, False]
    assert choose_colours(values, np.inf).threshold == 0.0


@pytest.mark.parametrize("height", [0.9, 1.5, 2.4])
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("threshold", [0.0, 0.01, 0.3, 3.09, 3.9])
def test_numbers_beside_the_bar_do_not_overlap(height, signed, threshold):
    """Whatever the threshold; the ends are always written, and the threshold where it can be."""
    figure = Figure(figsize=(1, height))
    FigureCanvasAgg(figure)
    axes = draw_colour_bar(figure, (0.1, 0.1, 0.1, 0.8), Colours(4.0, threshold, signed))
    figure.canvas.draw()
    boxes = [tick.get_window_extent() for tick in axes.get_yticklabels()]
    assert all(low.y1 <= high.y0 for low, high in pairwise(boxes))
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    assert names[0] == ("−4" if signed else "0")
    assert names[-1] == "4"
    assert "3.09" in names or threshold != 3.09 or (signed and height < 1.5)


def test_the_bar_is_grey_where_nothing_is_drawn():
    """Between the thresholds it is grey, beyond them red or blue."""
    figure = Figure(figsize=(1, 3), dpi=100)
    FigureCanvasAgg(figure)
    draw_colour_bar(figure, (0.0, 0.0, 0.5, 1.0), Colours(4.0, 2.0))
    figure.canvas.draw()
    column = np.asarray(figure.canvas.buffer_rgba())[:, 25, :3] / 255.0
    np.testing.assert_allclose(column[100:200], 0.85, atol=0.01)
    assert (column[5:70, 0] - column[5:70, 2] > 0.1).all()
    assert (column[230:295, 2] - column[230:295, 0] > 0.1).all()


def test_numbers_are_short():
    """Three digits, a true minus sign, no exponent of whole numbers."""
    numbers = (-3.0902, 1234.0, 0.0, 11.25, 1e-5, 2.5e7)
    assert [written(number) for number in numbers] == [
        "−3.09",
        "1234",
        "0",
        "11.2",
        "1e−05",
        "2.5e+07",
    ]
