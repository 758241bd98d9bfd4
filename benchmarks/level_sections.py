"""Which data without effects are tested in which ways: the tables of `permutation_levels.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import null_data
from null_data import Draw
from secondlevel.permutation.summaries.clusters import ClusterSummary
from secondlevel.permutation.summaries.enhancement import TFCESummary

MAIN = 0.05
"""The level, unless a choice has its own."""

STANDINGS = {"=": "exact", "~": "approximate", "!": "not valid"}


@dataclass(frozen=True, eq=False)
class Choice:
    """One way to test, a row of a table.

    Parameters
    ----------
    name : str
    standing : str
        A sign of STANDINGS for every column: what is known of the error rate beforehand.
    keywords : dict
        Of `permutation_test`. Choices that share the object share the run.
    given : str, optional
        What it is told of what is known of the data: blocks, or variance groups.
    summary : str
    level : float
    """

    name: str
    standing: str
    keywords: dict[str, Any] = field(default_factory=dict)
    given: str | None = None
    summary: str = "max"
    level: float = MAIN


@dataclass(frozen=True, eq=False)
class Section:
    """A table: kinds of data, the columns, by ways to test them."""

    title: str
    text: str
    data: dict[str, Draw]
    choices: tuple[Choice, ...]


DEFAULT: dict[str, Any] = {}
BOTH = {"sides": "both"}
FLIP = BOTH | {"errors": "flip"}
CLUSTERS = {"summaries": [ClusterSummary(p=0.05), TFCESummary(E=0.5)]}
PARETO = {"tail": "gpd"}

SECTIONS = (
    Section(
        "One mean",
        "Signs are flipped. That is exact for symmetric errors, of whatever tails, and wrong for "
        "skewed ones.",
        {
            "normal, n = 20": null_data.one_mean(20, "normal"),
            "t(3), n = 20": null_data.one_mean(20, "t(3)"),
            "exponential, n = 12": null_data.one_mean(12, "exponential"),
            "exponential, n = 40": null_data.one_mean(40, "exponential"),
        },
        (
            Choice("default (positive side)", "==!!"),
            Choice('`sides="negative"`', "==!!", {"sides": "negative"}),
            Choice('`sides="both"`', "==!!", BOTH),
        ),
    ),
    Section(
        "Two groups of equal variance",
        "Maps are permuted. That is exact whatever the distribution.",
        {
            "10 + 10, normal": null_data.two_groups([10, 10], "normal"),
            "10 + 10, exponential": null_data.two_groups([10, 10], "exponential"),
            "6 + 18, exponential": null_data.two_groups([6, 18], "exponential"),
        },
        (
            Choice("default (positive side)", "===", DEFAULT),
            Choice('`sides="both"`', "===", BOTH),
            Choice('`tail="gpd"`', "~~~", PARETO),
            Choice("at 1 %: counted", "===", DEFAULT, level=0.01),
            Choice('at 1 %: `tail="gpd"`', "~~~", PARETO, level=0.01),
            Choice(
                '`stop_when="decided"`, at most 2 000 shuffles',
                "~~~",
                {"stop_when": "decided", "n_perm": 2000},
            ),
        ),
    ),
    Section(
        "Two groups of unequal variances",
        "Two-sided. Maps of groups with different variances are not exchangeable, but where errors "
        "are symmetric each may still change its sign.",
        {
            "8 (sd 3) + 24 (sd 1)": null_data.two_groups([8, 24], sds=(3, 1)),
            "8 (sd 1) + 24 (sd 3)": null_data.two_groups([8, 24], sds=(1, 3)),
            "16 (sd 1) + 16 (sd 3)": null_data.two_groups([16, 16], sds=(1, 3)),
            "20 (sd 3) + 60 (sd 1)": null_data.two_groups([20, 60], sds=(3, 1)),
        },
        (
            Choice("t, permuted (default)", "!!!!", BOTH),
            Choice("v (`variance_groups`), permuted", "~~~~", BOTH, "variance_groups"),
            Choice('t, `errors="flip"`', "~~~~", FLIP),
            Choice('v, `errors="flip"`', "~~~~", FLIP, "variance_groups"),
        ),
    ),
    Section(
        "A covariate beside strong nuisance",
        "Correlation 0.7 between the two; the nuisance is log-normal, its effect five times the "
        "standard deviation of normal errors. Two-sided.",
        {
            "normal, n = 10": null_data.covariate(10, "normal"),
            "exponential, n = 10": null_data.covariate(10, "exponential"),
            "normal, n = 30": null_data.covariate(30, "normal"),
            "exponential, n = 30": null_data.covariate(30, "exponential"),
        },
        (
            Choice("Freedman–Lane (default)", "~~~~", BOTH),
            Choice("ter Braak", "~~~~", BOTH | {"method": "ter-braak"}),
            Choice("Dekker", "~~~~", BOTH | {"method": "dekker"}),
            Choice("Manly", "!!!!", BOTH | {"method": "manly"}),
            Choice("Draper–Stoneman", "~~~~", BOTH | {"method": "draper-stoneman"}),
            Choice("Still–White", "!!!!", BOTH | {"method": "still-white"}),
        ),
    ),
    Section(
        "Maps that belong together",
        "Twins and siblings share a covariate, and their maps correlate by 0.5; so do the three "
        "scans of a subject. Subjects under several conditions have columns of their own in the "
        "design.",
        {
            "12 pairs of twins, shared covariate": null_data.families([2] * 12, shared=True),
            "8 × 2 and 6 × 3 siblings, shared": null_data.families([2] * 8 + [3] * 6, shared=True),
            "8 × 2 and 6 × 3 siblings, own": null_data.families([2] * 8 + [3] * 6, shared=False),
            "10 + 10 subjects × 3 scans": null_data.scans([10, 10], 3),
            "10 subjects × 2 conditions": null_data.conditions(10, 2),
            "10 subjects × 3 conditions, F": null_data.conditions(10, 3),
        },
        (
            Choice("exchangeability blocks", "======", {}, "exchangeability_blocks"),
            Choice("no blocks", "!!!!~~"),
        ),
    ),
    Section(
        "Three groups",
        "",
        {
            "8 + 8 + 8, normal": null_data.three_groups([8, 8, 8], "normal"),
            "8 + 8 + 8, exponential": null_data.three_groups([8, 8, 8], "exponential"),
            "8 (sd 3) + 12 + 12 (sd 1)": null_data.three_groups([8, 12, 12], "normal", (3, 1, 1)),
        },
        (
            Choice("F (default)", "==!"),
            Choice("G (`variance_groups`), permuted", "~~~", {}, "variance_groups"),
            Choice('G, `errors="flip"`', "~~~", {"errors": "flip"}, "variance_groups"),
        ),
    ),
    Section(
        "Three differences, corrected together",
        "",
        {
            "8 + 8 + 8, normal": null_data.three_pairs([8, 8, 8], "normal"),
            "8 + 8 + 8, exponential": null_data.three_pairs([8, 8, 8], "exponential"),
        },
        (Choice('`sides="both"`', "==", BOTH),),
    ),
    Section(
        "Clusters and enhancement",
        "Two groups of maps on a plane of 20 × 20 elements, smoothed (3.5 elements FWHM). Clusters "
        "form at p = 0.05. Sizes are whole numbers and tie, so their test claims a little less.",
        {"10 + 10, normal": null_data.smooth_plane([10, 10])},
        (
            Choice("largest statistic", "=", CLUSTERS),
            Choice("cluster extent", "=", CLUSTERS, summary="size"),
            Choice("cluster mass", "=", CLUSTERS, summary="mass"),
            Choice("TFCE", "=", CLUSTERS, summary="tfce"),
        ),
    ),
)
