"""Cluster tables: every option on a volume and on a surface, and what is refused."""

import nibabel as nib
import numpy as np
import pytest
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage

from secondlevel.claims.clusters import get_clusters_table
from secondlevel.errors import (
    EmptyResultWarning,
    IgnoredParameterWarning,
    InputError,
    InputTypeError,
    MapError,
    MapNotFoundError,
    MapWarning,
    MaskError,
    MissingDataWarning,
)
from secondlevel.inference.null import MaximumNull

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
OF_PEAKS = ["Peak p (FWE)", "Peak q (FDR)"]
OF_CLUSTERS = ["Cluster p (FWE)", "Cluster q (FDR)", "Cluster p (uncorrected)"]
KINDS = ["volume", "surface"]


class Told:
    """A null whose answers show what was asked: heights, counts and thresholds come back."""

    def __init__(self):
        self.asked = {}

    def for_sides(self, *, two_sided):
        """Keep the sides."""
        self.asked["two_sided"] = two_sided
        return self

    def peak_p(self, peaks):
        """Tell the height itself."""
        return peaks / 100

    def peak_q(self, peaks, threshold):
        """Tell how many peaks there were, and the threshold."""
        return np.full(len(peaks), len(peaks) + threshold / 100)

    def cluster_p(self, counts, threshold):
        """Tell the count itself."""
        return counts / 1000

    def cluster_p_uncorrected(self, counts, threshold):
        """Tell the threshold."""
        return np.full(len(counts), threshold)

    def cluster_q(self, counts, threshold):
        """Tell how many clusters there were."""
        return np.full(len(counts), float(len(counts)))


@pytest.fixture
def map_of(image, surface):
    """The map of a kind."""
    return {"volume": image, "surface": surface}.__getitem__


def values_of(image):
    """All values of a map, part after part."""
    if hasattr(image, "mesh"):
        return np.concatenate([values.ravel() for values in image.data.parts.values()])
    return image.get_fdata().ravel()


def mains(table):
    """The first row of each cluster."""
    return table[[str(name).isdigit() for name in table["Cluster ID"]]]


def line(*values, affine=None):
    """An image of a row of voxels along x, amid zeros."""
    data = np.zeros((len(values) + 2, 3, 3))
    data[1:-1, 1, 1] = values
    return nib.Nifti1Image(data, np.eye(4) if affine is None else affine)


# ---------------------------------------------------------------- rows and columns


def test_a_table_of_a_volume_by_hand():
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
def test_every_element_beyond_the_threshold_is_in_a_cluster(map_of, kind, threshold):
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
def test_small_clusters_are_left_out_of_table_and_label_maps(map_of, kind):
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
def test_label_maps_lie_where_the_map_does(map_of, kind):
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


# ---------------------------------------------------------------- options


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("sub_peaks", "rows"), [(None, None), (0, 1), (1, 2), (2, 3), (26, 4)])
def test_as_many_sub_peaks_as_asked_for_are_listed(kind, sub_peaks, rows):
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
def test_voxels_join_by_face_edge_or_corner_as_asked(connectivity, n_clusters):
    """Two voxels at an edge and two at a corner."""
    data = np.zeros((5, 5, 5))
    data[1, 1, 1], data[2, 2, 1], data[3, 3, 2] = 3.0, 4.0, 5.0
    table = get_clusters_table(nib.Nifti1Image(data, np.eye(4)), 2, connectivity=connectivity)
    assert len(mains(table)) == n_clusters
    assert table["Peak Stat"][0] == 5.0


@pytest.mark.parametrize("kind", KINDS)
def test_a_mask_says_where_to_look(map_of, kind, mask):
    """Outside it there is nothing, and it cuts clusters in two."""
    image = map_of(kind)
    if kind == "volume":
        kept = mask.get_fdata() > 0
        kept[4] = False  # through the middle of the raised blob
        inside = nib.Nifti1Image(kept.astype("u1"), image.affine)
    else:
        left = np.ones((20, 20))
        left[3] = 0
        parts = {"left": left.ravel(), "right": np.zeros(400)}
        inside = SurfaceImage(image.mesh, parts)
    whole, (_,) = get_clusters_table(image, 3.5, 3, return_label_maps=True)
    cut, (labels,) = get_clusters_table(image, 3.5, 3, return_label_maps=True, mask_img=inside)
    within = values_of(inside) > 0
    assert (values_of(labels)[~within] == 0).all()
    if kind == "volume":
        assert len(mains(cut)) == len(mains(whole)) + 1
    else:
        assert whole["Hemisphere"].tolist() == ["left", "right"]
        assert cut["Hemisphere"].tolist() == ["left", "left"]
        assert cut["Cluster Size (vertices)"].tolist() == [4, 8]


@pytest.mark.parametrize("kind", KINDS)
def test_centres_of_mass_are_weighted_by_the_statistic(map_of, kind):
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


# ---------------------------------------------------------------- nulls


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("two_sided", [False, True])
def test_a_null_adds_columns_of_peaks_and_of_clusters(map_of, kind, two_sided):
    """Peaks in every row, clusters in the first; heights positive, and the threshold too."""
    null = Told()
    table = get_clusters_table(map_of(kind), 2.5, two_sided=two_sided, sub_peaks=3, null=null)
    assert null.asked == {"two_sided": two_sided}
    assert list(table.columns)[-5:] == OF_PEAKS + OF_CLUSTERS
    np.testing.assert_array_equal(table["Peak p (FWE)"], np.abs(table["Peak Stat"]) / 100)
    main = mains(table)
    assert (main["Cluster p (uncorrected)"] == 2.5).all()
    if kind == "surface":
        counts = main["Cluster Size (vertices)"].astype(float)
    else:
        counts = main["Cluster Size (mm3)"].astype(float).round() / 10
    np.testing.assert_array_equal(main["Cluster p (FWE)"].astype(float), counts / 1000)
    for column in OF_CLUSTERS:
        assert (table.drop(main.index)[column] == "").all()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_listed_counts_in_the_family_all_the_same(map_of, kind):
    """False discovery rates are over all peaks and clusters of both sides beyond the threshold."""
    image = map_of(kind)
    everything = get_clusters_table(
        image, 2.5, two_sided=True, sub_peaks=26, min_distance=1e-6, null=Told()
    )
    few = get_clusters_table(image, 2.5, 6, two_sided=True, null=Told())
    assert 0 < len(few) < len(everything)
    assert set(few["Peak q (FDR)"]) == {len(everything) + 0.025}
    assert set(mains(few)["Cluster q (FDR)"]) == {float(len(mains(everything)))}


def test_the_negative_side_is_handed_over_with_its_sign_changed(image):
    """A null hears of heights above a positive threshold, one-sided."""
    null = Told()
    table = get_clusters_table(image, -2.5, null=null)
    assert null.asked == {"two_sided": False}
    np.testing.assert_array_equal(table["Peak p (FWE)"], -table["Peak Stat"] / 100)
    assert (mains(table)["Cluster p (uncorrected)"] == 2.5).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_permutation_null_gives_the_columns_it_can(map_of, kind):
    """The p is the share of maxima as large; what maxima do not tell has no column."""
    maxima, largest = np.arange(1, 21) / 2.5, np.arange(20) * 3
    null = MaximumNull(maxima, largest, threshold=2.5)
    table = get_clusters_table(map_of(kind), 2.5, null=null)
    assert list(table.columns)[-2:] == ["Peak p (FWE)", "Cluster p (FWE)"]
    expected = [(maxima >= peak).mean() for peak in table["Peak Stat"]]
    np.testing.assert_allclose(table["Peak p (FWE)"], expected, rtol=1e-14)
    only_peaks = get_clusters_table(map_of(kind), 3, null=MaximumNull(maxima))
    assert list(only_peaks.columns)[-1] == "Peak p (FWE)"


def test_a_null_of_other_sides_or_thresholds_is_refused(image):
    """Maxima over both sides say nothing of one, nor clusters formed elsewhere."""
    null = MaximumNull([3.0, 4.0], [5, 9], threshold=2.5)
    with pytest.raises(InputError, match="taken over one side, the claims are on both sides"):
        get_clusters_table(image, 2.5, two_sided=True, null=null)
    with pytest.raises(InputError, match=r"formed at 2\.5, those of the map at 3"):
        get_clusters_table(image, 3, null=null)
    with pytest.raises(InputTypeError, match=r"'null' is a null distribution.* Got float"):
        get_clusters_table(image, 3, null=0.05)


def test_a_random_field_gives_all_five(image, field):
    """The numbers in the table are those that the field gives when asked directly."""
    table = get_clusters_table(image, 3.6, null=field)
    assert list(table.columns)[-5:] == OF_PEAKS + OF_CLUSTERS
    np.testing.assert_array_equal(
        table["Peak p (FWE)"], field.peak_p(table["Peak Stat"].to_numpy())
    )
    counts = np.round(mains(table)["Cluster Size (mm3)"].astype(float).to_numpy() / 10)
    for column, p in (
        ("Cluster p (FWE)", field.cluster_p(counts, 3.6)),
        ("Cluster q (FDR)", field.cluster_q(counts, 3.6)),
        ("Cluster p (uncorrected)", field.cluster_p_uncorrected(counts, 3.6)),
    ):
        np.testing.assert_array_equal(mains(table)[column].astype(float), p)


# ---------------------------------------------------------------- nothing, everything, little


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("two_sided", [False, True])
def test_a_table_without_rows_has_all_columns(map_of, kind, two_sided, field):
    """Every option on, nothing found: the columns are there, the label maps are empty."""
    image = map_of(kind)
    options = {"return_label_maps": True, "centre_of_mass": True, "atlas": image}
    with pytest.warns(EmptyResultWarning) as remarks:
        table, maps = get_clusters_table(image, 30, two_sided=two_sided, null=field, **options)
    words = [str(remark.message) for remark in remarks]
    sides = ["No clusters found with stat higher than 30."]
    assert words == [*sides, "No clusters found with stat lower than -30."][: 1 + two_sided]
    assert len(table) == 0
    own = ON_VOLUMES if kind == "volume" else ON_SURFACES
    extra = ["Centre X", "Centre Y", "Centre Z", "Region", "Cluster Regions"]
    assert list(table.columns) == own + OF_PEAKS + OF_CLUSTERS + extra
    assert len(maps) == 1 + two_sided
    for label_map in maps:
        assert not values_of(label_map).any()


@pytest.mark.parametrize("kind", KINDS)
def test_no_cluster_large_enough_is_said(map_of, kind):
    """The warning names the size that was asked for."""
    with pytest.warns(EmptyResultWarning, match="lower than -2.5 and 1000 elements or more"):
        table = get_clusters_table(map_of(kind), -2.5, 1000)
    assert len(table) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_map_that_is_zero_throughout_has_an_empty_table(kind, on_grid, surface):
    """As a threshold that nothing survives leaves it."""
    if kind == "volume":
        image = on_grid(np.zeros((14, 15, 16)))
    else:
        image = SurfaceImage(surface.mesh, {part: np.zeros(400) for part in surface.mesh.parts})
    with (
        pytest.warns(MapWarning, match="is 0 at every"),
        pytest.warns(EmptyResultWarning, match="No clusters found"),
    ):
        assert len(get_clusters_table(image, 3)) == 0


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


def test_a_mask_of_one_element_has_one_cluster(image, on_grid):
    """It works, with a warning of the mask."""
    single = np.zeros((14, 15, 16))
    single[4, 5, 6] = 1
    with pytest.warns(MapWarning, match="single voxel"):
        table = get_clusters_table(image, 2, mask_img=on_grid(single))
    assert table["Cluster Size (mm3)"].tolist() == pytest.approx([10.0], rel=1e-14)


def test_a_constant_map_has_its_clusters_with_a_warning():
    """A map of one value is taken for a mask, and described all the same."""
    with pytest.warns(MapWarning, match="Is it a mask"):
        table = get_clusters_table(line(3, 3, 3), 2)
    assert table[["X", "Peak Stat", "Cluster Size (mm3)"]].to_numpy().tolist() == [[2, 3, 3]]


def test_pieces_of_a_disconnected_mask_are_not_joined(image, on_grid, inside):
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


# ---------------------------------------------------------------- what is handed over


def test_files_and_4d_images_of_one_volume_are_read(image, tmp_path):
    """A path as str or Path, and a fourth axis of length one."""
    expected = get_clusters_table(image, 3)
    nib.save(image, tmp_path / "z.nii.gz")
    with_axis = nib.Nifti1Image(image.get_fdata()[..., None], image.affine)
    for given in (tmp_path / "z.nii.gz", str(tmp_path / "z.nii.gz"), with_axis):
        assert get_clusters_table(given, 3).equals(expected)


def test_missing_values_belong_to_no_cluster(image, mask):
    """NaN is outside; where a mask has it, a warning says so."""
    data = image.get_fdata().copy()
    data[4, 5, 5] = np.nan
    holed = nib.Nifti1Image(data, image.affine)
    _, (labels,) = get_clusters_table(holed, 2.5, return_label_maps=True)
    assert labels.get_fdata()[4, 5, 5] == 0
    with pytest.warns(MissingDataWarning, match="1 of"):
        masked = get_clusters_table(holed, 2.5, mask_img=mask)
    assert masked.equals(get_clusters_table(holed, 2.5))


@pytest.mark.parametrize("kind", KINDS)
def test_the_map_handed_over_is_left_as_it_was(map_of, kind):
    """Nothing writes into its argument."""
    image = map_of(kind)
    before = values_of(image).copy()
    get_clusters_table(image, 2.5, two_sided=True, return_label_maps=True, centre_of_mass=True)
    np.testing.assert_array_equal(values_of(image), before)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (
            {"stat_threshold": [2, 3]},
            InputTypeError,
            r"'stat_threshold' must be one number.*\[2, 3",
        ),
        ({"stat_threshold": "95%"}, InputTypeError, "'stat_threshold' must be one number"),
        ({"stat_threshold": None}, InputTypeError, "'stat_threshold' must be one number"),
        ({"stat_threshold": True}, InputTypeError, "'stat_threshold' must be one number"),
        ({"stat_threshold": np.nan}, InputError, "'stat_threshold' must be a finite number"),
        ({"stat_threshold": -3, "two_sided": True}, InputError, "should not be a negative value"),
        ({"cluster_threshold": -1}, InputError, "'cluster_threshold' .* 0 or more. Got -1"),
        ({"cluster_threshold": "10"}, InputTypeError, "'cluster_threshold' must be one number"),
        ({"min_distance": 0}, InputError, "'min_distance' must be positive"),
        ({"min_distance": -8.0}, InputError, "'min_distance' must be positive"),
        ({"min_distance": None}, InputTypeError, "'min_distance' must be one number"),
        ({"sub_peaks": -1}, InputError, "'sub_peaks' is 0 to 26"),
        ({"sub_peaks": 27}, InputError, "'sub_peaks' is 0 to 26"),
        ({"sub_peaks": 1.5}, InputTypeError, "'sub_peaks' is how many"),
        ({"sub_peaks": True}, InputTypeError, "'sub_peaks' is how many"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_numbers_out_of_range_are_refused(map_of, kind, options, error, words):
    """The message names the parameter, what it may be, and what was given."""
    with pytest.raises(error, match=words):
        get_clusters_table(map_of(kind), **{"stat_threshold": 3, **options})


def test_a_connectivity_that_voxels_do_not_have_is_refused(image):
    """6, 18 and 26 are what there is."""
    with pytest.raises(InputError, match=r"connectivity .* Got 8"):
        get_clusters_table(image, 3, connectivity=8)


def test_maps_that_are_none_are_refused(image, mask, surface, tmp_path):
    """Several volumes, arrays, missing files, infinite values, other grids and meshes."""
    data = image.get_fdata()
    with pytest.raises(MapError, match="must hold one map"):
        get_clusters_table(nib.Nifti1Image(np.stack([data, data], 3), image.affine), 3)
    with pytest.raises(InputTypeError, match="got ndarray"):
        get_clusters_table(data, 3)
    with pytest.raises(MapNotFoundError, match=r"nowhere\.nii"):
        get_clusters_table(tmp_path / "nowhere.nii", 3)
    infinite = data.copy()
    infinite[5, 5, 5] = np.inf
    with pytest.raises(InputError, match="infinite at 1 elements"):
        get_clusters_table(nib.Nifti1Image(infinite, image.affine), 3)
    moved = nib.Nifti1Image(mask.get_fdata(), image.affine + np.eye(4))
    with pytest.raises(MapError, match="different grids"):
        get_clusters_table(image, 3, mask_img=moved)
    faces = {part: mesh.faces.copy() for part, mesh in surface.mesh.parts.items()}
    faces["left"][0] = [0, 5, 9]
    other = PolyMesh(
        **{p: InMemoryMesh(m.coordinates, faces[p]) for p, m in surface.mesh.parts.items()}
    )
    elsewhere = SurfaceImage(other, {part: np.ones(400) for part in other.parts})
    with pytest.raises(MapError, match="different meshes"):
        get_clusters_table(surface, 3, mask_img=elsewhere)
    with pytest.raises(MaskError, match="no value"):
        get_clusters_table(nib.Nifti1Image(np.full((3, 3, 3), np.nan), np.eye(4)), 3)


# ---------------------------------------------------------------- maps of p


def test_a_map_whose_header_says_p_is_refused(image):
    """The header that `compute_contrast` writes is enough."""
    p = nib.Nifti1Image(np.exp(-np.abs(image.get_fdata())), image.affine)
    p.header.set_intent("p value")
    with pytest.raises(InputError, match=r"says in its header that it holds p-values.*-log10 p"):
        get_clusters_table(p, 0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_a_map_that_looks_like_p_is_warned_of(kind, on_grid, surface):
    """All between 0 and 1, most above a threshold such as 0.05."""
    rng = np.random.default_rng(9)
    if kind == "volume":
        image = on_grid(rng.uniform(0, 1, (14, 15, 16)))
    else:
        image = SurfaceImage(surface.mesh, {p: rng.uniform(0, 1, 400) for p in surface.mesh.parts})
    with pytest.warns(MapWarning, match="between 0 and 1, most of them above 0.05. If they are p"):
        get_clusters_table(image, 0.05)


@pytest.mark.parametrize(
    ("make", "threshold"),
    [
        (lambda u: u, 0.95),  # 1 - p, as FSL has it
        (lambda u: -np.log10(u), 1.3),
        (np.log10, -1.3),
        (lambda u: 0.3 * u**4, 0.05),  # an R²
        (lambda u: u - 0.5, 0.05),  # an effect
    ],
)
def test_other_maps_of_small_numbers_are_not_taken_for_p(on_grid, make, threshold):
    """1 - p, log p, R² and effects pass without a remark."""
    u = np.random.default_rng(10).uniform(0, 1, (14, 15, 16))
    assert len(get_clusters_table(on_grid(make(u)), threshold)) > 0
