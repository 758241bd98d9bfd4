"""Where results come from: versions, parameters, seeds, inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

INPUT_COLUMNS = ("Map", "Source", "SHA-256")
"""Columns of `Provenance.inputs`."""


@dataclass(frozen=True, eq=False)
class Provenance:
    """What one needs to know to get the same results again.

    Parameters
    ----------
    created : str
        When, by the clock in UTC, in ISO format.
    versions : dict of str to str
        Python, the package and what it computes with.
    platform : str
        The operating system and the processor's architecture.
    parameters : dict
        Of the model, by name; what JSON can hold.
    asked : dict
        Contrasts, levels and whatever else was asked for; what JSON can hold.
    seeds : dict of str to int
        Of everything random, by what it is for; empty where nothing is.
    inputs : DataFrame
        With `INPUT_COLUMNS`: one row per map, in the order of the design, and one for the mask
        (``Map`` is "mask") where it was given: label, path or what it is, and the SHA-256 of the
        file's bytes, or of the array of an image in memory.
    """

    created: str
    versions: dict[str, str]
    platform: str
    parameters: dict[str, Any]
    asked: dict[str, Any]
    seeds: dict[str, int]
    inputs: pd.DataFrame
