"""Analyses by one number each: the mean over the blocks, its place among the others, and paired differences of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from todacomm.comparison.differences import JUDGED, SEED, Pair, families_of, fewest_units, halves_of, judged, unpaired
from todacomm.comparison.gathering import LABEL, Gathered
from todacomm.comparison.matching import along_residual, own_layers, residual_depths
from todacomm.comparison.metrics import OF_THE_RUN, ranked_metrics
from todacomm.core.equivalence.contrasts import Contrast, spread_of
from todacomm.core.equivalence.families import family_of
from todacomm.core.inference import INTERVAL_METRICS, to_full_size
from todacomm.core.inference.adjustment import LEVEL
from todacomm.core.inference.uncertainty import GROWS, MIN_DEFINED, ROUNDING, Z
from todacomm.core.metrics import RUN_METRICS
from todacomm.core.streams import ENDS
from todacomm.results.table import RUN_LAYER, framed

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

_COLUMNS = ["label_a", "label_b", "metric", "value_a", "value_b", *JUDGED]


def ranking(
    gathered: Gathered, metrics: tuple[str, ...] | None = None, paired: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Analyses by a metric's mean over the blocks, or by a number of the whole run; largest first.

    The standard error of a mean over blocks is the mean of the blocks' own: blocks read the same texts, and it is the
    largest it can be, whatever ties them together. ``rank_lo`` and ``rank_hi`` are the ranks that are left open: one
    more than the analyses that are larger, and all but those that are smaller. Larger and smaller are decided by the
    paired differences of two analyses where they have one (:func:`mean_differences`), else by whether their intervals
    overlap.

    Parameters
    ----------
    metrics : tuple of str, optional
        By default :func:`todacomm.comparison.metrics.ranked_metrics`.
    paired : DataFrame, optional
        What :func:`mean_differences` gives for these metrics, where it is known already.

    Returns
    -------
    DataFrame
        ``metric, rank, rank_lo, rank_hi, label, value, se, lo, hi, blocks``; analyses in which the metric is not
        defined are left out.
    """
    metrics = ranked_metrics() if metrics is None else metrics
    paired = mean_differences(gathered, metrics) if paired is None else paired
    signs = _signs(paired)
    means = numbers(gathered)
    tables = []
    for metric in metrics:
        frame = means[means["metric"] == metric]
        frame = frame.sort_values("value", ascending=False, kind="stable", ignore_index=True)
        lo, hi = (frame[bound].fillna(frame["value"]).to_numpy() for bound in ("lo", "hi"))
        larger = lo[None, :] > hi[:, None]  # [i, j]: analysis j is larger than i
        labels = list(frame[LABEL]) if signs else []
        for i, first in enumerate(labels):
            for j, second in enumerate(labels):
                if (sign := signs.get((metric, first, second))) is not None:
                    larger[i, j] = sign < 0
        ranks = {
            "rank": np.arange(1, len(frame) + 1),
            "rank_lo": 1 + larger.sum(axis=1),
            "rank_hi": len(frame) - larger.sum(axis=0),
        }
        tables.append(pd.DataFrame({"metric": metric, **ranks, **frame.drop(columns="metric")}))
    return pd.concat(tables, ignore_index=True)


def numbers(gathered: Gathered) -> pd.DataFrame:
    """One number for each analysis and metric: the mean over the blocks, or that of the whole run.

    Returns
    -------
    DataFrame
        ``label, metric, value, se, lo, hi, blocks``; without those that are not defined.
    """
    table = gathered.table[np.isfinite(gathered.table["value"])]
    whole = table[table["layer"] == RUN_LAYER].assign(blocks=0)
    along = along_residual(table)
    blocks = along[~along["layer"].isin(ENDS)]
    grouped = blocks.groupby([LABEL, "metric"], sort=False)
    means = grouped[["value", "se"]].mean()
    means["blocks"] = grouped.size()
    means["se"] = means["se"].where(grouped["se"].count() == means["blocks"])
    means["lo"], means["hi"] = means["value"] - Z * means["se"], means["value"] + Z * means["se"]
    columns = [LABEL, "metric", "value", "se", "lo", "hi", "blocks"]
    return pd.concat([means.reset_index()[columns], whole[columns]], ignore_index=True)


def mean_differences(
    gathered: Gathered, metrics: tuple[str, ...] | None = None, pairs: Sequence[Pair] | None = None
) -> pd.DataFrame:
    """Paired differences of the means over the blocks, and of numbers of the whole run.

    The half-samples' means differ as the means do: errors that the blocks of a model share, and those that two models
    share because they read the same texts, are counted once. Adjusted over all metrics and pairs of a family
    (:func:`todacomm.comparison.differences.families_of`).

    Returns
    -------
    DataFrame
        ``label_a, label_b, metric, value_a, value_b`` and :data:`todacomm.comparison.differences.JUDGED`.
    """
    metrics = ranked_metrics() if metrics is None else metrics
    families = families_of(gathered) if pairs is None else [list(pairs)]
    families = [[pair for pair in family if not unpaired(gathered, *pair)] for family in families]
    means = {label: _means(gathered.analyses[label], metrics) for label in {x for f in families for p in f for x in p}}
    rows = []
    for family in families:
        contrasts = [_contrast(*(means[label] for label in pair)) for pair in family]
        law = family_of(contrasts, fewest_units(gathered), np.random.default_rng(SEED))
        for (a, b), contrast in zip(family, contrasts, strict=True):
            columns = {
                "value_a": means[a][0], "value_b": means[b][0], "difference": contrast.estimate, "se": contrast.se,
                "lo": contrast.estimate - Z * contrast.se, "hi": contrast.estimate + Z * contrast.se,
                **judged(law, contrast),
            }  # fmt: skip
            rows += [
                {"label_a": a, "label_b": b, "metric": metric, **{n: v[place].item() for n, v in columns.items()}}
                for place, metric in enumerate(metrics)
                if np.isfinite(contrast.estimate[place])
            ]
    return framed(rows, _COLUMNS)


def _signs(paired: pd.DataFrame) -> dict[tuple[str, str, str], int]:
    """1 where the first analysis is larger, -1 where the second is, 0 where nothing is decided: both ways round."""
    signs: dict[tuple[str, str, str], int] = {}
    stands = paired["p_adjusted"] <= LEVEL
    decided = np.where(stands, np.sign(paired["difference"]), 0).astype(int)
    for metric, a, b, sign in zip(paired["metric"], paired["label_a"], paired["label_b"], decided, strict=True):
        signs[metric, a, b], signs[metric, b, a] = int(sign), -int(sign)
    return signs


def _means(analysis: "Analysis", metrics: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of an analysis, shape (n_metrics,), and of its half-samples at full size, (replicates, n_metrics)."""
    layers = list(residual_depths(analysis))
    values = own_layers(analysis).pivot(index="layer", columns="metric", values="value").reindex(index=layers)
    halves = halves_of(analysis, layers)
    blocks = [place for place, layer in enumerate(layers) if layer not in ENDS]
    whole, columns = [], []
    for metric in metrics:
        if metric in OF_THE_RUN:
            whole.append(analysis.run.get(metric, np.nan))
            columns.append(_ratio(metric, layers, halves))
            continue
        column = INTERVAL_METRICS.index(metric)
        own = values[metric].to_numpy(dtype=float)[blocks] if metric in values else np.full(len(blocks), np.nan)
        known = np.isfinite(own)
        scaled = to_full_size(own[known], halves[:, blocks, column][:, known], bool(GROWS[column]))
        whole.append(float(own[known].mean()) if known.any() else np.nan)
        columns.append(_mean_of_defined(scaled))
    return np.array(whole, dtype=float), np.column_stack(columns)


def _mean_of_defined(halves: np.ndarray) -> np.ndarray:
    """Mean over the blocks of each half-sample; nan for those in which half of the blocks are undefined."""
    defined = np.isfinite(halves)
    n_defined = defined.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(defined, halves, 0.0).sum(axis=1) / n_defined
    return np.where(n_defined > MIN_DEFINED * halves.shape[1], means, np.nan)


def _ratio(name: str, layers: list[str], halves: np.ndarray) -> np.ndarray:
    """A ratio over depth on every half-sample; nan where its denominator is not a layer."""
    row = RUN_METRICS[name]
    if row.start not in layers:
        return np.full(len(halves), np.nan)
    values = halves[:, :, INTERVAL_METRICS.index(row.peak_of)]
    denominator = values[:, layers.index(row.start)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.fmax.reduce(values, axis=1) / np.where(denominator > 0.0, denominator, np.nan)


def _contrast(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> Contrast:
    both = min(len(first[1]), len(second[1]))
    missing = np.where(np.isfinite(first[0]) & np.isfinite(second[0]), "", "both")
    floor = ROUNDING * np.maximum(np.maximum(np.abs(first[0]), np.abs(second[0])), 1.0)
    floor = np.where(np.isfinite(floor), floor, 0.0)
    return spread_of(first[0] - second[0], first[1][:both] - second[1][:both], floor, missing)
