"""What is planted in a simulated cohort: where, how large, and how it depends on the subject."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

CONTRASTS = {
    "activation": "(control + patient) / 2",
    "patient - control": "patient - control",
    "age": "age",
}
"""The three questions asked of the cohort: name, and expression over the columns of the design."""

REFERENCE_AGE = 45.0
"""Age in years at which an effect of age is 0."""


@dataclass(frozen=True)
class Effect:
    """A Gaussian blob whose height differs between subjects as its contrast says.

    Parameters
    ----------
    place : str
        What lies there.
    contrast : str
        Name of the contrast that finds it, a key of `CONTRASTS`.
    centre : tuple of three float
        In MNI space, mm.
    size : float
        Value of the contrast at the centre, in percent signal change (for age: per year).
    fwhm : float
        Full width at half maximum, mm.
    """

    place: str
    contrast: str
    centre: tuple[float, float, float]
    size: float
    fwhm: float = 14.0

    def shape(self, coordinates: NDArray[np.floating]) -> NDArray[np.float64]:
        """Share of `size`, between 0 and 1, at coordinates in mm of shape (V, 3)."""
        distance = np.asarray(coordinates, dtype=np.float64) - np.asarray(self.centre)
        return np.asarray(np.exp(-4 * np.log(2) * (distance**2).sum(axis=1) / self.fwhm**2))


EFFECTS = (
    # A movement of the right hand, which all subjects make ...
    Effect("left motor cortex", "activation", (-38.0, -24.0, 56.0), 0.9),
    Effect("medial premotor area", "activation", (2.0, -2.0, 60.0), 0.7),
    Effect("right cerebellum", "activation", (20.0, -52.0, -24.0), 0.8),
    # ... in which the patients' basal ganglia take less part, and their frontal cortex more.
    Effect("right frontal cortex", "patient - control", (42.0, 36.0, 24.0), 1.4),
    Effect("left putamen", "patient - control", (-26.0, 4.0, 2.0), -1.4),
    Effect("right parietal cortex", "age", (36.0, -54.0, 46.0), 0.05),
)
"""What every simulated cohort holds."""


def heights(effects: tuple[Effect, ...], participants: pd.DataFrame) -> NDArray[np.float64]:
    """Height of every effect in every subject.

    Parameters
    ----------
    effects : tuple of k Effect
    participants : DataFrame with n rows
        With columns `patient` (0 or 1) and `age` (years).

    Returns
    -------
    array of shape (n, k)
        In percent signal change.

    Examples
    --------
    >>> table = pd.DataFrame({"patient": [0, 1], "age": [45.0, 55.0]})
    >>> heights(EFFECTS[2:], table).tolist()
    [[0.8, -0.7, 0.7, 0.0], [0.8, 0.7, -0.7, 0.5]]
    """
    loads = {
        "activation": np.ones(len(participants)),
        "patient - control": participants["patient"].to_numpy(dtype=np.float64) - 0.5,
        "age": participants["age"].to_numpy(dtype=np.float64) - REFERENCE_AGE,
    }
    return np.column_stack([loads[effect.contrast] * effect.size for effect in effects])
