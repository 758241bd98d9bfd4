"""The component tree says of every threshold what a flood fill at that threshold says."""

import numpy as np
import pytest

from secondlevel.graph.adjacency import from_edges
from secondlevel.graph.kernels import compiled
from secondlevel.graph.lattice import Lattice
from secondlevel.graph.mesh import Mesh
from secondlevel.graph.tree import _descending, build_tree

SHAPE = (5, 6, 4)


def neighbour_sets(graph):
    """Neighbours of every element."""
    rows = np.split(graph.neighbours, graph.offsets[1:-1])
    return [set(row.tolist()) for row in rows]


def grow_by_hand(graph, values, keep):
    """Order, parents, counts from sets of elements that are joined one element at a time."""
    around = neighbour_sets(graph)
    chosen = np.flatnonzero(keep)
    order = sorted(chosen.tolist(), key=lambda v: (-values[v], v))
    parent, counts = [-1] * len(order), []
    components = []  # each a set of elements, and the node that was added last
    for node, v in enumerate(order):
        touched = [c for c in components if c[0] & around[v]]
        components = [c for c in components if not c[0] & around[v]]
        joined = {v}.union(*(elements for elements, _ in touched))
        for _, last in touched:
            parent[last] = node
        components.append((joined, node))
        counts.append(len(joined))
    return order, parent, counts


def assert_as_by_hand(graph, values, keep=None):
    """Hold a tree to the plain loop."""
    tree = build_tree(graph, values, keep)
    everyone = np.ones(graph.n_elements, dtype=bool)
    order, parent, counts = grow_by_hand(graph, values, everyone if keep is None else keep)
    assert tree.order.tolist() == order
    assert tree.parent.tolist() == parent
    assert tree.counts.tolist() == counts


@pytest.mark.parametrize("connectivity", [6, 18, 26])
def test_tree_of_a_volume_is_that_of_a_plain_loop(connectivity):
    """Nodes, parents and counts must be those of sets joined by hand, with ties and without."""
    rng = np.random.default_rng(connectivity)
    for _ in range(8):
        mask = rng.random(SHAPE) < 0.9
        graph = Lattice(mask, np.eye(4)).graph(connectivity)
        values = rng.normal(size=graph.n_elements)
        assert_as_by_hand(graph, values)
        assert_as_by_hand(graph, np.round(values))
        assert_as_by_hand(graph, values, values > 0)
        assert_as_by_hand(graph, np.round(values), rng.random(graph.n_elements) < 0.5)


def test_tree_of_a_mesh_is_that_of_a_plain_loop():
    """The same on a mesh with vertices that belong to no triangle."""
    rng = np.random.default_rng(5)
    i = np.arange(60)
    faces = np.column_stack([i, i + 1, i + 9])[rng.random(60) < 0.7]
    graph = Mesh(rng.normal(size=(75, 3)), faces, rng.random(75) < 0.95).graph()
    assert 0 in np.diff(graph.offsets)
    assert_as_by_hand(graph, rng.normal(size=graph.n_elements))


def test_tree_of_any_graph_is_that_of_a_plain_loop():
    """The same on graphs of random edges, sparse to dense."""
    rng = np.random.default_rng(6)
    for n_edges in (0, 10, 30, 60, 200):
        graph = from_edges(rng.integers(0, 40, (n_edges, 2)), np.ones(40), np.zeros((40, 3)))
        assert_as_by_hand(graph, rng.normal(size=40))
        assert_as_by_hand(graph, rng.integers(0, 4, 40).astype(float))


def test_tree_of_nothing_has_no_nodes():
    """Without kept elements there must be no node."""
    graph = from_edges(np.array([[0, 1]]), np.ones(2), np.zeros((2, 3)))
    tree = build_tree(graph, np.ones(2), np.zeros(2, dtype=bool))
    assert len(tree.order) == len(tree.parent) == len(tree.counts) == 0
    assert len(tree.sums(graph.sizes)) == len(tree.path_sums(np.zeros(0))) == 0


def test_a_constant_map_grows_in_the_order_of_elements():
    """Ties must be in the order of elements, and the last node have all of them."""
    graph = Lattice(np.ones((2, 2, 2), dtype=bool), np.eye(4)).graph(6)
    tree = build_tree(graph, np.full(8, -3.0))
    assert tree.order.tolist() == list(range(8))
    assert tree.counts[-1] == 8


def test_sums_go_up_and_down_the_tree():
    """A sum must go over a node's component, a path sum over the nodes that it grows into."""
    rng = np.random.default_rng(7)
    mask = rng.random(SHAPE) < 0.8
    graph = Lattice(mask, np.eye(4)).graph(6)
    values, weights = rng.normal(size=(2, graph.n_elements))
    tree = build_tree(graph, values)
    members = [{node} for node in range(graph.n_elements)]
    above = np.zeros(graph.n_elements)
    for node, parent in enumerate(tree.parent):
        if parent >= 0:
            members[parent] |= members[node]
    at_node = rng.normal(size=graph.n_elements)
    for node in reversed(range(graph.n_elements)):
        above[node] = at_node[node] + (above[tree.parent[node]] if tree.parent[node] >= 0 else 0)
    sums = [weights[tree.order[list(nodes)]].sum() for nodes in members]
    # Worst difference seen: 4e-15.
    np.testing.assert_allclose(tree.sums(weights), sums, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(tree.path_sums(at_node), above)
    assert [len(nodes) for nodes in members] == tree.counts.tolist()


def test_any_doubles_are_sorted():
    """Order must be that of numpy's stable sort, for doubles of any size and sign, and ties."""
    rng = np.random.default_rng(8)
    special = np.array([0.0, -0.0, 5e-324, -5e-324, 1.8e308, -1.8e308, 1.0, -1.0, 2.2e-308])
    several = [
        special,
        special[::-1],
        rng.choice(special, 500),
        rng.normal(size=3000) * 10.0 ** rng.integers(-300, 300, 3000),
        rng.normal(size=3000).astype(np.float32),
        1 + rng.integers(0, 50, 3000) * np.finfo(float).eps,
        np.repeat(rng.normal(size=10), 7),
        np.zeros(0),
    ]
    for values in several:
        expected = np.argsort(-np.asarray(values, dtype=float), kind="stable")
        np.testing.assert_array_equal(_descending(values), expected)


def test_kernels_run_where_nothing_can_be_cached():
    """A function that numba finds no place on disk for must be compiled all the same."""
    namespace = {}
    exec("def add(a, b): return a + b", namespace)  # so it has no source file
    assert compiled(namespace["add"])(1, 2) == 3
