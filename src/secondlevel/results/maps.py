"""The maps of one contrast: effect, variance, statistic, z, p, effect sizes, as images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.contrast import Contrast, Kind
from secondlevel.errors import InputError
from secondlevel.inference.effect_size import (
    MEASURES,
    SIDES,
    Side,
    check_measure,
    effect_size,
    effect_size_bound,
)
from secondlevel.inference.tails import Tail, f_tail, t_tail
from secondlevel.models.base import ContrastEstimate
from secondlevel.spaces.base import Space

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ALL = ("z_score", "stat", "p_value", "effect_size", "effect_variance")
"""What `output_type="all"` gives, as in nilearn."""


@dataclass(frozen=True, eq=False)
class ContrastMaps:
    """One contrast at every element of a space.

    Parameters
    ----------
    contrast : Contrast
        What was asked.
    estimate : ContrastEstimate
        Effect, variance, statistic and degrees of freedom.
    space : Space
        Where the elements live.
    mask_space : Space
        The elements of the mask.
    kept : bool array of shape (elements of the mask,)
        Which of these the elements are; the others were left out of the analysis.
    confidence : float, default=0.95
        Of the intervals whose ends the effect sizes' `_lower` and `_upper` are.
    """

    contrast: Contrast
    estimate: ContrastEstimate
    space: Space
    mask_space: Space
    kept: Flags
    confidence: float = 0.95

    @cached_property
    def tail(self) -> Tail:
        """Upper tail of the statistic under the null; p 1 and z 0 where nothing can be tested."""
        estimate = self.estimate
        if self.contrast.kind == "t":
            tail = t_tail(estimate.statistic, estimate.dof)
        else:
            tail = f_tail(estimate.statistic, estimate.dof_contrast, estimate.dof)
        if not estimate.constant.any():
            return tail
        return Tail(
            np.where(estimate.constant, 0.0, tail.log_p), np.where(estimate.constant, 0.0, tail.z)
        )

    def values(self, output_type: str) -> Floats:
        """Values of one output: shape (V,), or (k, V) for effect and variance of k > 1 rows.

        Raises
        ------
        ContrastError
            When an F contrast does not have this effect size.

        See Also
        --------
        check_output : Tells beforehand whether there is such an output.
        """
        values = OUTPUTS[output_type](self)
        return values[0] if values.ndim == 2 and len(values) == 1 else values

    def image(self, output_type: str) -> Any:
        """One output as an image; a volume's header says what it is."""
        values = self.values(output_type)
        if output_type == "p_value" and not self.kept.all():
            # Nothing was tested there, so nothing may look significant.
            full = np.ones(self.mask_space.n_elements)
            full[self.kept] = values
            image = self.mask_space.to_image(full)
        else:
            image = self.space.to_image(values)
        if hasattr(image, "header"):
            self._describe(image.header, output_type)
        return image

    def images(self) -> dict[str, Any]:
        """All five outputs that nilearn's `output_type="all"` has."""
        return {output_type: self.image(output_type) for output_type in ALL}

    @property
    def test(self) -> str:
        """The test in words: `t(21)`, `F(2, 21)`."""
        dof = self.estimate.dof
        residual = f"{dof:g}" if np.ndim(dof) == 0 else f"{np.min(dof):g}-{np.max(dof):g}"
        if self.contrast.kind == "t":
            return f"t({residual})"
        return f"F({self.estimate.dof_contrast}, {residual})"

    def _describe(self, header: Any, output_type: str) -> None:
        """Write into a NIfTI header what the image is; other programs read intent and dof there."""
        level = f" ({100 * self.confidence:.10g}% confidence)" if output_type in BOUNDS else ""
        text = f"{self.test} {output_type}{level} of contrast {self.contrast.name}"
        header["descrip"] = text.encode("ascii", "replace")[:79]
        dof = self.estimate.dof
        if output_type == "stat" and np.ndim(dof) == 0:
            kind = self.contrast.kind
            params = (dof,) if kind == "t" else (self.estimate.dof_contrast, dof)
            header.set_intent("t test" if kind == "t" else "f test", params)
        elif output_type == "partial_r" and np.ndim(dof) == 0:
            header.set_intent("correlation", (dof,))
        elif output_type in INTENTS:
            header.set_intent(INTENTS[output_type])


MEASURE_OF: dict[str, tuple[str, Side | None]] = {
    f"{measure}_{side}" if side else measure: (measure, side)
    for measure in MEASURES
    for side in (None, *SIDES)
}
"""The outputs that are effect sizes: which one, and which end of its confidence interval."""

BOUNDS = tuple(output_type for output_type, (_, side) in MEASURE_OF.items() if side)
"""The outputs that depend on a confidence."""


def check_output(output_type: str, kind: Kind) -> None:
    """Refuse an output that the contrast does not have, before anything is computed.

    Raises
    ------
    InputError
        When there is no such output; the message lists those there are.
    ContrastError
        When an F contrast does not have this effect size.
    """
    if output_type not in (*OUTPUTS, "all"):
        raise InputError(
            f"'output_type' must be one of {', '.join((*OUTPUTS, 'all'))}. Got {output_type!r}."
        )
    if output_type in MEASURE_OF:
        check_measure(MEASURE_OF[output_type][0], kind)


def _effect_size(output_type: str) -> Callable[[ContrastMaps], Floats]:
    measure, side = MEASURE_OF[output_type]

    def values(maps: ContrastMaps) -> Floats:
        kind = maps.contrast.kind
        if side is None:
            return effect_size(maps.estimate, measure, kind)
        return effect_size_bound(maps.estimate, measure, kind, side, maps.confidence)

    return values


OUTPUTS: dict[str, Callable[[ContrastMaps], Floats]] = {
    "z_score": lambda maps: maps.tail.z,
    "stat": lambda maps: maps.estimate.statistic,
    "p_value": lambda maps: maps.tail.p,
    "effect_size": lambda maps: maps.estimate.effect,
    "effect_variance": lambda maps: maps.estimate.variance,
    "log10_p": lambda maps: maps.tail.log10_p,
    **{output_type: _effect_size(output_type) for output_type in MEASURE_OF},
}
"""Every output by name: nilearn's in its order, `log10_p` (never above 0), the effect sizes."""

INTENTS = {
    "z_score": "z score",
    "p_value": "p value",
    "effect_size": "estimate",
    "effect_variance": "estimate",
    **dict.fromkeys(MEASURE_OF, "estimate"),
}
