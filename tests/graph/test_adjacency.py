"""Neighbour lists against scipy's sparse matrices and plain sets of pairs."""

import numpy as np
import pytest
from scipy.sparse import block_diag, coo_array, csr_array

from secondlevel.graph.adjacency import Graph, from_edges, union

N = 30


def matrix_of(graph):
    """The graph as scipy's sparse matrix of 0 and 1."""
    n = graph.n_elements
    ones = np.ones(len(graph.neighbours))
    return csr_array((ones, graph.neighbours, graph.offsets), shape=(n, n))


def make(seed, n=N, n_edges=45):
    """Make a graph of random pairs, with elements that have no neighbour, and the pairs."""
    rng = np.random.default_rng(seed)
    pairs = rng.integers(0, n - 4, size=(n_edges, 2))  # loops, repetitions and both directions
    sizes, places = rng.uniform(1, 2, n), rng.normal(size=(n, 3))
    return from_edges(pairs, sizes, places), pairs


def check_form(graph):
    """Assert what holds of every graph: symmetric, sorted, no loops, no repetition."""
    assert graph.offsets.dtype == np.int64
    assert graph.neighbours.dtype == np.int32
    assert graph.offsets[0] == 0
    assert graph.offsets[-1] == len(graph.neighbours) == 2 * graph.n_edges
    lists = np.split(graph.neighbours, graph.offsets[1:-1])
    for element, around in enumerate(lists):
        assert (np.diff(around) > 0).all()
        assert element not in around
        assert all(element in lists[other] for other in around)


@pytest.mark.parametrize("seed", range(5))
def test_edges_become_neighbours(seed):
    """Neighbours must be exactly the pairs, from both ends, each once, without loops."""
    graph, pairs = make(seed)
    check_form(graph)
    joined = {frozenset(pair) for pair in pairs.tolist() if pair[0] != pair[1]}
    assert graph.n_edges == len(joined)
    found = {
        frozenset((v, int(w)))
        for v in range(N)
        for w in graph.neighbours[graph.offsets[v] : graph.offsets[v + 1]]
    }
    assert found == joined
    i, j = pairs.T
    expected = coo_array((np.ones(len(i)), (i, j)), shape=(N, N)).toarray()
    expected = ((expected + expected.T) > 0) & ~np.eye(N, dtype=bool)
    np.testing.assert_array_equal(matrix_of(graph).toarray() > 0, expected)


def test_elements_without_neighbours_have_empty_lists():
    """Isolated elements at either end and between must count, with nothing beside them."""
    graph = from_edges(np.array([[1, 3]]), np.ones(6), np.zeros((6, 3)))
    assert graph.offsets.tolist() == [0, 0, 1, 1, 2, 2, 2]
    assert graph.neighbours.tolist() == [3, 1]
    assert (graph.n_elements, graph.n_edges) == (6, 1)
    bare = from_edges(np.empty((0, 2), dtype=int), np.ones(2), np.zeros((2, 3)))
    assert (bare.offsets.tolist(), bare.n_edges) == ([0, 0, 0], 0)
    empty = from_edges(np.empty((0, 2), dtype=int), np.ones(0), np.zeros((0, 3)))
    assert (empty.offsets.tolist(), empty.n_elements) == ([0], 0)


@pytest.mark.parametrize("seed", range(5))
def test_a_narrowed_graph_is_a_part_of_the_matrix(seed):
    """Kept elements must keep their neighbours among the kept, their sizes and their places."""
    graph, _ = make(seed)
    keep = np.random.default_rng(seed + 100).random(N) < 0.6
    found = graph.narrow(keep)
    check_form(found)
    expected = matrix_of(graph).toarray()[np.ix_(keep, keep)]
    np.testing.assert_array_equal(matrix_of(found).toarray(), expected)
    np.testing.assert_array_equal(found.sizes, graph.sizes[keep])
    np.testing.assert_array_equal(found.coordinates, graph.coordinates[keep])


def test_narrowing_to_all_none_and_one():
    """All elements must give the same graph, one a graph without edges, none an empty one."""
    graph, _ = make(7)
    same = graph.narrow(np.ones(N, dtype=bool))
    np.testing.assert_array_equal(same.offsets, graph.offsets)
    np.testing.assert_array_equal(same.neighbours, graph.neighbours)
    one = graph.narrow(np.arange(N) == 4)
    assert (one.n_elements, one.offsets.tolist(), one.n_edges) == (1, [0, 0], 0)
    none = graph.narrow(np.zeros(N, dtype=bool))
    assert (none.n_elements, none.offsets.tolist(), none.n_edges) == (0, [0], 0)


def test_narrowing_twice_is_narrowing_once():
    """A part of a part must be the part of the whole."""
    graph, _ = make(8)
    first = np.random.default_rng(9).random(N) < 0.8
    second = np.random.default_rng(10).random(np.count_nonzero(first)) < 0.8
    together = first.copy()
    together[first] = second
    twice, once = graph.narrow(first).narrow(second), graph.narrow(together)
    np.testing.assert_array_equal(twice.offsets, once.offsets)
    np.testing.assert_array_equal(twice.neighbours, once.neighbours)
    np.testing.assert_array_equal(twice.coordinates, once.coordinates)


def test_a_union_has_the_graphs_as_blocks():
    """Graphs beside each other must be the blocks of a matrix, with no edge between them."""
    graphs = [make(11)[0], make(12, n=8, n_edges=9)[0], make(13, n=5, n_edges=0)[0]]
    found = union(graphs)
    check_form(found)
    expected = block_diag([matrix_of(graph) for graph in graphs])
    np.testing.assert_array_equal(matrix_of(found).toarray(), expected.toarray())
    np.testing.assert_array_equal(found.sizes, np.concatenate([g.sizes for g in graphs]))
    np.testing.assert_array_equal(
        found.coordinates, np.concatenate([g.coordinates for g in graphs])
    )
    assert union(graphs[:1]) is graphs[0]


def test_a_part_of_a_union_is_the_union_of_parts():
    """It must not matter whether graphs are narrowed first or put together first."""
    graphs = [make(14)[0], make(15)[0]]
    keeps = [np.random.default_rng(seed).random(N) < 0.5 for seed in (16, 17)]
    first = union([graph.narrow(keep) for graph, keep in zip(graphs, keeps, strict=True)])
    last = union(graphs).narrow(np.concatenate(keeps))
    np.testing.assert_array_equal(first.offsets, last.offsets)
    np.testing.assert_array_equal(first.neighbours, last.neighbours)


@pytest.mark.parametrize("seed", range(3))
def test_relabelling_permutes_rows_and_columns(seed):
    """Elements numbered anew must have the same neighbours under their new numbers."""
    graph, pairs = make(seed)
    number = np.random.default_rng(seed + 50).permutation(N)
    old = np.argsort(number)
    again = from_edges(number[pairs], graph.sizes[old], graph.coordinates[old])
    expected = matrix_of(graph).toarray()[np.ix_(old, old)]
    np.testing.assert_array_equal(matrix_of(again).toarray(), expected)


def test_many_elements_do_not_overflow():
    """Pairs of elements far beyond 2^16 must be told apart."""
    n = 300_000
    pairs = np.array([[n - 1, n - 2], [0, n - 1], [70_000, 140_000]])
    graph = from_edges(pairs.astype(np.int32), np.ones(n), np.zeros((n, 3)))
    assert isinstance(graph, Graph)
    ends = {
        v: graph.neighbours[graph.offsets[v] : graph.offsets[v + 1]].tolist() for v in pairs.ravel()
    }
    assert ends == {
        n - 1: [0, n - 2],
        n - 2: [n - 1],
        0: [n - 1],
        70_000: [140_000],
        140_000: [70_000],
    }
    assert graph.n_edges == 3
