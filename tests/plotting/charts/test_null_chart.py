"""Pictures of a permutation run: the maxima of all shuffles, and the observed one."""

from dataclasses import replace

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from secondlevel import ClusterSummary, SecondLevelModel
from secondlevel.errors import InputError, InputTypeError
from secondlevel.permutation.nulls.interval import p_interval
from secondlevel.plotting.null import plot_null


def bars(axes):
    """Left edges, widths and heights of the bars."""
    return np.array([(bar.get_x(), bar.get_width(), bar.get_height()) for bar in axes.patches]).T


def words(axes):
    """The legend, a line for each."""
    return [text.get_text() for text in axes.get_legend().get_texts()]


@pytest.fixture(scope="module")
def run():
    """A permutation run of 8 maps, all 256 sign flips, with clusters."""
    rng = np.random.default_rng(0)
    maps = [nib.Nifti1Image(rng.normal(0.4, 1, (5, 5, 5)), np.eye(4)) for _ in range(8)]
    mask = nib.Nifti1Image(np.ones((5, 5, 5), dtype="u1"), np.eye(4))
    table = pd.DataFrame({"mean": np.ones(8)})
    model = SecondLevelModel(mask).fit(maps, design_matrix=table)
    return model.permute("mean", summaries=[ClusterSummary(p=0.01)])


def test_bars_count_the_maxima(make_shuffled):
    """Together they are all shuffles, and every bar is the number of maxima between its edges."""
    shuffled = make_shuffled()
    axes = plot_null(shuffled)
    left, width, height = bars(axes)
    assert height.sum() == 1000
    edges = np.append(left, left[-1] + width[-1])
    np.testing.assert_array_equal(height, np.histogram(shuffled.maxima, edges)[0])
    assert axes.get_xlabel() == "largest t of a shuffle"
    assert axes.get_ylabel() == "shuffles (of 1000)"


def test_the_observed_value_has_its_p_and_interval(make_shuffled):
    """A line at it; p counts the shuffles that reach it, the observed one among them."""
    shuffled = make_shuffled(observed=5.0)
    axes = plot_null(shuffled)
    reached = int((shuffled.maxima >= 5.0).sum())
    assert reached == 29
    low, high = p_interval(reached, 1000)
    assert words(axes)[0] == f"observed: 5, p = 0.029 (95 % interval {low:.2g} to {high:.2g})"
    assert axes.lines[0].get_xdata() == [5.0, 5.0]
    exact = plot_null(make_shuffled(observed=5.0, exhaustive=True))
    assert words(exact)[0] == "observed: 5, p = 0.029 (all 1000 shuffles)"


def test_the_level_is_where_five_per_cent_of_the_shuffles_are_left(make_shuffled):
    """A dashed line: at it p is 0.05 at most, at the next maximum below it more."""
    shuffled = make_shuffled(observed=5.0)
    axes = plot_null(shuffled)
    place = axes.lines[1].get_xdata()[0]
    assert np.mean(shuffled.maxima >= place) <= 0.05
    below = shuffled.maxima[shuffled.maxima < place].max()
    assert np.mean(shuffled.maxima >= below) > 0.05
    assert words(axes)[1] == f"p is 0.05 at most from {place:.3g} on"


def test_too_few_shuffles_have_no_level(make_shuffled):
    """Of 16 shuffles none has a p of 0.05, so there is one line."""
    axes = plot_null(make_shuffled(16, observed=5.0, exhaustive=True))
    assert len(axes.lines) == 1
    assert words(axes) == ["observed: 5, p = 0.0625 (all 16 shuffles)"]


def test_a_value_far_out_is_pointed_at(make_shuffled):
    """The null keeps most of the width; an arrow and the number stand for the observed value."""
    shuffled = make_shuffled(observed=360.0)
    axes = plot_null(shuffled)
    assert axes.get_xlim()[1] < 12
    assert bars(axes)[2].sum() == 999
    assert [text.get_text() for text in axes.texts] == ["observed 360", ""]
    assert words(axes)[0].startswith("observed: 360, p = 0.001 ")
    assert all(360 not in np.asarray(line.get_xdata()) for line in axes.lines)


def test_a_low_value_is_no_reason_for_an_arrow(make_shuffled):
    """The observed value may be the lowest of all."""
    axes = plot_null(make_shuffled(observed=2.0))
    assert axes.lines[0].get_xdata() == [2.0, 2.0]
    assert words(axes)[0] == "observed: 2, p = 1 (95 % interval 1 to 1)"
    assert bars(axes)[2].sum() == 1000


def test_sizes_are_whole_numbers(make_shuffled):
    """Every bar holds as many of them, with its edges between them; so does the level lie."""
    shuffled = make_shuffled()
    axes = plot_null(shuffled, of="size")
    left, width, height = bars(axes)
    np.testing.assert_allclose(width, 2.0)
    np.testing.assert_allclose(left % 1, 0.5)
    assert height.sum() == 1000
    for start, counted in zip(left, height, strict=True):
        inside = (shuffled.sizes > start) & (shuffled.sizes < start + 2)
        assert counted == inside.sum()
    assert axes.get_xlabel() == "elements of the largest cluster (t > 3.1) of a shuffle"
    level = axes.lines[1].get_xdata()[0] + 0.5
    assert np.mean(shuffled.sizes >= level) <= 0.05 < np.mean(shuffled.sizes >= level - 1)
    assert words(axes)[1] == f"p is 0.05 at most from {level:.0f} on"


def test_sizes_that_are_no_counts_are_drawn_as_they_are(make_shuffled):
    """Clusters that were measured in mm³ are no numbers of elements."""
    shuffled = make_shuffled()
    measured = replace(
        shuffled, sizes=shuffled.sizes * 1.7, observed_size=48 * 1.7, size_unit="mm3"
    )
    axes = plot_null(measured, of="size")
    assert axes.get_xlabel() == "mm³ of the largest cluster (t > 3.1) of a shuffle"
    assert bars(axes)[2].sum() == 1000
    assert axes.lines[0].get_xdata() == pytest.approx([81.6, 81.6])


def test_no_clusters_in_any_shuffle_are_one_bar(make_shuffled):
    """At 0, and a cluster of one element has a p of 0.05 at most."""
    axes = plot_null(
        replace(make_shuffled(), sizes=np.eye(1000)[0] * 12, observed_size=12.0), of="size"
    )
    left, _, height = bars(axes)
    assert (left[0], height[0], height[-1]) == (-0.5, 999, 1)
    assert words(axes)[1] == "p is 0.05 at most from 1 on"


def test_shuffles_that_are_all_alike_are_one_bar(make_shuffled):
    """Maxima without any spread have a bar, and p = 1."""
    axes = plot_null(replace(make_shuffled(), maxima=np.full(1000, 3.0), observed=3.0))
    assert bars(axes)[2].max() == 1000
    assert words(axes) == ["observed: 3, p = 1 (95 % interval 1 to 1)"]


def test_a_run_is_drawn_as_what_a_report_keeps_of_it(run):
    """`permute`'s result, by number or name, gives the picture of its `shuffled`."""
    for of in ("statistic", "size"):
        kept = plot_null(run.shuffled(0), of=of)
        for contrast in (0, "mean"):
            axes = plot_null(run, contrast=contrast, of=of)
            np.testing.assert_array_equal(bars(axes), bars(kept))
            assert words(axes) == words(kept)
    p = 10 ** -run.image(contrast=0).get_fdata().max()
    assert words(plot_null(run))[0].endswith(f"p = {p:.3g} (all 256 shuffles)")


def test_what_is_no_run_is_refused(make_shuffled, run):
    """The message says what to hand over, or what to ask for."""
    with pytest.raises(InputTypeError, match=r"SecondLevelModel\.permute.* Got ndarray"):
        plot_null(np.ones(3))
    with pytest.raises(InputError, match=r"'of' must be one of 'statistic', 'size'\. Got 'mass'"):
        plot_null(make_shuffled(), of="mass")
    with pytest.raises(InputError, match=r"did not summarise clusters.*ClusterSummary"):
        plot_null(replace(make_shuffled(), sizes=None), of="size")
    with pytest.raises(InputError, match="finite numbers, one for each shuffle"):
        plot_null(replace(make_shuffled(), maxima=np.array([np.nan])))
    with pytest.raises(InputError, match="age"):
        plot_null(run, contrast="age")
