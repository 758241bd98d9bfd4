"""The glass brain: a figure of its own, with signs, threshold and colour bar."""

import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest
from matplotlib.image import imread

from secondlevel.plotting.figures import save_figure
from secondlevel.plotting.glass_brain import plot_glass_brain


@pytest.fixture
def image():
    """A map at 8 mm in MNI space with a peak on the left and a trough on the right."""
    affine = np.diag([8.0, 8.0, 8.0, 1.0])
    affine[:3, 3] = -72, -104, -64
    z = np.zeros((19, 23, 19))
    z[4:6, 9:12, 13:15] = 5.2
    z[13:15, 9:12, 13:15] = -4.4
    return nib.Nifti1Image(z, affine)


def red_and_blue(figure, path):
    """Flags of the reddish and of the bluish pixels of the three brains."""
    picture = imread(save_figure(figure, path))[:, :1215, :3]
    difference = picture[..., 0] - picture[..., 2]
    return difference > 0.3, difference < -0.3


def test_both_signs_are_drawn_on_their_side(image, tmp_path):
    """Positive values are red, on the left, negative ones blue, on the right; in equal areas."""
    red, blue = red_and_blue(plot_glass_brain(image, "both"), tmp_path / "both.png")
    assert red.shape[0] == 510
    coronal, axial = np.s_[:, 480:860], np.s_[:, 860:]
    for view in (coronal, axial):
        assert red[view].sum() > 1000
        assert blue[view].sum() == pytest.approx(red[view].sum(), rel=0.1)
        assert np.nonzero(red[view])[1].max() < np.nonzero(blue[view])[1].min()


def test_the_threshold_hides_what_is_nearer_to_zero(image, tmp_path):
    """With a threshold between the two, only the larger one is left; above both, none."""
    red, blue = red_and_blue(plot_glass_brain(image, threshold=5), tmp_path / "one.png")
    assert red.sum() > 1000
    assert not blue.any()
    red, blue = red_and_blue(plot_glass_brain(image, threshold=6), tmp_path / "none.png")
    assert not (red | blue).any()


def test_the_colour_bar_is_centred_and_labelled(image):
    """It reaches as far below 0 as above, shows the threshold, and says what is drawn."""
    bar = plot_glass_brain(image, threshold=3.09).axes[-1]
    assert bar.get_ylim() == (-6, 6)
    assert bar.get_ylabel() == "z"
    assert [tick.get_text() for tick in bar.get_yticklabels()] == ["-6", "-3.09", "0", "3.09", "6"]
    assert plot_glass_brain(image, vmax=9, label="t").axes[-1].get_ylim() == (-9, 9)


def test_the_title_stays_inside_the_figure(image, tmp_path):
    """A long title is wrapped into a second line; a dollar sign in it is no formula."""
    picture = imread(save_figure(plot_glass_brain(image, "$a$ - b " * 25), tmp_path / "long.png"))
    ink = picture[..., :3].min(axis=2) < 0.5
    assert ink[20:45].any()
    assert ink[52:80, :400].any()
    assert not ink[:80, -1].any()


def test_missing_values_are_not_drawn(image, tmp_path):
    """NaN is neither the largest value nor an error."""
    data = image.get_fdata().copy()
    data[:3] = np.nan
    data[-3:] = np.inf
    figure = plot_glass_brain(nib.Nifti1Image(data, image.affine))
    assert figure.axes[-1].get_ylim() == (-6, 6)
    red, blue = red_and_blue(figure, tmp_path / "nan.png")
    assert red.any()
    assert blue.any()


def test_pyplot_knows_nothing_of_the_figure():
    """The figure is no window of pyplot's, and the backend that the user chose stays."""
    code = """
import matplotlib
matplotlib.use("svg")
import nibabel as nib, numpy as np
from secondlevel.plotting.glass_brain import plot_glass_brain
plot_glass_brain(nib.Nifti1Image(np.full((9, 9, 9), 5.0), np.diag([16, 16, 16, 1])))
import matplotlib.pyplot as plt
print(matplotlib.get_backend(), plt.get_fignums())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "svg []"
