"""What the loops of a layer cost beside its half-samples and rotations: time, and memory of a large cloud.

python -m benchmarks.loop_cost [--form full]
"""

import time

import numpy as np

from benchmarks.measuring import in_child
from benchmarks.populations import anisotropic
from benchmarks.reporting import Findings, Form, Row, Table, megabytes, run, seconds
from todacomm.core.inference import half_samples, null_draws, replicate
from todacomm.core.layer import analyze_layer
from todacomm.core.loops import layer_loops

REPLICATES, DRAWS = 100, 39
GOAL = 0.15
Times = dict[str, float]


def measure(form: Form) -> Findings:
    n_points, replicates, draws = form.pick((60, 5, 3), (500, REPLICATES, DRAWS), (500, REPLICATES, DRAWS))
    repeats, large = form.pick((1, 120), (3, 2000), (5, 2000))
    times = [_one_layer(n_points, replicates, draws, seed) for seed in range(repeats)]
    middle = {name: float(np.median([each[name] for each in times])) for name in times[0]}
    shares = [each["loops"] / (each["half-samples"] + each["rotations"]) for each in times]
    share = Row(
        f"loops of a layer of {n_points} points", "its half-samples and rotations", value=float(np.median(shares)),
        unit="of their processor time", goal=GOAL, at_most=True, low=min(shares), high=max(shares), pairs=repeats,
        ours=seconds(middle["loops"]), theirs=seconds(middle["half-samples"] + middle["rotations"]),
    )  # fmt: skip
    peaks = {loops: in_child(_large_layer, large, replicates, loops, warm_up=(60, 2, loops)) for loops in (False, True)}
    rows = [[name, seconds(value)] for name, value in middle.items()]
    rows += [
        [f"{large:,} points: peak memory{' with loops' if loops else ''}", megabytes(peak.peak_bytes)]
        for loops, peak in peaks.items()
    ]
    rows.append([f"{large:,} points: loops", seconds(peaks[True].result)])
    text = f"Processor time of one layer of {n_points} points, {replicates} half-samples, {draws} rotations."
    return Findings([share], [Table("Loops of a layer", text, ["part", "time or memory"], rows)])


def _one_layer(n_points: int, replicates: int, draws: int, seed: int) -> Times:
    cloud = anisotropic(np.random.default_rng(seed), n_points)
    layer = analyze_layer(cloud)
    halves = half_samples(n_points, replicates, seed)
    start = time.process_time()
    measured = replicate(layer, cloud, halves)
    after_halves = time.process_time()
    null_draws({"layer": layer}, draws, np.random.default_rng(seed))
    after_rotations = time.process_time()
    layer_loops(layer, halves, measured.diagrams)
    ended = time.process_time()
    return {
        "half-samples": after_halves - start,
        "rotations": after_rotations - after_halves,
        "loops": ended - after_rotations,
    }


def _large_layer(n_points: int, replicates: int, loops: bool) -> float:
    """Seconds of a layer's loops; the half-samples' diagrams stand in for each other, since they are not measured."""
    cloud = anisotropic(np.random.default_rng(0), n_points)
    layer = analyze_layer(cloud)
    halves = half_samples(n_points, replicates, seed=0)
    (diagrams,) = replicate(layer, cloud, halves[:1]).diagrams
    start = time.process_time()
    if loops:
        layer_loops(layer, halves, [diagrams] * replicates)
    return time.process_time() - start


if __name__ == "__main__":
    run("loop_cost", measure)
