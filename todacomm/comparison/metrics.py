"""Which metrics are compared, and what they are called: read from the registries when asked."""

from todacomm.core.metrics import LAYER_METRICS, RUN_METRICS

OF_THE_RUN = ("expansion_ratio_norm",)
"""Numbers of a whole run that stand beside the metrics of the layers."""
_LABELS = {"expansion_ratio_norm": ("Scale-free expansion ratio", "Scale-free expansion")}


def compared_metrics() -> tuple[str, ...]:
    """Metrics of layers that every comparison shows, in the order of the registry."""
    return tuple(name for name, metric in LAYER_METRICS.items() if metric.compared)


def ranked_metrics() -> tuple[str, ...]:
    """The same, and the numbers of the whole run."""
    return (*compared_metrics(), *OF_THE_RUN)


def label_of(metric: str) -> str:
    """A metric's label.

    >>> label_of("twonn_dimension"), label_of("expansion_ratio_norm")
    ('Intrinsic dimension (TwoNN)', 'Scale-free expansion ratio')
    """
    return LAYER_METRICS[metric].label if metric in LAYER_METRICS else _LABELS[metric][0]


def short_of(metric: str) -> str:
    """Its head of a column."""
    return LAYER_METRICS[metric].short if metric in LAYER_METRICS else _LABELS[metric][1]


def meaning_of(metric: str) -> str:
    """One sentence for a glossary."""
    return LAYER_METRICS[metric].meaning if metric in LAYER_METRICS else RUN_METRICS[metric]


def units_of(metric: str) -> str:
    """Its unit for an axis; empty for a number without one.

    >>> units_of("twonn_dimension"), units_of("mean_cosine")
    ('dimensions', '')
    """
    units = LAYER_METRICS[metric].units if metric in LAYER_METRICS else "-"
    return "" if units == "-" or ".." in units else units
