"""cluster_level_inference on a volume and on a surface, and what it says of what cannot be."""

import warnings

import nibabel as nib
import numpy as np
import pytest
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage
from scipy import ndimage, stats

from secondlevel.claims.cluster_level import cluster_level_inference
from secondlevel.errors import (
    EmptyResultWarning,
    InputError,
    InputTypeError,
    MapError,
    MapWarning,
    MissingDataWarning,
    ThresholdWarning,
)


def share(z, region, alpha=0.05):
    """Bound for some elements of a family of z by the formulas, over their number."""
    p = np.sort(stats.norm.sf(z))
    n = len(p)
    h = max(
        i
        for i in range(n + 1)
        if i == 0 or not (i * p[n - i :] <= np.arange(1, i + 1) * alpha).any()
    )
    inside = stats.norm.sf(region)
    n_true = max(
        1 - u + np.count_nonzero(h * inside <= u * alpha) for u in range(1, len(inside) + 1)
    )
    return n_true / len(inside)


def expected(z, inside, threshold, neighbours=1, alpha=0.05):
    """Shares of clusters in a volume, one at a time."""
    structure = ndimage.generate_binary_structure(3, neighbours)
    labels, n_clusters = ndimage.label(np.where(inside, z, -np.inf) > threshold, structure)
    shares = np.zeros(z.shape)
    for label in range(1, n_clusters + 1):
        shares[labels == label] = share(z[inside], z[labels == label], alpha)
    return shares, n_clusters


@pytest.mark.parametrize(("connectivity", "neighbours"), [(6, 1), (18, 2), (26, 3)])
@pytest.mark.parametrize("threshold", [0, 1.5, 2.0, 4.5])
def test_every_cluster_has_the_share_that_the_formulas_give(
    z, image, mask, inside, threshold, connectivity, neighbours
):
    """Each cluster, taken by itself, must have its share at all of its elements; the rest is 0."""
    shares, n_clusters = expected(z, inside, threshold, neighbours)
    found = cluster_level_inference(image, mask, threshold, connectivity=connectivity)
    np.testing.assert_array_equal(found.get_fdata(), shares)
    assert n_clusters > 1 or threshold in {0, 4.5}
    assert 0 < shares.max() <= 1
    np.testing.assert_array_equal(found.affine, image.affine)


def test_without_a_mask_the_family_is_where_the_map_is_not_0(image, mask):
    """Zeros outside the brain must not count."""
    np.testing.assert_array_equal(
        cluster_level_inference(image).get_fdata(), cluster_level_inference(image, mask).get_fdata()
    )


def test_more_is_claimed_the_smaller_the_family(z, image, inside, on_grid):
    """A mask around the blob must give its cluster a larger share."""
    around = np.zeros(z.shape)
    around[2:8, 2:8, 3:9] = 1
    whole = cluster_level_inference(image, threshold=2.5).get_fdata()
    near = cluster_level_inference(image, on_grid(around), 2.5).get_fdata()
    assert near[4, 5, 6] > whole[4, 5, 6] > 0
    assert near[4, 5, 6] == expected(z, inside & (around > 0), 2.5)[0][4, 5, 6]


@pytest.mark.parametrize("thresholds", [[2.0, 3.0, 5.0], [5, 2, 3], np.array([3.0, 2.0, 5.0])])
def test_of_several_thresholds_the_highest_goes_first(image, thresholds):
    """An element must have the share of its cluster at the highest threshold that it exceeds."""
    data = image.get_fdata()
    by_hand = np.zeros(data.shape)
    for threshold in (2.0, 3.0, 5.0):
        alone = cluster_level_inference(image, threshold=threshold).get_fdata()
        by_hand[data > threshold] = alone[data > threshold]
    found = cluster_level_inference(image, threshold=thresholds).get_fdata()
    np.testing.assert_array_equal(found, by_hand)
    assert len(np.unique(found)) > 3


def test_elements_equal_to_the_threshold_are_outside(on_grid):
    """A cluster holds what lies above the threshold, as nilearn's."""
    z = on_grid(np.array([[[4.0, 3.0, 4.0]]]))
    assert cluster_level_inference(z, threshold=3.0).get_fdata().tolist() == [[[1.0, 0.0, 1.0]]]


def test_every_element_above_the_threshold(on_grid):
    """One cluster of everything must have the share of the whole map."""
    data = np.random.default_rng(83).normal(2.5, 1, (4, 5, 6))
    data += 0.1 - data.min()
    found = cluster_level_inference(on_grid(data), threshold=0).get_fdata()
    assert np.unique(found).tolist() == [share(data.ravel(), data.ravel())]


def test_a_single_element(on_grid):
    """A mask of one element must work, and say that it is one."""
    data = np.array([[[4.0, 2.5, 1.0]]])
    for place, value in ((0, 1.0), (2, 0.0)):
        one = np.zeros((1, 1, 3), dtype=np.uint8)
        one[0, 0, place] = 1
        with pytest.warns(MapWarning, match="single"):
            found = cluster_level_inference(on_grid(data), on_grid(one), 0)
        assert found.get_fdata()[0, 0, place] == value


def test_hemispheres_are_one_family_and_clusters_follow_the_mesh(surface):
    """Blobs must be joined along the mesh, and tested together with all vertices of both parts."""
    found = cluster_level_inference(surface, threshold=3.9)
    left = found.data.parts["left"].reshape(20, 20)
    right = found.data.parts["right"].reshape(20, 20)
    z = np.concatenate([surface.data.parts[part] for part in ("left", "right")])
    at_left = surface.data.parts["left"].reshape(20, 20)
    assert np.unique(left[2:6, 2:6]).tolist() == [share(z, at_left[2:6, 2:6].ravel())]
    assert left[15, 15] == share(z, at_left[15, 15:16])
    assert np.unique(right[:2, :3]).tolist() == [share(z, np.full(6, 4.5))]
    assert np.count_nonzero(left) + np.count_nonzero(right) == 16 + 1 + 6
    # By itself the right sheet, which has half of the elements, would be given more at alpha 1e-4.
    strict = cluster_level_inference(surface, threshold=3.9, alpha=1e-4)
    alone = surface.data.parts["right"]
    assert strict.data.parts["right"][0] == share(z, np.full(6, 4.5), 1e-4)
    assert strict.data.parts["right"][0] <= share(alone, np.full(6, 4.5), 1e-4)


def test_vertices_that_follow_in_number_alone_are_no_cluster():
    """Two high vertices with consecutive numbers but no edge must be two clusters."""
    n = 40
    points = np.random.default_rng(84).normal(size=(n, 3))
    faces = np.array([[0, 1, 2], [30, 31, 32]])
    mesh = PolyMesh(left=InMemoryMesh(points, faces), right=InMemoryMesh(points, faces))
    values = np.linspace(-1, 1, n)
    values[[10, 11]] = 6.0, 3.5  # without an edge to anything
    values[[30, 31]] = 6.0, 3.5
    image = SurfaceImage(mesh, {"left": values, "right": np.linspace(-1, 1, n)})
    found = cluster_level_inference(image, threshold=3, alpha=0.01).data.parts["left"]
    assert found[[10, 11]].tolist() == [1.0, 0.0]
    assert found[[30, 31]].tolist() == [0.5, 0.5]


def test_verbose_says_what_is_true_of_the_whole_map(image, mask, inside, capsys):
    """Number of discoveries and Hommel's value, in one line; nothing by default."""
    cluster_level_inference(image, mask)
    assert capsys.readouterr().out == ""
    cluster_level_inference(image, mask, verbose=1)
    line = capsys.readouterr().out
    assert line.startswith("At least ")
    assert f"of {inside.sum()} elements are active (Hommel's value at alpha=0.05: " in line
    n_true, h = int(line.split()[2]), int(line.rstrip().rstrip(").").split()[-1])
    assert n_true + h == inside.sum()
    assert n_true > 20


def test_values_that_are_missing_are_left_out_of_the_family(z, inside, on_grid, mask):
    """NaN inside the mask must be counted in a warning, and be 0 in the result."""
    holes = z.copy()
    holes[4, 4, 5:7] = np.nan
    with pytest.warns(MissingDataWarning, match="2 of"):
        found = cluster_level_inference(on_grid(holes), mask, 2.5).get_fdata()
    shares, _ = expected(np.nan_to_num(holes), inside & ~np.isnan(holes), 2.5)
    np.testing.assert_array_equal(found, shares)


def test_a_map_below_the_threshold_gives_zeros_and_a_word(image):
    """No cluster must be an image of zeros, and a warning that has the largest z."""
    with pytest.warns(EmptyResultWarning, match=r"nothing lies above threshold 30, the largest z"):
        found = cluster_level_inference(image, threshold=[40, 30])
    assert not found.get_fdata().any()


def test_a_map_that_is_0_throughout(on_grid, mask):
    """It has no clusters, with a mask or without, at threshold 0 neither."""
    zero = on_grid(np.zeros((14, 15, 16)))
    for mask_img in (mask, None):
        with (
            pytest.warns(EmptyResultWarning, match="the largest z is 0"),
            pytest.warns(MapWarning, match="0"),
        ):
            found = cluster_level_inference(zero, mask_img, 0)
        assert not found.get_fdata().any()


@pytest.mark.parametrize("threshold", [-1, [3.0, -0.5], -1e-9])
def test_negative_thresholds_are_refused(image, threshold):
    """The words are those that nilearn's users match on."""
    with pytest.raises(
        ValueError, match="'threshold' cannot be negative or contain negative values"
    ):
        cluster_level_inference(image, threshold=threshold)


@pytest.mark.parametrize("threshold", ["3", None, True, [], [[3.0]], [3.0, None], 3 + 1j])
def test_thresholds_that_are_no_numbers_are_refused(image, threshold):
    """The message must show what was given."""
    with pytest.raises(InputTypeError, match="'threshold' must be a number, or a list of numbers"):
        cluster_level_inference(image, threshold=threshold)


@pytest.mark.parametrize("threshold", [np.inf, [3.0, np.nan]])
def test_thresholds_that_are_not_finite_are_refused(image, threshold):
    """Infinity and NaN compare with nothing."""
    with pytest.raises(InputError, match="'threshold' must be finite"):
        cluster_level_inference(image, threshold=threshold)


def test_a_threshold_that_looks_like_p_is_noticed(image):
    """A threshold between 0 and 0.5 must be used, with a warning that names the z of that p."""
    with pytest.warns(ThresholdWarning, match=r"0\.001 looks like a p-value.*threshold=3\.0902"):
        found = cluster_level_inference(image, threshold=[0.001, 3.0])
    assert np.count_nonzero(found.get_fdata()) > 500
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cluster_level_inference(image, threshold=0)
        cluster_level_inference(image, threshold=0.5)


@pytest.mark.parametrize(
    ("alpha", "error", "words"),
    [
        (3.1, InputError, r"alpha should be between 0 and 1\. 3\.1 was provided.*z value"),
        (-0.1, InputError, "alpha should be between 0 and 1"),
        (0, InputError, "alpha should be between 0 and 1, and neither of them"),
        (1.0, InputError, "alpha should be between 0 and 1, and neither of them"),
        (np.nan, InputError, "alpha should be between 0 and 1"),
        ("0.05", InputTypeError, "alpha should be a number"),
        ([0.05], InputTypeError, "alpha should be a number"),
    ],
)
def test_what_is_no_level_is_refused(image, alpha, error, words):
    """Levels outside 0 … 1, and the ends, must be named."""
    with pytest.raises(error, match=words):
        cluster_level_inference(image, alpha=alpha)


def test_map_and_mask_must_lie_on_one_grid_or_mesh(image, mask, surface, on_grid):
    """Another grid, another mesh and a mask of the other kind must be refused by name."""
    moved = nib.Nifti1Image(mask.get_fdata(), np.diag([2.0, 2, 2, 1]))
    with pytest.raises(MapError, match="stat_img and the mask lie on different grids"):
        cluster_level_inference(image, moved)
    with pytest.raises(InputTypeError, match="compatible types"):
        cluster_level_inference(image, surface)
    fewer = {
        part: InMemoryMesh(mesh.coordinates[:100], mesh.faces[(mesh.faces < 100).all(axis=1)])
        for part, mesh in surface.mesh.parts.items()
    }
    other = SurfaceImage(PolyMesh(**fewer), {part: np.ones(100) for part in fewer})
    with pytest.raises(MapError, match="mesh"):
        cluster_level_inference(surface, other)


@pytest.mark.parametrize(("connectivity", "error"), [(7, InputError), ("faces", InputTypeError)])
def test_unknown_neighbours_are_refused(image, connectivity, error):
    """Only 6, 18 and 26 are numbers of neighbours."""
    with pytest.raises(error, match="connectivity"):
        cluster_level_inference(image, connectivity=connectivity)


def test_maps_of_something_else_are_noticed_by_their_header(image):
    """A header that says p-values must be refused, one that says t must be mentioned."""
    t = nib.Nifti1Image(image.get_fdata(), image.affine)
    t.header.set_intent("t test", (23,))
    with pytest.warns(MapWarning, match="holds t by its header, and is taken for z"):
        found = cluster_level_inference(t)
    np.testing.assert_array_equal(found.get_fdata(), cluster_level_inference(image).get_fdata())
    t.header.set_intent("p value")
    with pytest.raises(InputError, match="holds p-values by its header"):
        cluster_level_inference(t)
    t.header.set_intent("z score")
    cluster_level_inference(t)
