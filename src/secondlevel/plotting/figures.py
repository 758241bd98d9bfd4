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
"""A palette of so many keeps charts and maps as they look, in a half to a third of the bytes."""

AS_DRAWN: Any = {
    "savefig.bbox": None,
    "savefig.edgecolor": "auto",
    "savefig.facecolor": "auto",
    "savefig.transparent": False,
}
"""Settings that a user may have for files of their own, put aside."""


def figure_bytes(figure: Figure, *, dpi: float = DPI, webp: bool = False) -> bytes:
    """Return a figure as the bytes of a picture.

    Parameters
    ----------
    figure : Figure
    dpi : float, default=144
    webp : bool, default=False
        Whether it may be WebP where that is smaller than PNG; `media_type` tells which it is.

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
    with mpl.rc_context(AS_DRAWN):
        # Without metadata, and quickly: the bytes are read again at once.
        figure.savefig(drawn, format="png", dpi=dpi, pil_kwargs={"compress_level": 1})
    picture = Image.open(drawn).convert("RGB")
    small = picture.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    out = [io.BytesIO()]
    small.save(out[0], format="PNG", optimize=True)
    if webp:
        out.append(io.BytesIO())
        small.convert("RGB").save(out[1], format="WEBP", lossless=True, quality=50)
    return min((data.getvalue() for data in out), key=len)


def media_type(picture: bytes) -> str:
    """Return what a page calls a picture of `figure_bytes`.

    Examples
    --------
    >>> media_type(figure_bytes(Figure(figsize=(1, 1))))
    'image/png'
    """
    return "image/webp" if picture[:4] == b"RIFF" else "image/png"


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
        # By default matplotlib takes the dots per inch that a figure was made with.
        drawn.savefig(temporary, dpi=drawn.dpi)
    return path
