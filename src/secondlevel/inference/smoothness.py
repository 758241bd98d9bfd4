"""Smoothness: how wide the features of the noise are, and how many resels a search region has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.errors import InputError
from secondlevel.inference.euler import ROUGHNESS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Smoothness:
    """Smoothness of a search region, in resels: cubes, or squares, one FWHM wide.

    Parameters
    ----------
    resels : array of shape (4,)
        Resels of the region in 0, 1, 2 and 3 dimensions: Euler characteristic, length, area and
        volume in units of the FWHM.
    n_elements : int
        Elements of the search region.
    fwhm : array of shape (axes,)
        Full width at half maximum in elements along each axis of a grid; NaN along one on which no
        two elements are neighbours. On a mesh, twice the root of the elements per resel. NaN
        throughout where grid and mesh lie side by side.
    fwhm_mm : array of shape (axes,)
        The same in mm; NaN where the size of the elements is not known.
    resels_per_element : array of shape (V,), optional
        Resels that every element occupies; NaN where the maps do not tell: on a grid where the
        cube that begins with an element is not all in the mask, on a mesh outside its triangles.
    dof : float, optional
        Residual degrees of freedom of the maps it was estimated from.

    See Also
    --------
    secondlevel.inference.roughness.smoothness_of_fwhm : That of noise of a known FWHM.

    Examples
    --------
    >>> spm = Smoothness.of_resels([1, 30.1, 290.2, 901.3], 45_000, fwhm=[3.5, 3.6, 3.6])
    >>> spm.dimension, round(spm.elements_per_resel, 2)
    (3, 45.36)
    """

    resels: Floats
    n_elements: int
    fwhm: Floats
    fwhm_mm: Floats
    resels_per_element: Floats | None = field(default=None, repr=False)
    dof: float | None = None

    @property
    def dimension(self) -> int:
        """The highest dimension in which the region has resels."""
        return int(np.flatnonzero(self.resels)[-1]) if self.resels.any() else 0

    @property
    def elements_per_resel(self) -> float:
        """Elements in a resel of the highest dimension; NaN where it is not known."""
        known = self.fwhm[np.isfinite(self.fwhm)]
        return float(np.prod(known)) if len(known) else math.nan

    @classmethod
    def of_resels(
        cls, resels: ArrayLike, n_elements: int, fwhm: ArrayLike | None = None
    ) -> Smoothness:
        """Return the smoothness that another program prints.

        Parameters
        ----------
        resels : array-like of 1 to 4 numbers
            In 0, 1, 2 and 3 dimensions, as SPM's `R`. Where only the volume is known, zeros before
            it: ``(0, 0, 0, VOLUME / RESELS)``, as FSL reckons.
        n_elements : int
            Elements of the search region: SPM's `S`, FSL's `VOLUME`.
        fwhm : array-like, optional
            In elements along each axis. By default all elements share the resels of the highest
            dimension, as in FSL; in SPM they do not, since only cubes of voxels make volume.

        Raises
        ------
        InputError
            When these are no such numbers.
        """
        given = np.atleast_1d(np.asarray(resels, dtype=np.float64))
        if given.ndim != 1 or not 1 <= len(given) <= 4 or not np.isfinite(given).all():
            raise InputError(f"Resels are 1 to 4 numbers, in 0 to 3 dimensions. Got {resels!r}.")
        if not n_elements >= 1:
            raise InputError(f"A search region has at least one element. Got {n_elements!r}.")
        padded = np.concatenate([given, np.zeros(4 - len(given))])
        top = int(np.flatnonzero(padded)[-1]) if padded.any() else 0
        if padded[top] <= 0.0:
            raise InputError(f"Resels of the highest dimension must be positive. Got {resels!r}.")
        if fwhm is None:
            widths = np.full(top, (n_elements / padded[top]) ** (1 / top) if top else math.nan)
        else:
            widths = np.asarray(fwhm, dtype=np.float64).ravel()
            if not (widths > 0.0).any() or (widths <= 0.0).any():
                raise InputError(f"A FWHM is positive, in elements along each axis. Got {fwhm!r}.")
        return cls(padded, int(n_elements), widths, np.full(len(widths), math.nan))

    @classmethod
    def of_dlh(cls, dlh: float, n_elements: int) -> Smoothness:
        """Return the smoothness of a volume as FSL's `smoothest` prints it.

        Parameters
        ----------
        dlh : float
            Root of the determinant of Λ, `DLH`: (4 ln 2)^(3/2) over the voxels per resel, `RESELS`.
        n_elements : int
            Voxels of the mask, `VOLUME`.

        Raises
        ------
        InputError
            When a number is not positive.

        Examples
        --------
        >>> fsl = Smoothness.of_dlh(0.0461667, 45_000)
        >>> fsl.resels.round(2), round(fsl.elements_per_resel, 3)
        (array([  0.,   0.,   0., 450.]), 100.0)
        """
        if not (math.isfinite(dlh) and dlh > 0.0):
            raise InputError(f"dlh must be a positive number. Got {dlh!r}.")
        return cls.of_resels((0.0, 0.0, 0.0, n_elements * dlh / ROUGHNESS**1.5), n_elements)

    @classmethod
    def join(cls, parts: Sequence[Smoothness]) -> Smoothness:
        """Return that of regions with no element in common: their resels add.

        Parameters
        ----------
        parts : sequence of Smoothness
            Of a grid and a mesh, say, in the order of their elements; the width of a resel is then
            not known, and nothing is said of the size of clusters.
        """
        if len(parts) == 1:
            return parts[0]
        maps = [part.resels_per_element for part in parts if part.resels_per_element is not None]
        return cls(
            np.sum([part.resels for part in parts], axis=0),
            sum(part.n_elements for part in parts),
            np.full(3, math.nan),
            np.full(3, math.nan),
            np.concatenate(maps) if len(maps) == len(parts) else None,
            parts[0].dof,
        )

    def spread(self, keep: Flags) -> Smoothness:
        """Return the same with its map over V elements, NaN where `keep`, shape (V,), is false."""
        if self.resels_per_element is None:
            return self
        full = np.full(len(keep), math.nan)
        full[keep] = self.resels_per_element
        return replace(self, resels_per_element=full)
