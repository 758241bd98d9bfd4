"""The simulated study: one map per subject as files, a mask, a design."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

SEED = 20
RESOLUTION = 2  # mm
ELEMENTS = 235_375  # of the MNI152 brain mask at this resolution
SMOOTHNESS = 6 / 2.355 / RESOLUTION  # standard deviation in voxels of noise 6 mm wide
EFFECT_SIZE = 0.6  # peak effects of 1 to 2 standard deviations, as strong contrasts have

Volume = NDArray[np.float32]


@dataclass(frozen=True)
class Study:
    """The files of a study in a folder.

    Parameters
    ----------
    folder : Path
        Where mask and maps are, or will be.
    """

    folder: Path

    @property
    def mask(self) -> Path:
        """The MNI152 brain mask at 2 mm."""
        return self.folder / "mask.nii.gz"

    def maps(self, n_maps: int) -> list[Path]:
        """The first maps; those of a smaller study are among those of a larger one."""
        return [self.folder / f"map-{number:04d}.nii.gz" for number in range(n_maps)]

    def map_bytes(self, n_maps: int) -> int:
        """Size of the first maps together; reading them once puts all of them in the page cache."""
        return sum(len(path.read_bytes()) for path in self.maps(n_maps))

    def simulate(self, n_maps: int) -> None:
        """Write whatever is not there yet, on all cores."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.mask.exists():
            _write_mask(self.mask)
        missing = [(number, path) for number, path in enumerate(self.maps(n_maps)) if _absent(path)]
        if missing:
            with ProcessPoolExecutor(initializer=_brain, initargs=(self.mask,)) as workers:
                list(workers.map(_write_map, *zip(*missing, strict=True), [self.mask] * n_maps))


def simulate(folder: str, n_maps: int) -> dict[str, float]:
    """Write the maps of a study that are not there yet; give the size of all its files."""
    study = Study(Path(folder))
    study.simulate(n_maps)
    return {"bytes": float(study.map_bytes(n_maps))}


def design(n_maps: int) -> pd.DataFrame:
    """Intercept, two groups, and age in years about 40.

    Parameters
    ----------
    n_maps : int

    Returns
    -------
    DataFrame of shape (n_maps, 3)
    """
    rng = np.random.default_rng(SEED)
    age = rng.uniform(20, 60, n_maps) - 40
    group = np.arange(n_maps) % 2
    return pd.DataFrame({"intercept": np.ones(n_maps), "group": group, "age": age})


@dataclass(frozen=True, eq=False)
class Brain:
    """What all maps of a study have in common."""

    mask: NDArray[np.bool_]
    affine: NDArray[np.float64]
    effect: Volume


@lru_cache(maxsize=1)
def _brain(mask: Path) -> Brain:
    image: Any = nib.load(mask)
    inside = np.asarray(image.dataobj) > 0
    return Brain(inside, image.affine, EFFECT_SIZE * _smooth_noise(inside.shape, "effect"))


def _smooth_noise(shape: tuple[int, ...], *address: Any) -> Volume:
    """Gaussian noise of unit variance, the same at every call with the same address."""
    seed = [SEED, *(int.from_bytes(str(part).encode()) for part in address)]
    white = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    smooth = gaussian_filter(white, SMOOTHNESS, truncate=3)
    return np.asarray(smooth / smooth.std(), dtype=np.float32)


def _write_map(number: int, path: Path, mask: Path) -> None:
    brain = _brain(mask)
    values = brain.effect + _smooth_noise(brain.mask.shape, "map", number)
    _write(np.where(brain.mask, values, np.float32(0)), brain.affine, path)


def _write_mask(path: Path) -> None:
    from nilearn.datasets import load_mni152_brain_mask

    image = load_mni152_brain_mask(resolution=RESOLUTION)
    _write(np.asarray(image.dataobj).astype(np.uint8), image.affine, path)


def _write(data: NDArray[Any], affine: NDArray[np.float64], path: Path) -> None:
    """Write an image under another name first, so that an interruption leaves no half of one."""
    unfinished = path.with_name(f"unfinished-{path.name}")
    nib.Nifti1Image(data, affine).to_filename(unfinished)
    unfinished.replace(path)


def _absent(path: Path) -> bool:
    return not path.exists()
