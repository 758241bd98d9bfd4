"""Where the results come from, as the page shows it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from secondlevel.report.map_rows import input_table
from secondlevel.report.tables import Table
from secondlevel.results.provenance import Provenance

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ProvenanceSection:
    """The section: short lists of names and values, and the table of inputs."""

    created: str
    platform: str
    lists: tuple[tuple[str, Facts], ...]
    inputs: Table


def describe_provenance(provenance: Provenance) -> ProvenanceSection:
    """Write what one needs to know to get the same results again."""
    lists = [
        ("Versions", _facts(provenance.versions)),
        ("Parameters of the model", _facts(provenance.parameters)),
        ("Asked for", _facts(provenance.asked)),
        ("Seeds", _facts(provenance.seeds) or (("none", "nothing was drawn at random"),)),
    ]
    return ProvenanceSection(
        created=provenance.created,
        platform=provenance.platform,
        lists=tuple((title, facts) for title, facts in lists if facts),
        inputs=input_table(provenance.inputs),
    )


def _facts(values: dict[str, Any]) -> Facts:
    return tuple((str(name), _write(value)) for name, value in values.items())


def _write(value: Any) -> str:
    """Write what JSON can hold, as Python does; texts go without quotes."""
    if value is None or isinstance(value, str | bool | int | float):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
