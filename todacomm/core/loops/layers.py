"""The loops of one analysed layer: its longest bars with what is left of them on half-samples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from todacomm.core.arrays import Array, Bools, Indices
from todacomm.core.checks import as_rows
from todacomm.core.homology import Diagrams
from todacomm.core.layer import MIN_DISTINCT, LayerAnalysis
from todacomm.core.loops.cocycles import N_LONGEST, LoopBar, loop_bars
from todacomm.core.loops.groups import left_on_groups
from todacomm.core.loops.reproduction import MOST_TOGETHER, Restrictions, life_left, membership, prominence
from todacomm.core.loops.verdict import Evidence
from todacomm.core.matrices import median_and_largest

LOW = 0.05
"""The quantile over half-samples that is given beside the mean."""


@dataclass(frozen=True, eq=False)
class LayerLoops:
    """The longest H1 bars of a layer, and those of the largest ratios of death to birth.

    Attributes
    ----------
    rows : ndarray of int, shape (n_points,)
        Rows of the cloud that the points of ``bars`` are: one of each group of coinciding rows, or the landmarks.
    bars : tuple of LoopBar
        In the order of :func:`todacomm.core.loops.longest_bars`; empty where the layer has no shape, no H1 or no bar.
    lifetimes : ndarray, shape (n_bars,)
        In units of the median distance among these points; the first is ``h1_max_norm``.
    left, leads : ndarray, shape (n_bars, n_halves)
        On every half-sample, from :func:`todacomm.core.loops.life_left` and :func:`todacomm.core.loops.leading`;
        without half-samples, ``n_halves`` is 0 and what is summarised over them is nan.
    of_groups : ndarray, shape (n_bars, n_halves)
        On random halves of the groups of neighbouring points, from :func:`todacomm.core.loops.left_on_groups`.
    """

    rows: Indices
    bars: tuple[LoopBar, ...]
    lifetimes: Array
    left: Array
    leads: Bools
    of_groups: Array

    def evidence(self, p_adjusted: Array) -> list[Evidence]:
        """What is known of every bar, given its p from :func:`todacomm.core.loops.bar_p_values`."""
        numbers = (p_adjusted, self.reproduction, self.prominence, self.group_reproduction)
        return [Evidence(*map(float, of_bar)) for of_bar in zip(*numbers, strict=True)]

    @property
    def reproduction(self) -> Array:
        """Mean share of its life that is left of every bar: shape (n_bars,)."""
        return _over_halves(self.left, lambda left: left.mean(axis=1))

    @property
    def low_reproduction(self) -> Array:
        """The share that is left on all but the worst twentieth of the half-samples: shape (n_bars,)."""
        return _over_halves(self.left, lambda left: np.quantile(left, LOW, axis=1))

    @property
    def prominence(self) -> Array:
        """Share of half-samples on which only loops at least as long are longer than a bar: shape (n_bars,)."""
        return _over_halves(self.leads, prominence)

    @property
    def group_reproduction(self) -> Array:
        """Mean share of its life that is left of every bar on halves of its groups: shape (n_bars,)."""
        return _over_halves(self.of_groups, lambda left: left.mean(axis=1))


def layer_loops(
    layer: LayerAnalysis,
    halves: Indices,
    half_diagrams: Sequence[Diagrams],
    *,
    n_longest: int = N_LONGEST,
    seed: int = 0,
) -> LayerLoops:
    """The bars of a layer that are looked into, and what is left of each on the half-samples of its intervals.

    They are the ``n_longest`` and, where they are others, as many with the largest ratios of death to birth: a small
    loop has a short bar with a large ratio. Whether they lead on halves is asked of the longest only, and of
    :data:`todacomm.core.loops.reproduction.MOST_TOGETHER` of them: no other bar is called a loop.

    Of coinciding rows one is a point of the cloud, and is in a half where any of them is. Landmarks have bars and
    cocycles, but no half-samples: half of the texts is no half of points that are chosen to lie far from each other.

    Parameters
    ----------
    halves : ndarray of int, shape (n_halves, n_points // 2)
        From :func:`todacomm.core.inference.half_samples`; none for a layer with landmarks.
    half_diagrams : sequence of list of ndarray
        Their diagrams: ``Replicates.diagrams`` of the same halves, without those under 4 distinct points.
    n_longest : int
        How many of the longest, and of the largest ratios.
    seed : int
        Of the halves of the groups.

    Raises
    ------
    ValueError
        The layer has landmarks and there are halves, these are no rows of the layer, or diagrams and halves do not
        match.

    >>> from todacomm.core.layer import analyze_layer
    >>> angles = np.arange(60) * 2 * np.pi / 60
    >>> circle = analyze_layer(np.column_stack([np.cos(angles), np.sin(angles)]))
    >>> loops = layer_loops(circle, np.empty((0, 30), dtype=np.intp), ())
    >>> len(loops.bars), loops.reproduction.tolist()
    (1, [nan])
    """
    halves = as_rows(halves, len(layer.cloud), "the halves")
    if layer.landmarks is not None and len(halves):
        raise ValueError(
            "a layer with landmarks has no half-samples: half of the texts is no half of its landmarks; give none"
        )
    if not layer.defined or len(layer.diagrams) < 2:
        none = np.empty((0, len(halves)))
        return LayerLoops(layer.distinct, (), np.empty(0), none, none.astype(np.bool_), none)
    distances = layer.distances
    rows = layer.distinct if layer.landmarks is None else layer.landmarks
    if layer.landmarks is None and len(rows) < len(distances):
        point = distances[:, rows].argmin(axis=1)
        halves_of_points: Sequence[Indices] = [np.unique(point[half]) for half in halves]
        distances = distances[np.ix_(rows, rows)]
    else:
        halves_of_points = list(halves)
    members = membership(halves_of_points, len(rows))
    sound = members.sum(axis=1) >= MIN_DISTINCT
    if sound.sum() != len(half_diagrams):
        raise ValueError(
            f"diagrams of {len(half_diagrams)} half-samples, where {sound.sum()} of {len(halves)} have "
            f"{MIN_DISTINCT} distinct points: give those of the same half-samples"
        )
    bars = loop_bars(distances, layer.diagrams[1], n_longest=n_longest, n_ratios=n_longest)
    n_leading = sum(bar.rank <= min(n_longest, MOST_TOGETHER) for bar in bars)
    first = Restrictions(distances, bars[:MOST_TOGETHER], members[sound])
    left = np.zeros((len(bars), len(halves)))
    left[:MOST_TOGETHER, sound] = first.life_left()
    if others := bars[MOST_TOGETHER:]:
        left[MOST_TOGETHER:, sound] = life_left(distances, others, members[sound])
    leads = np.zeros(left.shape, dtype=np.bool_)
    leads[:n_leading, sound] = first.leading([dgms[1] for dgms in half_diagrams], n_leading)
    lifetimes = np.array([bar.lifetime for bar in bars]) / median_and_largest(distances)[0]
    return LayerLoops(rows, bars, lifetimes, left, leads, left_on_groups(distances, bars, len(halves), seed))


def _over_halves(values: NDArray[Any], summarise: Callable[[NDArray[Any]], Array]) -> Array:
    return summarise(values) if values.shape[1] else np.full(len(values), np.nan)
