"""Laws of cluster tables: renumbering, other clusters, scaling, mirrors, on voxels and vertices."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.spatial import ConvexHull

from secondlevel.claims.clusters import get_clusters_table
from secondlevel.graph.adjacency import from_edges
from secondlevel.graph.lattice import Lattice
from secondlevel.inference.clusters import find_clusters
from secondlevel.inference.peaks import find_peaks

few = settings(derandomize=True, deadline=None, max_examples=20)
seeds = st.integers(0, 10_000)
AFFINE = np.array([[-2.0, 0, 0, 30], [0, 2, 0, -40], [0, 0, 2.5, 3], [0, 0, 0, 1]])
PLACES = ["X", "Y", "Z"]
SETTINGS = {"two_sided": True, "min_distance": 5.0, "centre_of_mass": True, "sub_peaks": 3}


def smooth(seed, shape=(11, 12, 10), width=1.0):
    """A smooth map of unit variance."""
    data = gaussian_filter(np.random.default_rng(seed).normal(size=shape), width)
    return data / data.std()


def volume(data):
    """An image."""
    return nib.Nifti1Image(data, AFFINE)


def sphere(n_vertices=400):
    """Points all around a ball of 60 mm, and the triangles between them."""
    i = np.arange(n_vertices)
    z = 1 - (2 * i + 1) / n_vertices
    angle = i * np.pi * (3 - np.sqrt(5))
    radius = np.sqrt(1 - z**2)
    points = 60 * np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)
    return points, ConvexHull(points).simplices


POINTS, FACES = sphere()
ASIDE = np.array([70.0, 0, 0])


def surface(seed, order=None, factor=1.0):
    """A smooth map on two balls; the vertices of the left one in another order."""
    from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage

    rng = np.random.default_rng(seed)
    waves = rng.normal(0, 0.12, (2, 3, 25))
    phases = rng.uniform(0, 2 * np.pi, (2, 25))
    values = [np.cos(POINTS @ waves[i] + phases[i]).sum(axis=1) / np.sqrt(12.5) for i in (0, 1)]
    order = np.arange(len(POINTS)) if order is None else order
    left = InMemoryMesh(POINTS[order] - ASIDE, np.argsort(order)[FACES])
    right = InMemoryMesh(POINTS + ASIDE, FACES)
    data = {"left": factor * values[0][order], "right": factor * values[1]}
    return SurfaceImage(PolyMesh(left, right), data)


def numbers(table, columns):
    """Columns of a table as floats; NaN where they are blank."""
    return table[columns].replace("", np.nan).astype(float).to_numpy()


@few
@given(seeds, st.sampled_from([6, 18, 26]))
def test_relabelling_elements_permutes_clusters_and_peaks(seed, connectivity):
    """Elements in any other order have the same clusters and peaks, under their new numbers."""
    data = smooth(seed)
    lattice = Lattice(np.abs(data) > 1, AFFINE)
    graph, values = lattice.graph(connectivity), data[lattice.mask]
    order = np.random.default_rng(seed).permutation(len(values))
    new = np.argsort(order)  # the new number of every element
    source = np.repeat(np.arange(len(values)), np.diff(graph.offsets))
    edges = np.stack([new[source], new[graph.neighbours]], axis=1)
    shuffled = from_edges(edges, graph.sizes[order], graph.coordinates[order])
    everything = np.ones(len(values), dtype=bool)
    before = find_clusters(graph, values, everything)
    after = find_clusters(shuffled, values[order], everything)
    # Pairs of old and new numbers are one to one, and lead from each record to its like.
    pairs = np.unique(np.stack([before.labels[order], after.labels], axis=1), axis=0)
    assert len(pairs) == before.n_clusters == after.n_clusters
    old, fresh = pairs.T - 1
    np.testing.assert_array_equal(before.counts[old], after.counts[fresh])
    np.testing.assert_array_equal(before.signs[old], after.signs[fresh])
    # Worst relative differences seen: 6e-16 and 2e-15.
    np.testing.assert_allclose(before.masses[old], after.masses[fresh], rtol=1e-13)
    np.testing.assert_allclose(before.centres[old], after.centres[fresh], rtol=1e-12)
    found = find_peaks(graph, values, before.labels, graph.coordinates)
    again = find_peaks(shuffled, values[order], after.labels, shuffled.coordinates)
    np.testing.assert_array_equal(np.sort(found.elements), np.sort(order[again.elements]))


@few
@given(seeds)
def test_renumbering_the_vertices_of_a_mesh_changes_no_number(seed):
    """A table of the same surface has the same rows, whatever its vertices are called."""
    order = np.random.default_rng(seed).permutation(len(POINTS))
    tables = [
        get_clusters_table(image, 1.0, **SETTINGS)
        for image in (surface(seed), surface(seed, order))
    ]
    columns = ["Peak Stat", "Cluster Size (vertices)", "Cluster Size (mm2)", *PLACES]
    before, after = (numbers(table, columns) for table in tables)
    assert len(before) == len(after)
    # Worst relative difference seen: 6e-16 (of mm², by the order of summing).
    for rows in (before, after):
        rows[:] = rows[np.lexsort(rows[:, [0, 3, 4]].T)]
    np.testing.assert_allclose(before, after, rtol=1e-12)


@few
@given(seeds)
def test_a_further_cluster_changes_no_other_row(seed):
    """Values put in beyond reach of the others add rows, and leave the others as they were."""
    data = np.zeros((24, 12, 10))
    data[:11] = smooth(seed)
    more = data.copy()
    more[13:] = smooth(seed + 1)
    columns = ["Peak Stat", "Cluster Size (mm3)", *PLACES, "Centre X", "Centre Y", "Centre Z"]
    fewer, all_rows = (
        get_clusters_table(volume(values), 1.2, **SETTINGS) for values in (data, more)
    )
    edge = volume(data).affine[0] @ [12, 0, 0, 1]
    kept = all_rows[all_rows["X"] > edge]
    assert 0 < len(fewer) == len(kept) < len(all_rows)
    pd.testing.assert_frame_equal(
        fewer[columns].reset_index(drop=True),
        kept[columns].reset_index(drop=True),
        check_exact=True,
        check_dtype=False,
    )
    # Names of sub-peaks count within the cluster, so they too stay.
    letters = [table["Cluster ID"].astype(str).str.strip("0123456789") for table in (fewer, kept)]
    assert letters[0].tolist() == letters[1].tolist()


@few
@given(seeds, st.sampled_from([2.0**-30, 0.25, 4.0, 2.0**40]))
@pytest.mark.parametrize("kind", ["volume", "surface"])
def test_scaling_map_and_threshold_scales_the_peaks_alone(kind, seed, factor):
    """A map in another unit has the same clusters; a power of two changes no digit."""
    if kind == "volume":
        images = [volume(smooth(seed)), volume(factor * smooth(seed))]
    else:
        images = [surface(seed), surface(seed, factor=factor)]
    plain = get_clusters_table(images[0], 1.0, **SETTINGS)
    scaled = get_clusters_table(images[1], factor, **SETTINGS)
    plain["Peak Stat"] *= factor
    pd.testing.assert_frame_equal(plain, scaled, check_exact=True)


@few
@given(seeds, st.floats(0.01, 100))
def test_scaling_by_any_factor_keeps_the_clusters(seed, factor):
    """Places and sizes stay whatever the unit; a threshold between values is not rounded across."""
    data = smooth(seed)
    plain, scaled = (
        get_clusters_table(volume(a * data), 1.1 * a, **SETTINGS) for a in (1.0, factor)
    )
    columns = ["Cluster Size (mm3)", *PLACES]
    np.testing.assert_array_equal(numbers(plain, columns), numbers(scaled, columns))
    # No difference seen.
    np.testing.assert_allclose(factor * plain["Peak Stat"], scaled["Peak Stat"], rtol=1e-14)


@few
@given(seeds)
def test_a_map_with_its_sign_changed_has_its_sides_exchanged(seed):
    """The positive rows of one are the negative rows of the other."""
    data = smooth(seed)
    plain, flipped = (get_clusters_table(volume(s * data), 1.1, **SETTINGS) for s in (1, -1))
    columns = ["Peak Stat", "Cluster Size (mm3)", *PLACES]
    for sign in (1, -1):
        here, there = plain[sign * plain["Peak Stat"] > 0], flipped[sign * flipped["Peak Stat"] < 0]
        np.testing.assert_array_equal(
            numbers(here, columns) * [1, 1, 1, 1, 1], numbers(there, columns) * [-1, 1, 1, 1, 1]
        )


@few
@given(seeds)
def test_each_side_alone_has_the_rows_of_both(seed):
    """Two sides are the table of the positive one, then that of the negative one."""
    image = volume(smooth(seed))
    both = get_clusters_table(image, 1.1, **SETTINGS)
    one_sided = SETTINGS | {"two_sided": False}
    up, down = (get_clusters_table(image, threshold, **one_sided) for threshold in (1.1, -1.1))
    columns = [column for column in both.columns if column != "Cluster ID"]
    pd.testing.assert_frame_equal(
        both[columns], pd.concat([up, down], ignore_index=True)[columns], check_exact=True
    )


@few
@given(seeds, st.lists(st.integers(-500, 500), min_size=3, max_size=3))
def test_moving_the_grid_moves_the_peaks(seed, shift):
    """Coordinates follow the affine, and nothing else does."""
    data = smooth(seed)
    moved = AFFINE.copy()
    moved[:3, 3] += shift
    here = get_clusters_table(volume(data), 1.1, two_sided=True)
    there = get_clusters_table(nib.Nifti1Image(data, moved), 1.1, two_sided=True)
    here[PLACES] += np.array(shift, dtype=float)
    pd.testing.assert_frame_equal(here, there, check_exact=True)
