"""Whatever way the maps are handed over, the numbers are the same."""

import gzip
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nibabel.spatialimages import SpatialImage
from nilearn.image import concat_imgs

from secondlevel import SecondLevelModel
from secondlevel.errors import ContrastWarning, InputTypeError

RTOL = 1e-9


def rewrite(paths, change):
    """Give the bytes of every file another form."""
    for path in paths:
        path.write_bytes(change(path.read_bytes()))
    return paths


def in_members(packed):
    """Compress again as parallel compressors do, in several members; one ends in the header."""
    raw = gzip.decompress(packed)
    parts = raw[:100], raw[100:1500], raw[1500:]
    return b"".join(gzip.compress(part) for part in parts)


def stored(packed):
    """Wrap without compressing, and name a file in the gzip header as the command does."""
    return gzip.compress(gzip.decompress(packed), compresslevel=0)


def packed_pairs(paths, given):
    """Compress both halves of every pair; return the paths of one of the halves."""
    for path in paths:
        for half in (path, path.with_suffix(".hdr")):
            half.with_suffix(f"{half.suffix}.gz").write_bytes(gzip.compress(half.read_bytes()))
            half.unlink()
    return [path.with_suffix(given) for path in paths]


def save_4d(images, save, suffix):
    """Write the images as one file."""
    [path] = save([concat_imgs(images)], suffix, "four")
    return path


def touched(paths):
    """Images loaded from files, their voxels already in memory."""
    loaded = [nib.load(path) for path in paths]
    for image in loaded:
        image.get_fdata()
    return loaded


def with_fourth_axis(images):
    """Make every image 4D, with one volume."""
    return [nib.Nifti1Image(np.asanyarray(im.dataobj)[..., None], im.affine) for im in images]


KINDS = {
    "paths": lambda images, save: [str(path) for path in save(images)],
    "pathlib paths": lambda images, save: save(images),
    "plain .nii": lambda images, save: save(images, ".nii"),
    "pairs by .img": lambda images, save: save(images, ".img"),
    "pairs by .hdr": lambda images, save: [p.with_suffix(".hdr") for p in save(images, ".img")],
    "compressed pairs by .img.gz": lambda images, save: packed_pairs(
        save(images, ".img"), ".img.gz"
    ),
    "compressed pairs by .hdr.gz": lambda images, save: packed_pairs(
        save(images, ".img"), ".hdr.gz"
    ),
    "compressed by bzip2": lambda images, save: save(images, ".nii.bz2"),
    "gzip in several members": lambda images, save: rewrite(save(images), in_members),
    "gzip without compression": lambda images, save: rewrite(save(images), stored),
    "images in memory": lambda images, save: images,
    "images in memory, four axes": lambda images, save: with_fourth_axis(images),
    "files with four axes": lambda images, save: save(with_fourth_axis(images)),
    "loaded images": lambda images, save: [nib.load(path) for path in save(images)],
    "loaded images in memory": lambda images, save: touched(save(images)),
    "paths beside images": lambda images, save: [*save(images[:3]), *images[3:]],
    "tuple": lambda images, save: tuple(images),
    "Series of paths": lambda images, save: pd.Series(save(images), index=list("gfedcba")),
    "Series of images": lambda images, save: pd.Series(images),
    "4D in memory": lambda images, save: concat_imgs(images),
    "4D .nii": lambda images, save: save_4d(images, save, ".nii"),
    "4D .nii.gz": lambda images, save: str(save_4d(images, save, ".nii.gz")),
    "4D .nii.bz2": lambda images, save: save_4d(images, save, ".nii.bz2"),
    "4D .nii.bz2, loaded": lambda images, save: nib.load(save_4d(images, save, ".nii.bz2")),
    "4D .nii.gz, loaded": lambda images, save: nib.load(save_4d(images, save, ".nii.gz")),
    "4D in several members": lambda images, save: rewrite(
        [save_4d(images, save, ".nii.gz")], in_members
    )[0],
    "wildcard": lambda images, save: str(save(images)[0].parent / "map-*.nii.gz"),
}


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_every_way_to_hand_over_images_gives_the_same_numbers(
    kind, n_jobs, images, save_maps, fitted_t, expected_t
):
    """Paths, images and 4D files, compressed or not, read by one or two threads, mean voxels."""
    found = fitted_t(KINDS[kind](images, save_maps), n_jobs=n_jobs)
    np.testing.assert_allclose(found, expected_t, rtol=RTOL)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_big_endian_doubles_are_the_same_numbers(suffix, images, tmp_path, fitted_t, expected_t):
    """The byte order of a file is that of its header."""
    paths = []
    for i, image in enumerate(images):
        header = nib.Nifti1Header(endianness=">")
        header.set_data_dtype(np.float64)
        paths.append(tmp_path / f"{i}{suffix}")
        nib.Nifti1Image(image.get_fdata(), image.affine, header).to_filename(paths[-1])
    assert nib.load(paths[0]).dataobj.dtype == np.dtype(">f8")
    np.testing.assert_allclose(fitted_t(paths), expected_t, rtol=RTOL)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".img"])
def test_scaled_integers_are_brought_to_their_scale(
    suffix, images, tmp_path, mask_img, fitted_t, slope_t
):
    """Voxels stored as int16 with slope and intercept are what nibabel says they are."""
    kind = nib.Nifti1Pair if suffix == ".img" else nib.Nifti1Image
    paths = [tmp_path / f"{i}{suffix}" for i in range(len(images))]
    for i, (path, image) in enumerate(zip(paths, images, strict=True)):
        scaled = kind(image.get_fdata() * 10.0**i + 3 * i, image.affine)
        scaled.set_data_dtype(np.int16)
        nib.save(scaled, path)
    loaded = [nib.load(path) for path in paths]
    assert all(image.dataobj.slope != 1 and image.dataobj.inter != 0 for image in loaded)
    inside = mask_img.get_fdata() > 0
    expected = slope_t(np.stack([image.get_fdata()[inside] for image in loaded]))
    np.testing.assert_allclose(fitted_t(paths), expected, rtol=RTOL)


@pytest.mark.parametrize("smoothing_fwhm", [None, 5.0])
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
def test_every_type_of_voxel_is_taken_as_the_number_it_is(
    dtype, smoothing_fwhm, make_image, tmp_path, fitted_t
):
    """Whole numbers of any width count like the same numbers in double precision."""
    rng = np.random.default_rng(5)
    counts = [rng.integers(0, 100, (8, 9, 10)) for _ in range(7)]
    typed = [nib.Nifti1Image(c.astype(dtype), make_image().affine, dtype=dtype) for c in counts]
    # Smoothing keeps the precision of maps in single precision, as nilearn's does.
    plain = np.float32 if dtype == "f4" else np.float64
    expected = fitted_t(
        [make_image(c.astype(plain)) for c in counts], smoothing_fwhm=smoothing_fwhm
    )
    paths = [tmp_path / f"{i}.nii.gz" for i in range(7)]
    for path, image in zip(paths, typed, strict=True):
        image.to_filename(path)
    assert nib.load(paths[0]).get_data_dtype() == dtype
    for given in (typed, paths):
        found = fitted_t(given, smoothing_fwhm=smoothing_fwhm)
        np.testing.assert_allclose(found, expected, rtol=RTOL)


@pytest.mark.parametrize("smoothing_fwhm", [None, 5.0])
@pytest.mark.parametrize("dtype", [np.float16, np.longdouble])
def test_unusual_numbers_become_double(dtype, smoothing_fwhm, make_image, fitted_t):
    """Floats that other libraries cannot take are brought to double precision."""
    given = [make_image(seed).get_fdata().astype(dtype) for seed in range(7)]
    affine = make_image().affine
    doubles = [make_image(data.astype(np.float64)) for data in given]
    expected = fitted_t(doubles, smoothing_fwhm=smoothing_fwhm)
    found = fitted_t([SpatialImage(data, affine) for data in given], smoothing_fwhm=smoothing_fwhm)
    np.testing.assert_allclose(found, expected, rtol=RTOL)


def test_a_path_may_start_at_home(images, save_maps, monkeypatch, fitted_t, expected_t):
    """`~` is the user's home in paths and wildcards."""
    home = save_maps(images)[0].parent
    monkeypatch.setenv("HOME", os.fspath(home))
    paths = [Path("~") / f"map-{i}.nii.gz" for i in range(7)]
    np.testing.assert_allclose(fitted_t(paths), expected_t, rtol=RTOL)
    np.testing.assert_allclose(fitted_t("~/map-*.nii.gz"), expected_t, rtol=RTOL)


# ------------------------------------------------------------------ tables


def test_a_table_is_sorted_with_its_confounds(table, confounds, mask_img, expected_t):
    """Without a design matrix, rows go by subject, and every map keeps its own subject's age."""
    model = SecondLevelModel(mask_img).fit(table, confounds)
    assert list(model.second_level_input_["subject_label"]) == sorted(table["subject_label"])
    assert list(model.design_matrix_.columns) == ["age", "intercept"]
    stat = model.compute_contrast("age", output_type="stat").get_fdata()
    np.testing.assert_allclose(stat[mask_img.get_fdata() > 0], expected_t, rtol=RTOL)


def test_a_table_with_a_design_keeps_its_order(table, fitted_t, expected_t):
    """The rows of a given design belong to the rows of the table as they stand."""
    np.testing.assert_allclose(fitted_t(table), expected_t, rtol=RTOL)


def test_a_table_may_have_any_index_and_hold_images(table, images, fitted_t, expected_t):
    """What the rows are called, even twice the same, says nothing."""
    table = table.assign(effects_map_path=images).set_axis([0, 0, 5, 5, 5, 1, 1], axis=0)
    np.testing.assert_allclose(fitted_t(table), expected_t, rtol=RTOL)


def test_maps_of_several_names_are_read_when_asked_for_and_once(
    table, images, save_maps, mask_img, design, expected_t
):
    """Each map name has its own estimate; a contrast of it reads its files once, and no others."""
    other = save_maps([nib.Nifti1Image(-im.get_fdata(), im.affine) for im in images], name="other")
    both = pd.concat([table, table.assign(map_name="houses", effects_map_path=other)])
    model = SecondLevelModel(mask_img).fit(both, design_matrix=design)
    inside = mask_img.get_fdata() > 0

    def stat(name):
        image = model.compute_contrast("age", name, output_type="stat")
        return image.get_fdata()[inside]

    np.testing.assert_allclose(stat("houses"), -expected_t, rtol=RTOL)
    for path in other:
        path.unlink()
    np.testing.assert_allclose(stat("houses"), -expected_t, rtol=RTOL)
    np.testing.assert_allclose(stat("faces"), expected_t, rtol=RTOL)


# ------------------------------------------------------------------ designs


@pytest.mark.parametrize("index", [False, True])
@pytest.mark.parametrize(("suffix", "separator"), [(".csv", ","), (".tsv", "\t"), (".TSV", "\t")])
@pytest.mark.parametrize("kind", [str, Path])
def test_a_design_may_be_the_path_of_a_table(
    kind, suffix, separator, index, images, design, tmp_path, fitted_t, expected_t
):
    """A csv or tsv file, with the index pandas writes or without, is the table it holds."""
    path = tmp_path / f"design{suffix}"
    design.to_csv(path, sep=separator, index=index)
    found = fitted_t(images, design_matrix=kind(path))
    np.testing.assert_allclose(found, expected_t, rtol=RTOL)


def test_labels_in_a_design_file_are_text(table, design, tmp_path, fitted_t, expected_t):
    """A label such as 01 in a file is not the number one."""
    labels = [f"0{i}" for i in range(7)]
    path = tmp_path / "design.tsv"
    design.assign(subject_label=labels).to_csv(path, sep="\t", index=False)
    found = fitted_t(table.assign(subject_label=labels), design_matrix=path)
    np.testing.assert_allclose(found, expected_t, rtol=RTOL)


def test_without_design_and_confounds_the_mean_is_tested(table, mask_img, images):
    """A table alone is a one-sample test, and a shorter contrast is completed."""
    model = SecondLevelModel(mask_img).fit(table)
    inside = mask_img.get_fdata() > 0
    mean = np.mean([image.get_fdata()[inside] for image in images], axis=0)
    effect = model.compute_contrast(output_type="effect_size").get_fdata()[inside]
    np.testing.assert_allclose(effect, mean, rtol=RTOL)
    with_age = SecondLevelModel(mask_img).fit(
        table, pd.DataFrame({"subject_label": table["subject_label"], "age": range(7)})
    )
    with pytest.warns(ContrastWarning, match="padded with zeros"):
        with_age.compute_contrast([1])


# ------------------------------------------------------------------ transform


def test_transform_masks_whatever_fit_takes(paths, table, images, mask_img, design):
    """Masked data have a row per map in the order given, from files, images, tables or one map."""
    inside = mask_img.get_fdata() > 0
    expected = np.stack([image.get_fdata()[inside] for image in images])
    model = SecondLevelModel(mask_img).fit(paths, design_matrix=design)
    for given in (paths, images, pd.Series(images), table):
        np.testing.assert_array_equal(model.transform(given), expected)
    np.testing.assert_array_equal(model.transform(images[3]), expected[3:4])
    np.testing.assert_array_equal(model.transform(str(paths[3])), expected[3:4])


def test_transform_of_no_map_asks_for_one(paths, mask_img, design):
    """An empty list is told that one map is enough to be masked."""
    model = SecondLevelModel(mask_img).fit(paths, design_matrix=design)
    with pytest.raises(InputTypeError, match=r"list of maps is empty\. Give at least one"):
        model.transform([])
