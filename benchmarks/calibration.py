"""How far intervals and p-values keep their word: clouds from known populations, measured as a run measures them.

    python -m benchmarks.calibration --workers 2      # hours; may be stopped and started again
    python -m benchmarks.calibration --quick          # a few minutes, ten repetitions
    python -m benchmarks.calibration --summarize      # the tables of what has been done so far

Finished repetitions stay in a cache file, so that a stopped run goes on where it was. Writes
``benchmarks/results/calibration.json`` and ``docs/calibration.md``.
"""

import argparse
import json
import tempfile
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.calibration_page import render
from benchmarks.calibration_summary import summarize
from benchmarks.populations import POPULATIONS, gaussian_layers, noisy_circle
from todacomm.core.inference import (
    TESTED_METRICS,
    betti_bands,
    half_samples,
    metric_values,
    null_draws,
    p_value,
    paired_difference,
    paired_p_values,
    replicate,
    step_down_max_t,
)
from todacomm.core.inference.replicates import Replicates
from todacomm.core.inference.uncertainty import GROWS
from todacomm.core.layer import LayerAnalysis, analyze_layer
from todacomm.core.metrics import LAYER_METRICS

ROOT = Path(__file__).resolve().parents[1]
RESULTS, PAGE = ROOT / "benchmarks" / "results" / "calibration.json", ROOT / "docs" / "calibration.md"
CACHE = Path(tempfile.gettempdir()) / "todacomm-calibration.jsonl"
REPLICATES, DRAWS, N_LAYERS, PAIRED_LAYERS = 100, 39, 14, 6
Case = dict[str, Any]
Numbers = dict[str, Any]


def intervals(rng: np.random.Generator, population: str, n_points: int) -> Numbers:
    """One cloud with its half-samples: values, the replicates' mean and sd, Betti curves with their bands."""
    layer, replicates = _with_replicates(rng, POPULATIONS[population](rng, n_points))
    bands = betti_bands(layer.curves, layer.metrics["h0_mean_lifetime"], replicates.diagrams)
    curves = {name: layer.curves[name] for name in ("betti_0", "betti_1")} | bands
    return {
        "value": metric_values(layer.metrics),
        "half_mean": replicates.values.mean(axis=0),
        "half_sd": replicates.values.std(axis=0, ddof=1),
        **{
            name: np.interp(_common_scale(population, n_points), layer.curves["scale"], curve, right=0.0)
            for name, curve in curves.items()
        },
    }


def rotation(rng: np.random.Generator, population: str, n_points: int) -> Numbers:
    """Rank of a cloud among its rotations, for each tested metric: 1 the largest."""
    ranks, _ = _against_rotations(rng, {"layer": POPULATIONS[population](rng, n_points)})
    return {"rank": ranks["layer"]}


def family(rng: np.random.Generator, n_points: int) -> Numbers:
    """Fourteen Gaussian layers of the same texts: the smallest adjusted p of each tested metric."""
    _, adjusted = _against_rotations(rng, gaussian_layers(rng, N_LAYERS, n_points, n_dims=30))
    return {"smallest": np.min(list(adjusted.values()), axis=0)}


def circle(rng: np.random.Generator, n_points: int, n_dims: int) -> Numbers:
    """A noisy circle against its rotations: upper p of each tested metric."""
    ranks, _ = _against_rotations(rng, {"layer": noisy_circle(rng, n_points, n_dims)})
    return {"p": ranks["layer"] / (DRAWS + 1)}


def planted(rng: np.random.Generator, n_points: int) -> Numbers:
    """A noisy circle in one of fourteen layers: its adjusted p, and the smallest of the other layers'."""
    clouds = gaussian_layers(rng, N_LAYERS, n_points)
    clouds["layer_7"] = noisy_circle(rng, n_points)
    _, adjusted = _against_rotations(rng, clouds)
    p = adjusted.pop("layer_7")
    return {"p_adjusted": p, "smallest": np.min(list(adjusted.values()), axis=0)}


def paired(rng: np.random.Generator, population: str, n_points: int) -> Numbers:
    """Two models with the same law on the same texts, six layers each: differences, their errors and adjusted p."""
    texts = POPULATIONS[population](rng, n_points)
    seed = int(rng.integers(2**32))
    noise = 0.5 * texts.std()
    values, replicates = np.empty((2, PAIRED_LAYERS, len(GROWS))), np.empty((2, PAIRED_LAYERS, REPLICATES, len(GROWS)))
    for side, layer in np.ndindex(2, PAIRED_LAYERS):
        analysis, halves = _with_replicates(rng, texts + noise * rng.normal(size=texts.shape), seed)
        values[side, layer], replicates[side, layer] = metric_values(analysis.metrics), halves.values
    differences = [paired_difference(*values[:, layer], *replicates[:, layer]) for layer in range(PAIRED_LAYERS)]
    smallest = [
        paired_p_values(*values[..., metric], *replicates[..., metric].swapaxes(1, 2), grows=bool(grows)).min()
        for metric, grows in enumerate(GROWS)
    ]
    return {
        "difference": [difference.value for difference in differences],
        "se": [difference.se for difference in differences],
        "smallest": smallest,
    }


@dataclass(frozen=True)
class Experiment:
    """What is repeated, for which cases, and on which share of the repetitions asked for."""

    run: Callable[..., Numbers]
    cases: tuple[Case, ...]
    share: float = 1.0


def _cases(n_points: int, *populations: str) -> tuple[Case, ...]:
    return tuple({"population": population, "n_points": n_points} for population in populations)


EXPERIMENTS = {
    "intervals": Experiment(intervals, (*_cases(200, *POPULATIONS), *_cases(500, *POPULATIONS))),
    "rotation": Experiment(rotation, _cases(200, "gaussian", "anisotropic", "wide")),
    "rotation of 500": Experiment(rotation, _cases(500, "gaussian", "anisotropic"), share=0.5),
    "family": Experiment(family, ({"n_points": 100},), share=2.0),
    "circle": Experiment(circle, ({"n_points": 300, "n_dims": 50}, {"n_points": 300, "n_dims": 20})),
    "planted": Experiment(planted, ({"n_points": 300}, {"n_points": 500}), share=0.2),
    "paired": Experiment(paired, _cases(120, "anisotropic", "clustered"), share=0.5),
}


def _with_replicates(
    rng: np.random.Generator, cloud: np.ndarray, seed: int | None = None
) -> tuple[LayerAnalysis, Replicates]:
    layer = analyze_layer(cloud)
    seed = int(rng.integers(2**32)) if seed is None else seed
    return layer, replicate(layer, cloud, half_samples(len(cloud), REPLICATES, seed))


def _against_rotations(
    rng: np.random.Generator, clouds: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Rank of every layer among its draws, and adjusted p: layer -> array over the tested metrics."""
    layers = {name: analyze_layer(cloud) for name, cloud in clouds.items()}
    draws = null_draws(layers, DRAWS, rng)
    values = {name: [layer.metrics[metric] for metric in TESTED_METRICS] for name, layer in layers.items()}
    ranks = {
        name: np.array([p_value(v, draws[name][:, m], "upper") * (DRAWS + 1) for m, v in enumerate(values[name])])
        for name in layers
    }
    adjusted = np.array(
        [
            step_down_max_t(
                [values[name][m] for name in layers],
                np.column_stack([draws[name][:, m] for name in layers]),
                LAYER_METRICS[metric].null_tail or "two-sided",
            )
            for m, metric in enumerate(TESTED_METRICS)
        ]
    )
    return ranks, dict(zip(layers, adjusted.T, strict=True))


@cache
def _common_scale(population: str, n_points: int) -> np.ndarray:
    """One grid of distances for all clouds of a population, so that their curves can be compared."""
    cloud = POPULATIONS[population](np.random.default_rng(0), n_points)
    return analyze_layer(cloud).curves["scale"][::3]


Task = tuple[str, int, int]
"""Experiment, case, repetition."""


def tasks(repetitions: int) -> list[Task]:
    """Everything to do: small clouds first, and then all experiments at the same pace."""
    todo = []
    for name, experiment in EXPERIMENTS.items():
        n = max(1, round(experiment.share * repetitions))
        for case, settings in enumerate(experiment.cases):
            todo += [(settings["n_points"] > 200, r / n, (name, case, r)) for r in range(n)]
    return [task for *_, task in sorted(todo)]


def perform(task: Task) -> Numbers:
    """One repetition, its random numbers decided by the task alone."""
    name, case, repetition = task
    experiment = EXPERIMENTS[name]
    rng = np.random.default_rng([zlib.crc32(name.encode()), case, repetition])
    with threadpool_limits(1):
        measured = experiment.run(rng, **experiment.cases[case])
    return {key: np.asarray(numbers).tolist() for key, numbers in measured.items()}


def read_cache(path: Path) -> dict[Task, Numbers]:
    """Finished repetitions."""
    if not path.exists():
        return {}
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    return {tuple(entry["task"]): entry["found"] for entry in entries}


def main() -> None:
    parser = argparse.ArgumentParser(description="Calibration of intervals and p-values")
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="ten repetitions")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--summarize", action="store_true", help="only write the tables")
    options = parser.parse_args()

    done = read_cache(options.cache)
    wanted = tasks(10 if options.quick else options.repetitions)
    todo = [] if options.summarize else [task for task in wanted if task not in done]
    with options.cache.open("a") as cache_file, ProcessPoolExecutor(options.workers) as pool:
        for task, numbers in zip(todo, pool.map(perform, todo), strict=True):
            cache_file.write(json.dumps({"task": task, "found": numbers}) + "\n")
            cache_file.flush()
            done[task] = numbers
    cases = {name: experiment.cases for name, experiment in EXPERIMENTS.items()}
    tables = summarize(done, cases)
    for path, text in ((RESULTS, json.dumps(tables, indent=1) + "\n"), (PAGE, render(tables))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
