"""From the sources of one effect to an estimate: mask, one pass, missing values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import joblib
import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from secondlevel.design.matrix import Design
from secondlevel.inputs.sources import MapFile, MapImage, MapSource, MapSurface
from secondlevel.models.least_squares import LeastSquares, LeastSquaresEstimate, RowsReduced
from secondlevel.spaces.masking import Masking
from secondlevel.spaces.surface import SurfaceSpace, whole_mesh
from secondlevel.spaces.volume import VolumeSpace
from secondlevel.streaming.account import (
    check_every_map_has_values,
    say_what_is_constant,
    say_what_is_missing,
)
from secondlevel.streaming.cache import CACHE_FORMAT, CachedReader
from secondlevel.streaming.grids import check_grids
from secondlevel.streaming.missing import Missing
from secondlevel.streaming.onepass import Gathered, Pass, Progress, read_all, run_pass
from secondlevel.streaming.reader import Reader, SurfaceMapReader, VolumeMapReader

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Fit:
    """The estimate of one effect, and where it holds.

    Parameters
    ----------
    space : Space
        The V elements analysed.
    estimate : LeastSquaresEstimate
        At these elements.
    mask_space : Space
        The elements of the mask, before those with missing values were left out.
    kept : bool array of shape (elements of the mask,)
        Which of these are analysed.
    coverage : int array of shape (elements of the mask,)
        Number of maps with a value.
    data : array of shape (n, V) or None
        The masked maps, if they were to be kept.
    """

    space: VolumeSpace | SurfaceSpace
    estimate: LeastSquaresEstimate
    mask_space: VolumeSpace | SurfaceSpace
    kept: Flags
    coverage: Counts
    data: Floats | None

    @property
    def kept_data(self) -> Floats:
        """The masked maps, shape (n, V).

        Raises
        ------
        AttributeError
            When they were not kept.
        """
        if self.data is None:
            raise AttributeError(
                "The masked maps of this fit were not kept. Fit again with `minimize_memory` set "
                "to `False`."
            )
        return self.data

    def predicted(self, design: Design) -> Floats:
        """Fitted values, shape (n, V)."""
        return self.estimate.predict(design.matrix)

    def residuals(self, design: Design) -> Floats:
        """Maps minus fitted values, shape (n, V)."""
        return self.kept_data - self.predicted(design)


@dataclass(frozen=True, eq=False)
class Analysis:
    """All that a pass over the maps of an effect depends on, besides the maps.

    Parameters
    ----------
    design : Design
        One row per map.
    masking : Masking
        Mask, target grid, smoothing.
    missing : Missing
        What to do where a map has no value.
    estimator : LeastSquares
        What reduces the maps.
    keep_data : bool
        Whether to keep the masked maps.
    memory : joblib.Memory
        Cache of masked maps.
    n_jobs : int or None
        Threads for reading.
    """

    design: Design
    masking: Masking
    missing: Missing
    estimator: LeastSquares
    keep_data: bool
    memory: joblib.Memory
    n_jobs: int | None = 1

    def run(
        self,
        sources: Sequence[MapSource],
        space: VolumeSpace | SurfaceSpace | None,
        progress: Progress | None = None,
    ) -> Fit:
        """Read the maps of one effect once and fit the design to them.

        Parameters
        ----------
        sources : sequence of n MapSource
            In the order of the design's rows; their grids were checked by `space_before`.
        space : Space or None
            Where the maps are masked; None: a mask is computed from their mean.
        progress : callable, optional
            Called with the number of maps done since the last call.

        Returns
        -------
        Fit

        Raises
        ------
        MapError
            When a map cannot be read.
        MaskError
            When the mask covers no data.
        """
        automatic = space is None
        if space is None:
            space = self._everywhere(sources[0])
        job = Pass(
            sources,
            self._reader(space, caching=not automatic),
            self.missing,
            keep_data=self.keep_data,
            mask_later=automatic and isinstance(space, VolumeSpace),
        )
        gathered = run_pass(
            job, self.design.matrix, self.estimator, n_jobs=self.n_jobs, progress=progress
        )
        return self._finish(space, sources, gathered)

    def space_before(
        self, sources: Sequence[MapSource], sample: MapSource | None
    ) -> tuple[VolumeSpace | SurfaceSpace | None, MapSource | None]:
        """Check the grids of all maps; find the space, unless it depends on the values of all.

        Parameters
        ----------
        sources : sequence of MapSource
            The maps of all effects. No voxel of them is read before all their headers have been
            compared.
        sample : MapSource or None
            What to compute a mask from if none was given; None means the mean of the maps.

        Returns
        -------
        space : Space or None
            None where it depends on the mean of the maps.
        held : MapSource or None
            The sample as it was loaded, if it was, so that it need not be read again.

        Raises
        ------
        MapError
            When there is no mask and maps lie on different grids.
        MaskError
            When the mask cannot be used, or none be computed.
        """
        space = None if self.masking.mask is None else self.masking.space()
        check_grids(sources, space, resampling_asked=self.masking.target_affine is not None)
        if space is not None or sample is None:
            return space, None
        image = sample.image()
        if hasattr(image, "mesh"):
            return whole_mesh(image), MapSurface(sample.name, image)
        held = MapImage(sample.name, image, tuple(image.shape[:3]), image.affine)
        return self.masking.compute(image), held

    def read(
        self,
        sources: Sequence[MapSource],
        space: VolumeSpace | SurfaceSpace,
        progress: Progress | None = None,
    ) -> Floats:
        """Mask maps as this analysis does, without fitting: shape (maps, V).

        A value that is missing stays NaN where missing elements are left out, and is 0 where
        missing values are taken for 0.
        """
        check_grids(sources, space, resampling_asked=self.masking.target_affine is not None)
        return read_all(self.pass_over(sources, space), n_jobs=self.n_jobs, progress=progress)

    def pass_over(self, sources: Sequence[MapSource], space: VolumeSpace | SurfaceSpace) -> Pass:
        """Plan a pass over maps, masked as this analysis does."""
        return Pass(sources, self._reader(space, caching=True), self.missing)

    def _reader(self, space: VolumeSpace | SurfaceSpace, *, caching: bool) -> Reader:
        reader: Reader
        if isinstance(space, SurfaceSpace):
            reader = SurfaceMapReader(space)
        else:
            reader = VolumeMapReader(space, self.masking.smoothing_fwhm, self.missing.filler)
        if self.memory.location is None or not caching:
            return reader
        settings = (self.masking.smoothing_fwhm, str(self.missing.filler), CACHE_FORMAT)
        return CachedReader(reader, self.memory, settings)

    def _everywhere(self, source: MapSource) -> VolumeSpace | SurfaceSpace:
        """The space of every voxel or vertex: where a mask that depends on the maps will lie."""
        if isinstance(source, (MapFile, MapImage)):
            return self.masking.grid(source.shape, source.affine)
        return whole_mesh(source.image())

    def _finish(
        self,
        space: VolumeSpace | SurfaceSpace,
        sources: Sequence[MapSource],
        gathered: Gathered[RowsReduced],
    ) -> Fit:
        names = [source.name for source in sources]
        if np.isnan(self.missing.filler):
            check_every_map_has_values(names, gathered)
        inside = self._inside(space, sources, gathered)
        coverage = gathered.present[inside]
        mask_space = space.narrow(inside)
        kept = self.missing.keep(coverage, len(sources))
        say_what_is_missing(names, gathered, inside, kept, self.missing)
        chosen = inside.copy()
        chosen[inside] = kept
        estimate = self.estimator.finish(gathered.partial, self.design.rank)
        data = np.vstack(gathered.data) if gathered.data else None
        if not chosen.all():
            estimate = estimate.narrow(chosen)
            data = None if data is None else data[:, chosen]
        say_what_is_constant(estimate)
        return Fit(mask_space.narrow(kept), estimate, mask_space, kept, coverage, data)

    def _inside(
        self,
        space: VolumeSpace | SurfaceSpace,
        sources: Sequence[MapSource],
        gathered: Gathered[RowsReduced],
    ) -> Flags:
        """Which of the elements read belong to the mask."""
        if gathered.raw_sum is None or not isinstance(space, VolumeSpace):
            return np.ones(space.n_elements, dtype=bool)
        affine = next(s.affine for s in sources if isinstance(s, (MapFile, MapImage)))
        mean = nib.Nifti1Image(gathered.raw_sum / len(sources), affine)
        return self.masking.compute(mean).mask[space.mask]
