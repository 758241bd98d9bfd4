"""true_discovery_map and true_discovery_regions, on a volume and on a surface."""

import numpy as np
import pandas as pd
import pytest
from nilearn.surface import SurfaceImage
from scipy import ndimage

from secondlevel.claims.discovery_regions import true_discovery_map, true_discovery_regions
from secondlevel.claims.true_discovery import true_discoveries
from secondlevel.errors import EmptyResultWarning, InputError, InputTypeError

EDGES = {6: 1, 18: 2, 26: 3}


@pytest.fixture(scope="module")
def two_blobs(z, on_grid):
    """The noise with a second, smaller raised blob."""
    data = z.copy()
    data[10:12, 3:5, 10:12] += 6
    return on_grid(data)


def clusters(data, connectivity):
    """All clusters at all thresholds that are values of the map, and the threshold."""
    structure = ndimage.generate_binary_structure(3, EDGES[connectivity])
    for threshold in np.unique(data[data != 0]):
        labels, n_clusters = ndimage.label((data >= threshold) & (data != 0), structure)
        for label in range(1, n_clusters + 1):
            yield threshold, labels == label


@pytest.mark.parametrize("connectivity", [6, 26])
def test_the_map_is_the_best_of_all_clusters(z, on_grid, connectivity):
    """Every voxel must have the largest share of any cluster around it, at any threshold."""
    data = z.copy()
    data[6:] = data[:, 7:] = data[:, :, :3] = data[:, :, 8:] = 0  # few thresholds to try
    image = on_grid(data)
    best = np.zeros(z.shape)
    for _, cluster in clusters(data, connectivity):
        share = true_discoveries(image, cluster).proportion
        best[cluster] = np.maximum(best[cluster], share)
    found = true_discovery_map(image, connectivity=connectivity)
    np.testing.assert_array_equal(found.get_fdata(), best)
    np.testing.assert_array_equal(found.affine, image.affine)
    assert len(np.unique(best)) > 5


@pytest.mark.parametrize("tdp", [0.5, 0.7, 1.0])
def test_regions_are_true_as_far_as_claimed_and_no_larger_is(two_blobs, tdp):
    """Each is a cluster at its threshold with the share; at the next lower one it has less."""
    label_img, table = true_discovery_regions(two_blobs, tdp=tdp)
    data, labels = two_blobs.get_fdata(), label_img.get_fdata()
    assert table["Region"].tolist() == [1, 2]
    structure = np.ones((3, 3, 3))
    for row in table.itertuples(index=False):
        region = labels == row.Region
        assert data[region].min() == row.Threshold
        assert data[region].max() == row[4]
        at_threshold, _ = ndimage.label(data >= row.Threshold, structure)
        (number,) = np.unique(at_threshold[region])
        np.testing.assert_array_equal(region, at_threshold == number)
        claim = true_discoveries(two_blobs, region)
        assert (claim.elements, claim.at_least) == (row.Elements, row[8])
        assert claim.proportion == row.Proportion >= tdp
        assert row[6] == pytest.approx(10.0 * region.sum(), rel=1e-12)  # voxels of 2 × 2 × 2.5 mm
        lower = data[(data < row.Threshold) & (data != 0)]
        for threshold in np.sort(lower)[::-31]:
            wider, _ = ndimage.label((data >= threshold) & (data != 0), structure)
            cluster = wider == wider[region][0]
            assert true_discoveries(two_blobs, cluster).proportion < tdp or (
                cluster.sum() == region.sum()
            )
    assert table["Elements"].is_monotonic_decreasing


def test_the_map_cut_at_a_share_is_the_union_of_the_regions(two_blobs):
    """Both functions must say the same."""
    shares = true_discovery_map(two_blobs).get_fdata()
    for tdp in (0.05, 0.3, 0.7, 1.0):
        labels = true_discovery_regions(two_blobs, tdp=tdp).label_img.get_fdata()
        np.testing.assert_array_equal(labels > 0, shares >= tdp)


def test_the_table_has_peaks_in_mm(two_blobs):
    """Coordinates must be those of the largest value of each region."""
    label_img, table = true_discovery_regions(two_blobs)
    assert list(table.columns) == [
        *("Region", "X", "Y", "Z", "Peak Stat", "Threshold", "Size (mm3)", "Elements"),
        *("True Discoveries", "Proportion"),
    ]
    data, labels = two_blobs.get_fdata(), label_img.get_fdata()
    assert np.issubdtype(label_img.get_data_dtype(), np.integer)
    for region, place in zip(table["Region"], table[["X", "Y", "Z"]].to_numpy(), strict=True):
        peak = np.unravel_index(np.argmax(np.where(labels == region, data, -9)), data.shape)
        np.testing.assert_allclose(place, two_blobs.affine[:3, :3] @ peak + two_blobs.affine[:3, 3])


def test_around_a_peak_there_is_its_own_region_alone(two_blobs):
    """The region of the local maximum next to the coordinates must be left, as number 1."""
    label_img, table = true_discovery_regions(two_blobs)
    for region in (1, 2):
        place = table.loc[region - 1, ["X", "Y", "Z"]].to_numpy(dtype=float)
        for shift in (0.0, 0.4):
            around, row = true_discovery_regions(two_blobs, peak=tuple(place + shift))
            np.testing.assert_array_equal(
                around.get_fdata(), (label_img.get_fdata() == region).astype(float)
            )
            expected = table.iloc[[region - 1]].reset_index(drop=True).assign(Region=1)
            pd.testing.assert_frame_equal(row, expected)


def test_where_no_region_is_active_enough(image, on_grid):
    """An image of zeros, an empty table with all columns, and the largest share in a warning."""
    whole = true_discovery_regions(image).table
    dull = on_grid(image.get_fdata() / 10)
    with pytest.warns(EmptyResultWarning, match=r"In no region is a share of 0\.7 .* is 0\."):
        label_img, table = true_discovery_regions(dull)
    assert not label_img.get_fdata().any()
    assert table.empty
    pd.testing.assert_frame_equal(table, whole.iloc[:0], check_dtype=True, check_index_type=False)
    low = np.unravel_index(np.argmin(image.get_fdata()), image.shape)
    place = image.affine[:3, :3] @ low + image.affine[:3, 3]
    with pytest.warns(EmptyResultWarning, match="In no region around the peak at "):
        label_img, table = true_discovery_regions(image, peak=place)
    assert not label_img.get_fdata().any()
    assert table.empty


def test_regions_of_a_surface(surface):
    """They must lie on the mesh of one part, and have its name and their area."""
    label_img, table = true_discovery_regions(surface, tdp=1.0)
    assert list(table.columns[:5]) == ["Region", "Hemisphere", "X", "Y", "Z"]
    left, right = (label_img.data.parts[part] for part in ("left", "right"))
    assert set(np.flatnonzero(left.reshape(20, 20)[2:6, 2:6].ravel() == 1)) == set(range(16))
    assert table["Hemisphere"].tolist()[:2] == ["left", "right"]
    assert table["Elements"].tolist()[:2] == [16, 6]
    areas = table["Size (mm2)"].to_numpy()
    assert areas[0] == pytest.approx(16.0, rel=1e-12)  # 1 mm² around every inner vertex
    assert (right == 2).sum() == 6
    shares = true_discovery_map(surface)
    for part, labels in (("left", left), ("right", right)):
        np.testing.assert_array_equal(labels > 0, shares.data.parts[part] >= 1.0)
    place = np.array([30.0, 0.0, 0.0])
    around = true_discovery_regions(surface, tdp=1.0, peak=place)
    assert around.table["Hemisphere"].tolist() == ["right"]
    masked = SurfaceImage(
        surface.mesh, {"left": np.ones(400, dtype=int), "right": np.r_[0, np.ones(399, dtype=int)]}
    )
    assert true_discovery_regions(surface, masked, tdp=1.0).table["Elements"].tolist()[:2] == [
        16,
        5,
    ]


@pytest.mark.parametrize(
    ("tdp", "error", "words"),
    [
        (0, InputError, "a share such as 0.7, above 0 and up to 1"),
        (-0.2, InputError, "a share such as 0.7, above 0 and up to 1"),
        (70, InputError, r"Got 70\. For 70 % use 0\.7"),
        (np.nan, InputError, "a share such as 0.7, above 0 and up to 1"),
        ("0.7", InputTypeError, "tdp must be a share such as 0"),
        (True, InputTypeError, "tdp must be a share such as 0"),
        (None, InputTypeError, "tdp must be a share such as 0"),
    ],
)
def test_what_is_no_share_is_refused(image, tdp, error, words):
    """Shares are above 0 and up to 1; a percentage is told what to do."""
    with pytest.raises(error, match=words):
        true_discovery_regions(image, tdp=tdp)


@pytest.mark.parametrize("peak", [(1, 2), 3, "left", (1, 2, np.nan), [(1, 2, 3)], (None, 1, 2)])
def test_what_is_no_place_is_refused(image, peak):
    """A peak is three finite coordinates."""
    with pytest.raises(InputError, match="three coordinates in mm"):
        true_discovery_regions(image, peak=peak)


def test_levels_and_neighbours_are_checked(image):
    """As everywhere."""
    for function in (true_discovery_map, true_discovery_regions):
        with pytest.raises(InputError, match="alpha should be between 0 and 1"):
            function(image, alpha=3.1)
        with pytest.raises(InputError, match="connectivity"):
            function(image, connectivity=8)
