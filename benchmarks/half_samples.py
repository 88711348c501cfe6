"""Half-samples of one layer against ripser.py on each half-sample's points; the published bootstrap's time beside it.

python -m benchmarks.half_samples [--form full]
"""

import json
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.materials import ask_peer, layers
from benchmarks.measuring import in_turns, same_diagrams, timed
from benchmarks.reporting import Findings, Form, Row, guarded, run, seconds, speed_row, together
from todacomm.core.inference import half_samples, replicate
from todacomm.core.layer import LayerAnalysis, analyze_layer

PEER = "`ripser(X[half])` for each half-sample"
GOAL = 4.0
Diagrams = list[np.ndarray]


def measure(form: Form) -> Findings:
    n_points, replicates = form.pick((40, 3), (500, 100), (500, 100))
    (cloud,) = layers(1, n_points)
    layer, halves = analyze_layer(cloud, pca=0), half_samples(n_points, replicates, seed=0)
    what = f"{replicates} half-samples of {n_points} points"
    published = partial(bootstrap, cloud, replicates)
    pairs = in_turns(
        lambda: timed(ours, layer, cloud, halves, form.threads), lambda: timed(theirs, cloud, halves), form.pairs, agree
    )
    return together(
        [
            Findings([speed_row(f"{what}, all metrics", PEER, pairs, GOAL)]),
            guarded("the published bootstrap", "todacomm 0.1.0", published),
        ]
    )


def ours(layer: LayerAnalysis, cloud: np.ndarray, halves: np.ndarray, threads: int) -> tuple[Diagrams, ...]:
    """Every metric of every half-sample, not the diagrams alone."""
    return replicate(layer, cloud, halves, threads=threads).diagrams


def theirs(cloud: np.ndarray, halves: np.ndarray) -> list[Diagrams]:
    from ripser import ripser

    return [ripser(cloud[half], maxdim=1)["dgms"] for half in halves]


def agree(own: tuple[Diagrams, ...], other: list[Diagrams]) -> str:
    return [same_diagrams(*diagrams) for diagrams in zip(own, other, strict=True)][-1]


def bootstrap(cloud: np.ndarray, replicates: int) -> Findings:
    """The published bootstrap of the same cloud, once: it resamples as many points as there are, with replacement."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "cloud.npz"
        np.savez(file, cloud=cloud.astype(np.float32))
        taken = json.loads(ask_peer("bootstrap", file, str(replicates)))["seconds"]
    row = Row(
        f"published bootstrap of the same cloud, {replicates} times (other numbers: no comparison)", "", value=taken,
        unit="s", theirs=seconds(taken),
    )  # fmt: skip
    return Findings([row])


if __name__ == "__main__":
    run("half_samples", measure)
