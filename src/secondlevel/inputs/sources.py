"""Where one map comes from: a file, an image in memory, a surface, a first-level model."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.openers import ImageOpener
from nibabel.spatialimages import SpatialImage
from nibabel.tripwire import TripWireError
from numpy.typing import NDArray

from secondlevel.errors import MapError, MapNotFoundError

Floats = NDArray[np.float64]


class MapSource(Protocol):
    """One map, not yet read."""

    @property
    def name(self) -> str:
        """What to call the map in messages."""
        ...

    def image(self) -> Any:
        """Load the map as an image: 3D nibabel image, or surface image with one sample."""
        ...


@dataclass(frozen=True)
class Layout:
    """How voxels lie in a file: what is needed to read them without an image library.

    Parameters
    ----------
    dtype : numpy dtype
        Of the numbers on disk, byte order included.
    offset : int
        Bytes before the first voxel, after decompression.
    slope, inter : float
        Value = slope * number on disk + inter.
    """

    dtype: np.dtype[Any]
    offset: int
    slope: float
    inter: float

    @property
    def is_plain(self) -> bool:
        """Whether the numbers on disk are the values."""
        return (self.slope, self.inter) == (1.0, 0.0)


@dataclass(frozen=True, eq=False)
class MapFile:
    """One volume of a NIfTI, Analyze or other file that nibabel reads.

    Parameters
    ----------
    path : Path
        The file that holds the voxels (the `.img` of a pair).
    shape : tuple of three int
        Of one volume.
    affine : array of shape (4, 4)
        Voxel indices to mm.
    layout : Layout or None
        None where voxels do not lie in order; nibabel reads them then.
    volume, n_volumes : int
        Which volume of the file, of how many.
    state : tuple of two int
        Time of change and size of the file when its header was read.
    """

    path: Path
    shape: tuple[int, ...]
    affine: Floats
    layout: Layout | None
    volume: int = 0
    n_volumes: int = 1
    state: tuple[int, int] = (0, 0)

    def require_unchanged(self) -> None:
        """Raise MapError when the file is another one now than when its header was read."""
        if state_of(self.path) != self.state:
            raise MapError(
                f"Map {self.name} was written anew after its header was read. Fit again."
            )

    @property
    def name(self) -> str:
        """Path, and the volume where there are several."""
        return f"'{self.path}'" + (f", volume {self.volume}" if self.n_volumes > 1 else "")

    def image(self) -> SpatialImage:
        """Load the volume through nibabel."""
        image = open_image(self.path)
        try:
            if len(image.shape) == 3:
                data = np.asanyarray(image.dataobj)
            else:
                data = np.asanyarray(image.dataobj[..., self.volume]).reshape(self.shape)
        except MemoryError:
            raise
        except Exception as error:
            # Of whatever type: what a reader stumbles over depends on the damage.
            raise unreadable(self.name, error) from error
        return nib.Nifti1Image(_plain(data), self.affine)


@dataclass(frozen=True, eq=False)
class MapImage:
    """One volume of an image in memory.

    Parameters
    ----------
    name : str
        What to call it in messages.
    source : SpatialImage
        The image, 3D or 4D.
    shape : tuple of three int
        Of one volume.
    affine : array of shape (4, 4)
        Voxel indices to mm.
    volume : int
        Which volume of a 4D image.
    """

    name: str
    source: SpatialImage
    shape: tuple[int, ...]
    affine: Floats
    volume: int = 0

    def voxels(self) -> NDArray[Any]:
        """Values of the volume, an array of `shape`."""
        data = self.source.dataobj
        if len(self.source.shape) > 3:
            data = np.asanyarray(data[..., self.volume]).reshape(self.shape)
        return _plain(np.asanyarray(data))

    def image(self) -> SpatialImage:
        """Return the volume as a 3D image."""
        return nib.Nifti1Image(self.voxels(), self.affine)


@dataclass(frozen=True, eq=False)
class MapSurface:
    """One sample of a surface image.

    Parameters
    ----------
    name : str
        What to call it in messages.
    source : SurfaceImage
        With one or several samples.
    sample : int
        Which one.
    """

    name: str
    source: Any
    sample: int = 0

    def image(self) -> Any:
        """Return the surface image; the space picks the sample."""
        return self.source


@dataclass(frozen=True, eq=False)
class MapComputed:
    """A map that a first-level model computes when it is asked.

    Parameters
    ----------
    name : str
        What to call it in messages.
    compute : callable
        Returns a volume or surface image.
    done : SpatialImage or SurfaceImage, optional
        What it returned, if it was looked at before its turn.
    """

    name: str
    compute: Callable[[], Any]
    done: Any = None

    def image(self) -> Any:
        """Compute the map, unless that was done.

        Raises
        ------
        MapError
            When it cannot be computed, or is no image.
        """
        if self.done is not None:
            return self.done
        try:
            image = self.compute()
        except (ValueError, TypeError, KeyError) as error:
            raise MapError(f"Map {self.name} cannot be computed: {error}") from error
        if not (hasattr(image, "dataobj") or hasattr(image, "mesh")):
            raise MapError(f"Map {self.name} is not an image: it is a {type(image).__name__}.")
        return image


def state_of(path: Path) -> tuple[int, int]:
    """Time of change in ns and size in bytes, which tell a file from its later states."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise _not_found(path) from None
    return status.st_mtime_ns, status.st_size


def _plain(data: NDArray[Any]) -> NDArray[Any]:
    """Booleans, whole numbers, float16 and longdouble become float64, which all libraries take."""
    plain = data.dtype.kind == "f" and data.dtype.itemsize in {4, 8}
    return data if plain else data.astype(np.float64)


READ_FAULTS: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    zlib.error,
)
GZIPPED = {".gz", ".mgz"}
DEFLATE_LIMIT = 1032
"""Bytes that one compressed byte of gzip stands for at most (https://zlib.net/zlib_tech.html)."""


def unreadable(name: str, error: BaseException) -> MapError:
    """Say that a map's file is damaged, and what to do.

    Parameters
    ----------
    name : str
        Of the map.
    error : Exception
        What the reading library said.

    Returns
    -------
    MapError

    Examples
    --------
    >>> str(unreadable("'sub-01.nii.gz'", EOFError("ended early")))
    "Map 'sub-01.nii.gz' is truncated or corrupt (ended early). Copy or compute the file anew."
    """
    return MapError(f"Map {name} is truncated or corrupt ({error}). Copy or compute the file anew.")


def open_image(path: Path) -> SpatialImage:
    """Open an image file: its header is read, its voxels are not.

    Parameters
    ----------
    path : Path

    Returns
    -------
    SpatialImage

    Raises
    ------
    MapNotFoundError
        When there is no such file.
    MapError
        When it is not an image, or its header is damaged.
    """
    if path.is_dir():
        raise MapError(f"'{path}' is a folder, not an image. Give the path of every map in it.")
    try:
        image = _open_compressed(path) or nib.load(path)
    except FileNotFoundError:
        raise _not_found(path) from None
    except ImageFileError as error:
        header = _header_of(path)
        if not header.exists():
            raise _not_found(header) from error
        raise MapError(
            f"'{path}' is not an image that nibabel can read ({error}). "
            "Maps are NIfTI files (.nii, .nii.gz, .img/.hdr) or others with a 3D grid."
        ) from error
    except TripWireError as error:
        raise MapError(
            f"'{path}' cannot be decompressed here: {error}. Install that package, or save the map "
            "as .nii.gz."
        ) from error
    except Exception as error:
        # Of whatever type: what a parser stumbles over depends on the damage.
        raise unreadable(f"'{path}'", error) from error
    if not isinstance(image, SpatialImage):
        raise MapError(
            f"'{path}' is not a volume image: it is a {type(image).__name__}. Load data on a "
            "surface as a nilearn SurfaceImage."
        )
    voxels = Path(image.file_map["image"].filename or path)
    if not voxels.exists():
        raise _not_found(voxels)
    _check_promise(path, image, voxels.stat().st_size)
    return image


def _header_of(path: Path) -> Path:
    """The file with the header: another one than that of the voxels in a pair."""
    suffix = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
    if suffix not in {".img", ".img.gz"}:
        return path
    return path.with_name(path.name.removesuffix(suffix) + suffix.replace("img", "hdr"))


def _check_promise(path: Path, image: SpatialImage, size: int) -> None:
    """Raise MapError when no file of this size, compressed or not, holds what the header says.

    What is missing from a file that ends early is counted when it is read; this keeps memory from
    being asked for that nobody has.
    """
    shape = tuple(int(length) for length in image.shape)
    if min(shape, default=0) < 0:
        raise unreadable(f"'{path}'", ValueError(f"its header says that its shape is {shape}"))
    layout = layout_of(image)
    if layout is None:
        return
    promised = layout.offset + math.prod(shape) * layout.dtype.itemsize
    if promised > max(size, 1024) * DEFLATE_LIMIT:
        fault = f"its header promises {promised} bytes, for shape {shape}; the file has {size}"
        raise unreadable(f"'{path}'", EOFError(fault))


def _open_compressed(path: Path) -> SpatialImage | None:
    """Open a compressed NIfTI file by its first bytes; None when it is anything else, or a pair.

    Where indexed_gzip is installed nibabel reads through it, and then decompresses the whole file
    to see the header.
    """
    if path.suffix != ".gz":
        return None
    try:
        with gzip.open(path) as file:
            start = file.read(540)  # the header of NIfTI-2; that of NIfTI-1 has 348 bytes
    except gzip.BadGzipFile:
        return None
    if start[344:348] == b"n+1\0":
        kind = nib.Nifti1Image
    elif start[4:8] == b"n+2\0":
        kind = nib.Nifti2Image
    else:
        return None
    header = kind.header_class(start[: kind.header_class.template_dtype.itemsize])
    proxy = nib.arrayproxy.ArrayProxy(str(path), header)
    file_map = kind.filespec_to_file_map(path)
    affine = header.get_best_affine()
    return kind(proxy, affine, header, file_map=file_map)  # type: ignore[no-untyped-call]


def _not_found(path: Path) -> MapNotFoundError:
    return MapNotFoundError(f"File not found: '{path}'. Check the path.")


def layout_of(image: SpatialImage) -> Layout | None:
    """How the voxels of an opened file lie on disk, None where only nibabel knows.

    Parameters
    ----------
    image : SpatialImage
        Opened from a file.

    Returns
    -------
    Layout or None
    """
    proxy = image.dataobj
    if type(proxy) is not nib.arrayproxy.ArrayProxy or proxy.order != "F":
        return None
    if proxy.dtype.kind not in "iuf" or not _is_gzip_or_plain(proxy.file_like):
        return None
    return Layout(proxy.dtype, int(proxy.offset), float(proxy.slope), float(proxy.inter))


def _is_gzip_or_plain(file: object) -> bool:
    """Whether voxels can be read here; nibabel tells other compressions by their names."""
    if not isinstance(file, (str, Path)):
        return False
    suffix = Path(file).suffix.lower()
    return suffix in GZIPPED or suffix not in ImageOpener.compress_ext_map
