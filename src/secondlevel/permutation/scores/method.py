"""What is shuffled when there is nuisance: the methods, by name.

Each makes of a shuffle orthonormal rows, to be multiplied with data of unit length from which
something was removed once and for all: k rows of what is tested, then rows of nuisance. The design
is shuffled and the data stay, which is the same as the reverse (Winkler et al., 2014, NeuroImage
92, 381, table 2; P a shuffle, X and Z what is tested and nuisance, X at right angles to Z; R_Z
takes Z out, R_M both).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.partition import Partition
from secondlevel.errors import InputError
from secondlevel.permutation.shuffles.shuffle import Batch

Floats = NDArray[np.float64]

VANISHED = 1e-10
"""Of rows of unit length a smaller part is rounding."""


@dataclass(frozen=True, eq=False)
class Directions:
    """How the rows of shuffles are made, for one contrast.

    Parameters
    ----------
    removed : array of shape (n, r)
        Orthonormal basis of what is taken from the data before anything is shuffled.
    tested : array of shape (n, k)
    nuisance : array of shape (n, q)
        Columns that are shuffled with the tested ones; none where their products with the data
        cannot change.
    fixed : array of shape (n, z)
        Columns that stay with the data, and are taken out of the shuffled tested ones.
    """

    removed: Floats
    tested: Floats
    nuisance: Floats
    fixed: Floats

    @property
    def n_tested(self) -> int:
        """Number of tested rows, k."""
        return int(self.tested.shape[1])

    @property
    def n_rows(self) -> int:
        """Number of rows of a shuffle, k + q."""
        return int(self.tested.shape[1] + self.nuisance.shape[1])

    def unsigned(self) -> Directions:
        """Return them with a second row of what is tested, of zeros: scores of two have no sign."""
        if self.n_tested > 1:
            return self
        return replace(self, tested=np.hstack([self.tested, np.zeros_like(self.tested)]))

    @property
    def sees_effect(self) -> bool:
        """Whether unshuffled maps get the observed statistic: not if the effect was taken out."""
        left = self.tested - self.removed @ (self.removed.T @ self.tested)
        return bool(np.linalg.norm(left) > 1e-12)

    def rows(self, batch: Batch) -> Floats:
        """Rows of S shuffles, shape (S, k + q, n)."""
        columns = np.hstack([self.tested, self.nuisance]).T
        rows = columns[:, batch.order].transpose(1, 0, 2) * batch.signs[:, None, :]
        if self.fixed.shape[1]:
            rows = _orthonormal(rows - (rows @ self.fixed) @ self.fixed.T)
        return np.ascontiguousarray(rows)


def _orthonormal(rows: Floats) -> Floats:
    """Rows (S, k, n) made orthonormal, a single one with its sign; 0 beyond their rank.

    By singular vectors: a triangle without pivots, where the first row vanishes, would take from
    the others what lies along any direction.
    """
    if rows.shape[1] == 1:
        length = np.linalg.norm(rows, axis=2, keepdims=True)
        unit = np.divide(rows, length, out=np.zeros_like(rows), where=length > VANISHED)
        return np.asarray(unit)
    _, size, basis = np.linalg.svd(rows, full_matrices=False)
    return np.asarray(basis * (size > VANISHED)[:, :, None])


class Method(Protocol):
    """One way to shuffle in the presence of nuisance."""

    @property
    def label(self) -> str:
        """Its name, for people."""
        ...

    @property
    def moves_groups(self) -> bool:
        """Whether what belongs to a row of the design, such as a variance group, moves with it."""
        ...

    def directions(self, parts: Partition, unchanged: Floats) -> Directions:
        """Prepare for a design.

        Parameters
        ----------
        parts : Partition
        unchanged : array of shape (n, f)
            Orthonormal basis of the directions that no shuffle changes.
        """
        ...

    def distinguishing(self, parts: Partition) -> Floats:
        """Columns, n rows, by which two shuffles must differ to differ in anything."""
        ...


@dataclass(frozen=True)
class ShuffledData:
    """Data are shuffled after something was taken from them, and the whole design is fitted.

    Parameters
    ----------
    label : str
    removes : {"nuisance", "all", "invariant"}
        What is taken from the data first; "invariant": nuisance that no shuffle changes.
    refits : bool
        Whether nuisance is fitted to the shuffled data again.
    """

    label: str
    removes: str
    refits: bool = True
    moves_groups = True

    def directions(self, parts: Partition, unchanged: Floats) -> Directions:
        """See `Method`."""
        stays, moves = _split_invariant(parts.nuisance, unchanged)
        removed = {"nuisance": parts.nuisance, "all": parts.both, "invariant": stays}[self.removes]
        nuisance = moves if self.refits else moves[:, :0]
        return Directions(removed, parts.tested, nuisance, parts.nuisance[:, :0])

    def distinguishing(self, parts: Partition) -> Floats:
        """See `Method`."""
        return parts.both if self.refits else parts.tested


@dataclass(frozen=True)
class ShuffledDesign:
    """Only what is tested is shuffled; nuisance stays with the data.

    Parameters
    ----------
    label : str
    raw : bool
        Whether what is tested is shuffled before nuisance is taken from it.
    """

    label: str
    raw: bool
    moves_groups = False

    def directions(self, parts: Partition, unchanged: Floats) -> Directions:  # noqa: ARG002
        """See `Method`."""
        tested = parts.raw if self.raw else parts.tested
        return Directions(parts.nuisance, tested, parts.nuisance[:, :0], parts.nuisance)

    def distinguishing(self, parts: Partition) -> Floats:
        """See `Method`."""
        return parts.raw if self.raw else parts.tested


METHODS: dict[str, Method] = {
    # (P R_Z + H_Z) Y = Xβ + Zγ + ε
    "freedman-lane": ShuffledData("Freedman–Lane", "nuisance"),
    # (P R_M + H_M) Y = Xβ + Zγ + ε, for β as far from its estimate
    "ter-braak": ShuffledData("ter Braak", "all"),
    # P Y = Xβ + Zγ + ε
    "manly": ShuffledData("Manly", "invariant"),
    # P R_Z Y = Xβ + ε
    "still-white": ShuffledData("Still–White", "nuisance", refits=False),
    # Y = P R_Z Xβ + Zγ + ε
    "dekker": ShuffledDesign("Dekker", raw=False),
    # Y = P Xβ + Zγ + ε
    "draper-stoneman": ShuffledDesign("Draper–Stoneman", raw=True),
}


def make_method(name: str) -> Method:
    """Return a method by its name.

    Raises
    ------
    InputError
        When it is none of METHODS.

    Examples
    --------
    >>> make_method("freedman-lane").label
    'Freedman–Lane'
    """
    method = METHODS.get(str(name).lower())
    if method is None:
        known = ", ".join(f"'{known}'" for known in METHODS)
        raise InputError(f"method must be one of {known}. Got {name!r}.")
    return method


def _split_invariant(nuisance: Floats, unchanged: Floats) -> tuple[Floats, Floats]:
    """Directions among the nuisance that no shuffle changes, and the others; orthonormal both."""
    if nuisance.shape[1] == 0:
        return nuisance, nuisance
    seen = unchanged.T @ nuisance
    share, axes = np.linalg.eigh(seen.T @ seen)
    stays = share > 1.0 - 1e-9
    return nuisance @ axes[:, stays], nuisance @ axes[:, ~stays]
