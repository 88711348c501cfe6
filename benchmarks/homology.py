"""Homology against ripser.py: fourteen layers, H0 alone, and H2.

python -m benchmarks.homology [--form full]
"""

import numpy as np

from benchmarks.materials import layers
from benchmarks.measuring import in_turns, same_diagrams, timed
from benchmarks.reporting import Findings, Form, run, speed_row
from todacomm.core.clouds import distances
from todacomm.core.homology import persistence
from todacomm.core.threads import in_threads

PEER = "`ripser(X, maxdim={})`{}"
Diagrams = list[np.ndarray]


def measure(form: Form) -> Findings:
    n_layers, n_points = form.pick((2, 60), (14, 500), (14, 500))
    n_alone = form.pick(100, 2000, 2000)
    n_h2 = form.pick(40, 150, 500)
    return Findings(
        rows=[
            speed_row(
                f"homology of {n_layers} layers, {n_points} points", PEER.format(1, " in a loop"),
                against_ripser(layers(n_layers, n_points), 1, form), 4.0,
            ),
            speed_row(
                f"H0 alone, {n_alone:,} points", PEER.format(0, ""), against_ripser(layers(1, n_alone), 0, form), 10.0
            ),
            speed_row(f"up to H2, {n_h2} points", PEER.format(2, ""), against_ripser(layers(1, n_h2), 2, form), None),
        ]
    )  # fmt: skip


def against_ripser(clouds: list[np.ndarray], maxdim: int, form: Form):
    """Diagrams of clouds, from their points on: layer beside layer here, one after the other there."""
    return in_turns(
        lambda: timed(ours, clouds, maxdim, form.threads), lambda: timed(theirs, clouds, maxdim), form.pairs, agree
    )


def ours(clouds: list[np.ndarray], maxdim: int, threads: int) -> list[Diagrams]:
    return list(in_threads(lambda cloud: persistence(distances(cloud), maxdim), clouds, threads))


def theirs(clouds: list[np.ndarray], maxdim: int) -> list[Diagrams]:
    from ripser import ripser

    return [ripser(cloud, maxdim=maxdim)["dgms"] for cloud in clouds]


def agree(own: list[Diagrams], other: list[Diagrams]) -> str:
    return [same_diagrams(*diagrams) for diagrams in zip(own, other, strict=True)][-1]


if __name__ == "__main__":
    run("homology", measure)
