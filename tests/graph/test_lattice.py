"""Voxels and their neighbours against plain loops over the grid."""

import itertools

import numpy as np
import pytest
from scipy import ndimage

from secondlevel.errors import InputError
from secondlevel.graph.components import find_components
from secondlevel.graph.lattice import Lattice
from secondlevel.spaces.volume import VolumeSpace

OBLIQUE = np.array([[1.9, 0.3, 0.1, -20], [-0.3, 2.1, 0.2, 4], [0.0, -0.2, 3.0, 11], [0, 0, 0, 1]])


def axes_apart(a, b):
    """Number of axes along which two voxels differ, or 4 when by more than one step."""
    steps = [abs(p - q) for p, q in zip(a, b, strict=True)]
    return sum(steps) if max(steps) <= 1 else 4


def neighbours_by_hand(mask, connectivity):
    """Neighbours of every voxel of a mask, by comparing it with every other."""
    reach = {6: 1, 18: 2, 26: 3}[connectivity]
    voxels = [tuple(v) for v in np.argwhere(mask).tolist()]
    return [
        [
            n
            for n, other in enumerate(voxels)
            if other != voxel and axes_apart(voxel, other) <= reach
        ]
        for voxel in voxels
    ]


def lists_of(graph):
    """Neighbours of every element."""
    return [around.tolist() for around in np.split(graph.neighbours, graph.offsets[1:-1])]


@pytest.mark.parametrize("connectivity", [6, 18, 26])
@pytest.mark.parametrize("share", [0.15, 0.5, 0.9])
def test_neighbours_are_those_of_a_plain_loop(connectivity, share):
    """On masks with holes, islands and voxels at every border, lists must be the loop's."""
    for seed in range(3):
        mask = np.random.default_rng(seed).random((5, 6, 7)) < share
        graph = Lattice(mask, np.eye(4)).graph(connectivity)
        assert lists_of(graph) == neighbours_by_hand(mask, connectivity)


@pytest.mark.parametrize("connectivity", [6, 18, 26])
def test_a_full_grid_has_the_edges_that_counting_gives(connectivity):
    """Edges along one, two and three axes must number as in a box without a border of its own."""
    shape = (4, 5, 6)
    graph = Lattice(np.ones(shape, dtype=bool), np.eye(4)).graph(connectivity)
    expected = 0
    for step in itertools.product((-1, 0, 1), repeat=3):
        if 0 < sum(map(abs, step)) <= {6: 1, 18: 2, 26: 3}[connectivity]:
            expected += np.prod([n - abs(s) for n, s in zip(shape, step, strict=True)])
    assert graph.n_edges == expected // 2
    inner = np.ravel_multi_index((2, 2, 2), shape)
    assert np.diff(graph.offsets)[inner] == connectivity


@pytest.mark.parametrize("connectivity", [6, 18, 26])
def test_components_are_those_of_ndimage(connectivity):
    """A disconnected mask must fall into the parts that scipy.ndimage labels."""
    mask = np.random.default_rng(3).random((9, 10, 11)) < 0.3
    structure = ndimage.generate_binary_structure(3, {6: 1, 18: 2, 26: 3}[connectivity])
    labels, n_parts = ndimage.label(mask, structure)
    graph = Lattice(mask, np.eye(4)).graph(connectivity)
    found = find_components(graph, np.ones(graph.n_elements, dtype=bool))
    np.testing.assert_array_equal(found.labels, labels[mask])
    assert found.n_components == n_parts > 1


def test_sizes_and_places_follow_the_affine():
    """A voxel must have the volume of its affine's parallelepiped, and lie where that puts it."""
    mask = np.random.default_rng(4).random((4, 3, 5)) < 0.5
    lattice = Lattice(mask, OBLIQUE)
    graph = lattice.graph(6)
    columns = OBLIQUE[:3, :3].T
    volume = abs(np.dot(columns[0], np.cross(columns[1], columns[2])))
    # Worst seen: 3.4e-16, 3.6e-15.
    np.testing.assert_allclose(graph.sizes, volume, rtol=1e-13)
    np.testing.assert_allclose(lattice.voxel_volume, volume, rtol=1e-13)
    places = [OBLIQUE @ [*voxel, 1] for voxel in np.argwhere(mask).tolist()]
    np.testing.assert_allclose(graph.coordinates, np.array(places)[:, :3], rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        lattice.voxel_widths, [np.linalg.norm(c) for c in columns], rtol=1e-13
    )
    flipped = Lattice(mask, OBLIQUE @ np.diag([-1.0, 1, 1, 1]))
    np.testing.assert_allclose(flipped.voxel_volume, volume, rtol=1e-13)


def test_a_single_voxel_and_isolated_ones_have_no_neighbours():
    """Voxels that touch no other must be elements all the same."""
    one = np.zeros((3, 3, 3), dtype=bool)
    one[2, 2, 2] = True
    graph = Lattice(one, np.eye(4)).graph(26)
    assert (graph.n_elements, graph.offsets.tolist(), graph.n_edges) == (1, [0, 0], 0)
    apart = np.zeros((5, 5, 5), dtype=bool)
    apart[::2, ::2, ::2] = True
    graph = Lattice(apart, np.eye(4)).graph(26)
    assert (graph.n_elements, graph.n_edges) == (27, 0)
    assert graph.coordinates[-1].tolist() == [4.0, 4.0, 4.0]


@pytest.mark.parametrize("shape", [(1, 1, 8), (1, 6, 1), (7, 1, 1), (1, 5, 4)])
def test_flat_grids_do_not_wrap_around(shape):
    """On grids of one slice or one line, ends must not be joined."""
    mask = np.ones(shape, dtype=bool)
    for connectivity in (6, 18, 26):
        graph = Lattice(mask, np.eye(4)).graph(connectivity)
        assert lists_of(graph) == neighbours_by_hand(mask, connectivity)


def test_more_neighbours_contain_fewer():
    """Neighbours by faces must be among those by edges, and those among those by corners."""
    lattice = Lattice(np.random.default_rng(5).random((6, 6, 6)) < 0.6, np.eye(4))
    six, eighteen, all_of_them = (lists_of(lattice.graph(c)) for c in (6, 18, 26))
    for few, more, most in zip(six, eighteen, all_of_them, strict=True):
        assert set(few) <= set(more) <= set(most)


@pytest.mark.parametrize("connectivity", [4, 0, 8, "6", None])
def test_other_connectivities_are_refused(connectivity):
    """The message must list the three there are, and say what they join."""
    lattice = Lattice(np.ones((2, 2, 2), dtype=bool), np.eye(4))
    with pytest.raises(
        InputError, match=r"6 \(faces\), 18 \(and edges\) or 26 \(and corners\)\. Got"
    ):
        lattice.graph(connectivity)


def test_a_narrowed_space_has_the_narrowed_graph():
    """The graph of the kept voxels must be the kept part of the graph, whatever came first."""
    rng = np.random.default_rng(6)
    space = VolumeSpace(rng.random((6, 7, 5)) < 0.7, OBLIQUE)
    keep = rng.random(space.n_elements) < 0.5
    for connectivity in (6, 18, 26):
        first = space.narrow(keep).graph(connectivity)
        last = space.graph(connectivity).narrow(keep)
        np.testing.assert_array_equal(first.offsets, last.offsets)
        np.testing.assert_array_equal(first.neighbours, last.neighbours)
        np.testing.assert_array_equal(first.sizes, last.sizes)
        np.testing.assert_array_equal(first.coordinates, last.coordinates)
    assert space.graph().n_edges == space.graph(26).n_edges


def test_turning_the_grid_permutes_the_graph():
    """With axes exchanged and flipped, voxels must keep their neighbours under new numbers."""
    mask = np.random.default_rng(7).random((5, 4, 6)) < 0.6
    numbers = np.full(mask.shape, -1)
    numbers[mask] = np.arange(np.count_nonzero(mask))
    turned_numbers = numbers.transpose(2, 0, 1)[:, ::-1]
    old = turned_numbers[turned_numbers >= 0]  # old number of every voxel of the turned grid
    for connectivity in (6, 18, 26):
        before = lists_of(Lattice(mask, np.eye(4)).graph(connectivity))
        after = lists_of(Lattice(turned_numbers >= 0, np.eye(4)).graph(connectivity))
        for element, around in enumerate(after):
            assert sorted(old[around].tolist()) == before[old[element]]
