"""A study: a cohort, the analysis planned for it, and what has been fitted so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from secondlevel.inference.smoothness import Smoothness
from secondlevel.inputs.cohort import Cohort, Effect
from secondlevel.inputs.sources import MapSource
from secondlevel.spaces.surface import SurfaceSpace
from secondlevel.spaces.volume import VolumeSpace
from secondlevel.streaming.analysis import Analysis, Fit
from secondlevel.streaming.onepass import Progress, read_all
from secondlevel.streaming.residuals import measure_smoothness

Floats = NDArray[np.float64]
ProgressBar = Callable[[int], Progress | None]
"""Given the number of maps, returns what to call as they are done."""


@dataclass(frozen=True, eq=False)
class Study:
    """A cohort, its analysis, and the effects fitted so far; none is read or fitted twice.

    Parameters
    ----------
    cohort : Cohort
    analysis : Analysis
    space : Space or None
        Where all effects are masked; None until the maps of the only effect have decided.
    fits : dict of effect to Fit
    held : dict of str to MapSource
        Maps that were loaded for the mask before it was their turn, by name, until it is.
    measured : dict of effect to Smoothness
        That of the residuals, where it was asked for.
    """

    cohort: Cohort
    analysis: Analysis
    space: VolumeSpace | SurfaceSpace | None
    fits: dict[Effect, Fit] = field(default_factory=dict)
    held: dict[str, MapSource] = field(default_factory=dict)
    measured: dict[Effect, Smoothness] = field(default_factory=dict)

    @classmethod
    def begin(cls, cohort: Cohort, analysis: Analysis, progress: ProgressBar) -> Study:
        """Find the space; when there is only one effect, fit it at once.

        Raises
        ------
        InputError
            When a map or the mask cannot be used.
        """
        sample = cohort.mask_sample if analysis.masking.mask is None else None
        space, held = analysis.space_before(cohort.maps_with_grid, sample)
        study = cls(cohort, analysis, space, held={} if held is None else {held.name: held})
        for effect in cohort.only_effect:
            study.fit(effect, progress)
        return study

    def fit(self, asked: object, progress: ProgressBar) -> Fit:
        """Return the fit of an effect, reading its maps when it is asked for the first time."""
        effect = self.cohort.effect(asked)
        if effect not in self.fits:
            maps = [self.held.pop(source.name, source) for source in self.cohort.maps(effect)]
            self.fits[effect] = self.analysis.run(maps, self.space, progress(len(maps)))
        return self.fits[effect]

    def smoothness(self, asked: object, progress: ProgressBar) -> Smoothness:
        """Return the smoothness of an effect's residuals, measured when it is first asked for."""
        fit, effect = self.fit(asked, progress), self.cohort.effect(asked)
        if effect not in self.measured:
            maps = self.cohort.maps(effect)
            # Maps whose data were kept are not read again.
            shown = progress(len(maps)) if fit.data is None else None
            self.measured[effect] = measure_smoothness(self.analysis, maps, fit, shown)
        return self.measured[effect]

    def data(self, asked: object, progress: ProgressBar) -> Floats:
        """Return the masked maps of an effect, shape (n, V); read again unless they were kept."""
        fit = self.fit(asked, progress)
        if fit.data is not None:
            return fit.data
        maps = self.cohort.maps(self.cohort.effect(asked))
        # Grids were compared, and remarked on, when these maps were fitted.
        again = self.analysis.pass_over(maps, fit.space)
        return read_all(again, n_jobs=self.analysis.n_jobs, progress=progress(len(maps)))

    def forget_data(self) -> None:
        """Let go of the masked maps that were kept."""
        for effect, fit in self.fits.items():
            self.fits[effect] = replace(fit, data=None)

    @property
    def analysed(self) -> VolumeSpace | SurfaceSpace:
        """The elements analysed; with several effects those of the common mask."""
        if self.cohort.only_effect:
            return self.fits[self.cohort.only_effect[0]].space
        if self.space is None:
            raise ValueError("a study of several effects has a space from the start")
        return self.space
