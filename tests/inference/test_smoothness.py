"""Smoothness: resels counted by plain loops and closed forms, FWHM recovered from made noise."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from secondlevel.errors import InputError, MaskError
from secondlevel.graph.lattice import Lattice
from secondlevel.graph.mesh import Mesh
from secondlevel.inference.intrinsic_volumes import Triangulation, lattice_resels
from secondlevel.inference.lattice_roughness import LatticeRoughness
from secondlevel.inference.mesh_roughness import MeshRoughness
from secondlevel.inference.roughness import make_roughness, smoothness_of_fwhm
from secondlevel.inference.smoothness import Smoothness

FOUR_LN_2 = 4 * np.log(2)
AFFINE = np.diag([2.0, 3.0, 4.0, 1.0])


def measure(region, maps, dof=None):
    """Smoothness of maps of shape (n, V), which are scaled to unit vectors first."""
    scaled = maps / np.sqrt((maps**2).sum(axis=0))
    return region.smoothness(region.sums(scaled), dof)


def some_mask(seed, shape=(4, 5, 4), share=0.75):
    """A random mask."""
    return np.random.default_rng(seed).random(shape) < share


def icosphere(n_times, radius=1.0):
    """An icosahedron, its triangles cut into four so many times, on a sphere."""
    golden = (1 + np.sqrt(5)) / 2
    points = [(0, a, b * golden) for a in (-1, 1) for b in (-1, 1)]
    points = np.array([np.roll(p, k) for p in points for k in range(3)], dtype=float)
    gaps = np.linalg.norm(points[:, None] - points, axis=2)
    near = np.abs(gaps - 2) < 1e-9
    triples = itertools.combinations(range(12), 3)
    faces = np.array(
        [t for t in triples if near[t[0], t[1]] and near[t[1], t[2]] and near[t[0], t[2]]]
    )
    for _ in range(n_times):
        sides = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]], axis=2)
        pairs, middle = np.unique(sides.reshape(-1, 2), axis=0, return_inverse=True)
        a, b, c = (middle.reshape(-1, 3) + len(points)).T
        i, j, k = faces.T
        points = np.concatenate([points, points[pairs].mean(axis=1)])
        corners = ((i, a, c), (j, b, a), (k, c, b), (a, b, c))
        faces = np.concatenate([np.column_stack(three) for three in corners])
    return radius * points / np.linalg.norm(points, axis=1, keepdims=True), faces


def noise_at(points, fwhm, n_maps, rng, n_waves=400):
    """Maps of smooth noise at any points: sums of waves whose autocorrelation is Gaussian.

    With wave vectors from N(0, 4 ln 2 / FWHM²) it is exp(-4 ln 2 |h|² / (2 FWHM²)), that of white
    noise smoothed with a Gaussian of that FWHM.
    """
    maps = np.empty((n_maps, len(points)))
    for row in maps:
        waves = rng.normal(size=(points.shape[1], n_waves)) * np.sqrt(FOUR_LN_2) / fwhm
        phases = rng.uniform(0, 2 * np.pi, n_waves)
        row[:] = np.cos(points @ waves + phases) @ rng.normal(size=n_waves)
    return maps


# ------------------------------------------------------------------ resels of lattices


@pytest.mark.parametrize("seed", range(4))
def test_resels_of_a_lattice_count_cells_one_by_one(seed):
    """Cells of every dimension, found by looking at each place, weigh as the formula says."""
    mask, r = some_mask(seed), np.array([0.2, 0.5, 0.3])
    cells = dict.fromkeys(itertools.product((0, 1), repeat=3), 0)
    for extent in cells:
        for place in np.ndindex(*mask.shape):
            corners = itertools.product(
                *(range(p, p + e + 1) for p, e in zip(place, extent, strict=True))
            )
            cells[extent] += all(
                all(c < n for c, n in zip(corner, mask.shape, strict=True)) and mask[corner]
                for corner in corners
            )
    # The intrinsic volumes of a union of cells: each cell counts with sign and size of its faces.
    expected = np.zeros(4)
    for extent, n_cells in cells.items():
        d = sum(extent)
        for face in itertools.product(*((0, 1)[: e + 1] for e in extent)):
            # A cell is closed; what it shares with others is taken off with lower cells.
            sign = (-1) ** (d - sum(face))
            expected[sum(face)] += sign * n_cells * np.prod(r ** np.array(face))
    # Worst difference seen: 6e-15.
    np.testing.assert_allclose(lattice_resels(mask, r), expected, rtol=0, atol=1e-12)


def test_resels_of_a_box_are_its_edges_faces_and_volume():
    """A box of a × b × c FWHM has resels 1, a + b + c, ab + ac + bc, abc."""
    box = smoothness_of_fwhm([Lattice(np.ones((11, 7, 5), dtype=bool), AFFINE)], [5.0, 6.0, 8.0])
    a, b, c = 10 * 2 / 5, 6 * 3 / 6, 4 * 4 / 8
    np.testing.assert_allclose(box.resels, [1, a + b + c, a * b + a * c + b * c, a * b * c])
    np.testing.assert_allclose(box.fwhm, [2.5, 2.0, 2.0])
    np.testing.assert_allclose(box.fwhm_mm, [5.0, 6.0, 8.0])
    assert (box.dimension, box.elements_per_resel, box.n_elements) == (3, 10.0, 385)


def test_a_slice_and_a_line_have_resels_of_their_dimension():
    """One slice of a grid has area, one row length; nothing is said along the other axes."""
    mask = np.zeros((5, 6, 7), dtype=bool)
    mask[:, 2, :] = True
    area = smoothness_of_fwhm([Lattice(mask, AFFINE)], 4.0)
    np.testing.assert_allclose(area.resels, [1, 4 * 2 / 4 + 6 * 4 / 4, 2.0 * 6.0, 0])
    np.testing.assert_allclose(area.fwhm_mm, [4, np.nan, 4])
    assert (area.dimension, area.elements_per_resel) == (2, 2.0)
    mask[1:] = False
    line = smoothness_of_fwhm([Lattice(mask, AFFINE)], 4.0)
    np.testing.assert_allclose(line.resels, [1, 6, 0, 0])
    assert (line.dimension, line.elements_per_resel) == (1, 1.0)


def test_a_hollow_cube_and_a_ring_have_their_euler_characteristics():
    """R0 is 2 with a hole inside, 0 with a hole through, 2 in two parts."""
    hollow = np.ones((5, 5, 5), dtype=bool)
    hollow[1:4, 1:4, 1:4] = False
    ring = np.ones((5, 5, 2), dtype=bool)
    ring[1:4, 1:4] = False
    parts = np.ones((5, 2, 2), dtype=bool)
    parts[2] = False
    for mask, euler in ((hollow, 2), (ring, 0), (parts, 2)):
        assert lattice_resels(mask, np.ones(3))[0] == euler


# ------------------------------------------------------------------ resels of meshes


def test_resels_of_a_sphere_are_those_of_its_polyhedron():
    """Euler characteristic 2, no edge, and nearly 4πr² of area over FWHM²."""
    points, faces = icosphere(3, radius=50.0)
    sphere = smoothness_of_fwhm([Mesh(points, faces, np.ones(len(points), dtype=bool))], 10.0)
    corners = points[faces]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    expected = [2, 0, area.sum() / 2 / 100, 0]
    np.testing.assert_allclose(sphere.resels, expected, atol=1e-9)  # seen: 6e-14
    assert sphere.resels[2] == pytest.approx(4 * np.pi * 25, rel=0.01)  # the polyhedron is smaller
    np.testing.assert_allclose(sphere.fwhm_mm, [10.0, 10.0])
    assert sphere.elements_per_resel == pytest.approx(len(points) / sphere.resels[2])
    assert np.nansum(sphere.resels_per_element) == pytest.approx(sphere.resels[2])


def test_resels_of_a_masked_mesh_count_what_is_inside():
    """A strip of four triangles with a tail: each edge and triangle by hand."""
    points = np.array([[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1], [3, 0], [9, 9.0]])
    points = np.column_stack([points, np.zeros(8)])
    faces = np.array([[0, 1, 3], [1, 4, 3], [1, 2, 4], [2, 5, 4], [2, 6, 5], [4, 3, 1], [2, 2, 5]])
    mask = np.array([True, True, True, True, True, False, True, True])
    part = Triangulation([Mesh(points, faces, mask)])
    # Triangles 0, 1, 2 are inside, one of them given twice; 2-6 is the side of one that is not.
    assert (len(part.edges), len(part.triangles)) == (8, 3)
    euler = 7 - 8 + 3
    length = 6 + 2 * np.sqrt(2) - 3 * (2 + np.sqrt(2)) / 2
    np.testing.assert_allclose(part.resels(part.lengths_mm), [euler, length, 1.5, 0], atol=1e-12)
    shared = smoothness_of_fwhm([part.meshes[0]], 1.0).resels_per_element
    np.testing.assert_allclose(shared, np.array([1, 3, 1, 2, 2, np.nan, np.nan]) / 6)


def test_meshes_side_by_side_add():
    """Two hemispheres have the resels of both, and one FWHM."""
    points, faces = icosphere(2, radius=40.0)
    whole = np.ones(len(points), dtype=bool)
    half = points[:, 0] > 0
    one, other = Mesh(points, faces, whole), Mesh(points + 100, faces, half)
    alone = [smoothness_of_fwhm([mesh], 9.0) for mesh in (one, other)]
    both = smoothness_of_fwhm([one, other], 9.0)
    np.testing.assert_allclose(both.resels, alone[0].resels + alone[1].resels, atol=1e-9)
    np.testing.assert_allclose(both.fwhm_mm, [9.0, 9.0])
    assert both.n_elements == whole.sum() + half.sum()
    assert len(make_roughness([one, other])) == 1


def test_a_mesh_without_triangles_has_points_only():
    """Vertices by themselves have an Euler characteristic, no width, and resels of no dimension."""
    points, faces = icosphere(1)
    mask = np.zeros(len(points), dtype=bool)
    mask[[0, 3]] = True  # no neighbours
    region = MeshRoughness(Triangulation([Mesh(points, faces, mask)]))
    apart = measure(region, np.random.default_rng(0).normal(size=(9, 2)), 8.0)
    np.testing.assert_array_equal(apart.resels, [2, 0, 0, 0])
    assert apart.dimension == 0
    assert np.isnan(apart.elements_per_resel)
    assert np.isnan(apart.resels_per_element).all()


def test_an_isolated_vertex_adds_a_point():
    """A vertex of no triangle adds 1 to the Euler characteristic, and nothing else."""
    points, faces = icosphere(1, radius=30.0)
    with_one = np.vstack([points, [[99.0, 0, 0]]])
    maps = np.random.default_rng(1).normal(size=(9, len(with_one)))
    without = measure(mesh_region(points, faces), maps[:, :-1])
    smoothness = measure(mesh_region(with_one, faces), maps)
    np.testing.assert_allclose(smoothness.resels, np.add(without.resels, [1, 0, 0, 0]))
    np.testing.assert_array_equal(smoothness.fwhm, without.fwhm)
    assert np.isnan(smoothness.resels_per_element[-1])


def mesh_region(points, faces):
    """The differences over a whole mesh."""
    return MeshRoughness(Triangulation([Mesh(points, faces, np.ones(len(points), dtype=bool))]))


# ------------------------------------------------------------------ roughness by plain loops


@pytest.mark.parametrize("seed", range(3))
def test_roughness_of_a_lattice_is_that_of_a_plain_loop(seed):
    """Λ voxel by voxel: outer products of forward differences where the next cube is inside."""
    mask, rng = some_mask(seed, (5, 4, 6), 0.9), np.random.default_rng(seed)
    n_voxels = int(mask.sum())
    maps = rng.normal(size=(7, n_voxels)).cumsum(axis=1)
    number = np.full(np.add(mask.shape, 1), -1)
    number[:-1, :-1, :-1][mask] = np.arange(n_voxels)
    unit = maps / np.linalg.norm(maps, axis=0)
    resels, per_axis = np.full(n_voxels, np.nan), []
    for i, j, k in np.argwhere(mask):
        if (number[i : i + 2, j : j + 2, k : k + 2] < 0).any():
            continue
        here = number[i, j, k]
        ahead = (number[i + 1, j, k], number[i, j + 1, k], number[i, j, k + 1])
        gradient = np.stack([unit[:, there] - unit[:, here] for there in ahead])
        outer = sum(np.outer(g, g) for g in gradient.T)
        resels[here] = np.sqrt(np.linalg.det(outer) / FOUR_LN_2**3)
        per_axis.append(np.sqrt(np.diag(outer) / FOUR_LN_2))
    mean = np.mean(per_axis, axis=0)
    fwhm = np.prod(mean) ** (1 / 3) / mean / np.nanmean(resels) ** (1 / 3)
    found = measure(LatticeRoughness(Lattice(mask, AFFINE)), maps, dof=6.0)
    # Worst relative difference seen: 3e-15.
    np.testing.assert_allclose(found.resels_per_element, resels, rtol=1e-10)
    np.testing.assert_allclose(found.fwhm, fwhm, rtol=1e-12)
    np.testing.assert_allclose(found.fwhm_mm, fwhm * [2, 3, 4], rtol=1e-12)
    np.testing.assert_allclose(found.resels, lattice_resels(mask, 1 / fwhm), rtol=1e-12)
    assert found.dof == 6.0


def test_roughness_of_a_slice_leaves_the_third_axis_out():
    """In a slice Λ is 2 × 2, and a slice lying in a larger grid is the same."""
    rng = np.random.default_rng(5)
    maps = rng.normal(size=(6, 20)).cumsum(axis=1)
    thin, thick = np.ones((4, 5, 1), dtype=bool), np.zeros((4, 5, 3), dtype=bool)
    thick[:, :, 1] = True
    alone = measure(LatticeRoughness(Lattice(thin, AFFINE)), maps)
    inside = measure(LatticeRoughness(Lattice(thick, AFFINE)), maps)
    unit = (maps / np.linalg.norm(maps, axis=0)).reshape(6, 4, 5)
    dx, dy = unit[:, 1:, :-1] - unit[:, :-1, :-1], unit[:, :-1, 1:] - unit[:, :-1, :-1]
    determinant = (dx**2).sum(0) * (dy**2).sum(0) - (dx * dy).sum(0) ** 2
    mean = np.sqrt(determinant / FOUR_LN_2**2).mean()
    for smoothness in (alone, inside):
        assert smoothness.dimension == 2
        assert smoothness.elements_per_resel == pytest.approx(1 / mean, rel=1e-12)
        np.testing.assert_array_equal(smoothness.resels, alone.resels)


def test_roughness_of_a_mesh_is_that_of_a_plain_loop():
    """Areas of triangles between the unit vectors of their corners, by their scalar products."""
    points, faces = icosphere(1, radius=20.0)
    maps = np.random.default_rng(6).normal(size=(8, len(points)))
    mask = points[:, 2] > -9
    unit = maps / np.linalg.norm(maps, axis=0)
    area, shared = 0.0, np.zeros(len(points))
    for corners in faces[mask[faces].all(axis=1)]:
        a, b, c = unit[:, corners].T
        gram = np.array([[(b - a) @ (b - a), (b - a) @ (c - a)], [0, (c - a) @ (c - a)]])
        half = np.sqrt(gram[0, 0] * gram[1, 1] - gram[0, 1] ** 2) / 2
        area += half
        shared[corners] += half / 3
    region = MeshRoughness(Triangulation([Mesh(points, faces, mask)]))
    found = measure(region, maps[:, mask])
    # Worst relative difference seen: 3e-16.
    assert found.resels[2] == pytest.approx(area / FOUR_LN_2, rel=1e-12)
    given = ~np.isnan(found.resels_per_element)
    np.testing.assert_allclose(
        found.resels_per_element[given], shared[mask][given] / FOUR_LN_2, rtol=1e-10
    )


# ------------------------------------------------------------------ known noise


def test_fwhm_of_smoothed_noise_is_recovered_on_a_grid():
    """White noise smoothed by a Gaussian has its FWHM, each axis its own, within 4 %."""
    rng, fwhm = np.random.default_rng(7), np.array([4.0, 5.0, 6.0])
    sigma = fwhm / np.sqrt(8 * np.log(2))
    maps = [
        gaussian_filter(rng.normal(size=(44, 44, 44)), sigma)[8:-8, 8:-8, 8:-8] for _ in range(20)
    ]
    mask = np.ones((28, 28, 28), dtype=bool)
    found = measure(LatticeRoughness(Lattice(mask, AFFINE)), np.stack(maps).reshape(20, -1))
    # Seen: 2.9 %. Differences over a whole voxel make a FWHM of 4 voxels 2.2 % too large.
    np.testing.assert_allclose(found.fwhm, fwhm, rtol=0.04)


def test_fwhm_of_smooth_noise_is_recovered_on_a_mesh():
    """Smooth noise in space has on a sphere the FWHM that it has in space, within 4 %."""
    points, faces = icosphere(4, radius=50.0)
    maps = noise_at(points, 15.0, 20, np.random.default_rng(8))
    found = measure(mesh_region(points, faces), maps)
    np.testing.assert_allclose(found.fwhm_mm, 15.0, rtol=0.04)  # seen: 2 %
    assert found.resels[0] == 2


@pytest.mark.parametrize("n_maps", [4, 12])
def test_few_maps_give_as_many_resels_as_many(n_maps):
    """The mean number of resels does not depend on the degrees of freedom."""
    rng, shape = np.random.default_rng(9), (12, 12, 1)
    points = np.argwhere(np.ones(shape, dtype=bool)).astype(float)
    lattice = Lattice(np.ones(shape, dtype=bool), np.eye(4))
    region, fwhm = LatticeRoughness(lattice), 12.0
    maps = [noise_at(points, fwhm, n_maps, rng, n_waves=100) for _ in range(250)]
    found = np.mean([measure(region, some).resels[2] for some in maps])
    # Seen: 2.3 %. A factor n / (n - 1) too much would be 33 % with 4 maps.
    assert found == pytest.approx((11 / fwhm) ** 2, rel=0.04)


# ------------------------------------------------------------------ numbers of other programs


def test_smoothness_of_bare_numbers():
    """Of SPM's R and FWHM, and of FSL's DLH, VOLUME and RESELS."""
    spm = Smoothness.of_resels([1, 30, 290, 900], 45_000, [3.5, 3.6, 3.7])
    assert spm.elements_per_resel == pytest.approx(3.5 * 3.6 * 3.7)
    fsl = Smoothness.of_dlh(0.0461, 45_000)
    resel = FOUR_LN_2**1.5 / 0.0461
    np.testing.assert_allclose(fsl.resels, [0, 0, 0, 45_000 / resel])
    assert fsl.elements_per_resel == pytest.approx(resel)
    np.testing.assert_allclose(fsl.fwhm, resel ** (1 / 3))
    same = Smoothness.of_resels((0, 0, 0, 45_000 / resel), 45_000)
    np.testing.assert_allclose(same.fwhm, fsl.fwhm)
    flat = Smoothness.of_resels([1, 12, 40], 4_000)
    assert (flat.dimension, flat.elements_per_resel) == (2, pytest.approx(100.0))
    assert Smoothness.of_resels([3], 3).dimension == 0


def test_grid_and_mesh_side_by_side_have_resels_but_no_common_width():
    """Resels and maps of parts of two kinds are put together; a resel has no one size."""
    points, faces = icosphere(1, radius=30.0)
    mesh = Mesh(points, faces, np.ones(len(points), dtype=bool))
    box = Lattice(np.ones((4, 4, 4), dtype=bool), AFFINE)
    joined = smoothness_of_fwhm([mesh, box], 8.0)
    parts = [smoothness_of_fwhm([piece], 8.0) for piece in (mesh, box)]
    np.testing.assert_allclose(joined.resels, parts[0].resels + parts[1].resels)
    assert joined.n_elements == len(points) + 64
    assert np.isnan(joined.elements_per_resel)
    maps = np.random.default_rng(3).normal(size=(9, joined.n_elements))
    measured = [
        measure(region, part)
        for region, part in zip(
            make_roughness([mesh, box]), np.split(maps, [len(points)], 1), strict=True
        )
    ]
    assert len(Smoothness.join(measured).resels_per_element) == joined.n_elements


def test_a_map_is_spread_over_more_elements():
    """Elements that were not looked at get NaN."""
    maps = np.random.default_rng(4).normal(size=(9, 8))
    cube = measure(LatticeRoughness(Lattice(np.ones((2, 2, 2), dtype=bool), AFFINE)), maps)
    keep = np.array([False, True] * 8)
    spread = cube.spread(keep)
    np.testing.assert_array_equal(spread.resels_per_element[keep], cube.resels_per_element)
    assert np.isnan(spread.resels_per_element[~keep]).all()
    assert spread.resels is cube.resels


# ------------------------------------------------------------------ what cannot be estimated


def test_clusters_are_measured_in_elements_of_average_size():
    """On a mesh every vertex counts with its resels, one outside all triangles as the mean."""
    points, faces = icosphere(2)
    stretched = np.concatenate([points * [1, 1, 3], [[9.0, 9, 9]]])
    mesh = Mesh(stretched, faces, np.ones(len(stretched), dtype=bool))
    known = smoothness_of_fwhm([mesh], 1.5)
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 4, len(stretched))
    labels[-1] = 2
    expected = np.zeros(4)
    for label, area in zip(labels, mesh.areas, strict=True):
        expected[label] += (area or mesh.areas[:-1].mean()) / mesh.areas[:-1].mean()
    # Worst relative difference seen: 2e-15.
    np.testing.assert_allclose(known.extents(labels, 4), [*expected[1:], 0.0], rtol=1e-12)
    assert known.extents(labels, 3).sum() + expected[0] == pytest.approx(len(stretched))


def test_voxels_count_with_their_resels_where_noise_is_not_stationary():
    """On a grid as well, when that is asked for; those at the far edge as the mean."""
    rng = np.random.default_rng(6)
    box = LatticeRoughness(Lattice(np.ones((4, 5, 6), dtype=bool), AFFINE))
    found = measure(box, rng.normal(size=(9, 120)))
    labels = rng.integers(0, 3, 120)
    assert found.extents(labels, 2).tolist() == [(labels == 1).sum(), (labels == 2).sum()]
    resels = np.where(
        np.isnan(found.resels_per_element),
        np.nanmean(found.resels_per_element),
        found.resels_per_element,
    )
    expected = [resels[labels == k].sum() / resels.mean() for k in (1, 2)]
    uneven = replace(found, stationary=False)
    np.testing.assert_allclose(uneven.extents(labels, 2), expected, rtol=1e-12)


@pytest.mark.parametrize("sigma", [1.0, 1.5, 2.5])
def test_autocorrelation_recovers_the_width_of_gaussian_smoothing(sigma):
    """With many maps it must have no error of its own, as differences have at small widths."""
    shape = (24, 24, 24)
    rng = np.random.default_rng(7)
    maps = np.stack(
        [
            gaussian_filter(rng.normal(size=shape), sigma, mode="wrap", truncate=6).ravel()
            for _ in range(80)
        ]
    )
    box = LatticeRoughness(Lattice(np.ones(shape, dtype=bool), np.eye(4)))
    sums = box.sums(maps / np.linalg.norm(maps, axis=0))
    width = sigma * np.sqrt(8 * np.log(2))
    by_correlation = box.smoothness_by_correlation(sums, 80).fwhm.mean()
    by_differences = box.smoothness(sums, 80).fwhm.mean()
    # What differences make of a correlation of exp(-1 / 4σ²): |Δ|² = 2 (1 - ρ).
    biased = np.sqrt(FOUR_LN_2 / (2 - 2 * np.exp(-1 / (4 * sigma**2))))
    # Worst relative differences seen: 1.2 % and 0.7 %.
    assert by_correlation == pytest.approx(width, rel=0.02)
    assert by_differences == pytest.approx(biased, rel=0.02)


def test_neighbours_that_are_not_alike_have_no_autocorrelation():
    """Maps that change sign from voxel to voxel must be refused, with the axis."""
    rng = np.random.default_rng(8)
    maps = rng.normal(size=(9, 1, 1, 1)) + 0.1 * rng.normal(size=(9, 4, 4, 4))
    maps = (maps * np.array([1, -1, 1, -1])[:, None]).reshape(9, 64)
    box = LatticeRoughness(Lattice(np.ones((4, 4, 4), dtype=bool), AFFINE))
    sums = box.sums(maps / np.linalg.norm(maps, axis=0))
    with pytest.raises(InputError, match=r"along axis 1 .* have correlation -0\.9"):
        box.smoothness_by_correlation(sums, None)
    flat = np.repeat(rng.normal(size=(9, 1)), 64, axis=1)
    with pytest.raises(InputError, match="do not change from one element to the next"):
        box.smoothness_by_correlation(box.sums(flat / np.linalg.norm(flat, axis=0)), None)
    with pytest.raises(InputError, match="needs more than 3 residual degrees of freedom"):
        box.smoothness_by_correlation(sums, 3)


def test_one_element_is_a_point():
    """A mask of one voxel has one resel of dimension 0, and nothing is wide."""
    lattice = Lattice(np.ones((1, 1, 1), dtype=bool), AFFINE)
    point = measure(LatticeRoughness(lattice), np.random.default_rng(0).normal(size=(5, 1)), 4.0)
    np.testing.assert_array_equal(point.resels, [1, 0, 0, 0])
    assert np.isnan(point.fwhm).all()
    assert np.isnan(point.elements_per_resel)


def test_a_mask_that_is_all_edge_is_refused():
    """Where no cube of elements is in the mask there is nothing to estimate from."""
    mask = np.zeros((3, 3, 3), dtype=bool)
    mask[0, 0, :], mask[0, :, 0], mask[:, 0, 0] = True, True, True
    with pytest.raises(MaskError, match="no element has all its neighbours in the mask"):
        measure(LatticeRoughness(Lattice(mask, AFFINE)), np.ones((5, 7)))


def test_too_few_degrees_of_freedom_are_refused():
    """In D dimensions unit vectors need more than D degrees of freedom to turn in."""
    box = LatticeRoughness(Lattice(np.ones((3, 3, 3), dtype=bool), AFFINE))
    maps = np.random.default_rng(0).normal(size=(4, 27))
    with pytest.raises(
        InputError, match="needs more than 3 residual degrees of freedom; there are 3"
    ):
        measure(box, maps, 3.0)
    assert measure(box, maps, 4.0).dof == 4.0
    with pytest.raises(InputError, match="in 2 dimensions needs more than 2"):
        measure(mesh_region(*icosphere(1)), np.ones((4, 42)), 2.0)


@pytest.mark.parametrize("kind", ["grid", "mesh"])
def test_residuals_that_are_the_same_everywhere_are_refused(kind):
    """Infinite smoothness has no resels."""
    maps = np.repeat(np.random.default_rng(0).normal(size=(6, 1)), 42, axis=1)
    box = LatticeRoughness(Lattice(np.ones((2, 3, 7), dtype=bool), AFFINE))
    region = box if kind == "grid" else mesh_region(*icosphere(1))
    with pytest.raises(InputError, match="do not change from one element to the next"):
        measure(region, maps)


@pytest.mark.parametrize("fwhm", [0.0, -3.0, np.nan, np.inf, [3, 3], [3, 3, -1]])
def test_a_fwhm_that_is_none_is_refused(fwhm):
    """It is a positive number of mm, or three."""
    with pytest.raises(InputError, match="A FWHM is a positive number of mm"):
        smoothness_of_fwhm([Lattice(np.ones((3, 3, 3), dtype=bool), AFFINE)], fwhm)


def test_a_fwhm_for_each_axis_of_a_mesh_is_refused():
    """A mesh has no axes."""
    points, faces = icosphere(1)
    with pytest.raises(InputError, match="On a mesh a FWHM is one number"):
        smoothness_of_fwhm([Mesh(points, faces, np.ones(len(points), dtype=bool))], [3, 3, 3])


@pytest.mark.parametrize(
    ("resels", "n_elements", "fwhm", "message"),
    [
        ([], 10, None, "1 to 4 numbers"),
        ([1, 2, 3, 4, 5], 10, None, "1 to 4 numbers"),
        ([1, np.nan], 10, None, "1 to 4 numbers"),
        ([1, 2, 3, -4], 10, None, "highest dimension must be positive"),
        ([0, 0], 10, None, "highest dimension must be positive"),
        ([1, 2, 3, 4], 0, None, "at least one element"),
        ([1, 2, 3, 4], 10, [3, 3, 0], "A FWHM is positive"),
        ([1, 2, 3, 4], 10, [np.nan] * 3, "A FWHM is positive"),
    ],
)
def test_bare_numbers_that_are_none_are_refused(resels, n_elements, fwhm, message):
    """Each is named with what it has to be."""
    with pytest.raises(InputError, match=message):
        Smoothness.of_resels(resels, n_elements, fwhm)


@pytest.mark.parametrize("dlh", [0.0, -0.1, np.nan])
def test_a_dlh_that_is_none_is_refused(dlh):
    """It is a positive number."""
    with pytest.raises(InputError, match="dlh must be a positive number"):
        Smoothness.of_dlh(dlh, 100)
