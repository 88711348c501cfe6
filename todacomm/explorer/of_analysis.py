"""From an analysis to what its page shows."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from todacomm.core.arrays import Array
from todacomm.core.clouds import distances, distinct_points, principal_components, standardize
from todacomm.core.layer import is_degenerate
from todacomm.core.metrics import COMPARED, metric_of
from todacomm.core.nulls import ROTATION
from todacomm.core.streams import kind_of
from todacomm.core.threads import one_thread_each
from todacomm.explorer.data import ExplorerData, Metric
from todacomm.explorer.graph import layer_graph
from todacomm.explorer.layer_data import Band, ExplorerLayer, Graph, Loop, MetricValue
from todacomm.explorer.page import PAGE, explorer_page, page_file
from todacomm.explorer.payload import MAX_COMPONENTS
from todacomm.results.cloud import cloud_words
from todacomm.results.layer import LayerResult
from todacomm.results.result import Result
from todacomm.results.table import own_rows
from todacomm.results.texts import text_table

if TYPE_CHECKING:
    from todacomm.tracking import Analysis


MOST_POINTS = 5000
"""Texts up to which a page is made: beyond, it would be too large to open."""
SHOWN = tuple(dict.fromkeys(("h0_total_norm", "h1_max_norm", "h1_max_reproduction", *COMPARED, "mean_norm")))
"""Metrics that the strip over depth offers, the first two shown first."""


def page_data(result: Result) -> ExplorerData:
    """What the page of an analysis shows; clouds are needed.

    Raises
    ------
    ValueError
        The result has no clouds, or too many points for a page.
    """
    if not result.clouds:
        raise ValueError(f"this analysis has no clouds on record: {result.config.no_clouds}")
    n_points = result.dataset.samples
    if n_points > MOST_POINTS:
        raise ValueError(f"{n_points:,} points are too many for an interactive page: {MOST_POINTS:,} at most")
    numbers = _numbers(result)
    metrics = [name for name in SHOWN if any(np.isfinite(one[name].value) for one in numbers.values() if name in one)]
    model = result.model
    return ExplorerData(
        title=f"{model.name} on {result.dataset.name}",
        facts={
            "Model": f"{model.name}, {model.weights}" if model.family != "clouds" else model.name,
            "Texts": f"{result.dataset.name}, {n_points} points",
            **({"Pooling": model.pooling} if model.pooling else {}),  # clouds from a file have none
            "Cloud": cloud_words(result.config.topology, [model.width]),
        },
        texts=result.texts if len(result.texts) else text_table(result.dataset.ids),
        metrics=[Metric(name, metric_of(name).label, metric_of(name).units) for name in metrics],
        layers=[_layer(result, layer, numbers.get(layer.name, {})) for layer in result.layers],
        warnings=[warning.text for warning in result.warnings if not warning.layer],
    )


def page_html(result: Result) -> str:
    """The interactive page of :func:`page_data`."""
    with one_thread_each():  # pictures may be drawn meanwhile
        return explorer_page(page_data(result))


def page_of(analysis: "Analysis", path: Path | None = None) -> Path:
    """The page of a recorded analysis: the one on record, else one made from its stored clouds.

    ``path`` is that of :func:`todacomm.explorer.page.page_file`.

    Raises
    ------
    ValueError
        There is none on record, and the run has no clouds or too many points; the folder cannot be written.
    """
    try:
        recorded = analysis.artifact(PAGE)
    except ValueError:  # recorded without a page
        recorded = None
    return page_file(recorded, path, lambda: page_html(analysis.result()))


def _numbers(result: Result) -> dict[str, dict[str, MetricValue]]:
    """Values with intervals and nulls by layer and metric."""
    rotated = result.nulls[result.nulls["null"] == ROTATION]
    nulls = {(row["layer"], row["metric"]): row for _, row in rotated.iterrows()}
    numbers: dict[str, dict[str, MetricValue]] = {}
    for _, row in own_rows(result.table).iterrows():
        null = nulls.get((row["layer"], row["metric"]))
        numbers.setdefault(str(row["layer"]), {})[str(row["metric"])] = MetricValue(
            float(row["value"]),
            float(row["lo"]),
            float(row["hi"]),
            *(tuple(float(null[name]) for name in ("mean", "lo", "hi", "p_adjusted")) if null is not None else ()),
        )
    return numbers


def leading_scores(points: Array, space: Array | None = None) -> tuple[Array, Array]:
    """Scores of a cloud's first components, shape ``(n_texts, n_components)``, and the share of variance of each.

    They are found at once in a ``space`` of more of its components.
    """
    within = points if space is None or space.shape[1] < MAX_COMPONENTS else space
    scores = principal_components(within, min(MAX_COMPONENTS, *within.shape)).scores[:, :MAX_COMPONENTS]
    total = points.var(axis=0).sum()
    shares = scores.var(axis=0) / total if total > 0.0 else np.zeros(scores.shape[1])
    return scores, shares


def loops_of(analysis: "Result | Analysis", layer: str) -> list[Loop]:
    """The longest H1 bars of a layer, with the texts on them."""
    points = {(one.layer, one.rank): one for one in analysis.loop_points}
    return [
        Loop(
            rank=int(row["rank"]),
            birth=float(row["birth"]),
            death=float(row["death"]),
            verdict=row["verdict"],
            reproduction=float(row["reproduction"]),
            rows=points[layer, int(row["rank"])].points,
            angles=points[layer, int(row["rank"])].angle,
        )
        for _, row in analysis.loops[analysis.loops["layer"] == layer].iterrows()
    ]


def _layer(result: Result, layer: LayerResult, numbers: Mapping[str, MetricValue]) -> ExplorerLayer:
    cloud = result.clouds[layer.name].astype(np.float64)
    topology = result.config.topology
    sound = np.isfinite(cloud).all()
    points = standardize(cloud) if topology.standardize and sound else np.where(np.isfinite(cloud), cloud, 0.0)
    space = result.scores(layer.name) if sound else points
    scores, explained = leading_scores(points, space)
    distinct = distinct_points(cloud, space, topology.metric) if sound else np.empty(0, dtype=np.intp)
    unit = numbers["unit_distance"].value if "unit_distance" in numbers else np.nan
    measured = bool(np.isfinite(unit))
    graph = Graph()
    if measured and not topology.landmarks:
        graph = layer_graph(distances(space, topology.metric), distinct, unit)
    shown = {name: numbers[name] for name in SHOWN if name in numbers}
    return ExplorerLayer(
        name=layer.name,
        index=layer.index,
        depth=layer.depth,
        scores=scores,
        explained=explained,
        diagrams=layer.diagrams if measured else (),
        graph=graph,
        loops=loops_of(result, layer.name),
        metrics=shown,
        bands=_bands(layer),
        stream=kind_of(layer.name),
        degenerate=is_degenerate(len(distinct), len(cloud)),
        warnings=[warning.text for warning in layer.warnings],
    )


def _bands(layer: LayerResult) -> dict[int, Band]:
    curves = layer.curves
    return {
        degree: Band(curves["scale"], curves[f"betti_{degree}_lo"], curves[f"betti_{degree}_hi"])
        for degree in range(len(layer.diagrams))
        if f"betti_{degree}_lo" in curves
    }
