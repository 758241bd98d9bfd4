"""Thresholding a map: what is kept, by every error control, on volumes and surfaces."""

import warnings

import nibabel as nib
import numpy as np
import pytest
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage
from scipy import ndimage, stats

from secondlevel.claims.threshold import threshold_stats_img
from secondlevel.errors import EmptyResultWarning, InputError, MapError
from secondlevel.inference.null import MaximumNull
from secondlevel.inference.random_field import RandomField


def on_surface(image):
    """Values of a surface image, part after part."""
    return np.concatenate([data.ravel() for data in image.data.parts.values()])


def q_values(p, method):
    """Adjusted p by scipy, or by Bonferroni."""
    if method == "bonferroni":
        return np.minimum(p * p.size, 1)
    if method == "fpr":
        return p
    return stats.false_discovery_control(p, method=method)


@pytest.mark.parametrize(
    ("control", "method"),
    [("fpr", "fpr"), ("fdr", "bh"), ("fdr_by", "by"), ("bonferroni", "bonferroni")],
)
@pytest.mark.parametrize("two_sided", [True, False])
@pytest.mark.parametrize("alpha", [0.002, 0.05])
@pytest.mark.parametrize("given", [True, False], ids=["mask", "no mask"])
def test_what_is_kept_is_what_the_procedure_rejects(
    image, z, mask, inside, control, method, two_sided, alpha, given
):
    """The map must be kept exactly where the adjusted p of scipy is at most alpha."""
    kept, height = threshold_stats_img(
        image, mask if given else None, alpha, height_control=control, two_sided=two_sided
    )
    p = 2 * stats.norm.sf(np.abs(z[inside])) if two_sided else stats.norm.sf(z[inside])
    expected = np.zeros(z.shape)
    expected[inside] = np.where(q_values(p, method) <= alpha, z[inside], 0)
    assert 0 < np.count_nonzero(expected) < np.count_nonzero(inside)
    np.testing.assert_array_equal(kept.get_fdata(), expected)
    assert np.abs(expected[expected != 0]).min() >= height
    assert kept.get_data_dtype() == np.float64
    np.testing.assert_array_equal(kept.affine, image.affine)


@pytest.mark.parametrize("control", ["fpr", "fdr", "fdr_by", "bonferroni"])
def test_both_parts_of_a_surface_are_one_family(surface, control):
    """On a mesh the threshold must come from the elements of all parts together."""
    kept, _ = threshold_stats_img(surface, alpha=0.05, height_control=control)
    values = on_surface(surface)
    method = {"fdr": "bh", "fdr_by": "by"}.get(control, control)
    q = q_values(2 * stats.norm.sf(np.abs(values)), method)
    np.testing.assert_array_equal(on_surface(kept), np.where(q <= 0.05, values, 0))
    assert kept.mesh is surface.mesh


@pytest.mark.parametrize("two_sided", [True, False])
@pytest.mark.parametrize("connectivity", [6, 18, 26])
@pytest.mark.parametrize("extent", [1, 2, 5, 12.5, 40])
def test_small_clusters_go(image, z, connectivity, extent, two_sided):
    """What is left must be the clusters of each sign with so many voxels, by scipy's labels."""
    kept, height = threshold_stats_img(
        image,
        threshold=1.5,
        height_control=None,
        cluster_threshold=extent,
        two_sided=two_sided,
        connectivity=connectivity,
    )
    assert height == 1.5
    expected = np.zeros(z.shape)
    structure = ndimage.generate_binary_structure(3, {6: 1, 18: 2, 26: 3}[connectivity])
    for sign in (1, -1) if two_sided else (1,):
        labels, _ = ndimage.label(sign * z >= 1.5, structure)
        large = np.bincount(labels.ravel())[labels] >= extent
        expected[large & (labels > 0)] = z[large & (labels > 0)]
    np.testing.assert_array_equal(kept.get_fdata(), expected)


def test_a_cluster_of_exactly_that_many_elements_stays(image, z):
    """`cluster_threshold` must be the number that is enough."""
    labels, _ = ndimage.label(z >= 3)
    size = np.bincount(labels[labels > 0]).max()
    settings = {"threshold": 3, "height_control": None, "two_sided": False}
    kept, _ = threshold_stats_img(image, cluster_threshold=int(size), **settings)
    assert np.count_nonzero(kept.get_fdata()) == size
    message = (
        rf"largest cluster at threshold 3 has {size} elements, cluster_threshold is {size + 1}"
    )
    with pytest.warns(EmptyResultWarning, match=message):
        kept, _ = threshold_stats_img(image, cluster_threshold=int(size) + 1, **settings)
    assert not kept.get_fdata().any()


def test_clusters_of_a_surface_follow_the_mesh(surface):
    """Parts and signs must not be joined, and neighbours in number only not either."""
    counts = {}
    for extent in (1, 2, 7, 9, 17):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EmptyResultWarning)
            kept, _ = threshold_stats_img(
                surface, threshold=3.9, height_control=None, cluster_threshold=extent
            )
        counts[extent] = [np.count_nonzero(data) for data in kept.data.parts.values()]
    # Left: 16 up, 8 down beside them, 1 alone; right: 6 up.
    assert counts == {1: [25, 6], 2: [24, 6], 7: [24, 0], 9: [16, 0], 17: [0, 0]}


def test_a_threshold_that_is_given_keeps_what_reaches_it():
    """At the threshold is enough; a negative one of one side keeps what lies at or below it."""
    values = np.array([-4.0, -3.0, -1.0, 1.0, 3.0, 4.0])
    image = nib.Nifti1Image(values[None, None], np.eye(4))
    for threshold, two_sided, left in (
        (3, True, [-4.0, -3.0, 3.0, 4.0]),
        (3.0, False, [3.0, 4.0]),
        (-3, False, [-4.0, -3.0]),
        (0, True, list(values)),
        (0, False, [1.0, 3.0, 4.0]),
        (None, True, [-4.0, -3.0, 3.0, 4.0]),
    ):
        kept, height = threshold_stats_img(
            image, threshold=threshold, height_control=None, two_sided=two_sided
        )
        found = kept.get_fdata().ravel()
        assert found[found != 0].tolist() == left
        assert height == (3.0 if threshold is None else threshold)


def test_a_negative_threshold_has_clusters_too(image, z, on_grid):
    """Below a negative threshold extents must count as above a positive one."""
    settings = {"height_control": None, "two_sided": False, "cluster_threshold": 4}
    below, height = threshold_stats_img(image, threshold=-2, **settings)
    turned = on_grid(-z)
    above, _ = threshold_stats_img(turned, threshold=2, **settings)
    assert height == -2
    np.testing.assert_array_equal(below.get_fdata(), -above.get_fdata())
    assert below.get_fdata().any()


@pytest.mark.parametrize("two_sided", [True, False])
def test_a_percentage_is_of_the_elements(image, z, inside, two_sided):
    """90 % must leave the highest tenth of the elements that can be reached."""
    kept, height = threshold_stats_img(
        image, threshold="90%", height_control=None, two_sided=two_sided
    )
    heights = np.abs(z[inside]) if two_sided else z[inside][z[inside] >= 0]
    assert np.count_nonzero(kept.get_fdata()) == np.ceil((len(heights) - 1) / 10)
    assert np.percentile(heights, 90) < height < np.percentile(heights, 90) + 1e-9


def test_without_a_map_the_threshold_alone_is_returned():
    """Thresholds that do not depend on the map must need none; others say so."""
    assert threshold_stats_img(alpha=0.05) == (None, stats.norm.isf(0.025))
    assert threshold_stats_img(alpha=0.05, two_sided=False) == (None, stats.norm.isf(0.05))
    assert threshold_stats_img(height_control=None) == (None, 3.0)
    assert threshold_stats_img(height_control=None, threshold=-2, two_sided=False) == (None, -2.0)
    for control in ("fdr", "fdr_by", "bonferroni"):
        with pytest.raises(
            InputError, match=f"'stat_img' cannot be None for height_control='{control}'"
        ):
            threshold_stats_img(height_control=control)
    with pytest.raises(InputError, match=r"'stat_img' cannot be None .* threshold='90%'"):
        threshold_stats_img(height_control=None, threshold="90%")


@pytest.mark.parametrize("two_sided", [True, False])
def test_rft_has_the_threshold_of_the_field(image, z, field, two_sided, on_grid):
    """Height and map must be those of the field's own threshold, with alpha for both sides."""
    kept, height = threshold_stats_img(
        on_grid(2 * z),
        alpha=0.05,
        height_control="rft",
        two_sided=two_sided,
        random_field=field,
    )
    assert height == field.for_sides(two_sided=two_sided).threshold(0.05)
    heights = np.abs(z) if two_sided else z
    np.testing.assert_array_equal(kept.get_fdata(), np.where(2 * heights >= height, 2 * z, 0))
    # By one more way: the p of a peak of that height is alpha.
    p = field.for_sides(two_sided=two_sided).peak_p(np.array([height]))
    np.testing.assert_allclose(p, 0.05, rtol=1e-9)  # worst seen: 5e-15
    assert kept.get_fdata().any()


@pytest.mark.parametrize("two_sided", [False, True])
def test_rft_has_the_threshold_of_the_largest_of_shuffles_too(image, z, two_sided):
    """With maxima in the field's place the height must be theirs, and what reaches it be kept."""
    shuffles = np.random.default_rng(84).gumbel(4, 0.4, 199)
    highest = np.abs(z).max() if two_sided else z.max()
    null = MaximumNull([*shuffles, highest], two_sided=two_sided)
    kept, height = threshold_stats_img(
        image, alpha=0.05, height_control="rft", two_sided=two_sided, random_field=null
    )
    # Ten of 200 maxima are 5 %: what exceeds the eleventh highest has a p of 0.05 or less.
    eleventh = np.sort([*shuffles, highest])[-11]
    np.testing.assert_allclose(height, eleventh, rtol=1e-8)  # seen: 1e-9, that of a tie
    heights = np.abs(z) if two_sided else z
    assert 0 < np.count_nonzero(heights > height) < np.count_nonzero(z)
    np.testing.assert_array_equal(kept.get_fdata(), np.where(heights > height, z, 0))
    with pytest.raises(InputError, match="maxima of this null were taken over"):
        threshold_stats_img(image, height_control="rft", two_sided=not two_sided, random_field=null)


def test_rft_needs_no_map(field):
    """The threshold of a field must be had without the map."""
    found = threshold_stats_img(alpha=0.05, height_control="rft", random_field=field)
    assert found == (None, field.for_sides(two_sided=True).threshold(0.05))


def test_rft_cuts_a_surface_at_the_height_of_its_field(surface, z):
    """A surface map must be cut at the height of a field in two dimensions."""
    sheets = RandomField([2.0, 10.0, 30.0], "z", n_elements=800)
    kept, height = threshold_stats_img(
        surface, alpha=0.05, height_control="rft", random_field=sheets, two_sided=False
    )
    assert height == sheets.threshold(0.05)
    values = on_surface(surface)
    np.testing.assert_array_equal(on_surface(kept), np.where(values >= height, values, 0))
    assert 0 < np.count_nonzero(on_surface(kept)) < 30


def test_values_outside_the_mask_become_0(image, z, inside, mask, on_grid):
    """Only elements of the mask are looked at, counted, kept and clustered."""
    half = inside.copy()
    half[:7] = False
    smaller = on_grid(half.astype(np.uint8))
    kept, height = threshold_stats_img(image, smaller, alpha=0.05, height_control="bonferroni")
    assert height == stats.norm.isf(0.025 / half.sum())
    np.testing.assert_array_equal(kept.get_fdata(), np.where(half & (np.abs(z) >= height), z, 0))
    moved = nib.Nifti1Image(half.astype(np.uint8), image.affine + 0.5)
    with pytest.raises(MapError, match="different grids"):
        threshold_stats_img(image, moved)


def test_integers_and_single_precision_are_kept_as_they_are(z, on_grid):
    """Whatever type a map is stored in, the values left must be its own."""
    single = on_grid(z.astype(np.float32))
    kept, height = threshold_stats_img(single, alpha=0.05, height_control="fdr")
    expected = z.astype(np.float32).astype(float)
    np.testing.assert_array_equal(
        kept.get_fdata(), np.where(np.abs(expected) >= height, expected, 0)
    )
    whole = on_grid(np.round(10 * z).astype(np.int16))
    kept, _ = threshold_stats_img(whole, threshold=25, height_control=None)
    rounded = np.round(10 * z)
    np.testing.assert_array_equal(kept.get_fdata(), np.where(np.abs(rounded) >= 25, rounded, 0))


@pytest.mark.parametrize("control", ["fpr", "fdr", "fdr_by", "bonferroni", None])
def test_relabelling_voxels_permutes_the_answer(image, z, control):
    """A grid whose axes are turned and exchanged must give the same map, turned and exchanged."""
    settings = {"alpha": 0.01, "height_control": control, "cluster_threshold": 4}
    kept, height = threshold_stats_img(image, **settings)
    turned = nib.Nifti1Image(np.ascontiguousarray(z.transpose(2, 0, 1)[::-1]), np.eye(4))
    again, height_again = threshold_stats_img(turned, **settings)
    assert height_again == height
    np.testing.assert_array_equal(again.get_fdata(), kept.get_fdata().transpose(2, 0, 1)[::-1])


def test_relabelling_vertices_permutes_the_answer(surface):
    """A mesh whose vertices are numbered anew must give the same map, numbered anew."""
    order = np.random.default_rng(84).permutation(400)  # new number of every vertex
    parts, data = {}, {}
    for name, part in surface.mesh.parts.items():
        points = np.empty_like(part.coordinates)
        points[order] = part.coordinates
        parts[name] = InMemoryMesh(points, order[part.faces])
        data[name] = np.empty(400)
        data[name][order] = surface.data.parts[name]
    anew = SurfaceImage(PolyMesh(**parts), data)
    settings = {"alpha": 0.05, "height_control": "fdr", "cluster_threshold": 3}
    kept, height = threshold_stats_img(surface, **settings)
    again, height_again = threshold_stats_img(anew, **settings)
    assert height_again == height
    for name, values in kept.data.parts.items():
        np.testing.assert_array_equal(again.data.parts[name][order], values)


@pytest.mark.parametrize("control", ["fpr", "fdr", "fdr_by", "bonferroni"])
def test_a_laxer_alpha_keeps_no_less(image, control, z):
    """Over rising alpha the threshold must fall and the set kept grow."""
    last, kept_before = np.inf, np.zeros(z.shape, dtype=bool)
    for alpha in (1e-6, 1e-4, 0.01, 0.05, 0.3, 0.9):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EmptyResultWarning)
            kept, height = threshold_stats_img(image, alpha=alpha, height_control=control)
        assert height <= last
        here = kept.get_fdata() != 0
        assert (here | ~kept_before).all()
        last, kept_before = height, here
    assert kept_before.any()


def test_an_island_far_away_changes_no_cluster(z, inside, on_grid):
    """Adding elements that touch no other must change neither height nor clusters elsewhere."""
    wider = np.zeros((z.shape[0] + 6, *z.shape[1:]))
    wider[: z.shape[0]] = z
    settings = {"threshold": 2.0, "height_control": None, "cluster_threshold": 6}
    alone, _ = threshold_stats_img(on_grid(wider), **settings)
    wider[-3:, 4:9, 4:9] = 5.0
    beside, _ = threshold_stats_img(on_grid(wider), **settings)
    np.testing.assert_array_equal(beside.get_fdata()[:-3], alone.get_fdata()[:-3])
    assert np.count_nonzero(beside.get_fdata()[-3:]) == 75
