"""How many texts a gate takes, from the base alone."""

from typing import TYPE_CHECKING

import numpy as np

from todacomm.comparison.differences import halves_of
from todacomm.core.equivalence import plan
from todacomm.core.inference import GROWS, INTERVAL_METRICS
from todacomm.gates.pairing import check_half_samples
from todacomm.gates.parts import shape_part
from todacomm.gates.result import FEWEST_TEXTS, GatePlan
from todacomm.results.table import framed
from todacomm.settings.gate import GateConfig

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

CORRELATIONS = (0.0, 0.9, 0.99)
"""Of a candidate's errors with the base's, for a plan: another model or other texts, a light change, a slight one."""


def planned(base: "Analysis", config: GateConfig) -> GatePlan:
    """What the base's texts can show of its shape, for several correlations with a candidate."""
    check_half_samples({base.run_name: base})
    layers = [(name, name) for name in base.layer_names]
    part = shape_part(base, base, layers, config)
    halves = halves_of(base, base.layer_names)[:, :, [INTERVAL_METRICS.index(metric) for metric in part.metrics]]
    grows = GROWS[[INTERVAL_METRICS.index(metric) for metric in part.metrics]]
    n_texts, rows = base.dataset.samples, []
    for correlation in CORRELATIONS:
        rng = np.random.default_rng(config.analysis.record.seed)
        one = plan(
            part.base, halves, part.margin, n_texts, rng,
            grows=grows, relative=part.relative, correlation=correlation, n_units=base.n_units,
        )  # fmt: skip
        worst = {name: _largest(getattr(one, name)) for name in ("smallest_difference", "smallest_margin")}
        texts = np.maximum(_largest(one.texts_if_same), FEWEST_TEXTS)
        for i, metric in enumerate(part.metrics):
            rows.append({
                "metric": metric, "correlation": correlation, "texts": texts[i],
                "margin": part.margin[0, i], "relative": bool(part.relative[i]),
                **{name: values[i] for name, values in worst.items()},
            })  # fmt: skip
        every = np.fmax.reduce([one.texts_if_same_in_all, *texts])  # no cell is settled later than all of them
        rows.append({"metric": "all", "correlation": correlation, "texts": every, "relative": False})
    columns = ["metric", "correlation", "margin", "relative", "smallest_difference", "smallest_margin", "texts"]
    return GatePlan(config, base, framed(rows, columns), n_texts)


def _largest(values: np.ndarray) -> np.ndarray:
    """Over the layers; nan where none has a value."""
    return np.asarray(np.fmax.reduce(values, axis=0))
