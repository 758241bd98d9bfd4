import numpy as np
import pytest

from secondlevel.errors import InputError, InputTypeError
from secondlevel.plotting.display import GLASS_MODES, SLICE_MODES
from secondlevel.report.generate import generate_report
from secondlevel.report.view import View


def test_defaults_are_nilearns():
    """Slices on the MNI template, 1600 by 800 pixels."""
    view = View()
    assert (view.plot_type, view.bg_img, view.report_dims) == (
        "slice",
        "MNI152TEMPLATE",
        (1600, 800),
    )


def test_an_unknown_plot_type_is_refused_with_those_there_are():
    """The message lists both plot types and what was asked for."""
    with pytest.raises(InputError, match=r"'slice', 'glass'.*Got 'cube'"):
        View(plot_type="cube")


@pytest.mark.parametrize(("plot_type", "modes"), [("slice", SLICE_MODES), ("glass", GLASS_MODES)])
def test_every_display_mode_is_known_and_others_are_refused(plot_type, modes):
    """All of nilearn's modes of a plot type pass; the message about another lists them all."""
    for mode in modes:
        assert View(plot_type=plot_type, display_mode=mode).display_mode == mode
    with pytest.raises(InputError, match=r"Got 'sideways'") as raised:
        View(plot_type=plot_type, display_mode="sideways")
    assert all(repr(mode) in str(raised.value) for mode in modes)


@pytest.mark.parametrize(
    ("dims", "error"),
    [
        ((800,), InputError),
        ((800, 0), InputError),
        ((800, 2.5), InputError),
        ("1600x800", InputTypeError),
        (1600, InputTypeError),
        ((800, "tall"), InputTypeError),
    ],
)
def test_sizes_that_are_none_are_refused(dims, error):
    """Width and height are two whole numbers from 1 on."""
    with pytest.raises(error, match="report_dims"):
        View(report_dims=dims)


def test_sizes_of_any_sequence_will_do():
    """A list or an array of two whole numbers is a size, as a tuple is."""
    assert View(report_dims=[900, 500]).report_dims == (900, 500)
    assert View(report_dims=np.array([900, 500])).report_dims == (900, 500)


def test_a_title_is_a_text():
    """A number is no title."""
    with pytest.raises(InputTypeError, match=r"title must be a text or None\. Got 5"):
        View(title=5)


def test_a_report_is_of_results():
    """A model, or a map, is refused with where results come from."""
    with pytest.raises(InputTypeError, match=r"SecondLevelModel\.results or load_results.*Got str"):
        generate_report("results")
