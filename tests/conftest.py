"""Small maps, files, masks and meshes that the tests share. Every random number has its seed."""

import warnings
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from secondlevel import SecondLevelModel

SHAPE = (8, 9, 10)
AFFINE = np.array([[3.0, 0, 0, -12], [0, 3, 0, -10], [0, 0, 3.5, -8], [0, 0, 0, 1]])
AGES = (21.0, 34.0, 55.0, 47.0, 62.0, 29.0, 38.0)
N_VERTICES = 12
SHARED = Path(__file__).resolve().parents[2] / "shared"


def beside_the_repository(name, what):
    """Find a folder that is not part of the repository, or skip."""
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"the folder of {what}, {SHARED.name}/{name}, is not beside the repository")
    return folder


@pytest.fixture(scope="session")
def real_maps():
    """The folder of real maps; skips where it is absent."""
    return beside_the_repository("data", "real maps")


@pytest.fixture(scope="session")
def reference_numbers():
    """The folder of numbers that other programs computed; skips where it is absent."""
    return beside_the_repository("reference", "reference numbers")


@pytest.fixture
def make_image():
    """Make an image of noise from a seed, or of given data; on the common grid unless told."""

    def make(seed_or_data=0, shape=SHAPE, affine=AFFINE):
        if isinstance(seed_or_data, np.ndarray):
            return nib.Nifti1Image(seed_or_data, affine)
        noise = np.random.default_rng(seed_or_data).normal(0.5, 1.0, shape)
        return nib.Nifti1Image(noise.astype(np.float32), affine)

    return make


@pytest.fixture
def images(make_image):
    """Seven maps in memory."""
    return [make_image(seed) for seed in range(len(AGES))]


@pytest.fixture
def save_maps(tmp_path):
    """Write images to `NAME-0SUFFIX`, `NAME-1SUFFIX`, …; return their paths."""

    def save(images, suffix=".nii.gz", name="map"):
        kind = nib.Nifti1Pair if suffix == ".img" else nib.Nifti1Image
        paths = [tmp_path / f"{name}-{i}{suffix}" for i in range(len(images))]
        for path, image in zip(paths, images, strict=True):
            nib.save(kind(np.asanyarray(image.dataobj), image.affine), path)
        return paths

    return save


@pytest.fixture
def paths(images, save_maps):
    """The seven maps as files."""
    return save_maps(images)


@pytest.fixture
def mask_img(make_image):
    """A mask of about half of the grid's voxels."""
    inside = np.zeros(SHAPE, dtype=np.uint8)
    inside[1:7, 1:8, 2:9] = 1
    inside[3, 3] = 0
    return make_image(inside)


@pytest.fixture
def design():
    """An age for each of the seven maps, and an intercept."""
    return pd.DataFrame({"age": AGES, "intercept": 1.0})


@pytest.fixture
def ones():
    """Make the design of a one-sample test."""
    return lambda n_maps: pd.DataFrame({"intercept": np.ones(n_maps)})


@pytest.fixture
def table(paths):
    """The seven files with their subjects, whose labels are not in alphabetical order."""
    return pd.DataFrame(
        {
            "subject_label": ["s5", "s2", "s7", "s1", "s4", "s3", "s6"],
            "map_name": "faces",
            "effects_map_path": [str(path) for path in paths],
        }
    )


@pytest.fixture
def confounds(table):
    """The ages of the table's subjects, from young to old."""
    ages = pd.DataFrame({"subject_label": table["subject_label"], "age": AGES})
    return ages.sort_values("age").reset_index(drop=True)


@pytest.fixture
def slope_t():
    """Calculate t of the slope on age from data of shape (7, V), by the book."""

    def calculate(data, ages=AGES):
        x = np.asarray(ages) - np.mean(ages)
        y = np.asarray(data, dtype=np.float64)
        slope = x @ y / (x @ x)
        residuals = y - y.mean(axis=0) - np.outer(x, slope)
        variance = (residuals**2).sum(axis=0) / (len(x) - 2)
        return slope / np.sqrt(variance / (x @ x))

    return calculate


@pytest.fixture
def expected_t(images, mask_img, slope_t):
    """The same of the seven maps within the mask."""
    inside = mask_img.get_fdata() > 0
    return slope_t(np.stack([image.get_fdata()[inside] for image in images]))


@pytest.fixture
def fitted_t(mask_img, design):
    """Fit a model and return t of the slope on age within its mask."""

    def fit(second_level_input, mask=mask_img, design_matrix=design, **parameters):
        model = SecondLevelModel(mask, **parameters)
        model.fit(second_level_input, design_matrix=design_matrix)
        stat = model.compute_contrast("age", output_type="stat")
        return stat.get_fdata()[model.mask_img_.get_fdata() > 0]

    return fit


@pytest.fixture
def mesh():
    """Two hemispheres, each a ring of triangles."""
    from nilearn.surface import InMemoryMesh, PolyMesh

    i = np.arange(N_VERTICES)
    faces = np.column_stack([i, (i + 1) % N_VERTICES, (i + 2) % N_VERTICES])
    points = np.random.default_rng(1).normal(size=(N_VERTICES, 3))
    return PolyMesh(InMemoryMesh(points - 50, faces), InMemoryMesh(points + 50, faces))


@pytest.fixture
def make_surface(mesh):
    """Make a surface image of noise from a seed, or of one value; several samples if asked."""
    from nilearn.surface import SurfaceImage

    def make(seed=0, *, value=None, samples=None, on=mesh):
        rng = np.random.default_rng(seed)

        def part(n_vertices):
            shape = (n_vertices,) if samples is None else (n_vertices, samples)
            return rng.normal(0.5, 1.0, shape) if value is None else np.full(shape, value)

        return SurfaceImage(on, {name: part(p.n_vertices) for name, p in on.parts.items()})

    return make


@pytest.fixture
def make_first_level():
    """Fit nilearn's first-level model to twenty scans of noise."""
    from nilearn.glm.first_level import FirstLevelModel

    def make(seed, label="", shape=SHAPE, affine=AFFINE):
        rng = np.random.default_rng(seed)
        scans = nib.Nifti1Image(rng.normal(100, 1, (*shape, 20)), affine)
        events = pd.DataFrame({"task": np.tile([0.0, 1.0], 10), "intercept": 1.0})
        brain = nib.Nifti1Image(np.ones(shape, dtype=np.uint8), affine)
        model = FirstLevelModel(mask_img=brain, subject_label=label or f"s{seed}")
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*Generation of a mask has been requested")
            return model.fit(scans, design_matrices=events)

    return make


GRID = np.array([[6.0, 0, 0, -72], [0, 6, 0, -108], [0, 0, 6, -60], [0, 0, 0, 1]])
GRID_SHAPE = (25, 31, 25)


@pytest.fixture(scope="session")
def group_design():
    """Twelve controls and twelve patients, and their ages about the mean."""
    patient = np.tile([0.0, 1.0], 12)
    age = np.random.default_rng(5).uniform(20, 70, 24).round()
    return pd.DataFrame(
        {"control": 1.0 - patient, "patient": patient, "age": age - age.mean()},
        index=[f"sub-{number:02d}" for number in range(1, 25)],
    )


@pytest.fixture(scope="session")
def group_maps(group_design):
    """Smooth noise of 24 subjects in MNI space, and an effect of patients and one of age in it."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(6)
    noise = [gaussian_filter(rng.normal(size=GRID_SHAPE), 1.2) * 8 for _ in range(24)]
    spot = np.zeros(GRID_SHAPE)
    spot[17, 15, 14] = spot[7, 15, 14] = 1.0
    spot = gaussian_filter(spot, 1.5)
    spot /= spot.max()
    more = np.stack(noise) + 0.4
    more += 2.5 * group_design["patient"].to_numpy()[:, None, None, None] * spot
    more += 0.08 * group_design["age"].to_numpy()[:, None, None, None] * np.roll(spot, 8, axis=1)
    return [nib.Nifti1Image(volume.astype(np.float32), GRID) for volume in more]


@pytest.fixture(scope="session")
def group_mask():
    """An ellipsoid about the size of a brain."""
    i = np.indices(GRID_SHAPE).reshape(3, -1)
    x, y, z = (GRID[:3, :3] @ i + GRID[:3, 3:]).reshape(3, *GRID_SHAPE)
    inside = (x / 68) ** 2 + ((y + 18) / 86) ** 2 + ((z - 12) / 62) ** 2 < 1
    return nib.Nifti1Image(inside.astype(np.uint8), GRID)


@pytest.fixture(scope="session")
def group_model(group_maps, group_mask, group_design):
    """The model of these."""
    return SecondLevelModel(group_mask).fit(group_maps, design_matrix=group_design)


@pytest.fixture(scope="session")
def group_results(group_model):
    """Three contrasts of these in full: groups, a covariate, an F."""
    asked = {
        "patients > controls": "patient - control",
        "age": "age",
        "any": ["control", "patient"],
    }
    return group_model.results(asked, two_sided=True)


@pytest.fixture(scope="session")
def surface_model():
    """Sixteen maps on the pial surface of fsaverage5, with an effect about one vertex of a side."""
    from nilearn.datasets import load_fsaverage
    from nilearn.surface import SurfaceImage

    mesh = load_fsaverage("fsaverage5")["pial"]
    rng = np.random.default_rng(3)
    waves = {part: rng.normal(0, 0.15, (40, 3)) for part in mesh.parts}

    def values(part):
        points = np.asarray(mesh.parts[part].coordinates)
        noise = np.cos(points @ waves[part].T + rng.uniform(0, 2 * np.pi, 40)).mean(axis=1)
        return 3 * noise + 1.2 * np.exp(-((points - points[5000]) ** 2).sum(axis=1) / 800)

    maps = [SurfaceImage(mesh, {part: values(part) for part in mesh.parts}) for _ in range(16)]
    design = pd.DataFrame({"mean": np.ones(16)}, index=[f"sub-{k:02d}" for k in range(1, 17)])
    return SecondLevelModel().fit(maps, design_matrix=design)


@pytest.fixture(scope="session")
def surface_results(surface_model):
    """Their mean, in full."""
    return surface_model.results("mean")
