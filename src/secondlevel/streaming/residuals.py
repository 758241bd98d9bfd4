"""Further passes over maps: how smooth their residuals are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Self

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError
from secondlevel.inference.roughness import Roughness, make_roughness
from secondlevel.inference.smoothness import Smoothness
from secondlevel.inputs.sources import MapSource
from secondlevel.models.least_squares import TOO_SMALL
from secondlevel.spaces.surface import SurfaceSpace
from secondlevel.spaces.volume import VolumeSpace
from secondlevel.streaming.account import check_every_map_has_values, say_what_is_missing
from secondlevel.streaming.analysis import Analysis, Fit
from secondlevel.streaming.missing import Exclude
from secondlevel.streaming.onepass import Pass, Progress, block_size, run_pass
from secondlevel.streaming.reader import SurfaceMapReader, VolumeMapReader

Floats = NDArray[np.float64]

CHUNK = 8192
"""Elements standardised at a time: a block of rows of this width stays in the cache."""

Method = Callable[[Roughness, Floats, float | None], Smoothness]

METHODS: dict[str, Method] = {
    "differences": lambda region, sums, dof: region.smoothness(sums, dof),
    "autocorrelation": lambda region, sums, dof: region.smoothness_by_correlation(sums, dof),
}
"""Every way to tell smoothness from the differences of neighbours, by name."""


@dataclass(frozen=True, eq=False)
class Summed:
    """Sums over some maps; those over the maps of two parts add.

    Parameters
    ----------
    sums : tuple of arrays
    """

    sums: tuple[Floats, ...]

    def merge(self, other: Self) -> Self:
        """Combine with the maps of another part."""
        return type(self)(tuple(a + b for a, b in zip(self.sums, other.sums, strict=True)))


@dataclass(frozen=True, eq=False)
class StandardisedResiduals:
    """Reduces maps to the differences of their standardised residuals, where the fit is known.

    Parameters
    ----------
    coefficients : array of shape (p, V)
    scale : array of shape (V,)
        One over the root of the residual sum of squares, which is not 0.
    regions : tuple of Roughness
        Of the V elements, in their order.
    dof : float, optional
        Residual degrees of freedom.
    method : callable
        One of METHODS.
    """

    coefficients: Floats
    scale: Floats
    regions: tuple[Roughness, ...]
    dof: float | None
    method: Method = METHODS["differences"]

    def reduce(self, rows: Floats, data: Floats) -> Summed:
        """Reduce design rows (b, p) and data (b, V), finite, to sums for every region."""
        residuals = np.empty_like(data)
        for start in range(0, data.shape[1], CHUNK):
            part = slice(start, start + CHUNK)
            left = data[:, part] - rows @ self.coefficients[:, part]
            np.multiply(left, self.scale[part], out=residuals[:, part])
        stops = np.cumsum([region.n_elements for region in self.regions])[:-1]
        parts = np.split(residuals, stops, axis=1)
        pairs = zip(self.regions, parts, strict=True)
        return Summed(tuple(region.sums(part) for region, part in pairs))

    def smoothness(self, of_all: Summed) -> Smoothness:
        """Turn the sums over all maps into smoothness."""
        pairs = zip(self.regions, of_all.sums, strict=True)
        return Smoothness.join([self.method(region, sums, self.dof) for region, sums in pairs])


def measure_smoothness(
    analysis: Analysis, sources: Sequence[MapSource], fit: Fit, progress: Progress | None = None
) -> Smoothness:
    """Measure the smoothness of the residuals of a fit.

    Parameters
    ----------
    analysis : Analysis
        What was fitted.
    sources : sequence of n MapSource
        The maps fitted; read once more, unless the fit has kept their data.
    fit : Fit
    progress : callable, optional
        Called with the number of maps done since the last call.

    Returns
    -------
    Smoothness
        Of the elements with residual variance; its maps are NaN at the others.

    Raises
    ------
    InputError
        When there are none, or they tell nothing.
    """
    tested = ~fit.estimate.constant
    estimate, space, data = fit.estimate, fit.space, fit.data
    if not tested.all():
        require_variance(int(np.count_nonzero(tested)))
        estimate, space = estimate.narrow(tested), space.narrow(tested)
        data = None if data is None else data[:, tested]
    residuals = StandardisedResiduals(
        estimate.coefficients,
        1.0 / np.sqrt(estimate.residual_sum_of_squares),
        make_roughness(space.pieces),
        float(estimate.dof),
    )
    rows = analysis.design.matrix
    if data is None:
        job = analysis.pass_over(sources, space)
        gathered = run_pass(job, rows, residuals, n_jobs=analysis.n_jobs, progress=progress)
        of_all = gathered.partial
    else:
        # In the blocks of a pass, so that sums are rounded as they would be there.
        size = block_size(len(rows), rows.shape[1], data.shape[1])
        starts = range(0, len(rows), size)
        parts = [residuals.reduce(rows[i : i + size], data[i : i + size]) for i in starts]
        of_all = reduce(Summed.merge, parts)
    return residuals.smoothness(of_all).spread(tested)


def require_variance(n_elements: int) -> None:
    """Raise InputError when no element has residual variance."""
    if n_elements == 0:
        raise InputError(
            "Smoothness cannot be estimated: no element has residual variance. Are the maps "
            "constant, or copies of each other?"
        )


@dataclass(frozen=True)
class SquaresOnly:
    """Reduces maps to their sum of squares at every element."""

    def reduce(self, rows: Floats, data: Floats) -> Summed:  # noqa: ARG002 - no design
        """Reduce data (b, V), finite, to sums of shape (V,)."""
        return Summed((np.einsum("ij,ij->j", data, data),))


def measure_given(
    sources: Sequence[MapSource],
    space: VolumeSpace | SurfaceSpace,
    dof: float | None = None,
    n_jobs: int | None = 1,
    method: Method = METHODS["differences"],
) -> Smoothness:
    """Measure the smoothness of residuals that another program has left.

    Parameters
    ----------
    sources : sequence of n MapSource
        Residuals, or standardised ones, on the grid or mesh of the space. Each is read twice.
    space : Space
    dof : float, optional
        Residual degrees of freedom, where they are known.
    n_jobs : int or None
        Threads, in joblib's meaning.
    method : callable
        One of METHODS.

    Returns
    -------
    Smoothness
        Of the elements where all maps have a value and some is not 0; its maps are NaN elsewhere.

    Raises
    ------
    MaskError
        When a map has no value anywhere, or no element has one in all maps.
    InputError
        When no element has residual variance, or residuals tell nothing.
    """
    rows = np.empty((len(sources), 0))
    gathered = run_pass(_plan(sources, space), rows, SquaresOnly(), n_jobs=n_jobs)
    names = [source.name for source in sources]
    check_every_map_has_values(names, gathered)
    complete = gathered.present == len(sources)
    say_what_is_missing(names, gathered, np.ones_like(complete), complete, Exclude())
    (squares,) = gathered.partial.sums
    tested = complete & (squares > TOO_SMALL)
    require_variance(int(np.count_nonzero(tested)))
    inner = space.narrow(tested)
    residuals = StandardisedResiduals(
        np.empty((0, inner.n_elements)),
        1.0 / np.sqrt(squares[tested]),
        make_roughness(inner.pieces),
        # They span no more dimensions than there are maps.
        float(len(sources) if dof is None else dof),
        method,
    )
    of_all = run_pass(_plan(sources, inner), rows, residuals, n_jobs=n_jobs).partial
    return replace(residuals.smoothness(of_all).spread(tested), dof=dof)


def _plan(sources: Sequence[MapSource], space: VolumeSpace | SurfaceSpace) -> Pass:
    if isinstance(space, SurfaceSpace):
        return Pass(sources, SurfaceMapReader(space), Exclude())
    return Pass(sources, VolumeMapReader(space), Exclude())
