"""Pictures of the maps: which agree with the others, and which do not."""

import numpy as np
import pytest

from secondlevel.errors import InputTypeError
from secondlevel.plotting.outliers import plot_outliers

ODD = {3: ("sub_$03$", -0.21, 4.2, 0.4), 8: ("sub-08", 0.1, 1.1, 0.1)}


def names(axes):
    """What is named in the frame; the medians come first."""
    return [text.get_text() for text in axes.texts if text.get_text()][2:]


def test_maps_lie_at_their_distance_and_correlation(make_quality):
    """Usual maps are discs, odd ones diamonds and named, the farthest out first."""
    quality = make_quality(24, ODD)
    axes = plot_outliers(quality)
    usual, odd = (np.asarray(drawn.get_offsets()) for drawn in axes.collections)
    both = quality.maps[["Distance", "Correlation"]].to_numpy()
    np.testing.assert_array_equal(odd, both[[3, 8]])
    np.testing.assert_array_equal(usual, np.delete(both, [3, 8], axis=0))
    assert names(axes) == ["sub_$03$", "sub-08"]
    assert axes.get_xlabel().endswith("\ndiamonds: 2 maps that stand out")
    assert axes.get_xscale() == "linear"


def test_medians_are_lines(make_quality):
    """Dashed, with their numbers."""
    quality = make_quality(24)
    axes = plot_outliers(quality)
    distance, correlation = quality.maps[["Distance", "Correlation"]].median()
    upright, level = axes.lines
    assert upright.get_xdata() == [distance, distance]
    assert level.get_ydata() == [correlation, correlation]
    written = [text.get_text() for text in axes.texts]
    assert written == [f"median {distance:.3g}", f"median\n{correlation:.3g}"]
    assert axes.get_xlabel() == "robust distance from the fit (1 is usual)"


def test_one_map_off_scale_leaves_the_others_to_be_seen(make_quality):
    """Distances are drawn by factors: usual maps take a tenth of the width, not a thousandth."""
    axes = plot_outliers(make_quality(24, {3: ("off", 0.31, 1000.0, 41.0)}))
    assert axes.get_xscale() == "log"
    places = axes.transAxes.inverted().transform(
        axes.transData.transform(axes.collections[0].get_offsets())
    )
    assert 0.05 < np.ptp(places[:, 0]) < 0.3
    assert places.min() > 0.02
    assert names(axes) == ["off"]
    assert axes.get_xlabel().endswith("\ndiamond: the map that stands out")


def test_of_many_odd_maps_ten_are_named(make_quality):
    """The number of all is below the axis."""
    odd = {row: (f"sub-{row:02d}", 0.01 * row, 2 + 0.1 * row, 0.1) for row in range(20)}
    axes = plot_outliers(make_quality(60, odd))
    assert len(names(axes)) == 10
    assert axes.get_xlabel().endswith("\ndiamonds: 20 maps that stand out")


def test_maps_that_are_all_fitted_perfectly_can_be_drawn(make_quality):
    """Where all distances are 0, they are drawn at 0."""
    quality = make_quality(4)
    quality.maps["Distance"] = 0.0
    axes = plot_outliers(quality)
    assert axes.get_xscale() == "linear"
    assert axes.texts[0].get_text() == "median 0"


def test_what_is_no_quality_is_refused():
    """The message says where it is found."""
    with pytest.raises(InputTypeError, match=r"results\.quality\)\. Got dict"):
        plot_outliers({})
