"""Maps with a peak on either side, and eyes for pictures: their pixels, their texts."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

MNI = np.array([[8.0, 0, 0, -72], [0, 8, 0, -104], [0, 0, 8, -64], [0, 0, 0, 1]])
MNI_SHAPE = (19, 23, 19)


@pytest.fixture(scope="session")
def brain():
    """An ellipsoid about the size of a brain, at 8 mm in MNI space; brighter at the top."""
    i = np.indices(MNI_SHAPE).reshape(3, -1)
    x, y, z = (MNI[:3, :3] @ i + MNI[:3, 3:]).reshape(3, *MNI_SHAPE)
    inside = (x / 68) ** 2 + ((y + 18) / 86) ** 2 + ((z - 8) / 66) ** 2 < 1
    return nib.Nifti1Image(inside * (200.0 + z), MNI)


@pytest.fixture(scope="session")
def two_sided(brain):
    """A map with a peak of 5.2 on the left and a trough of -4.4 on the right; else 0.5."""
    values = np.where(brain.get_fdata() > 0, 0.5, 0.0)
    values[4:6, 9:12, 13:15] = 5.2
    values[13:15, 9:12, 13:15] = -4.4
    return nib.Nifti1Image(values, MNI)


@pytest.fixture
def on_grid():
    """Make an image of values on the grid of these."""
    return lambda values: nib.Nifti1Image(np.asarray(values, dtype=np.float64), MNI)


@pytest.fixture
def rendered():
    """Draw a figure, once; return its pixels."""
    done = {}

    def draw(figure):
        state = (figure.dpi, *figure.get_size_inches())
        if done.get(id(figure), (None, None))[1] != state:
            figure.canvas.draw()
            done[id(figure)] = (figure, state)  # kept, so that no other has its number
        return np.asarray(figure.canvas.buffer_rgba())[..., :3] / 255.0

    return draw


@pytest.fixture
def pixels(rendered):
    """Return red, green, blue of a figure as it is drawn, from 0 to 1; or of some of its axes."""

    def look(figure, axes=None):
        seen = rendered(figure)
        if axes is None:
            return seen
        box = axes.get_window_extent()
        rows = slice(max(round(len(seen) - box.y1), 0), round(len(seen) - box.y0))
        return seen[rows, max(round(box.x0), 0) : round(box.x1)]

    return look


@pytest.fixture
def red_and_blue():
    """Flags of the reddish and of the bluish pixels; the darkest red is off blue by 0.28."""

    def tell(seen):
        difference = seen[..., 0] - seen[..., 2]
        return difference > 0.2, difference < -0.2

    return tell


@pytest.fixture
def panels():
    """Return the axes with something of a brain in them, in the order they were drawn."""
    return lambda figure: [
        axes for axes in figure.axes[:-1] if axes.images or axes.collections or axes.patches
    ]


@pytest.fixture
def texts(rendered):
    """Return texts that are seen, and their boxes in pixels."""

    def read(figure):
        rendered(figure)
        found = {}
        for text in figure.findobj(Text):
            axes = text.axes
            hidden = axes is not None and not axes.axison and text not in axes.texts
            if text.get_text().strip() and text.get_visible() and not hidden:
                found[text] = text.get_window_extent()
        return [(text.get_text(), box) for text, box in found.items()]

    return read


@pytest.fixture
def hold_apart(texts):
    """Check that no text lies on another one, or beyond the figure."""

    def check(figure):
        seen = texts(figure)
        width, height = figure.bbox.size
        for number, (text, box) in enumerate(seen):
            assert box.x0 >= 0, text
            assert box.y0 >= 0, text
            assert box.x1 <= width, text
            assert box.y1 <= height, text
            for other, its_box in seen[:number]:
                assert not box.overlaps(its_box), (text, other)

    return check


@pytest.fixture
def make_quality():
    """Make the quality of maps of which only the coverage is known."""
    from secondlevel.results.quality import QUALITY_COLUMNS, Quality

    def make(coverage, n_maps):
        maps = pd.DataFrame({name: [0] * n_maps for name in QUALITY_COLUMNS})
        images = {"coverage": coverage}
        return Quality(maps, 1.0, np.zeros(3), np.zeros(2, dtype=np.int64), 0.05, images, ())

    return make
