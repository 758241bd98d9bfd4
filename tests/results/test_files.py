"""Files appear whole or not at all, with the rights that any new file has."""

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import nibabel as nib
import numpy as np
import pytest

from secondlevel.files import written_whole
from secondlevel.results.files import save_image

UMASK = 0o027
RIGHTS = 0o640


class CrashError(Exception):
    """Something that no writer foresees."""


@pytest.fixture
def umask():
    """Let files of the test be readable by the group, and by nobody else."""
    before = os.umask(UMASK)
    yield UMASK
    os.umask(before)


def current_umask():
    """Tell the umask, which can only be read by setting it."""
    found = os.umask(UMASK)
    os.umask(found)
    return found


def rights_of(path):
    """Permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def image_of(value):
    """A small image of one value."""
    return nib.Nifti1Image(np.full((2, 3, 4), value, dtype=np.float32), np.eye(4))


def write_half(path, fault=CrashError):
    """Begin to write a file, and crash."""
    with written_whole(path) as temporary:
        temporary.write_text("half of it")
        raise fault


def write_nothing(path, *, take_away):
    """Crash before a file is begun, or after its temporary has gone."""
    with written_whole(path) as temporary:
        if take_away:
            temporary.unlink(missing_ok=True)
        raise CrashError


# ------------------------------------------------------------------ whole or not at all


def test_a_file_is_not_at_its_place_before_it_is_whole(tmp_path):
    """What is written lies beside the place, with the same endings, until the block ends."""
    path = tmp_path / "map.nii.gz"
    with written_whole(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.suffixes[-2:] == [".nii", ".gz"]
        temporary.write_text("all of it")
        assert not path.exists()
    assert path.read_text() == "all of it"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("fault", [CrashError, KeyboardInterrupt, SystemExit])
def test_a_crash_leaves_no_file_and_no_temporary(fault, tmp_path):
    """Whatever ends the block early, an interrupt too, leaves the folder as it was."""
    with pytest.raises(fault):
        write_half(tmp_path / "map.nii", fault)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("take_away", [False, True])
def test_a_crash_before_anything_is_written_leaves_nothing(tmp_path, take_away):
    """An empty file is no result either; that the temporary has gone already is no error."""
    with pytest.raises(CrashError):
        write_nothing(tmp_path / "map.nii", take_away=take_away)
    assert list(tmp_path.iterdir()) == []


def test_a_crash_leaves_an_older_file_untouched(tmp_path):
    """The older file keeps its bytes, its rights and its time of change."""
    path = tmp_path / "note.txt"
    path.write_text("older")
    path.chmod(0o600)
    before = path.stat()
    with pytest.raises(CrashError):
        write_half(path)
    after = path.stat()
    assert path.read_text() == "older"
    assert (after.st_ino, after.st_mtime_ns, after.st_mode) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_mode,
    )
    assert list(tmp_path.iterdir()) == [path]


def test_a_block_that_ends_well_replaces_an_older_file(tmp_path):
    """The newer file takes the place of the older one; readers of that one keep it."""
    path = tmp_path / "note.txt"
    path.write_text("older")
    with path.open() as reader:
        with written_whole(path) as temporary:
            temporary.write_text("newer")
        assert reader.read() == "older"
    assert path.read_text() == "newer"
    assert list(tmp_path.iterdir()) == [path]


def test_an_image_that_cannot_be_saved_leaves_no_file_and_keeps_the_older(tmp_path, monkeypatch):
    """Images are written whole too: a crash inside nibabel changes nothing on disk."""
    path = save_image(image_of(1), tmp_path / "map.nii.gz")
    before = path.read_bytes()

    def crash(image, target):
        target.write_bytes(b"half of it")
        raise CrashError

    monkeypatch.setattr(nib, "save", crash)
    with pytest.raises(CrashError):
        save_image(image_of(2), path)
    with pytest.raises(CrashError):
        save_image(image_of(2), tmp_path / "other.nii.gz")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_image_of_an_unknown_format_leaves_nothing(tmp_path):
    """Where nibabel knows no format by the name, no empty file stays behind."""
    with pytest.raises(nib.filebasedimages.ImageFileError):
        save_image(image_of(1), tmp_path / "map.txt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["map.nii", "map.nii.gz"])
def test_an_image_comes_back_as_it_was_saved(name, tmp_path):
    """The path is returned, be it given as a string or not, and the values are those saved."""
    for given in (tmp_path / name, str(tmp_path / name)):
        path = save_image(image_of(2.5), given)
        assert path == tmp_path / name
        np.testing.assert_array_equal(nib.load(path).get_fdata(), np.full((2, 3, 4), 2.5))
    assert list(tmp_path.iterdir()) == [tmp_path / name]


def test_parent_folders_are_made(tmp_path):
    """A place some folders deep needs no preparation."""
    note = tmp_path / "a" / "b" / "note.txt"
    with written_whole(note) as temporary:
        temporary.write_text("done")
    assert note.read_text() == "done"
    assert save_image(image_of(1), tmp_path / "c" / "d" / "map.nii").is_file()


# ------------------------------------------------------------------ rights


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("name", ["map.nii", "map.nii.gz"])
def test_rights_follow_the_umask(name, tmp_path):
    """A saved image has the rights that a file made by `open` has, not those of a private one."""
    plain = tmp_path / "plain.txt"
    plain.write_text("")
    assert rights_of(plain) == RIGHTS
    assert rights_of(save_image(image_of(1), tmp_path / name)) == RIGHTS
    with written_whole(tmp_path / "note.txt") as temporary:
        temporary.write_text("done")
    assert rights_of(tmp_path / "note.txt") == RIGHTS
    assert current_umask() == UMASK


@pytest.mark.usefixtures("umask")
def test_eight_threads_at_once_write_with_the_same_rights(tmp_path, monkeypatch):
    """The umask belongs to the whole process, so nobody sets it, not even to read it."""
    together = threading.Barrier(8, timeout=60)
    calls = []
    monkeypatch.setattr(os, "umask", calls.append)

    def write(i):
        paths = []
        for j in range(5):
            together.wait()
            paths.append(save_image(image_of(i), tmp_path / f"{i}-{j}.nii"))
        return paths

    with ThreadPoolExecutor(8) as pool:
        written = [path for paths in pool.map(write, range(8)) for path in paths]
    monkeypatch.undo()
    assert calls == []
    assert current_umask() == UMASK
    assert {rights_of(path) for path in written} == {RIGHTS}
    assert sorted(tmp_path.iterdir()) == sorted(written)


@pytest.mark.usefixtures("umask")
def test_eight_threads_that_write_one_file_leave_one_of_theirs(tmp_path):
    """Each writes a temporary of its own, so that the file is one of theirs, whole."""
    together = threading.Barrier(8, timeout=60)
    path = tmp_path / "map.nii"

    def write(i):
        for _ in range(5):
            together.wait()
            save_image(image_of(i), path)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    values = np.unique(nib.load(path).get_fdata())
    assert len(values) == 1
    assert values[0] in range(8)
    assert list(tmp_path.iterdir()) == [path]
    assert rights_of(path) == RIGHTS
    assert current_umask() == UMASK
