"""How many maps have a value, and where."""

import numpy as np
import pytest

from secondlevel.errors import InputTypeError
from secondlevel.plotting.coverage import plot_coverage


@pytest.fixture
def coverage(brain, on_grid):
    """Ten maps; two lack the upper part of the brain, five a corner of that."""
    counts = np.where(brain.get_fdata() > 0, 10, 0)
    counts[:, :, 14:] -= 2 * (counts[:, :, 14:] > 0)
    counts[:9, :, 16:] -= 3 * (counts[:9, :, 16:] > 0)
    return on_grid(counts)


def test_a_map_and_bars_show_what_is_missing(coverage, make_quality, brain, hold_apart, texts):
    """Bars have the counts of elements with fewer maps; words the sum; slices go through it."""
    figure = plot_coverage(make_quality(coverage, 10), bg_img=brain)
    figure.set_dpi(60)
    counts = np.bincount(coverage.get_fdata().astype(int).ravel(), minlength=11)
    bars = {
        round(bar.get_x() + bar.get_width() / 2): bar.get_height()
        for bar in figure.axes[-1].patches
    }
    assert bars == {number: counts[number] for number in range(5, 10)}
    fewer, total = counts[1:10].sum(), counts[1:].sum()
    title = figure.axes[-1].get_title(loc="left")
    assert title == (
        f"{fewer} of {total:,} voxels ({100 * fewer / total:.2g} %) have a value in fewer than "
        "10 maps."
    ).replace(",", "\N{NARROW NO-BREAK SPACE}")
    assert "maps (of 10)" in [text for text, _ in texts(figure)]
    assert any(text in {"z = 64 mm", "z = 72 mm"} for text, _ in texts(figure))
    hold_apart(figure)


def test_elements_without_any_map_are_counted(group_results, on_grid):
    """Results know their mask, so a bar stands at 0; here nothing is missing, and it says so."""
    figure = plot_coverage(group_results, bg_img=None)
    model = group_results.model
    voxels = f"{model.n_in_mask:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    said = f"All {model.n_maps} maps have a value at each of the {voxels} voxels."
    assert figure.axes[0].get_title(loc="left") == said


def test_a_bar_stands_for_several_numbers_of_many_maps(coverage, make_quality, on_grid, brain):
    """With a thousand maps there are at most forty bars, and none is lost."""
    many = on_grid(100 * coverage.get_fdata())
    axes = plot_coverage(make_quality(many, 1000), bg_img=brain).axes[-1]
    counts = np.bincount(coverage.get_fdata().astype(int).ravel(), minlength=11)
    assert len(axes.patches) <= 40
    assert sum(bar.get_height() for bar in axes.patches) == counts[1:10].sum()


def test_vertices_are_counted_on_a_surface(make_surface, make_quality, hold_apart):
    """The same on meshes."""
    image = make_surface(value=5.0)
    image.data.parts["left"][:3] = 4.0
    figure = plot_coverage(make_quality(image, 5))
    assert figure.axes[-1].get_title(loc="left").startswith("3 of 24 vertices (12 %) have")
    hold_apart(figure)
    full = plot_coverage(make_quality(make_surface(value=5.0), 5))
    assert (
        full.axes[0].get_title(loc="left").startswith("All 5 maps have a value at each of the 24")
    )
    hold_apart(full)


def test_what_has_no_coverage_is_refused(coverage):
    """An image does not know of how many maps it is."""
    with pytest.raises(InputTypeError, match=r"GroupResults, or their quality. Got Nifti1Image"):
        plot_coverage(coverage)
