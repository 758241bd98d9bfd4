"""Laws that true discoveries keep for any map, any regions, any graph."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from secondlevel.graph.adjacency import from_edges
from secondlevel.graph.components import find_components
from secondlevel.inference.hommel import closed_testing, hommel_value
from secondlevel.inference.normal import upper_p
from secondlevel.inference.region_bound import in_regions
from secondlevel.inference.true_discovery import at_all_resolutions

law = settings(derandomize=True, deadline=None, max_examples=60)

# Coarse heights make ties; the fine ones have none.
heights = st.one_of(st.integers(-4, 12).map(lambda n: n / 2), st.floats(-5, 45))
maps = st.lists(heights, min_size=1, max_size=40).map(np.array)
alphas = st.one_of(st.sampled_from([0.01, 0.05, 0.2, 0.5]), st.floats(1e-6, 0.999))
seeds = st.integers(0, 2**32 - 1)


def bound(steps, region):
    """Fewest true discoveries in one region, given by flags."""
    return int(in_regions(steps, region.astype(int), 1)[0])


def random_graph(n, rng):
    """As many edges as elements, up to twice as many."""
    edges = rng.integers(0, n, (rng.integers(0, 2 * n + 1), 2))
    return from_edges(edges, np.ones(n), np.zeros((n, 3)))


@law
@given(maps, alphas, seeds)
def test_a_larger_region_has_no_fewer_discoveries(z, alpha, seed):
    """d(S) must lie between 0 and |S|, and grow with S by no more than S grows."""
    rng = np.random.default_rng(seed)
    steps = closed_testing(upper_p(z), alpha).steps
    small = rng.random(len(z)) < 0.5
    large = small | (rng.random(len(z)) < 0.5)
    assert 0 <= bound(steps, small) <= small.sum()
    gained = bound(steps, large) - bound(steps, small)
    assert 0 <= gained <= large.sum() - small.sum()


@law
@given(maps, alphas, seeds)
def test_regions_together_have_no_fewer_discoveries_than_one_by_one(z, alpha, seed):
    """d(S or T) >= d(S) + d(T) for regions without common elements, and V - h for all together."""
    labels = np.random.default_rng(seed).integers(0, 4, len(z))
    closed = closed_testing(upper_p(z), alpha)
    one_by_one = in_regions(closed.steps, labels, 3)
    assert bound(closed.steps, labels > 0) >= one_by_one.sum()
    assert bound(closed.steps, labels >= 0) == closed.n_discoveries
    assert one_by_one.tolist() == [bound(closed.steps, labels == label) for label in (1, 2, 3)]


@law
@given(maps, alphas, alphas, seeds)
def test_more_may_be_claimed_at_a_larger_alpha(z, first, second, seed):
    """As alpha grows, h must not grow, and no bound shrink."""
    region = np.random.default_rng(seed).random(len(z)) < 0.6
    strict, lax = (closed_testing(upper_p(z), alpha) for alpha in sorted([first, second]))
    assert strict.h >= lax.h
    assert bound(strict.steps, region) <= bound(lax.steps, region)


@law
@given(maps, alphas, seeds)
def test_a_higher_z_takes_no_claim_away(z, alpha, seed):
    """When any z grows, no bound must shrink."""
    rng = np.random.default_rng(seed)
    region = rng.random(len(z)) < 0.6
    raised = z + rng.exponential(1, len(z)) * (rng.random(len(z)) < 0.4)
    before, after = (closed_testing(upper_p(values), alpha).steps for values in (z, raised))
    assert bound(before, region) <= bound(after, region)


@law
@given(maps, alphas, seeds)
def test_the_order_of_elements_does_not_matter(z, alpha, seed):
    """Relabelling the elements must permute every answer."""
    rng = np.random.default_rng(seed)
    graph = random_graph(len(z), rng)
    new = rng.permutation(len(z))  # element v is called new[v]
    source = np.repeat(np.arange(len(z)), np.diff(graph.offsets))
    moved = from_edges(
        np.column_stack([new[source], new[graph.neighbours]]), graph.sizes, graph.coordinates
    )
    z_moved = np.empty_like(z)
    z_moved[new] = z
    here, there = closed_testing(upper_p(z), alpha), closed_testing(upper_p(z_moved), alpha)
    assert here.h == there.h
    np.testing.assert_array_equal(here.steps, there.steps[new])
    np.testing.assert_array_equal(
        at_all_resolutions(here.steps, graph, z).largest_proportion(),
        at_all_resolutions(there.steps, moved, z_moved).largest_proportion()[new],
    )


@law
@given(maps, alphas, st.integers(1, 30), seeds)
def test_hopeless_elements_elsewhere_matter_through_their_number_alone(z, alpha, n_more, seed):
    """Elements with p = 1 that are joined to nothing raise h by their number at least.

    So no bound grows. The components of the rest stay what they are; only their bounds may shrink.
    """
    rng = np.random.default_rng(seed)
    n = len(z)
    graph = random_graph(n, rng)
    source = np.repeat(np.arange(n), np.diff(graph.offsets))
    n_all = n + n_more
    larger = from_edges(
        np.column_stack([source, graph.neighbours]), np.ones(n_all), np.zeros((n_all, 3))
    )
    z_more = np.concatenate([z, np.full(n_more, -50.0)])
    few, many = closed_testing(upper_p(z), alpha), closed_testing(upper_p(z_more), alpha)
    assert many.h >= few.h + n_more
    assert (many.steps[:n] >= np.minimum(few.steps, n)).all()
    before = at_all_resolutions(few.steps, graph, z)
    after = at_all_resolutions(many.steps, larger, z_more)
    np.testing.assert_array_equal(after.tree.order[:n], before.tree.order)
    np.testing.assert_array_equal(after.tree.parent[:n], before.tree.parent)
    assert (after.discoveries[:n] <= before.discoveries).all()
    assert (after.discoveries[n:] == 0).all()


@law
@given(maps, alphas, seeds)
def test_the_tree_counts_every_component_right(z, alpha, seed):
    """A component's number from the tree must be that of its elements counted by themselves."""
    graph = random_graph(len(z), np.random.default_rng(seed))
    steps = closed_testing(upper_p(z), alpha).steps
    found = at_all_resolutions(steps, graph, z)
    for node in np.flatnonzero(found.whole):
        labels = find_components(graph, z >= found.heights[node]).labels
        component = labels == labels[found.tree.order[node]]
        assert found.tree.counts[node] == component.sum()
        assert found.discoveries[node] == bound(steps, component)


@law
@given(maps, alphas, st.floats(0.01, 1.0), seeds)
def test_the_map_cut_at_a_share_is_the_union_of_the_regions(z, alpha, share, seed):
    """Where the map reaches γ there must be a region with γ, which has γ of its elements active."""
    graph = random_graph(len(z), np.random.default_rng(seed))
    steps = closed_testing(upper_p(z), alpha).steps
    found = at_all_resolutions(steps, graph, z)
    regions = found.regions(share)
    np.testing.assert_array_equal(regions.labels > 0, found.largest_proportion() >= share)
    counted = in_regions(steps, regions.labels, len(regions.peaks))
    np.testing.assert_array_equal(counted, regions.discoveries)
    assert (counted >= share * regions.counts * (1 - 1e-15)).all()


@law
@given(maps, alphas, st.floats(0.01, 1.0), st.floats(0.01, 1.0), seeds)
def test_a_smaller_share_has_larger_regions(z, alpha, first, second, seed):
    """Every region must lie within one of any smaller share."""
    assume(first != second)
    graph = random_graph(len(z), np.random.default_rng(seed))
    found = at_all_resolutions(closed_testing(upper_p(z), alpha).steps, graph, z)
    lax, strict = (found.regions(share).labels for share in sorted([first, second]))
    for region in range(1, strict.max() + 1):
        around = np.unique(lax[strict == region])
        assert len(around) == 1
        assert around[0] > 0


@law
@given(maps, alphas)
def test_h_is_all_or_less_and_nothing_without_large_p(z, alpha):
    """Where no p reaches α, h must be V, where all do 0, and in between otherwise."""
    p = upper_p(z)
    h = hommel_value(p, alpha)
    if (p <= alpha).all():
        assert h == 0
    elif (p > alpha).all():
        assert h == len(p)
    else:
        assert np.count_nonzero(p > alpha) <= h <= len(p)
