"""Surface images that cannot be used are named, with what to do about it."""

import numpy as np
import pytest
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage

from secondlevel import SecondLevelModel
from secondlevel.errors import InputError, InputTypeError, MapError


@pytest.fixture
def fit(ones):
    """Fit a one-sample test to surface images."""
    return lambda given: SecondLevelModel().fit(given, design_matrix=ones(3))


def test_a_list_of_surface_images_has_one_sample_each(fit, make_surface):
    """An image with several samples in a list is named by its place and shape."""
    images = [make_surface(0), make_surface(1, samples=1), make_surface(2, samples=4)]
    message = r"all images to be 3D SurfaceImage with one sample; number 2 has shape \(24, 4\)"
    with pytest.raises(InputTypeError, match=message):
        fit(images)


@pytest.mark.parametrize("samples", [None, 1])
def test_a_single_surface_image_has_several_samples(samples, fit, make_surface):
    """One map is no group."""
    with pytest.raises(InputTypeError, match="must be a 3D SurfaceImage: several samples"):
        fit(make_surface(0, samples=samples))


def test_a_surface_image_without_samples_is_empty(fit, make_surface):
    """No sample at all is said as such."""
    with pytest.raises(MapError, match=r"surface image is empty: its shape is \(24, 0\)"):
        fit(make_surface(0, samples=0))


def test_surface_images_do_not_say_whose_they_are(make_surface):
    """Without a design matrix there is nothing to test."""
    with pytest.raises(InputError, match=r"List of SurfaceImage objects .* require a design"):
        SecondLevelModel().fit([make_surface(seed) for seed in range(3)])


@pytest.mark.parametrize("dtype", [np.complex128, "U1"])
def test_vertices_hold_real_numbers(dtype, fit, make_surface, mesh):
    """Complex numbers and text are refused, with the part they are in."""
    images = [make_surface(seed) for seed in range(3)]
    zeros = {part: np.zeros(12).astype(dtype) for part in mesh.parts}
    images[1] = SurfaceImage(mesh, zeros)
    with pytest.raises(MapError, match=r"number 1 of the surface .* values in part 'left'"):
        fit(images)


def test_all_maps_lie_on_one_mesh(fit, make_surface, mesh):
    """Parts, numbers of vertices and their connections must be the same."""
    left, right = mesh.parts["left"], mesh.parts["right"]
    fewer = InMemoryMesh(left.coordinates[:9], left.faces[:7])
    crossed = InMemoryMesh(left.coordinates, left.faces[:, ::-1])
    for other, message in [
        (
            PolyMesh(left=left),
            r"same parts: surface image 2 has \['left'\], the first one \['left', 'r",
        ),
        (PolyMesh(fewer, right), "number of vertices: part 'left' of surface image 2 has 9, .* 12"),
        (PolyMesh(crossed, right), "same faces: part 'left' of surface image 2 is connected diff"),
    ]:
        with pytest.raises(MapError, match=message):
            fit([make_surface(0), make_surface(1), make_surface(2, on=other)])


def test_meshes_that_are_equal_need_not_be_the_same_object(fit, make_surface, mesh):
    """Images loaded one by one have meshes of their own, on other coordinates perhaps."""
    parts = {
        name: InMemoryMesh(part.coordinates + 1, part.faces.copy())
        for name, part in mesh.parts.items()
    }
    other = make_surface(2, on=PolyMesh(**parts))
    assert isinstance(other, SurfaceImage)
    assert fit([make_surface(0), make_surface(1), other]).n_elements_ == 24


def test_transform_takes_maps_of_the_kind_that_was_fitted(
    fit, make_surface, images, mask_img, ones
):
    """A model of surfaces cannot mask volumes, nor the other way round."""
    surfaces = [make_surface(seed) for seed in range(3)]
    with pytest.raises(InputTypeError, match="fitted to surface images; it cannot mask volume"):
        fit(surfaces).transform(images)
    model = SecondLevelModel(mask_img).fit(images, design_matrix=ones(7))
    with pytest.raises(InputTypeError, match="fitted to volume images; it cannot mask surface"):
        model.transform(surfaces)
