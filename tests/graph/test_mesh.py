"""Vertices and their neighbours against plain loops over the triangles."""

import numpy as np
import pytest
from nilearn.surface import InMemoryMesh, PolyMesh

from secondlevel.graph.components import find_components
from secondlevel.graph.mesh import Mesh
from secondlevel.spaces.surface import SurfaceSpace

N = 40


def soup(seed, n=N, n_faces=50):
    """Make triangles among random vertices, the last three in none of them."""
    rng = np.random.default_rng(seed)
    faces = np.array([rng.choice(n - 3, 3, replace=False) for _ in range(n_faces)])
    return rng.normal(size=(n, 3)), faces


def octahedron():
    """Make the octahedron with corners at distance 1 from the origin, turned outwards."""
    points = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    faces = np.array([[x, y, z] for x in (0, 1) for y in (2, 3) for z in (4, 5)])
    return points.astype(float), faces


def lists_of(graph):
    """Neighbours of every element."""
    return [around.tolist() for around in np.split(graph.neighbours, graph.offsets[1:-1])]


def neighbours_by_hand(faces, mask):
    """Neighbours of every vertex of a mask, triangle by triangle."""
    number = {vertex: n for n, vertex in enumerate(np.flatnonzero(mask).tolist())}
    around = [set() for _ in number]
    for face in faces.tolist():
        for a in face:
            for b in face:
                if a != b and a in number and b in number:
                    around[number[a]].add(number[b])
    return [sorted(others) for others in around]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [1.0, 0.7, 0.3])
def test_neighbours_are_those_of_a_plain_loop(seed, share):
    """On any triangles and mask, neighbours must be the vertices that share a triangle's side."""
    points, faces = soup(seed)
    mask = np.random.default_rng(seed + 20).random(N) < share
    graph = Mesh(points, faces, mask).graph()
    assert lists_of(graph) == neighbours_by_hand(faces, mask)
    np.testing.assert_array_equal(graph.coordinates, points[mask])


def test_a_side_is_an_edge_though_its_triangle_is_cut():
    """Two vertices of a triangle whose third lies outside the mask must stay neighbours."""
    points, faces = np.eye(3), np.array([[0, 1, 2]])
    mesh = Mesh(points, faces, np.array([True, True, False]))
    assert mesh.edges.tolist() == [[0, 1]]
    assert mesh.inner_faces.tolist() == []
    whole = Mesh(points, faces, np.ones(3, dtype=bool))
    assert whole.edges.tolist() == [[0, 1], [0, 2], [1, 2]]
    assert whole.inner_faces.tolist() == [[0, 1, 2]]


@pytest.mark.parametrize("seed", range(3))
def test_inner_faces_are_those_with_three_elements(seed):
    """They must be numbered as elements, in the order of the mesh."""
    points, faces = soup(seed)
    mask = np.random.default_rng(seed + 30).random(N) < 0.7
    number = np.cumsum(mask) - 1
    expected = [number[face].tolist() for face in faces if mask[face].all()]
    assert Mesh(points, faces, mask).inner_faces.tolist() == expected


def test_areas_are_thirds_of_the_triangles_around():
    """Areas must be Heron's, add up to the surface, and not depend on the mask."""
    points, faces = soup(3)
    a, b, c = (
        np.linalg.norm(points[faces[:, i]] - points[faces[:, j]], axis=1)
        for i, j in ((0, 1), (1, 2), (2, 0))
    )
    s = (a + b + c) / 2
    heron = np.sqrt(s * (s - a) * (s - b) * (s - c))
    expected = np.zeros(N)
    for face, area in zip(faces, heron, strict=True):
        expected[face] += area / 3
    whole = Mesh(points, faces, np.ones(N, dtype=bool)).areas
    # Worst relative difference seen: 3.6e-15, 2.3e-16.
    np.testing.assert_allclose(whole, expected, rtol=1e-12)
    np.testing.assert_allclose(whole.sum(), heron.sum(), rtol=1e-13)
    mask = np.random.default_rng(4).random(N) < 0.4
    np.testing.assert_array_equal(Mesh(points, faces, mask).areas, whole[mask])


def test_an_octahedron_is_what_geometry_says():
    """Twelve edges, four around each corner, and a surface of 4 √3 in equal parts."""
    points, faces = octahedron()
    graph = Mesh(points, faces, np.ones(6, dtype=bool)).graph()
    assert graph.n_edges == 12
    assert lists_of(graph)[0] == [2, 3, 4, 5]
    # Worst seen: 0.
    np.testing.assert_allclose(graph.sizes, 4 * np.sqrt(3) / 6, rtol=1e-14)


def test_isolated_vertices_are_elements():
    """A vertex of no triangle must have no neighbour and area 0, and be a component of its own."""
    points, faces = soup(5)
    graph = Mesh(points, faces, np.ones(N, dtype=bool)).graph()
    assert np.diff(graph.offsets)[-3:].tolist() == [0, 0, 0]
    assert graph.sizes[-3:].tolist() == [0.0, 0.0, 0.0]
    found = find_components(graph, np.arange(N) >= N - 3)
    assert found.counts.tolist() == [1, 1, 1]
    bare = Mesh(points, np.empty((0, 3), dtype=int), np.ones(N, dtype=bool)).graph()
    assert (bare.n_elements, bare.n_edges, bare.sizes.sum()) == (N, 0, 0.0)


def test_a_triangle_with_one_corner_twice_adds_no_loop():
    """Collapsed triangles, as decimated meshes have them, must join what is left of them."""
    points = np.random.default_rng(6).normal(size=(4, 3))
    mesh = Mesh(points, np.array([[0, 0, 1], [2, 2, 2], [1, 3, 1]]), np.ones(4, dtype=bool))
    assert mesh.edges.tolist() == [[0, 1], [1, 3]]
    assert mesh.areas.tolist() == [0.0] * 4


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64])
def test_the_type_of_the_triangles_does_not_matter(dtype):
    """Files hold indices in several types; all must give the same graph."""
    points, faces = soup(7)
    mask = np.random.default_rng(8).random(N) < 0.8
    graph = Mesh(points.astype(np.float32), faces.astype(dtype), mask).graph()
    assert lists_of(graph) == neighbours_by_hand(faces, mask)
    assert graph.coordinates.dtype == graph.sizes.dtype == np.float64


def test_relabelling_vertices_permutes_the_graph():
    """Vertices numbered anew must keep neighbours, areas and places under their new numbers."""
    points, faces = soup(9)
    number = np.random.default_rng(10).permutation(N)
    old = np.argsort(number)
    everywhere = np.ones(N, dtype=bool)
    before = Mesh(points, faces, everywhere).graph()
    after = Mesh(points[old], number[faces], everywhere).graph()
    np.testing.assert_array_equal(after.coordinates, before.coordinates[old])
    np.testing.assert_array_equal(after.sizes, before.sizes[old])
    lists = lists_of(before)
    for element, around in enumerate(lists_of(after)):
        assert sorted(old[around].tolist()) == lists[old[element]]


def test_parts_of_a_surface_are_never_joined():
    """Two hemispheres must be two blocks, though their vertices have the same numbers."""
    points, faces = octahedron()
    both = PolyMesh(left=InMemoryMesh(points, faces), right=InMemoryMesh(points + 5, faces))
    masks = {"left": np.array([1, 1, 1, 0, 1, 1], dtype=bool), "right": np.ones(6, dtype=bool)}
    space = SurfaceSpace(both, masks)
    graph = space.graph()
    left = neighbours_by_hand(faces, masks["left"])
    right = [[n + 5 for n in around] for around in neighbours_by_hand(faces, masks["right"])]
    assert lists_of(graph) == left + right
    np.testing.assert_array_equal(graph.coordinates, space.coordinates)
    found = find_components(graph, np.ones(11, dtype=bool))
    assert found.counts.tolist() == [5, 6]


def test_a_narrowed_space_has_the_narrowed_graph():
    """The graph of the kept vertices must be the kept part of the graph, areas included."""
    points, faces = soup(11)
    mesh = PolyMesh(left=InMemoryMesh(points, faces), right=InMemoryMesh(-points, faces))
    rng = np.random.default_rng(12)
    space = SurfaceSpace(mesh, {part: rng.random(N) < 0.8 for part in ("left", "right")})
    keep = rng.random(space.n_elements) < 0.6
    first, last = space.narrow(keep).graph(), space.graph().narrow(keep)
    np.testing.assert_array_equal(first.offsets, last.offsets)
    np.testing.assert_array_equal(first.neighbours, last.neighbours)
    np.testing.assert_array_equal(first.sizes, last.sizes)
    np.testing.assert_array_equal(first.coordinates, last.coordinates)
