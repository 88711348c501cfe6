"""The loops of a run: the longest bars of all its layers, what may be claimed of each, and which points make them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from todacomm.core.arrays import Array, Indices
from todacomm.core.homology import Diagrams
from todacomm.core.inference.evidence import families
from todacomm.core.layer import LayerAnalysis
from todacomm.core.loops.cocycles import LoopBar
from todacomm.core.loops.coordinates import circular_coordinate, smoothed_angle
from todacomm.core.loops.layers import LayerLoops, layer_loops
from todacomm.core.loops.representatives import shortest_loop
from todacomm.core.loops.verdict import LOOP, bar_p_values, verdict
from todacomm.core.metrics import TESTED_METRICS
from todacomm.core.threads import in_threads
from todacomm.system.progress import Progress, counted, silent

Row = dict[str, Any]
"""Columns of :data:`todacomm.results.table.LOOP_COLUMNS`."""

MIN_SHARE = 0.5
"""Share of an angle's variance from which on it is read from the coordinates of the cloud."""


@dataclass(frozen=True, eq=False)
class LoopPoints:
    """Which points make one bar.

    Attributes
    ----------
    layer : str
    rank : int
        1 for the longest bar of the layer.
    points : ndarray of int, shape (n_on_loop,)
        Rows of the cloud on a shortest loop of the bar's class, in order around it.
    angle : ndarray, shape (n_points,), or None
        Place of every point on the loop in radians, for a bar that is claimed to be a loop; nan where it has none.
    """

    layer: str
    rank: int
    points: Indices
    angle: Array | None = None


@dataclass(frozen=True)
class RunLoops:
    """The longest H1 bars of a run's layers.

    Attributes
    ----------
    rows : list of dict
        One a bar: layer, rank, birth, death, lifetime in median distances, ratio, p values, reproduction, verdict.
    points : list of LoopPoints
        One a bar, in the same order.
    left : mapping of ndarray, shape (n_halves,)
        Layer -> share of its longest bar's life that is left on every half-sample; layers with a bar.
    """

    rows: list[Row]
    points: list[LoopPoints]
    left: Mapping[str, Array]


def run_loops(
    layers: Mapping[str, LayerAnalysis],
    half_diagrams: Mapping[str, Sequence[Diagrams]],
    draws: Mapping[str, Array],
    *,
    halves: Indices,
    seed: int,
    n_loops: int = 5,
    threads: int = 1,
    progress: Progress = silent,
) -> RunLoops:
    """Claims about the longest bars of every layer, and the points that make them.

    A bar is called a loop only where it is longer than the covariance explains (p adjusted over the layers of a stream)
    and is reproduced on halves of the texts and of their groups; see :func:`todacomm.core.loops.verdict`. Without
    half-samples or rotations no bar is.

    Parameters
    ----------
    half_diagrams : mapping
        Layer -> diagrams of its half-samples, :attr:`todacomm.core.inference.Replicates.diagrams`.
    draws : mapping of ndarray, shape (draws, len(TESTED_METRICS))
        Of the rotation null, from :func:`todacomm.core.inference.null_draws`.
    halves : ndarray of int, shape (replicates, n_points // 2)
        The half-samples, from :func:`todacomm.core.inference.half_samples`.
    seed : int
        Of the halves of the groups.
    n_loops : int
        Bars a layer; 0: none.
    threads : int
        They change the time and not the numbers.
    """

    def measure(name: str) -> LayerLoops:
        layer, dgms = layers[name], half_diagrams.get(name)
        has_halves = dgms is not None and layer.landmarks is None
        own = halves if has_halves else halves[:0]
        return layer_loops(layer, own, dgms if dgms and has_halves else (), n_longest=n_loops, seed=seed)

    wanted = list(layers) if n_loops else []
    in_turn = counted(in_threads(measure, wanted, threads), "loops", len(wanted), progress)
    measured = dict(zip(wanted, in_turn, strict=True))
    p_values = _p_values(layers, measured, draws)
    rows = {name: _rows(name, loops, *p_values[name]) for name, loops in measured.items()}

    def locate(name: str) -> list[LoopPoints]:
        return _points(name, layers[name], measured[name], [str(row["verdict"]) for row in rows[name]])

    points = list(chain.from_iterable(in_threads(locate, wanted, threads)))
    all_rows = list(chain.from_iterable(rows.values()))
    for row, on_loop in zip(all_rows, points, strict=True):
        row["n_on_loop"] = len(on_loop.points)
    left = {name: loops.left[0] for name, loops in measured.items() if len(loops.bars)}
    return RunLoops(all_rows, points, left)


def _rows(name: str, loops: LayerLoops, p: Array, p_adjusted: Array) -> list[Row]:
    values = zip(
        loops.bars, loops.lifetimes, p, loops.evidence(p_adjusted), loops.low_reproduction, strict=True,
    )  # fmt: skip
    return [
        {
            "layer": name,
            "rank": bar.rank,
            "birth": bar.birth,
            "death": bar.death,
            "lifetime_norm": float(lifetime),
            "ratio": bar.death / bar.birth if bar.birth > 0.0 else np.nan,
            "p": float(plain),
            "p_adjusted": evidence.p_adjusted,
            "reproduction": evidence.reproduction,
            "reproduction_lo": float(low),
            "prominence": evidence.prominence,
            "group_reproduction": evidence.group_reproduction,
            "verdict": verdict(evidence),
        }
        for bar, lifetime, plain, evidence, low in values
    ]


def _p_values(
    layers: Mapping[str, LayerAnalysis], measured: Mapping[str, LayerLoops], draws: Mapping[str, Array]
) -> dict[str, tuple[Array, Array]]:
    """Plain and adjusted p of every layer's bars; nan without draws. Families are those of the table of nulls."""
    column = TESTED_METRICS.index("h1_max_norm")
    values = {name: (np.full(len(loops.bars), np.nan),) * 2 for name, loops in measured.items()}
    drawn = [name for name in measured if name in draws and np.isfinite(draws[name][:, column]).all()]
    for family in families(layers, drawn):
        lifetimes = [np.sort(measured[name].lifetimes)[::-1] for name in family]
        of_family = np.column_stack([draws[name][:, column] for name in family])
        values |= dict(zip(family, bar_p_values(lifetimes, of_family), strict=True))
    return values


def _points(name: str, layer: LayerAnalysis, loops: LayerLoops, verdicts: Sequence[str]) -> list[LoopPoints]:
    """Points of every bar of a layer; the distances among them are taken once."""
    if not loops.bars:
        return []
    among = layer.among(loops.rows)
    results = []
    for bar, claim in zip(loops.bars, verdicts, strict=True):
        points = loops.rows[shortest_loop(among, bar).points]
        angle = _angle_of_every_row(layer, loops.rows, among, bar) if claim == LOOP else None
        results.append(LoopPoints(name, bar.rank, points, angle))
    return results


def _angle_of_every_row(layer: LayerAnalysis, rows: Indices, among: Array, bar: LoopBar) -> Array | None:
    """The angle of the bar's points, carried to the rows that coincide with them or are nearest to them.

    None where the class has no circular coordinate.
    """
    try:
        angle = circular_coordinate(among, bar)
    except ValueError:  # torsion, or no class over the prime field: the loop stands without places on it
        return None
    points = layer.scores[rows]
    smoothed = smoothed_angle(points, angle)
    if smoothed.share >= MIN_SHARE:
        angle = np.where(np.isfinite(angle), smoothed.angle, np.nan)
    if len(rows) == len(layer.scores):
        return angle
    carried: Array = angle[layer.nearest(rows)]
    return carried
