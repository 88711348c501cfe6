"""Every distance is one: zero for equals, the same both ways, and no detour is shorter; and which are none."""

from functools import partial
from itertools import permutations

import numpy as np
import pytest

from todacomm.core.clouds import METRICS, distances
from todacomm.core.equivalence import PLACE_MEASURES, places
from todacomm.core.homology import persistence
from todacomm.core.similarity import DIAGRAM_DISTANCES, SIMILARITIES, bottleneck
from todacomm.core.vectors import SCALE, image, landscape, vector_distances

SEEDS = pytest.mark.parametrize("seed", range(4))
GRID = np.linspace(-1.0, 4.0, 12)


def random_diagram(rng):
    births = rng.uniform(0.0, 1.0, rng.integers(1, 9))
    return np.column_stack([births, births + rng.uniform(0.05, 1.0, len(births))])


def of_registry(row, a, b):
    """A distance from a row of a registry; of a similarity, what it lacks of 1."""
    value = row.measure(row.prepare(a), row.prepare(b))
    return value if row.alike < 0 else 1.0 - value


def of_places(name, a, b):
    measured = places(a, b, np.empty((0, 2), dtype=np.intp), measures=[name])
    return measured.values[list(PLACE_MEASURES).index(name)]


def between_landscapes(a, b):
    return vector_distances([landscape(a, SCALE)], [landscape(b, SCALE)], SCALE[1]).item()


def between_images(a, b):
    return vector_distances([image(a, GRID, GRID, 0.2)], [image(b, GRID, GRID, 0.2)]).item()


BETWEEN_DIAGRAMS = {
    **{name: partial(of_registry, row) for name, row in DIAGRAM_DISTANCES.items()},
    "landscapes": between_landscapes,
    "images": between_images,
}
BETWEEN_CLOUDS = {
    **{name: partial(of_registry, row) for name, row in SIMILARITIES.items()},
    **{f"place {name}": partial(of_places, name) for name in PLACE_MEASURES},
}
NO_METRICS = {
    "cka": "a detour is shorter", "place cka_distance": "a detour is shorter",
    "place rtd_base": "another number the other way", "place rtd_candidate": "another number the other way",
}  # fmt: skip
"""Which of the distances between clouds are no metrics, and why."""


@SEEDS
@pytest.mark.parametrize("name", BETWEEN_DIAGRAMS)
def test_between_diagrams(name, seed):
    rng = np.random.default_rng(seed)
    check_metric(BETWEEN_DIAGRAMS[name], [random_diagram(rng) for _ in range(4)], equal=1e-6)


@SEEDS
@pytest.mark.parametrize("name", sorted(set(BETWEEN_CLOUDS) - set(NO_METRICS)))
@pytest.mark.parametrize("shape", [(30, 3), (16, 30)])
def test_between_clouds(name, shape, seed):
    """Angles near 0 lose half of their digits to the arc cosine."""
    check_metric(BETWEEN_CLOUDS[name], list(np.random.default_rng(seed).normal(size=(4, *shape))), equal=1e-6)


@SEEDS
@pytest.mark.parametrize("name", NO_METRICS)
def test_what_is_no_metric_is_none_for_the_reason_given(name, seed):
    """The detour by a cloud that holds both is 2 (1 - 1 / sqrt 2) where it would have to be 1."""
    distance = BETWEEN_CLOUDS[name]
    one, other = np.random.default_rng(seed).normal(size=(2, 60, 3))
    assert distance(one, one) == pytest.approx(0.0, abs=1e-6)
    if NO_METRICS[name] == "a detour is shorter":
        both = np.column_stack([one, other])
        assert distance(one, both) + distance(both, other) < 0.8 * distance(one, other)
    else:
        assert distance(one, other) != pytest.approx(distance(other, one), rel=1e-3)


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
