"""Voxels that some map lacks, and voxels where nothing varies: left out, counted, never NaN."""

import warnings

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import scipy.stats
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage

from secondlevel import SecondLevelModel
from secondlevel.errors import ConstantDataWarning, InputError, MaskError, MissingDataWarning
from secondlevel.results.files import save_image

SHAPE = (4, 5, 6)
N_VOXELS = 120
AFFINE = np.diag([3.0, 3, 3, 1])
MASK = nib.Nifti1Image(np.ones(SHAPE, dtype=np.uint8), AFFINE)
N_MAPS = 10
ONES = pd.DataFrame({"intercept": np.ones(N_MAPS)})
GROUPS = pd.DataFrame({"patient": np.repeat([1.0, 0.0], 5), "intercept": 1.0})
OUTPUTS = ("z_score", "stat", "p_value", "effect_size", "effect_variance", "log10_p")


@pytest.fixture
def data():
    """Ten complete maps of 120 voxels."""
    return np.random.default_rng(40).normal(1, 1, size=(N_MAPS, N_VOXELS))


@pytest.fixture
def gaps(data):
    """The same with gaps: map 2 lacks voxels 3, 4, 5; map 7 lacks 5 and 60; map 9 lacks 100."""
    data[2, [3, 4, 5]] = [np.nan, np.inf, -np.inf]
    data[7, [5, 60]] = np.nan
    data[9, 100] = np.inf
    return data


LACKING = [3, 4, 5, 60, 100]


def images_of(data, dtype=np.float64):
    """One image per row."""
    return [nib.Nifti1Image(row.reshape(SHAPE).astype(dtype), AFFINE) for row in data]


def saved(data, folder, dtype=np.float64):
    """One compressed file per row."""
    paths = [str(folder / f"sub-{i:02}.nii.gz") for i in range(len(data))]
    for image, path in zip(images_of(data, dtype), paths, strict=True):
        nib.save(image, path)
    return paths


def values_of(image):
    """Numbers of a volume in the order of voxels."""
    return image.get_fdata().reshape(N_VOXELS)


def fit(maps, table=ONES, **settings):
    """Fit within the mask of all voxels; the warning about missing values is expected."""
    settings = {"mask_img": MASK} | settings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MissingDataWarning)
        return SecondLevelModel(**settings).fit(maps, design_matrix=table)


# ------------------------------------------------------------------ left out


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("in_memory", [True, False], ids=["in memory", "files"])
def test_an_element_that_any_map_lacks_is_left_out(gaps, tmp_path, dtype, in_memory):
    """NaN and infinities, in any map, take their voxels out of the mask; the others stay."""
    maps = images_of(gaps, dtype) if in_memory else saved(gaps, tmp_path, dtype)
    model = fit(maps)
    kept = np.ones(N_VOXELS, dtype=bool)
    kept[LACKING] = False
    np.testing.assert_array_equal(values_of(model.mask_img_) > 0, kept)
    assert model.n_elements_ == N_VOXELS - len(LACKING) == len(model.get_feature_names_out())
    found = values_of(model.compute_contrast(output_type="stat"))
    expected = scipy.stats.ttest_1samp(gaps[:, kept].astype(dtype).astype(float), 0).statistic
    # Worst seen: 8e-16.
    np.testing.assert_allclose(found[kept], expected, rtol=1e-11)
    np.testing.assert_array_equal(found[~kept], 0.0)


def test_the_elements_kept_have_the_numbers_of_a_smaller_mask(gaps):
    """Leaving voxels out is masking them out."""
    inside = np.ones(N_VOXELS, dtype=np.uint8)
    inside[LACKING] = 0
    smaller = nib.Nifti1Image(inside.reshape(SHAPE), AFFINE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = SecondLevelModel(smaller).fit(images_of(gaps), design_matrix=GROUPS)
    found = fit(images_of(gaps), GROUPS)
    for name in OUTPUTS:
        mine, theirs = (
            values_of(model.compute_contrast("patient", output_type=name))
            for model in (found, expected)
        )
        # Worst seen: 0.
        kept = inside == 1
        np.testing.assert_allclose(mine[kept], theirs[kept], rtol=1e-12, atol=1e-15)


def test_coverage_counts_the_maps_with_a_value(gaps):
    """At every voxel of the mask, those left out too, the number of maps that have it."""
    coverage = fit(images_of(gaps)).coverage_
    np.testing.assert_array_equal(values_of(coverage), np.isfinite(gaps).sum(axis=0))


def test_one_warning_says_how_many_are_left_out_and_which_maps_lack_most(gaps, tmp_path):
    """The count of voxels, and the three maps that lack most with their counts, worst first."""
    gaps[5, 100] = np.nan
    paths = saved(gaps, tmp_path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = SecondLevelModel(MASK).fit(paths, design_matrix=ONES)
        model.compute_contrast(output_type="all")
        model.compute_contrast(output_type="all")
    assert [w.category for w in caught] == [MissingDataWarning]
    message = str(caught[0].message)
    assert message.startswith("5 of 120 elements were left out")
    assert f"Most of it comes from: '{paths[2]}' (3), '{paths[7]}' (2), '{paths[5]}' (1)" in message
    assert paths[9] not in message
    assert "missing='zero'" in message


def test_maps_in_memory_are_called_by_their_position(gaps):
    """A map without a file is named as an item of the input."""
    with pytest.warns(MissingDataWarning, match=r"second_level_input\[2\] \(3\)"):
        SecondLevelModel(MASK).fit(images_of(gaps), design_matrix=ONES)


def test_complete_maps_give_no_warning(data):
    """Nothing is said where nothing is missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = SecondLevelModel(MASK).fit(images_of(data), design_matrix=ONES)
    np.testing.assert_array_equal(values_of(model.coverage_), N_MAPS)


def test_large_numbers_are_values_until_their_squares_are_infinite(data):
    """The largest single-precision number is a value; the largest double is none."""
    data[1:4, 7] = [3.4e38, -3.4e38, 1e140]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert SecondLevelModel(MASK).fit(images_of(data), design_matrix=ONES).n_elements_ == 120
    data[5, 7] = -1e308
    data[6, 8] = 1.7e308
    with pytest.warns(MissingDataWarning, match="2 of 120"):
        SecondLevelModel(MASK).fit(images_of(data), design_matrix=ONES)


def test_a_map_without_any_value_is_an_error_that_names_it(data):
    """When nothing is left to analyse the emptiest map is named."""
    data[6] = np.nan
    with pytest.raises(MaskError, match=r"second_level_input\[6\] has no value anywhere"):
        fit(images_of(data))


# ------------------------------------------------------------------ other meanings


@pytest.mark.parametrize("in_memory", [True, False], ids=["in memory", "files"])
def test_missing_values_are_taken_for_0_on_request(gaps, tmp_path, in_memory):
    """With ``missing="zero"`` every voxel is analysed, gaps as zeros, without a warning."""
    maps = images_of(gaps) if in_memory else saved(gaps, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = SecondLevelModel(MASK, missing="zero").fit(maps, design_matrix=ONES)
    assert model.n_elements_ == N_VOXELS
    filled = np.where(np.isfinite(gaps), gaps, 0)
    found = values_of(model.compute_contrast(output_type="stat"))
    # Worst seen: 8e-16.
    np.testing.assert_allclose(found, scipy.stats.ttest_1samp(filled, 0).statistic, rtol=1e-11)
    # How many maps have a value is told all the same.
    np.testing.assert_array_equal(values_of(model.coverage_), np.isfinite(gaps).sum(axis=0))


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.uint8])
@pytest.mark.parametrize("in_memory", [True, False], ids=["in memory", "files"])
def test_exact_zeros_are_missing_on_request(data, tmp_path, dtype, in_memory):
    """``zero_is_missing=True`` leaves out voxels that any map holds 0 at, of any type of number."""
    values = np.round(10 * np.abs(data)) + 1
    values[1, [8, 9]] = 0
    values[4, 9] = 0
    maps = images_of(values, dtype) if in_memory else saved(values, tmp_path, dtype)
    with pytest.warns(MissingDataWarning, match="2 of 120 elements were left out") as caught:
        model = SecondLevelModel(MASK, zero_is_missing=True).fit(maps, design_matrix=ONES)
    assert "exactly 0" in str(caught[0].message)
    np.testing.assert_array_equal(np.flatnonzero(values_of(model.mask_img_) == 0), [8, 9])
    np.testing.assert_array_equal(values_of(model.coverage_), (values != 0).sum(axis=0))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32])
def test_maps_of_whole_numbers_lack_nothing(data, tmp_path, dtype):
    """Integers cannot be NaN, and zeros are values unless told otherwise."""
    values = np.round(20 * np.abs(data)).clip(0, 200)
    values[3, :10] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = SecondLevelModel(MASK).fit(saved(values, tmp_path, dtype), design_matrix=ONES)
    assert model.n_elements_ == N_VOXELS
    found = values_of(model.compute_contrast(output_type="effect_size"))
    # Worst seen: 5e-16.
    np.testing.assert_allclose(found, values.mean(axis=0), rtol=1e-12)


def test_zeros_cannot_be_missing_and_stand_in_for_missing_values_at_once(data):
    """The two settings contradict each other, and the message says which goes with which."""
    with pytest.raises(InputError, match="choose one"):
        fit(images_of(data), missing="zero", zero_is_missing=True)


def test_an_unknown_way_to_deal_with_missing_values_is_refused(data):
    """The message lists the ways there are."""
    with pytest.raises(InputError, match="'missing' must be one of 'exclude', 'zero'"):
        fit(images_of(data), missing="mean")


# ------------------------------------------------------------------ other ways in


def heads(rng):
    """Maps with a bright inside and zeros around it, which a mask can be computed from."""
    grid = np.indices((10, 11, 12)) - np.array([4.5, 5, 5.5])[:, None, None, None]
    inside = (grid**2).sum(axis=0) < 16
    return [np.where(inside, rng.normal(8, 1, inside.shape), 0.0) for _ in range(N_MAPS)]


def test_an_automatic_mask_is_narrowed_to_what_all_maps_have():
    """A voxel of the computed mask that some map lacks is left out, counted and named."""
    volumes = heads(np.random.default_rng(41))
    images = [nib.Nifti1Image(volume, AFFINE) for volume in volumes]
    whole = SecondLevelModel().fit(images, design_matrix=ONES)
    inside = whole.mask_img_.get_fdata() > 0
    centre = (5, 5, 6)
    assert inside[centre]
    volumes[3][centre] = np.nan
    images = [nib.Nifti1Image(volume, AFFINE) for volume in volumes]
    with pytest.warns(MissingDataWarning) as caught:
        model = SecondLevelModel().fit(images, design_matrix=ONES)
    assert str(caught[0].message).startswith(f"1 of {inside.sum()} elements were left out")
    assert "second_level_input[3] (1)" in str(caught[0].message)
    expected = inside.copy()
    expected[centre] = False
    np.testing.assert_array_equal(model.mask_img_.get_fdata() > 0, expected)
    coverage = model.coverage_.get_fdata()
    np.testing.assert_array_equal(coverage[inside], np.where(expected, N_MAPS, 9)[inside])


def test_vertices_that_a_surface_map_lacks_are_left_out():
    """A mesh is treated as a volume is."""
    rng = np.random.default_rng(42)
    points = rng.normal(size=(30, 3))
    faces = np.array([[i, (i + 1) % 30, (i + 2) % 30] for i in range(30)])
    mesh = PolyMesh(left=InMemoryMesh(points, faces), right=InMemoryMesh(points, faces))
    values = {part: rng.normal(size=(30, N_MAPS)) for part in ("left", "right")}
    values["right"][4, 2] = np.nan
    with pytest.warns(MissingDataWarning, match="1 of 60 elements were left out"):
        model = SecondLevelModel().fit(SurfaceImage(mesh, values), design_matrix=ONES)
    assert model.n_elements_ == 59
    assert not model.mask_img_.data.parts["right"][4]
    maps = model.compute_contrast(output_type="all")
    for image in maps.values():
        for part in image.data.parts.values():
            assert np.isfinite(part).all()


def test_each_kind_of_map_in_a_table_has_gaps_of_its_own(gaps, data):
    """A voxel missing under one map name is analysed under the other."""
    complete = np.random.default_rng(43).normal(size=(N_MAPS, N_VOXELS))
    table = pd.DataFrame(
        {
            "subject_label": [f"{i:02}" for i in range(N_MAPS)] * 2,
            "map_name": ["gaps"] * N_MAPS + ["complete"] * N_MAPS,
            "effects_map_path": images_of(gaps) + images_of(complete),
        }
    )
    model = SecondLevelModel(MASK).fit(table)
    with pytest.warns(MissingDataWarning, match="5 of 120"):
        lacking = model.compute_contrast(first_level_contrast="gaps", output_type="p_value")
    full = model.compute_contrast(first_level_contrast="complete", output_type="p_value")
    np.testing.assert_array_equal(np.flatnonzero(values_of(lacking) == 1), LACKING)
    assert (values_of(full) < 1).all()
    # The mask of the model is the one that both are looked at in.
    assert model.n_elements_ == N_VOXELS


def test_masked_data_hold_nan_where_a_later_map_has_no_value(data, gaps):
    """`transform` of other maps keeps their gaps as NaN, or as 0 where 0 stands in for them."""
    later = images_of(gaps[[2, 0]])
    complete = images_of(np.random.default_rng(44).normal(size=(N_MAPS, N_VOXELS)))
    found = fit(complete).transform(later)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(found[0])), [3, 4, 5])
    assert np.isfinite(found[1]).all()
    filled = fit(complete, missing="zero").transform(later)
    np.testing.assert_array_equal(filled, np.nan_to_num(found, nan=0.0))


# ------------------------------------------------------------------ what is saved


@pytest.fixture
def troubled(data, gaps):
    """Maps with gaps, constant voxels, voxels of zeros and voxels without any effect."""
    gaps[:, 10:14] = 0.0
    gaps[:, 14:18] = 2.5
    gaps[:, 18:20] = np.tile([1.0, -1.0, 2.0, -2.0, 0.0], 2)[:, None]
    gaps[:, 20:22] = 1e-200 * np.arange(1, N_MAPS + 1)[:, None]
    gaps[:, 22:24] = 1e140 * (1 + np.arange(N_MAPS)[:, None] % 3)
    gaps[:, 24:26] = 1e-150 * (1 + np.arange(N_MAPS)[:, None] % 3)
    gaps[3, 26:28] = [1e200, -1.7e308]
    return gaps


@pytest.mark.parametrize("missing", ["exclude", "zero"])
@pytest.mark.parametrize(
    ("contrast", "stat_type"),
    [("patient", "t"), ("intercept", "t"), ("patient", "F"), (np.eye(2), "F")],
)
def test_no_saved_map_holds_nan_or_infinity(troubled, tmp_path, contrast, stat_type, missing):
    """Every output is finite in every voxel, whatever the data, and stays so on disk."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MissingDataWarning)
        warnings.simplefilter("ignore", ConstantDataWarning)
        model = SecondLevelModel(MASK, missing=missing, minimize_memory=False)
        model.fit(images_of(troubled), design_matrix=GROUPS)
    for name in OUTPUTS:
        image = model.compute_contrast(contrast, second_level_stat_type=stat_type, output_type=name)
        path = save_image(image, tmp_path / f"{name}.nii.gz")
        assert np.isfinite(nib.load(path).get_fdata()).all(), name
    for name in ("residuals_", "predicted_", "r_square_", "coverage_", "mask_img_"):
        assert np.isfinite(getattr(model, name).get_fdata()).all(), name


def test_constant_elements_are_counted_in_one_warning(data):
    """Statistic 0, z 0 and p 1 where nothing varies, said once with the number of voxels."""
    data[:, 10:14] = 0.0
    data[:, 14:18] = 2.5
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = SecondLevelModel(MASK).fit(images_of(data), design_matrix=GROUPS)
        maps = {name: model.compute_contrast("patient", output_type=name) for name in OUTPUTS}
    assert [w.category for w in caught] == [ConstantDataWarning]
    assert "8 of 120 elements have no residual variance" in str(caught[0].message)
    found = {name: values_of(image)[10:18] for name, image in maps.items()}
    for name, expected in (("stat", 0.0), ("z_score", 0.0), ("p_value", 1.0), ("log10_p", 0.0)):
        np.testing.assert_array_equal(found[name], expected)


@pytest.mark.parametrize("stat_type", ["t", "F"])
def test_no_effect_at_all_is_a_statistic_of_0_not_a_gap(data, stat_type):
    """An element whose effect is exactly 0 has p 1/2 for t and 1 for F, and finite z."""
    data[:, 18] = np.tile([1.0, -1.0, 2.0, -2.0, 0.0], 2)
    model = SecondLevelModel(MASK).fit(images_of(data), design_matrix=GROUPS)
    maps = {
        name: values_of(
            model.compute_contrast("patient", second_level_stat_type=stat_type, output_type=name)
        )[18]
        for name in OUTPUTS
    }
    # Worst seen: 2e-16, 1e-16.
    np.testing.assert_allclose(maps["stat"], 0.0, atol=1e-14)
    np.testing.assert_allclose(maps["p_value"], 0.5 if stat_type == "t" else 1.0, atol=1e-6)
    assert np.isfinite(list(maps.values())).all()


def test_what_lies_outside_the_mask_is_0_in_every_map(gaps):
    """Maps are as large as the grid; there is no background but 0."""
    inside = np.zeros(N_VOXELS, dtype=np.uint8)
    inside[:50] = 1
    model = fit(images_of(gaps), mask_img=nib.Nifti1Image(inside.reshape(SHAPE), AFFINE))
    for name in OUTPUTS:
        found = values_of(model.compute_contrast(output_type=name))
        np.testing.assert_array_equal(found[inside == 0], 0.0)
        # Within the mask nothing that was left out may look significant.
        np.testing.assert_array_equal(found[[3, 4, 5]], 1.0 if name == "p_value" else 0.0)
