"""Which metrics are compared, and what they are called: read from the registries when asked."""

from todacomm.core.metrics import LAYER_METRICS, RUN_METRICS, Metric, RunMetric

OF_THE_RUN = ("expansion_ratio_norm",)
"""Numbers of a whole run that stand beside the metrics of the layers."""


def compared_metrics() -> tuple[str, ...]:
    """Metrics of layers that every comparison shows, in the order of the registry."""
    return tuple(name for name, metric in LAYER_METRICS.items() if metric.compared)


def ranked_metrics() -> tuple[str, ...]:
    """The same, and the numbers of the whole run."""
    return (*compared_metrics(), *OF_THE_RUN)


def row_of(metric: str) -> Metric | RunMetric:
    """A metric's row of its registry."""
    return LAYER_METRICS[metric] if metric in LAYER_METRICS else RUN_METRICS[metric]


def label_of(metric: str) -> str:
    """A metric's label.

    >>> label_of("twonn_dimension")
    'Intrinsic dimension (TwoNN)'
    """
    return row_of(metric).label


def short_of(metric: str) -> str:
    """Its head of a column."""
    return row_of(metric).short


def meaning_of(metric: str) -> str:
    """One sentence for a glossary."""
    return row_of(metric).meaning


def units_of(metric: str) -> str:
    """Its unit for an axis; empty for a number without one.

    >>> units_of("twonn_dimension"), units_of("mean_cosine")
    ('dimensions', '')
    """
    units = row_of(metric).units
    return "" if units == "-" or ".." in units else units
