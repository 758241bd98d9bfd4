"""The cohort: who is in it, and where the maps of each effect come from."""

from __future__ import annotations

from typing import Any, Protocol

from secondlevel.inputs.sources import MapSource

Effect = str | tuple[Any, ...] | None
"""A first-level contrast, by name or weights; None where there is one unnamed effect."""


class Cohort(Protocol):
    """The maps of one or several effects, one row of the design each.

    Attributes
    ----------
    labels : tuple of n (str or None)
        Subject of every row; None where the input does not say.
    """

    @property
    def labels(self) -> tuple[str | None, ...]:
        """Subject of every row."""
        ...

    @property
    def only_effect(self) -> tuple[Effect, ...]:
        """The effect, alone in a tuple, when there is no choice; else empty."""
        ...

    def effect(self, asked: object) -> Effect:
        """Name of the effect that was asked for; an error lists the effects there are."""
        ...

    def maps(self, effect: Effect) -> tuple[MapSource, ...]:
        """Where the maps of an effect come from, in row order."""
        ...

    @property
    def maps_with_grid(self) -> tuple[MapSource, ...]:
        """The maps of all effects, or what tells their grids: checked before any map is read."""
        ...

    @property
    def mask_sample(self) -> MapSource | None:
        """The map that an automatic mask is computed from; None means the mean of all maps."""
        ...

    @property
    def is_surface(self) -> bool:
        """Whether the maps lie on a mesh."""
        ...
