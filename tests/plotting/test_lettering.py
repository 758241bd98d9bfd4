"""Text is broken into lines by the width that it has when drawn."""

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from secondlevel.plotting.lettering import height_of, wrapped


def width_of(line, size):
    """Inches of a line as it is drawn."""
    figure = Figure(figsize=(9, 1), dpi=144)
    FigureCanvasAgg(figure)
    text = figure.text(0, 0, line, fontsize=size, parse_math=False)
    return text.get_window_extent(figure.canvas.get_renderer()).width / 144


def test_no_line_is_wider_than_asked_and_no_letter_is_lost():
    """Words go on in the next line, a word that is too wide is broken."""
    text = "patients > controls, age at scan taken out; " + "W" * 40 + " $x_1$"
    lines = wrapped(text, 2.0, 9.0)
    assert all(width_of(line, 9.0) <= 2.01 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert len(lines) > 3
    assert height_of(lines, 9.0) == len(lines) * 9.0 * 1.25 / 72


def test_breaks_of_its_own_are_kept():
    """A label may say where it is to be broken; what fits is left as it is."""
    assert wrapped("maps\n(of 24)", 2.0, 9.0) == ["maps", "(of 24)"]
    assert wrapped("z", 1.0, 9.0) == ["z"]


def test_what_is_far_too_long_ends_in_an_ellipsis():
    """No title takes more than its lines."""
    lines = wrapped("very " * 200 + "long", 2.0, 9.0, most=3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert width_of(lines[-1], 9.0) <= 2.01
