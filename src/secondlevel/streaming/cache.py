"""A reader that remembers on disk what it has read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputTypeError
from secondlevel.inputs.sources import MapComputed, MapFile, MapSource, state_of
from secondlevel.spaces.base import Space
from secondlevel.streaming.reader import Reader

Floats = NDArray[np.float64]

CACHE_FORMAT = 1
"""Raised when the same map would give another vector, so that older ones are not used."""


@dataclass(frozen=True, eq=False)
class CachedReader:
    """Keeps the vector of every map in a joblib cache.

    A map is known again by its file's path, size, time of change and what its header says, or by
    its values when it is in memory, together with the space and the smoothing. What a first-level
    model computes is not kept: it would have to be computed to be known again.

    Parameters
    ----------
    reader : Reader
        Reads what is not in the cache.
    memory : joblib.Memory
        The cache.
    settings : tuple
        What the vector depends on besides the map and the space.
    """

    reader: Reader
    memory: joblib.Memory
    settings: tuple[Any, ...]

    @property
    def space(self) -> Space:
        """Where the elements live."""
        return self.reader.space

    def read(self, source: MapSource) -> Floats:
        """Values of a map, shape (V,); NaN or infinite where it has none."""
        if isinstance(source, MapComputed):
            return self.reader.read(source)
        cached = self.memory.cache(_read, ignore=["reader", "source"])
        key = joblib.hash((_stamp(source), self._space_key, self.settings))
        return np.asarray(cached(self.reader, source, key))

    @property
    def _space_key(self) -> tuple[Any, ...]:
        space = self.space
        return tuple(getattr(space, name, None) for name in ("mask", "affine", "masks"))

    def close(self) -> None:
        """Let go of open files."""
        self.reader.close()


def make_memory(memory: Any) -> joblib.Memory:
    """Return a joblib cache: the one given, one in a folder, or none.

    Parameters
    ----------
    memory : None, str, Path or joblib.Memory

    Returns
    -------
    joblib.Memory
        Without a location when nothing is to be kept.

    Raises
    ------
    InputTypeError
        When it is something else.

    Examples
    --------
    >>> make_memory(None).location is None
    True
    """
    if isinstance(memory, joblib.Memory):
        return memory
    if memory is not None and not isinstance(memory, (str, Path)):
        raise InputTypeError(
            f"memory must be a folder or a joblib.Memory. Got {type(memory).__name__}."
        )
    location = None if memory is None else str(Path(memory).expanduser())
    return joblib.Memory(location=location, verbose=0)


def _read(reader: Reader, source: MapSource, key: str) -> Floats:  # noqa: ARG001 - joblib's key
    return reader.read(source)


def _stamp(source: MapSource) -> tuple[Any, ...]:
    """What tells one map from another, and from its own earlier states."""
    if isinstance(source, MapFile):
        header = (source.shape, source.affine, source.layout)
        return (str(source.path.resolve()), state_of(source.path), header, source.volume)
    image = source.image()
    sample = getattr(source, "sample", 0)
    if hasattr(image, "mesh"):
        return (sample, *(np.asarray(data) for data in image.data.parts.values()))
    return (np.asanyarray(image.dataobj), image.affine)
