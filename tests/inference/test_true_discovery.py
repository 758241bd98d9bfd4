"""True discoveries of regions and of components at all thresholds, against plain closed testing."""

import numpy as np
import pytest

from secondlevel.graph.adjacency import from_edges
from secondlevel.graph.components import find_components
from secondlevel.inference.hommel import closed_testing
from secondlevel.inference.normal import upper_p
from secondlevel.inference.region_bound import in_regions
from secondlevel.inference.true_discovery import (
    at_all_resolutions,
    proportions_of_clusters,
)

WHOLE = 27720 * 20
"""p and α are multiples of 1 / WHOLE: i p against j α is exact in whole numbers for i, j <= 12."""


def by_all_intersections(parts, alpha_parts):
    """Fewest true discoveries in every one of all 2^V sets, by testing all intersections.

    Whole numbers of 1 / WHOLE. Set number s has the elements whose bits are set in s.
    """
    n = len(parts)
    order = np.argsort(parts, kind="stable")
    sets = np.arange(2**n)
    member = (sets[:, None] >> np.arange(n)) & 1 == 1
    size = member.sum(axis=1)
    among = member[:, order]
    rank = np.cumsum(among, axis=1)
    # Simes: of k elements, j have p <= j α / k.
    simes = (among & (size[:, None] * parts[order] <= rank * alpha_parts)).any(axis=1)
    # Closed testing rejects a set when Simes rejects it and all that contain it.
    rejected = simes.copy()
    for bit in range(n):
        halves = rejected.reshape(-1, 2, 2**bit)
        halves[:, 0] &= halves[:, 1]
    # As many elements may be inactive as the largest set within it has that is not rejected.
    inactive = np.where(rejected, 0, size)
    for bit in range(n):
        halves = inactive.reshape(-1, 2, 2**bit)
        halves[:, 1] = np.maximum(halves[:, 0], halves[:, 1])
    return size - inactive, member


def draw(rng, kind):
    """A random vector with ties or with values at, just below and just above bounds; and its α."""
    n = rng.integers(1, 13)
    alpha = int(rng.choice([27720, 55440, 27720 * 4, 27720 * 10]))
    at_bounds = np.array([alpha * j // i for j, i in rng.integers(1, n + 1, (n, 2))])
    parts = {
        "random": WHOLE * rng.random(n) ** 4,
        "at bounds": at_bounds,
        "near bounds": at_bounds + rng.integers(-1, 2, n),
        "ties": rng.choice(rng.integers(0, 2 * alpha, 3), n),
    }[kind]
    return np.clip(parts, 0, WHOLE).astype(np.int64), alpha


@pytest.mark.parametrize("kind", ["random", "at bounds", "near bounds", "ties"])
def test_bounds_are_those_of_closed_testing(kind):
    """On 150 vectors of up to 12 elements h and d must be exactly those of closed testing."""
    rng = np.random.default_rng(4)
    seen = set()
    for _ in range(150):
        parts, alpha = draw(rng, kind)
        expected, member = by_all_intersections(parts, alpha)
        closed = closed_testing(parts / WHOLE, alpha / WHOLE)
        assert closed.n_discoveries == expected[-1]
        for number in rng.choice(len(member), min(len(member), 40), replace=False):
            region = member[number]
            found = in_regions(closed.steps, region.astype(int), 1)
            assert found == expected[number], (parts, alpha, region)
            seen.add((region.sum(), found[0]))
    assert len(seen) > 40  # of sets of each size, from none of it to all of it


def formula(p, h, alpha):
    """d(S) as the paper has it: the maximum over u = 1 … |S|."""
    return max(1 - u + np.count_nonzero(h * p <= u * alpha) for u in range(1, len(p) + 1))


def test_all_regions_at_once_are_each_by_itself():
    """Regions of all sizes, one of them empty, must have the bound that the formula gives each."""
    rng = np.random.default_rng(5)
    z = rng.normal(size=3000) + 3 * (rng.random(3000) < 0.3)
    p = upper_p(z)
    closed = closed_testing(p, 0.05)
    labels = np.minimum(rng.geometric(0.1, 3000), 40)
    labels[labels == 7] = 0
    found = in_regions(closed.steps, labels, 41)
    expected = [
        formula(p[labels == label], closed.h, 0.05) if (labels == label).any() else 0
        for label in range(1, 42)
    ]
    assert found.tolist() == expected
    assert found[6] == found[40] == 0
    assert (found > 0).sum() > 20


def test_no_region_and_no_element():
    """Without regions there are no bounds, and an empty region has none of its elements active."""
    steps = closed_testing(np.array([0.001, 0.9]), 0.05).steps
    assert in_regions(steps, np.array([0, 0]), 0).tolist() == []
    assert in_regions(steps, np.array([0, 0]), 2).tolist() == [0, 0]


def chain(n):
    """Elements in a row."""
    i = np.arange(n - 1)
    return from_edges(np.column_stack([i, i + 1]), np.ones(n), np.zeros((n, 3)))


def scattered(n, n_edges, rng):
    """Elements joined at random."""
    return from_edges(rng.integers(0, n, (n_edges, 2)), np.ones(n), np.zeros((n, 3)))


def halving(n):
    """Heights for which components of equal size merge, again and again."""
    i = np.arange(1, n + 1)
    return 5.0 - np.log2(i & -i)


def cases():
    """Graphs and maps: one large component, many small ones, equal ones that merge, ties."""
    rng = np.random.default_rng(6)
    yield "chain", chain(100), rng.normal(1, 1.5, 100)
    yield "chain with ties", chain(100), np.round(rng.normal(1, 1.5, 100))
    yield "halves", chain(127), halving(127)
    yield "halves, no ties", chain(127), halving(127) + rng.uniform(0, 0.5, 127)
    yield "sparse", scattered(100, 80, rng), rng.normal(1.5, 1.5, 100)
    yield "dense", scattered(100, 300, rng), rng.normal(0.5, 2, 100)
    yield "dense with ties", scattered(100, 300, rng), np.round(rng.normal(0.5, 2, 100))
    yield "constant", scattered(60, 90, rng), np.full(60, 2.5)
    yield "no edges", scattered(30, 0, rng), rng.normal(2, 1, 30)
    yield "one element", scattered(1, 0, rng), np.array([4.0])


CASES = {name: (graph, z) for name, graph, z in cases()}


def components(graph, z):
    """All components at all thresholds, each once: the threshold, flags."""
    for height in np.unique(z):
        found = find_components(graph, z >= height)
        # A component without an element of this height was there at the next one already.
        for label in np.unique(found.labels[z == height]):
            yield height, found.labels == label


@pytest.mark.parametrize("alpha", [0.01, 0.3])
@pytest.mark.parametrize("name", CASES)
def test_one_pass_over_the_tree_gives_every_component_its_bound(name, alpha):
    """Each component, formed and counted by itself, must have the number of its node."""
    graph, z = CASES[name]
    steps = closed_testing(upper_p(z), alpha).steps
    found = at_all_resolutions(steps, graph, z)
    node_of = {found.tree.order[node]: node for node in np.flatnonzero(found.whole)}
    n_components = 0
    for height, component in components(graph, z):
        (node,) = [node_of[v] for v in np.flatnonzero(component & (z == height)) if v in node_of]
        assert found.heights[node] == height
        assert found.tree.counts[node] == component.sum()
        assert found.discoveries[node] == in_regions(steps, component.astype(int), 1)[0]
        n_components += 1
    assert n_components == found.whole.sum()


@pytest.mark.parametrize("name", CASES)
def test_nodes_on_the_way_have_the_bound_of_their_elements(name):
    """A node that lacks elements of equal value must have the bound of those it has."""
    graph, z = CASES[name]
    steps = closed_testing(upper_p(z), 0.1).steps
    found = at_all_resolutions(steps, graph, z)
    parent, order = found.tree.parent, found.tree.order
    for node in range(len(order)):
        below = np.zeros(len(order), dtype=bool)
        below[node] = True
        for other in range(node - 1, -1, -1):
            below[other] = parent[other] >= 0 and below[parent[other]]
        region = np.zeros(len(order), dtype=int)
        region[order[below]] = 1
        assert found.discoveries[node] == in_regions(steps, region, 1)[0]


@pytest.mark.parametrize("name", CASES)
def test_the_map_has_the_best_component_around_every_element(name):
    """Its value must be the largest proportion of all components that an element belongs to."""
    graph, z = CASES[name]
    steps = closed_testing(upper_p(z), 0.1).steps
    best = np.zeros(len(z))
    for _, component in components(graph, z):
        share = in_regions(steps, component.astype(int), 1)[0] / component.sum()
        best[component] = np.maximum(best[component], share)
    found = at_all_resolutions(steps, graph, z)
    np.testing.assert_array_equal(found.largest_proportion(), best)
    assert best.max() > 0.5


@pytest.mark.parametrize("proportion", [0.2, 0.7, 1.0])
@pytest.mark.parametrize("name", CASES)
def test_regions_are_the_largest_components_with_the_proportion(name, proportion):
    """They must be the components with it that are part of no other one with it, largest first."""
    graph, z = CASES[name]
    steps = closed_testing(upper_p(z), 0.1).steps
    enough = []
    for height, component in components(graph, z):
        discoveries = in_regions(steps, component.astype(int), 1)[0]
        if discoveries / component.sum() >= proportion:
            enough.append((height, component, discoveries))
    largest = {
        (component.tobytes(), height, discoveries)
        for height, component, discoveries in enough
        if not any(
            (component <= other).all() and component.sum() < other.sum() for _, other, _ in enough
        )
    }
    found = at_all_resolutions(steps, graph, z).regions(proportion)
    members = [found.labels == label for label in range(1, len(found.peaks) + 1)]
    assert largest == {
        (member.tobytes(), height, discoveries)
        for member, height, discoveries in zip(
            members, found.heights, found.discoveries, strict=True
        )
    }
    assert found.counts.tolist() == [member.sum() for member in members]
    assert (np.diff(found.counts) <= 0).all()
    for member, peak in zip(members, found.peaks, strict=True):
        assert member[peak]
        assert z[peak] == z[member].max()


def test_the_region_around_an_element_is_the_one_it_belongs_to():
    """Of all regions only that of the element must be left, and none where it has none."""
    z = np.array([4.5, 4.0, 0.3, -0.8, 1.2, 3.6])
    found = at_all_resolutions(closed_testing(upper_p(z), 0.05).steps, chain(6), z)
    assert found.regions(0.6).labels.tolist() == [1, 1, 1, 0, 0, 2]
    around = found.regions(0.6, 5)
    assert around.labels.tolist() == [0, 0, 0, 0, 0, 1]
    assert (around.peaks.tolist(), around.heights.tolist()) == ([5], [3.6])
    assert around.proportions.tolist() == [1.0]
    assert found.regions(0.6, 1).labels.tolist() == [1, 1, 1, 0, 0, 0]
    nothing = found.regions(0.6, 4)
    assert nothing.labels.tolist() == [0] * 6
    assert len(nothing.peaks) == 0


def test_peaks_are_local_maxima_from_the_highest_down():
    """Every element higher than its neighbours must be a peak, and no other."""
    z = np.array([1.0, 3.0, 2.0, 2.5, 5.0, 4.0, 4.5])
    found = at_all_resolutions(closed_testing(upper_p(z), 0.05).steps, chain(7), z)
    assert found.tree.order[found.maxima].tolist() == [4, 6, 1]


def test_the_nearest_peak_is_one_above_0_where_there_is_one():
    """A nearer maximum below 0 must not count, unless all are; of two as near the higher one."""
    line = np.column_stack([np.arange(7.0), np.zeros(7), np.zeros(7)])
    z = np.array([-0.5, -1.0, 2.0, 1.0, 3.0, -2.0, -1.5])
    found = at_all_resolutions(closed_testing(upper_p(z), 0.05).steps, chain(7), z)
    assert found.tree.order[found.maxima].tolist() == [4, 2, 0, 6]
    assert [found.nearest_peak(line[v], line) for v in range(7)] == [2, 2, 2, 4, 4, 4, 4]
    lowered = at_all_resolutions(closed_testing(upper_p(z - 4), 0.05).steps, chain(7), z - 4)
    assert [lowered.nearest_peak(line[v], line) for v in range(7)] == [0, 2, 2, 4, 4, 4, 6]


@pytest.mark.parametrize("name", CASES)
def test_of_several_thresholds_the_highest_that_is_exceeded_counts(name):
    """Every element must have the proportion of its component, formed and counted by itself."""
    graph, z = CASES[name]
    steps = closed_testing(upper_p(z), 0.2).steps
    thresholds = np.quantile(z, [0.3, 0.6, 0.9])
    expected = np.zeros(len(z))
    for threshold in thresholds:
        labels = find_components(graph, z > threshold).labels
        for label in range(1, labels.max() + 1):
            region = (labels == label).astype(int)
            expected[labels == label] = in_regions(steps, region, 1)[0] / region.sum()
    found = proportions_of_clusters(steps, graph, z, thresholds)
    np.testing.assert_array_equal(found, expected)
    assert found[z <= thresholds[0]].tolist() == [0.0] * np.count_nonzero(z <= thresholds[0])


def test_order_is_kept_where_p_underflows():
    """At z of 40 and more p is 0, but components must still be those of z."""
    z = np.array([41.0, 39.5, 42.0, 40.0, 0.0])
    found = at_all_resolutions(closed_testing(upper_p(z), 0.05).steps, chain(5), z)
    assert found.heights.tolist() == [42.0, 41.0, 40.0, 39.5, 0.0]
    assert found.discoveries.tolist() == [1, 1, 2, 4, 4]
