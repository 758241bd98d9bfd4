"""Aspin and Welch's v, and G: statistics that let groups of maps differ in their variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.design.partition import Partition
from secondlevel.errors import BlockError
from secondlevel.models.least_squares import ROUNDING
from secondlevel.permutation.heights.deviates import Deviates
from secondlevel.permutation.scores.asked import Beyond, Swept, Wanted
from secondlevel.permutation.scores.group_design import GroupDesign
from secondlevel.permutation.scores.group_kernels import NO_DOF, fit_groups, weigh_groups
from secondlevel.permutation.scores.method import Directions, Method, make_method
from secondlevel.permutation.scores.tiles import take_out, tiles
from secondlevel.permutation.scores.whole_maps import collect, sweep_maps
from secondlevel.permutation.shuffles.shuffle import Batch

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class GroupStatistic:
    """v, or G, of one contrast; on z its scores are normal deviates of it.

    Parameters
    ----------
    directions : Directions
        Of shuffled designs.
    unshuffled : Directions
        Of the design as it is.
    part : Partition
    design : GroupDesign
        The design as it is.
    groups : int array of shape (n,)
        Variance group of every row of the design, from 0.
    moves_groups : bool
        Whether groups are shuffled with the rows of the design; else they stay with the data.
    signed : bool
        Whether it is v, else G.
    deviates : Deviates or None
        None where scores are v or G themselves.
    testable : bool array of shape (V,)
        Where the maps have residual variance; the statistic is 0 elsewhere.

    Notes
    -----
    Let M = [Z X] be an orthonormal basis of the design, X that of the s tested dimensions, ψ = XᵀY,
    e the residuals and R = I - MMᵀ. The maps of group g have the weight
    W_g = Σ R_ii / Σ e_i², sums over the group, and S is the inverse of the lower right part, that
    of X, of (MᵀWM)⁻¹. Then v = ψ √S, and G = ψᵀSψ / (Λ s), where::

        Λ = 1 + 2 (s - 1) / (s (s + 2)) h,    h = Σ_g (1 - Σ W_ii / tr W)² / Σ R_ii

    (Winkler et al., 2014, NeuroImage 92, 381, eq. 5 to 7). G has about the tail of F with s and
    s (s + 2) / (3 h) degrees of freedom, v that of t with 1 / h: with the means of two groups these
    are Welch's t and Welch and Satterthwaite's degrees of freedom, with those of several Welch's F
    (1951, Biometrika 38, 330). A single group has t, F and n - r.

    Groups belong to rows of the design. Where shuffled data are fitted with the whole design they
    move with its rows, so Σ R_ii and M of a group are those of the unshuffled design, and only ψ
    and e differ. Where nuisance is not fitted again (Still and White), it is not taken from e
    again; R and M keep it, so that the statistic without shuffles is that of the other methods.
    Where only the tested part is shuffled (Dekker, Draper and Stoneman), groups stay with the data,
    and M is that of [Z, P X].

    A group whose residuals are rounding errors has no weight: the statistic is 0 there, and its
    degrees of freedom n - r.
    """

    directions: Directions
    unshuffled: Directions
    part: Partition
    design: GroupDesign
    groups: Ints
    moves_groups: bool
    signed: bool
    deviates: Deviates | None
    testable: Flags

    @classmethod
    def of(
        cls,
        part: Partition,
        method: Method,
        unchanged: Floats,
        *,
        groups: Ints,
        names: Sequence[str],
        signed: bool,
        on_z: bool,
        testable: Flags,
    ) -> GroupStatistic:
        """Prepare for a contrast.

        Parameters
        ----------
        part : Partition
        method : Method
            What is shuffled.
        unchanged : array of shape (n, f)
            Orthonormal basis of the vectors that no shuffle changes.
        groups : int array of shape (n,)
            As `design.blocks.make_variance_groups` reads them.
        names : sequence of str
            Of every group, for messages.
        signed : bool
            Whether v is wanted, else G.
        on_z : bool
            Whether scores are normal deviates of it.
        testable : bool array of shape (V,)
            Where the maps have residual variance.

        Raises
        ------
        BlockError
            When the design fits the maps of a group perfectly, whatever they are.
        """
        design = GroupDesign.unshuffled(part, groups)
        for group in np.flatnonzero(design.free[0] < NO_DOF)[:1]:
            raise BlockError(
                f"Variance group {names[group]} has no residual degrees of freedom: the design "
                f"fits its {np.count_nonzero(groups == group)} maps perfectly, whatever they are. "
                "Join it with another group, or leave out the columns that fit them."
            )
        deviates = None
        if on_z:
            k = part.tested.shape[1]
            least, most = design.bounds(k)
            deviates = Deviates.of(signed=signed, dof_contrast=k, least=least, most=most)
        return cls(
            directions=method.directions(part, unchanged),
            unshuffled=make_method("freedman-lane").directions(part, unchanged),
            part=part,
            design=design,
            groups=groups,
            moves_groups=method.moves_groups,
            signed=signed,
            deviates=deviates,
            testable=testable,
        )

    @property
    def best_batch(self) -> int:
        """Number of shuffles worth doing together; one takes longer than what is prepared."""
        return 64

    @property
    def dof_contrast(self) -> int:
        """Numerator degrees of freedom, s."""
        return int(self.part.tested.shape[1])

    def observe(self, data: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the statistic of the unshuffled maps.

        Parameters
        ----------
        data : array of shape (n, V)

        Returns
        -------
        statistics, heights, dofs : array of shape (V,)
            Heights are the statistic itself or, on z, its deviates.
        """
        n, n_elements = len(self.groups), len(self.testable)
        rows = self.unshuffled.rows(Batch(0, np.arange(n)[None], np.ones((1, n))))
        statistics, heights, dofs = np.empty((3, n_elements))
        for tile in tiles(n, n_elements):
            left, smallest = self._leave(self.unshuffled.removed, data, tile)
            found = self._compute(left, smallest, rows, self.groups[None], self.design)
            statistics[tile], dofs[tile] = found[0][0], found[1][0]
            heights[tile] = self._heights(*found)[0]
        return statistics, heights, dofs

    def sweep(self, data: Floats, batch: Batch, wanted: Wanted) -> Swept:
        """Go over all elements of the data, shape (n, V), for a batch of S shuffles."""
        rows = self.directions.rows(batch)
        owners, design = self._shuffle_groups(rows, batch)
        n_elements = len(self.testable)
        maxima = np.full((len(rows), len(wanted.signs)), -np.inf)
        reached = np.zeros(n_elements, dtype=np.int64)
        maps = np.empty((len(rows), n_elements)) if wanted.maps else None
        beyond: list[Beyond] = []
        for tile in tiles(len(self.groups), n_elements):
            left, smallest = self._leave(self.directions.removed, data, tile)
            scores = self._heights(*self._compute(left, smallest, rows, owners, design))
            reach = None if wanted.reach is None else wanted.reach.part(tile)
            part = sweep_maps(scores, batch.start, Wanted(wanted.signs, wanted.level, reach))
            np.maximum(maxima, part.maxima, out=maxima)
            if part.beyond is not None:
                elements = part.beyond.elements + np.int32(tile.start)
                beyond.append(Beyond(part.beyond.places, elements, part.beyond.scores))
            if part.reached is not None:
                reached[tile] = part.reached
            if maps is not None:
                maps[:, tile] = scores
        listed = None if wanted.level is None else collect(beyond)
        return Swept(maxima, listed, None if wanted.reach is None else reached, maps)

    def _shuffle_groups(self, rows: Floats, batch: Batch) -> tuple[Ints, GroupDesign]:
        """Group of every map in every shuffle, shape (S, n), and the designs."""
        if self.moves_groups:
            owners = self.groups[batch.order]
            return owners, self.design
        nuisance = np.broadcast_to(self.part.nuisance, (len(rows), *self.part.nuisance.shape))
        columns = np.concatenate([nuisance, rows.transpose(0, 2, 1)], axis=2)
        owners = np.repeat(self.groups[None], len(rows), axis=0)
        return owners, GroupDesign.of(columns, self.groups)

    def _leave(self, removed: Floats, data: Floats, tile: slice) -> tuple[Floats, Floats]:
        """Data of some elements, shape (n, T), of unit length once something was taken from them.

        And the squares, shape (T,), up to which sums of them are rounding.
        """
        left = np.array(data[:, tile], dtype=np.float64, order="C")
        total = np.einsum("ij,ij->j", left, left)
        take_out(removed, left)
        square = np.einsum("ij,ij->j", left, left)
        testable = self.testable[tile] & (square > 0.0)
        inverse = np.divide(1.0, square, out=np.zeros_like(square), where=testable)
        left *= np.sqrt(inverse)
        return left, np.where(testable, ROUNDING**2 * total * inverse, 1.0)

    def _compute(
        self, left: Floats, smallest: Floats, rows: Floats, owners: Ints, design: GroupDesign
    ) -> tuple[Floats, Floats]:
        """Statistics and degrees of freedom of shuffles, each of shape (S, T)."""
        n_shuffles, n_elements = len(rows), left.shape[1]
        counts = np.bincount(self.groups).astype(np.float64)
        effects = np.empty((n_shuffles, self.dof_contrast, n_elements))
        sums = np.empty((n_shuffles, len(counts), n_elements))
        fit_groups(left, rows, owners, len(counts), effects, sums)
        statistics, dofs = np.empty((2, n_shuffles, n_elements))
        weigh_groups(
            effects,
            sums,
            smallest,
            design.factors,
            design.free,
            counts,
            self.signed,
            statistics,
            dofs,
        )
        return statistics, dofs

    def _heights(self, statistics: Floats, dofs: Floats) -> Floats:
        return statistics if self.deviates is None else self.deviates.z(statistics, dofs)
