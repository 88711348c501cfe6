"""How numbers and diagrams move over training: analyses of one model's checkpoints, in the order of their steps."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from todacomm.comparison.shapes import scaled_diagrams
from todacomm.core.facts import RunWarning
from todacomm.core.metrics import OVER_TRAINING
from todacomm.core.similarity import wasserstein
from todacomm.core.streams import RESIDUAL, kind_of
from todacomm.results.table import RUN_LAYER, in_depth_order, own_rows
from todacomm.settings.steps import training_step

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

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
        ``step, layer, depth, metric, value``; numbers of the whole run under layer ``run``. Layers are ordered by
        depth in both tables.
    change : DataFrame
        ``step_from, step, layer, depth, degree, distance, rate``: the Wasserstein distance of two consecutive
        checkpoints' diagrams, each in units of its own layer's median distance, and the same by 1,000 steps.
    warnings : tuple of RunWarning
        What a reader must not conclude.
    """

    name: str
    steps: tuple[int, ...]
    table: pd.DataFrame
    change: pd.DataFrame
    warnings: tuple[RunWarning, ...] = ()

    def over_training(self) -> dict[str, pd.Series]:
        """Series by step: numbers of the whole run, and the mean over layers of every other metric."""
        run = self.table[self.table["layer"] == RUN_LAYER].pivot_table(index="step", columns="metric", values="value")
        layers = self.table[self.table["layer"] != RUN_LAYER]
        means = layers.groupby(["metric", "step"])["value"].mean().unstack("metric")
        series = {str(name): run[name].dropna() for name in run}
        series |= {f"mean_{name}": means[name].dropna() for name in OVER_TRAINING if name in means}
        for degree, rows in self.change.groupby("degree"):
            by_step = rows.groupby("step")[["distance", "rate"]].mean()
            series |= {f"h{degree}_{name}": by_step[name].dropna() for name in by_step}
        return {name: values for name, values in series.items() if len(values)}


def trajectories(analyses: Iterable[tuple["Analysis", int | None]]) -> tuple[Trajectory, ...]:
    """The trajectories among analyses, each given with its training step or None."""
    return tuple(trajectory(name, by_step) for name, by_step in trainings(analyses))


def trainings(analyses: Iterable[tuple["Analysis", int | None]]) -> list[tuple[str, dict[int, "Analysis"]]]:
    """Name and checkpoints by step of every model, weights and texts that have two or more.

    Of two analyses at one step the first counts. Equal names are followed by the id of their first run.
    """
    together: dict[tuple[str, ...], dict[int, Analysis]] = {}
    for analysis, step in analyses:
        if step is not None:
            asked = analysis.settings["options"]
            key = asked["model"], asked["weights"], analysis.dataset.name, analysis.dataset.digest
            together.setdefault(key, {}).setdefault(step, analysis)
    several = [by_step for by_step in together.values() if len(by_step) > 1]
    firsts = [next(iter(by_step.values())) for by_step in several]
    names = [
        f"{one.model.name}{' random' if one.model.weights == 'random' else ''} {one.dataset.name}" for one in firsts
    ]
    return [
        (name if names.count(name) == 1 else f"{name} #{first.run_id[:6]}", by_step)
        for name, first, by_step in zip(names, firsts, several, strict=True)
    ]


def with_steps(
    analyses: Iterable["Analysis"], given: Mapping[str, int | None]
) -> Iterator[tuple["Analysis", int | None]]:
    """Analyses with their training steps: given by revision, else read from the revision's name."""
    for analysis in analyses:
        revision = str(analysis.settings["options"]["revision"] or "")
        yield analysis, given[revision] if revision in given else training_step(revision)


def numbered(several: Sequence[Trajectory]) -> dict[str, Trajectory]:
    """Trajectories by what their files' names end in: nothing where there is one, else ``_1``, ``_2`` ..."""
    return {f"_{n}" if len(several) > 1 else "": one for n, one in enumerate(several, start=1)}


def tables(several: Sequence[Trajectory]) -> dict[str, pd.DataFrame]:
    """Numbers and changes of every trajectory, by the name of their file."""
    named: dict[str, pd.DataFrame] = {}
    for suffix, one in numbered(several).items():
        named |= {f"trajectory{suffix}": one.table, f"trajectory_change{suffix}": one.change}
    return named


def series(several: Sequence[Trajectory]) -> list[tuple[str, float, int]]:
    """Metrics for the record: key, value, and the training step as step."""
    points = []
    for one in several:
        prefix = "trajectory" if len(several) == 1 else f"trajectory {_UNFIT.sub('-', one.name)}"[:200]
        for name, values in one.over_training().items():
            points += [(f"{prefix}/{name}", float(v), int(s)) for s, v in zip(values.index, values, strict=True)]
    return points


def remarks(several: Sequence[Trajectory]) -> tuple[RunWarning, ...]:
    """The warnings of all, each with its trajectory's name."""
    return tuple(warning._replace(text=f"{warning.text} ({one.name})") for one in several for warning in one.warnings)


def trajectory(name: str, analyses: Mapping[int, "Analysis"]) -> Trajectory:
    """The trajectory of analyses by their training step."""
    steps = tuple(sorted(analyses))
    frames = []
    for step in steps:
        analysis = analyses[step]
        own = own_rows(analysis.tables.layers)
        along = own["layer"].map(lambda layer: kind_of(layer) == RESIDUAL)
        frames.append(own[along].assign(step=step)[_COLUMNS])
    table = pd.concat(frames, ignore_index=True)
    change = changes(steps, {step: scaled_diagrams(analyses[step]) for step in steps}, _depths(table))
    orders = [analysis.layer_names for analysis in analyses.values()]
    remarked = tuple(warnings(steps, table))
    return Trajectory(name, steps, in_depth_order(table, orders), in_depth_order(change, orders), remarked)


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


def warnings(steps: Sequence[int], table: pd.DataFrame) -> list[RunWarning]:
    """Why no p-value stands beside a correlation over training, and what else is missing."""
    made = []
    if len(steps) < FEWEST:
        text = f"{len(steps)} checkpoints: two points always lie on a line, and nothing follows from their order"
        made.append(RunWarning("few_checkpoints", text))
    series = table[table["layer"] != RUN_LAYER].groupby(["metric", "step"])["value"].mean().unstack("metric")
    names = [name for name in OVER_TRAINING if name in series]
    moving = [name for name in names if abs(autocorrelation(series[name].to_numpy())) > 2 / np.sqrt(len(steps))]
    if moving:
        text = (
            f"consecutive checkpoints resemble each other (autocorrelated: {', '.join(moving)}): points over training "
            "are no independent sample, and no p-value is given for how they move with the perplexity"
        )
        made.append(RunWarning("autocorrelated", text))
    elif len(steps) >= FEWEST:
        text = "the checkpoints are of one training: no p-value is given for how numbers move together"
        made.append(RunWarning("one_training", text))
    return made


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
