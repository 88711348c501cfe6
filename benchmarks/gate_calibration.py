"""How far the gate keeps its word: verdicts and starred differences of runs whose truth is known.

    python -m benchmarks.gate_calibration             # 40 minutes of CPU; may be stopped and started again
    python -m benchmarks.gate_calibration --quick     # a tenth of the repetitions
    python -m benchmarks.gate_calibration --summarize # the tables of what has been done so far

Eight layers and six metrics, judged together. Finished repetitions stay in a cache file. Writes
``benchmarks/results/gate_calibration.json``.
"""

import argparse
import json
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.gate_models import NOISE, measured, pair
from benchmarks.gate_summary import summarize
from benchmarks.populations import POPULATIONS
from todacomm.core.equivalence import (
    judge,
    paired_contrast,
    place_contrast,
    place_margins,
    places,
    shape_margins,
    spread_of,
)
from todacomm.core.equivalence.simultaneous import joint_law, simultaneous
from todacomm.core.inference import INTERVAL_METRICS, half_samples
from todacomm.core.inference.uncertainty import GROWS

RESULTS = Path(__file__).resolve().parent / "results" / "gate_calibration.json"
CACHE = Path(tempfile.gettempdir()) / "todacomm-gate-calibration.jsonl"
METRICS = (
    "h0_total_norm", "h1_max_norm", "twonn_dimension", "effective_rank", "mean_cosine", "h0_entropy",
)  # fmt: skip
COLUMNS = [INTERVAL_METRICS.index(metric) for metric in METRICS]
MARGINS = shape_margins(METRICS)
PLACE_LAYERS, PLACE_HALVES, PLACE_SHARE = 4, 50, 0.05
Case = dict[str, Any]
Numbers = dict[str, Any]


def shape(rng: np.random.Generator, n_points: int, maxdim: int = 1, replicates: int = 100, **case: Any) -> Numbers:
    """One comparison of two runs: every cell's difference, interval, adjusted p and verdict."""
    seed = int(rng.integers(2**32))
    sides = [measured(clouds, seed, maxdim, replicates) for clouds in pair(rng, n_points=n_points, **case)]
    (base, ours), (candidate, theirs) = ((values[:, COLUMNS], halves[..., COLUMNS]) for values, halves in sides)
    contrast = paired_contrast(base, candidate, ours, theirs, grows=GROWS[COLUMNS], relative=MARGINS.relative)
    result = judge(contrast, MARGINS.size, n_points, rng)
    return {
        "estimate": result.intervals.estimate,
        "lo": result.intervals.lo,
        "hi": result.intervals.hi,
        "p": result.intervals.p,
        "p_adjusted": result.intervals.p_adjusted,
        "verdicts": result.verdicts,
        "smallest": result.smallest_difference,
        "texts_if_same": result.texts_if_same,
    }


def moved(rng: np.random.Generator, n_points: int, share: float, population: str) -> Numbers:
    """Four layers whose texts take a share of their variance from unrelated noise of the same covariance."""
    texts, other = (POPULATIONS[population](rng, n_points) for _ in range(2))
    halves = half_samples(n_points, PLACE_HALVES, int(rng.integers(2**32)))
    layers, margins = [], []
    for _ in range(PLACE_LAYERS):
        base, noise = (cloud + NOISE * rng.normal(size=cloud.shape) for cloud in (texts, other))
        layers.append(places(base, np.sqrt(1.0 - share) * base + np.sqrt(share) * noise, halves))
        margins.append(place_margins(base, rng, share=PLACE_SHARE))
    judged = judge(place_contrast(layers), np.array(margins), n_points, rng)
    result = judged.intervals
    return {
        "estimate": result.estimate,
        "lo": result.lo,
        "hi": result.hi,
        "margin": margins,
        "verdicts": judged.verdicts,
    }


def law(rng: np.random.Generator, n_points: int, rows: str) -> Numbers:
    """Means of 48 correlated columns, of which none differs from 0: does max-T star one with three laws?"""
    common = rng.normal(size=(n_points, 6))
    columns = np.repeat(common, 8, axis=1) + 0.5 * rng.normal(size=(n_points, 48))
    if rows == "heavy":
        columns *= np.sqrt(5.0 / rng.chisquare(5, size=(n_points, 1)))
    elif rows == "skewed":
        columns = np.exp(columns / 2.0) - np.exp(1.25 / 8.0)  # skewness 2, that of an exponential
    halves = columns[half_samples(n_points, 100, int(rng.integers(2**32)))].mean(axis=1)
    contrast = spread_of(columns.mean(axis=0), halves, 0.0, np.full(48, ""))
    z = np.abs(contrast.estimate / contrast.se).max()
    own = contrast.halves / contrast.se
    normal = np.abs(rng.standard_normal((1999, 100)) @ own / np.sqrt(99.0)).max(axis=1)
    return {
        "t": float(z > simultaneous(contrast, joint_law(contrast, n_points, rng, 1999)).critical),
        "normal": float(z > np.quantile(normal, 0.95)),
        "half-samples": float(z > np.quantile(np.abs(own).max(axis=1), 0.95)),
    }


@dataclass(frozen=True)
class Experiment:
    """What is repeated, and how often for each case."""

    run: Callable[..., Numbers]
    cases: tuple[tuple[int, Case], ...]


def _shapes() -> Iterator[tuple[int, Case]]:
    for population in ("anisotropic", "clustered", "heavy"):
        yield 100, {"change": "texts", "size": 0.0, "population": population, "n_points": 100}
        yield 100, {"change": "model", "size": 0.0, "population": population, "n_points": 100}
    for n_points in (20, 50):
        yield 100, {"change": "texts", "size": 0.0, "population": "anisotropic", "n_points": n_points}
        yield 100, {"change": "model", "size": 0.0, "population": "anisotropic", "n_points": n_points}
    yield 40, {"change": "texts", "size": 0.0, "population": "anisotropic", "n_points": 300}
    yield 40, {"change": "model", "size": 0.0, "population": "anisotropic", "n_points": 300}
    yield 10, {"change": "none", "size": 0.0, "population": "anisotropic", "n_points": 100}
    yield 40, {"change": "noise", "size": 0.02, "population": "anisotropic", "n_points": 100}
    for size in (0.05, 0.1, 0.15):
        case = {"change": "bend", "size": size, "population": "anisotropic"}
        yield 40, case | {"n_points": 100}
        yield 20, case | {"n_points": 300, "maxdim": 0}
        yield 10, case | {"n_points": 1000, "maxdim": 0, "replicates": 50}


EXPERIMENTS = {
    "law": Experiment(
        law,
        tuple((1000, {"n_points": n, "rows": rows}) for n in (20, 100, 300) for rows in ("normal", "heavy", "skewed")),
    ),
    "shape": Experiment(shape, tuple(_shapes())),
    "places": Experiment(
        moved,
        tuple(
            (50, {"n_points": 100, "share": share, "population": population})
            for population in ("anisotropic", "clustered")
            for share in (0.02, 0.05, 0.125)
        ),
    ),
}
Task = tuple[str, int, int]
"""Experiment, case, repetition."""


def tasks(share: float) -> list[Task]:
    """Everything to do, all cases at the same pace."""
    todo = []
    for name, experiment in EXPERIMENTS.items():
        for case, (repetitions, _) in enumerate(experiment.cases):
            wanted = max(1, round(share * repetitions))
            todo += [(r / wanted, (name, case, r)) for r in range(wanted)]
    return [task for _, task in sorted(todo)]


def perform(task: Task) -> Numbers:
    """One repetition, its random numbers decided by the task alone."""
    name, case, repetition = task
    experiment = EXPERIMENTS[name]
    rng = np.random.default_rng([zlib.crc32(name.encode()), case, repetition])
    with threadpool_limits(1):
        result = experiment.run(rng, **experiment.cases[case][1])
    return {key: np.asarray(numbers).tolist() for key, numbers in result.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Calibration of the gate")
    parser.add_argument("--quick", action="store_true", help="a tenth of the repetitions")
    parser.add_argument("--summarize", action="store_true", help="only write the tables")
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()

    done: dict[Task, Numbers] = {}
    if options.cache.exists():
        entries = map(json.loads, options.cache.read_text().splitlines())
        done = {tuple(entry["task"]): entry["numbers"] for entry in entries}
    todo = [] if options.summarize else [task for task in tasks(0.1 if options.quick else 1.0) if task not in done]
    with options.cache.open("a") as cache_file:
        for task in todo:
            done[task] = perform(task)
            cache_file.write(json.dumps({"task": task, "numbers": done[task]}) + "\n")
            cache_file.flush()
    cases = {name: [case for _, case in experiment.cases] for name, experiment in EXPERIMENTS.items()}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(summarize(done, cases, MARGINS.size), indent=1) + "\n")


if __name__ == "__main__":
    main()
