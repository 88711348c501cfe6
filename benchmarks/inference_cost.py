"""What intervals and nulls cost: 100 half-samples and 39 rotations of 14 layers of 500 points, and where it goes.

    python -m benchmarks.inference_cost --threads 2

Writes ``benchmarks/results/inference_cost.json``. The split is of CPU time on one thread, one layer.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.populations import wide
from todacomm.core.clouds import distances
from todacomm.core.homology import persistence
from todacomm.core.inference import half_samples, infer, rotation
from todacomm.core.inference.replicates import HalfSpectrum
from todacomm.core.layer import LayerAnalysis, analyze_layer

RESULTS = Path(__file__).resolve().parent / "results" / "inference_cost.json"
N_LAYERS, N_POINTS, REPLICATES, DRAWS = 14, 500, 100, 39


def cpu_seconds(work: Callable[[], object], times: int = 5) -> float:
    """CPU seconds of one call, after a first that warms up."""
    work()
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times


def split(layer: LayerAnalysis) -> dict[str, float]:
    """CPU milliseconds of the parts of one half-sample and of one rotation."""
    rng = np.random.default_rng(0)
    (half,) = half_samples(N_POINTS, 1, seed=0)
    among = layer.distances[np.ix_(half, half)]
    spectrum = HalfSpectrum(layer.cloud)
    matrix = rotation(N_POINTS, rng)
    turned = matrix @ layer.scores
    between = distances(turned)
    with threadpool_limits(1):
        seconds = {
            "half-sample: homology": cpu_seconds(lambda: persistence(among)),
            "half-sample: spectrum": cpu_seconds(lambda: spectrum(half)),
            "rotation: homology": cpu_seconds(lambda: persistence(between)),
            "rotation: distances": cpu_seconds(lambda: distances(turned)),
            "rotation: product with the cloud": cpu_seconds(lambda: matrix @ layer.scores),
            "rotation: random matrix, once for all layers": cpu_seconds(lambda: rotation(N_POINTS, rng)),
        }
    return {part: round(1000.0 * value, 2) for part, value in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Cost of intervals and nulls")
    parser.add_argument("--threads", type=int, default=2)
    threads = parser.parse_args().threads
    rng = np.random.default_rng(0)
    clouds = {f"layer_{index}": wide(rng, N_POINTS) for index in range(N_LAYERS)}
    layers = {name: analyze_layer(cloud) for name, cloud in clouds.items()}
    cpu = time.process_time()
    inference = infer(layers, clouds, replicates=REPLICATES, nulls=DRAWS, threads=threads)
    found = {
        "layers": N_LAYERS,
        "points": N_POINTS,
        "half-samples": REPLICATES,
        "rotations": DRAWS,
        "threads": threads,
        "load of the machine": round(os.getloadavg()[0], 1),
        "cpu seconds": round(time.process_time() - cpu, 1),
        "wall seconds": {part: round(seconds, 1) for part, seconds in inference.seconds.items()},
        "cpu milliseconds of one": split(layers["layer_0"]),
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
