"""Smoothness of images: of residuals that other programs leave, and of a known FWHM."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.maskers import NiftiMasker
from nilearn.surface import SurfaceImage
from scipy.ndimage import gaussian_filter

from secondlevel import SecondLevelModel
from secondlevel.claims.smoothness import estimate_smoothness, smoothness_from_fwhm
from secondlevel.errors import InputError, InputTypeError, MapError, MaskError, MissingDataWarning

SHAPE = (10, 11, 12)
AFFINE = np.diag([2.0, 2, 3, 1])
INSIDE = np.zeros(SHAPE, dtype=bool)
INSIDE[1:-1, 1:-1, 1:-1] = True
MASK = nib.Nifti1Image(INSIDE.astype(np.uint8), AFFINE)
N_MAPS = 9


@pytest.fixture(scope="module")
def model():
    """A model that has kept its residuals."""
    rng = np.random.default_rng(0)
    noise = [gaussian_filter(rng.normal(size=SHAPE), 1.2, mode="nearest") for _ in range(N_MAPS)]
    maps = [nib.Nifti1Image(volume, AFFINE) for volume in noise]
    design = pd.DataFrame({"age": rng.normal(size=N_MAPS), "intercept": 1.0})
    return SecondLevelModel(MASK, minimize_memory=False).fit(maps, design_matrix=design)


def standardised(residuals, dof):
    """Residuals over their standard deviation, 0 outside the mask, as SPM writes them."""
    data = np.stack([image.get_fdata() for image in residuals])
    scale = np.sqrt((data**2).sum(axis=0) / dof)
    return [nib.Nifti1Image(each / np.where(scale > 0, scale, 1), AFFINE) for each in data]


@pytest.fixture(params=["list", "standardised", "4D", "files", "4D file"])
def residuals(request, model, tmp_path):
    """The residuals in each way to hand them over."""
    given = model.residuals()
    if request.param == "standardised":
        return standardised(given, 7)
    if request.param == "list":
        return given
    if request.param == "files":
        paths = [tmp_path / f"res4d-{i}.nii.gz" for i in range(N_MAPS)]
        for path, image in zip(paths, given, strict=True):
            nib.save(image, path)
        return paths
    if request.param == "4D file":
        nib.save(model.residuals_, tmp_path / "res4d.nii.gz")
        return str(tmp_path / "res4d.nii.gz")
    return model.residuals_


def test_residuals_have_the_smoothness_of_the_model(model, residuals):
    """Raw or standardised, in memory or in files: the numbers of `smoothness_`."""
    found, expected = estimate_smoothness(residuals, MASK, dof=7), model.smoothness_
    # Worst relative difference seen: 7e-15.
    np.testing.assert_allclose(found.resels, expected.resels, rtol=1e-10)
    np.testing.assert_allclose(found.fwhm_mm, expected.fwhm_mm, rtol=1e-10)
    np.testing.assert_allclose(found.resels_per_element, expected.resels_per_element, rtol=1e-10)
    assert (found.dof, found.n_elements) == (7, expected.n_elements)


def test_degrees_of_freedom_are_for_the_record(model):
    """Without them nothing changes, and threads change nothing."""
    given, bare = (estimate_smoothness(model.residuals(), MASK, dof=d) for d in (7, None))
    threads = estimate_smoothness(model.residuals(), MASK, n_jobs=2)
    assert bare.dof is None
    np.testing.assert_array_equal(bare.resels, given.resels)
    np.testing.assert_array_equal(threads.resels, given.resels)


def test_elements_that_some_residuals_lack_are_left_out(model):
    """NaN, as other programs write it outside their mask; what is 0 in all maps too."""
    data = [image.get_fdata().copy() for image in model.residuals()]
    data[2][4, 4, 4] = np.nan
    for volume in data:
        volume[7, 7, 7] = 0.0
    smaller = INSIDE.copy()
    smaller[4, 4, 4] = smaller[7, 7, 7] = False
    images = [nib.Nifti1Image(volume, AFFINE) for volume in data]
    with pytest.warns(MissingDataWarning, match="1 of 720 elements were left out"):
        found = estimate_smoothness(images, MASK)
    mask = nib.Nifti1Image(smaller.astype(np.uint8), AFFINE)
    expected = estimate_smoothness(images, mask)
    np.testing.assert_array_equal(found.resels, expected.resels)
    assert found.n_elements == smaller.sum()
    assert len(found.resels_per_element) == INSIDE.sum()


def test_residuals_on_a_surface(mesh, make_surface):
    """One image with many samples is as good as many images."""
    samples = make_surface(4, samples=8)
    ones = SurfaceImage(mesh, {k: np.ones(p.n_vertices) for k, p in mesh.parts.items()})
    each = [
        SurfaceImage(mesh, {k: v[:, i] for k, v in samples.data.parts.items()}) for i in range(8)
    ]
    found, expected = (estimate_smoothness(given, ones) for given in (samples, each))
    np.testing.assert_array_equal(found.resels, expected.resels)
    assert (found.dimension, found.n_elements) == (2, 24)
    assert found.resels[2] > 0


def test_a_known_fwhm_in_a_mask():
    """In a volume along each axis, on a surface in all directions; a masker's mask will do."""
    box = nib.Nifti1Image(np.ones((5, 5, 3), dtype=np.uint8), AFFINE)
    expected = [1, 4 * 2 / 4 * 2 + 2 * 3 / 6, 4 + 2 * 2.0 * 1.0, 4]
    np.testing.assert_allclose(smoothness_from_fwhm([4, 4, 6], box).resels, expected)
    masker = NiftiMasker(box)
    np.testing.assert_allclose(smoothness_from_fwhm([4, 4, 6], masker).resels, expected)


def test_a_known_fwhm_on_a_surface(mesh):
    """Area over FWHM², of both hemispheres."""
    ones = SurfaceImage(mesh, {k: np.ones(p.n_vertices) for k, p in mesh.parts.items()})
    known = smoothness_from_fwhm(2.0, ones)
    np.testing.assert_allclose(known.fwhm_mm, 2.0)
    corners = [part.coordinates[part.faces] for part in mesh.parts.values()]
    area = sum(
        np.linalg.norm(np.cross(c[:, 1] - c[:, 0], c[:, 2] - c[:, 0]), axis=1).sum() / 2
        for c in corners
    )
    assert known.resels[2] == pytest.approx(area / 4)


# ------------------------------------------------------------------ what cannot be used


def test_residuals_on_another_grid_are_refused(model):
    """Resampling would change what is measured; the first map that lies elsewhere is named."""
    other = nib.Nifti1Image(np.ones(SHAPE), np.diag([2.0, 2, 2, 1]))
    with pytest.raises(MapError, match="Residuals and mask lie on different grids: "):
        estimate_smoothness([*model.residuals(), other], MASK)


@pytest.mark.parametrize("given", [None, 3.0, np.ones(SHAPE[:2]).tolist, {"a": 1}])
def test_what_is_no_residuals_is_refused(given):
    """The message says what residuals are."""
    with pytest.raises(InputTypeError, match="residuals must be a list of images"):
        estimate_smoothness(given, MASK)


def test_one_map_is_not_enough(model):
    """A list with one, one 3D image and an empty list must be refused, in words about residuals."""
    single = model.residuals()[0]
    for one in ([single], single):
        with pytest.raises(InputError, match="needs the residuals of two maps at least; there is"):
            estimate_smoothness(one, MASK)
    with pytest.raises(InputTypeError, match="The list of maps is empty"):
        estimate_smoothness([], MASK)


@pytest.mark.parametrize(
    ("dof", "error"),
    [(0, InputError), (-3, InputError), (np.nan, InputError), ("a", InputTypeError)],
)
def test_degrees_of_freedom_that_are_none_are_refused(model, dof, error):
    """They are a positive number."""
    with pytest.raises(error, match="dof must be a positive number, residual degrees of freedom"):
        estimate_smoothness(model.residuals(), MASK, dof=dof)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"n_jobs": 0}, InputError, "n_jobs must not be 0"),
        ({"n_jobs": "a"}, InputTypeError, "n_jobs must be a whole number or None. Got 'a'"),
        ({"n_jobs": True}, InputTypeError, "n_jobs must be a whole number or None. Got True"),
        ({"method": "smoothest"}, InputError, "must be one of 'differences', 'autocorrelation'"),
        ({"method": None}, InputError, "must be one of 'differences', 'autocorrelation'"),
    ],
)
def test_parameters_that_are_none_are_refused(model, parameters, error, message):
    """A number of threads, and a method that is no name of one."""
    with pytest.raises(error, match=message):
        estimate_smoothness(model.residuals(), MASK, **parameters)


def test_a_fwhm_that_is_no_number_is_refused():
    """Text is no width."""
    for fwhm in ("a", None, [1, "b", 3], True):
        with pytest.raises(InputTypeError, match="A FWHM is a positive number of mm"):
            smoothness_from_fwhm(fwhm, MASK)


def test_autocorrelation_is_that_of_neighbours(model):
    """ρ at a lag of one voxel, the mean over voxels with all neighbours, makes the FWHM."""
    residuals = np.stack([image.get_fdata() for image in model.residuals()])
    length = np.sqrt((residuals**2).sum(axis=0))
    with np.errstate(invalid="ignore"):
        u = residuals / length
    cells = tuple(slice(1, n - 2) for n in SHAPE)
    expected = []
    for axis in range(3):
        ahead = [slice(1 + (a == axis), n - 2 + (a == axis)) for a, n in enumerate(SHAPE)]
        rho = (u[:, *cells] * u[:, *ahead]).sum(axis=0).mean()
        sigma = np.sqrt(-1 / (4 * np.log(rho)))
        expected.append(sigma * np.sqrt(8 * np.log(2)))
    found = estimate_smoothness(model.residuals(), MASK, dof=7, method="autocorrelation")
    np.testing.assert_allclose(found.fwhm, expected, rtol=1e-10)  # seen: 2e-15
    np.testing.assert_allclose(found.fwhm_mm, np.array(expected) * [2, 2, 3], rtol=1e-10)
    resels = smoothness_from_fwhm(found.fwhm_mm, MASK).resels
    np.testing.assert_allclose(found.resels, resels, rtol=1e-10)
    assert (found.dof, found.resels_per_element) == (7, None)


def test_surfaces_have_no_common_lag(mesh, make_surface):
    """The edges of a mesh are of many lengths, so autocorrelation must be refused there."""
    ones = SurfaceImage(mesh, {k: np.ones(p.n_vertices) for k, p in mesh.parts.items()})
    maps = [make_surface(seed) for seed in range(4)]
    with pytest.raises(InputError, match="On a mesh smoothness is estimated from differences"):
        estimate_smoothness(maps, ones, method="autocorrelation")


def test_residuals_that_are_zero_everywhere_are_refused():
    """There is no noise to measure."""
    zeros = [nib.Nifti1Image(np.zeros(SHAPE), AFFINE)] * N_MAPS
    with pytest.raises(InputError, match="no element has residual variance"):
        estimate_smoothness(zeros, MASK)


def test_too_few_maps_are_refused(model):
    """Three maps span three dimensions, and their unit vectors only two."""
    with pytest.raises(InputError, match="more than 3 residual degrees of freedom; there are 3"):
        estimate_smoothness(model.residuals()[:3], MASK)


def test_a_mask_is_needed(model):
    """None, and a masker without a mask, say so."""
    for none in (None, NiftiMasker()):
        with pytest.raises(MaskError, match="Smoothness needs a mask"):
            estimate_smoothness(model.residuals(), none)
    with pytest.raises(MaskError, match="Smoothness needs a mask"):
        smoothness_from_fwhm(6.0, None)


def test_a_mask_all_edge_is_refused(model):
    """No voxel begins a cube that is all in the mask."""
    frame = np.zeros(SHAPE, dtype=np.uint8)
    frame[:, 3, 3] = frame[3, :, 3] = frame[3, 3, :] = 1
    with pytest.raises(MaskError, match="no element has all its neighbours in the mask"):
        estimate_smoothness(model.residuals(), nib.Nifti1Image(frame * MASK.get_fdata(), AFFINE))


def test_files_that_are_not_there_are_named(tmp_path):
    """The path is in the message."""
    missing = [Path(tmp_path, f"res-{i}.nii") for i in range(3)]
    with pytest.raises(MapError, match=r"File not found: .*res-0.nii"):
        estimate_smoothness(missing, MASK)
