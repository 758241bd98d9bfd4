"""Pictures of residuals: their quantiles beside those of normal errors."""

import numpy as np
import pytest
from scipy import stats

from secondlevel.errors import InputTypeError
from secondlevel.plotting.residuals import expected, plot_residuals


def standardised(n_maps, n_elements=20_000, seed=0):
    """Residuals of normal errors about the mean of n maps, over their standard deviations."""
    errors = np.random.default_rng(seed).normal(size=(n_maps, n_elements))
    residuals = errors - errors.mean(axis=0)
    deviation = np.sqrt((residuals**2).sum(axis=0) / (n_maps - 1))
    return residuals / deviation / np.sqrt(1 - 1 / n_maps)


def test_points_are_quantiles_of_the_bins(make_quality):
    """At an edge with a share of the residuals below it, the normal quantile of that share."""
    residuals = np.repeat([-1.0, 0.55, 2.0], [25, 50, 25])
    line = plot_residuals(make_quality(residuals=residuals)).lines[-1]
    seen = dict(zip(line.get_ydata().round(6), line.get_xdata(), strict=True))
    # Edges are at tenths; -1.0 lies in the bin that begins there.
    assert seen[-0.9] == pytest.approx(stats.norm.ppf(0.25))
    assert seen[0.5] == pytest.approx(stats.norm.ppf(0.25))
    assert seen[0.6] == pytest.approx(stats.norm.ppf(0.75))
    assert min(seen) == pytest.approx(-0.9)
    assert max(seen) == pytest.approx(2.0)


@pytest.mark.parametrize("n_maps", [4, 8, 24, 200])
def test_normal_errors_lie_on_the_dashed_line(n_maps, make_quality):
    """However few the maps are: within 0.06, where edges of bins are 0.1 apart."""
    quality = make_quality(n_maps, residuals=standardised(n_maps).ravel(), leverage=1 / n_maps)
    dashed, line = plot_residuals(quality).lines
    at = np.interp(line.get_xdata(), dashed.get_xdata(), dashed.get_ydata())
    inside = np.abs(line.get_xdata()) < 3
    # Worst seen: 0.015 (24 maps).
    assert np.abs(at - line.get_ydata())[inside].max() < 0.06
    assert line.get_label() == "residuals"
    assert dashed.get_label() == "normal errors"


def test_few_degrees_of_freedom_bound_the_residuals():
    """None is larger than √d; of many, quantiles are the normal ones; of one, all are ±1."""
    normal = np.linspace(-6, 6, 25)
    for dof in (1, 2, 5, 50):
        assert np.abs(expected(normal, dof)).max() <= np.sqrt(dof) + 1e-12
        np.testing.assert_allclose(expected(-normal, dof), -expected(normal, dof))
    np.testing.assert_array_equal(expected(np.array([-2.0, 0, 0.1]), 1), [-1, 0, 1])
    np.testing.assert_allclose(expected(normal, 10**5)[6:19], normal[6:19], atol=2e-4)
    # A quantile of Student's t, through r² = d t² / (d - 1 + t²).
    t = stats.t.ppf(stats.norm.cdf(1.5), 9)
    assert expected(np.array([1.5]), 10)[0] == pytest.approx(np.sqrt(10 * t**2 / (9 + t**2)))


def test_the_share_of_elements_that_fail_is_written(make_quality):
    """In per cent; nothing where it cannot be told; a word where there is nothing to draw."""

    def words(**known):
        return plot_residuals(make_quality(**known)).texts[0].get_text()

    assert words(not_normal=0.063) == "6.3 % of the elements\nfail a test of normality at 5 %"
    assert words(not_normal=1.0).startswith("100 % of")
    assert words(not_normal=np.nan) == ""
    assert words(residuals=[], not_normal=np.nan) == "too few residuals to draw"
    assert words(residuals=[0.1] * 19, not_normal=np.nan) == "too few residuals to draw"


def test_both_axes_have_one_scale(make_quality):
    """Limits are alike, reach beyond all that is drawn, and to 3.2 at least."""
    axes = plot_residuals(make_quality())
    low, high = axes.get_xlim()
    assert (low, high) == axes.get_ylim()
    assert high == -low
    assert high >= 3.2
    assert np.abs(axes.lines[-1].get_ydata()).max() < high
    assert axes.get_aspect() == 1


def test_a_saturated_design_has_no_expectation(make_quality):
    """Without residual degrees of freedom only the frame is drawn."""
    quality = make_quality(3, residuals=[], not_normal=np.nan, leverage=1.0)
    assert [len(line.get_xdata()) for line in plot_residuals(quality).lines] == [0]


def test_what_is_no_quality_is_refused():
    """The message says where it is found."""
    with pytest.raises(InputTypeError, match=r"results\.quality\)\. Got NoneType"):
        plot_residuals(None)
