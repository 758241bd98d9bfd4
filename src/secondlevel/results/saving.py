"""Results to files, under the names that nilearn's `save_glm_to_bids` has, and some more."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
import nibabel as nib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from secondlevel.errors import InputError
from secondlevel.results.contrast import ContrastResults, Shuffled
from secondlevel.results.encoding import load_json, model_to_json, save_json
from secondlevel.results.group import GroupResults
from secondlevel.results.names import GROUP, FileNames, MapName, stems_of
from secondlevel.results.place import INDEX, index_of, put_together
from secondlevel.results.surfaces import save_mesh, save_values
from secondlevel.results.tables import save_table

FORMAT = 1
"""Of the index; a later one may hold what this version cannot read."""

PICTURE_DPI = 150

STATS = {
    "effect_size": "effect",
    "effect_variance": "variance",
    "z_score": "z",
    "p_value": "p",
    "hedges_g": "hedgesg",
    "partial_r2": "partialr2",
}
"""What the maps of a contrast are called in file names; "stat" is "t" or "F"."""


@dataclass(frozen=True, eq=False)
class Extras:
    """What is saved beside results, for people and other programs; nothing reads it here.

    Parameters
    ----------
    report : str, optional
        The page.
    pictures : dict of str to Axes
        By the name of the file, without prefix: "design.png".
    contrast_pictures : dict of str to Axes
        By the name of the contrast.
    maps : dict of str to image
        "errorts", "rsquared".
    """

    report: str | None = None
    pictures: Mapping[str, Axes] = field(default_factory=dict)
    contrast_pictures: Mapping[str, Axes] = field(default_factory=dict)
    maps: Mapping[str, Any] = field(default_factory=dict)


def save_results(
    results: GroupResults,
    out_dir: Path,
    *,
    prefix: str = "",
    stems: Sequence[str] | None = None,
    extras: Extras | None = None,
    overwrite: bool = False,
    n_jobs: int | None = 1,
) -> Path:
    """Write results into a folder, all or nothing.

    Parameters
    ----------
    results : GroupResults
    out_dir : Path
        `dataset_description.json` goes there, all else into its folder `group`.
    prefix : str, default=""
        Stands before file names, so that several analyses can share a folder.
    stems : sequence of str, optional
        What contrasts are called in file names; by default made of their names.
    extras : Extras, optional
    overwrite : bool, default=False
        Whether another analysis of the same prefix may be replaced.
    n_jobs : int or None
        Threads that compress maps, in joblib's meaning.

    Returns
    -------
    Path
        The folder with the files.

    Raises
    ------
    InputError
        When the folder holds another analysis, or files of these names that are not ours.
    SaveError
        When it cannot be written into.
    """
    names = FileNames(prefix)
    called = stems_of([one.name for one in results.contrasts]) if stems is None else tuple(stems)
    identity = identify(results)
    outdated = check_place(out_dir, prefix, identity, overwrite=overwrite)
    index = f"{GROUP}/{names.file(INDEX)}"
    with put_together(out_dir, index, outdated) as temporary:
        (temporary / GROUP).mkdir()
        writer = _Writer(temporary / GROUP, names, results.on_surface)
        content = _write(writer, results, called, extras or Extras())
        writer.write_maps(n_jobs)
        check_foreign(out_dir, writer.written, outdated, overwrite=overwrite)
        _describe_dataset(out_dir, temporary)
        files = [f"{GROUP}/{name}" for name in (*writer.written, names.file(INDEX))]
        content |= {"format": FORMAT, "identity": identity, "files": sorted(files)}
        save_json(content, temporary / index)
    return out_dir / GROUP


class _Writer:
    """Writes files of an analysis, and remembers their names."""

    def __init__(self, folder: Path, names: FileNames, on_surface: bool) -> None:
        self.folder = folder
        self.names = names
        self.on_surface = on_surface
        self.written: list[str] = []
        self._waiting: list[Callable[[], None]] = []

    def path(self, name: str) -> Path:
        """Where a file goes; it counts as written."""
        self.written.append(name)
        return self.folder / name

    def map(self, name: MapName, image: Any) -> list[str]:
        """Write a map, later, with others; return the names of its files."""
        if not self.on_surface:
            path = self.path(name.volume)
            self._waiting.append(partial(nib.save, image, path))
            return [name.volume]
        files = []
        for part, values in image.data.parts.items():
            file = name.part(part, len(values))
            path = self.path(file)
            self._waiting.append(partial(save_values, values, path))
            files.append(file)
        return files

    def mesh(self, mesh: Any) -> dict[str, str]:
        """Write the parts of a mesh; return the name of each one's file."""
        files = {}
        for part, one in mesh.parts.items():
            name = self.names.map("mesh").part(part, one.n_vertices).replace(".gii", ".surf.gii")
            save_mesh(one, self.path(name))
            files[part] = name
        return files

    def write_maps(self, n_jobs: int | None) -> None:
        """Write all maps that wait, several at a time."""
        joblib.Parallel(n_jobs=n_jobs, prefer="threads")(
            joblib.delayed(write)() for write in self._waiting
        )


def _write(
    writer: _Writer, results: GroupResults, stems: Sequence[str], extras: Extras
) -> dict[str, Any]:
    """Write everything but the index; return what goes into it."""
    names = writer.names
    save_json(_statmap(results), writer.path(names.file("statmap.json")))
    provenance = asdict(results.provenance)
    provenance["inputs"] = results.provenance.inputs.to_dict("records")
    save_json(provenance, writer.path(names.file("provenance.json")))
    quality = results.quality
    content: dict[str, Any] = {
        "model": model_to_json(results.model),
        "settings": asdict(results.settings),
        "design": save_table(results.design_matrix, writer.path(names.file("design.tsv"))),
        "inputs": list(results.provenance.inputs.columns),
        "mask": writer.map(names.map("mask"), results.mask_img),
        "quality": {
            "maps": save_table(quality.maps, writer.path(names.file("maps.tsv"))),
            "cook_threshold": quality.cook_threshold,
            "residual_edges": quality.residual_edges,
            "residual_counts": quality.residual_counts,
            "not_normal": quality.not_normal,
            "notes": quality.notes,
            "images": {
                name: writer.map(names.map(f"stat-{name}_statmap"), image)
                for name, image in quality.images.items()
            },
        },
        "contrasts": [
            _write_contrast(writer, one, stem, results)
            for one, stem in zip(results.contrasts, stems, strict=True)
        ],
    }
    if writer.on_surface:
        content["mesh"] = writer.mesh(results.mask_img.mesh)
    else:
        # Headers hold single precision.
        content["affine"] = np.asarray(results.mask_img.affine)
    called = {one.name: stem for one, stem in zip(results.contrasts, stems, strict=True)}
    _write_extras(writer, extras, called)
    return content


def _write_contrast(
    writer: _Writer, result: ContrastResults, stem: str, results: GroupResults
) -> dict[str, Any]:
    names = writer.names
    stats = STATS | {"stat": result.kind}
    tables = {
        name: save_table(table, writer.path(names.of_contrast(stem, f"{name}.tsv")))
        for name, table in (("clusters", result.clusters), ("effects", result.effects))
    }
    side = _threshold_words(result, results)
    save_json(side, writer.path(names.of_contrast(stem, "clusters.json")))
    shuffled = result.shuffled
    return {
        "name": result.name,
        "stem": stem,
        "weights": result.weights,
        "kind": result.kind,
        "dof": result.dof,
        "dof_contrast": result.dof_contrast,
        "height": result.height,
        "n_beyond": result.n_beyond,
        "effects_x": result.effects_x,
        "highest": result.highest,
        "discoveries": result.discoveries,
        "p_source": result.p_source,
        "notes": result.notes,
        "tables": tables,
        "maps": {
            name: writer.map(names.contrast_map(stem, stats[name]), image)
            for name, image in result.maps.items()
        },
        "thresholded": writer.map(names.contrast_map(stem, "thresholdedz"), result.thresholded),
        "shuffled": None if shuffled is None else _write_shuffled(writer, shuffled, stem),
    }


def _write_shuffled(writer: _Writer, run: Shuffled, stem: str) -> dict[str, Any]:
    maxima = {"Largest Statistic": run.maxima}
    if run.sizes is not None:
        maxima["Largest Cluster"] = run.sizes
    table = writer.path(writer.names.of_contrast(stem, "null.tsv"))
    return {
        "statistic": run.statistic,
        "observed": run.observed,
        "observed_size": run.observed_size,
        "cluster_threshold": run.cluster_threshold,
        "seed": run.seed,
        "exhaustive": run.exhaustive,
        "description": run.description,
        "stopped_early": run.stopped_early,
        "size_unit": run.size_unit,
        "null": save_table(pd.DataFrame(maxima), table),
        "log_p": writer.map(writer.names.contrast_map(stem, "logpmax"), run.log_p),
    }


def _write_extras(writer: _Writer, extras: Extras, stems: Mapping[str, str]) -> None:
    names = writer.names
    pictures = {names.file(name): axes for name, axes in extras.pictures.items()}
    for contrast, axes in extras.contrast_pictures.items():
        pictures[names.of_contrast(stems[contrast], "design.png")] = axes
    for name, axes in pictures.items():
        figure = axes.get_figure(root=True)
        if figure is not None:
            figure.savefig(writer.path(name), dpi=PICTURE_DPI)
    for name, image in extras.maps.items():
        writer.map(names.map(f"stat-{name}_statmap"), image)
    if extras.report is not None:
        path = writer.path(names.file("report.html"))
        path.write_text(extras.report, encoding="utf-8")


def _statmap(results: GroupResults) -> dict[str, Any]:
    content: dict[str, Any] = {
        "Description": "Statistical maps of a group analysis by secondlevel.",
        "ModelParameters": results.provenance.parameters,
    }
    if results.on_surface:
        counts = {mesh.n_vertices for mesh in results.mask_img.mesh.parts.values()}
        content["Density"] = {str(n): f"{n} vertices per hemisphere" for n in sorted(counts)}
    return content


def _threshold_words(result: ContrastResults, results: GroupResults) -> dict[str, Any]:
    """What the cluster table was made with, under nilearn's names."""
    settings = results.settings
    unit = results.model.elements
    return {
        "Height control": settings.height_control,
        "α": settings.alpha if settings.height_control is not None else None,
        "Threshold (computed)": result.height,
        f"Cluster size threshold ({unit})": settings.cluster_threshold,
        "Minimum distance (mm)": settings.min_distance,
        "Two-sided": settings.two_sided and result.kind == "t",
        "True discovery proportion: confidence": 1 - settings.discovery_alpha,
        "Effects: confidence": settings.confidence,
    }


def _describe_dataset(out_dir: Path, temporary: Path) -> None:
    """Say that this is a folder of derivatives, and that we made something of it."""
    name = "dataset_description.json"
    ours = {
        "Name": "secondlevel",
        "Version": _version(),
        "Description": "Group analysis of brain maps.",
    }
    content: dict[str, Any] = {"BIDSVersion": "1.9.0", "DatasetType": "derivative"}
    content["Name"] = "Group analysis"
    if (out_dir / name).exists():
        content = load_json(out_dir / name)
    made_by = [one for one in content.get("GeneratedBy", []) if one.get("Name") != ours["Name"]]
    save_json(content | {"GeneratedBy": [*made_by, ours]}, temporary / name)


def _version() -> str:
    return version("secondlevel")


def identify(results: GroupResults) -> dict[str, str]:
    """Tell what makes one analysis another than the next: a hash of each."""
    provenance = results.provenance
    contrasts = {one.name: [one.weights.tolist(), one.kind] for one in results.contrasts}
    parts = {
        "inputs": provenance.inputs.to_dict("list"),
        "design": results.design_matrix.reset_index(drop=True).to_dict("list"),
        "parameters": {
            name: value
            for name, value in provenance.parameters.items()
            if name not in {"n_jobs", "verbose", "memory", "memory_level", "minimize_memory"}
        },
        "contrasts": contrasts | {"first_level_contrast": results.model.effect},
        "levels": asdict(results.settings) | {"seeds": provenance.seeds},
    }
    return {
        name: hashlib.sha256(json.dumps(part, sort_keys=True, default=str).encode()).hexdigest()
        for name, part in parts.items()
    }


def check_place(
    out_dir: Path, prefix: str, identity: Mapping[str, str], *, overwrite: bool
) -> list[str]:
    """Refuse a folder that holds another analysis; return the files of the one it holds.

    Raises
    ------
    InputError
        When it does, unless that may be replaced.
    """
    path = index_of(out_dir, prefix)
    if not path.exists():
        return []
    try:
        earlier = load_json(path)
        files = [name for name in earlier["files"] if _is_ours(name)]
    except (InputError, KeyError, TypeError):
        if overwrite:
            return []
        raise InputError(
            f"'{path}' is damaged, so what it belongs to is not known. Pass overwrite=True to "
            "replace it, or choose another out_dir or prefix."
        ) from None
    other = [
        name for name, digest in identity.items() if earlier.get("identity", {}).get(name) != digest
    ]
    if other and not overwrite:
        raise InputError(
            f"'{out_dir}' holds another analysis already: its {', '.join(other)} are others. Pass "
            "overwrite=True to replace it, or choose another out_dir or prefix."
        )
    return files


def check_foreign(
    out_dir: Path, written: Sequence[str], outdated: Sequence[str], *, overwrite: bool
) -> None:
    """Refuse to replace files that no analysis of ours has written.

    Raises
    ------
    InputError
        When there are some, unless they may be replaced.
    """
    known = set(outdated)
    foreign = [
        name
        for name in written
        if f"{GROUP}/{name}" not in known and (out_dir / GROUP / name).exists()
    ]
    if foreign and not overwrite:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise InputError(
            f"'{out_dir / GROUP / foreign[0]}'{more} would be replaced, and was not written by an "
            "earlier run of the same analysis. Pass overwrite=True, or choose another out_dir or "
            "prefix."
        )


def _is_ours(name: str) -> bool:
    """Whether a name in an index can be one of a file in the folder."""
    folder, _, file = name.partition("/")
    return folder == GROUP and Path(file).name == file and file not in {"", ".", ".."}
