"""A label atlas: which region lies at an element, and what it is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondlevel.claims.stat_map import load_map
from secondlevel.errors import InputError, InputTypeError, MapError, MapNotFoundError
from secondlevel.spaces.base import Space
from secondlevel.spaces.surface import SurfaceSpace

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

NO_REGION = "(none)"
"""Name of what lies outside the atlas, or where its label is 0."""

SMALLEST_SHARE = 0.05
"""Regions with a smaller share of a cluster are not listed."""

USE_LABELS = "Where each region is a volume of probabilities, use the atlas' map of labels instead."


@dataclass(frozen=True, eq=False)
class Atlas:
    """A label atlas.

    Parameters
    ----------
    image : SpatialImage, SurfaceImage or dict
        A whole number at every voxel or vertex, 0 (or less) where there is no region; the dict has
        an array for every part of a mesh.
    names : dict of int to str
        Name of each number.
    """

    image: Any
    names: Mapping[int, str]

    def labels(self, space: Space) -> Labels:
        """Number of the region that every element of a space lies in, shape (V,).

        A voxel's is that of the atlas' voxel nearest to its centre in mm, whatever the grid of the
        atlas; a vertex' that of the same vertex.

        Raises
        ------
        MapError
            When the atlas is of another kind than the space, lies on another mesh, or holds
            something else than labels.
        """
        found = self.values(space)
        odd = found[found != np.round(found)]
        if len(odd):
            raise MapError(
                f"An atlas holds whole numbers, one per region; this one holds {odd[0]:g}. "
                + USE_LABELS
            )
        return found.astype(np.int64)

    def values(self, space: Space) -> Floats:
        """What the image holds at every element of a space, whole number or not, shape (V,).

        0 where it has no value (NaN), or does not reach.

        Raises
        ------
        MapError
            When the atlas is of another kind than the space, or lies on another mesh.
        """
        if isinstance(space, SurfaceSpace):
            found = self._of_vertices(space)
        elif isinstance(self.image, dict) or hasattr(self.image, "mesh"):
            raise MapError("The atlas is a surface, the map a volume. Give an atlas of voxels.")
        else:
            found = _nearest(self.image, space.coordinates)
        return np.where(np.isnan(found), 0.0, found)

    def name(self, label: int) -> str:
        """Name of a region: `(none)` for 0, `label 7` where the lookup table lacks 7."""
        if label <= 0:
            return NO_REGION
        return self.names.get(label, f"label {label}")

    def shares(self, labels: Labels) -> str:
        """Say which regions some elements lie in, in percent of them, the largest first.

        Examples
        --------
        >>> Atlas(None, {3: "Insula"}).shares(np.array([3, 3, 0]))
        'Insula 67%; (none) 33%'
        """
        found, counts = np.unique(labels, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return "; ".join(
            f"{self.name(int(found[i]))} {100 * counts[i] / len(labels):.0f}%"
            for i in order
            if counts[i] >= SMALLEST_SHARE * len(labels)
        )

    def _of_vertices(self, space: SurfaceSpace) -> Floats:
        image = self.image
        if isinstance(image, dict):
            # Heavy; and only for what nilearn's surface atlas looks like.
            from nilearn.surface import SurfaceImage  # noqa: PLC0415

            try:
                image = SurfaceImage(mesh=space.mesh, data=image)
            except (KeyError, ValueError) as error:
                raise MapError(f"The atlas does not fit the mesh of the map: {error}.") from error
        if not hasattr(image, "mesh"):
            raise MapError("The atlas is a volume, the map a surface. Give an atlas of vertices.")
        space.check(image, "atlas", "the map")
        return np.asarray(space.take(image, "atlas"), dtype=np.float64)


def read_atlas(atlas: Any, labels: Any = None) -> Atlas:
    """Read an atlas and its lookup table.

    Parameters
    ----------
    atlas : Niimg-like, SurfaceImage or Bunch
        The image of labels, or what one of nilearn's atlas fetchers returns, which has both.
    labels : DataFrame, path, dict or list, optional
        Names of the labels: a table with columns `index` and `name` (or a file of it, `.csv` or
        `.tsv`), a name for each number, or a list with the name of label 0 first. Without it the
        regions go by their numbers.

    Returns
    -------
    Atlas

    Raises
    ------
    InputTypeError
        When it is nothing of this kind.
    MapError
        When the image cannot be read or holds several volumes.
    InputError
        When the table of names cannot be read.

    Examples
    --------
    >>> import nibabel as nib
    >>> image = nib.Nifti1Image(np.array([[[0, 1, 2]]], dtype="u1"), np.eye(4))
    >>> read_atlas(image, ["background", "left", "right"]).name(2)
    'right'
    """
    if isinstance(atlas, Mapping):
        own_image, own_names = _take_apart(atlas)
        return Atlas(own_image, _names(own_names if labels is None else labels))
    return Atlas(_load(atlas), _names(labels))


def _take_apart(atlas: Mapping[str, Any]) -> tuple[Any, Any]:
    """Image and names of what an atlas fetcher returned."""
    if atlas.get("atlas_type") == "probabilistic":
        raise MapError(f"The atlas is one of probabilities. {USE_LABELS}")
    if "map_left" in atlas and "map_right" in atlas:
        image: Any = {part: np.asarray(atlas[f"map_{part}"]) for part in ("left", "right")}
    elif "maps" in atlas:
        image = _load(atlas["maps"])
    else:
        raise InputTypeError(
            f"An atlas that is a dict has its image under 'maps'; this one has {', '.join(atlas)}."
        )
    if atlas.get("lut") is not None:
        return image, atlas["lut"]
    names = atlas.get("labels")
    if names is not None and atlas.get("indices") is not None:
        names = dict(zip(atlas["indices"], names, strict=True))
    return image, names


def _load(image: Any) -> Any:
    try:
        return load_map(image, "atlas")
    except MapNotFoundError:
        raise
    except MapError as error:
        raise MapError(f"{error} {USE_LABELS}") from error


def _names(labels: Any) -> dict[int, str]:
    """Name of each label, from whatever holds them."""
    if labels is None:
        return {}
    if isinstance(labels, (str, Path)):
        labels = _read_table(Path(labels).expanduser())
    if isinstance(labels, pd.DataFrame):
        missing = [column for column in ("index", "name") if column not in labels.columns]
        if missing:
            raise InputError(
                "The atlas' lookup table needs the columns 'index' and 'name'; it has "
                f"{', '.join(map(str, labels.columns))}."
            )
        labels = dict(zip(labels["index"], labels["name"], strict=True))
    elif not isinstance(labels, Mapping):
        if not isinstance(labels, Iterable):
            raise InputTypeError(
                "The names of an atlas are a table, its path, a dict or a list; got "
                f"{type(labels).__name__}."
            )
        labels = dict(enumerate(labels))
    try:
        return {int(label): _text(name) for label, name in labels.items()}
    except (TypeError, ValueError) as error:
        raise InputError(
            f"The labels of an atlas are whole numbers, but the lookup table has another: {error}."
        ) from error


def _read_table(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, sep="\t" if path.suffix == ".tsv" else ",")
    except (OSError, ValueError) as error:
        raise InputError(
            f"The atlas' lookup table '{path}' cannot be read: {error}. Give a .csv or .tsv file "
            "with the columns 'index' and 'name'."
        ) from error


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _nearest(image: Any, coordinates: Floats) -> Floats:
    """Value of the voxel nearest to each point in mm, 0 outside the image."""
    # Sums of three rows, and one axis at a time: a whole grid takes a quarter of the time so.
    inverse = np.linalg.inv(np.asarray(image.affine, dtype=np.float64))
    x, y, z = coordinates.T
    voxels = [np.round(a * x + b * y + c * z + d).astype(np.intp) for a, b, c, d in inverse[:3]]
    inside = np.ones(len(x), dtype=bool)
    for along, length in zip(voxels, image.shape, strict=True):
        inside &= (along >= 0) & (along < length)
    found = np.zeros(len(x))
    found[inside] = np.asanyarray(image.dataobj)[tuple(along[inside] for along in voxels)]
    return found
