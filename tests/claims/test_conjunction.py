"""Conjunctions of maps: the smallest statistic, the largest p, on volumes and surfaces."""

import numpy as np
import pandas as pd
import pytest
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage
from scipy import stats

from secondlevel.claims.conjunction import conjunction
from secondlevel.claims.threshold import threshold_stats_img
from secondlevel.errors import (
    EmptyResultWarning,
    IgnoredParameterWarning,
    InputError,
    InputTypeError,
    MapError,
    MapWarning,
    MaskError,
    MissingDataWarning,
)
from secondlevel.inference.conjunction import conjoin


@pytest.fixture
def three(make_image):
    """Three maps of z, and their values."""
    data = [3 * make_image(seed).get_fdata() for seed in (61, 62, 63)]
    return [make_image(values) for values in data], np.array(data)


@pytest.fixture
def two_surfaces(make_surface):
    """Two maps of z on a mesh, and their values."""
    images = [make_surface(seed) for seed in (64, 65)]
    return images, np.array([values_of(image) for image in images])


def values_of(image):
    """Values of a surface image, part after part."""
    return np.concatenate([data.ravel() for data in image.data.parts.values()])


def test_the_smallest_map_and_the_largest_p(three, mask_img):
    """Inside the mask z must be the smallest of the maps, and p the largest of theirs."""
    images, z = three
    inside = mask_img.get_fdata() > 0
    both = conjunction(images, mask_img)
    np.testing.assert_array_equal(both.stat.get_fdata(), np.where(inside, z.min(axis=0), 0))
    largest = np.where(inside, stats.norm.sf(z).max(axis=0), 0)
    # Worst relative difference seen: 3.5e-15.
    np.testing.assert_allclose(both.p_value.get_fdata(), largest, rtol=1e-12)
    stat, p_value = both
    assert (stat is both.stat, p_value is both.p_value) == (True, True)


def test_t_maps_have_the_p_of_their_degrees_of_freedom(three, mask_img):
    """With `dof` p must be that of t."""
    images, t = three
    inside = mask_img.get_fdata() > 0
    both = conjunction(images, mask_img, dof=7)
    np.testing.assert_array_equal(both.stat.get_fdata(), np.where(inside, t.min(axis=0), 0))
    # Worst relative difference seen: 2.5e-15.
    np.testing.assert_allclose(
        both.p_value.get_fdata()[inside], stats.t.sf(t, 7).max(axis=0)[inside], rtol=1e-12
    )


def test_two_sides_must_agree(three, mask_img):
    """Two-sided, z must be the smallest |z| with the sign of all, 0 with p 1 where signs differ."""
    images, z = three
    inside = mask_img.get_fdata() > 0
    both = conjunction(images, mask_img, two_sided=True)
    up, down = (z > 0).all(axis=0), (z < 0).all(axis=0)
    expected = np.where(up, z.min(axis=0), np.where(down, z.max(axis=0), 0))
    np.testing.assert_array_equal(both.stat.get_fdata(), np.where(inside, expected, 0))
    p = np.where(up | down, (2 * stats.norm.sf(np.abs(z))).max(axis=0), 1)
    # Worst relative difference seen: 4.2e-15.
    np.testing.assert_allclose(both.p_value.get_fdata(), np.where(inside, p, 0), rtol=1e-12)
    assert down[inside].any()


def test_surfaces_are_joined_part_by_part(two_surfaces, mesh):
    """On a mesh the same must hold, and the images lie on the mesh of the maps."""
    images, z = two_surfaces
    both = conjunction(images)
    np.testing.assert_array_equal(values_of(both.stat), z.min(axis=0))
    np.testing.assert_allclose(values_of(both.p_value), stats.norm.sf(z).max(axis=0), rtol=1e-12)
    assert both.stat.mesh is both.p_value.mesh is mesh


def test_degrees_of_freedom_of_p_maps_are_said_to_have_no_effect(three, make_image):
    """A dof beside maps of p must be warned of, and change nothing."""
    maps = [make_image(stats.norm.sf(values)) for values in three[1]]
    with pytest.warns(IgnoredParameterWarning, match="dof=5 is not used with kind='p_value'"):
        both = conjunction(maps, kind="p_value", dof=5)
    alone = conjunction(maps, kind="p_value").p_value.get_fdata()
    np.testing.assert_array_equal(both.p_value.get_fdata(), alone)


def test_p_maps_give_the_largest_p(three, make_image, mask_img, two_surfaces, mesh):
    """Of maps of p the largest must be given, and no statistic."""
    _, z = three
    p = stats.norm.sf(z)
    both = conjunction([make_image(values) for values in p], mask_img, kind="p_value")
    assert both.stat is None
    expected = np.where(mask_img.get_fdata() > 0, p.max(axis=0), 0)
    np.testing.assert_array_equal(both.p_value.get_fdata(), expected)
    on_mesh = [
        SurfaceImage(mesh, {part: stats.norm.sf(data) for part, data in image.data.parts.items()})
        for image in two_surfaces[0]
    ]
    both = conjunction(on_mesh, kind="p_value")
    expected = stats.norm.sf(two_surfaces[1]).max(axis=0)
    np.testing.assert_array_equal(values_of(both.p_value), expected)


def test_far_out_the_smallest_keeps_its_order(make_image):
    """Where p is 0 as a double, z must still be the smallest map."""
    both = conjunction([make_image(np.array([[[v, v + 1]]])) for v in (50.0, 45.0)])
    assert both.stat.get_fdata().ravel().tolist() == [45.0, 46.0]
    assert both.p_value.get_fdata().ravel().tolist() == [0.0, 0.0]
    assert conjoin(np.array([[50.0], [45.0]])).log_p[0] == stats.norm.logsf(45.0)


def test_without_a_mask_only_elements_of_all_maps_are_tested(make_image):
    """Where one map is 0 or NaN, and another is not, p must be 1 and z 0; outside of all, 0."""
    first, second = np.full((2, 3, 4), 4.0), np.full((2, 3, 4), 3.0)
    second[0, 0, 0] = 5.0
    first[0, 0, 1] = np.nan
    second[0, 0, 2] = 0
    first[1, 2, 3] = second[1, 2, 3] = 0
    both = conjunction([make_image(first), make_image(second)])
    z, p = both.stat.get_fdata(), both.p_value.get_fdata()
    assert z[0, 0].tolist() == [4.0, 0.0, 0.0, 3.0]
    np.testing.assert_allclose(p[0, 0], [*stats.norm.sf([4.0]), 1, 1, *stats.norm.sf([3.0])])
    assert (z[1, 2, 3], p[1, 2, 3]) == (0, 0)


def test_nan_in_any_map_is_left_out(three, make_image, mask_img):
    """Elements of the mask without a value must be counted, named, and get p 1."""
    images, z = three
    holes = z[1].copy()
    holes[2, 2, 3:6] = np.nan
    images[1] = make_image(holes)
    with pytest.warns(MissingDataWarning, match=r"3 of \d+ .* left out.*stat_imgs\[1\] at most"):
        both = conjunction(images, mask_img)
    assert (both.p_value.get_fdata()[2, 2, 3:6] == 1).all()
    assert (both.stat.get_fdata()[2, 2, 3:6] == 0).all()
    assert np.isfinite(both.stat.get_fdata()).all()
    with pytest.raises(MaskError, match=r"No element has a value in every map; stat_imgs\[1\] has"):
        conjunction([images[0], make_image(np.full_like(holes, np.nan))], mask_img)


@pytest.mark.parametrize("two_sided", [True, False])
def test_maps_with_nothing_in_common_have_no_conjunction(make_image, make_surface, two_sided):
    """Where no element is left in every map the statistic must be 0 and p 1, with a warning."""
    apart = np.zeros((2, 8, 9, 10))
    apart[0, :4], apart[1, 4:7] = 2.0, 2.5
    message = r"No element has a value in every map; stat_imgs\[1\] has the fewest.* is 0 and p 1"
    with pytest.warns(EmptyResultWarning, match=message):
        both = conjunction([make_image(values) for values in apart], two_sided=two_sided)
    assert not both.stat.get_fdata().any()
    np.testing.assert_array_equal(both.p_value.get_fdata(), apart.any(axis=0).astype(float))
    with pytest.warns(EmptyResultWarning):
        p = conjunction([make_image(values / 3) for values in apart], kind="p_value").p_value
    np.testing.assert_array_equal(p.get_fdata(), apart.any(axis=0).astype(float))
    for nothing in (make_image(np.zeros((8, 9, 10))), make_surface(value=0.0)):
        with pytest.warns(EmptyResultWarning):
            both = conjunction([nothing, nothing], two_sided=two_sided)
        of_image = values_of if hasattr(nothing, "mesh") else lambda image: image.get_fdata()
        assert not of_image(both.stat).any()
        assert (of_image(both.p_value) == 1).all()


def test_headers_tell_what_is_joined(three, make_image, mask_img):
    """Maps of t must get the p of the degrees of freedom in their headers, and images their own."""
    images, t = three
    for image in images:
        image.header.set_intent("t test", (7,))
    both = conjunction(images, mask_img)
    inside = mask_img.get_fdata() > 0
    # Worst relative difference seen: 2.5e-15.
    np.testing.assert_allclose(
        both.p_value.get_fdata()[inside], stats.t.sf(t, 7).max(axis=0)[inside], rtol=1e-12
    )
    assert both.stat.header.get_intent()[:2] == ("t test", (7.0,))
    assert both.p_value.header.get_intent()[0] == "p value"
    np.testing.assert_array_equal(
        conjunction(images, mask_img, dof=7).p_value.get_fdata(), both.p_value.get_fdata()
    )
    bare = [make_image(values) for values in t]
    assert conjunction(bare).stat.header.get_intent()[0] == "z score"
    assert conjunction(bare, dof=9).stat.header.get_intent()[:2] == ("t test", (9.0,))
    # One header that tells speaks for those that do not.
    mixed = conjunction([*bare[:2], images[2]], mask_img)
    np.testing.assert_array_equal(mixed.p_value.get_fdata(), both.p_value.get_fdata())


def test_headers_that_contradict_are_refused(three, make_image):
    """Different statistics, degrees of freedom, p-values and other units must be named."""
    _, z = three

    def holding(*intents):
        made = [make_image(values) for values in z]
        for image, (intent, params) in zip(made, intents, strict=False):
            image.header.set_intent(intent, params)
        return made[: len(intents)]

    t, other_t, bare_t = ("t test", (7,)), ("t test", (9,)), ("t test", (0,))
    score, p, f, d = ("z score", ()), ("p value", ()), ("f test", (2, 9)), ("estimate", ())
    for intents, settings, message in (
        ((score, t), {}, r"stat_imgs\[0\] holds z and stat_imgs\[1\] holds t by their headers"),
        (
            (t, other_t),
            {},
            "t with 7 and 9 degrees of freedom .*so the smallest t is not th",
        ),
        ((t, t), {"dof": 8}, r"t with 7 degrees of freedom by their headers\. Got dof=8"),
        ((t, t), {"dof": np.inf}, r"t with 7 degrees of freedom by their headers\. Got dof=inf"),
        ((bare_t, bare_t), {}, r"do not tell the degrees of freedom\. Pass dof="),
        ((score, score), {"dof": 8}, r"hold z by their headers, and dof=8 is of t"),
        ((score, p), {}, r"stat_imgs\[1\] holds p-values by its header\. Pass kind='p_value'"),
        ((f, f), {}, r"stat_imgs\[0\] holds F by its header, not z or t\. Pass maps of z"),
        ((d, d), {}, r"stat_imgs\[0\] holds estimates by its header, not z or t"),
        ((score, p), {"kind": "p_value"}, r"stat_imgs\[0\] holds z by its header, and kind='p_v"),
    ):
        with pytest.raises(InputError, match=message):
            conjunction(holding(*intents), **settings)
    found = conjunction(holding(bare_t, bare_t), dof=7).p_value.get_fdata()
    np.testing.assert_allclose(found, stats.t.sf(z[:2], 7).max(axis=0), rtol=1e-12)


def test_a_p_of_0_is_a_p_where_there_is_a_mask(make_image):
    """With a mask 0 is a p too small for a number; without one it is outside, with a word."""
    p = [np.array([[[0.0, 0.03, 0.0, 0.2]]]), np.array([[[0.01, 0.02, 0.0, np.nan]]])]
    images = [make_image(values) for values in p]
    with pytest.warns(MissingDataWarning, match=r"At 2 elements some map is 0 or NaN .*pass mask"):
        found = conjunction(images, kind="p_value").p_value
    assert found.get_fdata().tolist() == [[[1.0, 0.03, 0.0, 1.0]]]
    mask = make_image(np.ones((1, 1, 4), dtype=np.uint8))
    with pytest.warns(MissingDataWarning, match="1 of 4 elements of the mask were left out"):
        found = conjunction(images, mask, kind="p_value").p_value
    assert found.get_fdata().tolist() == [[[0.01, 0.03, 0.0, 1.0]]]


def test_maps_that_lie_elsewhere_are_refused(three, make_image, mask_img, two_surfaces, mesh):
    """The map that lies elsewhere must be named, and what it is compared with."""
    images, z = three
    moved = images[2].affine.copy()
    moved[0, 3] += 1
    away = make_image(z[2], affine=moved)
    for mask in (None, mask_img):
        with pytest.raises(MapError, match=r"stat_imgs\[2\] and stat_imgs\[0\] lie on different g"):
            conjunction([*images[:2], away], mask)
    with pytest.raises(MapError, match=r"stat_imgs\[0\] and the mask lie on different grids"):
        conjunction([away, away], mask_img)
    faces = mesh.parts["left"].faces.copy()
    faces[0] = [0, 1, 5]
    part = InMemoryMesh(mesh.parts["left"].coordinates, faces)
    changed = PolyMesh(left=part, right=mesh.parts["right"])
    other = SurfaceImage(changed, two_surfaces[0][1].data.parts)
    with pytest.raises(MapError, match=r"stat_imgs\[1\] and stat_imgs\[0\] lie on different mes"):
        conjunction([two_surfaces[0][0], other])
    with pytest.raises(MapError, match=r"stat_imgs\[1\] must be a 3D image; got SurfaceImage"):
        conjunction([images[0], two_surfaces[0][0]])
    with pytest.raises(MapError, match=r"stat_imgs\[1\] must be a surface image; got Nifti1Image"):
        conjunction([two_surfaces[0][0], images[0]])


def test_what_is_no_list_of_maps_is_refused(three):
    """One image, one path, one map in a list, and what is no image must be called by name."""
    images, _ = three
    for given, name in ((images[0], "Nifti1Image"), ("z.nii.gz", "str"), (3, "int")):
        with pytest.raises(InputTypeError, match=rf"must be a list of maps.* Got {name}"):
            conjunction(given)
    with pytest.raises(InputError, match=r"needs two maps or more\. Got 1"):
        conjunction(images[:1])
    with pytest.raises(InputTypeError, match=r"stat_imgs\[1\] must be a 3D image, its path"):
        conjunction([images[0], 3.0])


def test_options_that_cannot_be_meant_are_refused(three, make_image):
    """Each must be called by name and told what to do."""
    images, _ = three
    with pytest.raises(InputError, match=r"kind must be one of stat, p_value\. Got 'z'"):
        conjunction(images, kind="z")
    with pytest.raises(InputTypeError, match="dof must be a number above 0, the same for all maps"):
        conjunction(images, dof=[10, 12, 14])
    with pytest.raises(InputError, match="dof must be a number above 0"):
        conjunction(images, dof=0)
    with pytest.raises(InputTypeError, match="two_sided must be True or False"):
        conjunction(images, two_sided=1)
    with pytest.raises(InputError, match="p-values do not say on which side"):
        conjunction(images, kind="p_value", two_sided=True)
    with pytest.raises(InputError, match=r"stat_imgs\[0\] has values outside 0 … 1"):
        conjunction(images, kind="p_value")
    likely_p = [make_image(np.full((2, 2, 2), p)) for p in (0.01, 0.2)]
    with pytest.warns(MapWarning, match="lie between 0 and 1, as p-values do"):
        conjunction(likely_p)
    infinite = make_image(np.full((8, 9, 10), np.inf))
    with pytest.raises(InputError, match=r"stat_imgs\[1\] is infinite at 720 elements"):
        conjunction([images[0], infinite])


def test_files_and_a_series_of_paths_are_read(three, save_maps):
    """Paths, in whatever holds them, must give what the images give."""
    images, _ = three
    paths = save_maps(images)
    expected = conjunction(images).stat.get_fdata()
    for given in (paths, tuple(map(str, paths)), pd.Series(paths), iter(paths)):
        np.testing.assert_array_equal(conjunction(given).stat.get_fdata(), expected)


def test_the_smallest_map_is_cut_like_any_other(three, mask_img):
    """What survives in the conjunction at a height must survive in every map at that height."""
    images, _ = three
    both = conjunction(images, mask_img)
    kept, height = threshold_stats_img(both.stat, mask_img, alpha=0.2, two_sided=False)
    each = [threshold_stats_img(image, mask_img, alpha=0.2, two_sided=False)[0] for image in images]
    in_all = np.logical_and.reduce([image.get_fdata() != 0 for image in each])
    np.testing.assert_array_equal(kept.get_fdata() != 0, in_all)
    np.testing.assert_array_equal(in_all, both.stat.get_fdata() >= height)
    assert in_all.any()


def test_the_p_of_a_conjunction_is_valid_where_one_effect_is_absent():
    """With one true null beside a strong effect p must be uniform; with two, never below it."""
    rng = np.random.default_rng(66)
    n = 40_000
    noise = rng.normal(size=(2, n))
    strong = noise + np.array([[12.0], [0.0]])
    for two_sided in (False, True):
        share = (np.exp(conjoin(strong, two_sided=two_sided).log_p) <= 0.05).mean()
        # Two-sided the sign must be that of the strong effect, which half of the false ones have.
        assert share == pytest.approx(0.025 if two_sided else 0.05, abs=0.004)  # 4 s.e.
        assert (np.exp(conjoin(noise, two_sided=two_sided).log_p) <= 0.05).mean() < 0.005
