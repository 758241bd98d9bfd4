"""A figure as a part of the page: its bytes, its text for those who do not see it, its caption."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from secondlevel.plotting.figures import figure_bytes


@dataclass(frozen=True)
class Picture:
    """A picture within the page.

    Parameters
    ----------
    uri : str
        The picture itself.
    alt : str
        What is seen, with numbers.
    caption : str
    width, height : int
        As shown where there is room, in pixels.
    """

    uri: str
    alt: str
    caption: str
    width: int
    height: int


def take_picture(drawn: Any, *, alt: str, caption: str) -> Picture:
    """Turn a figure into a picture.

    Parameters
    ----------
    drawn : Figure or Axes
    alt, caption : str

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> picture = take_picture(Figure(figsize=(4, 3)), alt="Nothing.", caption="Empty.")
    >>> picture.uri[:22], picture.width, picture.height
    ('data:image/png;base64,', 384, 288)
    """
    figure = getattr(drawn, "figure", drawn)
    data = figure_bytes(figure)
    across, down = figure.get_size_inches()
    return Picture(
        uri=f"data:image/png;base64,{base64.b64encode(data).decode('ascii')}",
        alt=alt,
        caption=caption,
        width=round(across * 96),
        height=round(down * 96),
    )
