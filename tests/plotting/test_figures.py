"""Figures as bytes: the same each time, small, and as they were drawn."""

import hashlib
import io
import os
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.image import imread
from PIL import Image

from secondlevel.plotting.figures import figure_bytes, media_type, save_figure
from secondlevel.plotting.maps import plot_map

CODE = """
import hashlib, nibabel as nib, numpy as np
from secondlevel.plotting.figures import figure_bytes
from secondlevel.plotting.maps import plot_map
z = np.random.default_rng(3).normal(size=(9, 10, 9)) * 2
figure = plot_map(nib.Nifti1Image(z, np.diag([16.0, 16, 16, 1])), threshold=2, title="a",
                  display_mode="ortho", bg_img=None)
"""
SAY = "print(*(hashlib.sha256(figure_bytes(figure, webp=w)).hexdigest() for w in (False, True)))"


@pytest.fixture
def figure(two_sided, brain):
    """A map, with its colour bar and title."""
    return plot_map(two_sided, threshold=3.09, title="a > b", bg_img=brain, display_mode="ortho")


def test_two_processes_write_the_same_bytes():
    """Whatever the order of sets there; drawing at another size in between changes nothing."""
    here = {}
    exec(CODE, here)  # the same lines in both processes
    first = [figure_bytes(here["figure"], webp=webp) for webp in (False, True)]
    figure_bytes(here["figure"], dpi=50)
    again = [figure_bytes(here["figure"], webp=webp) for webp in (False, True)]
    assert first == again
    done = subprocess.run(
        [sys.executable, "-c", CODE + SAY],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert done.stdout.split() == [hashlib.sha256(data).hexdigest() for data in first]


def test_nothing_but_the_picture_is_in_it(figure):
    """No date, no program, no resolution: header, palette, pixels, end."""
    data, kinds, at = figure_bytes(figure), [], 8
    while at < len(data):
        kinds.append(data[at + 4 : at + 8])
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    assert list(dict.fromkeys(kinds)) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]


def test_a_palette_keeps_the_colours(figure, rendered):
    """No pixel is farther off than 8 of 255, which is the worst seen; here the glass brain."""
    figure.set_dpi(100)
    drawn = np.round(255 * rendered(figure)).astype(int)
    written = np.asarray(Image.open(io.BytesIO(figure_bytes(figure, dpi=100))).convert("RGB"))
    assert written.shape == drawn.shape
    assert np.abs(written - drawn).max() <= 8


def test_webp_is_taken_where_it_is_smaller(figure):
    """Pixel for pixel the same, never larger; the type of the bytes is told."""
    png, smallest = figure_bytes(figure), figure_bytes(figure, webp=True)
    assert media_type(png) == "image/png"
    assert media_type(smallest) == "image/webp"
    assert len(smallest) < len(png)
    pictures = [Image.open(io.BytesIO(data)).convert("RGB") for data in (png, smallest)]
    np.testing.assert_array_equal(*map(np.asarray, pictures))


def test_settings_for_files_of_ones_own_do_not_reach_it(figure):
    """A tight box, a transparent or black paper that a user has set leave the bytes as they are."""
    plain = figure_bytes(figure)
    with mpl.rc_context(
        {"savefig.bbox": "tight", "savefig.transparent": True, "savefig.facecolor": "black"}
    ):
        assert figure_bytes(figure) == plain


def test_a_file_is_as_sharp_as_the_figure(figure, tmp_path):
    """Also where dots per inch were set after it was made."""
    figure.set_dpi(60)
    picture = imread(save_figure(figure.axes[0], tmp_path / "map.png"))
    assert picture.shape[1] == pytest.approx(60 * figure.get_figwidth(), abs=1)
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]
