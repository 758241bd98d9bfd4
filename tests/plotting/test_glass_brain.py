"""The glass brain: a figure of its own, with signs, threshold and colour bar."""

import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest
from matplotlib.image import imread

from secondlevel.plotting.glass_brain import plot_glass_brain, save_figure


@pytest.fixture
def image():
    """A map at 8 mm in MNI space with a peak on the left and a trough on the right."""
    affine = np.diag([8.0, 8.0, 8.0, 1.0])
    affine[:3, 3] = -72, -104, -64
    z = np.zeros((19, 23, 19))
    z[4:6, 9:12, 13:15] = 5.2
    z[13:15, 9:12, 13:15] = -4.4
    return nib.Nifti1Image(z, affine)


def colours(figure, path):
    """Numbers of reddish and bluish pixels left of the colour bar, and the picture."""
    picture = imread(save_figure(figure, path))[..., :3]
    brains = picture[:, : int(0.9 * picture.shape[1])]
    difference = brains[..., 0] - brains[..., 2]
    return int((difference > 0.3).sum()), int((difference < -0.3).sum()), picture


def test_both_signs_are_drawn_in_their_own_colour(image, tmp_path):
    """Positive values are red, negative ones blue; of equal areas, in equal numbers of pixels."""
    red, blue, picture = colours(plot_glass_brain(image, "both"), tmp_path / "both.png")
    assert picture.shape == (510, 1350, 3)
    assert red > 1000
    assert blue == pytest.approx(red, rel=0.3)


def test_the_threshold_hides_what_is_nearer_to_zero(image, tmp_path):
    """With a threshold between the two, only the larger one is left; above both, none."""
    red, blue, _ = colours(plot_glass_brain(image, threshold=5), tmp_path / "one.png")
    assert red > 1000
    assert blue < 50
    red, blue, _ = colours(plot_glass_brain(image, threshold=6), tmp_path / "none.png")
    assert max(red, blue) < 50


def test_the_colour_bar_is_centred_and_labelled(image):
    """It reaches as far below 0 as above, shows the threshold, and says what is drawn."""
    bar = plot_glass_brain(image, threshold=3.09).axes[-1]
    assert bar.get_ylim() == (-6, 6)
    assert bar.get_ylabel() == "z"
    assert [tick.get_text() for tick in bar.get_yticklabels()] == ["-6", "-3.09", "0", "3.09", "6"]
    assert plot_glass_brain(image, vmax=9, label="t").axes[-1].get_ylim() == (-9, 9)


def test_the_title_stays_inside_the_figure(image):
    """A long title is wrapped; a dollar sign in it is no formula."""
    figure = plot_glass_brain(image, "$a$ - b " * 25)
    figure.canvas.draw()
    (title,) = figure.texts
    box = title.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
    assert box.y1 <= figure.bbox.height


def test_missing_values_are_not_drawn(image, tmp_path):
    """NaN is neither the largest value nor an error."""
    data = image.get_fdata().copy()
    data[:3] = np.nan
    figure = plot_glass_brain(nib.Nifti1Image(data, image.affine))
    assert figure.axes[-1].get_ylim() == (-6, 6)
    assert colours(figure, tmp_path / "nan.png")[0] > 1000


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
