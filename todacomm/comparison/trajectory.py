"""How numbers and diagrams move over training: analyses of one model's checkpoints, in the order of their steps."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from todacomm.comparison.geometry import scaled_diagrams
from todacomm.core.similarity import wasserstein
from todacomm.core.streams import RESIDUAL, kind_of
from todacomm.results.table import RUN_LAYER, own_rows

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

TOPOLOGICAL = ("h0_total_norm", "h1_max_norm", "h1_total_norm", "h1_entropy")
SPECTRAL = ("participation_ratio", "effective_rank", "twonn_dimension", "mean_cosine")
LIKELIHOODS = ("perplexity", "pseudo_perplexity")
FEWEST = 3
_UNFIT = re.compile(r"[^\w\-. :]+")
_COLUMNS = ["step", "layer", "depth", "metric", "value"]
_CHANGE = ["step_from", "step", "layer", "depth", "degree", "distance", "rate"]


@dataclass(frozen=True)
class Trajectory:
    """One model on one data set over its training.

    Attributes
    ----------
    name : str
        Model and data set, and the weights where they are random.
    steps : tuple of int
        Training steps, ascending.
    table : DataFrame
        ``step, layer, depth, metric, value``; numbers of the whole run under layer ``run``.
    change : DataFrame
        ``step_from, step, layer, depth, degree, distance, rate``: the Wasserstein distance of two consecutive
        checkpoints' diagrams, each in units of its own layer's median distance, and the same by 1,000 steps.
    warnings : tuple of str
        What a reader must not conclude.
    """

    name: str
    steps: tuple[int, ...]
    table: pd.DataFrame
    change: pd.DataFrame
    warnings: tuple[str, ...] = ()

    def over_training(self) -> dict[str, pd.Series]:
        """Series by step: numbers of the whole run, and the mean over layers of every other metric."""
        run = self.table[self.table["layer"] == RUN_LAYER].pivot_table(index="step", columns="metric", values="value")
        layers = self.table[self.table["layer"] != RUN_LAYER]
        means = layers.groupby(["metric", "step"])["value"].mean().unstack("metric")
        found = {str(name): run[name].dropna() for name in run}
        found |= {f"mean_{name}": means[name].dropna() for name in (*TOPOLOGICAL, *SPECTRAL) if name in means}
        for degree, rows in self.change.groupby("degree"):
            by_step = rows.groupby("step")[["distance", "rate"]].mean()
            found |= {f"h{degree}_{name}": by_step[name].dropna() for name in by_step}
        return {name: series for name, series in found.items() if len(series)}


def trajectories(analyses: Iterable[tuple["Analysis", int | None]]) -> tuple[Trajectory, ...]:
    """The trajectories among analyses, each given with its training step or None.

    One for every model, weights and texts with two checkpoints or more; of two analyses at one step the first counts.
    """
    together: dict[tuple[str, ...], dict[int, Analysis]] = {}
    for analysis, step in analyses:
        if step is not None:
            asked = analysis.settings["options"]
            key = asked["model"], asked["weights"], analysis.texts.name, analysis.texts.digest
            together.setdefault(key, {}).setdefault(step, analysis)
    found = []
    for (model, weights, dataset, _), by_step in together.items():
        if len(by_step) > 1:
            random = " random" if weights == "random" else ""
            found.append(trajectory(f"{model.rstrip('/').rpartition('/')[2]}{random} {dataset}", by_step))
    return tuple(found)


def numbered(found: Sequence[Trajectory]) -> dict[str, Trajectory]:
    """Trajectories by what their files' names end in: nothing where there is one, else ``_1``, ``_2`` ..."""
    return {f"_{n}" if len(found) > 1 else "": one for n, one in enumerate(found, start=1)}


def tables(found: Sequence[Trajectory]) -> dict[str, pd.DataFrame]:
    """Numbers and changes of every trajectory, by the name of their file."""
    named: dict[str, pd.DataFrame] = {}
    for suffix, one in numbered(found).items():
        named |= {f"trajectory{suffix}": one.table, f"trajectory_change{suffix}": one.change}
    return named


def series(found: Sequence[Trajectory]) -> list[tuple[str, float, int]]:
    """Metrics for the record: key, value, and the training step as step."""
    points = []
    for one in found:
        prefix = "trajectory" if len(found) == 1 else f"trajectory {_UNFIT.sub('-', one.name)}"[:200]
        for name, values in one.over_training().items():
            points += [(f"{prefix}/{name}", float(v), int(s)) for s, v in zip(values.index, values, strict=True)]
    return points


def remarks(found: Sequence[Trajectory]) -> tuple[str, ...]:
    """The warnings of all, each with its trajectory's name."""
    return tuple(f"{one.name}: {warning}" for one in found for warning in one.warnings)


def trajectory(name: str, analyses: Mapping[int, "Analysis"]) -> Trajectory:
    """The trajectory of analyses by their training step."""
    steps = tuple(sorted(analyses))
    frames = []
    for step in steps:
        analysis = analyses[step]
        own = own_rows(analysis.layers)
        along = own["layer"].map(lambda layer: kind_of(layer) == RESIDUAL)
        frames.append(own[along].assign(step=step)[_COLUMNS])
    table = pd.concat(frames, ignore_index=True)
    change = changes(steps, {step: scaled_diagrams(analyses[step]) for step in steps}, _depths(table))
    return Trajectory(name, steps, table, change, tuple(warnings(steps, table)))


def changes(
    steps: Sequence[int], diagrams: Mapping[int, Mapping[str, Sequence[np.ndarray]]], depths: Mapping[str, float]
) -> pd.DataFrame:
    """Distance between consecutive checkpoints' diagrams by layer and degree, and by 1,000 steps.

    >>> one = {"final": [np.array([[0.0, 1.0]])]}
    >>> two = {"final": [np.array([[0.0, 1.5]])]}
    >>> changes([0, 500], {0: one, 500: two}, {"final": 1.0})[["step", "distance", "rate"]].values.tolist()
    [[500.0, 0.5, 1.0]]
    """
    rows = []
    for before, after in pairwise(steps):
        for layer, later in diagrams[after].items():
            for degree, (first, second) in enumerate(zip(diagrams[before].get(layer, ()), later, strict=False)):
                distance = wasserstein(first, second)
                rate = 1000 * distance / (after - before)
                rows.append((before, after, layer, depths.get(layer, np.nan), degree, distance, rate))
    return pd.DataFrame(rows, columns=_CHANGE)


def warnings(steps: Sequence[int], table: pd.DataFrame) -> list[str]:
    """Why no p-value stands beside a correlation over training, and what else is missing."""
    found = []
    if len(steps) < FEWEST:
        found.append(f"{len(steps)} checkpoints: two points always lie on a line; nothing follows from their order")
    series = table[table["layer"] != RUN_LAYER].groupby(["metric", "step"])["value"].mean().unstack("metric")
    names = [name for name in (*TOPOLOGICAL, *SPECTRAL) if name in series]
    moving = [name for name in names if abs(autocorrelation(series[name].to_numpy())) > 2 / np.sqrt(len(steps))]
    if moving:
        found.append(
            f"consecutive checkpoints resemble each other ({', '.join(moving)} are autocorrelated): points over "
            "training are no independent sample, and no p-value is given for how they move with the perplexity"
        )
    elif len(steps) >= FEWEST:
        found.append("checkpoints of one training are one training: no p-value is given for how numbers move together")
    return found


def autocorrelation(values: np.ndarray) -> float:
    """Correlation of a series with itself one place later; 0 for one that does not move.

    >>> round(autocorrelation(np.arange(20.0)), 2), autocorrelation(np.ones(5))
    (0.85, 0.0)
    """
    centred = values[np.isfinite(values)]
    centred = centred - centred.mean() if len(centred) else centred
    total = float((centred**2).sum())
    return float((centred[1:] * centred[:-1]).sum()) / total if total else 0.0


def _depths(table: pd.DataFrame) -> dict[str, float]:
    rows = table[table["layer"] != RUN_LAYER].drop_duplicates("layer")
    return dict(zip(rows["layer"], rows["depth"], strict=True))
