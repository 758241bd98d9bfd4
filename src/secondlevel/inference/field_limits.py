"""What random field theory can be asked, and where its p-values are known to be off."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.errors import InputError, RandomFieldWarning, warn
from secondlevel.inference.arguments import as_numbers
from secondlevel.inference.euler import Field
from secondlevel.inference.lowest_height import lowest_height
from secondlevel.inference.smoothness import Smoothness

Floats = NDArray[np.float64]

NARROWEST = 2.5
"""FWHM in elements below which the elements are too coarse for the theory."""

LAXEST = 0.001
"""p of the laxest cluster-forming threshold at which sizes of clusters follow the theory."""

NEARLY_SAME = 0.01
"""Share of the elements that a map may lack: those where it happens to be 0 or has no value."""


def check_field_is_finite(field: Field, dimension: int) -> None:
    """Raise InputError where a field has fewer degrees of freedom than dimensions."""
    if field.dof is not None and field.dof < dimension:
        raise InputError(
            f"A field of {field.name} in {dimension} dimensions needs at least {dimension} "
            "residual degrees of freedom; with fewer it is infinite somewhere. Take more maps, "
            "or correct by Bonferroni or permutation."
        )


def as_heights(heights: ArrayLike) -> Floats:
    """Return heights as numbers, or raise when they are none, or one is negative or NaN."""
    values = as_numbers(heights, "Heights of peaks are numbers")
    if not (values >= 0.0).all():
        raise InputError(
            "Heights of peaks are not negative; those of the negative side are handed over with "
            f"their sign changed. The lowest is {values.min():g}."
        )
    return values


def as_extents(extents: ArrayLike) -> Floats:
    """Return extents of clusters as numbers, or raise when they are none, or one is negative."""
    values = as_numbers(extents, "Extents of clusters are numbers of elements")
    if not (values >= 0.0).all():
        raise InputError(
            f"Extents of clusters are numbers of elements, not negative. Got {values.min():g}."
        )
    return values


def warn_of_coarse_elements(smoothness: Smoothness) -> None:
    """Warn where the FWHM is below 2.5 elements."""
    widths = smoothness.fwhm[np.isfinite(smoothness.fwhm)]
    if len(widths) and widths.min() < NARROWEST:
        shown = " × ".join(f"{width:.2f}" for width in widths)
        warn(
            f"The FWHM is {shown} elements. Random field theory takes a map for continuous; below "
            f"{NARROWEST} elements its p-values are not to be relied on (Hayasaka and Nichols, "
            "2003, NeuroImage 20, 2343). Smooth the maps more, or use permutation.",
            RandomFieldWarning,
        )


def warn_of_other_elements(smoothness: Smoothness, n_elements: int) -> None:
    """Warn where clusters would be measured in resels, if a map had the elements for it."""
    if smoothness.stationary or smoothness.aligns(n_elements):
        return
    warn(
        f"The map has {n_elements} elements, the random field {smoothness.n_elements}, so that the "
        "clusters are measured by their number of elements, not by the resels of each; where "
        "elements lie closer than on average p is too small. Pass the mask of the random field as "
        "mask_img (model.mask_img_).",
        RandomFieldWarning,
    )


def warn_of_lax_threshold(field: Field, threshold: float) -> None:
    """Warn where clusters are formed at a threshold whose p, on one side, is above 0.001."""

    def p_of(heights: ArrayLike) -> Floats:
        return field.tail(np.asarray(heights, dtype=np.float64)).p

    p = float(p_of(threshold))
    # 3.09 and 3.1 are p = 0.001 to who writes them.
    if p <= 1.01 * LAXEST:
        return
    strict = lowest_height(field, p_of, LAXEST)
    warn(
        f"Clusters were formed at {field.name} = {threshold:g} (p = {p:.2g}). Their sizes follow "
        f"random field theory only from p = {LAXEST} on, which is {strict:.4g} "
        f"(threshold_uncorrected({LAXEST})); laxer thresholds give too many false clusters (Woo et "
        "al., 2014, NeuroImage 91, 412; Eklund et al., 2016, PNAS 113, 7900). Use a higher "
        "threshold, or permutation.",
        RandomFieldWarning,
    )
