"""Every chart in easy and in hard cases: letters that can be read, none upon another, none cut."""

import itertools
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from secondlevel.errors import InputTypeError
from secondlevel.plotting.canvas import WIDEST
from secondlevel.plotting.contrast import plot_contrast_matrix
from secondlevel.plotting.correlation import plot_design_correlation
from secondlevel.plotting.design import plot_design_matrix
from secondlevel.plotting.effects import plot_effects
from secondlevel.plotting.figures import figure_bytes
from secondlevel.plotting.influence import plot_influence
from secondlevel.plotting.leverage import plot_leverage
from secondlevel.plotting.null import plot_null
from secondlevel.plotting.outliers import plot_outliers
from secondlevel.plotting.residuals import plot_residuals

LONG = "sub-{:04d}_ses-baseline_task-faces_run-{}"
MANY = {row: (LONG.format(row, row), 0.05 + 0.02 * row, 2.5 + row / 9, 0.3) for row in range(12)}
WILD = {3: ("sub-03_in_other_units", 0.31, 1000.0, 41.0)}
TITLE = "Peak {} (-18, -118, 14) mm in the left superior temporal sulcus, middle part"

CASES = [
    "design",
    "design of one column",
    "design of 30 columns",
    "design of 100 columns",
    "design of 5000 rows",
    "design of 3 rows",
    "design with long labels",
    "contrast",
    "contrast of 1 column",
    "contrast of 30 columns",
    "F contrast",
    "F contrast of 20 rows",
    "correlation",
    "correlation of 1 column",
    "correlation of 30 columns",
    "leverage",
    "leverage of 3",
    "leverage, six odd",
    "leverage of 5000",
    "influence",
    "influence, many odd",
    "influence, off scale",
    "outliers",
    "outliers, many odd",
    "outliers, off scale",
    "outliers of 3",
    "outliers of 5000",
    "residuals",
    "residuals, none",
    "null",
    "null, far",
    "null, sizes",
    "effects of groups",
    "effects of a covariate",
    "six effects with long titles",
    "five effects",
    "effects of tiny numbers",
    "effects of 5000 maps",
]


@pytest.fixture
def draw(make_quality, make_groups, make_wide, make_effects, make_shuffled):
    """Draw a case by its name."""
    groups, wide, lever = make_groups(), make_wide(), np.full(100, 0.01)
    lever[[3, 4, 5, 50, 97, 99]] = [0.3, 0.31, 0.33, 1, 0.7, 0.69]
    one = pd.DataFrame({"intercept": np.ones(12)})
    labelled = make_groups(38)
    labelled.index = [LONG.format(row, row) for row in range(38)]
    titles = {str(number): TITLE.format(number) for number in range(1, 7)}
    drawn = {
        "design": lambda: plot_design_matrix(groups),
        "design of one column": lambda: plot_design_matrix(one),
        "design of 30 columns": lambda: plot_design_matrix(wide),
        "design of 100 columns": lambda: plot_design_matrix(make_wide(120, 100)),
        "design of 5000 rows": lambda: plot_design_matrix(make_wide(5000)),
        "design of 3 rows": lambda: plot_design_matrix(make_groups(3)),
        "design with long labels": lambda: plot_design_matrix(labelled),
        "contrast": lambda: plot_contrast_matrix("patient - control", groups),
        "contrast of 1 column": lambda: plot_contrast_matrix("intercept", one),
        "contrast of 30 columns": lambda: plot_contrast_matrix(
            np.eye(30)[1] - np.eye(30)[2] / 3, wide
        ),
        "F contrast": lambda: plot_contrast_matrix(["control", "patient", "age"], groups),
        "F contrast of 20 rows": lambda: plot_contrast_matrix(np.eye(30)[:20] / 3, wide),
        "correlation": lambda: plot_design_correlation(groups),
        "correlation of 1 column": lambda: plot_design_correlation(one),
        "correlation of 30 columns": lambda: plot_design_correlation(wide),
        "leverage": lambda: plot_leverage(np.linspace(0.05, 0.2, 24)),
        "leverage of 3": lambda: plot_leverage([1.0, 1.0, 1.0]),
        "leverage, six odd": lambda: plot_leverage(
            lever, labels=[LONG.format(row, row) for row in range(100)]
        ),
        "leverage of 5000": lambda: plot_leverage(np.append(np.full(4999, 0.001), 0.3)),
        "influence": lambda: plot_influence(make_quality()),
        "influence, many odd": lambda: plot_influence(make_quality(60, MANY)),
        "influence, off scale": lambda: plot_influence(make_quality(24, WILD)),
        "outliers": lambda: plot_outliers(make_quality()),
        "outliers, many odd": lambda: plot_outliers(make_quality(60, MANY)),
        "outliers, off scale": lambda: plot_outliers(make_quality(24, WILD)),
        "outliers of 3": lambda: plot_outliers(make_quality(3)),
        "outliers of 5000": lambda: plot_outliers(make_quality(5000, MANY)),
        "residuals": lambda: plot_residuals(make_quality()),
        "residuals, none": lambda: plot_residuals(make_quality(3, residuals=[], not_normal=np.nan)),
        "null": lambda: plot_null(make_shuffled()),
        "null, far": lambda: plot_null(make_shuffled(observed=360.0)),
        "null, sizes": lambda: plot_null(make_shuffled(), of="size"),
        "effects of groups": lambda: plot_effects(make_effects()),
        "effects of a covariate": lambda: plot_effects(make_effects(contrast="age")),
        "six effects with long titles": lambda: plot_effects(
            make_effects(n_places=6, contrast="age"),
            x_name="a covariate of $ and _ whose name goes on and on and on and on and on",
            unit="percent signal change of the whole brain",
            titles=titles,
        ),
        "five effects": lambda: plot_effects(make_effects(n_places=5)),
        "effects of tiny numbers": lambda: plot_effects(make_effects(scale=1e-9)),
        "effects of 5000 maps": lambda: plot_effects(make_effects(5000)),
    }
    assert list(drawn) == CASES
    return lambda case: getattr(drawn[case](), "figure", drawn[case]())


def height_of(text):
    """Height of a slanted text, were it level."""
    turn = text.get_rotation()
    text.set_rotation(0)
    height = text.get_window_extent().height
    text.set_rotation(turn)
    return height


@pytest.mark.parametrize("case", CASES)
def test_all_that_is_written_can_be_read(case, draw, seen_texts):
    """Letters are 8 points or more on a figure that fits a page of 800 px; none is cut off.

    Boxes of level texts are apart, and slanted texts a line's height.
    """
    figure = draw(case)
    assert figure.get_figwidth() <= WIDEST
    found = seen_texts(figure)
    assert len(found) >= 2
    for text, box in found:
        assert text.get_fontsize() >= 8, text.get_text()
        assert box.x0 >= -1, text.get_text()
        assert box.y0 >= -1, text.get_text()
        assert box.x1 <= figure.bbox.x1 + 1, text.get_text()
        assert box.y1 <= figure.bbox.y1 + 1, text.get_text()
    level = [(text, box) for text, box in found if text.get_rotation() in (0, 90)]
    for (one, box), (other, its) in itertools.combinations(level, 2):
        apart = (
            box.x1 <= its.x0 + 0.5
            or its.x1 <= box.x0 + 0.5
            or box.y1 <= its.y0 + 0.5
            or its.y1 <= box.y0 + 0.5
        )
        assert apart, (one.get_text(), other.get_text())
    slanted = [text for text, _ in found if text.get_rotation() == 45]
    for one, other in itertools.pairwise(slanted):
        # Both end at the axis: across the writing they are as far apart as their ends, times √½.
        if one.axes is other.axes:
            ends = [text.get_transform().transform(text.get_position()) for text in (one, other)]
            apart = abs(ends[1][0] - ends[0][0]) * np.sqrt(0.5)
            assert apart >= 0.9 * height_of(one), (one.get_text(), other.get_text())


@pytest.mark.parametrize("case", ["design", "contrast", "outliers, many odd", "effects of groups"])
def test_the_same_is_drawn_each_time(case, draw):
    """The bytes of two pictures of the same are equal."""
    assert figure_bytes(draw(case)) == figure_bytes(draw(case))


def test_a_given_axes_is_drawn_into(make_quality, make_groups, make_shuffled):
    """Every function that takes axes returns them, and leaves their figure the only one."""
    groups, quality = make_groups(), make_quality(24, WILD)
    figure = Figure(figsize=(16, 12), layout="constrained")
    panels = iter(figure.subplots(3, 3).ravel())
    for plot in (
        lambda axes: plot_design_matrix(groups, axes=axes),
        lambda axes: plot_contrast_matrix("age", groups, axes=axes),
        lambda axes: plot_design_correlation(groups, axes=axes),
        lambda axes: plot_leverage([0.5, 0.5], axes=axes),
        lambda axes: plot_null(make_shuffled(), axes=axes),
        lambda axes: plot_outliers(quality, axes=axes),
        lambda axes: plot_influence(quality, axes=axes),
        lambda axes: plot_residuals(quality, axes=axes),
    ):
        axes = next(panels)
        assert plot(axes) is axes
        assert axes.figure is figure
        assert axes.has_data()
        with pytest.raises(InputTypeError, match=r"axes must be a matplotlib Axes\. Got Figure"):
            plot(figure)


def test_pyplot_is_not_even_loaded():
    """Charts leave pyplot alone: no window of it, no backend chosen."""
    code = """
import sys
import pandas as pd
from secondlevel.plotting.contrast import plot_contrast_matrix
from secondlevel.plotting.correlation import plot_design_correlation
from secondlevel.plotting.design import plot_design_matrix
from secondlevel.plotting.leverage import plot_leverage
table = pd.DataFrame({"mean": [1, 1, 1], "age": [2, 5, 3]})
for axes in (
    plot_design_matrix(table), plot_contrast_matrix("age", table), plot_design_correlation(table),
    plot_leverage([0.5, 0.5]),
):
    axes.figure.canvas.draw()
print("matplotlib.pyplot" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
