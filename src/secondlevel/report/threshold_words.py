"""The threshold of a contrast in words: what lies beyond it, and what it controls."""

from __future__ import annotations

import math

from secondlevel.report.numbers import percent, plain, rounded
from secondlevel.results.contrast import ContrastResults
from secondlevel.results.group import ModelFacts
from secondlevel.results.settings import ClaimSettings


def looks_both_ways(settings: ClaimSettings, result: ContrastResults) -> bool:
    """Whether both sides of the map were looked at: F has one."""
    return settings.two_sided and result.kind == "t"


def beyond(model: ModelFacts, settings: ClaimSettings, result: ContrastResults) -> str:
    """Write the threshold as a condition.

    Returns
    -------
    str
        As ``|z| > 3.29``; a vertex belongs to what reaches the threshold already.
    """
    z = "|z|" if looks_both_ways(settings, result) else "z"
    signs = (">", "<") if model.element == "voxel" else ("≥", "≤")
    sign = signs[int(result.height < 0)]
    return f"{z} {sign} {rounded(result.height)}"


def controlled(model: ModelFacts, settings: ClaimSettings, result: ContrastResults) -> str:
    """Say what the threshold controls, and at which level."""
    sides = ""
    if result.kind == "t":
        sides = ", two-sided" if settings.two_sided else ", one-sided"
    alpha = plain(settings.alpha)
    words = {
        "fpr": f"p < {alpha} at each {model.element} by itself{sides}, not corrected for the "
        f"number of {model.elements}",
        "fdr": f"false discovery rate of {percent(settings.alpha)} by the procedure of Benjamini "
        f"and Hochberg{sides}",
        "fdr_by": f"false discovery rate of {percent(settings.alpha)} by the procedure of "
        f"Benjamini and Yekutieli{sides}",
        "bonferroni": f"family-wise p < {alpha} by Bonferroni for {plain(model.n_elements)} "
        f"{model.elements}{sides}",
        "rft": f"family-wise p < {alpha} by random field theory{sides}",
        None: f"a threshold that was given and controls no error by itself{sides}",
    }
    return words[settings.height_control]


def can_be_passed(result: ContrastResults) -> bool:
    """Whether any height lies beyond the threshold."""
    return math.isfinite(result.height)
