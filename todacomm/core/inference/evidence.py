"""From draws of a null model or a control to the rows of the table of nulls."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from todacomm.core.arrays import Array
from todacomm.core.checks import as_replicates, require_choice
from todacomm.core.inference.draws import shares_draws
from todacomm.core.inference.step_down import in_stages, max_t
from todacomm.core.inference.uncertainty import Estimates, metric_values, paired_difference
from todacomm.core.layer import LayerAnalysis
from todacomm.core.metrics import INTERVAL_METRICS, LAYER_METRICS, TESTED_METRICS, Tail
from todacomm.core.nulls import NULLS, ROTATION
from todacomm.core.streams import groups

Row = dict[str, Any]
"""Columns of :data:`todacomm.results.table.NULL_COLUMNS` but for those that say which analysis it is."""

MIN_DRAWS = 19
"""Draws of a control from which on it gets a p: with fewer none could be .05."""


def null_rows(
    layers: Mapping[str, LayerAnalysis],
    draws: Mapping[str, Array],
    intervals: Mapping[str, Estimates],
    kind: str = ROTATION,
    first: int | None = None,
) -> list[Row]:
    """One row a layer and tested metric against draws of a null model, such as rotations.

    The p of layers with distinct rows is adjusted over all of them (step-down max-T); a layer with duplicates has
    draws of its own and is a family of one. The residual stream, what attention adds and what MLPs add are three
    families: three claims, and a block's p does not depend on whether the others are measured. The difference is from
    the mean of the draws, its standard error that of the half-samples (nan without any) joined by the Monte-Carlo error
    of the mean.

    Parameters
    ----------
    draws : mapping of ndarray, shape (draws, len(TESTED_METRICS))
        From :func:`todacomm.core.inference.null_draws`; rows after ``first`` are nan for a metric that was not drawn
        further.
    intervals : mapping of mapping
        Layer -> metric -> estimate, for the standard errors; may be empty.
    first : int, optional
        Draws before it was decided which metrics need more, see :func:`in_stages`; all of them where left out.

    Raises
    ------
    ValueError
        The draws of a layer have no column for each tested metric.
    """
    draws = {
        name: as_replicates(drawn, (len(TESTED_METRICS),), f"the draws of {name}") for name, drawn in draws.items()
    }
    rows = []
    for column, metric in enumerate(TESTED_METRICS):
        tail = LAYER_METRICS[metric].null_tail or "two-sided"
        values = {name: layers[name].metrics.get(metric, np.nan) for name in draws}
        drawn = {name: draws[name][:, column] for name in draws}
        for family in families(layers, draws):
            rows += _tested(kind, metric, tail, family, values, drawn, first)
    for row in rows:
        estimate = intervals.get(row["layer"], {}).get(row["metric"])
        row["se"] = float(np.hypot(estimate.se if estimate else np.nan, row["sd"] / np.sqrt(row["draws"])))
    return _in_order(rows, layers)


def families(layers: Mapping[str, LayerAnalysis], names: Collection[str]) -> list[list[str]]:
    """The layers whose p are adjusted for one another: those of a stream that share draws, and every other alone."""
    joint = [name for name in names if shares_draws(layers[name])]
    return [*groups(joint).values(), *([name] for name in names if name not in joint)]


def control_rows(
    kind: str,
    layers: Mapping[str, LayerAnalysis],
    controls: Sequence[Mapping[str, LayerAnalysis]],
    replicates: Mapping[str, Array],
    control_replicates: Mapping[str, Array],
) -> list[Row]:
    """One row a layer and metric against controls on the same texts, such as random weights or shuffled tokens.

    ``difference`` is from the mean of the controls. Its standard error is that of the paired difference from the
    first control on common half-samples, conditional on that draw. A two-sided p, adjusted over the layers of a
    stream, appears from 19 draws on.

    Parameters
    ----------
    kind : str
        One of :data:`todacomm.core.nulls.NULLS`; whether it may have a p at all stands there.
    controls : sequence of mapping
        Layer -> analysis, one mapping a draw.
    replicates, control_replicates : mapping of ndarray, shape (replicates, len(INTERVAL_METRICS))
        Of the layers and of the first control; a layer without them has no standard error.

    Raises
    ------
    ValueError
        An unknown kind.
    """
    require_choice("null model", kind, list(NULLS))
    if not controls:
        return []
    names = [name for name in layers if all(name in control for control in controls)]
    rows = []
    for metric in INTERVAL_METRICS:
        values = {name: layers[name].metrics.get(metric, np.nan) for name in names}
        drawn = {name: np.array([c[name].metrics.get(metric, np.nan) for c in controls]) for name in names}
        for family in groups(names).values():
            rows += _tested(kind, metric, "two-sided", family, values, drawn)
    errors = {
        name: _paired_error(layers[name], controls[0][name], replicates[name], control_replicates[name])
        for name in names
        if name in replicates and name in control_replicates
    }
    for row in rows:
        row["se"] = errors.get(row["layer"], {}).get(row["metric"], np.nan)
        if not NULLS[kind].tested or len(controls) < MIN_DRAWS:
            row["p"] = row["p_adjusted"] = row["family"] = np.nan
    return _in_order(rows, layers)


def _tested(
    kind: str,
    metric: str,
    tail: Tail,
    family: Iterable[str],
    values: Mapping[str, float],
    draws: Mapping[str, Array],
    first: int | None = None,
) -> list[Row]:
    """Rows of one family of layers; those without a value or a draw are left out of it."""
    names = [name for name in family if np.isfinite(values[name]) and np.isfinite(draws[name][:first]).all()]
    if not names:
        return []
    observed, drawn = np.array([values[name] for name in names]), np.column_stack([draws[name] for name in names])
    drawn = drawn if np.isfinite(drawn).all() else drawn[:first]  # a metric that was not drawn further
    plain, adjusted = in_stages(lambda law: max_t(observed, law, tail), drawn, first or len(drawn))
    return [
        {
            "layer": name,
            "metric": metric,
            "null": kind,
            "draws": len(drawn),
            **_spread(values[name], of_layer),
            "p": float(p),
            "p_adjusted": float(p_adjusted),
            "family": len(names),
        }
        for name, of_layer, p, p_adjusted in zip(names, drawn.T, plain, adjusted, strict=True)
    ]


def _spread(value: float, draws: Array) -> dict[str, float]:
    """Where the draws lie, and how far from their mean the value is; one draw has no spread."""
    several = len(draws) > 1
    lo, hi = np.quantile(draws, [0.025, 0.975]) if several else (np.nan, np.nan)
    return {
        "mean": float(draws.mean()),
        "sd": float(draws.std(ddof=1)) if several else np.nan,
        "lo": float(lo),
        "hi": float(hi),
        "difference": float(value - draws.mean()),
    }


def _paired_error(layer: LayerAnalysis, control: LayerAnalysis, replicates: Array, others: Array) -> dict[str, float]:
    difference = paired_difference(metric_values(layer.metrics), metric_values(control.metrics), replicates, others)
    return {metric: estimate.se for metric, estimate in difference.by_metric().items()}


def _in_order(rows: list[Row], layers: Mapping[str, LayerAnalysis]) -> list[Row]:
    """Rows by layer, and within a layer by metric."""
    position = {name: index for index, name in enumerate(layers)}
    return sorted(rows, key=lambda row: position[row["layer"]])
