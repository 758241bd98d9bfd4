"""What tells one analysis from another, and whether a folder may be written into."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from secondlevel.errors import InputError
from secondlevel.results.encoding import as_json, load_json
from secondlevel.results.group import GroupResults
from secondlevel.results.names import GROUP, is_file_name
from secondlevel.results.place import index_of

WITHOUT_EFFECT = {"n_jobs", "verbose", "memory", "memory_level", "minimize_memory"}
"""Parameters that results do not depend on."""

Identity = dict[str, str]
"""SHA-256 of each part of an analysis, by the name of the part."""


def identify(results: GroupResults) -> Identity:
    """Tell what makes an analysis another than the next: a hash of each part.

    Where files lie is not part of it; what is in them is.
    """
    provenance, contrasts = results.provenance, results.contrasts
    design = results.design_matrix
    parts: dict[str, Any] = {
        "inputs": [provenance.inputs[name].tolist() for name in ("Map", "SHA-256")],
        "design": [[str(name), design[name].tolist()] for name in design],
        "parameters": _parameters(results),
        "contrasts": {
            "first_level": results.model.effect,
            "second_level": {one.name: [one.weights, one.kind] for one in contrasts},
        },
        "levels": asdict(results.settings),
        "shuffles": {
            one.name: [run.n_shuffles, run.seed, run.statistic, run.cluster_threshold]
            for one in contrasts
            if (run := one.shuffled) is not None
        },
    }
    return {name: _hash(part) for name, part in parts.items()}


def earlier_files(
    out_dir: Path, prefix: str, identity: Mapping[str, str], *, overwrite: bool
) -> list[str]:
    """Find the files of the analysis that a folder holds under a prefix; refuse another one.

    Parameters
    ----------
    out_dir : Path
    prefix : str
    identity : dict of str to str
        Of the analysis that shall be written.
    overwrite : bool
        Whether another one may be replaced.

    Returns
    -------
    list of str
        Paths below `out_dir`, of the same analysis or of one that may be replaced.

    Raises
    ------
    InputError
        When another analysis is there.
    """
    path = index_of(out_dir, prefix)
    if not path.exists():
        return []
    try:
        index = load_json(path)
        files = [name for name in index["files"] if _is_below(name)]
        earlier = dict(index["identity"])
    except (InputError, LookupError, TypeError, ValueError):
        if overwrite:
            return [f"{GROUP}/{path.name}"]
        raise InputError(
            f"'{path}' is damaged, so it is not known what it belongs to. Pass overwrite=True to "
            "replace it, or choose another out_dir or prefix."
        ) from None
    other = [name for name, digest in identity.items() if earlier.get(name) != digest]
    if other and not overwrite:
        raise InputError(
            f"'{out_dir}' holds another analysis already; what differs: {', '.join(other)}. Pass "
            "overwrite=True to replace it, or choose another out_dir or prefix."
        )
    return files


def check_foreign(out_dir: Path, written: Iterable[str], known: Iterable[str]) -> None:
    """Refuse to replace files that no analysis of ours has written.

    Parameters
    ----------
    out_dir : Path
    written, known : iterable of str
        Paths below it: of files to be written, and of those of the earlier analysis.

    Raises
    ------
    InputError
        When there are some.
    """
    strange = set(written) - set(known)
    foreign = sorted(name for name in strange if (out_dir / name).exists())
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise InputError(
            f"'{out_dir / foreign[0]}'{more} would be replaced, and no earlier run of this "
            "analysis is known to have written it. Pass overwrite=True to replace it, or choose "
            "another out_dir or prefix."
        )


def _parameters(results: GroupResults) -> dict[str, Any]:
    """Parameters that results depend on; of a mask that is hashed among the inputs no path."""
    inputs = results.provenance.inputs
    hashed = inputs.loc[inputs["Map"] == "mask", "Source"].tolist()
    return {
        name: value
        for name, value in results.provenance.parameters.items()
        if name not in WITHOUT_EFFECT and not (name == "mask_img" and value in hashed)
    }


def _hash(part: Any) -> str:
    return hashlib.sha256(json.dumps(as_json(part), sort_keys=True).encode()).hexdigest()


def _is_below(name: Any) -> bool:
    """Whether a path in an index is that of a file in the folder of the group."""
    folder, _, file = str(name).partition("/")
    return folder == GROUP and is_file_name(file)
