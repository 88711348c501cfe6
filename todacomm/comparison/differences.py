"""Paired differences: two analyses of the same texts, on the same half-samples, at matched depth."""

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from todacomm.comparison.gathering import MODELS, Gathered
from todacomm.comparison.matching import matched_names, residual_depths
from todacomm.comparison.overview import COMPARED
from todacomm.core.inference import INTERVAL_METRICS, paired_difference, paired_p_values
from todacomm.core.inference.uncertainty import GROWS
from todacomm.results.table import framed, own_rows

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

COLUMNS = [
    "label_a", "label_b", "metric", "layer_a", "layer_b", "depth", "value_a", "value_b", "difference", "se", "lo", "hi",
    "p_adjusted", "layers",
]  # fmt: skip
Pair = tuple[str, str]
MOST_PAIRED = 40
"""Analyses up to which every two of them are compared in pairs unless the pairs are named."""


def paired_differences(
    gathered: Gathered, pairs: list[Pair] | None = None, metrics: tuple[str, ...] = COMPARED
) -> pd.DataFrame:
    """Differences of metrics between analyses of the same texts, layer by layer at matched depth.

    Both sides were measured on the same half-samples; each is brought to full size, and the sd of their differences is
    the standard error (up to 1.9 times smaller than unpaired). ``p_adjusted`` is step-down max-T over the matched
    layers of a pair and metric; it speaks of the texts and takes both models as they are. Metrics of one table are
    not adjusted for each other.

    Parameters
    ----------
    pairs : list of (str, str), optional
        Labels ``a`` and ``b``; the difference is ``a - b``. Without it every two analyses, of up to 40.

    Returns
    -------
    DataFrame
        ``label_a, label_b, metric, layer_a, layer_b, depth, value_a, value_b, difference, se, lo, hi, p_adjusted,
        layers``; empty for pairs that :func:`unpaired` gives a reason for.
    """
    rows: list[dict[str, object]] = []
    for a, b in pairs if pairs is not None else every_pair(gathered):
        if not unpaired(gathered, a, b):
            rows += _rows(gathered, a, b, metrics)
    return framed(rows, COLUMNS)


def every_pair(gathered: Gathered) -> list[Pair]:
    """Labels of every two analyses; none where they are more than :data:`MOST_PAIRED`: a table nobody could read."""
    return list(combinations(gathered.labels, 2)) if len(gathered.labels) <= MOST_PAIRED else []


def controls(gathered: Gathered, metrics: tuple[str, ...] = COMPARED) -> pd.DataFrame:
    """:func:`paired_differences` of each trained model less the same model with random weights: what training did."""
    return paired_differences(gathered, trained_and_random(gathered), metrics)


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
    if first.texts.digest != second.texts.digest:
        return "they read different texts"
    if first.settings["options"]["seed"] != second.settings["options"]["seed"]:
        return "their seeds differ, and so their half-samples"
    without = [analysis for analysis in (first, second) if not analysis.config.has_intervals]
    return f"{without[0].run_name} has no half-samples" if without else ""


def _rows(gathered: Gathered, a: str, b: str, metrics: tuple[str, ...]) -> Iterator[dict[str, object]]:
    sides = gathered.analyses[a], gathered.analyses[b]
    depths = residual_depths(sides[0])
    matched = matched_names(*sides)
    values = [_values(side, layers) for side, layers in zip(sides, zip(*matched, strict=True), strict=True)]
    halves = [_halves(side, layers) for side, layers in zip(sides, zip(*matched, strict=True), strict=True)]
    together = min(len(half) for half in halves)
    halves = [half[:together] for half in halves]
    for metric in metrics:
        column = INTERVAL_METRICS.index(metric)
        mine, others = (side[:, column] for side in values)
        drawn, other_drawn = (half[:, :, column] for half in halves)
        grows = bool(GROWS[column])
        p = paired_p_values(mine, others, drawn, other_drawn, grows=grows)
        found = paired_difference(mine, others, drawn, other_drawn, np.full(len(mine), grows))
        for i, (layer_a, layer_b) in enumerate(matched):
            if np.isfinite(found.value[i]):
                yield {
                    "label_a": a, "label_b": b, "metric": metric, "layer_a": layer_a, "layer_b": layer_b,
                    "depth": depths[layer_a], "value_a": mine[i], "value_b": others[i], "difference": found.value[i],
                    "se": found.se[i], "lo": found.lo[i], "hi": found.hi[i], "p_adjusted": p[i],
                    "layers": int(np.isfinite(p).sum()),
                }  # fmt: skip


def _values(analysis: "Analysis", layers: tuple[str, ...]) -> np.ndarray:
    """The metrics of some layers: shape (n_layers, n_metrics)."""
    own = own_rows(analysis.layers)
    wide = own[own["layer"].isin(layers)].pivot(index="layer", columns="metric", values="value")
    return wide.reindex(index=list(layers), columns=list(INTERVAL_METRICS)).to_numpy()


def _halves(analysis: "Analysis", layers: tuple[str, ...]) -> np.ndarray:
    """The same of the half-samples: shape (replicates, n_layers, n_metrics), nan for a layer without them."""
    recorded = analysis.replicates
    n = max((len(values) for values in recorded.values()), default=0)
    missing = np.full((n, len(INTERVAL_METRICS)), np.nan)
    return np.stack([recorded.get(layer, missing) for layer in layers], axis=1)
