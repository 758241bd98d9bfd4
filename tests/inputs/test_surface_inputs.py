"""Maps on surfaces, one image per subject or one image of all, give the same numbers."""

import numpy as np
import pytest
from nilearn.maskers import SurfaceMasker
from nilearn.surface import SurfaceImage

from secondlevel import SecondLevelModel

RTOL = 1e-9


@pytest.fixture
def surfaces(make_surface):
    """Seven surface images with one sample."""
    return [make_surface(seed) for seed in range(7)]


def stack(surfaces, part):
    """Data of one part, shape (maps, vertices)."""
    return np.stack([np.ravel(image.data.parts[part]) for image in surfaces])


def test_surface_images_in_a_list_or_as_samples_of_one_give_the_same_numbers(
    surfaces, mesh, design, slope_t
):
    """One image per subject, with or without an axis of samples, or all samples in one image."""

    def joined(images):
        data = {part: stack(images, part).T for part in mesh.parts}
        return SurfaceImage(mesh, data)

    for given in (surfaces, [joined([image]) for image in surfaces], joined(surfaces)):
        model = SecondLevelModel().fit(given, design_matrix=design)
        stat = model.compute_contrast("age", output_type="stat")
        for part in mesh.parts:
            expected = slope_t(stack(surfaces, part))
            np.testing.assert_allclose(stat.data.parts[part], expected, rtol=RTOL)


@pytest.mark.parametrize("kind", ["image", "image with a sample axis", "masker", "fitted masker"])
def test_a_surface_mask_leaves_vertices_out(kind, surfaces, make_surface, design, slope_t):
    """Vertices outside a surface mask are not analysed, and are zero in the maps."""
    mask = make_surface(value=1, samples=1 if "axis" in kind else None)
    mask.data.parts["left"][2:7] = 0
    masks = {"masker": SurfaceMasker(mask), "fitted masker": SurfaceMasker(mask).fit()}
    model = SecondLevelModel(masks.get(kind, mask)).fit(surfaces, design_matrix=design)
    stat = model.compute_contrast("age", output_type="stat").data.parts
    assert model.n_elements_ == 2 * 12 - 5
    expected = slope_t(stack(surfaces, "left"))
    expected[2:7] = 0
    np.testing.assert_allclose(stat["left"], expected, rtol=RTOL)
    np.testing.assert_allclose(stat["right"], slope_t(stack(surfaces, "right")), rtol=RTOL)
