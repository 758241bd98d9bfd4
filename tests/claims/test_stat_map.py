"""A statistical map as it is handed over: what is read of it, and what is said of an odd one."""

import warnings

import nibabel as nib
import numpy as np
import pytest
from nilearn.maskers import NiftiMasker, SurfaceMasker
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage

from secondlevel.claims.stat_map import load_map, read_stat_map
from secondlevel.errors import (
    InputError,
    InputTypeError,
    MapError,
    MapNotFoundError,
    MapWarning,
    MaskError,
    MissingDataWarning,
)


def read(stat_img, mask_img=None, *, whole=False):
    """Read a map as claims do: an image, or its path."""
    return read_stat_map(load_map(stat_img, "stat_img"), mask_img, whole=whole)


@pytest.fixture
def inside(mask_img):
    """Flags of the mask."""
    return mask_img.get_fdata() > 0


@pytest.fixture
def brain(make_image, inside):
    """A map that is 0 outside the mask."""
    return make_image(np.where(inside, make_image(3).get_fdata(), 0.0))


@pytest.fixture
def surface_mask(make_surface):
    """Two thirds of the vertices of each part."""
    mask = make_surface(value=1)
    for part in mask.data.parts.values():
        part[2::3] = 0
    return mask


def changed(mesh, *, points=None, faces=None, parts=("left", "right")):
    """A mesh with other points or triangles, or fewer parts."""
    made = {
        name: InMemoryMesh(
            mesh.parts[name].coordinates if points is None else points,
            mesh.parts[name].faces if faces is None else faces,
        )
        for name in parts
    }
    return PolyMesh(**made)


def everywhere(mesh):
    """A mask of every vertex."""
    return SurfaceImage(mesh, {name: np.ones(part.n_vertices) for name, part in mesh.parts.items()})


def test_a_volume_is_read_where_the_mask_is(brain, mask_img, inside):
    """Values must come in C order of the mask, in double precision."""
    stat_map = read(brain, mask_img)
    np.testing.assert_array_equal(stat_map.values, brain.get_fdata()[inside])
    assert stat_map.values.dtype == np.float64
    np.testing.assert_array_equal(stat_map.space.mask, inside)


def test_without_a_mask_elements_are_those_with_values(brain, inside, make_image):
    """0 and NaN must count as outside, without a word."""
    np.testing.assert_array_equal(read(brain).space.mask, inside)
    with_nan = make_image(np.where(inside, brain.get_fdata(), np.nan))
    np.testing.assert_array_equal(read(with_nan).space.mask, inside)
    np.testing.assert_array_equal(read(with_nan).values, read(brain).values)


def test_files_and_a_fourth_dimension_are_read(brain, mask_img, tmp_path, make_image):
    """Paths as text and as Path, and a 4D image of one volume, must give the same values."""
    brain.to_filename(tmp_path / "z.nii.gz")
    mask_img.to_filename(tmp_path / "mask.nii.gz")
    expected = read(brain, mask_img).values
    path, mask = tmp_path / "z.nii.gz", tmp_path / "mask.nii.gz"
    np.testing.assert_array_equal(read(path, mask).values, expected)
    np.testing.assert_array_equal(read(str(path), str(mask)).values, expected)
    longer = make_image(brain.get_fdata()[..., None])
    np.testing.assert_array_equal(read(longer, mask).values, expected)


def test_a_fitted_masker_stands_for_its_mask(brain, mask_img, make_surface, surface_mask):
    """A masker must mean its mask, on volumes and surfaces; one without a mask is refused."""
    masker = NiftiMasker(mask_img, standardize=None).fit()
    expected = read(brain, mask_img).values
    np.testing.assert_array_equal(read(brain, masker).values, expected)
    image = make_surface(4)
    on_mesh = SurfaceMasker(surface_mask, standardize=None).fit()
    expected = read(image, surface_mask).values
    np.testing.assert_array_equal(read(image, on_mesh).values, expected)
    with pytest.raises(MaskError, match="has no mask"):
        read(brain, NiftiMasker(standardize=None))


def test_what_is_made_of_a_map_lies_where_the_map_does(brain, mask_img):
    """Affine and codes must be the map's own, whatever the header of the mask says."""
    brain.set_sform(brain.affine, code="mni")
    brain.set_qform(brain.affine, code="scanner")
    nudged = nib.Nifti1Image(np.asanyarray(mask_img.dataobj), mask_img.affine + 1e-7)
    for mask in (None, nudged):
        stat_map = read(brain, mask)
        image = stat_map.space.to_image(stat_map.values)
        np.testing.assert_array_equal(image.affine, brain.affine)
        assert (int(image.header["sform_code"]), int(image.header["qform_code"])) == (4, 1)


def test_a_surface_is_read_where_the_mask_is(make_surface, surface_mask, mesh):
    """Values must come part after part, on the map's own mesh."""
    image = make_surface(5)
    stat_map = read(image, surface_mask)
    expected = np.concatenate([np.delete(data, np.s_[2::3]) for data in image.data.parts.values()])
    np.testing.assert_array_equal(stat_map.values, expected)
    image.data.parts["right"][:4] = 0
    image.data.parts["right"][4] = np.nan
    assert len(read(image).values) == 24 - 5


def test_an_inflated_surface_is_the_same_mesh(make_surface, mesh):
    """Points may differ between map and mask, and so may the order of triangles."""
    image = make_surface(6)
    faces = np.roll(mesh.parts["left"].faces[::-1], 1, axis=1)
    points = np.random.default_rng(7).normal(size=(12, 3))
    stat_map = read(image, everywhere(changed(mesh, points=points, faces=faces)))
    assert stat_map.space.mesh is image.mesh
    assert len(stat_map.values) == 24


@pytest.mark.parametrize("kind", ["affine", "shape"])
def test_other_grids_are_refused(brain, mask_img, make_image, kind):
    """Map and mask on different grids must be an error that shows both."""
    if kind == "affine":
        moved = mask_img.affine.copy()
        moved[0, 3] += 0.1
        mask = make_image(np.asanyarray(mask_img.dataobj), affine=moved)
    else:
        mask = make_image(np.asanyarray(mask_img.dataobj)[:-1])
    with pytest.raises(MapError, match=r"stat_img and the mask lie on different grids: shape \(8,"):
        read(brain, mask)


def test_other_meshes_are_refused(make_surface, mesh):
    """Other parts, numbers of vertices or triangles must be told apart, the last by themselves."""
    image = make_surface(8)
    faces = mesh.parts["left"].faces.copy()
    faces[0] = [0, 1, 5]
    fewer = changed(mesh, points=mesh.parts["left"].coordinates[:11], faces=faces[1:8])
    for other, message in (
        (changed(mesh, parts=("left",)), "parts left, right against left"),
        (fewer, "part 'left' has 12 vertices against 11; part 'right' has 12 vertices against 11"),
        (changed(mesh, faces=faces), "the triangles of part 'left' join other vertices"),
        (changed(mesh, faces=faces[1:]), "the triangles of part 'left' join other vertices"),
    ):
        with pytest.raises(
            MapError, match=f"stat_img and the mask lie on different meshes: {message}"
        ):
            read(image, everywhere(other))


def test_kinds_are_not_mixed(brain, mask_img, make_surface, surface_mask):
    """A surface mask on a volume, or the reverse, must be an error that says which fits which."""
    for image, mask in ((brain, surface_mask), (make_surface(9), mask_img)):
        with pytest.raises(InputTypeError, match="must be of compatible types"):
            read(image, mask)


def test_nan_in_the_mask_is_left_out(brain, mask_img, inside, make_image):
    """Elements without a value must be counted in one warning, and all others kept."""
    data = brain.get_fdata().copy()
    data[2, 2, 3] = data[2, 2, 4] = np.nan
    with pytest.warns(
        MissingDataWarning, match=r"2 of \d+ elements of the mask .* no value \(NaN\)"
    ):
        stat_map = read(make_image(data), mask_img)
    np.testing.assert_array_equal(stat_map.space.mask, inside & ~np.isnan(data))
    nothing = make_image(np.full(data.shape, np.nan))
    with pytest.raises(MaskError, match=r"has no value \(NaN\) anywhere in it"):
        read(nothing, mask_img)
    with pytest.raises(MaskError, match=r"has no value \(NaN\) anywhere\."):
        read(nothing)


def test_nan_on_a_surface_is_left_out(make_surface, surface_mask):
    """The same on a mesh."""
    image = make_surface(10)
    image.data.parts["left"][0] = np.nan
    with pytest.warns(MissingDataWarning, match="1 of 16 elements of the mask were left out"):
        assert len(read(image, surface_mask).values) == 15


def test_infinite_values_are_refused(brain, mask_img, make_image):
    """Infinite values must be counted, and the message say where they come from."""
    data = brain.get_fdata().copy()
    data[2, 2, 3] = np.inf
    for mask in (None, mask_img):
        with pytest.raises(InputError, match=r"infinite at 1 elements.*p-values too small"):
            read(make_image(data), mask)


def test_a_map_of_zeros_can_be_read(make_image, mask_img, make_surface):
    """What a threshold left nothing of must be 0 at every element, with a warning."""
    for image, mask, n in (
        (make_image(np.zeros((8, 9, 10))), None, 720),
        (make_image(np.zeros((8, 9, 10))), mask_img, int(mask_img.get_fdata().sum())),
        (make_surface(value=0.0), None, 24),
    ):
        with pytest.warns(MapWarning, match="stat_img is 0 at every"):
            stat_map = read(image, mask)
        assert len(stat_map.values) == n
        assert not stat_map.values.any()


def test_a_constant_map_is_noticed(make_image, mask_img, make_surface):
    """A map of one value must be asked whether it is a mask, and read as it is."""
    for image, n in ((mask_img, int(mask_img.get_fdata().sum())), (make_surface(value=2.5), 24)):
        with pytest.warns(MapWarning, match=rf"at all of its {n} elements.*Is it a mask\?"):
            assert len(read(image).values) == n


def test_a_mask_of_one_element_is_noticed(brain, make_image, make_surface):
    """One voxel or vertex must be read, and named."""
    one = np.zeros((8, 9, 10), dtype=np.uint8)
    one[2, 3, 4] = 1
    with pytest.warns(MapWarning, match="a single voxel, voxel_2_3_4: there is nothing to correct"):
        stat_map = read(brain, make_image(one))
    assert stat_map.values.tolist() == [brain.get_fdata()[2, 3, 4]]
    mask = make_surface(value=0)
    mask.data.parts["right"][7] = 1
    with pytest.warns(MapWarning, match="a single vertex, vertex_right_7"):
        read(make_surface(11), mask)
    # What a threshold left of a map may well be one voxel.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(make_image(one * 4.0)).values.tolist() == [4.0]


def test_what_is_no_map_is_named(brain, mask_img, tmp_path, make_image, make_surface):
    """Each thing that is not one map must be called by its name and told what to do."""
    with pytest.raises(
        InputTypeError, match="must be a 3D image, its path, or a surface image; got l"
    ):
        read([brain], mask_img)
    with pytest.raises(InputTypeError, match="got ndarray"):
        read(np.zeros((8, 9, 10)))
    with pytest.raises(
        MapError, match=r"must hold one map, a 3D image; its shape is \(8, 9, 10, 2\)"
    ):
        read(make_image(np.ones((8, 9, 10, 2))))
    with pytest.raises(MapError, match="must hold one map; it holds 3"):
        read(make_surface(12, samples=3))
    with pytest.raises(MapNotFoundError, match=r"File not found: z_map '.*nowhere\.nii'"):
        load_map(tmp_path / "nowhere.nii", "z_map")
    with pytest.raises(MapError, match=r"z_map '.*' is a folder\. Give the path of a file"):
        load_map(tmp_path, "z_map")
    (tmp_path / "text.nii").write_text("no image")
    with pytest.raises(MapError, match="cannot be read as an image"):
        read(tmp_path / "text.nii")
    with pytest.raises(MapError, match="must hold real numbers; its values are complex64"):
        read(make_image(np.full((8, 9, 10), 1j, dtype=np.complex64)))


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_a_truncated_file_is_named(brain, tmp_path, suffix):
    """A file that ends too early must be an error of that map, not of a parser."""
    path = tmp_path / f"z{suffix}"
    brain.to_filename(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MapError, match="stat_img is truncated or corrupt"):
        read(path)


def test_a_thresholded_map_is_not_the_whole_family(brain, mask_img, make_image, make_surface):
    """Where all elements count, a map without values near 0 must be remarked, unless masked."""
    z = 2 * brain.get_fdata()
    left = make_image(np.where(np.abs(z) >= 2.5, z, 0.0))
    n = np.count_nonzero(left.get_fdata())
    assert n > 10
    smallest = np.abs(z[np.abs(z) >= 2.5]).min()
    message = rf"smallest \|value\| of stat_img is {smallest:.4g}.*left \({n} of 720\).*mask_img"
    with pytest.warns(MapWarning, match=message):
        stat_map = read(left, whole=True)
    assert len(stat_map.values) == n
    on_mesh = make_surface(13)
    for part in on_mesh.data.parts.values():
        np.add(part, np.sign(part), out=part)
    with pytest.warns(MapWarning, match=r"smallest \|value\| of stat_img is 1.*looks thresholded"):
        read(on_mesh, whole=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(left)
        read(left, mask_img, whole=True)
        read(brain, whole=True)
        # So few elements may have no small value by chance.
        read(make_image(np.arange(3.0, 13.0).reshape(1, 2, 5)), whole=True)
