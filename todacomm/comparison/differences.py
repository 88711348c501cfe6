"""Paired differences: two analyses of the same texts, on the same half-samples, layer by layer at matched depth."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from todacomm.comparison.gathering import Gathered
from todacomm.comparison.identity import MODELS
from todacomm.comparison.matching import matched_names, residual_depths
from todacomm.comparison.metrics import compared_metrics
from todacomm.core.equivalence.contrasts import Contrast, paired_contrast
from todacomm.core.equivalence.families import Family, family_of
from todacomm.core.inference import INTERVAL_METRICS, paired_difference
from todacomm.core.inference.uncertainty import GROWS
from todacomm.results.table import framed, own_rows

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

Array = np.ndarray
Pair = tuple[str, str]
JUDGED = ["difference", "se", "lo", "hi", "p_adjusted", "lo_family", "hi_family", "smallest_difference", "family"]
"""Columns of a difference: ``lo`` and ``hi`` are its own 95 % interval, ``lo_family`` and ``hi_family`` one of the
intervals that hold together; ``smallest_difference`` would have been distinguished from none with 80 %."""
COLUMNS = ["label_a", "label_b", "metric", "layer_a", "layer_b", "depth", "value_a", "value_b", *JUDGED]
MOST_PAIRED = 40
"""Analyses up to which every two of them are compared in pairs unless the pairs are named."""
SEED = 0
"""Of the joint law of the differences: every table of the same analyses has the same p."""


@dataclass(frozen=True)
class LayerPair:
    """Two analyses at matched layers: arrays of shape (n_layers, n_metrics) and (replicates, n_layers, n_metrics)."""

    a: str
    b: str
    layers: list[tuple[str, str]]
    value_a: Array
    value_b: Array
    halves_a: Array
    halves_b: Array


def paired_differences(
    gathered: Gathered, pairs: Sequence[Pair] | None = None, metrics: tuple[str, ...] | None = None
) -> pd.DataFrame:
    """Differences of metrics between analyses of the same texts, layer by layer at matched depth.

    Both sides were measured on the same half-samples; each is brought to full size, and the sd of their differences is
    the standard error (up to 1.9 times smaller than unpaired). ``p_adjusted`` is max-T over a family: all layers and
    metrics of all pairs of trained models together, and of all other pairs together (:func:`families_of`). It speaks of
    the texts and takes the models as they are.

    Parameters
    ----------
    pairs : list of (str, str), optional
        Labels ``a`` and ``b``; the difference is ``a - b``, and all pairs given are one family. Without it every two
        analyses, of up to 40.
    metrics : tuple of str, optional
        By default :func:`todacomm.comparison.metrics.compared_metrics`.

    Returns
    -------
    DataFrame
        ``label_a, label_b, metric, layer_a, layer_b, depth, value_a, value_b`` and :data:`JUDGED`; empty for pairs that
        :func:`unpaired` gives a reason for. ``family`` is the number of differences that are adjusted together.
    """
    metrics = compared_metrics() if metrics is None else metrics
    families = families_of(gathered) if pairs is None else [list(pairs)]
    rows = [row for family in families for row in _rows(gathered, family, metrics)]
    order = {pair: place for place, pair in enumerate(pair for family in families for pair in family)}
    if pairs is None:
        order = {pair: place for place, pair in enumerate(every_pair(gathered))}
    return framed(sorted(rows, key=lambda row: order[str(row["label_a"]), str(row["label_b"])]), COLUMNS)


def every_pair(gathered: Gathered) -> list[Pair]:
    """Labels of every two analyses; none where they are more than :data:`MOST_PAIRED`."""
    return list(combinations(gathered.labels, 2)) if len(gathered.labels) <= MOST_PAIRED else []


def families_of(gathered: Gathered) -> list[list[Pair]]:
    """Every pair in the family with which it is adjusted: pairs of trained models, then all others.

    The two answer different questions and stand in different tables of a report.
    """
    trained = set(gathered.runs.loc[gathered.runs["weights"] == "trained", "label"])
    both = [pair for pair in every_pair(gathered) if trained.issuperset(pair)]
    return [both, [pair for pair in every_pair(gathered) if pair not in set(both)]]


def controls(gathered: Gathered) -> pd.DataFrame:
    """:func:`paired_differences` of each trained model less the same model with random weights, all one family."""
    return paired_differences(gathered, trained_and_random(gathered))


def trained_and_random(gathered: Gathered) -> list[Pair]:
    """Labels of every model that is there with trained and with random weights."""
    runs = gathered.runs
    trained, random = (runs[runs["weights"] == weights] for weights in ("trained", "random"))
    both = trained.merge(random, on=["model", "dataset"], suffixes=("_a", "_b"))
    return list(zip(both["label_a"], both["label_b"], strict=True))


def unpaired(gathered: Gathered, a: str, b: str) -> str:
    """Why two analyses have no paired differences; empty where they do."""
    if gathered.over != MODELS:
        return "they read different texts"
    first, second = gathered.analyses[a], gathered.analyses[b]
    if first.dataset.digest != second.dataset.digest:
        return "they read different texts"
    if first.settings["options"]["seed"] != second.settings["options"]["seed"]:
        return "their seeds differ, and so their half-samples"
    if first.clusters != second.clusters:
        return "their half-samples are of other clusters"
    without = [analysis for analysis in (first, second) if not analysis.config.has_intervals]
    return f"{without[0].run_name} has no half-samples" if without else ""


def fewest_units(gathered: Gathered) -> int:
    """What the half-samples are halves of, texts or clusters of them: the smallest number of all analyses."""
    return min(analysis.n_units for analysis in gathered.analyses.values())


def by_pair(table: pd.DataFrame) -> list[tuple[Pair, pd.DataFrame]]:
    """The rows of a table by its pairs of labels, in the order of the table."""
    groups = table.groupby(["label_a", "label_b"], sort=False)
    return [((str(a), str(b)), rows) for (a, b), rows in ((tuple(key), rows) for key, rows in groups)]


def judged(family: Family, contrast: Contrast) -> dict[str, Array]:
    """What a family says of a contrast: the columns of :data:`JUDGED` from ``p_adjusted`` on."""
    half = family.half_width(contrast)
    return {
        "p_adjusted": family.p_adjusted(contrast),
        "lo_family": contrast.estimate - half,
        "hi_family": contrast.estimate + half,
        "smallest_difference": family.smallest_difference(contrast),
        "family": np.full(contrast.estimate.shape, family.n_cells),
    }


def halves_of(analysis: "Analysis", layers: Sequence[str]) -> Array:
    """Interval metrics of some layers on the half-samples: shape (replicates, n_layers, n_metrics), nan where none."""
    recorded = analysis.replicates
    n = max((len(values) for values in recorded.values()), default=0)
    missing = np.full((n, len(INTERVAL_METRICS)), np.nan)
    return np.stack([recorded.get(layer, missing) for layer in layers], axis=1)


def values_of(analysis: "Analysis", layers: Sequence[str]) -> Array:
    """The same of all points: shape (n_layers, n_metrics)."""
    wide = own_rows(analysis.tables.layers).pivot(index="layer", columns="metric", values="value")
    return wide.reindex(index=list(layers), columns=list(INTERVAL_METRICS)).to_numpy(dtype=float)


def _rows(gathered: Gathered, pairs: Iterable[Pair], metrics: tuple[str, ...]) -> Iterator[dict[str, object]]:
    measured = [_measured(gathered, a, b, metrics) for a, b in pairs if not unpaired(gathered, a, b)]
    grows = GROWS[[INTERVAL_METRICS.index(metric) for metric in metrics]]
    contrasts = [
        paired_contrast(one.value_b, one.value_a, one.halves_b, one.halves_a, grows=grows, relative=False)
        for one in measured
    ]
    family = family_of(contrasts, fewest_units(gathered), np.random.default_rng(SEED))
    for one, contrast in zip(measured, contrasts, strict=True):
        columns = {"value_a": one.value_a, "value_b": one.value_b, **_alone(one, grows), **judged(family, contrast)}
        depths = residual_depths(gathered.analyses[one.a])
        for column, metric in enumerate(metrics):
            for place, (layer_a, layer_b) in enumerate(one.layers):
                if np.isfinite(columns["difference"][place, column]):
                    yield {
                        "label_a": one.a, "label_b": one.b, "metric": metric, "layer_a": layer_a, "layer_b": layer_b,
                        "depth": depths[layer_a],
                        **{name: values[place, column].item() for name, values in columns.items()},
                    }  # fmt: skip


def _alone(pair: LayerPair, grows: Array) -> dict[str, Array]:
    """Differences with their own intervals: arrays of shape (n_layers, n_metrics)."""
    shape = pair.value_a.shape
    half_a, half_b = (half.reshape(len(half), -1) for half in (pair.halves_a, pair.halves_b))
    each = np.broadcast_to(grows, shape).ravel()
    own = paired_difference(pair.value_a.ravel(), pair.value_b.ravel(), half_a, half_b, each)
    numbers = {"difference": own.value, "se": own.se, "lo": own.lo, "hi": own.hi}
    return {name: values.reshape(shape) for name, values in numbers.items()}


def _measured(gathered: Gathered, a: str, b: str, metrics: tuple[str, ...]) -> LayerPair:
    sides = gathered.analyses[a], gathered.analyses[b]
    layers = matched_names(*sides)
    columns = [INTERVAL_METRICS.index(metric) for metric in metrics]
    names = list(zip(*layers, strict=True))
    values = [values_of(side, own)[:, columns] for side, own in zip(sides, names, strict=True)]
    halves = [halves_of(side, own)[:, :, columns] for side, own in zip(sides, names, strict=True)]
    both = min(len(half) for half in halves)
    return LayerPair(a, b, layers, values[0], values[1], halves[0][:both], halves[1][:both])
