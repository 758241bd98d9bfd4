"""Records as JSON, and back: every number to the bit."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from secondlevel.errors import InputError
from secondlevel.results.group import ModelFacts, SmoothnessFacts
from secondlevel.results.settings import ClaimSettings


def save_json(content: Any, path: Path) -> None:
    """Write JSON, in order; numbers that JSON does not have become text.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "facts.json"
    >>> save_json({"height": math.inf, "weights": np.eye(2)}, path)
    >>> load_json(path)
    {'height': 'inf', 'weights': [[1.0, 0.0], [0.0, 1.0]]}
    """
    text = json.dumps(as_json(content), indent=4, ensure_ascii=False, allow_nan=False)
    # What no encoding has, in a name, is spelt \udcff, which JSON reads as the same again.
    path.write_bytes(f"{text}\n".encode("utf-8", "backslashreplace"))


def load_json(path: Path) -> Any:
    """Read JSON.

    Raises
    ------
    InputError
        When the file is absent or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"'{path}' is missing. Save the results again.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"'{path}' is damaged ({error}). Save the results again.") from error


def number(value: Any) -> float:
    """Return a number that was written, be it as text: "inf", "nan"."""
    return float(value)


def model_to_json(model: ModelFacts) -> dict[str, Any]:
    """Return what was analysed as JSON holds it."""
    return asdict(model)


def model_from_json(content: dict[str, Any]) -> ModelFacts:
    """Return what was analysed."""
    smoothness = content.get("smoothness")
    known = None
    if smoothness is not None:
        known = SmoothnessFacts(
            **{name: tuple(map(number, values)) for name, values in smoothness.items()}
        )
    read: dict[str, Any] = {name: number(content[name]) for name in ("dof", "element_size")}
    read |= {"notes": tuple(content["notes"]), "smoothness": known}
    return ModelFacts(**content | read)


def settings_from_json(content: dict[str, Any]) -> ClaimSettings:
    """Return the levels of claims."""
    return ClaimSettings(**content)


def as_json(value: Any) -> Any:
    """Turn dicts, sequences, arrays and numbers into what JSON has."""
    if isinstance(value, dict):
        return {str(name): as_json(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(one) for one in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return as_json(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
