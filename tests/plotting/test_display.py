"""Which ways to display maps there are, and what their cuts must be."""

import numpy as np
import pytest

from secondlevel.errors import InputError
from secondlevel.plotting.display import GLASS_MODES, PLOT_TYPES, SLICE_MODES, check_display


def test_modes_are_those_of_nilearn():
    """Every slicer and projector that nilearn has can be asked for, and no other."""
    from nilearn.plotting import displays

    slicers = {name.removesuffix("Slicer").lower() for name in dir(displays) if "Slicer" in name}
    projectors = {
        name.removesuffix("Projector").lower() for name in dir(displays) if "Projector" in name
    }
    assert PLOT_TYPES == ("slice", "glass")
    assert set(SLICE_MODES) == slicers - {"base", "basestacked", ""} - {"get_slicer", "get_"}
    assert set(GLASS_MODES) == projectors - {"get_", ""}


def test_what_there_is_not_is_answered_by_what_there_is():
    """An unknown name is repeated, beside all that are known."""
    with pytest.raises(InputError, match=r"'plot_type'.*'slice', 'glass'. Got 'cube'"):
        check_display("cube")
    listed = ", ".join(repr(mode) for mode in SLICE_MODES)
    with pytest.raises(InputError, match=rf"{listed} with plot_type='slice'. Got 'lzr'"):
        check_display("slice", "lzr")
    listed = ", ".join(repr(mode) for mode in GLASS_MODES)
    with pytest.raises(InputError, match=rf"{listed} with plot_type='glass'. Got 'mosaic'"):
        check_display("glass", "mosaic")
    with pytest.raises(InputError, match=r"Got \['z'\]"):
        check_display("slice", ["z"])


@pytest.mark.parametrize(
    ("mode", "good", "bad", "wanted"),
    [
        ("ortho", (1, 2, 3.5), 5, "three numbers"),
        ("tiled", np.array([1, 2, 3]), (1, 2), "three numbers"),
        ("z", 5, 0, "a number of slices, or their places along z"),
        ("x", [3.5], [], "places along x"),
        ("y", (1, -20), "5", "places along y"),
        ("z", [1], 2.5, "a number of slices"),
        ("z", [1], True, "a number of slices"),
        ("z", [1], [np.nan], "a number of slices"),
        ("mosaic", 3, (1, 2), "a dict of 'x', 'y', 'z'"),
        ("mosaic", (1, 2, 3), (1.5, 2, 3), "three of them"),
        ("mosaic", {"x": [1], "y": [2], "z": [3, 4]}, {"x": [1]}, "a dict"),
        ("yx", (4, 5), (4, 5, 6), "the places along x and y"),
        ("xz", [4, 5], {"x": 4, "z": 5}, "the places along x and z"),
        ("yz", np.array([4, 5]), ([4], [5]), "the places along y and z"),
    ],
)
def test_cuts_are_what_the_mode_takes(mode, good, bad, wanted):
    """A point for three planes, places or a number along one axis; other kinds are refused."""
    assert check_display("slice", mode, good) == ("slice", mode)
    with pytest.raises(InputError, match=rf"{wanted}.*display_mode='{mode}'.*Got"):
        check_display("slice", mode, bad)


def test_what_is_not_cut_takes_no_cuts():
    """A glass brain and a surface refuse cuts; a surface also all ways that only volumes have."""
    with pytest.raises(InputError, match="glass brain is not cut"):
        check_display("glass", None, 5)
    assert check_display("slice", on_surface=True) == ("slice", "z")
    for asked in (("glass",), ("slice", "ortho"), ("slice", None, 7)):
        with pytest.raises(InputError, match="Maps on surfaces are drawn from both sides"):
            check_display(*asked, on_surface=True)
