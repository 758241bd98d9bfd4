"""Results to files, under the names that nilearn's `save_glm_to_bids` has, and some more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from secondlevel.results.contrast import ContrastResults, Shuffled
from secondlevel.results.description import describe_dataset
from secondlevel.results.encoding import model_to_json, save_json
from secondlevel.results.group import GroupResults
from secondlevel.results.identity import check_foreign, earlier_files, identify
from secondlevel.results.names import GROUP, FileNames, stems_of
from secondlevel.results.place import FORMAT, index_of, put_together
from secondlevel.results.writer import Writer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
    earlier = earlier_files(out_dir, prefix, identity, overwrite=overwrite)
    index = index_of(out_dir, prefix)
    with put_together(out_dir, index, earlier) as temporary:
        (temporary / GROUP).mkdir()
        writer = Writer(temporary / GROUP, names, on_surface=results.on_surface)
        content = _write(writer, results, called, extras or Extras())
        files = sorted(f"{GROUP}/{name}" for name in (*writer.written, index.name))
        if not overwrite:
            check_foreign(out_dir, files, earlier)
        writer.write_maps(n_jobs)
        describe_dataset(out_dir, temporary)
        content |= {"format": FORMAT, "identity": identity, "files": files}
        save_json(content, temporary / GROUP / index.name)
    return out_dir / GROUP


def _write(
    writer: Writer, results: GroupResults, stems: Sequence[str], extras: Extras
) -> dict[str, Any]:
    """Write everything but the index; return what goes into it."""
    names = writer.names
    writer.json(names.file("statmap.json"), _statmap(results))
    provenance = asdict(results.provenance)
    provenance["inputs"] = results.provenance.inputs.to_dict("records")
    writer.json(names.file("provenance.json"), provenance)
    quality = results.quality
    content: dict[str, Any] = {
        "model": model_to_json(results.model),
        "settings": asdict(results.settings),
        "design": writer.table(names.file("design.tsv"), results.design_matrix),
        "inputs": list(results.provenance.inputs.columns),
        "mask": writer.map(names.map("mask"), results.mask_img),
        "quality": {
            "maps": writer.table(names.file("maps.tsv"), quality.maps),
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
        content["shape"] = list(results.mask_img.shape)
    called = {one.name: stem for one, stem in zip(results.contrasts, stems, strict=True)}
    _write_extras(writer, extras, called)
    return content


def _write_contrast(
    writer: Writer, result: ContrastResults, stem: str, results: GroupResults
) -> dict[str, Any]:
    names = writer.names
    stats = STATS | {"stat": result.kind}
    tables = {
        name: writer.table(names.of_contrast(stem, f"{name}.tsv"), table)
        for name, table in (("clusters", result.clusters), ("effects", result.effects))
    }
    writer.json(names.of_contrast(stem, "clusters.json"), _threshold_words(result, results))
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


def _write_shuffled(writer: Writer, run: Shuffled, stem: str) -> dict[str, Any]:
    maxima = {"Largest Statistic": run.maxima}
    if run.sizes is not None:
        maxima["Largest Cluster"] = run.sizes
    table = writer.names.of_contrast(stem, "null.tsv")
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
        "null": writer.table(table, pd.DataFrame(maxima)),
        "log_p": writer.map(writer.names.contrast_map(stem, "logpmax"), run.log_p),
    }


def _write_extras(writer: Writer, extras: Extras, stems: Mapping[str, str]) -> None:
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
        path.write_text(extras.report, encoding="utf-8", newline="\n")


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
