"""Figures to bytes and files, the same each time."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from secondlevel.files import written_whole

DPI = 144
"""Dots per inch of a picture in a page: fine enough for sharp screens, small enough to send."""

COLOURS = 256
"""A palette of so many keeps charts and maps as they look, in a third of the bytes."""


def figure_bytes(figure: Figure, *, dpi: float = DPI) -> bytes:
    """Return a figure as the bytes of a PNG file.

    Parameters
    ----------
    figure : Figure
    dpi : float, default=144

    Returns
    -------
    bytes
        Of 256 colours, and the same each time: no date and no program is written into it.

    Examples
    --------
    >>> figure_bytes(Figure(figsize=(1, 1)))[1:4]
    b'PNG'
    """
    from PIL import Image  # noqa: PLC0415 - comes with matplotlib, and is slow to load

    drawn = io.BytesIO()
    with mpl.rc_context({"savefig.bbox": None}):
        # Without metadata, and quickly: the bytes are read again at once.
        figure.savefig(drawn, format="png", dpi=dpi, pil_kwargs={"compress_level": 1})
    picture = Image.open(drawn).convert("RGB")
    small = picture.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    out = io.BytesIO()
    small.save(out, format="PNG", optimize=True)
    return out.getvalue()


def save_figure(figure: Any, path: Path) -> Path:
    """Save a figure, whole or not at all.

    Parameters
    ----------
    figure : Figure or Axes
    path : Path
        The ending says the format: `.png`, `.svg`, `.pdf`.

    Returns
    -------
    Path
        Where it lies.
    """
    drawn: Figure = getattr(figure, "figure", figure)
    with written_whole(path) as temporary:
        drawn.savefig(temporary)
    return path
