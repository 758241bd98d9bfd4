"""Enhanced maps are those of the formula, of plain loops, and of other programs."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from secondlevel.errors import InputError, InputTypeError
from secondlevel.graph.adjacency import from_edges
from secondlevel.graph.components import find_components
from secondlevel.graph.lattice import Lattice
from secondlevel.graph.mesh import Mesh
from secondlevel.inference.tails import t_tail
from secondlevel.inference.tfce import Enhancement, enhance

SHAPE = (9, 10, 8)
WEIGHTS = [(0.5, 2.0), (1.0, 2.0), (1.0, 1.0), (0.0, 0.0), (0.66, 1.7), (2.0, 3.0), (0.5, -0.5)]
VOLUME = Enhancement(0.5, 2.0)


def smooth_map(seed, shape=SHAPE):
    """A smooth map with about half of its voxels positive, up to around 3."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 1)
    return noise / noise.std()


def lattice_graph(seed, connectivity):
    """Neighbours in a mask with holes, and the mask."""
    mask = np.random.default_rng(seed).random(SHAPE) < 0.85
    return Lattice(mask, np.diag([2.0, 2, 2.5, 1])).graph(connectivity), mask


def closed_mesh(n_around=24, n_along=40, seed=0):
    """A torus of unequal triangles, as faces and points."""
    i, j = np.indices((n_around, n_along))
    here, right = i * n_along + j, i * n_along + (j + 1) % n_along
    up, over = (i + 1) % n_around * n_along + j, (i + 1) % n_around * n_along + (j + 1) % n_along
    faces = np.concatenate(
        [np.stack([here, right, up], -1), np.stack([right, over, up], -1)]
    ).reshape(-1, 3)
    points = np.random.default_rng(seed).normal(size=(n_around * n_along, 3))
    return points, faces


def mesh_graph():
    """The graph of the torus, and a smooth map on it."""
    points, faces = closed_mesh()
    graph = Mesh(points, faces, np.ones(len(points), dtype=bool)).graph()
    noise = np.random.default_rng(1).normal(size=(24, 40))
    values = ndimage.gaussian_filter(noise, 1, mode="wrap").ravel()
    return graph, values / values.std()


def extents_at(graph, values, level, sizes):
    """Extent of every element's component among those of at least this level; 0 below it."""
    found = find_components(graph, values >= level)
    return np.append(0.0, found.sums(sizes))[found.labels]


def integral_by_hand(graph, values, E, H, sizes=None):
    """The integral, piece by piece between successive values, each from a flood fill."""
    sizes = np.ones(len(values)) if sizes is None else sizes
    levels = np.unique(np.append(0.0, values[values > 0]))
    scores = np.zeros(len(values))
    for low, high in pairwise(levels):
        piece = (high ** (H + 1) - low ** (H + 1)) / (H + 1)
        scores += (values >= high) * extents_at(graph, values, high, sizes) ** E * piece
    return scores


def sum_by_hand(graph, values, E, H, dh):
    """The stepped sum, level by level."""
    scores = np.zeros(len(values))
    for i in range(1, int(values.max() / dh) + 2):
        extents = extents_at(graph, values, i * dh, np.ones(len(values)))
        scores += (values >= i * dh) * extents**E * (i * dh) ** H * dh
    return scores


@pytest.mark.parametrize(("E", "H"), WEIGHTS)
@pytest.mark.parametrize("connectivity", [6, 18, 26])
def test_integral_is_that_of_flood_fills(E, H, connectivity):
    """Scores of both signs must be the sum of closed forms between successive values."""
    graph, mask = lattice_graph(1, connectivity)
    for values in (smooth_map(2)[mask], np.round(2 * smooth_map(3)[mask]) / 2):
        scores = enhance(graph, values, Enhancement(E, H))
        expected = integral_by_hand(graph, values, E, H) - integral_by_hand(graph, -values, E, H)
        # Worst relative difference seen: 2.3e-15.
        np.testing.assert_allclose(scores, expected, rtol=1e-13, atol=0)
        one_sided = enhance(graph, values, Enhancement(E, H, two_sided=False))
        np.testing.assert_array_equal(one_sided, np.maximum(scores, 0))


@pytest.mark.parametrize(("E", "H"), WEIGHTS)
def test_integral_on_a_mesh_is_that_of_flood_fills(E, H):
    """The same must hold on a surface, with extents as numbers and as areas."""
    graph, values = mesh_graph()
    by_number = enhance(graph, values, Enhancement(E, H, two_sided=False))
    by_area = enhance(graph, values, Enhancement(E, H, two_sided=False, extent="size"))
    # Worst relative differences seen: 1.3e-15, 2.0e-15.
    np.testing.assert_allclose(by_number, integral_by_hand(graph, values, E, H), rtol=1e-13)
    expected = integral_by_hand(graph, values, E, H, graph.sizes)
    np.testing.assert_allclose(by_area, expected, rtol=1e-13)


@pytest.mark.parametrize(("E", "H"), WEIGHTS)
@pytest.mark.parametrize("dh", [0.31, 0.1, 0.013])
def test_stepped_sum_is_that_of_flood_fills(E, H, dh):
    """With dh scores must be the sum over its levels, each from a flood fill."""
    graph, mask = lattice_graph(4, 6)
    values = smooth_map(5)[mask]
    scores = enhance(graph, values, Enhancement(E, H, dh=dh))
    expected = sum_by_hand(graph, values, E, H, dh) - sum_by_hand(graph, -values, E, H, dh)
    # Worst relative difference seen: 5e-15.
    np.testing.assert_allclose(scores, expected, rtol=1e-13, atol=0)


def test_stepped_sum_goes_to_the_integral():
    """The distance of the plain stepped sum from the exact integral must shrink with the step."""
    graph, mask = lattice_graph(6, 26)
    values = smooth_map(7)[mask]
    exact = enhance(graph, values, Enhancement(0.5, 2.0, two_sided=False))
    steps = 0.16 / 2.0 ** np.arange(8)
    apart = [np.abs(sum_by_hand(graph, values, 0.5, 2.0, dh) - exact).sum() for dh in steps]
    order, _ = np.polyfit(np.log(steps), np.log(apart), 1)
    assert order == pytest.approx(1, abs=0.15)  # 1.03 seen
    assert apart[-1] < 0.01 * exact.sum()  # 0.0005 seen
    finest = enhance(graph, values, Enhancement(0.5, 2.0, two_sided=False, dh=1e-7))
    # Worst relative difference seen: 1.2e-5, at an element of value 0.007.
    np.testing.assert_allclose(finest, exact, rtol=1e-4)


def test_sums_over_many_levels_are_exact():
    """Sums of a thousand levels and of a hundred thousand must be those of extended precision."""
    single = from_edges(np.zeros((0, 2)), np.ones(1), np.zeros((1, 3)))
    for H in (-0.5, 0.0, 0.5, 1.0, 2.0, 3.7):
        powers = np.cumsum(np.arange(1.0, 100_001.0) ** np.longdouble(H))
        for n in (1, 2, 999, 1000, 1001, 1002, 54_321, 100_000):
            (score,) = enhance(single, np.array([float(n)]), Enhancement(0.5, H, dh=1.0))
            # Worst relative difference seen: 8e-16.
            assert score == pytest.approx(float(powers[n - 1]), rel=1e-14)


def test_a_level_met_but_for_rounding_counts():
    """A value of 0.3 must reach the third level of 0.1, though 3 × 0.1 is more in doubles."""
    single = from_edges(np.zeros((0, 2)), np.ones(1), np.zeros((1, 3)))
    (score,) = enhance(single, np.array([0.3]), Enhancement(0.5, 1.0, dh=0.1))
    assert score == pytest.approx(0.06, rel=1e-12)


@pytest.mark.parametrize("dh", [1e-12, 1e-100, 5e-324])
def test_a_step_however_small_gives_the_integral(dh):
    """A step too small for any computer to walk must end at the integral."""
    graph, mask = lattice_graph(8, 6)
    values = np.round(smooth_map(9)[mask], 3)
    exact = enhance(graph, values, VOLUME)
    # Worst relative difference seen: 3.5e-9; a tie has 1e-9 in h, so 3e-9 in h³.
    np.testing.assert_allclose(enhance(graph, values, Enhancement(0.5, 2.0, dh=dh)), exact, 1e-8)


def test_a_step_above_the_maximum_leaves_nothing():
    """Below the first level every score must be 0."""
    graph, mask = lattice_graph(10, 6)
    values = smooth_map(11)[mask]
    assert not enhance(graph, values, Enhancement(0.5, 2.0, dh=99.0)).any()


@pytest.mark.parametrize("connectivity", [6, 18, 26])
@pytest.mark.parametrize("seed", range(4))
def test_volumes_agree_with_the_package_tfce(connectivity, seed):
    """Scores of a volume must be those of the exact C program of the same name."""
    peer = pytest.importorskip("tfce", reason="the package tfce comes with the bench extra")
    volume = smooth_map(seed, (20, 24, 18)).astype(np.float32)
    graph = Lattice(np.ones(volume.shape, dtype=bool), np.eye(4)).graph(connectivity)
    for two_sided in (True, False):
        theirs = peer.tfce(volume, connectivity=connectivity, E=0.5, H=2.0, two_sided=two_sided)
        ours = enhance(graph, volume.ravel(), Enhancement(0.5, 2.0, two_sided=two_sided))
        # Theirs is single precision. Worst relative difference seen: 6e-8.
        np.testing.assert_allclose(ours, theirs.ravel(), rtol=1e-6)


def test_surfaces_agree_with_the_package_tfce():
    """Scores on a mesh must be those of the exact C program of the same name."""
    peer = pytest.importorskip("tfce", reason="the package tfce comes with the bench extra")
    graph, values = mesh_graph()
    values = values.astype(np.float32)
    theirs = peer.tfce(values, adjacency=(graph.offsets, graph.neighbours), E=1.0, H=2.0)
    # Worst relative difference seen: 6e-8.
    np.testing.assert_allclose(enhance(graph, values, Enhancement(1.0, 2.0)), theirs, rtol=1e-6)


@pytest.mark.parametrize("two_sided", [True, False])
@pytest.mark.parametrize("step", ["auto", 0.1])
def test_stepped_sum_is_that_of_nilearn(two_sided, step):
    """With its step, and divided by it, scores must be nilearn's."""
    nilearn = pytest.importorskip("nilearn.mass_univariate._utils")
    volume = smooth_map(12)
    structure = ndimage.generate_binary_structure(3, 1)
    theirs = nilearn.calculate_tfce(
        volume[..., None], structure, dh=step, two_sided_test=two_sided
    )[..., 0]
    largest = np.abs(volume).max() if two_sided else volume.max()
    dh = largest / (100 if step == "auto" else round(largest / step))
    graph = Lattice(np.ones(SHAPE, dtype=bool), np.eye(4)).graph(6)
    ours = enhance(graph, volume.ravel(), Enhancement(0.5, 2.0, two_sided=two_sided, dh=dh)) / dh
    # Worst relative difference seen: 9e-16.
    np.testing.assert_allclose(ours, theirs.ravel(), rtol=1e-12)


@pytest.mark.parametrize("run", ["p01_one12_ext_tfce", "p04_two55_t", "p06_paired12_within"])
def test_stepped_sum_is_that_of_palm(run, reference_numbers):
    """A hundred levels up to the maximum of z, 6-connected, must give PALM's maps."""
    palm = np.load(reference_numbers / "palm" / f"palm_{run}.npz")
    place = np.load(reference_numbers / "mask.npz")
    z = t_tail(palm["vox_tstat"].astype(float), palm["vox_tstat_dof"][-1]).z
    graph = Lattice(place["mask"], place["affine"]).graph(6)
    ours = enhance(graph, z, Enhancement(0.5, 2.0, two_sided=False, dh=z.max() / 100))
    # Theirs, and the t both start from, are single precision. Worst relative difference seen: 1e-7.
    np.testing.assert_allclose(ours, palm["tfce_tstat"], rtol=1e-6)
    assert ours.max() == pytest.approx(palm["tfce_tstat_max"][0], rel=1e-6)


def test_without_extent_a_score_is_a_power_of_the_value():
    """With E = 0, and without neighbours, a score must be v^(H + 1) / (H + 1)."""
    graph, mask = lattice_graph(13, 26)
    values = smooth_map(14)[mask]
    expected = np.sign(values) * np.abs(values) ** 3 / 3
    # Worst relative difference seen: 2e-16.
    np.testing.assert_allclose(enhance(graph, values, Enhancement(0, 2)), expected, rtol=1e-13)
    apart = from_edges(np.zeros((0, 2)), np.ones(len(values)), np.zeros((len(values), 3)))
    np.testing.assert_allclose(enhance(apart, values, VOLUME), expected, rtol=1e-15)


def test_a_constant_map_has_the_size_of_the_mask_as_its_extent():
    """Where all values are equal a score must be n^E v^(H + 1) / (H + 1) in every part."""
    parts = from_edges(np.array([[0, 1], [1, 2], [3, 4]]), np.ones(6), np.zeros((6, 3)))
    scores = enhance(parts, np.full(6, 3.0), VOLUME)
    np.testing.assert_allclose(scores, 9 * np.sqrt([3, 3, 3, 2, 2, 1]), rtol=1e-15)
    np.testing.assert_array_equal(enhance(parts, np.full(6, -3.0), VOLUME), -scores)


def test_nothing_is_enhanced_to_nothing():
    """Zeros must stay 0, also as negative zeros, and an empty map empty."""
    graph, _ = lattice_graph(15, 6)
    assert not enhance(graph, np.zeros(graph.n_elements), VOLUME).any()
    assert not enhance(graph, np.full(graph.n_elements, -0.0), VOLUME).any()
    empty = from_edges(np.zeros((0, 2)), np.zeros(0), np.zeros((0, 3)))
    assert len(enhance(empty, np.zeros(0), VOLUME)) == 0


def test_single_precision_is_computed_in_double():
    """A map in single precision must get the scores of the same numbers in double, exactly."""
    graph, mask = lattice_graph(16, 18)
    values = smooth_map(17)[mask].astype(np.float32)
    scores = enhance(graph, values, VOLUME)
    np.testing.assert_array_equal(scores, enhance(graph, values.astype(float), VOLUME))
    assert scores.dtype == np.float64


def test_values_stay_as_they_are():
    """The map handed over must not be written to."""
    graph, mask = lattice_graph(18, 6)
    values = smooth_map(19)[mask]
    before = values.copy()
    values.setflags(write=False)
    enhance(graph, values, VOLUME)
    np.testing.assert_array_equal(values, before)


def test_equal_sizes_scale_extents():
    """With voxels of 10 mm³ the score by size must be 10^E times that by number."""
    graph, mask = lattice_graph(20, 26)
    values = smooth_map(21)[mask]
    by_size = enhance(graph, values, Enhancement(0.5, 2.0, extent="size"))
    # Worst relative difference seen: 6e-16.
    np.testing.assert_allclose(by_size, np.sqrt(10) * enhance(graph, values, VOLUME), rtol=1e-13)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"E": -0.1}, InputError, "E must be a number, 0 or more"),
        ({"E": np.nan}, InputError, "E must be a number, 0 or more"),
        ({"E": "0.5"}, InputTypeError, "E must be a number"),
        ({"E": None}, InputTypeError, "E must be a number"),
        ({"H": -1.0}, InputError, "H must be a number above -1"),
        ({"H": np.inf}, InputError, "H must be a number above -1"),
        ({"H": True}, InputTypeError, "H must be a number"),
        ({"H": [2.0]}, InputTypeError, "H must be a number"),
        ({"dh": 0.0}, InputError, "dh must be a number above 0, or None"),
        ({"dh": -0.1}, InputError, "dh must be a number above 0, or None"),
        ({"dh": np.nan}, InputError, "dh must be a number above 0, or None"),
        ({"dh": "auto"}, InputTypeError, "dh must be a number"),
        ({"extent": "mm3"}, InputError, "extent must be 'elements'"),
    ],
)
def test_what_cannot_be_integrated_is_refused(wrong, error, message):
    """A weight or step that is out of range or no number must be named."""
    with pytest.raises(error, match=message):
        Enhancement(**{"E": 0.5, "H": 2.0, **wrong})
