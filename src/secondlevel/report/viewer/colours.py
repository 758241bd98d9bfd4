"""The colours of the static pictures, for the browser."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np

from secondlevel.plotting.canvas import SIGNED
from secondlevel.plotting.colour_bar import ONE_SIGN
from secondlevel.report.viewer.encode import packed


def colour_tables() -> dict[str, Any]:
    """Return 256 colours, red, green and blue, of either kind of map."""
    across = np.linspace(0.0, 1.0, 256)
    return {
        kind: packed((mpl.colormaps[name](across)[:, :3] * 255).round().astype(np.uint8).ravel())
        for kind, name in (("signed", SIGNED), ("oneSign", ONE_SIGN))
    }
