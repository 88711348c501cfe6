"""What is to be believed: intervals by half-samples, null models, probabilities adjusted over layers."""

from todacomm.core.inference.adjustment import p_value, step_down_max_t, universal_p_values
from todacomm.core.inference.evidence import MIN_DRAWS, control_rows, rotation_rows
from todacomm.core.inference.nulls import TESTED_METRICS, permuted_dimensions, rotation, rotation_draws
from todacomm.core.inference.replicates import INTERVAL_METRICS, Replicates, half_samples, replicate
from todacomm.core.inference.uncertainty import (
    Estimate,
    Intervals,
    betti_bands,
    intervals,
    metric_values,
    paired_difference,
    paired_p_values,
    to_full_size,
)
from todacomm.core.inference.whole_run import Inference, infer

__all__ = [
    "INTERVAL_METRICS",
    "MIN_DRAWS",
    "TESTED_METRICS",
    "Estimate",
    "Inference",
    "Intervals",
    "Replicates",
    "betti_bands",
    "control_rows",
    "half_samples",
    "infer",
    "intervals",
    "metric_values",
    "p_value",
    "paired_difference",
    "paired_p_values",
    "permuted_dimensions",
    "replicate",
    "rotation",
    "rotation_draws",
    "rotation_rows",
    "step_down_max_t",
    "to_full_size",
    "universal_p_values",
]
