"""What intervals and nulls cost: 100 half-samples and 39 rotations of 14 layers of 500 points, and where it goes.

python -m benchmarks.inference_cost [--form full]
"""

import time

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.measuring import Disagreement, cpu_seconds
from benchmarks.populations import wide
from benchmarks.reporting import Findings, Form, Row, Table, run, seconds
from todacomm.core.clouds import distances
from todacomm.core.homology import persistence
from todacomm.core.inference import INTERVAL_METRICS, half_samples, infer
from todacomm.core.inference.whole_run import Inference
from todacomm.core.layer import LayerAnalysis, analyze_layer
from todacomm.core.nulls import rotation
from todacomm.core.parts import Parts

GOAL = 18.0


def measure(form: Form) -> Findings:
    n_layers, n_points = form.pick((2, 40), (14, 500), (14, 500))
    replicates, draws = form.pick((4, 3), (20, 8), (100, 39))
    rng = np.random.default_rng(0)
    clouds = {f"layer_{index}": wide(rng, n_points) for index in range(n_layers)}
    layers = {name: analyze_layer(cloud) for name, cloud in clouds.items()}
    cpu = time.process_time()
    found = infer(layers, clouds, replicates=replicates, nulls=draws, threads=form.threads)
    cpu = time.process_time() - cpu
    check(found, replicates)
    wall = sum(found.seconds.values())
    what = f"{replicates} half-samples and {draws} rotations of {n_layers} layers, {n_points} points"
    row = Row(
        what, "", value=wall, unit="s", goal=GOAL, at_most=True,
        ours=", ".join(f"{part}: {seconds(taken)}" for part, taken in found.seconds.items()),
        agreement=f"an interval for every layer; {seconds(cpu)} of CPU time",
    )  # fmt: skip
    return Findings([row], [split(layers["layer_0"], n_points)])


def check(found: Inference, replicates: int) -> None:
    """Every layer was measured on every half-sample."""
    column = INTERVAL_METRICS.index("h0_total_norm")
    for name, values in found.replicates.items():
        if np.isfinite(values[:, column]).sum() != replicates:
            raise Disagreement(f"{name} was not measured on all of {replicates} half-samples")


def split(layer: LayerAnalysis, n_points: int) -> Table:
    """CPU time of the parts of one half-sample and of one rotation of one layer, on one thread."""
    rng = np.random.default_rng(0)
    halves = half_samples(n_points, 1, seed=0)
    (half,) = halves
    among = layer.distances[np.ix_(half, half)]
    parts = Parts(layer.view(layer.cloud), halves)
    matrix = rotation(n_points, rng)
    turned = matrix @ layer.scores
    between = distances(turned)
    with threadpool_limits(1):
        parts = {
            "half-sample: homology": cpu_seconds(lambda: persistence(among)),
            "half-sample: spectrum": cpu_seconds(lambda: next(iter(parts)).eigenvalues),
            "rotation: homology": cpu_seconds(lambda: persistence(between)),
            "rotation: distances": cpu_seconds(lambda: distances(turned)),
            "rotation: product with the cloud": cpu_seconds(lambda: matrix @ layer.scores),
            "rotation: random matrix, once for all layers": cpu_seconds(lambda: rotation(n_points, rng)),
        }
    return Table(
        "Where the time of intervals and nulls goes",
        f"CPU time on one thread, one layer of {n_points} points.",
        ["part", "time of one"],
        [[part, seconds(value)] for part, value in parts.items()],
    )


if __name__ == "__main__":
    run("inference_cost", measure)
