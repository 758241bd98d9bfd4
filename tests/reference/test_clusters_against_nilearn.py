"""Cluster tables beside nilearn 0.14.1's, and where nilearn is not followed.

nilearn drops peaks that are too close to a higher one, but takes them in again when a further peak
is far from them. `mended` replaces that one step of its code by the plain rule, so that all others
can be compared on any map; `test_nilearn_lists_sub_peaks_that_are_too_close` shows it as it is.
"""

import sys
import warnings

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.datasets import load_fsaverage_data
from nilearn.reporting import get_clusters_table as nilearns_table
from nilearn.surface import SurfaceImage
from scipy.ndimage import gaussian_filter

from secondlevel import SecondLevelModel
from secondlevel.claims.clusters import get_clusters_table
from secondlevel.errors import EmptyResultWarning

AFFINE = np.array([[-2.0, 0, 0, 30], [0, 2, 0, -40], [0, 0, 2.5, 3], [0, 0, 0, 1]])
PEAKS = ["X", "Y", "Z", "Peak Stat"]
SIZE = "Cluster Size (mm3)"


def keep_those_apart(xyz, ijk, values, min_distance):
    """Indices and values of the points that are far from each one kept before them."""
    kept = []
    for i, point in enumerate(xyz):
        if all(np.linalg.norm(point - xyz[j]) > min_distance for j in kept):
            kept.append(i)
    return ijk[kept], values[kept]


@pytest.fixture
def mended(monkeypatch):
    """Let nilearn's function keep to its own minimal distance."""
    module = sys.modules[nilearns_table.__module__]
    monkeypatch.setattr(module, "_pare_subpeaks", keep_those_apart)


def theirs(*arguments, **options):
    """Make nilearn's table, without its remarks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nilearns_table(*arguments, **options)


def smooth(seed, shape=(20, 21, 22), affine=AFFINE, width=1.2):
    """A smooth map in single precision."""
    data = gaussian_filter(np.random.default_rng(seed).normal(size=shape), width)
    return nib.Nifti1Image((data / data.std()).astype(np.float32), affine)


def assert_same_rows(ours, nilearns):
    """The same columns, peaks to the last digit, and sizes but for what nilearn cuts off."""
    assert list(ours.columns) == list(nilearns.columns)
    assert len(ours) == len(nilearns)
    np.testing.assert_array_equal(ours[PEAKS].astype(float), nilearns[PEAKS].astype(float))
    main = nilearns[SIZE] != ""
    assert (main == (ours[SIZE] != "")).all()
    cut = ours[SIZE][main].astype(float) - nilearns[SIZE][main].astype(float)
    assert (cut > -1e-9).all()
    assert (cut < 1).all()
    assert (ours[SIZE][~main] == "").all()


def ridge(length, peaks):
    """A row of voxels between 2 and 3 that falls away from some peaks."""
    nearest = np.min([np.abs(np.arange(length) - place) for place in peaks], axis=0)
    row = 3 - nearest / length
    row[list(peaks)] = list(peaks.values())
    return row


def letters(table):
    """The names of sub-peaks without the number of their cluster."""
    return [str(name).strip("0123456789") for name in table["Cluster ID"]]


@pytest.mark.usefixtures("mended")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("two_sided", [False, True])
@pytest.mark.parametrize(
    ("threshold", "smallest", "min_distance"),
    [(2.0, 0, 8.0), (1.5, 20, 8.0), (1.0, 0, 4.0), (0.5, 7, 11.5), (2.5, 3, 30.0)],
)
def test_tables_and_label_maps_of_smooth_volumes_are_nilearns(
    seed, two_sided, threshold, smallest, min_distance
):
    """Every row, in its order, with its letter; and the numbers of clusters in the label maps."""
    arguments = (smooth(seed), threshold, smallest, two_sided, min_distance, True)
    (ours, maps), (nilearns, their_maps) = get_clusters_table(*arguments), theirs(*arguments)
    assert_same_rows(ours, nilearns)
    assert letters(ours) == letters(nilearns)
    positive = nilearns["Peak Stat"] > 0
    assert ours["Cluster ID"][positive].tolist() == nilearns["Cluster ID"][positive].tolist()
    np.testing.assert_array_equal(maps[0].get_fdata(), their_maps[0].get_fdata())
    if two_sided:
        # Theirs begins again at 1, ours is the Cluster ID.
        negative = maps[1].get_fdata()
        first = maps[0].get_fdata().max()
        np.testing.assert_array_equal(
            np.where(negative > 0, negative - first, 0), their_maps[1].get_fdata()
        )
    assert len(maps) == 1 + two_sided


@pytest.mark.usefixtures("mended")
@pytest.mark.parametrize("seed", range(3))
def test_the_negative_side_alone_is_nilearns_with_its_sign_and_the_lowest_first(seed):
    """The clusters are right there, but weakest first, with peaks made positive."""
    nilearns = theirs(smooth(seed), -1.5, 10)
    assert (nilearns["Peak Stat"] > 0).all()
    ours = get_clusters_table(smooth(seed), -1.5, 10)
    mains = [table[table[SIZE] != ""]["Peak Stat"].to_numpy() for table in (ours, nilearns)]
    np.testing.assert_array_equal(mains[0], -mains[1][::-1])
    assert (np.diff(mains[0]) >= 0).all()
    both = theirs(smooth(seed), 1.5, 10, two_sided=True)
    assert_same_rows(ours, both[both["Peak Stat"] < 0].reset_index(drop=True))


@pytest.mark.usefixtures("mended")
@pytest.mark.parametrize(
    "box",
    [np.s_[2:4, 5:7, 6:8], np.s_[3:6, 3:6, 3:6], np.s_[1:8, 2:3, 4:6], np.s_[4:5, 4:9, 5:6]],
)
def test_binary_clusters_have_their_centre_as_nilearns(box):
    """The centre of mass rounded to a voxel, the rounding included."""
    data = np.zeros((9, 10, 11))
    data[box] = 5.0
    data[8, 9, 10] = -4.5
    image = nib.Nifti1Image(data, np.eye(4))
    assert_same_rows(get_clusters_table(image, 4, two_sided=True), theirs(image, 4, two_sided=True))


def test_a_flat_ring_is_nilearns():
    """The centre lies outside; both take the first of the nearest voxels."""
    data = np.zeros((9, 10, 11))
    data[4:7, 5, 4:7], data[5, 5, 5], data[0, 0, 0] = 1.0, 0.0, 0.9
    image = nib.Nifti1Image(data, np.eye(4))
    assert_same_rows(get_clusters_table(image, 0.5), theirs(image, 0.5))


def test_two_peaks_ten_voxels_apart_are_nilearns():
    """A second peak is listed while it is farther than the distance."""
    data = np.zeros((9, 10, 11))
    data[4, 5, :] = data[6, 5, :] = [4, 3, 2, 1, 1, 1, 1, 1, 2, 3, 4]
    data[5, 5, :] = [5, 4, 3, 2, 1, 1, 1, 2, 3, 4, 6]
    image = nib.Nifti1Image(data, np.eye(4))
    for min_distance, rows in ((9, 2), (11, 1)):
        ours = get_clusters_table(image, 0.5, min_distance=min_distance)
        assert_same_rows(ours, theirs(image, 0.5, min_distance=min_distance))
        assert len(ours) == rows


@pytest.mark.parametrize("kind", ["volume", "surface"])
def test_an_empty_table_has_nilearns_columns_and_words(kind, make_surface):
    """No cluster: no row, the columns there, and the warning begins as nilearn's does."""
    image = smooth(0) if kind == "volume" else make_surface(0)
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        nilearns = nilearns_table(image, 50)
    assert any(str(remark.message).startswith("No clusters found") for remark in remarks)
    with pytest.warns(EmptyResultWarning, match="No clusters found with stat higher than 50"):
        ours = get_clusters_table(image, 50)
    assert len(ours) == 0
    assert list(ours.columns)[: len(nilearns.columns)] == list(nilearns.columns)


@pytest.fixture(scope="module")
def depth():
    """A real map on a real mesh: the depth of the sulci of fsaverage5, of both signs."""
    return load_fsaverage_data(mesh_type="inflated", data_type="sulcal")


@pytest.mark.parametrize("two_sided", [False, True])
@pytest.mark.parametrize(("threshold", "smallest"), [(0.5, 0), (0.5, 20), (1.0, 0), (1.0, 20)])
def test_tables_and_label_maps_of_surfaces_are_nilearns(depth, two_sided, threshold, smallest):
    """Every cluster in nilearn's order, by the mesh; positive peaks to the last digit."""
    options = {"two_sided": two_sided, "return_label_maps": True}
    nilearns, their_maps = theirs(depth, threshold, smallest, **options)
    ours, maps = get_clusters_table(depth, threshold, smallest, **options)
    assert len(ours) == len(nilearns) > 5
    for column in nilearns.columns.drop("Peak Stat"):
        assert ours[column].tolist() == nilearns[column].tolist()
    positive = nilearns["Peak Stat"] > 0
    np.testing.assert_array_equal(
        ours["Peak Stat"][positive], nilearns["Peak Stat"][positive].astype(float)
    )
    for mine, their in zip(maps, their_maps, strict=True):
        for part in ("left", "right"):
            np.testing.assert_array_equal(mine.data.parts[part], their.data.parts[part])


def test_the_peak_of_a_negative_cluster_of_a_surface_is_its_minimum(depth):
    """The maximum, which nilearn takes, is the weakest vertex."""
    ours, maps = get_clusters_table(depth, 0.5, 5, two_sided=True, return_label_maps=True)
    nilearns = theirs(depth, 0.5, 5, two_sided=True)
    negative = np.flatnonzero(ours["Peak Stat"] < 0)
    assert len(negative) > 10
    for row in negative:
        part = ours["Hemisphere"][row]
        inside = maps[1].data.parts[part] == int(ours["Cluster ID"][row])
        values = depth.data.parts[part][inside]
        assert ours["Peak Stat"][row] == values.min()
        assert nilearns["Peak Stat"][row] == values.max()


def test_vertices_at_the_threshold_belong_to_a_cluster_and_voxels_do_not(make_surface):
    """That is nilearn's choice, kept."""
    flat = make_surface(value=0.0)
    data = {part: values.copy() for part, values in flat.data.parts.items()}
    data["left"][[2, 3]] = [4.0, 5.0]
    image = SurfaceImage(flat.mesh, data)
    for table in (get_clusters_table(image, 4), theirs(image, 4)):
        assert table["Cluster Size (vertices)"].tolist() == [2]
    voxels = np.zeros((3, 3, 3))
    voxels[1, 1, :2] = [4.0, 5.0]
    image = nib.Nifti1Image(voxels, np.eye(4))
    for table in (get_clusters_table(image, 4), theirs(image, 4)):
        assert table[SIZE].tolist() == [1]


def test_nilearn_lists_sub_peaks_that_are_too_close():
    """A peak 6 mm from the main one is dropped for it, and comes back since the next is far."""
    data = np.zeros((40, 3, 3))
    data[:, 1, 1] = ridge(40, {5: 9.0, 11: 7.0, 30: 8.0})
    image = nib.Nifti1Image(data, np.eye(4))
    nilearns = theirs(image, 0.5, min_distance=8)
    assert nilearns["X"].tolist() == [5.0, 30.0, 11.0]
    ours = get_clusters_table(image, 0.5, min_distance=8)
    assert ours["X"].tolist() == [5.0, 30.0]


def test_nilearn_lists_the_floor_of_a_valley_as_a_peak():
    """Equal values between two peaks are no maximum."""
    data = np.zeros((30, 3, 3))
    data[:, 1, 1] = [9, 8, *[2] * 26, 7, 8]
    image = nib.Nifti1Image(data, np.eye(4))
    assert 2.0 in theirs(image, 0.5)["Peak Stat"].tolist()
    assert get_clusters_table(image, 0.5)["Peak Stat"].tolist() == [9.0, 8.0]


def test_nilearn_cuts_sizes_to_whole_numbers():
    """Three voxels of 3 × 3 × 3.5 mm are 94.5 mm³."""
    data = np.zeros((3, 3, 5))
    data[1, 1, 1:4] = [3.0, 4.0, 3.5]
    image = nib.Nifti1Image(data, np.diag([3, 3, 3.5, 1]))
    assert theirs(image, 2)[SIZE].tolist() == [94]
    assert get_clusters_table(image, 2)[SIZE].tolist() == pytest.approx([94.5], rel=1e-14)


def test_nilearn_leaves_gaps_between_the_numbers_of_the_two_sides():
    """Its first negative cluster is numbered by the rows above it, sub-peaks included."""
    data = np.zeros((40, 5, 5))
    data[2:30, 1, 1] = ridge(28, {3: 6.0, 13: 4.0, 23: 5.0})
    data[35, 3, 3] = -4.0
    image = nib.Nifti1Image(data, np.eye(4))
    assert theirs(image, 2, two_sided=True)["Cluster ID"].tolist() == [1, "1a", "1b", 4]
    ours, maps = get_clusters_table(image, 2, two_sided=True, return_label_maps=True)
    assert ours["Cluster ID"].tolist() == [1, "1a", "1b", 2]
    assert maps[1].get_fdata()[35, 3, 3] == 2


def test_nilearn_finds_nothing_where_everything_is_above_the_threshold():
    """Without a voxel below, its first cluster is taken for the outside."""
    data = np.full((3, 3, 3), 2.0)
    data[1, 1, 1] = 3.0
    image = nib.Nifti1Image(data, np.eye(4))
    assert len(theirs(image, 1)) == 0
    assert get_clusters_table(image, 1)[SIZE].tolist() == [27]


def test_nilearn_has_no_label_map_of_an_empty_side():
    """The second map is the negative side's, whether or not the first side has clusters."""
    data = np.zeros((5, 5, 5))
    data[2, 2, 1:3] = [-1.0, -4.0]
    image = nib.Nifti1Image(data, np.eye(4))
    assert len(theirs(image, 2, two_sided=True, return_label_maps=True)[1]) == 1
    with pytest.warns(EmptyResultWarning, match="higher than 2"):
        _, maps = get_clusters_table(image, 2, two_sided=True, return_label_maps=True)
    assert [label_map.get_fdata().sum() for label_map in maps] == [0, 1]


@pytest.mark.usefixtures("mended")
def test_the_table_of_a_real_map_is_nilearns(real_maps):
    """Words against rest, 14 subjects: all rows of both sides."""
    paths = sorted((real_maps / "spm_contrasts" / "auditory").glob("*/Words_*.nii"))
    design = pd.DataFrame({"intercept": np.ones(len(paths))})
    z_map = SecondLevelModel().fit(paths, design_matrix=design).compute_contrast()
    arguments = (z_map, 2.33, 5, True)
    ours = get_clusters_table(*arguments)
    assert_same_rows(ours, theirs(*arguments))
    assert (ours[SIZE] != "").sum() > 40
