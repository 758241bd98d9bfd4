"""`dataset_description.json`: that a folder holds derivatives, and what they were made by."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from secondlevel.errors import InputError
from secondlevel.results.encoding import load_json, save_json

NAME = "dataset_description.json"

BIDS_VERSION = "1.9.0"
"""The one that nilearn names."""


def describe_dataset(out_dir: Path, folder: Path) -> None:
    """Write the description of a dataset into another folder: the one that is there, and us in it.

    Parameters
    ----------
    out_dir : Path
        Of the dataset. What others wrote into its description stays; an earlier entry of ours is
        replaced.
    folder : Path
        Where it is written.

    Raises
    ------
    InputError
        When there is a description that cannot be read.
    """
    ours = {
        "Name": "secondlevel",
        "Version": version("secondlevel"),
        "Description": "Group analysis of brain maps.",
    }
    content = _earlier(out_dir / NAME)
    others = [one for one in content.get("GeneratedBy") or [] if _name_of(one) != ours["Name"]]
    save_json(content | {"GeneratedBy": [*others, ours]}, folder / NAME)


def _earlier(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {"BIDSVersion": BIDS_VERSION, "DatasetType": "derivative", "Name": "Group analysis"}
    try:
        content = load_json(path)
    except InputError:
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("GeneratedBy", []), list):
        raise InputError(
            f"'{path}' is no description of a dataset: it is damaged, or holds something else. "
            "Mend or remove it, or choose another out_dir."
        )
    return content


def _name_of(entry: Any) -> Any:
    return entry.get("Name") if isinstance(entry, dict) else None
