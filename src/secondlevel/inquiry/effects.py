"""Values at some places by group or covariate, with what the model says of them there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from secondlevel.design.contrast import Contrast
from secondlevel.design.expression import write_expression
from secondlevel.design.matrix import TOLERANCE, Design
from secondlevel.results.contrast import EFFECTS_COLUMNS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

POINTS = 41
"""Of a fitted line."""


@dataclass(frozen=True, eq=False)
class Axis:
    """What a picture of an effect has on its horizontal axis.

    Parameters
    ----------
    name : str
        Of the covariate; "" for groups.
    shown : bool array of shape (n,)
        Maps that are drawn.
    groups : tuple of str
        Names; empty for a covariate.
    x : array of shape (n,)
        Number of the group, from 0, or the covariate.
    fit_x : array of shape (m,)
        Where the fit is drawn.
    fit_rows : array of shape (m, p)
        Rows of a design there.
    rows : array of shape (n, p)
        Rows of the design with what is not shown at its mean.
    """

    name: str
    shown: Flags
    groups: tuple[str, ...]
    x: Floats
    fit_x: Floats
    fit_rows: Floats
    rows: Floats


def effect_table(
    values: Floats,
    places: Sequence[str],
    design: Design,
    contrast: Contrast,
    labels: Sequence[str],
    confidence: float = 0.95,
) -> tuple[pd.DataFrame, str]:
    """Tabulate values at some places by what a contrast is about, and the fit with its interval.

    Parameters
    ----------
    values : array of shape (n, K)
        Of the maps, at each place.
    places : sequence of K str
        What the places are called.
    design : Design
        Of n rows.
    contrast : Contrast
        Columns of 0 and 1 that it weighs are groups; one other column is a covariate; in any other
        case its regressor is drawn, and of an F contrast what its first row is about. A column of
        ones beside them is neither.
    labels : sequence of n str
        Of the maps.
    confidence : float, default=0.95
        Of each interval.

    Returns
    -------
    table : DataFrame
        With the columns of `EFFECTS_COLUMNS`; see `ContrastResults.effects`.
    x_name : str
        Of the covariate; "" for groups.

    Notes
    -----
    With e the residual of a map, x its row of the design with all columns that are not shown at
    their mean (at 0 where the contrast is about the level of groups, as of one group alone), and β
    the coefficients, the value drawn is xβ + e: that of the map, what is not
    shown taken out. The fit at a row x is xβ ± t s √(x(XᵀX)⁻xᵀ), t the quantile of n - r degrees of
    freedom. So the difference of two groups, and the slope of a line, are the effect of the
    contrast.

    Examples
    --------
    >>> from secondlevel.design.contrast import make_contrast
    >>> design = Design([[1, 0], [1, 0], [0, 1], [0, 1]], ["control", "patient"])
    >>> contrast = make_contrast("patient - control", design)
    >>> maps = np.array([[1.0], [3.0], [6.0], [8.0]])
    >>> table, _ = effect_table(maps, ["1"], design, contrast, ["a", "b", "c", "d"])
    >>> table.loc[table["Part"] == "fit", ["Group", "Value", "Lower", "Upper"]].round(2)
         Group  Value  Lower  Upper
    4  control    2.0   -2.3    6.3
    5  patient    7.0    2.7   11.3
    """
    axis = _axis(design, contrast)
    coefficients = design.factors.solve(values)
    residuals = values - design.matrix @ coefficients
    drawn = axis.rows @ coefficients + residuals
    fitted = axis.fit_rows @ coefficients
    seen = design.factors.weigh(axis.fit_rows)
    deviation = np.sqrt((residuals**2).sum(axis=0) / design.dof)
    half = stats.t.isf((1.0 - confidence) / 2.0, design.dof) * np.sqrt(
        np.einsum("ij,ij->i", seen, seen)
    )
    parts = []
    for number, place in enumerate(places):
        maps = _rows(place, "map", axis, axis.x[axis.shown], drawn[axis.shown, number])
        maps["Map"] = [label for label, shown in zip(labels, axis.shown, strict=True) if shown]
        fit = _rows(place, "fit", axis, axis.fit_x, fitted[:, number])
        fit["Lower"] = fitted[:, number] - half * deviation[number]
        fit["Upper"] = fitted[:, number] + half * deviation[number]
        parts += [maps, fit]
    return pd.concat(parts, ignore_index=True)[list(EFFECTS_COLUMNS)], axis.name


def _rows(place: str, part: str, axis: Axis, x: Floats, values: Floats) -> pd.DataFrame:
    groups = [axis.groups[int(number)] for number in x] if axis.groups else [""] * len(x)
    return pd.DataFrame(
        {
            "Peak": place,
            "Part": part,
            "Map": "",
            "Group": groups,
            "X Value": x,
            "Value": values,
            "Lower": np.nan,
            "Upper": np.nan,
        }
    )


def _axis(design: Design, contrast: Contrast) -> Axis:
    """Choose what is drawn against what, by the columns that the contrast weighs."""
    weighed = _weighed(contrast)
    ones = (design.matrix[:, weighed] == 1.0).all(axis=0)
    # The mean of patients is "intercept + patient": of these two only one tells maps apart.
    tested = weighed if ones.all() else weighed[~ones]
    columns = design.matrix[:, tested]
    two_valued = np.isin(columns, (0.0, 1.0)).all(axis=0)
    if two_valued.all() and (np.count_nonzero(columns, axis=1) <= 1).all():
        return _of_groups(design, contrast, tested)
    # With ones beside it the slope is not the effect of t; F has no one effect.
    if len(tested) == 1 and (len(weighed) == 1 or contrast.kind == "F"):
        return _of_covariate(design, int(tested[0]))
    if contrast.kind == "F":
        return _axis(design, _first_row(design, contrast))
    return _of_regressor(design, contrast)


def _first_row(design: Design, contrast: Contrast) -> Contrast:
    """The first row of an F contrast that weighs anything, as a t contrast."""
    weights = contrast.weights[np.abs(contrast.weights).max(axis=1) > 0][:1]
    return Contrast(weights, write_expression(weights[0], design.names), "t")


def _weighed(contrast: Contrast) -> NDArray[np.intp]:
    return np.flatnonzero(np.abs(contrast.weights).max(axis=0) > 0)


def _of_groups(design: Design, contrast: Contrast, tested: NDArray[np.intp]) -> Axis:
    columns = design.matrix[:, tested]
    names = [design.names[column] for column in tested]
    members = [columns[:, k] == 1.0 for k in range(len(tested))]
    rest = ~np.any(members, axis=0)
    if rest.any() and _others_hold_a_constant(design, tested):
        # A dummy beside an intercept: those without it are the other group.
        members.insert(0, rest)
        names.insert(0, f"not {names[0]}" if len(tested) == 1 else "the others")
    shown = np.any(members, axis=0)
    numbers = np.zeros(design.n_rows)
    for number, member in enumerate(members):
        numbers[member] = number
    # A contrast of levels, not of differences, asks for them where all other columns are 0.
    beside = np.setdiff1d(_weighed(contrast), tested)  # columns of ones
    levels = len(beside) > 0 or (
        len(members) == len(tested)
        and bool((np.abs(contrast.weights.sum(axis=1)) > TOLERANCE).any())
    )
    others = np.zeros(design.n_columns) if levels else design.matrix[shown].mean(axis=0)
    others[beside] = 1.0
    rows = _with_others_at(others, design, tested)
    fit_rows = np.stack([rows[member].mean(axis=0) for member in members])
    if not _estimable(design, np.vstack([fit_rows, rows[shown]])):
        fit_rows = np.stack([design.matrix[member].mean(axis=0) for member in members])
        rows = design.matrix
    return Axis("", shown, tuple(names), numbers, np.arange(float(len(names))), fit_rows, rows)


def _of_covariate(design: Design, column: int) -> Axis:
    everyone = np.ones(design.n_rows, dtype=bool)
    tested = np.array([column])
    rows = _with_others_at(design.matrix.mean(axis=0), design, tested)
    x = design.matrix[:, column]
    line = np.linspace(x.min(), x.max(), POINTS)
    fit_rows = np.repeat(rows[:1], POINTS, axis=0)
    fit_rows[:, column] = line
    if not _estimable(design, np.vstack([fit_rows, rows])):
        return _of_regressor(design, _of_column(design, column))
    return Axis(design.names[column], everyone, (), x, line, fit_rows, rows)


def _of_column(design: Design, column: int) -> Contrast:
    weights = np.zeros((1, design.n_columns))
    weights[0, column] = 1.0
    return Contrast(weights, design.names[column], "t")


def _of_regressor(design: Design, contrast: Contrast) -> Axis:
    """The regressor of a t contrast.

    d = X(XᵀX)⁻cᵀ / c(XᵀX)⁻cᵀ, whose slope beside all else, to which it is orthogonal, is cβ
    (Winkler et al., 2014, NeuroImage 92, 381, appendix A).
    """
    weights = contrast.weights[0]
    (seen,) = design.factors.weigh(weights[None, :])
    regressor = seen / float(seen @ seen)
    line = np.linspace(regressor.min(), regressor.max(), POINTS)
    centre = design.matrix.mean(axis=0)

    def rows_at(d: Floats) -> Floats:
        return np.asarray(centre + np.outer(d - regressor.mean(), weights))

    everyone = np.ones(design.n_rows, dtype=bool)
    return Axis(contrast.name, everyone, (), regressor, line, rows_at(line), rows_at(regressor))


def _others_hold_a_constant(design: Design, tested: NDArray[np.intp]) -> bool:
    """Whether a combination of the columns that are not tested is constant."""
    others = np.delete(design.matrix, tested, axis=1)
    if others.shape[1] == 0:
        return False
    names = [name for column, name in enumerate(design.names) if column not in tested]
    return Design(others, names).constant is not None


def _with_others_at(others: Floats, design: Design, tested: NDArray[np.intp]) -> Floats:
    """Rows of the design with the columns that are not tested at these values."""
    rows = np.repeat(others[None, :], design.n_rows, axis=0)
    rows[:, tested] = design.matrix[:, tested]
    return rows


def _estimable(design: Design, rows: Floats) -> bool:
    return bool((design.factors.invisible(rows) <= TOLERANCE).all())
