"""What is said when a map is to be cut by numbers that cannot be meant, or has nothing to cut."""

import numpy as np
import pytest
from nilearn.surface import SurfaceImage
from scipy import stats

from secondlevel.claims.threshold import threshold_stats_img
from secondlevel.errors import (
    EmptyResultWarning,
    IgnoredParameterWarning,
    InputError,
    InputTypeError,
    MapWarning,
    MissingDataWarning,
    RandomFieldWarning,
    ThresholdWarning,
)


def test_rft_needs_a_random_field(image, field):
    """Without a field the message must say where to get one, and for what map."""
    with pytest.raises(InputError, match=r"pass random_field=model\.random_field\(contrast\)"):
        threshold_stats_img(image, height_control="rft")
    with pytest.raises(
        InputTypeError,
        match=r"must be a null distribution, a RandomField or a MaximumNull\. Got float",
    ):
        threshold_stats_img(image, height_control="rft", random_field=8.0)
    with pytest.warns(IgnoredParameterWarning, match="random_field is not used with height_c"):
        threshold_stats_img(image, random_field=field)


def test_rft_refuses_a_map_of_another_statistic(z, field, on_grid):
    """A header that says z, beside a field of t, must be an error that says what to pass."""
    image = on_grid(2 * z)
    image.header.set_intent("z score")
    with pytest.raises(InputError, match=r"holds z .* takes it for t.*output_type='stat'"):
        threshold_stats_img(image, height_control="rft", random_field=field)
    image.header.set_intent("t test", (23,))
    kept, _ = threshold_stats_img(image, height_control="rft", random_field=field)
    assert kept.get_fdata().any()


def test_a_map_of_t_or_p_is_not_taken_for_z(z, on_grid):
    """Where alpha becomes a height in z, a header that says p must be refused, t be remarked."""
    image = on_grid(z)
    image.header.set_intent("p value")
    with pytest.raises(InputError, match=r"holds p-values by its header.*output_type='z_score'"):
        threshold_stats_img(image)
    image.header.set_intent("t test", (23,))
    with pytest.warns(
        MapWarning, match="holds t by its header, and height_control='fpr' takes it f"
    ):
        _, height = threshold_stats_img(image)
    assert height == stats.norm.isf(0.0005)
    threshold_stats_img(image, height_control=None)


@pytest.mark.parametrize("threshold", [0.001, -0.05, 0.49])
@pytest.mark.parametrize("given", ["z", "t", "F", "unknown", "no map"])
def test_a_p_value_is_not_taken_for_a_height(z, threshold, given, on_grid):
    """A threshold below 0.5 must be an error for z, t and F, else a warning; both name the z."""
    p = abs(threshold)
    z_one, z_both = stats.norm.isf(p), stats.norm.isf(p / 2)
    message = rf"looks like a p-value.*p = {p:g} is {z_one:.4g} for one side and {z_both:.4g} for b"
    settings = {"threshold": threshold, "height_control": None, "two_sided": False}
    intents = {"z": ("z score", ()), "t": ("t test", (23,)), "F": ("f test", (2, 23))}
    image = None if given == "no map" else on_grid(z)
    if given in intents:
        image.header.set_intent(*intents[given])
        with pytest.raises(InputError, match=rf"{message}.*stat_img holds {given} by its header"):
            threshold_stats_img(image, **settings)
    else:
        with pytest.warns(ThresholdWarning, match=message):
            _, height = threshold_stats_img(image, **settings)
        assert height == threshold


def test_effects_may_have_any_height(z, on_grid):
    """Maps must be cut near 0: without a word by their header, with a question where none tells."""
    d = on_grid(z / 10)
    with pytest.warns(ThresholdWarning, match=r"If the map holds something else than z, go on"):
        kept, _ = threshold_stats_img(d, threshold=0.3, height_control=None)
    np.testing.assert_array_equal(kept.get_fdata(), np.where(np.abs(z / 10) >= 0.3, z / 10, 0))
    beta = on_grid(z)
    beta.header.set_intent("estimate")
    kept, _ = threshold_stats_img(beta, threshold=0.3, height_control=None)
    np.testing.assert_array_equal(kept.get_fdata(), np.where(np.abs(z) >= 0.3, z, 0))
    assert kept.header.get_intent()[0] == "estimate"


def test_cutting_p_values_is_remarked(z, on_grid):
    """A height must be said to keep the large p; without a header, values must be looked at."""
    p = on_grid(stats.norm.sf(z))
    message = "lie between 0 and 1, as p-values do, and it is taken for z"
    with pytest.warns(MapWarning, match=message), pytest.warns(EmptyResultWarning):
        threshold_stats_img(p)
    p.header.set_intent("p value")
    with pytest.warns(MapWarning, match="holds p-values by its header, and what is kept are .* la"):
        threshold_stats_img(p, threshold=0.05, height_control=None)


def test_a_surface_of_p_values_is_remarked(surface):
    """Surface images say nothing of what they hold, so their values must be looked at."""
    parts = {part: stats.norm.sf(data) for part, data in surface.data.parts.items()}
    p = SurfaceImage(surface.mesh, parts)
    message = "lie between 0 and 1, as p-values do, and it is taken for z"
    with pytest.warns(MapWarning, match=message), pytest.warns(EmptyResultWarning):
        threshold_stats_img(p)


@pytest.mark.parametrize("control", ["fdr", "fdr_by", "bonferroni"])
def test_a_thresholded_map_is_no_family(image, mask, control):
    """What a threshold left must be remarked where elements are counted, and fine with a mask."""
    left, _ = threshold_stats_img(image, alpha=0.01)
    with pytest.warns(MapWarning, match=r"smallest \|value\| of stat_img is 2\.\d+: .*thresholded"):
        threshold_stats_img(left, alpha=0.05, height_control=control)
    expected, height = threshold_stats_img(image, mask, alpha=0.05, height_control=control)
    kept, found = threshold_stats_img(left, mask, alpha=0.05, height_control=control)
    assert found == height
    np.testing.assert_array_equal(kept.get_fdata(), expected.get_fdata())
    threshold_stats_img(left, threshold=4, height_control=None)


def test_a_field_of_another_region_is_remarked(z, mask, field, on_grid):
    """A threshold by a field of more or fewer elements than the map has must come with a word."""
    half = mask.get_fdata().copy()
    half[:7] = 0
    t = on_grid(2 * z)
    settings = {"height_control": "rft", "random_field": field}
    with pytest.warns(
        RandomFieldWarning, match=r"has 1092 elements.*smoothness_from_fwhm\(fwhm_mm"
    ):
        threshold_stats_img(t, on_grid(half.astype(np.uint8)), **settings)
    threshold_stats_img(t, mask, **settings)


def test_the_header_of_the_map_is_handed_on(z, on_grid):
    """What is left of a map must say what it holds, with its degrees of freedom."""
    t = on_grid(z)
    for intent, params in (("t test", (23.0,)), ("f test", (2.0, 23.0)), ("z score", ())):
        t.header.set_intent(intent, params)
        kept, _ = threshold_stats_img(t, height_control=None)
        assert kept.header.get_intent()[:2] == (intent, params)


@pytest.mark.parametrize("control", ["fpr", "fdr", "fdr_by", "bonferroni"])
def test_a_height_is_not_taken_for_an_alpha(image, control):
    """An alpha above 1 must be an error that says how a z threshold is passed."""
    message = (
        r"alpha should be between 0 and 1\. 3\.1 was provided.*threshold=3\.1, height_control=N"
    )
    with pytest.raises(InputError, match=message):
        threshold_stats_img(image, alpha=3.1, height_control=control)


@pytest.mark.parametrize("alpha", [0, 1, -0.05, np.nan])
def test_alpha_is_between_0_and_1(image, alpha):
    """Other levels must be refused in nilearn's words."""
    with pytest.raises(InputError, match="alpha should be between 0 and 1"):
        threshold_stats_img(image, alpha=alpha)


def test_numbers_are_numbers(image):
    """Lists, text and truth values must be refused by name where a number is meant."""
    with pytest.raises(InputTypeError, match=r"alpha should be a number .* Got list: \[0\.05\]"):
        threshold_stats_img(image, alpha=[0.05])
    for threshold in ([3.0], np.array([3.0, 4.0]), True):
        with pytest.raises(InputTypeError, match="threshold should be either a number or a string"):
            threshold_stats_img(image, threshold=threshold, height_control=None)
    for text in ("3", "x%", "101%", "-1%"):
        with pytest.raises(
            InputError, match='If "threshold" is given as string it should be a num'
        ):
            threshold_stats_img(image, threshold=text, height_control=None)
    with pytest.raises(InputError, match=r"threshold must be a number\. Got nan"):
        threshold_stats_img(image, threshold=np.nan, height_control=None)
    for extent in (-1, np.nan):
        with pytest.raises(InputError, match=r"'cluster_threshold' must be > 0, .* or 0 for"):
            threshold_stats_img(image, cluster_threshold=extent)
    for extent in ("10", [10], None, True):
        with pytest.raises(InputTypeError, match="'cluster_threshold' must be > 0, the number of"):
            threshold_stats_img(image, cluster_threshold=extent)
    for flag in ("no", 1, None):
        with pytest.raises(InputTypeError, match=r"two_sided must be True or False\. Got "):
            threshold_stats_img(image, two_sided=flag)
    threshold_stats_img(image, two_sided=np.True_)
    with pytest.raises(InputTypeError, match=r"alpha should be a number .* Got bool: True"):
        threshold_stats_img(image, alpha=True)
    with pytest.raises(
        InputError, match=r"'height_control' must be one of 'fpr', 'fdr', .* Got 'fwe'"
    ):
        threshold_stats_img(image, height_control="fwe")
    with pytest.raises(InputError, match=r"'height_control' must be one of .* Got \[\]"):
        threshold_stats_img(image, height_control=[])
    with pytest.raises(InputError, match="connectivity is the number of neighbours"):
        threshold_stats_img(image, cluster_threshold=2, connectivity=8)


def test_a_negative_threshold_of_two_sides_is_refused(image):
    """The message must say both ways to put it right."""
    message = (
        r"should not be a negative value when two_sided=True\. Got -3: pass 3, or two_sided=Fa"
    )
    with pytest.raises(InputError, match=message):
        threshold_stats_img(image, threshold=-3, height_control=None)


def test_a_threshold_beside_an_error_control_is_ignored(image):
    """With a warning, and the result must be that without it."""
    expected, height = threshold_stats_img(image)
    with pytest.warns(
        IgnoredParameterWarning, match="threshold=4 is not used with height_control='f"
    ):
        kept, found = threshold_stats_img(image, threshold=4)
    assert found == height
    np.testing.assert_array_equal(kept.get_fdata(), expected.get_fdata())


def test_nothing_left_is_said(image, z, on_grid):
    """A map of zeros must come with the reason: how far off the largest value was."""
    largest = rf"{np.abs(z).max():.4g}"
    with pytest.warns(
        EmptyResultWarning, match=f"largest absolute value is {largest}, the threshold"
    ):
        kept, _ = threshold_stats_img(image, threshold=30, height_control=None)
    assert not kept.get_fdata().any()
    noise = on_grid(np.random.default_rng(83).normal(size=z.shape))
    with pytest.warns(
        EmptyResultWarning, match="no element passes height_control='fdr' at alpha=0.0"
    ):
        kept, height = threshold_stats_img(noise, alpha=0.01, height_control="fdr")
    assert height == np.inf
    assert not kept.get_fdata().any()
    with pytest.warns(EmptyResultWarning, match=r"smallest value is -\d.*the threshold -30"):
        threshold_stats_img(image, threshold=-30, height_control=None, two_sided=False)


def test_every_element_above_threshold_stays(mask, inside, on_grid):
    """A map that is high everywhere must come back as it is, as one cluster."""
    high = on_grid(np.where(inside, 9.0, 0.0))
    with pytest.warns(MapWarning, match="Is it a mask"):
        kept, _ = threshold_stats_img(high, alpha=0.05, height_control="fdr", cluster_threshold=50)
    np.testing.assert_array_equal(kept.get_fdata(), high.get_fdata())


def test_a_map_of_zeros_goes_through(mask, on_grid, z):
    """An all-zero map must give an all-zero map by every error control, with warnings."""
    zeros = on_grid(np.zeros(z.shape))
    for given in (None, mask):
        for control in ("fpr", "fdr", "fdr_by", "bonferroni", None):
            with pytest.warns(MapWarning), pytest.warns(EmptyResultWarning):
                kept, _ = threshold_stats_img(zeros, given, height_control=control)
            assert not kept.get_fdata().any()


def test_nan_counts_as_no_element(z, inside, mask, on_grid):
    """Elements without a value must be neither counted nor kept."""
    holes = z.copy()
    holes[2:4, 2:4, 2:4] = np.nan
    with pytest.warns(MissingDataWarning, match="8 of "):
        kept, height = threshold_stats_img(
            on_grid(holes), mask, alpha=0.05, height_control="bonferroni"
        )
    assert height == stats.norm.isf(0.025 / (inside.sum() - 8))
    assert np.isfinite(kept.get_fdata()).all()


def test_one_element_is_a_family_of_one(image, z, on_grid):
    """A mask of one voxel must be thresholded uncorrected, whatever the error control."""
    one = np.zeros(z.shape, dtype=np.uint8)
    one[4, 4, 5] = 1
    assert z[4, 4, 5] > 2
    for control in ("fdr", "fdr_by", "bonferroni", "fpr"):
        with pytest.warns(MapWarning, match="a single voxel"):
            kept, height = threshold_stats_img(image, on_grid(one), 0.05, height_control=control)
        assert kept.get_fdata()[4, 4, 5] == z[4, 4, 5]
        if control in {"bonferroni", "fpr"}:
            assert height == stats.norm.isf(0.025)
