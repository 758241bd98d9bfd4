"""The main job on a simulated cohort: from files to group maps, beside the truth."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from nibabel.spatialimages import SpatialImage
from numpy.typing import NDArray
from tqdm.auto import tqdm

from secondlevel.demo.folder import DemoFolder
from secondlevel.demo.outcome import ContrastRow, Demo, Point, Recovery
from secondlevel.demo.simulate import CohortSettings, SimulatedCohort, simulate_cohort
from secondlevel.demo.truth import CONTRASTS, Effect
from secondlevel.plotting.figures import save_figure
from secondlevel.plotting.glass_brain import plot_glass_brain
from secondlevel.results.files import save_image
from secondlevel.second_level.model import SecondLevelModel
from secondlevel.spaces.volume import VolumeSpace, from_mask_image

Floats = NDArray[np.float64]

THRESHOLD = 3.09
"""Of z, for counting voxels and for pictures: one-sided p = 0.001."""

OUTPUTS = {
    "effect": "effect_size",
    "variance": "effect_variance",
    "t": "stat",
    "z": "z_score",
    "p": "p_value",
}
"""Maps to write: how the file's name ends, and what the model calls it."""


def run_demo(
    out: Path,
    settings: CohortSettings | None = None,
    *,
    n_jobs: int | None = 1,
    progress: bool = False,
) -> Demo:
    """Simulate a cohort, fit it from its files, and write maps, pictures and a page of contrasts.

    Parameters
    ----------
    out : Path
        Folder to write into; files of an earlier demo are replaced.
    settings : CohortSettings, optional
        What kind of cohort.
    n_jobs : int or None, default=1
        Threads, in the meaning of joblib; results do not depend on it.
    progress : bool, default=False
        Whether to show progress bars on standard error.

    Returns
    -------
    Demo

    Raises
    ------
    FolderError
        When the folder cannot be used.
    """
    start = time.perf_counter()
    cohort = simulate_cohort(out, settings, n_jobs=n_jobs, progress=progress)
    simulated = time.perf_counter()
    model = _fit(cohort.folder, n_jobs=n_jobs, progress=progress)
    fitted = time.perf_counter()
    n_files = len(CONTRASTS) * (len(OUTPUTS) + 1) + 1
    with tqdm(total=n_files, desc="Writing results", unit="file", disable=not progress) as bar:
        job = _Job(model, from_mask_image(model.mask_img_), cohort, n_jobs, bar.update)
        answers = [job.answer(contrast) for contrast in CONTRASTS]
        answered = time.perf_counter()
        report = job.report()
    return Demo(
        cohort=cohort,
        threshold=THRESHOLD,
        n_voxels=job.space.n_elements,
        rows=tuple(row for row, _ in answers),
        recoveries=tuple(chain.from_iterable(recoveries for _, recoveries in answers)),
        report=report,
        simulate_seconds=simulated - start,
        fit_seconds=fitted - simulated,
        report_seconds=time.perf_counter() - answered,
    )


def _fit(folder: DemoFolder, *, n_jobs: int | None, progress: bool) -> SecondLevelModel:
    """Do what a researcher would: table, design, maps, model."""
    participants = pd.read_csv(folder.participants, sep="\t")
    design = participants[["control", "patient"]].assign(
        age=participants["age"] - participants["age"].mean()
    )
    maps = [folder.subject_map(label) for label in participants["participant_id"]]
    model = SecondLevelModel(mask_img=folder.mask, n_jobs=n_jobs, verbose=int(progress))
    # What the model has to say while it works belongs with the progress bars.
    with redirect_stdout(sys.stderr):
        return model.fit(maps, design_matrix=design)


@dataclass(frozen=True, eq=False)
class _Job:
    """A fitted model, and what to do with its answers."""

    model: SecondLevelModel
    space: VolumeSpace
    cohort: SimulatedCohort
    n_jobs: int | None
    done: Callable[[int], object]

    def answer(self, contrast: str) -> tuple[ContrastRow, list[Recovery]]:
        """Compute, write and draw one contrast, and look at the effects that it should find."""
        start = time.perf_counter()
        images = self.model.compute_contrast(CONTRASTS[contrast], output_type="all")
        maps = self._write(contrast, images)
        effect, z = (
            images[output].get_fdata()[self.space.mask] for output in ("effect_size", "z_score")
        )
        peak = int(z.argmax())
        row = ContrastRow(
            contrast=contrast,
            peak_z=float(z[peak]),
            peak=_point(self.space.coordinates[peak]),
            n_above=int(np.count_nonzero(z > THRESHOLD)),
            picture=self._draw(contrast, images["z_score"]),
            maps=maps,
            seconds=time.perf_counter() - start,
            peak_memory=_peak_memory(),
        )
        planted = (truth for truth in self.cohort.effects if truth.contrast == contrast)
        return row, [self._recover(truth, effect, z) for truth in planted]

    def report(self) -> Path:
        """Put all contrasts on a page."""
        title = f"A simulated cohort of {len(self.cohort.participants)} subjects"
        # What the model has to say while it works belongs with the progress bars.
        with redirect_stdout(sys.stderr):
            page = self.model.generate_report(CONTRASTS, title, two_sided=True)
        self.done(1)
        return page.save_as_html(self.cohort.folder.report)

    def _write(self, contrast: str, images: dict[str, SpatialImage]) -> tuple[Path, ...]:
        jobs = joblib.Parallel(n_jobs=self.n_jobs, prefer="threads", return_as="generator")
        written = jobs(
            joblib.delayed(save_image)(images[output], self.cohort.folder.result(contrast, kind))
            for kind, output in OUTPUTS.items()
        )
        paths = []
        for path in written:
            paths.append(path)
            self.done(1)
        return tuple(paths)

    def _draw(self, contrast: str, z: SpatialImage) -> Path:
        title = f"{contrast}  ({len(self.cohort.participants)} subjects, |z| > {THRESHOLD})"
        path = save_figure(
            plot_glass_brain(z, title, THRESHOLD), self.cohort.folder.picture(contrast)
        )
        self.done(1)
        return path

    def _recover(self, truth: Effect, effect: Floats, z: Floats) -> Recovery:
        distance = np.linalg.norm(self.space.coordinates - np.asarray(truth.centre), axis=1)
        nearest = int(distance.argmin())
        return Recovery(truth, found=float(effect[nearest]), z=float(z[nearest]))


def _point(coordinates: Floats) -> Point:
    x, y, z = (float(value) for value in coordinates)
    return x, y, z


def _peak_memory() -> float | None:
    """Most memory this process has used so far, MB; None where the system does not say."""
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in kB, macOS in bytes.
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
