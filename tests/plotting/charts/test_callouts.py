"""Names beside points: none upon another, none outside the frame."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.text import Text

from secondlevel.plotting.callouts import name_points
from secondlevel.plotting.canvas import axes_of
from secondlevel.plotting.names import counted, in_lines, short, written


def name(x, y, names):
    """Draw points with names; return the axes, the names and their boxes."""
    axes = axes_of(None, 5, 3)
    axes.scatter(x, y)
    axes.set(xlim=(-0.2, 1.2), ylim=(-0.2, 1.2))
    labels = name_points(axes, np.asarray(x), np.asarray(y), names)
    axes.figure.canvas.draw()
    return axes, labels, [Text.get_window_extent(label) for label in labels]


@settings(max_examples=25, deadline=None)
@given(arrays(np.float64, (7, 2), elements=st.floats(0, 1)))
def test_names_lie_apart_and_inside(places):
    """Wherever points are, on each other too, names do not touch, and the frame holds them."""
    axes, labels, boxes = name(*places.T, [f"sub-{k:02d}_of_site" for k in range(7)])
    assert len(labels) == 7
    frame = axes.get_window_extent()
    for box in boxes:
        assert frame.x0 - 0.5 <= box.x0
        assert box.x1 <= frame.x1 + 0.5
        assert frame.y0 - 0.5 <= box.y0
        assert box.y1 <= frame.y1 + 0.5
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_a_name_with_room_is_beside_its_point():
    """At the right, 7 points away, at the height of the point; near an edge at the left."""
    axes, (label, edge), (box, its) = name([0.5, 1.19], [0.2, 0.8], ["middle", "right"])
    point, last = axes.transData.transform([(0.5, 0.2), (1.19, 0.8)])
    assert box.x0 - point[0] == pytest.approx(7 * 100 / 72, abs=1)
    assert (box.y0 + box.y1) / 2 == pytest.approx(point[1], abs=1)
    assert last[0] - its.x1 == pytest.approx(7 * 100 / 72, abs=1)
    assert (label.get_text(), edge.get_text()) == ("middle", "right")


def test_a_name_far_from_its_point_is_tied_to_it():
    """Of many points at one place the names move away, each with a line."""
    axes, labels, _ = name([0.5] * 12, [0.5] * 12, [f"sub-{k}" for k in range(12)])
    assert len(labels) == 12
    tied = [text for text in axes.texts if not text.get_text()]
    assert 4 <= len(tied) <= 11
    assert all(text.arrow_patch is not None and text.xy == (0.5, 0.5) for text in tied)


def test_names_that_have_no_room_are_left_out():
    """The first ones are kept."""
    _, labels, _ = name([0.5] * 200, [0.5] * 200, [f"number {k}" for k in range(200)])
    assert 30 < len(labels) < 200
    assert [label.get_text() for label in labels[:3]] == ["number 0", "number 1", "number 2"]


def test_no_points_have_no_names():
    """Nothing is drawn where nothing is to be named."""
    axes, labels, _ = name([], [], [])
    assert labels == []
    assert list(axes.texts) == []


@given(st.text(max_size=60), st.integers(3, 40))
def test_shortened_names_keep_their_ends(text, longest):
    """No name is longer than allowed; one that fits is kept but for its white space."""
    made, whole = short(text, longest), " ".join(text.split())
    assert len(made) <= longest
    if len(whole) <= longest:
        assert made == whole
    else:
        left, right = made.split("…", 1) if "…" not in whole else (made[:1], made[-1:])
        assert whole.startswith(left)
        assert whole.endswith(right)


@given(st.text(max_size=120), st.integers(8, 40), st.integers(1, 3))
def test_lines_are_no_longer_and_no_more_than_allowed(text, across, most):
    """Whatever the text is."""
    lines = in_lines(text, across, most).split("\n")
    assert len(lines) <= most
    assert all(len(line) <= across for line in lines)


def test_numbers_are_written_with_three_digits():
    """With a minus sign as in print; powers of ten only where they are shorter."""
    numbers = [0, 1, -0.5, 1 / 3, -1234.5, 999.6, 123456, 1e6, 1e-5]
    expected = ["0", "1", "−0.5", "0.333", "−1234", "1000", "123456", "1e+06", "1e−05"]
    assert [written(number) for number in numbers] == expected


@given(st.integers(1, 100_000))
def test_rows_are_counted_in_round_steps_from_one(n):
    """1 comes first, no number is above n, and there are ten at most."""
    places = counted(n)
    assert places[0] == 1
    assert places[-1] <= n
    assert len(places) <= 10
    np.testing.assert_array_equal(places, places.round())
    assert (np.diff(places) > 0).all()
