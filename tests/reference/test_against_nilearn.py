"""The same files through nilearn's model and ours: the same maps, wherever nilearn's are right.

What differs on purpose has its own file, test_differences_from_nilearn.
"""

import warnings

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.glm.first_level import FirstLevelModel
from nilearn.glm.second_level import SecondLevelModel as NilearnModel
from nilearn.image import resample_img, smooth_img
from nilearn.maskers import MultiNiftiMasker, NiftiMasker, SurfaceMasker
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage

from secondlevel import SecondLevelModel

SHAPE = (8, 9, 10)
AFFINE = np.array([[-3.0, 0, 0, 12], [0, 3, 0, -15], [0, 0, 4, -9], [0, 0, 0, 1]])
N_MAPS = 14
OUTPUTS = ("z_score", "stat", "p_value", "effect_size", "effect_variance")


def ellipsoid():
    """Flags of the voxels of something like a brain."""
    centre = (np.array(SHAPE) - 1) / 2
    apart = (np.indices(SHAPE) - centre[:, None, None, None]) / (centre + 0.2)[:, None, None, None]
    return (apart**2).sum(axis=0) < 1


BRAIN = ellipsoid()
MASK = nib.Nifti1Image(BRAIN.astype(np.uint8), AFFINE)


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    """Paths of maps with an effect, zero outside the brain as preprocessing leaves them."""
    rng = np.random.default_rng(20)
    folder = tmp_path_factory.mktemp("maps")
    paths = []
    for i in range(N_MAPS):
        values = np.where(BRAIN, 5 + 0.1 * i + rng.normal(size=SHAPE), 0).astype(np.float32)
        paths.append(str(folder / f"sub-{i:02}.nii.gz"))
        nib.save(nib.Nifti1Image(values, AFFINE), paths[-1])
    return paths


def nilearns(images, *, contrast=None, output_type="all", **settings):
    """Fit nilearn's model, without its remarks, and ask it a contrast."""
    fit = {name: settings.pop(name) for name in ("design_matrix", "confounds") if name in settings}
    ask = {name: settings.pop(name) for name in ASKED if name in settings}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = NilearnModel(**settings).fit(images, **fit)
        return model, model.compute_contrast(contrast, output_type=output_type, **ask)


def ours(images, *, contrast=None, output_type="all", **settings):
    """Fit our model and ask it a contrast."""
    fit = {name: settings.pop(name) for name in ("design_matrix", "confounds") if name in settings}
    ask = {name: settings.pop(name) for name in ASKED if name in settings}
    model = SecondLevelModel(**settings).fit(images, **fit)
    return model, model.compute_contrast(contrast, output_type=output_type, **ask)


ASKED = ("first_level_contrast", "second_level_stat_type")


def values_of(image):
    """Numbers of a volume or surface image."""
    if hasattr(image, "mesh"):
        return np.concatenate([np.asarray(part, dtype=float) for part in image.data.parts.values()])
    return image.get_fdata()


def assert_same_maps(found, expected, outputs=OUTPUTS):
    """Assert that every output of a contrast is nilearn's."""
    assert list(found) == list(expected)
    for name in outputs:
        theirs, mine = values_of(expected[name]), values_of(found[name])
        assert mine.shape == theirs.shape
        # Worst seen: 5e-14 of the largest number.
        np.testing.assert_allclose(
            mine, theirs, rtol=1e-9, atol=1e-9 * np.abs(theirs).max(), err_msg=name
        )


def design(**columns):
    """A design matrix of N_MAPS rows."""
    return pd.DataFrame(columns, index=range(N_MAPS), dtype=float)


PATIENT = np.repeat([1.0, 0.0], [6, 8])
AGE = np.random.default_rng(21).normal(40, 12, N_MAPS)
SEX = np.tile([0.0, 1.0], 7)

DESIGNS = {
    "one sample": (design(intercept=1), None),
    "one sample, named": (design(intercept=1), "intercept"),
    "two samples": (design(patient=PATIENT, control=1 - PATIENT), "patient - control"),
    "two samples, intercept": (design(patient=PATIENT, intercept=1), "patient"),
    "paired": (
        design(
            after=np.repeat([1, -1], 7),
            **{f"s{i}": np.tile(np.eye(7)[i], 2) for i in range(7)},
        ),
        "after",
    ),
    "covariates": (design(age=AGE, sex=SEX, intercept=1), "2*age + sex"),
    "covariates, vector": (design(age=AGE, sex=SEX, intercept=1), [0.5, -1, 0]),
    "no intercept": (design(age=AGE), "age"),
}


@pytest.mark.parametrize("kind", DESIGNS)
def test_t_contrasts_are_nilearns(maps, kind):
    """z, t, p, effect and variance of the usual designs are nilearn's, voxel by voxel."""
    table, contrast = DESIGNS[kind]
    common = {"contrast": contrast, "design_matrix": table, "mask_img": MASK}
    _, expected = nilearns(maps, **common)
    _, found = ours(maps, **common)
    assert_same_maps(found, expected)


@pytest.mark.parametrize(
    "contrast",
    [
        pytest.param(np.eye(3)[:2], id="two columns"),
        pytest.param(np.eye(3), id="all columns"),
        pytest.param([[1, -1, 0], [0, 1, -40]], id="combinations"),
    ],
)
def test_f_contrasts_are_nilearns(maps, contrast):
    """F, its z and its p are nilearn's; effect and variance are Cβ and its variances, as stated."""
    table = design(age=AGE, sex=SEX, intercept=1)
    common = {"contrast": contrast, "design_matrix": table, "mask_img": MASK}
    _, expected = nilearns(maps, **common)
    _, found = ours(maps, **common)
    assert_same_maps(found, expected, ("z_score", "stat", "p_value"))
    data = np.array([nib.load(path).get_fdata()[BRAIN] for path in maps])
    x, weights = table.to_numpy(), np.asarray(contrast, dtype=float)
    beta, squares, _, _ = np.linalg.lstsq(x, data, rcond=None)
    shares = np.diag(weights @ np.linalg.inv(x.T @ x) @ weights.T)
    effects, variances = found["effect_size"], found["effect_variance"]
    assert effects.shape == variances.shape == (*SHAPE, len(weights))
    # Worst seen: 2.3e-13, 7.1e-15.
    np.testing.assert_allclose(effects.get_fdata()[BRAIN].T, weights @ beta, rtol=0, atol=1e-11)
    np.testing.assert_allclose(
        variances.get_fdata()[BRAIN].T, np.outer(shares, squares / (N_MAPS - 3)), rtol=1e-12
    )


def test_f_of_one_row_is_nilearns(maps):
    """A single row tested with F on request gives nilearn's F, z and p."""
    common = {
        "contrast": "age",
        "second_level_stat_type": "F",
        "design_matrix": design(age=AGE, intercept=1),
        "mask_img": MASK,
    }
    _, expected = nilearns(maps, **common)
    _, found = ours(maps, **common)
    assert_same_maps(found, expected, ("z_score", "stat", "p_value"))


@pytest.mark.parametrize("output_type", OUTPUTS)
def test_one_output_is_the_one_among_all(maps, output_type):
    """Asking for one output gives the image that is among all of them, as a single image."""
    common = {"design_matrix": design(intercept=1), "mask_img": MASK}
    _, everything = ours(maps, **common)
    _, alone = ours(maps, output_type=output_type, **common)
    np.testing.assert_array_equal(alone.get_fdata(), everything[output_type].get_fdata())


# ------------------------------------------------------------------ ways to hand maps over


def as_list(paths):
    """Paths."""
    return paths


def as_images(paths):
    """Images that are in memory."""
    return [nib.Nifti1Image(nib.load(path).get_fdata(), AFFINE) for path in paths]


def as_series(paths):
    """A pandas Series of paths."""
    return pd.Series(paths)


def as_4d(paths):
    """One 4D image in memory."""
    data = np.stack([nib.load(path).get_fdata() for path in paths], axis=-1)
    return nib.Nifti1Image(data.astype(np.float32), AFFINE)


@pytest.mark.parametrize("hand_over", [as_list, as_images, as_series, as_4d])
def test_every_way_to_hand_maps_over_gives_nilearns_maps(maps, hand_over):
    """Paths, images, a Series and a 4D image are the same data to both."""
    common = {
        "contrast": "patient",
        "design_matrix": design(patient=PATIENT, age=AGE, intercept=1),
        "mask_img": MASK,
    }
    _, expected = nilearns(hand_over(maps), **common)
    _, found = ours(hand_over(maps), **common)
    assert_same_maps(found, expected)


def table_of(maps):
    """A table of maps in no order, and confounds in another."""
    order = np.random.default_rng(22).permutation(N_MAPS)
    labels = [f"sub-{i:02}" for i in range(N_MAPS)]
    table = pd.DataFrame(
        {
            "subject_label": [labels[i] for i in order],
            "map_name": "effect",
            "effects_map_path": [maps[i] for i in order],
        }
    )
    confounds = pd.DataFrame({"subject_label": labels[::-1], "age": AGE[::-1], "sex": SEX[::-1]})
    return table, confounds


@pytest.mark.parametrize("mask", [None, MASK], ids=["automatic mask", "mask"])
def test_a_table_with_confounds_gives_nilearns_maps(maps, mask):
    """Maps and confounds are matched by subject; the design built is nilearn's, as is the mask."""
    table, confounds = table_of(maps)
    common = {
        "contrast": "age",
        "first_level_contrast": "effect",
        "confounds": confounds,
        "mask_img": mask,
    }
    theirs, expected = nilearns(table, **common)
    mine, found = ours(table, **common)
    pd.testing.assert_frame_equal(mine.design_matrix_, theirs.design_matrix_, check_exact=True)
    np.testing.assert_array_equal(values_of(mine.mask_img_), values_of(theirs.masker_.mask_img_))
    assert list(mine.second_level_input_["effects_map_path"]) == list(
        theirs.second_level_input_["effects_map_path"]
    )
    assert_same_maps(found, expected)


def test_each_map_name_of_a_table_is_an_effect_of_its_own(maps):
    """A table of two kinds of maps answers for the kind that is asked for, as nilearn does."""
    first, confounds = table_of(maps)
    second = first.assign(map_name="other", effects_map_path=first["effects_map_path"][::-1].values)
    table = pd.concat([first, second], ignore_index=True)
    # nilearn makes one design row per row of the table, whatever map it is of: given by hand.
    rows = confounds.set_index("subject_label").loc[first["subject_label"]].reset_index(drop=True)
    given = rows.assign(intercept=1.0)
    for name in ("effect", "other"):
        common = {
            "contrast": "sex",
            "first_level_contrast": name,
            "design_matrix": given,
            "mask_img": MASK,
        }
        alone = table[table["map_name"] == name]["effects_map_path"].to_list()
        _, expected = nilearns(
            alone, **{k: v for k, v in common.items() if k != "first_level_contrast"}
        )
        _, found = ours(table, **common)
        assert_same_maps(found, expected)


def test_a_design_from_a_file_gives_nilearns_maps(maps, tmp_path):
    """A csv or tsv path is read as nilearn reads it."""
    for suffix, separator in ((".csv", ","), (".tsv", "\t")):
        path = tmp_path / f"design{suffix}"
        design(age=AGE, intercept=1).to_csv(path, sep=separator, index=False)
        common = {"contrast": "age", "design_matrix": str(path), "mask_img": MASK}
        _, expected = nilearns(maps, **common)
        _, found = ours(maps, **common)
        assert_same_maps(found, expected)


# ------------------------------------------------------------------ masks and grids


def mask_as(kind, tmp_path):
    """A mask in one of the ways it can be handed over; a masker's settings go with it."""
    nib.save(MASK, tmp_path / "mask.nii.gz")
    return {
        "image": MASK,
        "path": str(tmp_path / "mask.nii.gz"),
        "masker": NiftiMasker(MASK, smoothing_fwhm=5.0, standardize=None),
        "multi-subject masker": MultiNiftiMasker(MASK, standardize=None),
        "fitted masker": NiftiMasker(MASK, standardize=None).fit(),
    }[kind]


@pytest.mark.parametrize(
    "kind", ["image", "path", "masker", "multi-subject masker", "fitted masker"]
)
def test_every_way_to_hand_a_mask_over_gives_nilearns_maps(maps, tmp_path, kind):
    """Image, path and maskers mean the same mask, and a masker's smoothing is applied."""
    common = {"design_matrix": design(intercept=1)}
    _, expected = nilearns(maps, mask_img=mask_as(kind, tmp_path), **common)
    _, found = ours(maps, mask_img=mask_as(kind, tmp_path), **common)
    assert_same_maps(found, expected)


@pytest.mark.parametrize("hand_over", [as_list, as_4d, as_images])
def test_the_automatic_mask_is_nilearns(maps, hand_over):
    """Without a mask the one computed from the mean of the maps is nilearn's, as are the maps."""
    common = {"contrast": "age", "design_matrix": design(age=AGE, intercept=1)}
    theirs, expected = nilearns(hand_over(maps), **common)
    mine, found = ours(hand_over(maps), **common)
    np.testing.assert_array_equal(values_of(mine.mask_img_), values_of(theirs.masker_.mask_img_))
    assert mine.n_elements_ == theirs.n_elements_ > 100
    assert_same_maps(found, expected)


COARSE = np.diag([5.0, 5, 5, 1])
COARSE[:3, 3] = [-12, -15, -9]


@pytest.mark.parametrize("mask", [None, MASK], ids=["automatic mask", "mask"])
def test_smoothing_is_nilearns(maps, mask):
    """Smoothed maps give nilearn's mask and maps."""
    common = {"design_matrix": design(intercept=1), "mask_img": mask, "smoothing_fwhm": 6}
    theirs, expected = nilearns(maps, **common)
    mine, found = ours(maps, **common)
    np.testing.assert_array_equal(values_of(mine.mask_img_), values_of(theirs.masker_.mask_img_))
    assert_same_maps(found, expected)


@pytest.mark.parametrize("fwhm", [None, 6.0], ids=["resampled", "resampled and smoothed"])
@pytest.mark.parametrize("mask", [None, MASK], ids=["automatic mask", "mask"])
@pytest.mark.parametrize(
    "grid",
    [{"target_affine": np.diag([4.0, 4, 4])}, {"target_affine": COARSE, "target_shape": (5, 5, 7)}],
    ids=["voxel size", "grid"],
)
def test_resampling_is_nilearns_of_every_map(maps, grid, mask, fwhm):
    """Another grid gives nilearn's mask, and the maps of its functions applied to one map each.

    Its model resamples all maps as one image and clips each to the range of all.
    """
    common = {"design_matrix": design(intercept=1), "mask_img": mask}
    theirs, _ = nilearns(maps, **common, **grid)
    brought = [resample_img(nib.load(path), **grid) for path in maps]
    if fwhm:
        brought = [smooth_img(image, fwhm) for image in brought]
    common["mask_img"] = theirs.masker_.mask_img_
    _, expected = nilearns(brought, **common)
    common["mask_img"] = mask
    mine, found = ours(maps, **common, **grid, smoothing_fwhm=fwhm, missing="zero")
    np.testing.assert_array_equal(values_of(mine.mask_img_), values_of(theirs.masker_.mask_img_))
    np.testing.assert_array_equal(mine.mask_img_.affine, theirs.masker_.mask_img_.affine)
    assert_same_maps(found, expected)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="imgs are being resampled")
        assert mine.masker_.transform(maps).shape == (N_MAPS, mine.n_elements_)


# ------------------------------------------------------------------ residuals, masked data


@pytest.mark.parametrize("kind", ["one sample", "covariates", "paired"])
def test_residuals_predictions_and_r_square_are_nilearns(maps, kind):
    """With the maps kept, what is left, what is fitted and what is explained are nilearn's."""
    table, contrast = DESIGNS[kind]
    common = {
        "contrast": contrast,
        "design_matrix": table,
        "mask_img": MASK,
        "minimize_memory": False,
    }
    theirs, _ = nilearns(maps, **common)
    mine, _ = ours(maps, **common)
    for name in ("residuals_", "predicted_", "r_square_"):
        expected, found = getattr(theirs, name).get_fdata(), getattr(mine, name).get_fdata()
        # nilearn takes the ratio of two variances in float32; a mean alone explains nothing here,
        # and 0 / var there. Worst seen: 1.5e-7.
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    for name in ("residuals", "predicted", "r_square"):
        listed, stacked = getattr(mine, name)(), getattr(mine, name + "_").get_fdata()
        assert len(listed) == stacked.shape[3]
        for image, volume in zip(listed, np.moveaxis(stacked, 3, 0), strict=True):
            np.testing.assert_array_equal(image.get_fdata(), volume)


@pytest.mark.parametrize("settings", [{}, {"smoothing_fwhm": 6}], ids=["as they are", "smoothed"])
@pytest.mark.parametrize("mask", [None, MASK], ids=["automatic mask", "mask"])
def test_the_masked_data_are_those_of_nilearns_masker(maps, mask, settings):
    """`fit_transform`, `transform` and the fitted masker give what nilearn's masker gives."""
    common = {"design_matrix": design(intercept=1), "mask_img": mask, **settings}
    theirs, _ = nilearns(maps, **common)
    expected = theirs.masker_.transform(maps)
    mine = SecondLevelModel(mask_img=mask, **settings)
    found = mine.fit_transform(maps, design_matrix=design(intercept=1))
    # In float32, as nilearn smooths these maps. Worst seen: 1e-7, 1e-7.
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(mine.transform(maps), found)
    np.testing.assert_allclose(mine.masker_.transform(maps), found, rtol=1e-6, atol=1e-6)


# ------------------------------------------------------------------ surfaces


def sphere(n, radius):
    """A small closed mesh: a double cone with a ring of n vertices."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    ring = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(n)])
    points = np.vstack([ring, [[0, 0, 1], [0, 0, -1]]]) * radius
    after = (np.arange(n) + 1) % n
    faces = [[i, j, pole] for pole in (n, n + 1) for i, j in zip(range(n), after, strict=True)]
    return InMemoryMesh(points, np.array(faces))


MESH = PolyMesh(left=sphere(20, 40.0), right=sphere(24, 45.0))


def surface_data(n_samples, seed):
    """Values of samples at the vertices of both parts."""
    rng = np.random.default_rng(seed)
    return {
        part: rng.normal(1, 1, size=(mesh.n_vertices, n_samples)).astype(np.float32)
        for part, mesh in MESH.parts.items()
    }


def surface_mask():
    """Two thirds of the vertices."""
    return SurfaceImage(
        MESH, {part: np.arange(mesh.n_vertices) % 3 > 0 for part, mesh in MESH.parts.items()}
    )


SURFACE_MASKS = {
    "no mask": lambda: None,
    "image": surface_mask,
    "masker": lambda: SurfaceMasker(surface_mask(), standardize=None),
}


@pytest.mark.parametrize("as_one", [True, False], ids=["one image", "list"])
@pytest.mark.parametrize("mask", SURFACE_MASKS)
@pytest.mark.parametrize("contrast", ["patient", np.eye(3)[:2]], ids=["t", "F"])
def test_surface_maps_are_nilearns(as_one, mask, contrast):
    """Vertices of a mesh with two parts are elements like any other."""
    data = surface_data(N_MAPS, 23)
    if as_one:
        images = SurfaceImage(MESH, data)
    else:
        images = [
            SurfaceImage(MESH, {part: values[:, i] for part, values in data.items()})
            for i in range(N_MAPS)
        ]
    common = {
        "contrast": contrast,
        "design_matrix": design(patient=PATIENT, age=AGE, intercept=1),
    }
    theirs, expected = nilearns(images, mask_img=SURFACE_MASKS[mask](), **common)
    mine, found = ours(images, mask_img=SURFACE_MASKS[mask](), **common)
    assert mine.n_elements_ == theirs.n_elements_
    if isinstance(contrast, str):
        assert_same_maps(found, expected)
    else:
        assert_same_maps(found, expected, ("z_score", "stat", "p_value"))


def test_surface_residuals_and_masked_data_are_nilearns():
    """What can be had of a volume model can be had of a surface model."""
    image = SurfaceImage(MESH, surface_data(N_MAPS, 24))
    common = {
        "contrast": "age",
        "design_matrix": design(age=AGE, intercept=1),
        "mask_img": surface_mask(),
        "minimize_memory": False,
    }
    theirs, _ = nilearns(image, **common)
    mine, _ = ours(image, **common)
    for name in ("residuals_", "predicted_", "r_square_"):
        expected, found = values_of(getattr(theirs, name)), values_of(getattr(mine, name))
        # Worst seen: 1.3e-15.
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = theirs.masker_.transform(image)
    np.testing.assert_array_equal(mine.transform(image), expected)


# ------------------------------------------------------------------ first-level models

N_SCANS = 24


def first_level_models():
    """Models of six subjects with two conditions, fitted by nilearn to noise and an effect."""
    rng = np.random.default_rng(25)
    frames = np.arange(N_SCANS) * 2.0
    events = pd.DataFrame(
        {
            "onset": np.arange(2, 46, 8.0),
            "duration": 2.0,
            "trial_type": ["listen", "look"] * 3,
        }
    )
    models = []
    for i in range(6):
        signal = 100 + np.sin(frames + i)[:, None, None, None] + rng.normal(size=(N_SCANS, *SHAPE))
        run = nib.Nifti1Image(np.moveaxis(signal * BRAIN, 0, 3).astype(np.float32), AFFINE)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = FirstLevelModel(t_r=2.0, mask_img=MASK, subject_label=f"sub-{i}")
            models.append(model.fit(run, events=events))
    return models


@pytest.fixture(scope="module")
def models():
    """First-level models, fitted once."""
    return first_level_models()


SCORES = pd.DataFrame(
    {"subject_label": [f"sub-{i}" for i in range(6)], "score": [3.0, 1.0, 4.0, 1.5, 5.0, 9.0]}
)


@pytest.mark.parametrize("mask", [None, MASK], ids=["automatic mask", "mask"])
@pytest.mark.parametrize("effect", ["listen", "listen - look"])
def test_first_level_models_give_nilearns_maps(models, effect, mask):
    """Effects of fitted models, matched with confounds by their labels, give nilearn's maps."""
    common = {
        "contrast": "score",
        "first_level_contrast": effect,
        "confounds": SCORES[::-1],
        "mask_img": mask,
    }
    theirs, expected = nilearns(models, **common)
    mine, found = ours(models, **common)
    pd.testing.assert_frame_equal(mine.design_matrix_, theirs.design_matrix_, check_exact=True)
    np.testing.assert_array_equal(values_of(mine.mask_img_), values_of(theirs.masker_.mask_img_))
    assert_same_maps(found, expected)


def test_a_first_level_contrast_may_be_a_vector(models):
    """Weights over the first-level columns ask what their expression asks."""
    n_columns = models[0].design_matrices_[0].shape[1]
    weights = np.eye(n_columns)[0] - np.eye(n_columns)[1]
    common = {"first_level_contrast": weights, "mask_img": MASK}
    _, expected = nilearns(models, **common)
    _, found = ours(models, **common)
    assert_same_maps(found, expected)
