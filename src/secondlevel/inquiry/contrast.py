"""One contrast answered: its maps, what lies beyond the threshold, and where."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from secondlevel.claims.cluster_question import ClusterQuestion
from secondlevel.claims.cluster_table import ClusterTable, make_table
from secondlevel.claims.height import find_control
from secondlevel.claims.stat_map import StatMap
from secondlevel.errors import InputError
from secondlevel.inference.random_field import RandomField
from secondlevel.inference.tails import f_tail, t_tail
from secondlevel.inquiry.sources import CONNECTIVITY
from secondlevel.results.maps import ContrastMaps
from secondlevel.results.settings import ClaimSettings
from secondlevel.results.surfaces import as_saved

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

MAPS = ("effect_size", "effect_variance", "stat", "z_score", "p_value")
"""What is kept of every contrast, besides its effect size without unit."""

WITHOUT_UNIT = {"t": "hedges_g", "F": "partial_r2"}


@dataclass(frozen=True, eq=False)
class Answer:
    """One contrast over a space, and what of it lies beyond the threshold.

    Parameters
    ----------
    maps : ContrastMaps
    settings : ClaimSettings
    field : RandomField or None
        Of the statistic; None where smoothness is not known.
    """

    maps: ContrastMaps
    settings: ClaimSettings
    field: RandomField | None

    @property
    def is_t(self) -> bool:
        """Whether the statistic has two sides."""
        return self.maps.contrast.kind == "t"

    @property
    def two_sided(self) -> bool:
        """Whether clusters of both signs are looked for: F has one side."""
        return self.settings.two_sided and self.is_t

    @property
    def z(self) -> Floats:
        """The z map, shape (V,)."""
        return self.maps.tail.z

    @cached_property
    def height(self) -> float:
        """Threshold of z; inf where nothing can be claimed.

        Raises
        ------
        InputError
            When an F contrast is to be cut below 0, or the random field is asked for and not known.
        """
        settings = self.settings
        control = find_control(settings.height_control)
        if control.uses != "random_field":
            asked = control(settings.alpha, settings.threshold, self.two_sided)
            return self._checked(float(asked.find(self.z)))
        if self.field is None:
            raise InputError(
                "height_control='rft' needs the smoothness of the maps, and their residuals do not "
                "tell it. Use height_control='bonferroni'."
            )
        null = self.field.for_sides(two_sided=self.two_sided)
        return self._checked(self._z_of(float(null.threshold(settings.alpha))))

    @property
    def stat_height(self) -> float:
        """The threshold in t or F, above 0: of the same tail probability as that of z."""
        tail = stats.norm.sf(abs(self.height))
        estimate = self.maps.estimate
        if self.is_t:
            return float(stats.t.isf(tail, float(estimate.dof)))
        return float(stats.f.isf(tail, estimate.dof_contrast, float(estimate.dof)))

    @property
    def question(self) -> ClusterQuestion:
        """What is asked of the cluster table."""
        settings = self.settings
        return ClusterQuestion(
            self.height, settings.cluster_threshold, self.two_sided, settings.min_distance
        )

    @cached_property
    def table(self) -> ClusterTable:
        """Clusters and peaks of the z map beyond the threshold."""
        return make_table(StatMap(self.maps.space, self.z), self.question, CONNECTIVITY)

    @cached_property
    def beyond(self) -> Indices:
        """Elements beyond the threshold, those of small clusters too."""
        return np.flatnonzero(self.table.beyond)

    @property
    def listed(self) -> Indices:
        """Elements of the clusters that are listed."""
        return self.beyond[np.isin(self.table.clusters.labels, self.table.listed + 1)]

    @property
    def peaks(self) -> Indices:
        """Element of every row of the table."""
        return self.beyond[self.table.peaks.elements[self.table.rows]]

    @cached_property
    def highest(self) -> int:
        """Element of the highest peak of the sides looked at, beyond the threshold or not."""
        if self.two_sided:
            return int(np.abs(self.z).argmax())
        return int(self.z.argmin() if self.height < 0 else self.z.argmax())

    @property
    def thresholded(self) -> Any:
        """The z map in the clusters that are listed, 0 elsewhere, as an image."""
        kept = np.zeros_like(self.z)
        kept[self.listed] = self.z[self.listed]
        image = as_saved(self.maps.space.to_image(kept))
        if hasattr(image, "header"):
            image.header.set_intent("z score")
        return image

    def images(self) -> dict[str, Any]:
        """The maps that are kept, by output type."""
        names = (*MAPS, WITHOUT_UNIT[self.maps.contrast.kind])
        return {name: as_saved(self.maps.image(name)) for name in names}

    def _checked(self, height: float) -> float:
        if height < 0 and not self.is_t:
            raise InputError(
                f"F has no negative side, so contrast `{self.maps.contrast.name}` cannot be cut at "
                f"{height:g}. Use a positive threshold."
            )
        return height

    def _z_of(self, height: float) -> float:
        if np.isinf(height):
            return height
        estimate, at = self.maps.estimate, np.array([height])
        if self.is_t:
            return float(t_tail(at, float(estimate.dof)).z[0])
        return float(f_tail(at, estimate.dof_contrast, float(estimate.dof)).z[0])
