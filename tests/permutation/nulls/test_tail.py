"""Small p from a Pareto tail of the maxima: near the truth, never 0; counted where none fits."""

import math

import nibabel as nib
import numpy as np
import pytest
from scipy import special, stats

from secondlevel.errors import InputError, InputTypeError
from secondlevel.inference.null import TIE
from secondlevel.permutation.nulls.tail import fit_tail, tail_p


def each(p):
    """The p of one of 1 000 independent elements, where that of their maximum is p."""
    return -np.expm1(np.log1p(-np.asarray(p)) / 1000)


LAWS = {
    "normal": lambda p: -special.ndtri(each(p)),
    "t(8)": lambda p: stats.t.isf(each(p), 8),
    "gumbel": lambda p: -np.log(-np.log1p(-np.asarray(p))),
    "exponential": lambda p: -np.log(p),
    "uniform": lambda p: 1.0 - each(p),
}
"""The height that a maximum reaches with probability p."""


def draw(law, n_shuffles, seed):
    """So many maxima of a law."""
    return LAWS[law](np.random.default_rng(seed).random(n_shuffles))


def counted_by_hand(maxima, height):
    """Share of the maxima that are as high, ties within 1e-9."""
    return sum(value >= height - TIE * abs(height) for value in maxima) / len(maxima)


def p_by_hand(tail, height):
    """The formula, with the distribution of scipy."""
    share = tail.n_exceedances / tail.n_shuffles
    return share * stats.genpareto.sf(height - tail.threshold, tail.shape, scale=tail.scale)


@pytest.mark.parametrize("law", LAWS)
def test_p_is_counted_up_to_the_threshold_and_of_the_formula_above(law):
    """Heights below must have the p of a plain count, those above that of the fitted tail."""
    maxima = draw(law, 800, 421)
    heights = np.concatenate([np.linspace(maxima.min(), maxima.max(), 301), maxima[:40]])
    found = tail_p(maxima, heights)
    tail = found.tail
    assert 50 <= tail.n_exceedances <= 200
    assert tail.n_shuffles == 800
    assert tail.n_exceedances == np.sum(maxima > tail.threshold)
    assert tail.fit_p > 0.05
    for height, p in zip(heights, found.p, strict=True):
        if height <= tail.threshold:
            assert p == counted_by_hand(maxima, height)
        else:
            assert abs(p / p_by_hand(tail, height) - 1) <= 1e-12  # seen: 0


def test_the_two_ways_meet_at_the_threshold():
    """Just above and just below the threshold p must be the same share of the maxima."""
    maxima = draw("gumbel", 3000, 422)
    tail = fit_tail(maxima).tail
    step = 1e-9 * tail.scale
    below, above = tail_p(maxima, [tail.threshold, tail.threshold + step]).p
    assert below == tail.n_exceedances / 3000
    assert abs(above / below - 1) <= 2e-9  # seen: 1e-9, the step itself


@pytest.mark.parametrize(
    ("n_shuffles", "true_p", "mean", "spread"),
    [
        (500, 1e-3, 0.227, 0.327),
        (500, 1e-4, 0.779, 0.819),
        (1000, 1e-3, 0.084, 0.280),
        (1000, 1e-4, 0.450, 0.549),
        (5000, 1e-3, 0.006, 0.156),
        (5000, 1e-4, 0.128, 0.312),
    ],
)
def test_p_is_near_the_truth_and_errs_on_the_safe_side(n_shuffles, true_p, mean, spread):
    """An observed maximum of known p, one of N, must get about that p, from few shuffles more."""
    errors = []
    for number, law in enumerate(["normal", "t(8)", "gumbel", "exponential"]):
        observed = float(LAWS[law](true_p))
        for run in range(60):
            maxima = np.append(draw(law, n_shuffles - 1, [423, number, n_shuffles, run]), observed)
            errors.append(math.log10(float(tail_p(maxima, observed).p) / true_p))
    # Mean and root mean square of log10 of p over the truth: as seen.
    assert np.mean(errors) == pytest.approx(mean, abs=0.002)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(spread, abs=0.002)


@pytest.mark.parametrize("law", LAWS)
def test_noise_is_claimed_no_more_often_than_is_said(law):
    """Of 2 000 observed maxima of noise as many must have p of alpha as have a true p of alpha."""
    rng = np.random.default_rng([424, list(LAWS).index(law)])
    p, truth = np.empty(2000), np.empty(2000)
    for i in range(2000):
        drawn = rng.random(400)
        maxima = LAWS[law](drawn)
        p[i], truth[i] = tail_p(maxima, maxima[0]).p, drawn[0]
    levels = np.array([0.2, 0.05, 0.01])
    claimed, expected = ((values <= levels[:, None]).mean(axis=1) for values in (p, truth))
    # Seen: 0.023, 0.03 and 0.25 of the level; the last are 5 of 2 000.
    assert (claimed - expected <= np.array([0.05, 0.06, 0.3]) * levels).all()


def test_an_effect_does_not_decide_whether_there_is_a_tail():
    """However high the observed maximum is, the tail must begin where it did, and p must fall."""
    others = draw("normal", 999, 425)
    tails = [fit_tail(np.append(others, height)).tail for height in (6.0, 8.0, 12.0, 40.0, 1e4)]
    assert len({(tail.threshold, tail.n_exceedances, tail.fit_p) for tail in tails}) == 1
    p = [tail.smallest_p for tail in tails]
    assert (np.diff(p) < 0).all()
    # The truth is 1e-6, 6e-13 and less, which 1 000 shuffles cannot know.
    assert p[:2] == pytest.approx([6.3e-5, 9.4e-6], rel=0.01)
    assert 0.0 < p[-1] < 1e-10  # seen: 2e-11


def test_nothing_is_said_beyond_the_largest_maximum():
    """A height above all maxima must have the p of the largest, even where the tail has an end."""
    for law in LAWS:
        maxima = draw(law, 600, 426)
        found = tail_p(maxima, [maxima.max(), maxima.max() + 1.0, 1e300, math.inf])
        assert found.p[0] == found.tail.smallest_p > 0.0
        assert (found.p == found.p[0]).all()
    # And where p are counted.
    assert tail_p([1.0, 2.0], [2.0, 3.0]).p.tolist() == [0.5, 0.5]


def test_no_p_is_less_than_one_in_all_distinct_shuffles():
    """With 5 000 distinct shuffles no p may be below 1/5000, whatever the tail says."""
    maxima = np.append(draw("normal", 999, 427), 9.0)
    free, bound = tail_p(maxima, [4.0, 9.0]), tail_p(maxima, [4.0, 9.0], n_distinct=5000)
    assert free.p[1] < 1 / 5000
    assert bound.p.tolist() == [free.p[0], 1 / 5000]
    assert bound.tail.smallest_p == 1 / 5000
    assert tail_p(maxima, [4.0, 9.0], n_distinct=10**5000).p.tolist() == free.p.tolist()


def test_no_tail_is_fitted_where_all_shuffles_were_taken():
    """Counted p are exact there."""
    maxima = draw("normal", 1024, 428)
    found = tail_p(maxima, maxima[:3], n_distinct=1024)
    assert found.tail is None
    assert found.p.tolist() == [counted_by_hand(maxima, height) for height in maxima[:3]]
    assert found.message == (
        "No tail was fitted: all distinct shuffles were taken. p-values are exact."
    )


def test_a_null_that_is_short_is_counted():
    """With fewer than 200 shuffles there must be no tail, and a sentence that says so."""
    maxima = draw("gumbel", 199, 429)
    found = tail_p(maxima, maxima)
    assert found.tail is None
    assert found.p.tolist() == [counted_by_hand(maxima, height) for height in maxima]
    assert found.message == (
        "No tail was fitted: it takes 200 shuffles, and there are 199. p-values are counted, and "
        "none is below 1/199."
    )
    # With 200 there is one in 19 of 20 nulls.
    tails = [fit_tail(draw("gumbel", 200, [429, run])) for run in range(200)]
    assert sum(fit.tail is None for fit in tails) / 200 <= 0.09  # seen: 0.05
    refused = next(fit for fit in tails if fit.tail is None)
    assert "the 50 largest maxima have no generalised Pareto" in refused.message
    assert "down to" not in refused.message


def test_sizes_of_clusters_are_counted():
    """Where most of the largest maxima tie there must be no tail, and a sentence that says so."""
    sizes = np.random.default_rng(430).geometric(1 / 15, 2000)
    found = tail_p(sizes, sizes[:50])
    assert found.tail is None
    assert found.p.tolist() == [counted_by_hand(sizes, size) for size in sizes[:50]]
    n_distinct = len(set(np.sort(sizes)[-500:].tolist()))
    assert found.message == (
        f"No tail was fitted: of the 500 largest maxima only {n_distinct} differ, as sizes of "
        "clusters do. p-values are counted, and none is below 1/2000."
    )
    # Also where they tie but for rounding.
    blurred = sizes * (1.0 + 1e-12 * np.random.default_rng(431).random(2000))
    assert fit_tail(blurred).message == found.message


def test_large_clusters_differ_enough_for_a_tail():
    """Sizes that hardly tie must have a tail, with p near those of the continuous law."""
    rng = np.random.default_rng(432)
    sizes = np.floor(rng.exponential(900.0, 2000))
    found = tail_p(sizes, [3000.0, 5000.0])
    assert found.tail is not None
    expected = np.exp(-np.array([3000.0, 5000.0]) / 900.0)
    assert np.abs(np.log10(found.p / expected)).max() <= 0.05  # seen: 0.033


def test_maxima_that_have_no_pareto_tail_are_counted():
    """Steps that are hardly blurred must be refused at every length, and a sentence say so."""
    rng = np.random.default_rng(433)
    maxima = rng.geometric(0.3, 1000) + 0.02 * rng.random(1000)
    found = tail_p(maxima, maxima)
    assert found.tail is None
    assert found.p.tolist() == [counted_by_hand(maxima, height) for height in maxima]
    assert found.message == (
        "No tail was fitted: the 250 largest maxima have no generalised Pareto distribution (p of "
        "the misfit ≤ 0.05), nor have fewer, down to 50. p-values are counted, and none is below "
        "1/1000."
    )


def test_a_tail_is_made_shorter_until_it_fits():
    """Where a clump below spoils the longest tail a shorter one must be taken."""
    rng = np.random.default_rng(434)
    maxima = np.concatenate(
        [rng.random(850), 3.0 + 0.1 * rng.random(50), rng.exponential(1, 100) + 4]
    )
    tail = fit_tail(maxima).tail
    assert 50 <= tail.n_exceedances < 250
    assert tail.threshold > 3.0
    # An honest null is refused at its full length as seldom as the level says.
    lengths = [fit_tail(draw("normal", 400, [435, run])).tail.n_exceedances for run in range(200)]
    assert np.mean(np.array(lengths) < 100) <= 0.09  # seen: 0.05


def test_shuffles_without_any_cluster_do_not_spoil_a_tail():
    """Maxima of 0, of most shuffles, must stay below the threshold and be counted."""
    rng = np.random.default_rng(436)
    masses = np.where(rng.random(1000) < 0.85, 0.0, 20.0 + rng.exponential(30.0, 1000))
    found = tail_p(masses, [0.0, 25.0, 200.0])
    assert found.tail.n_exceedances <= np.count_nonzero(masses)
    assert found.tail.threshold > 0.0
    assert found.p[0] == 1.0
    assert fit_tail(np.where(rng.random(1000) < 0.96, 0.0, masses + 1.0)).tail is None
    assert fit_tail(np.zeros(1000)).tail is None


def test_heights_that_tie_with_the_threshold_do_not_matter():
    """Maxima a hair apart must not be parted by a threshold, and p must fall all the same."""
    maxima = draw("gumbel", 1000, 437)
    ordered = np.sort(maxima)
    ordered[-300:-240] = ordered[-240] * (1.0 - 1e-13 * np.arange(60))
    tail = fit_tail(ordered).tail
    assert tail.n_exceedances == 239
    heights = np.linspace(ordered[-400], ordered[-1], 500)
    assert (np.diff(tail_p(ordered, heights).p) <= 0).all()


def test_counted_p_that_are_known_are_kept():
    """What the engine counted, with ties of its own, must stand below the threshold."""
    maxima = draw("normal", 500, 438)
    heights = np.array([3.0, 3.2, maxima.max()])
    given = np.array([0.97, 0.61, 0.123])
    found = tail_p(maxima, heights, given)
    assert found.p[:2].tolist() == [0.97, 0.61]
    assert found.p[2] == found.tail.smallest_p
    assert tail_p(maxima[:100], heights, given).p.tolist() == given.tolist()


def test_the_order_and_shape_of_maxima_do_not_matter():
    """Maxima in any order must give the same tail, and stay as they were; p has its shape."""
    maxima = draw("t(8)", 600, 439)
    kept = maxima.copy()
    found = tail_p(maxima, maxima[:6].reshape(2, 3))
    assert found.p.shape == (2, 3)
    again = fit_tail(maxima[::-1].reshape(3, 200).tolist())
    assert (again.tail, again.message) == (found.tail, found.message)
    np.testing.assert_array_equal(maxima, kept)
    assert tail_p(maxima, []).p.shape == (0,)


def test_what_was_fitted_is_said():
    """The sentence must name the share, the shape, the numbers and the smallest p."""
    maxima = draw("exponential", 1000, 440)
    tail = fit_tail(maxima).tail
    assert fit_tail(maxima).message == (
        f"p-values below {tail.n_exceedances / 1000:.3g} are read off a generalised Pareto tail "
        f"(shape {tail.shape:.2f}) fitted to the {tail.n_exceedances} largest of 1000 maxima; none "
        f"is below {tail.smallest_p:.2g}."
    )


def test_what_is_no_height_is_refused():
    """NaN, maxima that are infinite, text and no maxima at all must be errors."""
    for maxima in ([], [1.0, math.nan], [1.0, math.inf]):
        with pytest.raises(InputError, match="the maximum of each shuffle, a finite number"):
            fit_tail(maxima)
    with pytest.raises(InputError, match="is NaN"):
        tail_p([1.0, 2.0], [math.nan])
    with pytest.raises(InputTypeError, match="the maximum of each shuffle"):
        fit_tail(["high"])
    with pytest.raises(InputTypeError, match="height of each element"):
        tail_p([1.0, 2.0], "high")


def test_tails_are_right_on_real_maps_whose_flips_are_all_known(real_maps):
    """From 1 000 flips of 14 subjects p must be near the exact one of all 16 384 flips."""
    files = sorted((real_maps / "spm_contrasts" / "auditory").glob("subject_*/Words_*.nii"))
    maps = np.array([nib.load(file).get_fdata().ravel()[::8] for file in files])
    maps = maps[:, np.isfinite(maps).all(axis=0) & (maps != 0.0).all(axis=0)]
    n = len(maps)
    unit = maps / np.linalg.norm(maps, axis=0)
    flips = 1.0 - 2.0 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    r = np.array([(part @ unit).max() for part in flips[:, None, :]]) / math.sqrt(n)
    maxima = np.sort(np.sqrt(n - 1) * r / np.sqrt(1 - r**2))[::-1]
    rng = np.random.default_rng(441)
    # Mean and root mean square of log10 of p over the exact p, as seen.
    for rank, mean, spread in ((164, 0.014, 0.118), (16, 0.068, 0.300), (3, 0.236, 0.430)):
        observed = maxima[rank - 1]
        errors = []
        for _ in range(60):
            some = np.append(rng.choice(maxima, 999), observed)
            p = float(tail_p(some, observed, n_distinct=2**n).p)
            errors.append(math.log10(p / (rank / 2**n)))
        assert np.mean(errors) == pytest.approx(mean, abs=0.02)
        assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(spread, abs=0.02)
