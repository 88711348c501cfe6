"""What intervals and nulls cost: 100 half-samples and 39 rotations of 14 layers of 500 and 2,000 points, and where it
goes.

python -m benchmarks.inference_cost [--form full]
"""

import time

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.measuring import Disagreement, cpu_seconds, in_child
from benchmarks.populations import wide
from benchmarks.reporting import Findings, Form, Row, Table, megabytes, run, seconds
from todacomm.core.clouds import distances
from todacomm.core.homology import persistence
from todacomm.core.inference import INTERVAL_METRICS, half_samples, infer
from todacomm.core.inference.whole_run import Inference
from todacomm.core.layer import LayerAnalysis, analyze_layer
from todacomm.core.nulls import rotated
from todacomm.core.parts import Parts

GOALS: dict[int, tuple[float | None, float | None]] = {500: (18.0, None), 2000: (900.0, 4.0)}
"""Points -> seconds and GiB at most."""


def measure(form: Form) -> Findings:
    n_layers, sizes = form.pick((2, [40]), (14, [500]), (14, [500, 2000]))
    replicates, draws = form.pick((4, 3), (20, 8), (100, 39))
    rows = [row for size in sizes for row in rows_of(n_layers, size, replicates, draws, form.threads)]
    return Findings(rows, [split(analyze_layer(wide(np.random.default_rng(0), sizes[0])), sizes[0])])


def rows_of(n_layers: int, n_points: int, replicates: int, draws: int, threads: int) -> list[Row]:
    """Time and peak memory, in a process of its own."""
    done = in_child(inferred, n_layers, n_points, replicates, draws, threads, warm_up=(1, 40, 2, 1, 1))
    parts, cpu = done.result
    most_seconds, most_memory = GOALS.get(n_points, (None, None))
    what = f"{replicates} half-samples and {draws} rotations of {n_layers} layers, {n_points:,} points"
    return [
        Row(
            what, "", value=sum(parts.values()), unit="s", goal=most_seconds, at_most=True,
            ours=", ".join(f"{part}: {seconds(taken)}" for part, taken in parts.items()),
            agreement=f"an interval for every layer; {seconds(cpu)} of CPU time",
        ),
        Row(
            f"{what}, memory beside the libraries", "", value=done.peak_bytes / 2**30, unit="GiB", goal=most_memory,
            at_most=True, ours=megabytes(done.peak_bytes),
        ),
    ]  # fmt: skip


def inferred(n_layers: int, n_points: int, replicates: int, draws: int, threads: int) -> tuple[dict[str, float], float]:
    """Wall-clock seconds of each part, and processor seconds of all."""
    rng = np.random.default_rng(0)
    clouds = {f"layer_{index}": wide(rng, n_points) for index in range(n_layers)}
    layers = {name: analyze_layer(cloud) for name, cloud in clouds.items()}
    cpu = time.process_time()
    whole = infer(layers, clouds, replicates=replicates, nulls=draws, threads=threads)
    check(whole, replicates)
    return whole.seconds, time.process_time() - cpu


def check(whole: Inference, replicates: int) -> None:
    """Every layer was measured on every half-sample."""
    column = INTERVAL_METRICS.index("h0_total_norm")
    for name, values in whole.replicates.items():
        if np.isfinite(values[:, column]).sum() != replicates:
            raise Disagreement(f"{name} was not measured on all of {replicates} half-samples")


def split(layer: LayerAnalysis, n_points: int) -> Table:
    """CPU time of the parts of one half-sample and of one rotation of one layer, on one thread."""
    rng = np.random.default_rng(0)
    halves = half_samples(n_points, 1, seed=0)
    (half,) = halves
    among = layer.distances[np.ix_(half, half)]
    parts = Parts(layer.view(layer.cloud), halves)
    (turned,) = rotated([layer.scores], rng)
    between = distances(turned)
    with threadpool_limits(1):
        parts = {
            "half-sample: homology": cpu_seconds(lambda: persistence(among)),
            "half-sample: spectrum": cpu_seconds(lambda: next(iter(parts)).eigenvalues),
            "rotation: homology": cpu_seconds(lambda: persistence(between)),
            "rotation: distances": cpu_seconds(lambda: distances(turned)),
            "rotation: drawn, for one layer": cpu_seconds(lambda: rotated([layer.scores], rng)),
            "rotation: drawn, for six layers": cpu_seconds(lambda: rotated([layer.scores] * 6, rng)),
        }
    return Table(
        "Where the time of intervals and nulls goes",
        f"CPU time on one thread, one layer of {n_points} points.",
        ["part", "time of one"],
        [[part, seconds(value)] for part, value in parts.items()],
    )


if __name__ == "__main__":
    run("inference_cost", measure)
