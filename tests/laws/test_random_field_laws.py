"""Laws that smoothness and random fields keep for any maps, regions and degrees of freedom."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial import Delaunay

from secondlevel.errors import RandomFieldWarning
from secondlevel.graph.lattice import Lattice
from secondlevel.graph.mesh import Mesh
from secondlevel.inference.intrinsic_volumes import Triangulation, lattice_resels
from secondlevel.inference.lattice_roughness import LatticeRoughness
from secondlevel.inference.mesh_roughness import MeshRoughness
from secondlevel.inference.random_field import RandomField
from secondlevel.inference.roughness import make_roughness, smoothness_of_fwhm
from secondlevel.inference.smoothness import Smoothness

pytestmark = pytest.mark.filterwarnings("ignore::secondlevel.errors.RandomFieldWarning")

law = settings(derandomize=True, deadline=None, max_examples=60)
seeds = st.integers(0, 2**32 - 1)
shapes = st.tuples(*[st.integers(1, 5)] * 3)
resels = st.tuples(st.floats(-5, 20), st.floats(0, 60), st.floats(0, 400), st.floats(0.01, 2000))
statistics = st.one_of(
    st.just(("z", None)),
    st.tuples(st.just("t"), st.floats(4, 300)),
    st.tuples(st.just("F"), st.tuples(st.floats(1, 20), st.floats(4, 300))),
)


def measure(region, maps):
    """Smoothness of maps of shape (n, V), scaled to unit vectors."""
    return region.smoothness(region.sums(maps / np.linalg.norm(maps, axis=0)), None)


def some_region(kind, rng):
    """The differences over a block of voxels, or over a strip of triangles."""
    if kind == "grid":
        return LatticeRoughness(Lattice(np.ones((3, 4, 5), dtype=bool), np.eye(4)))
    i = np.arange(58)
    mesh = Mesh(
        rng.normal(size=(60, 3)), np.column_stack([i, i + 1, i + 2]), np.ones(60, dtype=bool)
    )
    return MeshRoughness(Triangulation([mesh]))


def a_field(spec, given):
    """A random field over bare resels; the warning of coarse elements is of no interest here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RandomFieldWarning)
        return RandomField(given, *spec, n_elements=5_000)


# ------------------------------------------------------------------ smoothness


@law
@given(seeds, st.sampled_from(["grid", "mesh"]), st.floats(1e-6, 1e6))
def test_scaling_maps_changes_nothing(seed, kind, factor):
    """Residuals of any unit, another one at every element, have the same smoothness."""
    rng = np.random.default_rng(seed)
    region, maps = some_region(kind, rng), rng.normal(size=(7, 60))
    scales = factor * rng.uniform(0.1, 10, 60)
    plain, scaled = measure(region, maps), measure(region, maps * scales)
    np.testing.assert_allclose(scaled.resels, plain.resels, rtol=1e-11)  # seen: 2e-15
    np.testing.assert_allclose(scaled.fwhm, plain.fwhm, rtol=1e-11)


@law
@given(seeds, st.sampled_from(["grid", "mesh"]))
def test_the_order_of_maps_and_their_signs_change_nothing(seed, kind):
    """Smoothness is that of the set of maps; so is that of any rotation among them."""
    rng = np.random.default_rng(seed)
    region, maps = some_region(kind, rng), rng.normal(size=(7, 60))
    plain = measure(region, maps)
    flipped = measure(region, rng.permutation(maps) * rng.choice([-1, 1], (7, 1)))
    rotation, _ = np.linalg.qr(rng.normal(size=(7, 7)))
    for other in (flipped, measure(region, rotation @ maps)):
        np.testing.assert_allclose(other.resels, plain.resels, rtol=1e-11)  # seen: 8e-16
        np.testing.assert_allclose(other.fwhm, plain.fwhm, rtol=1e-11)


@law
@given(seeds, st.sampled_from(["grid", "mesh"]), st.integers(1, 6))
def test_sums_over_parts_of_the_maps_add(seed, kind, cut):
    """The sums over some maps and over the others are those over all."""
    rng = np.random.default_rng(seed)
    region, maps = some_region(kind, rng), rng.normal(size=(7, 60))
    parts = region.sums(maps[:cut]) + region.sums(maps[cut:])
    np.testing.assert_allclose(parts, region.sums(maps), rtol=1e-11, atol=1e-12)  # seen: 4e-14


@law
@given(seeds, shapes, shapes, st.integers(0, 2))
def test_resels_of_separate_masks_add(seed, shape, other_shape, axis):
    """Two masks with a gap between them have the resels of both."""
    rng = np.random.default_rng(seed)
    widest = np.maximum(shape, other_shape)
    widest[axis] = shape[axis] + 1 + other_shape[axis]
    both = np.zeros(widest, dtype=bool)
    masks = [rng.random(s) < 0.7 for s in (shape, other_shape)]
    start = np.zeros(3, dtype=int)
    for mask in masks:
        stop = start + mask.shape
        both[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = mask
        start[axis] = stop[axis] + 1
    widths = rng.uniform(0.1, 1, 3)
    apart = sum(lattice_resels(mask, widths) for mask in masks)
    np.testing.assert_allclose(
        lattice_resels(both, widths), apart, rtol=0, atol=1e-12
    )  # seen: 2e-15


@law
@given(seeds, shapes)
def test_resels_do_not_know_where_a_mask_lies_or_which_way_it_looks(seed, shape):
    """Reflected, turned, or set into a larger grid, a mask has the same resels."""
    rng = np.random.default_rng(seed)
    mask, widths = rng.random(shape) < 0.7, rng.uniform(0.1, 1, 3)
    plain = lattice_resels(mask, widths)
    order = rng.permutation(3)
    turned = np.pad(np.flip(mask, rng.integers(3)), 2).transpose(order)
    again = lattice_resels(turned, widths[order])
    np.testing.assert_allclose(again, plain, rtol=0, atol=1e-12)  # seen: 9e-16


@law
@given(seeds, st.integers(4, 30), st.integers(4, 30))
def test_resels_of_separate_meshes_add(seed, n_vertices, other):
    """Two meshes have the resels of both, measured from the maps of both."""
    rng = np.random.default_rng(seed)
    meshes = []
    for n in (n_vertices, other):
        faces = np.column_stack([np.arange(n - 2) + i for i in range(3)])
        meshes.append(Mesh(rng.normal(size=(n, 3)), faces, rng.random(n) < 0.9))
    n_elements = [mesh.n_elements for mesh in meshes]
    assume(all(len(mesh.edges) for mesh in meshes))
    maps = rng.normal(size=(6, sum(n_elements)))
    (region,) = make_roughness(meshes)
    both = measure(region, maps)
    parts = np.split(maps, [n_elements[0]], axis=1)
    apart = [
        measure(make_roughness([mesh])[0], part) for mesh, part in zip(meshes, parts, strict=True)
    ]
    # Worst difference seen: 2e-14.
    np.testing.assert_allclose(both.resels, apart[0].resels + apart[1].resels, atol=1e-11)
    np.testing.assert_array_equal(
        both.resels_per_element, np.concatenate([part.resels_per_element for part in apart])
    )


def sheet(spacing):
    """A flat sheet of 8 cm, half of it with vertices 2 mm apart, half of it with a spacing."""
    points = np.concatenate(
        [
            np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
            for x, y in (
                (np.arange(0, 40, 2.0), np.arange(0, 81, 2.0)),
                (np.arange(40, 81, spacing), np.arange(0, 81, spacing)),
            )
        ]
    )
    # Delaunay's triangulation of a square is not unique; moved by a thousandth of a mm it is.
    moved = points + 1e-3 * np.random.default_rng(0).normal(size=points.shape)
    faces = Delaunay(moved).simplices
    inside = np.ones(len(points), dtype=bool)
    return Mesh(np.column_stack([points, np.zeros(len(points))]), faces, inside)


SHEETS = [sheet(2.0), sheet(1.0)]


@law
@given(st.floats(12, 18), st.floats(0, 1), st.floats(0, 1))
def test_refining_a_patch_of_a_mesh_changes_no_clusters_p(radius, x, y):
    """A disc has the same p with four times the vertices in it, elsewhere, or in part of it."""
    centre = radius + 2 + np.array([x, y]) * (76 - 2 * radius)
    log_p = []
    for mesh in SHEETS:
        field = RandomField(smoothness_of_fwhm([mesh], 10.0), "z")
        labels = (np.linalg.norm(mesh.points[:, :2] - centre, axis=1) <= radius).astype(int)
        (p,) = field.cluster_p_uncorrected(field.extents(labels, 1), 3.1)
        log_p.append(np.log(p))
    # log p is as large as the cluster, whose rim lies somewhere between vertices 2 mm apart, or 1
    # mm; of smaller discs the rim is much. Worst ratio seen: 1.046; of numbers of vertices 4.1.
    assert 1 / 1.06 < log_p[1] / log_p[0] < 1.06


# ------------------------------------------------------------------ random fields


@law
@given(statistics, resels, st.floats(0, 15), st.floats(1e-9, 3))
def test_no_p_rises_with_height(spec, given, height, step):
    """A higher peak has no larger p, in any region, corrected or not."""
    null = a_field(spec, given)
    peaks = np.array([height, height + step])
    for p_of in (null.peak_p, null.peak_p_field, null.peak_p_bonferroni, null.peak_p_uncorrected):
        low, high = p_of(peaks)
        assert 0 <= high <= low * (1 + 1e-9)
        assert low <= 1


@law
@given(statistics, resels, st.floats(1e-8, 0.5), st.floats(1e-8, 0.5))
def test_thresholds_fall_as_alpha_rises(spec, given, alpha, other):
    """A laxer level has a lower threshold, of each kind; its p is that level."""
    null = a_field(spec, given)
    strict, lax = sorted([alpha, other])
    for threshold in (null.threshold, null.threshold_field, null.threshold_bonferroni):
        assert threshold(lax) <= threshold(strict) * (1 + 1e-9)
    height = null.threshold(alpha)
    assert null.peak_p(height) <= alpha * (1 + 1e-9)
    assert null.peak_p(height * (1 - 1e-6)) >= alpha * (1 - 1e-9)


@law
@given(statistics, resels, st.floats(1, 12), st.integers(1, 500), st.integers(1, 500))
def test_larger_clusters_are_less_likely(spec, given, threshold, count, other):
    """The p of a cluster falls with its size, alone and among all; so do false discovery rates."""
    null = a_field(spec, given)
    counts = np.sort([count, other])
    for p in (
        null.cluster_p_uncorrected(counts, threshold),
        null.cluster_p(counts, threshold),
        null.cluster_q(counts, threshold),
    ):
        assert 0 <= p[1] <= p[0] <= 1


@law
@given(statistics, resels, st.floats(1.2, 5))
def test_larger_regions_have_higher_thresholds(spec, given, factor):
    """With more resels, and as many elements, nothing gets more significant."""
    small, large = a_field(spec, given), a_field(spec, np.multiply(given, factor))
    assume(given[0] >= 0)
    peaks = np.array([2.0, 4.0, 8.0])
    assert (small.peak_p_field(peaks) <= large.peak_p_field(peaks) * (1 + 1e-12)).all()
    assert small.threshold(0.05) <= large.threshold(0.05) * (1 + 1e-9)


@law
@given(statistics, resels, st.lists(st.floats(3, 20), min_size=1, max_size=8), seeds)
def test_an_answer_does_not_depend_on_the_order_of_peaks(spec, given, peaks, seed):
    """Each peak keeps its p and its q."""
    null, order = a_field(spec, given), np.random.default_rng(seed).permutation(len(peaks))
    peaks = np.array(peaks)
    np.testing.assert_array_equal(null.peak_p(peaks)[order], null.peak_p(peaks[order]))
    np.testing.assert_array_equal(null.peak_q(peaks, 2.9)[order], null.peak_q(peaks[order], 2.9))


@law
@given(statistics, resels, st.floats(2, 10))
def test_both_sides_expect_twice_as_much(spec, given, threshold):
    """Of z and t; F has one side. What is said of a cluster by itself stays."""
    one = a_field(spec, given)
    both = one.for_sides(two_sided=True)
    factor = 1 if spec[0] == "F" else 2
    assert both.expected_clusters(threshold) == factor * one.expected_clusters(threshold)
    np.testing.assert_array_equal(
        both.cluster_p_uncorrected([5], threshold), one.cluster_p_uncorrected([5], threshold)
    )
    assert both.threshold(0.05) >= one.threshold(0.05)


@law
@given(st.floats(0.001, 0.5), st.integers(1_000, 300_000), st.floats(2.3, 6))
def test_fsls_numbers_are_resels_of_the_volume(dlh, n_elements, z):
    """Of DLH and of VOLUME / RESELS come the same p."""
    fsl = Smoothness.of_dlh(dlh, n_elements)
    resel = (4 * np.log(2)) ** 1.5 / dlh
    null = RandomField(fsl, "z")
    same = RandomField([0, 0, 0, n_elements / resel], "z", n_elements=n_elements)
    np.testing.assert_allclose(null.peak_p([z]), same.peak_p([z]), rtol=1e-9)
    np.testing.assert_allclose(null.cluster_p([12], z), same.cluster_p([12], z), rtol=1e-9)
