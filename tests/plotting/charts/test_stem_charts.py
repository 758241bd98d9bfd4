"""Pictures of one number for each map: leverage and influence."""

from dataclasses import replace

import numpy as np
import pytest

from secondlevel.errors import InputError, InputTypeError
from secondlevel.plotting.canvas import BLUE, RED
from secondlevel.plotting.influence import plot_influence
from secondlevel.plotting.leverage import plot_leverage


def marks(axes):
    """Places and heights of the marks by colour."""
    from matplotlib.collections import PathCollection
    from matplotlib.colors import to_hex

    return {
        to_hex(one.get_facecolor()[0]).upper(): np.asarray(one.get_offsets())
        for one in axes.collections
        if isinstance(one, PathCollection) and len(one.get_offsets())
    }


def words(axes):
    """All that is written into the frame."""
    return [text.get_text() for text in axes.texts if text.get_text()]


def lines(axes):
    """Heights of the dashed lines."""
    return [line.get_ydata()[0] for line in axes.lines]


def test_leverage_stands_at_its_row():
    """Marks and stems are at the numbers, counted from 1; lines at two and three times the mean."""
    heights = np.array([0.1, 0.2, 0.3, 0.2, 0.2])
    axes = plot_leverage(heights)
    np.testing.assert_array_equal(marks(axes)[BLUE], np.column_stack([[1, 2, 3, 4, 5], heights]))
    stems = np.array(axes.collections[0].get_segments())
    np.testing.assert_array_equal(stems[:, 0, 1], 0)
    np.testing.assert_array_equal(stems[:, 1, 1], heights)
    assert lines(axes) == pytest.approx([0.4, 0.6])
    assert words(axes) == ["2 × mean", "3 × mean"]
    assert axes.get_ylim()[0] == 0
    assert axes.get_yscale() == "linear"


def test_rows_beyond_three_times_the_mean_are_named():
    """They are red diamonds and named by label, or by number where there are no labels."""
    heights = np.array([0.1] * 10 + [0.9])
    axes = plot_leverage(heights, labels=[f"$s_{row}$" for row in range(11)])
    np.testing.assert_array_equal(marks(axes)[RED], [[11, 0.9]])
    assert words(axes)[-1] == "$s_10$"
    assert not axes.texts[-1].get_parse_math()
    assert words(plot_leverage(heights))[-1] == "map 11"


def test_lines_beyond_one_are_not_drawn():
    """Where every row decides its own fit, twice the mean is more than leverage can be."""
    axes = plot_leverage([1.0, 1.0])
    assert lines(axes) == []
    assert axes.get_ylim() == (0, 1.08)


def test_wild_leverage_is_drawn_by_factors():
    """A row with 300 times the usual leverage leaves the others, and both lines, to be seen."""
    heights = np.append(np.full(999, 0.001), 0.3)
    axes = plot_leverage(heights)
    assert axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    assert low < heights[0]
    assert high > heights[-1]
    assert lines(axes) == pytest.approx([2 * heights.mean(), 3 * heights.mean()])
    assert words(axes)[-1] == "map 1000"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "one finite number for each map"),
        ([0.5, np.nan], "one finite number for each map"),
        ([[0.5]], "one finite number for each map"),
        ("text", "one finite number for each map"),
        ([0.5, 1.5], "between 0 and 1; that of row 1 is 1.5"),
        ([-0.5], "that of row 0 is -0.5"),
    ],
)
def test_what_is_no_leverage_is_refused(given, message):
    """The message says what it must be."""
    with pytest.raises(InputError, match=message):
        plot_leverage(given)
    with pytest.raises(InputError, match="There are 2 leverages and 1 labels"):
        plot_leverage([0.5, 0.5], labels=["a"])


def test_cooks_distance_stands_at_its_map(make_quality):
    """Marks are at the means; maps that stand out are red, and named, the highest first."""
    odd = {3: ("here", 0.3, 1, 0.5), 9: ("there", 0.3, 1, 0.7)}
    quality = make_quality(24, odd)
    axes = plot_influence(quality)
    heights = quality.maps["Cook Mean"].to_numpy()
    usual = np.delete(np.arange(24), [3, 9])
    np.testing.assert_array_equal(marks(axes)[BLUE], np.column_stack([usual + 1, heights[usual]]))
    np.testing.assert_array_equal(marks(axes)[RED], [[4, 0.5], [10, 0.7]])
    assert words(axes) == ["there", "here"]
    assert lines(axes) == []


def test_one_map_off_scale_leaves_the_others_to_be_seen(make_quality):
    """By factors, with the line from which on a distance is notable."""
    quality = make_quality(24, {3: ("off", 0.3, 1000, 41.0)})
    axes = plot_influence(quality)
    assert axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    assert low < quality.maps["Cook Mean"].min()
    assert high > 41
    assert lines(axes) == [1.0]
    assert words(axes) == ["notable", "off"]


def test_a_distance_of_zero_among_wild_ones_is_drawn_at_the_lower_end(make_quality):
    """A map that moves nothing has no factor, and a place all the same."""
    axes = plot_influence(make_quality(24, {3: ("off", 0.3, 9, 41.0), 4: ("none", 0.3, 1, 0.0)}))
    assert axes.get_yscale() == "symlog"
    low, high = axes.get_ylim()
    assert low < 0
    assert high > 41
    place = axes.transAxes.inverted().transform(axes.transData.transform((5, 0.0)))[1]
    assert 0 < place < 0.1


def test_no_influence_at_all_can_be_drawn(make_quality):
    """Where no map moves anything the axis still reaches from 0 up."""
    quality = make_quality(4)
    quality.maps["Cook Mean"] = 0.0
    assert plot_influence(quality).get_ylim() == (0, 1)


def test_what_is_no_quality_is_refused(make_quality):
    """A table alone is none; an empty one, or one that lacks a column, has nothing to draw."""
    with pytest.raises(InputTypeError, match=r"results\.quality\)\. Got DataFrame"):
        plot_influence(make_quality().maps)
    with pytest.raises(InputError, match="table of maps is empty"):
        plot_influence(make_quality(0, leverage=0.1))
    maps = make_quality().maps.drop(columns=["Cook Mean", "Map"])
    with pytest.raises(InputError, match="no column Map, Cook Mean"):
        plot_influence(replace(make_quality(), maps=maps))
