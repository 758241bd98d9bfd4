"""A run on disk: what was done so far, and what it was a run of."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import CheckpointError
from secondlevel.files import written_whole
from secondlevel.permutation.nulls.tally import Tally

Held = dict[str, NDArray[Any]]

FORMAT = 1
"""Changes whenever the same arguments would give other numbers, or another file."""


@dataclass(frozen=True)
class Checkpoint:
    """A file that a run is saved to, and goes on from.

    Parameters
    ----------
    path : Path
    fingerprint : str
        Of the analysis.
    """

    path: Path
    fingerprint: str

    def save(self, tally: Tally, seed: int) -> None:
        """Write what was done so far, whole or not at all."""
        arrays: Held = {f"maxima_{name}": values for name, values in tally.maxima.items()}
        arrays |= {f"reached_{name}": counts for name, counts in tally.reached.items()}
        with written_whole(self.path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                format=np.int64(FORMAT),
                fingerprint=np.array(self.fingerprint),
                seed=np.uint64(seed),
                stop=np.int64(tally.stop),
                **dict[str, Any](arrays),
            )

    def load(self, n_shuffles: int) -> Tally | None:
        """Read what was done so far; None where nothing was.

        Raises
        ------
        CheckpointError
            When the file is no checkpoint, is one of another analysis, or has done more than is
            asked for.
        """
        held = _read(self.path)
        if held is None:
            return None
        if str(held["fingerprint"]) != self.fingerprint:
            raise CheckpointError(
                f"{self.path} is the checkpoint of another analysis: other maps, design, contrast, "
                "blocks, variance groups, method, seed or summaries. Give another file, or delete "
                "this one."
            )
        stop = int(held["stop"])
        if stop > n_shuffles:
            raise CheckpointError(
                f"{self.path} has {stop} shuffles already, more than the {n_shuffles} asked for. "
                f"Ask for n_perm={stop} or more, or give another file."
            )
        return Tally(0, stop, _under("maxima_", held), _under("reached_", held))


def _under(prefix: str, held: Held) -> Held:
    found = {name: values for name, values in held.items() if name.startswith(prefix)}
    return {name.removeprefix(prefix): values for name, values in found.items()}


def seed_of(path: Path) -> int | None:
    """Return the seed of the run that a file holds; None where there is no file.

    Raises
    ------
    CheckpointError
        When it is no checkpoint; when none can be written there, which the end of a long run is too
        late to learn.
    """
    held = _read(path)
    _try_to_write(path.parent)
    return None if held is None else int(held["seed"])


def _read(path: Path) -> Held | None:
    """All arrays of a checkpoint; no object is unpickled."""
    if not path.exists():
        return None
    if path.is_dir():
        raise CheckpointError(f"{path} is a folder. Give a file in it, such as run.npz.")
    # Asked first, as numpy takes what is no archive for a single array, or for a pickle.
    if not zipfile.is_zipfile(path):
        raise CheckpointError(
            f"{path} is no checkpoint, or one that was cut off. Give another file, or delete this "
            "one."
        )
    try:
        with np.load(path, allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise CheckpointError(
            f"{path} cannot be read as a checkpoint ({error}). Give another file, or delete this "
            "one."
        ) from error
    if not _is_ours(held):
        raise CheckpointError(
            f"{path} is no checkpoint of this version. Give another file, or delete this one."
        )
    return held


def _try_to_write(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CheckpointError(
            f"No checkpoint can be written to {folder} ({error.strerror}). Give a file in a folder "
            "of yours."
        ) from error


def _is_ours(held: Mapping[str, Any]) -> bool:
    """Whether an archive holds what `save` writes."""
    fields = {"format": "i", "stop": "i", "seed": "u", "fingerprint": "U"}
    for name, kind in fields.items():
        value = held.get(name)
        if not isinstance(value, np.ndarray) or value.ndim or value.dtype.kind != kind:
            return False
    arrays = [value for name, value in held.items() if name not in fields]
    return (
        int(held["format"]) == FORMAT
        and all(isinstance(value, np.ndarray) for value in arrays)
        and all(len(value) == held["stop"] for value in _under("maxima_", dict(held)).values())
    )


def fingerprint(parts: Iterable[bytes | NDArray[Any]]) -> str:
    """Return a hash of what an analysis depends on, SHA-256 in hexadecimal digits.

    Parameters
    ----------
    parts : iterable of bytes and arrays
        Arrays with their shapes, in the order of C.

    Examples
    --------
    >>> fingerprint([b"t", np.zeros(2)])[:8] == fingerprint([b"t", np.zeros((2, 1))])[:8]
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, bytes):
            digest.update(b"%d " % len(part) + part)
            continue
        digest.update(f"{part.dtype.str} {part.shape} ".encode())
        # Row by row: a view of some columns is then copied in small pieces.
        for row in part if part.ndim > 1 else [part]:
            digest.update(np.ascontiguousarray(row).data.cast("B") if row.size else b"")
    return digest.hexdigest()
