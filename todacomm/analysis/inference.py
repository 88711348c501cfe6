"""How sure the numbers of an analysis are: intervals, null models, and controls that cost a forward pass."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from todacomm.analysis.explanations import explain_gaps, explain_loops
from todacomm.analysis.memory import homology_threads
from todacomm.analysis.observe import Observe, run_model
from todacomm.analysis.shape import measure_shape
from todacomm.core.inference import Estimate, Inference, control_rows, half_samples, infer, replicate
from todacomm.core.layer import LayerAnalysis
from todacomm.core.nulls import NULLS, RANDOM_WEIGHTS, ROTATION, Null
from todacomm.results.observation import Observation
from todacomm.results.texts import clusters_of
from todacomm.settings.analysis import AnalysisConfig
from todacomm.system.progress import Progress, silent

REPRODUCTION = "h1_max_reproduction"


@dataclass(frozen=True)
class Control:
    """The same model and texts with something taken away, measured in the same way."""

    kind: str
    observed: Observation
    shapes: Mapping[str, LayerAnalysis]


@dataclass(frozen=True)
class Uncertainty(Inference):
    """What is inferred from the clouds of an analysis, with what loops and gaps go with, and its controls.

    Attributes
    ----------
    associations : list of dict
        Rows of the table of what loops and gaps go with.
    control : Control or None
        The first draw of random weights: its rows stand in the table, its curve in the plots.
    """

    associations: list[dict[str, Any]]
    control: Control | None

    def columns(self, layer: str, metric: str) -> dict[str, Any]:
        """The columns of a table row that say how sure its value is."""
        if metric == REPRODUCTION:
            left = self.loops.left.get(layer, np.empty(0))
            if len(left) < 2:
                return {}
            low, high = np.quantile(left, [0.05, 0.95])
            return {"se": float(left.std(ddof=1)), "lo": float(low), "hi": float(high)}
        estimate = self.intervals.get(layer, {}).get(metric)
        columns = estimate_columns(estimate) if estimate else {}
        for row in self.null_rows:
            if (row["layer"], row["metric"], row["null"]) == (layer, metric, ROTATION):
                columns |= {"null": ROTATION, "p": row["p"], "p_adjusted": row["p_adjusted"]}
        return columns


def estimate_columns(estimate: Estimate) -> dict[str, Any]:
    """An interval as columns of the tidy table."""
    return {"se": estimate.se, "lo": estimate.lo, "hi": estimate.hi}


def infer_uncertainty(
    config: AnalysisConfig,
    observed: Observation,
    shapes: Mapping[str, LayerAnalysis],
    progress: Progress = silent,
    run: Observe = run_model,
) -> Uncertainty:
    """Half-samples, null models and the controls that the settings ask for.

    Parameters
    ----------
    run : callable
        What a control's forward pass is made with.
    """
    options = config.inference
    threads = homology_threads(config.topology, len(observed.dataset.ids))
    clusters = clusters_of(observed.texts, options.cluster)
    of_scores = [kind for kind in config.inference.null_kinds if NULLS[kind].space == "scores"]
    inference = infer(
        shapes,
        observed.clouds,
        replicates=options.replicates,
        nulls=config.null_draws,
        further_nulls=options.further_nulls,
        kinds=of_scores,
        n_loops=options.loops,
        seed=config.record.seed,
        clusters=clusters,
        threads=threads,
        progress=progress,
    )
    rows = list(inference.null_rows)
    shown = None
    for kind in config.inference.null_kinds:
        if kind in of_scores:
            continue
        controls = [draw_control(kind, draw, config, observed, progress, run) for draw in range(options.control_draws)]
        if kind == RANDOM_WEIGHTS:
            shown = controls[0]
        shapes_of_controls = [control.shapes for control in controls]
        halves = control_replicates(config, controls[0], threads)
        rows += control_rows(kind, shapes, shapes_of_controls, inference.replicates, halves)
    seed = config.record.seed
    return Uncertainty(
        **vars(inference) | {"null_rows": rows},
        associations=[
            *explain_loops(inference.loops.points, observed.texts, seed, clusters),
            *explain_gaps(shapes, observed.texts, seed, clusters),
        ],
        control=shown,
    )


def draw_control(
    kind: str,
    draw: int,
    config: AnalysisConfig,
    observed: Observation,
    progress: Progress = silent,
    run: Observe = run_model,
) -> Control:
    """One draw of a control, measured as the run itself: of the clouds, or of another pass of the model."""
    seed = config.record.seed + draw
    draw_clouds = NULLS[kind].draw
    if draw_clouds is None:
        control = _another_pass(NULLS[kind], seed, config, progress, run)
        control = replace(control, model=replace(control.model, name=observed.model.name))  # without its adapter's
    else:
        drawn = draw_clouds(list(observed.clouds.values()), np.random.default_rng([seed, draw]))
        control = replace(observed, clouds=dict(zip(observed.clouds, drawn, strict=True)))
    return Control(kind, control, measure_shape(config, control.clouds, progress))


def _another_pass(null: Null, seed: int, config: AnalysisConfig, progress: Progress, run: Observe) -> Observation:
    changed = AnalysisConfig.from_flat(config.to_flat() | dict(null.changes))
    if null.seeded == "tokens":
        return run(changed, progress, shuffle_seed=seed)
    seed += config.model.weights == "random"  # a random model needs other weights than its own
    return run(changed, progress, seed=seed)


def control_replicates(config: AnalysisConfig, control: Control, threads: int = 1) -> dict[str, np.ndarray]:
    """The control on the half-samples of the run, for paired differences."""
    if not config.has_intervals:
        return {}
    n_texts, clusters = len(control.observed.texts), clusters_of(control.observed.texts, config.inference.cluster)
    halves = half_samples(n_texts, config.inference.replicates, config.record.seed, clusters)
    return {
        name: replicate(shape, control.observed.clouds[name], halves, threads=threads).values
        for name, shape in control.shapes.items()
    }
