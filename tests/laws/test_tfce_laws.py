"""Laws that enhanced maps keep on any graph.

Beside each tolerance stands the worst difference seen over 5 000 random examples.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from secondlevel.graph.adjacency import from_edges, union
from secondlevel.graph.components import find_components
from secondlevel.inference.tfce import Enhancement, enhance

law = settings(derandomize=True, deadline=None, max_examples=80)

MOST = 24
USUAL = Enhancement(0.5, 2.0)

# From 0.001 on, so that a value to the power 4 is no denormal number.
sizes_of_values = st.floats(0.001, 9)
values_of_any_sign = st.one_of(
    st.integers(-3, 3).map(float), sizes_of_values, sizes_of_values.map(lambda value: -value)
)
enhancements = st.builds(
    Enhancement,
    E=st.sampled_from([0.0, 0.5, 1.0, 1.3]),
    H=st.sampled_from([0.0, 1.0, 2.0, 2.7]),
    dh=st.sampled_from([None, 0.05, 0.7]),
    extent=st.sampled_from(["elements", "size"]),
)


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
    """A graph and a map on it, with ties."""
    graph = draw(graphs())
    return graph, draw(arrays(float, graph.n_elements, elements=values_of_any_sign))


def renumbered(graph, new):
    """Return the graph whose element new[v] is the old v."""
    n = graph.n_elements
    source = np.repeat(np.arange(n), np.diff(graph.offsets))
    sizes = np.empty(n)
    sizes[new] = graph.sizes
    return from_edges(
        np.column_stack([new[source], new[graph.neighbours]]), sizes, graph.coordinates
    )


@law
@given(cases(), enhancements, st.floats(-3, 3))
def test_scores_scale_with_the_map(case, enhancement, exponent):
    """A map a times as high must have scores a^(H + 1) times as high, if dh grows along."""
    graph, values = case
    a = 10.0**exponent
    wider = None if enhancement.dh is None else a * enhancement.dh
    scaled = Enhancement(enhancement.E, enhancement.H, dh=wider, extent=enhancement.extent)
    expected = a ** (enhancement.H + 1) * enhance(graph, values, enhancement)
    # Worst relative difference seen: 6e-16.
    np.testing.assert_allclose(enhance(graph, a * values, scaled), expected, rtol=1e-12)


@law
@given(cases(), cases(), enhancements)
def test_what_is_not_joined_does_not_count(case, other, enhancement):
    """A graph beside it must change no score, not by a bit."""
    graph, values = case
    together = enhance(union([graph, other[0]]), np.concatenate([values, other[1]]), enhancement)
    np.testing.assert_array_equal(together[: graph.n_elements], enhance(graph, values, enhancement))


@law
@given(cases(), enhancements, st.data())
def test_other_components_do_not_count(case, enhancement, data):
    """Whatever becomes of the elements beyond a component's rim must change no score in it."""
    graph, values = case
    component = find_components(graph, values > 0).labels == 1
    source = np.repeat(np.arange(graph.n_elements), np.diff(graph.offsets))
    rim = np.zeros_like(component)
    rim[graph.neighbours[component[source]]] = True
    changed = data.draw(arrays(float, graph.n_elements, elements=values_of_any_sign))
    other = np.where(component | rim, values, changed)
    np.testing.assert_array_equal(
        enhance(graph, other, enhancement)[component],
        enhance(graph, values, enhancement)[component],
    )


@law
@given(cases(), enhancements, st.randoms(use_true_random=False))
def test_scores_move_with_the_elements(case, enhancement, random):
    """Elements renumbered must keep their scores."""
    graph, values = case
    new = np.array(random.sample(range(graph.n_elements), graph.n_elements))
    moved = np.empty_like(values)
    moved[new] = values
    found = enhance(renumbered(graph, new), moved, enhancement)[new]
    # Worst relative difference seen: 2e-16.
    np.testing.assert_allclose(found, enhance(graph, values, enhancement), rtol=1e-12)


@law
@given(cases(), enhancements)
def test_the_sides_mirror_each_other(case, enhancement):
    """Changing all signs must change the signs of scores, and nothing else."""
    graph, values = case
    scores = enhance(graph, values, enhancement)
    np.testing.assert_array_equal(enhance(graph, -values, enhancement), -scores)
    reached = np.abs(values) >= (enhancement.dh or 0)
    np.testing.assert_array_equal(np.sign(scores), np.sign(values) * reached)


@law
@given(cases(), enhancements, st.data())
def test_a_higher_map_has_higher_scores(case, enhancement, data):
    """Raising any values must lower no score."""
    graph, values = case
    raised = values + data.draw(arrays(float, graph.n_elements, elements=st.floats(0, 3)))
    before, after = enhance(graph, values, enhancement), enhance(graph, raised, enhancement)
    assert (after >= before - 1e-12 * np.abs(before)).all()  # no loss seen


@law
@given(cases(), enhancements)
def test_neighbours_are_in_order_of_value(case, enhancement):
    """Of two neighbours the higher one must not score less, and equal ones must tie exactly."""
    graph, values = case
    scores = enhance(graph, values, enhancement)
    source = np.repeat(np.arange(graph.n_elements), np.diff(graph.offsets))
    here, there = source, graph.neighbours
    higher, equal = values[here] > values[there], values[here] == values[there]
    assert (scores[here[higher]] >= scores[there[higher]]).all()
    np.testing.assert_array_equal(scores[here[equal]], scores[there[equal]])


@law
@given(cases(), st.floats(1e-9, 1e-6))
def test_a_broken_tie_is_as_good_as_a_tie(case, share):
    """Values moved by a little must move scores by a little: ties are no jump."""
    graph, values = case
    moved = values * (1 + share * np.linspace(-1, 1, graph.n_elements))
    before, after = np.abs(enhance(graph, values, USUAL)), np.abs(enhance(graph, moved, USUAL))
    # The moved map lies between (1 - share) and (1 + share) times the map. Excess seen: 5e-16.
    assert (after <= before * (1 + share) ** 3 * (1 + 1e-12)).all()
    assert (after >= before * (1 - share) ** 3 * (1 - 1e-12)).all()


@law
@given(cases())
def test_joining_elements_raises_scores(case):
    """An edge more must lower no score."""
    graph, values = case
    n = graph.n_elements
    source = np.repeat(np.arange(n), np.diff(graph.offsets))
    edges = np.concatenate([np.column_stack([source, graph.neighbours]), [[0, n - 1]]])
    joined = from_edges(edges, graph.sizes, graph.coordinates)
    before, after = np.abs(enhance(graph, values, USUAL)), np.abs(enhance(joined, values, USUAL))
    assert (after >= before * (1 - 1e-12)).all()  # no loss seen
