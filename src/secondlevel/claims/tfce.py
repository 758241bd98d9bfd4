"""A statistical map enhanced free of a threshold: image in, image out."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from secondlevel.claims.arguments import check_connectivity
from secondlevel.claims.stat_map import load_map, read_stat_map
from secondlevel.claims.unit import expect
from secondlevel.errors import EmptyResultWarning, warn
from secondlevel.inference.arguments import check_flag
from secondlevel.inference.height import heights
from secondlevel.inference.tfce import Enhancement, enhance

Floats = NDArray[np.float64]

USUAL_E = {"voxel": 0.5, "vertex": 1.0}
"""Weight of the extent by kind of element (Smith and Nichols, 2009, NeuroImage 44, 83)."""

USUAL_H = 2.0


def tfce(
    stat_img: Any,
    mask_img: Any = None,
    E: float | None = None,
    H: float | None = None,
    connectivity: int = 26,
    two_sided: bool = True,
    *,
    dh: float | None = None,
    extent: Literal["elements", "size"] = "elements",
) -> Any:
    """Enhance a statistical map by the extent of its components at all thresholds (TFCE).

    Parameters
    ----------
    stat_img : Niimg-like or SurfaceImage
        One map of a statistic with its zero at "no effect", such as z or t. A volume's header is
        asked whether it holds p-values; a surface image has none, so make sure.
    mask_img : Niimg-like, SurfaceImage or masker, optional
        Elements to look at, on the map's own grid or mesh. By default those where the map is
        neither 0 nor NaN.
    E, H : float, optional
        Weights of extent (>= 0) and height (> -1); by default 0.5 and 2 in volumes, 1 and 2 on
        surfaces.
    connectivity : {6, 18, 26}, default=26
        Neighbours of a voxel. On a surface neighbours share an edge of the mesh.
    two_sided : bool, default=True
        Whether the negative side is enhanced too, by itself; its scores are negative. Else it is 0.
    dh : float, optional
        Sum over the levels dh, 2 dh, … that the value reaches, times dh, as other programs do. By
        default the exact integral, which it comes close to as dh goes to 0.
    extent : {"elements", "size"}, default="elements"
        Whether an extent is a number of elements, or their size in mm³ or mm².

    Returns
    -------
    Nifti1Image or SurfaceImage
        The score of every element, in double precision; 0 outside the mask.

    Raises
    ------
    InputTypeError
        When the map is no image, a weight or the step no number, or `two_sided` no truth value.
    InputError
        When a weight or the step is out of range, `connectivity` or `extent` none of those above,
        the map infinite somewhere, or one of p-values by its header.
    MapError
        When the map cannot be read, holds several maps, or lies elsewhere than the mask.
    MaskError
        When the mask cannot be used.

    Warns
    -----
    MissingDataWarning
        When elements of the mask have no value (NaN); they get 0, and join no neighbours.
    MapWarning
        When the map is constant, the mask a single element, or all values lie between 0 and 1, as
        those of p maps do, and no header tells.
    EmptyResultWarning
        When no value is above 0 (or no absolute value, for two sides), or none reaches `dh`.

    Notes
    -----
    score(v) = ∫ e_v(h)^E h^H dh over h from 0 to the value of v, where e_v(h) is the extent of the
    component of v among the elements of at least h (Smith and Nichols, 2009, NeuroImage 44, 83). It
    scales with the map, score(a x) = a^(H + 1) score(x), and depends on no component but that of v.

    PALM takes 100 levels, a hundredth of each map's maximum apart (its volumes are 6-connected, its
    surfaces measured in mm²): ``dh=maximum / 100``. nilearn does so too, with the largest absolute
    value, but leaves the factor dh out: divide by it. Scores of two maps compare only with one dh.

    Examples
    --------
    >>> import nibabel as nib
    >>> import numpy as np
    >>> z = nib.Nifti1Image(np.array([[[3.0, 1.5, 0.0, -3.0]]]), np.eye(4))
    >>> tfce(z, E=1).get_fdata()
    array([[[10.125,  2.25 ,  0.   , -9.   ]]])
    >>> tfce(z, E=1, dh=0.01).get_fdata().round(3)
    array([[[10.181,  2.273,  0.   , -9.045]]])
    """
    check_flag("two_sided", two_sided)
    connectivity = check_connectivity(connectivity)
    image = load_map(stat_img, "stat_img")
    stat_map = read_stat_map(image, mask_img)
    expect(image, stat_map.values)
    space = stat_map.space
    enhancement = Enhancement(
        E=USUAL_E[space.element] if E is None else E,
        H=USUAL_H if H is None else H,
        two_sided=two_sided,
        dh=dh,
        extent=extent,
    )
    scores = enhance(space.graph(connectivity), stat_map.values, enhancement)
    if stat_map.values.any() and not scores.any():
        _warn_nothing_enhanced(heights(stat_map.values, two_sided=two_sided), dh)
    return space.to_image(scores)


def _warn_nothing_enhanced(reached: Floats, dh: float | None) -> None:
    lowest = "above 0" if dh is None else f"at the first level, dh={dh:g}"
    warn(
        f"No element has a score: none is {lowest}; the largest value is {reached.max():.4g}. The "
        "map returned is 0.",
        EmptyResultWarning,
    )
