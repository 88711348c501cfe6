"""Large clouds: one layer against ripser.py in time and peak memory, and landmarks of a hundred thousand points.

python -m benchmarks.large_clouds [--form full]
"""

import numpy as np

from benchmarks.materials import layers
from benchmarks.measuring import Disagreement, in_child, in_turns, same_diagrams
from benchmarks.reporting import Findings, Form, Row, megabytes, memory_row, run, seconds, speed_row, together
from todacomm.core.clouds import distances
from todacomm.core.homology import Filtration, memory_estimate
from todacomm.core.landmarks import farthest_points

PEER = "`ripser(X, maxdim=1)`, each in a process of its own"
SPEED, MEMORY = 2.0, 0.5
LANDMARK_SECONDS = 120.0
N_DIMS = 50


def measure(form: Form) -> Findings:
    sizes = form.pick([100], [2000], [2000, 5000])
    large, few = form.pick((2000, 50), (100_000, 1000), (100_000, 1000))
    return together([*(one_layer(n_points, form) for n_points in sizes), landmarks(large, few)])


def one_layer(n_points: int, form: Form) -> Findings:
    """Time and memory of one layer's homology."""
    (cloud,) = layers(1, n_points, N_DIMS)
    few = [cloud[:60]]
    pairs = in_turns(
        lambda: in_child(ours, cloud, warm_up=few),
        lambda: in_child(theirs, cloud, warm_up=few),
        form.pairs,
        same_diagrams,
        warm_up=False,
    )
    what = f"one layer, {n_points:,} points"
    estimate = f"{what}, memory beside the libraries (estimated before: {megabytes(memory_estimate(n_points))})"
    return Findings([speed_row(what, PEER, pairs, SPEED), memory_row(estimate, PEER, pairs, MEMORY)])


def ours(cloud: np.ndarray) -> list[np.ndarray]:
    return Filtration.of(distances(cloud)).persistence()


def theirs(cloud: np.ndarray) -> list[np.ndarray]:
    from ripser import ripser

    return ripser(cloud, maxdim=1)["dgms"]


def landmarks(n_points: int, n_landmarks: int) -> Findings:
    """Landmarks, and their homology; that they cover what they say is held to all distances of some points."""
    done = in_child(cover, n_points, n_landmarks)
    radius, checked = done.result
    if not checked <= radius:
        raise Disagreement(f"the cover radius is {radius}, and a point is {checked} from its landmark")
    row = Row(
        f"{n_points:,} points by {n_landmarks:,} landmarks, with their homology", "", value=done.seconds, unit="s",
        goal=LANDMARK_SECONDS, at_most=True, ours=f"{seconds(done.seconds)}, {megabytes(done.peak_bytes)}",
        agreement=f"cover radius {radius:.3g} holds for the points tried",
    )  # fmt: skip
    return Findings([row])


def cover(n_points: int, n_landmarks: int) -> tuple[float, float]:
    """The cover radius, and the largest distance of any 1,000 points to their nearest landmark."""
    from scipy.spatial.distance import cdist

    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(n_points, N_DIMS))
    chosen = farthest_points(cloud, n_landmarks)
    Filtration.of(distances(cloud[chosen.rows])).persistence()
    some = rng.choice(cloud, 1000)
    return chosen.cover_radius, float(cdist(some, cloud[chosen.rows]).min(axis=1).max())


if __name__ == "__main__":
    run("large_clouds", measure)
