"""Heights of scores are t, F, r, R² and z by their formulas, exact, and by table to a share."""

import numpy as np
import pytest
from scipy import special, stats

from secondlevel.errors import InputError
from secondlevel.inference.tails import f_tail, t_tail
from secondlevel.permutation.heights.distribution import FDistribution, TDistribution
from secondlevel.permutation.heights.scale import IdentityScale, make_scale

DOFS = [1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 13.0, 22.0, 50.0, 100.0, 333.0, 1e3, 1e4, 1e5, 1e6]
ROWS = [1, 2, 3, 5, 10, 50]
KINDS = ["t", "F", "partial_r", "partial_r2"]


def many_scores(seed, n=3000):
    """Scores of all sizes, from 1e-12 up to 1 - 1e-13, none negative."""
    rng = np.random.default_rng(seed)
    tiny, near_1 = 10.0 ** rng.uniform(-12, 0, n), 1 - 10.0 ** rng.uniform(-13, 0, n)
    return np.sort(np.concatenate([rng.uniform(0, 1, n), tiny, near_1]))


def written(scale, scores):
    """What `fast` writes."""
    out = np.full(len(scores), np.nan)
    scale.write_heights(scores, out)
    return out


def test_heights_of_scores_are_the_statistics():
    """With w = t² / (dof + t²) and w = k F / (dof + k F), by hand at w = ½ and ¼."""
    w = np.array([[-0.5, 0.0], [0.25, 0.5]])
    t = [[-np.sqrt(12), 0], [2, np.sqrt(12)]]
    np.testing.assert_allclose(make_scale("t", 12).of_scores(w), t, rtol=1e-15)
    np.testing.assert_allclose(make_scale("F", 12, 3).of_scores(abs(w)), [[4, 0], [4 / 3, 4]])
    r = [[-np.sqrt(0.5), 0], [0.5, np.sqrt(0.5)]]
    np.testing.assert_allclose(make_scale("partial_r", 12).of_scores(w), r, rtol=1e-15)
    assert make_scale("partial_r2", 12, 3).of_scores(abs(w)).tolist() == abs(w).tolist()


def test_heights_of_statistics_are_those_of_their_scores():
    """With 12 degrees of freedom t = 2 has r = ½; with 3 and 12, F = 4 has R² = ½."""
    assert make_scale("t", 12).of_statistic([-2.0]) == [-2.0]
    assert make_scale("partial_r", 12).of_statistic([-2.0, 2.0]).tolist() == [-0.5, 0.5]
    assert make_scale("F", 12, 3).of_statistic([4.0]) == [4.0]
    assert make_scale("partial_r2", 12, 3).of_statistic([4.0, 0.0]).tolist() == [0.5, 0.0]
    for scale in ("stat", "z"):
        assert make_scale("t", 12, 1, scale).score_of_statistic([-2.0, 2.0]).tolist() == [
            -0.25,
            0.25,
        ]
        assert make_scale("F", 12, 3, scale).score_of_statistic([4.0, 0.0]).tolist() == [0.5, 0.0]


def test_deviates_have_the_tail_in_closed_form():
    """P is (1 - √w) / 2 for t with 2 degrees of freedom, (1 - w)^(dof / 2) for F with k = 2."""
    w = many_scores(1)
    w = w[w < 1 - 1e-6]  # so that 1 - w has digits
    t, f = make_scale("t", 2, 1, "z"), make_scale("F", 9, 2, "z")
    p = (1 - w) / (1 + np.sqrt(w)) / 2
    # Worst relative difference seen: 2e-15 for t, 1e-14 in all for F.
    np.testing.assert_allclose(t.of_scores(w), -special.ndtri(p), rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(t.of_scores(-w), -t.of_scores(w))
    p = np.exp(4.5 * np.log1p(-w))
    expected = -special.ndtri(p)
    near = (p > 1e-12) & (p < 1 - 1e-3)  # where p says z
    np.testing.assert_allclose(f.of_scores(w)[near], expected[near], rtol=1e-11, atol=1e-14)


def test_a_partial_r_has_the_deviates_of_t_and_r2_those_of_f():
    """On the scale of z it does not matter what the statistic is called."""
    w = many_scores(2)
    for one, other in (("t", "partial_r"), ("F", "partial_r2")):
        first, second = (make_scale(name, 17, 2, "z") for name in (one, other))
        np.testing.assert_array_equal(first.of_scores(w), second.of_scores(w))


def test_no_digit_of_a_huge_statistic_is_lost():
    """Its score is 1 to all digits, its deviate is still that of the tail."""
    for t in (1e9, 1e12, 1e200):
        assert make_scale("t", 5).of_scores(TDistribution(5).score(t)) < 1e9
        z = make_scale("t", 5, 1, "z").of_statistic([-t, t])
        np.testing.assert_array_equal(z, t_tail([-t, t], 5).z)
        z = make_scale("F", 5, 3, "z").of_statistic([t])
        np.testing.assert_array_equal(z, f_tail([t], 3, 5).z)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", ["stat", "z"])
@pytest.mark.parametrize("dof", [1.0, 19.0, 1e5])
def test_heights_grow_with_scores(kind, scale, dof):
    """From -1 to 1, both finite, where there is a sign; else from 0."""
    w = np.unique(np.concatenate([[0, 0.5, 1 - 1e-13, 1], np.linspace(1e-9, 0.999, 20_001)]))
    if kind in {"t", "partial_r"}:
        w = np.concatenate([-w[:0:-1], w])
    heights = make_scale(kind, dof, 3, scale).of_scores(w)
    assert np.isfinite(heights).all()
    assert (np.diff(heights) > 0).all()


@pytest.mark.parametrize("dof", DOFS)
def test_the_table_of_t_is_exact_to_a_share(dof):
    """Deviates looked up must be those of the tail at all scores of both signs."""
    scale = make_scale("t", dof, 1, "z")
    # The borders of pieces, and what lies beside them.
    borders = 1 - 1 / (2.0 ** np.arange(43)[:, None] * (1 + np.arange(16) / 16)).ravel()
    w = np.concatenate([many_scores(3), borders, np.nextafter(borders[1:], 1), [0.0]])
    w = w[w < 1 - 1e-13]
    # Worst relative difference seen: 1.3e-14.
    np.testing.assert_allclose(written(scale, w), scale.of_scores(w), rtol=1e-13)
    np.testing.assert_array_equal(written(scale, -w), -written(scale, w))


@pytest.mark.parametrize("dof", DOFS)
@pytest.mark.parametrize("k", ROWS)
def test_the_table_of_f_is_exact_to_a_share(dof, k):
    """Deviates looked up must be those of the tail where they are positive, 0 where they are not.

    Next to the median, where z is 0, the p of the one is off by 5e-15 as w - x of the other is.
    """
    scale = make_scale("F", dof, k, "z")
    median = FDistribution(dof, k)
    median = float(median.score(median.at_z(0.0)))
    near = median * (1 + 10.0 ** np.random.default_rng(4).uniform(-9, 3, 2000))
    w = np.sort(np.concatenate([many_scores(5), near[near < 1 - 1e-13]]))
    exact, found = scale.of_scores(w), written(scale, w)
    positive = exact > 1e-14
    # Worst differences seen: 6e-12 relative where z > 1e-3, 1e-14 absolute below.
    np.testing.assert_allclose(found[positive], exact[positive], rtol=1e-11, atol=3e-14)
    assert (found[~positive] <= 3e-14).all()
    assert (found >= 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_statistics_of_whole_maps_are_the_same_to_the_bit(kind):
    """Written or returned, there is one formula."""
    w = many_scores(6) * (np.random.default_rng(7).choice([-1, 1], 9000) if kind[-1] in "tr" else 1)
    scale = make_scale(kind, 19, 3)
    np.testing.assert_array_equal(written(scale, w), scale.of_scores(w))


def test_scores_that_only_rounding_can_make_do_no_harm():
    """A score of ±1, or a negative one of F, must leave all other elements as they are."""
    for kind, w in (("t", [-1.0, 0.5, 1.0]), ("F", [-1e-17, 0.5, 1.0])):
        for scale in (make_scale(kind, 9, 2, name) for name in ("stat", "z")):
            heights = written(scale, np.array(w))
            assert np.isfinite(heights).all()
            np.testing.assert_allclose(heights[1], scale.of_scores([0.5])[0], rtol=1e-13)
            assert heights[0] <= 0


@pytest.mark.parametrize("dof", [1.0, 4.0, 19.0, 1e3, 1e6])
@pytest.mark.parametrize("p", [0.4, 0.05, 0.001, 1e-6])
def test_heights_of_p_have_that_tail(dof, p):
    """The height of p must be the quantile, by scipy and in closed form."""
    # Worst relative difference seen: 3e-15.
    t = make_scale("t", dof)
    np.testing.assert_allclose(t.height_of_p(p), stats.t.isf(p, dof), rtol=1e-12)
    f = make_scale("F", dof, 2)
    expected = dof / 2 * np.expm1(-2 / dof * np.log(p))
    np.testing.assert_allclose(f.height_of_p(p), expected, rtol=1e-12)
    r2 = make_scale("partial_r2", dof, 2)
    np.testing.assert_allclose(r2.height_of_p(p), -np.expm1(2 / dof * np.log(p)), rtol=1e-12)
    z = make_scale("t", dof, 1, "z").height_of_p(p)
    np.testing.assert_allclose(z, stats.norm.isf(p), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dof", [3.0, 19.0, 1e4])
def test_a_p_means_the_same_elements_on_every_scale(kind, dof):
    """Elements beyond the height must be those beyond the score, on either scale."""
    signed = kind in {"t", "partial_r"}
    w = many_scores(8) * (np.random.default_rng(9).choice([-1, 1], 9000) if signed else 1)
    for p in (0.3, 0.01, 0.0005):
        scales = [make_scale(kind, dof, 2, name) for name in ("stat", "z")]
        beyond = [scale.of_scores(w) >= scale.height_of_p(p) for scale in scales]
        assert 0 < beyond[0].sum() < len(w)
        np.testing.assert_array_equal(beyond[0], beyond[1])
        for scale in scales:
            np.testing.assert_array_equal(w >= scale.score_of(scale.height_of_p(p)), beyond[0])
            np.testing.assert_allclose(
                scale.of_scores(scale.score_of(scale.height_of_p(p))),
                scale.height_of_p(p),
                rtol=1e-12,
            )  # worst seen: 2e-14


def test_heights_of_deviates_go_beyond_the_smallest_p():
    """No double holds the p of z = 45, and it has a t and a score all the same."""
    for dof in (30.0, 1e4):
        t = make_scale("t", dof).height_of_z(45.0)
        np.testing.assert_allclose(t_tail([t], dof).z, 45.0, rtol=1e-13)
    z = make_scale("F", 1e4, 4, "z")
    np.testing.assert_allclose(z.of_scores(z.score_of(45.0)), 45.0, rtol=1e-12)


def test_deviates_of_any_sign_have_a_statistic():
    """Also 0 and negative ones, for which no p below ½ is asked."""
    null = TDistribution(7)
    assert null.at_z(0.0) == 0.0
    assert null.at_z(-2.0) == -null.at_z(2.0)
    np.testing.assert_allclose(FDistribution(7, 4).at_z(-1.0), stats.f.ppf(0.158655253931457, 4, 7))


def test_statistics_with_their_own_degrees_of_freedom_are_heights_already():
    """Nothing is changed; a threshold by p has a meaning on the scale of z only."""
    values = np.array([-2.0, 0.0, 3.0])
    for scale in (IdentityScale(on_z=True), IdentityScale(on_z=False)):
        np.testing.assert_array_equal(scale.of_scores(values), values)
        np.testing.assert_array_equal(scale.of_statistic(values), values)
        np.testing.assert_array_equal(scale.score_of_statistic(values), values)
        np.testing.assert_array_equal(written(scale, values), values)
        assert scale.score_of(2.5) == 2.5
    on_z = IdentityScale(on_z=True)
    assert on_z.height_of_z(3.1) == 3.1
    assert (
        on_z.height_of_p(0.001) == on_z.score_of(on_z.height_of_p(0.001)) == -special.ndtri(0.001)
    )
    with pytest.raises(InputError, match="Use scale='z'"):
        IdentityScale(on_z=False).height_of_p(0.001)


def test_names_that_are_none_are_refused():
    """The message must list those that are."""
    with pytest.raises(InputError, match=r"'t', 'F', 'partial_r', 'partial_r2'\. Got 'T'"):
        make_scale("T", 10)
    with pytest.raises(InputError, match=r"'stat' \(the statistic\) or 'z'.* Got 'p'"):
        make_scale("t", 10, 1, "p")
