"""Laws that clusters and enhanced maxima of shuffles keep on any graph.

Beside each tolerance stands the worst difference seen over 5 000 random examples.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from secondlevel.graph.adjacency import from_edges
from secondlevel.permutation.heights.scale import IdentityScale, make_scale
from secondlevel.permutation.summaries.clusters import ClusterSummary
from secondlevel.permutation.summaries.enhancement import TFCESummary

law = settings(derandomize=True, deadline=None, max_examples=60)

ON_Z = IdentityScale(on_z=True)
MOST = 20

values_of_any_sign = st.one_of(
    st.integers(-3, 3).map(float), st.floats(0.001, 9), st.floats(-9, -0.001)
)
masses = st.sampled_from(["sum", "excess"])
extents = st.sampled_from(["elements", "size"])


@st.composite
def graphs(draw):
    """A graph of elements of many sizes."""
    n = draw(st.integers(1, MOST))
    ends = st.integers(0, n - 1)
    edges = draw(st.lists(st.tuples(ends, ends), max_size=2 * n))
    sizes = draw(arrays(float, n, elements=st.floats(0.1, 10)))
    return from_edges(np.array(edges).reshape(-1, 2), sizes, np.zeros((n, 3)))


@st.composite
def cases(draw):
    """A graph, and up to four maps on it, shape (S, V)."""
    graph = draw(graphs())
    shape = (draw(st.integers(1, 4)), graph.n_elements)
    return graph, draw(arrays(float, shape, elements=values_of_any_sign))


def prepared(graph, z, mass="sum", extent="elements"):
    """A meter of one side, of heights that are deviates."""
    return ClusterSummary(z=z, mass=mass, extent=extent).prepare(graph, ON_Z, two_sided=False)


def largest(meter, maps, sign=1):
    """Largest clusters of all maps of one batch."""
    chosen = [np.flatnonzero(sign * values >= meter.threshold.score) for values in maps]
    scores = [sign * values[part] for values, part in zip(maps, chosen, strict=True)]
    splits = np.cumsum([0, *(len(part) for part in chosen)])
    return meter.largest(np.concatenate(chosen), splits, np.concatenate(scores))


@law
@given(cases(), st.floats(0.2, 5), st.floats(1, 3), masses, extents)
def test_a_higher_threshold_has_no_larger_cluster(case, z, times, mass, extent):
    """Neither size nor mass of the largest may grow when the threshold rises."""
    graph, maps = case
    low = largest(prepared(graph, z, mass, extent), maps)
    high = largest(prepared(graph, z * times, mass, extent), maps)
    for before, after in ((low.sizes, high.sizes), (low.masses, high.masses)):
        assert (after <= before * (1 + 1e-12)).all()


@law
@given(cases(), st.floats(0.2, 5), masses, extents)
def test_a_batch_is_its_maps_one_by_one(case, z, mass, extent):
    """What is measured together must be what is measured alone, to the bit."""
    graph, maps = case
    meter = prepared(graph, z, mass, extent)
    together = largest(meter, maps)
    alone = [largest(meter, values[None]) for values in maps]
    np.testing.assert_array_equal(together.sizes, np.concatenate([one.sizes for one in alone]))
    np.testing.assert_array_equal(together.masses, np.concatenate([one.masses for one in alone]))


@law
@given(cases(), st.floats(0.2, 5), masses, extents)
def test_a_side_is_the_other_side_of_the_negated_map(case, z, mass, extent):
    """Signs changed, what one side has the other has, observed and in shuffles, to the bit."""
    graph, maps = case
    meter = prepared(graph, z, mass, extent)
    one, other = largest(meter, maps, -1), largest(meter, -maps)
    np.testing.assert_array_equal(one.sizes, other.sizes)
    np.testing.assert_array_equal(one.masses, other.masses)
    both, mirrored = meter.observe(maps[0], (1, -1)), meter.observe(-maps[0], (1, -1))
    np.testing.assert_array_equal(both.sizes, mirrored.sizes)
    np.testing.assert_array_equal(both.masses, mirrored.masses)
    assert both.sizes.max() == max(largest(meter, maps).sizes[0], one.sizes[0])


@law
@given(cases(), st.sampled_from([0.5, 1.0, 1.4]), st.sampled_from([1.0, 2.0]), st.floats(-3, 3))
def test_largest_scores_scale_with_the_map(case, E, H, exponent):
    """A map a times as high must have a largest score a^(H + 1) times as high, levels or not."""
    graph, maps = case
    a = 10.0**exponent
    for summary in (TFCESummary(E, H), TFCESummary(E, H, levels=100)):
        found = [summary.observe(graph, a * values).max() for values in maps]
        expected = [a ** (H + 1) * summary.observe(graph, values).max() for values in maps]
        np.testing.assert_allclose(found, expected, rtol=1e-12)  # worst seen: 8e-16


@law
@given(
    arrays(float, 30, elements=st.floats(-0.99, 0.99)),
    st.floats(0.5, 1e5),
    st.sampled_from(["t", "F", "partial_r"]),
    st.floats(0.001, 0.49),
)
def test_a_p_means_the_same_elements_on_either_scale(scores, dof, kind, p):
    """Held by score or by height, of the statistic or of z, the same elements must be beyond."""
    w = np.abs(scores) if kind == "F" else scores
    beyond = []
    for name in ("stat", "z"):
        scale = make_scale(kind, dof, 3, name)
        threshold = ClusterSummary(p=p).threshold(scale, two_sided=False)
        beyond += [w >= threshold.score, scale.of_scores(w) >= threshold.floor]
    for other in beyond[1:]:
        np.testing.assert_array_equal(other, beyond[0])
