"""Clusters and enhanced maps are those of a plain flood fill, and of PALM."""

import numpy as np
import pytest
from scipy import ndimage, special

from secondlevel.errors import InputError, InputTypeError, ThresholdWarning
from secondlevel.graph.adjacency import from_edges
from secondlevel.graph.lattice import Lattice
from secondlevel.graph.mesh import Mesh
from secondlevel.inference.tfce import Enhancement, enhance
from secondlevel.permutation.heights.scale import IdentityScale, make_scale
from secondlevel.permutation.summaries.cluster_kernels import measure_largest
from secondlevel.permutation.summaries.clusters import ClusterSummary
from secondlevel.permutation.summaries.enhancement import TFCESummary

SHAPE = (9, 10, 8)
ON_Z = IdentityScale(on_z=True)


def flood(graph, chosen):
    """The components of some elements as lists, by visiting neighbour after neighbour."""
    left, components = set(chosen), []
    while left:
        to_visit = [min(left)]
        left.remove(to_visit[0])
        component = []
        while to_visit:
            v = to_visit.pop()
            component.append(v)
            near = graph.neighbours[graph.offsets[v] : graph.offsets[v + 1]].tolist()
            found = left.intersection(near)
            left -= found
            to_visit.extend(found)
        components.append(sorted(component))
    return components


def lattice_graph(connectivity, seed=0):
    """Neighbours in a mask with holes."""
    mask = np.random.default_rng(seed).random(SHAPE) < 0.85
    return Lattice(mask, np.diag([2.0, 2, 2.5, 1])).graph(connectivity)


def mesh_graph():
    """Vertices of a torus of unequal triangles, some of them outside the mask."""
    i, j = np.indices((15, 20))
    here, right = i * 20 + j, i * 20 + (j + 1) % 20
    up, over = (i + 1) % 15 * 20 + j, (i + 1) % 15 * 20 + (j + 1) % 20
    faces = np.concatenate([np.stack([here, right, up], -1), np.stack([right, over, up], -1)])
    rng = np.random.default_rng(1)
    return Mesh(rng.normal(size=(300, 3)), faces.reshape(-1, 3), rng.random(300) < 0.9).graph()


def no_edge(n=5):
    """Elements that are all by themselves."""
    return from_edges(np.empty((0, 2), dtype=int), np.arange(1.0, n + 1), np.zeros((n, 3)))


GRAPHS = {
    "faces": lambda: lattice_graph(6),
    "edges": lambda: lattice_graph(18),
    "corners": lambda: lattice_graph(26),
    "mesh": mesh_graph,
    "no edge": lambda: no_edge(40),
}


def rough_maps(graph, n=12):
    """Maps in which some thirty elements in a hundred exceed 1, shape (n, V)."""
    return np.random.default_rng(2).normal(0, 2, size=(n, graph.n_elements))


def listed(meter, maps, sign=1):
    """The elements beyond the threshold, as the engine lists them: elements, splits, scores."""
    chosen = [np.flatnonzero(sign * values >= meter.threshold.score) for values in maps]
    splits = np.cumsum([0, *(len(part) for part in chosen)])
    scores = [sign * values[part] for values, part in zip(maps, chosen, strict=True)]
    return np.concatenate(chosen).astype(np.int32), splits, np.concatenate(scores)


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS.keys())
@pytest.mark.parametrize("mass", ["sum", "excess"])
@pytest.mark.parametrize("extent", ["elements", "size"])
@pytest.mark.parametrize("sign", [1, -1])
def test_largest_clusters_are_those_of_a_flood_fill(make, mass, extent, sign):
    """Size and mass of the largest must be those found by visiting neighbours, map by map."""
    graph = make()
    meter = ClusterSummary(z=1.0, mass=mass, extent=extent).prepare(graph, ON_Z, two_sided=False)
    maps = rough_maps(graph)
    found = meter.largest(*listed(meter, maps, sign))
    for s, values in enumerate(maps):
        components = flood(graph, np.flatnonzero(sign * values >= 1).tolist())
        sizes = [len(c) if extent == "elements" else graph.sizes[c].sum() for c in components]
        weights = sign * values - (mass == "excess")
        # Worst relative difference seen: 1e-15.
        np.testing.assert_allclose(found.sizes[s], max(sizes), rtol=1e-13)
        np.testing.assert_allclose(
            found.masses[s], max(weights[c].sum() for c in components), rtol=1e-13
        )


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS.keys())
@pytest.mark.parametrize("mass", ["sum", "excess"])
def test_observed_clusters_are_those_of_a_flood_fill(make, mass):
    """Every element must have the size and the mass of its cluster, on either side."""
    graph = make()
    meter = ClusterSummary(z=1.0, mass=mass).prepare(graph, ON_Z, two_sided=False)
    values = rough_maps(graph)[0]
    found = meter.observe(values, (1, -1))
    expected_sizes, expected_masses = np.zeros(len(values)), np.zeros(len(values))
    n_clusters = 0
    for sign in (1, -1):
        for component in flood(graph, np.flatnonzero(sign * values >= 1).tolist()):
            n_clusters += 1
            expected_sizes[component] = len(component)
            expected_masses[component] = (abs(values[component]) - (mass == "excess")).sum()
            assert (found.labels[component] == n_clusters).all()
    np.testing.assert_array_equal(found.sizes, expected_sizes)
    np.testing.assert_allclose(found.masses, expected_masses, rtol=1e-13)  # worst seen: 6e-16
    np.testing.assert_array_equal(found.labels > 0, abs(values) >= 1)


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS.keys())
def test_an_observed_map_ties_with_itself(make):
    """Measured as a shuffle or as the observed map, the largest must agree to the bit."""
    graph = make()
    for mass in ("sum", "excess"):
        summary = ClusterSummary(z=1.0, mass=mass, extent="size")
        meter = summary.prepare(graph, ON_Z, two_sided=False)
        maps = rough_maps(graph)
        for sign in (1, -1):
            largest = meter.largest(*listed(meter, maps, sign))
            observed = [meter.observe(values, (sign,)) for values in maps]
            np.testing.assert_array_equal(largest.sizes, [o.sizes.max() for o in observed])
            np.testing.assert_array_equal(largest.masses, [o.masses.max() for o in observed])


def test_a_chain_by_hand():
    """Of 2, 3 | 5 | 1.5, 1.5, 1.5 above 1.2 the pair weighs most, and the triple is largest."""
    graph = from_edges(np.array([[i, i + 1] for i in range(7)]), np.arange(8.0), np.zeros((8, 3)))
    values = np.array([2.0, 3, 0, 4.9, -3, 1.5, 1.5, 1.5])
    meter = ClusterSummary(z=1.2).prepare(graph, ON_Z, two_sided=False)
    found = meter.observe(values, (1, -1))
    assert found.labels.tolist() == [1, 1, 0, 2, 4, 3, 3, 3]
    assert found.sizes.tolist() == [2, 2, 0, 1, 1, 3, 3, 3]
    assert found.masses.tolist() == [5, 5, 0, 4.9, 3, 4.5, 4.5, 4.5]
    largest = meter.largest(*listed(meter, [values]))
    assert (largest.sizes.tolist(), largest.masses.tolist()) == ([3], [5])
    by_size = ClusterSummary(z=1.2, extent="size", mass="excess")
    found = by_size.prepare(graph, ON_Z, two_sided=False).observe(values)
    assert found.sizes.tolist() == [1, 1, 0, 3, 0, 18, 18, 18]
    np.testing.assert_allclose(found.masses[[0, 3, 5]], [2.6, 3.7, 0.9], rtol=1e-15)


def test_empty_maps_and_single_elements():
    """A map without clusters has 0; one element is a cluster of one; room is left as it was."""
    graph = no_edge(1)
    meter = ClusterSummary(z=1.0, mass="excess").prepare(graph, ON_Z, two_sided=False)
    found = meter.largest(*listed(meter, [[0.5], [3.0], [-3.0]] * np.ones(1)))
    assert found.sizes.tolist() == [0, 1, 0]
    assert found.masses.tolist() == [0, 2, 0]
    nothing = meter.largest(np.empty(0, np.int32), np.zeros(1, dtype=int), np.empty(0))
    assert len(nothing.sizes) == len(nothing.masses) == 0
    assert meter.observe(np.zeros(1)).labels.tolist() == [0]
    place = np.zeros(5, dtype=np.int32)
    graph = no_edge()
    chosen, splits = np.array([0, 3, 1], dtype=np.int32), np.array([0, 2, 3])
    measure_largest(graph.offsets, graph.neighbours, chosen, splits, np.ones(3), graph.sizes, place)
    assert not place.any()


def test_what_ties_with_the_threshold_is_beyond():
    """A height lower by rounding alone must count, in shuffles as in the observed map."""
    meter = ClusterSummary(z=3.1, mass="excess").prepare(no_edge(), ON_Z, two_sided=False)
    values = 3.1 * np.array([1, 1 - 1e-13, 1 - 5e-10, 1 - 2e-9, 1 + 1e-9])
    assert meter.observe(values).sizes.tolist() == [1, 1, 1, 0, 1]
    assert (meter.observe(values).masses >= 0).all()
    elements, _, _ = listed(meter, [values])
    assert elements.tolist() == [0, 1, 2, 4]


@pytest.mark.parametrize(("kind", "dof", "k"), [("t", 19, 1), ("F", 40, 3), ("partial_r", 8, 1)])
def test_thresholds_are_the_same_on_every_scale(kind, dof, k):
    """Elements and sizes must not depend on the scale, with a p of either meaning or with a z."""
    graph = lattice_graph(26)
    rng = np.random.default_rng(3)
    t = rng.standard_t(dof, size=graph.n_elements)
    values = t if k == 1 else t**2
    for summary in (ClusterSummary(p=0.05), ClusterSummary(z=special.ndtri(0.95))):
        sizes = []
        for name in ("stat", "z"):
            scale = make_scale(kind, dof, k, name)
            meter = summary.prepare(graph, scale, two_sided=False)
            sizes.append(meter.observe(scale.of_statistic(values)).sizes)
            scores = scale.null.score(values)
            beyond = np.flatnonzero(scores >= meter.threshold.score).astype(np.int32)
            largest = meter.largest(beyond, [0, len(beyond)], scores[beyond])
            assert largest.sizes == sizes[-1].max()
        np.testing.assert_array_equal(*sizes)
        assert 0.02 < (sizes[0] > 0).mean() < 0.2


def test_a_p_of_both_sides_is_halved():
    """With two-sided claims each side has p / 2; a z is that of each side."""
    scale = make_scale("t", 11, 1, "z")
    halved = ClusterSummary(p=0.002).threshold(scale, two_sided=True)
    np.testing.assert_allclose(halved.height, -special.ndtri(0.001), rtol=1e-15)
    whole = ClusterSummary(p=0.002).threshold(scale, two_sided=False)
    np.testing.assert_allclose(whole.height, -special.ndtri(0.002), rtol=1e-15)
    for two_sided in (True, False):
        assert ClusterSummary(z=3.1).threshold(scale, two_sided=two_sided).height == 3.1


def test_heights_of_deviates_at_each_element_have_thresholds_on_z_only():
    """A statistic with degrees of freedom of its own at each element is refused by its scale."""
    with pytest.raises(InputError, match="Use scale='z'"):
        ClusterSummary(p=0.001).prepare(no_edge(), IdentityScale(on_z=False), two_sided=True)


@pytest.mark.parametrize("p", [3.1, 1, 2.3])
def test_a_z_where_p_is_meant_is_refused(p):
    """The error must say that it is a z, and how one is passed."""
    with pytest.raises(InputError, match=f"looks like a z: pass it as z={p}"):
        ClusterSummary(p=p)


def test_bad_thresholds_are_refused():
    """Each error must say what is wanted."""
    for p in (0.0, -0.1, np.nan):
        with pytest.raises(InputError, match=r"p must be a number above 0 and below 0\.5"):
            ClusterSummary(p=p)
    with pytest.raises(InputError, match="every other element is beyond"):
        ClusterSummary(p=0.5)
    for z in (0.0, -3.1, np.inf):
        with pytest.raises(InputError, match="z must be a finite number above 0"):
            ClusterSummary(z=z)
    for given in ({}, {"p": 0.01, "z": 3.1}):
        with pytest.raises(InputError, match="one cluster-forming threshold"):
            ClusterSummary(**given)
    for given in ({"p": "0.01"}, {"z": True}):
        with pytest.raises(InputTypeError, match="must be a"):
            ClusterSummary(**given)
    with pytest.warns(ThresholdWarning, match=r"pass it as p=0.001"):
        ClusterSummary(z=0.001)
    with pytest.raises(InputError, match="mass must be 'sum'"):
        ClusterSummary(p=0.01, mass="max")
    for summary in (ClusterSummary, TFCESummary):
        given = {"p": 0.01} if summary is ClusterSummary else {}
        with pytest.raises(InputError, match="extent must be 'elements'"):
            summary(extent="mm", **given)


def test_scores_are_those_of_the_positive_side():
    """The enhanced map must be the exact integral; that of the negated map is the other side's."""
    graph = lattice_graph(6)
    values = ndimage.gaussian_filter1d(rough_maps(graph)[0], 2)
    for on_surface, E in ((False, 0.5), (True, 1.0)):
        summary = TFCESummary().resolved(on_surface=on_surface)
        assert summary.E == E
        both = enhance(graph, values, Enhancement(E, 2.0))
        up, down = summary.observe(graph, values), summary.observe(graph, -values)
        np.testing.assert_array_equal(up - down, both)
        assert summary.observe(graph, values).max() == both.max()
        assert summary.observe(graph, -values).max() == -both.min()
    assert TFCESummary(0.7).resolved(on_surface=True).E == 0.7


def test_levels_are_a_stepped_sum_up_to_the_peak_of_the_side():
    """By hand, level by level with a flood fill at each: H = 2, E = ½, 20 levels."""
    graph = lattice_graph(6)
    values = rough_maps(graph)[1]
    values[values > 0] *= 1.7  # so that the sides have steps of their own
    for side in (values, -values):
        step, expected = side.max() / 20, np.zeros(len(values))
        for level in range(1, 21):
            reached = side >= level * step * (1 - 1e-12)
            for component in flood(graph, np.flatnonzero(reached).tolist()):
                expected[component] += len(component) ** 0.5 * (level * step) ** 2 * step
        found = TFCESummary(0.5, levels=20).observe(graph, side)
        np.testing.assert_allclose(found, expected, rtol=1e-12)  # worst seen: 4e-16


def test_maps_without_a_positive_element_have_no_score():
    """Nor has an empty one; a single element has its own integral."""
    graph = no_edge(3)
    for summary in (TFCESummary(0.5), TFCESummary(0.5, levels=100), TFCESummary(0.5, dh=0.1)):
        assert summary.observe(graph, -np.ones(3)).max() == 0
        assert summary.observe(graph, np.zeros(3)).max() == 0
    assert TFCESummary(0.5).observe(graph, np.array([0.0, 3.0, -4.0])).max() == 9.0
    assert TFCESummary(0.5, levels=1).observe(no_edge(1), np.array([3.0])).max() == 27.0
    tiny = TFCESummary(0.5, levels=100).observe(no_edge(1), np.array([1e-320])).max()
    assert tiny == 0


def test_bad_weights_and_steps_are_refused():
    """Each error must name the parameter; E is chosen before a map is enhanced."""
    with pytest.raises(InputError, match=r"dh=0\.1 is one step for all maps"):
        TFCESummary(dh=0.1, levels=100)
    for levels in (0, 2.5, np.inf):
        with pytest.raises(InputError, match="levels must be a whole number"):
            TFCESummary(levels=levels)
    with pytest.raises(InputError, match="E must be"):
        TFCESummary(-1)
    with pytest.raises(InputTypeError, match="H must be"):
        TFCESummary(H="2")
    with pytest.raises(InputError, match=r"0\.5 is usual in volumes, 1 on surfaces"):
        TFCESummary().observe(no_edge(), np.ones(5))


PALM = {
    "p01_one12_ext_tfce": 3.1,
    "p04_two55_t": 2.3,
    "p06_paired12_within": 3.1,
    "p10_corr7_FL": 2.3,
}


@pytest.mark.parametrize("run", PALM)
def test_observed_maps_are_those_of_palm(reference_numbers, run):
    """From its t, clusters of z (26 neighbours), and TFCE of z (6, 100 levels), must be PALM's."""
    mask = np.load(reference_numbers / "mask.npz")
    lattice = Lattice(mask["mask"] > 0, mask["affine"])
    numbers = np.load(reference_numbers / "palm" / f"palm_{run}.npz")
    scale = make_scale("t", float(numbers["vox_tstat_dof"].max()), 1, "z")
    z = scale.of_statistic(numbers["vox_tstat"])
    meter = ClusterSummary(z=PALM[run]).prepare(lattice.graph(26), scale, two_sided=False)
    clusters = meter.observe(z)
    np.testing.assert_array_equal(clusters.sizes, numbers["clustere_tstat"])
    assert clusters.sizes.max() == numbers["clustere_tstat_max"][0] > 1
    if "clusterm_tstat" in numbers:
        np.testing.assert_allclose(clusters.masses, numbers["clusterm_tstat"], rtol=1e-5)
    if "tfce_tstat" in numbers:
        summary = TFCESummary(levels=100).resolved(on_surface=False)
        # Worst relative difference seen: 9.5e-8, the last digit of single precision.
        found, expected = summary.observe(lattice.graph(6), z), numbers["tfce_tstat"]
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        np.testing.assert_allclose(found.max(), numbers["tfce_tstat_max"][0], rtol=1e-6)
