"""A statistical map of a volume and one of a surface, each with something to find."""

import nibabel as nib
import numpy as np
import pytest
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage
from scipy import ndimage

from secondlevel.inference.random_field import RandomField

SHAPE = (14, 15, 16)
AFFINE = np.array([[-2.0, 0, 0, 10], [0, 2, 0, -9], [0, 0, 2.5, 4], [0, 0, 0, 1]])


@pytest.fixture(scope="module")
def z():
    """Smooth noise with a raised and a lowered blob, 0 outside a mask."""
    rng = np.random.default_rng(81)
    noise = ndimage.gaussian_filter(rng.normal(size=SHAPE), 1.0)
    noise /= noise.std()
    noise[3:6, 3:7, 4:8] += 4
    noise[9:11, 8:12, 9:12] -= 4
    noise[[0, -1]] = noise[:, [0, -1]] = noise[:, :, [0, -1]] = 0
    return noise


@pytest.fixture(scope="module")
def on_grid():
    """Make an image of an array on the grid of `image`."""
    return lambda data: nib.Nifti1Image(data, AFFINE)


@pytest.fixture(scope="module")
def image(z, on_grid):
    """The noise as an image."""
    return on_grid(z)


@pytest.fixture(scope="module")
def inside(z):
    """Where it is not 0."""
    return z != 0


@pytest.fixture(scope="module")
def mask(inside, on_grid):
    """The same as an image."""
    return on_grid(inside.astype(np.uint8))


def sheet(n=20):
    """Two square sheets of triangles, n by n vertices, 1 mm apart."""
    i, j = np.mgrid[:n, :n]
    number = i * n + j
    corners = [number[a : a + n - 1, b : b + n - 1].ravel() for a in (0, 1) for b in (0, 1)]
    first, right, down, across = corners
    faces = np.concatenate(
        [np.column_stack([first, right, across]), np.column_stack([first, across, down])]
    )
    points = np.column_stack([i.ravel(), j.ravel(), np.zeros(n * n)]).astype(float)
    return PolyMesh(
        left=InMemoryMesh(points, faces), right=InMemoryMesh(points + np.array([30, 0, 0]), faces)
    )


@pytest.fixture(scope="module")
def surface():
    """Noise on the sheets with blobs that two parts, or two signs, have side by side."""
    rng = np.random.default_rng(82)
    data = {part: rng.normal(size=(20, 20)) for part in ("left", "right")}
    data["left"][2:6, 2:6] = 4.0 + rng.random((4, 4))
    data["left"][6:8, 2:6] = -4.0 - rng.random((2, 4))
    data["left"][15, 15] = 5.0
    data["right"][0:2, 0:3] = 4.5
    return SurfaceImage(sheet(), {part: values.ravel() for part, values in data.items()})


@pytest.fixture(scope="module")
def field():
    """A t field of the size of the mask."""
    return RandomField([1, 8.1, 22.3, 20.1], "t", 23, n_elements=12 * 13 * 14)


@pytest.fixture
def map_of(image, surface):
    """The map of a kind."""
    return {"volume": image, "surface": surface}.__getitem__


@pytest.fixture(scope="session")
def values_of():
    """Take all values of a map, part after part."""

    def take(image):
        if hasattr(image, "mesh"):
            return np.concatenate([values.ravel() for values in image.data.parts.values()])
        return image.get_fdata().ravel()

    return take


@pytest.fixture(scope="session")
def mains():
    """Take the first row of each cluster of a table."""
    return lambda table: table[[str(name).isdigit() for name in table["Cluster ID"]]]


@pytest.fixture(scope="session")
def line():
    """Make an image of a row of voxels along x, amid zeros."""

    def make(*values, affine=None):
        data = np.zeros((len(values) + 2, 3, 3))
        data[1:-1, 1, 1] = values
        return nib.Nifti1Image(data, np.eye(4) if affine is None else affine)

    return make
