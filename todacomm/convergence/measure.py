"""The numbers of a convergence: one pass over the texts, then random subsets of a few layers' clouds."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from todacomm.analysis.assembly import identity, layer_depths
from todacomm.analysis.observe import observe
from todacomm.convergence.result import COLUMNS, RECOMMENDED_COLUMNS, Convergence
from todacomm.core.convergence import SCALE_FREE_METRICS, expected_seconds, last_doubling, recommended_size, size_ladder
from todacomm.core.facts import RunWarning
from todacomm.core.inference import INTERVAL_METRICS, half_samples, intervals, metric_values, replicate
from todacomm.core.inference.uncertainty import Z
from todacomm.core.layer import analyze_layer
from todacomm.core.subsamples import subsamples
from todacomm.core.threads import one_thread_each
from todacomm.results.observation import Observation
from todacomm.results.table import in_depth_order, tidy
from todacomm.settings.convergence import ConvergenceConfig
from todacomm.system.machine import worker_threads
from todacomm.system.progress import Clock, Progress, silent
from todacomm.system.units import format_seconds

Announce = Callable[[str], None]
Row = dict[str, Any]
TIMED_SECONDS = 0.5


@dataclass(frozen=True)
class Plan:
    """What is measured: some layers' clouds, at which sizes and numbers of components."""

    clouds: Mapping[str, np.ndarray]
    sizes: tuple[int, ...]
    pcas: tuple[int, ...]
    pca: int
    repeats: int
    replicates: int
    seed: int
    threads: int
    settings: dict[str, Any]


def measure_convergence(
    config: ConvergenceConfig, progress: Progress = silent, announce: Announce = lambda _: None
) -> Convergence:
    """The numbers of a convergence, nothing recorded.

    Subsets are measured from scratch, their PCA included, as an analysis of so many texts would; the layers share
    them. All points are measured at every number of components, with the half-samples' intervals of an analysis.

    Parameters
    ----------
    announce : callable
        Called with a line about the time it will take before the subsets are measured.
    """

    clock = Clock()
    with clock("extraction"):
        unlikely = replace(config.analysis, model=replace(config.analysis.model, likelihood=False))
        observed = observe(unlikely, progress)
    plan = make_plan(config, observed)
    announce(cost(plan))
    with clock("homology"), one_thread_each():
        measured = measure_all(plan, progress)
    of_run, depths = identity(observed), layer_depths(observed.clouds)
    places = {layer: {**of_run, "layer": layer, "depth": depths[layer]} for layer in plan.clouds}
    table = tidy((places[layer] | row for layer, rows in measured.items() for row in rows), COLUMNS)
    recommended = (places[layer] | row for layer, rows in measured.items() for row in recommend(plan, rows))
    return Convergence(
        config=config.analysis,
        repeats=config.repeats,
        model=observed.model,
        dataset=observed.dataset,
        table=in_depth_order(table, [plan.clouds]),
        recommended=in_depth_order(tidy(recommended, RECOMMENDED_COLUMNS), [plan.clouds]),
        layers={name: list(observed.clouds).index(name) for name in plan.clouds},
        sizes=plan.sizes,
        pca=plan.pca,
        warnings=(*observed.warnings, *plan_warnings(plan, config, len(observed.dataset.ids))),
        seconds=clock.seconds,
    )


def make_plan(config: ConvergenceConfig, observed: Observation) -> Plan:
    """Which layers, sizes and numbers of components.

    Raises
    ------
    ValueError
        A size exceeds the number of points, or a layer is not in a file of clouds.
    """
    analysis = config.analysis
    clouds = {name: observed.clouds[name] for name in chosen_layers(list(observed.clouds), config)}
    n_points, width = len(observed.dataset.ids), max(cloud.shape[1] for cloud in clouds.values())
    sizes = config.sizes or size_ladder(n_points)
    if sizes[-1] > n_points:
        raise ValueError(f"sizes has {sizes[-1]}, there are {n_points} points a layer: expected at most as many")
    if sizes[-1] < n_points:
        rows = np.sort(np.random.default_rng(analysis.record.seed).choice(n_points, sizes[-1], replace=False))
        clouds = {name: cloud[rows] for name, cloud in clouds.items()}

    def components(pca: int) -> int:
        return pca if pca < min(width, sizes[-1] - 1) else 0

    topology = analysis.topology
    return Plan(
        clouds=clouds,
        sizes=sizes,
        pcas=tuple(sorted({components(pca) for pca in (*config.pcas, topology.pca)})),
        pca=components(topology.pca),
        repeats=config.repeats,
        replicates=analysis.inference.replicates,
        seed=analysis.record.seed,
        threads=worker_threads(topology.threads),
        settings={
            "standardize": topology.standardize,
            "maxdim": min(topology.maxdim, 1),
            "metric": topology.metric,
            "engine": topology.engine,
        },
    )


def chosen_layers(names: Sequence[str], config: ConvergenceConfig) -> list[str]:
    """The layers asked for; of all of them the first block, the middle one and the last."""
    model = config.analysis.model
    if model.layers == ("all",):
        blocks = [name for name in names if name != "embedding"] or list(names)
        return [blocks[place] for place in sorted({0, (len(blocks) - 1) // 2, len(blocks) - 1})]
    if model.clouds_file is None:
        return list(names)
    unknown = [name for name in model.layers if name not in names]
    if unknown:
        raise ValueError(f"no layer {unknown[0]!r} in the file: choose {', '.join(names)}")
    return list(model.layers)


def cost(plan: Plan) -> str:
    """What the measuring will take, from timing the largest cloud that takes half a second."""
    size, seconds = timed(plan)
    *smaller, n_points = plan.sizes
    sizes = [*smaller, n_points // 2, n_points]
    each = [*(plan.repeats for _ in smaller), plan.replicates * len(plan.pcas), len(plan.pcas)]
    times = [len(plan.clouds) * n for n in each]
    low, high = expected_seconds(sizes, times, size, seconds)
    span = " to ".join(dict.fromkeys(map(format_seconds, (low / plan.threads, high))))
    layers = "1 layer" if len(plan.clouds) == 1 else f"{len(plan.clouds)} layers"
    return (
        f"{sum(times):,} clouds of up to {n_points:,} points from {layers}: expect {span} (one of "
        f"{size:,} points took {seconds:.2g} s; time grows as the square to the cube of the points)"
    )


def timed(plan: Plan) -> tuple[int, float]:
    """A size and the seconds that a cloud of it takes."""
    cloud = list(plan.clouds.values())[len(plan.clouds) // 2]
    with one_thread_each():
        analyze_layer(cloud[: plan.sizes[0]], pca=plan.pca, **plan.settings)  # loads the engine
        for size in plan.sizes:
            started = time.perf_counter()
            analyze_layer(cloud[:size], pca=plan.pca, **plan.settings)
            seconds = time.perf_counter() - started
            if seconds > TIMED_SECONDS:
                break
    return size, seconds


def measure_all(plan: Plan, progress: Progress = silent) -> dict[str, list[Row]]:
    """Layer -> a row for every size, number of components and metric."""
    total = len(plan.clouds) * (len(plan.sizes) - 1 + len(plan.pcas))
    rows: dict[str, list[Row]] = {layer: [] for layer in plan.clouds}
    done = 0
    progress("subsets", done, total)
    for layer, cloud in plan.clouds.items():
        steps = [partial(measure_subsets, plan, cloud, size) for size in plan.sizes[:-1]]
        steps += [partial(measure_whole, plan, cloud, pca) for pca in plan.pcas]
        for step in steps:
            rows[layer] += [row | _band(row) for row in step()]
            done += 1
            progress("subsets", done, total)
    return rows


def measure_subsets(plan: Plan, cloud: np.ndarray, size: int) -> Iterator[Row]:
    """Every metric over random subsets of one size, nan where none is measured; the same subsets in every layer."""
    rng = np.random.default_rng([plan.seed, size])
    subsets = subsamples(cloud, size, plan.repeats, rng, threads=plan.threads, pca=plan.pca, **plan.settings)
    means = subsets.summary()
    for metric in INTERVAL_METRICS:
        value, sd = (means[metric].value, subsets.spread(metric)) if metric in means else (np.nan, np.nan)
        yield {"metric": metric, "n": size, "pca": plan.pca, "repeats": plan.repeats, "value": value, "sd": sd}


def measure_whole(plan: Plan, cloud: np.ndarray, pca: int) -> Iterator[Row]:
    """Every metric of all points with the standard error of its half-samples, nan where it is not measured."""
    layer = analyze_layer(cloud, pca=pca, **plan.settings)
    errors = dict.fromkeys(INTERVAL_METRICS, np.nan)
    if plan.replicates:
        halves = half_samples(len(cloud), plan.replicates, plan.seed)
        values = replicate(layer, cloud, halves, threads=plan.threads).values
        estimates = intervals(metric_values(layer.metrics), values).by_metric()
        errors = {metric: estimate.se for metric, estimate in estimates.items()}
    for metric, sd in errors.items():
        value = layer.metrics.get(metric, np.nan)
        yield {"metric": metric, "n": len(cloud), "pca": pca, "repeats": 1, "value": value, "sd": sd}


def recommend(plan: Plan, rows: Sequence[Row]) -> Iterator[Row]:
    """A layer's recommended number of points for every scale-free metric."""
    for metric in SCALE_FREE_METRICS:
        by_size = {row["n"]: row for row in rows if row["metric"] == metric and row["pca"] == plan.pca}
        means = [by_size[size]["value"] for size in plan.sizes]
        spreads = [by_size[size]["sd"] for size in plan.sizes]
        yield {
            "metric": metric,
            "value": means[-1],
            "recommended_n": recommended_size(plan.sizes, means, spreads, means[-1]),
            "last_doubling": last_doubling(plan.sizes, means),
        }


def plan_warnings(plan: Plan, config: ConvergenceConfig, n_points: int) -> Iterator[RunWarning]:
    """What a reader must know of the plan."""
    if plan.sizes[-1] < n_points:
        text = f"a random {plan.sizes[-1]} of the {n_points} points stand for all: the largest of the sizes asked for"
        yield RunWarning("subset_for_all", text)
    if 2 * plan.sizes[0] > plan.sizes[-1]:
        yield RunWarning("sizes_too_large", "no size up to half of the points was measured: nothing can be recommended")
    if config.analysis.topology.maxdim > 1:
        yield RunWarning("no_degree_2", "degree 2 is left out: subsets are measured up to degree 1")
    for layer, cloud in plan.clouds.items():
        shape = analyze_layer(cloud, pca=plan.pca, maxdim=0)
        yield from (warning._replace(layer=layer) for warning in shape.warnings)


def _band(row: Row) -> Row:
    return {"lo": row["value"] - Z * row["sd"], "hi": row["value"] + Z * row["sd"]}
