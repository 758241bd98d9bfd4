"""What came out of a demo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from secondlevel.demo.simulate import SimulatedCohort
from secondlevel.demo.truth import Effect

Point = tuple[float, float, float]


@dataclass(frozen=True)
class ContrastRow:
    """What one contrast found.

    Parameters
    ----------
    contrast : str
        A key of `secondlevel.demo.truth.CONTRASTS`.
    peak_z : float
        Largest z.
    peak : tuple of three float
        Where it lies, mm.
    n_above : int
        Number of voxels with z above the threshold.
    seconds : float
        Time for computing, writing and drawing.
    peak_memory : float or None
        Most memory the process had used by then, MB; None where the system does not say.
    maps : tuple of Path
        Effect, variance, t, z and p.
    picture : Path
        Glass brain of z.
    """

    contrast: str
    peak_z: float
    peak: Point
    n_above: int
    seconds: float
    peak_memory: float | None
    maps: tuple[Path, ...]
    picture: Path


@dataclass(frozen=True)
class Recovery:
    """A planted effect, and what the model says at its centre.

    Parameters
    ----------
    effect : Effect
        The truth.
    found : float
        Estimated size at the voxel nearest to the centre.
    z : float
        Of its contrast, at the same voxel.
    """

    effect: Effect
    found: float
    z: float


@dataclass(frozen=True, eq=False)
class Demo:
    """All of it.

    Parameters
    ----------
    cohort : SimulatedCohort
        What went in.
    threshold : float
        Of z, for counting voxels and for pictures.
    n_voxels : int
        Voxels analysed.
    rows : tuple of ContrastRow
        One per contrast.
    recoveries : tuple of Recovery
        One per planted effect.
    report : Path
        Page of all contrasts.
    simulate_seconds, fit_seconds, report_seconds : float
        Time for simulating and writing the maps, for reading them and fitting the model, for the
        page.
    """

    cohort: SimulatedCohort
    threshold: float
    n_voxels: int
    rows: tuple[ContrastRow, ...]
    recoveries: tuple[Recovery, ...]
    report: Path
    simulate_seconds: float
    fit_seconds: float
    report_seconds: float

    @property
    def contrast_seconds(self) -> float:
        """Time for computing, writing and drawing all contrasts."""
        return sum(row.seconds for row in self.rows)

    @property
    def peak_memory(self) -> float | None:
        """Most memory the process used, MB; None where the system does not say."""
        return self.rows[-1].peak_memory
