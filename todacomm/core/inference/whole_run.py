"""How sure the numbers of a run are: intervals, bands and null models of all its layers."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.facts import RunWarning
from todacomm.core.inference.draws import null_draws, shares_draws
from todacomm.core.inference.evidence import MIN_DRAWS, Row, families, null_rows
from todacomm.core.inference.replicates import Replicates, effective_clusters, half_samples, replicate
from todacomm.core.inference.uncertainty import (
    MIN_DEFINED,
    Estimate,
    Estimates,
    betti_bands,
    intervals,
    metric_values,
)
from todacomm.core.layer import MIN_DISTINCT, LayerAnalysis
from todacomm.core.loops.whole_run import RunLoops, run_loops
from todacomm.core.metrics import INTERVAL_METRICS, LAYER_METRICS, TESTED_METRICS, expansion_ratios
from todacomm.core.nulls import ROTATION
from todacomm.core.streams import RESIDUAL, groups
from todacomm.system.progress import Progress, silent

FEW_REPLICATES = 20


@dataclass(frozen=True)
class Inference:
    """Uncertainty and nulls of a run; empty parts for what was not asked for.

    Attributes
    ----------
    intervals : mapping
        Layer -> metric -> estimate.
    run_intervals : mapping
        Expansion ratio -> estimate.
    bands : mapping
        Layer -> ``betti_0_lo``, ``betti_0_hi`` ... on the layer's own scale.
    replicates : mapping of ndarray, shape (replicates, len(INTERVAL_METRICS))
        Layer -> its metrics on the half-samples, for paired differences.
    null_rows : sequence of dict
        Rows of the table of nulls, without the columns that say which analysis it is.
    loops : RunLoops
        The longest H1 bars of every layer and what may be claimed of them.
    warnings : tuple of RunWarning
        What a reader must know.
    seconds : dict of float
        Wall-clock time of ``half_samples``, ``nulls`` and ``loops``.
    """

    intervals: Mapping[str, Estimates]
    run_intervals: Estimates
    bands: Mapping[str, dict[str, Array]]
    replicates: Mapping[str, Array]
    null_rows: Sequence[Row]
    loops: RunLoops
    warnings: tuple[RunWarning, ...]
    seconds: dict[str, float]


def infer(
    layers: Mapping[str, LayerAnalysis],
    raw_clouds: Mapping[str, ArrayLike],
    *,
    replicates: int = 100,
    nulls: int = 39,
    further_nulls: int = 60,
    kinds: Sequence[str] = (ROTATION,),
    n_loops: int = 5,
    seed: int = 42,
    clusters: Sequence[object] | None = None,
    threads: int = 1,
    progress: Progress = silent,
) -> Inference:
    """Half-samples and nulls of all layers of a run; none where the layers have landmarks, and a warning says so.

    Parameters
    ----------
    layers : mapping
        Layer -> analysis in the order of depth, all of the same texts.
    raw_clouds : mapping of array, shape (n_points, n_dims)
        The clouds before standardisation.
    replicates, nulls : int
        Half-samples, and draws of each null model; 0: none.
    further_nulls : int
        Draws of what takes no homology above degree 0, where none of at least 19 first ones reaches it in some layer.
    kinds : sequence of str
        Null models drawn in the space of the distances, see :data:`todacomm.core.nulls.NULLS`.
    n_loops : int
        Longest H1 bars a layer that are looked at; 0: none.
    seed, threads : int
        The seed decides every number, the threads none.
    clusters : sequence, length n_points, optional
        Which cluster each text is of, where half-samples are to be of clusters: see :func:`half_samples`.
    """
    started = time.perf_counter()
    maxdim = max((layer.maxdim for layer in layers.values()), default=0)
    of_landmarks = any(layer.landmarks is not None for layer in layers.values())
    if of_landmarks:
        replicates = nulls = 0
    measured: dict[str, Replicates] = {}
    n_halves = replicates * sum(layer.defined for layer in layers.values())
    n_points = max((len(layer.cloud) for layer in layers.values()), default=2)
    halves = half_samples(n_points, replicates, seed, clusters)
    for name, layer in layers.items() if replicates else ():
        step = _as_part(progress, replicates * sum(layers[other].defined for other in measured), n_halves)
        measured[name] = replicate(layer, raw_clouds[name], halves, threads=threads, progress=step)
    values = {name: replicated.values for name, replicated in measured.items()}
    estimates = {
        name: intervals(metric_values(layers[name].metrics), rows).by_metric() for name, rows in values.items()
    }
    between = time.perf_counter()
    draws = {kind: _draws(layers, nulls, further_nulls, seed, kind, threads, progress) for kind in kinds}
    drawn = time.perf_counter()
    loops = run_loops(
        layers,
        {name: replicated.diagrams for name, replicated in measured.items()},
        {name: of_layer[:nulls] for name, of_layer in draws.get(ROTATION, {}).items()},
        halves=halves,
        seed=seed,
        n_loops=n_loops if maxdim else 0,
        threads=threads,
        progress=progress,
    )
    ended = time.perf_counter()
    return Inference(
        intervals=estimates,
        run_intervals=_run_intervals(layers, values),
        bands={
            name: betti_bands(layers[name].curves, layers[name].metrics["h0_mean_lifetime"], replicated.diagrams)
            for name, replicated in measured.items()
        },
        replicates=values,
        null_rows=[row for kind in kinds for row in null_rows(layers, draws[kind], estimates, kind, nulls)],
        loops=loops,
        warnings=(
            *_landmark_warnings(of_landmarks),
            *_half_sample_warnings(layers, measured, maxdim),
            *(_cluster_warnings(clusters) if clusters is not None and measured else ()),
            *_duplicate_warnings(layers, draws),
            *_draws_warnings(draws, nulls),
        ),
        seconds={"half_samples": between - started, "nulls": drawn - between, "loops": ended - drawn},
    )


def _draws(
    layers: Mapping[str, LayerAnalysis],
    nulls: int,
    further: int,
    seed: int,
    kind: str,
    threads: int,
    progress: Progress,
) -> dict[str, Array]:
    """Draws of a null model, continued for the cheap metrics of families with a p at the floor; nan in the others."""

    def drawn(names: Iterable[str], draws: int, metrics: Sequence[str], skip: int = 0) -> dict[str, Array]:
        how: dict[str, Any] = {"kind": kind, "metrics": metrics, "skip": skip, "threads": threads}
        return null_draws(
            {name: layers[name] for name in names}, draws, np.random.default_rng(seed), **how, progress=progress
        )

    first = drawn(layers, nulls, TESTED_METRICS)
    if nulls < MIN_DRAWS or not further:
        return first
    at_floor = {
        row["layer"]
        for row in null_rows(layers, first, {}, kind)
        if not LAYER_METRICS[row["metric"]].degree and row["p_adjusted"] <= 1.0 / (nulls + 1)
    }
    chosen = [name for family in families(layers, first) if not at_floor.isdisjoint(family) for name in family]
    cheap = [name for name in TESTED_METRICS if not LAYER_METRICS[name].degree]
    more = drawn(chosen, nulls + further, cheap, nulls) if chosen else {}
    undrawn = np.full((further, len(TESTED_METRICS)), np.nan)
    return {name: np.vstack([of_layer, more.get(name, undrawn)]) for name, of_layer in first.items()}


def _as_part(progress: Progress, before: int, total: int) -> Progress:
    """Reports on a part as reports on the whole."""
    return lambda stage, done, _: progress(stage, before + done, total)


def _run_intervals(layers: Mapping[str, LayerAnalysis], replicates: Mapping[str, Array]) -> dict[str, Estimate]:
    """Expansion ratios of the residual stream with intervals: every half-sample gives a ratio, all layers share it."""
    residual = groups(replicates).get(RESIDUAL)
    if not residual:
        return {}
    layers = {name: layers[name] for name in residual}
    replicates = {name: replicates[name] for name in residual}
    degenerate = [name for name, layer in layers.items() if layer.degenerate]
    value = expansion_ratios({name: layer.metrics for name, layer in layers.items()}, degenerate)
    per_half = [
        expansion_ratios(
            {name: dict(zip(INTERVAL_METRICS, row, strict=True)) for name, row in zip(replicates, rows, strict=True)},
            degenerate,
        )
        for rows in zip(*replicates.values(), strict=True)
    ]
    ratios = np.array([list(ratio.values()) for ratio in per_half])
    return intervals(list(value.values()), ratios, grows=False).by_metric(list(value))


def _landmark_warnings(of_landmarks: bool) -> Iterator[RunWarning]:
    if of_landmarks:
        yield RunWarning(
            "landmarks_without_intervals",
            "distances and homology are those of landmarks, spread evenly by choice: no number has an interval or a "
            "rotation null, which need all points, and no dimension is read from neighbours",
        )


def _half_sample_warnings(
    layers: Mapping[str, LayerAnalysis], measured: Mapping[str, Replicates], maxdim: int
) -> Iterator[RunWarning]:
    n_replicates = max((len(replicated.values) for replicated in measured.values()), default=0)
    if n_replicates == 1:
        text = "one half-sample has no spread: no interval is given; ask for 100 replicates"
        yield RunWarning("one_half_sample", text)
    elif 1 < n_replicates < FEW_REPLICATES:
        uncertain = 100.0 / np.sqrt(2.0 * (n_replicates - 1))
        text = f"intervals rest on {n_replicates} half-samples: their width is uncertain by {uncertain:.0f} %"
        yield RunWarning("few_half_samples", text)
    if measured and maxdim > 1:
        yield RunWarning(
            "degree_2_without_intervals", "numbers of degree 2 have no interval: half-samples stop at degree 1"
        )
    for name, replicated in measured.items():
        if not layers[name].defined:
            continue
        if replicated.n_degenerate:
            text = (
                f"{replicated.n_degenerate} of {len(replicated.values)} half-samples have under {MIN_DISTINCT} "
                "distinct points and are left out of its intervals"
            )
            yield RunWarning("degenerate_half_samples", text, name)
        defined = np.isfinite(replicated.values).mean(axis=0)
        missing = np.isfinite(metric_values(layers[name].metrics)) & (defined < MIN_DEFINED)
        if n_replicates > 1 and missing.any():
            metrics = ", ".join(np.array(INTERVAL_METRICS)[missing])
            text = f"no interval of {metrics}: undefined on more than half of the half-samples"
            yield RunWarning("interval_undefined", text, name)


def _cluster_warnings(clusters: Sequence[object]) -> Iterator[RunWarning]:
    n_clusters, effective = len(set(clusters)), effective_clusters(clusters)
    if effective >= FEW_REPLICATES:
        return
    uncertain = 100.0 / np.sqrt(2.0 * max(effective - 1.0, 0.5))
    unequal = "" if effective > 0.9 * n_clusters else f", which count as {effective:.1f} of one size"
    text = (
        f"half-samples are of {n_clusters} clusters{unequal}: the width of intervals is uncertain by {uncertain:.0f} %"
    )
    yield RunWarning("few_clusters", text)


def _draws_warnings(draws: Mapping[str, Mapping[str, Array]], nulls: int) -> Iterator[RunWarning]:
    if draws.get(ROTATION) and 0 < nulls < MIN_DRAWS:
        least = 1.0 / (nulls + 1)
        text = (
            f"{nulls} draws of the rotation null decide nothing, as no p is below {least:.2g}: {MIN_DRAWS} are needed"
        )
        yield RunWarning("too_few_draws", text)


def _duplicate_warnings(
    layers: Mapping[str, LayerAnalysis], draws: Mapping[str, Mapping[str, Array]]
) -> Iterator[RunWarning]:
    drawn = {name for of_kind in draws.values() for name in of_kind}
    outside = [name for name in layers if name in drawn and not shares_draws(layers[name])]
    if outside:
        text = (
            "layers with duplicates have null draws of their own, and their p is not adjusted for the other layers: "
            f"{', '.join(outside)}"
        )
        yield RunWarning("rotated_singly", text)
