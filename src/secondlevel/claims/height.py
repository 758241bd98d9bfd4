"""How high a threshold is, by the error control that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from secondlevel.claims.arguments import check_level
from secondlevel.claims.given_height import (
    GivenHeight,
    question_small_height,
    read_height,
    remark_cut_of_p,
)
from secondlevel.claims.null_fit import as_null, expect_of_null
from secondlevel.claims.unit import Held, expect, held_by
from secondlevel.errors import (
    IgnoredParameterWarning,
    InputError,
    warn,
)
from secondlevel.inference.arguments import check_flag
from secondlevel.inference.correction import (
    Adjustment,
    benjamini_hochberg,
    benjamini_yekutieli,
    fdr_threshold,
)
from secondlevel.inference.height import heights
from secondlevel.inference.normal import height_of
from secondlevel.inference.null import Null

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HeightControl:
    """What a height threshold is to control; subclasses say how it is found.

    Parameters
    ----------
    alpha : float
        Level of the error.
    threshold : float, str or None
        The threshold given: a height, or a percentage of the elements.
    two_sided : bool
        Whether both sides of the map are looked at.
    random_field : Null, optional
        The null.

    Raises
    ------
    InputError, InputTypeError
        When a value cannot be meant.

    Warns
    -----
    IgnoredParameterWarning
        When a value has no effect.
    """

    alpha: Any
    threshold: Any
    two_sided: bool
    random_field: Any = None

    name: ClassVar[str | None]
    uses: ClassVar[str] = ""
    """Which of threshold and random_field has an effect."""

    counts: ClassVar[bool] = False
    """Whether it counts the elements of the map, and so needs all that were looked at."""

    def __post_init__(self) -> None:
        """Check what was asked, and say what of it has no effect."""
        check_flag("two_sided", self.two_sided)
        self._check()
        self._say_what_is_ignored()

    @property
    def words(self) -> str:
        """What was asked, in words."""
        return f"height_control={self.name!r}"

    @property
    def alpha_of_a_side(self) -> float:
        """Level of each side of the map."""
        return float(self.alpha) / 2 if self.two_sided else float(self.alpha)

    def find(self, values: Floats | None) -> float:
        """Return the height threshold of a map.

        Parameters
        ----------
        values : array of shape (V,), or None
            The map, or None to ask without one.

        Raises
        ------
        InputError
            When it depends on the map, and there is none.
        """
        raise NotImplementedError

    def check_map(self, image: Any, values: Floats) -> Held:
        """Compare what a map holds with what it is taken for; return what it holds."""
        return expect(image, values, "z", by=self.words)

    def heights(self, values: Floats | None) -> Floats:
        """Heights of the elements: absolute values where both sides are looked at."""
        if values is None:
            raise InputError(
                f"'stat_img' cannot be None for {self.words}: the threshold depends on the map."
            )
        return heights(values, two_sided=bool(self.two_sided))

    def _check(self) -> None:
        """Raise unless alpha is a level."""
        check_level("alpha", self.alpha, f"pass threshold={self.alpha}, height_control=None")

    def _say_what_is_ignored(self) -> None:
        given = {"threshold": self.threshold, "random_field": self.random_field}
        needed = {"threshold": None, "random_field": "rft"}
        for name, value in given.items():
            if value is not None and name != self.uses:
                shown = f"{name}={value!r}" if name == "threshold" else name
                warn(
                    f"{shown} is not used with {self.words}. Pass "
                    f"height_control={needed[name]!r} to use it.",
                    IgnoredParameterWarning,
                )


class PerElement(HeightControl):
    """The false positive rate of each element by itself.

    Examples
    --------
    >>> PerElement(0.05, None, two_sided=False).find(None).round(4)
    np.float64(1.6449)
    """

    name = "fpr"

    def find(self, values: Floats | None) -> float:  # noqa: ARG002 - as its siblings
        """Return the z of alpha."""
        return height_of(self.alpha_of_a_side)


class DiscoveryRate(HeightControl):
    """The false discovery rate: Benjamini and Hochberg."""

    name = "fdr"
    counts = True

    @property
    def adjust(self) -> Adjustment:
        """The procedure."""
        return benjamini_hochberg

    def find(self, values: Floats | None) -> float:
        """Return the height that what is rejected has in common."""
        return fdr_threshold(self.heights(values), self.alpha_of_a_side, adjust=self.adjust)


class AnyDependence(DiscoveryRate):
    """The false discovery rate under any dependence: Benjamini and Yekutieli."""

    name = "fdr_by"

    @property
    def adjust(self) -> Adjustment:
        """The procedure."""
        return benjamini_yekutieli


class FamilyOfElements(HeightControl):
    """The family-wise error rate, from the number of elements: Bonferroni."""

    name = "bonferroni"
    counts = True

    def find(self, values: Floats | None) -> float:
        """Return the z of alpha, shared among the elements."""
        return height_of(self.alpha_of_a_side, n_tests=len(self.heights(values)))


class FamilyOfField(HeightControl):
    """The family-wise error rate, from the null of a smooth map."""

    name = "rft"
    uses = "random_field"

    def find(self, values: Floats | None) -> float:  # noqa: ARG002 - as its siblings
        """Return the height of the null."""
        null: Null = self.random_field
        return null.for_sides(two_sided=bool(self.two_sided)).threshold(float(self.alpha))

    def check_map(self, image: Any, values: Floats) -> Held:
        """Compare statistic and search region with those of the null, too."""
        return expect_of_null(image, values, self.random_field, "random_field")

    def _check(self) -> None:
        """Raise unless there is a null as well."""
        super()._check()
        if self.random_field is None:
            raise InputError(
                "height_control='rft' needs the smoothness of the map: pass "
                "random_field=model.random_field(contrast), with the statistic of the same "
                "contrast, model.compute_contrast(contrast, output_type='stat')."
            )
        as_null(self.random_field, "random_field")


class NoControl(HeightControl):
    """Nothing is controlled: the threshold is used as it is."""

    name = None
    uses = "threshold"

    @property
    def given(self) -> GivenHeight:
        """The threshold, read."""
        return read_height(self.threshold, two_sided=bool(self.two_sided))

    @property
    def words(self) -> str:
        """What was asked, in words."""
        return f"{super().words}, threshold={self.threshold!r}"

    def find(self, values: Floats | None) -> float:
        """Return the threshold, or the score of its percentage."""
        if self.given.is_percentage:
            return self.given.find(self.heights(values))
        if values is None:
            question_small_height(self.given, Held())
        return self.given.value

    def check_map(self, image: Any, values: Floats) -> Held:  # noqa: ARG002 - as its siblings
        """Ask whether a height near 0 is meant as p, and whether p-values are to be cut."""
        held = held_by(image)
        question_small_height(self.given, held)
        remark_cut_of_p(held)
        return held

    def _check(self) -> None:
        """Raise unless the threshold can be read; alpha has no effect."""
        read_height(self.threshold, two_sided=bool(self.two_sided))


CONTROLS: dict[str | None, type[HeightControl]] = {
    control.name: control
    for control in (
        PerElement,
        DiscoveryRate,
        AnyDependence,
        FamilyOfElements,
        FamilyOfField,
        NoControl,
    )
}
"""Every error control by name."""


def find_control(name: Any) -> type[HeightControl]:
    """Return the error control of a name.

    Raises
    ------
    InputError
        When there is none.
    """
    if not (name is None or isinstance(name, str)) or name not in CONTROLS:
        names = ", ".join(repr(known) for known in CONTROLS)
        raise InputError(f"'height_control' must be one of {names}. Got {name!r}.")
    return CONTROLS[name]
