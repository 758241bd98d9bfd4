"""The folder of an analysis: what lies there, and files that are put there all at once."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from secondlevel.errors import SaveError
from secondlevel.results.names import GROUP, FileNames

INDEX = "results.json"
"""What is in the folder, and how it belongs together; written last."""


def index_of(out_dir: Path, prefix: str) -> Path:
    """Path of the index of an analysis."""
    return out_dir / GROUP / FileNames(prefix).file(INDEX)


def prefixes_in(out_dir: Path) -> list[str]:
    """Prefixes of the analyses in a folder."""
    found = sorted((out_dir / GROUP).glob(f"*{INDEX}"))
    return [path.name.removesuffix(INDEX).removesuffix("_") for path in found]


@contextmanager
def put_together(out_dir: Path, index: str, outdated: list[str]) -> Iterator[Path]:
    """Give a folder to write into; when all is there, move the files to where they belong.

    Parameters
    ----------
    out_dir : Path
        Of the analysis; made where it is absent.
    index : str
        Path of the index below `out_dir`: it goes first, if there is one, and comes last, so that
        what is cut off in between is never taken for whole.
    outdated : list of str
        Paths below `out_dir` of the files of an earlier analysis; those that are not written anew
        are removed.

    Yields
    ------
    Path
        A temporary folder in `out_dir`. After an error nothing is moved, and it is removed.

    Raises
    ------
    SaveError
        When the folder cannot be written into.
    """
    made = _make(out_dir)
    temporary = out_dir / f".{secrets.token_hex(8)}"
    try:
        temporary.mkdir()
        yield temporary
        _move(temporary, out_dir, index, outdated)
    except OSError as error:
        raise _failed(out_dir, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        for folder in made:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def _move(temporary: Path, out_dir: Path, index: str, outdated: list[str]) -> None:
    written = sorted(
        path.relative_to(temporary).as_posix() for path in temporary.rglob("*") if path.is_file()
    )
    (out_dir / index).unlink(missing_ok=True)
    for name in sorted(written, key=lambda name: name == index):
        target = out_dir / name
        target.parent.mkdir(exist_ok=True)
        (temporary / name).replace(target)
    for name in set(outdated) - set(written):
        (out_dir / name).unlink(missing_ok=True)


def _make(out_dir: Path) -> list[Path]:
    """Make a folder and those above it; return those that were made, the lowest first."""
    absent = [folder for folder in (out_dir, *out_dir.parents) if not folder.exists()]
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _failed(out_dir, error) from error
    if not os.access(out_dir, os.W_OK | os.X_OK):
        raise SaveError(f"Folder '{out_dir}' cannot be written into. Choose another out_dir.")
    return absent


def _failed(out_dir: Path, error: OSError) -> SaveError:
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return SaveError(f"'{out_dir}' is a file, or lies below one. Choose another out_dir.")
    reason = error.strerror or error
    return SaveError(
        f"Results cannot be written into '{out_dir}': {reason}. What was there before is unchanged."
    )
