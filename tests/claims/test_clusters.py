"""Cluster tables: what is handed over, with which null, and what comes of it."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage
from scipy import ndimage, stats

from secondlevel import SecondLevelModel
from secondlevel.claims.clusters import get_clusters_table
from secondlevel.claims.threshold import threshold_stats_img
from secondlevel.errors import (
    EmptyResultWarning,
    InputError,
    InputTypeError,
    MapError,
    MapNotFoundError,
    MapWarning,
    MaskError,
    MissingDataWarning,
)
from secondlevel.inference.null import Claims, MaximumNull
from secondlevel.inference.random_field import RandomField

OF_PEAKS = ["Peak p (FWE)", "Peak q (FDR)", "Peak p (uncorrected)"]
OF_CLUSTERS = ["Cluster p (FWE)", "Cluster q (FDR)", "Cluster p (uncorrected)"]
KINDS = ["volume", "surface"]


class Told:
    """A null whose answers show what was asked: heights, extents and thresholds come back."""

    statistic = None

    def __init__(self):
        self.asked = {}

    def threshold(self, alpha=0.05):
        """A table asks for no height."""
        raise NotImplementedError

    def for_sides(self, *, two_sided, sign):
        """Keep the sides."""
        self.asked |= {"two_sided": two_sided, "sign": sign}
        return self

    def fits(self, n_elements):
        """Keep the size of the map."""
        self.asked["n_elements"] = n_elements
        return True

    def of_peaks(self, heights, threshold):
        """Tell the height itself, how many peaks there were, and the threshold."""
        return Claims(heights / 100, np.full(len(heights), len(heights)), heights * 0 + threshold)

    def extents(self, labels, n_clusters):
        """Keep the labels, and measure clusters in hundreds of elements."""
        self.asked["labels"] = labels
        return np.bincount(labels, minlength=n_clusters + 1)[1:] / 100

    def of_clusters(self, extents, threshold):
        """Tell the extent itself, how many clusters there were, and the threshold."""
        return Claims(extents / 1000, np.full(len(extents), len(extents)), extents * 0 + threshold)


@pytest.fixture
def field_of(values_of):
    """Make a t field of as many elements as a map has."""

    def make(image):
        n_elements = np.count_nonzero(values_of(image))
        return RandomField([1, 8, 20, 20], "t", 23, n_elements=n_elements)

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_a_mask_says_where_to_look(map_of, kind, mask, values_of, mains):
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
@pytest.mark.parametrize("two_sided", [False, True])
def test_a_null_adds_columns_of_peaks_and_of_clusters(map_of, kind, two_sided, mains):
    """Peaks in every row, clusters in the first; heights positive, and the threshold too."""
    null = Told()
    table = get_clusters_table(map_of(kind), 2.5, two_sided=two_sided, sub_peaks=3, null=null)
    assert null.asked["two_sided"] == two_sided
    assert list(table.columns)[-6:] == OF_PEAKS + OF_CLUSTERS
    np.testing.assert_array_equal(table["Peak p (FWE)"], np.abs(table["Peak Stat"]) / 100)
    assert (table["Peak p (uncorrected)"] == 2.5).all()
    main = mains(table)
    assert (main["Cluster p (uncorrected)"] == 2.5).all()
    for column in OF_CLUSTERS:
        assert (table.drop(main.index)[column] == "").all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_null_measures_the_clusters_among_all_elements_of_the_map(map_of, kind, values_of, mains):
    """It hears of the whole map's elements, not only those beyond; its measure makes the p."""
    null, image = Told(), map_of(kind)
    table, (labels,) = get_clusters_table(image, 2.5, null=null, return_label_maps=True)
    inside = values_of(image) != 0
    assert null.asked["n_elements"] == len(null.asked["labels"]) == np.count_nonzero(inside)
    numbers = values_of(labels)[inside].astype(int)
    np.testing.assert_array_equal(null.asked["labels"] > 0, numbers > 0)
    counts = np.bincount(numbers)[1:]
    p = mains(table)["Cluster p (FWE)"].astype(float)
    np.testing.assert_allclose(p, counts / 100 / 1000, rtol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_listed_counts_in_the_family_all_the_same(map_of, kind, mains):
    """False discovery rates are over all peaks and clusters of both sides beyond the threshold."""
    image = map_of(kind)
    everything = get_clusters_table(
        image, 2.5, two_sided=True, sub_peaks=26, min_distance=1e-6, null=Told()
    )
    few = get_clusters_table(image, 2.5, 6, two_sided=True, null=Told())
    assert 0 < len(few) < len(everything)
    assert set(few["Peak q (FDR)"]) == {len(everything)}
    assert set(mains(few)["Cluster q (FDR)"]) == {len(mains(everything))}


def test_the_negative_side_is_handed_over_with_its_sign_changed(image, mains):
    """A null hears of heights above a positive threshold, one-sided, and of which side."""
    null = Told()
    table = get_clusters_table(image, -2.5, null=null)
    assert (null.asked["two_sided"], null.asked["sign"]) == (False, -1)
    np.testing.assert_array_equal(table["Peak p (FWE)"], -table["Peak Stat"] / 100)
    assert (mains(table)["Cluster p (uncorrected)"] == 2.5).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_permutation_null_gives_the_columns_it_can(map_of, kind, mains):
    """The p is the share of maxima as large; what maxima do not tell has no column."""
    maxima, largest = np.arange(1, 21) / 2.0, np.arange(20) * 6
    null = MaximumNull(maxima, largest, cluster_threshold=2.5)
    table = get_clusters_table(map_of(kind), 2.5, null=null)
    assert list(table.columns)[-2:] == ["Peak p (FWE)", "Cluster p (FWE)"]
    expected = [(maxima >= peak).mean() for peak in table["Peak Stat"]]
    np.testing.assert_allclose(table["Peak p (FWE)"], expected, rtol=1e-14)
    main = mains(table)
    if kind == "volume":
        counts = main["Cluster Size (mm3)"].astype(float).round() / 10
    else:
        counts = main["Cluster Size (vertices)"].astype(float)
    expected = [(largest >= count).mean() for count in counts]
    np.testing.assert_allclose(main["Cluster p (FWE)"].astype(float), expected, rtol=1e-14)
    only_peaks = get_clusters_table(map_of(kind), 3, null=MaximumNull(maxima))
    assert list(only_peaks.columns)[-1] == "Peak p (FWE)"


def test_a_null_of_other_sides_or_thresholds_is_refused(image):
    """Maxima over one side say nothing of another, nor clusters formed elsewhere."""
    null = MaximumNull([3.0, 9.0], [5, 90], cluster_threshold=2.5)
    with pytest.raises(InputError, match="over the positive side, the claims are on both sides"):
        get_clusters_table(image, 2.5, two_sided=True, null=null)
    with pytest.raises(InputError, match="positive side, the claims are on the negative side"):
        get_clusters_table(image, -2.5, null=null)
    with pytest.raises(InputError, match=r"formed at 2\.5, those of the map at 3"):
        get_clusters_table(image, 3, null=null)
    with pytest.raises(InputTypeError, match=r"null must be a null distribution.* Got float"):
        get_clusters_table(image, 3, null=0.05)


def test_a_random_field_gives_all_six(image, field_of, mains):
    """The numbers in the table are those that the field gives when asked directly."""
    field = field_of(image)
    table = get_clusters_table(image, 3.6, two_sided=True, null=field)
    assert list(table.columns)[-6:] == OF_PEAKS + OF_CLUSTERS
    both = field.for_sides(two_sided=True)
    heights = np.abs(table["Peak Stat"].to_numpy())
    counts = np.round(mains(table)["Cluster Size (mm3)"].astype(float).to_numpy() / 10)
    assert len(mains(table)) > 1
    expected = {
        "Peak p (FWE)": both.peak_p(heights),
        "Peak p (uncorrected)": 2 * stats.t.sf(heights, 23),
        "Cluster p (FWE)": both.cluster_p(counts, 3.6),
        "Cluster q (FDR)": both.cluster_q(counts, 3.6),
        "Cluster p (uncorrected)": both.cluster_p_uncorrected(counts, 3.6),
    }
    for column, p in expected.items():
        found = (table if column.startswith("Peak") else mains(table))[column].astype(float)
        # Worst relative difference seen: 1.8e-15.
        np.testing.assert_allclose(found, p, rtol=1e-13)


def uneven_mesh():
    """A flat strip of triangles: columns of vertices 2 mm apart up to x = 40, then 1 mm."""
    x = np.concatenate([np.arange(0, 40, 2.0), np.arange(40, 80.5)])
    points = np.array([[along, across, 0] for along in x for across in range(41)])
    number = np.arange(len(points)).reshape(len(x), 41)
    first, right = number[:-1, :-1].ravel(), number[:-1, 1:].ravel()
    down, across = number[1:, :-1].ravel(), number[1:, 1:].ravel()
    faces = np.concatenate([np.stack([first, down, across]), np.stack([first, across, right])], 1)
    return PolyMesh(left=InMemoryMesh(points, faces.T))


def test_clusters_of_the_same_area_are_as_large_where_vertices_lie_dense():
    """Two discs, one of twice as many vertices, have nearly the same resels, and the p of these."""
    mesh, rng = uneven_mesh(), np.random.default_rng(84)
    points = mesh.parts["left"].coordinates
    noise = ndimage.gaussian_filter(rng.normal(size=(40, 200, 120)), (0, 7, 7))
    seen = [ndimage.map_coordinates(one, 2 * points[:, :2].T + 20, order=1) for one in noise]
    maps = [SurfaceImage(mesh, {"left": values}) for values in seen]
    whole = SurfaceImage(mesh, {"left": np.ones(len(points))})
    model = SecondLevelModel(mask_img=whole).fit(
        maps, design_matrix=pd.DataFrame({"one": [1] * 40})
    )
    null = model.random_field("one")
    in_disc = [np.hypot(points[:, 0] - x, points[:, 1] - 20) <= 12.1 for x in (20, 60)]
    discs = in_disc[0] + 2 * in_disc[1]
    image = SurfaceImage(mesh, {"left": np.where(discs > 0, 5.0, 1.0)})
    table = get_clusters_table(image, 3.6, null=null)
    coarse, fine = table["Cluster Size (vertices)"]
    assert fine / coarse > 2
    extents = null.extents(discs, 2)
    # The smoothness of either place is estimated; their ratio is 1.06.
    assert extents[0] / extents[1] == pytest.approx(1, abs=0.1)
    p = null.cluster_p_uncorrected(extents, 3.6)
    np.testing.assert_array_equal(table["Cluster p (uncorrected)"].astype(float), p)


# ---------------------------------------------------------------- nothing, everything, little


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("two_sided", [False, True])
@pytest.mark.parametrize("threshold", [30, np.inf])
def test_a_table_without_rows_has_all_columns(map_of, kind, two_sided, threshold, field_of):
    """Every option on, nothing found: the columns are there, the label maps are empty."""
    image = map_of(kind)
    _, (regions,) = get_clusters_table(image, 4, return_label_maps=True)
    options = {"return_label_maps": True, "centre_of_mass": True, "atlas": regions}
    full = get_clusters_table(image, 4, null=field_of(image), **options)[0]
    with pytest.warns(EmptyResultWarning) as remarks:
        table, maps = get_clusters_table(
            image, threshold, two_sided=two_sided, null=field_of(image), **options
        )
    words = [str(remark.message) for remark in remarks]
    sides = [f"higher than {threshold:g}", f"lower than {-threshold:g}"][: 1 + two_sided]
    why = ": nothing passed the error control" if threshold == np.inf else ""
    assert words == [f"No clusters found with stat {side}{why}." for side in sides]
    assert len(full) > 0
    assert len(table) == 0
    assert list(table.columns) == list(full.columns)
    assert len(maps) == 1 + two_sided


@pytest.mark.parametrize("kind", KINDS)
def test_a_threshold_that_nothing_reaches_goes_on_to_an_empty_table(map_of, kind):
    """What `threshold_stats_img` returns when no element passes can be handed over."""
    image = map_of(kind)
    with pytest.warns(EmptyResultWarning, match="Nothing of stat_img is left"):
        kept, height = threshold_stats_img(image, alpha=1e-300, height_control="fdr")
    assert height == np.inf
    for null in (None, MaximumNull([9.0], [90], cluster_threshold=3.1, two_sided=True)):
        with pytest.warns(EmptyResultWarning, match="No clusters found"):
            table = get_clusters_table(image, height, two_sided=True, null=null)
        assert len(table) == 0
    with pytest.warns(EmptyResultWarning, match="lower than -inf"):
        assert len(get_clusters_table(image, -height)) == 0
    with pytest.warns(EmptyResultWarning), pytest.warns(MapWarning, match="is 0 at every"):
        assert len(get_clusters_table(kept, height)) == 0


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


def test_a_mask_of_one_element_has_one_cluster(image, on_grid):
    """It works, with a warning of the mask."""
    single = np.zeros((14, 15, 16))
    single[4, 5, 6] = 1
    with pytest.warns(MapWarning, match="single voxel"):
        table = get_clusters_table(image, 2, mask_img=on_grid(single))
    assert table["Cluster Size (mm3)"].tolist() == pytest.approx([10.0], rel=1e-14)


def test_a_constant_map_has_its_clusters_with_a_warning(line):
    """A map of one value is taken for a mask, and described all the same."""
    with pytest.warns(MapWarning, match="Is it a mask"):
        table = get_clusters_table(line(3, 3, 3), 2)
    assert table[["X", "Peak Stat", "Cluster Size (mm3)"]].to_numpy().tolist() == [[2, 3, 3]]


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
def test_the_map_handed_over_is_left_as_it_was(map_of, kind, values_of):
    """Nothing writes into its argument."""
    image = map_of(kind)
    before = values_of(image).copy()
    get_clusters_table(image, 2.5, two_sided=True, return_label_maps=True, centre_of_mass=True)
    np.testing.assert_array_equal(values_of(image), before)


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
