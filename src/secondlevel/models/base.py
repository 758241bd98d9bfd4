"""What every estimator gives: an estimate that answers contrasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.contrast import Contrast

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ContrastEstimate:
    """One contrast at V elements.

    Parameters
    ----------
    effect : array of shape (k, V)
        Weighted sums of the coefficients, in the unit of the maps.
    variance : array of shape (k, V)
        Their sampling variances, in the unit of the maps squared.
    statistic : array of shape (V,)
        t or F; 0 where `constant`.
    dof : float or array of shape (V,)
        Residual degrees of freedom.
    dof_contrast : int
        Numerator degrees of freedom: the rank of the weights; 1 for t.
    constant : bool array of shape (V,)
        Elements without residual variance: nothing can be tested there.
    residual_variance : array of shape (V,)
        Variance of one map about the fit, in the unit of the maps squared: its root is the unit of
        Cohen's d, and `variance` over it depends on the design alone.
    """

    effect: Floats
    variance: Floats
    statistic: Floats
    dof: float | Floats
    dof_contrast: int
    constant: Flags
    residual_variance: Floats


class Estimate(Protocol):
    """What an estimator learnt from a design and a stack of maps."""

    @property
    def n_elements(self) -> int:
        """Number of elements, V."""
        ...

    def contrast(self, contrast: Contrast) -> ContrastEstimate:
        """Answer a contrast that the design can estimate."""
        ...

    def narrow(self, keep: Flags) -> Self:
        """Return the estimate at the kept elements only."""
        ...

    def predict(self, rows: Floats) -> Floats:
        """Fitted values for design rows of shape (m, p); shape (m, V)."""
        ...

    def r_square(self, constant: Floats | None) -> Floats:
        """Share of the sum of squares explained, shape (V,), about the mean if it is modelled."""
        ...


class Partial(Protocol):
    """What is known of the maps seen so far; two of them merge into one."""

    def merge(self, other: Self) -> Self:
        """Combine with the maps of another part; this part's rows come first."""
        ...


P = TypeVar("P", bound=Partial)
P_co = TypeVar("P_co", bound=Partial, covariant=True)


class Reducer(Protocol[P_co]):
    """What sees every map once, block of rows by block of rows, and keeps something of each."""

    def reduce(self, rows: Floats, data: Floats) -> P_co:
        """Reduce design rows of shape (b, p) and data of shape (b, V) to what must be kept."""
        ...
