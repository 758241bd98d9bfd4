"""The results of a group analysis as one record: what a report reads, and what is saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from secondlevel.errors import InputError
from secondlevel.results.contrast import ContrastResults
from secondlevel.results.provenance import Provenance
from secondlevel.results.quality import Quality
from secondlevel.results.settings import ClaimSettings


@dataclass(frozen=True)
class SmoothnessFacts:
    """How smooth the residuals are.

    Parameters
    ----------
    fwhm_mm : tuple of float
        Full width at half maximum in mm, along each axis; one number on a surface.
    fwhm : tuple of float
        The same in elements.
    resels : tuple of four float
        Resels of the search region in 0, 1, 2 and 3 dimensions.
    """

    fwhm_mm: tuple[float, ...]
    fwhm: tuple[float, ...]
    resels: tuple[float, ...]


@dataclass(frozen=True)
class ModelFacts:
    """What was analysed, and how.

    Parameters
    ----------
    n_maps : int
    n_elements : int
        Elements analysed.
    n_in_mask : int
        Elements of the mask, those left out for missing values included.
    n_constant : int
        Elements analysed that have no residual variance.
    element : str
        "voxel" or "vertex".
    size_unit : str
        "mm3" or "mm2".
    element_size : float
        Size of an element in that unit; of a mesh the mean.
    grid : str
        The grid or mesh in words.
    masking : str
        Where the mask comes from and what was done to the maps, in words.
    missing : str
        What missing values meant, in words.
    effect : str or None
        The first-level contrast, where there are several.
    rank : int
        Of the design.
    dof : float
        Residual degrees of freedom.
    smoothness : SmoothnessFacts or None
        None where it could not be told.
    notes : tuple of str
        What was warned of on the way.
    """

    n_maps: int
    n_elements: int
    n_in_mask: int
    n_constant: int
    element: str
    size_unit: str
    element_size: float
    grid: str
    masking: str
    missing: str
    effect: str | None
    rank: int
    dof: float
    smoothness: SmoothnessFacts | None
    notes: tuple[str, ...]

    @property
    def elements(self) -> str:
        """The plural of `element`."""
        return {"voxel": "voxels", "vertex": "vertices"}[self.element]


@dataclass(frozen=True, eq=False)
class GroupResults:
    """All that a report shows, and that a further claim needs.

    Parameters
    ----------
    model : ModelFacts
    design_matrix : DataFrame of shape (n, p)
        One row per map.
    settings : ClaimSettings
    contrasts : tuple of ContrastResults
        In the order asked for; names are distinct.
    quality : Quality
    provenance : Provenance
    mask_img : image
        The elements analysed.
    """

    model: ModelFacts
    design_matrix: pd.DataFrame
    settings: ClaimSettings
    contrasts: tuple[ContrastResults, ...]
    quality: Quality
    provenance: Provenance
    mask_img: Any

    def __getitem__(self, contrast: int | str) -> ContrastResults:
        """Return what was found of a contrast, by its number or its name.

        Raises
        ------
        InputError
            When there is none; the message lists those there are.
        """
        for number, result in enumerate(self.contrasts):
            if contrast in (number, result.name):
                return result
        names = ", ".join(repr(result.name) for result in self.contrasts)
        raise InputError(f"There is no contrast {contrast!r}; there are {names}, numbered from 0.")

    def __repr__(self) -> str:
        """Return one line; tables and images would fill pages."""
        names = ", ".join(repr(result.name) for result in self.contrasts)
        return f"<GroupResults of {self.model.n_maps} maps: {names}>"

    @property
    def on_surface(self) -> bool:
        """Whether the elements are vertices."""
        return self.model.element == "vertex"
