"""`generate_report`: results to a page."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from secondlevel.errors import InputTypeError
from secondlevel.report.page import Report
from secondlevel.report.render import render_page
from secondlevel.report.view import View
from secondlevel.results.group import GroupResults


def generate_report(
    results: GroupResults,
    title: str | None = None,
    bg_img: Any = "MNI152TEMPLATE",
    plot_type: str = "slice",
    display_mode: str | None = None,
    cut_coords: Any = None,
    report_dims: Sequence[int] = (1600, 800),
    *,
    say: Callable[[str], None] | None = None,
) -> Report:
    """Put results on one self-contained page.

    The page says what was asked, what was found, where, how sure, and whether any map is odd. It
    computes nothing: results that were saved and loaded give the same page, byte for byte.

    Parameters
    ----------
    results : GroupResults
        What `SecondLevelModel.results` or `load_results` returned.
    title : str, optional
        Heading of the page; by default made of the contrasts.
    bg_img : Niimg-like or None, default="MNI152TEMPLATE"
        What is behind the maps; None turns it off.
    plot_type : {"slice", "glass"}, default="slice"
        How static maps are drawn.
    display_mode : str, optional
        Which cuts, or sides of the glass brain; the error on an unknown one lists those there are.
    cut_coords : int, float, sequence or dict, optional
        Where slices are cut, or how many.
    report_dims : (int, int), default=(1600, 800)
        Width and height of the page in a notebook, in pixels.
    say : callable, optional
        Called with a line about each part before it is made.

    Returns
    -------
    Report
        Shows itself in a notebook; `save_as_html`, `open_in_browser`.

    Raises
    ------
    InputError, InputTypeError
        When something cannot be meant.

    See Also
    --------
    SecondLevelModel.generate_report : The same from a fitted model, in one call.

    Examples
    --------
    >>> import nibabel as nib, numpy as np, pandas as pd
    >>> from secondlevel import SecondLevelModel
    >>> affine = np.diag([6.0, 6.0, 6.0, 1.0])
    >>> affine[:3, 3] = -30, -40, 10
    >>> rng = np.random.default_rng(0)
    >>> maps = [nib.Nifti1Image(rng.normal(size=(10, 10, 6)), affine) for _ in range(21)]
    >>> mask = nib.Nifti1Image(np.ones((10, 10, 6), np.uint8), affine)
    >>> model = SecondLevelModel(mask).fit(maps, design_matrix=pd.DataFrame({"mean": [1.0] * 21}))
    >>> report = generate_report(model.results("mean"), title="Noise", report_dims=(1000, 600))
    >>> report.width, "<h1>Noise</h1>" in report.get_standalone()
    (1000, True)
    """
    if not isinstance(results, GroupResults):
        raise InputTypeError(
            "results must be what SecondLevelModel.results or load_results returned. Got "
            f"{type(results).__name__}."
        )
    view = View(title, bg_img, plot_type, display_mode, cut_coords, report_dims, results.on_surface)
    width, height = view.report_dims
    with warnings.catch_warnings():
        # Pictures show a box for a letter that their font lacks; the page itself has it.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        page = render_page(results, view, say or _nothing)
    return Report(page, width, height)


def _nothing(line: str) -> None:
    """Say nothing."""
