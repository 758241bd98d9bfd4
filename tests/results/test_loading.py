"""What is missing or damaged when results are loaded is named."""

import json
import shutil

import nibabel as nib
import numpy as np
import pytest

from secondlevel import load_results
from secondlevel.errors import InputError, InputTypeError
from secondlevel.results.saving import save_results


@pytest.fixture(scope="module")
def saved(one_contrast, surface_results, tmp_path_factory):
    """A folder with results on a grid, and one with results on meshes."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("volume", "surface")}
    save_results(one_contrast, folders["volume"])
    save_results(surface_results, folders["surface"])
    return folders


@pytest.fixture
def copied(saved, tmp_path):
    """Copy one of these, to be damaged."""
    return lambda name: shutil.copytree(saved[name], tmp_path / name)


def files_that_are_read(folder):
    """All but those for people and other programs."""
    unread = {"statmap.json", "dataset_description.json"}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in unread and "clusters.json" not in path.name:
            yield path


@pytest.mark.parametrize("kind", ["volume", "surface"])
def test_every_file_that_is_missing_is_named(copied, kind):
    """Whichever it is."""
    folder = copied(kind)
    files = list(files_that_are_read(folder))
    assert len(files) == {"volume": 16, "surface": 28}[kind]
    for path in files:
        content = path.read_bytes()
        path.unlink()
        said = f"{path.name}' is missing" if path.name != "results.json" else "holds no results"
        with pytest.raises(InputError, match=said):
            load_results(folder)
        path.write_bytes(content)
    load_results(folder)


@pytest.mark.parametrize("kind", ["volume", "surface"])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_every_file_that_ends_early_is_named(copied, kind, share):
    """Whichever it is, and wherever it ends."""
    folder = copied(kind)
    for path in files_that_are_read(folder):
        content = path.read_bytes()
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(InputError, match=f"{path.name}' is damaged"):
            load_results(folder)
        path.write_bytes(content)
    load_results(folder)


@pytest.mark.parametrize(
    ("index", "said"),
    [
        ("[]", "is damaged"),
        ('{"format": "1"}', "is damaged"),
        ('{"format": 1}', "is damaged"),
        ('{"format": 99}', "a newer version of secondlevel. Update the package"),
    ],
)
def test_an_index_of_another_kind_is_named(copied, index, said):
    """One that is none, one that lacks everything, one that was made by a later version."""
    folder = copied("volume")
    (folder / "group" / "results.json").write_text(index)
    with pytest.raises(InputError, match=f"results.json' .*{said}"):
        load_results(folder)


def test_every_entry_of_the_index_is_needed(copied):
    """Without it, or with nonsense in its place, the index is damaged, and no other error comes."""
    folder = copied("volume")
    path = folder / "group" / "results.json"
    whole = json.loads(path.read_text())
    read = set(whole) - {"files", "identity", "inputs"}
    for name in sorted(read - {"format"}):
        for damaged in (
            {key: value for key, value in whole.items() if key != name},
            whole | {name: 3},
            whole | {name: [[]]},
        ):
            path.write_text(json.dumps(damaged))
            with pytest.raises(InputError, match=r"is damaged|outside its folder"):
                load_results(folder)


def test_an_image_of_another_shape_is_named(copied, make_image, tmp_path):
    """It cannot be the one that was saved."""
    folder = copied("volume")
    path = folder / "group" / "mask.nii.gz"
    nib.save(make_image(np.zeros((3, 4, 5), dtype="f4")), path)
    with pytest.raises(InputError, match=r"mask\.nii\.gz' is damaged \(its shape is \(3, 4, 5\)\)"):
        load_results(folder)


@pytest.mark.parametrize(
    "name", ["../precious.nii.gz", "/precious.nii.gz", "deeper/x.nii.gz", "..", ""]
)
def test_a_name_that_leads_elsewhere_is_refused(copied, name):
    """An index cannot make files outside its folder be read."""
    folder = copied("volume")
    path = folder / "group" / "results.json"
    index = json.loads(path.read_text())
    path.write_text(json.dumps(index | {"mask": [name]}))
    with pytest.raises(InputError, match="names a file outside its folder"):
        load_results(folder)


def test_where_nothing_is_saved_is_said(copied, one_contrast, tmp_path):
    """No folder, no results, another prefix: each in its own words."""
    with pytest.raises(InputError, match="There is no folder"):
        load_results(tmp_path / "absent")
    with pytest.raises(InputError, match="holds no results of save_glm_to_bids"):
        load_results(tmp_path)
    folder = copied("volume")
    with pytest.raises(
        InputError, match=r"holds no results with prefix 'b'; there are some without a prefix\."
    ):
        load_results(folder, "b")
    save_results(one_contrast, tmp_path, prefix="a_")
    save_results(one_contrast, tmp_path, prefix="b")
    (tmp_path / "group" / "myresults.json").write_text("{}")
    with pytest.raises(
        InputError, match=r"holds no results without a prefix; .* with prefix 'a', with prefix 'b'"
    ):
        load_results(tmp_path)
    assert load_results(tmp_path, "a").contrasts[0].name == "patients > controls"


@pytest.mark.parametrize("prefix", ["../x", "a/b", "/a", 3])
def test_a_prefix_that_is_no_name_is_refused(saved, prefix):
    """It would lead to another folder."""
    with pytest.raises(InputTypeError, match="prefix must be text that can stand in a file name"):
        load_results(saved["volume"], prefix)
