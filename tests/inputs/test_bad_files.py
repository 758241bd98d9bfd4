"""A map that cannot be read, or does not fit the others, is named, with what to do about it."""

import bz2
import gzip
import re
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from secondlevel import SecondLevelModel
from secondlevel.errors import InputError, InputTypeError, MapError, MapNotFoundError, MaskError
from secondlevel.streaming.disk import VolumeReader


@pytest.fixture
def fit(paths, design, mask_img):
    """Fit with one more file in the place of the fourth, to a mask unless told otherwise."""

    def fit(fourth, mask=mask_img, **parameters):
        model = SecondLevelModel(mask, **parameters)
        return model.fit([*paths[:3], fourth, *paths[4:]], design_matrix=design)

    return fit


def flipped(packed, position):
    """Change one byte."""
    changed = bytearray(packed)
    changed[position] ^= 0xFF
    return bytes(changed)


# ------------------------------------------------------------------ not there, not an image


def test_a_missing_file_is_named(fit, tmp_path):
    """A path that leads nowhere is an error of both kinds that callers catch for it."""
    with pytest.raises(MapNotFoundError, match=r"^File not found: '.*gone\.nii\.gz'\. Check") as e:
        fit(tmp_path / "gone.nii.gz")
    assert isinstance(e.value, FileNotFoundError)
    assert isinstance(e.value, ValueError)


@pytest.mark.parametrize("lost", [".img", ".hdr"])
@pytest.mark.parametrize("given", [".img", ".hdr"])
def test_the_missing_half_of_a_pair_is_named(lost, given, fit, images, save_maps):
    """Header and voxels of a pair are both needed, whichever of them is given."""
    [pair] = save_maps(images[:1], ".img", "pair")
    pair.with_suffix(lost).unlink()
    with pytest.raises(MapNotFoundError, match=rf"File not found: '.*pair-0\{lost}'\. Check"):
        fit(pair.with_suffix(given))


def test_a_file_that_is_gone_since_it_was_opened_is_named(fit, paths, tmp_path):
    """An image loaded from a file that was deleted meanwhile says so."""
    moved = paths[3].rename(tmp_path / "moved.nii.gz")
    image = nib.load(moved)
    moved.unlink()
    with pytest.raises(MapNotFoundError, match=r"File not found: '.*moved\.nii\.gz'"):
        fit(image)


TEXT = b"subject,age\n" * 50
NO_IMAGES = {
    "text.nii": TEXT,
    "text.nii.gz": TEXT,
    "notes.txt": TEXT,
    "packed.nii.gz": gzip.compress(TEXT),
    "empty.nii": b"",
    "empty.nii.gz": b"",
    "nothing.nii.gz": gzip.compress(b""),
}


@pytest.mark.parametrize("name", NO_IMAGES)
def test_a_file_that_is_no_image_is_named(name, fit, tmp_path):
    """Text, or nothing, under the name of an image is no image."""
    path = tmp_path / name
    path.write_bytes(NO_IMAGES[name])
    message = rf"'.*{re.escape(name)}' is not an image that nibabel can read .* Maps are NIfTI"
    with pytest.raises(MapError, match=message):
        fit(path)


def test_a_folder_is_no_image(fit, tmp_path):
    """A folder is not searched for maps."""
    with pytest.raises(MapError, match=rf"'{tmp_path}' is a folder, not an image\. Give the path"):
        fit(tmp_path)


def test_a_file_of_another_kind_of_image_is_named(fit, tmp_path):
    """A surface file among volumes is told from a volume."""
    path = tmp_path / "thickness.gii"
    array = nib.gifti.GiftiDataArray(np.zeros(12, dtype=np.float32))
    nib.save(nib.gifti.GiftiImage(darrays=[array]), path)
    with pytest.raises(
        MapError, match=r"thickness\.gii' is not a volume image: it is a GiftiImage"
    ):
        fit(path)


# ------------------------------------------------------------------ damaged

DAMAGE = {
    "cut in half": lambda packed: packed[: len(packed) // 2],
    "without its end": lambda packed: packed[:-8],
    "without its last byte": lambda packed: packed[:-1],
    "a changed byte": lambda packed: flipped(packed, len(packed) // 2),
    "a changed checksum": lambda packed: flipped(packed, -6),
    "a changed length": lambda packed: flipped(packed, -2),
    "a changed byte, not compressed": lambda packed: flipped(
        gzip.compress(gzip.decompress(packed), 0), 1500
    ),
    "a changed byte in the first of two members": lambda packed: (
        flipped(gzip.compress(gzip.decompress(packed)[:2000]), -6)
        + gzip.compress(gzip.decompress(packed)[2000:])
    ),
    "a changed byte in the second of two members": lambda packed: (
        gzip.compress(gzip.decompress(packed)[:2000])
        + flipped(gzip.compress(gzip.decompress(packed)[2000:]), -6)
    ),
    "whole gzip of too little": lambda packed: gzip.compress(gzip.decompress(packed)[:2000]),
}
READINGS = {
    "direct": {},
    "automatic mask": {"mask": None},
    "smoothed": {"smoothing_fwhm": 4},
    "two threads": {"n_jobs": 2},
    "resampled": {"target_affine": np.diag([3.0, 3.0, 3.0])},
}
DAMAGED = r"Map '.*damaged\.nii.*' is truncated or corrupt \(.+\)\. Copy or compute the file anew"


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("reading", READINGS)
def test_a_damaged_gzip_file_is_named_however_it_is_read(damage, reading, fit, paths, tmp_path):
    """A file that ends early, or whose checksum is wrong, never becomes numbers."""
    damaged = tmp_path / "damaged.nii.gz"
    damaged.write_bytes(DAMAGE[damage](paths[3].read_bytes()))
    with pytest.raises(MapError, match=DAMAGED):
        fit(damaged, **READINGS[reading])


def written(position, dtype, value):
    """Write a number into the bytes of a header."""

    def change(raw):
        number = np.array(value, dtype).tobytes()
        return raw[:position] + number + raw[position + len(number) :]

    return change


NIFTI_DAMAGE = {
    "datatype": written(70, "<i2", 30471),
    "no datatype": written(70, "<i2", 0),
    "an offset within the header": written(108, "<f4", 3),
    "an offset without end": written(108, "<f4", np.inf),
    "an offset that is no number": written(108, "<f4", np.nan),
    "an offset beyond any memory": written(108, "<f4", 1e15),
    "an affine that is no number": written(280, "<f4", np.nan),
    "a negative shape": written(42, "<i2", -1),
    "a shape beyond any memory": written(42, "<i2", [32767] * 3),
}
MGH_DAMAGE = {
    "version": written(0, ">i4", 7),
    "no shape": written(4, ">i4", 0),
    "a shape beyond any memory": written(4, ">i4", 2**31 - 1),
    "datatype": written(20, ">i4", 99),
    "an affine that is no number": written(42, ">f4", np.nan),
}
PACK = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress}
ADVICE = r"(Copy or compute (the file|it) anew|Mend its header|Leave it out)\.$"


def damaged_headers():
    """Every damage, with the suffix of the file and how it is packed."""
    cases = []
    for suffix, pack in PACK.items():
        for name, damage in NIFTI_DAMAGE.items():
            if suffix == ".bz2" and name == "a shape beyond any memory":
                continue  # bzip2 has no limit to speak of: only reading can tell
            cases.append(pytest.param(damage, f".nii{suffix}", pack, id=f"nii{suffix}, {name}"))
    for name, damage in MGH_DAMAGE.items():
        cases.append(pytest.param(damage, ".mgz", gzip.compress, id=f"mgz, {name}"))
    return cases


@pytest.fixture
def raw_map(make_image, tmp_path):
    """The bytes of a map of ones, which could be a mask, in the format of a suffix."""

    def raw(suffix):
        kind = nib.MGHImage if suffix.startswith(".mg") else nib.Nifti1Image
        whole = tmp_path / f"whole{'.mgh' if kind is nib.MGHImage else '.nii'}"
        ones = np.ones((8, 9, 10), dtype=np.float32)
        kind(ones, make_image().affine).to_filename(whole)
        return whole.read_bytes()

    return raw


@pytest.mark.filterwarnings(
    "ignore:overflow encountered:RuntimeWarning"
)  # nibabel's, when it reads
@pytest.mark.parametrize(("damage", "suffix", "pack"), damaged_headers())
def test_a_damaged_header_is_named_in_maps_and_masks(
    damage, suffix, pack, fit, paths, raw_map, tmp_path
):
    """Whatever the parser stumbles over, the file is named, with what to do."""
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(pack(damage(raw_map(suffix))))
    named = rf"'.*damaged{re.escape(suffix)}'[\s\S]*"
    with pytest.raises(MapError, match=named + ADVICE):
        fit(path)
    with pytest.raises(MaskError, match=named + ADVICE):
        fit(paths[3], mask=path)


@pytest.mark.parametrize("suffix", [".nii.gz", ".mgz"])
@pytest.mark.parametrize("position", [10, 12, 20, 30])
def test_gzip_damaged_near_its_start_is_named(
    suffix, position, fit, paths, images, raw_map, tmp_path
):
    """Damage within the compressed header is like any other, in maps and masks."""
    path = tmp_path / f"damaged{suffix}"
    noise = np.random.default_rng(2).bytes(3000)  # so that there is something to compress
    path.write_bytes(flipped(gzip.compress(raw_map(suffix) + noise), position))
    named = rf"'.*damaged{re.escape(suffix)}'.*"
    with pytest.raises(MapError, match=named):
        fit(path)
    with pytest.raises(MaskError, match=named):
        fit(paths[3], mask=path)


def test_what_cannot_be_decompressed_is_named(fit, paths, tmp_path):
    """A file of Zstandard is named, whether it is damaged or nothing here reads its kind."""
    path = tmp_path / "damaged.nii.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd" + b"abc" * 200)
    with pytest.raises(MapError, match=r"damaged\.nii\.zst'"):
        fit(path)
    with pytest.raises(MaskError, match=r"damaged\.nii\.zst'"):
        fit(paths[3], mask=path)


@pytest.mark.parametrize("lost", [".img.gz", ".hdr.gz"])
@pytest.mark.parametrize("given", [".img.gz", ".hdr.gz"])
def test_the_missing_half_of_a_compressed_pair_is_named(lost, given, fit, images, save_maps):
    """Header and voxels of a compressed pair are both needed, whichever of them is given."""
    [pair] = save_maps(images[:1], ".img", "pair")
    for half in (pair, pair.with_suffix(".hdr")):
        half.with_suffix(f"{half.suffix}.gz").write_bytes(gzip.compress(half.read_bytes()))
    pair.with_suffix(lost).unlink()
    with pytest.raises(MapNotFoundError, match=rf"File not found: '.*pair-0{re.escape(lost)}'"):
        fit(pair.with_suffix(given))


@pytest.mark.parametrize("suffix", [".nii", ".img"])
def test_a_plain_file_that_ends_early_is_named(suffix, fit, images, save_maps):
    """Fewer bytes than the header promises are an error that counts them."""
    [path] = save_maps(images[3:4], suffix, "damaged")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(MapError, match=r"damaged-0.*its header promises 2880 bytes of voxels"):
        fit(path)


@pytest.mark.parametrize("damage", ["cut in half", "a changed byte", "a changed checksum"])
def test_a_damaged_4d_file_is_named(damage, images, design, mask_img, save_maps):
    """Damage in a 4D file is found too, even in what stands behind the last volume."""
    [path] = save_maps([nib.concat_images(images)], name="damaged")
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(MapError, match=r"damaged-0\.nii\.gz', volume \d is truncated or corrupt"):
        SecondLevelModel(mask_img).fit(path, design_matrix=design)


# ------------------------------------------------------------------ of another shape or kind


@pytest.mark.parametrize("shape", [(8, 9), (8, 9, 10, 3), (8, 9, 10, 1, 2)], ids=["2D", "4D", "5D"])
@pytest.mark.parametrize("on_disk", [True, False])
def test_one_map_of_a_list_is_3d(shape, on_disk, fit, make_image, save_maps):
    """A list holds one volume per map; an image with another shape is named with it."""
    image = make_image(1, shape=shape)
    named = r"'.*odd-0\.nii\.gz'" if on_disk else r"second_level_input\[3\]"
    message = rf"each image must be 3D, or 4D with single volume\. .*{named} is \({shape[0]}, 9"
    with pytest.raises(MapError, match=message):
        fit(save_maps([image], name="odd")[0] if on_disk else image)


@pytest.mark.parametrize("shape", [(8, 9, 10), (8, 9, 10, 1), (8, 9, 10, 1, 7)])
@pytest.mark.parametrize("on_disk", [True, False])
def test_a_single_image_is_4d(shape, on_disk, make_image, save_maps, ones, mask_img):
    """One image holds one map per volume, and at least two."""
    image = make_image(1, shape=shape)
    given = save_maps([image], name="odd")[0] if on_disk else image
    message = r"requires a list with at least two maps, or a single 4D image.* has shape \(8, 9, 10"
    with pytest.raises(MapError, match=message):
        SecondLevelModel(mask_img).fit(given, design_matrix=ones(7))


@pytest.mark.parametrize("dtype", [np.complex64, [("R", "u1"), ("G", "u1"), ("B", "u1")]])
@pytest.mark.parametrize("on_disk", [True, False])
def test_voxels_are_real_numbers(dtype, on_disk, fit, make_image, save_maps):
    """Complex numbers and colours are refused, not cut down to what fits."""
    image = make_image(np.zeros((8, 9, 10), dtype=dtype))
    with pytest.raises(MapError, match=r"(odd-0|_input\[3\]).* holds .* values.*one real number"):
        fit(save_maps([image], name="odd")[0] if on_disk else image)


def test_an_image_without_voxels_is_empty(fit, make_image):
    """An axis of length zero leaves nothing to analyse."""
    with pytest.raises(MapError, match=r"second_level_input\[3\] is empty.*\(8, 9, 0\)"):
        fit(make_image(np.zeros((8, 9, 0))))


def test_an_affine_that_cannot_be_inverted_is_refused(fit, paths, tmp_path):
    """A header that puts all voxels into one plane is named before it confuses resampling."""
    image = nib.load(paths[3])
    header = image.header.copy()
    header["srow_z"] = 0
    header["qform_code"] = 0
    flat = nib.Nifti1Image(image.get_fdata(), None, header)
    flat.to_filename(tmp_path / "flat.nii.gz")
    with pytest.raises(MapError, match=r"flat\.nii\.gz' has an affine that cannot be inverted"):
        fit(tmp_path / "flat.nii.gz")


@pytest.mark.parametrize("what", ["shape", "affine"])
def test_different_grids_need_a_mask_to_be_resampled_to(what, fit, make_image, save_maps, images):
    """Without a mask nothing says which grid is meant; the map that differs is named."""
    odd = {
        "shape": make_image(1, shape=(8, 9, 11)),
        "affine": make_image(1, affine=images[0].affine * 1.25),
    }[what]
    message = (
        r"Following field of view errors were detected:\n"
        rf"'.*odd-0\.nii\.gz' differs from '.*map-0\.nii\.gz' in {what} .* Pass mask_img"
    )
    with pytest.raises(MapError, match=message):
        fit(save_maps([odd], name="odd")[0], mask=None)


def test_maps_of_a_table_on_different_grids_need_a_mask_too(table, make_image, save_maps):
    """The first map's grid is not silently made that of all others, whatever their map_name."""
    [odd] = save_maps([make_image(1, shape=(8, 9, 11))], name="odd")
    houses = table.assign(map_name="houses")
    houses.loc[2, "effects_map_path"] = str(odd)
    with pytest.raises(MapError, match=r"field of view errors.*\n'.*odd-0.* in shape"):
        SecondLevelModel().fit(pd.concat([table, houses]))


@pytest.mark.parametrize("kind", ["list", "table"])
def test_no_voxel_is_read_before_all_headers_were_compared(
    kind, table, design, make_image, save_maps, monkeypatch
):
    """When the last map lies on another grid, damage in the others is never met."""
    [odd] = save_maps([make_image(1, shape=(9, 9, 9))], name="odd")
    given = [Path(path) for path in table["effects_map_path"][:6]] + [odd]
    for path in given[:6]:
        path.write_bytes(path.read_bytes()[:1000])

    def never(*args):
        pytest.fail("voxels were read")

    monkeypatch.setattr(VolumeReader, "read", never)
    if kind == "table":
        given = table.assign(effects_map_path=given)
    with pytest.raises(MapError, match="field of view errors"):
        SecondLevelModel().fit(given, design_matrix=design)


# ------------------------------------------------------------------ too few, or something else


@pytest.mark.parametrize("n_maps", [0, 1])
@pytest.mark.parametrize("kind", [list, tuple, lambda x: pd.Series(x, dtype=object)])
def test_at_least_two_maps_are_needed(kind, n_maps, images, mask_img, ones):
    """One map, or none, has no variance between subjects."""
    message = rf"list with at least two first level models or niimgs.*this one has {n_maps}"
    with pytest.raises(InputTypeError, match=message):
        SecondLevelModel(mask_img).fit(kind(images[:n_maps]), design_matrix=ones(7))


@pytest.mark.parametrize("found", [0, 1])
def test_a_wildcard_that_matches_too_little_is_named(found, images, save_maps, tmp_path, ones):
    """A wildcard path must lead to at least two files."""
    save_maps(images[:found])
    pattern = str(tmp_path / "map-*.nii.gz")
    with pytest.raises(InputError, match=rf"No files matching .*map-\*\.nii\.gz': {found} found"):
        SecondLevelModel().fit(pattern, design_matrix=ones(2))


@pytest.mark.parametrize("given", [None, 3, {}, np.ones((7, 5)), [1, 2], object()])
def test_what_is_no_input_at_all_is_told_what_is(given, design):
    """The error lists every kind of input, and the type that was found."""
    message = r"^'second_level_input' must be .* table of maps .* Got .* instead\.$"
    with pytest.raises(InputTypeError, match=message):
        SecondLevelModel().fit(given, design_matrix=design)


@pytest.mark.parametrize("odd", [np.nan, None, 3, []])
def test_the_items_of_a_list_are_of_one_kind(odd, fit):
    """Something else than an image in a list is named by its type and place."""
    message = r"must be of the same type.* Got object type <class '\w+'> at idx 3"
    with pytest.raises(InputTypeError, match=message):
        fit(odd)


def test_a_file_written_anew_after_the_fit_is_refused(make_image, tmp_path, mask_img):
    """Headers are read by `fit`; a map that is read later must still be the one they describe."""
    rows = []
    for name in ("first", "second"):
        for subject in range(4):
            path = tmp_path / f"{name}-{subject}.nii.gz"
            make_image(subject).to_filename(path)
            rows.append((f"s{subject}", name, str(path)))
    table = pd.DataFrame(rows, columns=["subject_label", "map_name", "effects_map_path"])
    model = SecondLevelModel(mask_img).fit(table)
    nib.save(nib.Nifti1Image(make_image(9).get_fdata(), make_image().affine), rows[5][2])
    model.compute_contrast(first_level_contrast="first")
    with pytest.raises(MapError, match=r"second-1.nii.gz' was written anew .* Fit again"):
        model.compute_contrast(first_level_contrast="second")
