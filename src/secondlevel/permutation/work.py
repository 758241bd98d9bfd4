"""The work on some shuffles: sweep, summarise, tally. Any share of it can be done anywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondlevel.graph.adjacency import Graph
from secondlevel.permutation.nulls.tally import Tally
from secondlevel.permutation.question import Question
from secondlevel.permutation.scores.asked import Beyond, Swept, Wanted
from secondlevel.permutation.shuffles.shuffle import Batch, Shuffles
from secondlevel.permutation.sides import Sides
from secondlevel.permutation.summaries.clusters import ClusterMeter
from secondlevel.permutation.summaries.enhancement import TFCESummary

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Observed:
    """The summaries of the unshuffled maps, for one contrast.

    Parameters
    ----------
    maps : dict of str to array of shape (V,)
        By the name of a summary: "max" (heights), "size", "mass", "tfce".
    maxima : dict of str to array of shape (sides,)
        The largest of each on every side.
    floors : dict of str to array of shape (V,)
        What a shuffle must reach to count: the values in the direction asked about, less what makes
        a tie.
    """

    maps: dict[str, Floats]
    maxima: dict[str, Floats]
    floors: dict[str, Floats]


@dataclass(frozen=True, eq=False, kw_only=True)
class Work:
    """All that a share of the work needs.

    Parameters
    ----------
    data : array of shape (n, V)
        Finite; single or double precision.
    shuffles : Shuffles
    questions : tuple of Question
    sides : Sides
    graph : Graph or None
    meters : tuple of ClusterMeter or None
        One for every question; none where clusters are not asked for.
    enhancement : TFCESummary or None
    observed : tuple of Observed
        One for every question.
    uncorrected : bool
        Whether to count, at every element, the shuffles that reach the observed value.
    """

    data: Floats
    shuffles: Shuffles
    questions: tuple[Question, ...]
    sides: Sides
    graph: Graph | None
    meters: tuple[ClusterMeter, ...] | None
    enhancement: TFCESummary | None
    observed: tuple[Observed, ...]
    uncorrected: bool

    @property
    def summaries(self) -> tuple[str, ...]:
        """Names of what is kept of every shuffle."""
        return tuple(self.observed[0].maxima)

    def tally(self, start: int, stop: int) -> Tally:
        """Do shuffles start up to, not including, stop."""
        batch = self.shuffles.batch(start, stop)
        maxima: dict[str, list[Floats]] = {name: [] for name in self.summaries}
        reached: dict[str, list[Counts]] = {}
        for number in range(len(self.questions)):
            largest, counts = self._ask(number, batch)
            if start == 0:
                self._put_observed(number, largest, counts)
            for name, values in largest.items():
                maxima[name].append(values)
            for name, times in counts.items():
                reached.setdefault(name, []).append(times)
        return Tally(
            start,
            stop,
            {name: np.stack(values, axis=1) for name, values in maxima.items()},
            {name: np.stack(times) for name, times in reached.items()},
        )

    def _put_observed(
        self, number: int, largest: dict[str, Floats], counts: dict[str, Counts]
    ) -> None:
        """Let the unshuffled maps be shuffle 0, as they were observed."""
        for name, values in largest.items():
            values[0] = self.observed[number].maxima[name]
        for name, times in counts.items():
            counts[name] = times + 1

    def _ask(self, number: int, batch: Batch) -> tuple[dict[str, Floats], dict[str, Counts]]:
        """Ask one question of some shuffles: maxima, shape (S, sides), and counts, shape (V,)."""
        question = self.questions[number]
        meter = None if self.meters is None else self.meters[number]
        wanted = Wanted(
            self.sides.signs,
            None if meter is None else meter.threshold.score,
            question.reach if self.uncorrected else None,
            maps=self.enhancement is not None,
        )
        swept = question.statistic.sweep(self.data, batch, wanted)
        largest = {"max": question.scale.of_scores(swept.maxima)}
        counts = {} if swept.reached is None else {"max": swept.reached}
        if meter is not None and swept.beyond is not None:
            largest |= _largest_clusters(meter, swept.beyond, swept.maxima.shape)
        if self.enhancement is not None:
            largest["tfce"], times = self._enhance(number, swept, batch.start)
            if self.uncorrected:
                counts["tfce"] = times
        return largest, counts

    def _enhance(self, number: int, swept: Swept, first: int) -> tuple[Floats, Counts]:
        """Largest enhanced scores, shape (S, sides), and how often each element's is reached."""
        assert swept.maps is not None
        assert self.enhancement is not None
        assert self.graph is not None
        observed = self.observed[number].maps["tfce"]
        floors = self.observed[number].floors["tfce"]
        directions = self.sides.directions(observed)
        largest = np.zeros(swept.maxima.shape)
        times = np.zeros(len(observed), dtype=np.int64)
        heights = np.empty(len(observed))
        for s, scores in enumerate(swept.maps):
            self.questions[number].scale.write_heights(scores, heights)
            reached = np.zeros(len(observed), dtype=bool)
            for side, sign in enumerate(self.sides.signs):
                enhanced = self.enhancement.observe(self.graph, sign * heights)
                largest[s, side] = enhanced.max()
                if self.uncorrected:
                    reached |= (enhanced >= floors) & (directions * sign >= 0)
            if self.uncorrected and first + s > 0:
                times += reached
        return largest, times


def _largest_clusters(
    meter: ClusterMeter, beyond: Beyond, shape: tuple[int, ...]
) -> dict[str, Floats]:
    """Sizes and masses of the largest clusters, each of shape (S, sides)."""
    splits = np.searchsorted(beyond.places, np.arange(shape[0] * shape[1] + 1))
    largest = meter.largest(beyond.elements, splits, beyond.scores)
    return {"size": largest.sizes.reshape(shape), "mass": largest.masses.reshape(shape)}
