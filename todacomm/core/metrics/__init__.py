"""What is measured: the one registry that analyses, half-samples, nulls, tables, figures, reports and docs read.

A metric is a function with its row in one of the modules of this package. The row says what the function is given, and
how its number may be read; everything else follows from it.
"""

from collections.abc import Iterable

from numpy.typing import ArrayLike

from todacomm.core.metrics.bars import BAR_METRICS
from todacomm.core.metrics.dimension import DIMENSION_METRICS
from todacomm.core.metrics.health import HEALTH_METRICS
from todacomm.core.metrics.row import WITHOUT_SHAPE, Metric, RunMetric, Tail, raised
from todacomm.core.metrics.whole_run import EXPANSION_RATIOS, RUN_METRICS, expansion_ratios, expansion_warnings
from todacomm.core.view import View

LAYER_METRICS: dict[str, Metric] = {**BAR_METRICS, **HEALTH_METRICS, **DIMENSION_METRICS}

COMPARED = tuple(name for name, metric in LAYER_METRICS.items() if metric.compared)
"""Metrics that comparisons show: shape with scale divided out, and the baselines it has to beat."""
OVER_TRAINING = tuple(name for name, metric in LAYER_METRICS.items() if metric.compared or metric.over_training)
"""Metrics that the course of a training shows."""
MAIN = tuple(name for name, metric in LAYER_METRICS.items() if metric.main)
"""Metrics that headlines, controls and charts follow: one of H0, one of H1."""
INTERVAL_METRICS = tuple(name for name, metric in LAYER_METRICS.items() if metric.interval)
"""Metrics with an interval, in the order of the columns of the half-samples."""
TESTED_METRICS = tuple(name for name, metric in LAYER_METRICS.items() if metric.null_tail is not None)
"""Metrics that null models judge, in the order of the columns of their draws."""
COUNTS = tuple(name for name, metric in LAYER_METRICS.items() if WITHOUT_SHAPE.issuperset(metric.needs))
"""All that is known of a layer without a shape."""


def metric_of(name: str) -> Metric:
    """The row of a layer metric; those of degree 2 are their namesakes of degree 1 computed from other bars.

    Raises
    ------
    ValueError
        There is none of that name.

    >>> metric_of("h2_max_norm").label
    'H2 longest lifetime / median distance'
    """
    if name in LAYER_METRICS:
        return LAYER_METRICS[name]
    namesake = f"h1_{name.removeprefix('h2_')}"
    if not name.startswith("h2_") or namesake not in LAYER_METRICS:
        raise ValueError(f"unknown metric {name!r}: choose {', '.join(LAYER_METRICS)}")
    return raised(LAYER_METRICS[namesake], 2)


def layer_metrics(maxdim: int, *, landmarks: bool = False) -> tuple[str, ...]:
    """Names of what is measured in a layer up to a homology degree, those of degree 2 last.

    >>> layer_metrics(2)[-1], "h1_count" in layer_metrics(0), "cover_radius" in layer_metrics(1)
    ('h2_entropy', False, False)
    """
    subjects = ("cloud", "landmarks") if landmarks else ("cloud",)
    names = [name for name, metric in LAYER_METRICS.items() if metric.of in subjects and (metric.degree or 0) <= maxdim]
    of_voids = [f"h2_{name.removeprefix('h1_')}" for name in names if maxdim > 1 and LAYER_METRICS[name].degree == 1]
    return (*names, *of_voids)


def measure(view: View, names: Iterable[str]) -> dict[str, float]:
    """Metrics of a view of a cloud by name.

    Those of bars are measured last: homology lets go of the distances, which the others may still need.
    """
    names = tuple(names)
    in_turn = sorted(names, key=lambda name: metric_of(name).degree is not None)
    values = {name: metric_of(name).measure(view) for name in in_turn}
    return {name: values[name] for name in names}


def text_metrics(pooled_tokens: ArrayLike | None, truncated: ArrayLike) -> dict[str, float]:
    """Numbers of the texts that decide how sound the clouds are, by name: the same for every layer.

    Parameters
    ----------
    pooled_tokens : array of int, shape (n_texts,), or None
        Token id at the pooled position.
    truncated : array of bool, shape (n_texts,), or float
        Which texts were cut at ``max_length``, or their share.
    """
    given = {"pooled_tokens": pooled_tokens, "truncated": truncated}
    rows = {name: metric for name, metric in LAYER_METRICS.items() if metric.of == "texts"}
    return {name: row.compute(*(given[need] for need in row.needs)) for name, row in rows.items()}


def metric_key(name: str) -> str:
    """Key of a layer metric in the tracking store, whose interface sorts charts by it: the main ones come first.

    >>> metric_key("h0_total_norm"), metric_key("h2_max_norm")
    ('1_main/h0_total_norm', 'tda/h2_max_norm')
    """
    metric = metric_of(name)
    return f"{'1_main' if metric.main else metric.group}/{name}"
