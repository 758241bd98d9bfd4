"""A mask that is none, or that covers no data, is refused with what to do about it."""

import nibabel as nib
import numpy as np
import pytest
from nilearn.maskers import NiftiLabelsMasker, NiftiMasker, SurfaceMasker

from secondlevel import SecondLevelModel
from secondlevel.errors import (
    InputError,
    InputTypeError,
    MapError,
    MaskError,
    MaskNotFoundError,
    ResamplingWarning,
)


@pytest.fixture
def fit(images, design):
    """Fit the seven maps, or others, within a mask."""

    def fit(mask, maps=images, **parameters):
        return SecondLevelModel(mask, **parameters).fit(maps, design_matrix=design)

    return fit


@pytest.fixture
def give(make_image, tmp_path):
    """Make a mask of data, in memory or as a file."""

    def give(data, *, on_disk=False):
        image = make_image(data)
        if not on_disk:
            return image
        nib.save(image, tmp_path / "mask.nii.gz")
        return tmp_path / "mask.nii.gz"

    return give


def block(*values):
    """Data of the common shape with one value per slab."""
    data = np.zeros((8, 9, 10))
    for i, value in enumerate(values):
        data[2 * i : 2 * i + 2] = value
    return data


# ------------------------------------------------------------------ not a mask


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize("value", [0.0, np.nan])
def test_an_empty_mask_is_refused(value, on_disk, fit, give):
    """A mask of zeros leaves nothing to analyse; a file is named."""
    message = "The mask is invalid as it is empty: it masks all data"
    with pytest.raises(MaskError, match=message) as caught:
        fit(give(block(value, value, value, value), on_disk=on_disk))
    assert ("mask.nii.gz" in str(caught.value)) == on_disk


@pytest.mark.parametrize("on_disk", [False, True])
def test_a_mask_of_several_values_is_refused(on_disk, fit, give):
    """An atlas, or a map of probabilities, is no mask; its values are shown."""
    message = r"Given mask is not made of 2 values: 0, 0\.5, 1, 2.*Threshold the image first"
    with pytest.raises(MaskError, match=message) as e:
        fit(give(block(1, 2, 0.5), on_disk=on_disk))
    assert ("mask.nii.gz" in str(e.value)) == on_disk
    with pytest.raises(MaskError, match=r"not made of 2 values: 0, 1, 2"):
        fit(give(block(1, 2), on_disk=on_disk))
    with pytest.raises(MaskError, match=r"not made of 2 values: 1, 2\. Cannot interpret"):
        fit(give(block(1, 2, 2, 1)))
    with pytest.raises(MaskError, match=r"not made of 2 values: 0, 1, 2, 3, …\."):
        fit(give(block(1, 2, 3, 4) * (np.arange(10) > 4)))


def test_a_mask_of_one_value_is_everything(fit, give):
    """Ones throughout mean the whole grid."""
    assert fit(give(block(1, 1, 1, 1))).n_elements_ == 720


@pytest.mark.parametrize("shape", [(8, 9), (8, 9, 10, 2)])
def test_a_mask_is_3d(shape, fit, give):
    """A mask of another shape is told its shape."""
    with pytest.raises(
        MaskError, match=rf"The mask has shape \({shape[0]}, 9.*a mask is a 3D image"
    ):
        fit(give(np.ones(shape, dtype=np.uint8)))


def test_a_mask_holds_real_numbers(fit, give):
    """Complex numbers are neither inside nor outside."""
    with pytest.raises(MaskError, match="A mask holds 0 and 1; there are complex64 values"):
        fit(give(np.ones((8, 9, 10), dtype=np.complex64)))


def test_the_file_of_a_mask_must_be_there_whole_and_an_image(fit, give, tmp_path):
    """A missing, damaged or wrong file is named as the mask."""
    with pytest.raises(
        MaskNotFoundError, match=r"File not found: the mask '.*gone\.nii'"
    ) as caught:
        fit(tmp_path / "gone.nii")
    assert isinstance(caught.value, FileNotFoundError)
    with pytest.raises(MaskError, match=rf"mask '{tmp_path}' is a folder"):
        fit(str(tmp_path))
    path = give(block(1, 0, 1), on_disk=True)
    packed = path.read_bytes()
    path.write_text("not an image")
    with pytest.raises(MaskError, match=r"mask '.*mask\.nii\.gz' cannot be read as an image"):
        fit(path)
    path.write_bytes(packed[:-20])
    with pytest.raises(MaskError, match=r"mask '.*mask\.nii\.gz' is truncated or corrupt"):
        fit(path)


@pytest.mark.parametrize("mask", [3, np.ones((8, 9, 10)), [], NiftiMasker, object()])
def test_what_is_no_mask_at_all_is_told_what_is(mask, fit):
    """The error lists every kind of mask, and the type that was found."""
    with pytest.raises(
        InputTypeError, match=r"mask_img must be an image, its path, or a Nifti.*Got"
    ):
        fit(mask)


def test_a_masker_of_regions_is_refused(fit, mask_img):
    """Regions are no voxels."""
    with pytest.raises(InputTypeError, match=r"masker of single voxels .* Got NiftiLabelsMasker"):
        fit(NiftiLabelsMasker(mask_img))


# ------------------------------------------------------------------ no data in it


def test_a_mask_elsewhere_covers_no_data(fit, make_image, images):
    """Maps and mask without any overlap are told apart from maps of zeros."""
    affine = images[0].affine.copy()
    affine[:3, 3] += 500
    message = (
        r"covers no data: map second_level_input\[0\] lies wholly outside it\. Check that mask"
    )
    with (
        pytest.warns(ResamplingWarning, match="7 of 7 maps"),
        pytest.raises(MaskError, match=message),
    ):
        fit(make_image(np.ones((8, 9, 10), dtype=np.uint8), affine=affine))


def test_maps_of_zeros_are_no_data(fit, make_image, mask_img):
    """A mask in which every map is zero lies elsewhere; without a mask none can be made."""
    zeros = [make_image(np.zeros((8, 9, 10))) for _ in range(7)]
    with pytest.raises(MaskError, match="covers no data: every map is zero throughout it"):
        fit(mask_img, zeros)
    with pytest.raises(MaskError, match=r"No mask can be computed from the maps .* Pass mask_img"):
        fit(None, zeros)
    message = r"covers no data: second_level_input\[0\] has no value anywhere in it"
    with pytest.raises(MaskError, match=message):
        fit(mask_img, zeros, zero_is_missing=True)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("masked", [True, False])
def test_one_map_without_any_value_is_named(value, masked, fit, images, make_image, mask_img):
    """A map that is missing everywhere would take every element with it."""
    images[5] = make_image(np.full((8, 9, 10), value))
    message = r"covers no data: second_level_input\[5\] has no value anywhere.* leave that map out"
    with pytest.raises(MaskError, match=message):
        fit(mask_img if masked else None, images)


def test_maps_that_share_no_element_leave_nothing(fit, images, mask_img, make_image):
    """When every element lacks some map, no element is analysed."""
    holed = []
    for i, image in enumerate(images):
        data = np.array(image.dataobj)
        data[i::7] = np.nan
        holed.append(make_image(data))
    with pytest.raises(MaskError, match="covers no data: every element lacks some map"):
        fit(mask_img, holed)


# ------------------------------------------------------------------ of another kind than the maps


def test_mask_and_maps_are_both_volumes_or_both_surfaces(fit, make_surface, mask_img):
    """A mask, or a masker even without a mask, goes with maps of its own kind."""
    surfaces = [make_surface(seed) for seed in range(7)]
    message = (
        r"Mask and input images must be of compatible types\.\nGot mask of type: {}, .*: {}\. "
    )
    for mask, maps, kind in [
        (mask_img, surfaces, "surface"),
        (NiftiMasker(mask_img), surfaces, "surface"),
        (NiftiMasker(), surfaces, "surface"),
        (make_surface(value=1), None, "volume"),
        (SurfaceMasker(make_surface(value=1)), None, "volume"),
        (SurfaceMasker(), None, "volume"),
    ]:
        name = type(mask).__name__
        with pytest.raises(InputTypeError, match=message.format(name, kind)):
            fit(mask, *([maps] if maps else []))


def test_a_surface_mask_has_one_sample_of_two_values_and_the_maps_mesh(fit, make_surface):
    """What holds for masks in volumes holds on surfaces."""
    from nilearn.surface import InMemoryMesh, PolyMesh

    surfaces = [make_surface(seed) for seed in range(7)]
    with pytest.raises(MaskError, match="not made of 2 values"):
        fit(make_surface(3), surfaces)
    with pytest.raises(MaskError, match="one with at least one vertex that is not zero"):
        fit(make_surface(value=0), surfaces)
    with pytest.raises(MaskError, match="surface image with one sample; this one has 2"):
        fit(make_surface(value=1, samples=2), surfaces)
    small = InMemoryMesh(np.eye(3), np.array([[0, 1, 2]]))
    other = make_surface(value=1, on=PolyMesh(small, small))
    with pytest.raises(MapError, match=r"number 0 of the surface images does not fit .* 3 vert"):
        fit(other, surfaces)


# ------------------------------------------------------------------ target grid and smoothing


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"target_shape": (5, 5, 5)}, "If target_shape is specified, target_affine should be"),
        ({"target_affine": np.eye(3), "target_shape": (5, 5, 5)}, "needs a 4x4 target_affine"),
        ({"target_affine": np.eye(2)}, r"4x4 or 3x3 matrix; its shape is \(2, 2\)"),
        ({"target_affine": "mni"}, "4x4 or 3x3 matrix"),
        ({"target_affine": np.full((4, 4), np.nan)}, "numbers that can be inverted"),
        ({"target_affine": np.zeros((4, 4))}, "numbers that can be inverted"),
        ({"target_affine": np.eye(4), "target_shape": (5, 5)}, r"above 0; got \(5, 5\)"),
        ({"target_affine": np.eye(4), "target_shape": (5, 5, 0)}, "three whole numbers above 0"),
        ({"target_affine": np.eye(4), "target_shape": (5, 5, -1)}, "three whole numbers above 0"),
        ({"target_affine": np.eye(4), "target_shape": (5, 5, 1.5)}, "three whole numbers above 0"),
        ({"target_affine": np.eye(4), "target_shape": "big"}, "three whole numbers above 0"),
    ],
)
def test_a_target_grid_is_a_whole_one(grid, message, fit, mask_img):
    """Half a grid, or none that voxels could lie on, is refused before anything is read."""
    with pytest.raises(InputError, match=message):
        fit(mask_img, **grid)


@pytest.mark.parametrize("corner", [1000, -11.5])
def test_a_target_grid_elsewhere_does_not_overlap_the_mask(corner, fit, mask_img):
    """A target grid beside the mask's image, or beside its ones, does not make the mask empty."""
    target = np.eye(4)
    target[:3, 3] = corner
    message = r"target grid does not overlap the {}.* Check that they are in the same space"
    grid = {"target_affine": target, "target_shape": (2, 2, 2)}
    with pytest.raises(MaskError, match=message.format("mask")):
        fit(mask_img, **grid)
    if corner == 1000:
        with pytest.raises(MaskError, match=message.format("maps")):
            fit(None, **grid)


@pytest.mark.parametrize(
    "fwhm", [-1, (4, 4), (4, -4, 4), np.nan, np.inf, "wide", {}, (1, None, 1), True]
)
def test_smoothing_is_a_width_in_mm_or_three(fwhm, fit, mask_img):
    """Negative, endless and wordy widths are refused."""
    with pytest.raises(InputError, match=r"smoothing_fwhm must be a width in mm.*; got "):
        fit(mask_img, smoothing_fwhm=fwhm)


@pytest.mark.parametrize("missing", ["voxelwise", "", None, [], 0])
def test_missing_values_are_excluded_or_zero(missing, fit, mask_img):
    """An unknown way to deal with missing values is told the known ones."""
    with pytest.raises(InputError, match="'missing' must be one of 'exclude', 'zero'"):
        fit(mask_img, missing=missing)


def test_zero_is_not_missing_and_used_at_once(fit, mask_img):
    """To take missing for zero and zero for missing is a contradiction, which is explained."""
    with pytest.raises(InputError, match=r"choose one\. missing='exclude' goes with"):
        fit(mask_img, missing="zero", zero_is_missing=True)
