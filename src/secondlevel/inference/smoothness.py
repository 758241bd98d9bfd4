"""Smoothness: how wide the features of the noise are, and how many resels a search region has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.errors import InputError
from secondlevel.inference.arguments import as_numbers, check_count
from secondlevel.inference.euler import ROUGHNESS
from secondlevel.inference.extents import count_elements

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Labels = NDArray[np.integer]


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
        Resels that every element occupies, in the order of a masker's vectors (C order of the
        mask; vertices part after part); NaN where the maps do not tell: on a grid where the cube
        that begins with an element is not all in the mask, on a mesh outside its triangles.
    dof : float, optional
        Residual degrees of freedom of the maps it was estimated from.
    fwhm_mm_per_element : array of shape (V,), optional
        Width in mm of a resel where every element is, the geometric mean of all axes; NaN where the
        maps do not tell, or do not differ from those beside.
    stationary : bool, default=True
        Whether all elements count the same in a cluster. If not, each counts with its resels.
    measured : bool array of shape (V,), optional
        Where the maps of V elements are those of the search region; by default everywhere.

    See Also
    --------
    secondlevel.SecondLevelModel.smoothness_ : That of a fitted model.
    secondlevel.estimate_smoothness : From residuals that another program has left.
    secondlevel.smoothness_from_fwhm : That of noise of a known FWHM; for a small volume, say.

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
    fwhm_mm_per_element: Floats | None = field(default=None, repr=False)
    stationary: bool = True
    measured: Flags | None = field(default=None, repr=False)

    @property
    def dimension(self) -> int:
        """The highest dimension in which the region has resels."""
        return int(np.flatnonzero(self.resels)[-1]) if self.resels.any() else 0

    @property
    def elements_per_resel(self) -> float:
        """Elements in a resel of the highest dimension; NaN where it is not known."""
        known = self.fwhm[np.isfinite(self.fwhm)]
        return float(np.prod(known)) if len(known) else math.nan

    def aligns(self, n_elements: int) -> bool:
        """Whether so many elements are those of the search region, or all that were analysed."""
        analysed = self.n_elements if self.measured is None else len(self.measured)
        return n_elements in {self.n_elements, analysed}

    def extents(self, labels: Labels, n_clusters: int) -> Floats:
        """Measure clusters in elements of average size, shape (n_clusters,).

        Parameters
        ----------
        labels : int array of shape (V,)
            Cluster of every element, from 1; 0 where it belongs to none.
        n_clusters : int

        Returns
        -------
        array of shape (n_clusters,)
            The number of elements where the noise is stationary; else their resels times the
            elements per resel, of an element whose resels are not known the mean. The number, too,
            where labels do not `align` with the search region.

        Examples
        --------
        >>> strip = Smoothness.of_resels([1, 2.0], 4, fwhm=[2.0])
        >>> strip = replace(strip, resels_per_element=np.array([0.2, 0.3, 0.5, 1.0]))
        >>> labels = np.array([1, 1, 0, 2])
        >>> strip.extents(labels, 2), replace(strip, stationary=False).extents(labels, 2)
        (array([2., 1.]), array([1., 2.]))
        """
        sizes = None if self.stationary else self._sizes(len(labels))
        if sizes is None:
            return count_elements(labels, n_clusters)
        summed = np.bincount(labels, sizes, minlength=n_clusters + 1)[1:]
        return np.asarray(summed, dtype=np.float64)

    def _sizes(self, n_elements: int) -> Floats | None:
        """Size of every element of a map, in elements of average size; None where not known."""
        resels, per_resel = self.resels_per_element, self.elements_per_resel
        if resels is None or math.isnan(per_resel) or not self.aligns(n_elements):
            return None
        if n_elements != len(resels) and self.measured is not None:
            resels = resels[self.measured]
        return np.where(np.isnan(resels), 1.0, resels * per_resel)

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
        given = as_numbers(resels, "Resels are 1 to 4 numbers, in 0 to 3 dimensions")
        if given.ndim != 1 or not 1 <= len(given) <= 4 or not np.isfinite(given).all():
            raise InputError(f"Resels are 1 to 4 numbers, in 0 to 3 dimensions. Got {resels!r}.")
        n_elements = check_count(n_elements)
        padded = np.concatenate([given, np.zeros(4 - len(given))])
        top = int(np.flatnonzero(padded)[-1]) if padded.any() else 0
        if padded[top] <= 0.0:
            raise InputError(f"Resels of the highest dimension must be positive. Got {resels!r}.")
        if fwhm is None:
            widths = np.full(top, (n_elements / padded[top]) ** (1 / top) if top else math.nan)
        else:
            wanted = "A FWHM is positive, in elements along each axis"
            widths = as_numbers(fwhm, wanted).ravel()
            if not (widths > 0.0).any() or (widths <= 0.0).any():
                raise InputError(f"{wanted}. Got {fwhm!r}.")
        return cls(padded, n_elements, widths, np.full(len(widths), math.nan))

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
        if as_numbers(dlh, "dlh must be a positive number").ndim or not 0.0 < dlh < math.inf:
            raise InputError(f"dlh must be a positive number. Got {dlh!r}.")
        n_elements = check_count(n_elements)
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
        return cls(
            np.sum([part.resels for part in parts], axis=0),
            sum(part.n_elements for part in parts),
            np.full(3, math.nan),
            np.full(3, math.nan),
            _one_after_another([part.resels_per_element for part in parts]),
            parts[0].dof,
            _one_after_another([part.fwhm_mm_per_element for part in parts]),
            stationary=all(part.stationary for part in parts),
        )

    def spread(self, keep: Flags) -> Smoothness:
        """Return the same with its maps over V elements, NaN where `keep`, shape (V,), is false."""

        def over_all(values: Floats | None) -> Floats | None:
            if values is None:
                return None
            full = np.full(len(keep), math.nan)
            full[keep] = values
            return full

        return replace(
            self,
            resels_per_element=over_all(self.resels_per_element),
            fwhm_mm_per_element=over_all(self.fwhm_mm_per_element),
            measured=keep,
        )


def local_fwhm(occupied: float | Floats, resels: Floats, dimension: int) -> Floats:
    """Width in mm of a resel, from what an element occupies, in mm^D and in resels."""
    with np.errstate(divide="ignore", invalid="ignore"):
        widths = (occupied / resels) ** (1.0 / max(dimension, 1))
    return np.asarray(np.where(np.isfinite(widths), widths, math.nan))


def _one_after_another(maps: Sequence[Floats | None]) -> Floats | None:
    """Maps of several regions as one; None where one of them is not known."""
    known = [one for one in maps if one is not None]
    return np.concatenate(known) if len(known) == len(maps) else None
