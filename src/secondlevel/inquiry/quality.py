"""What is to be said of each map: which stand out, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondlevel.inference.normality import FEWEST
from secondlevel.inference.outliers import robust_z
from secondlevel.results.quality import QUALITY_COLUMNS, Quality
from secondlevel.results.surfaces import as_saved
from secondlevel.streaming.analysis import Fit
from secondlevel.streaming.diagnostics import Diagnostics

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FAR = 3.5
"""Robust z from which a value among many stands out (Iglewicz and Hoaglin, 1993)."""

PER_MAP = 6.0
"""Among n values the bound is 1 + `PER_MAP` / n times that, as the MAD of few is often small: of
normal values 1.3 % of 5 are beyond, 0.3 % of 10, 0.1 % of 20 and more."""

MAPS_PER_COLUMN = 5
"""With fewer maps for each column of the design, Cook's distance is large without anything odd."""

FEWEST_MAPS = 5
"""Among fewer maps one can be told from the others by a wild scale at most."""

WILD = 20.0
"""Times as wide as usual, or as narrow, that values do not spread but in another unit."""

LITTLE = 0.2
"""A map that correlates less than this share of what is usual has little of what others share,"""

SHARED = 0.3
"""where the usual correlation is this at least,"""

MILDER = 0.7
"""and the robust z is beyond this share of the bound that holds else."""

REVERSED = -0.5
"""A map that correlates less than this share of what is usual, where `SHARED`, is upside down."""

UNLIKE = 5.0
"""Ratio of the 90th to the 10th percentile of the maps' spread from which it is remarked on."""

MOVED = 0.2
"""Share of the elements from which on a map is said to move the fit."""

SMALLEST = 1e-300

Said = dict[int, str]
"""What is said of a row."""


def judge(diagnostics: Diagnostics, labels: Sequence[str], fit: Fit) -> Quality:
    """Turn what is known of each map into a table with remarks.

    Parameters
    ----------
    diagnostics : Diagnostics
    labels : sequence of n str
        Of the maps.
    fit : Fit

    Returns
    -------
    Quality
    """
    remarks: list[list[str]] = [[] for _ in labels]
    rules: tuple[Callable[[Diagnostics], Said], ...]
    rules = (_of_correlation, _of_spread, _of_mean, _of_distance, _of_influence)
    if len(labels) < FEWEST_MAPS:
        rules = (_of_wild_spread,)
    for rule in rules:
        _add(remarks, rule(diagnostics))
    _add(remarks, _of_missing(diagnostics, fit))
    _add(remarks, _of_copies(diagnostics, labels))
    columns = (
        list(labels),
        diagnostics.mean,
        diagnostics.spread,
        diagnostics.missing,
        diagnostics.correlation,
        diagnostics.distance,
        diagnostics.leverage,
        diagnostics.cook_mean,
        diagnostics.cook_share,
        ["; ".join(said) for said in remarks],
    )
    return Quality(
        pd.DataFrame(dict(zip(QUALITY_COLUMNS, columns, strict=True))),
        diagnostics.cook_threshold,
        diagnostics.residual_edges,
        diagnostics.residual_counts,
        diagnostics.not_normal,
        {
            "coverage": as_saved(fit.mask_space.to_image(fit.coverage.astype(np.int32))),
            "cook": as_saved(fit.space.to_image(diagnostics.cook_largest)),
        },
        _notes(labels, diagnostics),
    )


def _add(remarks: list[list[str]], said: Said) -> None:
    for row, words in said.items():
        remarks[row].append(words)


def _bound(d: Diagnostics) -> float:
    """Robust z from which one of so many maps stands out."""
    return FAR * (1.0 + PER_MAP / len(d.mean))


def _of_correlation(d: Diagnostics) -> Said:
    # On Fisher's scale correlations spread alike, whatever their size. A spread below 0.08 is that
    # of maps which agree; to be a little less alike is not odd.
    z = robust_z(np.arctanh(np.clip(d.correlation, -0.999999, 0.999999)), least_spread=0.08)
    usual = float(np.median(d.correlation))
    odd = z < -_bound(d)
    if usual >= SHARED:
        # Where maps share much, one without it is odd even if the others differ in how much.
        odd |= (d.correlation < LITTLE * usual) & (z < -MILDER * _bound(d))
        odd |= d.correlation < REVERSED * usual
    said = {}
    for row in np.flatnonzero(odd):
        r = d.correlation[row]
        why = ": is its sign reversed?" if usual >= SHARED and r < REVERSED * usual else ""
        said[int(row)] = f"correlates {r:.2f} with the mean of the others (median {usual:.2f}){why}"
    return said


def _of_spread(d: Diagnostics) -> Said:
    sizes = np.log(np.maximum(d.spread, SMALLEST))
    return _in_spread(d, np.abs(robust_z(sizes, least_spread=0.2)) > _bound(d))


def _of_wild_spread(d: Diagnostics) -> Said:
    """What can be told among three or four maps: that one is off scale while others agree."""
    wild = _wild(d)
    return _in_spread(d, wild) if 2 * np.count_nonzero(wild) < len(wild) else {}


def _wild(d: Diagnostics) -> Flags:
    """Maps whose values spread many times as wide as is usual, or as narrow."""
    sizes = np.log(np.maximum(d.spread, SMALLEST))
    return np.asarray(np.abs(sizes - np.median(sizes)) > np.log(WILD))


def _in_spread(d: Diagnostics, odd: Flags) -> Said:
    usual = float(np.median(d.spread))
    said = {}
    for row in np.flatnonzero(odd):
        if d.spread[row] <= SMALLEST:
            said[int(row)] = "is the same everywhere"
        elif usual > SMALLEST:
            ratio = d.spread[row] / usual
            vary = (
                f"spread {ratio:.3g} times as wide as"
                if ratio > 1
                else f"vary {1 / ratio:.3g} times less than"
            )
            said[int(row)] = f"its values {vary} is usual: another unit or scale?"
    return said


def _of_mean(d: Diagnostics) -> Said:
    unit = float(np.median(d.spread))
    said = {}
    for row in np.flatnonzero(np.abs(robust_z(d.mean, least_spread=0.2 * unit)) > _bound(d)):
        usual = float(np.median(d.mean))
        said[int(row)] = f"its mean is {d.mean[row]:.3g} (median {usual:.3g})"
    return said


def _of_distance(d: Diagnostics) -> Said:
    sizes = np.maximum(d.distance, SMALLEST)
    usual = float(np.median(sizes))
    said = {}
    for row in np.flatnonzero(robust_z(np.log(sizes), least_spread=0.15) > _bound(d)):
        said[int(row)] = f"lies {sizes[row] / usual:.3g} times as far from the fit as is usual"
    return said


def _of_influence(d: Diagnostics) -> Said:
    said = {}
    usual = float(d.leverage.mean())
    for row in np.flatnonzero((d.leverage > 3.0 * usual) & (d.leverage > 0.5)):
        said[int(row)] = (
            f"its row of the design decides its own fit: leverage {d.leverage[row]:.2f} "
            f"(mean {usual:.2f})"
        )
    if len(d.mean) < MAPS_PER_COLUMN * round(float(d.leverage.sum())):
        return said
    far = robust_z(d.cook_share, least_spread=0.01) > _bound(d)
    for row in np.flatnonzero(far & (d.cook_share > MOVED)):
        share = f"{100 * d.cook_share[row]:.3g} %"
        bound = f"Cook's distance above {d.cook_threshold:.2g}"
        moved = f"moves the fit notably ({bound}) at {share} of the elements"
        said[int(row)] = f"{said[int(row)]}; {moved}" if int(row) in said else moved
    return said


def _of_missing(d: Diagnostics, fit: Fit) -> Said:
    share = d.missing / fit.mask_space.n_elements
    usual = float(np.median(share))
    return {
        int(row): f"has no value at {100 * share[row]:.2g} % of the mask"
        for row in np.flatnonzero(share > 0.02 + 2.0 * usual)
    }


def _of_copies(d: Diagnostics, labels: Sequence[str]) -> Said:
    said = {}
    for rows in d.copies:
        for row in rows:
            others = [labels[other] for other in rows if other != row]
            more = f" and {len(others) - 3} more" if len(others) > 3 else ""
            said[row] = f"holds the same values as {', '.join(others[:3])}{more}"
    return said


def _notes(labels: Sequence[str], d: Diagnostics) -> tuple[str, ...]:
    n_maps, notes = len(labels), []
    if n_maps < FEWEST_MAPS:
        notes.append(
            f"Among {n_maps} maps no one can be told from the others as odd, but by a wild scale."
        )
    wide = np.flatnonzero(_wild(d) & (d.spread > np.median(d.spread)))
    if 0 < len(wide) < n_maps / 2 and n_maps > 2:
        wildest = labels[int(wide[np.argmax(d.spread[wide])])]
        notes.append(
            f"{wildest} is so far off scale that it decides the mean others are compared with, and "
            "may hide what else is odd. Look again once it is mended or left out."
        )
    narrow, broad = np.quantile(d.spread, [0.1, 0.9])
    if n_maps >= FEWEST_MAPS and broad > UNLIKE * narrow > 0.0:
        notes.append(
            f"Values spread by {narrow:.3g} in some maps and by {broad:.3g} in others (standard "
            "deviation, 10th and 90th percentile of the maps), and the widest decide most. Are all "
            "in the same unit?"
        )
    if np.isnan(d.not_normal):
        notes.append(
            f"{n_maps} maps are too few for a test of normality at each element; {FEWEST} are "
            "needed."
            if n_maps < FEWEST
            else "No element has residual variance, so nothing is said of normality."
        )
    return tuple(notes)
