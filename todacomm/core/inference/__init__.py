"""How sure a number is: intervals by half-samples, null models, probabilities adjusted over layers."""

from todacomm.core.inference.adjustment import p_value, step_down_max_t, universal_p_values
from todacomm.core.inference.dependence import dependence_warnings, intraclass_correlation, widening
from todacomm.core.inference.draws import null_draws
from todacomm.core.inference.evidence import MIN_DRAWS, control_rows, null_rows
from todacomm.core.inference.replicates import Replicates, effective_clusters, half_samples, replicate
from todacomm.core.inference.uncertainty import (
    GROWS,
    Estimate,
    Intervals,
    Z,
    betti_bands,
    intervals,
    metric_values,
    paired_difference,
    paired_p_values,
    to_full_size,
)
from todacomm.core.inference.whole_run import Inference, infer
from todacomm.core.metrics import INTERVAL_METRICS, TESTED_METRICS
