"""How a report is to be shown: its title, its background, how static maps are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from secondlevel.errors import InputError, InputTypeError
from secondlevel.inference.arguments import check_whole
from secondlevel.plotting.display import check_display
from secondlevel.report.page import WANTED

WORDS = {"slice": "slices", "glass": "glass brain"}
"""What the plot types draw, in words."""


@dataclass(frozen=True, eq=False)
class View:
    """What can be chosen of a page; checked where it is made.

    Parameters
    ----------
    title : str or None, default=None
        Heading of the page; by default made of the contrasts.
    bg_img : Niimg-like or None, default="MNI152TEMPLATE"
        What is behind the maps; None turns it off.
    plot_type : {"slice", "glass"}, default="slice"
        How static maps are drawn.
    display_mode : str, optional
        Which cuts, or sides of the glass brain.
    cut_coords : int, float, sequence or dict, optional
        Where slices are cut, or how many.
    report_dims : (int, int), default=(1600, 800)
        Width and height of the page in a notebook, in pixels.
    on_surface : bool, default=False
        Whether the maps lie on surfaces, which have no slices and no glass brain.

    Raises
    ------
    InputError, InputTypeError
        When a value cannot be meant; the message lists those that can.

    Examples
    --------
    >>> View(plot_type="glass").words
    'glass brain'
    """

    title: str | None = None
    bg_img: Any = "MNI152TEMPLATE"
    plot_type: str = "slice"
    display_mode: str | None = None
    cut_coords: Any = None
    report_dims: Sequence[int] = (1600, 800)
    on_surface: bool = False

    def __post_init__(self) -> None:
        """Check everything before anything is drawn."""
        if not (self.title is None or isinstance(self.title, str)):
            raise InputTypeError(f"title must be a text or None. Got {self.title!r}.")
        check_display(
            self.plot_type, self.display_mode, self.cut_coords, on_surface=self.on_surface
        )
        object.__setattr__(self, "report_dims", _check_dims(self.report_dims))

    @property
    def words(self) -> str:
        """What static maps are drawn as."""
        return WORDS[self.plot_type]


def _check_dims(dims: Any) -> tuple[int, int]:
    """Return width and height, or raise."""
    wanted = f"report_dims must be width and height in pixels, as (1600, 800). Got {dims!r}."
    if isinstance(dims, str) or not hasattr(dims, "__len__") or not hasattr(dims, "__getitem__"):
        raise InputTypeError(wanted)
    if len(dims) != 2:
        raise InputError(wanted)
    width, height = (check_whole(f"report_dims[{i}]", dims[i], WANTED) for i in range(2))
    return width, height
