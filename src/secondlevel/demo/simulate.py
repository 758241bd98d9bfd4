"""A simulated cohort, written as the files that a researcher would have."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d
from tqdm.auto import tqdm

from secondlevel.demo.folder import DemoFolder
from secondlevel.demo.truth import EFFECTS, Effect, heights
from secondlevel.errors import InputError
from secondlevel.files import written_whole
from secondlevel.results.files import save_image
from secondlevel.spaces.volume import VolumeSpace, from_mask_image

Floats = NDArray[np.float32]

MAP, AGE = 0, 1
"""What is random in a subject."""


@dataclass(frozen=True)
class CohortSettings:
    """What kind of cohort to simulate.

    Parameters
    ----------
    n_subjects : int, default=24
        Controls and patients take turns.
    seed : int, default=0
        Subject i of a seed is the same in a cohort of any size, simulated by any number of jobs.
    resolution : int, default=2
        Edge of a voxel, mm.
    noise_sd : float, default=0.35
        Standard deviation between subjects at every voxel, in percent signal change.
    noise_fwhm : float, default=6.0
        Smoothness of the noise, mm.

    Raises
    ------
    InputError
        When there are too few subjects for two groups and age, or a number is out of range.
    """

    n_subjects: int = 24
    seed: int = 0
    resolution: int = 2
    noise_sd: float = 0.35
    noise_fwhm: float = 6.0

    def __post_init__(self) -> None:
        if self.n_subjects < 4:
            raise InputError(
                f"A cohort needs at least 4 subjects (two groups and age); got {self.n_subjects}."
            )
        if self.seed < 0:
            raise InputError(f"seed must be 0 or larger; got {self.seed}.")
        if self.resolution < 1 or self.noise_sd <= 0 or self.noise_fwhm < 0:
            raise InputError(
                "resolution (at least 1 mm), noise_sd and noise_fwhm must be positive; got "
                f"{self.resolution}, {self.noise_sd} and {self.noise_fwhm}."
            )


@dataclass(frozen=True, eq=False)
class SimulatedCohort:
    """A cohort on disk, and what it holds in truth.

    Parameters
    ----------
    settings : CohortSettings
        What was asked for.
    folder : DemoFolder
        Where its files are.
    participants : DataFrame with n rows
        As written: `participant_id`, `group`, `control`, `patient`, `age` in years.
    map_paths : tuple of n Path
        In the order of the rows.
    effects : tuple of Effect
        What was planted.
    """

    settings: CohortSettings
    folder: DemoFolder
    participants: pd.DataFrame
    map_paths: tuple[Path, ...]
    effects: tuple[Effect, ...]


def simulate_cohort(
    out: Path,
    settings: CohortSettings | None = None,
    *,
    n_jobs: int | None = 1,
    progress: bool = False,
) -> SimulatedCohort:
    """Simulate one contrast map per subject: smooth noise and known effects in the MNI152 brain.

    Parameters
    ----------
    out : Path
        Folder to write into. Gets `participants.tsv`, `truth.tsv`, `mask.nii.gz` and `maps/`.
    settings : CohortSettings, optional
        What kind of cohort.
    n_jobs : int or None, default=1
        Threads, in the meaning of joblib; the files do not depend on it.
    progress : bool, default=False
        Whether to show a progress bar on standard error.

    Returns
    -------
    SimulatedCohort

    Raises
    ------
    FolderError
        When the folder cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> settings = CohortSettings(n_subjects=4, resolution=8)
    >>> cohort = simulate_cohort(Path(tempfile.mkdtemp()), settings)
    >>> cohort.participants["group"].tolist()
    ['control', 'patient', 'control', 'patient']
    """
    settings = settings or CohortSettings()
    folder = DemoFolder(out)
    folder.prepare()
    space = _brain(settings.resolution)
    participants = _participants(settings)
    # The truth first: it marks the folder as a demo's own.
    _save_table(_truth_table(EFFECTS), folder.truth)
    save_image(space.mask_img, folder.mask)
    _save_table(participants, folder.participants)
    signal = _Signal(
        space,
        heights(EFFECTS, participants).astype(np.float32),
        np.stack([effect.shape(space.coordinates) for effect in EFFECTS]).astype(np.float32),
        settings,
    )
    paths = tuple(folder.subject_map(label) for label in participants["participant_id"])
    jobs = joblib.Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator")
    written = jobs(joblib.delayed(signal.save)(index, path) for index, path in enumerate(paths))
    for _ in tqdm(
        written, desc="Simulating maps", total=len(paths), unit="map", disable=not progress
    ):
        pass
    return SimulatedCohort(settings, folder, participants, paths, EFFECTS)


@dataclass(frozen=True, eq=False)
class _Signal:
    """All that is needed to make the map of any subject."""

    space: VolumeSpace
    heights: Floats
    shapes: Floats
    settings: CohortSettings

    def save(self, index: int, path: Path) -> Path:
        """Make and write the map of one subject."""
        values = self.heights[index] @ self.shapes + self._noise(index)
        image = self.space.to_image(values)
        header: Any = image.header
        header["descrip"] = b"simulated contrast of one subject, % signal change"
        return save_image(image, path)

    def _noise(self, index: int) -> Floats:
        """Stationary smooth noise of one subject, shape (V,)."""
        rng = _generator(self.settings.seed, index, MAP)
        sigma = self.settings.noise_fwhm / np.sqrt(8 * np.log(2)) / self.settings.resolution
        white = rng.standard_normal(self.space.shape, dtype=np.float32)
        # Wrapped around, so that the variance is the same up to the faces of the grid.
        smooth = gaussian_filter(white, sigma, mode="wrap")[self.space.mask]
        return np.asarray(smooth * np.float32(self.settings.noise_sd / _shrinkage(sigma)))


def _shrinkage(sigma: float) -> float:
    """Standard deviation of unit white noise in 3D after Gaussian smoothing, sigma in voxels."""
    impulse = np.zeros(2 * int(4 * sigma + 1) + 1)
    impulse[len(impulse) // 2] = 1.0
    return float(np.sum(gaussian_filter1d(impulse, sigma) ** 2) ** 1.5)


def _generator(seed: int, index: int, what: int) -> np.random.Generator:
    """Randomness of one subject for one thing: its map or its age."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index, what)))


def _brain(resolution: int) -> VolumeSpace:
    from nilearn.datasets import load_mni152_brain_mask  # noqa: PLC0415 - heavy, and only here

    return from_mask_image(load_mni152_brain_mask(resolution=resolution))


def _participants(settings: CohortSettings) -> pd.DataFrame:
    """Subjects with group and age; ages are uniform between 20 and 70 years."""
    count = settings.n_subjects
    ages = [_generator(settings.seed, index, AGE).uniform(20, 70) for index in range(count)]
    patient = np.arange(count) % 2
    return pd.DataFrame(
        {
            "participant_id": [f"sub-{index + 1:02d}" for index in range(count)],
            "group": np.where(patient == 1, "patient", "control"),
            "control": 1 - patient,
            "patient": patient,
            "age": np.round(ages, 1),
        }
    )


def _truth_table(effects: tuple[Effect, ...]) -> pd.DataFrame:
    table = pd.DataFrame([asdict(effect) for effect in effects])
    centres = pd.DataFrame(table.pop("centre").tolist(), columns=["x", "y", "z"])
    return table.join(centres)


def _save_table(table: pd.DataFrame, path: Path) -> None:
    with written_whole(path) as temporary:
        table.to_csv(temporary, sep="\t", index=False)
