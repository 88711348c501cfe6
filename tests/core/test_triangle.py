"""Every distance is one: zero for equals, the same both ways, and no detour is shorter."""

from itertools import permutations

import numpy as np
import pytest

from todacomm.core.clouds import METRICS, distances
from todacomm.core.homology import persistence
from todacomm.core.similarity import bottleneck, procrustes, wasserstein
from todacomm.core.vectors import SCALE, image, landscape, vector_distances

SEEDS = pytest.mark.parametrize("seed", range(4))
GRID = np.linspace(-1.0, 4.0, 12)


def random_diagram(rng):
    births = rng.uniform(0.0, 1.0, rng.integers(1, 9))
    return np.column_stack([births, births + rng.uniform(0.05, 1.0, len(births))])


def between_landscapes(a, b):
    return vector_distances([landscape(a, SCALE)], [landscape(b, SCALE)], SCALE[1]).item()


def between_images(a, b):
    return vector_distances([image(a, GRID, GRID, 0.2)], [image(b, GRID, GRID, 0.2)]).item()


@SEEDS
@pytest.mark.parametrize("distance", [bottleneck, wasserstein, between_landscapes, between_images])
def test_between_diagrams(distance, seed):
    rng = np.random.default_rng(seed)
    check_metric(distance, [random_diagram(rng) for _ in range(4)], equal=1e-6)


@SEEDS
@pytest.mark.parametrize("shape", [(15, 3), (8, 30)])
def test_procrustes_between_clouds(shape, seed):
    """Angles near 0 lose half of their digits to the arc cosine."""
    check_metric(procrustes, list(np.random.default_rng(seed).normal(size=(4, *shape))), equal=1e-6)


@SEEDS
@pytest.mark.parametrize("metric", [metric for metric in METRICS if metric != "cosine"])
@pytest.mark.parametrize("shape", [(12, 2), (10, 40)])
def test_between_points(metric, shape, seed):
    matrix = distances(np.random.default_rng(seed).normal(size=shape), metric)
    assert (matrix == matrix.T).all()
    assert (np.diagonal(matrix) == 0.0).all()
    detours = (matrix[:, :, None] + matrix[None, :, :]).min(axis=1)  # over the point between
    assert (matrix <= detours * (1 + 1e-12)).all()


def test_the_cosine_distance_is_none():
    """The detour by the diagonal is shorter: 2 (1 - 1 / sqrt 2) against 1."""
    matrix = distances([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], "cosine")
    assert matrix[0, 1] + matrix[1, 2] == pytest.approx(2.0 - np.sqrt(2.0))
    assert matrix[0, 2] == pytest.approx(1.0)


@SEEDS
def test_moving_points_moves_diagrams_by_no_more(seed):
    """Stability, which rests on the triangle inequality: twice the largest move of a point."""
    rng = np.random.default_rng(seed)
    cloud = rng.normal(size=(30, 3))
    moves = 0.05 * rng.uniform(-1, 1, size=cloud.shape)
    for before, after in zip(persistence(distances(cloud)), persistence(distances(cloud + moves)), strict=True):
        assert bottleneck(before, after) <= 2 * np.linalg.norm(moves, axis=1).max() + 1e-6


def check_metric(distance, things, equal):
    for one in things:
        assert distance(one, one) == pytest.approx(0.0, abs=equal)
    for a, b, c in permutations(things, 3):
        assert distance(a, b) == pytest.approx(distance(b, a), rel=1e-6)
        assert 0.0 < distance(a, c) <= (distance(a, b) + distance(b, c)) * (1 + 1e-6)
