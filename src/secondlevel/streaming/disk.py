"""Voxels of one volume as they lie on disk, decompressed without an image library in between."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from isal import igzip, igzip_lib
from numpy.typing import NDArray

from secondlevel.errors import MapError, MapNotFoundError
from secondlevel.inputs.sources import READ_FAULTS, Layout, MapFile, unreadable

Voxels = NDArray[Any]

GZIP = b"\x1f\x8b"
PIECE = 2**20
"""Bytes decompressed at a time: small enough for memory that is used again."""
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

        They hold until the next call in the same thread, which overwrites them.

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
            source.require_unchanged()
            data = self._bytes(source, layout)
        except FileNotFoundError:
            raise MapNotFoundError(f"File not found: {source.name}. It was there before.") from None
        except MapError:
            raise
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


class _Scratch(threading.local):
    """Memory that each thread decompresses into, map after map."""

    buffer = bytearray()

    def of(self, size: int) -> memoryview:
        """Return `size` bytes, the same ones as the last time if they are enough."""
        if len(self.buffer) < size:
            self.buffer = bytearray(size)
        return memoryview(self.buffer)[:size]


_scratch = _Scratch()


def _decompress(path: Path, expected: int) -> bytes | memoryview:
    """Decompress a file up to a length known beforehand; the checksum is verified.

    The result is overwritten by the next call in the same thread. New memory for every map costs
    a third of the time: the system has to clear it page by page.
    """
    compressed = path.read_bytes()
    target = _scratch.of(expected)
    inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    filled = 0
    piece = inflater.decompress(compressed, PIECE)
    while True:
        fitting = piece[: expected - filled]
        target[filled : filled + len(fitting)] = fitting
        filled += len(fitting)
        if inflater.eof:
            break
        if inflater.needs_input:
            raise EOFError("it ends before its checksum")
        piece = inflater.decompress(b"", PIECE)
    if filled < expected:
        # Several gzip members in a row, as parallel compressors write them.
        return bytes(igzip.decompress(compressed))
    return target
