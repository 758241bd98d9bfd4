"""The glass brain for a glance at a map of z: signs, threshold, colour bar, and no pyplot."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.image import imread

from secondlevel.errors import InputTypeError
from secondlevel.plotting.figures import save_figure
from secondlevel.plotting.glass_brain import plot_glass_brain


def test_both_signs_are_drawn_on_their_side(two_sided, pixels, panels, red_and_blue):
    """Positive values are red, on the left, negative ones blue, on the right; in equal areas."""
    figure = plot_glass_brain(two_sided, "both")
    _, coronal, axial = panels(figure)
    for view in (coronal, axial):
        red, blue = red_and_blue(pixels(figure, view))
        assert red.sum() > 800
        assert blue.sum() == pytest.approx(red.sum(), rel=0.1)
        assert np.nonzero(red)[1].max() < np.nonzero(blue)[1].min()


def test_the_threshold_hides_what_is_nearer_to_zero(two_sided, pixels, panels, red_and_blue):
    """With a threshold between the two, only the larger one is left; above both, none."""
    for threshold, some_red in ((5, True), (6, False)):
        figure = plot_glass_brain(two_sided, threshold=threshold)
        seen = [red_and_blue(pixels(figure, view)) for view in panels(figure)]
        assert all(red.any() == some_red for red, _ in seen)
        assert not any(blue.any() for _, blue in seen)


def test_the_colour_bar_is_centred_and_labelled(two_sided, texts):
    """It reaches as far below 0 as above, to a whole number, and shows the threshold."""
    figure = plot_glass_brain(two_sided, threshold=3.09)
    bar = figure.axes[-1]
    assert bar.get_ylim() == (-6, 6)
    written = [tick.get_text() for tick in bar.get_yticklabels()]
    assert written == ["−6", "−3.09", "0", "3.09", "6"]
    assert "z" in [text for text, _ in texts(figure)]
    assert plot_glass_brain(two_sided, vmax=9, label="t").axes[-1].get_ylim() == (-9, 9)


def test_it_is_saved_sharp_with_its_title(two_sided, tmp_path, hold_apart):
    """A file has 150 dots per inch; a long title is wrapped, a dollar sign in it no formula."""
    figure = plot_glass_brain(two_sided, "$a$ - b " * 25)
    hold_apart(figure)
    picture = imread(save_figure(figure, tmp_path / "brain.png"))
    assert picture.shape[1] == pytest.approx(150 * figure.get_figwidth(), abs=1)
    plain = plot_glass_brain(two_sided, "b")
    assert figure.get_figheight() > plain.get_figheight() + 0.1


def test_what_is_no_volume_is_refused():
    """An array has no place in space, and the message says what is wanted."""
    with pytest.raises(InputTypeError, match=r"image must be a volume.*Got ndarray"):
        plot_glass_brain(np.zeros((3, 3, 3)))


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
