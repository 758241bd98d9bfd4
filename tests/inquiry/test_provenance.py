"""Where results come from, written down: the same for equal runs, and what JSON can hold."""

import enum
import hashlib
import json
import re
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from joblib import Memory
from nilearn.maskers import NiftiMasker

from secondlevel.inputs.fingerprint import of_image
from secondlevel.inputs.images import from_single_volume, from_volumes
from secondlevel.inquiry.provenance import plain, record_provenance


def record(sources, mask=None, parameters=None, asked=None):
    """Record inputs that are called a, b and so on."""
    labels = [chr(ord("a") + number) for number in range(len(sources))]
    return record_provenance(sources, labels, mask, parameters or {}, asked or {}, {"shuffles": 3})


def test_every_input_is_named_with_its_hash(paths, images, mask_img, tmp_path):
    """Files by their paths, images by what they are called, the mask last."""
    mask = tmp_path / "mask.nii.gz"
    nib.save(mask_img, mask)
    inputs = record(from_volumes([paths[0], images[1]]).sources, mask).inputs
    assert inputs["Map"].tolist() == ["a", "b", "mask"]
    assert inputs["Source"].tolist() == [str(paths[0]), "second_level_input[1]", str(mask)]
    assert inputs["SHA-256"].tolist() == [
        hashlib.sha256(paths[0].read_bytes()).hexdigest(),
        of_image(images[1]),
        hashlib.sha256(mask.read_bytes()).hexdigest(),
    ]


def test_paths_are_written_as_they_are(images, tmp_path):
    """An apostrophe stays; the volume of a 4D file is told."""
    path = tmp_path / "o'brien's.nii"
    data = np.stack([np.asanyarray(image.dataobj) for image in images[:2]], axis=-1)
    nib.save(nib.Nifti1Image(data, images[0].affine), path)
    inputs = record(from_single_volume(path).sources).inputs
    assert inputs["Source"].tolist() == [f"{path}, volume 0", f"{path}, volume 1"]


def test_the_mask_of_a_masker_is_hashed(images, mask_img):
    """Whatever holds it: an image, a masker, nothing."""
    sources = from_volumes(images[:2]).sources
    for given, expected in (
        (mask_img, [of_image(mask_img)]),
        (NiftiMasker(mask_img), [of_image(mask_img)]),
        (NiftiMasker(), []),
        ("whole-brain-template", []),
        (None, []),
    ):
        assert record(sources, given).inputs["SHA-256"].tolist()[2:] == expected


def test_versions_time_and_seeds_are_told(images):
    """What computed, when in UTC, and from which seeds."""
    found = record(from_volumes(images[:2]).sources)
    assert {"python", "secondlevel", "numpy", "scipy", "nibabel", "nilearn"} <= set(found.versions)
    assert found.versions["numpy"] == np.__version__
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", found.created)
    assert re.fullmatch(r"\S+ \S+", found.platform)
    assert found.seeds == {"shuffles": 3}


class Level(enum.Enum):
    """An object of the user's."""

    HIGH = 1


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (np.eye(2), [[1.0, 0.0], [0.0, 1.0]]),
        (np.float32(0.5), 0.5),
        (np.array([np.nan, np.inf]), ["nan", "inf"]),
        (Path("/data/mask.nii.gz"), "/data/mask.nii.gz"),
        (Path("/data/\udcff.nii"), "/data/\\udcff.nii"),
        ({1: {"b", "a"}, "x": (None, True)}, {"1": ["a", "b"], "x": [None, True]}),
        (pd.Series([1, 2], index=["a", "b"]), {"a": 1, "b": 2}),
        (nib.Nifti1Image(np.zeros((2, 3, 4)), np.eye(4)), "image in memory, 2 x 3 x 4"),
        (len, "len"),
        (Level.HIGH, "Level"),
        (object(), "object"),
        (Memory(None), "Memory"),
        (NiftiMasker(), "NiftiMasker()"),
        (NiftiMasker(smoothing_fwhm=8), "NiftiMasker(smoothing_fwhm=8)"),
    ],
)
def test_parameters_become_what_json_can_hold(value, written):
    """Nothing that changes between equal runs, such as addresses in memory, is in it."""
    assert plain(value) == written
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == written


def test_a_surface_and_an_image_of_a_file_are_told(make_surface, paths):
    """An image that was loaded goes by its path."""
    assert plain(make_surface()) == "surface image in memory"
    assert plain(nib.load(paths[0])) == str(paths[0])


def test_equal_runs_have_equal_records(images, mask_img):
    """But for the time."""
    sources = from_volumes(images).sources
    runs = [
        record(sources, mask_img, {"mask_img": NiftiMasker(mask_img), "memory": Memory(None)})
        for _ in range(2)
    ]
    assert runs[0].parameters == runs[1].parameters
    assert runs[0].parameters["mask_img"] == "NiftiMasker(mask_img='image in memory, 8 x 9 x 10')"
    pd.testing.assert_frame_equal(runs[0].inputs, runs[1].inputs)
