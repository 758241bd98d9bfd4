"""Results are written whole or not at all, whatever happens meanwhile."""

import errno
import os
from pathlib import Path

import pytest

from secondlevel import load_results
from secondlevel.errors import InputError, SaveError
from secondlevel.results import description, place, saving, writer
from secondlevel.results.saving import save_results

WRITERS = [
    (saving, "save_json"),
    (description, "save_json"),
    (writer, "save_json"),
    (writer, "save_table"),
    (writer.nib, "save"),
]
"""All that writes files of volumes."""


class Trouble:
    """Lets so many calls of some functions pass, and raises an error at the next one alone."""

    def __init__(self, monkeypatch, functions, passes, error):
        self.left = passes
        self.error = error
        for holder, name in functions:
            monkeypatch.setattr(holder, name, self.limited(getattr(holder, name)))

    def limited(self, function):
        """Return a function that counts."""

        def wrapped(*given, **keywords):
            self.left -= 1
            if self.left == -1:
                raise self.error
            return function(*given, **keywords)

        return wrapped


NO_SPACE = OSError(errno.ENOSPC, "No space left on device")


def trouble_at_every_step(functions, error, work):
    """Do some work again and again, with an error at the first, the second, … step; count them."""
    for passes in range(1000):
        with pytest.MonkeyPatch.context() as monkeypatch:
            trouble = Trouble(monkeypatch, functions, passes, error)
            work()
        if trouble.left >= 0:
            return passes
    raise AssertionError("it does not end")


def test_a_full_disk_leaves_all_as_it_was(one_contrast, tmp_path, everything_in):
    """Whichever file does not fit: no temporary files, and the earlier analysis is untouched."""
    save_results(one_contrast, tmp_path)
    before = everything_in(tmp_path)
    said = set()

    def save():
        try:
            save_results(one_contrast, tmp_path, n_jobs=2)
        except SaveError as error:
            said.add(str(error))
        assert everything_in(tmp_path) == before

    # 10 maps, 4 tables, 5 JSON files.
    assert trouble_at_every_step(WRITERS, NO_SPACE, save) == 19
    why = "No space left on device. What was there before is unchanged."
    assert said == {f"Results cannot be written into '{tmp_path}': {why}"}


def test_a_full_disk_leaves_no_new_folder(one_contrast, tmp_path):
    """Folders that were made for the results go, those that were there stay."""
    (tmp_path / "there").mkdir()

    def save():
        try:
            save_results(one_contrast, tmp_path / "there" / "new" / "folder")
        except OSError:
            assert list(tmp_path.rglob("*")) == [tmp_path / "there"]

    assert trouble_at_every_step(WRITERS, NO_SPACE, save) == 19


@pytest.mark.parametrize("error", [OSError(errno.EIO, "I/O error"), KeyboardInterrupt()])
def test_a_move_that_fails_is_taken_back(
    group_results, one_contrast, tmp_path, everything_in, error
):
    """Files go to their places one by one; if one does not, all others go back."""
    (tmp_path / "group").mkdir()
    (tmp_path / "group" / "notes.txt").write_text("mine")
    save_results(one_contrast, tmp_path)
    before = everything_in(tmp_path)
    steps = []

    def save():
        try:
            save_results(group_results, tmp_path, overwrite=True)
        except (SaveError, KeyboardInterrupt):
            steps.append(everything_in(tmp_path))

    n_steps = trouble_at_every_step([(place, "_rename")], error, save)
    after = everything_in(tmp_path)
    files = [sum(content is not None for content in one.values()) for one in (before, after)]
    assert len(steps) == n_steps == sum(files) - 2  # the note stays where it is
    assert all(step == before for step in steps)
    assert len(load_results(tmp_path).contrasts) == 3


def test_what_is_cut_off_is_never_taken_for_whole(one_contrast, tmp_path, monkeypatch):
    """The index goes first and comes last, so that a run that was killed leaves none."""
    save_results(one_contrast, tmp_path)
    index = tmp_path / "group" / "results.json"
    seen = []
    renamed = place._rename

    def watched(source, target):
        renamed(source, target)
        seen.append(index.exists())

    monkeypatch.setattr(place, "_rename", watched)
    save_results(one_contrast, tmp_path)
    assert seen == [False] * (len(seen) - 1) + [True]
    index.unlink()
    with pytest.raises(
        InputError, match=r"was cut off while it wrote, run it again with overwrite"
    ):
        load_results(tmp_path)
    save_results(one_contrast, tmp_path, overwrite=True)
    assert load_results(tmp_path).contrasts[0].name == "patients > controls"


def test_any_other_error_leaves_all_as_it_was(one_contrast, tmp_path):
    """Nothing stays behind of results that cannot be written, whatever the reason."""

    def save():
        with pytest.raises(MemoryError):
            save_results(one_contrast, tmp_path / "new")
        assert list(tmp_path.iterdir()) == []

    with pytest.MonkeyPatch.context() as monkeypatch:
        Trouble(monkeypatch, WRITERS, 12, MemoryError())
        save()


def test_a_folder_that_cannot_be_written_into_is_named(one_contrast, tmp_path, monkeypatch):
    """That of the analysis, or the one for the group in it; nothing is made."""
    (tmp_path / "group").mkdir()
    allowed = os.access
    monkeypatch.setattr(
        place.os, "access", lambda path, mode: Path(path).name != "group" and allowed(path, mode)
    )
    with pytest.raises(SaveError, match=r"group' cannot be written into\. Choose another out_dir"):
        save_results(one_contrast, tmp_path)
    assert list(tmp_path.iterdir()) == [tmp_path / "group"]


def test_a_folder_that_cannot_be_made_is_named(one_contrast, tmp_path, monkeypatch):
    """What the operating system says is in the message."""

    def refuse(self, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(SaveError, match=r"Permission denied \('.*group'\)"):
        save_results(one_contrast, tmp_path / "new")


@pytest.mark.parametrize("where", ["out", "out/deeper", "."])
def test_a_file_in_place_of_a_folder_is_named(one_contrast, tmp_path, where):
    """Whether it is the folder itself, one above it, or the one for the group."""
    blocking = tmp_path / ("group" if where == "." else "out")
    blocking.write_text("a file")
    with pytest.raises(SaveError, match="cannot be made a folder: it is a file, or lies below one"):
        save_results(one_contrast, tmp_path / where)
    assert blocking.read_text() == "a file"


def test_a_folder_in_place_of_a_file_stays(one_contrast, tmp_path):
    """It is never removed, not even where files may be replaced."""
    inside = tmp_path / "group" / "design.tsv" / "precious.txt"
    inside.parent.mkdir(parents=True)
    inside.write_text("keep")
    with pytest.raises(SaveError, match=r"a folder has the name of a file \('.*design\.tsv'\)"):
        save_results(one_contrast, tmp_path, overwrite=True)
    assert list((tmp_path / "group").iterdir()) == [inside.parent]
    assert inside.read_text() == "keep"
