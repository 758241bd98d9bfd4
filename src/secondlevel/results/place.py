"""The folder of an analysis: what lies there, and files that are put there all at once."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from secondlevel.errors import SaveError
from secondlevel.results.names import GROUP, FileNames

INDEX = "results.json"
"""What is in the folder, and how it belongs together; written last."""

FORMAT = 1
"""Of the index; a later one may hold what this version cannot read."""


def index_of(out_dir: Path, prefix: str) -> Path:
    """Path of the index of an analysis."""
    return out_dir / GROUP / FileNames(prefix).file(INDEX)


def prefixes_in(out_dir: Path) -> list[str]:
    """Prefixes of the analyses in a folder, "" among them where there is one without."""
    names = (path.name for path in (out_dir / GROUP).glob(f"*{INDEX}"))
    return sorted(
        name.removesuffix(INDEX).removesuffix("_")
        for name in names
        if name == INDEX or name.endswith(f"_{INDEX}")
    )


@contextmanager
def put_together(out_dir: Path, index: Path, outdated: Sequence[str]) -> Iterator[Path]:
    """Give a folder to write into; when all is there, move the files to where they belong.

    Parameters
    ----------
    out_dir : Path
        Of the analysis; made where it is absent.
    index : Path
        Of the analysis, below `out_dir`: the earlier one goes first and this one comes last, so
        that what is cut off in between is never taken for whole.
    outdated : sequence of str
        Paths below `out_dir` of the files of an earlier analysis; those that are not written anew
        are removed.

    Yields
    ------
    Path
        A temporary folder in `out_dir`. After an error what was moved goes back, and the folder is
        removed.

    Raises
    ------
    SaveError
        When the folder cannot be written into.
    """
    made = _make(index.parent)
    temporary = out_dir / f".secondlevel-{secrets.token_hex(8)}"
    try:
        temporary.mkdir()
        yield temporary
        _move(temporary, out_dir, index, outdated)
    except SaveError:
        raise
    except OSError as error:
        raise _failed(out_dir, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        for folder in made:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def _move(temporary: Path, out_dir: Path, index: Path, outdated: Sequence[str]) -> None:
    """Put earlier files aside and the new ones in their places; if that fails, back again."""
    last = index.relative_to(out_dir).as_posix()
    written = {
        path.relative_to(temporary).as_posix() for path in temporary.rglob("*") if path.is_file()
    }
    aside = temporary / "earlier"
    ways = [
        (out_dir / name, aside / name)
        for name in sorted(written | set(outdated), key=lambda name: (name != last, name))
    ]
    ways += [
        (temporary / name, out_dir / name)
        for name in sorted(written, key=lambda name: (name == last, name))
    ]
    begun = []
    try:
        for source, target in ways:
            if source.is_symlink() or source.exists():
                begun.append((source, target))
                _rename(source, target)
    except BaseException:
        for source, target in reversed(begun):
            if not (source.is_symlink() or source.exists()):
                target.rename(source)
        raise


def _rename(source: Path, target: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        raise IsADirectoryError(errno.EISDIR, "a folder has the name of a file", str(source))
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)


def _make(folder: Path) -> list[Path]:
    """Make a folder and those above it; return those that were made, the lowest first."""
    absent = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        for one in absent:
            if one.is_dir():
                one.rmdir()
        raise _failed(folder.parent, error) from error
    for one in (folder.parent, folder):
        if not os.access(one, os.W_OK | os.X_OK):
            raise SaveError(f"Folder '{one}' cannot be written into. Choose another out_dir.")
    return absent


def _failed(out_dir: Path, error: OSError) -> SaveError:
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return SaveError(
            f"'{error.filename}' cannot be made a folder: it is a file, or lies below one. Choose "
            "another out_dir."
        )
    reason = error.strerror or str(error)
    where = f" ('{error.filename}')" if error.filename else ""
    return SaveError(
        f"Results cannot be written into '{out_dir}': {reason}{where}. What was there before is "
        "unchanged."
    )
