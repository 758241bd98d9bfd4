"""Where results come from: versions, parameters, inputs, as they are now."""

from __future__ import annotations

import inspect
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from secondlevel.inputs.fingerprint import fingerprints, of_image, of_path
from secondlevel.inputs.sources import MapFile, MapSource
from secondlevel.results.provenance import INPUT_COLUMNS, Provenance

PACKAGES = ("secondlevel", "numpy", "scipy", "pandas", "nibabel", "nilearn", "numba", "matplotlib")
"""What numbers, tables and pictures are made with."""


def record_provenance(
    sources: Sequence[MapSource],
    labels: Sequence[str],
    mask: Any,
    parameters: Mapping[str, Any],
    asked: Mapping[str, Any],
    seeds: Mapping[str, int],
    n_jobs: int | None = 1,
) -> Provenance:
    """Write down what one needs to get the same results again.

    Parameters
    ----------
    sources : sequence of n MapSource
    labels : sequence of n str
        Of the maps.
    mask : object
        What was given as the mask: an image, a path, a masker, or None.
    parameters, asked : dict
        Of the model, and what was asked of it; turned into what JSON can hold.
    seeds : dict of str to int
    n_jobs : int or None
        Threads that hash files.

    Returns
    -------
    Provenance
        The same for equal runs, but for the time.

    Raises
    ------
    MapError
        When a map's file has changed since it was fitted.
    """
    hashes = fingerprints(sources, n_jobs)
    rows = [
        (label, _source(source), digest)
        for label, source, digest in zip(labels, sources, hashes, strict=True)
    ]
    rows += _mask_row(mask)
    return Provenance(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={"python": platform.python_version()} | _versions(),
        platform=f"{platform.system()} {platform.machine()}",
        parameters={name: plain(value) for name, value in parameters.items()},
        asked={name: plain(value) for name, value in asked.items()},
        seeds=dict(seeds),
        inputs=pd.DataFrame(rows, columns=list(INPUT_COLUMNS)),
    )


def plain(value: Any) -> Any:
    """Turn a value into what JSON can hold, the same in every run.

    Examples
    --------
    >>> plain({"affine": np.eye(2), "file": Path("mask.nii.gz"), "n": np.int64(3)})
    {'affine': [[1.0, 0.0], [0.0, 1.0]], 'file': 'mask.nii.gz', 'n': 3}
    """
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    elif isinstance(value, (pd.Series, pd.DataFrame)):
        value = value.to_dict()
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(one) for one in value), key=repr)
    held = value is None or isinstance(value, (bool, int, str))
    held = held or (isinstance(value, float) and np.isfinite(value))
    return value if held else _what(value)


def _what(value: Any) -> str:
    """What an object is; its repr may hold an address in memory."""
    if isinstance(value, Path):
        return _readable(str(value))
    if isinstance(value, (float, complex)):
        return str(value)  # NaN and infinity have no number in JSON
    if hasattr(value, "mesh"):
        return "surface image in memory"
    if hasattr(value, "dataobj"):
        name = getattr(value, "get_filename", lambda: None)()
        shape = " x ".join(map(str, value.shape))
        return _readable(str(name)) if name else f"image in memory, {shape}"
    if hasattr(value, "get_params") and not isinstance(value, type):
        return _masker(value)
    return getattr(value, "__qualname__", type(value).__name__)


def _masker(value: Any) -> str:
    """A masker or other estimator with the parameters that are not what they are by default."""
    usual = inspect.signature(type(value)).parameters
    given = {name: plain(one) for name, one in value.get_params(deep=False).items()}
    changed = ", ".join(
        f"{name}={one!r}"
        for name, one in sorted(given.items())
        if name not in usual or one != plain(usual[name].default)
    )
    return f"{type(value).__name__}({changed})"


def _source(source: MapSource) -> str:
    """Where a map came from: its path, or what it is called."""
    if not isinstance(source, MapFile):
        return source.name
    path = _readable(str(source.path))
    return f"{path}, volume {source.volume}" if source.n_volumes > 1 else path


def _readable(path: str) -> str:
    """A path as text that any file can hold; bytes of other encodings are spelt out."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _mask_row(mask: Any) -> list[tuple[str, str, str]]:
    image = getattr(mask, "mask_img_", None) or getattr(mask, "mask_img", None) or mask
    if isinstance(image, (str, Path)) and Path(image).expanduser().is_file():
        path = Path(image).expanduser()
        return [("mask", _readable(str(path)), of_path(path))]
    if hasattr(image, "mesh") or hasattr(image, "dataobj"):
        return [("mask", _what(image), of_image(image))]
    return []


def _versions() -> dict[str, str]:
    """Versions of the packages that are there."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
