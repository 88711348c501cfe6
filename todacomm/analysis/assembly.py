"""From what was measured to the one tidy table in which it travels."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from todacomm.analysis.inference import REPRODUCTION, Uncertainty, estimate_columns
from todacomm.core.facts import RunWarning
from todacomm.core.inference import dependence_warnings
from todacomm.core.layer import LayerAnalysis
from todacomm.core.metrics import LAYER_METRICS, expansion_ratios, expansion_warnings, text_metrics
from todacomm.core.metrics.whole_run import published_ratio
from todacomm.core.streams import RESIDUAL, kind_of, places
from todacomm.core.vectors import recorded_vectors
from todacomm.results.layer import LayerResult
from todacomm.results.observation import Observation
from todacomm.results.result import Result
from todacomm.results.table import ASSOCIATION_COLUMNS, LOOP_COLUMNS, NULL_COLUMNS, RUN_LAYER, tidy
from todacomm.results.texts import without_words
from todacomm.settings.analysis import AnalysisConfig


def assemble(
    config: AnalysisConfig,
    observed: Observation,
    shapes: Mapping[str, LayerAnalysis],
    uncertainty: Uncertainty,
    seconds: Mapping[str, float],
) -> Result:
    """One result from clouds, shapes and their uncertainty."""
    depths = layer_depths(shapes)
    identifying = identity(observed)
    rows = [
        *layer_rows(identifying, depths, observed, shapes, uncertainty),
        *run_rows(identifying, observed, shapes, uncertainty),
    ]
    if uncertainty.control is not None:
        control = uncertainty.control
        of_control = identity(control.observed) | {"control": control.kind}
        rows += layer_rows(of_control, depths, control.observed, control.shapes)
        rows += run_rows(of_control, control.observed, control.shapes)
    nulls = [{**identifying, "depth": depths[row["layer"]], **row} for row in uncertainty.null_rows]
    return Result(
        config=config,
        model=observed.model,
        dataset=observed.dataset,
        texts=observed.texts if config.record.keep_texts else without_words(observed.texts),
        table=tidy(rows),
        nulls=tidy(nulls, NULL_COLUMNS),
        layers=tuple(
            LayerResult(
                name=name,
                index=index,
                depth=depths[name],
                diagrams=shape.diagrams,
                curves={
                    **shape.curves,
                    **recorded_vectors(shape.diagrams, shape.unit),
                    **uncertainty.bands.get(name, {}),
                },
                warnings=of_layer(name, shape),
            )
            for index, (name, shape) in enumerate(shapes.items())
        ),
        clouds={} if config.topology.distances else observed.clouds,
        replicates=uncertainty.replicates,
        loops=tidy(uncertainty.loops.rows, LOOP_COLUMNS),
        loop_points=tuple(uncertainty.loops.points),
        associations=tidy(uncertainty.associations, ASSOCIATION_COLUMNS),
        warnings=tuple(run_warnings(config, observed, shapes, uncertainty)),
        seconds=dict(seconds),
    )


def identity(observed: Observation) -> dict[str, str]:
    """The columns that say which analysis a row belongs to."""
    return {
        "model": observed.model.name,
        "revision": observed.model.revision,
        "weights": observed.model.weights,
        "dataset": observed.dataset.name,
    }


def layer_depths(names: Iterable[str]) -> dict[str, float]:
    """Relative depth of each layer: 0 for the first, 1 for the last; what a block adds has the depth of the block.

    >>> layer_depths(["embedding", "layer_0_ffn", "layer_0", "final"])
    {'embedding': 0.0, 'layer_0_ffn': 0.5, 'layer_0': 0.5, 'final': 1.0}
    """
    place = places(names)
    return {name: at / max([1, *place.values()]) for name, at in place.items()}


def layer_rows(
    identifying: Mapping[str, str],
    depths: Mapping[str, float],
    observed: Observation,
    shapes: Mapping[str, LayerAnalysis],
    uncertainty: Uncertainty | None = None,
) -> list[dict[str, Any]]:
    """One row a layer and metric, in the order of the registry; degree 2 after it."""
    rows = []
    for name, shape in shapes.items():
        values = {**shape.metrics, **text_metrics(observed.pooled_tokens, observed.truncated_fraction)}
        if uncertainty is not None and uncertainty.loops.rows:
            values[REPRODUCTION] = LAYER_METRICS[REPRODUCTION].compute(uncertainty.loops.left.get(name, np.empty(0)))
        order = [metric for metric in LAYER_METRICS if metric in values]
        order += [metric for metric in values if metric not in LAYER_METRICS]
        for metric in order:
            row = {**identifying, "layer": name, "depth": depths[name], "metric": metric, "value": values[metric]}
            row["n"] = shape.metrics["n_points"]
            if uncertainty is not None:
                row |= uncertainty.columns(name, metric)
            rows.append(row)
    return rows


def run_rows(
    identifying: Mapping[str, str],
    observed: Observation,
    shapes: Mapping[str, LayerAnalysis],
    uncertainty: Uncertainty | None = None,
) -> list[dict[str, Any]]:
    """One row for every number of the whole run."""
    intervals = uncertainty.run_intervals if uncertainty else {}
    values = {
        **expansion_ratios(*denominators(shapes)),
        "expansion_ratio_published": published(observed),
        **observed.likelihood,
    }
    shared = {**identifying, "layer": RUN_LAYER, "n": len(observed.dataset.ids)}
    return [
        {**shared, "metric": name, "value": value, **(estimate_columns(intervals[name]) if name in intervals else {})}
        for name, value in values.items()
    ]


def published(observed: Observation) -> float:
    """todacomm 0.1.0's expansion ratio, see :func:`todacomm.core.metrics.whole_run.published_ratio`.

    Its layers are the blocks, the last one read after the final norm. nan where one of them was not asked for, holds
    nan or infinity, or where no token embeddings are known.
    """
    start, last = observed.token_embeddings, observed.model.n_layers - 1
    names = [f"layer_{block}" for block in range(last)]
    names.append("final" if "final" in observed.clouds else f"layer_{last}")
    layers = [observed.clouds.get(name) for name in names]
    if start is None or not all(cloud is not None and np.isfinite(cloud).all() for cloud in (start, *layers)):
        return np.nan
    return published_ratio(start, [cloud for cloud in layers if cloud is not None])


def denominators(shapes: Mapping[str, LayerAnalysis]) -> tuple[dict[str, dict[str, float]], list[str]]:
    """The numbers of the residual stream, whose peak a ratio takes, and its layers that no ratio is taken to."""
    residual = {name: shape for name, shape in shapes.items() if kind_of(name) == RESIDUAL}
    metrics = {name: shape.metrics for name, shape in residual.items()}
    return metrics, [name for name, shape in residual.items() if shape.degenerate]


def run_warnings(
    config: AnalysisConfig, observed: Observation, shapes: Mapping[str, LayerAnalysis], uncertainty: Uncertainty
) -> Iterable[RunWarning]:
    """Every warning of the run, its own first."""
    yield from observed.warnings
    if not any(shape.defined for shape in shapes.values()):
        few = all(warning.code == "no_shape" for shape in shapes.values() for warning in shape.warnings)
        text = "no layer could be measured: the warning of each says why"
        if few:
            text = "no layer has four distinct points: there is no shape to measure; use other texts or more of them"
        yield RunWarning("nothing_measured", text)
    else:
        yield from expansion_warnings(*denominators(shapes))
    yield from uncertainty.warnings
    if uncertainty.intervals and config.inference.cluster != "document":
        scores = {name: shape.scores for name, shape in shapes.items() if shape.defined}
        yield from dependence_warnings(scores, observed.texts["document"].tolist(), config.record.seed)
    for name, shape in shapes.items():
        yield from of_layer(name, shape)


def of_layer(name: str, shape: LayerAnalysis) -> tuple[RunWarning, ...]:
    """A layer's warnings with its name."""
    return tuple(warning._replace(layer=name) for warning in shape.warnings)
