"""Pictures of effects: values of the maps by group or covariate, and the fit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from secondlevel.errors import InputError, InputTypeError
from secondlevel.plotting.effect_panels import BESIDE, HALF, spread
from secondlevel.plotting.effects import plot_effects


def of_place(effects, place, part):
    """Rows of one part of one place."""
    return effects[(effects["Peak"] == place) & (effects["Part"] == part)]


def offsets(axes):
    """Where marks are, one array for each call that drew some."""
    return [
        np.asarray(one.get_offsets())
        for one in axes.collections
        if hasattr(one, "get_sizes") and len(one.get_sizes())
    ]


def test_maps_stand_above_their_group(make_effects):
    """Each at its value, within the width of its group; the name says how many there are."""
    effects = make_effects(24)
    panel = plot_effects(effects).axes[1]
    maps = of_place(effects, "2", "map")
    for number, (group, drawn) in enumerate(
        zip(("control", "patient"), offsets(panel)[:2], strict=True)
    ):
        values = maps.loc[maps["Group"] == group, "Value"]
        np.testing.assert_array_equal(drawn[:, 1], values)
        assert np.abs(drawn[:, 0] - number + 0.08).max() <= HALF
        assert len(np.unique(drawn[:, 0])) == 12
    labels = [label.get_text() for label in panel.get_xticklabels()]
    assert labels == ["control\n12 maps", "patient\n12 maps"]


def test_means_and_intervals_are_those_of_the_fit(make_effects):
    """A mark at each fitted mean, a line from its lower to its upper end, a line between means."""
    effects = make_effects(24)
    panel = plot_effects(effects).axes[0]
    fit = of_place(effects, "1", "fit")
    places = [BESIDE - 0.08, 1 + BESIDE - 0.08]
    np.testing.assert_allclose(offsets(panel)[-1], np.column_stack([places, fit["Value"]]))
    (intervals,) = (one for one in panel.collections if hasattr(one, "get_segments"))
    for segment, place, low, high in zip(
        intervals.get_segments(), places, fit["Lower"], fit["Upper"], strict=True
    ):
        np.testing.assert_allclose(segment, [[place, low], [place, high]])
    np.testing.assert_allclose(panel.lines[0].get_xydata(), offsets(panel)[-1])
    assert panel.lines[1].get_ydata() == [0, 0]


def test_covariates_have_a_line_and_a_band(make_effects):
    """Maps lie at covariate and value; line and band are those of the fit."""
    effects = make_effects(24, contrast="age")
    figure = plot_effects(effects, unit="% signal change")
    panel = figure.axes[1]
    maps, fit = of_place(effects, "2", "map"), of_place(effects, "2", "fit")
    (points,) = (drawn for drawn in offsets(panel) if len(drawn) == 24)
    np.testing.assert_array_equal(points, maps[["X Value", "Value"]].to_numpy(float))
    np.testing.assert_array_equal(panel.lines[0].get_xydata(), fit[["X Value", "Value"]])
    band = panel.collections[1].get_paths()[0].vertices
    for end in ("Lower", "Upper"):
        edge = fit[["X Value", end]].to_numpy(float)
        assert all((np.abs(band - point).max(axis=1) == 0).any() for point in edge)
    assert figure.get_supxlabel() == "age"
    assert figure.get_supylabel() == "value (% signal change)"


def test_the_axis_is_named_as_told(make_effects):
    """By the table's own word, unless told otherwise; groups need no name."""
    effects = make_effects(24, contrast="age")
    assert plot_effects(effects, x_name="age in years").get_supxlabel() == "age in years"
    assert plot_effects(make_effects(24)).get_supxlabel() == ""
    assert plot_effects(effects).get_supylabel() == "value"


def test_titles_say_where(make_effects):
    """Clusters by number; with their positions where these are given; or in any words."""
    effects = make_effects(n_places=2)
    peaks = pd.DataFrame(
        {"Cluster ID": [1, "1a", 2], "X": [30.0, 0, 4.5], "Y": [-18.0, 0, 0], "Z": [24.0, 0, 0]}
    )

    def titles(**given):
        return [axes.get_title() for axes in plot_effects(effects, **given).axes]

    assert titles() == ["cluster 1", "cluster 2"]
    assert titles(peaks=peaks) == ["cluster 1 (30, −18, 24)", "cluster 2 (4.5, 0, 0)"]
    assert titles(titles={"2": "$V_1$"}, peaks=peaks) == ["cluster 1 (30, −18, 24)", "$V_1$"]
    effects["Peak"] = effects["Peak"].replace({"1": "highest", "2": "(3, 4, 5) mm"})
    assert titles() == ["highest peak", "(3, 4, 5) mm"]


@pytest.mark.parametrize("n_places", [1, 2, 3, 4, 5, 6, 9])
def test_there_is_a_panel_for_each_of_six_places(n_places, make_effects):
    """Of more places the first six are drawn; no empty frame is seen."""
    figure = plot_effects(make_effects(8, n_places))
    seen = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in seen] == [
        f"cluster {number + 1}" for number in range(min(n_places, 6))
    ]


def test_panels_share_their_scale_where_values_are_alike(make_effects):
    """A place with ten times the range of another has a scale of its own."""
    effects = make_effects(24)
    one, other = (axes.get_ylim() for axes in plot_effects(effects).axes)
    assert one == other
    wide = effects["Peak"] == "2"
    effects.loc[wide, ["Value", "Lower", "Upper"]] *= 10
    one, other = (axes.get_ylim() for axes in plot_effects(effects).axes)
    assert np.ptp(other) > 5 * np.ptp(one)


def test_powers_of_ten_stand_at_the_axis(make_effects):
    """Values of 1e-7 are written as some hundreds of 1e-9, and drawn as they are."""
    effects = make_effects(scale=1e-7)
    figure = plot_effects(effects, unit="T")
    assert figure.get_supylabel() == "value (10⁻⁹ T)"
    figure.canvas.draw()
    panel = figure.axes[0]
    for place, label in zip(panel.get_yticks(), panel.get_yticklabels(), strict=True):
        assert float(label.get_text().replace("−", "-")) == pytest.approx(place * 1e9, rel=1e-3)
    assert np.abs(offsets(panel)[0][:, 1]).max() < 1e-6
    assert plot_effects(make_effects(scale=1e6)).get_supylabel() == "value (10⁶)"
    assert plot_effects(make_effects(scale=100)).get_supylabel() == "value"


def test_fifty_thousand_maps_show_their_distribution():
    """A group is as wide as values are many: wide in the middle, narrow at the ends."""
    values = np.random.default_rng(0).normal(size=50_000)
    places = spread(values)
    assert np.abs(places).max() <= HALF
    width = [np.ptp(places[np.abs(values - at) < 0.05]) for at in (0.0, 1.0, 2.0)]
    assert width == pytest.approx(2 * HALF * np.exp([0, -0.5, -2.0]), abs=0.05)


@settings(max_examples=50)
@given(arrays(np.float64, st.integers(1, 80), elements=st.floats(-1e9, 1e9)))
def test_points_are_spread_the_same_each_time(values):
    """Without chance; within the group's width; not by the order or the unit of small groups."""
    places = spread(values)
    np.testing.assert_array_equal(places, spread(values))
    assert np.abs(places).max() <= HALF
    if len(values) < 30 and len(np.unique(values)) == len(values):
        order = np.random.default_rng(0).permutation(len(values))
        np.testing.assert_array_equal(spread(values[order]), places[order])


def test_what_is_no_table_of_effects_is_refused(make_effects):
    """The message says what is missing, and where such a table comes from."""
    effects = make_effects(4)
    with pytest.raises(InputTypeError, match=r"must be a DataFrame\. Got list"):
        plot_effects([1])
    with pytest.raises(InputError, match=r"no column Lower; it is what model\.effect_values"):
        plot_effects(effects.drop(columns="Lower"))
    with pytest.raises(InputError, match="effects is empty"):
        plot_effects(effects.iloc[:0])
    with pytest.raises(InputError, match="Column Value of effects must hold finite numbers"):
        plot_effects(effects.assign(Value=np.nan))
    with pytest.raises(InputError, match="Column X Value of effects must hold finite numbers"):
        plot_effects(effects.assign(**{"X Value": "left"}))
    with pytest.raises(InputError, match=r"Place '1' of effects needs .* it has fit"):
        plot_effects(effects[effects["Part"] == "fit"])
    with pytest.raises(InputError, match="columns Cluster ID, X, Y and Z"):
        plot_effects(effects, peaks=pd.DataFrame({"X": [1]}))
