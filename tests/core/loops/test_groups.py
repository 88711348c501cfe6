"""Halves of the groups of neighbours: other points of the same places, or other places."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist, squareform

from tests.core.shapes import noisy_circle
from todacomm.core.inference import half_samples
from todacomm.core.loops import halves_of_groups, left_on_groups, life_left, loop_bars, membership


def ring_of_clusters(rng, n_clusters, width, n_points=120):
    angle = rng.integers(n_clusters, size=n_points) * 2.0 * np.pi / n_clusters
    return np.column_stack([np.cos(angle), np.sin(angle)]) + width * rng.normal(size=(n_points, 2))


def left_both_ways(cloud):
    """Mean life left of the longest bar: on halves of the points, and of their groups."""
    distances = squareform(pdist(cloud))
    bars = loop_bars(distances)[:1]
    halves = membership(half_samples(len(cloud), 60, seed=0), len(cloud))
    return life_left(distances, bars, halves).mean(), left_on_groups(distances, bars, 60).mean()


def test_a_ring_of_few_narrow_clusters_is_one_of_other_points_and_not_of_other_clusters(rng):
    points, groups = left_both_ways(ring_of_clusters(rng, 7, 0.02))
    assert points > 0.9
    assert groups < 0.1


def test_a_ring_of_many_narrow_clusters_is_one_of_other_clusters_too(rng):
    _, groups = left_both_ways(ring_of_clusters(rng, 40, 0.002, 400))
    assert groups > 0.5


def test_where_points_lie_in_no_clusters_both_halves_ask_the_same(rng):
    points, groups = left_both_ways(noisy_circle(rng, 150, 50, 0.2))
    assert groups == pytest.approx(points, abs=0.05)


def test_halves_hold_whole_groups_and_half_of_them(rng):
    cloud = ring_of_clusters(rng, 9, 0.001)
    halves = halves_of_groups(linkage(pdist(cloud), "average"), 0.1, 200, rng)
    places = np.unique(cloud.round(1), axis=0, return_inverse=True)[1].ravel()
    of_place = np.array([halves[:, places == place].mean(axis=1) for place in range(9)])
    assert set(np.unique(of_place)) == {0.0, 1.0}
    assert (of_place.sum(axis=0) == 4).all()
    assert of_place.mean(axis=1) == pytest.approx(np.full(9, 4 / 9), abs=0.12)


def test_the_seed_decides_and_scale_changes_nothing(rng):
    distances = squareform(pdist(ring_of_clusters(rng, 25, 0.05)))
    first, again, other = (left_on_groups(distances, loop_bars(distances), 20, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    larger = 8.0 * distances
    np.testing.assert_allclose(left_on_groups(larger, loop_bars(larger), 20, 3), first, atol=1e-6)


def test_without_bars_or_halves_there_is_nothing(rng):
    distances = squareform(pdist(rng.normal(size=(20, 2))))
    assert left_on_groups(distances, (), 5).shape == (0, 5)
    assert left_on_groups(distances, loop_bars(distances)[:1], 0).shape == (1, 0)
