"""What a map holds, z, t, F or p-values: by its header, or by the look of its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError, MapWarning, warn
from secondlevel.inference.normal import height_of

Floats = NDArray[np.float64]
Kind = Literal["z", "t", "F", "p", "other"]

INTENTS: dict[str, tuple[Kind, str]] = {
    "z score": ("z", "z"),
    "t test": ("t", "t"),
    "f test": ("F", "F"),
    "p value": ("p", "p-values"),
    "chi2": ("other", "chi-square"),
    "correlation": ("other", "correlations"),
    "log p value": ("other", "logarithms of p"),
    "log10 p value": ("other", "logarithms of p"),
    "estimate": ("other", "estimates"),
}
"""Kind and words for what a map holds, by the intent in its NIfTI header. Others do not tell."""

# What follows from it is each claim's own. A map cut at a z of 0.3 is hardly ever meant, so
# threshold_stats_img refuses it where the header says z, t or F. A bound on true discoveries holds
# at any z, so cluster_level_inference only warns. A table is of any unit, as of d or beta, so
# without a header get_clusters_table warns only where the threshold leaves nearly all of the map.
SMALLEST_HEIGHT = 0.5
"""A threshold nearer to 0 may be meant as a p-value: nobody looks for a z that small."""


@dataclass(frozen=True)
class Held:
    """What a map holds by its header.

    Parameters
    ----------
    intent : str, optional
        NIfTI's word for it; None when there is no header or it does not tell. Surface images have
        none.
    params : tuple of float
        What goes with the intent: degrees of freedom of t; of contrast and residuals for F.

    Examples
    --------
    >>> Held("t test", (23.0,)).kind, Held("t test", (23.0,)).dof, Held().kind
    ('t', (23.0,), None)
    """

    intent: str | None = None
    params: tuple[float, ...] = ()

    @property
    def kind(self) -> Kind | None:
        """The statistic, "p", "other" for what is neither; None when nothing is known."""
        return None if self.intent is None else INTENTS[self.intent][0]

    @property
    def dof(self) -> tuple[float, ...]:
        """Degrees of freedom of t (one) or F (two); none where the header leaves them 0."""
        known = self.kind in {"t", "F"} and all(dof > 0 for dof in self.params)
        return self.params if known else ()

    @property
    def words(self) -> str:
        """What to call it in messages."""
        assert self.intent is not None  # nothing is said of what is not known
        return INTENTS[self.intent][1]


def held_by(image: Any) -> Held:
    """Return what an image holds by its header.

    Parameters
    ----------
    image : SpatialImage or SurfaceImage
        From `load_map`.

    Examples
    --------
    >>> import nibabel as nib
    >>> image = nib.Nifti1Image(np.zeros((2, 2, 2)), np.eye(4))
    >>> image.header.set_intent("f test", (2, 21))
    >>> held_by(image)
    Held(intent='f test', params=(2.0, 21.0))
    """
    header: Any = getattr(image, "header", None)
    if not hasattr(header, "get_intent"):
        return Held()
    intent, params, _ = header.get_intent()
    return Held(intent, tuple(float(param) for param in params)) if intent in INTENTS else Held()


def hand_on(held: Held, image: Any) -> Any:
    """Write into the header of an image just made what it holds; return the image."""
    if held.intent is not None and hasattr(image, "header"):
        image.header.set_intent(held.intent, held.params)
    return image


def expect(
    image: Any,
    values: Floats,
    wanted: str | None = None,
    *,
    by: str | None = None,
    strict: bool = False,
) -> Held:
    """Compare what a map holds with what it is taken for.

    Parameters
    ----------
    image : SpatialImage or SurfaceImage
        The map, from `load_map`.
    values : array of shape (V,)
        Its values, which are looked at when the header does not tell.
    wanted : {"z", "t", "F"}, optional
        The statistic it is taken for; by default any that is large where there is an effect.
    by : str, optional
        What takes it for that, as ``"height_control='rft'"``.
    strict : bool
        Whether another statistic than `wanted` is an error, as it is beside a null distribution.

    Returns
    -------
    Held
        By the header.

    Raises
    ------
    InputError
        When the header says that these are p-values; when it says that they are another statistic
        and `strict` is asked for.

    Warns
    -----
    MapWarning
        When the header says that they are another statistic; when it does not tell, and all values
        lie between 0 and 1.

    Examples
    --------
    >>> import nibabel as nib
    >>> z = nib.Nifti1Image(np.array([[[2.5, -1.0]]]), np.eye(4))
    >>> z.header.set_intent("z score")
    >>> expect(z, np.array([2.5, -1.0]), "z").kind
    'z'
    """
    held = held_by(image)
    if held.kind is None:
        _warn_if_like_p(values, wanted)
    elif held.kind == "p" and wanted is None:
        raise InputError(
            "stat_img holds p-values by its header, which are small where there is an effect; a "
            "statistic is wanted, which is large there. Pass compute_contrast(contrast, "
            "output_type='z_score')."
        )
    elif wanted is not None and held.kind != wanted:
        taken = "is taken" if by is None else f"{by} takes it"
        message = (
            f"stat_img holds {held.words} by its header, and {taken} for {wanted}: their heights "
            "do not compare. Pass compute_contrast(contrast, "
            f"output_type={'z_score' if wanted == 'z' else 'stat'!r})."
        )
        if strict or held.kind == "p":
            raise InputError(message)
        # As in nilearn, which does not look; with many degrees of freedom t is nearly z.
        warn(message, MapWarning)
    return held


def may_be_p(threshold: float) -> bool:
    """Whether a threshold of either side lies so near to 0 that it may be meant as a p-value.

    Examples
    --------
    >>> may_be_p(-0.05), may_be_p(0.0), may_be_p(0.5)
    (True, False, False)
    """
    return 0 < abs(threshold) < SMALLEST_HEIGHT


def words_for_p(name: str, threshold: float) -> str:
    """Say that a threshold may be meant as a p-value, and which z have it.

    Parameters
    ----------
    name : str
        What the parameter is called.
    threshold : float
        One that `may_be_p`.

    Examples
    --------
    >>> print(words_for_p("threshold", 0.05))
    threshold=0.05 looks like a p-value; it is in the unit of the map. As z, p = 0.05 is 1.645 for \
    one side and 1.96 for both
    """
    p = abs(threshold)
    return (
        f"{name}={threshold:g} looks like a p-value; it is in the unit of the map. As z, "
        f"p = {p:g} is {height_of(p):.4g} for one side and {height_of(p / 2):.4g} for both"
    )


def looks_like_p(values: Floats) -> bool:
    """Whether all values lie between 0 and 1, and are not all the same, as those of p maps.

    Examples
    --------
    >>> looks_like_p(np.array([0.03, 0.7])), looks_like_p(np.array([0.3, -0.7]))
    (True, False)
    """
    low, high = float(values.min()), float(values.max())
    return low >= 0 and high <= 1 and low < high


def _warn_if_like_p(values: Floats, wanted: str | None) -> None:
    if looks_like_p(values):
        taken = "a statistic" if wanted is None else wanted
        warn(
            "All values of stat_img lie between 0 and 1, as p-values do, and it is taken for "
            f"{taken}. If they are p-values, pass compute_contrast(contrast, "
            "output_type='z_score').",
            MapWarning,
        )
