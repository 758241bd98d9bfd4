"""Laws that components and component trees keep on any graph, whatever the map.

All are about whole numbers, so all hold exactly.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from secondlevel.graph.adjacency import from_edges, union
from secondlevel.graph.components import find_components
from secondlevel.graph.tree import build_tree

law = settings(derandomize=True, deadline=None, max_examples=80)

MOST = 24


def bare(edges, n):
    """Make a graph of n elements that all have size 1."""
    return from_edges(np.asarray(edges).reshape(-1, 2), np.ones(n), np.zeros((n, 3)))


@st.composite
def edge_lists(draw):
    """Number of elements, and some edges between them."""
    n = draw(st.integers(1, MOST))
    ends = st.integers(0, n - 1)
    return n, draw(st.lists(st.tuples(ends, ends), max_size=2 * n))


@st.composite
def graphs_with_flags(draw):
    """A graph, and which of its elements are kept."""
    n, edges = draw(edge_lists())
    return bare(edges, n), draw(arrays(bool, n))


@st.composite
def graphs_with_values(draw):
    """A graph and a map on it, with many ties."""
    n, edges = draw(edge_lists())
    levels = st.one_of(st.integers(-2, 3).map(float), st.floats(-5, 5))
    return bare(edges, n), draw(arrays(float, n, elements=levels))


def partition(labels):
    """Components as sets of elements, whatever their numbers."""
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels) - {0}}


@law
@given(graphs_with_flags())
def test_neighbours_share_a_component(case):
    """Kept neighbours must have the same number, and no number be left out or out of order."""
    graph, keep = case
    labels = find_components(graph, keep).labels
    source = np.repeat(np.arange(graph.n_elements), np.diff(graph.offsets))
    both = keep[source] & keep[graph.neighbours]
    assert (labels[source[both]] == labels[graph.neighbours[both]]).all()
    assert ((labels > 0) == keep).all()
    _, first = np.unique(labels[keep], return_index=True)
    assert (np.diff(first) > 0).all()


@law
@given(graphs_with_flags(), st.randoms(use_true_random=False))
def test_components_do_not_depend_on_numbering(case, random):
    """Elements renumbered must fall into the same components."""
    graph, keep = case
    n = graph.n_elements
    new = np.array(random.sample(range(n), n))
    source = np.repeat(np.arange(n), np.diff(graph.offsets))
    other = bare(np.column_stack([new[source], new[graph.neighbours]]), n)
    moved = np.empty_like(keep)
    moved[new] = keep
    found = find_components(other, moved).labels[new]
    assert partition(found) == partition(find_components(graph, keep).labels)


@law
@given(edge_lists(), st.data())
def test_an_edge_joins_two_components_or_none(case, data):
    """One edge more must leave as many components, or one fewer where its ends were apart."""
    n, edges = case
    keep = data.draw(arrays(bool, n))
    a, b = data.draw(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)))
    before = find_components(bare(edges, n), keep)
    after = find_components(bare([*edges, (a, b)], n), keep)
    apart = keep[a] and keep[b] and before.labels[a] != before.labels[b]
    assert after.n_components == before.n_components - apart


@law
@given(graphs_with_flags())
def test_what_is_left_out_does_not_join(case):
    """Components among kept elements must be those of the graph of kept elements alone."""
    graph, keep = case
    alone = find_components(graph.narrow(keep), np.ones(np.count_nonzero(keep), dtype=bool))
    np.testing.assert_array_equal(find_components(graph, keep).labels[keep], alone.labels)


@law
@given(graphs_with_flags(), graphs_with_flags())
def test_graphs_side_by_side_keep_their_components(left, right):
    """In a union each graph must have its own components, the second's numbered after."""
    one, two = find_components(*left), find_components(*right)
    both = find_components(union([left[0], right[0]]), np.concatenate([left[1], right[1]]))
    shifted = np.where(two.labels > 0, two.labels + one.n_components, 0)
    np.testing.assert_array_equal(both.labels, np.concatenate([one.labels, shifted]))


@law
@given(graphs_with_values())
def test_a_tree_has_the_components_of_every_threshold(case):
    """Where a branch crosses a threshold its count must be that of a component there."""
    graph, values = case
    tree = build_tree(graph, values)
    heights = values[tree.order]
    below = np.where(tree.parent >= 0, heights[tree.parent], -np.inf)
    for threshold in np.unique(values):
        crossing = (heights >= threshold) & (below < threshold)
        found = find_components(graph, values >= threshold)
        assert sorted(tree.counts[crossing]) == sorted(found.counts)


@law
@given(graphs_with_values())
def test_branches_sink(case):
    """A parent must be a later node, of no greater value, with a larger component."""
    graph, values = case
    tree = build_tree(graph, values)
    assert sorted(tree.order.tolist()) == list(range(graph.n_elements))
    child = np.flatnonzero(tree.parent >= 0)
    parent = tree.parent[child]
    assert (parent > child).all()
    assert (values[tree.order[parent]] <= values[tree.order[child]]).all()
    assert (tree.counts[parent] > tree.counts[child]).all()


@law
@given(graphs_with_values())
def test_a_rising_transform_keeps_the_tree(case):
    """Only the order of values may matter."""
    graph, values = case
    tree, other = build_tree(graph, values), build_tree(graph, np.exp(values / 2) - 7)
    distinct = len(np.unique(np.exp(values / 2) - 7)) == len(np.unique(values))
    if distinct:
        np.testing.assert_array_equal(tree.order, other.order)
        np.testing.assert_array_equal(tree.parent, other.parent)
        np.testing.assert_array_equal(tree.counts, other.counts)


@law
@given(graphs_with_values(), st.data())
def test_a_tree_of_some_is_that_of_their_graph(case, data):
    """Elements that take no part must be as if they were not there."""
    graph, values = case
    keep = data.draw(arrays(bool, graph.n_elements))
    tree, alone = build_tree(graph, values, keep), build_tree(graph.narrow(keep), values[keep])
    np.testing.assert_array_equal(tree.order, np.flatnonzero(keep)[alone.order])
    np.testing.assert_array_equal(tree.parent, alone.parent)
    np.testing.assert_array_equal(tree.counts, alone.counts)
