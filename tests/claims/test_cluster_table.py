"""Rows and columns of cluster tables, on a volume and on a surface, and label maps."""

import nibabel as nib
import numpy as np
import pytest
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage

from secondlevel.claims.clusters import get_clusters_table
from secondlevel.errors import EmptyResultWarning, IgnoredParameterWarning

ON_VOLUMES = ["Cluster ID", "X", "Y", "Z", "Peak Stat", "Cluster Size (mm3)"]
ON_SURFACES = [
    "Cluster ID",
    "Hemisphere",
    "Peak Stat",
    "Cluster Size (vertices)",
    "Cluster Size (mm2)",
    "X",
    "Y",
    "Z",
]
KINDS = ["volume", "surface"]


def test_a_table_of_a_volume_by_hand(line):
    """Peaks in mm, sizes in mm³, sub-peaks beyond 8 mm, the highest cluster first."""
    affine = np.array([[-3.0, 0, 0, 90], [0, 3, 0, -60], [0, 0, 3.5, 7], [0, 0, 0, 1]])
    image = line(2.5, 3, 0, 4, 3, 6, 3.1, 3.2, 5, 0, 0, -7, -8, affine=affine)
    table = get_clusters_table(image, 2, two_sided=True)
    assert list(table.columns) == ON_VOLUMES
    assert table["Cluster ID"].tolist() == [1, "1a", 2, 3]
    assert table["X"].tolist() == [90 - 3 * 6, 90 - 3 * 9, 90 - 3 * 2, 90 - 3 * 13]
    assert table["Y"].tolist() == [-57] * 4
    assert table["Z"].tolist() == [10.5] * 4
    assert table["Peak Stat"].tolist() == [6, 5, 3, -8]
    sizes = table["Cluster Size (mm3)"].tolist()
    assert sizes[1] == ""
    assert [sizes[0], *sizes[2:]] == pytest.approx([6 * 31.5, 2 * 31.5, 2 * 31.5], rel=1e-14)


def test_a_table_of_a_surface_by_hand(surface):
    """Clusters of each part in the order of vertices, with their area and the peak's place."""
    table = get_clusters_table(surface, 3.9, cluster_threshold=6, two_sided=True)
    assert list(table.columns) == ON_SURFACES
    assert table["Cluster ID"].tolist() == ["1", "2", "3"]
    assert table["Hemisphere"].tolist() == ["left", "right", "left"]
    assert table["Cluster Size (vertices)"].tolist() == [16, 6, 8]
    # Every inner vertex of the sheet has 1 mm²; three of the right cluster lie on its border.
    areas = table["Cluster Size (mm2)"].tolist()
    assert areas[0] == pytest.approx(16, rel=1e-14)
    assert areas[2] == pytest.approx(8, rel=1e-14)
    left = surface.data.parts["left"].reshape(20, 20)[:10]  # beyond lies a cluster of one
    for row, sign in ((0, 1), (2, -1)):
        i, j = np.unravel_index(np.argmax(sign * left), left.shape)
        assert table["Peak Stat"][row] == left[i, j]
        assert table[["X", "Y", "Z"]].iloc[row].tolist() == [i, j, 0]
    assert table[["X", "Y", "Z"]].iloc[1].tolist() == [30 + 0, 1, 0]  # the middle of a flat one


def test_area_of_a_surface_cluster_is_a_third_of_the_triangles_around_its_vertices(surface):
    """Summed by hand over the triangles of the right part."""
    mesh = surface.mesh.parts["right"]
    inside = surface.data.parts["right"] > 3.9
    expected = 0.0
    for face in mesh.faces:
        a, b, c = mesh.coordinates[face]
        expected += np.linalg.norm(np.cross(b - a, c - a)) / 2 * inside[face].sum() / 3
    table = get_clusters_table(surface, 3.9, cluster_threshold=6)
    found = table["Cluster Size (mm2)"][table["Hemisphere"] == "right"].tolist()
    assert found == pytest.approx([expected], rel=1e-13)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("threshold", [2.5, 3.5, -2.5])
def test_every_element_beyond_the_threshold_is_in_a_cluster(
    map_of, kind, threshold, values_of, mains
):
    """Label maps cover them all, and each number stands for as many elements as the table says."""
    image = map_of(kind)
    table, maps = get_clusters_table(image, threshold, return_label_maps=True)
    labels = values_of(maps[0])
    beyond = values_of(image) * np.sign(threshold) > abs(threshold)
    np.testing.assert_array_equal(labels > 0, beyond)
    main = mains(table)
    counts = np.bincount(labels.astype(int))[1:]
    if kind == "volume":
        np.testing.assert_allclose(main["Cluster Size (mm3)"].astype(float), 10.0 * counts)
    else:
        np.testing.assert_array_equal(main["Cluster Size (vertices)"].astype(int), counts)
    extreme = [
        np.sign(threshold) * np.abs(values_of(image)[labels == int(name)]).max()
        for name in main["Cluster ID"]
    ]
    np.testing.assert_array_equal(main["Peak Stat"], extreme)


@pytest.mark.parametrize("kind", KINDS)
def test_small_clusters_are_left_out_of_table_and_label_maps(map_of, kind, values_of, mains):
    """Those with fewer elements than asked for; the others keep their order and are renumbered."""
    image = map_of(kind)
    table, (labels,) = get_clusters_table(image, 2.5, return_label_maps=True)
    counts = np.bincount(values_of(labels).astype(int))[1:]
    assert (counts < 5).any()
    assert (counts == 5).any() or (counts > 5).any()
    smallest = int(counts[counts >= 5].min())
    fewer, (left,) = get_clusters_table(image, 2.5, smallest, return_label_maps=True)
    kept = mains(table)[counts >= smallest]
    assert mains(fewer)["Peak Stat"].tolist() == kept["Peak Stat"].tolist()
    assert [int(name) for name in mains(fewer)["Cluster ID"]] == list(range(1, len(kept) + 1))
    large = np.concatenate([[False], counts >= smallest])
    np.testing.assert_array_equal(values_of(left) > 0, large[values_of(labels).astype(int)])


@pytest.mark.parametrize("kind", KINDS)
def test_label_maps_lie_where_the_map_does(map_of, kind, values_of):
    """One per side, of whole numbers, on the map's own grid or mesh."""
    image = map_of(kind)
    _, maps = get_clusters_table(image, 3, two_sided=True, return_label_maps=True)
    assert len(maps) == 2
    for label_map in maps:
        if kind == "volume":
            np.testing.assert_array_equal(label_map.affine, image.affine)
            assert label_map.shape == image.shape
            assert label_map.get_data_dtype() == np.int32
        else:
            assert label_map.mesh is image.mesh
            assert label_map.data.parts["left"].dtype == np.int32
    positive, negative = (values_of(label_map) for label_map in maps)
    np.testing.assert_array_equal(negative > 0, values_of(image) < -3)
    assert negative[negative > 0].min() == positive.max() + 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("sub_peaks", "rows"), [(None, None), (0, 1), (1, 2), (2, 3), (26, 4)])
def test_as_many_sub_peaks_as_asked_for_are_listed(kind, sub_peaks, rows, line):
    """Of four peaks 10 mm apart: by default all in a volume, only the highest on a surface."""
    values = np.full(40, 2.5)
    values[[0, 10, 20, 30]] = [5, 7, 6, 4]
    if kind == "volume":
        image, first = line(*values), 11.0
    else:
        points = np.array([[i, y, 0] for i in range(40) for y in (0, 0.1)], dtype=float)
        faces = [[i, i + 1, i + 2] for i in range(78)]
        part = InMemoryMesh(points, np.array(faces))
        image = SurfaceImage(PolyMesh(left=part), {"left": np.repeat(values, 2)})
        image.data.parts["left"][1::2] -= 0.25
        first = 10.0
    table = get_clusters_table(image, 2, sub_peaks=sub_peaks)
    rows = (4 if kind == "volume" else 1) if rows is None else rows
    peaks = [7, 6, 5, 4][:rows]
    assert table["Peak Stat"].tolist() == peaks
    assert [str(name) for name in table["Cluster ID"]] == ["1", "1a", "1b", "1c"][:rows]
    assert table["X"][0] == first


def test_a_distance_has_no_meaning_without_sub_peaks_on_a_surface(surface):
    """The remark that nilearn makes, unless sub-peaks are asked for."""
    with pytest.warns(IgnoredParameterWarning, match="'min_distance' parameter is not used"):
        get_clusters_table(surface, 3.5, min_distance=2)
    get_clusters_table(surface, 3.5, min_distance=2, sub_peaks=1)


@pytest.mark.parametrize(("connectivity", "n_clusters"), [(6, 3), (18, 2), (26, 1)])
def test_voxels_join_by_face_edge_or_corner_as_asked(connectivity, n_clusters, mains):
    """Two voxels at an edge and two at a corner."""
    data = np.zeros((5, 5, 5))
    data[1, 1, 1], data[2, 2, 1], data[3, 3, 2] = 3.0, 4.0, 5.0
    table = get_clusters_table(nib.Nifti1Image(data, np.eye(4)), 2, connectivity=connectivity)
    assert len(mains(table)) == n_clusters
    assert table["Peak Stat"][0] == 5.0


@pytest.mark.parametrize("kind", KINDS)
def test_centres_of_mass_are_weighted_by_the_statistic(map_of, kind, values_of, mains):
    """Sum of place times |stat| over sum of |stat|, by hand from the label maps."""
    image = map_of(kind)
    options = {"two_sided": True, "return_label_maps": True, "centre_of_mass": True}
    table, maps = get_clusters_table(image, 2.5, 5, **options)
    assert list(table.columns)[-3:] == ["Centre X", "Centre Y", "Centre Z"]
    labels = np.maximum(*(values_of(label_map) for label_map in maps))
    weights = np.abs(values_of(image))
    if kind == "volume":
        places = nib.affines.apply_affine(image.affine, np.argwhere(np.ones(image.shape)))
    else:
        places = np.concatenate([part.coordinates for part in image.mesh.parts.values()])
    assert len(mains(table)) > 2
    for _, row in mains(table).iterrows():
        there = labels == int(row["Cluster ID"])
        expected = np.average(places[there], axis=0, weights=weights[there])
        found = row[["Centre X", "Centre Y", "Centre Z"]].astype(float)
        # Worst difference seen: 8e-15 mm.
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    others = table.drop(mains(table).index)
    assert (others["Centre X"] == "").all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("threshold", [30.0, np.inf])
def test_a_table_of_nothing_has_its_columns_and_empty_label_maps(
    map_of, kind, threshold, values_of
):
    """Also when the threshold is infinite."""
    with pytest.warns(EmptyResultWarning):
        table, maps = get_clusters_table(map_of(kind), threshold, return_label_maps=True)
    assert list(table.columns) == (ON_VOLUMES if kind == "volume" else ON_SURFACES)
    assert len(table) == 0
    assert [values_of(label_map).any() for label_map in maps] == [False]


@pytest.mark.parametrize("kind", KINDS)
def test_where_every_element_is_above_there_is_one_cluster_a_part(kind, on_grid, surface):
    """The whole grid, or each part of the mesh."""
    rng = np.random.default_rng(4)
    if kind == "volume":
        image = on_grid(rng.uniform(4, 5, (14, 15, 16)))
        sizes = get_clusters_table(image, 3, sub_peaks=0)["Cluster Size (mm3)"].tolist()
        assert sizes == pytest.approx([14 * 15 * 16 * 10], rel=1e-12)
    else:
        image = SurfaceImage(
            surface.mesh, {part: rng.uniform(4, 5, 400) for part in surface.mesh.parts}
        )
        table = get_clusters_table(image, 3)
        assert table["Cluster Size (vertices)"].tolist() == [400, 400]
        assert table["Cluster Size (mm2)"].tolist() == pytest.approx([361, 361], rel=1e-12)


def test_pieces_of_a_disconnected_mask_are_not_joined(image, on_grid, inside, mains):
    """Two slabs without a common face have no cluster in common."""
    slabs = inside.copy()
    slabs[:, 5] = False
    table = get_clusters_table(image, 2.5, 10, mask_img=on_grid(slabs.astype("u1")))
    whole = get_clusters_table(image, 2.5, 10)
    assert len(mains(table)) > len(mains(whole))


def test_vertices_of_no_triangle_are_clusters_of_their_own():
    """An isolated vertex has no area, and is counted as one vertex."""
    points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 5, 5], [6, 6, 6]])
    mesh = PolyMesh(left=InMemoryMesh(points, np.array([[0, 1, 2]])))
    image = SurfaceImage(mesh, {"left": np.array([3.0, 4, 3.5, 6, 5])})
    table = get_clusters_table(image, 2, centre_of_mass=True)
    assert table["Cluster Size (vertices)"].tolist() == [3, 1, 1]
    assert table["Cluster Size (mm2)"].tolist() == pytest.approx([0.5, 0, 0], rel=1e-14)
    assert table["Centre X"].tolist()[1:] == [5, 6]
