"""Images are enhanced on their own grid or mesh, and what cannot be is refused in words."""

import warnings

import nibabel as nib
import numpy as np
import pytest

from secondlevel.claims.tfce import tfce
from secondlevel.errors import (
    EmptyResultWarning,
    InputError,
    InputTypeError,
    MapError,
    MapWarning,
    MissingDataWarning,
)
from secondlevel.graph.lattice import Lattice
from secondlevel.inference.tfce import Enhancement, enhance
from secondlevel.spaces.surface import whole_mesh

SHAPE = (8, 9, 10)


@pytest.fixture
def z_map(make_image):
    """A map of noise."""
    return make_image(np.random.default_rng(3).normal(size=SHAPE))


@pytest.fixture
def patch_surface(mesh):
    """Make a surface image of both hemispheres from values by part."""
    from nilearn.surface import SurfaceImage

    return lambda **parts: SurfaceImage(mesh, {k: np.asarray(v) for k, v in parts.items()})


@pytest.mark.parametrize("connectivity", [6, 18, 26])
def test_a_volume_is_enhanced_within_its_mask(z_map, mask_img, connectivity):
    """Scores must be those of the mask's lattice, at the map's place, 0 outside."""
    inside = mask_img.get_fdata() > 0
    graph = Lattice(inside, mask_img.affine).graph(connectivity)
    enhanced = tfce(z_map, mask_img, connectivity=connectivity)
    expected = enhance(graph, z_map.get_fdata()[inside], Enhancement(0.5, 2.0))
    np.testing.assert_array_equal(enhanced.get_fdata()[inside], expected)
    assert (enhanced.get_fdata()[~inside] == 0).all()
    np.testing.assert_array_equal(enhanced.affine, z_map.affine)
    assert enhanced.get_data_dtype() == np.float64


def test_without_a_mask_zeros_are_outside(z_map, mask_img, tmp_path):
    """A map that is 0 outside its mask must need none, be it an image or a file."""
    inside = mask_img.get_fdata() > 0
    data = np.where(inside, z_map.get_fdata(), 0)
    masked = nib.Nifti1Image(data, z_map.affine)
    nib.save(masked, tmp_path / "z.nii.gz")
    expected = tfce(z_map, mask_img).get_fdata()
    np.testing.assert_array_equal(tfce(masked).get_fdata(), expected)
    np.testing.assert_array_equal(tfce(tmp_path / "z.nii.gz").get_fdata(), expected)


def test_options_reach_the_integral(z_map):
    """Weights, sides, step and extent must be those asked for."""
    values = z_map.get_fdata().ravel()
    graph = Lattice(np.ones(SHAPE, dtype=bool), z_map.affine).graph(18)
    enhanced = tfce(z_map, None, 0.7, 1.5, 18, False, dh=0.1, extent="size")
    expected = enhance(graph, values, Enhancement(0.7, 1.5, False, 0.1, "size"))
    np.testing.assert_array_equal(enhanced.get_fdata().ravel(), expected)
    assert (enhanced.get_fdata() >= 0).all()


def test_a_size_is_in_cubic_millimetres(z_map):
    """By size a score must be the square root of a voxel's volume times that by number."""
    volume = abs(np.linalg.det(z_map.affine[:3, :3]))
    by_size = tfce(z_map, extent="size").get_fdata()
    np.testing.assert_allclose(by_size, np.sqrt(volume) * tfce(z_map).get_fdata(), rtol=1e-13)


def test_a_surface_has_weights_of_its_own(make_surface):
    """On a surface E must be 1 and H 2, extents being numbers of vertices along the mesh."""
    image = make_surface(4)
    space = whole_mesh(image)
    enhanced = tfce(image)
    values = np.concatenate([image.data.parts["left"], image.data.parts["right"]])
    expected = enhance(space.graph(), values, Enhancement(1.0, 2.0))
    found = np.concatenate([enhanced.data.parts["left"], enhanced.data.parts["right"]])
    np.testing.assert_array_equal(found, expected)
    by_area = tfce(image, extent="size")
    expected = enhance(space.graph(), values, Enhancement(1.0, 2.0, extent="size"))
    np.testing.assert_array_equal(by_area.data.parts["left"], expected[:12])


def test_hemispheres_are_not_joined(patch_surface):
    """Vertices of one hemisphere must add nothing to the extent of the other."""
    one = patch_surface(left=np.full(12, 3.0), right=np.r_[1.5, np.zeros(11)])
    enhanced = tfce(one)
    np.testing.assert_array_equal(enhanced.data.parts["left"], np.full(12, 12 * 9.0))
    np.testing.assert_array_equal(enhanced.data.parts["right"], np.r_[1.125, np.zeros(11)])


def test_a_vertex_of_no_triangle_stands_alone():
    """An isolated vertex must be a component of one vertex, without area."""
    from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage

    points = np.array([[0.0, 0, 0], [2, 0, 0], [0, 2, 0], [9, 9, 9]])
    mesh = PolyMesh(left=InMemoryMesh(points, np.array([[0, 1, 2]])))
    with pytest.warns(MapWarning, match="is 3 at all of its 4 elements"):
        enhanced = tfce(SurfaceImage(mesh, {"left": np.full(4, 3.0)}))
    np.testing.assert_allclose(enhanced.data.parts["left"], [27, 27, 27, 9], rtol=1e-15)
    with pytest.warns(MapWarning):
        by_area = tfce(SurfaceImage(mesh, {"left": np.full(4, 3.0)}), extent="size")
    np.testing.assert_allclose(by_area.data.parts["left"], [18, 18, 18, 0], rtol=1e-15)


def test_a_map_of_zeros_stays_zero(make_image, mask_img):
    """A map that is 0 throughout must give zeros and a warning, with and without a mask."""
    zeros = make_image(np.zeros(SHAPE))
    for mask in (None, mask_img):
        with pytest.warns(MapWarning, match="is 0 at every voxel"):
            enhanced = tfce(zeros, mask)
        assert (enhanced.get_fdata() == 0).all()


def test_a_constant_map_is_enhanced_alike(make_image, mask_img):
    """A constant map must get one score in each part of the mask, and a warning."""
    parts = np.zeros(SHAPE, dtype=np.uint8)
    parts[:2, :3, :2] = 1
    parts[5, 5, 5:8] = 1
    with pytest.warns(MapWarning, match="is -3 at all of its 15 elements"):
        enhanced = tfce(make_image(np.full(SHAPE, -3.0)), make_image(parts)).get_fdata()
    np.testing.assert_allclose(enhanced[:2, :3, :2], -9 * np.sqrt(12), rtol=1e-15)
    np.testing.assert_allclose(enhanced[5, 5, 5:8], -9 * np.sqrt(3), rtol=1e-15)


def test_a_single_voxel_is_its_own_extent(z_map, make_image):
    """A mask of one voxel must give v³ / 3, and a warning."""
    one = np.zeros(SHAPE, dtype=np.uint8)
    one[2, 3, 4] = 1
    value = z_map.get_fdata()[2, 3, 4]
    with pytest.warns(MapWarning, match="single voxel"):
        enhanced = tfce(z_map, make_image(one)).get_fdata()
    assert enhanced[2, 3, 4] == pytest.approx(value**3 / 3, rel=1e-14)
    assert np.count_nonzero(enhanced) == 1


def test_every_voxel_may_be_positive(make_image):
    """A map without a rim must be enhanced as any, whatever there is below its minimum."""
    noise = np.random.default_rng(5).normal(size=SHAPE)
    raised = tfce(make_image(noise - noise.min() + 1)).get_fdata()
    # Up to its minimum, 1, the map is one component.
    assert raised.min() == pytest.approx(np.sqrt(noise.size) / 3, rel=1e-13)
    assert (raised > 0).all()


def test_missing_values_join_nothing(make_image, mask_img):
    """Voxels without a value must be warned of and left out, as if the mask were without them."""
    data = np.ones(SHAPE)
    data[:, :, :5] = np.random.default_rng(6).normal(size=(8, 9, 5))
    data[:, :, 5] = np.nan
    with pytest.warns(MissingDataWarning, match="elements of the mask were left out"):
        enhanced = tfce(make_image(data), mask_img).get_fdata()
    without = mask_img.get_fdata() * np.isfinite(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = tfce(make_image(np.nan_to_num(data)), make_image(without.astype("u1")))
    np.testing.assert_array_equal(enhanced, expected.get_fdata())
    assert (enhanced[:, :, 5] == 0).all()


def test_map_and_mask_must_lie_together(z_map, make_image, make_surface):
    """Another grid, or a surface's mask for a volume, must be refused."""
    shifted = make_image(np.ones(SHAPE, dtype=np.uint8), affine=np.eye(4))
    with pytest.raises(MapError, match="different grids"):
        tfce(z_map, shifted)
    with pytest.raises(InputTypeError):
        tfce(z_map, make_surface(value=1.0))


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"E": "high"}, InputTypeError, "E must be a number"),
        ({"E": -1}, InputError, "E must be a number, 0 or more"),
        ({"H": -1}, InputError, "H must be a number above -1"),
        ({"dh": -0.1}, InputError, "dh must be a number above 0"),
        ({"dh": 0}, InputError, "dh must be a number above 0"),
        ({"connectivity": 8}, InputError, "connectivity is the number of neighbours"),
        ({"extent": "area"}, InputError, "extent must be"),
    ],
)
def test_wrong_parameters_are_named(z_map, wrong, error, message):
    """A parameter out of range or of a wrong type must be named."""
    with pytest.raises(error, match=message):
        tfce(z_map, **wrong)


def test_what_is_no_map_is_refused(z_map, make_image, tmp_path):
    """Arrays, several maps and infinite values must be refused."""
    with pytest.raises(InputTypeError, match="stat_img must be a 3D image"):
        tfce(z_map.get_fdata())
    with pytest.raises(MapError, match="must hold one map"):
        tfce(nib.Nifti1Image(np.zeros((*SHAPE, 2)), np.eye(4)))
    with pytest.raises(InputError, match="infinite at 720 elements"):
        tfce(make_image(np.full(SHAPE, np.inf)))
    with pytest.raises(MapError, match="is a folder"):
        tfce(tmp_path)


def test_p_values_are_not_enhanced(make_image, make_surface):
    """A header that says p must be an error, values that look like it a warning."""
    p = make_image(np.random.default_rng(8).random(SHAPE))
    with pytest.warns(MapWarning, match="lie between 0 and 1, as p-values do"):
        tfce(p)
    p.header.set_intent("p value")
    with pytest.raises(InputError, match=r"holds p-values by its header.*output_type='z_score'"):
        tfce(p)
    surface = make_surface(4)
    for part in surface.data.parts.values():
        part[:] = np.random.default_rng(9).random(12)
    with pytest.warns(MapWarning, match="lie between 0 and 1, as p-values do"):
        tfce(surface)


def test_nothing_enhanced_is_said(z_map, make_image):
    """A step above every value, or no value above 0, must give zeros and the reason."""
    for dh in (50, 1e300):
        with pytest.warns(EmptyResultWarning, match="none is at the first level, dh="):
            assert not tfce(z_map, dh=dh).get_fdata().any()
    below = make_image(-1 - np.random.default_rng(3).random(SHAPE))
    with pytest.warns(EmptyResultWarning, match=r"none is above 0; the largest value is -1\."):
        assert not tfce(below, two_sided=False).get_fdata().any()
    with pytest.raises(InputTypeError, match="two_sided must be True or False"):
        tfce(z_map, two_sided="both")
