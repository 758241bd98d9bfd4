"""Voxels of one volume as they lie on disk, decompressed without an image library in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from isal import igzip, igzip_lib
from numpy.typing import NDArray

from secondlevel.errors import MapError, MapNotFoundError
from secondlevel.inputs.sources import READ_FAULTS, Layout, MapFile, unreadable

Voxels = NDArray[Any]

GZIP = b"\x1f\x8b"
# Its library declares the class of its error as if it were an instance.
FAULTS = (*READ_FAULTS, cast("type[Exception]", igzip_lib.IsalError))


def is_gzip(path: Path) -> bool:
    """Whether a file starts as gzip files do, whatever its name."""
    with path.open("rb") as file:
        return file.read(2) == GZIP


class VolumeReader:
    """Reads volumes of files; keeps a compressed 4D file open from one volume to the next.

    Volumes of one compressed file must be asked for in order, by one thread: what has been passed
    by cannot be returned to without starting over.
    """

    def __init__(self) -> None:
        self._open: dict[Path, BinaryIO] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Open files stay behind when work moves to another process."""
        return {"_open": {}}

    def read(self, source: MapFile) -> Voxels:
        """Unscaled voxels of a volume, shape (x * y * z,), in the order of the file.

        Raises
        ------
        MapNotFoundError
            When the file is gone.
        MapError
            When it ends early, its checksum is wrong, or it is damaged otherwise.
        """
        layout = source.layout
        if layout is None:
            raise ValueError("a source without layout is read through its image")
        try:
            data = self._bytes(source, layout)
        except FileNotFoundError:
            raise MapNotFoundError(f"File not found: {source.name}. It was there before.") from None
        except FAULTS as error:
            raise unreadable(source.name, error) from error
        n_voxels = int(np.prod(source.shape))
        if len(data) < n_voxels * layout.dtype.itemsize:
            raise MapError(
                f"Map {source.name} is truncated or corrupt (its header promises "
                f"{n_voxels * layout.dtype.itemsize} bytes of voxels, {len(data)} are there). Copy "
                "or compute the file anew."
            )
        return np.frombuffer(data, dtype=layout.dtype, count=n_voxels)

    def _bytes(self, source: MapFile, layout: Layout) -> bytes | memoryview:
        size = int(np.prod(source.shape)) * layout.dtype.itemsize
        start = layout.offset + source.volume * size
        if not is_gzip(source.path):
            with source.path.open("rb") as file:
                file.seek(start)
                return file.read(size)
        if source.n_volumes == 1:
            return memoryview(_decompress(source.path, start + size))[start:]
        return self._from_stream(source, start, size)

    def _from_stream(self, source: MapFile, start: int, size: int) -> bytes:
        stream = self._open.get(source.path)
        if stream is None or stream.tell() > start:
            stream = igzip.open(source.path, "rb")
            self._open[source.path] = stream
        stream.seek(start)
        data = stream.read(size)
        if source.volume == source.n_volumes - 1:
            stream.read()  # the checksum stands at the end
            self._open.pop(source.path).close()
        return data

    def close(self) -> None:
        """Close what is still open."""
        for stream in self._open.values():
            stream.close()
        self._open.clear()


def _decompress(path: Path, expected: int) -> bytes:
    """Decompress a whole file, its length known beforehand."""
    compressed = path.read_bytes()
    data: bytes = igzip_lib.decompress(
        compressed, flag=igzip_lib.DECOMP_GZIP, bufsize=max(expected, 1)
    )
    if len(data) < expected:
        # Several gzip members in a row, as parallel compressors write them.
        data = igzip.decompress(compressed)
    return data
