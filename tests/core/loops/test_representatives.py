"""The shortest loop: polygons, a noisy circle, a loop that can be checked by trying all."""

import itertools

import numpy as np
import pytest

from tests.core.shapes import noisy_circle, polygon, rotation
from todacomm.core.clouds import distances
from todacomm.core.loops import loop_bars, shortest_loop


def winding(plane: np.ndarray) -> int:
    """How often a closed walk in the plane goes round the origin."""
    angles = np.arctan2(plane[:, 1], plane[:, 0])
    steps = np.diff(np.append(angles, angles[0]))
    return round(float(np.sum((steps + np.pi) % (2 * np.pi) - np.pi) / (2 * np.pi)))


def longest_loop(cloud):
    among = distances(cloud)
    (bar,) = loop_bars(among, n_longest=1)
    return shortest_loop(among, bar), bar


@pytest.mark.parametrize("corners", [5, 12, 60])
def test_polygon(corners):
    """The walk goes round once, in steps of at most half of birth and death."""
    cloud = polygon(corners)
    loop, bar = longest_loop(cloud)
    assert abs(winding(cloud[loop.points])) == 1
    steps = np.linalg.norm(cloud[loop.points] - cloud[np.roll(loop.points, -1)], axis=1)
    assert steps.max() <= bar.middle * (1 + 1e-6)
    assert loop.length == pytest.approx(steps.sum())
    most = int(np.floor(corners * np.arcsin(min(1.0, bar.middle * (1 + 1e-6) / 2)) / np.pi))
    assert len(loop.points) == -(-corners // most)


def test_shortest_of_all_by_trying_all():
    rng = np.random.default_rng(2)
    cloud = polygon(7) + 0.15 * rng.normal(size=(7, 2))
    loop, bar = longest_loop(cloud)
    among = distances(cloud)
    odd = {tuple(edge) for edge in bar.edges.tolist()}
    lengths = []
    for size in range(3, 8):
        for walk in itertools.permutations(range(7), size):
            edges = [(min(e), max(e)) for e in zip(walk, walk[1:] + walk[:1], strict=True)]
            if max(among[e] for e in edges) <= bar.middle and sum(e in odd for e in edges) % 2:
                lengths.append(sum(among[e] for e in edges))
    assert loop.length == pytest.approx(min(lengths))


@pytest.mark.parametrize("seed", range(3))
def test_noisy_circle_is_gone_round_once_by_few_points(seed):
    cloud = noisy_circle(np.random.default_rng(seed), 300, 50, 0.15)
    loop, _ = longest_loop(cloud)
    assert abs(winding(cloud[loop.points][:, :2])) == 1
    assert 4 <= len(loop.points) <= 12
    assert len(set(loop.points.tolist())) == len(loop.points)


def test_rotation_scale_and_order_change_nothing():
    rng = np.random.default_rng(3)
    cloud = noisy_circle(rng, 100, 10, 0.15)
    loop, _ = longest_loop(cloud)
    order = rng.permutation(100)
    moved, _ = longest_loop(4.0 * cloud[order] @ rotation(rng, 10))
    assert set(order[moved.points].tolist()) == set(loop.points.tolist())
    assert moved.length == pytest.approx(4.0 * loop.length)


def test_walk_begins_at_its_smallest_point():
    loop, _ = longest_loop(noisy_circle(np.random.default_rng(1), 80, 5, 0.1))
    assert loop.points[0] == loop.points.min()
    assert loop.points[1] < loop.points[-1]


def test_other_distances_are_refused():
    bars = loop_bars(distances(polygon(12)))
    with pytest.raises(ValueError, match=r"no loop of the bar .* among these 12 points"):
        shortest_loop(100.0 * distances(polygon(12)), *bars)
