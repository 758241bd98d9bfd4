"""Connected components are those of other programs, numbered as scipy numbers them."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from secondlevel.graph.adjacency import Graph, from_edges
from secondlevel.graph.components import find_components
from secondlevel.graph.lattice import Lattice
from secondlevel.graph.mesh import Mesh

SHAPE = (11, 9, 13)
RANK = {6: 1, 18: 2, 26: 3}


def bare(edges, n):
    """Make a graph of n elements without size or place."""
    return from_edges(np.asarray(edges), np.ones(n), np.zeros((n, 3)))


@pytest.mark.parametrize("connectivity", [6, 18, 26])
@pytest.mark.parametrize("share", [0.03, 0.2, 0.31, 0.6, 0.97])
def test_components_of_a_volume_are_those_of_scipy(connectivity, share):
    """Labels, their order and their number must be scipy.ndimage's, on masks with holes too."""
    rng = np.random.default_rng(connectivity)
    structure = ndimage.generate_binary_structure(3, RANK[connectivity])
    for _ in range(10):
        mask = rng.random(SHAPE) < 0.8
        keep = (rng.random(SHAPE) < share) & mask
        expected, n_expected = ndimage.label(keep, structure)
        found = find_components(Lattice(mask, np.eye(4)).graph(connectivity), keep[mask])
        np.testing.assert_array_equal(found.labels, expected[mask])
        assert found.n_components == n_expected


def test_components_of_a_mesh_are_those_of_its_edges():
    """On a mesh with holes and isolated vertices components must be scipy.sparse's."""
    rng = np.random.default_rng(1)
    n_vertices = 400
    i = np.arange(n_vertices - 21)
    faces = np.concatenate(
        [np.column_stack([i, i + 1, i + 20]), np.column_stack([i + 1, i + 20, i + 21])]
    )[rng.random(2 * len(i)) < 0.4]
    mask = rng.random(n_vertices) < 0.9
    graph = Mesh(rng.normal(size=(n_vertices, 3)), faces, mask).graph()
    keep = rng.random(graph.n_elements) < 0.7

    source = np.repeat(np.arange(graph.n_elements), np.diff(graph.offsets))
    here = keep[source] & keep[graph.neighbours]
    ends = source[here], graph.neighbours[here]
    whole = coo_array((np.ones(here.sum()), ends), shape=(graph.n_elements,) * 2)
    _, expected = connected_components(whole, directed=False)

    found = find_components(graph, keep)
    pairs = np.unique(np.column_stack([expected[keep], found.labels[keep]]), axis=0)
    assert len(pairs) == found.n_components == len(np.unique(expected[keep])) > 20
    assert (found.labels[~keep] == 0).all()


def test_components_are_numbered_by_their_first_element():
    """Numbers must follow the first elements, however the components wind around each other."""
    chains = bare([[0, 8], [8, 3], [1, 7], [7, 2], [2, 9], [4, 5]], 10)
    found = find_components(chains, np.ones(10, dtype=bool))
    assert found.labels.tolist() == [1, 2, 2, 1, 3, 3, 4, 2, 1, 2]
    assert found.counts.tolist() == [3, 4, 2, 1]


def test_a_chain_in_any_order_is_one_component():
    """A chain of elements numbered at random, the longest way union-find can go, must hold."""
    order = np.random.default_rng(2).permutation(20_000)
    chain = bare(np.column_stack([order[:-1], order[1:]]), len(order))
    keep = np.ones(len(order), dtype=bool)
    assert find_components(chain, keep).counts.tolist() == [20_000]
    keep[order[[1_000, 5_000]]] = False
    assert sorted(find_components(chain, keep).counts) == [1_000, 3_999, 14_999]


def test_the_order_of_neighbours_does_not_matter():
    """Neighbour lists may be in any order."""
    mask = np.random.default_rng(3).random(SHAPE) < 0.5
    graph = Lattice(mask, np.eye(4)).graph(18)
    backwards = np.concatenate(
        [row[::-1] for row in np.split(graph.neighbours, graph.offsets[1:-1])]
    )
    keep = np.random.default_rng(4).random(graph.n_elements) < 0.4
    other = Graph(graph.offsets, backwards, graph.sizes, graph.coordinates)
    np.testing.assert_array_equal(
        find_components(other, keep).labels, find_components(graph, keep).labels
    )


def test_nothing_kept_has_no_component():
    """Without kept elements, or without elements, there must be none."""
    graph = bare([[0, 1]], 3)
    found = find_components(graph, np.zeros(3, dtype=bool))
    assert (found.labels.tolist(), found.n_components) == ([0, 0, 0], 0)
    assert found.counts.tolist() == found.sums(np.ones(3)).tolist() == []
    assert find_components(bare([], 0), np.zeros(0, dtype=bool)).n_components == 0


def test_elements_without_neighbours_are_components():
    """Without edges every kept element must be a component of its own."""
    found = find_components(bare([], 4), np.array([True, False, True, True]))
    assert found.labels.tolist() == [1, 0, 2, 3]


def test_sums_go_over_components():
    """Counts and sums must be those of the elements of each component."""
    graph = bare([[0, 1], [3, 4]], 6)
    found = find_components(graph, np.array([True, True, False, True, True, True]))
    assert found.counts.tolist() == [2, 2, 1]
    assert found.sums(np.array([1.0, 2, 4, 8, 16, 32])).tolist() == [3.0, 24.0, 32.0]
