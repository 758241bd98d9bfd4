"""What a permutation run found, as images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError
from secondlevel.inference.null import MaximumNull
from secondlevel.permutation.result import ContrastResult, PermutationResult
from secondlevel.results.contrast import Shuffled
from secondlevel.results.surfaces import as_saved
from secondlevel.spaces.base import Space

Floats = NDArray[np.float64]

INTENTS = {"t": "t test", "F": "f test", "partial_r": "correlation"}


@dataclass(frozen=True, eq=False, repr=False)
class PermutationMaps:
    """A permutation run of the maps of a model.

    Parameters
    ----------
    result : PermutationResult
        The same as arrays, and how it was made.
    space : Space
        The V elements.
    connectivity : int, optional
        Neighbours of a voxel; None on surfaces.

    Examples
    --------
    >>> import nibabel as nib, pandas as pd
    >>> from secondlevel import SecondLevelModel
    >>> rng = np.random.default_rng(0)
    >>> maps = [nib.Nifti1Image(rng.normal(1, 1, (4, 4, 4)), np.eye(4)) for _ in range(8)]
    >>> mask = nib.Nifti1Image(np.ones((4, 4, 4), dtype="u1"), np.eye(4))
    >>> model = SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"mean": [1] * 8}))
    >>> found = model.permute("mean")
    >>> found
    PermutationMaps(contrasts 'mean'; images t, z, logp_max_t; 256 shuffles)
    >>> found.image().shape
    (4, 4, 4)
    """

    result: PermutationResult
    space: Space
    connectivity: int | None = None

    def __repr__(self) -> str:
        """Say what is there; the arrays would fill pages."""
        names = ", ".join(f"'{one.name}'" for one in self.result.contrasts)
        return (
            f"PermutationMaps(contrasts {names}; images {', '.join(self.keys())}; "
            f"{self.result.n_shuffles} shuffles)"
        )

    def keys(self, contrast: int | str = 0) -> tuple[str, ...]:
        """Names of the images of a contrast, by its number or name.

        Those of the statistic ("t", "F", "v", "G", "partial_r", "partial_r2"), its "z", "size" and
        "mass" of clusters, "tfce"; with "logp_max_" before them -log10 of the family-wise p, with
        "logp_unc_" of the uncorrected p, with "logp_fdr_" of the false discovery rate.
        """
        return tuple(self._arrays(self.result[contrast]))

    def image(self, key: str | None = None, contrast: int | str = 0) -> Any:
        """Return one image.

        Parameters
        ----------
        key : str, optional
            One of `keys`; by default -log10 of the family-wise p of the largest statistic.
        contrast : int or str, default=0
            Number or name.

        Returns
        -------
        Nifti1Image or SurfaceImage
            0 outside the elements that were analysed: no statistic, p = 1.

        Raises
        ------
        InputError
            When there is no such image; the message lists those there are.
        """
        result = self.result[contrast]
        arrays = self._arrays(result)
        asked = f"logp_max_{result.label}" if key is None else key
        if asked not in arrays:
            raise InputError(f"There is no image '{asked}'. There are {', '.join(arrays)}.")
        image = self.space.to_image(arrays[asked])
        if hasattr(image, "header"):
            _describe(image.header, asked, result)
        return image

    def images(self, contrast: int | str = 0) -> dict[str, Any]:
        """Return all images of a contrast, by name."""
        return {key: self.image(key, contrast) for key in self.keys(contrast)}

    def null(self, contrast: int | str = 0) -> MaximumNull:
        """Return the null of peaks and cluster sizes, as `get_clusters_table(null=)` takes it.

        For the map "z", or that of the statistic with ``scale="stat"``; see
        `PermutationResult.null`.
        """
        return self.result.null(contrast, connectivity=self.connectivity)

    def shuffled(self, contrast: int | str = 0) -> Shuffled:
        """Return what a report keeps of a contrast: maxima of shuffles, what was observed, words.

        Parameters
        ----------
        contrast : int or str, default=0
            Number or name.
        """
        run, result = self.result, self.result[contrast]
        largest, size = result.summaries["max"], result.summaries.get("size")
        return Shuffled(
            statistic="z" if run.scale == "z" else result.label,
            # Of several contrasts that are corrected together the maxima are those of all.
            observed=float(max((sign * largest.observed).max() for sign in run.sides.signs)),
            maxima=largest.maxima.max(axis=1),
            sizes=None if size is None else size.maxima.max(axis=1).astype(np.float64),
            observed_size=None if size is None else float(size.observed.max()),
            cluster_threshold=result.cluster_threshold,
            seed=None if run.exhaustive else run.shuffles.seed,
            exhaustive=run.exhaustive,
            description=run.describe(),
            log_p=as_saved(self.image(contrast=contrast)),
            stopped_early=run.stopped_early,
            size_unit="elements" if result.cluster_extent != "size" else self.space.size_unit,
        )

    def describe(self) -> str:
        """Say in words how the p-values were made."""
        return self.result.describe()

    def _arrays(self, result: ContrastResult) -> dict[str, Floats]:
        """Values of every image of a contrast."""
        arrays = {result.label: result.statistic}
        if self.result.scale == "z":
            arrays["z"] = result.heights
        for name, summary in result.summaries.items():
            shown = result.label if name == "max" else name
            if name != "max":
                arrays[shown] = summary.observed
            for kind, p in (
                ("max", summary.p),
                ("unc", summary.p_uncorrected),
                ("fdr", summary.q),
            ):
                if p is not None:
                    # Adding 0 turns the -0 of p = 1 into 0.
                    arrays[f"logp_{kind}_{shown}"] = -np.log10(p) + 0.0
        return arrays


def _describe(header: Any, key: str, result: ContrastResult) -> None:
    """Write into a NIfTI header what the image is."""
    header["descrip"] = f"{key} of contrast {result.name}".encode("ascii", "replace")[:79]
    if key == "z":
        header.set_intent("z score")
    elif key.startswith("logp_"):
        header.set_intent("log10 p value")
    elif key == result.label and key in INTENTS and np.ndim(result.dof) == 0:
        dof = float(np.ravel(result.dof)[0])
        header.set_intent(INTENTS[key], (result.dof_contrast, dof) if key == "F" else (dof,))
    elif key != result.label or key == "partial_r2":
        header.set_intent("estimate")
