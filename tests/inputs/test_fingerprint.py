"""SHA-256 of what was handed over: the same for equal input, another for any other."""

import hashlib

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage

from secondlevel.errors import MapError, MapNotFoundError
from secondlevel.inputs import fingerprint
from secondlevel.inputs.fingerprint import fingerprints, of_arrays, of_image, of_path
from secondlevel.inputs.images import from_single_volume, from_surfaces, from_volumes
from secondlevel.inputs.sources import MapComputed


def sha(*paths):
    """SHA-256 of the bytes of files, one after the other."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_a_file_is_hashed_by_its_bytes(images, save_maps, suffix):
    """What `sha256sum` prints of a file, for any number of threads, in the order of the maps."""
    paths = save_maps(images, suffix)
    sources = from_volumes(paths).sources
    assert fingerprints(sources) == [sha(path) for path in paths]
    assert fingerprints(sources, n_jobs=2) == [sha(path) for path in paths]
    assert fingerprints(sources[::-1]) == [sha(path) for path in paths[::-1]]


def test_a_file_longer_than_a_chunk_is_hashed_whole(tmp_path, monkeypatch):
    """Where a file is cut while it is read changes nothing."""
    path = tmp_path / "long"
    path.write_bytes(bytes(range(256)) * 5)
    monkeypatch.setattr(fingerprint, "CHUNK", 7)
    assert of_path(path) == sha(path)


@pytest.mark.parametrize("suffix", [".img", ".img.gz"])
def test_both_files_of_a_pair_are_hashed(make_image, tmp_path, suffix):
    """The header decides what the voxels mean, so it counts, whichever of the two was named."""
    image = make_image(0)
    voxels = tmp_path / f"map{suffix}"
    header = tmp_path / f"map{suffix.replace('img', 'hdr')}"
    nib.save(nib.Nifti1Pair(np.asanyarray(image.dataobj), image.affine), voxels)
    expected = [sha(header, voxels)]
    assert fingerprints(from_volumes([voxels]).sources) == expected
    assert fingerprints(from_volumes([header]).sources) == expected
    assert [of_path(voxels)] == expected


def test_a_file_of_many_maps_is_hashed_once(images, tmp_path, monkeypatch):
    """All volumes of a 4D file have the file's SHA-256; it is read once."""
    path = tmp_path / "all.nii.gz"
    data = np.stack([np.asanyarray(image.dataobj) for image in images], axis=-1)
    nib.save(nib.Nifti1Image(data, images[0].affine), path)
    read = []
    hashed = fingerprint.of_path
    monkeypatch.setattr(fingerprint, "of_path", lambda one: read.append(one) or hashed(one))
    assert fingerprints(from_single_volume(path).sources) == [sha(path)] * 7
    assert read == [path]


def test_a_file_that_changed_is_refused(paths):
    """Its header was believed, and is that of other voxels now: the message names the file."""
    sources = from_volumes(paths).sources
    paths[2].write_bytes(paths[2].read_bytes() + b" ")
    with pytest.raises(MapError, match=r"map-2\.nii\.gz' was written anew"):
        fingerprints(sources, n_jobs=2)
    paths[1].unlink()
    with pytest.raises(MapNotFoundError, match=r"map-1\.nii\.gz"):
        fingerprints(sources)


def test_a_file_that_changes_meanwhile_is_refused(paths, monkeypatch):
    """A file that is written while it is read has no SHA-256."""
    sources = from_volumes(paths).sources
    hashed = fingerprint.of_path

    def disturbed(path):
        digest = hashed(path)
        path.write_bytes(path.read_bytes() + b" ")
        return digest

    monkeypatch.setattr(fingerprint, "of_path", disturbed)
    with pytest.raises(MapError, match=r"map-0\.nii\.gz' was written anew"):
        fingerprints(sources)


def test_equal_images_in_memory_have_one_hash(make_image):
    """Byte order and order in memory are not part of an image; values, type and affine are."""
    values = np.asanyarray(make_image(0).dataobj)
    image = make_image(values)
    same = [np.asfortranarray(values), values.astype(">f4"), values.copy()]
    assert {of_image(make_image(one)) for one in same} == {of_image(image)}
    moved = nib.Nifti1Image(values, image.affine + np.eye(4, k=3) * 1e-9)
    changed = values.copy()
    changed[0, 0, 0] = np.nextafter(changed[0, 0, 0], np.float32(9))
    others = [make_image(changed), make_image(values.astype("f8")), make_image(values[::-1]), moved]
    assert len({of_image(one) for one in [image, *others]}) == 5


def test_an_image_in_memory_is_hashed_with_the_type_it_has(make_image):
    """A whole number is another input than the same as a real number."""
    counts = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    types = ("i2", "i4", "f4", "f8", "u1")
    sources = from_volumes([make_image(counts.astype(kind)) for kind in types]).sources
    assert len(set(fingerprints(sources))) == len(types)


def test_volumes_of_an_image_in_memory_are_hashed_one_by_one(images):
    """A volume of a 4D image has the hash that it has by itself."""
    data = np.stack([np.asanyarray(image.dataobj) for image in images], axis=-1)
    together = from_single_volume(nib.Nifti1Image(data, images[0].affine)).sources
    assert fingerprints(together) == fingerprints(from_volumes(images).sources)
    assert fingerprints(together) == [of_image(image) for image in images]


def test_samples_of_a_surface_are_hashed_one_by_one(make_surface, mesh):
    """A sample has the hash that it has by itself; the mesh counts too, wherever it stands."""
    together = make_surface(samples=3)
    apart = [
        SurfaceImage(mesh, {name: part[:, k] for name, part in together.data.parts.items()})
        for k in range(3)
    ]
    hashes = fingerprints(from_surfaces(together).sources, n_jobs=2)
    assert hashes == fingerprints(from_surfaces(apart).sources)
    assert hashes == [of_image(image) for image in apart]
    assert len(set(hashes)) == 3
    parts = {
        name: InMemoryMesh(part.coordinates.copy(), part.faces) for name, part in mesh.parts.items()
    }
    copied = SurfaceImage(PolyMesh(**parts), apart[0].data)
    assert of_image(copied) == hashes[0]
    parts["left"].coordinates[0, 0] += 1e-9
    assert of_image(SurfaceImage(PolyMesh(**parts), apart[0].data)) != hashes[0]


def test_a_mesh_of_one_side_is_not_that_of_the_other(mesh):
    """The names of the parts count."""
    part, values = mesh.parts["left"], np.zeros(mesh.parts["left"].n_vertices)
    left, right = (
        SurfaceImage(PolyMesh(**{side: part}), {side: values}) for side in ("left", "right")
    )
    assert of_image(left) != of_image(right)


def test_a_computed_map_is_hashed_as_the_image_it_is(images):
    """Models are asked one after the other, each once."""
    asked = []

    def model(number):
        return MapComputed(f"map {number}", lambda: asked.append(number) or images[number])

    expected = [of_image(image) for image in images[:3]]
    assert fingerprints([model(number) for number in range(3)], n_jobs=2) == expected
    assert asked == [0, 1, 2]


numbers = arrays_of.arrays(
    st.sampled_from(["f4", ">f8", "i2", ">i4", "u1", "?"]),
    arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@settings(deadline=None)
@given(one=numbers, other=numbers)
def test_arrays_have_one_hash_only_when_they_are_the_same(one, other):
    """Type but for byte order, shape, and every bit of every value."""
    little = [array.astype(array.dtype.newbyteorder("<")) for array in (one, other)]
    same = (
        little[0].dtype == little[1].dtype
        and one.shape == other.shape
        and little[0].tobytes() == little[1].tobytes()
    )
    assert (of_arrays(one) == of_arrays(other)) == same
    assert of_arrays(one) == of_arrays(np.array(one, order="F")) == of_arrays(little[0])
    assert of_arrays(one, other) != of_arrays(one)


def test_what_fills_up_long_numbers_is_not_hashed():
    """Bytes of a long double that hold no number may be anything."""
    one = np.full(3, 0.5, dtype=np.longdouble)
    assert of_arrays(one) == of_arrays(np.full(3, 0.5, dtype=np.float64))
