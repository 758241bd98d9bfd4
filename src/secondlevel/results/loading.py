"""`load_results`: what was saved, as it was."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd

from secondlevel.errors import InputError
from secondlevel.results.contrast import ContrastResults, Shuffled
from secondlevel.results.encoding import (
    load_json,
    model_from_json,
    number,
    settings_from_json,
)
from secondlevel.results.group import GroupResults
from secondlevel.results.names import GROUP, FileNames, is_file_name
from secondlevel.results.place import FORMAT, index_of, prefixes_in
from secondlevel.results.provenance import INPUT_COLUMNS, Provenance
from secondlevel.results.quality import Quality
from secondlevel.results.surfaces import load_mesh, load_values
from secondlevel.results.tables import load_table


def load_results(out_dir: str | os.PathLike[str], prefix: str | None = None) -> GroupResults:
    """Load what `save_glm_to_bids` saved.

    Parameters
    ----------
    out_dir : path
        The `out_dir` that it was saved into.
    prefix : str, optional
        The prefix that it was saved under.

    Returns
    -------
    GroupResults
        Equal to what was saved: a report made of it is the same, byte for byte. Maps on surfaces
        have single precision, as their files do.

    Raises
    ------
    InputError
        When nothing was saved there under that prefix, or a file is missing or damaged.
    InputTypeError
        When the prefix cannot stand in a file name.

    Examples
    --------
    >>> import nibabel as nib, tempfile
    >>> from secondlevel import SecondLevelModel, save_glm_to_bids
    >>> rng = np.random.default_rng(0)
    >>> maps = [nib.Nifti1Image(rng.normal(1, 1, (4, 4, 4)), np.eye(4)) for _ in range(12)]
    >>> mask = nib.Nifti1Image(np.ones((4, 4, 4), dtype="u1"), np.eye(4))
    >>> model = SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"one": [1] * 12}))
    >>> folder = tempfile.mkdtemp()
    >>> _ = save_glm_to_bids(model, "one", out_dir=folder, bg_img=None)
    >>> load_results(folder)
    <GroupResults of 12 maps: 'one'>
    """
    folder = Path(out_dir)
    path = index_of(folder, prefix or "")
    if not path.exists():
        raise InputError(_nothing(folder, prefix))
    index = load_json(path)
    if not isinstance(index, dict) or not isinstance(index.get("format"), int):
        raise InputError(f"'{path}' is damaged. Save the results again.")
    if index["format"] > FORMAT:
        raise InputError(
            f"'{path}' was saved by a newer version of secondlevel. Update the package."
        )
    try:
        return _Reader(folder / GROUP, FileNames(prefix or ""), index).results()
    except InputError:
        raise
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"'{path}' is damaged ({error!r}). Save the results again.") from error


def _nothing(folder: Path, prefix: str | None) -> str:
    if not folder.is_dir():
        return f"There is no folder '{folder}'."
    found = prefixes_in(folder)
    if not found:
        return (
            f"'{folder}' holds no results of save_glm_to_bids. If it was cut off while it wrote, "
            "run it again with overwrite=True."
        )
    asked, *there = (
        f"with prefix {one!r}" if one else "without a prefix" for one in (prefix, *found)
    )
    return f"'{folder}' holds no results {asked}; there are some {', '.join(there)}."


@dataclass(frozen=True, eq=False)
class _Reader:
    """Reads the files that an index names, from one folder and nowhere else."""

    folder: Path
    names: FileNames
    index: dict[str, Any]

    def results(self) -> GroupResults:
        index = self.index
        quality = index["quality"]
        maps = load_table(self.path(self.names.file("maps.tsv")), quality["maps"])
        design = load_table(self.path(self.names.file("design.tsv")), index["design"])
        return GroupResults(
            model=model_from_json(dict(index["model"])),
            design_matrix=design.set_axis(pd.Index(maps["Map"].tolist(), name="map"), axis=0),
            settings=settings_from_json(index["settings"]),
            contrasts=tuple(self.contrast(content) for content in index["contrasts"]),
            quality=Quality(
                maps=maps,
                cook_threshold=number(quality["cook_threshold"]),
                residual_edges=np.array(quality["residual_edges"], dtype=np.float64),
                residual_counts=np.array(quality["residual_counts"], dtype=np.int64),
                not_normal=number(quality["not_normal"]),
                images={name: self.image(files) for name, files in quality["images"].items()},
                notes=tuple(quality["notes"]),
            ),
            provenance=self.provenance(),
            mask_img=self.image(index["mask"]),
        )

    def contrast(self, content: dict[str, Any]) -> ContrastResults:
        stem, tables = content["stem"], content["tables"]
        clusters, effects = (
            load_table(self.of_contrast(stem, f"{name}.tsv"), tables[name])
            for name in ("clusters", "effects")
        )
        shuffled = content["shuffled"]
        highest = {
            name: value if name == "Hemisphere" else number(value)
            for name, value in content["highest"].items()
        }
        return ContrastResults(
            name=content["name"],
            weights=np.array(content["weights"], dtype=np.float64),
            kind=content["kind"],
            dof=number(content["dof"]),
            dof_contrast=content["dof_contrast"],
            maps={name: self.image(files) for name, files in content["maps"].items()},
            height=number(content["height"]),
            thresholded=self.image(content["thresholded"]),
            n_beyond=content["n_beyond"],
            clusters=clusters,
            effects=effects,
            effects_x=content["effects_x"],
            highest=highest,
            discoveries=content["discoveries"],
            p_source=content["p_source"],
            shuffled=None if shuffled is None else self.shuffled(shuffled, stem),
            notes=tuple(content["notes"]),
        )

    def shuffled(self, content: dict[str, Any], stem: str) -> Shuffled:
        null = load_table(self.of_contrast(stem, "null.tsv"), content["null"])
        sizes = null.get("Largest Cluster")
        read: dict[str, Any] = {
            name: None if content[name] is None else number(content[name])
            for name in ("observed", "observed_size", "cluster_threshold")
        }
        words = ("statistic", "seed", "exhaustive", "description", "stopped_early", "size_unit")
        return Shuffled(
            **read | {name: content[name] for name in words},
            maxima=null["Largest Statistic"].to_numpy(),
            sizes=None if sizes is None else sizes.to_numpy(),
            log_p=self.image(content["log_p"]),
        )

    def provenance(self) -> Provenance:
        path = self.path(self.names.file("provenance.json"))
        content = load_json(path)
        try:
            inputs = pd.DataFrame(content["inputs"], columns=list(INPUT_COLUMNS))
            return Provenance(**content | {"inputs": inputs})
        except (LookupError, TypeError, ValueError) as error:
            raise InputError(f"'{path}' is damaged ({error!r}). Save the results again.") from error

    def of_contrast(self, stem: str, ending: str) -> Path:
        return self.path(self.names.of_contrast(stem, ending))

    def path(self, name: str) -> Path:
        """Path of a file; a name that leads out of the folder is refused."""
        if not is_file_name(name):
            raise InputError(f"The index names a file outside its folder: {name!r}.")
        return self.folder / name

    def image(self, files: list[str]) -> Any:
        paths = [self.path(name) for name in files]
        return self.surface(paths) if "mesh" in self.index else self.volume(paths[0])

    def volume(self, path: Path) -> Any:
        try:
            loaded: Any = nib.load(path)
            data = np.asanyarray(loaded.dataobj)
            if list(data.shape[:3]) != self.index["shape"]:
                raise ValueError(f"its shape is {data.shape}")  # noqa: TRY301 - said as the others
        except FileNotFoundError:
            raise InputError(f"'{path}' is missing. Save the results again.") from None
        except Exception as error:
            # Of whatever type: what a parser stumbles over depends on the damage.
            raise InputError(f"'{path}' is damaged ({error}). Save the results again.") from error
        affine = np.array(self.index["affine"], dtype=np.float64)
        return nib.Nifti1Image(data, affine, loaded.header)

    def surface(self, paths: list[Path]) -> Any:
        from nilearn.surface import (  # noqa: PLC0415 - heavy, and only for surfaces
            InMemoryMesh,
            PolyMesh,
            SurfaceImage,
        )

        meshes = {
            part: InMemoryMesh(*load_mesh(self.path(name)))
            for part, name in sorted(self.index["mesh"].items())
        }
        data = dict(zip(meshes, map(load_values, paths), strict=True))
        return SurfaceImage(PolyMesh(**meshes), data)
